"""K-weighting: the filters before every loudness figure (ITU-R BS.1770-5, Annex 1)."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.errors import UsageError
from mixmaster.units import db_to_gain

LOWEST_RATE_HZ: Final = 8_000
HIGHEST_RATE_HZ: Final = 768_000

# The published coefficients for 48 kHz (ITU-R BS.1770-5, Annex 1, tables 1 and 2).
_SHELF_48K = (
    *(1.53512485958697, -2.69169618940638, 1.19839281085285),
    *(-1.69065929318241, 0.73248077421585),
)
_HIGH_PASS_48K = (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621)

# The analogue prototypes behind those tables, so that other rates weigh alike; found by
# inverting the bilinear transform (B. De Man, "Evaluation of implementations of the EBU R128
# loudness measurement", AES 145, 2018).
_SHELF_HZ = 1681.974450955533
_SHELF_GAIN_DB = 3.999843853973347
_SHELF_Q = 0.7071752369554196
_SHELF_BAND_EXPONENT = 0.4996667741545416
_HIGH_PASS_HZ = 38.13547087602444
_HIGH_PASS_Q = 0.5003270373238773


def k_weighting_sos(sample_rate_hz: int) -> Block:
    """Return the K-weighting filter at a sample rate as second-order sections.

    At 48 kHz these are the published coefficients; at other rates the bilinear transform of
    the same analogue prototypes. The high-pass has a numerator of 1, -2, 1 at every rate, as
    in the standard.

    Args:
        sample_rate_hz: From 8,000 to 768,000.

    Returns:
        ``(2, 6)``: the shelf, then the high-pass, in the order b0 b1 b2 a0 a1 a2, a0 = 1.

    Raises:
        UsageError: For a rate outside that range.
    """
    if not LOWEST_RATE_HZ <= sample_rate_hz <= HIGHEST_RATE_HZ:
        raise UsageError(
            "",
            f"loudness can not be measured at {sample_rate_hz} Hz",
            f"from {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz",
        )
    published = sample_rate_hz == 48_000
    shelf = _SHELF_48K if published else _shelf(sample_rate_hz)
    high_pass = _HIGH_PASS_48K if published else _high_pass(sample_rate_hz)
    return np.array([(*row[:3], 1.0, *row[3:]) for row in (shelf, high_pass)])


def _poles(frequency_hz: float, q: float, sample_rate_hz: int) -> tuple[float, float, float, float]:
    """Return the bilinear K and the denominator a0, a1/a0, a2/a0 of a second-order section."""
    k = math.tan(math.pi * frequency_hz / sample_rate_hz)
    a0 = 1.0 + k / q + k * k
    return k, a0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0


def _shelf(sample_rate_hz: int) -> tuple[float, ...]:
    k, a0, a1, a2 = _poles(_SHELF_HZ, _SHELF_Q, sample_rate_hz)
    high = db_to_gain(_SHELF_GAIN_DB)
    band = high**_SHELF_BAND_EXPONENT * k / _SHELF_Q
    k2 = k * k
    return (high + band + k2) / a0, 2.0 * (k2 - high) / a0, (high - band + k2) / a0, a1, a2


def _high_pass(sample_rate_hz: int) -> tuple[float, ...]:
    _, _, a1, a2 = _poles(_HIGH_PASS_HZ, _HIGH_PASS_Q, sample_rate_hz)
    return 1.0, -2.0, 1.0, a1, a2
