"""The compressor's look-ahead, its automatic release, and what its detector hears."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.effects.driving import RATE, drive, hits, level_db, plain, sine

from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.compressor import Compressor
from mixmaster.errors import DocumentError


def steady(db: float, frames: int) -> np.ndarray:
    return np.full((1, frames), 10.0 ** (db / 20.0))


class TestLookAhead:
    @pytest.mark.parametrize("lookahead_ms", [0.5, 5.0, 20.0])
    def test_the_gain_is_the_same_and_the_signal_late(self, lookahead_ms: float) -> None:
        signal = hits(3, 60_000, 2)
        values = Compressor(threshold_db=-30.0, ratio=4.0, attack_ms=2.0)
        late = round(lookahead_ms * RATE / 1e3)

        processor = values.model_copy(update={"lookahead_ms": lookahead_ms}).prepare(
            Context(RATE, 2)
        )
        out, gain = drive(processor, signal)

        assert processor.latency_samples == late
        assert np.array_equal(gain, plain(values, signal)[1])
        assert np.array_equal(out[:, late:], signal[:, :-late] * gain[late:])
        assert not out[:, :late].any()

    def test_the_first_frame_of_a_hit_is_already_turned_down(self) -> None:
        step = np.concatenate([np.zeros((1, 9_000)), steady(0.0, 9_000)], axis=1)
        effect = Compressor(
            threshold_db=-20.0, ratio=4.0, knee_db=0.0, attack_ms=1.0, lookahead_ms=3.0
        )

        out, _ = plain(effect, step)

        # Three attacks have passed: 15 dB x (1 - e^-3).
        expected_db = -15.0 * (1.0 - math.exp(-3.0))
        assert level_db(out[0, 9_000 + 144]) == pytest.approx(expected_db, abs=0.03)

    def test_a_recorded_gain_replays_to_the_bit(self) -> None:
        signal = hits(4, 60_000, 2)
        effect = Compressor(threshold_db=-30.0, ratio=3.0, lookahead_ms=2.0, makeup_db=3.0, mix=0.7)
        out, gain = plain(effect, signal)
        again = effect.prepare(Context(RATE, 2))
        parts = [
            again.replay(np.ascontiguousarray(signal[:, a:b]), gain[a:b])
            for a, b in ((0, 8_192), (8_192, 60_000))
        ]
        assert np.array_equal(np.concatenate(parts, axis=1), out)


def test_idle_blocks_have_the_gain_of_idle_frames_to_the_bit() -> None:
    """A make-up that 1 + (g - 1) would round: hits in some blocks and none in others."""
    signal = np.full((1, 12 * 4_096), 1e-3)
    signal[:, 4_096:4_200] = 1.0
    effect = Compressor(ratio=4.0, makeup_db=-40.0, attack_ms=0.1, release_ms=1.0)
    whole, _ = drive(effect.prepare(Context(RATE, 1)), signal, block_frames=12 * 4_096)
    parts, _ = drive(effect.prepare(Context(RATE, 1)), signal, block_frames=4_096)
    assert np.array_equal(parts, whole)


class TestAutoRelease:
    @pytest.mark.parametrize("release_ms", [200.0, 400.0])
    def test_a_sine_gets_the_release_that_is_set(self, release_ms: float) -> None:
        """Silence keeps the crest factor: the fall after a long sine is the sine's."""
        signal = np.concatenate([sine(1_000.0, 2 * RATE), np.zeros((1, RATE))], axis=1)
        effect = Compressor(
            threshold_db=-20.0,
            ratio=4.0,
            knee_db=0.0,
            attack_ms=0.0,
            release_ms=release_ms,
            auto_release=True,
        )

        _, gain = plain(effect, signal)

        reduction_db = -20.0 * np.log10(gain[2 * RATE :])
        fallen = int(np.argmax(reduction_db <= reduction_db[0] / math.e))
        assert fallen / RATE * 1e3 == pytest.approx(release_ms, rel=0.02)

    def test_it_lets_go_of_hits_sooner_than_of_held_notes(self) -> None:
        """A hit over a held note: fixed and long, the release swallows what follows."""
        n = np.arange(RATE // 2)
        pattern = 0.03 * np.sin(0.05 * n) + (n < 400) * np.sin(0.3 * n)
        hit_music = np.tile(pattern, 8)[None]
        held = sine(200.0, 4 * RATE, 0.5)

        def left_db(signal: np.ndarray, *, auto: bool) -> float:
            effect = Compressor(
                threshold_db=-20.0, ratio=4.0, attack_ms=1.0, release_ms=400.0, auto_release=auto
            )
            gain = plain(effect, signal)[1].reshape(-1, RATE // 2)
            return level_db(float(gain[-1, 12_000]))

        assert left_db(hit_music, auto=False) < -3.0
        assert left_db(hit_music, auto=True) > -0.5
        assert left_db(held, auto=True) == pytest.approx(left_db(held, auto=False), abs=0.1)

    def test_the_same_bytes_for_any_block_size_with_rests(self) -> None:
        signal = hits(9, 150_000, 2)
        signal[:, 40_000:90_000] = 0.0
        for detector in ("peak", "rms"):
            effect = Compressor.model_validate(
                {"threshold_db": -30.0, "ratio": 4.0, "auto_release": True, "detector": detector}
            )
            whole, gain = drive(effect.prepare(Context(RATE, 2)), signal, block_frames=150_000)
            parts, gains = drive(effect.prepare(Context(RATE, 2)), signal, block_frames=4_096)
            assert np.array_equal(parts, whole)
            assert np.array_equal(gains, gain)
            assert gain.min() < 0.5

    def test_both_channels_alike_are_one(self) -> None:
        signal = hits(10, 60_000)
        effect = Compressor(threshold_db=-30.0, ratio=4.0, auto_release=True)
        assert np.array_equal(
            plain(effect, np.repeat(signal, 2, axis=0))[1], plain(effect, signal)[1]
        )


class TestWhatItHears:
    def test_a_low_pass_makes_it_deaf_to_hats(self) -> None:
        hat, kick = sine(9_000.0, RATE, 0.9), sine(60.0, RATE, 0.9)
        effect = Compressor(
            threshold_db=-20.0, ratio=4.0, knee_db=0.0, release_ms=300.0, key_low_pass_hz=500.0
        )
        assert plain(effect, hat)[1][RATE // 2 :].min() == 1.0
        assert level_db(plain(effect, kick)[1][-1]) < -12.0

    @pytest.mark.parametrize("key_bell_db", [-12.0, 6.0, 12.0])
    def test_a_bell_moves_the_threshold_at_its_centre(self, key_bell_db: float) -> None:
        tone = sine(3_000.0, 2 * RATE, 10.0 ** (-12.0 / 20.0))
        effect = Compressor(
            threshold_db=-20.0,
            ratio=2.0,
            knee_db=0.0,
            attack_ms=5.0,
            release_ms=200.0,
            key_bell_hz=3_000.0,
            key_bell_db=key_bell_db,
        )
        expected_db = -0.5 * max(0.0, 8.0 + key_bell_db)
        assert level_db(plain(effect, tone)[1][-1]) == pytest.approx(expected_db, abs=0.05)

    def test_listening_gives_out_the_filtered_key_in_time(self) -> None:
        signal, key = hits(1, 30_000, 2), hits(2, 30_000, 2)
        effect = Compressor(ratio=4.0, key_listen=True, lookahead_ms=1.0)
        processor = effect.prepare(Context(RATE, 2))
        heard = processor.process(signal, BlockContext(key=key))
        assert processor.latency_samples == 48
        assert np.array_equal(heard[:, 48:], key[:, :-48])
        assert processor.gain_curve() is None
        assert not processor.is_dynamics

        filtered = effect.model_copy(update={"key_high_pass_hz": 500.0, "lookahead_ms": 0.0})
        low = filtered.prepare(Context(RATE, 1)).process(sine(50.0, RATE), BlockContext())
        assert level_db(np.abs(low[0, RATE // 2 :]).max()) == pytest.approx(-40.0, abs=0.1)

    def test_a_mono_key_is_heard_on_both_sides_and_a_stereo_one_as_its_mean(self) -> None:
        effect = Compressor(key_listen=True)
        mono, wide = hits(3, 5_000, 1), hits(4, 5_000, 2)
        heard = effect.prepare(Context(RATE, 2)).process(wide, BlockContext(key=mono))
        assert np.array_equal(heard, np.repeat(mono, 2, axis=0))
        heard = effect.prepare(Context(RATE, 1)).process(mono, BlockContext(key=wide))
        np.testing.assert_allclose(heard[0], wide.mean(axis=0), rtol=1e-12)

    @pytest.mark.parametrize("name", ["key_low_pass_hz", "key_bell_hz"])
    def test_a_key_filter_above_nyquist_is_refused(self, name: str) -> None:
        effect = Compressor.model_validate({name: 5_000.0})
        with pytest.raises(DocumentError, match=name):
            effect.prepare(Context(8_000, 1, where="mix"))

    def test_a_band_without_width_is_refused(self) -> None:
        with pytest.raises(ValueError, match="would hear nothing"):
            Compressor(key_high_pass_hz=500.0, key_low_pass_hz=500.0)
