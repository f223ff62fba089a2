"""What was measured once and is kept for the next run: arrays in the user's cache folder.

Named by the content of what was measured and by all that could change a bit of the result, never
by times or file names. What is kept may vanish, be damaged or be unwritable at any time: then it
is measured again, and nobody need be told.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.finding import own_folder
from mixmaster.engine.manifest import processor, versions

MOST_BYTES: Final = 256 << 20
"""The folder's size; when it is passed, what was used longest ago goes."""

_DIGEST_BYTES: Final = hashlib.sha256().digest_size
_switched_off: list[bool] = []


def cache_folder() -> Path:
    """Return the folder, whether it exists or not: ``$XDG_CACHE_HOME/mixmaster`` as a rule."""
    return own_folder("XDG_CACHE_HOME", ".cache")


@contextlib.contextmanager
def nothing_kept() -> Iterator[None]:
    """Neither read nor keep anything while it lasts: ``--no-cache``."""
    _switched_off.append(True)
    try:
        yield
    finally:
        _switched_off.pop()


def recall(kind: str, parts: Sequence[str]) -> Block | None:
    """Return an array that was kept, or None.

    Args:
        kind: What it is, and the revision of how it is made, such as ``powers1``.
        parts: What it was made from: content hashes and settings.
    """
    if _switched_off:
        return None
    path = _path(kind, parts)
    with contextlib.suppress(OSError, ValueError, EOFError):
        content = path.read_bytes()
        digest, array = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(array).digest() == digest:
            found = np.load(io.BytesIO(array), allow_pickle=False)
            os.utime(path)  # used now
            return np.asarray(found)
    return None


def keep(kind: str, parts: Sequence[str], array: Block) -> None:
    """Keep an array for `recall`."""
    if _switched_off:
        return
    path = _path(kind, parts)
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    content = buffer.getvalue()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(content).digest())
                file.write(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        _prune(path.parent)


def _path(kind: str, parts: Sequence[str]) -> Path:
    said = json.dumps([kind, *_maker(), *parts], separators=(",", ":"))
    return cache_folder() / f"{kind}-{hashlib.sha256(said.encode()).hexdigest()}"


@cache
def _maker() -> tuple[str, ...]:
    """Return what may change the last bits of a result: libraries and processor."""
    return (*versions().values(), *processor().values())


def _prune(folder: Path) -> None:
    """Remove what was used longest ago until a quarter is free, once there is too much."""
    with os.scandir(folder) as entries:
        found = [(entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in entries]
    total = sum(size for _, size, _ in found)
    if total <= MOST_BYTES:
        return
    for _, size, path in sorted(found):
        with contextlib.suppress(OSError):
            Path(path).unlink()
        total -= size
        if total <= 0.75 * MOST_BYTES:
            return
