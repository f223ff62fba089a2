"""Delays by any number of samples, whole or not.

A windowed sinc: the ideal interpolator's taps under a Kaiser window (T. Laakso, V. Välimäki,
M. Karjalainen and U. Laine, "Splitting the unit delay", IEEE Signal Processing Magazine 13(1),
1996, section "FIR filters").
"""

from __future__ import annotations

import math

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.convolver import Convolver
from mixmaster.dsp.delay_line import DelayLine

HALF_TAPS = 48
"""Half the kernel's length: flat and of exact delay to 0.467 of the rate (20.6 kHz at 44.1)."""

_KAISER_BETA = 0.1102 * (100.0 - 8.7)
"""100 dB (J. Kaiser's formula, as in Oppenheim and Schafer, section 7.5): the error is 1e-5."""

_WHOLE = 1e-6
"""Closer to a whole sample than this is whole: 20 ps at 48 kHz."""


def kernel(fraction: float) -> Block:
    """Return the taps that delay by ``HALF_TAPS - 1 + fraction``, ``(2 HALF_TAPS,)``.

    Args:
        fraction: 0 to 1; at 0 and 1 a single tap is 1 and all others are 0.
    """
    assert 0.0 <= fraction <= 1.0
    distance = np.arange(2 * HALF_TAPS) - (HALF_TAPS - 1 + fraction)
    inside = np.sqrt(np.maximum(0.0, 1.0 - (distance / HALF_TAPS) ** 2))
    taps = np.sinc(distance) * np.i0(_KAISER_BETA * inside) / np.i0(_KAISER_BETA)
    return np.asarray(taps / taps.sum())


class FractionalDelay:
    """Delays blocks; a whole number of samples is exact to the bit.

    A delay between samples that is shorter than the interpolator's half needs the future: by as
    much the output lags in addition, which `latency_samples` says.

    Args:
        channels: Channels of every block.
        samples: The delay, 0 or more.

    Attributes:
        latency_samples: By how much more than ``samples`` the output lags.
        tail_samples: For how long sound goes on after the input's end and the latency.
    """

    def __init__(self, channels: int, samples: float) -> None:
        assert samples >= 0.0
        whole = math.floor(samples + _WHOLE)
        fraction = samples - whole
        self.latency_samples = 0
        self._filter: Convolver | None = None
        if abs(fraction) <= _WHOLE:
            self.tail_samples = whole
            self._line = DelayLine(channels, whole)
            return
        spare = whole - (HALF_TAPS - 1)
        self.latency_samples = max(0, -spare)
        self.tail_samples = whole + HALF_TAPS + 1
        self._line = DelayLine(channels, max(0, spare))
        self._filter = Convolver(kernel(fraction)[np.newaxis], channels)

    def process(self, block: Block) -> Block:
        """Return the delayed block, ``(channels, frames)``; the very block for no delay."""
        block = self._line.process(block)
        return block if self._filter is None else self._filter.process(block)
