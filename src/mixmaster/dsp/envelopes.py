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

from mixmaster.arrays import Block

_VANISHED = 1e-9
"""Envelopes below this at a row's end become exactly zero: no denormals, and silence is silence."""


class ReleasePeak:
    """The release stage: y1[n] = max(x[n], r y1[n-1]), for x >= 0.

    Args:
        release_steps: The time constant, in steps: after it a peak has fallen to 1/e.
        row_steps: Steps in each row.
        resting: What is carried into the first row.
    """

    def __init__(self, release_steps: float, row_steps: int, *, resting: float = 0.0) -> None:
        # r^-m must stay a number within a row; a release of 1 ms at 8 kHz gives e^512.
        assert row_steps <= 600.0 * release_steps
        ages = np.arange(1, row_steps + 1) / release_steps
        self._grow = np.exp(ages)
        self._decay = np.exp(-ages)
        self.carried = resting

    def process(self, rows: Block) -> Block:
        """Return the released peaks of ``rows``, ``(rows, row_steps)``; writes over ``rows``."""
        rows *= self._grow
        row_decay = float(self._decay[-1])
        carried = self.carried
        starts = []
        for largest in rows.max(axis=1).tolist():
            starts.append(carried)
            carried = max(largest, carried) * row_decay
            if carried < _VANISHED:
                carried = 0.0
        self.carried = carried
        np.maximum(rows[:, 0], starts, out=rows[:, 0])
        released = np.empty_like(rows)
        np.maximum.accumulate(rows, axis=1, out=released)
        released *= self._decay
        return released


class OnePole:
    """y[n] = p y[n-1] + b0 x[n] + b1 x[n-1], keeping its state from block to block.

    Args:
        steps: The time constant, in steps, p = e^(-1/steps); 0 is no smoothing.
        newer: The weight of x[n]; the rest goes to x[n-1].
        gain: A factor on the output.
    """

    def __init__(self, steps: float, *, newer: float = 1.0, gain: float = 1.0) -> None:
        pole = math.exp(-1.0 / steps) if steps > 0.0 else 0.0
        scale = gain * (1.0 - pole)
        self._b = np.array([scale * newer, scale * (1.0 - newer)])
        self._a = np.array([1.0, -pole])
        self._state = np.zeros(1)

    @property
    def resting(self) -> bool:
        """Whether nothing is left of the past."""
        return bool(self._state[0] == 0.0)

    def settle(self, value: float) -> None:
        """Take the state after an input of ``value`` for ever (of a filter of gain 1)."""
        self._state = np.array([value * (1.0 - self._b[0])])

    def vanish(self) -> None:
        """Come to rest if next to nothing is left of the past."""
        if abs(self._state[0]) < _VANISHED:
            self._state = np.zeros(1)

    def process(self, rows: Block) -> Block:
        """Return the filtered steps, of the same shape; rows follow one another."""
        from scipy.signal import lfilter

        out, self._state = lfilter(self._b, self._a, rows.reshape(-1), zi=self._state)
        return np.asarray(out).reshape(rows.shape)


class AttackSmoother:
    """The attack stage: a one-pole filter over steps of ``pool`` frames each.

    What happened inside a pool is known by its largest value alone. If the input rises from the
    last pool's value to this pool's somewhere inside, the mean over all places it may have risen
    at is (pool + 1)/2 frames at the new value and (pool - 1)/2 at the old one, which is also
    the mean of a straight line between them. So the error has no bias, and one step a frame is
    the exact filter.

    Args:
        attack_steps: The time constant, in steps; 0 is no smoothing.
        pool: Frames in a step.
        gain: A factor on the output.
    """

    def __init__(self, attack_steps: float, pool: int, *, gain: float = 1.0) -> None:
        self._filter = OnePole(attack_steps, newer=(pool + 1) / (2 * pool), gain=gain)

    @property
    def resting(self) -> bool:
        """Whether nothing is left of the past."""
        return self._filter.resting

    def process(self, rows: Block) -> Block:
        """Return the smoothed ``rows``, ``(rows, row_steps)``, of released peaks.

        A row of zeros at whose end the state has all but vanished ends in rest, exactly.
        """
        # A released peak never quite vanishes within a row: if its end is 0, all of it is.
        silent = np.flatnonzero(rows[:, -1] == 0.0).tolist()
        if not silent:
            return self._filter.process(rows)
        smoothed = np.zeros_like(rows)
        first = 0
        for row in silent:
            if row > first or not self.resting:
                smoothed[first : row + 1] = self._filter.process(rows[first : row + 1])
                self._filter.vanish()
            first = row + 1
        if first < rows.shape[0]:
            smoothed[first:] = self._filter.process(rows[first:])
        return smoothed
