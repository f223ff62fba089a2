"""The page of a batch: what needs a look first, then all outputs, to be sorted and filtered.

It lies in the output folder and needs nothing else; its links lead to the files beside it. Without
a script it is a table in the right order; the script sorts, filters and goes from row to row.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final
from urllib.parse import quote

from mixmaster import __version__
from mixmaster.pages.axes import clock
from mixmaster.pages.batch.data import PageBatch, PageOutput, PageRun, State
from mixmaster.pages.batch.outliers import FEWEST, LIMIT_Z, Flag, find_flags
from mixmaster.pages.framing import filled, framed, palette, source
from mixmaster.pages.release.texts import shown, size_text

HERE: Final = "mixmaster.pages.batch"
NAME: Final = "overview.html"
NONE: Final = "–"

WORDS: Final[Mapping[State, str]] = {
    "quarantined": "failed, left alone",
    "failed": "failed",
    "missing": "missing",
    "stale": "stale",
    "current": "made",
}
"""What states are called."""

_GROUPS: Final = ("failed", "off", "unusual", "open", "fine")
"""What rows are filtered by; also their order."""
_GROUP_WORDS: Final = {
    "failed": "failed",
    "off": "off their limits",
    "unusual": "unusual",
    "open": "missing or stale",
    "fine": "fine",
}
_FIGURE_OF: Final = {
    "length": "length",
    "loudness": "loudness",
    "range": "range",
    "peak": "peak",
    "limiter": "limiter",
    "plr": "peak",
}
_MOST_NOTES: Final = 12
_GIGA: Final = 10**9
_DIGITS: Final = re.compile(r"([0-9]{1,18})")


def batch_page(batch: PageBatch) -> str:
    """Return the page as HTML text.

    Args:
        batch: The batch.
    """
    flags = find_flags(batch.outputs)
    order = sorted(range(len(batch.outputs)), key=lambda n: _rank(batch.outputs[n], flags[n]))
    rows = [_row(batch, batch.outputs[n], flags[n]) for n in order]
    groups = [each["group"] for each in rows]
    targets = list(dict.fromkeys(each.target for each in batch.outputs if each.target))
    body = filled(
        HERE,
        "batch.html",
        folder=shown(batch.name, 200),
        under=_under(batch),
        verdict=_verdict(batch, groups),
        groups=[(each, _GROUP_WORDS[each], groups.count(each)) for each in _GROUPS],
        run=[] if batch.run is None else _run(batch.run),
        targets=[(n, _target(batch, each, flags)) for n, each in enumerate(targets)],
        rows=rows,
        limit=LIMIT_Z,
        fewest=FEWEST,
        version=__version__,
    )
    return framed(
        title=f"{shown(batch.name, 80)} – batch",
        body=body,
        style=palette() + source("mixmaster.pages.release", "base.css") + source(HERE, "batch.css"),
        script=source(HERE, "batch.js"),
        data=[_keys(batch.outputs[n], targets, rank) for rank, n in enumerate(order)],
    )


def _group(output: PageOutput, flags: Sequence[Flag]) -> str:
    if output.state in {"quarantined", "failed"}:
        return "failed"
    if any(each.off_limits for each in flags):
        return "off"
    if output.state != "current":
        return "open"
    return "unusual" if flags else "fine"


def _rank(output: PageOutput, flags: Sequence[Flag]) -> tuple[Any, ...]:
    """Return what rows are sorted by at first: the worst before the rest, the rest by name."""
    heaviest = max((each.weight for each in flags), default=0.0)
    group = _GROUPS.index(_group(output, flags))
    parts = _DIGITS.split(output.song.casefold())
    name = [(1, 0, part) if n % 2 == 0 else (0, int(part), "") for n, part in enumerate(parts)]
    return (group, -heaviest, name, output.version, output.target, output.master)


def _under(batch: PageBatch) -> str:
    outputs = [each for each in batch.outputs if each.target]
    measured = [each for each in outputs if each.measured]
    audio = sum(each.duration_s or 0.0 for each in measured)
    size = sum(each.bytes or 0 for each in measured)
    said = f"{_count(batch.songs, 'song')}, {_count(len(outputs), 'output')}"
    if measured:
        said += f"; {clock(audio)} of audio in {_size(size)}"
    return said


def _size(count: int) -> str:
    return size_text(count) if count < _GIGA else f"{count / _GIGA:,.1f} GB"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _verdict(batch: PageBatch, groups: Sequence[str]) -> dict[str, str]:
    failed, off, still = (groups.count(each) for each in ("failed", "off", "open"))
    said = []
    if failed:
        said.append(f"{failed:,} failed")
    if off:
        said.append(f"{off:,} off {'its' if off == 1 else 'their'} limits")
    if still:
        said.append(f"{still:,} missing or stale")
    if said:
        state = "red" if failed or off else "unchecked"
        return {"state": state, "said": ", ".join(said) + f" of {len(batch.outputs):,}"}
    if not batch.outputs:
        return {"state": "unchecked", "said": "there are no outputs yet"}
    each = "the one output is" if len(batch.outputs) == 1 else f"all {len(batch.outputs):,} are"
    return {"state": "green", "said": f"{each} made and within {_their(batch)} limits"}


def _their(batch: PageBatch) -> str:
    return "its" if len(batch.outputs) == 1 else "their"


def _run(run: PageRun) -> list[tuple[str, str]]:
    """Return the last run as names and texts."""
    facts = [
        ("Last run", f"{run.made:,} made, {run.failed:,} failed"),
        ("It took", f"{clock(run.wall_s)} ({clock(run.cpu_s)} of processor time)"),
    ]
    if run.wall_s > 0.0 and run.songs:
        hour = run.songs / run.wall_s * 3600.0
        facts.append(("Rate", f"{hour:,.0f} songs an hour"))
        facts.append(("Speed", f"{run.audio_s / run.wall_s:.1f} times real time"))
    return facts


def _target(batch: PageBatch, target: str, flags: Sequence[Sequence[Flag]]) -> dict[str, Any]:
    """Return a target as a line of the summary."""
    mine = [n for n, each in enumerate(batch.outputs) if each.target == target]
    outputs = [batch.outputs[n] for n in mine]
    return {
        "name": shown(batch.targets.get(target, target), 60),
        "made": sum(each.state == "current" for each in outputs),
        "all": len(outputs),
        "asked": _asked(outputs),
        "loudness": _spread([each.integrated_lufs for each in outputs], 1),
        "peak": _spread([each.true_peak_dbtp for each in outputs], 2),
        "limiter": _spread([each.reduction_db for each in outputs], 1),
        "off": sum(any(flag.off_limits for flag in flags[n]) for n in mine),
        "unusual": sum(bool(flags[n]) and not flags[n][0].off_limits for n in mine),
    }


def _asked(outputs: Sequence[PageOutput]) -> str:
    """Return what outputs are asked for, where it is the same of all."""
    said = {_limit_words(each) for each in outputs if each.measured}
    return said.pop() if len(said) == 1 else ("it differs" if said else NONE)


def _limit_words(output: PageOutput) -> str:
    limits, said = output.limits, []
    if limits.integrated_lufs is not None:
        of = " of dialogue" if limits.of_dialogue else ""
        said.append(f"{_signed(limits.integrated_lufs, 1)} LUFS{of} ±{limits.tolerance_lu:g}")
    if limits.short_term_lufs is not None:
        said.append(f"{_signed(limits.short_term_lufs, 1)} LUFS short-term")
    if limits.true_peak_dbtp is not None:
        said.append(f"{_signed(limits.true_peak_dbtp, 1)} dBTP")
    return ", ".join(said) or "nothing"


def _spread(values: Sequence[float | None], digits: int) -> dict[str, str]:
    there = [each for each in values if each is not None]
    if not there:
        return {"median": NONE, "least": "", "most": ""}
    least, most = min(there), max(there)
    return {
        "median": _signed(median(there), digits),
        "least": _signed(least, digits),
        "most": _signed(most, digits),
    }


def _row(batch: PageBatch, output: PageOutput, flags: Sequence[Flag]) -> dict[str, Any]:
    marks: dict[str, str] = {}
    for flag in reversed(flags):  # what is forbidden comes last, and stays
        marks[_FIGURE_OF[flag.figure]] = "bad" if flag.off_limits else "odd"
    limits = output.limits
    wanted = limits.short_term_lufs if limits.integrated_lufs is None else limits.integrated_lufs
    version = "" if output.version in {"", "main"} else output.version
    notes = [shown(text) for text in output.notes]
    if len(notes) > _MOST_NOTES:
        notes[_MOST_NOTES:] = [f"and {len(notes) - _MOST_NOTES} more, in the manifest"]
    cells = [
        ("length", "Length", _clock(output.duration_s), ""),
        (
            "loudness",
            "Loudness",
            _signed(output.integrated_lufs, 1),
            "" if wanted is None else f"{_signed(wanted, 1)} ±{limits.tolerance_lu:g}",
        ),
        ("short", "Short-term", _signed(output.max_short_term_lufs, 1), ""),
        ("range", "Range", _signed(output.loudness_range_lu, 1), ""),
        (
            "peak",
            "True peak",
            _signed(output.true_peak_dbtp, 2),
            "" if limits.true_peak_dbtp is None else f"≤ {_signed(limits.true_peak_dbtp, 1)}",
        ),
        (
            "limiter",
            "Limiter",
            _signed(output.reduction_db, 1),
            "" if limits.reduction_db is None else f"≤ {limits.reduction_db:.1f}",
        ),
    ]
    return {
        "group": _group(output, flags),
        "state": output.state,
        "said": WORDS[output.state] if output.target else "no plan",
        "song": shown(output.song, 160),
        "version": shown(version, 60),
        "target": shown(batch.targets.get(output.target, output.target), 60) or NONE,
        "master": shown(output.master, 60),
        "address": address(output.path),
        "name": shown(output.path, 200),
        "manifest": address(output.manifest),
        "report": address(output.report),
        "cells": [(*each, marks.get(each[0], "")) for each in cells],
        "size": "" if output.bytes is None else size_text(output.bytes),
        "why": [shown(text) for text in output.why],
        "flags": [(flag.text, "bad" if flag.off_limits else "odd") for flag in flags],
        "notes": notes,
    }


def _keys(output: PageOutput, targets: Sequence[str], rank: int) -> list[Any]:
    """Return what the script sorts a row by: a value for each column, null where there is none."""
    limits = output.limits
    peak = output.true_peak_dbtp
    return [
        rank,
        shown(f"{output.song}\0{output.version}").casefold(),
        targets.index(output.target) if output.target else None,
        output.duration_s,
        output.integrated_lufs,
        output.max_short_term_lufs,
        output.loudness_range_lu,
        None if peak is None else peak - (limits.true_peak_dbtp or 0.0),
        output.reduction_db,
    ]


def address(path: str) -> str:
    """Return a place beside the page as a relative address: no character of it means anything."""
    return quote(os.fsencode(path), safe="/")


def _signed(value: float | None, digits: int) -> str:
    if value is None:
        return NONE
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def _clock(seconds: float | None) -> str:
    return NONE if seconds is None else clock(seconds)
