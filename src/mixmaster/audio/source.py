"""Audio files as streams of blocks: what mixing, mastering and measuring read from."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.audio.containers import sniff
from mixmaster.audio.convert import RateConverter, converted_frames
from mixmaster.audio.decoders import (
    UNKNOWN_FRAMES,
    DecodeError,
    Decoder,
    LibsndfileDecoder,
    PcmWavDecoder,
)
from mixmaster.audio.names import shown
from mixmaster.audio.riff import HeaderError, read_layout
from mixmaster.errors import AudioFileError, SignalError, UsageError
from mixmaster.results import Result

MIN_SAMPLE_RATE_HZ = 8_000
MAX_SAMPLE_RATE_HZ = 768_000
MAX_CHANNELS = 64

# No codec packs a channel's sample into less: FLAC's smallest frame of silence is about 11 bytes
# for 65,535 samples. A claim beyond this is false, and the frames are counted instead.
_MAX_FRAMES_PER_BYTE = 8_192


@dataclass(frozen=True, slots=True)
class AudioInfo(Result):
    """What a file's header says, where that was found to be true of the file.

    Attributes:
        path: The file.
        container: ``wav``, ``flac``, ``aiff``, ``caf``, ``mp3`` or ``ogg``.
        subtype: The sample format or codec: ``PCM_24``, ``FLOAT``, ``VORBIS`` ...
        sample_rate_hz: The file's own rate.
        channels: 1 to 64.
        frames: The length at that rate.
        notes: What had to be said: a length that was recovered, samples that are missing.
    """

    path: Path
    container: str
    subtype: str
    sample_rate_hz: int
    channels: int
    frames: int
    notes: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """The length in seconds."""
        return self.frames / self.sample_rate_hz


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
        self._fd = _open_file(self._path, self._name)
        try:
            self._decoder, self.info = _open_decoder(self._fd, self._path, self._name, strict)
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
            "get the file again from where it came",
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
            raise AudioFileError(self._name, note, "get the file again from where it came")
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
        AudioFileError: For a file that cannot be read.
    """
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - bytes names too
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AudioFileError(shown(path), f"it cannot be read: {error.strerror}") from error


def check_finite(block: Block, where: str, start_frame: int, sample_rate_hz: int) -> None:
    """Raise unless every sample of a block is a finite number.

    Args:
        block: ``(channels, frames)``.
        where: The stage to name.
        start_frame: The block's first frame, from the signal's zero.
        sample_rate_hz: The rate, for the time.

    Raises:
        SignalError: Naming the stage, what was found, and when.
    """
    if np.isfinite(block.sum()):  # one pass; a sum hides neither NaN nor infinity
        return
    bad = ~np.isfinite(block)
    if not bad.any():
        return  # finite, but so large that the sum was not
    frame = int(np.flatnonzero(bad.any(axis=0))[0])
    found = "NaN" if np.isnan(block[:, frame]).any() else "infinity"
    raise SignalError(
        where,
        f"{found} in the signal",
        (start_frame + frame) / sample_rate_hz,
        "render the file again; nothing after such a sample can be trusted",
    )


def _open_file(path: Path, name: str) -> int:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise AudioFileError(name, "it is a folder, not a file", "name the files inside it")
        if not stat.S_ISREG(found.st_mode):
            raise AudioFileError(name, "it is no regular file", "pipes and devices are not read")
        return os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError as error:
        raise AudioFileError(name, "there is no such file", "check the name") from error
    except OSError as error:
        raise AudioFileError(name, f"it cannot be opened: {error.strerror}") from error
    except ValueError as error:  # a NUL in the name
        raise AudioFileError(name, f"it is no file name: {error}") from error


def _open_decoder(fd: int, path: Path, name: str, strict: bool) -> tuple[Decoder, AudioInfo]:
    try:
        container = sniff(fd)
        notes: list[str] = []
        decoder: Decoder
        if container == "wav":
            layout = read_layout(fd)
            _check_limits(layout.sample_rate_hz, layout.channels)
            notes += layout.notes
            if layout.claimed_frames > layout.frames:
                rate = layout.sample_rate_hz
                notes.append(
                    f"truncated: {layout.frames} frames ({layout.frames / rate:.3f} s) of the "
                    f"{layout.claimed_frames} ({layout.claimed_frames / rate:.3f} s) that its "
                    f"header says"
                )
                if strict:
                    raise HeaderError(notes[-1], "get the file again from where it came")
            decoder = PcmWavDecoder(fd, layout)
        else:
            decoder = LibsndfileDecoder(fd, container)
            try:
                _check_limits(decoder.sample_rate_hz, decoder.channels)
                notes += _settle_length(fd, decoder, container)
            except BaseException:
                decoder.close()
                raise
    except HeaderError as error:
        raise AudioFileError(name, error.reason, error.hint) from error
    except OSError as error:
        raise AudioFileError(name, f"it cannot be read: {error.strerror}") from error
    info = AudioInfo(
        path=path,
        container=container,
        subtype=decoder.subtype,
        sample_rate_hz=decoder.sample_rate_hz,
        channels=decoder.channels,
        frames=decoder.frames,
        notes=tuple(notes),
    )
    if info.frames == 0:
        decoder.close()
        raise AudioFileError(name, "it holds no audio (0 frames)", "; ".join(info.notes))
    return decoder, info


def _settle_length(fd: int, decoder: Decoder, container: str) -> list[str]:
    if decoder.frames <= os.fstat(fd).st_size * _MAX_FRAMES_PER_BYTE:
        return []
    claim = "no length" if decoder.frames >= UNKNOWN_FRAMES else f"{decoder.frames} frames"
    try:
        while decoder.read(BLOCK_FRAMES).shape[1]:
            pass
        decoder.frames = decoder.position
        decoder.seek(0)
    except DecodeError as error:
        raise HeaderError(
            f"it is damaged: decoding failed after frame {error.frame}: {error.reason}",
            "get the file again from where it came",
        ) from error
    return [f"its {container} header says {claim}; there are {decoder.frames} frames, counted"]


def _check_limits(sample_rate_hz: int, channels: int) -> None:
    if not MIN_SAMPLE_RATE_HZ <= sample_rate_hz <= MAX_SAMPLE_RATE_HZ:
        raise HeaderError(
            f"its header says {sample_rate_hz} Hz", "8000 to 768000 Hz can be worked with"
        )
    if not 1 <= channels <= MAX_CHANNELS:
        raise HeaderError(
            f"its header says {channels} channels", f"1 to {MAX_CHANNELS} can be worked with"
        )
