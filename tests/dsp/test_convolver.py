from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import fftconvolve

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.convolver import FAR_HOP, Convolver

LONG = 2 * FAR_HOP + 70_001
"""More than one stretch beyond what is worked near."""


def noise(channels: int, frames: int, seed: int) -> Block:
    return np.asarray(np.random.default_rng(seed).uniform(-1.0, 1.0, (channels, frames)))


def run(convolver: Convolver, signal: Block, lengths: list[int]) -> Block:
    cuts = np.cumsum([0, *lengths])
    return np.concatenate(
        [
            convolver.process(signal[:, a:b])
            for a, b in zip(cuts, [*cuts[1:-1], signal.shape[1]], strict=False)
        ],
        axis=1,
    )


@pytest.mark.parametrize("taps", [1, 2, 4_095, 4_096, 4_097, 20_000])
def test_it_is_the_sum_over_taps(taps: int) -> None:
    kernel, signal = noise(1, taps, 1), noise(2, 30_000, 2)
    heard = Convolver(kernel, 2).process(signal)
    for frame in (0, 1, 4_095, 4_096, 12_345, 29_999):
        reach = min(taps, frame + 1)
        window = signal[:, frame - reach + 1 : frame + 1][:, ::-1]
        assert heard[:, frame] == pytest.approx(window @ kernel[0, :reach], abs=1e-11)


@pytest.mark.parametrize("taps", [LONG, 2 * FAR_HOP, 2 * FAR_HOP + 1])
def test_long_kernels_too(taps: int) -> None:
    kernels = noise(2, taps, 3) * np.exp(-np.arange(taps) / 30_000.0)
    signal = noise(2, 5 * FAR_HOP + 777, 4)
    heard = Convolver(kernels, 2).process(signal)
    wanted = fftconvolve(signal, kernels, axes=1)[:, : signal.shape[1]]
    assert np.max(np.abs(heard - wanted)) < 1e-11


@pytest.mark.parametrize("at", [0, 1, 4_095, 4_096, FAR_HOP, 2 * FAR_HOP + 5, LONG - 1])
def test_one_tap_is_a_delay(at: int) -> None:
    kernel = np.zeros((1, LONG))
    kernel[0, at] = -0.5
    signal = noise(1, 4 * FAR_HOP, 5)
    heard = Convolver(kernel, 1).process(signal)
    assert np.max(np.abs(heard[:, :at]), initial=0.0) < 1e-14
    assert np.max(np.abs(heard[:, at:] + 0.5 * signal[:, : signal.shape[1] - at])) < 1e-14


@settings(max_examples=10, deadline=None)
@given(
    cells=st.lists(st.integers(1, 20), min_size=1, max_size=8),
    rest=st.integers(0, GRID_FRAMES),
    taps=st.sampled_from([3_000, 9_000, LONG]),
)
def test_blocks_equal_whole_to_the_bit(cells: list[int], rest: int, taps: int) -> None:
    kernels = noise(2, taps, 6)
    lengths = [GRID_FRAMES * cell for cell in cells] + [rest]
    signal = noise(2, sum(lengths), 7)
    whole = Convolver(kernels, 2).process(signal)
    assert np.array_equal(run(Convolver(kernels, 2), signal, lengths), whole)


def test_channels_alone_equal_both_to_the_bit() -> None:
    kernels, signal = noise(2, 10_000, 8), noise(2, 30_000, 9)
    both = Convolver(kernels, 2).process(signal)
    for channel in (0, 1):
        only = slice(channel, channel + 1)
        assert np.array_equal(Convolver(kernels[only], 1).process(signal[only]), both[only])


@pytest.mark.parametrize("taps", [10_000, LONG])
def test_silence_stays_silence_before_and_after(taps: int) -> None:
    signal = np.zeros((2, 8 * FAR_HOP))
    signal[:, 2 * FAR_HOP : 2 * FAR_HOP + 100] = 1.0
    heard = Convolver(noise(1, taps, 10), 2).process(signal)
    assert not np.any(heard[:, : 2 * FAR_HOP])
    assert np.max(np.abs(heard[:, 2 * FAR_HOP :])) > 1.0
    over = 2 * FAR_HOP + 100 + taps - 1
    assert np.max(np.abs(heard[:, over:])) < 1e-12
    assert not np.any(heard[:, over + 2 * FAR_HOP :])


def test_what_is_no_number_does_not_vanish() -> None:
    signal = noise(1, 20_000, 11)
    signal[0, 5_000] = np.nan
    assert np.isnan(Convolver(noise(1, 5_000, 12), 1).process(signal)[0, 5_000:9_999]).all()
