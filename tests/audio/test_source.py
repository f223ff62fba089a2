"""Sources: exact, however they are cut; converted to the closed form; gated for NaN."""

from __future__ import annotations

import hashlib
import itertools
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mixmaster.arrays import Block
from mixmaster.audio.source import content_hash, open_source, probe
from mixmaster.errors import AudioFileError, SignalError, UsageError

KINDS = [
    ("wav", "WAV", "PCM_24"),
    ("wav", "WAV", "FLOAT"),
    ("wav", "RF64", "PCM_16"),
    ("flac", "FLAC", "PCM_16"),
    ("flac", "FLAC", "PCM_24"),
    ("aiff", "AIFF", "PCM_16"),
    ("aiff", "AIFF", "PCM_24"),
    ("aiff", "AIFF", "FLOAT"),
    ("caf", "CAF", "PCM_24"),
    ("caf", "CAF", "ALAC_24"),
    ("mp3", "MP3", "MPEG_LAYER_III"),
    ("ogg", "OGG", "VORBIS"),
    ("ogg", "OGG", "OPUS"),
]


def noise(frames: int, channels: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (frames, channels))


def whole(path: Path, *, sample_rate_hz: int | None = None) -> Block:
    with open_source(path, sample_rate_hz=sample_rate_hz) as source:
        return np.concatenate(list(source.blocks()), axis=1)


@pytest.mark.parametrize(("container", "kind", "subtype"), KINDS)
def test_every_container_reads_the_same_whole_cut_or_from_the_middle(
    tmp_path: Path, container: str, kind: str, subtype: str
) -> None:
    path = tmp_path / f"a.{container}"
    soundfile.write(path, noise(30_011), 48_000, format=kind, subtype=subtype)
    expected, _ = soundfile.read(path, always_2d=True)
    info = probe(path)
    assert (info.container, info.subtype) == (container, subtype)
    assert (info.sample_rate_hz, info.channels, info.frames) == (48_000, 2, 30_011)
    assert info.notes == ()
    with open_source(path) as source:
        for block_frames in (4_096, 7_001, 65_536):
            got = np.concatenate(list(source.blocks(block_frames)), axis=1)
            assert np.array_equal(got, expected.T)
        part = np.concatenate(list(source.blocks(4_096, 9_000, 20_001)), axis=1)
        assert np.array_equal(part, expected.T[:, 9_000:20_001])
        assert source.notes == []


def test_blocks_are_float64_contiguous_and_full_but_for_the_last(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(10_000), 48_000)
    with open_source(path) as source:
        blocks = list(source.blocks(4_096))
    assert [b.shape for b in blocks] == [(2, 4_096), (2, 4_096), (2, 1_808)]
    assert all(b.dtype == np.float64 and b.flags.c_contiguous for b in blocks)


def test_reading_past_the_end_gives_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(100), 48_000)
    for rate in (48_000, 44_100):
        with open_source(path, sample_rate_hz=rate) as source:
            assert source.read(1_000).shape == (2, source.frames)
            assert source.read(1_000).shape == (2, 0)
            assert list(source.blocks(start_frame=5_000)) == []


@pytest.mark.parametrize(
    ("from_hz", "to_hz"),
    [(48_000, 44_100), (44_100, 48_000), (44_100, 96_000), (192_000, 48_000), (8_000, 48_000)],
)
def test_conversion_keeps_a_sine_its_level_its_phase_and_its_length(
    tmp_path: Path, from_hz: int, to_hz: int
) -> None:
    frames, frequency = from_hz + 7, 997.0
    path = tmp_path / "a.wav"
    tone = 0.5 * np.sin(2 * np.pi * frequency * np.arange(frames) / from_hz)
    soundfile.write(path, tone, from_hz, subtype="DOUBLE")
    got = whole(path, sample_rate_hz=to_hz)
    assert got.shape == (1, round(frames * to_hz / from_hz))
    expected = 0.5 * np.sin(2 * np.pi * frequency * np.arange(got.shape[1]) / to_hz)
    middle = slice(to_hz // 10, -to_hz // 10)  # clear of the ends, where the tone starts and stops
    error = got[0, middle] - expected[middle]
    assert np.abs(error).max() < 0.5 * 10 ** (-140 / 20)


def test_conversion_removes_what_the_new_rate_cannot_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    tone = 0.5 * np.sin(2 * np.pi * 30_000 * np.arange(96_000) / 96_000)
    soundfile.write(path, tone, 96_000, subtype="DOUBLE")
    got = whole(path, sample_rate_hz=44_100)[0, 4_410:-4_410]
    assert np.abs(got).max() < 0.5 * 10 ** (-140 / 20)


@pytest.mark.parametrize("frames", [1, 2, 3, 99, 4_096, 30_000])
@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(48_000, 44_100), (44_100, 192_000), (96_000, 8_000)]
)
def test_converted_lengths_are_exact(tmp_path: Path, frames: int, from_hz: int, to_hz: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(frames, 1), from_hz)
    with open_source(path, sample_rate_hz=to_hz) as source:
        total = sum(block.shape[1] for block in source.blocks(1_000))
        assert total == source.frames == (2 * frames * to_hz + from_hz) // (2 * from_hz)


@pytest.fixture(scope="module")
def stereo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stereo") / "a.wav"
    soundfile.write(path, noise(90_001), 48_000, subtype="PCM_24")
    return path


@pytest.fixture(scope="module")
def converted(stereo: Path) -> Block:
    return whole(stereo, sample_rate_hz=44_100)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    block_frames=st.integers(1_000, 70_000),
    start=st.integers(0, 90_000),
    length=st.integers(0, 30_000),
)
def test_converted_streams_do_not_depend_on_the_cut_or_the_start(
    stereo: Path, converted: Block, block_frames: int, start: int, length: int
) -> None:
    with open_source(stereo, sample_rate_hz=44_100) as source:
        parts = list(source.blocks(block_frames, start, start + length))
    got = np.concatenate([np.zeros((2, 0)), *parts], axis=1)
    assert np.array_equal(got, converted[:, start : start + length])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rate", [None, 44_100])
def test_nan_and_infinity_name_the_file_and_the_time(
    tmp_path: Path, value: float, rate: int | None
) -> None:
    samples = noise(96_000).astype(np.float32)
    samples[72_000, 1] = value
    path = tmp_path / "bad take.wav"
    soundfile.write(path, samples, 48_000, subtype="FLOAT")
    with (
        open_source(path, sample_rate_hz=rate) as source,
        pytest.raises(SignalError, match=r"bad take\.wav") as caught,
    ):
        list(source.blocks())
    assert caught.value.time_s == pytest.approx(1.5, abs=1e-9)
    assert ("NaN" in str(caught.value)) == bool(np.isnan(value))


def test_huge_but_finite_values_pass(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full((1_000, 2), 1.5e308), 48_000, subtype="DOUBLE")
    assert np.all(whole(path) == 1.5e308)


@pytest.mark.parametrize(
    "name",
    [
        b"--help.wav",
        b"$(touch x).wav",
        b"two\nlines.wav",
        b"caf\xe9.wav",
        b" [a](b){c}*?.wav",
        "\N{SNOWMAN}.wav".encode(),
        b"-",
    ],
)
def test_any_name_can_be_opened(
    tmp_path: Path, name: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in ("WAV", "FLAC"):
        with Path(os.fsdecode(name)).open("wb") as file:
            soundfile.write(file, noise(100), 48_000, format=kind)
        with open_source(os.fsdecode(name)) as source:
            assert source.read(200).shape == (2, 100)
        assert len(content_hash(os.fsdecode(name))) == 64


def test_a_name_in_an_error_can_always_be_printed(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9\nx.wav")
    path.write_bytes(b"no")
    with pytest.raises(AudioFileError) as caught:
        probe(path)
    assert r"caf\xe9\nx.wav" in str(caught.value)
    str(caught.value).encode("utf-8")


def html() -> bytes:
    return b"<!DOCTYPE html><html><body>404</body></html>"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (html(), "web page"),
        (b"just some words that go on\n" * 10, "text"),
        (b"\0" * 5_000, "zeros"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not audio"),
        (b"\0\0\0\x20ftypM4A " + bytes(100), "M4A file has no index"),
        (b"\xff\xf1\x50\x80" + bytes(100), "AAC"),
        (b"OggS" + bytes(22) + b"\x01\x50Speex   ", "neither Vorbis"),
        (b"RIFF\x10\0\0\0AVI LIST", "not WAV"),
        (b"ID3\x04\0\0\0\0\0\0RIFF\x10\0\0\0WAVEfmt ", "not audio"),
        (b"FORM\0\0\0\x20AIFF", "no COMM"),
        (b"FORM\0\0\0\x20AIFCCOMM\0\0\0\x1a" + bytes(18) + b"ima4" + bytes(9), "ima4"),
        (b"caff\0\1\0\0desc" + bytes(16) + b"aac " + bytes(40), "codec is 'aac '"),
        (b"fLaC" + bytes(100), "cannot be opened"),
    ],
)
def test_what_is_not_audio_is_named_with_what_would_be(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match=words) as caught:
        probe(path)
    assert caught.value.where == str(path)
    assert caught.value.reason


def test_missing_folder_pipe_and_forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AudioFileError, match="no such file"):
        probe(tmp_path / "none.wav")
    with pytest.raises(AudioFileError, match="no such file"):
        content_hash(tmp_path / "none.wav")
    (tmp_path / "x.wav").mkdir()
    with pytest.raises(AudioFileError, match="folder"):
        probe(tmp_path / "x.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioFileError, match="pipe"):
        probe(tmp_path / "pipe.wav")
    with pytest.raises(AudioFileError, match="no file name"):
        probe("a\0b.wav")
    path = tmp_path / "secret.wav"
    soundfile.write(path, noise(10), 48_000)

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(AudioFileError, match=r"secret\.wav: .*Permission denied"):
        probe(path)


def test_an_error_leaves_no_descriptor_open(tmp_path: Path) -> None:
    path = tmp_path / "x.flac"
    path.write_bytes(b"fLaC" + bytes(100))
    soundfile.write(tmp_path / "good.flac", noise(10), 48_000)
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(AudioFileError):
            probe(path)
        probe(tmp_path / "good.flac")
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_files_of_one_frame(tmp_path: Path) -> None:
    for kind, rate in itertools.product(("wav", "flac", "aiff"), (None, 96_000)):
        path = tmp_path / f"a.{kind}"
        soundfile.write(path, np.full((1, 1), 0.25), 48_000, subtype="PCM_16")
        got = whole(path, sample_rate_hz=rate)
        assert got.shape == (1, 1 if rate is None else 2)
    assert whole(path)[0, 0] == 0.25


@pytest.mark.parametrize("rate", [0, 7_999, 768_001, -48_000])
def test_rates_that_cannot_be(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(10), 48_000)
    with pytest.raises(UsageError, match="8000 to 768000"):
        open_source(path, sample_rate_hz=rate)


def test_the_content_hash_is_sha256(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc" * 100_000)
    assert content_hash(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()
