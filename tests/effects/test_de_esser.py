"""The de-esser: what it softens, what it leaves alone, and how its gain replays."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest
from tests.effects.driving import RATE, automatable, automated, drive, level_db, plain, sine

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.de_esser import DeEsser
from mixmaster.errors import DocumentError, SignalError
from mixmaster.song import voice
from mixmaster.song.score import SAMPLE_RATE_HZ, Syllable, beat_to_frame

SINGER = voice.Singer("test", 1.0, 5.5, 30.0, -25.0)


def words(seed: int, frames: int, channels: int = 1) -> Block:
    """Vowels with an s after each, and rests."""
    random = np.random.default_rng(seed)
    n = np.arange(frames)
    part = n % 24_000
    vowel = (part < 12_000) * 0.3 * np.sin(0.03 * n)
    hiss = np.diff(random.standard_normal(frames + 2), 2) * 0.05
    ess = ((part >= 12_000) & (part < 17_000)) * hiss
    return np.asarray((vowel + ess) * random.uniform(0.5, 1.0, (channels, 1)))


@functools.cache
def sung() -> tuple[Block, slice, slice]:
    """An s and a vowel as a singer sings them, and where they are."""
    part = (Syllable(4.0, 2.0, 57, "s", "a-i"),)
    start = beat_to_frame(4.0)
    sound = voice.sing(part, SINGER)[: start + 2 * SAMPLE_RATE_HZ][None]
    sound = sound * (0.3 / np.abs(sound).max())
    ess = slice(start - round(0.11 * SAMPLE_RATE_HZ), start - round(0.03 * SAMPLE_RATE_HZ))
    vowel = slice(start + round(0.25 * SAMPLE_RATE_HZ), start + round(0.7 * SAMPLE_RATE_HZ))
    return sound, ess, vowel


def power(signal: Block, part: slice) -> float:
    return float(np.mean(signal[:, part] ** 2))


@pytest.mark.parametrize("gain", [1.0, 0.1])
@pytest.mark.parametrize("mode", ["split", "wide"])
def test_a_sung_s_is_softened_and_the_vowel_left_alone(gain: float, mode: str) -> None:
    sound, ess, vowel = sung()
    effect = DeEsser.model_validate({"range_db": 6.0, "frequency_hz": 5_000.0, "mode": mode})
    processor = effect.prepare(Context(SAMPLE_RATE_HZ, 1))

    out, _ = drive(processor, sound * gain)

    taken_db = 10.0 * math.log10(power(sound * gain, ess) / power(out, ess))
    assert 3.0 < taken_db < 6.0
    np.testing.assert_allclose(out[:, vowel], sound[:, vowel] * gain, rtol=0.0, atol=1e-3 * gain)


class TestGain:
    def test_a_steady_s_settles_on_its_curve_and_on_its_range(self) -> None:
        tone = sine(20_000.0, RATE, 0.1)
        for range_db, expected_db in ((40.0, -0.75 * 12.0), (5.0, -5.0)):
            effect = DeEsser(range_db=range_db, threshold_db=-12.0, knee_db=0.0)
            assert level_db(plain(effect, tone)[1][-1]) == pytest.approx(expected_db, abs=0.05)

    @pytest.mark.parametrize(("band", "frequency_hz"), [("around", 6_000.0), ("above", 22_000.0)])
    def test_the_band_is_turned_down_by_the_gain(self, band: str, frequency_hz: float) -> None:
        effect = DeEsser.model_validate(
            {"range_db": 8.0, "band": band, "threshold_db": -20.0, "frequency_hz": 6_000.0}
        )
        tone = sine(frequency_hz, RATE, 0.1)
        out, gain = plain(effect, tone)
        taken_db = 10.0 * math.log10(power(tone, slice(RATE // 2, RATE)) * 2.0 / 0.01)
        assert taken_db == pytest.approx(0.0, abs=1e-6)
        left_db = 10.0 * math.log10(power(out, slice(RATE // 2, RATE)) * 2.0 / 0.01)
        assert level_db(gain[-1]) == pytest.approx(-8.0, abs=1e-3)
        assert left_db == pytest.approx(-8.0, abs=0.1)

    def test_lows_pass_while_the_highs_are_turned_down(self) -> None:
        low, high = sine(100.0, RATE, 0.05), sine(12_000.0, RATE, 0.3)
        out, gain = plain(DeEsser(range_db=12.0), low + high)
        assert gain[-1] < 0.4
        spectrum = np.abs(np.fft.rfft(out[0]))[100] / np.abs(np.fft.rfft(low[0]))[100]
        assert level_db(float(spectrum)) == pytest.approx(0.0, abs=0.2)

    @pytest.mark.parametrize("release_ms", [50.0, 200.0])
    def test_it_lets_go_in_the_release(self, release_ms: float) -> None:
        signal = np.concatenate([sine(12_000.0, RATE, 0.3), sine(200.0, RATE, 0.3)], axis=1)
        effect = DeEsser(range_db=9.0, knee_db=0.0, attack_ms=0.0, release_ms=release_ms)
        reduction_db = -20.0 * np.log10(plain(effect, signal)[1][RATE:])
        fallen = int(np.argmax(reduction_db <= 9.0 / math.e))
        # The powers take some time constants of 3 ms to tell the s from the vowel.
        assert release_ms < fallen / RATE * 1e3 < release_ms + 15.0

    def test_the_reduction_shown_is_the_bands(self) -> None:
        processor = DeEsser(range_db=7.0).prepare(Context(RATE, 1))
        processor.process(sine(15_000.0, 65_536, 0.2), BlockContext())
        shown = processor.gain_reduction_db()
        assert shown is not None
        assert shown.shape == (8_192,)
        assert shown.min() >= 0.0
        assert shown[-1] == pytest.approx(7.0, abs=1e-3)


class TestIdentity:
    @pytest.mark.parametrize(
        "values", [{}, {"range_db": 9.0, "ratio": 1.0}, {"range_db": 9.0, "lookahead_ms": 2.0}]
    )
    def test_what_is_not_turned_down_is_the_same_to_the_bit(self, values: dict[str, Any]) -> None:
        ess = values.get("ratio") == 1.0 or not values
        signal = words(1, 100_000, 2) if ess else sine(300.0, 100_000, 0.3)
        signal = signal.copy()
        signal[:, 0] = 0.0
        effect = DeEsser.model_validate(values)
        late = effect.prepare(Context(RATE, 1)).latency_samples
        out, _ = plain(effect, signal)
        settled = slice(10_000, 100_000 - late)
        assert np.array_equal(out[:, late:][:, settled], signal[:, settled])

    def test_after_an_s_the_vowel_is_untouched_again(self) -> None:
        signal = np.concatenate([sine(12_000.0, RATE, 0.3), sine(200.0, 3 * RATE, 0.3)], axis=1)
        out, gain = plain(DeEsser(range_db=9.0), signal)
        assert gain.min() < 0.4
        assert np.array_equal(out[:, 3 * RATE :], signal[:, 3 * RATE :])


class TestStems:
    @pytest.mark.parametrize("mode", ["split", "wide"])
    @pytest.mark.parametrize("band", ["above", "around"])
    def test_stems_replayed_add_up_to_the_mix(self, mode: str, band: str) -> None:
        one, other = words(2, 90_000, 2), words(3, 90_000, 2)
        effect = DeEsser.model_validate(
            {
                "range_db": 10.0,
                "threshold_db": -24.0,
                "mode": mode,
                "band": band,
                "lookahead_ms": 2.0,
            }
        )
        mix, gain = plain(effect, one + other)
        stems = []
        for stem in (one, other):
            again = effect.prepare(Context(RATE, 2))
            parts = [
                again.replay(np.ascontiguousarray(stem[:, a:b]), gain[a:b])
                for a, b in ((0, 40_960), (40_960, 90_000))
            ]
            stems.append(np.concatenate(parts, axis=1))
        assert gain.min() < 0.5
        np.testing.assert_allclose(stems[0] + stems[1], mix, rtol=0.0, atol=1e-14)

    @pytest.mark.parametrize("mode", ["split", "wide"])
    def test_what_is_removed_is_what_is_missing(self, mode: str) -> None:
        signal = words(4, 60_000, 2)
        values = {"range_db": 10.0, "mode": mode}
        out, _ = plain(DeEsser.model_validate(values), signal)
        removed, _ = plain(DeEsser.model_validate(values | {"listen": "removed"}), signal)
        np.testing.assert_allclose(out + removed, signal, rtol=0.0, atol=1e-15)
        assert np.abs(removed).max() > 0.05


class TestTiming:
    def test_look_ahead_leaves_the_gain_and_delays_the_signal(self) -> None:
        signal = words(5, 60_000, 2)
        _, early = plain(DeEsser(range_db=9.0, mode="wide"), signal)
        out, gain = plain(DeEsser(range_db=9.0, mode="wide", lookahead_ms=2.0), signal)
        assert np.array_equal(gain, early)
        assert np.array_equal(out[:, 96:], signal[:, :-96] * gain[96:])

    def test_the_same_bytes_for_any_block_size(self) -> None:
        signal = words(6, 130_000, 2)
        signal[:, 40_000:80_000] = 0.0
        for band in ("above", "around"):
            effect = DeEsser.model_validate({"range_db": 9.0, "band": band})
            whole = drive(effect.prepare(Context(RATE, 2)), signal, block_frames=130_000)
            parts = drive(effect.prepare(Context(RATE, 2)), signal, block_frames=4_096)
            assert np.array_equal(parts[0], whole[0])
            assert np.array_equal(parts[1], whole[1])


class TestAutomation:
    def test_threshold_and_range_may_move(self) -> None:
        assert automatable(DeEsser) == {"threshold_db", "range_db"}

    @pytest.mark.parametrize("name", ["threshold_db", "range_db"])
    def test_constant_automation_is_the_static_setting(self, name: str) -> None:
        values = {"threshold_db": -17.0, "range_db": 7.0}
        signal = words(7, 90_000, 2)
        static = plain(DeEsser.model_validate(values), signal)
        left = {key: value for key, value in values.items() if key != name}
        moving = automated(
            DeEsser.model_validate(left), signal, {name: np.full(90_000, values[name])}
        )
        np.testing.assert_allclose(moving[0], static[0], rtol=0.0, atol=1e-9)
        assert static[1].min() < 0.5

    def test_blocks_equal_the_whole_while_both_move(self) -> None:
        signal = words(8, 130_000, 2)
        n = np.arange(130_000)
        curves = {
            "threshold_db": -20.0 + 15.0 * np.sin(3e-4 * n),
            "range_db": 8.0 - 8.0 * np.cos(2e-4 * n),
        }
        whole = automated(DeEsser(), signal, curves, block_frames=130_000)
        parts = automated(DeEsser(), signal, curves, block_frames=4_096)
        assert np.array_equal(parts[0], whole[0])
        assert whole[1].min() < 0.5

    def test_there_is_no_zipper(self) -> None:
        frames = 1 << 17
        curve = 10.0 + 6.0 * np.sin(2.0 * np.pi * 5.0 / RATE * np.arange(frames))
        tone = sine(12_000.0, frames, 0.5)
        out, _ = automated(DeEsser(attack_ms=5.0), tone, {"range_db": curve})
        spectrum = np.abs(np.fft.rfft(out[0, -RATE:] * np.hanning(RATE) * 2.0)) * 2.0 / RATE
        # The tone and its sidebands are at 12 kHz; the detector's pools are at 6 kHz.
        spectrum[11_000:13_000] = 0.0
        assert spectrum.max() < 10.0 ** (-90.0 / 20.0)


class TestLinkAndKey:
    def test_the_image_never_moves(self) -> None:
        signal = words(9, 60_000) * np.array([[1.0], [-0.25]])
        out, _ = plain(DeEsser(range_db=9.0), signal)
        np.testing.assert_allclose(out[1], -0.25 * out[0], rtol=0.0, atol=1e-15)

    def test_it_listens_to_the_key_alone(self) -> None:
        key, signal = words(10, 60_000), words(11, 60_000, 2)
        effect = DeEsser(range_db=9.0, mode="wide")
        out, gain = plain(effect, signal, key=key)
        assert np.array_equal(gain, plain(effect, key)[1])
        assert np.array_equal(out, signal * gain)

    def test_the_detectors_band_can_be_heard(self) -> None:
        effect = DeEsser(frequency_hz=6_000.0, listen="detector")
        heard = effect.prepare(Context(RATE, 1)).process(sine(3_000.0, RATE), BlockContext())
        # An octave under the corner of a fourth-order Butterworth high-pass.
        expected_db = -10.0 * math.log10(1.0 + 2.0**8)
        assert level_db(np.abs(heard[0, RATE // 2 :]).max()) == pytest.approx(expected_db, abs=0.6)


class TestEdges:
    def test_a_frequency_above_nyquist_is_refused(self) -> None:
        with pytest.raises(DocumentError, match="frequency_hz"):
            DeEsser(frequency_hz=6_000.0).prepare(Context(8_000, 1, where="strip.vox"))

    @pytest.mark.parametrize("rate", [16_000, 44_100, 192_000])
    def test_it_works_alike_at_every_rate(self, rate: int) -> None:
        tone = sine(7_000.0, rate, 0.2, rate)
        effect = DeEsser(range_db=9.0, frequency_hz=5_000.0)
        _, gain = drive(effect.prepare(Context(rate, 1)), tone)
        assert level_db(gain[-1]) == pytest.approx(-9.0, abs=0.6)

    def test_what_is_no_number_is_refused(self) -> None:
        signal = words(12, 9_000)
        signal[0, 4_800] = np.nan
        with pytest.raises(SignalError, match=r"0\.100 s"):
            plain(DeEsser(range_db=6.0), signal)
