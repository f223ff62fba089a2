"""Reading and writing at a position, on systems that have no calls for it, too.

Windows has neither ``pread`` nor ``pwrite``: there the descriptor's own position is moved, and
moved back, for libsndfile counts on it; a descriptor is one thread's. What is opened there must be
opened as binary, or line ends would be translated.
"""

from __future__ import annotations

import os

BINARY = getattr(os, "O_BINARY", 0)
"""The flag of ``os.open`` that says so where there is one."""


def pread(fd: int, count: int, offset: int) -> bytes:
    """Return up to so many bytes from a position; fewer at the end.

    Raises:
        OSError: When they cannot be read.
    """
    if hasattr(os, "pread"):
        return os.pread(fd, count, offset)
    before = os.lseek(fd, 0, os.SEEK_CUR)
    try:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, count)
    finally:
        os.lseek(fd, before, os.SEEK_SET)


def pread_into(fd: int, into: memoryview, offset: int) -> int:
    """Read from a position into a buffer of bytes; return how many there were.

    Raises:
        OSError: When they cannot be read.
    """
    if hasattr(os, "preadv"):
        return os.preadv(fd, [into], offset)
    data = pread(fd, len(into), offset)
    into[: len(data)] = data
    return len(data)


def pwrite(fd: int, data: bytes | memoryview, offset: int) -> int:
    """Write at a position; return how many bytes were written.

    Raises:
        OSError: When they cannot be written.
    """
    if hasattr(os, "pwrite"):
        return os.pwrite(fd, data, offset)
    before = os.lseek(fd, 0, os.SEEK_CUR)
    try:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.write(fd, data)
    finally:
        os.lseek(fd, before, os.SEEK_SET)
