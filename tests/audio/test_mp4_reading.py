"""M4A files as input: by whom they were made does not matter, nor how they were cut."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from mutagen import mp4

from mixmaster.arrays import Block
from mixmaster.audio import mp4_reading
from mixmaster.audio.discover import discover
from mixmaster.audio.source import open_source, probe
from mixmaster.errors import AudioFileError

MP4: Any = mp4.MP4  # mutagen says nothing of its types
RATE = 44_100
FRAMES = 50_000


def signal(channels: int = 2) -> Block:
    rng = np.random.default_rng(3)
    time = np.arange(FRAMES) / RATE
    out = 0.02 * rng.standard_normal((channels, FRAMES)) * np.exp(-6.0 * time)
    return out + 0.3 * np.sin(2 * np.pi * 300.0 * time * (1.0 + time))


def by_ffmpeg(path: Path, codec: str, form: str, kind: str = "mp4", **options: str) -> Path:
    """Write a file as another program would: coarse movie clock, no iTunSMPB."""
    block = signal()
    if form == "fltp":
        samples: Any = block.astype(np.float32)
    else:
        samples = np.rint(block * 2**15).astype(np.int16)
    with av.open(str(path), "w", kind, options=options) as file:
        stream: Any = file.add_stream(codec, rate=RATE, layout="stereo", format=form)
        for start in range(0, FRAMES, 1_024):
            piece = np.ascontiguousarray(samples[:, start : start + 1_024])
            frame = av.AudioFrame.from_ndarray(piece, format=form, layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def read(path: Path, cut: int = 7_000) -> Block:
    with open_source(path) as source:
        return np.concatenate(list(source.blocks(cut)), axis=1)


def error_of(path: Path) -> str:
    """Return what reading a file says against it; empty where it can be read."""
    try:
        with open_source(path) as source:
            assert all(np.isfinite(block).all() for block in source.blocks())
    except AudioFileError as error:
        return str(error)
    return ""


def lag(heard: Block, played: Block) -> int:
    product = np.fft.rfft(heard[0]) * np.conj(np.fft.rfft(played[0]))
    return int(np.argmax(np.fft.irfft(product, played.shape[1])))


@pytest.mark.parametrize("kind", ["mp4", "ipod", "mov"])
def test_aac_of_another_muxer_has_its_true_length_and_place(tmp_path: Path, kind: str) -> None:
    path = by_ffmpeg(tmp_path / "a.m4a", "aac", "fltp", kind)
    info = probe(path)
    assert (info.container, info.subtype, info.kind) == ("m4a", "AAC", "aac")
    # By an edit list alone, whose clock of 1,000 Hz rounds: the media's own end decides.
    assert info.frames == FRAMES
    heard = read(path)
    assert heard.shape == (2, FRAMES)
    assert lag(heard, signal()) == 0


def test_itunsmpb_decides_where_there_is_one(tmp_path: Path) -> None:
    path = by_ffmpeg(tmp_path / "a.m4a", "aac", "fltp", "ipod")
    whole = read(path)
    tags = MP4(path)
    words = f" 00000000 {1_024 + 500:08X} 00000000 {FRAMES - 1_000:016X}" + " 00000000" * 8
    tags["----:com.apple.iTunes:iTunSMPB"] = [words.encode()]
    tags.save()
    assert np.array_equal(read(path), whole[:, 500:-500])


def test_alac_of_another_muxer_is_exact(tmp_path: Path) -> None:
    path = by_ffmpeg(tmp_path / "a.m4a", "alac", "s16p")
    assert probe(path).subtype == "ALAC_16"
    assert np.array_equal(read(path) * 2**15, np.rint(signal() * 2**15))


def test_reading_is_the_same_however_it_is_cut_and_wherever_it_starts(tmp_path: Path) -> None:
    path = by_ffmpeg(tmp_path / "a.m4a", "aac", "fltp")
    whole = read(path, 65_536)
    assert np.array_equal(read(path, 333), whole)
    with open_source(path) as source:
        for start in (20_001, 3, 49_999, 0):
            source.seek(start)
            assert np.array_equal(source.read(1_000), whole[:, start : start + 1_000])


def test_a_file_that_was_cut_is_told(tmp_path: Path) -> None:
    path = by_ffmpeg(tmp_path / "a.m4a", "aac", "fltp", movflags="+faststart")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    assert probe(path).frames == FRAMES  # the index is in front, and whole
    with pytest.raises(AudioFileError, match=r"decoding failed after frame 3\d{4}"):
        read(path)
    path.write_bytes(data[:200])
    with pytest.raises(AudioFileError, match="cut"):
        probe(path)


def test_an_index_at_the_end_that_is_gone_is_told(tmp_path: Path) -> None:
    path = by_ffmpeg(tmp_path / "a.m4a", "aac", "fltp")
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])
    with pytest.raises(AudioFileError, match="no index"):
        probe(path)


def test_other_codecs_in_the_same_container_are_named(tmp_path: Path) -> None:
    path = by_ffmpeg(tmp_path / "a.mp4", "libmp3lame", "fltp")
    with pytest.raises(AudioFileError, match="not AAC"):
        probe(path)
    path = by_ffmpeg(tmp_path / "b.mp4", "ac3", "fltp")
    with pytest.raises(AudioFileError, match="ac-3"):
        probe(path)


@pytest.mark.parametrize("name", [b"stts", b"stsd", b"mdhd", b"elst", b"mvhd", b"hdlr", b"mdia"])
def test_a_damaged_index_is_an_error_or_a_note_never_a_crash(tmp_path: Path, name: bytes) -> None:
    data = by_ffmpeg(tmp_path / "a.m4a", "aac", "fltp").read_bytes()
    at = data.index(name)
    for change in (b"\xff" * 12, bytes(12)):
        broken = data[: at + 4] + change + data[at + 16 :]
        path = tmp_path / "b.m4a"
        path.write_bytes(broken)
        said = error_of(path)
        assert not said or str(path) in said
    size = struct.unpack_from(">I", data, at - 4)[0]
    path.write_bytes(data[: at - 4] + struct.pack(">I", size * 1_000) + data[at:])
    said = error_of(path)
    assert not said or str(path) in said


def test_without_the_extra_it_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = by_ffmpeg(tmp_path / "a.m4a", "aac", "fltp")
    monkeypatch.setattr(mp4_reading, "find_spec", lambda _: None)
    with pytest.raises(AudioFileError, match=r"mixmaster\[codecs\]"):
        probe(path)


def test_folders_are_searched_for_it(tmp_path: Path) -> None:
    by_ffmpeg(tmp_path / "Kick.M4A", "alac", "s16p")
    assert [path.name for path in discover([tmp_path]).paths] == ["Kick.M4A"]
