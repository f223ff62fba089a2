"""Encoders: interleaved samples into an open descriptor.

WAV is written here, not by libsndfile: its header then says exactly what is meant (format tag 1
for PCM at any channel count, 3 for float, nothing behind the data, no PEAK chunk with its time
stamp); a file that grows past 4 GB turns into RF64 in place; and a full disk is an OSError that
says so.
"""

from __future__ import annotations

import os
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from mixmaster.audio.positioned import pwrite

MAX_RIFF_BYTES = 0xFFFF_FFFF
"""What a RIFF or AIFF header's 32-bit size can say; a WAV that needs more becomes RF64."""

_DS64_BYTES = 28  # EBU Tech 3306: riffSize, dataSize, sampleCount, tableLength (0)


class EncodeError(Exception):
    """An encoder or the disk refused; the text says why."""


class Writer(ABC):
    """An encoder on an open descriptor."""

    @abstractmethod
    def write(self, samples: npt.NDArray[Any]) -> None:
        """Append ``(frames, channels)``: int16, int32 (in LSBs) or float32.

        Raises:
            EncodeError: When the encoder gives up.
            OSError: When the disk does.
        """

    @abstractmethod
    def finish(self) -> None:
        """Complete the file; the descriptor stays open, which is its opener's."""

    def abandon(self) -> None:  # noqa: B027 - only some hold anything
        """Release what is held; the file is thrown away."""


class Regrouped:
    """Samples in pieces of one length, whatever the lengths they come in.

    Args:
        frames: The length of a piece.
        channels: Channels.
        dtype: The samples' type.
    """

    def __init__(self, frames: int, channels: int, dtype: npt.DTypeLike) -> None:
        self._frames = frames
        self._rest: npt.NDArray[Any] = np.zeros((0, channels), dtype)

    def add(self, samples: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
        """Yield whole pieces, ``(frames, channels)``, of what there is with ``samples`` behind."""
        if self._rest.shape[0]:
            samples = np.concatenate((self._rest, samples))
        whole = samples.shape[0] // self._frames * self._frames
        self._rest = samples[whole:].copy()
        for start in range(0, whole, self._frames):
            yield samples[start : start + self._frames]

    def rest(self) -> npt.NDArray[Any]:
        """Return what is left, shorter than a piece."""
        return self._rest


class WavWriter(Writer):
    """WAV, or RF64 where 4 GB do not suffice.

    A file that will surely stay below 4 GB starts with the plain 44-byte header; otherwise room for
    RF64's 64-bit sizes is kept in a JUNK chunk (EBU Tech 3306, section 4: on-the-fly conversion).

    Args:
        fd: An open descriptor, at the start of an empty file.
        bit_depth: 16, 24, or 32 for float.
        sample_rate_hz: The rate.
        channels: Channels.
        frames_expected: The length, if known.
    """

    def __init__(
        self,
        fd: int,
        bit_depth: int,
        sample_rate_hz: int,
        channels: int,
        frames_expected: int | None,
    ) -> None:
        self._fd = fd
        self._bits = bit_depth
        self._rate = sample_rate_hz
        self._channels = channels
        self._frame_bytes = bit_depth // 8 * channels
        self._data_bytes = 0
        self._room = False
        self._room = frames_expected is None or not self._fits(frames_expected * self._frame_bytes)
        self._put(self._header(0))

    def _fits(self, data_bytes: int) -> bool:
        return len(self._header(0)) - 8 + data_bytes + data_bytes % 2 <= MAX_RIFF_BYTES

    def write(self, samples: npt.NDArray[Any]) -> None:
        """Append ``(frames, channels)``."""
        size = samples.shape[0] * self._frame_bytes
        if not self._room and not self._fits(self._data_bytes + size):
            raise EncodeError("the file grew past 4 GB although it was announced to stay below")
        if self._bits == 24:
            self._put(pack_24_bit(samples).data)
        else:
            wanted = "<f4" if self._bits == 32 else "<i2"
            ready = np.ascontiguousarray(samples, dtype=wanted)
            self._put(ready.reshape(-1).view(np.uint8).data)
        self._data_bytes += size

    def finish(self) -> None:
        """Write the pad byte and the true header, and check the file's size."""
        if self._data_bytes % 2:
            self._put(b"\0")  # RIFF: chunks begin at even positions
        header = self._header(self._data_bytes)
        pwrite(self._fd, header, 0)
        expected = len(header) + self._data_bytes + self._data_bytes % 2
        found = os.fstat(self._fd).st_size
        if found != expected:
            raise EncodeError(f"the file has {found} bytes where {expected} were written")

    def _put(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def _header(self, data_bytes: int) -> bytes:
        frames = data_bytes // self._frame_bytes
        is_float = self._bits == 32
        fmt = struct.pack(
            "<HHIIHH",
            3 if is_float else 1,
            self._channels,
            self._rate,
            self._rate * self._frame_bytes,
            self._frame_bytes,
            self._bits,
        )
        chunks = _chunk(b"fmt ", fmt + (b"\0\0" if is_float else b""))
        if is_float:  # all but PCM must say their length in frames (RIFF MCI, revision 3)
            chunks += _chunk(b"fact", struct.pack("<I", min(frames, 0xFFFF_FFFF)))
        room = 8 + _DS64_BYTES if self._room else 0
        riff_bytes = 4 + room + len(chunks) + 8 + data_bytes + data_bytes % 2
        if riff_bytes <= MAX_RIFF_BYTES:
            junk = _chunk(b"JUNK", bytes(_DS64_BYTES)) if self._room else b""
            head = b"RIFF" + struct.pack("<I", riff_bytes) + b"WAVE" + junk
            return head + chunks + b"data" + struct.pack("<I", data_bytes)
        sizes = _chunk(b"ds64", struct.pack("<QQQI", riff_bytes, data_bytes, frames, 0))
        head = b"RF64\xff\xff\xff\xffWAVE" + sizes
        return head + chunks + b"data\xff\xff\xff\xff"


class SoundfileWriter(Writer):
    """What is the same of all files that libsndfile writes: opened, appended to, checked.

    Args:
        fd: An open descriptor, at the start of an empty file.
        container: The format by libsndfile's name.
        subtype: The sample format by libsndfile's name.
        sample_rate_hz: The rate.
        channels: Channels.
        quality: What soundfile is told of the bit rate.

    Raises:
        EncodeError: When the container cannot hold this rate or channel count.
    """

    def __init__(
        self,
        fd: int,
        container: str,
        subtype: str,
        sample_rate_hz: int,
        channels: int,
        **quality: Any,
    ) -> None:
        import soundfile

        self._fd = fd
        self._frames = 0
        try:
            self._file: Any = soundfile.SoundFile(
                fd,
                "w",
                sample_rate_hz,
                channels,
                subtype,
                format=container,
                closefd=False,
                **quality,
            )
        except (soundfile.SoundFileError, ValueError) as error:
            raise EncodeError(str(getattr(error, "error_string", error))) from error

    def _encode(self, samples: npt.NDArray[Any]) -> None:
        """Hand samples to libsndfile."""
        import soundfile

        try:
            self._file.write(samples)
        except (soundfile.SoundFileError, AssertionError) as error:
            # soundfile asserts that everything was written: on a full disk it was not.
            raise EncodeError(f"not all could be written {error}".rstrip()) from error

    def finish(self) -> None:
        """Complete the file and check that it has all frames."""
        import soundfile

        try:
            self._file.close()
            found = self._read_back()
        except soundfile.SoundFileError as error:
            raise EncodeError(f"it could not be completed: {error}") from error
        if found != self._frames:
            raise EncodeError(f"the file has {found} frames where {self._frames} were written")

    def _read_back(self) -> int:
        """Return how many frames the closed file has."""
        import soundfile

        os.lseek(self._fd, 0, os.SEEK_SET)
        with soundfile.SoundFile(self._fd, closefd=False) as written:
            return int(written.frames)

    def abandon(self) -> None:
        """Close libsndfile's handle, whatever it says."""
        import soundfile

        try:
            self._file.close()
        except soundfile.SoundFileError:
            return  # the file is thrown away; the first error is the one that counts


class LibsndfileWriter(SoundfileWriter):
    """FLAC and AIFF, 16 or 24 bit.

    Args:
        fd: An open descriptor, at the start of an empty file.
        container: ``flac`` or ``aiff``.
        bit_depth: 16 or 24.
        sample_rate_hz: The rate.
        channels: Channels.

    Raises:
        EncodeError: When the container cannot hold this rate or channel count.
    """

    def __init__(
        self, fd: int, container: str, bit_depth: int, sample_rate_hz: int, channels: int
    ) -> None:
        super().__init__(fd, container.upper(), f"PCM_{bit_depth}", sample_rate_hz, channels)
        self._shift = 32 - bit_depth if bit_depth > 16 else 0
        self._frame_bytes = bit_depth // 8 * channels if container == "aiff" else 0

    def write(self, samples: npt.NDArray[Any]) -> None:
        """Append ``(frames, channels)``."""
        self._frames += samples.shape[0]
        # 1,024 bytes for AIFF's chunks in front of the samples.
        if self._frames * self._frame_bytes + 1_024 > MAX_RIFF_BYTES:
            raise EncodeError("AIFF cannot hold more than 4 GB; write WAV, which turns into RF64")
        self._encode(np.left_shift(samples, self._shift) if self._shift else samples)


def pack_24_bit(samples: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """Return integers of 24 bits as little-endian bytes, three a sample, in order.

    Four samples make three 32-bit words: several times as fast as copying bytes.
    """
    count = samples.size
    flat = np.zeros(-(-count // 4) * 4, dtype="<u4")
    flat[:count] = samples.reshape(-1).view(np.uint32)
    flat &= 0xFF_FFFF
    four = flat.reshape(-1, 4)
    words = np.empty((four.shape[0], 3), dtype="<u4")
    np.bitwise_or(four[:, 0], four[:, 1] << 24, out=words[:, 0])
    np.bitwise_or(four[:, 1] >> 8, four[:, 2] << 16, out=words[:, 1])
    np.bitwise_or(four[:, 2] >> 16, four[:, 3] << 8, out=words[:, 2])
    return words.reshape(-1).view(np.uint8)[: 3 * count]


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body
