"""True peaks over time: the highest is the true-peak meter's, overs lie where they were planted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metering.meter_tones import true_peak_dbtp
from tests.metering.programme_signals import fed, noise

from mixmaster.metering.peak_curve import PeakCurve, PeakCurveMeter

RATE = 48_000


def curve(signal: np.ndarray, rate: int = RATE, block: int = 65_536) -> PeakCurve:
    return fed(PeakCurveMeter(rate, signal.shape[0]), signal, block)


def limited(seconds: float, rate: int = RATE, seed: int = 5) -> np.ndarray:
    """Loud and dense, its samples held at -1 dBFS: rows that may hold the peak are many."""
    return np.clip(3 * noise(seconds, rate, channels=2, seed=seed), -0.89, 0.89)


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_highest_is_the_true_peak(rate: int, seed: int) -> None:
    seconds = 150_000 / rate
    for signal in (
        limited(seconds, rate, seed),
        noise(seconds, rate, slope=0.0, channels=2, seed=seed),
    ):
        exact = true_peak_dbtp(signal, rate)
        assert 20 * math.log10(curve(signal, rate).peak) == pytest.approx(exact, abs=1e-4)


@pytest.mark.parametrize("rate", [8_000, 22_050])
def test_every_window_of_3_s_has_its_true_peak(rate: int) -> None:
    signal = limited(7.03, rate) * np.interp(
        np.arange(round(7.03 * rate)) / rate, [0, 2, 3, 5, 7], [0.2, 1.0, 0.3, 0.9, 0.1]
    )
    slots = curve(signal, rate).slots
    for first in range(0, 41, 8):
        window = slice(first * rate // 10, (first + 30) * rate // 10)
        held = signal[:, window].copy()
        found = 20 * math.log10(slots[first : first + 30].max())
        # Cutting the window out rings at its edges: they are compared without them.
        inside = np.zeros_like(signal)
        inside[:, window] = held
        whole = true_peak_dbtp(signal[:, : window.stop], rate)
        alone = true_peak_dbtp(inside, rate)
        assert found <= max(whole, alone) + 1e-3
        assert found >= 20 * math.log10(np.abs(held).max()) - 1e-6
        assert found == pytest.approx(alone, abs=0.02)


def over_burst(signal: np.ndarray, channel: int, start: int, frames: int, peak: float) -> None:
    """Put a quarter-rate sine at 45 degrees there: 3.01 dB more between samples than at them."""
    t = np.arange(frames)
    fade = np.minimum(1.0, np.minimum(t, frames - 1 - t) / 48)
    tone = peak * fade * np.sin(np.pi / 2 * t + np.pi / 4)
    signal[channel, start : start + frames] = tone


def test_overs_between_samples_are_found_with_their_figure() -> None:
    signal = 0.3 * noise(4.0, RATE, channels=2)
    over_burst(signal, 0, 30_000, 2_000, 1.0885)  # +0.737 dBTP from samples at -2.27 dBFS
    over_burst(signal, 1, 65_000, 2_000, 1.2)
    over_burst(signal, 1, 120_000, 2_000, 0.99)  # not over
    found = curve(signal)
    assert found.over_count == len(found.overs) == 2
    first, second = sorted(found.overs, key=lambda over: over.start)
    assert np.abs(signal).max() < 0.9
    assert (first.channel, second.channel) == (0, 1)
    assert first.peak_dbtp == pytest.approx(20 * math.log10(1.0885), abs=0.01)
    assert second.peak_dbtp == pytest.approx(20 * math.log10(1.2), abs=0.01)
    assert 29_900 <= first.start <= 30_150
    assert 31_850 <= first.stop <= 32_100
    assert 64_900 <= second.start <= 65_150


def test_overs_that_are_near_are_one_and_that_are_far_are_two() -> None:
    near, far = (0.1 * noise(2.0, RATE) for _ in range(2))
    for signal, distance in ((near, 300), (far, 1_000)):
        over_burst(signal, 0, 20_000, 500, 1.2)
        over_burst(signal, 0, 20_500 + distance, 500, 1.2)
    assert curve(near).over_count == 1
    assert curve(far).over_count == 2


def test_full_scale_sines_are_not_over() -> None:
    t = np.arange(2 * RATE)
    for hz in (50.0, 997.0, 7_777.0, 21_600.0):
        fade = np.minimum(1.0, np.minimum(t, t[::-1]) / 480)
        assert not curve((fade * np.sin(2 * np.pi * hz * t / RATE))[None]).over_count


def test_all_overs_are_counted_and_the_highest_kept() -> None:
    signal = np.zeros((1, 30 * RATE))
    heights = np.linspace(1.1, 1.5, 40)
    for number, height in enumerate(heights):
        over_burst(signal, 0, 10_000 + 30_000 * number, 400, float(height))
    figures = fed(PeakCurveMeter(RATE, 1, listed=10), signal)
    assert figures.over_count == 40
    assert len(figures.overs) == 10
    highest = max(over.peak_dbtp for over in figures.overs)
    assert highest == pytest.approx(20 * math.log10(1.5), abs=0.01)


@settings(max_examples=5, deadline=None)
@given(st.integers(1_000, 200_000))
def test_any_cut_gives_the_same(block: int) -> None:
    signal = limited(2.5)
    over_burst(signal, 0, 30_000, 2_000, 1.0885)
    one, other = curve(signal, block=block), curve(signal, block=signal.shape[1])
    assert (one.peak, one.overs, one.over_count) == (other.peak, other.overs, other.over_count)
    assert np.array_equal(one.slots, other.slots)


def test_nothing_and_silence_have_no_peak() -> None:
    for frames in (0, 10, 100_000):
        found = curve(np.zeros((2, frames)))
        assert (found.peak, found.over_count) == (0.0, 0)
