"""A record's folder looked at again, later and anywhere: whole, unchanged, and of one mind."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.checking.findings import Finding
from mixmaster.errors import AudioFileError
from mixmaster.release.discs.checksums import list_problems
from mixmaster.release.discs.readback import wav_chunks
from mixmaster.release.reading import small_file
from mixmaster.release.vinyl import cue
from mixmaster.release.vinyl.sides import letter
from mixmaster.release.vinyl.write import SUMS_NAME, side_files_of

_MOST_BYTES: Final = 1 << 22
_SIDE: Final = re.compile(r"side_([a-z])\.(wav|txt|csv|json)")


def check_vinyl(folder: Path) -> tuple[Finding, ...]:
    """Return what is wrong with a record's folder; nothing for a whole one.

    Every file is read: all against their list of MD5 sums, each side's audio against its cue
    sheet, and the cue sheet's table against the one for machines.
    """
    problems: list[str] = []
    letters = _letters(folder)
    if not letters:
        problems.append(f"{side_files_of('A')[0]}: there is no side")
    missing = [letter(place) for place in range(len(letters)) if letter(place) not in letters]
    problems += [f"side {each}: there is no file of it" for each in missing]
    names = [name for each in letters for name in side_files_of(each)]
    problems += list_problems(folder, SUMS_NAME, names)
    for each in letters:
        problems += _side_problems(folder, each)
    advice = "make the sides again, or take them from where they were made"
    rows = (problem.partition(": ") for problem in dict.fromkeys(problems))
    return tuple(
        Finding("error", "vinyl", file, None, None, "", text, advice) for file, _, text in rows
    )


def _letters(folder: Path) -> list[str]:
    try:
        matches = [_SIDE.fullmatch(path.name) for path in folder.iterdir()]
    except OSError:
        return []
    return sorted({match[1].upper() for match in matches if match})


def _side_problems(folder: Path, side: str) -> Iterator[str]:
    wav, _, table, sheet = side_files_of(side)
    try:
        said = cue.read_json(_text(folder / sheet))
        rate, bits, frames = (said[key] for key in ("sample_rate_hz", "bit_depth", "frames"))
        tracks = [{name: str(row[name]) for name in cue.COLUMNS} for row in said["tracks"]]
    except (AudioFileError, ValueError, KeyError, TypeError, RecursionError) as error:
        yield f"{sheet}: it is no cue sheet of a side: {_reason(error)}"
        return
    if (said.get("side"), said.get("file")) != (side, wav):
        yield f"{sheet}: it is of side {said.get('side')!s}, {shown(str(said.get('file')))}"
    try:
        found = sum(chunk.shape[1] for chunk in wav_chunks(folder / wav, rate, bits))
        if found != frames:
            yield f"{wav}: it has {found} frames, {sheet} says {frames}"
    except AudioFileError as error:
        yield f"{wav}: {error.reason}"
    try:
        rows = list(csv.DictReader(io.StringIO(_text(folder / table), newline="")))
    except (AudioFileError, ValueError, csv.Error) as error:
        yield f"{table}: it cannot be read: {_reason(error)}"
        return
    if rows != tracks:
        yield f"{table}: it does not say what {sheet} says"


def _text(path: Path) -> str:
    return small_file(path, _MOST_BYTES).decode("utf-8")


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, AudioFileError) else str(error)
