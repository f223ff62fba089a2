"""Files as written: their bytes, their exactness, and what happens when writing fails."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import Block
from mixmaster.audio import writers
from mixmaster.audio.sink import FileSpec, SinkReport, open_sink
from mixmaster.audio.source import open_source
from mixmaster.errors import OutputError, SignalError, UsageError

Container = Literal["wav", "flac", "aiff"]
Depth = Literal[16, 24, 32]
KINDS: list[tuple[Container, Depth]] = [
    ("wav", 16),
    ("wav", 24),
    ("wav", 32),
    ("flac", 16),
    ("flac", 24),
    ("aiff", 16),
    ("aiff", 24),
]


def music(channels: int, frames: int, seed: int = 0) -> Block:
    return np.random.default_rng(seed).uniform(-0.9, 0.9, (channels, frames))


def write(path: Path, spec: FileSpec, block: Block, step: int = 65_536, **more: Any) -> SinkReport:
    with open_sink(path, spec, **more) as sink:
        for start in range(0, block.shape[1], step):
            sink.write(block[:, start : start + step])
        return sink.close()


def on_grid(block: Block, bits: int) -> Block:
    """Values that an integer of ``bits`` holds exactly (float: of 24, so that float32 does)."""
    scale = 2.0 ** (min(bits, 24) - 1)
    return np.round(block * scale) / scale


@pytest.mark.parametrize(("container", "bits"), KINDS)
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("known", [True, False])
def test_round_trips_are_exact(
    tmp_path: Path, container: Container, bits: Depth, channels: int, known: bool
) -> None:
    block = on_grid(music(channels, 10_007), bits)
    path = tmp_path / f"a.{container}"
    spec = FileSpec(container, bits, 48_000, channels)
    expected = 10_007 if known else None
    report = write(path, spec, block, 3_000, dither="none", frames_expected=expected)
    with open_source(path) as source:
        assert np.array_equal(np.concatenate(list(source.blocks()), axis=1), block)
        assert source.sample_rate_hz == 48_000
        assert source.notes == []
    independent, rate = soundfile.read(path, always_2d=True)
    assert np.array_equal(independent.T, block)
    assert rate == 48_000
    assert soundfile.info(path).subtype == ("FLOAT" if bits == 32 else f"PCM_{bits}")
    assert report.frames == 10_007
    assert report.clipped_samples == 0
    assert report.sample_peak_dbfs == pytest.approx(20 * np.log10(np.abs(block).max()), abs=1e-9)


@pytest.mark.parametrize(("container", "bits"), KINDS)
def test_two_writings_are_the_same_bytes_whatever_the_blocks(
    tmp_path: Path, container: Container, bits: Depth
) -> None:
    block = music(2, 50_001)
    spec = FileSpec(container, bits, 44_100, 2)
    contents = set()
    for number, step in enumerate((50_001, 65_536, 4_096, 4_096, 240, 997)):
        path = tmp_path / f"{number}.{container}"
        write(path, spec, block, step)
        contents.add(path.read_bytes())
    assert len(contents) == 1


@pytest.mark.parametrize(("container", "bits"), [k for k in KINDS if k[1] != 32])
def test_dither_is_on_unless_told(tmp_path: Path, container: Container, bits: Depth) -> None:
    # 0.3 LSB: rounding alone gives silence, dither keeps the mean.
    frames = 200_000
    block = np.full((1, frames), 0.3 / 2 ** (bits - 1))
    spec = FileSpec(container, bits, 48_000, 1)
    write(tmp_path / "d", spec, block)
    write(tmp_path / "p", spec, block, dither="none")
    with (tmp_path / "d").open("rb") as dithered, (tmp_path / "p").open("rb") as plain:
        mean = soundfile.read(dithered)[0].mean() * 2 ** (bits - 1)
        assert mean == pytest.approx(0.3, abs=5 * np.sqrt(0.25 / frames))
        assert not soundfile.read(plain)[0].any()


@pytest.mark.parametrize(("bits", "tag"), [(16, 1), (24, 1), (32, 3)])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_wav_header_is_plain_and_nothing_follows_the_data(
    tmp_path: Path, bits: Depth, tag: int, channels: int
) -> None:
    path = tmp_path / "a.wav"
    frames = 1_001
    spec = FileSpec("wav", bits, 44_100, channels)
    write(path, spec, music(channels, frames), frames_expected=frames)
    raw = path.read_bytes()
    frame = bits // 8 * channels
    assert raw[:4] == b"RIFF"
    assert struct.unpack("<I", raw[4:8])[0] == len(raw) - 8
    assert raw[8:16] == b"WAVEfmt "
    fields = struct.unpack("<HHIIHH", raw[20:36])
    assert fields == (tag, channels, 44_100, 44_100 * frame, frame, bits)
    names, position = [], 12
    while position < len(raw):
        name, size = struct.unpack("<4sI", raw[position : position + 8])
        names.append(name)
        position += 8 + size + size % 2
    assert position == len(raw)
    assert names == ([b"fmt ", b"data"] if bits != 32 else [b"fmt ", b"fact", b"data"])
    if bits != 32:
        assert raw[36:44] == b"data" + struct.pack("<I", frames * frame)
        assert len(raw) == 44 + frames * frame + frames * frame % 2


def test_an_unknown_length_keeps_room_for_rf64(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write(path, FileSpec("wav", 16, 48_000, 1), music(1, 100))
    raw = path.read_bytes()
    assert raw[:4] == b"RIFF"
    assert raw[12:20] == b"JUNK" + struct.pack("<I", 28)
    assert raw[48:52] == b"fmt "
    assert raw[56:58] == b"\1\0"


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("bits", [16, 24, 32])
def test_past_the_limit_wav_becomes_rf64(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool, bits: Depth
) -> None:
    monkeypatch.setattr(writers, "MAX_RIFF_BYTES", 20_000)
    block = on_grid(music(2, 9_001), bits)
    path = tmp_path / "a.wav"
    spec = FileSpec("wav", bits, 48_000, 2)
    write(path, spec, block, 1_000, dither="none", frames_expected=9_001 if known else None)
    raw = path.read_bytes()
    data_bytes = 9_001 * 2 * bits // 8
    assert raw[:12] == b"RF64\xff\xff\xff\xffWAVE"
    assert raw[12:20] == b"ds64" + struct.pack("<I", 28)
    assert struct.unpack("<QQQI", raw[20:48]) == (len(raw) - 8, data_bytes, 9_001, 0)
    assert raw[48:52] == b"fmt "
    info = soundfile.info(path)
    assert (info.format, info.frames) == ("RF64", 9_001)
    assert np.array_equal(soundfile.read(path)[0].T, block)
    with open_source(path) as source:
        assert np.array_equal(source.read(10_000), block)
        assert source.notes == []


def test_the_limit_is_what_32_bits_hold() -> None:
    assert writers.MAX_RIFF_BYTES == 2**32 - 1


def test_a_header_of_5_gb_is_rf64(tmp_path: Path) -> None:
    frames = 5 * 10**9 // 4
    path = tmp_path / "a.wav"
    with path.open("w+b") as file:
        writer = writers.WavWriter(file.fileno(), 16, 48_000, 2, frames)
        start = file.seek(0, os.SEEK_END)
        file.truncate(start + 4 * frames)  # sparse: 5 GB of silence that was "written"
        file.seek(0, os.SEEK_END)
        writer._data_bytes = 4 * frames
        writer.finish()
    info = soundfile.info(path)
    assert (info.format, info.frames) == ("RF64", frames)


def test_growing_past_an_announced_length_over_the_limit_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "MAX_RIFF_BYTES", 20_000)
    path = tmp_path / "a.wav"
    sink = open_sink(path, FileSpec("wav", 16, 48_000, 2), frames_expected=1_000)
    with pytest.raises(OutputError, match="grew past 4 GB"):
        sink.write(music(2, 9_000))
    assert not path.exists()


def test_aiff_past_the_limit_is_an_error_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "MAX_RIFF_BYTES", 20_000)
    path = tmp_path / "a.aiff"
    sink = open_sink(path, FileSpec("aiff", 16, 48_000, 2))
    with pytest.raises(OutputError, match="write WAV"):
        sink.write(music(2, 9_000))
    assert not path.exists()


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.integers(-(2**23), 2**23 - 1), max_size=40))
def test_packing_24_bits(values: list[int]) -> None:
    expected = b"".join(v.to_bytes(3, "little", signed=True) for v in values)
    packed = writers.pack_24_bit(np.array(values, dtype=np.int32).reshape(-1, 1))
    assert packed.tobytes() == expected


@pytest.mark.parametrize(("container", "bits"), [("wav", 32), ("wav", 16), ("flac", 24)])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_never_reach_an_encoder(
    tmp_path: Path, container: Container, bits: Depth, value: float
) -> None:
    path = tmp_path / "a"
    block = music(2, 48_000)
    block[1, 24_000] = value
    sink = open_sink(path, FileSpec(container, bits, 48_000, 2))
    sink.write(music(2, 48_000))
    with pytest.raises(SignalError, match="output") as caught:
        sink.write(block)
    assert caught.value.time_s == 1.5
    assert not path.exists()


def test_what_float32_cannot_hold_is_refused(tmp_path: Path) -> None:
    block = np.zeros((1, 48_000))
    block[0, 12_000] = -1e39
    sink = open_sink(tmp_path / "a.wav", FileSpec("wav", 32, 48_000, 1))
    with pytest.raises(SignalError, match=r"too large .* at 0\.250 s"):
        sink.write(block)
    assert list(tmp_path.iterdir()) == []


def test_over_full_scale_floats_are_kept_and_integers_clipped(tmp_path: Path) -> None:
    block = np.array([[2.0, -2.0, 0.5]])
    floats = write(tmp_path / "f.wav", FileSpec("wav", 32, 48_000, 1), block)
    assert (floats.frames, floats.clipped_samples) == (3, 0)
    assert floats.sample_peak_dbfs == pytest.approx(20 * np.log10(2.0))
    assert soundfile.read(tmp_path / "f.wav")[0].tolist() == [2.0, -2.0, 0.5]
    integers = write(tmp_path / "i.wav", FileSpec("wav", 24, 48_000, 1), block, dither="none")
    assert integers.clipped_samples == 2
    assert integers.sample_peak_dbfs == 0.0


def test_silence_has_no_peak(tmp_path: Path) -> None:
    for bits in (16, 32):
        spec = FileSpec("wav", bits, 48_000, 1)
        report = write(tmp_path / "a.wav", spec, np.zeros((1, 10)), dither="none")
        assert report.sample_peak_dbfs is None


@pytest.mark.parametrize("container", ["wav", "flac", "aiff"])
def test_an_exception_while_writing_leaves_nothing(tmp_path: Path, container: Container) -> None:
    def interrupted() -> None:
        with open_sink(tmp_path / "a", FileSpec(container, 16, 48_000, 2)) as sink:
            sink.write(music(2, 5_000))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("container", ["wav", "flac", "aiff"])
def test_a_full_disk_is_an_output_error_and_leaves_nothing(
    tmp_path: Path, container: Container
) -> None:
    path = tmp_path / f"a.{container}"
    sink = open_sink(path, FileSpec(container, 24, 48_000, 2))
    # libsndfile writes to the descriptor itself: a real full device stands behind it.
    full = os.open("/dev/full", os.O_RDWR)
    os.dup2(full, sink._fd)
    os.close(full)

    def fill() -> None:
        for start in range(40):
            sink.write(music(2, 50_000, start))
        sink.close()

    with pytest.raises(OutputError, match=r"a\.\w+: it could not be written") as caught:
        fill()
    if container == "wav":
        assert os.strerror(errno.ENOSPC) in caught.value.reason
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_at_the_very_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sink = open_sink(tmp_path / "a.wav", FileSpec("wav", 24, 48_000, 2))
    sink.write(music(2, 100))
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OutputError, match="No space left"):
        sink.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_lost_bytes_is_noticed(tmp_path: Path) -> None:
    sink = open_sink(tmp_path / "a.wav", FileSpec("wav", 24, 48_000, 2))
    sink.write(music(2, 1_000))
    os.truncate(tmp_path / "a.wav", 3_000)
    with pytest.raises(OutputError, match="3000 bytes"):
        sink.close()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="Not a directory"):
        open_sink(tmp_path / "file" / "a.wav", FileSpec("wav", 24, 48_000, 2))
    with pytest.raises(OutputError, match="Is a directory"):
        open_sink(tmp_path, FileSpec("wav", 24, 48_000, 2))


def test_empty_blocks_and_empty_files(tmp_path: Path) -> None:
    report = write(tmp_path / "a.wav", FileSpec("wav", 16, 48_000, 2), np.zeros((2, 0)))
    assert report == SinkReport(0, 0, None)
    with open_sink(tmp_path / "b.wav", FileSpec("wav", 16, 48_000, 2)) as sink:
        sink.write(np.zeros((2, 0)))
    assert soundfile.info(tmp_path / "b.wav").frames == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ac3", 16, 48_000, 2), "kind 'ac3'"),
        (("wav", 20, 48_000, 2), "20 bits"),
        (("aiff", 32, 48_000, 2), "float AIFF.*WAV for float"),
        (("flac", 32, 48_000, 2), "float FLAC"),
        (("flac", 24, 48_000, 9), "9 channels.*1 to 8"),
        (("wav", 24, 48_000, 0), "0 channels"),
        (("wav", 24, 1, 2), "1 Hz"),
        (("flac", 24, 768_000, 2), "8000 to 655350"),
    ],
)
def test_what_a_container_cannot_hold(arguments: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        FileSpec(*arguments)


@pytest.mark.parametrize(("container", "bits"), KINDS)
def test_the_size_estimate_holds(tmp_path: Path, container: Container, bits: Depth) -> None:
    spec = FileSpec(container, bits, 48_000, 2)
    path = tmp_path / f"a{spec.suffix}"
    loudest = np.random.default_rng(0).choice([-0.99, 0.99], (2, 100_000))
    write(path, spec, loudest * np.random.default_rng(1).uniform(0.5, 1, (2, 100_000)))
    assert path.stat().st_size <= spec.bytes_at_most(100_000)
