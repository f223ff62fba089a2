"""What a batch keeps in its output folder, in ``.mixmaster-batch``: nothing there is the user's.

    made/       what each output is: its key, its hash; written after the file and its manifest
    failed/     what has failed, under which key, and why
    content/    what keys were made of, to tell what has changed
    plans/      songs, planned; used again while nothing they were planned from has changed
    premasters/ mixes, so that a changed target needs none
    journal/    masters on their way into their places: finished by the next run if this one ends
    work/       temporary files of stages, each with a lock that ends with its process
    locks/      who is making what
    index, costs  hashes of unchanged files; what stages have cost here

All of it may be removed: then everything is looked at, and made, again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.names import shown
from mixmaster.batch.stages.stage import MadeFile, StageError
from mixmaster.batch.state.files import read_state, token, write_state, writer_lives
from mixmaster.batch.state.locks import Lock
from mixmaster.engine.outputs import inside, require_space
from mixmaster.engine.publish import manifest_path
from mixmaster.errors import AudioFileError

FOLDER: Final = ".mixmaster-batch"
PREMASTERS: Final = f"{FOLDER}/premasters"
FORMAT: Final = 1

_ABOUT = """\
This folder belongs to the batches that write to the folder above: hashes, premasters, and what was
made of what. It may be removed when no batch is running; the next one then makes everything again.
"""


class Store:
    """The state of one output folder.

    Args:
        output: The folder of the outputs; it need not exist.
    """

    def __init__(self, output: Path) -> None:
        self.output = output
        self.folder = output / FOLDER

    @property
    def shown_output(self) -> str:
        """Where outputs go, for people."""
        return shown(self.output)

    @property
    def index_file(self) -> Path:
        """Where hashes of unchanged files are kept."""
        return self.folder / "index"

    @property
    def costs_file(self) -> Path:
        """Where measured costs are kept."""
        return self.folder / "costs"

    @property
    def journal(self) -> Path:
        """The folder of masters on their way."""
        return self.folder / "journal"

    @property
    def work(self) -> Path:
        """The folder of temporary files."""
        return self.folder / "work"

    def start(self) -> None:
        """Make the folder, and say in it what it is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        about = self.folder / "README.txt"
        if not about.exists():
            with contextlib.suppress(OSError):
                about.write_text(_ABOUT, encoding="utf-8")

    def path(self, name: str) -> Path:
        """Return where an output lies; ``name`` is its path from the output folder on."""
        return inside(self.output, name)

    def lock(self, name: str, *, shared: bool = False) -> Lock:
        """Return the lock on an output; shared by those who only read it."""
        return Lock(self.folder / "locks" / f"{_short(name)}.lock", shared=shared)

    # ------------------------------------------------------------ outputs

    def made(self, name: str) -> MadeFile | None:
        """Return what was noted of an output when it was made; None without."""
        found = read_state(self.folder / "made" / _short(name))
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            return None
        return MadeFile.noted(found.get("file"))

    def is_there(self, name: str) -> bool:
        """Return whether a file lies where an output goes.

        Raises:
            OutputError: For a name that leads out of the output folder.
        """
        return self.path(name).exists()

    def is_whole(self, made: MadeFile, hash_of: Callable[[Path], str]) -> bool:
        """Return whether an output is what was noted of it, with its manifest.

        Args:
            made: What was noted.
            hash_of: Gives a file's SHA-256.
        """
        path = self.path(made.path)
        try:
            there = path.is_file() and manifest_path(path).is_file()
            return there and hash_of(path) == made.sha256
        except AudioFileError:
            return False

    def require_space(self, bytes_needed: int) -> None:
        """Raise unless the disk has room.

        Raises:
            OutputError: With both figures.
        """
        require_space(self.output, bytes_needed)

    def note_made(self, made: MadeFile) -> None:
        """Note that an output is in its place, whole."""
        before = self.made(made.path)
        if before is not None and before.key != made.key:
            self._forget_content(before.key)
        said = {"format": FORMAT, "file": made.to_json()}
        write_state(self.folder / "made" / _short(made.path), said)
        self.forget_failure(made.path)

    # ------------------------------------------------------------ failures

    def failure(self, name: str) -> tuple[str, tuple[StageError, ...]] | None:
        """Return the key under which something has failed, and why; None if it has not."""
        found = read_state(self.folder / "failed" / _short(name))
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            return None
        try:
            return found["key"], tuple(StageError(**each) for each in found["errors"])
        except (KeyError, TypeError):  # noted by another version
            return None

    def note_failure(self, name: str, key: str, errors: tuple[StageError, ...]) -> None:
        """Note that something has failed."""
        said = {"format": FORMAT, "key": key, "errors": [each.to_json() for each in errors]}
        write_state(self.folder / "failed" / _short(name), said)

    def forget_failure(self, name: str) -> None:
        """Note that something is all right, or to be tried again."""
        with contextlib.suppress(FileNotFoundError):
            (self.folder / "failed" / _short(name)).unlink()

    # ------------------------------------------------------------ what was planned

    def content(self, key: str) -> Any:
        """Return what a key was made of; None where nobody knows any more."""
        return read_state(self.folder / "content" / key)

    def note_content(self, key: str, content: Any) -> None:
        """Keep what a key was made of."""
        path = self.folder / "content" / key
        if not path.exists():
            with contextlib.suppress(OSError):
                write_state(path, content, durable=False)

    def _forget_content(self, key: str) -> None:
        with contextlib.suppress(OSError):
            (self.folder / "content" / key).unlink()

    def plan(self, name: str) -> Any:
        """Return what was kept of a song's plan under this name; None without."""
        return read_state(self.folder / "plans" / _short(name))

    def note_plan(self, name: str, value: Any) -> None:
        """Keep something of a song's plan, if there is room."""
        with contextlib.suppress(OSError):
            write_state(self.folder / "plans" / _short(name), value, durable=False)

    # ------------------------------------------------------------ after a crash

    def recover(self) -> list[str]:
        """Finish or undo what a batch has left that was ended; return what was done, in words.

        What another batch holds right now is left alone.

        Raises:
            OSError: When the folder cannot be written.
        """
        said = []
        for entry in sorted(self.journal.glob("*")):
            if entry.name.endswith(".part"):
                continue
            found = _journal(entry)
            if found is None:
                entry.unlink(missing_ok=True)
                continue
            name = found[0].path
            lock = self.lock(name)
            if not lock.take():
                continue
            try:
                if self.settle(entry):
                    said.append(f"{name}: finished what was left half-published")
            finally:
                lock.give_back()
        removed = sum(_removed(lock) for lock in sorted(self.work.glob("*.lock")))
        if removed:
            said.append(f"removed the temporary files of {removed} stages that were ended")
        for part in (*self.folder.glob(".*.part"), *self.folder.glob("*/.*.part")):
            if not writer_lives(part):
                part.unlink(missing_ok=True)
        for path in (self.folder / "locks").glob("*.lock"):
            lock = Lock(path)
            if lock.take():
                lock.give_back()
        return said

    def settle(self, entry: Path) -> bool:
        """Bring a journal's entry to its end; return whether its file is in its place.

        Whoever calls holds the output's lock.
        """
        found = _journal(entry)
        if found is None:
            return False
        made, manifest = found
        target = self.path(made.path)
        whole = target.is_file() and _sha256(target) == made.sha256
        if whole:
            _write_manifest(self.journal, manifest_path(target), manifest)
            self.note_made(made)
        entry.unlink(missing_ok=True)
        return whole

    def remove_premasters(self, names: list[str], *, forget: bool) -> None:
        """Remove premasters that nobody uses right now.

        Args:
            names: The premasters.
            forget: Whether it is forgotten, too, what they were: they have been replaced.
        """
        for name in names:
            lock = self.lock(name)
            if not lock.take():
                continue
            try:
                path = self.path(name)
                path.unlink(missing_ok=True)
                manifest_path(path).unlink(missing_ok=True)
                with contextlib.suppress(OSError):
                    path.parent.rmdir()
                if forget:
                    self._forget_content(path.parent.name)
                    (self.folder / "made" / _short(name)).unlink(missing_ok=True)
            finally:
                lock.give_back()


@contextlib.contextmanager
def work_folder(store: Store) -> Iterator[Path]:
    """Give an empty folder for temporary files; should this process be killed, others remove it."""
    name = f"{os.getpid()}-{os.urandom(4).hex()}"
    lock = Lock(store.work / f"{name}.lock")
    while not lock.take():  # somebody who is cleaning up has it for a moment
        lock = Lock(store.work / f"{name}{os.urandom(2).hex()}.lock")
    folder = lock.path.with_suffix("")
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.give_back()


def _removed(path: Path) -> bool:
    lock = Lock(path)
    if not lock.take():
        return False
    folder = path.with_suffix("")
    there = folder.is_dir()
    shutil.rmtree(folder, ignore_errors=True)
    lock.give_back()
    return there


def _journal(entry: Path) -> tuple[MadeFile, str] | None:
    """Return a file on its way, and its manifest; None for an entry of another version."""
    found = read_state(entry)
    if not isinstance(found, dict) or not isinstance(found.get("manifest"), str):
        return None
    made = MadeFile.noted(found.get("file"))
    return None if made is None else (made, found["manifest"])


def _write_manifest(folder: Path, path: Path, text: str) -> None:
    # Not beside the target: what an end of this process leaves there, nobody would remove.
    part = folder / f".manifest.{token()}.part"
    try:
        with part.open("x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _short(name: str) -> str:
    text = json.dumps(name)  # lone surrogates of names that are not UTF-8 included
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:40]
