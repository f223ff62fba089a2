from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import sosfilt

from mixmaster.arrays import Block
from mixmaster.dsp.crossover import Crossover, LinearCrossover

CORNERS = {
    2: [200.0],
    3: [150.0, 2_500.0],
    4: [100.0, 130.0, 9_000.0],
    5: [60.0, 250.0, 2_000.0, 8_000.0],
    6: [80.0, 200.0, 700.0, 2_500.0, 9_000.0],
}


def spectra(
    bands: int, order: int, rate_hz: int = 48_000
) -> tuple[Block, npt.NDArray[np.complex128]]:
    """The complex response of each band, at every hertz."""
    click = np.zeros((1, rate_hz))
    click[0, 0] = 1.0
    heard = Crossover(CORNERS[bands], 1, rate_hz, order=order).process(click)[:, 0]
    return np.arange(rate_hz // 2 + 1.0), np.fft.rfft(heard)


@pytest.mark.parametrize("order", [4, 8])
@pytest.mark.parametrize("bands", list(CORNERS))
@pytest.mark.parametrize("rate_hz", [44_100, 192_000])
def test_bands_add_up_flat(bands: int, order: int, rate_hz: int) -> None:
    _, heard = spectra(bands, order, rate_hz)
    flat_db = 20.0 * np.log10(np.abs(heard.sum(axis=0)))
    assert np.max(np.abs(flat_db)) < 1e-6


@pytest.mark.parametrize("order", [4, 8])
@pytest.mark.parametrize("bands", list(CORNERS))
def test_the_sum_is_the_all_pass_it_says(bands: int, order: int) -> None:
    rng = np.random.default_rng(bands)
    signal = rng.uniform(-1.0, 1.0, (2, 20_000))
    crossover = Crossover(CORNERS[bands], 2, 44_100, order=order)
    total = crossover.process(signal).sum(axis=0)
    assert np.max(np.abs(total - sosfilt(crossover.sum_sos, signal))) < 1e-11


@pytest.mark.parametrize("order", [4, 8])
def test_halves_are_those_of_linkwitz_and_riley(order: int) -> None:
    """Magnitudes 1 / (1 + x^order) and the rest, x the warped frequency; in phase."""
    hz, (low, high) = spectra(2, order)
    x = np.tan(np.pi * hz[:-1] / 48_000) / np.tan(np.pi * 200.0 / 48_000)
    wanted = 1.0 / (1.0 + x**order)
    assert np.max(np.abs(np.abs(low[:-1]) - wanted)) < 1e-9
    assert np.max(np.abs(np.abs(high[:-1]) - (1.0 - wanted))) < 1e-9
    assert 20.0 * np.log10(abs(low[200])) == pytest.approx(-6.0206, abs=1e-4)
    between = slice(100, 400)
    assert np.max(np.abs(np.angle(low[between] / high[between]))) < 1e-6


def test_each_band_is_alone_in_its_middle() -> None:
    hz, heard = spectra(5, 8)
    edges = [20.0, *CORNERS[5], 20_000.0]
    for band, (low_hz, high_hz) in enumerate(pairwise(edges)):
        middle = int(np.searchsorted(hz, np.sqrt(low_hz * high_hz)))
        levels_db = 20.0 * np.log10(np.abs(heard[:, middle]))
        assert levels_db[band] == pytest.approx(0.0, abs=0.15)
        assert np.all(np.delete(levels_db, band) < -35.0)


def test_blocks_and_channels_are_the_same_bytes() -> None:
    signal = np.random.default_rng(3).uniform(-1.0, 1.0, (2, 3 * 4_096 + 100))
    whole = Crossover(CORNERS[6], 2, 48_000).process(signal)
    cut = Crossover(CORNERS[6], 2, 48_000)
    parts = [cut.process(signal[:, at : at + 4_096]) for at in range(0, signal.shape[1], 4_096)]
    assert np.array_equal(np.concatenate(parts, axis=2), whole)
    alone = Crossover(CORNERS[6], 1, 48_000).process(signal[1:])
    assert np.array_equal(alone[:, 0], whole[:, 1])


def test_the_tail_is_over_when_it_says() -> None:
    crossover = Crossover([30.0, 300.0], 1, 48_000, order=8)
    signal = np.zeros((1, 48_000 + crossover.tail_samples + 4_096))
    # A full-scale tone that stops at once.
    signal[0, :48_000] = np.sign(np.sin(2.0 * np.pi * 30.0 / 48_000 * np.arange(48_000)))
    heard = crossover.process(signal)
    assert np.max(np.abs(heard[:, :, 48_000 + crossover.tail_samples :])) < 1e-6
    assert crossover.tail_samples < 96_000


@pytest.mark.parametrize("order", [4, 8])
@pytest.mark.parametrize("bands", [2, 4])
def test_bands_without_phase_add_up_to_the_signal_itself(bands: int, order: int) -> None:
    signal = np.random.default_rng(4).uniform(-1.0, 1.0, (2, 60_000))
    crossover = LinearCrossover(CORNERS[bands], 2, 48_000, order=order)
    heard, whole = crossover.process(signal)
    late = crossover.latency_samples
    assert not np.any(whole[:, :late])
    assert np.array_equal(whole[:, late:], signal[:, :-late])
    assert np.max(np.abs(heard.sum(axis=0) - whole)) < 1e-14


@pytest.mark.parametrize("order", [4, 8])
def test_bands_without_phase_have_the_magnitudes_of_linkwitz_and_riley(order: int) -> None:
    crossover = LinearCrossover([200.0], 1, 48_000, order=order)
    late = crossover.latency_samples
    click = np.zeros((1, 48_000))
    click[0, 0] = 1.0
    spectrum = np.fft.rfft(crossover.process(click)[0][:, 0])
    hz = np.arange(24_001.0)
    upright = spectrum * np.exp(2j * np.pi * hz * late / 48_000)
    assert np.max(np.abs(upright.imag)) < 1e-9  # no phase left
    x = np.tan(np.pi * hz[:-1] / 48_000) / np.tan(np.pi * 200.0 / 48_000)
    wanted = 1.0 / (1.0 + x**order)
    assert np.max(np.abs(upright[0, :-1].real - wanted)) < 2e-5
    assert np.max(np.abs(upright[1, :-1].real - (1.0 - wanted))) < 2e-5
    assert abs(upright[1, 0]) < 1e-12  # the upper band has nothing of 0 Hz
