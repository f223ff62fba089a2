"""Proving files: opened again, decoded, measured, their tags read by another reader, hashed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from mixmaster.engine.hashing import hash_once
from mixmaster.engine.threads import default_threads, one_blas_thread
from mixmaster.errors import AudioFileError, OutputError
from mixmaster.release.proof.answers import Fault, Proof
from mixmaster.release.proof.folder import regular_file
from mixmaster.release.proof.record import FileRecord
from mixmaster.release.proof.sound import Opened, opened
from mixmaster.release.proof.told import told_of

Tell = Callable[[float], None]


@dataclass(slots=True)
class _Said:
    """What is found of a file, one thing after another."""

    faults: list[Fault] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    reader: str = ""


def prove_file(folder: Path, record: FileRecord, *, tell: Tell | None = None) -> Proof:
    """Return what a file is now, held to what a record says of it.

    The file is hashed, and where it is sound, decoded to its end and measured: format, rate,
    depth, length, loudness, loudness range, loudest 3 seconds, true peak of the decoded signal,
    flat tops, silence at the edges, DC; its tags, picture and ``bext`` chunk are read by another
    reader than the writer. Memory does not grow with the file. Whatever is wrong with the file is
    told in the proof; nothing is raised.

    Args:
        folder: The release's folder.
        record: What is said of the file; without ``figures``, as for one that was just made,
            they are not compared.
        tell: Told, again and again, how many frames more were decoded.
    """
    with one_blas_thread():
        return _prove(folder, record, tell)


def _prove(folder: Path, record: FileRecord, tell: Tell | None) -> Proof:
    said = _Said()
    heard = sha256 = size = None
    try:
        path = regular_file(folder, record.path)
        size = path.stat().st_size
        sha256 = hash_once(path)
    except FileNotFoundError:
        said.faults.append(Fault("missing", "it is missing"))
    except (AudioFileError, OutputError) as error:
        said.faults.append(Fault("unreadable", error.reason))
    except OSError as error:
        said.faults.append(Fault("unreadable", f"it cannot be read: {error.strerror or error}"))
    else:
        intact = sha256 == record.sha256
        if record.audio is not None:
            sound = opened(path, record, record.audio, intact=intact, tell=tell)
            heard = sound.heard
            figures = None if heard is None else heard.figures
            told = told_of(path, record, figures)
            said.faults += told.faults
            said.unchecked += told.unchecked
            said.reader = told.reader
            said.unchecked += sound.unchecked
            said.remarks += sound.remarks
            said.faults[:0] = sound.faults
        else:
            sound = Opened()
        if not intact:
            said.faults.insert(0, _changed(record, size, sound))
    return Proof(
        path=record.path,
        kind=record.kind,
        target=record.target,
        track=record.track,
        version=record.version,
        faults=tuple(said.faults),
        unchecked=tuple(said.unchecked),
        sha256=sha256,
        bytes=size,
        figures=None if heard is None else heard.figures,
        samples_sha256=None if heard is None else heard.samples_sha256,
        tags_reader=said.reader,
        remarks=tuple(said.remarks),
    )


def prove_files(
    folder: Path,
    records: Sequence[FileRecord],
    *,
    threads: int | None = None,
    progress: Tell | None = None,
) -> tuple[Proof, ...]:
    """Return the proof of every file, in order; several at once, each on one thread.

    Args:
        folder: The release's folder.
        records: What is said of the files.
        threads: How many files are decoded at once; as many as there are processors by default.
            The proofs are the same.
        progress: Told now and then how much is done, 0 to 1.
    """
    count = min(threads or default_threads(), max(1, len(records)))
    share = _Share(records, progress)

    def prove(record: FileRecord) -> Proof:
        try:
            return _prove(folder, record, share.add)
        finally:
            share.done()

    with one_blas_thread():
        if count == 1:
            return tuple(map(prove, records))
        pool = ThreadPoolExecutor(count, thread_name_prefix="prove")
        try:
            return tuple(pool.map(prove, records))
        finally:
            share.stop()
            pool.shutdown(cancel_futures=True)


class _Share:
    """How much of all files is done, told from any thread."""

    def __init__(self, records: Sequence[FileRecord], progress: Tell | None) -> None:
        self._all = float(sum(_frames(record) for record in records)) or 1.0
        self._files = len(records)
        self._frames = 0.0
        self._ended = 0
        self._progress = progress
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """Let what is still under way end with its block: nobody waits for it."""
        self._stopped = True

    def add(self, frames: float) -> None:
        """Note frames that were decoded."""
        if self._stopped:
            raise CancelledError
        with self._lock:
            self._frames += frames
            if self._progress is not None:
                self._progress(min(0.999, self._frames / self._all))

    def done(self) -> None:
        """Note that a file is done."""
        with self._lock:
            self._ended += 1
            if self._progress is not None and self._ended == self._files:
                self._progress(1.0)


def _frames(record: FileRecord) -> int:
    return 0 if record.audio is None else record.audio.frames


def _changed(record: FileRecord, size: int, sound: Opened) -> Fault:
    """Return that a file is not the one that was released, and how far that can be told."""
    codes = {fault.code for fault in sound.faults}
    bytes_now = f"it has {size:,} bytes, {record.bytes:,} were released"
    if size < record.bytes and (record.audio is None or codes & {"length", "unreadable"}):
        return Fault("truncated", f"it is cut short: {bytes_now}")
    what = bytes_now if size != record.bytes else "it is as long, but its content is another"
    return Fault("edited", f"it was edited after the release: {what}")
