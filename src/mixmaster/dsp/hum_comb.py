"""A comb of narrow notches at the multiples of a mains frequency.

Each notch is a Chebyshev filter of the second kind (order 2, so two sections): flat outside, and a
floor of two zeros inside. A plain notch that leaves a tone 3 Hz away alone is 40 dB deep only
within 0.03 Hz, less than any grid wanders; this one is 54 dB deep over three times that width.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.decay import SILENCE, ring_out_samples
from mixmaster.units import db_to_power

DEPTH_DB = 54.0
EDGE_LOSS_DB = 1.0


def floor_half_width_hz(width_hz: float) -> float:
    """Return how far from a harmonic the full depth holds.

    The order-2 Chebyshev function T2 says how the edges of pass and stop band relate:
    cosh(acosh(sqrt((10^(A/10) - 1) / (10^(L/10) - 1))) / 2) (Oppenheim and Schafer, appendix B.2).

    Args:
        width_hz: How far from the harmonic a tone loses ``EDGE_LOSS_DB``.
    """
    stop, edge = (db_to_power(db) - 1.0 for db in (DEPTH_DB, EDGE_LOSS_DB))
    return width_hz / math.cosh(0.5 * math.acosh(math.sqrt(stop / edge)))


def hum_comb(
    mains_hz: float, multiples: Iterable[int], width_hz: float, sample_rate_hz: float
) -> Block:
    """Return the notches in a cascade, ``(2 sections a multiple, 6)``.

    Args:
        mains_hz: The fundamental.
        multiples: Which harmonics are cut; all below the Nyquist frequency by ``width_hz``.
        width_hz: A tone so far from a harmonic loses 1 dB.
        sample_rate_hz: The rate.
    """
    from scipy.signal import cheby2

    half_hz = floor_half_width_hz(width_hz)
    rows = []
    for multiple in multiples:
        centre_hz = multiple * mains_hz
        assert width_hz < centre_hz < 0.5 * sample_rate_hz - width_hz
        edges_hz = (centre_hz - half_hz, centre_hz + half_hz)
        rows.append(
            cheby2(2, DEPTH_DB, edges_hz, btype="bandstop", output="sos", fs=sample_rate_hz)
        )
    return np.concatenate(rows)


def comb_tail_samples(sos: Block) -> int:
    """Return after how many frames a comb stays below -120 dBFS, whatever went in.

    The notches are so far apart that each rings by itself: their ringing adds up.
    """
    level = SILENCE / len(sos)
    ends = (sos[:2], sos[-2:])
    return max(ring_out_samples(pair, level) for pair in ends) + GRID_FRAMES
