"""How loud a track may become at a target: its ceiling, its limiter and its dynamics in the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.mastering.target import Target
from mixmaster.metering.loudness import short_term_lufs

UNLIMITED_MARGIN_DB: Final = 0.01
"""So far under the ceiling stays what is not limited: room for rounding and dither."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be done to a track on its way to a loudness.

    Attributes:
        limiting: Whether it may be limited; not so for approved masters, for chains without a
            limiter, for targets that take nothing limited.
        only_down: Whether it may only be turned down: an approved master.
        min_plr_lu: The lowest peak-to-loudness ratio that its master may have.
        most_reduction_db: The most that the limiter may take away at any moment.
        ceiling_dbtp: Instead of the target's.
    """

    limiting: bool = True
    only_down: bool = False
    min_plr_lu: float | None = None
    most_reduction_db: float | None = None
    ceiling_dbtp: float | None = None


FREE: Final = Limits()
"""A mix whose chain has a limiter that may do as it must."""

APPROVED: Final = Limits(limiting=False, only_down=True)
"""An approved master: turned down where it must be, never limited again."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The greatest loudness that a track may have.

    Attributes:
        lufs: It; None where nothing stands in the way.
        why: What stands in the way, in words; empty where nothing does.
    """

    lufs: float | None
    why: str = ""


def ceiling_of(target: Target, limits: Limits, integrated_lufs: float | None) -> float | None:
    """Return the ceiling of a track at a target, dBTP; None where there is none."""
    if limits.ceiling_dbtp is not None:
        return limits.ceiling_dbtp
    return target.ceiling_dbtp(integrated_lufs)


@dataclass(frozen=True, slots=True)
class Heard:
    """A track before its gain.

    Attributes:
        integrated_lufs: Its loudness.
        true_peak_dbtp: Its true peak; None for silence.
        short_term_lufs: Its loudest 3 s; None where nobody knows.
    """

    integrated_lufs: float
    true_peak_dbtp: float | None
    short_term_lufs: float | None = None


def loudest_3_s_lufs(powers: Block) -> float | None:
    """Return the loudest short-term loudness of weighted powers, ``(slices,)``; None if short."""
    values = short_term_lufs(powers[None, :], np.ones(1))
    highest = float(values.max()) if values.size else -np.inf
    return highest if highest > -np.inf else None


def reach_of(target: Target, limits: Limits, heard: Heard) -> Reach:
    """Return how loud a track may become at a target.

    Of a signal that is limited, the peak is the ceiling, so that its peak-to-loudness ratio is
    the ceiling less its loudness; of one that is not, the ratio stays. A limiter takes away from
    the highest peak what it stands over the ceiling. Both are exact for a limiter that changes
    peaks and leaves loudness alone, and near for one that takes little; what the master itself
    shows counts in the end (``album.AlbumLevels.lowered``).
    """
    rule = target.louder
    if rule is None or limits.ceiling_dbtp is not None:
        return _under(target, ceiling_of(target, limits, None), limits, heard)
    # Louder than some loudness, the ceiling is stricter.
    strict = _under(target, rule.true_peak_dbtp, limits, heard)
    if strict.lufs is None or strict.lufs > rule.than_lufs:
        return strict
    usual = _under(target, target.true_peak_dbtp, limits, heard)
    if usual.lufs is not None and usual.lufs <= rule.than_lufs:
        return usual
    why = f"{strict.why} (louder than {rule.than_lufs:g} LUFS the ceiling is stricter)"
    return Reach(rule.than_lufs, why)


def _under(target: Target, ceiling: float | None, limits: Limits, heard: Heard) -> Reach:
    lufs, peak = heard.integrated_lufs, heard.true_peak_dbtp
    found: list[tuple[float, str]] = []
    if limits.only_down:
        found.append((lufs, "an approved master is only turned down"))
    for most in (target.short_term_lufs, target.max_short_term_lufs):
        if most is not None and heard.short_term_lufs is not None:
            why = f"its loudest 3 s would pass {most:g} LUFS"
            found.append((most - (heard.short_term_lufs - lufs), why))
    if ceiling is not None and peak is not None:
        found += _under_ceiling(ceiling, limits, lufs, peak)
    if not found:
        return Reach(None)
    return Reach(*min(found))


def _under_ceiling(
    ceiling: float, limits: Limits, lufs: float, peak: float
) -> list[tuple[float, str]]:
    plr = peak - lufs
    if not limits.limiting:
        if limits.only_down and peak <= ceiling:
            return []  # not a sample of it has to be changed
        why = f"it is not limited, and its true peak would pass {ceiling:g} dBTP"
        return [(ceiling - UNLIMITED_MARGIN_DB - plr, why)]
    found = []
    least, most = limits.min_plr_lu, limits.most_reduction_db
    if least is not None and plr > least:  # what has less by itself gets none back
        why = f"louder, its peak-to-loudness ratio would be under {least:g} LU"
        found.append((ceiling - least, why))
    if most is not None:
        why = f"louder, it would need more than {most:g} dB of gain reduction"
        found.append((ceiling + most - plr, why))
    return found
