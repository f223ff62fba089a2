"""What was sequenced and written, read back by the standard library's reader, frame by frame."""

from __future__ import annotations

import wave
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block
from mixmaster.audio.names import shown
from mixmaster.errors import AudioFileError
from mixmaster.release.reading import opened

Samples = npt.NDArray[np.int32]

_CHUNK_FRAMES: Final = 1 << 18
_CHANNELS: Final = 2


def wav_chunks(path: Path, sample_rate_hz: int, bits: int) -> Iterator[Samples]:
    """Yield a stereo WAV in pieces of integers, ``(2, frames)``.

    Args:
        path: The file.
        sample_rate_hz: The rate that it must have.
        bits: The depth that it must have, 16 or 24.

    Raises:
        AudioFileError: For another kind of file, or one that is shorter than it says.
    """
    name, size = shown(path), bits // 8
    try:
        with opened(path) as file, wave.open(file, "rb") as source:
            kind = (source.getnchannels(), 8 * source.getsampwidth(), source.getframerate())
            if kind != (_CHANNELS, bits, sample_rate_hz):
                reason = f"it has {kind[0]} channels of {kind[1]} bits at {kind[2]} Hz"
                wanted = f"{_CHANNELS} channels of {bits} bits at {sample_rate_hz} Hz were written"
                raise AudioFileError(name, reason, wanted)
            left = source.getnframes()
            while left:
                data = source.readframes(min(left, _CHUNK_FRAMES))
                if not data or len(data) % (size * _CHANNELS):
                    reason = f"it ends {left} frames before its header says"
                    raise AudioFileError(name, reason, "it was cut off: make it again")
                samples = _integers(data, size)
                left -= samples.shape[1]
                yield samples
    except (wave.Error, EOFError) as error:
        raise AudioFileError(name, f"it is no WAV: {error}", "make it again") from error
    except OSError as error:
        raise AudioFileError(name, f"it cannot be read: {error.strerror}") from error


def _integers(data: bytes, size: int) -> Samples:
    """Return little-endian integers of ``size`` bytes, ``(2, frames)``."""
    if size == 2:
        return np.frombuffer(data, dtype="<i2").astype(np.int32).reshape(-1, _CHANNELS).T
    low = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
    words = np.zeros((low.shape[0], 4), dtype=np.uint8)
    words[:, 1:] = low
    # In the upper bytes, so that the shift back brings the sign down.
    return (words.view("<i4").reshape(-1, _CHANNELS) >> 8).T


def differences(
    name: str, found: Iterator[Samples], wanted: Iterable[Block], bits: int, most_lsb: float
) -> Iterator[str]:
    """Yield where a written file is not its programme; nothing where it is, to its last frame.

    Args:
        name: What the file is called.
        found: What it holds.
        wanted: The programme; full scale is 1.
        bits: The file's depth.
        most_lsb: How far rounding and dither can move a sample, LSB.
    """
    first = 0
    scale = float(1 << (bits - 1))
    rest: Samples = np.empty((_CHANNELS, 0), dtype=np.int32)
    for block in wanted:
        while rest.shape[1] < block.shape[1]:
            chunk = next(found, None)
            if chunk is None:
                yield f"{name}: it ends after {first + rest.shape[1]} frames"
                return
            rest = np.concatenate([rest, chunk], axis=1)
        here, rest = rest[:, : block.shape[1]], rest[:, block.shape[1] :]
        off = np.abs(here - np.minimum(block * scale, scale - 1.0)).max(axis=0) > most_lsb
        if off.any():
            yield f"{name}: at frame {first + int(np.argmax(off))} it is not what was sequenced"
            return
        first += block.shape[1]
    if rest.shape[1] or next(found, None) is not None:
        yield f"{name}: it is longer than its programme"
