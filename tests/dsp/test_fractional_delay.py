from __future__ import annotations

import numpy as np
import pytest

from mixmaster.dsp.fractional_delay import HALF_TAPS, FractionalDelay, kernel


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5, 0.9])
def test_it_is_flat_and_of_exact_delay_to_0_46_of_the_rate(fraction: float) -> None:
    turns = np.linspace(0.0, 0.46, 400)
    taps = kernel(fraction)
    late = HALF_TAPS - 1 + fraction
    heard = np.exp(-2j * np.pi * np.outer(turns, np.arange(taps.size))) @ taps
    wanted = np.exp(-2j * np.pi * turns * late)
    assert np.max(np.abs(heard - wanted)) < 2e-4
    assert heard[0] == pytest.approx(1.0, abs=1e-12)


def test_a_fraction_of_nothing_is_one_tap() -> None:
    whole = np.zeros(2 * HALF_TAPS)
    whole[HALF_TAPS - 1] = 1.0
    assert np.max(np.abs(kernel(0.0) - whole)) < 1e-15
    assert np.max(np.abs(kernel(1.0) - np.roll(whole, 1))) < 1e-15


@pytest.mark.parametrize("samples", [0.0, 1.0, 480.0])
def test_whole_samples_are_exact(samples: float) -> None:
    block = np.random.default_rng(0).standard_normal((2, 4_096))
    delay = FractionalDelay(2, samples)
    late = int(samples)
    assert delay.latency_samples == 0
    heard = delay.process(block)
    assert not np.any(heard[:, :late])
    assert np.array_equal(heard[:, late:], block[:, : 4_096 - late])


@pytest.mark.parametrize("samples", [0.5, 30.25, 47.75, 254.4])
def test_a_tone_comes_later_by_latency_and_delay(samples: float) -> None:
    omega = 2.0 * np.pi * 5_000.0 / 48_000.0
    time = np.arange(8_192)
    delay = FractionalDelay(1, samples)
    assert delay.latency_samples == max(0, HALF_TAPS - 1 - int(samples))
    heard = delay.process(np.sin(omega * time)[np.newaxis])[0, 1_000:]
    late = samples + delay.latency_samples
    assert np.max(np.abs(heard - np.sin(omega * (time[1_000:] - late)))) < 2e-5
