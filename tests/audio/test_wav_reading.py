"""WAV headers, true and false, made byte by byte here."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.audio.source import open_source, probe
from mixmaster.errors import AudioFileError

GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def chunk(name: bytes, body: bytes, order: str = "<", size: int | None = None) -> bytes:
    pad = b"\0" if len(body) % 2 else b""
    return name + struct.pack(order + "I", len(body) if size is None else size) + body + pad


def fmt(
    tag: int = 1,
    *,
    channels: int = 1,
    rate: int = 48_000,
    bits: int = 16,
    order: str = "<",
    align: int | None = None,
) -> bytes:
    frame = (bits + 7) // 8 * channels if align is None else align
    body = struct.pack(order + "HHIIHH", tag, channels, rate & 0xFFFFFFFF, 0, frame, bits)
    return chunk(b"fmt ", body, order)


def riff(*chunks: bytes, magic: bytes = b"RIFF", size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    order = ">" if magic == b"RIFX" else "<"
    return magic + struct.pack(order + "I", len(body) if size is None else size) + body


SAMPLES = np.array([0, 1, -1, 32_767, -32_768, 256, -255, 12_345], dtype="<i2")
DATA = SAMPLES.tobytes()
EXPECTED = SAMPLES[np.newaxis, :] / 32_768.0


def read(path: Path) -> tuple[np.ndarray, list[str]]:
    with open_source(path) as source:
        return np.concatenate(list(source.blocks()), axis=1), source.notes


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_plain_file(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", riff(fmt(), chunk(b"data", DATA)))
    got, notes = read(path)
    assert np.array_equal(got, EXPECTED)
    assert notes == []
    assert got.dtype == np.float64
    assert got.flags.c_contiguous


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_integer_depth_is_what_libsndfile_reads(
    tmp_path: Path, bits: int, channels: int, order: str
) -> None:
    frames = 4_099
    rng = np.random.default_rng(bits)
    raw = rng.integers(0, 256, frames * channels * bits // 8, dtype=np.uint8).tobytes()
    raw = raw[: -bits // 8] + b"\xff" * (bits // 8)
    magic = b"RIFF" if order == "<" else b"RIFX"
    path = written(
        tmp_path / "a.wav",
        riff(
            fmt(1, channels=channels, rate=44_100, bits=bits, order=order),
            chunk(b"data", raw, order),
            magic=magic,
        ),
    )
    expected, _ = soundfile.read(path, always_2d=True)
    with open_source(path) as source:
        got = np.concatenate(list(source.blocks(1_000)), axis=1)
    assert np.array_equal(got, expected.T)


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_floats_keep_every_bit(tmp_path: Path, bits: int, order: str) -> None:
    values = np.random.default_rng(1).standard_normal((500, 3)).astype(f"{order}f{bits // 8}")
    magic = b"RIFF" if order == "<" else b"RIFX"
    header = fmt(3, channels=3, rate=96_000, bits=bits, order=order)
    content = riff(header, chunk(b"data", values.tobytes(), order), magic=magic)
    got, _ = read(written(tmp_path / "a.wav", content))
    assert np.array_equal(got, values.T.astype(np.float64))


def test_an_extensible_header(tmp_path: Path) -> None:
    body = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 48_000, 96_000, 2, 16, 22, 16, 4)
    header = chunk(b"fmt ", body + struct.pack("<H", 1) + GUID_TAIL)
    got, _ = read(written(tmp_path / "a.wav", riff(header, chunk(b"data", DATA))))
    assert np.array_equal(got, EXPECTED)


@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
def test_rf64_and_bw64_take_their_length_from_ds64(tmp_path: Path, magic: bytes) -> None:
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 100, len(DATA), len(SAMPLES), 0))
    data = chunk(b"data", DATA, size=0xFFFFFFFF) + chunk(b"LIST", b"after!")
    content = riff(ds64, fmt(), data, magic=magic, size=0xFFFFFFFF)
    got, notes = read(written(tmp_path / "a.wav", content))
    assert np.array_equal(got, EXPECTED)
    assert notes == []


def test_a_4_gb_rf64_file_is_read_at_its_far_end(tmp_path: Path) -> None:
    frames = (1 << 31) + 1_000  # x 2 bytes: 4 GB and more, but sparse on the disk
    path = tmp_path / "a.wav"
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 2 * frames + 72, 2 * frames, frames, 0))
    header = riff(ds64, fmt(), chunk(b"data", b"", size=0xFFFFFFFF), magic=b"RF64")
    path.write_bytes(header)
    os.truncate(path, len(header) + 2 * frames - len(DATA))
    with path.open("ab") as file:
        file.write(DATA)
    with open_source(path) as source:
        assert source.frames == frames
        assert np.array_equal(next(source.blocks(start_frame=frames - 8)), EXPECTED)
        assert source.notes == []


def test_a_length_that_wrapped_at_4_gb_is_recovered(tmp_path: Path) -> None:
    data_bytes = (1 << 32) + 2_000
    path = tmp_path / "a.wav"
    header = riff(fmt(), chunk(b"data", b"", size=2_000))
    path.write_bytes(header)
    os.truncate(path, len(header) + data_bytes - len(DATA))
    with path.open("ab") as file:
        file.write(DATA)
    with open_source(path) as source:
        assert source.frames == data_bytes // 2
        assert np.array_equal(next(source.blocks(start_frame=source.frames - 8)), EXPECTED)
        assert any("wrapped at 4 GB" in note for note in source.notes)


@pytest.mark.parametrize("claim", [0, 0xFFFFFFFF, 0x7FFFF000, 0x80000000])
def test_a_streamed_length_is_recovered_from_the_file(tmp_path: Path, claim: int) -> None:
    path = written(tmp_path / "a.wav", riff(fmt(), chunk(b"data", DATA, size=claim)))
    got, notes = read(path)
    assert np.array_equal(got, EXPECTED)
    assert len(notes) == 1
    assert "streamed" in notes[0]


def test_a_true_length_of_zero_stays_zero_before_other_chunks(tmp_path: Path) -> None:
    content = riff(fmt(), chunk(b"data", b""), chunk(b"LIST", b"INFOnot audio"))
    with pytest.raises(AudioFileError, match="no audio"):
        probe(written(tmp_path / "a.wav", content))


def test_a_truncated_file_says_what_is_missing(tmp_path: Path) -> None:
    whole = riff(fmt(), chunk(b"data", bytes(96_000)))
    path = written(tmp_path / "a.wav", whole[:-48_001])
    with open_source(path) as source:
        got = np.concatenate(list(source.blocks()), axis=1)
        notes = source.notes
    assert got.shape == (1, 23_999)
    assert len(notes) == 1
    assert "23999 of the 48000 frames" in notes[0]
    assert "0.500 s are missing" in notes[0]
    with pytest.raises(AudioFileError, match=r"a\.wav: it is cut short"):
        open_source(path, strict=True)


def test_two_data_chunks_are_refused(tmp_path: Path) -> None:
    content = riff(fmt(), chunk(b"data", DATA), chunk(b"data", DATA))
    with pytest.raises(AudioFileError, match="two data chunks"):
        probe(written(tmp_path / "a.wav", content))


def test_junk_behind_the_data_is_no_audio(tmp_path: Path) -> None:
    content = riff(chunk(b"bext", b"x" * 603), fmt(), chunk(b"data", DATA)) + b"\x01\x02TAG junk"
    got, notes = read(written(tmp_path / "a.wav", content))
    assert np.array_equal(got, EXPECTED)
    assert notes == []


@pytest.mark.parametrize(
    ("tag", "name"),
    [(0x0011, "IMA ADPCM"), (0x0002, "Microsoft ADPCM"), (0x0055, "MP3"), (0x1234, "0x1234")],
)
def test_codecs_that_are_not_on_the_list_never_reach_libsndfile(
    tmp_path: Path, tag: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: object, **__: object) -> None:
        raise AssertionError("libsndfile was asked")

    monkeypatch.setattr(soundfile, "SoundFile", opened)
    path = written(tmp_path / "a.wav", riff(fmt(tag, bits=4, align=256), chunk(b"data", DATA)))
    with pytest.raises(AudioFileError, match=name):
        probe(path)


def test_a_real_ima_adpcm_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(5_000), 48_000, subtype="IMA_ADPCM")
    with pytest.raises(AudioFileError, match="IMA ADPCM") as caught:
        probe(path)
    assert "PCM" in caught.value.hint


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (fmt(rate=1), "1 Hz"),
        (fmt(rate=2_000_000_000), "2000000000 Hz"),
        (fmt(rate=7_999), "8000 to 768000"),
        (fmt(channels=1_024), "1024 channels"),
        (fmt(channels=0), "contradicts itself"),
        (fmt(align=3), "contradicts itself"),
        (fmt(bits=0), "contradicts itself|0-bit"),
        (fmt(bits=40), "40-bit"),
        (fmt(tag=3, bits=16), "16-bit float"),
        (chunk(b"fmt ", b"short"), "fmt chunk has 5 bytes"),
        (b"", "no fmt chunk"),
    ],
)
def test_headers_that_cannot_be_worked_with(tmp_path: Path, header: bytes, words: str) -> None:
    path = written(tmp_path / "bad.wav", riff(header, chunk(b"data", DATA)))
    with pytest.raises(AudioFileError, match=words) as caught:
        probe(path)
    assert caught.value.where.endswith("bad.wav")


@pytest.mark.parametrize("length", [4, 11, 12, 13, 20, 30, 43])
def test_a_header_cut_anywhere_is_an_error(tmp_path: Path, length: int) -> None:
    path = written(tmp_path / "cut.wav", riff(fmt(), chunk(b"data", DATA))[:length])
    with pytest.raises(AudioFileError, match=r"cut\.wav"):
        probe(path)


def test_a_data_chunk_with_a_part_of_a_frame_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", riff(fmt(channels=2), chunk(b"data", DATA + b"\1")))
    got, notes = read(path)
    assert got.shape == (2, 4)
    assert any("middle of a frame" in note for note in notes)


def test_chunk_sizes_that_lie_do_not_loop_or_allocate(tmp_path: Path) -> None:
    content = riff(chunk(b"JUNK", b"", size=0xFFFFFFFF), fmt(), chunk(b"data", DATA))
    with pytest.raises(AudioFileError, match="no data chunk"):
        probe(written(tmp_path / "a.wav", content))
    many = riff(*[chunk(b"JUNK", b"")] * 20_000, fmt(), chunk(b"data", DATA))
    with pytest.raises(AudioFileError, match="no data chunk"):
        probe(written(tmp_path / "b.wav", many))
