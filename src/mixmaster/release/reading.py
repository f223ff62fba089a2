"""Opening what may come from anywhere: regular files only, never more than makes sense."""

from __future__ import annotations

import os
from io import BufferedReader
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.audio.opening import open_file
from mixmaster.errors import AudioFileError


def opened(path: Path) -> BufferedReader:
    """Open a file for reading; a pipe in its place would wait for ever.

    Raises:
        AudioFileError: For what is missing, no regular file, or may not be read.
    """
    return os.fdopen(open_file(path, shown(path)), "rb")


def small_file(path: Path, most_bytes: int) -> bytes:
    """Return what a sheet, a list or a description holds.

    Raises:
        AudioFileError: As `opened`, and for a file that is larger than any such.
    """
    try:
        with opened(path) as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise AudioFileError(shown(path), f"it cannot be read: {error.strerror}") from error
    if len(data) > most_bytes:
        reason = f"it has more than {most_bytes} bytes"
        raise AudioFileError(shown(path), reason, "a sheet or list is never as large")
    return data
