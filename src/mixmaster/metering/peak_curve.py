"""True peaks over time: the highest of all, those that PSR needs, and overs, in one search.

Of a window of 3 s only its true peak matters, and a row of 64 frames can only be it if no higher
sample lies near by on one side of it: each window that holds the row holds the 1.4 s before it or
the 1.4 s after it. So rows that stay under the smaller of the maxima on both sides are left out,
by the same bounds as for the true peak of the whole (``dsp/true_peak.py``); those that may pass
0 dBTP never are.

Memory: 10 numbers a second, and a number of overs that ``listed`` bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block, Block32
from mixmaster.dsp.true_peak import (
    KERNEL,
    MARGIN_ROWS,
    PHASES,
    ROW,
    TAPS,
    Rows,
    between_quarters,
    magnitudes,
    quarter_magnitudes,
)
from mixmaster.metering.chunk_meter import ChunkMeter
from mixmaster.units import db_to_gain, gain_to_db

OVER_DBTP: Final = 0.01
"""What passes it is over 0 dBTP; a full-scale sine may read 0.005 by the kernel's ripple."""

SLOTS_PER_SECOND: Final = 10

_OVER: Final = db_to_gain(OVER_DBTP)
_MARGIN: Final = 2 * MARGIN_ROWS * ROW
_SLACK: Final = 1.0 + 5e-6  # as in the true-peak meter: 4e-5 dB
_NEAR_S: Final = 1.4  # 3 s / 2, less a slot
_SEEDS: Final = 64  # of so many rows the likeliest is searched first: it raises the bar
_TOGETHER_S: Final = 0.01  # overs as near as that are one
_FRAMES: Final = 4_096

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Over:
    """A passage over 0 dBTP, in frames, with its true peak."""

    channel: int
    start: int
    stop: int
    peak_dbtp: float


@dataclass(frozen=True, slots=True)
class PeakCurve:
    """True peaks over time.

    Attributes:
        peak: The highest of all, a magnitude.
        slots: The highest of each tenth of a second, ``(n,)``; those that are no window's
            highest may be lower than they are.
        overs: The highest ones, in no order.
        over_count: How many there are of all.
    """

    peak: float
    slots: Block
    overs: tuple[Over, ...]
    over_count: int


class PeakCurveMeter(ChunkMeter[PeakCurve]):
    """The true peak over time, to 1e-4 dB where it matters; see the module.

    Args:
        sample_rate_hz: The signal's rate.
        channels: Channels of every block.
        listed: So many overs are kept, the highest; all are counted.
        where: What is measured, for errors.
    """

    def __init__(
        self, sample_rate_hz: int, channels: int, *, listed: int = 500, where: str = ""
    ) -> None:
        super().__init__(sample_rate_hz, channels, where=where)
        self._margin = np.zeros((channels, _MARGIN), np.float32)
        self._near = 2 ** int(np.log2(max(1.0, _NEAR_S * sample_rate_hz / ROW)))
        self._together = int(_TOGETHER_S * sample_rate_hz)
        self._listed = listed
        self._begin = -MARGIN_ROWS * ROW
        """The frame at which the next rows begin."""
        self._highest = 0.0
        self._peak = 0.0
        self._slots: list[Block] = []
        self._slot, self._slot_peak = 0, 0.0
        self._overs = np.zeros((4, 0))
        """Channel, start, stop and peak of overs that ended."""
        self._open = [np.zeros((3, 0)) for _ in range(channels)]
        """Start, stop and peak of the channel's last over, to which more may belong."""
        self._count = 0

    def _take(self, chunk: Block32) -> None:
        rest = np.zeros((self.channels, -chunk.shape[1] % ROW), np.float32)
        samples = np.concatenate([self._margin, chunk, rest], axis=1)
        self._margin = samples[:, -_MARGIN:].copy()
        self._search(samples)

    def _search(self, samples: Block32) -> None:
        """Search the rows of ``samples`` but for its margins."""
        search = _Search(Rows(samples), self.channels, self._near)
        best, exact = search.highest()
        if best > self._highest:
            self._highest, self._peak = best, exact
        self._add_slots(search.high.max(axis=0).astype(np.float64))
        for channel, row in enumerate(search.high):
            over = np.flatnonzero(row > _OVER)
            if over.size or self._open[channel].size:
                self._add_overs(channel, self._begin + over * ROW, row[over])
        self._begin += search.high.shape[1] * ROW

    def _add_slots(self, high: Block) -> None:
        """Gather what rows hold into tenths of a second, by the frame at which a row begins."""
        frames = np.maximum(self._begin + np.arange(high.size) * ROW, 0)
        slots = frames * SLOTS_PER_SECOND // self.sample_rate_hz
        peaks = np.zeros(int(slots[-1]) - self._slot + 1)
        peaks[0] = self._slot_peak
        np.maximum.at(peaks, slots - self._slot, high)
        self._slots.append(peaks[:-1])
        self._slot, self._slot_peak = int(slots[-1]), float(peaks[-1])

    def _add_overs(self, channel: int, frames: Indices, peaks: Block32) -> None:
        """Join rows over full scale to passages, and close those that nothing can join."""
        rows = np.stack([frames, frames + ROW, peaks])
        rows = np.concatenate([self._open[channel], rows], axis=1)
        apart = rows[0, 1:] - rows[1, :-1] > self._together
        firsts = np.concatenate([[0], np.flatnonzero(apart) + 1])
        lasts = np.append(firsts[1:], rows.shape[1]) - 1
        found = np.stack([rows[0, firsts], rows[1, lasts], np.maximum.reduceat(rows[2], firsts)])
        self._open[channel] = found[:, -1:]
        self._close(channel, found[:, :-1])

    def _close(self, channel: int, found: Block) -> None:
        self._count += found.shape[1]
        named = np.concatenate([np.full((1, found.shape[1]), float(channel)), found])
        self._overs = np.concatenate([self._overs, named], axis=1)
        if self._overs.shape[1] >= 2 * self._listed:
            self._overs = self._loudest()

    def _loudest(self) -> Block:
        return self._overs[:, np.argsort(-self._overs[3], kind="stable")[: self._listed]]

    def _figures(self) -> PeakCurve:
        end = np.zeros((self.channels, _MARGIN), np.float32)
        self._search(np.concatenate([self._margin, end], axis=1))
        for channel, found in enumerate(self._open):
            self._close(channel, found)
        overs = [
            Over(int(channel), max(0, int(start)), min(int(stop), self.frames), gain_to_db(peak))
            for channel, start, stop, peak in self._loudest().T.tolist()
        ]
        slots = np.concatenate([*self._slots, [self._slot_peak]])
        return PeakCurve(self._peak, slots, tuple(overs), self._count)


class _Search:
    """The true peaks of rows, exact where no higher sample is near on either side."""

    def __init__(self, rows: Rows, channels: int, near: int) -> None:
        self._rows = rows
        self._near = near
        self.high = rows.samples_high.reshape(channels, rows.count).copy()
        """The highest value found of each row, ``(channels, rows)``."""
        self._frame: Block32 | None = None
        self._best = 0.0
        bounds = rows.bounds(PHASES, rows.samples_high, np.arange(rows.samples_high.size))
        kept = np.flatnonzero(bounds > self._bars())
        seeds = kept[np.argsort(-bounds[kept], kind="stable")[: bounds.size // _SEEDS]]
        self._compute(seeds)
        kept = kept[(bounds > self._bars())[kept]]
        self._compute(np.setdiff1d(kept, seeds, assume_unique=True))

    def _bars(self) -> Block32:
        """Return what a bound must pass for the row to be worth computing, by index."""
        high = self.high.max(axis=0)
        padded = np.zeros(-(-high.size // self._near) * self._near, np.float32)
        padded[: high.size] = high
        parts = padded.reshape(-1, self._near)
        left = np.maximum.accumulate(parts, axis=1)
        right = np.maximum.accumulate(parts[:, ::-1], axis=1)[:, ::-1]
        bars = np.minimum(np.minimum(left, right) * np.float32(_SLACK), np.float32(_OVER))
        return np.tile(bars.reshape(-1)[: high.size], self.high.shape[0])

    def _compute(self, batch: Indices) -> None:
        """Compute some rows: half-way values first, then quarters, then whole frames."""
        if not batch.size:
            return
        rows, bars = self._rows, self._bars()[batch]
        windows = rows.windows(batch)
        half = magnitudes(windows, (8,))[:, 0]
        self._raise(batch, windows, half)
        high = np.maximum(half.max(axis=1), rows.samples_high[batch])
        there = np.flatnonzero(rows.bounds(8, high, batch) > bars)
        if not there.size:
            return
        windows, batch, bars = windows[there], batch[there], bars[there]
        best = quarter_magnitudes(windows, half[there])
        self._raise(batch, windows, best)
        bars = np.maximum(bars, best.max(axis=1))
        row, frame = np.nonzero(rows.bounds(4, best, batch) > bars[:, None])
        views = np.lib.stride_tricks.sliding_window_view(windows, TAPS, axis=1)
        for start in range(0, row.size, _FRAMES):
            some = slice(start, start + _FRAMES)
            frames = views[row[some], frame[some]]
            values = between_quarters(frames)
            np.maximum.at(self.high.reshape(-1), batch[row[some]], values)
            self._remember(frames, values)

    def _raise(self, batch: Indices, windows: Block32, values: Block32) -> None:
        """Raise the rows to the highest of their values, ``(rows, 64)``."""
        high = self.high.reshape(-1)
        high[batch] = np.maximum(high[batch], values.max(axis=1))
        row, frame = divmod(int(values.argmax()), values.shape[1])
        self._remember(windows[row : row + 1, frame : frame + TAPS], values[row, frame : frame + 1])

    def _remember(self, frames: Block32, values: Block32) -> None:
        best = int(values.argmax())
        if values[best] > self._best:
            self._best = float(values[best])
            self._frame = frames[best].copy()

    def highest(self) -> tuple[float, float]:
        """Return the highest value of all rows, as found and anew in float64."""
        sample = float(self._rows.samples_high.max())
        if self._frame is None or self._best <= sample:
            return sample, sample
        exact = float(np.abs(KERNEL @ self._frame.astype(np.float64)).max())
        return max(self._best, sample), max(exact, sample)
