"""A delay by whole samples, for latency compensation and wanted delays."""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import Block, zeros


class FixedDelay:
    """Delays blocks of any length by a fixed number of frames.

    Args:
        channels: Channels of every block.
        samples: The delay; 0 returns the very block.
    """

    def __init__(self, channels: int, samples: int) -> None:
        assert samples >= 0
        self.samples = samples
        self._held = zeros(channels, samples)

    def process(self, block: Block) -> Block:
        """Return the delayed block, of the same shape."""
        if self.samples == 0:
            return block
        joined = np.concatenate((self._held, block), axis=1)
        frames = block.shape[1]
        self._held = joined[:, frames:].copy()
        return np.ascontiguousarray(joined[:, :frames])
