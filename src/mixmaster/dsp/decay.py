"""How long a recursive filter rings."""

from __future__ import annotations

import math

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block, zeros
from mixmaster.dsp.sos import SosFilter

SILENCE = 1e-6
"""-120 dBFS: what counts as silence at the end of a tail."""

_LONGEST_FRAMES = 1 << 24
"""Longer than any tail that is kept (a minute at 192 kHz): looking further would be in vain."""


def ring_out_samples(sos: Block, level: float = SILENCE) -> int:
    """Return after how many frames a cascade stays below ``level``, whatever went in.

    What is left after the end of an input of at most 1 is bounded by the sum of the impulse
    response's magnitudes from there on; that sum is taken from the impulse response itself,
    rounded up to the grid of 4,096 frames. The slowest pole says how far to look.

    Args:
        sos: ``(sections, 6)``, all poles inside the unit circle.
        level: The linear level that counts as silence.
    """
    slowest = max(
        (float(np.max(np.abs(np.roots(row[3:])))) for row in sos if np.any(row[4:])), default=0.0
    )
    assert slowest < 1.0
    if slowest == 0.0:
        return 2 * len(sos)
    # Poles that coincide ring as n^k r^n: six time constants a section are ample for that.
    constants = -math.log(level) - math.log1p(-slowest) + 6.0 * len(sos)
    horizon = min(math.ceil(constants / -math.log(slowest)), _LONGEST_FRAMES)
    filtered = SosFilter(sos, 1)
    sums = []
    block = zeros(1, GRID_FRAMES)
    block[0, 0] = 1.0
    for _ in range(0, horizon, GRID_FRAMES):
        sums.append(float(np.abs(filtered.process(block)).sum()))
        block[0, 0] = 0.0
    left = np.cumsum(np.array(sums)[::-1])[::-1]  # left[i]: from frame 4096 i to the end
    loud = np.flatnonzero(left >= level)
    return GRID_FRAMES * (int(loud[-1]) + 1) if loud.size else 0
