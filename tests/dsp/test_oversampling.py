from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import Block
from mixmaster.dsp.oversampling import LATENCY_SAMPLES, Oversampler
from mixmaster.dsp.saturation import HardClip, Round, SoftClip

FACTORS = (1, 2, 4, 8, 16)
CURVES = (Round(1.7), Round(1.7, 0.4), SoftClip(0.5), HardClip(0.5))


@dataclass(frozen=True)
class Twice:
    """f(x) = 2 x: what is added is the signal itself, so that only the filters are heard."""

    clean_below: float = 0.0

    def added(self, signal: Block) -> Block:
        return 0.5 * (signal[1:] + signal[:-1])


def plain(curve: Round | SoftClip | HardClip, x: Block) -> Block:
    """The curves as their formulas have them."""
    if isinstance(curve, HardClip):
        return np.clip(x, -curve.ceiling, curve.ceiling)
    if isinstance(curve, SoftClip):
        t, size = curve.ceiling, np.abs(x)
        knee = size - (size - t / 2) ** 2 / (2 * t)
        return np.sign(x) * np.where(size < t / 2, size, np.where(size < 1.5 * t, knee, t))

    def g(u: Block | float) -> Block:
        return np.asarray(u / np.sqrt(1 + np.square(u)))

    k, b = curve.steepness, curve.bias
    return np.asarray((g(k * x + b) - g(b)) / (k * (1 + b * b) ** -1.5))


@pytest.mark.parametrize("curve", CURVES)
def test_what_is_added_is_the_mean_of_the_curve_between_neighbours(
    curve: Round | SoftClip | HardClip,
) -> None:
    rng = np.random.default_rng(3)
    signal = np.concatenate((rng.uniform(-3, 3, 200), rng.uniform(0.4, 0.6, 200), [0.0, 0.0]))
    nodes, weights = np.polynomial.legendre.leggauss(400)
    a, b = signal[:-1, None], signal[1:, None]
    x = 0.5 * (a + b) + 0.5 * (b - a) * nodes
    means = (plain(curve, x) - x) @ weights / 2.0
    assert np.max(np.abs(curve.added(signal) - means)) < 1e-5  # the quadrature's, at the corners


@pytest.mark.parametrize("curve", CURVES)
def test_neighbours_that_all_but_coincide_are_no_trouble(
    curve: Round | SoftClip | HardClip,
) -> None:
    for step in (0.0, 1e-15, 1e-12, 1e-9, 1e-7, 1e-6, 1e-5):
        for x in (-0.9, -0.5, 0.0, 0.25, 0.3, 0.5, 0.75, 2.0):
            (added,) = curve.added(np.array([x, x + step]))
            middle = np.array([x + 0.5 * step])
            assert added == pytest.approx(float((plain(curve, middle) - middle)[0]), abs=2e-6)


@pytest.mark.parametrize("curve", CURVES)
def test_a_curve_has_slope_1_at_silence(curve: Round | SoftClip | HardClip) -> None:
    (added,) = curve.added(np.array([1e-5, 1e-5]))
    assert abs(added) < 1e-8


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("factor", FACTORS)
def test_the_filters_are_flat_and_late_by_what_is_declared(factor: int, rate_hz: int) -> None:
    click = np.zeros((1, 8_192))
    click[0, 4_000] = 1.0  # near the edge of the grid
    heard = Oversampler(factor, 1, rate_hz).process(click, Twice())[0]
    response = np.fft.rfft(heard, 8_192)
    frequencies_hz = np.fft.rfftfreq(8_192, 1.0 / rate_hz)
    late = response * np.exp(2j * np.pi * frequencies_hz * (4_000 + LATENCY_SAMPLES) / rate_hz)
    audible = frequencies_hz <= (0.41 * rate_hz)
    # The mean between neighbours is a cosine over the high rate.
    mean = np.cos(np.pi * frequencies_hz / (factor * rate_hz))
    assert np.max(np.abs(late - mean)[audible]) < 2e-5


@pytest.mark.parametrize("factor", FACTORS)
def test_images_are_110_db_down(factor: int) -> None:
    """A tone at the top of the band comes back alone."""
    frames, cycles = 8_192, 3_001
    tone = np.sin(2 * np.pi * cycles * np.arange(4 * frames) / frames)[None]
    heard = Oversampler(factor, 1, 44_100).process(tone, Twice())[0, -frames:]
    spectrum = np.abs(np.fft.rfft(heard)) * 2 / frames
    spectrum[cycles] = 0.0
    assert np.max(spectrum) < 10.0 ** (-110 / 20)


@settings(max_examples=15, deadline=None)
@given(
    cells=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    last=st.integers(0, 4_095),
    curve=st.sampled_from(CURVES),
    factor=st.sampled_from((1, 2, 4)),
)
def test_blocks_and_channels_are_alike_bit_for_bit(
    cells: list[int], last: int, curve: Round | HardClip, factor: int
) -> None:
    lengths = [4_096 * count for count in cells] + [last]
    rng = np.random.default_rng(sum(lengths))
    signal = rng.standard_normal((2, sum(lengths))) * 0.4
    signal[0, 4_096:8_192] *= 0.01  # a stretch in which clips have nothing to do
    whole = Oversampler(factor, 2, 48_000).process(signal, curve)
    split = Oversampler(factor, 2, 48_000)
    edges = np.cumsum([0, *lengths])
    parts = [split.process(signal[:, a:b].copy(), curve) for a, b in pairwise(edges)]
    assert np.array_equal(np.concatenate(parts, axis=1), whole)
    for channel in range(2):
        alone = Oversampler(factor, 1, 48_000).process(signal[channel : channel + 1], curve)
        assert np.array_equal(alone[0], whole[channel])


def test_a_clip_that_is_not_reached_adds_exactly_nothing() -> None:
    rng = np.random.default_rng(5)
    signal = rng.uniform(-0.2, 0.2, (2, 16_384))
    assert not np.any(Oversampler(4, 2, 48_000).process(signal, HardClip(1.0)))
    signal[1, 9_000] = 1.5
    heard = Oversampler(4, 2, 48_000).process(signal, HardClip(1.0))
    assert not np.any(heard[0])
    assert np.any(heard[1])
    assert not np.any(heard[1, :8_192])
    assert not np.any(heard[1, 9_000 + 2 * LATENCY_SAMPLES + 4_096 :])


def test_the_shortcut_for_quiet_stretches_changes_nothing() -> None:
    """A clip in the second half: the first half, taken the long way by a click, is the same."""
    rng = np.random.default_rng(6)
    signal = rng.uniform(-0.05, 0.05, (1, 16_384))
    signal[0, 10_000] = 2.0
    short = Oversampler(4, 1, 48_000).process(signal, HardClip(0.5))

    @dataclass(frozen=True)
    class Thorough(HardClip):
        @property
        def clean_below(self) -> float:
            return 0.0

    long = Oversampler(4, 1, 48_000).process(signal, Thorough(0.5))
    assert np.max(np.abs(short - long)) < 1e-15


def test_nan_is_not_taken_for_silence() -> None:
    signal = np.zeros((1, 8_192))
    signal[0, 5_000] = np.nan
    heard = Oversampler(4, 1, 48_000).process(signal, HardClip(1.0))
    assert np.isnan(heard[0, 5_000 + LATENCY_SAMPLES])
