"""Figures against limits, and against what was measured when the file was made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mixmaster.release.proof.answers import Fault
from mixmaster.release.proof.record import FiguresRecord, LimitsRecord

LOSSLESS_APART: Final = 0.02
"""How far figures of the same samples may lie apart on two kinds of processor, dB or LU."""

LOSSY_APART: Final = 0.1
"""And of a lossy file, whose decoders differ."""

_SAID: Final = {
    "integrated_lufs": ("integrated loudness", "LUFS"),
    "loudness_range_lu": ("loudness range", "LU"),
    "max_short_term_lufs": ("loudest 3 s", "LUFS"),
    "true_peak_dbtp": ("true peak", "dBTP"),
    "sample_peak_dbfs": ("sample peak", "dBFS"),
}


def judged(found: FiguresRecord, limits: LimitsRecord, duration_s: float) -> Iterator[Fault]:
    """Yield what a file's limits say no to; figures count as they are printed.

    Args:
        found: What was measured.
        limits: What the file must keep to.
        duration_s: Its length.
    """
    yield from _loudness(found, limits)
    yield from _most("true_peak", "true peak", found.true_peak_dbtp, limits.true_peak_dbtp, "dBTP")
    loudest = found.max_short_term_lufs
    yield from _most("short_term", "loudest 3 s", loudest, limits.max_short_term_lufs, "LUFS", 1)
    widest = found.loudness_range_lu
    yield from _most("range", "loudness range", widest, limits.max_loudness_range_lu, "LU", 1)
    if limits.max_clipped_runs is not None and (found.clipped_runs or 0) > limits.max_clipped_runs:
        text = f"{found.clipped_runs} flat tops of 3 samples or more"
        yield Fault("clipping", f"{text}; {limits.max_clipped_runs} are accepted")
    for end, most in (("head", limits.max_silence_head_s), ("tail", limits.max_silence_tail_s)):
        seconds = getattr(found, f"silence_{end}_s")
        if most is None:
            continue
        if seconds is None:
            yield Fault("silence", "it is silent throughout")
            break
        yield from _most("silence", f"silence at its {end}", seconds, most, "s", 3)
    yield from _most("dc", "DC offset", found.dc_offset, limits.max_dc_offset, "of full scale", 6)
    if limits.min_duration_s is not None and duration_s < limits.min_duration_s:
        text = f"it lasts {duration_s:.1f} s; {limits.min_duration_s:g} s are the least"
        yield Fault("length", text)


def _loudness(found: FiguresRecord, limits: LimitsRecord) -> Iterator[Fault]:
    wanted, lufs = limits.integrated_lufs, found.integrated_lufs
    if wanted is None:
        return
    if lufs is None:
        why = found.reasons.get("integrated_lufs", "there is none")
        yield Fault("loudness", f"no integrated loudness ({why}), {wanted:.2f} LUFS are wanted")
    elif round(abs(lufs - wanted), 2) > limits.tolerance_lu:
        text = f"integrated loudness {lufs:.2f} LUFS, {wanted:.2f} is wanted"
        yield Fault("loudness", f"{text} within {limits.tolerance_lu:g} LU")


def _most(  # noqa: PLR0917 - a limit has that many sides
    code: str, name: str, value: float | None, most: float | None, unit: str, digits: int = 2
) -> Iterator[Fault]:
    if value is None or most is None or round(value, digits) <= most:
        return
    yield Fault(code, f"{name} {value:.{digits}f} {unit}, over the {most:g} that are accepted")


def compared(found: FiguresRecord, recorded: FiguresRecord, *, lossy: bool) -> Iterator[Fault]:
    """Yield where a file's figures are not those that its record says.

    Args:
        found: What was measured now.
        recorded: What was measured when it was made.
        lossy: Whether decoders may differ in what they make of it.
    """
    apart = LOSSY_APART if lossy else LOSSLESS_APART
    for key, (name, unit) in _SAID.items():
        now, then = getattr(found, key), getattr(recorded, key)
        if now is None and then is None:
            continue
        if now is None or then is None or abs(now - then) > apart:
            said = f"{name} is {_text(now)} {unit}, release.json says {_text(then)}"
            yield Fault("figures", said)


def _text(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"
