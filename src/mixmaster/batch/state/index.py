"""Hashes of files that have not changed since they were hashed: known without reading them again.

As in git's index, a file is taken for unchanged when its size, times and inode are those it had;
and what was changed so shortly before it was hashed that a later change might bear the same time
("racily clean", git's Documentation/technical/racy-git.txt) is hashed again.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.batch.state.files import read_state, write_state
from mixmaster.engine.hashing import hash_once
from mixmaster.errors import AudioFileError

_TICK_NS = 20_000_000
"""Linux stamps files with the time of the last timer tick, 1 to 10 ms; with some room."""

_COARSE_NS = 2_000_000_000
"""FAT counts in 2 s; some network file systems in whole seconds."""

_WHOLE_NS = 10_000_000
"""A time of change that is a multiple of this comes from a coarse file system, most likely."""


class StatIndex:
    """The hashes, kept in a file.

    Args:
        path: The file; None keeps nothing.
        trusting: Whether unchanged files need not be read; else each is read once.
    """

    def __init__(self, path: Path | None, *, trusting: bool = True) -> None:
        self._path = path
        self._known: dict[str, list[int | str]] = {}
        self._changed = False
        self._stopped = False
        if path is not None and trusting:
            found = read_state(path)
            self._known = found if isinstance(found, dict) else {}

    def stop(self) -> None:
        """Read no further file: whoever asked has gone."""
        self._stopped = True

    def sha256(self, path: Path) -> str:
        """Return a file's SHA-256.

        Raises:
            AudioFileError: For a file that cannot be read, or after `stop`.
        """
        name = os.path.abspath(path)  # noqa: PTH100 - links stay as they are
        known = self._known.get(name)
        if known is not None:
            with contextlib.suppress(OSError):
                if _identity(name) == known[:4]:
                    return str(known[4])
        if self._stopped:
            raise AudioFileError(shown(path), "it was not read: stopped")
        began = time.time_ns()
        before = None
        with contextlib.suppress(OSError):
            before = _identity(name)
        found = hash_once(name)
        self._note(name, before, began, found)
        return found

    def note(self, path: Path, sha256: str, mtime_ns: int) -> None:
        """Take a hash that is known already.

        Args:
            path: The file.
            sha256: Its hash.
            mtime_ns: As in `MadeFile`; 0 tells nothing.
        """
        name = os.path.abspath(path)  # noqa: PTH100 - links stay as they are
        self._known.pop(name, None)
        self._changed = True
        with contextlib.suppress(OSError):
            identity = _identity(name)
            if mtime_ns and identity[2] == mtime_ns:
                self._known[name] = [*identity, sha256]

    def _note(self, name: str, identity: list[int] | None, hashed_ns: int, sha256: str) -> None:
        self._known.pop(name, None)
        self._changed = True
        if identity is None:
            return
        with contextlib.suppress(OSError):
            if _identity(name) == identity and settled(identity[2], hashed_ns):
                self._known[name] = [*identity, sha256]

    def save(self) -> None:
        """Write the index if it has changed; that another batch's is lost only costs time."""
        if self._path is None or not self._changed:
            return
        with contextlib.suppress(OSError):
            write_state(self._path, self._known, durable=False)
            self._changed = False


def settled(mtime_ns: int, now_ns: int) -> bool:
    """Return whether a later change of a file, at ``now_ns`` or after, must show in its time."""
    margin_ns = _TICK_NS if mtime_ns % _WHOLE_NS else _COARSE_NS
    return mtime_ns + margin_ns <= now_ns


def _identity(name: str) -> list[int]:
    status = os.stat(name)  # noqa: PTH116 - a plain string is quicker, and there are thousands
    return [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]
