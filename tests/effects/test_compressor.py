"""The compressor: its static curve and its times."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effects.compressing import RATE, compress, constant, decibels, drums, run

from mixmaster.arrays import Block
from mixmaster.effects.base import Context
from mixmaster.effects.compressor import Compressor


class TestStaticCurve:
    @pytest.mark.parametrize(
        ("level_db", "curve", "expected_db"),
        [
            (0.0, {"threshold_db": -20.0, "ratio": 4.0, "knee_db": 0.0}, -15.0),
            (-6.0, {"threshold_db": -20.0, "ratio": 2.0, "knee_db": 0.0}, -7.0),
            (-12.0, {"threshold_db": -20.0, "ratio": 8.0, "knee_db": 6.0}, -7.0),
            # Inside the knee: (3/4) (over + 6)^2 / 24.
            (-20.0, {"threshold_db": -20.0, "ratio": 4.0, "knee_db": 12.0}, -9.0 / 8.0),
            (-17.0, {"threshold_db": -20.0, "ratio": 4.0, "knee_db": 12.0}, -81.0 / 32.0),
            (-27.0, {"threshold_db": -20.0, "ratio": 4.0, "knee_db": 12.0}, 0.0),
            (6.0, {"threshold_db": -40.0, "ratio": 1000.0, "knee_db": 0.0}, -45.954),
        ],
    )
    @pytest.mark.parametrize("attack_ms", [0.0, 1.0, 10.0, 60.0])
    def test_a_constant_settles_on_the_curve(
        self, level_db: float, curve: dict[str, Any], expected_db: float, attack_ms: float
    ) -> None:
        _, gain = compress(constant(level_db, RATE), **curve, attack_ms=attack_ms)

        assert decibels(gain)[-1] == pytest.approx(expected_db, abs=1e-4)

    @pytest.mark.parametrize(("detector", "level_db"), [("peak", -6.0), ("rms", -9.0103)])
    @pytest.mark.parametrize("attack_ms", [1.0, 10.0])
    def test_a_sine_settles_at_its_peak_or_its_rms(
        self, detector: str, level_db: float, attack_ms: float
    ) -> None:
        peak = 10.0 ** (-6.0 / 20.0)
        sine = peak * np.sin(2.0 * np.pi * 997.0 * np.arange(3 * RATE) / RATE)[None]

        _, gain = compress(
            sine,
            threshold_db=-20.0,
            ratio=4.0,
            knee_db=0.0,
            release_ms=10_000.0,
            attack_ms=attack_ms,
            detector=detector,
            rms_ms=100.0,
        )

        expected_db = -0.75 * (level_db + 20.0)
        np.testing.assert_allclose(decibels(gain)[-RATE // 10 :], expected_db, atol=0.01)

    def test_rms_reads_the_mean_power_of_the_channels(self) -> None:
        one_sided = np.concatenate([constant(0.0, RATE), np.zeros((1, RATE))])
        both = np.repeat(constant(0.0, RATE), 2, axis=0)
        values: dict[str, Any] = {
            "threshold_db": -20.0,
            "ratio": 2.0,
            "knee_db": 0.0,
            "detector": "rms",
        }

        assert decibels(compress(one_sided, **values)[1])[-1] == pytest.approx(
            -0.5 * (20.0 - 3.0103), abs=1e-4
        )
        mono = compress(both[:1], **values)[1]
        np.testing.assert_allclose(compress(both, **values)[1], mono, rtol=1e-12)

    def test_the_range_is_the_most_it_takes(self) -> None:
        _, gain = compress(constant(0.0, RATE), threshold_db=-30.0, ratio=10.0, range_db=4.0)
        assert decibels(gain).min() == pytest.approx(-4.0, abs=1e-4)


class TestTimes:
    @pytest.mark.parametrize("attack_ms", [1.0, 5.0, 10.0, 100.0])
    def test_the_attack_is_the_time_to_63_percent(self, attack_ms: float) -> None:
        step = np.concatenate([np.zeros((1, RATE)), constant(0.0, RATE)], axis=1)

        _, gain = compress(step, threshold_db=-20.0, ratio=4.0, knee_db=0.0, attack_ms=attack_ms)

        reduction_db = -decibels(gain)
        reached = int(np.argmax(reduction_db >= 15.0 * (1.0 - 1.0 / math.e)))
        # Half a pool, which is at most a 200th of the attack, and the frame it is read at.
        tolerance_ms = attack_ms / 200.0 + 1.1e3 / RATE
        assert (reached + 1 - RATE) / RATE * 1e3 == pytest.approx(attack_ms, abs=tolerance_ms)

    @pytest.mark.parametrize("release_ms", [5.0, 50.0, 400.0])
    def test_the_release_is_the_time_to_fall_by_63_percent(self, release_ms: float) -> None:
        step = np.concatenate([constant(0.0, RATE), np.zeros((1, 2 * RATE))], axis=1)

        _, gain = compress(
            step, threshold_db=-20.0, ratio=4.0, knee_db=0.0, attack_ms=0.0, release_ms=release_ms
        )

        reduction_db = -decibels(gain[RATE - 1 :])
        fallen = int(np.argmax(reduction_db <= 15.0 / math.e))
        assert fallen / RATE * 1e3 == pytest.approx(release_ms, abs=1.1e3 / RATE)

    @pytest.mark.parametrize("rate", [8_000, 44_100, 384_000])
    def test_times_hold_at_every_rate(self, rate: int) -> None:
        step = np.concatenate([np.zeros((1, 4_096)), constant(0.0, rate)], axis=1)
        settings_ = Compressor(
            threshold_db=-20.0, ratio=4.0, knee_db=0.0, attack_ms=20.0, release_ms=1.0
        )

        _, gain = run(settings_.prepare(Context(rate, 1)), step)

        reached = int(np.argmax(-decibels(gain) >= 15.0 * (1.0 - 1.0 / math.e)))
        assert (reached + 1 - 4_096) / rate * 1e3 == pytest.approx(20.0, rel=0.01)


class TestIdentity:
    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"ratio": 1.0, "threshold_db": -60.0},
            {"ratio": 8.0, "threshold_db": -60.0, "range_db": 0.0},
            {"ratio": 8.0, "threshold_db": -60.0, "mix": 0.0, "makeup_db": 9.0},
            {"ratio": 8.0, "threshold_db": 12.0, "knee_db": 0.0},
            {"ratio": 8.0, "threshold_db": 12.0, "knee_db": 0.0, "detector": "rms"},
        ],
    )
    def test_what_is_not_reduced_is_the_same_to_the_bit(self, values: dict[str, Any]) -> None:
        signal = drums(1, 100_000, 2)
        out, gain = compress(signal, **values)
        assert np.array_equal(out, signal)
        assert np.array_equal(gain, np.ones(100_000))

    @pytest.mark.parametrize("makeup_db", [0.0, 3.0])
    def test_after_a_reduction_the_gain_comes_back_exactly(self, makeup_db: float) -> None:
        signal = np.random.default_rng(2).standard_normal((1, 4 * RATE)) * 1e-3
        signal[:, :1_000] = 1.0

        _, gain = compress(signal, ratio=4.0, attack_ms=10.0, release_ms=50.0, makeup_db=makeup_db)

        made_up = 10.0 ** (makeup_db / 20.0)
        assert gain.min() < 0.9 * made_up
        assert np.array_equal(gain[2 * RATE :], np.full(2 * RATE, made_up))

    def test_the_input_is_not_written_to(self) -> None:
        signal = drums(3, 5_000, 2)
        before = signal.copy()
        compress(signal, ratio=4.0, threshold_db=-40.0)
        compress(signal, ratio=4.0, threshold_db=-40.0, attack_ms=0.0, detector="rms")
        assert np.array_equal(signal, before)


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    channels=st.sampled_from([1, 2, 6]),
    attack_ms=st.sampled_from([0.0, 0.5, 5.0, 10.0, 80.0, 900.0]),
    release_ms=st.floats(1.0, 500.0),
    detector=st.sampled_from(["peak", "rms"]),
    mix=st.sampled_from([1.0, 0.3]),
    makeup_db=st.sampled_from([0.0, 5.0, -40.0]),
    frames=st.integers(1, 90_000),
)
def test_the_same_bytes_for_any_block_size_and_a_curve_that_replays(
    seed: int, channels: int, frames: int, **values: Any
) -> None:
    signal = drums(seed, frames, channels)
    values |= {"ratio": 4.0, "threshold_db": -24.0}

    out, gain = compress(signal, **values)

    for block_frames in (4_096, 20_480):
        again, gain_again = compress(signal, block_frames=block_frames, **values)
        assert np.array_equal(again, out)
        assert np.array_equal(gain_again, gain)
    processor = Compressor.model_validate(values).prepare(Context(RATE, channels))
    assert np.array_equal(processor.replay(signal, gain), out)


def exact_gain_db(signal: Block, settings_: Compressor) -> Block:
    """The compressor one frame at a time: equations 4 and 17 of Giannoulis et al. (2012)."""
    over_r = 1.0 - 1.0 / settings_.ratio
    attack, release, average = (
        math.exp(-1e3 / (ms * RATE)) if ms > 0.0 else 0.0
        for ms in (settings_.attack_ms, settings_.release_ms, settings_.rms_ms)
    )
    half_knee = settings_.knee_db / 2.0
    peaks = np.abs(signal).max(axis=0).tolist()
    powers = np.mean(signal**2, axis=0).tolist()
    power = held = smooth = 0.0
    out = np.empty(len(peaks))
    for n, peak in enumerate(peaks):
        power = average * power + (1.0 - average) * powers[n]
        level = math.sqrt(power) if settings_.detector == "rms" else peak
        over = 20.0 * math.log10(max(level, 1e-20)) - settings_.threshold_db
        if over <= -half_knee:
            reduction = 0.0
        elif over < half_knee:
            reduction = over_r * (over + half_knee) ** 2 / (2.0 * settings_.knee_db)
        else:
            reduction = over_r * over
        held = max(reduction, release * held)
        smooth = attack * smooth + (1.0 - attack) * held
        out[n] = -smooth
    return out


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    channels=st.sampled_from([1, 2]),
    threshold_db=st.floats(-50.0, 0.0),
    ratio=st.floats(1.1, 100.0),
    knee_db=st.floats(0.0, 20.0),
    attack_ms=st.floats(4.2, 200.0),
    release_ms=st.floats(5.0, 1_000.0),
    detector=st.sampled_from(["peak", "rms"]),
    rms_ms=st.floats(2.0, 100.0),
)
def test_pools_stay_within_a_tenth_of_a_decibel_of_every_frame_exact(
    seed: int, channels: int, **values: Any
) -> None:
    signal = drums(seed, 24_000, channels)
    settings_ = Compressor.model_validate(values)

    _, gain = compress(signal, **values)

    error_db = np.abs(decibels(gain) - exact_gain_db(signal, settings_))
    assert error_db.max() < 0.1


@pytest.mark.parametrize("attack_ms", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("detector", ["peak", "rms"])
def test_short_attacks_are_exact(attack_ms: float, detector: str) -> None:
    settings_ = Compressor.model_validate(
        {"threshold_db": -30.0, "ratio": 5.0, "attack_ms": attack_ms, "detector": detector}
    )
    signal = drums(11, 30_000, 2)

    _, gain = run(settings_.prepare(Context(RATE, 2)), signal)

    np.testing.assert_allclose(decibels(gain), exact_gain_db(signal, settings_), atol=3e-6)
