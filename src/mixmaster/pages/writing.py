"""Putting pages and pictures in their place: whole or not at all, and over nobody's file.

Ours is a page that says so (its ``generator``), and a picture that carries the same word in a
text chunk; both are replaced without a question, anything else only when asked to.
"""

from __future__ import annotations

import os
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.engine.outputs import told
from mixmaster.engine.publish import put, staged
from mixmaster.errors import OutputError
from mixmaster.pages.png import SOFTWARE

PAGE_MARK = b'<meta name="generator" content="mixmaster">'
PICTURE_MARK = SOFTWARE
"""What a file of ours holds within its first bytes."""

_LOOKED_AT = 4_096


def write(path: Path, content: bytes, mark: bytes, *, overwrite: bool = False) -> None:
    """Put a file in its place: written beside it under a hidden name, then renamed.

    Args:
        path: Where it is to lie; missing folders are made.
        content: All of it.
        mark: What a file of ours holds near its beginning.
        overwrite: Whether a stranger's file may be replaced.

    Raises:
        OutputError: When it cannot be done; what was there before is still there.
    """
    assert mark in content[:_LOOKED_AT]
    check_place(path, mark, overwrite=overwrite)
    with staged(path) as part:
        part.write_bytes(content)
        put(part, path)


def check_place(path: Path, mark: bytes, *, overwrite: bool = False) -> None:
    """Raise unless a file may be put there; before any work.

    Args:
        path: Where it is to lie.
        mark: What a file of ours holds near its beginning.
        overwrite: Whether a stranger's file may be replaced.

    Raises:
        OutputError: For a folder, and for a file that is not ours.
    """
    name = shown(path)
    with told(path):
        if path.is_dir():
            raise OutputError(name, "it is a folder", "name a file")
        if overwrite or not os.path.lexists(path):
            return
        with path.open("rb") as file:
            ours = mark in file.read(_LOOKED_AT)
    if not ours:
        hint = "--overwrite replaces it; or choose another name"
        raise OutputError(name, "it exists, and was not made by mixmaster", hint)
