"""M4A files: AAC-LC and ALAC in MPEG-4, by FFmpeg's encoders in PyAV (the extra ``codecs``).

FFmpeg's AAC encoder is not that of Apple or of Fraunhofer, which stores use; how far it overshoots
is of their order, not their figure. It puts one frame of 1,024 samples of its own before the signal
and fills the last (ISO/IEC 14496-3, 4.5.2.1). Both are said twice: by an edit list (ISO/IEC
14496-12, 8.6.6), which most players follow, and by iTunes's own ``iTunSMPB``, which the others do.
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mixmaster.audio.formats import FileSpec, require_encoder
from mixmaster.audio.writers import EncodeError, Regrouped, Writer

AAC_FRAME: Final = 1_024
_ALAC_FRAME: Final = 4_096
_LAYOUTS: Final = {1: "mono", 2: "stereo"}
_FORMATS: Final = {16: "s16p", 24: "s32p", 32: "fltp"}
_SMPB: Final = "----:com.apple.iTunes:iTunSMPB"


class Mp4Writer(Writer):
    """AAC-LC at a constant rate, or ALAC of 16 or 24 bits; the index first, so that it streams.

    Args:
        path: The file, empty.
        spec: What kind of file.

    Raises:
        EncodeError: When FFmpeg does not take it.
        UsageError: Without PyAV.
    """

    def __init__(self, path: Path, spec: FileSpec) -> None:
        require_encoder(spec.container)
        import av

        self._av: Any = av
        self._path = path
        self._spec = spec
        self._is_aac = spec.container == "aac"
        self._format = _FORMATS[spec.bit_depth]
        self._shift = 8 if spec.bit_depth == 24 else 0
        self._frames = 0
        self._encoded = 0
        length = AAC_FRAME if self._is_aac else _ALAC_FRAME
        dtype = {16: np.int16, 24: np.int32, 32: np.float32}[spec.bit_depth]
        self._pieces = Regrouped(length, spec.channels, dtype)
        options = {
            "movflags": "+faststart",
            "movie_timescale": str(spec.sample_rate_hz),  # edit lists count in it
            "fflags": "+bitexact",
        }
        try:
            # The prefix keeps a name with a colon from being taken for a protocol.
            self._file: Any = av.open(f"file:{os.fspath(path)}", "w", "ipod", options=options)
            stream: Any = self._file.add_stream(
                spec.container,
                rate=spec.sample_rate_hz,
                layout=_LAYOUTS[spec.channels],
                format=self._format,
            )
            stream.time_base = Fraction(1, spec.sample_rate_hz)
            stream.codec_context.thread_count = 1
            if spec.bitrate_kbps is not None:
                stream.bit_rate = 1_000 * spec.bitrate_kbps
            self._stream = stream
            self._file.start_encoding()
        except av.FFmpegError as error:
            raise EncodeError(str(error.strerror or error)) from error
        assert stream.codec_context.frame_size == length

    def write(self, samples: npt.NDArray[Any]) -> None:
        """Append ``(frames, channels)``: float32 for AAC, int16 or int32 (in LSBs) for ALAC."""
        self._frames += samples.shape[0]
        for piece in self._pieces.add(samples):
            self._encode(piece)

    def _encode(self, piece: npt.NDArray[Any]) -> None:
        spec = self._spec
        planes = np.ascontiguousarray(piece.T)
        if self._shift:
            planes = np.left_shift(planes, self._shift)
        frame = self._av.AudioFrame.from_ndarray(
            planes, format=self._format, layout=_LAYOUTS[spec.channels]
        )
        frame.sample_rate = spec.sample_rate_hz
        frame.pts = self._encoded
        frame.time_base = Fraction(1, spec.sample_rate_hz)
        self._encoded += piece.shape[0]
        try:
            self._file.mux(self._stream.encode(frame))
        except self._av.FFmpegError as error:
            raise EncodeError(str(error.strerror or error)) from error

    def finish(self) -> None:
        """Complete the file, say where the signal lies in it, and check its length."""
        from mixmaster.audio.mp4_index import read_index

        rest = self._pieces.rest()
        if rest.shape[0]:
            self._encode(rest)
        try:
            if self._frames:
                self._file.mux(self._stream.encode(None))
            self._file.close()
        except self._av.FFmpegError as error:
            raise EncodeError(str(error.strerror or error)) from error
        if not self._frames:
            return
        if self._is_aac:
            self._say_where()
        with self._path.open("rb") as file:
            found = read_index(file.fileno()).frames
        if found != self._frames:
            raise EncodeError(f"the file has {found} frames where {self._frames} were written")

    def _say_where(self) -> None:
        """Write ``iTunSMPB``: delay, padding and length in hexadecimal, the rest unused."""
        import mutagen.mp4

        tags: Any = mutagen.mp4
        padding = -(self._frames + AAC_FRAME) % AAC_FRAME
        unused = " 00000000" * 8
        text = f" 00000000 {AAC_FRAME:08X} {padding:08X} {self._frames:016X}{unused}"
        try:
            file = tags.MP4(self._path)
            file[_SMPB] = [tags.MP4FreeForm(text.encode(), dataformat=tags.AtomDataType.UTF8)]
            file.save()
        except mutagen.MutagenError as error:
            raise EncodeError(f"its length could not be written: {error}") from error

    def abandon(self) -> None:
        """Close FFmpeg's handle, whatever it says."""
        try:
            self._file.close()
        except self._av.FFmpegError:
            return  # the file is thrown away; the first error is the one that counts
