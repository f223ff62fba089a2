"""Clipped runs: flat tops of three samples and more, at full scale or below it.

A clip leaves samples at the signal's own extreme value, and a corner at either end. Samples
alone do not tell: the top of a low note has many within the last bits as well. But round it is a
parabola, so two samples beyond a run of L samples within t of the top it has fallen by at most
t ((h + 2) / h)^2, h = (L - 1) / 2; where it falls by twice that on both sides, a top was cut off.

Memory: only what is unfinished, and a number of runs that ``listed`` bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import Block, Block32
from mixmaster.metering.chunk_meter import ChunkMeter
from mixmaster.units import gain_to_db

SHORTEST_RUN: Final = 3
"""Fewer samples at the top may be chance."""

_FULL_SCALE: Final = 1.0
_TOLERANCE: Final = 2.0**-14  # two steps of 16 bits: flat tops that were dithered
_LOWEST_TOP: Final = 2.0**-6  # -36 dBFS: tops under it are too coarse in 16 bits to tell
_BEYOND: Final = 2  # so many samples outside the run is looked for the corner
_CORNER: Final = 2.0  # how much steeper than a parabola
_CARRY: Final = 2 * _BEYOND


@dataclass(frozen=True, slots=True)
class Run:
    """A flat top: ``frames`` samples from ``start`` on, at ``level_dbfs``."""

    channel: int
    start: int
    frames: int
    level_dbfs: float


@dataclass(frozen=True, slots=True)
class ClippingFigures:
    """The longest runs in no order, and how many there are of all."""

    runs: tuple[Run, ...]
    count: int


class _Side:
    """The tops of one channel on one side of zero: its highest level so far, and its runs."""

    def __init__(self) -> None:
        self.top = 0.0
        self.count = 0
        self.runs = np.zeros((3, 0))
        """Start, frames and level of runs that ended, ``(3, runs)``."""
        self.begun = np.zeros((2, 0))
        """Of the run that has not ended, if there is one: start, and the fall before it."""

    @property
    def bar(self) -> float:
        """What the samples of a run reach."""
        return min(self.top, _FULL_SCALE) - _TOLERANCE

    def rise(self, top: float) -> None:
        """Raise the top; runs under it were none."""
        if top > self.top:
            self.top = top
            self.runs = self.runs[:, self.runs[2] >= self.bar]
            self.count = self.count if self.runs.size else 0

    def add(self, runs: Block, listed: int) -> None:
        """Add runs that ended, and keep the longest."""
        self.count += runs.shape[1]
        self.runs = np.concatenate([self.runs, runs], axis=1)
        if self.runs.shape[1] >= 2 * listed:
            self.runs = self.longest(listed)

    def longest(self, listed: int) -> Block:
        """Return the longest runs."""
        return self.runs[:, np.argsort(-self.runs[1], kind="stable")[:listed]]


class ClippingMeter(ChunkMeter[ClippingFigures]):
    """Runs of three samples or more at a channel's extreme value, or over full scale.

    At the extreme a run is a flat top if corners lead in and out of it (see the module). Over
    full scale every run counts: writing integers will flatten it. Tops under -36 dBFS, and those
    of signals coarser than 14 bits, cannot be judged so; the former are left out.

    Args:
        sample_rate_hz: The signal's rate.
        channels: Channels of every block.
        listed: So many runs a channel and side are kept, the longest; all are counted.
        where: What is measured, for errors.
    """

    def __init__(
        self, sample_rate_hz: int, channels: int, *, listed: int = 500, where: str = ""
    ) -> None:
        super().__init__(sample_rate_hz, channels, where=where)
        self._listed = listed
        self._carry = np.zeros((channels, _CARRY), np.float32)
        self._sides = [(_Side(), _Side()) for _ in range(channels)]

    def _take(self, chunk: Block32) -> None:
        samples = np.concatenate([self._carry, chunk], axis=1)
        self._carry = samples[:, -_CARRY:].copy()
        self._look(samples, self.frames - _CARRY, samples.shape[1] - _BEYOND)

    def _look(self, samples: Block32, first: int, stop: int) -> None:
        """Find runs among samples ``_BEYOND`` to ``stop``; sample 0 is frame ``first``."""
        tops = zip(samples.max(axis=1).tolist(), samples.min(axis=1).tolist(), strict=True)
        for row, sides, (high, low) in zip(samples, self._sides, tops, strict=True):
            for side, top, sign in zip(sides, (high, -low), (1.0, -1.0), strict=True):
                side.rise(top)
                if side.begun.size or top >= max(side.bar, _LOWEST_TOP):
                    heights = row if sign > 0.0 else -row
                    side.add(self._runs(side, heights, first, stop), self._listed)

    def _runs(self, side: _Side, heights: Block32, first: int, stop: int) -> Block:
        """Return the runs of a side that end before ``stop``: start, frames, level."""
        flat = heights[_BEYOND:stop] >= side.bar
        before = side.begun.shape[1]  # 1 where a run goes on from the last chunk
        edges = np.flatnonzero(np.diff(flat, prepend=bool(before))) + _BEYOND
        starts, stops = edges[before::2], edges[1 - before :: 2]
        fall_in = side.top - heights[starts - _BEYOND]
        begun = np.concatenate([side.begun, [starts + first, fall_in]], axis=1)
        side.begun = begun[:, stops.size :]
        begun = begun[:, : stops.size]
        frames = stops + first - begun[0]
        enough = frames >= SHORTEST_RUN
        begun, stops, frames = begun[:, enough], stops[enough], frames[enough]
        if not frames.size:
            return np.zeros((3, 0))
        inside = np.stack([np.maximum(begun[0] - first, 0), stops], axis=1).astype(np.intp)
        levels = np.maximum.reduceat(heights, inside.ravel())[::2]
        fall_out = side.top - heights[stops - 1 + _BEYOND]
        half = (frames - 1) / 2
        fall = _CORNER * _TOLERANCE * ((half + _BEYOND) / half) ** 2
        cut = (levels > _FULL_SCALE) | (np.minimum(begun[1], fall_out) > fall)
        return np.stack([begun[0], frames, levels])[:, cut]

    def _figures(self) -> ClippingFigures:
        ends = np.concatenate([self._carry, np.zeros((self.channels, _CARRY), np.float32)], axis=1)
        self._look(ends, self.frames - _CARRY, ends.shape[1] - _BEYOND)
        runs = [
            Run(channel, int(start), int(frames), gain_to_db(level))
            for channel, sides in enumerate(self._sides)
            for side in sides
            for start, frames, level in side.longest(self._listed).T.tolist()
        ]
        count = sum(side.count for sides in self._sides for side in sides)
        return ClippingFigures(tuple(runs), count)
