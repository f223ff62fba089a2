"""Putting finished files into a store: what has its manifest beside it is whole and right.

For each file, in this order, so that a stop between any two steps leaves no wrong file that could
be taken for a right one:

1. a mark, ``.<file>.<hash>.pending``, says which content of ours lies there and which is about
   to: should this process end, the next run knows either for ours though no manifest speaks for it;
2. an older manifest goes, since it will soon speak of something else;
3. the file is put, read back, and its size and hash compared;
4. its manifest is put and read back; then the mark goes.

Of several files, all are in place before the first manifest. Whoever does the same twice finds
the right file with its manifest, and stops at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.names import shown
from mixmaster.batch.storage.names import Location
from mixmaster.batch.storage.remote import Remote
from mixmaster.batch.storage.scratch import Scratch
from mixmaster.engine.hashing import hash_once
from mixmaster.engine.publish import SCHEMA_PREFIX, manifest_path
from mixmaster.errors import OutputError, StorageError

MARK_SCHEMA: Final = "mixmaster/pending/1"

_MOST_MANIFEST_BYTES: Final = 64 << 20
_MOST_MARK_BYTES: Final = 4096
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Put:
    """A file that is in a store now.

    Attributes:
        at: Where.
        sha256: The hash of its content.
        size_bytes: Its size.
        sent: Whether it was sent, and was not there already.
    """

    at: Location
    sha256: str
    size_bytes: int
    sent: bool


@dataclass(frozen=True, slots=True)
class _Ready:
    source: Path
    at: Location
    sha256: str
    manifest: bytes


def publish(
    scratch: Scratch, files: Sequence[tuple[Path, Location]], *, overwrite: bool = False
) -> list[Put]:
    """Put files, each with the manifest that lies beside it locally, into a store.

    Args:
        scratch: Remembers the hashes of what lies in stores.
        files: Each finished local file, and where it goes.
        overwrite: Whether a file that was not made here may be replaced.

    Raises:
        OutputError: When a local file has no manifest that speaks for it, or a stranger's file
            is in the way: before anything is sent.
        StorageError: When the store fails for good. What was there before is then there still,
            or has lost its manifest.
    """
    ready = [_ready(source, at) for source, at in files]
    states = [_state(scratch, each, overwrite=overwrite) for each in ready]
    for each, (there, found) in zip(ready, states, strict=True):
        mark = each.at.beside(f".{each.at.name}.{each.sha256[:16]}.pending")
        if there == "whole":
            scratch.remote.remove(mark)  # should an earlier run have been stopped at its last step
            continue
        said = {"schema": MARK_SCHEMA, "sha256": [each.sha256, *filter(None, (found,))]}
        scratch.remote.write(mark, json.dumps(said).encode())
        scratch.remote.remove(manifest_location(each.at))
        if there != "sent":
            scratch.remote.upload(each.source, each.at, each.sha256)
        if seen := scratch.remote.look(each.at):
            scratch.remember(seen, each.sha256)
    for each, (there, _) in zip(ready, states, strict=True):
        if there == "whole":
            continue
        scratch.remote.write(manifest_location(each.at), each.manifest)
        for mark in _marks(scratch.remote, each.at):  # ours, and those of runs that were stopped
            scratch.remote.remove(mark)
    return [
        Put(each.at, each.sha256, each.source.stat().st_size, there not in {"whole", "sent"})
        for each, (there, _) in zip(ready, states, strict=True)
    ]


def manifest_location(at: Location) -> Location:
    """Return where a file's manifest lies: beside it, ``<file>.json``."""
    return at.beside(at.name + ".json")


def published(scratch: Scratch, at: Location) -> str | None:
    """Return the hash of a file whose manifest speaks for its present content, or None.

    Raises:
        StorageError: When the store does not answer.
    """
    said = _manifest(scratch.remote, at)
    seen = scratch.remote.look(at)
    if said is None or seen is None:
        return None
    return said["sha256"] if scratch.sha256(at) == said["sha256"] else None


def manifest_sha256(remote: Remote, at: Location) -> str | None:
    """Return the hash that the manifest beside a file speaks of; None without one of ours.

    Raises:
        StorageError: When the store does not answer.
    """
    said = _manifest(remote, at)
    return None if said is None else str(said["sha256"])


def check_place(scratch: Scratch, at: Location, *, overwrite: bool = False) -> None:
    """Raise unless a file may be put there: before any work.

    Raises:
        OutputError: For a file, or a manifest, that is not ours.
        StorageError: When the store does not answer.
    """
    _found(scratch, at, overwrite=overwrite, wanted="")


def _ready(source: Path, at: Location) -> _Ready:
    beside = manifest_path(source)
    try:
        manifest = beside.read_bytes()
        said = json.loads(manifest)
    except (OSError, ValueError, RecursionError) as error:
        raise OutputError(shown(beside), "there is no manifest to be sent with the file") from error
    sha256 = hash_once(source)
    if not isinstance(said, dict) or said.get("sha256") != sha256:
        raise OutputError(shown(source), "its manifest speaks of another content", "render again")
    if len(manifest) > _MOST_MANIFEST_BYTES:
        raise OutputError(shown(beside), "it is too large for a manifest")
    return _Ready(source, at, sha256, manifest)


def _state(scratch: Scratch, ready: _Ready, *, overwrite: bool) -> tuple[str, str]:
    """Return what lies there, and its hash.

    That is ``whole``, ``sent`` (it only lacks its manifest), ``ours``, or ``""`` for nothing.
    """
    found, said = _found(scratch, ready.at, overwrite=overwrite, wanted=ready.sha256)
    if found == ready.sha256:
        return "whole" if said == json.loads(ready.manifest) else "sent", found
    return "ours" if found else "", found


def _found(
    scratch: Scratch, at: Location, *, overwrite: bool, wanted: str
) -> tuple[str, dict[str, Any] | None]:
    """Return the hash of what lies there, if anything, and its manifest; raise if it is not ours.

    A file that is what is wanted is no stranger's.
    """
    said = _manifest(scratch.remote, at)
    beside = manifest_location(at)
    if said is None and not overwrite and scratch.remote.look(beside) is not None:
        reason = "it exists and is no manifest, but the manifest would lie there"
        raise OutputError(str(beside), reason, "--overwrite replaces it")
    if scratch.remote.look(at) is None:
        return "", said
    found = scratch.sha256(at)
    ours = {wanted} if said is None else {wanted, said["sha256"]}
    if found in ours or overwrite or found in _marked(scratch.remote, at):
        return found, said
    reason = "it exists, and no manifest beside it says that it was made here unchanged"
    raise OutputError(str(at), reason, "--overwrite replaces it; or name another place for outputs")


def _manifest(remote: Remote, at: Location) -> dict[str, Any] | None:
    """Return the manifest that lies beside a file, if it is one of ours."""
    beside = manifest_location(at)
    if remote.look(beside) is None:
        return None
    try:
        found = json.loads(remote.read(beside, _MOST_MANIFEST_BYTES))
    except (ValueError, RecursionError):
        return None
    except StorageError as error:
        if error.passing:
            raise
        return None
    if not isinstance(found, dict) or not _HASH.fullmatch(str(found.get("sha256", ""))):
        return None
    return found if str(found.get("schema", "")).startswith(SCHEMA_PREFIX) else None


def _marks(remote: Remote, at: Location) -> list[Location]:
    """Return the marks that runs which were stopped have left for a file."""
    pattern = re.compile(re.escape(f".{at.name}.") + r"[0-9a-f]{16}\.pending")
    found = remote.names(at.folder, f".{at.name}.")
    return [at.beside(name) for name in found if pattern.fullmatch(name)]


def _marked(remote: Remote, at: Location) -> set[str]:
    """Return the hashes that runs which were stopped meant to put here."""
    hashes = set()
    for mark in _marks(remote, at):
        try:
            said = json.loads(remote.read(mark, _MOST_MARK_BYTES))
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict) and said.get("schema") == MARK_SCHEMA:
            meant = said.get("sha256")
            hashes |= {str(each) for each in meant} if isinstance(meant, list) else set()
    return hashes
