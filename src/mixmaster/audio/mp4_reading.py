"""M4A files read block by block: AAC and ALAC, decoded by FFmpeg in PyAV (the extra ``codecs``)."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.audio.decoders import DecodeError, Decoder
from mixmaster.audio.mp4_index import read_index
from mixmaster.audio.positioned import pread
from mixmaster.audio.riff import HeaderError

_SCALES: Final = {"s16p": 2.0**-15, "s32p": 2.0**-31, "fltp": 1.0}


class Mp4Decoder(Decoder):
    """AAC and ALAC in M4A.

    The decoder is given every packet, and what lies before and behind the signal is cut off here,
    by the file's index: how much FFmpeg cuts off by itself depends on its version.

    Args:
        fd: An open descriptor.

    Raises:
        HeaderError: Without PyAV, and for what is no AAC or ALAC.
    """

    def __init__(self, fd: int) -> None:
        index = read_index(fd)
        if find_spec("av") is None:
            hint = "pip install 'mixmaster[codecs]' brings it"
            raise HeaderError("reading M4A needs PyAV, which is not installed", hint)
        import av

        self._av: Any = av
        self._fd = fd
        self._open()
        context = self._stream.codec_context
        self.sample_rate_hz = int(context.sample_rate)
        self.channels = int(context.channels)
        # HE-AAC counts at half the rate that comes out of it.
        doubled = max(1, round(self.sample_rate_hz / index.timescale_hz))
        self._delay = index.delay * doubled
        self.frames = index.frames * doubled
        self.subtype = index.codec
        if index.codec == "ALAC":
            if context.format is None:
                raise HeaderError("its ALAC description cannot be read", "it may be damaged")
            self.subtype = "ALAC_16" if context.format.name == "s16p" else "ALAC_24"
        self.finite = index.codec == "ALAC"

    def _open(self) -> None:
        try:
            self._file: Any = self._av.open(
                _Bytes(self._fd),
                "r",
                "mov",
                options={"ignore_editlist": "1"},
                metadata_errors="replace",  # a damaged name is no reason not to hear it
            )
            self._stream: Any = self._file.streams.audio[0]
            context = self._stream.codec_context
            context.flags2 |= self._av.codec.context.Flags2.skip_manual
            context.thread_count = 1
        except (self._av.FFmpegError, IndexError) as error:
            raise HeaderError(f"it cannot be opened: {error}", "it may be damaged") from error
        self._blocks = self._decoded()
        self._ready: list[Block] = []
        self._ready_frames = 0
        self.position = 0

    def _decoded(self) -> Iterator[Block]:
        """Yield the signal, frame by frame of the codec."""
        skip, left = self._delay, self.frames
        try:
            for frame in self._file.decode(self._stream):
                samples = frame.to_ndarray()
                if samples.shape[0] != self.channels or frame.format.name not in _SCALES:
                    reason = "its form changes on the way"
                    raise DecodeError(reason, self.frames - left)
                block = samples[:, skip : skip + left].astype(np.float64)
                skip -= min(skip, samples.shape[1])
                left -= block.shape[1]
                if block.shape[1]:
                    yield block * _SCALES[frame.format.name]
                if not left:
                    return
        except self._av.FFmpegError as error:
            # What was decoded so far is in front of the failure.
            raise DecodeError(str(error.strerror or error), self.frames - left) from error

    def read(self, frames: int) -> Block:
        """Return the next ``(channels, n)``."""
        while self._ready_frames < frames:
            block = next(self._blocks, None)
            if block is None:
                break
            self._ready.append(block)
            self._ready_frames += block.shape[1]
        joined = np.concatenate([np.zeros((self.channels, 0)), *self._ready], axis=1)
        out = np.ascontiguousarray(joined[:, :frames])
        self._ready = [joined[:, frames:]]
        self._ready_frames = joined.shape[1] - out.shape[1]
        self.position += out.shape[1]
        return out

    def seek(self, frame: int) -> None:
        """Go to ``frame``; decoded from zero, for an AAC decoder's state is its past."""
        if frame < self.position:
            self._file.close()
            self._open()
        while self.position < frame:
            if not self.read(min(BLOCK_FRAMES, frame - self.position)).shape[1]:
                break

    def close(self) -> None:
        """Close FFmpeg's handle."""
        self._file.close()


class _Bytes(io.RawIOBase):
    """An open descriptor as a file that FFmpeg reads; never by name, never another file."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._at = 0
        self._size = os.fstat(fd).st_size

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return where reading goes on."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go somewhere else."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        wanted = self._size if size < 0 else size
        data = pread(self._fd, wanted, self._at)
        self._at += len(data)
        return data
