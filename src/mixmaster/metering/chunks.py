"""Chunks of a fixed length, counted from a signal's first frame, in single precision.

However blocks were cut, the meters see the same chunks, so their figures are the same bytes.
Float32 holds 24-bit audio exactly; of anything finer it keeps 150 dB under each sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from mixmaster.arrays import Block, Block32

CHUNK_FRAMES: Final = 32_768


class Chunks:
    """Cuts blocks of any length into chunks of ``CHUNK_FRAMES``.

    Args:
        channels: Channels of every block.
    """

    def __init__(self, channels: int) -> None:
        self._buffer = np.zeros((channels, CHUNK_FRAMES), np.float32)
        self._filled = 0

    def add(self, block: Block) -> Iterator[Block32]:
        """Yield the chunks that ``block``, ``(channels, frames)``, completes.

        A chunk is only good until the next one is asked for.
        """
        done = 0
        while done < block.shape[1]:
            count = min(CHUNK_FRAMES - self._filled, block.shape[1] - done)
            self._buffer[:, self._filled : self._filled + count] = block[:, done : done + count]
            done += count
            self._filled += count
            if self._filled == CHUNK_FRAMES:
                self._filled = 0
                yield self._buffer

    @property
    def rest(self) -> Block32:
        """What does not fill a chunk yet, ``(channels, frames)``, a view."""
        return self._buffer[:, : self._filled]
