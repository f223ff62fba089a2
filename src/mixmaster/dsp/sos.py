"""Streaming second-order sections."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.recursion import sos_in_place

AT_REST = 1e-46
"""States below this are none: what they could still put out is 0 in any file, float32 included."""


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
        out = np.array(block, dtype=np.float64, order="C")
        if out.shape[1]:
            state = np.array(self.state.transpose(1, 0, 2), order="C")
            sos_in_place(self.sos, out, state)
            self.state = state.transpose(1, 0, 2)
        return out


class GridSosFilter(SosFilter):
    """The same for blocks that begin on the 4,096 grid: silence costs next to nothing.

    A stretch of the grid that is silent while the filter is at rest is silent; the filter comes
    to rest at the end of a silent stretch that leaves less than ``AT_REST`` in its state. (A
    recursion left to itself never quite ends: it stays at the smallest numbers there are, which
    some processors are slow with.)

    Args:
        sos: As in `SosFilter`.
        channels: Channels of every block.
    """

    def __init__(self, sos: Block, channels: int) -> None:
        super().__init__(sos, channels)
        self._rests = True

    def process(self, block: Block) -> Block:
        """Return the filtered block, ``(channels, frames)``, a new array."""
        silent = _silent_cells(block)
        if True not in silent:
            self._rests = False
            return super().process(block)
        out = np.zeros(block.shape)
        for quiet, run in groupby(range(len(silent)), key=silent.__getitem__):
            cells = list(run)
            if quiet:
                self._fade(out, cells)
                continue
            here = slice(cells[0] * GRID_FRAMES, (cells[-1] + 1) * GRID_FRAMES)
            out[:, here] = super().process(block[:, here])
            self._rests = False
        return out

    def _fade(self, out: Block, cells: list[int]) -> None:
        """Write what the filter puts out in silent stretches into ``out``, which is zero."""
        for cell in cells:
            if self._rests:
                return
            here = out[:, cell * GRID_FRAMES : (cell + 1) * GRID_FRAMES]
            here[...] = super().process(here)
            if float(np.abs(self.state).max()) < AT_REST:
                self.state = np.zeros_like(self.state)
                self._rests = True


def _silent_cells(block: Block) -> list[bool]:
    """Return which stretches of the grid are silent; empty if none is.

    A look at the first frame of each rules out most.
    """
    sounding = [bool(heard) for heard in np.any(block[:, ::GRID_FRAMES], axis=0)]
    if all(sounding):
        return []
    return [
        not heard and not np.any(block[:, cell * GRID_FRAMES : (cell + 1) * GRID_FRAMES])
        for cell, heard in enumerate(sounding)
    ]
