"""Songs and outputs that ``batch`` and ``status`` are given as addresses: ``s3://bucket/songs``."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mixmaster.batch.stages.workplace import Workplace
    from mixmaster.batch.state.store import Store
    from mixmaster.batch.storage.names import Location
    from mixmaster.batch.storage.store import RemoteStore


@dataclass(frozen=True)
class Places:
    """Where a batch's songs and outputs are.

    Attributes:
        songs: Songs' paths and patterns on this machine.
        output: The output folder; of outputs in a store, where their state is kept.
        roots: Local copies of songs, and what they are copies of.
        remote: The state of outputs in a store; None when they go to a folder.
    """

    songs: tuple[str, ...]
    output: Path
    roots: tuple[tuple[str, Location], ...] = ()
    remote: RemoteStore | None = None

    @property
    def store(self) -> Store:
        """The state of the outputs."""
        from mixmaster.batch.state.store import Store

        return self.remote or Store(self.output)

    @property
    def shown(self) -> Path | str:
        """Where outputs go, for people."""
        return self.output if self.remote is None else str(self.remote.at)

    def workplace(self, *, overwrite: bool) -> Workplace:
        """Return where stages find inputs and put outputs, wherever they run."""
        from mixmaster.batch.local.workplace import LocalWorkplace
        from mixmaster.batch.storage.names import Location
        from mixmaster.batch.storage.workplace import StoreWorkplace

        if self.remote is None and not self.roots:
            return LocalWorkplace(self.output, overwrite=overwrite)
        at = Location("file", str(self.output)) if self.remote is None else self.remote.at
        own = () if self.remote is None else ((str(self.remote.output), at),)
        return StoreWorkplace(at, (*self.roots, *own), overwrite=overwrite)


def is_document(text: str) -> bool:
    """Return whether an address is that of one document: of jobs, or of a session."""
    from mixmaster.batch.storage.names import is_address

    return is_address(text) and text.lower().endswith(".toml") and not glob.has_magic(text)


def bring_document(address: str) -> tuple[Path, Location] | None:
    """Bring a document out of a store, with presets and references that it names as files.

    Returns:
        Where it lies now, and the folder that it lies in there; None for a session's.

    Raises:
        UsageError: For an address where nothing is, or a missing extra.
        StorageError: When the store fails.
        DocumentError: For a document that cannot be read.
    """
    from mixmaster.batch.planning.document import Batch
    from mixmaster.batch.storage.mirror import Mirror
    from mixmaster.batch.storage.names import Location
    from mixmaster.batch.storage.remote import require_stores
    from mixmaster.batch.storage.scratch import Scratch
    from mixmaster.documents.loading import read_table

    require_stores([address])
    at = Location.parse(address)
    mirror = Mirror(Scratch())
    table = read_table(
        mirror.bring_files(at.folder, [at.name]) / at.name, max_bytes=Batch.max_bytes
    )
    if table.get("kind") == "session":
        return None
    files = [name for each in _wishes(table) for name in _files(each)]
    return mirror.bring_files(
        at.folder, list(dict.fromkeys((at.name, *files)))
    ) / at.name, at.folder


def _wishes(table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    lists = [table[name] for name in ("song", "include") if isinstance(table.get(name), list)]
    return [table, *(each for found in lists for each in found if isinstance(each, dict))]


def _files(wishes: Mapping[str, Any]) -> list[str]:
    """Return the files that a document's table names beside songs; names of presets are none."""
    named = [wishes.get(name) for name in ("preset", "profile")]
    for several in ("masters", "targets"):
        found = wishes.get(several)
        named += found if isinstance(found, list) else []
    files = [each for each in named if isinstance(each, str) and each.lower().endswith(".toml")]
    reference = wishes.get("reference")
    return [*files, reference] if isinstance(reference, str) else files


def find_places(songs: Sequence[str], output: str | os.PathLike[str], base: Path) -> Places:
    """Return where songs and outputs are; songs in stores are brought here to be planned.

    Args:
        songs: Paths, patterns and addresses.
        output: A path or an address.
        base: The folder that a relative output begins at.

    Raises:
        UsageError: For an address that is none, finds nothing, or needs a missing extra.
        StorageError: When a store fails.
        OutputError: When the local disk has no room.
    """
    from mixmaster.batch.storage.names import Location, is_address

    def local(text: str | os.PathLike[str]) -> Path:
        from mixmaster.documents.finding import from_home

        return (base / from_home(text)).absolute()

    addresses = [text for text in (*songs, os.fspath(output)) if is_address(text)]
    if not addresses:
        return Places(tuple(songs), local(output))
    from mixmaster.batch.storage.mirror import bring_all
    from mixmaster.batch.storage.remote import require_stores
    from mixmaster.batch.storage.scratch import Scratch
    from mixmaster.batch.storage.store import RemoteStore
    from mixmaster.batch.storage.workplace import StoreWorkplace
    from mixmaster.errors import UsageError

    require_stores(addresses)
    for text in addresses:
        if Location.parse(text).scheme == "memory":
            reason = "it would be gone with this process, and workers would not see it"
            raise UsageError(text, reason, "name a folder or a store")
    brought, mirror = bring_all(songs, Scratch())
    roots = tuple(mirror.roots)
    if not is_address(os.fspath(output)):
        return Places(tuple(brought), local(output), roots)
    remote = RemoteStore(StoreWorkplace(Location.parse(os.fspath(output))))
    return Places(tuple(brought), remote.output, roots, remote)
