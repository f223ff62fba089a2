"""Audio files as streams of blocks: what mixing, mastering and measuring read from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.audio.convert import RateConverter, converted_frames
from mixmaster.audio.decoders import DecodeError
from mixmaster.audio.finite import check_finite
from mixmaster.audio.names import shown
from mixmaster.audio.opening import (
    MAX_SAMPLE_RATE_HZ,
    MIN_SAMPLE_RATE_HZ,
    SEND_AGAIN,
    AudioInfo,
    open_decoder,
    open_file,
)
from mixmaster.errors import AudioFileError, UsageError

__all__ = ["AudioInfo", "AudioSource", "content_hash", "open_source", "probe"]


class AudioSource:
    """An open file that is read in blocks, at the rate asked for. A context manager.

    Reading is exact: however it is cut, and wherever it starts, the samples are those of one
    reading from zero, bit for bit.

    Args:
        path: The file.
        sample_rate_hz: The rate wanted; None keeps the file's own.
        strict: Whether a file that is shorter than its header says is an error, not a note.

    Attributes:
        info: What the header says.
        sample_rate_hz: The rate of the blocks.
        channels: Channels of the blocks.
        frames: How many frames there will be at that rate, if the header is right.
        notes: What had to be said, so far.

    Raises:
        AudioFileError: For a file that cannot be used; it says why and what would be right.
        UsageError: For a rate outside 8 to 768 kHz.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        sample_rate_hz: int | None = None,
        strict: bool = False,
    ) -> None:
        if sample_rate_hz is not None and not (
            MIN_SAMPLE_RATE_HZ <= sample_rate_hz <= MAX_SAMPLE_RATE_HZ
        ):
            raise UsageError("", f"a rate of {sample_rate_hz} Hz", "8000 to 768000 Hz are possible")
        self._path = Path(path)
        self._name = shown(path)
        self._strict = strict
        self._fd = open_file(self._path, self._name)
        try:
            self._decoder, self.info = open_decoder(self._fd, self._path, self._name, strict=strict)
        except BaseException:
            os.close(self._fd)
            self._fd = -1
            raise
        self.notes: list[str] = list(self.info.notes)
        self.channels = self.info.channels
        self.sample_rate_hz = sample_rate_hz or self.info.sample_rate_hz
        self.frames = converted_frames(
            self.info.frames, self.info.sample_rate_hz, self.sample_rate_hz
        )
        self._converter: RateConverter | None = None
        self._restart()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; again does nothing."""
        if self._fd >= 0:
            self._decoder.close()
            os.close(self._fd)
            self._fd = -1

    def read(self, frames: int) -> Block:
        """Return the next ``frames`` frames, ``(channels, frames)``: fewer at the end, then none.

        Raises:
            AudioFileError: Where the file turns out to be damaged, with the position.
            SignalError: For NaN or infinity in the file, with the time.
        """
        assert frames >= 0
        if self._converter is None:
            parts: list[Block] = []
            while frames and not self._ended:
                parts.append(self._decode(frames))
                frames -= parts[-1].shape[1]
            return self._joined(parts)
        while self._ready_frames < frames and not self._ended:
            block = self._decode(BLOCK_FRAMES)
            converted = self._converter.process(block, last=self._ended)
            self._ready.append(converted)
            self._ready_frames += converted.shape[1]
        parts = []
        while frames and self._ready:
            first = self._ready[0]
            if first.shape[1] > frames:
                self._ready[0] = first[:, frames:]
                first = first[:, :frames]
            else:
                del self._ready[0]
            parts.append(first)
            frames -= first.shape[1]
            self._ready_frames -= first.shape[1]
        return self._joined(parts)

    def blocks(
        self,
        block_frames: int = BLOCK_FRAMES,
        start_frame: int = 0,
        stop_frame: int | None = None,
    ) -> Iterator[Block]:
        """Yield the file in blocks, from ``start_frame`` up to ``stop_frame`` (None: the end).

        Every call starts anew, so that a source can be read more than once.

        Args:
            block_frames: The length of every block but the last.
            start_frame: The first frame, at the rate of the blocks.
            stop_frame: The frame after the last.
        """
        self.seek(start_frame)
        left = None if stop_frame is None else max(0, stop_frame - start_frame)
        while left is None or left > 0:
            wanted = block_frames if left is None else min(block_frames, left)
            block = self.read(wanted)
            if block.shape[1] == 0:
                break
            yield block
            if left is not None:
                left -= block.shape[1]
            if block.shape[1] < wanted:
                break

    def seek(self, frame: int) -> None:
        """Go to a frame, at the rate of the blocks.

        A converted source is read from zero and what comes before is dropped: a converter's
        output depends, in its last bits, on where it began.
        """
        assert frame >= 0
        if self._converter is None and self.sample_rate_hz == self.info.sample_rate_hz:
            self._restart()
            try:
                self._decoder.seek(frame)
            except DecodeError as error:
                raise self._damaged(error) from error
            return
        self._restart()
        while frame > 0:
            dropped = self.read(min(BLOCK_FRAMES, frame)).shape[1]
            if dropped == 0:
                break
            frame -= dropped

    def _restart(self) -> None:
        self._ended = False
        self._ready: list[Block] = []
        self._ready_frames = 0
        if self.sample_rate_hz != self.info.sample_rate_hz:
            self._converter = RateConverter(
                self.info.sample_rate_hz, self.sample_rate_hz, self.channels
            )
            self._decoder.seek(0)

    def _joined(self, parts: list[Block]) -> Block:
        if len(parts) == 1:
            return np.ascontiguousarray(parts[0])
        return np.concatenate([np.zeros((self.channels, 0)), *parts], axis=1)

    def _decode(self, frames: int) -> Block:
        start = self._decoder.position
        try:
            block = self._decoder.read(frames)
        except DecodeError as error:
            raise self._damaged(error) from error
        if block.shape[1] < frames:
            self._ended = True
            self._check_end()
        if not self._decoder.finite:
            check_finite(block, self._name, start, self.info.sample_rate_hz)
        return block

    def _damaged(self, error: DecodeError) -> AudioFileError:
        seconds = error.frame / self.info.sample_rate_hz
        return AudioFileError(
            self._name,
            f"it is damaged: decoding failed after frame {error.frame} ({seconds:.3f} s): "
            f"{error.reason}",
            SEND_AGAIN,
        )

    def _check_end(self) -> None:
        read, claimed = self._decoder.position, self.info.frames
        if read == claimed:
            return
        rate = self.info.sample_rate_hz
        says = f"{read} frames ({read / rate:.3f} s)"
        claims = f"{claimed} ({claimed / rate:.3f} s)"
        note = f"it ends after {says}, but its header says {claims}"
        if self._strict:
            raise AudioFileError(self._name, note, SEND_AGAIN)
        if note not in self.notes:
            self.notes.append(note)


def open_source(
    path: str | os.PathLike[str], *, sample_rate_hz: int | None = None, strict: bool = False
) -> AudioSource:
    """Open a file as a stream of blocks; see ``AudioSource``."""
    return AudioSource(path, sample_rate_hz=sample_rate_hz, strict=strict)


def probe(path: str | os.PathLike[str]) -> AudioInfo:
    """Return what a file is, from its header.

    Raises:
        AudioFileError: For a file that cannot be used; it says why and what would be right.
    """
    with AudioSource(path) as source:
        return source.info


def content_hash(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's bytes, in hex.

    Raises:
        AudioFileError: For a file that cannot be read, and for what is none: a device has no end.
    """
    try:
        with os.fdopen(open_file(Path(path), shown(path)), "rb", buffering=0) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AudioFileError(shown(path), f"it cannot be read: {error.strerror}") from error
