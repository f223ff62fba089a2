"""Reading from and writing to stores over fsspec: object storage and shared folders.

Nothing is ever worked on in a store: files are fetched whole, worked on locally and put back
(a writer straight into a remote handle can corrupt a file without an exception). What is put is
read back and its hash compared. Object stores show an object whole or not at all; in a shared
folder that is done here, by a hidden temporary that is renamed.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from mixmaster.batch.storage.faults import Patience, fault
from mixmaster.batch.storage.names import NEEDS, Location, is_address, pick_names
from mixmaster.engine.outputs import require_space
from mixmaster.engine.publish import put, staged
from mixmaster.errors import StorageError, UsageError

CHUNK_BYTES: Final = 8 << 20
MOST_LISTED: Final = 200_000

_WILD: Final = "*?["
_VERSIONS: Final = ("ETag", "etag", "md5Hash", "generation", "VersionId")
_TIMES: Final = ("mtime", "created", "LastModified", "ino")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file in a store as its listing tells of it.

    Attributes:
        at: Where it lies.
        size_bytes: How large it is.
        token: What changes when the content does: the store's own version or times. Only ever
            compared with itself; never part of a key.
        exact: Whether the token is the store's version and not a time.
    """

    at: Location
    size_bytes: int
    token: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Remote:
    """Every store, spoken to with patience.

    Attributes:
        patience: How often what fails is tried again.
    """

    patience: Patience = field(default_factory=Patience)

    def look(self, at: Location) -> Seen | None:
        """Return what is said of a file; None when there is none.

        Raises:
            StorageError: When the store does not answer.
        """

        def ask() -> Seen | None:
            try:
                said = filesystem(at.scheme).info(at.path)
            except FileNotFoundError:
                return None
            return _seen(at, said) if said.get("type") == "file" else None

        return self.patience.call(str(at), "cannot be looked at", ask)

    def listing(self, pattern: Location) -> list[Seen]:
        """Return the files that match a pattern (``*``, ``?``, ``[...]``, ``**``), sorted.

        A pattern without wildcards is a folder, and all below it are meant.

        Raises:
            StorageError: For names that cannot be files here, for too many, and when the store
                does not answer.
        """
        wild = any(mark in pattern.path for mark in _WILD)
        base = start_of(pattern)

        def ask() -> dict[str, dict[str, Any]]:
            store = filesystem(pattern.scheme)
            seek = store.glob if wild else store.find
            return dict(seek(pattern.path, detail=True))

        found = self.patience.call(str(pattern), "cannot be listed", ask)
        files = {
            name.removeprefix(base.path).lstrip("/"): said
            for name, said in found.items()
            if said.get("type") == "file" and name.startswith(base.path + "/")
        }
        if len(files) > MOST_LISTED:
            raise StorageError(str(pattern), f"{len(files)} files are too many", "name fewer")
        return [
            _seen(base.child(name), files[name]) for name in pick_names(list(files), str(pattern))
        ]

    def names(self, folder: Location, start: str) -> list[str]:
        """Return the names in a folder that begin with ``start``, hidden ones too, sorted.

        Raises:
            StorageError: When the store does not answer.
        """

        def ask() -> list[str]:
            store = filesystem(folder.scheme)
            try:
                if folder.scheme in {"s3", "gs"}:  # these look names up by how they begin
                    return list(store.find(folder.path, prefix=start))
                return list(store.ls(folder.path, detail=False))
            except FileNotFoundError:
                return []

        found = self.patience.call(str(folder), "cannot be listed", ask)
        names = (path.removeprefix(folder.path + "/") for path in found)
        return sorted(name for name in names if name.startswith(start) and "/" not in name)

    def read(self, at: Location, most_bytes: int) -> bytes:
        """Return a small file's content.

        Raises:
            StorageError: When it is not there, larger than ``most_bytes``, or cannot be read.
        """

        def ask() -> bytes:
            with filesystem(at.scheme).open(at.path, "rb") as file:
                return bytes(file.read(most_bytes + 1))

        content = self.patience.call(str(at), "cannot be read", ask)
        if len(content) > most_bytes:
            raise StorageError(str(at), f"it is larger than {most_bytes} bytes")
        return content

    def write(self, at: Location, content: bytes) -> None:
        """Put a small file and see that it is what lies there now.

        Raises:
            StorageError: When it cannot be done.
        """

        def do() -> None:
            if at.scheme == "file":
                Path(at.path).parent.mkdir(parents=True, exist_ok=True)
                with staged(Path(at.path)) as part:
                    part.write_bytes(content)
                    put(part, Path(at.path))
            else:
                filesystem(at.scheme).pipe_file(at.path, content)
            with filesystem(at.scheme).open(at.path, "rb") as file:
                found = bytes(file.read(len(content) + 1))
            if found != content:
                raise StorageError(str(at), "it reads back as something else", passing=True)

        self.patience.call(str(at), "cannot be written", do)

    def fetch(self, at: Location, target: Path) -> str:
        """Copy a file to a local path that does not exist yet; return its SHA-256.

        Args:
            at: The file.
            target: Where to; half-written, it is removed.

        Raises:
            StorageError: When it cannot be read, or changes meanwhile.
            OutputError: When the local disk has no room.
        """
        before = self._there(at)
        require_space(target.parent, before.size_bytes)

        def do() -> str:
            before = self._there(at)
            try:
                filesystem(at.scheme).get_file(at.path, str(target))
                with target.open("rb", buffering=0) as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                self._unchanged(before, target.stat().st_size)
            except BaseException:
                target.unlink(missing_ok=True)
                raise
            return digest

        return self.patience.call(str(at), "cannot be read", do)

    def sha256(self, at: Location) -> tuple[str, int]:
        """Return the SHA-256 and the size of what lies there, read through to its end.

        Raises:
            StorageError: When it cannot be read, or changes meanwhile.
        """

        def do() -> tuple[str, int]:
            before = self._there(at)
            digest, size = hashlib.sha256(), 0
            store = filesystem(at.scheme)
            with store.open(at.path, "rb", block_size=CHUNK_BYTES) as file:
                while chunk := file.read(CHUNK_BYTES):
                    digest.update(chunk)
                    size += len(chunk)
            self._unchanged(before, size)
            return digest.hexdigest(), size

        return self.patience.call(str(at), "cannot be read", do)

    def upload(self, source: Path, at: Location, sha256: str) -> None:
        """Put a local file there, read it back and compare size and hash.

        Raises:
            StorageError: When it cannot be done. What lies there then is removed unless it is
                whole.
        """

        def do() -> None:
            if at.scheme == "file":
                _put_in_folder(source, Path(at.path))
            else:
                filesystem(at.scheme).put_file(str(source), at.path)
            found, size = self.sha256(at)
            if (found, size) != (sha256, source.stat().st_size):
                self.remove(at)
                raise StorageError(str(at), "what was put reads back differently", passing=True)

        self.patience.call(str(at), "cannot be written", do)

    def remove(self, at: Location) -> None:
        """Remove a file; one that is not there is no fault.

        Raises:
            StorageError: When it cannot be done.
        """

        def do() -> None:
            try:
                filesystem(at.scheme).rm_file(at.path)
            except FileNotFoundError:
                return

        self.patience.call(str(at), "cannot be removed", do)

    def _there(self, at: Location) -> Seen:
        seen = self.look(at)
        if seen is None:
            raise StorageError(str(at), "it is not there")
        return seen

    def _unchanged(self, before: Seen, size_read: int) -> None:
        after = self._there(before.at)
        if after.token != before.token or size_read != before.size_bytes:
            reason = (
                f"{size_read} of {before.size_bytes} bytes came, or it changed while it was read"
            )
            raise StorageError(str(before.at), reason, passing=True)


@cache
def filesystem(scheme: str) -> Any:
    """Return fsspec's file system for a scheme; what it lists is asked for anew each time.

    Raises:
        UsageError: When a package is missing.
        StorageError: When it cannot be set up, such as without credentials.
    """
    if not available(scheme):
        raise _missing(scheme)
    import fsspec

    try:
        return fsspec.filesystem(scheme, use_listings_cache=False)
    except Exception as error:
        raise fault(f"{scheme}://", "cannot be opened", error) from error


def available(scheme: str) -> bool:
    """Return whether the packages for a scheme are installed; none of them is imported."""
    from importlib.util import find_spec

    return all(find_spec(name) for name in ("fsspec", NEEDS[scheme]) if name)


def require_stores(addresses: Iterable[str]) -> None:
    """Raise unless every address is one, and its packages are there: before any work.

    Local paths among them are passed over.

    Raises:
        UsageError: With one line that says what to install.
    """
    for scheme in sorted({Location.parse(text).scheme for text in addresses if is_address(text)}):
        if not available(scheme):
            raise _missing(scheme)


def _missing(scheme: str) -> UsageError:
    package = NEEDS[scheme]
    more = f" {package}" if package and package != "s3fs" else ""
    return UsageError(
        f"{scheme}://",
        "stores need packages that are not installed",
        f"pip install 'mixmaster[cloud]'{more}",
    )


def _seen(at: Location, said: dict[str, Any]) -> Seen:
    versions = [f"{name}={said[name]}" for name in _VERSIONS if said.get(name)]
    times = [f"{name}={said[name]}" for name in _TIMES if said.get(name) is not None]
    size = int(said.get("size") or 0)
    return Seen(at, size, " ".join((str(size), *versions, *times)), exact=bool(versions))


def start_of(pattern: Location) -> Location:
    """Return the folder that a pattern starts in: all before the first part with a wildcard.

    Raises:
        UsageError: When that is no bucket.
    """
    parts = pattern.path.split("/")
    wild = (i for i, part in enumerate(parts) if any(mark in part for mark in _WILD))
    count = next(wild, len(parts))
    path = "/".join(parts[:count])
    if not path.strip("/"):
        raise UsageError(str(pattern), "a bucket's name has no wildcards", "name the bucket")
    return Location(pattern.scheme, path)


def _put_in_folder(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    require_space(target.parent, source.stat().st_size)
    with staged(target) as part:
        shutil.copyfile(source, part)
        put(part, target)
