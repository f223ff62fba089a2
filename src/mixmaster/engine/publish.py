"""Publishing: a file is either there, whole, with its manifest, or not there at all.

The work goes to a hidden temporary beside the target. ``commit`` has it read back, writes it
through to the disk, renames it, and then does the same with the manifest. A file's presence says
nothing; a manifest that holds its hash says that it is complete, and ours.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mixmaster.audio.names import shown
from mixmaster.engine.outputs import make_folders, refuse_inputs, remove_empty, told
from mixmaster.engine.renaming import for_syncing, held_by_readers, rename
from mixmaster.errors import OutputError
from mixmaster.results import to_json_text

SCHEMA_PREFIX = "mixmaster/manifest/"

_MAX_NAME_BYTES = 250  # 255 on common file systems, less ".json"
_MAX_MANIFEST_BYTES = 64 << 20
_SHOWN_STEM = 40

_live: set[Path] = set()
_counter = itertools.count()


def remove_partials() -> None:
    """Remove every temporary that is being written; for the end after a signal."""
    while _live:
        with contextlib.suppress(OSError, KeyError):
            _live.pop().unlink(missing_ok=True)


def manifest_path(target: Path) -> Path:
    """Return where a file's manifest lies: beside it, ``<file>.json``."""
    return target.with_name(target.name + ".json")


def is_ours(target: Path) -> bool:
    """Return whether the manifest beside a file holds the file's present SHA-256."""
    return made_here(target) is not None


def made_here(target: Path) -> str | None:
    """Return the kind of a file that was made here and not changed since: ``mix``, ``master``.

    None for every other file.
    """
    if not target.is_file():
        return None
    found = None
    for path in (manifest_path(target), *_left_beside(target)):
        manifest = _read_manifest(path)
        if manifest is None or manifest.get("file", target.name) != target.name:
            continue
        found = found or _sha256(target)
        if manifest.get("sha256") == found:
            return str(manifest.get("kind", ""))
    return None


class Publication:
    """A file that will be there whole, or not at all. A context manager.

    Args:
        target: The file to be made. Missing parent folders are made, and removed again if
            nothing comes of it.
        overwrite: Whether an existing file that is not ours may be replaced.
        inputs: Files that are read meanwhile; a target that is one of them is refused.

    Attributes:
        target: The file to be made.
        part: The hidden temporary beside it; write here.

    Raises:
        OutputError: On entering, before any work: the target is a folder, an input, not ours, or
            cannot be written.
    """

    def __init__(
        self,
        target: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        inputs: Iterable[str | os.PathLike[str]] = (),
    ) -> None:
        self.target = Path(target)
        self.part = _temporary(self.target)
        self._overwrite = overwrite
        self._inputs = tuple(inputs)
        self._made: list[Path] = []

    def __enter__(self) -> Self:
        refuse_inputs(self.target, self._inputs)
        check_target(self.target, overwrite=self._overwrite)
        self._made = make_folders(self.target.parent)
        try:
            with told(self.target):
                _create(self.part)
        except OutputError:
            self._undo()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._undo()

    def commit(
        self,
        manifest: Mapping[str, Any],
        verify: Callable[[Path], Any] | None = None,
    ) -> Path:
        """Put the file in its place, then the manifest beside it.

        Args:
            manifest: What is to be said; ``file`` and ``sha256`` are filled in here.
            verify: Reads the finished temporary back; what it returns becomes ``figures`` in the
                manifest. An error that it raises leaves everything as it was.

        Returns:
            The manifest's path.

        Raises:
            OutputError: When it cannot be done; what was there before is still there.
        """
        said = dict(manifest)
        if verify is not None:
            said["figures"] = verify(self.part)
        with self._ready(said) as beside_part:
            self._put(beside_part)
        return manifest_path(self.target)

    @contextlib.contextmanager
    def _ready(self, manifest: Mapping[str, Any]) -> Iterator[Path]:
        """Write the manifest to a temporary and both through to the disk; give its path."""
        beside_part = _temporary(manifest_path(self.target))
        try:
            with told(self.target):
                said = {**manifest, "file": self.target.name, "sha256": _sha256(self.part)}
                _create(beside_part)
                text = to_json_text(said)
                # What is not UTF-8 in a name becomes the JSON escape that reads back as it was.
                beside_part.write_text(text, encoding="utf-8", errors="backslashreplace")
                _sync(self.part)
                _sync(beside_part)
            yield beside_part
        finally:
            _forget(beside_part)

    def _put(self, beside_part: Path) -> None:
        """Rename what is ready; where the manifest cannot follow its file, undo it."""
        with told(self.target), _locked(self.target.parent):
            check_target(self.target, overwrite=self._overwrite)
            existed, kept, moved = os.path.lexists(self.target), _temporary(self.target), False
            try:
                if existed:
                    _keep(self.target, kept)
                rename(self.part, self.target)
                moved = True
                rename(beside_part, manifest_path(self.target))
            except BaseException:
                if kept in _live:
                    rename(kept, self.target)
                elif moved and not existed:
                    self.target.unlink()
                raise
            finally:
                _forget(kept)
            _live.difference_update((self.part, beside_part))
            self._made.clear()

    def _undo(self) -> None:
        _forget(self.part)
        remove_empty(self._made)
        self._made.clear()


def commit_together(
    publications: Iterable[tuple[Publication, Mapping[str, Any]]],
) -> None:
    """Put several files in their places, none before all of them are ready on the disk.

    Args:
        publications: Each with its manifest; see `Publication.commit`.

    Raises:
        OutputError: When it cannot be done. Unless it is a renaming that fails, what was there
            before is still there, all of it.
    """
    with contextlib.ExitStack() as stack:
        ready = [(each, stack.enter_context(each._ready(said))) for each, said in publications]  # noqa: SLF001 - the same module
        for each, _ in ready:
            check_target(each.target, overwrite=each._overwrite)  # noqa: SLF001 - the same module
        for each, beside_part in ready:
            each._put(beside_part)  # noqa: SLF001 - the same module


@contextlib.contextmanager
def staged(target: Path) -> Iterator[Path]:
    """Give a hidden temporary beside a file; unless it is `put` there, it is gone afterwards.

    For files that need no manifest of their own. Missing parent folders are made, and removed
    again if nothing comes of it.

    Raises:
        OutputError: When it cannot be written.
    """
    part = _temporary(target)
    made = make_folders(target.parent)
    try:
        with told(target):
            _create(part)
            yield part
    finally:
        _forget(part)
        remove_empty(made)


def put(part: Path, target: Path) -> None:
    """Write a staged file through to the disk and rename it.

    Raises:
        OutputError: When it cannot be done.
    """
    with told(target):
        _sync(part)
        rename(part, target)
    _live.discard(part)


def check_target(target: Path, *, overwrite: bool = False) -> None:
    """Raise unless a file may be put there: before any work, and again before renaming.

    Raises:
        OutputError: For a folder, a name that is too long, a file that is not ours, or a
            stranger's file where the manifest would lie.
    """
    name = shown(target)
    if "\0" in str(target):
        raise OutputError(name, "it is no file name", "NUL cannot be part of one")
    # os.path.isdir: pathlib's raises where a name is too long
    if not target.name or os.path.isdir(target):  # noqa: PTH112
        raise OutputError(name, "it is a folder", "name a file")
    if len(os.fsencode(target.name)) > _MAX_NAME_BYTES:
        limit = f"{_MAX_NAME_BYTES} bytes at most, to leave room for the manifest's"
        raise OutputError(name, "its name is too long", limit)
    if overwrite:
        return
    with told(target):
        if os.path.lexists(target) and not is_ours(target):
            reason = "it exists, and no manifest beside it says that it was made here unchanged"
            raise OutputError(name, reason, "--overwrite replaces it; or choose another name")
        beside = manifest_path(target)
        if os.path.lexists(beside) and _read_manifest(beside) is None:
            reason = "it exists and is no manifest, but the manifest would lie there"
            raise OutputError(shown(beside), reason, "--overwrite replaces it")


def check_writable(target: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Raise unless a target could be published, and leave no trace: for the time before work.

    Raises:
        OutputError: As ``Publication`` would on entering.
    """
    with Publication(target, overwrite=overwrite):
        return


def _temporary(target: Path) -> Path:
    token = f"{os.getpid()}-{next(_counter)}-{os.urandom(3).hex()}"
    return target.with_name(f".{target.stem[:_SHOWN_STEM]}.{token}.part{target.suffix[:8]}")


def _create(path: Path) -> None:
    # No stranger's file or link is followed; the mode is what the umask leaves.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    _live.add(path)


def _forget(path: Path) -> None:
    if path in _live:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        _live.discard(path)


def _keep(target: Path, kept: Path) -> None:
    """Give a file a second, hidden name, by which it can be put back.

    Where readers hold files, neither of two names can be removed while one is read: there it is
    renamed, which fails before anything has changed.
    """
    if held_by_readers():
        rename(target, kept, named=target)
        _live.add(kept)
        return
    # A file system without hard links: then it cannot.
    with contextlib.suppress(OSError):
        os.link(target, kept, follow_symlinks=False)
        _live.add(kept)


def _left_beside(target: Path) -> Iterator[Path]:
    """Yield manifests that a killed process had ready but did not put in their place."""
    beside = manifest_path(target)
    start, end = f".{beside.stem[:_SHOWN_STEM]}.", f".part{beside.suffix}"
    with contextlib.suppress(OSError):
        for name in sorted(os.listdir(target.parent)):  # noqa: PTH208 - names that are not UTF-8
            if name.startswith(start) and name.endswith(end):
                yield target.parent / name


def _read_manifest(path: Path) -> dict[str, Any] | None:
    """Return a manifest of ours; None when there is none, or something else."""
    try:
        if path.stat().st_size > _MAX_MANIFEST_BYTES or not stat.S_ISREG(path.stat().st_mode):
            return None
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if isinstance(found, dict) and str(found.get("schema", "")).startswith(SCHEMA_PREFIX):
        return found
    return None


def _sha256(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, for_syncing())
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other publications out of a folder while a file and its manifest change places."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno != errno.EINVAL:  # a file system whose folders cannot be synced
                raise
    finally:
        os.close(handle)
