"""Streaming second-order sections."""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import Block


class SosFilter:
    """A cascade of second-order sections that keeps its state from block to block.

    Args:
        sos: ``(sections, 6)`` in scipy's order b0 b1 b2 a0 a1 a2, a0 = 1.
        channels: Channels of every block.
        state: The state to start from, ``(sections, channels, 2)``; rest if None.

    Attributes:
        state: The state, as scipy's ``sosfilt`` has it.
    """

    def __init__(self, sos: Block, channels: int, state: Block | None = None) -> None:
        self.sos = np.ascontiguousarray(sos, dtype=np.float64)
        self.state = np.zeros((self.sos.shape[0], channels, 2)) if state is None else state

    def process(self, block: Block) -> Block:
        """Return the filtered block, ``(channels, frames)``, a new array."""
        from scipy.signal import sosfilt

        if block.shape[1] == 0:
            return block.copy()
        out, self.state = sosfilt(self.sos, block, axis=-1, zi=self.state)
        return np.asarray(out)
