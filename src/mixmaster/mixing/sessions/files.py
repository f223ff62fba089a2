"""Session files on the disk: written once, never replaced unasked."""

from __future__ import annotations

import os
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.documents.loading import load_text
from mixmaster.engine.publish import put, staged
from mixmaster.errors import OutputError
from mixmaster.mixing.sessions.session import Session


def check_new(path: Path, *, overwrite: bool = False) -> None:
    """Raise unless a session may be written there.

    Raises:
        OutputError: For a file that exists, or a name that is no session's.
    """
    name = shown(path)
    if path.suffix.lower() != ".toml":
        raise OutputError(name, "a session is a .toml file", "name it song.toml")
    if path.is_dir():
        raise OutputError(name, "it is a folder", "name a file in it")
    if os.path.lexists(path) and not overwrite:
        hint = "choose another name; --overwrite replaces it, with all edits"
        raise OutputError(name, "it exists, and may have been edited", hint)


def write_new(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write a session, whole or not at all.

    Args:
        path: The file; missing folders are made.
        text: The document, which is read back before it is written.
        overwrite: Whether a file that is there may go.

    Raises:
        OutputError: When it may not or cannot be written.
        DocumentError: For text that is no session.
    """
    load_text(Session, text, where=shown(path))
    check_new(path, overwrite=overwrite)
    with staged(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
        put(part, path)
