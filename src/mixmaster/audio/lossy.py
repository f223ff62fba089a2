"""What a lossy codec makes of a signal: encoded, decoded again, and handed on in blocks.

A store encodes what it is sent. Encoders throw away what is masked, and the waveform that is left
peaks elsewhere: from -1 dBTP a dense mix came back at up to +2.9.

MP3 (LAME), Ogg Vorbis (libvorbis) and Opus (libopus) are libsndfile's and come back with their
exact length and no lag; AAC is in ``aac.py``. Decoders give floating point: what passes full
scale is still there to be counted.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.audio.aac import through_aac
from mixmaster.audio.finite import check_finite
from mixmaster.audio.names import shown
from mixmaster.audio.source import open_source
from mixmaster.errors import SignalError

Codec = Literal["mp3", "aac", "vorbis", "opus"]


class _Encoder(NamedTuple):
    format: str
    subtype: str
    suffix: str


_ENCODERS: Final[dict[Codec, _Encoder]] = {
    "mp3": _Encoder("MP3", "MPEG_LAYER_III", ".mp3"),
    "vorbis": _Encoder("OGG", "VORBIS", ".ogg"),
    "opus": _Encoder("OGG", "OPUS", ".opus"),
}
_RATES_HZ: Final[dict[Codec, tuple[int, ...]]] = {
    # ISO/IEC 11172-3 (32 to 48 kHz) and 13818-3 (16 to 24 kHz)
    "mp3": (48_000, 44_100, 32_000, 24_000, 22_050, 16_000),
    "aac": (48_000, 44_100, 32_000, 24_000, 22_050, 16_000),
    "vorbis": (48_000, 44_100, 32_000, 22_050, 16_000),
    "opus": (48_000,),  # RFC 7845, section 4
}

CODECS: Final[tuple[Codec, ...]] = tuple(_ENCODERS)
"""Those that need no extra."""

MOST_CHANNELS: Final = 2

_HIGHEST = 4.0
"""An encoder given 1e30 aborts the whole process; +12 dBFS no encoder minds."""

_WRITTEN_FRAMES = 8_192  # libsndfile's Vorbis encoder keeps a written block on the stack

# What libsndfile 1.2 makes of its compression level, 0 to 1: LAME's constant rate runs from 320
# down to 32 kbit/s, libopus's from 256 down to 6 for each channel, libvorbis's quality is 1 less
# the level. Found by encoding music, see tests/audio/test_lossy.py.
_MP3_KBPS: Final = (320.0, 32.0)
_OPUS_KBPS_A_CHANNEL: Final = (256.0, 6.0)
_VORBIS_QUALITIES: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_VORBIS_KBPS: Final = (64.0, 80.0, 96.0, 112.0, 128.0, 160.0, 192.0, 224.0, 256.0, 320.0, 500.0)
"""Nominal rates of libvorbis 1.3 in stereo at 44.1 and 48 kHz (its setup tables)."""


def encoded_rate_hz(codec: Codec, sample_rate_hz: int) -> int:
    """Return the rate at which a codec encodes a file of this rate."""
    rates = _RATES_HZ[codec]
    if sample_rate_hz in rates:
        return sample_rate_hz
    # 88.2 and 176.4 kHz are of the family of 44.1; all else is of 48's.
    whole = [rate for rate in rates if rate <= sample_rate_hz and sample_rate_hz % rate == 0]
    return whole[0] if whole else rates[0]


def streamed_rate_hz(codec: Codec, sample_rate_hz: int) -> int:
    """Return the rate at which a streaming place encodes a master of this rate: 44.1 or 48 kHz."""
    if codec == "opus":
        return 48_000
    cd = 44_100
    of_cd = sample_rate_hz % cd == 0 or cd % sample_rate_hz == 0
    return cd if of_cd else 48_000


def mp3_compression_level(bitrate_kbps: float) -> float:
    """Return what libsndfile is told so that it writes MP3 at a constant rate."""
    highest, lowest = _MP3_KBPS
    return min(1.0, max(0.0, (highest - bitrate_kbps) / (highest - lowest)))


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
        UsageError: For AAC without the extra that it needs.
    """
    with open_source(path) as probe:
        rate_hz = encoded_rate_hz(codec, probe.sample_rate_hz)
    with open_source(path, sample_rate_hz=rate_hz) as source:
        yield from RoundTrip(
            source.blocks(_WRITTEN_FRAMES), rate_hz, source.channels, codec, where=shown(path)
        )


class RoundTrip:
    """A signal through a codec and back: iterate over it once, for its blocks.

    As many frames come out as went in, and none is moved.

    Args:
        blocks: Blocks of any length at a rate that the codec takes.
        sample_rate_hz: That rate, see ``encoded_rate_hz`` and ``streamed_rate_hz``.
        channels: 1 or 2.
        codec: The codec.
        bitrate_kbps: Its rate, kbit/s; None for the encoder's own setting. MP3 and AAC are held
            to it, Opus and Vorbis vary around it with what the music asks for.
        where: The signal's name, for errors.

    Attributes:
        encoded_bytes: The stream's size; 0 until the end.

    Raises:
        SignalError: While iterating: for NaN, infinity, or samples over +12 dBFS.
        UsageError: For AAC without the extra that it needs.
    """

    def __init__(
        self,
        blocks: Iterable[Block],
        sample_rate_hz: int,
        channels: int,
        codec: Codec,
        *,
        bitrate_kbps: int | None = None,
        where: str = "",
    ) -> None:
        assert 1 <= channels <= MOST_CHANNELS
        assert sample_rate_hz in _RATES_HZ[codec]
        self.encoded_bytes = 0
        self._blocks = blocks
        self._rate_hz = sample_rate_hz
        self._channels = channels
        self._codec: Codec = codec
        self._bitrate_kbps = bitrate_kbps
        self._where = where

    def __iter__(self) -> Iterator[Block]:
        if self._codec == "aac":
            yield from self._through_aac()
        else:
            yield from self._through_libsndfile(_ENCODERS[self._codec])

    def _checked(self) -> Iterator[Block]:
        at = 0
        for block in self._blocks:
            check_finite(block, self._where, at, self._rate_hz)
            if block.size and float(np.abs(block).max()) > _HIGHEST:
                hint = "no encoder takes that: turn it down"
                raise SignalError(self._where, "samples over +12 dBFS", at / self._rate_hz, hint)
            yield block
            at += block.shape[1]

    def _through_aac(self) -> Iterator[Block]:
        def count(size: int) -> None:
            self.encoded_bytes += size

        yield from through_aac(
            self._checked(), self._rate_hz, self._channels, self._bitrate_kbps, count
        )

    def _through_libsndfile(self, encoder: _Encoder) -> Iterator[Block]:
        import soundfile

        frames = 0
        with tempfile.TemporaryDirectory(prefix="mixmaster-") as folder:
            encoded = Path(folder) / f"encoded{encoder.suffix}"
            with soundfile.SoundFile(
                encoded,
                "w",
                self._rate_hz,
                self._channels,
                encoder.subtype,
                format=encoder.format,
                **self._quality(),
            ) as out:
                for block in self._checked():
                    for start in range(0, block.shape[1], _WRITTEN_FRAMES):
                        out.write(block[:, start : start + _WRITTEN_FRAMES].T)
                    frames += block.shape[1]
            self.encoded_bytes = encoded.stat().st_size
            if not frames:
                return
            with open_source(encoded) as source:
                yield from source.blocks(BLOCK_FRAMES, 0, frames)

    def _quality(self) -> dict[str, Any]:
        """Return what soundfile is told of the bit rate."""
        kbps = self._bitrate_kbps
        if kbps is None:
            return {}
        if self._codec == "vorbis":
            quality = float(np.interp(kbps, _VORBIS_KBPS, _VORBIS_QUALITIES))
            return {"compression_level": 1.0 - quality}
        highest, lowest = _MP3_KBPS
        if self._codec == "opus":
            highest, lowest = (self._channels * each for each in _OPUS_KBPS_A_CHANNEL)
        level = min(1.0, max(0.0, (highest - kbps) / (highest - lowest)))
        constant = {"bitrate_mode": "CONSTANT"} if self._codec == "mp3" else {}
        return {"compression_level": level, **constant}
