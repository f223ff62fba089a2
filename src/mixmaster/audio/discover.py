"""Finding audio files: what a user's words on the command line mean."""

from __future__ import annotations

import difflib
import errno
import glob
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mixmaster.audio.globbing import matching
from mixmaster.audio.names import AUDIO_SUFFIXES, has_audio_suffix, is_hidden, shown
from mixmaster.errors import AudioFileError, UsageError
from mixmaster.results import Result

_LOOKED_FOR = "looked for " + ", ".join(f"*{suffix}" for suffix in AUDIO_SUFFIXES)
_LISTED = 5


@dataclass(frozen=True, slots=True)
class Discovery(Result):
    """What was found.

    Attributes:
        paths: The files: arguments in their order, a folder's or a glob's in natural order.
        notes: What was left out, and why.
    """

    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def discover(
    arguments: Iterable[str | os.PathLike[str]],
    *,
    leave_out: Callable[[Path], str] | None = None,
) -> Discovery:
    """Return the audio files that folders, files and globs stand for.

    A folder gives its own audio files, not those of its subfolders. A glob is expanded here too,
    so that it may be quoted (``**`` goes into subfolders); but an existing file whose name looks
    like a glob is that file. Hidden files are left out with a note, and so is a file that was
    already named.

    Args:
        arguments: Folders, files and globs.
        leave_out: Asked of every file that a folder or a glob gives, not of those that are named:
            why it is to be left out; empty to keep it.

    Raises:
        AudioFileError: For an argument that stands for nothing: it says what was looked for.
        UsageError: Without arguments.
    """
    found: list[Path] = []
    notes: list[str] = []
    given = list(arguments)
    if not given:
        raise UsageError("", "no stems were named", "give a folder, files or globs")
    for argument in given:
        path = Path(argument)
        if os.path.isdir(path):  # noqa: PTH112 - pathlib's raises where a name is too long
            found += _kept(_in_folder(path, notes), leave_out, notes)
        elif os.path.lexists(path):
            found.append(path)
        elif glob.has_magic(os.fspath(argument)):
            found += _kept(_by_glob(os.fspath(argument), notes), leave_out, notes)
        else:
            raise AudioFileError(shown(path), "there is no such file or folder", _nearest(path))
    return Discovery(tuple(_once(found, notes)), tuple(notes))


def natural_key(path: Path) -> tuple[list[tuple[int, int, str]], str]:
    """Return a sorting key that puts ``2_Snare`` before ``10_Bass``, whatever the case."""
    parts = re.split(r"([0-9]+)", str(path).casefold())
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p], str(path)


def _in_folder(folder: Path, notes: list[str]) -> list[Path]:
    try:
        entries = sorted(folder.iterdir(), key=natural_key)
    except OSError as error:
        raise AudioFileError(
            shown(folder), f"the folder cannot be listed: {error.strerror}"
        ) from error
    audio = _usable(entries, notes)
    if not audio:
        folders = sum(entry.is_dir() for entry in entries)
        inside = f"; it has {folders} folders, which are not searched: name them" if folders else ""
        raise AudioFileError(shown(folder), "no audio files in this folder", _LOOKED_FOR + inside)
    return audio


def _by_glob(pattern: str, notes: list[str]) -> list[Path]:
    matches = sorted((Path(match) for match in matching(pattern)), key=natural_key)
    audio = _usable(matches, notes)
    if not audio:
        reason = "no file matches" if not matches else "what matches is no audio"
        raise AudioFileError(shown(pattern), reason, _LOOKED_FOR)
    return audio


def _usable(entries: list[Path], notes: list[str]) -> list[Path]:
    """Return the audio files among a folder's or a glob's entries; the rest goes into notes."""
    audio: list[Path] = []
    hidden: list[Path] = []
    folders: list[Path] = []
    for entry in entries:
        if is_hidden(entry):
            if has_audio_suffix(entry):
                hidden.append(entry)
        elif has_audio_suffix(entry):
            problem = _problem(entry)
            if problem:
                notes.append(f"{shown(entry)}: left out: {problem}")
            elif entry.is_dir():
                folders.append(entry)
            else:
                audio.append(entry)
    if hidden:
        notes.append(f"left out hidden files: {_names(hidden)}")
    if folders:
        notes.append(f"left out folders with names like files: {_names(folders)}")
    return audio


def _kept(
    audio: list[Path], leave_out: Callable[[Path], str] | None, notes: list[str]
) -> list[Path]:
    kept = []
    for path in audio:
        reason = leave_out(path) if leave_out is not None else ""
        if reason:
            notes.append(f"{shown(path)}: left out: {reason}")
        else:
            kept.append(path)
    return kept


def _problem(path: Path) -> str:
    """Return why a directory entry leads nowhere; empty when it leads somewhere."""
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "a link that leads to itself"
        if error.errno == errno.ENOENT:
            return "a link that leads to nothing"
        return error.strerror or str(error)
    return ""


def _once(paths: list[Path], notes: list[str]) -> list[Path]:
    first: dict[tuple[int, int], Path] = {}
    for path in paths:
        try:
            status = path.stat()
        except OSError as error:
            problem = _problem(path) or str(error)
            raise AudioFileError(shown(path), problem, "name the file itself") from error
        known = first.setdefault((status.st_dev, status.st_ino), path)
        if known is not path:
            same = "named twice" if known == path else f"the same file as {shown(known)}"
            notes.append(f"{shown(path)}: {same}; used once")
    return list(first.values())


def _names(paths: list[Path]) -> str:
    text = ", ".join(shown(path.name) for path in paths[:_LISTED])
    more = len(paths) - _LISTED
    return f"{text} and {more} more" if more > 0 else text


def _nearest(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"nor is there a folder {shown(path.parent)}"
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {shown(path.parent / near[0])}?" if near else "check the name"
