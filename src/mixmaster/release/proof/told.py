"""What a file says of itself, read by another reader than the writer, and held to its record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

from mixmaster.audio.bext import Broadcast, read_bext
from mixmaster.audio.tags import differences, read_tags
from mixmaster.errors import AudioFileError, UsageError
from mixmaster.release.proof.answers import Fault
from mixmaster.release.proof.record import (
    FiguresRecord,
    FileRecord,
    expected_broadcast,
    expected_tags,
)

MOST_DIFFERENCES: Final = 12
"""So many differences of tags are told of one file."""

_MEASURED: Final = {
    "integrated_lufs": "integrated loudness",
    "loudness_range_lu": "loudness range",
    "true_peak_dbtp": "true peak",
    "max_momentary_lufs": "loudest 400 ms",
    "max_short_term_lufs": "loudest 3 s",
}
_BEXT_APART: Final = 0.0151
"""The chunk holds hundredths; on another processor a figure may round to the next one."""


@dataclass(slots=True)
class Told:
    """What a file's tags and chunks come to.

    Attributes:
        faults: Where they are not what they must be.
        unchecked: What could not be read here.
        reader: Who read the tags.
    """

    faults: list[Fault] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    reader: str = ""


def told_of(path: Path, record: FileRecord, figures: FiguresRecord | None) -> Told:
    """Return what a file's tags, picture and ``bext`` chunk come to.

    Args:
        path: The file.
        record: What they must say; what it does not speak of is not looked at.
        figures: What was measured on the file: its bext chunk must say the same.
    """
    told = Told()
    if record.tags is not None:
        try:
            found = read_tags(path)
            told.reader = found.reader
            lines = differences(expected_tags(record.tags), found, record.picture_sha256)
        except UsageError as error:
            told.unchecked.append(f"its tags could not be read here: {error}")
        except AudioFileError as error:
            told.faults.append(Fault("tags", f"its tags cannot be read: {error.reason}"))
        else:
            told.faults += _few(lines)
    if record.broadcast is not None:
        try:
            there = read_bext(path)
        except AudioFileError as error:
            told.faults.append(Fault("bext", f"its bext chunk cannot be read: {error.reason}"))
        else:
            told.faults += _broadcast(expected_broadcast(record.broadcast), there, figures)
    return told


def _few(lines: Sequence[str]) -> Iterator[Fault]:
    for line in lines[:MOST_DIFFERENCES]:
        yield Fault("picture" if line.startswith("picture") else "tags", line)
    if len(lines) > MOST_DIFFERENCES:
        yield Fault("tags", f"and {len(lines) - MOST_DIFFERENCES} more differences of tags")


def _broadcast(
    wanted: Broadcast, there: Broadcast | None, figures: FiguresRecord | None
) -> Iterator[Fault]:
    if there is None:
        yield Fault("bext", "it has no bext chunk")
        return
    for each in fields(Broadcast):
        name = each.name
        if name not in _MEASURED and getattr(there, name) != getattr(wanted, name):
            found, meant = getattr(there, name), getattr(wanted, name)
            yield Fault("bext", f"bext: {name} is {found!r:.80} where {meant!r:.80} is expected")
    for name, said in _MEASURED.items():
        value = getattr(there, name)
        if figures is None:
            continue
        measured = getattr(figures, name)
        if value is None and measured is None:
            continue
        if value is None or measured is None or abs(value - measured) > _BEXT_APART:
            text = f"bext says {_text(value)} for the {said}, measured is {_text(measured)}"
            yield Fault("bext", text)


def _text(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.2f}"
