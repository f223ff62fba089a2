"""Pan laws, balance and width, as the matrices of a node's post point."""

from __future__ import annotations

import math

from mixmaster.engine.graph import Matrix
from mixmaster.mixing.preset import PanLaw


def pan_gains(pan: float, law: PanLaw) -> tuple[float, float]:
    """Return the gains of a mono source into left and right.

    Args:
        pan: -1 (left) to +1 (right).
        law: ``constant_power`` -3.01 dB in the centre, cos and sin of p pi/2; ``linear``
            -6.02 dB, 1 - p and p; ``compromise`` -4.5 dB, their geometric mean; ``unity``
            0 dB in the centre, where a pan only takes away from the other side.
    """
    p = (pan + 1.0) / 2.0
    if law == "unity":
        return min(1.0, 2.0 * (1.0 - p)), min(1.0, 2.0 * p)
    if law == "linear":
        return 1.0 - p, p
    # Hard left and right are exactly 1 and 0, which cos and sin miss by 1e-17.
    left = 0.0 if p == 1.0 else math.cos(p * math.pi / 2.0)
    right = 1.0 if p == 1.0 else math.sin(p * math.pi / 2.0)
    if law == "constant_power":
        return left, right
    return math.sqrt((1.0 - p) * left), math.sqrt(p * right)


def post_matrix(channels: int, *, gain: float, pan: float, width: float, law: PanLaw) -> Matrix:
    """Return the matrix of fader, pan and width, two rows.

    A stereo source is narrowed or widened first (mid and side, side times ``width``), then
    balanced: 0 dB in the centre, and a pan only takes away from the other side.

    Args:
        channels: 1 or 2.
        gain: The fader, linear.
        pan: -1 to +1.
        width: 0 to 2; read for stereo only.
        law: The pan law; read for mono only.
    """
    if channels == 1:
        left, right = pan_gains(pan, law)
        return ((gain * left,), (gain * right,))
    left, right = pan_gains(pan, "unity")
    same, other = (1.0 + width) / 2.0, (1.0 - width) / 2.0
    return (
        (gain * left * same, gain * left * other),
        (gain * right * other, gain * right * same),
    )
