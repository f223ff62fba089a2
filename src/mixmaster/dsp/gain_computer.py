"""Static curves of dynamics: how much a level is turned down once it has settled.

Levels and reductions are in octaves of amplitude (log2), because log2 and exp2 are the quickest
logarithm there is: one octave is 20 log10(2) = 6.02 dB.
"""

from __future__ import annotations

import math

import numpy as np

from mixmaster.arrays import Block
from mixmaster.units import db_to_gain, gain_to_db

DB_PER_OCTAVE = gain_to_db(2.0)
"""Decibels in a doubling of amplitude: 20 log10(2)."""

_CORNER_DB = 1e-3
"""Narrower knees are corners: the difference is under a thousandth of a dB, the division is not."""


_FAINTEST = 1e-40
"""A level, or a power, that no threshold reaches: where logarithms of silence end."""


class CompressionCurve:
    """A downward compressor's static curve with a quadratic knee.

    Above the knee every dB over the threshold becomes 1/ratio dB; within the knee the slope
    changes linearly with the level: Giannoulis, Massberg and Reiss, "Digital Dynamic Range
    Compressor Design", JAES 60(6), 2012, equation 4.

    Args:
        threshold_db: The middle of the knee, in dBFS.
        ratio: Input dB per output dB above the threshold, 1 or more.
        knee_db: The width of the knee; 0 is a corner.
        range_db: The most it takes away.
    """

    def __init__(
        self, *, threshold_db: float, ratio: float, knee_db: float, range_db: float
    ) -> None:
        assert ratio >= 1.0
        assert knee_db >= 0.0
        if knee_db < _CORNER_DB:
            knee_db = 0.0
        self.slope = 1.0 - 1.0 / ratio
        self.ratio = ratio
        self.onset_gain = db_to_gain(threshold_db - knee_db / 2.0)
        # Through the same log2 as the levels, so that a level at the onset reads exactly 0.
        self._onset = float(np.log2(np.float64(self.onset_gain)))
        self.knee_db = knee_db
        self._knee = knee_db / DB_PER_OCTAVE
        self.range_db = range_db
        self.threshold_db = threshold_db
        self._limit = range_db / DB_PER_OCTAVE / self.slope if self.slope > 0.0 else math.inf

    def largest_reduction_db(self, level_db: float) -> float:
        """Return the reduction of a level so far above the threshold that the knee is passed."""
        return min(self.range_db, self.slope * max(0.0, level_db - self.threshold_db))

    def unscaled(self, peaks: Block, *, squared: bool = False) -> Block:
        """Return the reduction over ``slope``, in octaves, writing over ``peaks``.

        The slope is left out because all that follows is homogeneous: one multiplication of a
        filter's coefficient applies it.

        Args:
            peaks: Levels as amplitudes (as powers if ``squared``), >= 0, of any shape.
            squared: Whether the levels are powers.
        """
        onset = self.onset_gain * self.onset_gain if squared else self.onset_gain
        np.maximum(peaks, onset, out=peaks)
        np.log2(peaks, out=peaks)
        if squared:
            peaks *= 0.5
            peaks -= 0.5 * float(np.log2(np.float64(onset)))
        else:
            peaks -= self._onset
        if self._knee > 0.0:
            inside = np.minimum(peaks, self._knee)
            # inside^2 / (2 knee) + (peaks - inside)
            correction = inside * (0.5 / self._knee)
            correction -= 1.0
            correction *= inside
            peaks += correction
        if self._limit < math.inf:
            np.minimum(peaks, self._limit, out=peaks)
        return peaks


def compression_octaves(
    levels: Block,
    *,
    threshold_db: float | Block,
    ratio: float | Block,
    knee_db: float | Block,
    range_db: float | Block,
    squared: bool,
) -> Block:
    """Return the reduction of ``CompressionCurve``, in octaves, >= 0, where its figures move.

    Args:
        levels: As amplitudes, or as powers if ``squared``, >= 0, of any shape.
        threshold_db: The middle of the knee, in dBFS; a number, or one for each level, as are
            all that follow.
        ratio: Input dB per output dB above the threshold, 1 or more.
        knee_db: The width of the knee; 0 is a corner.
        range_db: The most it takes away.
        squared: Whether the levels are powers.
    """
    knee = np.asarray(knee_db) / DB_PER_OCTAVE
    knee = np.where(knee < _CORNER_DB / DB_PER_OCTAVE, 0.0, knee)
    over = np.log2(np.maximum(levels, _FAINTEST))
    if squared:
        over *= 0.5
    over -= np.asarray(threshold_db) / DB_PER_OCTAVE - 0.5 * knee
    np.maximum(over, 0.0, out=over)
    inside = np.minimum(over, knee)
    # inside^2 / (2 knee) + (over - inside), see ``unscaled``; a corner has nothing inside.
    over += inside * (inside * (0.5 / np.maximum(knee, _CORNER_DB / DB_PER_OCTAVE)) - 1.0)
    over *= 1.0 - 1.0 / np.asarray(ratio)
    return np.minimum(over, np.asarray(range_db) / DB_PER_OCTAVE, out=over)
