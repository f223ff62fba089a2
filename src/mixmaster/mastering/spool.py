"""The spool: a master's signal before its limiter, in 32-bit float, for many passes."""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block, Block32
from mixmaster.audio.finite import check_finite
from mixmaster.engine.outputs import require_space
from mixmaster.errors import OutputError

_BYTES: int = np.dtype(np.float32).itemsize


def require_spool_space(folder: Path, frames: int, channels: int, spools: int) -> None:
    """Raise unless ``folder`` has room for so many spools.

    Raises:
        OutputError: With what is needed and what is free.
    """
    require_space(folder, frames * channels * _BYTES * spools)


class Spool:
    """A temporary file of blocks of ``BLOCK_FRAMES``; written once, then read at will.

    Args:
        path: Where; whoever made the folder removes it.
        sample_rate_hz: The rate of the frames.
        channels: Channels of every block.
    """

    def __init__(self, path: Path, sample_rate_hz: int, channels: int) -> None:
        self.path = path
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self.frames = 0
        self._rest: Block32 = np.zeros((channels, 0), dtype=np.float32)
        self._file = path.open("w+b", buffering=0)
        self._lock = threading.Lock()

    def write(self, block: Block) -> Block:
        """Append a block of any length; return it as it will be read: rounded to 32 bits.

        Raises:
            SignalError: For what 32-bit float cannot hold.
            OutputError: When the disk is full.
        """
        with np.errstate(over="ignore"):  # named below, with the time
            rounded = block.astype(np.float32)
        written = rounded.astype(np.float64)
        check_finite(written, "master", self.frames, self.sample_rate_hz)
        self.frames += block.shape[1]
        waiting = np.concatenate((self._rest, rounded), axis=1)
        whole = waiting.shape[1] // BLOCK_FRAMES * BLOCK_FRAMES
        for start in range(0, whole, BLOCK_FRAMES):
            self._put(waiting[:, start : start + BLOCK_FRAMES])
        self._rest = waiting[:, whole:].copy()
        return written

    def finish(self) -> None:
        """Write what is left; reading may begin."""
        short = -self._rest.shape[1] % BLOCK_FRAMES
        self._put(np.pad(self._rest, ((0, 0), (0, short))))
        self._rest = self._rest[:, :0]

    def truncate(self, frames: int) -> None:
        """Forget what comes after ``frames``."""
        self.frames = min(self.frames, frames)

    def _put(self, block: Block32) -> None:
        data = memoryview(block.tobytes())
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            reason = f"the temporary file cannot be written: {error.strerror}"
            raise OutputError(str(self.path.parent), reason, "free some space") from error

    @property
    def block_count(self) -> int:
        """How many blocks there are, the last one included."""
        return -(-self.frames // BLOCK_FRAMES)

    def block(self, index: int) -> Block:
        """Return block ``index``, ``(channels, frames)``; the last is shorter.

        May be called from several threads.
        """
        size = self.channels * BLOCK_FRAMES * _BYTES
        with self._lock:  # not os.pread, which some systems lack
            self._file.seek(index * size)
            data = self._file.read(size)
        assert data is not None
        assert len(data) == size
        block = np.frombuffer(data, dtype=np.float32).reshape(self.channels, BLOCK_FRAMES)
        return block[:, : self.frames - index * BLOCK_FRAMES].astype(np.float64)

    def blocks(self) -> Iterator[Block]:
        """Yield all blocks in order."""
        for index in range(self.block_count):
            yield self.block(index)

    def close(self) -> None:
        """Close and remove the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class PoolFile:
    """One 32-bit number for each pool, in a temporary file: memory does not grow with the song.

    Sliced with a start and a stop like an array, ``(pools,)``.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - finalize closes it
        weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self.size = 0
        self.highest = 0.0

    def append(self, values: Block | Block32) -> None:
        """Add the next pools' numbers.

        Raises:
            OutputError: When the disk is full.
        """
        if not values.size:
            return
        rounded = np.asarray(values, dtype=np.float32)
        data = memoryview(rounded.tobytes())
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            reason = f"the temporary file cannot be written: {error.strerror}"
            raise OutputError(tempfile.gettempdir(), reason, "free some space") from error
        self.size += rounded.size
        self.highest = max(self.highest, float(rounded.max()))

    def __getitem__(self, pools: slice) -> Block32:
        """Return the numbers of some pools; may be called from several threads."""
        start, stop, step = pools.indices(self.size)
        assert step == 1
        with self._lock:
            self._file.seek(start * _BYTES)
            data = self._file.read(max(0, stop - start) * _BYTES)
        return np.frombuffer(data, dtype=np.float32)
