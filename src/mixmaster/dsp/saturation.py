"""Saturating curves, with antiderivative anti-aliasing.

Each curve has slope 1 at zero, so that quiet passages keep their level, and is given as the mean
of f(x) - x over the straight line between neighbouring samples, which holds the harmonics down
before they can fold: J. Parker, V. Zavalishin and E. Le Bivic, "Reducing the Aliasing of Nonlinear
Waveshaping Using Continuous-Time Convolution", DAFx 2016; S. Bilbao, F. Esqueda, J. Parker and
V. Valimaki, "Antiderivative Antialiasing for Memoryless Nonlinearities", IEEE SPL 24 (2017).

The round curves are x / sqrt(1 + x^2), whose mean from a to b is (a + b) / (r(a) + r(b)) with
r(x) = sqrt(1 + x^2): no small differences are divided, so no case needs an exception.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import Block

_NEARBY = 1e-6
"""Neighbours closer than this are taken as one point: the quotient would be rounding alone."""


@dataclass(frozen=True, slots=True)
class Round:
    """x / sqrt(1 + (k x)^2), lifted along its curve by a bias.

    Without bias it is odd; with it the halves differ, and even harmonics appear. f(0) = 0 and
    f'(0) = 1 in both cases.

    Attributes:
        steepness: k; with k^2 = 10^(d/10) - 1 and no bias a peak of 1 comes out d dB lower.
        bias: Where on the curve silence sits; 0 is its middle.
    """

    steepness: float
    bias: float = 0.0

    @property
    def clean_below(self) -> float:
        """Everything is bent, if ever so little."""
        return 0.0

    def added(self, signal: Block) -> Block:
        """Return the mean of f(x) - x between neighbours, ``(frames + 1,)`` to ``(frames,)``."""
        total = signal[1:] + signal[:-1]
        driven = self.steepness * signal + self.bias
        root = np.sqrt(1.0 + driven * driven)
        mean = (driven[1:] + driven[:-1]) / (root[1:] + root[:-1])
        flat = 1.0 + self.bias * self.bias
        scale = flat * math.sqrt(flat) / self.steepness  # 1 / (k g'(bias))
        return np.asarray(scale * (mean - self.bias / math.sqrt(flat)) - 0.5 * total)


@dataclass(frozen=True, slots=True)
class HardClip:
    """Cuts flat at the ceiling.

    Attributes:
        ceiling: The largest magnitude that comes out.
    """

    ceiling: float

    @property
    def clean_below(self) -> float:
        """The ceiling."""
        return self.ceiling

    def added(self, signal: Block) -> Block:
        """Return the mean of f(x) - x between neighbours, ``(frames + 1,)`` to ``(frames,)``."""
        excess = signal - np.clip(signal, -self.ceiling, self.ceiling)
        # The antiderivative of the excess is half its square.
        return _mean(signal, -0.5 * excess * excess, -excess)


@dataclass(frozen=True, slots=True)
class SoftClip:
    """Straight up to half the ceiling, then a parabola that reaches it at 1.5 times the ceiling.

    Attributes:
        ceiling: The largest magnitude that comes out.
    """

    ceiling: float

    @property
    def clean_below(self) -> float:
        """Where the knee begins."""
        return 0.5 * self.ceiling

    def added(self, signal: Block) -> Block:
        """Return the mean of f(x) - x between neighbours, ``(frames + 1,)`` to ``(frames,)``."""
        t = self.ceiling
        into = np.maximum(np.abs(signal) - 0.5 * t, 0.0)
        knee = np.minimum(into, t)
        beyond = into - knee
        # In the knee -u^2 / (2 t); beyond it the slope of the excess is -1.
        added = knee * knee / (-2.0 * t) - beyond
        integral = knee * knee * knee / (-6.0 * t) - beyond * (0.5 * t + 0.5 * beyond)
        return _mean(signal, integral, np.copysign(added, -signal))


def _mean(signal: Block, integral: Block, values: Block) -> Block:
    """Return the mean of a function over the line between neighbours, from its antiderivative.

    Args:
        signal: Where, ``(frames + 1,)``.
        integral: The antiderivative there.
        values: The function there: what the mean is where neighbours all but coincide.
    """
    step = np.diff(signal)
    near = np.abs(step) < _NEARBY
    mean = np.diff(integral) / np.where(near, 1.0, step)
    return np.where(near, 0.5 * (values[1:] + values[:-1]), mean)
