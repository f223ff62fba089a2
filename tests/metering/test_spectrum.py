"""The spectrum: levels of sines and noises by their closed forms, mid and side, tilt, edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import Block
from mixmaster.dsp.spectrum import band_edges_hz
from mixmaster.metering.spectrum import SpectrumFigures, SpectrumMeter

RATE = 48_000


def measured(block: Block, rate: int = RATE, cuts: tuple[int, ...] = ()) -> SpectrumFigures:
    meter = SpectrumMeter(rate, len(block))
    for part in np.split(block, sorted(cuts), axis=1):
        meter.update(part)
    return meter.result()


def coloured(db_per_octave: float, seed: int = 0, rate: int = RATE) -> Block:
    """Noise whose density has this slope exactly, of 2^21 frames; RMS 0.1."""
    frames = 1 << 21
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, frames // 2 + 1)
    hz = np.fft.rfftfreq(frames, 1 / rate)
    gain = np.zeros(hz.size)
    gain[1:-1] = hz[1:-1] ** (db_per_octave / (20 * math.log10(2)))
    gain[hz < 5] = 0.0
    noise = np.fft.irfft(gain * np.exp(1j * phases), frames)
    return np.asarray(0.1 * noise / np.sqrt((noise**2).mean()))


def faded_sine(frequency_hz: float, rate: int = RATE, seconds: int = 20) -> Block:
    time = np.arange(seconds * rate) / rate
    fade = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.05)
    return np.asarray(fade * np.sin(2 * np.pi * frequency_hz * time))


def levels(values: tuple[float | None, ...]) -> Block:
    return np.array([-np.inf if value is None else value for value in values])


def pair(left: Block, right: Block) -> Block:
    return np.stack([left, right])


@pytest.mark.parametrize("band", [0, 5, 17, 29, 30])
def test_a_full_scale_sine_reads_minus_3_01_in_its_band_and_nothing_elsewhere(band: int) -> None:
    frequency_hz = 1_000 * 10 ** ((band - 17) / 10)
    figures = measured(faded_sine(frequency_hz)[None])
    read = levels(figures.third_octave_mid_db)
    assert figures.third_octave_hz[band] == pytest.approx(frequency_hz)
    assert read[band] == pytest.approx(-3.01, abs=0.1 if band == 0 else 0.03)
    beyond = np.abs(np.arange(read.size) - band) > 1
    assert read[beyond].max() < (-40 if band == 0 else -60)  # fades of one period are clicks
    smooth = levels(figures.smooth_mid_db)
    nearest = np.abs(np.log(np.array(figures.smooth_hz) / frequency_hz)).argmin()
    assert smooth[nearest] == pytest.approx(-3.01, abs=0.6 if band == 0 else 0.05)


@pytest.mark.parametrize(
    ("density_slope", "slope"), [(0.0, 3.0103), (-3.0103, 0.0), (-6.0206, -3.0103)]
)
def test_white_noise_rises_by_3_db_an_octave_and_pink_is_flat(
    density_slope: float, slope: float
) -> None:
    figures = measured(coloured(density_slope)[None])
    assert figures.tilt_db_per_octave == pytest.approx(slope, abs=0.03)
    octaves = np.log2(np.array(figures.third_octave_hz) / 1_000)
    read = levels(figures.third_octave_mid_db)
    bent = read - slope * octaves
    assert np.abs(bent - bent[10:].mean())[6:].max() < 0.15
    assert np.abs(bent - bent[10:].mean())[:6].max() < 0.5  # 5 Hz wide: few independent values
    octaves = np.log2(np.array(figures.smooth_hz) / 1_000)
    smooth = levels(figures.smooth_mid_db) - slope * octaves
    half = 10 * math.log10(0.5)  # a sixth of an octave is half as wide as a third
    assert np.abs(smooth - half - bent[10:].mean())[octaves > -2.5].max() < 0.35


def test_the_tilt_is_of_100_hz_to_10_khz_and_of_whole_bands() -> None:
    frames = 1 << 21
    hz = np.fft.rfftfreq(frames, 1 / RATE)
    gain = np.zeros(hz.size)
    gain[1:] = hz[1:] ** -0.5
    gain[(hz > 5) & (hz < 85)] *= 10  # the edges of the bands are at 89.1 Hz and 11.22 kHz
    gain[hz > 11_700] *= 10
    gain[(hz > 92) & (hz < 110)] *= 2
    phases = np.random.default_rng(20).uniform(0, 2 * np.pi, hz.size)
    noise = 0.1 * np.fft.irfft(gain * np.exp(1j * phases), frames) / np.sqrt((gain**2).sum())
    read = measured(noise[None]).tilt_db_per_octave
    # Pink but for its first band of 21, which is higher by what 18 of its 23.1 Hz hold:
    rise = 10 * math.log10(1 + 3 * math.log(110 / 92) / math.log(10**0.1))
    octaves = (np.arange(21) - 10) * 0.1 * math.log2(10)
    assert read == pytest.approx(rise * octaves[0] / (octaves**2).sum(), abs=0.02)
    # At 8 kHz the band at 4 kHz is cut in half, and left out.
    white = measured(0.1 * np.random.default_rng(21).standard_normal((1, 480_000)), 8_000)
    assert white.third_octave_nominal_hz[-1] == 4_000
    assert white.tilt_db_per_octave == pytest.approx(3.0103, abs=0.05)


def test_the_cross_spectrum_is_positive_where_left_is_louder() -> None:
    low, high = faded_sine(200.0, seconds=2), faded_sine(4_000.0, seconds=2)
    meter = SpectrumMeter(RATE, 2)
    meter.take(pair(low, high)[:, :65_536].astype(np.float32))
    cross = meter.finish().cross
    assert cross is not None
    middle = cross.size // 24  # 1 kHz
    left, right = ((signal[:65_536] ** 2).mean() for signal in (low, high))
    # mid times side is (L^2 - R^2) / 4
    assert cross[:middle].sum() == pytest.approx(left / 4, rel=1e-3)
    assert cross[middle:].sum() == pytest.approx(-right / 4, rel=1e-3)


def test_band_levels_are_the_density_times_the_width() -> None:
    white = np.random.default_rng(5).standard_normal(60 * RATE) * 0.1
    figures = measured(white[None])
    low, high = band_edges_hz(np.array(figures.third_octave_hz), 3)
    expected = -20 + 10 * np.log10((high - low) / (RATE / 2))
    # The spread of a mean of B T independent values, four times over.
    spread = 4 * 10 * np.log10(1 + 1 / np.sqrt((high - low) * 60))
    assert (np.abs(levels(figures.third_octave_mid_db) - expected) < spread + 0.01).all()


def test_bands_agree_with_one_transform_of_the_whole_signal() -> None:
    rng = np.random.default_rng(6)
    whole = np.concatenate([rng.standard_normal(400_000), 0.1 * rng.standard_normal(300_001)])
    whole *= np.sin(np.arange(whole.size) / 90_000) ** 2 * 0.1
    figures = measured(whole[None])
    power = 2 * np.abs(np.fft.rfft(whole)) ** 2 / whole.size**2
    hz = np.fft.rfftfreq(whole.size, 1 / RATE)
    mids = np.array(figures.third_octave_hz)
    low, high = band_edges_hz(mids, 3)
    direct = [power[(hz >= a) & (hz < b)].sum() for a, b in zip(low, high, strict=True)]
    error = np.abs(levels(figures.third_octave_mid_db) - 10 * np.log10(direct))
    assert error[mids > 300].max() < 0.05
    assert error.max() < 0.6


def test_all_bands_of_pink_noise_hold_its_whole_power() -> None:
    figures = measured(coloured(-3.0103)[None])
    total = 10 * math.log10((10 ** (levels(figures.third_octave_mid_db) / 10)).sum())
    # The noise begins at 5 Hz and ends at 24 kHz; the bands from 17.78 Hz to 22.39 kHz.
    held = math.log(22_387.2 / 17.7828) / math.log(24_000 / 5)
    assert total == pytest.approx(-20 + 10 * math.log10(held), abs=0.05)


def test_equal_channels_are_all_mid_and_opposite_ones_all_side() -> None:
    noise = coloured(-3.0103)[: 5 * RATE]
    alone = measured(noise[None])
    equal, opposite = measured(pair(noise, noise)), measured(pair(noise, -noise))
    assert equal.third_octave_mid_db == alone.third_octave_mid_db
    assert set(equal.third_octave_side_db) == set(equal.smooth_side_db) == {None}
    assert opposite.third_octave_side_db == alone.third_octave_mid_db
    assert opposite.smooth_side_db == alone.smooth_mid_db
    assert set(opposite.third_octave_mid_db) == {None}
    assert (alone.third_octave_side_db, alone.smooth_side_db) == ((), ())
    assert alone.reasons["third_octave_side_db"] == "a mono file has no side"
    # The tilt is of what both loudspeakers play, so polarity does not matter.
    assert equal.tilt_db_per_octave == pytest.approx(alone.tilt_db_per_octave, abs=1e-6)
    assert opposite.tilt_db_per_octave == pytest.approx(alone.tilt_db_per_octave, abs=1e-6)


def test_one_channel_alone_is_half_mid_and_half_side() -> None:
    noise = coloured(-3.0103)[: 5 * RATE]
    one = measured(pair(noise, 0 * noise))
    expected = levels(measured(noise[None]).third_octave_mid_db) - 20 * math.log10(2)
    assert levels(one.third_octave_mid_db) == pytest.approx(expected, abs=0.002)
    assert levels(one.third_octave_side_db) == pytest.approx(expected, abs=0.002)


def test_a_side_100_db_under_mid_is_read_right() -> None:
    middle, side = faded_sine(1_000.0), 1e-5 * faded_sine(1_000.0)
    figures = measured(pair(middle + side, middle - side))
    assert levels(figures.third_octave_mid_db)[17] == pytest.approx(-3.02, abs=0.03)
    assert levels(figures.third_octave_side_db)[17] == pytest.approx(-103.02, abs=0.1)


def test_of_surround_left_and_right_are_measured_and_the_words_say_so() -> None:
    rng = np.random.default_rng(7)
    surround = rng.standard_normal((6, RATE)) * 0.1
    stereo, six = measured(surround[:2]), measured(surround)
    assert six.third_octave_mid_db == stereo.third_octave_mid_db
    assert six.third_octave_side_db == stereo.third_octave_side_db
    assert stereo.channels_measured == "left and right"
    assert six.channels_measured == "left and right of 6 channels"
    assert measured(surround[:1]).channels_measured == "mono"


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 88_200, 192_000, 384_000])
def test_every_rate_reads_the_same_levels_as_far_as_it_reaches(rate: int) -> None:
    figures = measured(faded_sine(1_000, rate, 3)[None], rate)
    bands = np.array(figures.third_octave_hz)
    assert bands.max() < rate / 2
    assert bands.size == min(31, math.floor(10 * math.log10(rate / 2 / 1_000) - 1e-9) + 18)
    faded = 20 / 3 * math.log10(1)  # the fades take 0.1 s of 3: two thirds of that is lost
    faded += 10 * math.log10(1 - 0.1 * (2 / 3) / 3)
    assert levels(figures.third_octave_mid_db)[17] == pytest.approx(-3.01 + faded, abs=0.02)
    assert max(figures.smooth_hz) < rate / 2


def test_the_band_that_half_the_rate_cuts_has_what_is_below() -> None:
    white = np.random.default_rng(8).standard_normal(20 * 44_100) * 0.1
    figures = measured(white[None], 44_100)
    low = 1_000 * 10**1.25
    assert figures.third_octave_hz[-1] == pytest.approx(19_952.6, abs=0.1)
    expected = -20 + 10 * math.log10((22_050 - low) / 22_050)
    assert levels(figures.third_octave_mid_db)[-1] == pytest.approx(expected, abs=0.05)


def test_a_rate_too_low_for_the_tilt_says_so() -> None:
    figures = measured(np.random.default_rng(9).standard_normal((1, 2_000)), 500)
    assert figures.tilt_db_per_octave is None
    assert "half the sample rate" in figures.reasons["tilt_db_per_octave"]


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("frames", [0, 1, 48_000])
def test_silence_has_no_levels_and_says_why(channels: int, frames: int) -> None:
    figures = measured(np.zeros((channels, frames)))
    assert set(figures.third_octave_mid_db) == {None}
    assert figures.tilt_db_per_octave is None
    assert figures.reasons["tilt_db_per_octave"] == "digital silence"
    figures.to_json()


def test_a_file_of_one_sample_is_white() -> None:
    figures = measured(np.array([[0.5]]))
    assert figures.tilt_db_per_octave == pytest.approx(3.0103, abs=0.001)
    total = (10 ** (levels(figures.third_octave_mid_db) / 10)).sum()
    assert total == pytest.approx(0.25 * (22_387.2 - 17.7828) / 24_000, rel=1e-3)


@settings(deadline=None, max_examples=10)
@given(frames=st.integers(1, 200_000), cuts=st.lists(st.integers(0, 200_000), max_size=5))
def test_the_cut_into_blocks_changes_no_bit(frames: int, cuts: list[int]) -> None:
    block = np.random.default_rng(10).standard_normal((2, frames)) * 0.1
    inside = tuple(min(cut, frames) for cut in cuts)
    assert measured(block, 16_000, inside) == measured(block, 16_000)


def test_asking_in_between_changes_nothing() -> None:
    block = np.random.default_rng(11).standard_normal((2, 300_000)) * 0.1
    meter = SpectrumMeter(RATE, 2)
    meter.update(block[:, :100_000])
    assert meter.result() == measured(block[:, :100_000])
    meter.update(block[:, 100_000:])
    assert meter.result() == meter.result() == measured(block)
