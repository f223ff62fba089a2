"""Lossy encoders of libsndfile: MP3 by LAME, Opus by libopus, Vorbis by libvorbis.

All come back at their exact length and in step: MP3 by the delay and padding in its LAME header,
Opus by its pre-skip (RFC 7845, section 4.2) and Vorbis by the granule position of its last page.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from mixmaster.audio.formats import FileSpec
from mixmaster.audio.ogg import OggError, renumber
from mixmaster.audio.writers import EncodeError, Regrouped, SoundfileWriter

HIGHEST: Final = 4.0
"""An encoder given 1e30 aborts the whole process; +12 dBFS no encoder minds."""

_WRITTEN_FRAMES: Final = 8_192  # libsndfile's Vorbis encoder keeps a written block on the stack

# What libsndfile 1.2 makes of its compression level, 0 to 1: LAME's constant rate runs from 320
# down to 32 kbit/s, libopus's from 256 down to 6 for each channel, libvorbis's quality is 1 less
# the level. Found by encoding music, see tests/audio/test_encoders.py.
_MP3_KBPS: Final = (320.0, 32.0)
_OPUS_KBPS_A_CHANNEL: Final = (256.0, 6.0)
_VORBIS_QUALITIES: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_VORBIS_KBPS: Final = (64.0, 80.0, 96.0, 112.0, 128.0, 160.0, 192.0, 224.0, 256.0, 320.0, 500.0)
"""Nominal rates of libvorbis 1.3 in stereo at 44.1 and 48 kHz (its setup tables)."""


class _Encoder(NamedTuple):
    format: str
    subtype: str


_ENCODERS: Final = {
    "mp3": _Encoder("MP3", "MPEG_LAYER_III"),
    "vorbis": _Encoder("OGG", "VORBIS"),
    "opus": _Encoder("OGG", "OPUS"),
}


class LossyWriter(SoundfileWriter):
    """MP3 at a constant rate, Opus, Vorbis.

    Args:
        fd: An open descriptor, at the start of an empty file.
        spec: What kind of file.

    Raises:
        EncodeError: When libsndfile does not take it.
    """

    def __init__(self, fd: int, spec: FileSpec) -> None:
        encoder = _ENCODERS[spec.container]
        super().__init__(
            fd,
            encoder.format,
            encoder.subtype,
            spec.sample_rate_hz,
            spec.channels,
            **_quality(spec),
        )
        self._spec = spec
        # Where Vorbis's blocks begin depends on how what it is given is cut.
        self._pieces = Regrouped(_WRITTEN_FRAMES, spec.channels, np.float32)

    def write(self, samples: npt.NDArray[Any]) -> None:
        """Append ``(frames, channels)``, float32."""
        self._frames += samples.shape[0]
        for piece in self._pieces.add(samples):
            self._encode(piece)

    def finish(self) -> None:
        """Complete the file, and check that it has all frames."""
        rest = self._pieces.rest()
        if rest.shape[0]:
            self._encode(rest)
        super().finish()

    def _read_back(self) -> int:
        if self._spec.container in {"opus", "vorbis"}:
            try:
                renumber(self._fd)
            except OggError as error:
                raise EncodeError(f"it could not be completed: {error}") from error
        return super()._read_back() if self._frames else 0


def _quality(spec: FileSpec) -> dict[str, Any]:
    """Return what soundfile is told of the bit rate."""
    kbps = spec.bitrate_kbps
    assert kbps is not None
    if spec.container == "vorbis":
        stereo = kbps * 2.0 / spec.channels
        return {
            "compression_level": 1.0 - float(np.interp(stereo, _VORBIS_KBPS, _VORBIS_QUALITIES))
        }
    highest, lowest = _MP3_KBPS
    if spec.container == "opus":
        highest, lowest = (spec.channels * each for each in _OPUS_KBPS_A_CHANNEL)
    level = min(1.0, max(0.0, (highest - kbps) / (highest - lowest)))
    constant = {"bitrate_mode": "CONSTANT"} if spec.container == "mp3" else {}
    return {"compression_level": level, **constant}
