"""What a lossy codec makes of a signal: encoded, decoded again, and handed on in blocks.

A store encodes what it is sent. Encoders throw away what is masked, and the waveform that is left
peaks elsewhere: from -1 dBTP a dense mix came back at up to +2.9. Decoders give floating point:
what passes full scale is still there to be counted.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.audio.formats import Codec, FileSpec, encoded_rate_hz, nearest_kbps
from mixmaster.audio.names import shown
from mixmaster.audio.sink import open_sink
from mixmaster.audio.source import open_source

CODECS: Final[tuple[Codec, ...]] = ("mp3", "vorbis", "opus")
"""Those that need no extra."""

_STREAMED_KBPS: Final = 128


def through_codec(path: str | os.PathLike[str], codec: Codec) -> Iterator[Block]:
    """Yield a file as a listener of the encoded file hears it, at ``encoded_rate_hz``.

    At 128 kbit/s, as streaming at normal quality.

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
            source.blocks(),
            rate_hz,
            source.channels,
            codec,
            bitrate_kbps=_STREAMED_KBPS,
            where=shown(path),
        )


class RoundTrip:
    """A signal through a codec and back: iterate over it once, for its blocks.

    As many frames come out as went in, and none is moved.

    Args:
        blocks: Blocks of any length at a rate that the codec takes.
        sample_rate_hz: That rate, see ``encoded_rate_hz``.
        channels: 1 or 2.
        codec: The codec.
        bitrate_kbps: Its rate, kbit/s; the nearest that the codec has is taken.
        where: The signal's name, for errors.

    Attributes:
        encoded_bytes: The file's size; 0 until the end.

    Raises:
        OutputError: While iterating: where there is no room for the encoded file.
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
        bitrate_kbps: int,
        where: str = "",
    ) -> None:
        kbps = nearest_kbps(codec, channels, bitrate_kbps)
        self.encoded_bytes = 0
        self._blocks = blocks
        self._spec = FileSpec(codec, 32, sample_rate_hz, channels, kbps)
        self._where = where

    def __iter__(self) -> Iterator[Block]:
        with tempfile.TemporaryDirectory(prefix="mixmaster-") as folder:
            encoded = Path(folder) / f"encoded{self._spec.suffix}"
            with open_sink(encoded, self._spec, where=self._where) as sink:
                for block in self._blocks:
                    sink.write(block)
            self.encoded_bytes = encoded.stat().st_size
            if not sink.frames:
                return
            with open_source(encoded) as source:
                yield from source.blocks(BLOCK_FRAMES, 0, sink.frames)
