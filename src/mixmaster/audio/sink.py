"""Audio files that are written block by block: quantised by our own hand, checked at the end."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.encoders import HIGHEST, LossyWriter
from mixmaster.audio.finite import check_finite
from mixmaster.audio.formats import CONTAINERS, Container, FileSpec, require_encoder
from mixmaster.audio.names import shown
from mixmaster.audio.positioned import BINARY
from mixmaster.audio.writers import EncodeError, LibsndfileWriter, WavWriter, Writer
from mixmaster.dsp.dither import Dither, Quantiser
from mixmaster.dsp.noise_shaping import RATES_HZ, NoiseShaper
from mixmaster.errors import OutputError, SignalError, UsageError
from mixmaster.results import Result
from mixmaster.units import gain_to_db

_MAX_FLOAT32 = float(np.finfo(np.float32).max)

__all__ = [
    "CONTAINERS",
    "AudioSink",
    "Container",
    "FileSpec",
    "SinkReport",
    "check_dither",
    "open_sink",
    "output_error",
    "require_encoder",
]


@dataclass(frozen=True, slots=True)
class SinkReport(Result):
    """What was written.

    Attributes:
        frames: The file's length.
        clipped_samples: Samples outside the integers' range, cut to it; 0 for float.
        sample_peak_dbfs: The largest sample as written; None for digital silence.
    """

    frames: int
    clipped_samples: int
    sample_peak_dbfs: float | None


class AudioSink:
    """An audio file being written. A context manager: closed at the end, removed on an error.

    Blocks may be of any size; the file's bytes do not depend on it, and two writings of one
    signal are the same bytes.

    Args:
        path: The file; what is there is overwritten, so give a temporary (``Publication.part``).
        spec: What kind of file.
        frames_expected: The length, if known: decides early whether RF64's header is needed.
        dither: How integers are made: ``tpdf``, ``shaped`` or ``none``; float has none.
        seed: Where the dither's random numbers start.
        where: What errors about the signal name; the file itself if empty.

    Raises:
        OutputError: When the file cannot be opened.
        UsageError: For an encoder that is not installed, and dither that cannot be shaped.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        spec: FileSpec,
        *,
        frames_expected: int | None = None,
        dither: Dither = "tpdf",
        seed: int = 0,
        where: str = "",
    ) -> None:
        self.path = Path(path)
        self.spec = spec
        self.frames = 0
        self._name = shown(path)
        self._where = where or f"output {self._name}"
        self._peak = 0.0
        self._report: SinkReport | None = None
        self._quantiser: Quantiser | NoiseShaper | None = None
        check_dither(dither, spec)
        require_encoder(spec.container)
        if spec.bit_depth != 32:
            self._quantiser = _quantiser(spec, dither, seed)
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | BINARY, 0o666)
        except OSError as error:
            raise output_error(self._name, error) from error
        try:
            self._writer: Writer = self._open_writer(frames_expected)
        except (OSError, EncodeError) as error:
            self._close_fd()
            self.path.unlink(missing_ok=True)
            raise output_error(self._name, error) from error

    def _open_writer(self, frames_expected: int | None) -> Writer:
        spec = self.spec
        if spec.container in {"aac", "alac"}:
            from mixmaster.audio.mp4 import Mp4Writer

            return Mp4Writer(self.path, spec)
        if spec.is_lossy:
            return LossyWriter(self._fd, spec)
        if spec.container == "wav":
            return WavWriter(
                self._fd, spec.bit_depth, spec.sample_rate_hz, spec.channels, frames_expected
            )
        return LibsndfileWriter(
            self._fd, spec.container, spec.bit_depth, spec.sample_rate_hz, spec.channels
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def write(self, block: Block) -> None:
        """Append a block, ``(channels, frames)``, of any length.

        Raises:
            SignalError: For NaN or infinity, naming the output and the time.
            OutputError: When it cannot be written; the file is removed.
        """
        assert self._fd >= 0, "the sink is closed"
        assert block.shape[0] == self.spec.channels
        if block.shape[1] == 0:
            return
        try:
            encoded = self._encoded(block)
            if encoded.shape[0]:
                self._writer.write(encoded)
        except (OSError, EncodeError) as error:
            self.abort()
            raise output_error(self._name, error) from error
        except SignalError:
            self.abort()
            raise
        self.frames += block.shape[1]

    def _encoded(self, block: Block) -> Any:
        where = self._where
        check_finite(block, where, self.frames, self.spec.sample_rate_hz)
        if self._quantiser is not None:
            return self._quantiser.process(block, self.frames)
        peak = max(float(block.max()), -float(block.min()))
        lossy = self.spec.is_lossy
        if peak > (HIGHEST if lossy else _MAX_FLOAT32):
            frame = int(np.argmax(np.abs(block).max(axis=0)))
            seconds = (self.frames + frame) / self.spec.sample_rate_hz
            if lossy:
                hint = "no encoder takes that: turn it down"
                raise SignalError(where, "samples over +12 dBFS", seconds, hint)
            raise SignalError(where, "a value too large for 32-bit float", seconds)
        self._peak = max(self._peak, peak)
        out = np.empty((block.shape[1], block.shape[0]), dtype=np.float32)
        np.copyto(out, block.T, casting="same_kind")
        return out

    def close(self) -> SinkReport:
        """Complete the file, check it, and return what was written; again returns the same.

        Raises:
            OutputError: When it cannot be completed; the file is removed.
        """
        if self._report is not None:
            return self._report
        assert self._fd >= 0, "the sink was aborted"
        try:
            if self._quantiser is not None:
                rest = self._quantiser.rest()
                if rest.shape[0]:
                    self._writer.write(rest)
            self._writer.finish()
        except (OSError, EncodeError) as error:
            self.abort()
            raise output_error(self._name, error) from error
        self._close_fd()
        peak = gain_to_db(self._peak) if self._peak > 0.0 else None
        clipped = 0
        if self._quantiser is not None:
            made = self._quantiser.made
            peak, clipped = made.peak_dbfs, made.clipped_samples
        self._report = SinkReport(self.frames, clipped, peak)
        return self._report

    def abort(self) -> None:
        """Close and remove the file; after ``close`` or again, nothing."""
        if self._fd >= 0:
            self._writer.abandon()
            self._close_fd()
            self.path.unlink(missing_ok=True)

    def _close_fd(self) -> None:
        os.close(self._fd)
        self._fd = -1


def check_dither(dither: Dither, spec: FileSpec) -> None:
    """Raise where noise cannot be shaped as asked.

    Raises:
        UsageError: For shaped dither at a rate that it is not made for, and where nothing is
            rounded.
    """
    if dither != "shaped":
        return
    if spec.bit_depth == 32:
        reason = "shaped dither where nothing is rounded"
        raise UsageError("", reason, "it goes with 16 and 24 bits; leave dither out")
    if spec.sample_rate_hz not in RATES_HZ:
        raise UsageError(
            "",
            f"shaped dither at {spec.sample_rate_hz} Hz",
            "its curve is made for 44100 and 48000 Hz; take tpdf elsewhere",
        )


def _quantiser(spec: FileSpec, dither: Dither, seed: int) -> Quantiser | NoiseShaper:
    if dither == "shaped":
        return NoiseShaper(spec.bit_depth, spec.channels, seed=seed)
    return Quantiser(spec.bit_depth, spec.channels, seed=seed, dither=dither == "tpdf")


def open_sink(
    path: str | os.PathLike[str],
    spec: FileSpec,
    *,
    frames_expected: int | None = None,
    dither: Dither = "tpdf",
    seed: int = 0,
    where: str = "",
) -> AudioSink:
    """Open a file for writing in blocks; see ``AudioSink``."""
    return AudioSink(
        path, spec, frames_expected=frames_expected, dither=dither, seed=seed, where=where
    )


def output_error(name: str, error: OSError | EncodeError) -> OutputError:
    """Return what a failed write means to the user."""
    if isinstance(error, EncodeError):
        return OutputError(name, f"it could not be written: {error}", "is the disk full?")
    hint = {
        errno.ENOSPC: "free some space, or write elsewhere",
        errno.EDQUOT: "free some space, or write elsewhere",
        errno.EFBIG: "the file system or a limit forbids files of this size",
        errno.EACCES: "write to a folder that is yours",
        errno.EPERM: "write to a folder that is yours",
        errno.EROFS: "the file system is read-only; write elsewhere",
    }.get(error.errno or 0, "")
    return OutputError(name, f"it could not be written: {error.strerror or error}", hint)
