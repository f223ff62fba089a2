"""Claims in a store: who is making something, for all machines to see.

A claim is an object that only one can create; its holder writes it anew every 20 s. One that has
not been written for a minute belongs to nobody: its holder was killed. Its age is told by the
store's own clock, which is asked by writing a probe, for the machines' clocks may differ. On the
holder's own machine nobody waits: it also holds a lock on a file there, which ends with it.

Claims save work that would be done twice; that nothing wrong is published does not hang on them.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from mixmaster.batch.state.locks import Lock
from mixmaster.batch.storage.names import Location
from mixmaster.batch.storage.remote import Remote, filesystem
from mixmaster.errors import StorageError

RENEWED_S: Final = 20.0
LAPSED_S: Final = 60.0
_TOKEN: Final = re.compile(rb"[0-9a-f]{32}")


@contextlib.contextmanager
def claimed(
    remote: Remote, folder: Location, name: str, here: Path | None = None
) -> Iterator[bool]:
    """Hold a claim; gives False when somebody else holds it.

    Args:
        remote: How stores are spoken to.
        folder: Where claims lie.
        name: Of what is claimed.
        here: A folder of this machine, where holders' locks lie; None for none.

    Raises:
        StorageError: When the store does not answer.
    """
    at = folder.child(f"{name}.claim")
    token = os.urandom(16).hex().encode()
    with contextlib.ExitStack() as stack:
        if here is not None:
            mine = Lock(_lock_file(here, token))
            mine.take()
            stack.callback(mine.give_back)
        held = _create(remote, at, token)
        if not held and _take_over(remote, at, folder.child(f"{token.decode()}.probe"), here):
            held = _create(remote, at, token)
        if not held:
            yield False
            return
        over = threading.Event()
        renewing = threading.Thread(target=_renew, args=(remote, at, token, over), daemon=True)
        renewing.start()
        try:
            yield True
        finally:
            over.set()
            renewing.join()
            with contextlib.suppress(StorageError):  # it lapses by itself
                if remote.read(at, 64) == token:
                    remote.remove(at)


def _take_over(remote: Remote, at: Location, probe: Location, here: Path | None) -> bool:
    """Remove a claim that belongs to nobody any more; return whether it did."""
    with contextlib.ExitStack() as stack:
        dead = here is not None and _ended_here(remote, at, here, stack)
        if not dead and not _lapsed(remote, at, probe):
            return False
        remote.remove(at)
        return True


def _ended_here(remote: Remote, at: Location, here: Path, stack: contextlib.ExitStack) -> bool:
    """Return whether a claim's holder was a process of this machine, and has ended."""
    try:
        said = remote.read(at, 64)
    except StorageError:  # given back just now, or the store fails: as if nothing were known
        return False
    if not _TOKEN.fullmatch(said):
        return False
    file = _lock_file(here, said)
    if not file.exists():
        return False
    lock = Lock(file)
    if not lock.take():
        return False
    stack.callback(lock.give_back)  # until the claim is removed: one takes over, not two
    return True


def _lock_file(here: Path, token: bytes) -> Path:
    return here / f"{token.decode('ascii')}.claim"


def _create(remote: Remote, at: Location, token: bytes) -> bool:
    """Make an object that is not there yet; return whether this was us."""

    def do() -> bool:
        store = filesystem(at.scheme)
        try:
            if at.scheme == "file":
                store.makedirs(at.folder.path, exist_ok=True)
            store.pipe_file(at.path, token, mode="create")
        except FileExistsError:
            # An answer that was lost on its way, and asked for again: it may have been ours.
            return bool(store.cat_file(at.path) == token)
        return True

    try:
        return remote.patience.call(str(at), "cannot be claimed", do)
    except StorageError:
        if remote.look(at) is None:
            raise
        return False


def _lapsed(remote: Remote, at: Location, probe: Location) -> bool:
    """Return whether a claim has not been written for long, by the store's clock."""
    remote.write(probe, b"")
    try:
        now, written = _modified(remote, probe), _modified(remote, at)
    finally:
        remote.remove(probe)
    if now is None or written is None:
        return written is None
    return (now - written).total_seconds() > LAPSED_S


def _modified(remote: Remote, at: Location) -> datetime | None:
    def ask() -> Any:
        try:
            return filesystem(at.scheme).modified(at.path)
        except FileNotFoundError:
            return None

    found = remote.patience.call(str(at), "cannot be looked at", ask)
    return found if isinstance(found, datetime) else None


def _renew(remote: Remote, at: Location, token: bytes, over: threading.Event) -> None:
    while not over.wait(RENEWED_S):
        with contextlib.suppress(StorageError):
            if remote.read(at, 64) != token:  # taken over: this side was cut off for too long
                return
            remote.write(at, token)
