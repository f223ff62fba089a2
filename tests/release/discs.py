"""What the tests of discs and records share: audio that says where it is, and plain readers."""

from __future__ import annotations

import hashlib
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

Samples = npt.NDArray[np.int16]


def pattern(first: int, frames: int) -> Samples:
    """Frames that say where they are: left the low 16 bits of their number, right the high."""
    number = np.arange(first, first + frames, dtype=np.uint32)
    return np.stack([number & 0xFFFF, number >> 16], axis=1).astype(np.uint16).view(np.int16)


def write_wav(path: Path, samples: npt.NDArray[np.generic], rate: int = 44_100) -> Path:
    """Write integers as 16 bits, floats as 32."""
    subtype = "PCM_16" if samples.dtype == np.int16 else "FLOAT"
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def read_wav(path: Path) -> Samples:
    """Return a 16-bit WAV as it is, by the standard library."""
    with wave.open(str(path), "rb") as file:
        assert file.getsampwidth() == 2
        data = file.readframes(file.getnframes())
        return np.frombuffer(data, dtype="<i2").reshape(-1, file.getnchannels())


def md5(data: bytes | Path) -> str:
    """Return the MD5 of bytes or of a file."""
    content = data.read_bytes() if isinstance(data, Path) else data
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
