"""Effective bit depth: the coarsest grid of integers that holds every sample.

A file of 16 bits written with 24 has eight zeros at the end of every sample, one written as
floating point still lies on the grid. Gain, dither or any processing leaves the grid: of a file
of 16 bits that was scaled afterwards nothing can be seen here.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from mixmaster.arrays import Block32
from mixmaster.metering.chunk_meter import ChunkMeter

_COMMON: Final = 23  # fractional bits of 24-bit audio: sign and 23
_FINEST: Final = 31  # of 32-bit integers
_LARGEST: Final = 2.0**62  # what int64 holds; far over full scale, which no integers reach


class BitDepthMeter(ChunkMeter[int | None]):
    """The effective bit depth: 1 to 32, 0 for digital silence; None where no grid holds all.

    Samples are seen in float32, which holds 24 bits exactly; of a file of 32 bits the quiet
    samples tell.

    Args:
        sample_rate_hz: The signal's rate.
        channels: Channels of every block.
        where: What is measured, for errors.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, where: str = "") -> None:
        super().__init__(sample_rate_hz, channels, where=where)
        self._fraction = 0
        """Fractional bits that samples have needed so far."""
        self._sounds = False
        self._off_grid = False

    def _take(self, chunk: Block32) -> None:
        if self._off_grid:
            return
        for bits in (_COMMON, _FINEST):
            if bits < self._fraction:
                continue
            scaled = chunk * np.float32(2.0**bits)
            small = float(np.abs(scaled).max(initial=0.0)) < _LARGEST
            if small and np.array_equal(scaled, np.rint(scaled)):
                if self._fraction < bits:
                    self._look(scaled, bits)
                return
        self._off_grid = True

    def _look(self, whole: Block32, bits: int) -> None:
        """Find how many of so many fractional bits are in use."""
        used = int(np.bitwise_or.reduce(whole.astype(np.int64), axis=None))
        if used:
            trailing_zeros = (used & -used).bit_length() - 1
            self._fraction = max(self._fraction, bits - trailing_zeros, 0)
            self._sounds = True

    def _figures(self) -> int | None:
        if self._off_grid:
            return None
        return self._fraction + 1 if self._sounds else 0
