"""The gain at which two signals cancel, told from sums of their products."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.units import power_to_db

_UNITY: Final = 1e-7
"""A gain this near to 1 is taken for 1, so that equal samples cancel to nothing."""

_ROUNDING: Final = 1e-15
"""What sums of products can tell of a null: nothing below -150 dB."""


@dataclass(slots=True)
class Fit:
    """Sums of products of two signals over one stretch.

    Attributes:
        one: Of the first with itself.
        two: Of the second with itself.
        both: Of one with the other.
    """

    one: float = 0.0
    two: float = 0.0
    both: float = 0.0

    def add(self, one: Block, two: Block) -> None:
        """Take more of the stretch, both ``(channels, frames)``."""
        self.one += float(np.vdot(one, one))
        self.two += float(np.vdot(two, two))
        self.both += float(np.vdot(one, two))

    @property
    def gain(self) -> float:
        """The least-squares gain; 1 for silence, and where it is 1 but for rounding."""
        if self.one == 0.0 or self.both == 0.0:
            return 1.0
        gain = self.both / self.one
        return math.copysign(1.0, gain) if abs(abs(gain) - 1.0) < _UNITY else gain

    @property
    def rest(self) -> float:
        """The power that is left with that gain; rounding hides what is below -150 dB."""
        if self.one == 0.0:
            return self.two
        return max(self.two - self.both * self.both / self.one, _ROUNDING * self.two)

    @property
    def alike(self) -> bool:
        """Whether the signals have more in common than not."""
        return 2.0 * self.rest < self.two


class Fits:
    """Stretches of two signals, one after the other.

    Args:
        frames: The length of a stretch.
    """

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._left = 0
        self._fits: list[Fit] = []

    def add(self, one: Block, two: Block) -> None:
        """Take the next blocks, both ``(channels, frames)``."""
        first = 0
        while first < one.shape[1]:
            if not self._left:
                self._fits.append(Fit())
                self._left = self._frames
            stop = min(one.shape[1], first + self._left)
            self._fits[-1].add(one[:, first:stop], two[:, first:stop])
            self._left -= stop - first
            first = stop

    @property
    def gain(self) -> float:
        """The gain of most of the song: the median of the stretches' own, by their power.

        Unlike the gain that leaves least, it is not moved by what differs somewhere else.
        """
        fits = sorted((fit for fit in self._fits if fit.alike), key=lambda fit: fit.gain)
        if not fits:
            total = Fit(
                sum(fit.one for fit in self._fits),
                sum(fit.two for fit in self._fits),
                sum(fit.both for fit in self._fits),
            )
            return total.gain if total.alike else 1.0
        weights = np.cumsum([fit.two for fit in fits])
        return fits[int(np.searchsorted(weights, 0.5 * weights[-1]))].gain

    @property
    def null_db(self) -> float:
        """How far the stretches cancel, each with its own gain."""
        two = sum(fit.two for fit in self._fits)
        if two == 0.0:
            return 0.0 if any(fit.one for fit in self._fits) else -math.inf
        return power_to_db(sum(fit.rest for fit in self._fits) / two)
