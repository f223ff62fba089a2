"""Gain staging: each strip brought to a known loudness before its inserts.

Real stems of one song span 15 LU; without staging an absolute threshold or a fader position
means nothing. The gain is solved once for the whole strip, over the time in which it plays, so
that the relations between its instances (two toms, four backing vocals) stay as recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import Block
from mixmaster.metering.loudness import gating_block_powers, lufs_of_power
from mixmaster.results import Result
from mixmaster.units import db_to_power

ACTIVE_RANGE_LU = 10.0
"""A gating block counts as playing when it is less than this under the strip's loud blocks."""

LOUD_BLOCKS = 5
"""The strip's loud level is its fifth loudest gating block: one click (4 overlapping blocks)
does not set it, two hits of a tom do. A share of the whole song would miss a lone fill."""

QUIETEST_LUFS = -50.0
"""A strip whose loud blocks stay under this holds only bleed or noise."""

SHORTEST_ACTIVE_S = 0.6
"""A strip that plays for less is mostly silence: a single click already touches five blocks."""

HOP_S = 0.1


@dataclass(frozen=True, slots=True)
class Staging(Result):
    """What staging did to a strip.

    Attributes:
        strip: The strip's id, such as ``strip.kick``.
        before_lufs: Its loudness while it plays; None for silence.
        active_s: For how long it plays.
        gain_db: The gain applied before the inserts.
        after_lufs: Its loudness after that gain; None for silence.
        note: Why the gain is not what was asked for; empty if it is.
    """

    strip: str
    before_lufs: float | None
    active_s: float
    gain_db: float
    after_lufs: float | None
    note: str = ""


def active_loudness(powers: Block, *, hops_only: bool = False) -> tuple[float | None, float]:
    """Return a strip's loudness over the time in which it plays, and that time in seconds.

    The gating blocks of BS.1770-5 (400 ms every 100 ms) within ``ACTIVE_RANGE_LU`` of the loud
    ones. The standard's own relative gate hangs on the mean, which for a tom that is hit
    three times lies in the bleed of the cymbals.

    Args:
        powers: K-weighted power in slices of 10 ms, summed over the strip's channels and
            instances, ``(slices,)``.
        hops_only: Whether the slices are of 100 ms.
    """
    blocks = gating_block_powers(powers, hops_only=hops_only)
    if not blocks.size:
        return None, 0.0
    loud = float(np.sort(blocks)[-min(LOUD_BLOCKS, blocks.size)])
    if loud <= 0.0:
        loud = float(blocks.max())
    if loud <= 0.0:
        return None, 0.0
    active = blocks[blocks > loud * db_to_power(-ACTIVE_RANGE_LU)]
    return lufs_of_power(float(active.mean())), active.size * HOP_S


def stage(strip: str, powers: Block, input_lufs: float, max_gain_db: float) -> Staging:
    """Return the gain that brings a strip to ``input_lufs``.

    Args:
        strip: The strip's id, for the result.
        powers: As for ``active_loudness``.
        input_lufs: Where its loudness is to be.
        max_gain_db: It is never raised by more than this.
    """
    before, active_s = active_loudness(powers)
    if before is None:
        return Staging(strip, None, active_s, 0.0, None, "silent: left as it is")
    gain_db = input_lufs - before
    note = ""
    if gain_db > 0.0 and (before < QUIETEST_LUFS or active_s < SHORTEST_ACTIVE_S):
        what = "plays for only" if before >= QUIETEST_LUFS else "holds only bleed or noise:"
        figure = f"{active_s:.1f} s" if before >= QUIETEST_LUFS else f"{before:.1f} LUFS"
        gain_db, note = 0.0, f"{what} {figure}; not raised"
    elif gain_db > max_gain_db:
        note = f"{gain_db:.1f} dB were needed; raised by the most allowed"
        gain_db = max_gain_db
    return Staging(strip, before, active_s, gain_db, before + gain_db, note)


def sum_powers(parts: list[Block]) -> Block:
    """Return the powers of several files added up, ``(slices,)``: they play at the same time.

    Args:
        parts: One array a file, ``(channels, slices)``; shorter ones are silent after their end.
    """
    total = np.zeros(max((part.shape[1] for part in parts), default=0))
    for part in parts:
        total[: part.shape[1]] += part.sum(axis=0)
    return total
