"""Chance that repeats: human timing, velocities and noise from a seeded counter.

Only the raw 64-bit words of Philox are used (Salmon et al., "Parallel random numbers: as easy
as 1, 2, 3", SC 2011). numpy promises that a bit generator's stream never changes, which it
does not promise for the distributions built on top.
"""

from __future__ import annotations

import math
import zlib

import numpy as np

from mixmaster.arrays import Block

SEED = 96


class Chance:
    """A stream of random numbers that belongs to one part of the song.

    Args:
        part: The part's name; every name has a stream of its own, so that changing one part
            leaves the others as they were.
    """

    def __init__(self, part: str) -> None:
        self._bits = np.random.Philox(key=(SEED << 32) | zlib.crc32(part.encode()))

    def uniform(self, count: int) -> Block:
        """Return ``count`` values, uniform in [0, 1)."""
        words = np.asarray(self._bits.random_raw(count), dtype=np.uint64)
        return np.asarray((words >> np.uint64(11)) * 2.0**-53)

    def spread(self, count: int) -> Block:
        """Return ``count`` bell-shaped values: mean 0, variance 1, never beyond 3.

        The sum of three uniform values (Irwin-Hall) has variance 1/4.
        """
        return np.asarray(2.0 * (self.uniform(3 * count).reshape(count, 3).sum(axis=1) - 1.5))

    def one(self) -> float:
        """Return one value as from ``spread``."""
        return float(self.spread(1)[0])

    def noise(self, frames: int) -> Block:
        """Return white noise of variance 1, ``(frames,)``."""
        return np.asarray((self.uniform(frames) - 0.5) * math.sqrt(12.0))
