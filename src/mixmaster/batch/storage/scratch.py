"""What was fetched from stores, kept on the local disk under the hash of its content.

Several processes of one machine share a scratch folder. A file in it is hashed again whenever it
is used, so that a damaged disk is found out; it is handed out as a copy, so that making room never
takes away what someone works with. Which hash lies at an address is remembered with the
store's own version of the file; where a store only has times, not before two seconds have passed,
since a later change could otherwise carry the same time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.batch.storage.names import Location
from mixmaster.batch.storage.remote import Remote, Seen, start_of
from mixmaster.engine.keeping import cache_folder
from mixmaster.engine.outputs import inside
from mixmaster.errors import OutputError, StorageError

MOST_BYTES: Final = 50 * 10**9
"""How large a scratch folder may grow unless told otherwise."""

_PIECE_BYTES: Final = 16 << 20
_SETTLED_S: Final = 2.0
_LEFT_S: Final = 86_400.0
_FORGOTTEN_S: Final = 30 * 86_400.0
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file of a store on the local disk.

    Attributes:
        path: Where it lies now.
        sha256: The hash of its content.
        size_bytes: Its size.
        came: Whether it came over the network, and was not here already.
    """

    path: Path
    sha256: str
    size_bytes: int
    came: bool


class Scratch:
    """A folder of fetched files, of a limited size.

    Args:
        folder: Where; made when it is not there. None is ``stores`` in the user's cache folder.
        most_bytes: When what is kept passes it, what was used longest ago goes.
        remote: How stores are spoken to.

    Attributes:
        locks: The folder of locks that processes of this machine hold.

    Raises:
        OutputError: When the folder cannot be made.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        most_bytes: int = MOST_BYTES,
        remote: Remote | None = None,
    ) -> None:
        self.folder = folder or cache_folder() / "stores"
        self.most_bytes = most_bytes
        self.remote = remote or Remote()
        self._content = self.folder / "content"
        self._parts = self.folder / "parts"
        self._known = self.folder / "known"
        self.locks = self.folder / "locks"
        try:
            for each in (self._content, self._parts, self._known, self.locks):
                each.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            reason = f"the scratch folder cannot be made: {error.strerror}"
            hint = "XDG_CACHE_HOME names another cache folder"
            raise OutputError(shown(self.folder), reason, hint) from error
        self._sweep()

    def place(self, at: Location, target: Path, *, sha256: str | None = None) -> Fetched:
        """Fetch a file, or take it from the scratch folder, and let it lie at a local path.

        Args:
            at: The file in its store.
            target: Where it is wanted; must not exist yet.
            sha256: The hash that it must have, when that is known: then the store is not even
                asked for what is kept.

        Raises:
            StorageError: When it cannot be fetched, or is something else than was said.
            OutputError: When the local disk has no room.
        """
        with _held(self.locks / _name(str(at))):
            content, digest, came = self._content_of(at, sha256)
            with _told(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                _copy(content, target)
        return Fetched(target, digest, target.stat().st_size, came)

    def place_folder(self, at: Location, folder: Path) -> dict[str, Fetched]:
        """Let all files below a folder of a store, or all that match a pattern, lie in a local one.

        Returns:
            Every file by its name inside the folder.

        Raises:
            StorageError: As `place`, and for names that cannot be files here.
            OutputError: When the local disk has no room.
        """
        base = start_of(at).path + "/"
        names = {seen.at.path.removeprefix(base): seen.at for seen in self.remote.listing(at)}
        return {name: self.place(each, inside(folder, name)) for name, each in names.items()}

    def sha256(self, at: Location) -> str:
        """Return the hash of what lies in a store; read through only when it is not known.

        Raises:
            StorageError: When it cannot be read.
        """
        seen = self.remote.look(at)
        if seen is None:
            raise StorageError(str(at), "it is not there")
        known = self.known(seen)
        if known is None:
            known, _ = self.remote.sha256(at)
            self.remember(seen, known)
        return known

    def known(self, seen: Seen, what: str = "content") -> str | None:
        """Return the hash of a file of a store if it was read before and is unchanged since.

        Args:
            seen: The file.
            what: Which hash: of its ``content``, or of what it as a manifest ``speaks of``.
        """
        path = self._known / _name(f"{what}\n{seen.at}\n{seen.token}")
        with contextlib.suppress(OSError):
            text = path.read_text("ascii", "replace")
            if _HASH.fullmatch(text):
                os.utime(path)
                return text
        return None

    def remember(self, seen: Seen, sha256: str, what: str = "content") -> None:
        """Keep a hash for `known`, unless the file's token could hide a change."""
        if not seen.exact and not _settled(seen):
            return
        path = self._known / _name(f"{what}\n{seen.at}\n{seen.token}")
        part = self._parts / f"{path.name}.{os.getpid()}.{os.urandom(3).hex()}"
        with contextlib.suppress(OSError):
            part.write_text(sha256, "ascii")
            part.replace(path)

    def used_bytes(self) -> int:
        """Return how much is kept."""
        return sum(size for _, size, _ in self._kept())

    def _content_of(self, at: Location, sha256: str | None) -> tuple[Path, str, bool]:
        if sha256 is not None and self._whole(path := self._path(sha256)):
            return path, sha256, False
        seen = self.remote.look(at)
        if seen is None:
            raise StorageError(str(at), "it is not there")
        known = self.known(seen)
        if sha256 is not None and known not in {None, sha256}:
            raise _another(at)
        if known is not None and self._whole(path := self._path(known)):
            return path, known, False
        self._make_room(at, seen.size_bytes)
        with self._part() as part:
            digest = self.remote.fetch(at, part)
            if sha256 is not None and digest != sha256:
                raise _another(at)
            path = self._path(digest)
            path.parent.mkdir(exist_ok=True, mode=0o700)
            part.chmod(0o444)
            part.replace(path)
        self.remember(seen, digest)
        return path, digest, True

    def _path(self, digest: str) -> Path:
        return self._content / digest[:2] / digest

    def _whole(self, path: Path) -> bool:
        """Return whether kept content is what its name says; what is not goes."""
        try:
            with path.open("rb", buffering=0) as file:
                right = hashlib.file_digest(file, "sha256").hexdigest() == path.name
            if right:
                os.utime(path)
            else:
                path.unlink()
        except OSError:
            return False
        return right

    @contextlib.contextmanager
    def work_folder(self) -> Iterator[Path]:
        """Give an empty folder for temporary files; should this process be killed, it is swept."""
        with self._part() as part:
            part.mkdir(mode=0o700)
            yield part

    @contextlib.contextmanager
    def _part(self) -> Iterator[Path]:
        """Give a path for something temporary, known to be in use while its lock is held."""
        token = f"{os.getpid()}-{os.urandom(4).hex()}"
        lock, part = self._parts / f"{token}.lock", self._parts / f"{token}.part"
        try:
            with _held(lock):
                yield part
        finally:
            _remove(part)
            lock.unlink(missing_ok=True)

    def _kept(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self._content.glob("??/*"):
            with contextlib.suppress(OSError):
                said = path.stat()
                found.append((said.st_mtime, said.st_size, path))
        return found

    def _make_room(self, at: Location, size_bytes: int) -> None:
        """Remove what was used longest ago until there is room for something new."""
        if size_bytes > self.most_bytes:
            raise StorageError(
                str(at),
                f"it has {size_bytes} bytes, but the scratch folder may hold {self.most_bytes}",
                "cut it in parts",
            )
        kept = sorted(self._kept())
        total = sum(size for _, size, _ in kept)
        for _, size, path in kept:
            free = shutil.disk_usage(self.folder).free
            if total + size_bytes <= self.most_bytes and size_bytes <= free:
                return
            path.unlink(missing_ok=True)
            total -= size

    def _sweep(self) -> None:
        """Remove what killed processes have left, and what nobody asked for in a month."""
        for lock in self._parts.glob("*.lock"):
            if _free(lock):
                _remove(lock.with_suffix(".part"))
                lock.unlink(missing_ok=True)
        for path in self._parts.iterdir():
            with contextlib.suppress(OSError):
                if not path.with_suffix(".lock").exists() and _age_s(path) > _LEFT_S:
                    _remove(path)
        for path in (*self._known.iterdir(), *self.locks.iterdir()):
            with contextlib.suppress(OSError):
                if _age_s(path) > _FORGOTTEN_S and _free(path):
                    path.unlink()


def _name(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _age_s(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def _another(at: Location) -> StorageError:
    return StorageError(
        str(at), "its content is not what it was when the batch was planned", "plan again"
    )


def _settled(seen: Seen) -> bool:
    """Return whether a file that only has times is old enough for them to tell a change."""
    if seen.at.scheme != "file":
        return True  # the memory store counts microseconds
    try:
        said = Path(seen.at.path).stat()
    except OSError:
        return False
    return time.time() - max(said.st_mtime, said.st_ctime) > _SETTLED_S


def _copy(content: Path, target: Path) -> None:
    """Copy a file; where the file system can, the two share their blocks (copy_file_range(2))."""
    with content.open("rb", buffering=0) as source, target.open("xb", buffering=0) as file:
        if hasattr(os, "copy_file_range"):
            with contextlib.suppress(OSError):
                while os.copy_file_range(source.fileno(), file.fileno(), _PIECE_BYTES):
                    pass
                return
            source.seek(0)
            file.seek(0)
            file.truncate()
        shutil.copyfileobj(source, file, _PIECE_BYTES)


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    """Keep other processes of this machine out of something."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform != "win32":
            import fcntl

            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _free(path: Path) -> bool:
    """Return whether nobody holds a lock."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(shown(path), f"it cannot be written: {error.strerror}") from error
