"""MP3 files to listen to: constant rate, at 44.1 or 48 kHz, written by LAME."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mixmaster.audio.finite import check_finite
from mixmaster.audio.lossy import mp3_compression_level, streamed_rate_hz
from mixmaster.audio.names import shown
from mixmaster.audio.source import open_source, probe
from mixmaster.errors import SignalError

_WRITTEN_FRAMES = 8_192
_HIGHEST = 4.0  # an encoder given 1e30 aborts the whole process; +12 dBFS none minds


def write_mp3(path: Path, output: Path, *, bitrate_kbps: int, gain: float = 1.0) -> float:
    """Encode a mono or stereo file as MP3 and return the largest sample that comes out of it.

    Args:
        path: The file.
        output: Where the MP3 goes; it is overwritten.
        bitrate_kbps: Its constant rate, kbit/s.
        gain: Applied before the encoder.

    Returns:
        The decoded file's largest magnitude; more than 1 clips where it is played.

    Raises:
        AudioFileError: For a file that cannot be used.
        SignalError: For NaN or infinity, and for samples over +12 dBFS after the gain.
    """
    import soundfile

    rate_hz = streamed_rate_hz("mp3", probe(path).sample_rate_hz)
    at = 0
    with (
        open_source(path, sample_rate_hz=rate_hz) as source,
        soundfile.SoundFile(
            output,
            "w",
            rate_hz,
            source.channels,
            "MPEG_LAYER_III",
            format="MP3",
            compression_level=mp3_compression_level(bitrate_kbps),
            bitrate_mode="CONSTANT",
        ) as out,
    ):
        for block in source.blocks(_WRITTEN_FRAMES):
            check_finite(block, shown(path), at, rate_hz)
            scaled = gain * block
            if float(np.abs(scaled).max(initial=0.0)) > _HIGHEST:
                raise SignalError(shown(path), "samples over +12 dBFS", at / rate_hz)
            out.write(scaled.T)
            at += block.shape[1]
    if not at:
        return 0.0
    with open_source(output) as decoded:
        return max(float(np.abs(block).max(initial=0.0)) for block in decoded.blocks())
