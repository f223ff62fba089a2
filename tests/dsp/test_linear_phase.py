from __future__ import annotations

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.dsp import filters
from mixmaster.dsp.linear_phase import longest_kernel_s, padded_kernel, symmetric_kernel

RATE = 48_000

SHAPES = {
    "bell": filters.bell(60.0, -9.0, 4.0, RATE),
    "shelf": filters.low_shelf(80.0, 6.0, 0.7, RATE),
    "steep": filters.high_pass(20.0, 24, RATE),
    "gentle": filters.high_pass(40.0, 6, RATE),
    "notch": filters.notch(2_000.0, 2.0, RATE),
    "tilt": filters.tilt(700.0, 3.0, RATE),
}


def kernel_of(sos: Block) -> Block | None:
    return symmetric_kernel(lambda hz: np.abs(filters.response(sos, hz, RATE)), RATE)


@pytest.mark.parametrize("shape", list(SHAPES))
def test_the_magnitude_is_the_sections_own(shape: str) -> None:
    """On a grid that the design did not use, down to 10 Hz."""
    kernel = kernel_of(SHAPES[shape])
    assert kernel is not None
    reach = (kernel.shape[0] - 1) // 2
    assert np.array_equal(kernel, kernel[::-1])
    points = 600_000  # 0.08 Hz
    upright = np.zeros(points)
    upright[: reach + 1] = kernel[reach:]
    upright[-reach:] = kernel[:reach]
    heard = np.fft.rfft(upright)
    assert np.max(np.abs(heard.imag)) < 1e-12
    hz: Block = np.arange(points // 2 + 1, dtype=np.float64) * (RATE / points)
    wanted = np.abs(filters.response(SHAPES[shape], hz, RATE))
    loud = (hz >= 10.0) & (wanted >= 0.1)
    off_db = 20.0 * np.log10(heard.real[loud] / wanted[loud])
    assert np.max(np.abs(off_db)) < 0.0105
    quiet = (hz >= 10.0) & (wanted < 0.1)
    assert np.max(np.abs(heard.real[quiet] - wanted[quiet]), initial=0.0) < 1.05e-3


def test_a_kernel_is_no_longer_than_it_must_be() -> None:
    gentle, narrow = kernel_of(SHAPES["shelf"]), kernel_of(filters.bell(60.0, 6.0, 10.0, RATE))
    assert gentle is not None
    assert narrow is not None
    assert gentle.shape[0] == 4_095
    assert 4_095 < narrow.shape[0] < 70_000


def test_what_no_kernel_can_do_is_said() -> None:
    assert longest_kernel_s(RATE) == pytest.approx(2.73, abs=0.01)
    assert kernel_of(filters.bell(10.0, 12.0, 60.0, RATE)) is None


def test_padding_keeps_the_middle() -> None:
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0])
    assert np.array_equal(padded_kernel(kernel, 9), [0, 0, 1, 2, 3, 2, 1, 0, 0])
    assert np.array_equal(padded_kernel(kernel, 5), kernel)
