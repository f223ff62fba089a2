"""A release document to begin with: from a folder of mixes, masters or sessions."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from mixmaster.audio.discover import discover
from mixmaster.audio.names import shown
from mixmaster.documents.loading import load_text, read_table
from mixmaster.engine.publish import put, staged
from mixmaster.errors import DocumentError, OutputError
from mixmaster.mixing.sessions.session import Session
from mixmaster.release.album.document import Album

_NUMBER: Final = re.compile(r"^\s*\d{1,3}\s*[-_.)]*\s*(?=\D)")
_LAST_WORDS: Final = re.compile(
    r"[\s_-]*\b(final|mix|master(ed)?|premaster|main|v\d+|\d{2}bit|\d+k(hz)?)\b[\s_-]*$",
    re.IGNORECASE,
)


def starting_text(
    folder: Path,
    beside: Path,
    *,
    title: str | None = None,
    artist: str = "",
    masters: bool = False,
) -> str:
    """Return a release document for what lies in a folder, in the order of its names.

    Sessions (``.toml``) go before sound files: a folder that has both is one of sessions with
    what they were rendered to.

    Args:
        folder: The folder of mixes or masters, or of folders with a session each.
        beside: The folder that the document will lie in: it names its files from there.
        title: The album's title; the folder's name if None.
        artist: Whose it is.
        masters: Whether its sound files are approved masters.

    Raises:
        AudioFileError: For a folder that holds neither.
    """
    sessions = list(_sessions(folder))
    tracks = [("session", path, _session_title(path)) for path in sessions]
    if not tracks:
        kind = "master" if masters else "mix"
        tracks = [(kind, path, title_of(path.stem)) for path in discover([folder]).paths]
    return _text(beside, title or title_of(folder.resolve().name), artist, tracks)


def write_document(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write a release document, whole or not at all; it is read back first.

    Raises:
        OutputError: For a file that exists, or a name that is no document's.
    """
    name = shown(path)
    if path.suffix.lower() != ".toml" or path.is_dir():
        raise OutputError(name, "a release's document is a .toml file", "name it album.toml")
    if os.path.lexists(path) and not overwrite:
        hint = "choose another name; --overwrite replaces it, with all edits"
        raise OutputError(name, "it exists, and may have been edited", hint)
    load_text(Album, text, where=name)
    with staged(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
        put(part, path)


def title_of(name: str) -> str:
    """Return a title from a file's name: without its number, and what engineers hang on."""
    bare = _NUMBER.sub("", name).replace("_", " ")
    while (shorter := _LAST_WORDS.sub("", bare)) not in {bare, ""}:
        bare = shorter
    return " ".join(bare.split()).strip(" -.") or name


def _sessions(folder: Path) -> Iterable[Path]:
    for path in sorted((*folder.glob("*.toml"), *folder.glob("*/*.toml"))):
        try:
            kind = read_table(path, max_bytes=Session.max_bytes).get("kind")
        except DocumentError:
            continue
        if kind == "session":
            yield path


def _session_title(path: Path) -> str:
    table = read_table(path, max_bytes=Session.max_bytes)
    return str(table.get("title") or title_of(path.stem))


def _text(beside: Path, title: str, artist: str, tracks: Iterable[tuple[str, Path, str]]) -> str:
    lines = [
        "format = 1",
        'kind = "release"',
        f"title = {_quoted(title)}",
        f"artist = {_quoted(artist)}",
        '# upc = "000000000000"',
        '# label = ""',
        "# date = 2026-11-20",
        '# genre = ""',
        '# copyright = "2026 ..."      # the (c) line',
        '# phonographic = "2026 ..."   # the (p) line',
        '# art = "cover.jpg"',
        'targets = ["streaming", "cd", "download-flac", "download-mp3"]',
        "",
        "[master]",
        'preset = "transparent"',
    ]
    for kind, path, name in tracks:
        place = Path(os.path.relpath(path.resolve(), beside.resolve()))
        lines += [
            "",
            "[[track]]",
            f"{kind} = {_quoted(place.as_posix())}",
            f"title = {_quoted(name)}",
            '# isrc = ""',
            '# writers = [""]',
        ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    # TOML's basic strings are JSON's, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
