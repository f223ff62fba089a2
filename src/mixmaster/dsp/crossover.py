"""Splitting into bands that add up again: Linkwitz-Riley, with their phase or without.

`Crossover` is a tree of Linkwitz-Riley halves: each split turns the phase as its all-pass does, and
every band that does not pass a split goes through that all-pass instead, so that all bands stay in
phase and their sum is the product of the all-passes, flat at any spacing of the corners
(J. D'Appolito, "Active Realization of Multiway All-Pass Crossover Systems", JAES 35, 1987).

`LinearCrossover` has the same magnitudes and no phase: those of Linkwitz and Riley's halves,
1 / (1 + x^order) and x^order / (1 + x^order), add up to 1 by themselves, so the sum is the signal,
later. Each band is what one low-pass lets through and the one below does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp import filters
from mixmaster.dsp.convolver import ConvolverBank
from mixmaster.dsp.decay import SILENCE, ring_out_samples
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.linear_phase import padded_kernel, symmetric_kernel
from mixmaster.dsp.sos import GridSosFilter
from mixmaster.units import db_to_gain

MOST_CORNERS = 5

_LINEAR_ERROR = db_to_gain(-100.0)
"""How far linear-phase halves may be from their magnitudes: what leaks from band to band."""


class Crossover:
    """Linkwitz-Riley bands, without latency.

    Args:
        corners_hz: Where to split, rising, each below the Nyquist frequency; 1 to 5 of them.
        channels: Channels of every block.
        sample_rate_hz: The rate.
        order: 4 for slopes of 24 dB an octave, 8 for 48.
        silence: What is to count as silence at the end of the tail; lower if the bands are
            amplified afterwards.

    Attributes:
        bands: How many bands come out, one more than corners.
        sum_sos: The all-pass that the bands add up to, ``(sections, 6)``.
        tail_samples: After how many frames all bands together are below ``silence``.
    """

    def __init__(
        self,
        corners_hz: Sequence[float],
        channels: int,
        sample_rate_hz: int,
        *,
        order: int = 4,
        silence: float = SILENCE,
    ) -> None:
        check_corners(corners_hz, sample_rate_hz)
        self.bands = len(corners_hz) + 1
        turns = [filters.linkwitz_riley_sum(hz, sample_rate_hz, order) for hz in corners_hz]
        self.sum_sos = np.concatenate(turns)
        cascades = _cascades(corners_hz, sample_rate_hz, order)
        self._filters = [GridSosFilter(sos, channels) for sos in cascades]
        self.tail_samples = max(ring_out_samples(sos, silence / self.bands) for sos in cascades)

    def process(self, block: Block) -> Block:
        """Return the bands, lowest first, ``(bands, channels, frames)``."""
        bands = np.empty((self.bands, *block.shape))
        for band, cascade in zip(bands, self._filters, strict=True):
            band[...] = cascade.process(block)
        return bands


class LinearCrossover:
    """Bands without phase shift that add up to the signal itself, after a latency.

    Args:
        corners_hz: As in `Crossover`.
        channels: Channels of every block.
        sample_rate_hz: The rate.
        order: 4 or 8.

    Attributes:
        bands: How many bands come out.
        latency_samples: How late they, and their sum, are: 2,047 frames, or three periods of the
            lowest corner at order 4 and six at order 8 if that is more.
        tail_samples: How long they go on after that.
    """

    def __init__(
        self, corners_hz: Sequence[float], channels: int, sample_rate_hz: int, *, order: int = 4
    ) -> None:
        check_corners(corners_hz, sample_rate_hz)
        self.bands = len(corners_hz) + 1
        kernels = [_low_kernel(hz, sample_rate_hz, order) for hz in corners_hz]
        taps = max(kernel.shape[0] for kernel in kernels)
        lows = np.stack([padded_kernel(kernel, taps)[None] for kernel in kernels])
        self._lows = ConvolverBank(lows, channels)
        self.latency_samples = self.tail_samples = (taps - 1) // 2
        self._whole = DelayLine(channels, self.latency_samples)

    def process(self, block: Block) -> tuple[Block, Block]:
        """Return the bands, lowest first, ``(bands, channels, frames)``, and the delayed block.

        The bands add up to the delayed block but for rounding.
        """
        whole = self._whole.process(block)
        bands = np.empty((self.bands, *block.shape))
        below: Block | float = 0.0
        for band, through in zip(bands, self._lows.process(block), strict=False):
            np.subtract(through, below, out=band)
            below = through
        np.subtract(whole, below, out=bands[-1])
        return bands, whole


@lru_cache(maxsize=32)
def _low_kernel(corner_hz: float, sample_rate_hz: int, order: int) -> Block:
    """Return the linear-phase low half, of the magnitude that the bilinear one has."""
    corner = math.tan(math.pi * corner_hz / sample_rate_hz)

    def amplitude(hz: Block) -> Block:
        x = np.tan(np.pi * np.minimum(hz, 0.4999 * sample_rate_hz) / sample_rate_hz) / corner
        return np.asarray(1.0 / (1.0 + x**order))

    kernel = symmetric_kernel(amplitude, sample_rate_hz, largest_error=_LINEAR_ERROR)
    assert kernel is not None  # down to 5 Hz the longest there is will do
    return np.asarray(kernel / kernel.sum())  # nothing of 0 Hz may leak into the band above


def check_corners(corners_hz: Sequence[float], sample_rate_hz: int) -> None:
    """Assert that corners rise, are few enough and lie below the Nyquist frequency."""
    edges = [0.0, *corners_hz, 0.5 * sample_rate_hz]
    assert 1 <= len(corners_hz) <= MOST_CORNERS
    assert all(low < high for low, high in pairwise(edges))


def _cascades(corners_hz: Sequence[float], sample_rate_hz: int, order: int) -> list[Block]:
    """Return the sections of each band, lowest first, each ``(sections, 6)``.

    The tree written out, band by band: up to some five sections a cascade costs no more than one
    does, so halves that several bands share are cheaper made for each than made once.
    """
    if not corners_hz:
        return [np.zeros((0, 6))]
    middle = len(corners_hz) // 2
    below, corner_hz, above = corners_hz[:middle], corners_hz[middle], corners_hz[middle + 1 :]

    def turned(half: Block, by: Sequence[float]) -> Block:
        turns = [filters.linkwitz_riley_sum(hz, sample_rate_hz, order) for hz in by]
        return np.concatenate([half, *turns])

    low = turned(filters.linkwitz_riley_low(corner_hz, sample_rate_hz, order), above)
    high = turned(filters.linkwitz_riley_high(corner_hz, sample_rate_hz, order), below)
    return [
        np.concatenate((half, further))
        for half, inner in ((low, below), (high, above))
        for further in _cascades(inner, sample_rate_hz, order)
    ]
