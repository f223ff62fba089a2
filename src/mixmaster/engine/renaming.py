"""Renaming and syncing where systems differ.

Windows renames over no file that somebody has open, be it a player, a virus scanner or an indexer
that looks at it for a moment; and it syncs no file that was opened for reading only.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.errors import OutputError

_WAITS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""How long to wait before each further attempt: 1.6 s, enough for a scanner."""


def rename(source: Path, target: Path, *, named: Path | None = None) -> None:
    """Rename a file over another, or over nothing.

    Args:
        source: The file.
        target: Its new name.
        named: What an error names, if it is not the target.

    Raises:
        OSError: When it cannot be done.
        OutputError: On Windows, for a file that stays open in another program.
    """
    if not held_by_readers():
        source.replace(target)
        return
    for wait_s in (*_WAITS_S, None):
        try:
            source.replace(target)
        except PermissionError as error:
            if wait_s is None:
                reason = "it is open in another program, or may not be replaced"
                hint = "close it there; write to a folder that is yours"
                raise OutputError(shown(named or target), reason, hint) from error
            time.sleep(wait_s)
        else:
            return


def for_syncing() -> int:
    """Return the flags with which a file is opened to be synced."""
    return os.O_RDWR if held_by_readers() else os.O_RDONLY


def held_by_readers() -> bool:
    """Return whether the system is one where a reader keeps others from a file."""
    return sys.platform == "win32"
