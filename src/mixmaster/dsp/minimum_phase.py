"""Minimum-phase kernels of a magnitude that is known at every frequency.

Of all responses of one magnitude it is the one whose energy comes first, as that of a loudspeaker
does. Its phase is the Hilbert transform of the logarithm of the magnitude; by way of the cepstrum,
folded onto its causal half (A. Oppenheim and R. Schafer, "Discrete-Time Signal Processing", 3rd
ed., section 13.5).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.units import db_to_gain

_KERNEL_S: Final = 0.3
"""So much of a response is kept: its bins are some 3 Hz apart."""

_GRID: Final = 8
"""The cepstrum is taken on a grid so many times as long, or what is beyond it would fold back."""


def minimum_phase_kernel(level_db: Callable[[Block], Block], sample_rate_hz: int) -> Block:
    """Return the impulse response of a magnitude, ``(taps,)``, a power of two from 0.3 s on.

    Args:
        level_db: The magnitude in dB, of frequencies above 0 Hz; finite everywhere.
        sample_rate_hz: The rate.
    """
    from scipy.fft import irfft, rfft

    taps = 1 << (int(_KERNEL_S * sample_rate_hz) - 1).bit_length()
    size = _GRID * taps
    hz: Block = np.arange(size // 2 + 1, dtype=np.float64) * (sample_rate_hz / size)
    hz[0] = 0.5 * hz[1]
    # The logarithm of the gain: the real cepstrum.
    cepstrum = irfft(np.log(db_to_gain(level_db(hz))), size)
    cepstrum[1 : size // 2] *= 2.0
    cepstrum[size // 2 + 1 :] = 0.0
    kernel = irfft(np.exp(rfft(cepstrum)), size)[:taps]
    fade = taps // 4
    kernel[-fade:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
    return np.asarray(kernel)
