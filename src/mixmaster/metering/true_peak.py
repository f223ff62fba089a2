"""The true-peak meter: the exact maximum of the 16x kernel over a whole signal."""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import Block, zeros
from mixmaster.dsp.true_peak import TAPS, TruePeakDetector
from mixmaster.units import gain_to_db


class TruePeakMeter:
    """The largest true peak of a signal, its ringing before and after included.

    Args:
        channels: Channels of every block.
    """

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self._detector = TruePeakDetector(channels)
        self._last = np.zeros((channels, 0))
        self._peak = 0.0

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``."""
        if block.shape[1]:
            self._peak = max(self._peak, float(self._detector.process(block).max()))
            self._last = np.concatenate([self._last, block[:, -TAPS:]], axis=1)[:, -TAPS:]

    def peak(self) -> float:
        """Return the true peak so far as a magnitude, the signal taken to end here."""
        end = TruePeakDetector(self.channels)
        end.process(self._last)
        return max(self._peak, float(end.process(zeros(self.channels, TAPS)).max()))

    def result(self) -> float | None:
        """Return the true peak so far in dBTP; None for digital silence."""
        peak = self.peak()
        return gain_to_db(peak) if peak > 0.0 else None
