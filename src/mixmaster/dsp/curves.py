"""Curves over break-points, one value a frame: what automation plays.

A curve is a function of the absolute frame alone, so that blocks may be cut anywhere. Between two
points it holds, goes evenly, or as 3 t^2 - 2 t^3, which starts and ends level. Where it jumps (a
held value that changes, two points at one frame) the jump is spread over ``JUMP_S`` by the same
cubic: what the old value was more than the new one fades away on top of what follows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mixmaster.arrays import Block

JUMP_S = 0.005
"""How long a jump takes: short enough for the first frame of a word, too long to click."""

Way = Literal["hold", "linear", "smooth"]


@dataclass(frozen=True, slots=True)
class Break:
    """One break-point.

    Attributes:
        frame: Where, in frames from the session's zero; may be fractional.
        value: In the parameter's unit.
        way: How the next point is reached.
    """

    frame: float
    value: float
    way: Way = "linear"


class Curve:
    """The values over break-points.

    Args:
        breaks: In order of their frames, at least one.
        sample_rate_hz: The session's rate.
        logarithmic: Whether it goes evenly in octaves rather than in units; values above 0.
    """

    def __init__(
        self, breaks: Sequence[Break], sample_rate_hz: int, *, logarithmic: bool = False
    ) -> None:
        assert breaks
        self._low = min(point.value for point in breaks)
        self._high = max(point.value for point in breaks)
        self._logarithmic = logarithmic
        self._frames = np.array([point.frame for point in breaks])
        assert bool(np.all(np.diff(self._frames) >= 0.0))
        values = np.array([point.value for point in breaks])
        assert not logarithmic or self._low > 0.0
        self._values = np.log2(values) if logarithmic else values
        self._ways = [point.way for point in breaks]
        self._begins = np.ceil(self._frames).astype(np.int64)
        self._jump_frames = max(1, round(JUMP_S * sample_rate_hz))
        # What a segment ends on: its own value if it holds or has no length.
        held = np.array([way == "hold" for way in self._ways[:-1]], dtype=bool)
        held |= self._begins[:-1] == self._begins[1:]
        steps = np.where(held, self._values[:-1] - self._values[1:], 0.0)
        at = np.flatnonzero(steps)
        self._jumps, self._steps = self._begins[1:][at], steps[at]

    @property
    def low(self) -> float:
        """The lowest value that it takes."""
        return self._low

    @property
    def high(self) -> float:
        """The highest value that it takes."""
        return self._high

    def values(self, start_frame: int, frames: int) -> Block:
        """Return the values of ``frames`` frames from ``start_frame`` on, ``(frames,)``."""
        out = np.empty(frames)
        for at, begin, end in self._segments(start_frame, start_frame + frames):
            self._fill(out[begin - start_frame : end - start_frame], at, begin)
        self._spread_jumps(out, start_frame)
        return self._in_units(out)

    def at(self, start_frame: int, frames: int) -> Block | float:
        """Return ``values``, or one number, the same to the bit, where nothing moves."""
        stop = start_frame + frames
        first = int(np.searchsorted(self._begins, start_frame, side="right")) - 1
        last = int(np.searchsorted(self._begins, stop - 1, side="right")) - 1
        at = max(0, first)
        moves = (
            first != last
            or len(self._active(start_frame, stop)) > 0
            or (first >= 0 and self._way(first) != "hold")
        )
        if moves:
            return self.values(start_frame, frames)
        return float(self._in_units(self._values[at : at + 1].copy())[0])

    def _way(self, at: int) -> Way:
        """Return how the segment after a point goes; level ones hold."""
        if at == self._values.size - 1 or self._values[at] == self._values[at + 1]:
            return "hold"
        return self._ways[at]

    def _segments(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """Yield the point that each stretch follows (-1 before the first), its begin and end."""
        at = int(np.searchsorted(self._begins, start, side="right")) - 1
        while start < stop:
            last = at == self._values.size - 1
            end = stop if last else min(stop, int(self._begins[at + 1]))
            if end > start:
                yield at, start, end
            start = max(start, end)
            at += 1

    def _fill(self, out: Block, at: int, begin: int) -> None:
        way = "hold" if at < 0 else self._way(at)
        value = self._values[max(0, at)]
        if way == "hold":
            out[:] = value
            return
        passed = np.arange(begin, begin + out.size, dtype=np.float64)
        passed -= self._frames[at]
        passed /= self._frames[at + 1] - self._frames[at]
        if way == "smooth":
            passed = _smooth(passed)
        passed *= self._values[at + 1] - value
        passed += value
        out[:] = passed

    def _spread_jumps(self, out: Block, start: int) -> None:
        for index in self._active(start, start + out.size):
            jump, step = int(self._jumps[index]), self._steps[index]
            begin = max(start, jump)
            end = min(start + out.size, jump + self._jump_frames)
            passed = np.arange(begin - jump, end - jump, dtype=np.float64)
            passed /= self._jump_frames
            out[begin - start : end - start] += step * (1.0 - _smooth(passed))

    def _active(self, start: int, stop: int) -> range:
        """Return which jumps have not ended before ``start`` and begin before ``stop``."""
        first = np.searchsorted(self._jumps, start - self._jump_frames, side="right")
        return range(int(first), int(np.searchsorted(self._jumps, stop, side="left")))

    def _in_units(self, values: Block) -> Block:
        if self._logarithmic:
            np.exp2(values, out=values)
        # A jump into a steep slope, or the way through the logarithm, may pass the points.
        return np.clip(values, self._low, self._high, out=values)


def _smooth(passed: Block) -> Block:
    """Return 3 t^2 - 2 t^3: level at both ends, the most gentle cubic between 0 and 1."""
    return np.asarray(passed * passed * (3.0 - 2.0 * passed))


def seconds_to_frames(seconds: float, sample_rate_hz: int) -> float:
    """Return a time in frames; one within a thousandth of a whole frame is that frame."""
    frames = seconds * sample_rate_hz
    nearest = round(frames)
    return float(nearest) if math.isclose(frames, nearest, abs_tol=1e-3) else frames
