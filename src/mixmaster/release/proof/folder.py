"""What lies in a release's folder: found without following a link out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.engine.outputs import inside
from mixmaster.errors import AudioFileError, OutputError
from mixmaster.release.proof.record import RECORD_NAME

MOST_ENTRIES: Final = 100_000
"""A folder that holds more is no release's: it is not walked to its end."""

_MOST_DEPTH: Final = 32
_SYSTEM: Final = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
"""What systems leave in folders that were only looked at."""


def regular_file(folder: Path, place: str) -> Path:
    """Return the path of a file inside a folder; ``place`` is a stranger's word.

    Raises:
        FileNotFoundError: When there is nothing.
        OutputError: For what leads out of the folder.
        AudioFileError: For a folder, a pipe or a device.
    """
    try:
        path = inside(folder, place)
    except RuntimeError as error:  # links that lead to one another
        raise OutputError(place, "it is a link that leads nowhere", "remove the link") from error
    if not stat.S_ISREG(path.stat().st_mode):
        raise AudioFileError(shown(path), "it is no regular file", "")
    return path


def listed(folder: Path) -> Iterator[str]:
    """Yield every place in a folder but ``release.json``, in order: files, links, and the rest.

    Links are not followed. What systems leave behind (``.DS_Store``, ``Thumbs.db``, ``._*``) is
    passed over.

    Raises:
        AudioFileError: For a folder that cannot be read, or is none of a release by its size.
    """
    for count, place in enumerate(_walk(folder, "", 0)):
        if count >= MOST_ENTRIES:
            reason = f"more than {MOST_ENTRIES:,} files lie in it: it is no release's folder"
            raise AudioFileError(shown(folder), reason, "name the folder that has release.json")
        if place != RECORD_NAME:
            yield place


def _walk(folder: Path, place: str, depth: int) -> Iterator[str]:
    try:
        with os.scandir(folder / place) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise AudioFileError(shown(folder / place), f"it cannot be read: {error.strerror}") from (
            error
        )
    for entry in found:
        if entry.name.lower() in _SYSTEM or entry.name.startswith("._"):
            continue
        inner = f"{place}/{entry.name}" if place else entry.name
        if entry.is_dir(follow_symlinks=False) and depth < _MOST_DEPTH:
            yield from _walk(folder, inner, depth + 1)
        else:
            yield inner
