"""Saturating curves in single precision, with antiderivative anti-aliasing.

Each is for a drive of one. A curve f is driven by ``k`` as f(k x) / k: the slope at zero stays 1,
so that quiet passages keep their level, and a drive that moves is a gain before and after one
fixed curve.

What is given is the mean of f(x) - x over the straight line between neighbouring samples, which
holds the harmonics down before they can fold: J. Parker, V. Zavalishin and E. Le Bivic, "Reducing
the Aliasing of Nonlinear Waveshaping Using Continuous-Time Convolution", DAFx 2016.

The usual quotient of differences loses all digits where neighbours lie close, the sooner in single
precision. Here none is taken: the round curves' mean is (a + b) / (r(a) + r(b)) with
r(x) = sqrt(1 + x^2); in the clips, a^2 - b^2 and a^3 - b^3 are factored, and the remaining ratio
is known to be 1 wherever both neighbours lie on one piece of the curve.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block32


class Shape(Protocol):
    """A memoryless nonlinearity f with slope 1 at zero, given by what it adds to the signal."""

    @property
    def clean_below(self) -> float:
        """The magnitude up to which what f adds is nothing, or below -140 dB of the signal."""

    def added(self, signal: Block32) -> Block32:
        """Return the mean of f(x) - x between neighbours, ``(frames + 1,)`` to ``(frames,)``."""


@dataclass(frozen=True, slots=True)
class RoundShape:
    """x / sqrt(1 + x^2), lifted along its curve by a bias that makes its halves differ.

    Attributes:
        bias: Where on the curve silence sits; 0 is its middle, and leaves odd harmonics alone.
    """

    bias: float = 0.0

    @property
    def clean_below(self) -> float:
        """Up to here x^2 / 2, or with a bias at most 0.75 x, is below -140 dB."""
        return 1e-4 if self.bias == 0.0 else 1e-7

    def added(self, signal: Block32) -> Block32:
        """Return the mean of f(x) - x between neighbours, ``(frames + 1,)`` to ``(frames,)``."""
        one, half = np.float32(1.0), np.float32(0.5)
        driven = signal if self.bias == 0.0 else signal + np.float32(self.bias)
        root = driven * driven
        root += one
        np.sqrt(root, out=root)
        mean = root[1:] + root[:-1]
        np.divide(one, mean, out=mean)
        total = signal[1:] + signal[:-1]
        if self.bias == 0.0:
            mean -= half
            mean *= total
            return mean
        flat = 1.0 + self.bias * self.bias
        scale = flat * math.sqrt(flat)  # 1 / g'(bias)
        # scale ((total + 2 bias) mean - g(bias)) - total / 2, sorted so that little cancels.
        at_rest = 0.5 / math.sqrt(flat)
        offset = mean - np.float32(at_rest)
        offset *= np.float32(2.0 * scale * self.bias)
        mean *= np.float32(scale)
        mean -= half
        mean *= total
        mean += offset
        return mean


@dataclass(frozen=True, slots=True)
class HardShape:
    """Cuts flat at 1."""

    @property
    def clean_below(self) -> float:
        """The ceiling."""
        return 1.0

    def added(self, signal: Block32) -> Block32:
        """Return the mean of f(x) - x between neighbours, ``(frames + 1,)`` to ``(frames,)``."""
        excess = np.abs(signal)
        excess -= np.float32(1.0)
        added, where, a, b = _bent(signal, excess)
        left, right = a - np.clip(a, -1.0, 1.0), b - np.clip(b, -1.0, 1.0)
        # The antiderivative of the excess is half its square.
        share = np.where(left * right > 0.0, np.float32(1.0), (right - left) / _step(a, b))
        added[where] = np.float32(-0.5) * (left + right) * share
        return added


@dataclass(frozen=True, slots=True)
class SoftShape:
    """Straight up to a knee, then a parabola that reaches 1 with slope 0, then flat.

    Attributes:
        knee: How much of the way to the ceiling is bent, above 0, up to 1: the parabola begins
            at 1 - knee and ends at 1 + knee.
    """

    knee: float = 0.5

    @property
    def clean_below(self) -> float:
        """Where the knee begins."""
        return 1.0 - self.knee

    def added(self, signal: Block32) -> Block32:
        """Return the mean of f(x) - x between neighbours, ``(frames + 1,)`` to ``(frames,)``."""
        begins, width = np.float32(1.0 - self.knee), np.float32(2.0 * self.knee)
        depth = np.abs(signal)
        depth -= begins
        added, where, a, b = _bent(signal, depth)
        left = np.maximum(np.abs(a) - begins, np.float32(0.0))
        right = np.maximum(np.abs(b) - begins, np.float32(0.0))
        # In the knee u the function is -u^2 / (2 w); beyond it, v further on, -(w/2 + v).
        u, w = np.minimum(left, width), np.minimum(right, width)
        v, z = left - u, right - w
        step = _step(a, b)
        side = np.copysign(np.float32(1.0), a)
        one_side = (u > 0.0) & (w > 0.0) & (a * b > 0.0)
        in_knee = np.where(one_side & (v + z == 0.0), side, (w - u) / step)
        beyond = np.where(one_side, side - in_knee, (z - v) / step)
        total = in_knee * (u * u + u * w + w * w) * (np.float32(1.0 / 3.0) / width)
        total += beyond * (width + v + z)
        added[where] = np.float32(-0.5) * total
        return added


def _bent(
    signal: Block32, depth: Block32
) -> tuple[Block32, npt.NDArray[np.intp], Block32, Block32]:
    """Return zeros to fill, which pairs of neighbours reach above a depth of 0, and those pairs.

    NaN counts as deep.
    """
    shallow = depth <= 0.0
    where = np.flatnonzero(~(shallow[1:] & shallow[:-1]))
    return (
        np.zeros(len(signal) - 1, dtype=np.float32),
        where,
        signal[where],
        signal[where + 1],
    )


def _step(a: Block32, b: Block32) -> Block32:
    """Return b - a, never 0: where neighbours are equal, what is divided by it is 0 too."""
    step = b - a
    step[step == 0.0] = 1.0
    return step
