"""Streaming operations on pooled curves: sliding maxima, closing, release, running means.

A pool is ``POOL_FRAMES`` frames, counted from the session's zero. All curves here are int64:
sums and maxima of integers do not depend on how the stream is cut, and come back to exactly
zero, which a running sum of floats never does.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

POOL_FRAMES = 16
"""Frames in a pool: a third of a millisecond at 48 kHz, and a divisor of the block grid."""

Curve = npt.NDArray[np.int64]
"""A curve in fixed point, ``(pools,)`` or ``(frames,)``."""


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
        joined = np.concatenate((self._tail, curve))
        self._tail = joined[-(self._window - 1) :]
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


class LinearRelease:
    """Follow a curve up at once, and down by at most ``step`` a value.

    ``y[n] = max(x[n], y[n-1] - step)``, as a running maximum over a ramp.
    """

    def __init__(self, step: int) -> None:
        assert step >= 1
        self._step = step
        self._last = 0

    def process(self, curve: Curve) -> Curve:
        """Return the released curve, no lower than ``curve``."""
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
        joined = np.concatenate((self._tail, curve))
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
