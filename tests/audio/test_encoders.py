"""Encoded files: exact length, in step, the same bytes each time; read back by other readers."""

from __future__ import annotations

import hashlib
import io
import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from mutagen import mp3, mp4, ogg, oggopus, oggvorbis
from mutagen.mp3 import BitrateMode

from mixmaster.arrays import Block
from mixmaster.audio import formats
from mixmaster.audio.formats import CONTAINERS, SUFFIXES, FileSpec, require_encoder, suffix_fits
from mixmaster.audio.sink import open_sink
from mixmaster.audio.source import open_source, probe
from mixmaster.errors import OutputError, SignalError, UsageError

SPECS = [
    FileSpec("mp3", 32, 44_100, 2, 320),
    FileSpec("mp3", 32, 48_000, 1, 64),
    FileSpec("aac", 32, 44_100, 2, 256),
    FileSpec("aac", 32, 48_000, 1, 96),
    FileSpec("opus", 32, 48_000, 2, 160),
    FileSpec("opus", 32, 48_000, 1, 64),
    FileSpec("vorbis", 32, 44_100, 2, 256),
    FileSpec("vorbis", 32, 48_000, 1, 80),
    FileSpec("alac", 16, 44_100, 2),
    FileSpec("alac", 24, 96_000, 2),
    FileSpec("alac", 24, 48_000, 1),
]
MP3: Any = mp3.MP3  # mutagen says nothing of its types
MP4: Any = mp4.MP4
OGG_PAGE: Any = ogg.OggPage
OGG_READERS: dict[str, Any] = {"opus": oggopus.OggOpus, "vorbis": oggvorbis.OggVorbis}
LOSSY = [spec for spec in SPECS if spec.is_lossy]
FRAMES = 2 * 44_100 + 777


def named(spec: FileSpec) -> str:
    return f"{spec.container}-{spec.channels}"


def music(spec: FileSpec, frames: int = FRAMES) -> Block:
    """Plucked chords and hits of noise: tonal and percussive at once, one place alone."""
    rng = np.random.default_rng(7)
    time = np.arange(frames) / spec.sample_rate_hz
    out = 0.05 * rng.standard_normal((spec.channels, frames)) * np.exp(-8.0 * (time % 0.5))
    for hz in (110.0, 220.0, 277.2, 329.6, 440.0):
        out += 0.1 * np.sin(2 * np.pi * hz * time) * np.exp(-4.0 * (time % 0.5))
    return out


def write(path: Path, spec: FileSpec, block: Block, step: int = 65_536, **more: Any) -> Path:
    with open_sink(path, spec, **more) as sink:
        for start in range(0, block.shape[1], step):
            sink.write(block[:, start : start + step])
    return path


def read(path: Path) -> Block:
    with open_source(path) as source:
        assert source.notes == []
        return np.concatenate(list(source.blocks(10_000)), axis=1)


def by_ffmpeg(path: Path) -> Block:
    with av.open(str(path)) as file:
        frames = [frame.to_ndarray() for frame in file.decode(audio=0)]
        planar = frames[0].dtype.kind == "f" and file.streams.audio[0].format.is_planar
        channels = file.streams.audio[0].channels
    if planar or frames[0].shape[0] == channels:
        return np.concatenate(frames, axis=1).astype(np.float64)
    return np.concatenate([f.reshape(-1, channels).T for f in frames], axis=1).astype(np.float64)


def lag(heard: Block, signal: Block) -> int:
    """Return how late what is heard is: where the circular correlation has its maximum."""
    frames = signal.shape[1]
    product = np.fft.rfft(heard[0, :frames], frames) * np.conj(np.fft.rfft(signal[0]))
    return int(np.argmax(np.fft.irfft(product, frames)))


@pytest.mark.parametrize("spec", SPECS, ids=named)
def test_what_is_written_comes_back_at_its_length_and_place(tmp_path: Path, spec: FileSpec) -> None:
    signal = music(spec)
    path = write(tmp_path / f"a{spec.suffix}", spec, signal)
    info = probe(path)
    assert (info.kind, info.frames) == (spec.container, FRAMES)
    assert (info.sample_rate_hz, info.channels) == (spec.sample_rate_hz, spec.channels)
    heard = read(path)
    assert heard.shape == signal.shape
    assert lag(heard, signal) == 0
    assert np.std(heard - signal) < 0.3 * np.std(signal)
    assert path.stat().st_size <= spec.bytes_at_most(FRAMES)


@pytest.mark.parametrize("spec", SPECS, ids=named)
def test_ffmpeg_hears_it_in_step_too(tmp_path: Path, spec: FileSpec) -> None:
    signal = music(spec)
    heard = by_ffmpeg(write(tmp_path / f"a{spec.suffix}", spec, signal))
    # FFmpeg gives the whole of AAC's last frame, and takes off what comes before the first.
    assert 0 <= heard.shape[1] - FRAMES < (1_024 if spec.container == "aac" else 1)
    assert lag(heard, signal) == 0


@pytest.mark.parametrize("spec", SPECS, ids=named)
def test_the_bytes_depend_on_neither_run_nor_blocks(tmp_path: Path, spec: FileSpec) -> None:
    signal = music(spec)
    hashes = set()
    for step in (65_536, 1_000, 50_001):
        path = write(tmp_path / f"{step}{spec.suffix}", spec, signal, step)
        hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(hashes) == 1


@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("channels", [1, 2])
def test_alac_is_exact_by_another_decoder(tmp_path: Path, bits: Any, channels: int) -> None:
    high = 1 << (bits - 1)
    rng = np.random.default_rng(1)
    whole = rng.integers(-high, high, (channels, 9_999))
    whole[:, :4] = [-high, high - 1, 0, -1]
    spec = FileSpec("alac", bits, 48_000, channels)
    path = write(tmp_path / "a.m4a", spec, whole / high, dither="none")
    heard = by_ffmpeg(path)
    assert np.array_equal(heard / (1 if bits == 16 else 256), whole)
    assert np.array_equal(read(path) * high, whole)
    assert MP4(path).info.bits_per_sample == bits
    assert probe(path).subtype == f"ALAC_{bits}"


def test_mp3_has_a_lame_header_with_its_delay_and_a_constant_rate(tmp_path: Path) -> None:
    spec = FileSpec("mp3", 32, 44_100, 2, 192)
    info: Any = MP3(write(tmp_path / "a.mp3", spec, music(spec))).info
    assert info.bitrate_mode == BitrateMode.CBR
    assert info.bitrate == pytest.approx(192_000, rel=0.01)
    assert "LAME" in info.encoder_info
    assert info.length * 44_100 == pytest.approx(FRAMES, abs=1.0)  # by delay and padding


@pytest.mark.parametrize(("container", "kbps"), [("opus", 128), ("vorbis", 160)])
def test_ogg_streams_have_one_fixed_serial_number_and_true_checksums(
    tmp_path: Path, container: Any, kbps: int
) -> None:
    spec = FileSpec(container, 32, 48_000, 2, kbps)
    data = write(tmp_path / f"a{spec.suffix}", spec, music(spec)).read_bytes()
    file, pages = io.BytesIO(data), []
    while file.tell() < len(data):
        pages.append(OGG_PAGE(file))
    assert len(pages) >= 3
    assert {page.serial for page in pages} == {1}
    # mutagen works each page's checksum out anew when it writes it.
    assert b"".join(page.write() for page in pages) == data
    length_s = OGG_READERS[container](io.BytesIO(data)).info.length
    assert length_s * 48_000 == pytest.approx(FRAMES, abs=1.0)


def test_the_lag_of_opus_is_its_pre_skip(tmp_path: Path) -> None:
    spec = FileSpec("opus", 32, 48_000, 2, 128)
    data = write(tmp_path / "a.opus", spec, music(spec)).read_bytes()
    head = data[data.index(b"OpusHead") :]
    pre_skip = struct.unpack_from("<H", head, 10)[0]
    granule = struct.unpack_from("<q", data, data.rindex(b"OggS") + 6)[0]
    assert granule - pre_skip == FRAMES  # RFC 7845, section 4.3


def test_m4a_says_twice_where_the_signal_lies(tmp_path: Path) -> None:
    spec = FileSpec("aac", 32, 44_100, 2, 128)
    path = write(tmp_path / "a.m4a", spec, music(spec))
    words = bytes(MP4(path)["----:com.apple.iTunes:iTunSMPB"][0]).split()
    delay, padding, frames = (int(word, 16) for word in words[1:4])
    assert (delay, frames) == (1_024, FRAMES)
    assert (delay + frames + padding) % 1_024 == 0
    data = path.read_bytes()
    entry = data.index(b"elst") + 12
    length, start = struct.unpack_from(">Ii", data, entry)
    assert (length, start) == (FRAMES, 1_024)
    assert data.index(b"moov") < data.index(b"mdat")  # plays before it is all there


@pytest.mark.parametrize("spec", LOSSY, ids=named)
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30, 5.0])
def test_what_would_abort_an_encoder_is_refused_and_leaves_nothing(
    tmp_path: Path, spec: FileSpec, bad: float
) -> None:
    signal = music(spec, 20_000)
    signal[0, 12_345] = bad
    with pytest.raises(SignalError) as caught:
        write(tmp_path / f"a{spec.suffix}", spec, signal, where="bus 'drums'")
    assert caught.value.time_s == pytest.approx(12_345 / spec.sample_rate_hz, abs=0.5)
    assert "bus 'drums'" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spec", SPECS, ids=named)
@pytest.mark.parametrize("frames", [1, 1_023])
def test_what_is_shorter_than_a_frame_of_the_codec(
    tmp_path: Path, spec: FileSpec, frames: int
) -> None:
    path = write(tmp_path / f"a{spec.suffix}", spec, music(spec, frames))
    assert read(path).shape == (spec.channels, frames)


@pytest.mark.parametrize("spec", LOSSY, ids=named)
def test_what_comes_out_of_a_decoder_may_pass_full_scale(tmp_path: Path, spec: FileSpec) -> None:
    square = 0.999 * np.sign(np.sin(2 * np.pi * 97.0 * np.arange(40_000) / spec.sample_rate_hz))
    block = np.tile(square, (spec.channels, 1))
    assert np.abs(read(write(tmp_path / f"a{spec.suffix}", spec, block))).max() > 1.01


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("mp3", 16, 44_100, 2), "leave the depth out"),
        (("mp3", 32, 96_000, 2), "32000, 44100 or 48000 Hz"),
        (("opus", 32, 44_100, 2), "written at 48000 Hz"),
        (("mp3", 32, 44_100, 2, 300), "64, 80, 96, 112"),
        (("aac", 32, 44_100, 1, 320), "32 to 264 kbit/s"),
        (("vorbis", 32, 44_100, 3), "holds 1 to 2"),
        (("alac", 32, 44_100, 2), "float ALAC"),
        (("flac", 24, 44_100, 2, 320), "only lossy files"),
    ],
)
def test_what_no_encoder_takes_is_said(arguments: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        FileSpec(*arguments)


def test_names_and_kinds_belong_together() -> None:
    for kind, suffix in SUFFIXES.items():
        assert suffix_fits(suffix.upper(), kind)
        assert suffix in CONTAINERS
    assert suffix_fits(".aif", "aiff")
    assert not suffix_fits(".ogg", "opus")
    assert not suffix_fits(".mp3", "wav")
    assert not suffix_fits("", "wav")


def test_without_its_extra_a_codec_is_one_line_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda _: None)
    require_encoder("mp3")
    for kind in ("aac", "alac"):
        with pytest.raises(UsageError, match=r"mixmaster\[codecs\]"):
            require_encoder(kind)
    with pytest.raises(UsageError, match="PyAV"):
        open_sink(tmp_path / "a.m4a", FileSpec("alac", 24, 48_000, 2))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a:b %d.m4a", "-.m4a", "file:x.m4a", "ä🎵.m4a"])
def test_a_name_is_a_name_to_every_library(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = FileSpec("aac", 32, 44_100, 1, 64)
    write(Path(name), spec, music(spec, 5_000))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert read(Path(name)).shape == (1, 5_000)


@pytest.mark.parametrize("spec", [SPECS[0], SPECS[2], SPECS[4]], ids=named)
def test_an_aborted_encoding_leaves_nothing(tmp_path: Path, spec: FileSpec) -> None:
    sink = open_sink(tmp_path / "a", spec)
    sink.write(music(spec, 30_000))
    sink.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_error_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise soundfile.LibsndfileError(2, "System error: ")

    monkeypatch.setattr(soundfile.SoundFile, "write", full)
    with pytest.raises(OutputError, match="could not be written"):
        write(tmp_path / "a.mp3", SPECS[0], music(SPECS[0]))
    assert list(tmp_path.iterdir()) == []
