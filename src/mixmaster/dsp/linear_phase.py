"""Kernels without phase: symmetric in time, of a magnitude that is known exactly.

The magnitude is sampled on a grid far finer than any kernel and transformed back; what comes out is
the zero-phase impulse response, from which as much is kept as is needed. How much that is, is
measured: the shortest kernel is taken whose response, between 10 Hz and the Nyquist frequency, is
within 0.01 dB of what was asked for wherever that is above -20 dB, and within -60 dB of full scale
below.

A resonance decays exponentially and is simply cut off. Where a magnitude touches zero with a corner
(a notch, a high-pass of 6 dB an octave at 0 Hz) the response decays only as 1/n^2; there the outer
half is faded, which keeps what remains of it near the corner (F. Harris, "On the Use of Windows for
Harmonic Analysis with the Discrete Fourier Transform", Proc. IEEE 66, 1978).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.units import db_to_gain

LOWEST_HZ = 10.0
"""From here on the response is held to what was asked for."""

WITHIN_DB = 0.01
LOUD_DB = -20.0
FLOOR_DB = -60.0

_BASE_RATE_HZ = 48_000.0
_LONGEST_STRETCHES = 32
"""Of a kernel at 48 kHz, in stretches of 4,096 taps: 2.7 s, and half of it latency."""

_LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
_OVERSAMPLING = 4
"""How much finer magnitudes are sampled than the longest kernel could tell."""


def symmetric_kernel(
    amplitude: Callable[[Block], Block],
    sample_rate_hz: int,
    *,
    largest_error: float | None = None,
) -> Block | None:
    """Return the shortest kernel of an amplitude response, ``(taps,)``; None if none will do.

    The middle tap, ``(taps - 1) / 2`` frames in, is the latency. Taps are symmetric to the bit and
    one short of a multiple of 4,096.

    Args:
        amplitude: Gives the amplitude at frequencies in Hz, ``(n,)`` for ``(n,)``, from 0 to the
            Nyquist frequency; linear and real.
        sample_rate_hz: The rate.
        largest_error: How far the amplitude may be off, linear; None for the rule above.
    """
    longest = _longest_stretches(sample_rate_hz)
    points = _OVERSAMPLING * longest * GRID_FRAMES
    hz: Block = np.arange(points // 2 + 1, dtype=np.float64) * (sample_rate_hz / points)
    wanted = amplitude(hz)
    half = np.fft.irfft(wanted, points)[: points // 2 + 1]  # the other half mirrors it
    if largest_error is not None:
        allowed = np.full(wanted.shape, largest_error)
    else:
        allowed = np.where(
            wanted >= db_to_gain(LOUD_DB),
            wanted * (1.0 - db_to_gain(-WITHIN_DB)),
            db_to_gain(FLOOR_DB),
        )
    allowed[: math.ceil(LOWEST_HZ * points / sample_rate_hz)] = np.inf

    def kept(stretches: int) -> Block | None:
        """Return half of a kernel of that length, if it is good enough."""
        reach = stretches * GRID_FRAMES // 2 - 1
        for kept in (half[: reach + 1], half[: reach + 1] * _fade(reach)):
            left = half.copy()
            left[: reach + 1] -= kept
            error = np.fft.rfft(np.concatenate((left, left[-2:0:-1]))).real
            if np.all(np.abs(error) <= allowed):
                return kept
        return None

    lengths = [length for length in _LENGTHS if length <= longest]
    best = kept(lengths[-1])
    if best is None:
        return None
    low, high = 0, len(lengths) - 1
    while low < high:
        middle = (low + high) // 2
        shorter = kept(lengths[middle])
        if shorter is None:
            low = middle + 1
        else:
            best, high = shorter, middle
    return np.concatenate((best[:0:-1], best))


def padded_kernel(kernel: Block, taps: int) -> Block:
    """Return a symmetric kernel with zeros at both ends, so that its middle is that of ``taps``."""
    missing = (taps - kernel.shape[0]) // 2
    return np.pad(kernel, missing)


def longest_kernel_s(sample_rate_hz: int) -> float:
    """Return the length of the longest kernel there is at a rate, in seconds."""
    return _longest_stretches(sample_rate_hz) * GRID_FRAMES / sample_rate_hz


def _longest_stretches(sample_rate_hz: int) -> int:
    octaves = math.ceil(math.log2(sample_rate_hz / _BASE_RATE_HZ))
    return max(1, int(_LONGEST_STRETCHES * 2.0**octaves))


@cache
def _fade(reach: int) -> Block:
    """Return 1 over the inner half and a raised cosine over the outer, ``(reach + 1,)``."""
    flat = (reach + 1) // 2
    part = np.arange(1, reach + 2 - flat) / (reach + 2 - flat)
    return np.concatenate((np.ones(flat), 0.5 + 0.5 * np.cos(np.pi * part)))
