"""Playing faster or slower, as a tape would: pitch and length change together."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixmaster.arrays import Block32


def varispeed(sound: Block32, speed: float) -> Block32:
    """Return ``sound`` played at ``speed`` times its speed; frame 0 stays at time 0.

    soxr's VHQ recipe, band-limited, linear phase, without delay.

    Args:
        sound: ``(channels, frames)``.
        speed: 2 is an octave higher and half as long.
    """
    if speed == 1.0:
        return sound
    import soxr

    played: Any = soxr.resample(np.ascontiguousarray(sound.T), speed, 1.0, quality="VHQ")
    return np.ascontiguousarray(played.T)
