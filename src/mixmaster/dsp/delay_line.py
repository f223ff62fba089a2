"""Delays by whole samples, plain and with feedback."""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block, zeros
from mixmaster.dsp.sos import SosFilter


class DelayLine:
    """Delays blocks of any length.

    Args:
        channels: Channels of every block.
        samples: The delay; 0 returns the very block.
    """

    def __init__(self, channels: int, samples: int) -> None:
        assert samples >= 0
        self.samples = samples
        self._past = zeros(channels, samples)

    def process(self, block: Block) -> Block:
        """Return the delayed block, ``(channels, frames)``."""
        if self.samples == 0:
            return block
        frames = block.shape[1]
        line = np.concatenate((self._past, block), axis=1)
        self._past = line[:, frames:].copy()
        return np.ascontiguousarray(line[:, :frames])


class FeedbackDelay:
    """Echoes: w[n] = v[n - D] with v = F(x + feedback w), F a filter.

    Worked in stretches no longer than the delay, which never reach over the grid of 4,096
    frames: where they lie does not depend on the block size.

    Args:
        channels: Channels of every block.
        samples: The delay D, at least 1.
        feedback: How much of an echo comes back, below 1.
        colour: The cascade F, ``(sections, 6)``; none is no filter.
        crossed: Whether an echo comes back on the other channel (two channels).
    """

    def __init__(
        self, channels: int, samples: int, feedback: float, colour: Block, *, crossed: bool = False
    ) -> None:
        assert samples >= 1
        assert 0.0 <= feedback < 1.0
        self.samples = samples
        self._feedback = feedback
        self._filter = SosFilter(colour, channels) if len(colour) else None
        self._crossed = crossed
        self._past = zeros(channels, samples)

    def process(self, block: Block, feedback: Block | None = None) -> Block:
        """Return the echoes alone, ``(channels, frames)``.

        Args:
            block: ``(channels, frames)``.
            feedback: How much comes back at each frame, ``(frames,)``, where it moves.
        """
        channels, frames = block.shape
        delay = self.samples
        line = np.empty((channels, delay + frames))
        line[:, :delay] = self._past
        for cell in range(0, frames, GRID_FRAMES):
            for start in range(cell, min(cell + GRID_FRAMES, frames), delay):
                stop = min(start + delay, cell + GRID_FRAMES, frames)
                fresh = block[:, start:stop]
                if feedback is not None or self._feedback != 0.0:
                    echo = line[:, start:stop]
                    part = self._feedback if feedback is None else feedback[start:stop]
                    fresh = fresh + part * (echo[::-1] if self._crossed else echo)
                if self._filter is not None:
                    fresh = self._filter.process(fresh)
                line[:, delay + start : delay + stop] = fresh
        self._past = line[:, frames:].copy()
        return np.ascontiguousarray(line[:, :frames])
