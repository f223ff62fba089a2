"""What tags must not touch: the sound, its exact length, and the same bytes each time."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
import soundfile
from tests.audio.tags.conftest import CONTAINERS, FULL, decoded, picture, sha256

from mixmaster.audio.chunks import read_extras
from mixmaster.audio.source import open_source
from mixmaster.audio.tags import Tags, differences, read_tags, riff_chunks, write_tags
from mixmaster.audio.tags.kinds import id3_bytes_in_front
from mixmaster.errors import AudioFileError

Sound = Callable[[str], Path]


def samples(path: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    with open_source(path) as source:
        return np.concatenate(list(source.blocks()), axis=1)


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_sound_is_the_same_to_the_bit(sound: Sound, container: str) -> None:
    path = sound(container)
    before, ours = decoded(path), samples(path)
    write_tags(path, FULL, picture("JPEG", 200))
    assert decoded(path) == before
    assert np.array_equal(samples(path), ours)
    assert ours.shape == (2, 9_601)


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_same_tags_are_the_same_bytes(sound: Sound, container: str) -> None:
    path = sound(container)
    write_tags(path, FULL, picture("JPEG", 60))
    once = sha256(path)
    write_tags(path, FULL, picture("JPEG", 60))
    assert sha256(path) == once
    # Whatever was there before leaves no trace.
    write_tags(path, Tags(title="x" * 5_000, comment="y"), picture("PNG", 100))
    write_tags(path, FULL, picture("JPEG", 60))
    assert sha256(path) == once


def test_lames_header_stays_the_first_frame(sound: Sound) -> None:
    path = sound("mp3")
    before = path.read_bytes()
    assert b"LAME" in before[:300] or b"Info" in before[:300] or b"Xing" in before[:300]
    write_tags(path, FULL, picture("PNG"))
    with path.open("rb") as file:
        start = id3_bytes_in_front(file.fileno())
    assert path.read_bytes()[start:] == before


def test_other_tags_of_an_mp3_go(sound: Sound) -> None:
    from mutagen.apev2 import APEv2

    path = sound("mp3")
    plain = path.read_bytes()
    ape: Any = APEv2
    other = ape()
    other["Title"] = "Old"
    other.save(path)
    with path.open("ab") as file:
        file.write(b"TAG" + b"Old".ljust(125, b"\0"))
    write_tags(path, Tags())
    assert path.read_bytes() == plain


def test_opus_headers_stay(sound: Sound) -> None:
    path = sound("opus")
    before = path.read_bytes()
    at = before.index(b"OpusHead")
    write_tags(path, FULL, picture("PNG", 150))
    after = path.read_bytes()
    assert after[at : at + 19] == before[at : at + 19]  # channels, pre-skip, rate, gain
    assert after[14:18] == before[14:18]  # the stream's number


def test_itunes_gapless_length_is_kept(sound: Sound) -> None:
    from mutagen import mp4

    path = sound("aac")
    name, text = "----:com.apple.iTunes:iTunSMPB", b" 00000000 00000840 00000137"
    opened: Any = mp4.MP4
    file = opened(path)
    file[name] = [text]
    file["\xa9too"] = ["some encoder"]
    file.save()
    write_tags(path, FULL)
    assert opened(path)[name] == [text]
    assert "\xa9too" not in opened(path)
    assert opened(path)["\xa9nam"] == ["Blue Hour"]


@pytest.mark.parametrize("frames", [0, 1, 9_601])
@pytest.mark.parametrize("format_", ["WAV", "AIFF"])
def test_odd_lengths(tmp_path: Path, format_: str, frames: int) -> None:
    # 24 bit mono: an odd number of bytes, and so a pad byte behind the samples.
    path = tmp_path / f"odd.{format_.lower()}"
    noise = np.random.default_rng(1).integers(-(2**23), 2**23, frames, dtype=np.int32) << 8
    soundfile.write(path, noise, 44_100, "PCM_24", format=format_)
    cover = picture("PNG")
    write_tags(path, FULL, cover)
    back, _ = soundfile.read(path, dtype="int32")
    assert np.array_equal(back, noise)
    assert differences(FULL, read_tags(path), cover.sha256) == ()


def test_nothing_stands_behind_the_samples_of_a_wav_file(sound: Sound) -> None:
    path = sound("wav")
    write_tags(path, FULL, picture("PNG"))
    extras = read_extras(path)
    assert extras is not None
    assert extras.after_data == ()
    raw = path.read_bytes()
    data = raw.index(b"data")
    assert data + 8 + struct.unpack("<I", raw[data + 4 : data + 8])[0] == len(raw)
    assert struct.unpack("<I", raw[4:8])[0] == len(raw) - 8


def test_tags_that_stood_behind_the_samples_go_and_the_rest_stays(sound: Sound) -> None:
    from mutagen import id3

    path = sound("wav")
    other: Any = mutagen.File(path)
    frame: Any = id3.TIT2
    other.add_tags()
    other.tags.add(frame(encoding=3, text=["Old"]))
    other.save()  # mutagen puts it behind
    raw = path.read_bytes() + b"cue \x04\0\0\0\0\0\0\0"
    path.write_bytes(raw[:4] + struct.pack("<I", len(raw) - 8) + raw[8:])
    assert read_tags(path).tags.title == "Old"
    before = samples(path)
    write_tags(path, Tags(title="New"))
    extras = read_extras(path)
    assert extras is not None
    assert extras.after_data == ("cue",)
    assert read_tags(path).tags == Tags(title="New")
    assert np.array_equal(samples(path), before)


@pytest.mark.parametrize("block", [1_000, 57_606, 1 << 22])
def test_samples_move_in_blocks(sound: Sound, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(riff_chunks, "_MOVED_BYTES", block)
    path = sound("wav")
    before = samples(path)
    write_tags(path, Tags(), wav=())
    plain = path.read_bytes()
    assert plain[36:40] == b"data"
    write_tags(path, FULL, picture("PNG"))
    assert np.array_equal(samples(path), before)
    write_tags(path, Tags(), wav=())
    assert path.read_bytes() == plain


def test_what_passes_4_gb_becomes_rf64(sound: Sound, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sound("wav")
    before, ours = decoded(path), samples(path)
    with monkeypatch.context() as patch:
        patch.setattr(riff_chunks, "MAX_RIFF_BYTES", path.stat().st_size)  # less room than tags
        write_tags(path, FULL)
    head = path.read_bytes()[:64]
    assert (head[:4], head[8:16]) == (b"RF64", b"WAVEds64")
    riff, data, frames = struct.unpack("<QQQ", head[20:44])
    assert (riff, data, frames) == (path.stat().st_size - 8, 9_601 * 6, 9_601)
    assert np.array_equal(samples(path), ours)
    assert decoded(path) == before
    assert soundfile.info(path).format == "RF64"
    assert differences(FULL, read_tags(path)) == ()


def test_a_cut_wav_file_is_left_as_it_is(sound: Sound) -> None:
    path = sound("wav")
    path.write_bytes(path.read_bytes()[:-100])
    before = sha256(path)
    with pytest.raises(AudioFileError, match="cut short"):
        write_tags(path, FULL)
    assert sha256(path) == before
