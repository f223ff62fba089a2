"""Material that is made once and then read at will: stretched regions, pieces at another rate.

It lies in nameless temporary files, which the system takes back however the process ends.
"""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.audio.finite import check_finite
from mixmaster.audio.names import shown
from mixmaster.effects.stretching import MAX_SAMPLES, stretch
from mixmaster.engine.outputs import require_space
from mixmaster.errors import OutputError
from mixmaster.mixing.regions.arranged import FileMaterial, FileReader

_LARGE_SAMPLES = MAX_SAMPLES // 8
"""Regions with more samples are stretched one at a time, for the memory that it takes."""

_one_large = threading.Lock()
_made: weakref.WeakValueDictionary[tuple[object, ...], Spool] = weakref.WeakValueDictionary()
"""What there is already, as long as some plan uses it: versions of a mix share it."""


@dataclass(frozen=True, slots=True)
class Spooling:
    """Something to be made.

    Attributes:
        source: The file that it is made from, at the session's rate.
        from_frame: Where it begins there, without ``before``.
        frames: How many frames of the file it is made from.
        stretched_frames: How long it becomes; as long as it is where its rate alone changes.
        semitones: By how much its pitch rises.
        formants_kept: Whether its resonances stay where they are.
        before: How many frames are wanted before its beginning, of what it becomes.
        after: How many after its end.
    """

    source: FileMaterial
    from_frame: int
    frames: int
    stretched_frames: int
    semitones: float = 0.0
    formants_kept: bool = False
    before: int = 0
    after: int = 0

    @property
    def is_stretched(self) -> bool:
        """Whether it sounds otherwise than its file."""
        return self.stretched_frames != self.frames or self.semitones != 0.0

    @property
    def samples(self) -> int:
        """How many samples have to be in memory for it."""
        return max(self.frames, self.stretched_frames) * self.source.info.channels

    @property
    def total_frames(self) -> int:
        """How many frames it will have."""
        return self.before + self.stretched_frames + self.after

    def key(self) -> tuple[object, ...]:
        """Return what tells it from others; a file that is written anew is another one."""
        status = self.source.info.path.stat()
        return (self, status.st_size, status.st_mtime_ns)


@dataclass(slots=True)
class SpoolReader:
    """Reads a spool, and keeps it from being closed meanwhile."""

    spool: Spool
    notes: list[str] = field(default_factory=list)

    def read(self, first: int, frames: int) -> Block:
        """Return ``frames`` frames from ``first`` on."""
        return self.spool.read(first, frames)

    def close(self) -> None:
        """Do nothing: the spool closes itself when nobody needs it any more."""


class Spool:
    """Samples in a temporary file; written once, then read by anybody. A `Material`.

    Args:
        channels: Channels of every block.
        dtype: Of the samples as they lie there.
    """

    def __init__(self, channels: int, dtype: type[np.float32 | np.float64]) -> None:
        self.notes: list[str] = []
        self._channels = channels
        self._dtype = np.dtype(dtype)
        self._frames = 0
        self._lock = threading.Lock()
        # Nameless where the system can: closing it is all that there is to be cleaned up.
        try:
            self._file = tempfile.TemporaryFile(prefix="mixmaster-")  # noqa: SIM115 - closed below
        except OSError as error:
            reason = f"no temporary file can be made: {error.strerror}"
            raise OutputError(tempfile.gettempdir(), reason, "TMPDIR may name a folder") from error
        weakref.finalize(self, self._file.close)

    def open(self) -> SpoolReader:
        """Return a reader of its own."""
        return SpoolReader(self, list(self.notes))

    def append(self, block: Block) -> None:
        """Write a block at the end.

        Raises:
            OutputError: When the disk is full.
        """
        data = np.ascontiguousarray(block.T, dtype=self._dtype).tobytes()
        try:
            self._file.write(data)
        except OSError as error:
            reason = f"the temporary file cannot be written: {error.strerror}"
            raise OutputError(tempfile.gettempdir(), reason, "free some space") from error
        self._frames += block.shape[1]

    def read(self, first: int, frames: int) -> Block:
        """Return ``frames`` frames from ``first`` on."""
        assert 0 <= first <= first + frames <= self._frames
        size = self._channels * self._dtype.itemsize
        with self._lock:
            self._file.seek(first * size)
            data = self._file.read(frames * size)
        samples = np.frombuffer(data, dtype=self._dtype).reshape(frames, self._channels)
        return np.ascontiguousarray(samples.T, dtype=np.float64)


def spool_all(
    wanted: Iterable[Spooling], threads: int, tell: Callable[[float], None]
) -> dict[Spooling, Spool]:
    """Make all that is wanted, each once.

    Args:
        wanted: What is wanted.
        threads: How many share the work; the result does not depend on it.
        tell: Told how far it is, 0 to 1.

    Raises:
        OutputError: Where the temporary folder lacks room.
        AudioFileError: Where a file turns out to be damaged, with the position.
        SignalError: For NaN or infinity in a file, with the time.
    """
    jobs = list(dict.fromkeys(wanted))
    if not jobs:
        return {}
    missing = [job for job in jobs if job.key() not in _made]
    require_space(
        Path(tempfile.gettempdir()),
        sum(job.total_frames * job.source.info.channels * 8 for job in missing),
    )
    done = 0

    def one(job: Spooling) -> Spool:
        nonlocal done
        spool = _made.get(job.key())
        if spool is None:
            spool = _made[job.key()] = _make(job)
        done += 1
        tell(done / len(jobs))
        return spool

    tell(0.0)
    pool = ThreadPoolExecutor(max(1, threads), thread_name_prefix="stretch")
    try:
        return dict(zip(jobs, pool.map(one, jobs), strict=True))
    finally:
        pool.shutdown(cancel_futures=True)


def _make(job: Spooling) -> Spool:
    reader = FileReader(job.source)
    try:
        if not job.is_stretched:
            spool = _converted(job, reader)
        elif job.samples > _LARGE_SAMPLES:
            with _one_large:
                spool = _stretched(job, reader)
        else:
            spool = _stretched(job, reader)
    finally:
        reader.close()
    spool.notes += reader.notes
    return spool


def _converted(job: Spooling, reader: FileReader) -> Spool:
    spool = Spool(job.source.info.channels, np.float64)
    position = job.from_frame - job.before
    left = job.total_frames
    while left:
        frames = min(left, BLOCK_FRAMES)
        spool.append(reader.read(position, frames))
        position += frames
        left -= frames
    return spool


def _stretched(job: Spooling, reader: FileReader) -> Spool:
    rate = job.source.sample_rate_hz
    sound = stretch(
        lambda first, frames: reader.read(job.from_frame + first, frames),
        job.frames,
        rate,
        stretched_frames=job.stretched_frames,
        semitones=job.semitones,
        formants_kept=job.formants_kept,
        before=job.before,
        after=job.after,
    )
    name = shown(job.source.info.path.name)
    spool = Spool(sound.shape[0], np.float32)
    for start in range(0, sound.shape[1], BLOCK_FRAMES):
        block = sound[:, start : start + BLOCK_FRAMES].astype(np.float64)
        check_finite(block, f"{name}, stretched", start, rate)
        spool.append(block)
    return spool
