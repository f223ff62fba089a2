"""Attack and release without a loop over frames.

The decoupled peak detector of Giannoulis, Massberg and Reiss, "Digital Dynamic Range Compressor
Design", JAES 60(6), 2012, equation 17, is a release stage followed by an attack stage:

    y1[n] = max(x[n], r y1[n-1])            y[n] = a y[n-1] + (1 - a) y1[n]

The first has the closed form y1[n] = r^n max_{m <= n} x[m] r^-m, a running maximum; the second
is a one-pole filter. Both are counted in steps (pools of frames), and arrive in rows: the steps
of one stretch of the 4,096 grid. The running maximum's reference moves with each row, so r^-m
stays small however long the song is, and what is carried between rows does not depend on how
many of them a block holds.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block
from mixmaster.dsp.recursion import line_filter

Rows = npt.NDArray[np.int64]

_ONE = np.ones(1)

VANISHED = 1e-9
"""Envelopes below this at a row's end become exactly zero: no denormals, and silence is silence."""


class ReleasePeak:
    """The release stage: y1[n] = max(x[n], r y1[n-1]), for x >= 0.

    Args:
        release_steps: The time constant, in steps: after it a peak has fallen to 1/e.
        row_steps: Steps in each row.
    """

    def __init__(self, release_steps: float, row_steps: int) -> None:
        # r^-m must stay a number within a row; a release of 1 ms at 8 kHz gives e^512.
        assert row_steps <= 600.0 * release_steps
        ages = np.arange(1, row_steps + 1) / release_steps
        self._grow = np.exp(ages)
        self._decay = np.exp(-ages)
        self.carried = 0.0

    def process(self, rows: Block, among: Rows | None = None, count: int = 0) -> Block:
        """Return the released peaks, ``(rows, row_steps)``; writes over ``rows``.

        Args:
            rows: The input, ``(rows, row_steps)``.
            among: Where ``rows`` stand, in order, among ``count`` rows that are zero elsewhere;
                None if they are all there is. A row of zeros costs next to nothing.
            count: How many rows to return if ``among`` is given.
        """
        rows *= self._grow
        if among is None or among.shape[0] == count:
            starts = self._carry(rows.max(axis=1))
            return self._run(rows, starts, np.empty_like(rows))
        largest = np.zeros(count)
        largest[among] = rows.max(axis=1)
        starts = self._carry(largest)
        released = np.multiply.outer(starts, self._decay)
        released[among] = self._run(rows, starts[among], np.empty_like(rows))
        return released

    def _carry(self, largest: Block) -> Block:
        """Return what is carried into each row, given the largest of each, grown."""
        row_decay = float(self._decay[-1])
        carried = self.carried
        starts = np.empty_like(largest)
        for row, value in enumerate(largest.tolist()):
            starts[row] = carried
            carried = max(value, carried) * row_decay
            if carried < VANISHED:
                carried = 0.0
        self.carried = carried
        return starts

    def _run(self, rows: Block, starts: Block, released: Block) -> Block:
        np.maximum(rows[:, 0], starts, out=rows[:, 0])
        np.maximum.accumulate(rows, axis=1, out=released)
        released *= self._decay
        return released


class OnePole:
    """y[n] = p y[n-1] + (1 - p) x[n], keeping its state from row to row and block to block.

    Rows are cut into lanes of 16 steps. Within a lane the answer is a product with a small
    triangular matrix; only the lanes' ends follow one another. That is four times as fast as
    `lfilter` over all steps. Every product has the shape of one row, whatever the block's
    length, since other shapes would round differently.

    Args:
        steps: The time constant, in steps, p = e^(-1/steps); 0 is no smoothing.
        row_steps: Steps in each row; a power of two.
        gain: A factor on the output.
    """

    def __init__(self, steps: float, row_steps: int, *, gain: float = 1.0) -> None:
        self._pole = math.exp(-1.0 / steps) if steps > 0.0 else 0.0
        self._gain = gain
        self._newest = gain * (1.0 - self._pole)
        self._lane = min(16, row_steps)
        steps_ago = np.arange(self._lane)[None, :] - np.arange(self._lane)[:, None]
        powers = self._pole ** np.maximum(steps_ago, 0)
        # (input step, output step), so that lanes stand on the left.
        self._within = np.where(steps_ago >= 0, self._newest * powers, 0.0)
        self._end = np.ascontiguousarray(self._within[:, -1])
        self._lane_pole = np.array([1.0, -(self._pole**self._lane)])
        self.last = 0.0

    def process(self, rows: Block) -> Block:
        """Return the filtered ``rows``, ``(rows, row_steps)``; writes over ``rows``."""
        if self._pole == 0.0:
            rows *= self._gain
            self.last = float(rows[-1, -1])
            return rows
        lanes = rows.reshape(rows.shape[0], -1, self._lane)
        ends, _ = line_filter(
            _ONE,
            self._lane_pole,
            (lanes @ self._end).reshape(-1),
            -1,
            np.array([-self._lane_pole[1] * self.last]),
        )
        before = np.empty(ends.shape[0])
        before[0] = self.last
        before[1:] = ends[:-1]
        self.last = float(ends[-1])
        # What went before decays like a first step of this size would.
        before *= self._pole / self._newest
        lanes[:, :, 0] += before.reshape(lanes.shape[:2])
        return np.asarray(lanes @ self._within).reshape(rows.shape)


class MovingReleasePeak:
    """The release stage with a time constant that moves from step to step.

    y1[n] = max(x[n], e^(-1/t[n]) y1[n-1]): as in ``ReleasePeak``, with the sum of all 1/t since
    the row's start in place of its number of steps.
    """

    def __init__(self) -> None:
        self.carried = 0.0

    def process(self, rows: Block, release_steps: Block) -> Block:
        """Return the released peaks, ``(rows, row_steps)``; writes over ``rows``.

        Args:
            rows: The input, >= 0.
            release_steps: The time constants, of the same shape, each so long that a row is
                at most 600 of them.
        """
        ages = np.cumsum(1.0 / release_steps, axis=1)
        grow = np.exp(ages)
        rows *= grow
        carried = self.carried
        row_decays = np.exp(-ages[:, -1]).tolist()
        for row, largest in enumerate(rows.max(axis=1).tolist()):
            rows[row, 0] = max(rows[row, 0], carried)
            carried = max(largest, carried) * row_decays[row]
            if carried < VANISHED:
                carried = 0.0
        self.carried = carried
        released = np.maximum.accumulate(rows, axis=1)
        released /= grow
        return released


def rest_when_silent(
    released: Block, smoother: OnePole, silent_rows: npt.NDArray[np.bool_] | None = None
) -> Block:
    """Return ``smoother.process(released)``, letting it come to rest, exactly.

    A smoother of which next to nothing is left at the end of a silent row starts the next one
    from nothing; a silent row at rest costs nothing.

    Args:
        released: What ``ReleasePeak`` returned, ``(rows, row_steps)``; written over.
        smoother: The attack stage.
        silent_rows: Which rows are all zeros, ``(rows,)``; needed for anything that no
            ``ReleasePeak`` has returned.
    """
    if silent_rows is None:
        # A released peak never quite vanishes within a row: if its end is 0, all of it is.
        silent_rows = released[:, -1] == 0.0
    silent = np.flatnonzero(silent_rows).tolist()
    if not silent:
        return smoother.process(released)
    smoothed = np.zeros_like(released)
    first = 0
    for row in silent:
        if row > first or smoother.last != 0.0:
            smoothed[first : row + 1] = smoother.process(released[first : row + 1])
            if abs(smoother.last) < VANISHED:
                smoother.last = 0.0
        first = row + 1
    if first < released.shape[0]:
        smoothed[first:] = smoother.process(released[first:])
    return smoothed
