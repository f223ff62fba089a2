"""The quantiser against the statistics of Lipshitz, Wannamaker and Vanderkooy (1992)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.dsp.dither import Quantiser

COUNT = 1 << 19


def error_lsb(value_lsb: float, *, bits: int = 16, seed: int = 0) -> np.ndarray:
    """The total error, in LSBs, of a constant."""
    block = np.full((1, COUNT), value_lsb / 2 ** (bits - 1))
    return Quantiser(bits, 1, seed=seed).process(block, 0)[:, 0] - value_lsb


@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("value", [0.0, 0.1, 0.25, 0.5, 0.73, -0.4, 1_000.5, -3_276.01])
def test_the_errors_mean_and_variance_do_not_depend_on_the_signal(bits: int, value: float) -> None:
    error = error_lsb(value, bits=bits)
    # Mean 0, variance LSB^2 / 4, whatever the value; five standard errors of each estimate.
    assert abs(error.mean()) < 5 * np.sqrt(0.25 / COUNT)
    spread = np.sqrt(((error - error.mean()) ** 2).var() / COUNT)
    assert abs(error.var() - 0.25) < 5 * spread + 1e-9


def test_without_dither_the_error_does_depend_on_the_signal() -> None:
    block = np.full((1, 1_000), 0.25 / 2**15)
    assert np.all(Quantiser(16, 1, dither=False).process(block, 0) == 0)


def test_the_noise_is_triangular() -> None:
    # With a signal of k LSB exactly, the dithered integer is k + round(d): for triangular d on
    # +-1 the chances of -1, 0, +1 are 1/8, 3/4, 1/8.
    error = error_lsb(0.0)
    for value, chance in ((-1, 1 / 8), (0, 3 / 4), (1, 1 / 8)):
        share = np.mean(error == value)
        assert abs(share - chance) < 5 * np.sqrt(chance * (1 - chance) / COUNT)
    assert np.abs(error).max() <= 1


def test_the_noise_is_white_and_independent_between_channels() -> None:
    block = np.zeros((2, COUNT))
    out = Quantiser(16, 2).process(block, 0).astype(np.float64)
    left, right = out[:, 0], out[:, 1]
    limit = 5 * 0.25 / np.sqrt(COUNT)
    assert abs(np.mean(left * right)) < limit
    for lag in (1, 2, 3, 4, 8, 4_096):
        assert abs(np.mean(left[lag:] * left[:-lag])) < limit
        assert abs(np.mean(left[lag:] * right[:-lag])) < limit


def test_a_sine_far_below_one_lsb_survives() -> None:
    # -110 dBFS in 16 bits is a peak of 0.104 LSB: plain rounding gives silence.
    rate, frames, frequency = 48_000, 1 << 19, 1_500.0
    amplitude = 10 ** (-110 / 20)
    tone = amplitude * np.sin(2 * np.pi * frequency * np.arange(frames) / rate)
    assert not Quantiser(16, 1, dither=False).process(tone[np.newaxis], 0).any()
    out = Quantiser(16, 1).process(tone[np.newaxis], 0)[:, 0] / 2**15
    spectrum = np.abs(np.fft.rfft(out)) / (frames / 2)
    line = round(frequency * frames / rate)
    assert 20 * np.log10(spectrum[line]) == pytest.approx(-110, abs=0.5)
    others = np.delete(spectrum, [0, line])
    assert spectrum[line] > 3 * others.max()
    # No harmonics stand out of the floor: the distortion is gone, not hidden.
    floor = np.sqrt(np.mean(others**2))
    assert max(spectrum[2 * line], spectrum[3 * line], spectrum[5 * line]) < 4 * floor


@settings(max_examples=25, deadline=None)
@given(
    channels=st.integers(1, 5),
    cuts=st.lists(st.integers(0, 40_000), max_size=6),
    bits=st.sampled_from([16, 24]),
)
def test_the_bytes_do_not_depend_on_the_blocks(channels: int, cuts: list[int], bits: int) -> None:
    block = np.random.default_rng(1).uniform(-1.1, 1.1, (channels, 40_000))
    whole = Quantiser(bits, channels, seed=3)
    expected = whole.process(block, 0)
    split = Quantiser(bits, channels, seed=3)
    edges = [0, *sorted(cuts), 40_000]
    parts = [split.process(block[:, a:b], a) for a, b in itertools.pairwise(edges)]
    assert np.array_equal(np.concatenate(parts), expected)
    assert split.made.clipped_samples == whole.made.clipped_samples
    assert split.made.peak_lsb == whole.made.peak_lsb


@settings(max_examples=15, deadline=None)
@given(start=st.integers(0, 30_000), channels=st.integers(1, 3))
def test_a_passage_gets_the_noise_of_its_place(start: int, channels: int) -> None:
    block = np.zeros((channels, 35_000))
    expected = Quantiser(16, channels).process(block, 0)
    jumped = Quantiser(16, channels)
    assert np.array_equal(jumped.process(block[:, start:], start), expected[start:])
    assert np.array_equal(jumped.process(block[:, :50], 0), expected[:50])


def test_another_seed_is_other_noise() -> None:
    assert not np.array_equal(error_lsb(0.0, seed=1), error_lsb(0.0, seed=2))


@pytest.mark.parametrize("bits", [8, 16, 20, 24, 32])
def test_without_dither_integers_come_back_bit_for_bit(bits: int) -> None:
    scale = 2 ** (bits - 1)
    values = np.random.default_rng(0).integers(-scale, scale, 50_000, dtype=np.int64)
    values[:2] = -scale, scale - 1
    quantiser = Quantiser(bits, 1, dither=False)
    out = quantiser.process((values / scale)[np.newaxis], 0)
    assert np.array_equal(out[:, 0], values)
    assert quantiser.made.clipped_samples == 0
    assert out.dtype == (np.int16 if bits <= 16 else np.int32)


def test_ties_go_to_the_even_integer() -> None:
    values = np.array([[0.5, 1.5, 2.5, -0.5, -1.5, -2.5]]) / 2**15
    out = Quantiser(16, 1, dither=False).process(values, 0)
    assert out[:, 0].tolist() == [0, 2, 2, 0, -2, -2]


def test_what_is_too_loud_is_clipped_and_counted() -> None:
    values = np.array([[1.0, -1.0, 1.5, -1.5, 1e30, -1e30, 32_767 / 32_768, 0.0]])
    quantiser = Quantiser(16, 1, dither=False)
    out = quantiser.process(values, 0)[:, 0]
    assert out.tolist() == [32_767, -32_768, 32_767, -32_768, 32_767, -32_768, 32_767, 0]
    assert quantiser.made.clipped_samples == 5
    assert quantiser.made.peak_dbfs == 0.0


def test_the_peak_is_that_of_the_integers() -> None:
    quantiser = Quantiser(16, 2, dither=False)
    assert quantiser.made.peak_dbfs is None
    quantiser.process(np.array([[0.25, 0.0], [0.0, -0.5]]), 0)
    assert quantiser.made.peak_dbfs == pytest.approx(20 * np.log10(0.5), abs=1e-12)


def test_channels_come_back_interleaved() -> None:
    block = np.array([[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]]) / 2**15
    out = Quantiser(16, 2, dither=False).process(block, 0)
    assert out.tolist() == [[1, -1], [2, -2], [3, -3]]
    assert out.flags.c_contiguous
