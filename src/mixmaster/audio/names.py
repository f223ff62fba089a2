"""How file names are shown, and which suffixes are audio."""

from __future__ import annotations

import os
from pathlib import Path

AUDIO_SUFFIXES = (
    ".wav",
    ".wave",
    ".bwf",
    ".rf64",
    ".bw64",
    ".flac",
    ".aif",
    ".aiff",
    ".aifc",
    ".caf",
    ".mp3",
    ".ogg",
    ".oga",
    ".opus",
    ".m4a",
)
"""What a folder or a glob is searched for, in any case."""

READABLE = "WAV, RF64, FLAC, AIFF, CAF, MP3, Ogg Vorbis, Opus and M4A can be read"


def shown(path: str | os.PathLike[str]) -> str:
    r"""Return a file's name as printable text.

    Bytes that are not UTF-8 become ``\xNN`` and control characters such as a new line their
    escapes, so that a name can neither break a terminal nor fail to encode.
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def has_audio_suffix(path: Path) -> bool:
    """Return whether the name ends like an audio file that can be read."""
    return path.suffix.lower() in AUDIO_SUFFIXES


def is_hidden(path: Path) -> bool:
    """Return whether the name starts with a dot: hidden files, and macOS's ``._*`` companions."""
    return path.name.startswith(".")
