"""Reading CUE sheets: strictly, line by line, knowing nothing of how they are written here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.errors import AudioFileError
from mixmaster.release.cd.sheet import Words
from mixmaster.release.reading import small_file
from mixmaster.results import Result

_MOST_BYTES: Final = 1 << 20
_LINE: Final = re.compile(r"\s*([A-Z0-9]+)(?:\s+(.*?))?\s*")
_TIME: Final = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})", re.ASCII)
_WORDS: Final = {
    "TITLE": "title",
    "PERFORMER": "performer",
    "SONGWRITER": "songwriter",
    "COMPOSER": "composer",
    "ARRANGER": "arranger",
    "MESSAGE": "message",
}


@dataclass(frozen=True, slots=True)
class CueTrack(Result):
    """A track of a CUE sheet.

    Attributes:
        number: As the sheet says.
        indexes: Index numbers and their sectors, relative to the file.
        isrc: As the sheet says, or nothing.
        flags: As the sheet says: DCP, PRE, 4CH, SCMS.
        words: What is said of it.
    """

    number: int
    indexes: tuple[tuple[int, int], ...]
    isrc: str
    flags: tuple[str, ...]
    words: Words


@dataclass(frozen=True, slots=True)
class CueSheet(Result):
    """A CUE sheet with one file.

    Attributes:
        file: The file it names.
        file_type: WAVE, BINARY ...
        catalogue: The 13 digits, or nothing.
        words: What is said of the disc.
        tracks: In order.
    """

    file: str
    file_type: str
    catalogue: str
    words: Words
    tracks: tuple[CueTrack, ...]


@dataclass(slots=True)
class _Draft:
    number: int = 0
    indexes: list[tuple[int, int]] = field(default_factory=list)
    isrc: str = ""
    flags: tuple[str, ...] = ()
    words: dict[str, str] = field(default_factory=dict)


def read_cue(path: Path) -> CueSheet:
    """Return what a CUE sheet says.

    Raises:
        AudioFileError: For a file that cannot be read or is no sheet of one file, naming the line.
    """
    name = shown(path)
    data = small_file(path, _MOST_BYTES)
    if data.startswith(b"\xef\xbb\xbf"):
        raise AudioFileError(
            name, "it begins with a byte order mark", "a CUE sheet for a disc is ISO 8859-1"
        )
    try:
        return _parsed(data.decode("latin-1"))
    except _WrongLineError as error:
        raise AudioFileError(name, f"line {error.line}: {error.reason}", "") from error


class _WrongLineError(Exception):
    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


@dataclass(slots=True)
class _Parser:
    """Takes command after command; a ValueError says what is wrong with one."""

    disc: _Draft = field(default_factory=_Draft)
    tracks: list[_Draft] = field(default_factory=list)
    file: tuple[str, str] | None = None
    catalogue: str = ""

    def take(self, command: str, rest: str) -> None:
        tracks = self.tracks
        if command == "FILE":
            if self.file is not None:
                raise ValueError("a second FILE; a disc for pressing is one file")
            self.file = _file(rest)
        elif command == "CATALOG":
            self.catalogue = _catalogue(rest, self.catalogue, tracks)
        elif command == "TRACK":
            if self.file is None:
                raise ValueError("a TRACK before FILE")
            tracks.append(_track(rest, tracks))
        elif command in _WORDS:
            words = (tracks[-1] if tracks else self.disc).words
            if _WORDS[command] in words:
                raise ValueError(f"a second {command}")
            words[_WORDS[command]] = _string(rest)
        elif command in {"ISRC", "FLAGS", "INDEX"}:
            if not tracks:
                raise ValueError(f"{command} before the first TRACK")
            _of_track(command, rest, tracks[-1], tracks[-2] if len(tracks) > 1 else None)
        elif command != "REM":
            raise ValueError(f"the command {command} is not understood")

    def sheet(self) -> CueSheet:
        if self.file is None or not self.tracks:
            raise ValueError("there is no FILE or no TRACK in it")
        for draft in self.tracks:
            if not any(index == 1 for index, _ in draft.indexes):
                raise ValueError(f"track {draft.number} has no INDEX 01")
        done = tuple(
            CueTrack(each.number, tuple(each.indexes), each.isrc, each.flags, Words(**each.words))
            for each in self.tracks
        )
        return CueSheet(*self.file, self.catalogue, Words(**self.disc.words), done)


def _parsed(text: str) -> CueSheet:
    parser = _Parser()
    lines = re.split(r"\r\n|\n|\r", text)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise _WrongLineError(number, "it is no command")
        try:
            parser.take(match[1], match[2] or "")
        except ValueError as error:
            raise _WrongLineError(number, str(error)) from error
    try:
        return parser.sheet()
    except ValueError as error:
        raise _WrongLineError(len(lines), str(error)) from error


def _string(rest: str) -> str:
    if rest.startswith('"'):
        if len(rest) < 2 or not rest.endswith('"'):
            raise ValueError("a quoted text has no end")
        return rest[1:-1]
    return rest


def _file(rest: str) -> tuple[str, str]:
    name, _, kind = rest.rpartition(" ")
    if kind not in {"WAVE", "BINARY", "AIFF", "MOTOROLA", "MP3"}:
        raise ValueError("FILE names no type")
    return _string(name.strip()), kind


def _catalogue(rest: str, before: str, tracks: list[_Draft]) -> str:
    if before or tracks:
        raise ValueError("CATALOG stands once, before the first TRACK")
    if not re.fullmatch(r"[0-9]{13}", rest, re.ASCII):
        raise ValueError("CATALOG needs 13 digits")
    return rest


def _track(rest: str, before: list[_Draft]) -> _Draft:
    match = re.fullmatch(r"([0-9]{1,2})\s+AUDIO", rest, re.ASCII)
    if match is None:
        raise ValueError("TRACK needs a number and AUDIO")
    number = int(match[1])
    if number != len(before) + 1:
        raise ValueError(f"track {number} follows {len(before)} tracks")
    return _Draft(number)


def _of_track(command: str, rest: str, track: _Draft, before: _Draft | None) -> None:
    if command == "FLAGS":
        track.flags = tuple(rest.split())
        if not track.flags or not set(track.flags) <= {"DCP", "PRE", "4CH", "SCMS"}:
            raise ValueError("FLAGS are DCP, PRE, 4CH, SCMS")
    elif command == "ISRC":
        if not re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", rest, re.ASCII):
            raise ValueError("ISRC needs 12 characters, without hyphens")
        track.isrc = rest
    else:
        _index(rest, track, before)


def _index(rest: str, track: _Draft, before: _Draft | None) -> None:
    index, _, time = rest.partition(" ")
    match = _TIME.fullmatch(time.strip())
    if not re.fullmatch(r"[0-9]{1,2}", index, re.ASCII) or match is None:
        raise ValueError("INDEX needs a number and MM:SS:FF")
    minutes, seconds, frames = (int(part) for part in match.groups())
    if seconds > 59 or frames > 74:
        raise ValueError(f"{time} is no time: 59 seconds and 74 frames at most")
    sector = (minutes * 60 + seconds) * 75 + frames
    expected = track.indexes[-1][0] + 1 if track.indexes else int(index)
    if int(index) != expected or (not track.indexes and int(index) > 1):
        raise ValueError(f"INDEX {index} is out of sequence")
    last = track.indexes or (before.indexes if before is not None else [])
    if last and sector < last[-1][1] + (1 if track.indexes else 0):
        raise ValueError(f"INDEX {index} lies before the one above it")
    track.indexes.append((int(index), sector))
