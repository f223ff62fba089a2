"""Opening an audio file: what it is, whether it can be used, and which decoder reads it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from mixmaster.arrays import BLOCK_FRAMES
from mixmaster.audio.containers import sniff
from mixmaster.audio.decoders import (
    UNKNOWN_FRAMES,
    DecodeError,
    Decoder,
    LibsndfileDecoder,
    PcmWavDecoder,
)
from mixmaster.audio.integrity import what_is_missing
from mixmaster.audio.isolating import is_isolated
from mixmaster.audio.positioned import BINARY
from mixmaster.audio.riff import HeaderError, read_layout
from mixmaster.errors import AudioFileError
from mixmaster.results import Result

MIN_SAMPLE_RATE_HZ = 8_000
MAX_SAMPLE_RATE_HZ = 768_000
MAX_CHANNELS = 64

SEND_AGAIN = "get the file again from where it came"

# No codec packs a channel's sample into less: FLAC's smallest frame of silence is about 11 bytes
# for 65,535 samples. A claim beyond this is false, and the frames are counted instead.
_MAX_FRAMES_PER_BYTE = 8_192


@dataclass(frozen=True, slots=True)
class AudioInfo(Result):
    """What a file's header says, where that was found to be true of the file.

    Attributes:
        path: The file.
        container: ``wav``, ``flac``, ``aiff``, ``caf``, ``mp3``, ``ogg`` or ``m4a``.
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
    def kind(self) -> str:
        """What such files are called where they are written: ``alac``, ``opus``, ``wav`` ..."""
        if self.container == "m4a":
            return "aac" if self.subtype == "AAC" else "alac"
        if self.container == "ogg":
            return self.subtype.lower()
        return self.container

    @property
    def duration_s(self) -> float:
        """The length in seconds."""
        return self.frames / self.sample_rate_hz


def open_file(path: Path, name: str) -> int:
    """Return a descriptor of a regular file; ``name`` is for errors.

    Raises:
        AudioFileError: For what is missing, a folder, a pipe, or may not be read.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder, not a file" if stat.S_ISDIR(mode) else "a pipe or device, not a file"
            raise AudioFileError(name, f"it is {kind}", "name audio files")
        return os.open(path, os.O_RDONLY | BINARY)
    except FileNotFoundError as error:
        raise AudioFileError(name, "there is no such file", "check the name") from error
    except OSError as error:
        raise AudioFileError(name, f"it cannot be opened: {error.strerror}") from error
    except ValueError as error:  # a NUL in the name
        raise AudioFileError(name, f"it is no file name: {error}") from error


def open_decoder(fd: int, path: Path, name: str, *, strict: bool) -> tuple[Decoder, AudioInfo]:
    """Return a decoder, and what the file is.

    Raises:
        AudioFileError: For a file that cannot be used.
    """
    try:
        container = sniff(fd)
        if container == "wav":
            decoder, notes = _open_wav(fd, strict=strict)
        else:
            decoder, notes = _open_other(fd, container, strict=strict)
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
        notes=notes,
    )
    if info.frames == 0:
        decoder.close()
        raise AudioFileError(name, "it holds no audio (0 frames)", "; ".join(notes))
    return decoder, info


def _open_wav(fd: int, *, strict: bool) -> tuple[Decoder, tuple[str, ...]]:
    layout = read_layout(fd)
    _check_limits(layout.sample_rate_hz, layout.channels)
    missing = layout.claimed_frames - layout.frames
    if missing <= 0:
        return PcmWavDecoder(fd, layout), layout.notes
    seconds = missing / layout.sample_rate_hz
    note = (
        f"it is cut short: {layout.frames} of the {layout.claimed_frames} frames that its header "
        f"says; {seconds:.3f} s are missing"
    )
    if strict:
        raise HeaderError(note, SEND_AGAIN)
    return PcmWavDecoder(fd, layout), (*layout.notes, note)


def _open_other(fd: int, container: str, *, strict: bool) -> tuple[Decoder, tuple[str, ...]]:
    decoder: Decoder
    if is_isolated():
        from mixmaster.audio.isolation import IsolatedDecoder

        decoder = IsolatedDecoder(fd, container)
    elif container == "m4a":
        from mixmaster.audio.mp4_reading import Mp4Decoder

        decoder = Mp4Decoder(fd)
    else:
        decoder = LibsndfileDecoder(fd, container)
    try:
        _check_limits(decoder.sample_rate_hz, decoder.channels)
        notes = _settle_length(fd, decoder, container)
        missing = what_is_missing(fd, container, decoder.frames, decoder.sample_rate_hz)
    except BaseException:
        decoder.close()
        raise
    if not missing:
        return decoder, notes
    if strict:
        decoder.close()
        raise HeaderError(missing, SEND_AGAIN)
    return decoder, (*notes, missing)


def _settle_length(fd: int, decoder: Decoder, container: str) -> tuple[str, ...]:
    """Count the frames where the header gives no length, or one that cannot be."""
    if decoder.frames <= os.fstat(fd).st_size * _MAX_FRAMES_PER_BYTE:
        return ()
    claim = "no length" if decoder.frames >= UNKNOWN_FRAMES else f"{decoder.frames} frames"
    try:
        while decoder.read(BLOCK_FRAMES).shape[1]:
            pass
        decoder.frames = decoder.position
        decoder.seek(0)
    except DecodeError as error:
        reason = f"it is damaged: decoding failed after frame {error.frame}: {error.reason}"
        raise HeaderError(reason, SEND_AGAIN) from error
    return (f"its {container} header says {claim}; there are {decoder.frames} frames, counted",)


def _check_limits(sample_rate_hz: int, channels: int) -> None:
    if not MIN_SAMPLE_RATE_HZ <= sample_rate_hz <= MAX_SAMPLE_RATE_HZ:
        raise HeaderError(
            f"its header says {sample_rate_hz} Hz", "8000 to 768000 Hz can be worked with"
        )
    if not 1 <= channels <= MAX_CHANNELS:
        raise HeaderError(
            f"its header says {channels} channels", f"1 to {MAX_CHANNELS} can be worked with"
        )
