"""Hashing inputs on a thread of its own while something else goes on."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from mixmaster.audio.names import shown
from mixmaster.audio.opening import open_file
from mixmaster.errors import AudioFileError

P = TypeVar("P", bound=str | os.PathLike[str])

CHUNK_BYTES = 1 << 20

_known: dict[tuple[int, ...], str] = {}
"""Hashes of this process, by device, inode, size and times: what plans and manifests both ask for
is read once."""


def hash_once(path: str | os.PathLike[str]) -> str:
    """Return a file's SHA-256; read again only when the file has changed since.

    Raises:
        AudioFileError: For a file that cannot be read.
    """
    return _hash(path, threading.Event())


@contextmanager
def background_hashes(paths: Iterable[P]) -> Iterator[dict[P, Future[str]]]:
    """Give every path's SHA-256 as a future; leaving ends what is under way within a chunk.

    Args:
        paths: The files; one named twice is read once.

    Raises:
        AudioFileError: From a future, for a file that cannot be read.
    """
    stopped = threading.Event()
    pool = ThreadPoolExecutor(1, thread_name_prefix="hash")
    try:
        yield {path: pool.submit(_hash, path, stopped) for path in dict.fromkeys(paths)}
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)


def _hash(path: str | os.PathLike[str], stopped: threading.Event) -> str:
    digest = hashlib.sha256()
    try:
        # Only of a regular file: a device or a pipe may have no end.
        with os.fdopen(open_file(Path(path), shown(path)), "rb", buffering=0) as file:
            stat = os.fstat(file.fileno())
            identity = (
                *(stat.st_dev, stat.st_ino, stat.st_size),
                *(stat.st_mtime_ns, stat.st_ctime_ns),
            )
            if identity in _known:
                return _known[identity]
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                if stopped.is_set():
                    raise CancelledError
    except OSError as error:
        raise AudioFileError(shown(path), f"it cannot be read: {error.strerror}") from error
    _known[identity] = digest.hexdigest()
    return _known[identity]
