"""What a lossy codec makes of a file: encoded, decoded again, and handed on in blocks.

A store encodes what it is sent. Encoders throw away what is masked, and the waveform that is left
peaks elsewhere: from -1 dBTP a dense mix came back at up to +2.9.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.audio.names import shown
from mixmaster.audio.source import open_source
from mixmaster.errors import SignalError

Codec = Literal["mp3", "vorbis", "opus"]


class _Encoder(NamedTuple):
    format: str
    subtype: str
    suffix: str
    rates_hz: tuple[int, ...]


_ENCODERS: Final[dict[Codec, _Encoder]] = {
    # ISO/IEC 11172-3 (32 to 48 kHz) and 13818-3 (16 to 24 kHz)
    "mp3": _Encoder(
        "MP3", "MPEG_LAYER_III", ".mp3", (48_000, 44_100, 32_000, 24_000, 22_050, 16_000)
    ),
    "vorbis": _Encoder("OGG", "VORBIS", ".ogg", (48_000, 44_100, 32_000, 22_050, 16_000)),
    "opus": _Encoder("OGG", "OPUS", ".opus", (48_000,)),  # RFC 7845, section 4
}

CODECS: Final[tuple[Codec, ...]] = tuple(_ENCODERS)

MOST_CHANNELS: Final = 2

_HIGHEST = 4.0
"""An encoder given 1e30 aborts the whole process; +12 dBFS no encoder minds."""

_WRITTEN_FRAMES = 8_192  # libsndfile's Vorbis encoder keeps a written block on the stack


def encoded_rate_hz(codec: Codec, sample_rate_hz: int) -> int:
    """Return the rate at which a codec encodes a file of this rate."""
    rates = _ENCODERS[codec].rates_hz
    if sample_rate_hz in rates:
        return sample_rate_hz
    # 88.2 and 176.4 kHz are of the family of 44.1; all else is of 48's.
    whole = [rate for rate in rates if rate <= sample_rate_hz and sample_rate_hz % rate == 0]
    return whole[0] if whole else rates[0]


def through_codec(path: str | os.PathLike[str], codec: Codec) -> Iterator[Block]:
    """Yield a file as a listener of the encoded file hears it, at ``encoded_rate_hz``.

    The encoder's own setting of quality is used: about 120 to 150 kbit/s in stereo, as streaming
    at normal quality.

    Args:
        path: A mono or stereo file.
        codec: The codec.

    Raises:
        AudioFileError: For a file that cannot be used.
        SignalError: For NaN, infinity, or samples over +12 dBFS, which encoders do not survive.
    """
    with tempfile.TemporaryDirectory(prefix="mixmaster-") as folder:
        encoded = Path(folder) / f"encoded{_ENCODERS[codec].suffix}"
        _encode(path, encoded, codec)
        with open_source(encoded) as source:
            yield from source.blocks(BLOCK_FRAMES)


def _encode(path: str | os.PathLike[str], encoded: Path, codec: Codec) -> None:
    import soundfile

    encoder = _ENCODERS[codec]
    with open_source(path) as probe:
        rate_hz = encoded_rate_hz(codec, probe.sample_rate_hz)
    with (
        open_source(path, sample_rate_hz=rate_hz) as source,
        soundfile.SoundFile(
            encoded, "w", rate_hz, source.channels, encoder.subtype, format=encoder.format
        ) as out,
    ):
        assert source.channels <= MOST_CHANNELS
        at = 0
        for block in source.blocks(_WRITTEN_FRAMES):
            if float(np.abs(block).max(initial=0.0)) > _HIGHEST:
                raise SignalError(shown(path), "samples over +12 dBFS", at / rate_hz)
            out.write(block.T)
            at += block.shape[1]
