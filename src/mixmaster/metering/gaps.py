"""Silence at head and tail, and dropouts: gaps that a programme does not have of itself.

A rest in music begins with a decay and ends with an attack: down to silence its level falls
within tens of milliseconds at the fastest, and before an attack there is nothing to compare it
with. A dropout cuts the signal off: within about 2 ms it falls from its level of the moment to
silence, and comes back as suddenly at about the level that it had.

Memory: only what is unfinished, and a number of dropouts that ``LISTED_EVENTS`` bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block32
from mixmaster.metering.chunk_meter import ChunkMeter
from mixmaster.units import db_to_gain, gain_to_db

SILENCE_DBFS: Final = -72.0
"""What no sample of silence exceeds: above the dither of 16 bits, shaped or not."""

SHORTEST_DROPOUT_S: Final = 0.01
LONGEST_DROPOUT_S: Final = 3.0

_SILENCE: Final = db_to_gain(SILENCE_DBFS)
_EDGE: Final = db_to_gain(SILENCE_DBFS + 24.0)  # what the signal reaches within 2 ms of the gap
_EDGE_S: Final = 2e-3
_AROUND_S: Final = 0.05
_EDGE_UNDER: Final = db_to_gain(-16.0)  # how far the edge may lie under the level around it
_SIDES_APART: Final = db_to_gain(15.0)  # the levels around a dropout are of one programme
_SLOT_S: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Gap:
    """A dropout, in seconds; ``level_dbfs`` is the peak of the 50 ms before and after it."""

    channel: int
    start_s: float
    stop_s: float
    level_dbfs: float


@dataclass(frozen=True, slots=True)
class GapFigures:
    """Where a signal is silent: its edges, None for silence throughout, and its dropouts."""

    head_s: float | None
    tail_s: float | None
    gaps: tuple[Gap, ...]
    count: int


class _Channel:
    """What is known of a channel: its last level, and the gap that it may be in."""

    def __init__(self, around: int) -> None:
        self.before = np.zeros(around, np.float32)
        """Peaks of the last slots before the gap, or of the last ones."""
        self.silent = 0
        """Slots of silence at the end of what was seen."""
        self.ended = 0
        """The frame after the last loud one."""
        self.pending: list[tuple[int, int, Block32, Block32]] = []
        """Gaps whose sequel is not complete: first and last frame, peaks before and after."""


class GapMeter(ChunkMeter[GapFigures]):
    """Silence at head and tail and dropouts, in slots of about 1 ms.

    A dropout is 10 ms to 3 s in which no sample passes -72 dBFS, in one channel or more. Within
    2 ms on either side the signal reaches -48 dBFS and is no more than 16 dB under the peak of
    the 50 ms on that side, and the two sides are at most 15 dB apart.

    Args:
        sample_rate_hz: The signal's rate.
        channels: Channels of every block.
        listed: So many dropouts are kept, the loudest; all are counted.
        where: What is measured, for errors.
    """

    def __init__(
        self, sample_rate_hz: int, channels: int, *, listed: int = 500, where: str = ""
    ) -> None:
        super().__init__(sample_rate_hz, channels, where=where)
        self._slot = 2 ** round(math.log2(max(2.0, _SLOT_S * sample_rate_hz)))
        per_second = sample_rate_hz / self._slot
        self._edge = max(1, round(_EDGE_S * per_second))
        self._around = max(self._edge + 1, round(_AROUND_S * per_second))
        self._shortest = SHORTEST_DROPOUT_S * per_second - 2  # its ends fill no slots
        self._longest = LONGEST_DROPOUT_S * per_second
        self._state = [_Channel(self._around) for _ in range(channels)]
        self._first: int | None = None
        self._last: int | None = None
        self._gaps: list[Gap] = []
        self._listed = listed
        self._count = 0

    def _take(self, chunk: Block32) -> None:
        high = np.abs(chunk)
        starts = np.arange(0, chunk.shape[1], self._slot)
        # Not being negative, floats order as the integers of the same bits: reduced faster.
        peaks = np.maximum.reduceat(high.view(np.int32), starts, axis=1).view(np.float32)
        loud = np.flatnonzero((peaks > _SILENCE).any(axis=0))
        if loud.size:
            self._edges(high, int(loud[0]), int(loud[-1]))
        for channel, row in enumerate(peaks):
            self._follow(channel, high[channel : channel + 1], row)

    def _edges(self, high: Block32, first: int, last: int) -> None:
        """Note the first and last loud frames, which are in these slots."""
        if self._first is None:
            self._first = int(self._loud_frames(high, first)[0])
        self._last = int(self._loud_frames(high, last)[-1])

    def _loud_frames(self, high: Block32, slot: int) -> npt.NDArray[np.intp]:
        """Return the frames of a slot, from the signal's first on, that are loud in a row."""
        at = slot * self._slot
        loud = (high[:, at : at + self._slot] > _SILENCE).any(axis=0)
        return np.asarray(np.flatnonzero(loud) + (self.frames + at))

    def _follow(self, channel: int, high: Block32, peaks: Block32) -> None:
        """Look for gaps that end in the slots of a chunk, by magnitudes and the slots' peaks."""
        state = self._state[channel]
        self._complete(channel, peaks)
        loud = np.flatnonzero(peaks > _SILENCE)
        if not loud.size:
            state.silent += peaks.size
            return
        # A gap lies before every loud slot whose predecessor is silent.
        previous = np.concatenate([[-1 - state.silent], loud[:-1]])
        wide = loud - previous - 1
        found = np.flatnonzero((wide >= self._shortest) & (wide <= self._longest))
        levels = np.concatenate([state.before, peaks])
        for gap in found:
            start, stop = int(previous[gap]) + 1, int(loud[gap])
            if not state.ended and start <= 0:
                continue  # the signal's head
            from_frame = (
                int(self._loud_frames(high, start - 1)[-1]) + 1 if start > 0 else state.ended
            )
            to_frame = int(self._loud_frames(high, stop)[0])
            end = min(max(start, 0), stop) + self._around
            before = state.before if start <= 0 else levels[end - self._around : end]
            after = peaks[stop : stop + self._around].copy()
            item = (from_frame, to_frame, before.copy(), after)
            if after.size < self._around:
                state.pending.append(item)
            else:
                self._judge(channel, *item)
        last = int(loud[-1])
        state.silent = peaks.size - 1 - last
        state.ended = int(self._loud_frames(high, last)[-1]) + 1
        state.before = levels[last + 1 : last + 1 + self._around].copy()

    def _complete(self, channel: int, peaks: Block32) -> None:
        """Give the gaps near the end of the last chunk what follows them."""
        state = self._state[channel]
        for start, stop, before, after in state.pending:
            more = peaks[: self._around - after.size]
            self._judge(channel, start, stop, before, np.concatenate([after, more]))
        state.pending = []

    def _judge(self, channel: int, start: int, stop: int, before: Block32, after: Block32) -> None:
        sides = float(before.max()), float(after.max())
        edges = float(before[-self._edge :].max()), float(after[: self._edge].max())
        sudden = all(
            edge >= max(_EDGE, side * _EDGE_UNDER) for edge, side in zip(edges, sides, strict=True)
        )
        if not sudden or max(sides) > min(sides) * _SIDES_APART:
            return
        rate = self.sample_rate_hz
        self._count += 1
        self._gaps.append(Gap(channel, start / rate, stop / rate, gain_to_db(max(sides))))
        if len(self._gaps) >= 2 * self._listed:
            self._gaps = self._loudest()

    def _loudest(self) -> list[Gap]:
        return sorted(self._gaps, key=lambda gap: -gap.level_dbfs)[: self._listed]

    def _figures(self) -> GapFigures:
        for channel in range(self.channels):
            self._complete(channel, np.zeros(0, np.float32))
        head = tail = None
        if self._first is not None and self._last is not None:
            head = self._first / self.sample_rate_hz
            tail = (self.frames - 1 - self._last) / self.sample_rate_hz
        return GapFigures(head, tail, tuple(self._loudest()), self._count)
