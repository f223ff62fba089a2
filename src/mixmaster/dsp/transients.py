"""Transient shaping: beginnings and endings told from the rest by envelopes that differ in speed.

The differential envelope of R. Goebeler and W. Neumann's Transient Designer (SPL, 1998): of two
envelopes of one signal, a quick one is above a slow one while a sound begins, and a slow release
above a quick one while it dies away. Here they are compared as quotients, so what comes out does
not depend on the level:

    beginning = 1 - slow attack / quick attack        ending = 1 - quick release / slow release

each 0 in a steady sound and towards 1 at its most. Envelopes see peaks held for ``HOLD_MS``, so
that a steady tone down to 34 Hz is steady to them and its waves are not bent.
"""

from __future__ import annotations

import math

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.dynamics import detector_pool, linked_peaks, refuse_non_finite
from mixmaster.dsp.envelopes import OnePole, ReleasePeak, rest_when_silent
from mixmaster.units import db_to_gain, ms_to_samples

HOLD_MS = 15.0
"""How long a peak counts: half a wave of 34 Hz."""

QUICK_ATTACK_MS = 1.0
"""The time constant of the quick attack."""

QUICK_RELEASE_MS = 40.0
"""The time constant of the quick release, and of both envelopes that look for beginnings."""

FLOOR = db_to_gain(-100.0)
"""Added to every envelope: endings fade out of account with the sound."""

_INAUDIBLE = 1e-7
"""Weights below this are none, so that the gain returns to exactly 1."""


class PeakHold:
    """The largest of the last values: y[n] = max(x[n - steps + 1], ..., x[n]).

    Args:
        steps: How many values count, at least 1.
    """

    def __init__(self, steps: int) -> None:
        assert steps >= 1
        self._steps = steps
        self._past = np.zeros(steps - 1)

    def process(self, values: Block) -> Block:
        """Return the held values, ``(steps,)``, a new array."""
        line = np.concatenate([self._past, values])
        self._past = line[line.shape[0] - self._steps + 1 :].copy()
        # Windows of 1, 2, 4 ... values; two that overlap make any length.
        width = 1
        while 2 * width <= self._steps:
            line = np.maximum(line[width:], line[:-width])
            width *= 2
        left = self._steps - width
        return np.asarray(np.maximum(line[left:], line[: line.shape[0] - left]))


class TransientWeights:
    """How much of each moment is a beginning, and how much an ending.

    Args:
        attack_ms: How long a beginning lasts: the time constant of the slow attack.
        sustain_ms: How long an ending lasts: the time constant of the slow release.
        sample_rate_hz: The rate of the key.
        where: Whose detector it is, for errors.

    Attributes:
        pool: Frames that share one weight.
    """

    def __init__(
        self, *, attack_ms: float, sustain_ms: float, sample_rate_hz: int, where: str
    ) -> None:
        rate = sample_rate_hz
        self.pool = detector_pool(rate)
        self._rate, self._where = rate, where
        row_steps = GRID_FRAMES // self.pool

        def steps(ms: float) -> float:
            return ms_to_samples(ms, rate) / self.pool

        self._hold = PeakHold(max(1, math.ceil(steps(HOLD_MS))))
        self._quick_release = ReleasePeak(steps(QUICK_RELEASE_MS), row_steps)
        self._slow_release = ReleasePeak(steps(sustain_ms), row_steps)
        self._quick = OnePole(steps(QUICK_ATTACK_MS), row_steps)
        self._slow = OnePole(steps(attack_ms), row_steps)
        self._long = OnePole(steps(QUICK_ATTACK_MS), row_steps)

    def process(self, key: Block, start_frame: int) -> tuple[Block, Block]:
        """Return how much is beginning and how much ending, ``(rows, steps)``, 0 to 1.

        Args:
            key: What the detector hears, ``(channels, frames)``, at least one frame.
            start_frame: The first one's number, counted from the session's zero.

        Raises:
            SignalError: For NaN or infinity in the key.
        """
        peaks = linked_peaks(key, self.pool)
        if not float(peaks.max()) < math.inf:
            refuse_non_finite(
                key, where=self._where, start_frame=start_frame, sample_rate_hz=self._rate
            )
        held = self._hold.process(peaks.reshape(-1)).reshape(peaks.shape)
        longer = rest_when_silent(self._slow_release.process(held.copy()), self._long)
        released = self._quick_release.process(held)
        quick = rest_when_silent(released.copy(), self._quick)
        slow = rest_when_silent(released, self._slow)
        quick += FLOOR
        slow += FLOOR
        longer += FLOOR
        return _above(quick, slow), _above(longer, quick)


class LiftCeiling:
    """Keeps a gain from lifting peaks over a ceiling; peaks that are over it stay as they are.

    Args:
        ceiling: Linear.
        sample_rate_hz: The rate of the signal.
        pool: Frames that share one gain.
    """

    def __init__(self, ceiling: float, sample_rate_hz: int, pool: int) -> None:
        self._ceiling, self._pool = ceiling, pool
        steps_per_ms = ms_to_samples(1.0, sample_rate_hz) / pool
        self._hold = PeakHold(math.ceil(HOLD_MS * steps_per_ms) + 1)
        self._release = ReleasePeak(QUICK_RELEASE_MS * steps_per_ms, GRID_FRAMES // pool)

    def lower(self, octaves: Block, block: Block) -> Block:
        """Return gains in octaves that leave room for the signal, writing over ``octaves``.

        Peaks count from where they are until ``HOLD_MS`` later, and are then let go: a signal
        that is delayed by less finds its gain lowered ahead of its peaks, without a step.

        Args:
            octaves: The gains, ``(rows, steps)``.
            block: The signal before its delay, ``(channels, frames)``.
        """
        peaks = linked_peaks(block, self._pool)
        held = self._hold.process(peaks.reshape(-1)).reshape(peaks.shape)
        room = self._ceiling / np.maximum(self._release.process(held), FLOOR)
        return np.minimum(octaves, np.log2(np.maximum(room, 1.0)), out=octaves)

    def clamp(self, gains: Block, delayed: Block) -> Block:
        """Return the gains of each frame, ``(frames,)``, so that truly none passes the ceiling."""
        peaks = linked_peaks(delayed, 1).reshape(-1)[: gains.shape[0]]
        room = self._ceiling / np.maximum(peaks, FLOOR)
        return np.minimum(gains, np.maximum(room, 1.0, out=room), out=room)


def _above(upper: Block, lower: Block) -> Block:
    """Return 1 - lower / upper, at least 0, and exactly 0 where it would hardly be more."""
    weight = lower / upper
    np.subtract(1.0 - _INAUDIBLE, weight, out=weight)
    return np.maximum(weight, 0.0, out=weight)
