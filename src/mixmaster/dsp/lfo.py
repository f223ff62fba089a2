"""Low-frequency oscillators, counted from the session's zero."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block

LfoShape = Literal["sine", "triangle"]


class Lfo:
    """A periodic curve between -1 and 1, a function of the absolute frame alone.

    Args:
        frequency_hz: How often a second it comes round; 0 stands still.
        sample_rate_hz: The session's rate.
        shape: ``sine`` starts at 0 and rises; ``triangle`` likewise, with straight sides.
    """

    def __init__(self, frequency_hz: float, sample_rate_hz: float, shape: LfoShape) -> None:
        self._turns_a_frame = frequency_hz / sample_rate_hz
        self._shape = shape

    def values(self, start_frame: int, frames: int, phase_turns: float = 0.0) -> Block:
        """Return ``frames`` values from ``start_frame`` on, ``(frames,)``.

        Args:
            start_frame: Counted from the session's zero.
            frames: How many.
            phase_turns: By how many turns it is ahead.
        """
        # Worked in cells of one size, so that no value depends on its neighbours in a block.
        first = start_frame - start_frame % GRID_FRAMES
        cells = -(-(start_frame + frames - first) // GRID_FRAMES)
        turns = np.arange(first, first + cells * GRID_FRAMES, dtype=np.float64)
        turns *= self._turns_a_frame
        turns += phase_turns
        return self.at(turns)[start_frame - first : start_frame - first + frames]

    def at(self, turns: Block) -> Block:
        """Return the values at positions in turns, working in the array that is given."""
        if self._shape == "sine":
            turns -= np.floor(turns)
            turns *= 2.0 * np.pi
            return np.asarray(np.sin(turns))
        turns += 0.25
        turns -= np.floor(turns)
        return np.asarray(1.0 - np.abs(4.0 * turns - 2.0))
