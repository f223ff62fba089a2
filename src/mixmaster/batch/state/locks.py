"""Locks that end with the process that holds them, however it ends: none is ever stale."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


class Lock:
    """A lock on a file, taken at once or not at all.

    Args:
        path: The file; it is made, and removed again when the lock is given back.
        shared: Whether others may hold it too, who share it likewise.
    """

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        self.path = path
        self._shared = shared
        self._handle: int | None = None

    def take(self) -> bool:
        """Take the lock; return whether it could be had."""
        assert self._handle is None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            if not _flock(handle, shared=self._shared):
                os.close(handle)
                return False
            # Whoever held it may have removed the file meanwhile: then it locks nothing.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), self.path.stat()):
                    self._handle = handle
                    return True
            os.close(handle)

    def give_back(self) -> None:
        """Give the lock back."""
        if self._handle is None:
            return
        # Whoever shares it with others leaves the file to the last of them.
        if not self._shared or _flock(self._handle, shared=False):
            with contextlib.suppress(OSError):
                self.path.unlink()
        os.close(self._handle)
        self._handle = None


@contextlib.contextmanager
def all_taken(locks: list[Lock]) -> Iterator[bool]:
    """Hold all of some locks; gives False, and holds none, when one cannot be had."""
    taken: list[Lock] = []
    try:
        for lock in sorted(locks, key=lambda each: str(each.path)):
            if not lock.take():
                break
            taken.append(lock)
        if len(taken) < len(locks):
            while taken:
                taken.pop().give_back()
        yield len(taken) == len(locks)
    finally:
        for lock in taken:
            lock.give_back()


def _flock(handle: int, *, shared: bool) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import errno
    import fcntl

    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}:
            return False
        if error.errno in {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}:
            return True  # a file system without locks: one batch at a time is the user's matter
        raise
    return True
