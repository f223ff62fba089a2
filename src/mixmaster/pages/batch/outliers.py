"""What stands out in a batch: what is off its target's limits, and what is unlike its neighbours.

Unlike is what lies more than 3.5 robust standard deviations from the median of its like: the
modified z-score of Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (ASQC, 1993), 1.4826
times the median absolute deviation standing for the standard deviation. Where nearly all are equal
that becomes 0, and a hair's breadth would stand out: so a figure has a least deviation, below which
a difference is nothing that anybody would look at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.pages.axes import clock
from mixmaster.pages.batch.data import PageOutput

LIMIT_Z: Final = 3.5
FEWEST: Final = 8
"""Of fewer, nobody can say what is usual."""

_MAD_TO_SIGMA: Final = 1.4826
_ROUNDING: Final = 0.005
"""Figures are compared as they are printed, to two decimals."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that stands out.

    Attributes:
        figure: Which figure: ``loudness``, ``peak``, ``limiter``, ``plr``, ``length``, ``range``.
        text: In words.
        off_limits: Whether the target forbids it; otherwise it is only unusual.
        weight: How much, for the order; a robust z, or how far over in tolerances.
    """

    figure: str
    text: str
    off_limits: bool
    weight: float


@dataclass(frozen=True, slots=True)
class _Usual:
    """A figure that is compared with its like.

    Attributes:
        figure: As in `Flag`.
        value: The figure; None where there is none.
        least: The least deviation, in the same unit.
        words: The figure, and the median of its like, in words.
    """

    figure: str
    value: Callable[[PageOutput], float | None]
    least: float
    words: Callable[[float, float], str]


def _lufs_without_target(output: PageOutput) -> float | None:
    return None if output.off_lu is not None else output.integrated_lufs


_AMONG_TARGET: Final = (
    _Usual(
        "limiter",
        lambda each: each.reduction_db,
        1.0,
        lambda value, usual: f"the limiter took {value:.1f} dB; {usual:.1f} dB is usual here",
    ),
    _Usual(
        "range",
        lambda each: each.loudness_range_lu,
        1.5,
        lambda value, usual: f"a loudness range of {value:.1f} LU; {usual:.1f} LU is usual here",
    ),
    _Usual(
        "loudness",
        _lufs_without_target,
        1.0,
        lambda value, usual: f"{value:.1f} LUFS; {usual:.1f} LUFS is usual here",
    ),
)
_LENGTH_LEAST: Final = math.log(1.12)
"""A deviation of less than 12 % of a song's length is usual."""


def robust_z(values: Sequence[float], least: float) -> list[float]:
    """Return how many robust standard deviations each value is from the median.

    Args:
        values: The values.
        least: The least that counts as one deviation, in the same unit, above 0.
    """
    array = np.asarray(values, dtype=np.float64)
    away = array - np.median(array)
    scale = max(_MAD_TO_SIGMA * float(np.median(np.abs(away))), least)
    return [float(each) for each in away / scale]


def find_flags(outputs: Sequence[PageOutput]) -> list[list[Flag]]:
    """Return what stands out of each output, what is forbidden first."""
    found = [off_limits(each) for each in outputs]
    groups: dict[tuple[str, str, str], list[int]] = {}
    for number, each in enumerate(outputs):
        if each.measured:
            groups.setdefault((each.target, each.master, each.version), []).append(number)
    for numbers in groups.values():
        for usual in _AMONG_TARGET:
            _flag_unusual(outputs, numbers, usual, found)
    _flag_lengths(outputs, found)
    for flags in found:
        flags.sort(key=lambda flag: (not flag.off_limits, -flag.weight))
    return found


def off_limits(output: PageOutput) -> list[Flag]:
    """Return in what an output does not keep to its target."""
    limits, flags = output.limits, []
    if not output.measured:
        return []
    off = output.off_lu
    wanted = limits.integrated_lufs is not None or limits.short_term_lufs is not None
    if off is not None and abs(off) > limits.tolerance_lu + _ROUNDING:
        side = "over" if off > 0.0 else "under"
        text = f"{abs(off):.2f} LU {side} the loudness asked for, ±{limits.tolerance_lu:g} LU"
        flags.append(Flag("loudness", text, True, abs(off) / max(limits.tolerance_lu, 0.1)))
    elif off is None and wanted and not limits.of_dialogue:
        flags.append(Flag("loudness", "it has no loudness: silence, or too short", True, 99.0))
    over = _over(output.true_peak_dbtp, limits.true_peak_dbtp)
    if over > _ROUNDING:
        ceiling = f"{limits.true_peak_dbtp:.1f}".replace("-", "−")
        text = f"{over:.2f} dB over the ceiling of {ceiling} dBTP"
        flags.append(Flag("peak", text, True, 1.0 + 10.0 * over))
    over = _over(output.reduction_db, limits.reduction_db)
    if over > _ROUNDING:
        text = f"the limiter took {over:.2f} dB more than {limits.reduction_db:.1f} dB"
        flags.append(Flag("limiter", text, True, 1.0 + over))
    over = _over(limits.plr_lu, output.plr_lu)
    if over > _ROUNDING:
        text = f"a peak-to-loudness ratio {over:.2f} LU below {limits.plr_lu:.1f} LU"
        flags.append(Flag("plr", text, True, 1.0 + over))
    return flags


def _over(value: float | None, most: float | None) -> float:
    return 0.0 if value is None or most is None else value - most


def _flag_unusual(
    outputs: Sequence[PageOutput], numbers: list[int], usual: _Usual, found: list[list[Flag]]
) -> None:
    values = {n: value for n in numbers if (value := usual.value(outputs[n])) is not None}
    if len(values) < FEWEST:
        return
    median = float(np.median(list(values.values())))
    for number, z in zip(values, robust_z(list(values.values()), usual.least), strict=True):
        forbidden = any(flag.figure == usual.figure for flag in found[number])
        if abs(z) > LIMIT_Z and not forbidden:
            text = usual.words(values[number], median)
            found[number].append(Flag(usual.figure, text, False, abs(z)))


def _flag_lengths(outputs: Sequence[PageOutput], found: list[list[Flag]]) -> None:
    """Flag songs far longer or shorter than the others: by the ratio, each song counted once."""
    lengths: Mapping[str, float] = {
        each.song: each.duration_s for each in reversed(outputs) if each.duration_s
    }
    if len(lengths) < FEWEST:
        return
    scores = robust_z([math.log(each) for each in lengths.values()], _LENGTH_LEAST)
    by_song = dict(zip(lengths, scores, strict=True))
    usual = float(np.median(list(lengths.values())))
    for number, each in enumerate(outputs):
        z = by_song.get(each.song, 0.0)
        if each.measured and abs(z) > LIMIT_Z:
            side = "longer" if z > 0.0 else "shorter"
            text = f"much {side} than the usual {clock(usual)} of this batch"
            found[number].append(Flag("length", text, False, abs(z)))
