"""The transient shaper: what it does to hits, and what it never does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effects.driving import RATE, automatable, automated, drive, hits, level_db, plain, sine

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.transient_shaper import TransientShaper
from mixmaster.errors import SignalError

BEAT = RATE // 2


def snare(bars: int, level: float = 0.5) -> Block:
    """Hits with a sharp front and a decay of 120 ms, over a soft floor."""
    random = np.random.default_rng(4)
    n = np.arange(BEAT)
    body = np.exp(-n / (0.12 * RATE)) * np.sin(2.0 * np.pi * 190.0 / RATE * n)
    crack = np.exp(-n / (0.006 * RATE)) * random.standard_normal(BEAT)
    return level * np.tile(0.6 * body + 0.4 * crack, bars)[None]


def rms_db(signal: Block, first_ms: float, last_ms: float) -> float:
    """The level of a stretch of the last beat."""
    beat = signal[0, -BEAT:]
    part = beat[round(first_ms * RATE / 1e3) : round(last_ms * RATE / 1e3)]
    return level_db(float(np.sqrt(np.mean(part**2))))


@pytest.mark.parametrize("level", [0.5, 0.01])
class TestMusic:
    def test_attack_lifts_the_front_and_not_the_body(self, level: float) -> None:
        signal = snare(6, level)
        out, _ = plain(TransientShaper(attack_db=9.0), signal)
        assert rms_db(out, 0.0, 4.0) - rms_db(signal, 0.0, 4.0) > 4.5
        assert rms_db(out, 120.0, 300.0) - rms_db(signal, 120.0, 300.0) < 0.1

    def test_less_attack_sets_it_back(self, level: float) -> None:
        signal = snare(6, level)
        out, _ = plain(TransientShaper(attack_db=-9.0), signal)
        assert rms_db(out, 0.0, 4.0) - rms_db(signal, 0.0, 4.0) < -4.5
        assert abs(rms_db(out, 120.0, 300.0) - rms_db(signal, 120.0, 300.0)) < 0.1

    @pytest.mark.parametrize("sustain_db", [8.0, -12.0])
    def test_sustain_moves_the_decay_and_not_the_front(
        self, level: float, sustain_db: float
    ) -> None:
        signal = snare(6, level)
        out, _ = plain(TransientShaper(sustain_db=sustain_db), signal)
        moved_db = rms_db(out, 150.0, 400.0) - rms_db(signal, 150.0, 400.0)
        assert moved_db / sustain_db > 0.4
        assert abs(rms_db(out, 1.0, 20.0) - rms_db(signal, 1.0, 20.0)) < 0.5


class TestGain:
    @settings(deadline=None, max_examples=20)
    @given(
        seed=st.integers(0, 1_000),
        attack_db=st.floats(-24.0, 24.0),
        sustain_db=st.floats(-24.0, 24.0),
        attack_ms=st.floats(2.0, 200.0),
        sustain_ms=st.floats(60.0, 3_000.0),
    )
    def test_it_is_bounded_by_what_was_asked_for(self, seed: int, **values: float) -> None:
        _, gain = plain(TransientShaper.model_validate(values), hits(seed, 30_000))
        db = 20.0 * np.log10(gain)
        amounts = values["attack_db"], values["sustain_db"]
        assert db.max() <= sum(max(0.0, amount) for amount in amounts) + 1e-6
        assert db.min() >= sum(min(0.0, amount) for amount in amounts) - 1e-6

    @pytest.mark.parametrize("frequency_hz", [41.2, 82.4, 440.0])
    def test_a_steady_tone_is_not_bent(self, frequency_hz: float) -> None:
        tone = sine(frequency_hz, 4 * RATE, 0.5)
        out, _ = plain(TransientShaper(attack_db=12.0, sustain_db=12.0), tone)
        error = out[:, 3 * RATE :] - tone[:, 3 * RATE :]
        assert np.abs(error).max() < 0.5e-3

    @pytest.mark.parametrize("lookahead_ms", [0.0, 1.0])
    def test_no_peak_is_lifted_over_the_ceiling(self, lookahead_ms: float) -> None:
        signal = hits(3, 120_000, 2)
        signal *= 0.9 / np.abs(signal).max()
        signal[:, 60_000:61_000] *= 2.0
        values = {"attack_db": 18.0, "sustain_db": 6.0, "lookahead_ms": lookahead_ms}
        free, _ = plain(TransientShaper.model_validate(values), signal)
        out, gain = plain(TransientShaper.model_validate(values | {"ceiling_dbfs": 0.0}), signal)
        late = round(lookahead_ms * RATE / 1e3)
        allowed = np.maximum(1.0, np.abs(signal[:, : 120_000 - late]).max(axis=0))
        assert np.abs(free).max() > 1.5
        assert np.all(np.abs(out[:, late:]).max(axis=0) <= allowed * (1.0 + 1e-12))
        assert gain.max() > 2.0

    def test_a_ceiling_far_away_changes_nothing(self) -> None:
        signal = hits(4, 60_000, 2) * 0.01
        free, _ = plain(TransientShaper(attack_db=6.0), signal)
        out, _ = plain(TransientShaper(attack_db=6.0, ceiling_dbfs=0.0), signal)
        assert np.array_equal(out, free)

    def test_look_ahead_lifts_the_first_wave(self) -> None:
        signal = np.zeros((1, 2 * RATE))
        signal[:, RATE:] = sine(1_000.0, RATE, 0.3)
        _, late = plain(TransientShaper(attack_db=12.0), signal)
        ahead, gain = plain(TransientShaper(attack_db=12.0, lookahead_ms=1.0), signal)
        assert level_db(late[RATE]) < 1.5
        assert level_db(gain[RATE + 48]) > 10.5
        assert np.array_equal(ahead[:, 48:], signal[:, :-48] * gain[48:])


class TestIdentity:
    @pytest.mark.parametrize("values", [{}, {"attack_ms": 5.0, "ceiling_dbfs": -20.0}])
    def test_no_amount_is_the_very_block(self, values: dict[str, Any]) -> None:
        signal = hits(5, 50_000, 2)
        out, gain = plain(TransientShaper.model_validate(values), signal)
        assert np.array_equal(out, signal)
        assert np.array_equal(gain, np.ones(50_000))

    def test_a_constant_comes_back_to_the_bit_and_silence_is_silent(self) -> None:
        signal = np.zeros((1, 6 * RATE))
        signal[:, RATE : 4 * RATE] = 0.5
        out, gain = plain(TransientShaper(attack_db=9.0, sustain_db=-9.0), signal)
        assert np.array_equal(out[:, 3 * RATE : 4 * RATE], signal[:, 3 * RATE : 4 * RATE])
        assert not out[:, :RATE].any()
        assert not out[:, 4 * RATE :].any()
        assert np.array_equal(gain[:RATE], np.ones(RATE))

    def test_the_same_bytes_for_any_block_size(self) -> None:
        signal = hits(6, 130_000, 2)
        signal[:, 40_000:80_000] = 0.0
        effect = TransientShaper(attack_db=6.0, sustain_db=-6.0, ceiling_dbfs=-3.0)
        whole = drive(effect.prepare(Context(RATE, 2)), signal, block_frames=130_000)
        parts = drive(effect.prepare(Context(RATE, 2)), signal, block_frames=4_096)
        assert np.array_equal(parts[0], whole[0])
        assert np.array_equal(parts[1], whole[1])

    def test_a_recorded_gain_replays_to_the_bit(self) -> None:
        signal = hits(7, 60_000, 2)
        effect = TransientShaper(attack_db=6.0, lookahead_ms=1.0)
        out, gain = plain(effect, signal)
        assert np.array_equal(effect.prepare(Context(RATE, 2)).replay(signal, gain), out)


class TestLinkAndKey:
    def test_the_image_never_moves(self) -> None:
        signal = hits(8, 60_000) * np.array([[1.0], [-0.25]])
        out, gain = plain(TransientShaper(attack_db=9.0), signal)
        assert np.array_equal(out, signal * gain)
        assert gain.max() > 1.5

    def test_it_listens_to_the_key_alone(self) -> None:
        key, signal = hits(9, 60_000), hits(10, 60_000, 2)
        effect = TransientShaper(attack_db=9.0)
        out, gain = plain(effect, signal, key=key)
        assert np.array_equal(gain, plain(effect, key)[1])
        assert np.array_equal(out, signal * gain)

    def test_a_key_filter_shapes_by_the_highs_alone(self) -> None:
        kick = np.tile(np.exp(-np.arange(BEAT) / 3_000.0) * sine(50.0, BEAT)[0], 4)[None]
        plain_gain = plain(TransientShaper(attack_db=9.0), kick)[1]
        kick_only = TransientShaper(attack_db=9.0, key_low_pass_hz=100.0)
        assert plain_gain[BEAT:].max() > 1.5
        assert plain(kick_only, sine(8_000.0, BEAT, 0.5))[1].max() > 1.0
        listened = TransientShaper(key_listen=True, key_low_pass_hz=100.0)
        heard = listened.prepare(Context(RATE, 1)).process(sine(1_000.0, RATE), BlockContext())
        assert level_db(float(np.abs(heard[0, BEAT:]).max())) == pytest.approx(-40.0, abs=0.1)

    def test_the_reduction_shown_is_what_is_taken(self) -> None:
        processor = TransientShaper(sustain_db=-12.0).prepare(Context(RATE, 1))
        processor.process(np.concatenate([snare(2)[0], np.zeros(100)])[None], BlockContext())
        shown, gain = processor.gain_reduction_db(), processor.gain_curve()
        assert shown is not None
        assert gain is not None
        assert 6.0 < shown.max() <= 12.0
        np.testing.assert_allclose(shown, -20.0 * np.log10(gain), atol=1e-9)

    def test_what_is_no_number_is_refused(self) -> None:
        signal = hits(12, 9_000)
        signal[0, 4_800] = np.nan
        with pytest.raises(SignalError, match=r"0\.100 s"):
            plain(TransientShaper(attack_db=6.0), signal)


class TestAutomation:
    def test_both_amounts_may_move(self) -> None:
        assert automatable(TransientShaper) == {"attack_db", "sustain_db"}

    @pytest.mark.parametrize("name", ["attack_db", "sustain_db"])
    def test_constant_automation_is_the_static_setting(self, name: str) -> None:
        values = {"attack_db": 7.0, "sustain_db": -5.0}
        signal = hits(13, 90_000, 2)
        static = plain(TransientShaper.model_validate(values), signal)
        left = {key: value for key, value in values.items() if key != name}
        moving = automated(
            TransientShaper.model_validate(left), signal, {name: np.full(90_000, values[name])}
        )
        np.testing.assert_allclose(moving[0], static[0], rtol=0.0, atol=1e-9)

    def test_blocks_equal_the_whole_while_both_move(self) -> None:
        signal = hits(14, 130_000, 2)
        n = np.arange(130_000)
        curves = {"attack_db": 9.0 * np.sin(3e-4 * n), "sustain_db": 9.0 * np.cos(2e-4 * n)}
        whole = automated(TransientShaper(), signal, curves, block_frames=130_000)
        parts = automated(TransientShaper(), signal, curves, block_frames=4_096)
        assert np.array_equal(parts[0], whole[0])
        assert np.ptp(whole[1]) > 0.5

    def test_there_is_no_zipper(self) -> None:
        """On the long ending of a step the weight moves slowly, and automation is heard bare."""
        frames = 1 << 17
        signal = np.full((1, frames), 1e-3)
        signal[:, :8_192] = 1.0
        curve = 6.0 * np.sin(2.0 * np.pi * 5.0 / RATE * np.arange(frames))
        effect = TransientShaper(sustain_ms=3_000.0)
        out, gain = automated(effect, signal, {"sustain_db": curve})
        spectrum = np.abs(np.fft.rfft(out[0, -RATE:] * np.hanning(RATE) * 2.0)) * 2.0 / RATE
        assert np.ptp(gain[-RATE:]) > 0.5
        assert spectrum[2_000:].max() < 1e-3 * 10.0 ** (-90.0 / 20.0)
