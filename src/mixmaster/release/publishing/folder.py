"""The folder of a release: what is new lies in a hidden folder in it until all of it is right.

Then everything changes places at once: each old file is put aside, each new one renamed into its
place, ``release.json`` last. If anything goes wrong on the way, all of it is put back. A signal
waits until that is over, which takes as long as renaming takes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from mixmaster.audio.names import shown
from mixmaster.engine.hashing import hash_once
from mixmaster.engine.outputs import inside, make_folders, remove_empty
from mixmaster.engine.renaming import for_syncing, rename
from mixmaster.errors import AudioFileError, DocumentError, OutputError
from mixmaster.release.proof.folder import listed
from mixmaster.release.proof.record import RECORD_NAME, FileRecord, ReleaseRecord
from mixmaster.release.proof.writing import read_record, record_text
from mixmaster.release.publishing.rolling_back import roll_back

_STAGING = ".mixmaster-release-"
_NEW, _OLD = "new", "old"


class ReleaseFolder:
    """A folder that becomes a release, or stays as it was. A context manager.

    Args:
        path: The folder; made if it does not exist, and removed again if nothing comes of it.
        overwrite: Whether a folder that holds something else may be built into, and files that
            were edited since they were released be replaced.

    Attributes:
        path: The folder.
        before: What its ``release.json`` says; None where there is none.
        new: Where new files are put, at their places in the release.

    Raises:
        OutputError: On entering: for what is no folder, holds something else, or cannot be
            written.
        DocumentError: For a ``release.json`` that is none.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self.path = path
        self.before: ReleaseRecord | None = None
        self._overwrite = overwrite
        self._made: list[Path] = []
        self._staging = path / f"{_STAGING}{os.getpid()}-{os.urandom(3).hex()}"
        self._lock: int | None = None

    @property
    def new(self) -> Path:
        """Where new files are put."""
        return self._staging / _NEW

    def look(self) -> Self:
        """Read what is there, and raise unless it may be built into; nothing is made."""
        name = shown(self.path)
        try:
            if not self.path.exists():
                return self
            if not self.path.is_dir():
                raise OutputError(name, "it is a file", "name a folder")
            if not any(self.path.iterdir()):
                return self
        except OSError as error:
            raise _unwritable(self.path, error) from error
        try:
            self.before = read_record(self.path)
        except (AudioFileError, DocumentError) as error:
            if not (self.path / RECORD_NAME).exists():
                if self._overwrite or not any(not _own(p) for p in listed(self.path)):
                    return self
                reason = "it is not empty, and holds no release"
                hint = "name a new folder; --overwrite builds into this one all the same"
                raise OutputError(name, reason, hint) from error
            if not self._overwrite:
                hint = "--overwrite builds it anew"
                raise OutputError(shown(self.path / RECORD_NAME), error.reason, hint) from error
        return self

    def __enter__(self) -> Self:
        try:
            if self.path.is_dir():
                self._only_one()
            self.look()
            missing = [p for p in (self.path, *self.path.parents) if not p.exists()]
            for folder in reversed(missing):
                folder.mkdir(exist_ok=True)
                self._made.append(folder)
            if self._lock is None:
                self._only_one()
            self.new.mkdir(parents=True)
        except OSError as error:
            self._leave()
            raise _unwritable(self.path, error) from error
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        shutil.rmtree(self._staging, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):  # not empty any more: then it is a release
                folder.rmdir()
        self._made.clear()

    def _only_one(self) -> None:
        """Keep other builds out, and sweep up what one that was killed has left."""
        if sys.platform != "win32":
            import fcntl

            self._lock = os.open(self.path, os.O_RDONLY)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                reason = "another build is at work in it"
                raise OutputError(shown(self.path), reason, "wait for it to end") from error
            except OSError:  # some network file systems have no locks
                return
            for left in self.path.glob(f"{_STAGING}*"):
                roll_back(self.path, left / _NEW, left / _OLD)
                shutil.rmtree(left, ignore_errors=True)

    def intact(self, record: FileRecord) -> bool:
        """Return whether a file of the release is there as it was released."""
        try:
            path = inside(self.path, record.path)
            return path.is_file() and hash_once(path) == record.sha256
        except (OSError, AudioFileError, OutputError):
            return False

    def place(self, place: str) -> Path:
        """Return where a new file is put; its folder is made.

        Raises:
            OutputError: For a place that leads elsewhere, or cannot be made.
        """
        path = inside(self.new, place)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(path.parent, error) from error
        return path

    def require_free(self, places: Iterable[str]) -> None:
        """Raise unless files may be put in these places.

        Raises:
            OutputError: For a file that was edited since it was released, or is not of the
                release.
        """
        if self._overwrite:
            return
        known = {} if self.before is None else {each.path: each for each in self.before.files}
        for place in places:
            path = inside(self.path, place)
            if not path.exists() and not path.is_symlink():
                continue
            if place not in known:
                reason = "it exists, and is not of the release"
            elif not self.intact(known[place]):
                reason = "it was edited since it was released"
            else:
                continue
            raise OutputError(shown(path), reason, "--overwrite replaces it")

    def require_targets(self, names: Iterable[str]) -> None:
        """Raise where targets of the release would go: whoever builds for one may forget the rest.

        Raises:
            OutputError: Naming them.
        """
        before = () if self.before is None else self.before.targets
        gone = [each.id for each in before if each.id not in set(names)]
        if gone and not self._overwrite:
            reason = f"the release there is for {', '.join(gone)}, too: their files would go"
            hint = "name these targets, too, or build elsewhere; --overwrite lets them go"
            raise OutputError(shown(self.path), reason, hint)

    def commit(self, record: ReleaseRecord) -> None:
        """Put everything in its place; the release is then what the record says.

        Raises:
            OutputError: When it cannot be done; what was there before is still there.
        """
        places = [each.path for each in record.files if (self.new / each.path).is_file()]
        before = () if self.before is None else self.before.files
        stay = {each.path for each in record.files}
        gone = [each.path for each in before if each.path not in stay]
        self.require_free([*places, *gone])
        try:
            (self.new / RECORD_NAME).write_text(record_text(record), encoding="utf-8")
            for place in (*places, RECORD_NAME):
                _sync(self.new / place)
            with _undisturbed():
                self._exchange([*places, RECORD_NAME], gone)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self._made.clear()

    def _exchange(self, places: list[str], gone: list[str]) -> None:
        """Rename: old files out of the way, new ones into place; back again on an error."""
        old = self._staging / _OLD
        moved: list[tuple[Path, Path]] = []
        made: list[Path] = []

        def move(source: Path, target: Path) -> None:
            made.extend(make_folders(target.parent))
            rename(source, target)
            moved.append((source, target))

        try:
            for place in (*gone, *places):
                if os.path.lexists(self.path / place):
                    move(self.path / place, old / place)
            for place in places:
                move(self.new / place, self.path / place)
        except BaseException:
            for source, target in reversed(moved):
                source.parent.mkdir(parents=True, exist_ok=True)
                rename(target, source)
            remove_empty(made)
            raise
        for place in gone:
            with contextlib.suppress(OSError):  # others are still in it
                for folder in Path(place).parents[:-1]:
                    (self.path / folder).rmdir()
        _sync(self.path)


def _own(place: str) -> bool:
    return place.startswith(_STAGING)


def _sync(path: Path) -> None:
    if sys.platform == "win32" and path.is_dir():  # where folders cannot be opened
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else for_syncing())
    try:
        with contextlib.suppress(OSError) if path.is_dir() else contextlib.nullcontext():
            os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let signals wait until the end; the first one is raised then as it would have been."""
    if threading.current_thread() is not threading.main_thread():  # only it gets them
        yield
        return
    seen: list[tuple[int, FrameType | None]] = []
    names = [getattr(signal, each, None) for each in ("SIGINT", "SIGTERM", "SIGHUP")]
    before = {
        number: signal.signal(number, lambda number, frame: seen.append((number, frame)))
        for number in names
        if number is not None and signal.getsignal(number) is not None
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if seen:
            signal.raise_signal(seen[0][0])


def _unwritable(path: Path, error: OSError) -> OutputError:
    where = shown(error.filename or path)
    return OutputError(
        where, f"it cannot be written: {error.strerror or error}", "choose another output"
    )
