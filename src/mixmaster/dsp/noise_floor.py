"""What part of a signal is steady noise: minimum statistics on a short-time power spectrum.

R. Martin, "Noise power spectral density estimation based on optimal smoothing and minimum
statistics", IEEE Trans. Speech and Audio Processing 9(5), 2001: speech and music fall silent in
each frequency now and then, so the minimum of the smoothed power over a few seconds is that of
the noise alone, but for a known bias. Here the smoothing is fixed, and the window reaches ahead as
well as back, since nothing has to happen live.

Music does not always fall silent. But its sustained tones are lines, while noise is smooth over
frequency: what stands out of the lower quarter of its third octave is taken to be music.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block

SMOOTHING_S = 0.06
"""Time constant of the smoothing: speech has fallen by 30 dB within 0.4 s of its end."""

BIAS = 2.65
"""Mean power of noise over what is found here: Martin's B_min, for this smoothing, window and
lower quarter, measured on white noise; true to 0.1 dB from 44.1 to 192 kHz, to 0.6 dB at 8."""

_LINE = 1.3
"""How far a bin may stand out of its third octave's lower quarter: noise itself does by as much."""

_LOWER_QUARTER = 0.25
_WARM_HOPS = 8  # of 11 ms: before, the smoothing has not settled
_LEAST_BINS = 12  # of a band: enough for a quarter of them to mean something
_TINY = 1e-30


class MinimumTracker:
    """Follows the minimum of the smoothed power in a sliding window of cells.

    Args:
        channels: Channels of every spectrum.
        bins: Bins of every spectrum.
        cells: The window's length in calls of `update`.
        smoothing: The share of the past in each hop's smoothed power, 0 to 1.
    """

    def __init__(self, channels: int, bins: int, cells: int, smoothing: float) -> None:
        self._smoothing = smoothing
        self._smoothed = np.zeros((channels, bins))
        self._age = np.zeros((channels, 1), dtype=np.intp)
        self._minima: deque[Block] = deque(maxlen=cells)
        self._edges = _third_octaves(bins)
        self._centres = [0.5 * (low + high - 1) for low, high in pairwise(self._edges)]

    def update(self, powers: Block, sounding: npt.NDArray[np.bool_]) -> None:
        """Take the hops of one cell.

        Args:
            powers: ``(hops, channels, bins)``.
            sounding: ``(hops, channels)``: False where digital silence reaches into the window,
                which says nothing about the noise.
        """
        lowest = np.full(self._smoothed.shape, np.inf)
        for power, sounds in zip(powers, sounding[:, :, np.newaxis], strict=True):
            spread = power.copy()
            spread[:, 1:-1] = 0.25 * (power[:, :-2] + power[:, 2:]) + 0.5 * power[:, 1:-1]
            # A plain mean at first: a single spectrum may be next to nothing by chance.
            share = np.maximum(1.0 / (1.0 + self._age), 1.0 - self._smoothing) * sounds
            self._smoothed += share * (spread - self._smoothed)
            self._age = np.where(sounds, self._age + 1, 0)
            np.minimum(lowest, self._smoothed, out=lowest, where=self._age > _WARM_HOPS)
        self._minima.append(lowest)

    def skip(self) -> None:
        """Take a cell of digital silence."""
        self._age = np.zeros_like(self._age)
        self._minima.append(np.full(self._smoothed.shape, np.inf))

    def noise(self) -> Block:
        """Return the noise power in the window, ``(channels, bins)``; 0 where none is known."""
        lowest = np.minimum.reduce(list(self._minima))
        lowest[np.isinf(lowest)] = 0.0
        floors = []
        for low, high in pairwise(self._edges):
            place = int(_LOWER_QUARTER * (high - low))
            floors.append(np.partition(lowest[:, low:high], place, axis=1)[:, place])
        levels = np.log(np.maximum(floors, _TINY))
        places = np.arange(lowest.shape[1])
        for channel, own in enumerate(lowest):
            smooth = np.exp(np.interp(places, self._centres, levels[:, channel]))
            np.minimum(_LINE * own, smooth, out=own)
        return np.asarray(BIAS * lowest)


def _third_octaves(bins: int) -> list[int]:
    """Return the edges of bands of a third octave, or of so many bins where that is less."""
    edges = [0]
    while (after := max(edges[-1] + _LEAST_BINS, math.ceil(edges[-1] * 2 ** (1 / 3)))) < bins:
        edges.append(after)
    if bins - edges[-1] < _LEAST_BINS and len(edges) > 1:
        edges.pop()
    return [*edges, bins]
