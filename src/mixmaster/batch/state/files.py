"""Files of the batch's own state: whole or not there; what is damaged counts as not there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any, Final

_ELSEWHERE_S: Final = 3600.0


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON: the order of keys does not count.

    Raises:
        ValueError: For NaN or infinity.
    """
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()


def canonical(value: Any) -> str:
    """Return a value's JSON without a choice: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def write_state(path: Path, value: Any, *, durable: bool = True) -> None:
    """Write JSON, with a checksum in front, in place of what is there.

    Args:
        path: The file; its folder is made.
        value: JSON-ready data.
        durable: Whether it must outlive a power cut; what is only kept to save time need not.

    Raises:
        OSError: When it cannot be written; what was there is still there.
    """
    text = json.dumps(value, allow_nan=False).encode("ascii")
    part = path.with_name(f".{path.name}.{token()}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("xb") as file:
            file.write(hashlib.sha256(text).hexdigest().encode("ascii") + b"\n" + text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def token() -> str:
    """Return what tells a temporary from all others: its process, machine and a random number."""
    return f"{os.getpid()}-{_machine()}-{os.urandom(4).hex()}"


def writer_lives(part: Path) -> bool:
    """Tell whether a temporary with a `token` may still be being written.

    Processes of other machines cannot be asked, nor can any on Windows, where signal 0 is Ctrl-C:
    theirs are taken for dead after an hour.
    """
    said = part.name.removesuffix(".part").rpartition(".")[2].split("-")
    if len(said) != 3 or not said[0].isdecimal():
        return False
    if sys.platform == "win32" or said[1] != _machine():
        with contextlib.suppress(OSError):
            return time.time() - part.stat().st_mtime < _ELSEWHERE_S
        return False
    try:
        os.kill(int(said[0]), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _machine() -> str:
    return hashlib.sha256(platform.node().encode("utf-8", "surrogateescape")).hexdigest()[:6]


def read_state(path: Path) -> Any:
    """Return what `write_state` has written; None where it is missing or damaged."""
    try:
        said, _, text = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if hashlib.sha256(text).hexdigest().encode("ascii") != said:
        return None
    return json.loads(text)


def sync_folder(folder: Path) -> None:
    """Write a folder's entries through to the disk, where its file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
