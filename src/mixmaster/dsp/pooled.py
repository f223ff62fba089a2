"""Streaming operations on pooled curves: sliding maxima, closing, release, running means.

A pool is ``POOL_FRAMES`` frames, counted from the session's zero. All curves here are integers:
sums and maxima of integers do not depend on how the stream is cut, and come back to exactly
zero, which a running sum of floats never does. Maxima keep the type they are given (those of
int32 take half the time), sums are int64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

POOL_FRAMES = 16
"""Frames in a pool: a third of a millisecond at 48 kHz, and a divisor of the block grid."""

Curve = npt.NDArray[np.signedinteger[Any]]
"""A curve in fixed point, ``(pools,)`` or ``(frames,)``."""


def _joined(before: Curve, curve: Curve) -> Curve:
    """Return both, of the type of ``curve``."""
    return np.concatenate((before, curve), dtype=curve.dtype, casting="same_kind")


class CurveDelay:
    """A delay of ``pools`` values; zeros come before."""

    def __init__(self, pools: int) -> None:
        self._held: Curve = np.zeros(pools, dtype=np.int64)

    def process(self, curve: Curve) -> Curve:
        """Return the delayed curve, of the same length; it may be a view."""
        if not self._held.shape[0]:
            return curve
        joined = _joined(self._held, curve)
        self._held = joined[curve.shape[0] :].copy()
        return joined[: curve.shape[0]]


def sliding_max(curve: Curve, window: int) -> Curve:
    """Return the maximum of every ``window`` neighbours, ``(n - window + 1,)``.

    By doubling: log2(window) passes, whatever the window.
    """
    out = curve
    width = 1
    while 2 * width <= window:
        out = np.maximum(out[:-width], out[width:])
        width *= 2
    rest = window - width
    return np.maximum(out[:-rest], out[rest:]) if rest else out


class TrailingMax:
    """The maximum of the last ``window`` values, from block to block; zeros come before."""

    def __init__(self, window: int) -> None:
        assert window >= 1
        self._window = window
        self._tail: Curve = np.zeros(window - 1, dtype=np.int64)

    def process(self, curve: Curve) -> Curve:
        """Return ``max(curve[n - window + 1 : n + 1])`` for every n."""
        if self._window == 1:
            return curve
        joined = _joined(self._tail, curve)
        self._tail = joined[-(self._window - 1) :].copy()
        return sliding_max(joined, self._window)


class Closing:
    """Fill the gaps shorter than ``window`` between two humps, and leave single humps alone.

    The closing of mathematical morphology (a dilation, then an erosion, over the same window;
    Serra, Image Analysis and Mathematical Morphology, 1982). On a limiter's reduction it is a
    hold that knows the future: between the peaks of a sustained tone the reduction stays as it
    is, after a lone transient nothing is held. Late by ``window - 1``.
    """

    def __init__(self, window: int) -> None:
        self.latency = window - 1
        self._dilate = TrailingMax(window)
        self._erode = TrailingMax(window)

    def process(self, curve: Curve) -> Curve:
        """Return the closed curve, at least as high as ``curve`` was ``latency`` ago."""
        return np.asarray(-self._erode.process(-self._dilate.process(curve)))


class Opening:
    """Keep of every hump what lasts for ``window`` values, and drop what is shorter.

    The closing's counterpart (an erosion, then a dilation). Late by ``window - 1``.
    """

    def __init__(self, window: int) -> None:
        self.latency = window - 1
        self._erode = TrailingMax(window)
        self._dilate = TrailingMax(window)

    def process(self, curve: Curve) -> Curve:
        """Return the opened curve, nowhere above what ``curve`` was ``latency`` ago."""
        return self._dilate.process(np.asarray(-self._erode.process(-curve)))


class LinearRelease:
    """Follow a curve up at once, and down by at most ``step`` a value.

    ``y[n] = max(x[n], y[n-1] - step)``, as a running maximum over a ramp.
    """

    def __init__(self, step: int) -> None:
        assert step >= 1
        self._step = step
        self._last = 0

    @property
    def idle(self) -> bool:
        """Whether it has come back to zero."""
        return self._last == 0

    def process(self, curve: Curve) -> Curve:
        """Return the released curve, no lower than ``curve``, int64."""
        ramp = self._step * np.arange(1, curve.shape[0] + 1, dtype=np.int64)
        if not curve.shape[0]:
            return curve
        raised = curve + ramp
        raised[0] = max(int(raised[0]), self._last)
        out: Curve = np.maximum.accumulate(raised) - ramp
        self._last = int(out[-1])
        return out


class RunningSum:
    """The sum of the last ``window`` values, exact; zeros come before."""

    def __init__(self, window: int) -> None:
        assert window >= 1
        self.window = window
        self._tail: Curve = np.zeros(window, dtype=np.int64)
        self._sum = 0

    @property
    def idle(self) -> bool:
        """Whether everything within the window is zero."""
        return self._sum == 0 and not self._tail.any()

    def process(self, curve: Curve) -> Curve:
        """Return the sums, of the length of ``curve``."""
        frames = curve.shape[0]
        if not frames:
            return curve
        joined = np.concatenate((self._tail, curve), dtype=np.int64)
        out = joined[self.window :] - joined[:frames]
        out[0] += self._sum
        np.cumsum(out, out=out)
        self._tail = joined[frames:].copy()
        self._sum = int(out[-1])
        return out


class BoxCascade:
    """A smooth window of at most ``length`` frames: three running means in a row.

    Their convolution is close to a quadratic B-spline, and its weights are not negative and sum
    to one, so that the mean of values that are all at least ``v`` is at least ``v``. ``scale``
    is what a constant 1 becomes.
    """

    def __init__(self, length: int) -> None:
        third = max(1, (length + 2) // 3)
        self._boxes = [RunningSum(third) for _ in range(3)]
        self.scale = float(third) ** 3

    @property
    def idle(self) -> bool:
        """Whether only zeros are within the window."""
        return all(box.idle for box in self._boxes)

    def process(self, curve: Curve) -> Curve:
        """Return ``scale`` times the smoothed curve, trailing."""
        for box in self._boxes:
            curve = box.process(curve)
        return curve


class CentredMean:
    """A smooth, symmetrical mean over ``half`` values to either side, rounded up.

    Three running means in a row, as ``BoxCascade``, whose lengths add up to the span exactly.
    Late by ``half``.
    """

    def __init__(self, half: int) -> None:
        self.latency = half
        first = 2 * half // 3
        second = (2 * half - first) // 2
        spans = (first, second, 2 * half - first - second)
        self._boxes = [RunningSum(span + 1) for span in spans if span]
        self._scale = float(np.prod([span + 1 for span in spans]))

    def process(self, curve: Curve) -> Curve:
        """Return the mean, of the type of ``curve``; exactly 0 where all of it is 0."""
        if not self._boxes:
            return curve
        out = curve
        for box in self._boxes:
            out = box.process(out)
        return np.asarray(np.ceil(out * (1.0 / self._scale)).astype(curve.dtype))
