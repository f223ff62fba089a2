"""Small good files of every kind that is read: what is mutated. Made by our own sinks."""

from __future__ import annotations

import io
import struct
import tempfile
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from mixmaster.arrays import Block
from mixmaster.audio.bext import Broadcast, write_bext
from mixmaster.audio.formats import FileSpec
from mixmaster.audio.sink import open_sink
from mixmaster.audio.tags import Picture, ReplayGain, Tags, write_tags


def signal(rate: int, channels: int, seconds: float = 0.6, seed: int = 1) -> Block:
    """Return a decaying tone with a little noise: loud enough to be measured."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    tone = 0.4 * np.sin(2 * np.pi * 330.0 * time) * np.exp(-2.0 * time)
    return tone + 0.01 * rng.standard_normal((channels, len(time)))


SPECS: dict[str, FileSpec] = {
    "wav-16": FileSpec("wav", 16, 8_000, 1),
    "wav-24": FileSpec("wav", 24, 16_000, 2),
    "wav-float": FileSpec("wav", 32, 11_025, 2),
    "flac-16": FileSpec("flac", 16, 8_000, 2),
    "flac-24": FileSpec("flac", 24, 44_100, 1),
    "aiff-16": FileSpec("aiff", 16, 8_000, 2),
    "aiff-24": FileSpec("aiff", 24, 16_000, 1),
    "mp3": FileSpec("mp3", 32, 32_000, 1, 64),
    "opus": FileSpec("opus", 32, 48_000, 1, 32),
    "vorbis": FileSpec("vorbis", 32, 32_000, 1, 64),
    "aac": FileSpec("aac", 32, 32_000, 1, 32),
    "alac": FileSpec("alac", 16, 8_000, 2),
}

TAGS = Tags(
    title="Blue Hour",
    artist="Änne & the Owls",
    album="North",
    track=2,
    tracks=9,
    isrc="QZABC2600001",
    date="2026-11-20",
    genre="Folk",
    writers=("A. Writer", "B. Writer"),
    label="Owl",
    explicit=False,
    comment="One line\nand another",
    replay_gain=ReplayGain(-3.21, 0.9, -2.5, 1.0),
)


@cache
def sounds() -> dict[str, bytes]:
    """Return good files by their kind, bytes and all."""
    made: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, spec in SPECS.items():
            path = folder / (kind + spec.suffix)
            with open_sink(path, spec) as sink:
                sink.write(signal(spec.sample_rate_hz, spec.channels))
            made[kind] = path.read_bytes()
            write_tags(path, TAGS, _picture())
            made[f"{kind}-tagged"] = path.read_bytes()
        path = folder / "bext.wav"
        history = "A=PCM,F=8000,W=16,M=mono\r\n"
        (folder / "plain.wav").write_bytes(made["wav-16"])
        told = Broadcast("A take", "mixmaster", time_reference=480, coding_history=history)
        write_bext(folder / "plain.wav", path, told)
        made["wav-bext"] = path.read_bytes()
    made["rf64"] = _as_rf64(made["wav-24"])
    made["rf64-bext"] = _as_rf64(made["wav-bext"])
    made["rifx"] = _written(signal(8_000, 2), 8_000, "WAV", "PCM_16", endian="BIG")
    made["wavex"] = _written(signal(8_000, 2), 8_000, "WAVEX", "PCM_24")
    made["wav-double"] = _written(signal(8_000, 1), 8_000, "WAV", "DOUBLE")
    made["caf"] = _written(signal(8_000, 2), 8_000, "CAF", "PCM_24")
    made["caf-alac"] = _written(signal(8_000, 2), 8_000, "CAF", "ALAC_16")
    made["aifc"] = _written(signal(8_000, 1), 8_000, "AIFF", "FLOAT")
    made["ogg-flac"] = _ogg_flac(signal(8_000, 1), 8_000)
    return made


def _picture() -> Picture:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (20, 40, 90)).save(buffer, "PNG")
    return Picture(buffer.getvalue(), "image/png", 8, 8)


def _written(block: Block, rate: int, form: str, subtype: str, endian: str = "FILE") -> bytes:
    buffer = io.BytesIO()
    sf.write(buffer, block.T, rate, subtype, format=form, endian=endian)
    return buffer.getvalue()


def _ogg_flac(block: Block, rate: int) -> bytes:
    import av

    buffer = io.BytesIO()
    samples = np.rint(block * 2**15).astype(np.int16)
    with av.open(buffer, "w", "ogg") as file:
        stream: Any = file.add_stream("flac", rate=rate, layout="mono", format="s16")
        for start in range(0, samples.shape[1], 1_024):
            piece = np.ascontiguousarray(samples[:, start : start + 1_024])
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return buffer.getvalue()


def _as_rf64(wav: bytes) -> bytes:
    """Return a WAV file as RF64: EBU Tech 3306, sizes in a ds64 chunk."""
    data = wav.index(b"data")
    (size,) = struct.unpack_from("<I", wav, data + 4)
    ds64 = b"ds64" + struct.pack("<IQQQI", 28, len(wav) + 28, size, 0, 0)
    body = wav[12:data] + b"data\xff\xff\xff\xff" + wav[data + 8 :]
    return b"RF64\xff\xff\xff\xffWAVE" + ds64 + body
