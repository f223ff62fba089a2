"""Decoders: an open file's samples as float64, ``(channels, frames)``, at the file's own rate.

Plain PCM and float WAV is read with ``preadv`` and unpacked by numpy: 2 to 4 times as fast as
libsndfile (24-bit stereo: 780 against 200 M samples/s, planar float64 on both sides) and the same
values, bit for bit. All else goes through libsndfile.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.audio.containers import LOSSY_SUBTYPES, SUBTYPES
from mixmaster.audio.flac_frames import lost_at
from mixmaster.audio.positioned import pread_into
from mixmaster.audio.riff import HeaderError, WavLayout

UNKNOWN_FRAMES = 1 << 62
"""libsndfile says 2^63 - 1 where a FLAC header gives no length."""


class DecodeError(Exception):
    """The decoder gave up: what it said, and the frame where."""

    def __init__(self, reason: str, frame: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.frame = frame


class Decoder(ABC):
    """An open file.

    Attributes:
        subtype: The sample format, by libsndfile's names.
        sample_rate_hz: The file's own rate.
        channels: Channels of every block.
        frames: How many frames the header promises.
        position: The frame that is read next.
        finite: Whether the format can hold nothing but finite numbers.
    """

    subtype: str
    sample_rate_hz: int
    channels: int
    frames: int
    position: int = 0
    finite: bool = False

    @abstractmethod
    def read(self, frames: int) -> Block:
        """Return the next ``(channels, n)``, n <= ``frames``; n = 0 only at the end.

        Raises:
            DecodeError: When the decoder gives up.
        """

    @abstractmethod
    def seek(self, frame: int) -> None:
        """Go to ``frame``, so that what follows is what reading from zero would give."""

    @abstractmethod
    def close(self) -> None:
        """Release what the decoder holds; not the descriptor, which is its opener's."""


class PcmWavDecoder(Decoder):
    """PCM and float WAV.

    Args:
        fd: An open descriptor.
        layout: The file's header.
    """

    def __init__(self, fd: int, layout: WavLayout) -> None:
        self._fd = fd
        self._layout = layout
        self.subtype = layout.subtype
        self.sample_rate_hz = layout.sample_rate_hz
        self.channels = layout.channels
        self.frames = layout.frames
        self.finite = layout.kind == "int"
        # One byte in front and behind: a 24-bit sample is read as the 32-bit word that has it on
        # top, whose fourth byte belongs to a neighbour (in front: little-endian; behind: big).
        self._raw = np.zeros(2, dtype=np.uint8)
        self._words = np.zeros((layout.channels, 0), dtype=np.int32)

    def read(self, frames: int) -> Block:
        """Return the next ``(channels, n)``."""
        frames = max(0, min(frames, self.frames - self.position))
        frame_bytes = self._layout.frame_bytes
        if self._raw.size < frames * frame_bytes + 2:
            self._raw = np.zeros(frames * frame_bytes + 2, dtype=np.uint8)
        got = self._fill(self._raw[1 : 1 + frames * frame_bytes].data) // frame_bytes
        out = np.empty((self.channels, got))
        self._unpack(got, out)
        self.position += got
        return out

    def _fill(self, into: memoryview) -> int:
        offset = self._layout.data_offset + self.position * self._layout.frame_bytes
        done = 0
        while done < len(into):
            try:
                count = pread_into(self._fd, into[done:], offset + done)
            except OSError as error:
                raise DecodeError(error.strerror or str(error), self.position) from error
            if count == 0:
                break
            done += count
        return done

    def _unpack(self, frames: int, out: Block) -> None:
        layout, width = self._layout, self._layout.bits // 8
        order, shape, strides = layout.byte_order, out.shape, (width, layout.frame_bytes)
        if layout.kind == "float":
            out[...] = np.ndarray(shape, f"{order}f{width}", self._raw, 1, strides)
        elif width == 1:
            np.subtract(np.ndarray(shape, "u1", self._raw, 1, strides), 128.0, out=out)
            np.multiply(out, 2.0**-7, out=out)
        elif width == 3:
            if self._words.shape[1] < frames:
                self._words = np.zeros(shape, dtype=np.int32)
            offset = 0 if order == "<" else 1
            words = np.ndarray(shape, f"{order}i4", self._raw, offset, strides)
            aligned = self._words[:, :frames]
            np.bitwise_and(words, -256, out=aligned)
            np.multiply(aligned, 2.0**-31, out=out)
        else:
            scale = 2.0 ** (1 - layout.bits)
            words = np.ndarray(shape, f"{order}i{width}", self._raw, 1, strides)
            np.multiply(words, scale, out=out)

    def seek(self, frame: int) -> None:
        """Go to ``frame``: exact, and free."""
        self.position = frame

    def close(self) -> None:
        """Nothing is held."""


class LibsndfileDecoder(Decoder):
    """Everything else.

    Args:
        fd: An open descriptor.
        container: What the first bytes said it is.

    Raises:
        HeaderError: When libsndfile cannot open it, or finds another codec than is allowed.
    """

    def __init__(self, fd: int, container: str) -> None:
        self._fd = fd
        self._file = self._open()
        self.subtype = str(self._file.subtype)
        if self.subtype not in SUBTYPES:
            self._file.close()
            raise HeaderError(
                f"the {container} file's codec is {self.subtype}", "convert it to PCM"
            )
        self.sample_rate_hz = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.frames = int(self._file.frames)
        self.finite = self.subtype.startswith(("PCM", "ALAC"))
        self._exact_seek = self.subtype not in LOSSY_SUBTYPES
        self._ended = False
        self._may_lack = container == "flac"
        self._lost: int | None = None

    def _open(self) -> Any:
        import soundfile

        os.lseek(self._fd, 0, os.SEEK_SET)
        try:
            file = soundfile.SoundFile(self._fd, closefd=False)
        except soundfile.LibsndfileError as error:
            raise HeaderError(
                f"it cannot be opened: {_said(error)}", "it may be damaged"
            ) from error
        # After each read soundfile seeks to where it already is, which fails at the end of a FLAC
        # that is shorter than it says, or that does not say; told that it cannot seek, it does not.
        file._info.seekable = 0  # noqa: SLF001 - there is no public switch
        return file

    def read(self, frames: int) -> Block:
        """Return the next ``(channels, n)``."""
        import soundfile

        if self._ended:
            return np.zeros((self.channels, 0))
        if self._may_lack:
            self._lost = lost_at(self._fd)
            self._may_lack = False
        if self._lost is not None and self.position + frames > self._lost:
            raise DecodeError("frames are missing from there on", self._lost)
        interleaved = np.empty((frames, self.channels))
        try:
            got = len(self._file.read(out=interleaved))
        except soundfile.LibsndfileError as error:
            raise DecodeError(_said(error), self.position) from error
        self._ended = got < frames
        self.position += got
        return np.ascontiguousarray(interleaved[:got].T)

    def seek(self, frame: int) -> None:
        """Go to ``frame``; lossy codecs are decoded from zero, for their state is their past."""
        import soundfile

        if frame == self.position:
            return
        if self._exact_seek and 0 <= frame < self.frames < UNKNOWN_FRAMES:
            try:
                self._file.seek(frame)
            except soundfile.LibsndfileError as error:
                raise DecodeError(_said(error), frame) from error
            self.position, self._ended = frame, False
            return
        if frame < self.position:
            self._file.close()
            self._file = self._open()
            self.position, self._ended = 0, False
        while self.position < frame:
            if not self.read(min(BLOCK_FRAMES, frame - self.position)).shape[1]:
                break

    def close(self) -> None:
        """Close libsndfile's handle."""
        self._file.close()


def _said(error: Any) -> str:
    text = str(getattr(error, "error_string", error))
    return text.removeprefix("Error : ").strip().rstrip(".")


def libsndfile_version() -> str:
    """Return the version of the libsndfile that soundfile brought or found."""
    import soundfile

    return str(soundfile.__libsndfile_version__)
