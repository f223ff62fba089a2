"""Streaming second-order sections."""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import Block


class SosFilter:
    """A cascade of second-order sections that keeps its state from block to block.

    Args:
        sos: ``(sections, 6)`` in scipy's order b0 b1 b2 a0 a1 a2, a0 = 1.
        channels: Channels of every block.
    """

    def __init__(self, sos: Block, channels: int) -> None:
        self.sos = np.ascontiguousarray(sos, dtype=np.float64)
        self._state = np.zeros((self.sos.shape[0], channels, 2))

    def process(self, block: Block) -> Block:
        """Return the filtered block, ``(channels, frames)``, a new array."""
        from scipy.signal import sosfilt

        if block.shape[1] == 0:
            return block.copy()
        out, self._state = sosfilt(self.sos, block, axis=-1, zi=self._state)
        return np.asarray(out)
