"""Power spectra: Parseval, closed forms, the standard's frequencies, any cut of the stream."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import Block, Block32
from mixmaster.dsp.spectrum import (
    PowerSpectra,
    band_edges_hz,
    band_mids_hz,
    band_powers,
    nominal_hz,
    power_complementary_window,
    segment_frames,
)

# IEC 61260-1:2014, table E.1: exact base-ten mid-band frequencies of third octaves, 25 to 250 Hz
IEC_THIRDS_HZ = [25.119, 31.623, 39.811, 50.119, 63.096, 79.433, 100.0, 125.89, 158.49, 199.53]


def noise(rows: int, frames: int, seed: int = 0) -> Block32:
    return np.random.default_rng(seed).standard_normal((rows, frames)).astype(np.float32)


def spectra(samples: Block32, rate: int = 48_000, cuts: tuple[int, ...] = ()) -> Block:
    meter = PowerSpectra(rate, len(samples))
    for part in np.split(samples, sorted(cuts), axis=1):
        meter.take(part)
    return meter.finish()


def test_third_octaves_have_the_exact_frequencies_of_iec_61260() -> None:
    mids = band_mids_hz(3, 20, 20_000)
    assert mids.size == 31
    assert mids[1:11] == pytest.approx(IEC_THIRDS_HZ, rel=1e-4)
    # Ten bands a decade, and 1 kHz is one of them.
    assert mids[:-10] * 10 == pytest.approx(mids[10:], rel=1e-12)
    assert mids[17] == pytest.approx(1_000, rel=1e-12)


def test_bands_have_the_names_of_the_standard() -> None:
    thirds = nominal_hz(band_mids_hz(3, 20, 20_000))
    assert thirds[:9] == pytest.approx([20, 25, 31.5, 40, 50, 63, 80, 100, 125])
    assert thirds[-5:] == pytest.approx([8_000, 10_000, 12_500, 16_000, 20_000])
    octaves = [31.5, 63, 125, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000]
    assert nominal_hz(band_mids_hz(1, 31.5, 16_000)) == pytest.approx(octaves)


def test_octaves_and_even_fractions() -> None:
    assert band_mids_hz(1, 31.5, 16_000) == pytest.approx(
        [1_000 * 10 ** (0.3 * x) for x in range(-5, 5)]
    )
    # Even fractions have an edge at 1 kHz, not a middle (5.4).
    low, high = band_edges_hz(band_mids_hz(24, 20, 20_000), 24)
    assert low[1:] == pytest.approx(high[:-1], rel=1e-12)
    assert np.abs(low - 1_000).min() < 1e-9


@pytest.mark.parametrize("bands_per_octave", [1, 3])
def test_bands_lie_edge_to_edge_around_their_geometric_middle(bands_per_octave: int) -> None:
    mids = band_mids_hz(bands_per_octave, 25, 16_000)
    low, high = band_edges_hz(mids, bands_per_octave)
    assert high[:-1] == pytest.approx(low[1:], rel=1e-12)
    assert np.sqrt(low * high) == pytest.approx(mids, rel=1e-12)
    assert np.log10(high / low) == pytest.approx(0.3 / bands_per_octave, rel=1e-12)


@pytest.mark.parametrize("frames", [2, 64, 65_536])
def test_the_squared_halves_of_the_window_add_up_to_one(frames: int) -> None:
    square = power_complementary_window(frames) ** 2
    half = frames // 2
    assert square[:half] + square[half:] == pytest.approx(1.0, abs=1e-14)
    assert square[:half] == pytest.approx(square[: half - 1 : -1], abs=1e-14)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000, 96_000, 384_000, 768_000])
def test_bins_are_between_half_a_hertz_and_one_at_any_rate(rate: int) -> None:
    frames = segment_frames(rate)
    assert 0.5 < rate / frames <= 1.0
    assert frames & (frames - 1) == 0


@settings(deadline=None, max_examples=25)
@given(
    frames=st.integers(1, 60_000),
    rate=st.sampled_from([8_000, 11_025, 16_000]),
    seed=st.integers(0, 99),
)
def test_bins_add_up_to_the_mean_square_whatever_the_length(
    frames: int, rate: int, seed: int
) -> None:
    samples = noise(2, frames, seed)
    samples[1] += samples[0] / 2
    exact = samples.astype(np.float64)
    both = spectra(samples, rate).sum(axis=1)
    assert both[:2] == pytest.approx((exact**2).mean(axis=1), rel=1e-5)
    assert both[2] == pytest.approx((exact[0] * exact[1]).mean(), rel=1e-5, abs=1e-5)


@settings(deadline=None, max_examples=25)
@given(at=st.integers(0, 49_999))
def test_a_click_counts_the_same_wherever_it_falls_and_is_white(at: int) -> None:
    samples = np.zeros((1, 50_000), np.float32)
    samples[0, at] = 1.0
    powers = spectra(samples, 8_000)[0]
    inner = powers[1:-1] * powers.size * 50_000
    assert inner == pytest.approx(1.0, rel=1e-3)
    assert powers[[0, -1]] == pytest.approx(powers[1] / 2, rel=1e-3)


@settings(deadline=None, max_examples=15)
@given(
    rows=st.integers(1, 2),
    frames=st.integers(1, 150_000),
    cuts=st.lists(st.integers(0, 150_000), max_size=6),
)
def test_the_cut_of_the_stream_changes_no_bit(rows: int, frames: int, cuts: list[int]) -> None:
    samples = noise(rows, frames)
    inside = tuple(min(cut, frames) for cut in cuts)
    assert np.array_equal(spectra(samples, 16_000), spectra(samples, 16_000, inside))


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("frequency_hz", [20.0, 997.0, 15_000.3])
def test_a_sine_has_half_its_squared_amplitude_around_its_frequency(
    rate: int, frequency_hz: float
) -> None:
    time = np.arange(10 * rate) / rate
    fade = np.minimum(1.0, np.minimum(time, time[::-1]) / 1.0)  # or its edges are clicks
    sine = (0.5 * fade * np.sin(2 * np.pi * frequency_hz * time)).astype(np.float32)
    powers = spectra(sine[None], rate)[0]
    bin_hz = rate / segment_frames(rate)
    near = band_powers(
        powers, bin_hz, np.array([frequency_hz - 5.0]), np.array([frequency_hz + 5.0])
    )
    expected = 0.125 * float((fade**2).mean())
    assert near[0] == pytest.approx(expected, rel=1e-3)
    # The window falls off by 18 dB an octave: 100 Hz away nothing is left of it.
    far = np.arange(powers.size) * bin_hz
    assert powers[np.abs(far - frequency_hz) > 100].max() < expected * 1e-10


def test_the_cross_spectrum_has_the_sign_of_the_phase() -> None:
    rate = 48_000
    phase = 2 * np.pi * 1_000 * np.arange(5 * rate) / rate
    for shift, product in ((0.0, 0.5), (math.pi, -0.5), (math.pi / 2, 0.0), (math.pi / 3, 0.25)):
        pair = np.stack([np.cos(phase), np.cos(phase + shift)]).astype(np.float32)
        assert spectra(pair, rate)[2].sum() == pytest.approx(product, abs=1e-5)


def test_bands_take_the_fractions_of_the_bins_at_their_edges() -> None:
    flat = np.ones(101)  # bins at 0, 2, ..., 200 Hz, each 2 Hz wide but for the first and last
    flat[[0, -1]] = 0.5
    low = np.array([0.0, 10.0, 10.5, 11.3, 199.0, 190.0, 300.0])
    high = np.array([1.0, 20.0, 10.6, 11.9, 200.0, 1e6, 400.0])
    expected = (np.minimum(high, 200.0) - np.minimum(low, 200.0)) / 2.0
    assert band_powers(flat, 2.0, low, high) == pytest.approx(expected, abs=1e-12)


def test_adjoining_bands_add_up() -> None:
    powers = np.random.default_rng(1).random(1_000)
    edges = np.sort(np.random.default_rng(2).uniform(0, 999, 50))
    edges[0], edges[-1] = 0, 999
    parts = band_powers(powers, 1.0, edges[:-1], edges[1:])
    assert parts.sum() == pytest.approx(powers.sum(), rel=1e-12)
    assert (parts > 0).all()


@pytest.mark.parametrize("level", [1e-12, 1.0, 1e15])
def test_levels_from_minus_240_to_300_dbfs_survive_single_precision(level: float) -> None:
    samples = noise(2, 100_000) * np.float32(level)
    exact = (samples.astype(np.float64) ** 2).mean(axis=1)
    assert spectra(samples)[:2].sum(axis=1) == pytest.approx(exact, rel=1e-5)


def test_no_audio_is_no_power() -> None:
    assert not PowerSpectra(48_000, 2).finish().any()
    assert not spectra(np.zeros((1, 100_000), np.float32)).any()


def test_memory_does_not_grow() -> None:
    meter = PowerSpectra(8_000, 1)

    def held() -> int:
        return sum(v.nbytes for v in vars(meter).values() if isinstance(v, np.ndarray))

    before = held()
    for _ in range(10):
        meter.take(noise(1, 65_536))
    assert held() == before
    assert before < 1_000_000
