"""The standard streams: closed ones, ones that cannot take every character, narrow ones."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

_PLAIN = {"–": "-", "─": "-", "→": "->", "×": "x", "…": "...", "µ": "u"}
"""What a stream that knows no Unicode is given for the signs of our own tables."""

_ERRORS = "mixmaster.plain"


def hold_descriptors() -> None:
    """Open the null device where a standard stream is closed.

    Otherwise the first audio file that is opened would get its number, and whatever a library
    prints there would land in the audio.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one


def accept_every_character() -> None:
    """Let stdout and stderr take any text: what they cannot encode becomes an escape."""
    codecs.register_error(_ERRORS, _plain)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_ERRORS)


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    text = "".join(
        _PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode("ascii") for c in wrong
    )
    return text, error.end


def discard(stream: IO[str] | None) -> None:
    """Send what is left for a stream nowhere: its reader has gone, or its disk is full."""
    if stream is not None:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def flush_stdout() -> None:
    """Write out what stdout holds, so that an error of it is seen while it can be told.

    Raises:
        OSError: Of the stream.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


@contextmanager
def forgiving(stream: IO[str] | None) -> Iterator[None]:
    """Give up on a stream that fails: what it was to be told is no reason to fail, too."""
    try:
        yield
        if stream is not None:
            stream.flush()
    except OSError:
        discard(stream)


def use_color() -> bool | None:
    """Return False where ``NO_COLOR`` forbids colours; None leaves it to the stream."""
    return False if os.environ.get("NO_COLOR") else None


def is_terminal(stream: IO[str] | None) -> bool:
    """Return whether people are looking at the stream."""
    return stream is not None and stream.isatty()


def width_of(stream: IO[str] | None) -> int | None:
    """Return a stream's width in columns; None for a pipe or file, whose lines may be long.

    ``COLUMNS``, where it is set, counts for both.
    """
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    if stream is None or not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None
