"""Files that were cut, damaged, or lie about their length."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.audio.source import open_source, probe
from mixmaster.errors import AudioFileError

FRAMES = 144_000
RATE = 48_000


def encoded(path: Path, kind: str, subtype: str) -> bytearray:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(FRAMES) / RATE)
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, FRAMES)
    soundfile.write(path, tone + noise, RATE, format=kind, subtype=subtype)
    return bytearray(path.read_bytes())


def half(content: bytearray) -> bytearray:
    return content[: len(content) // 2]


def hole(content: bytearray) -> bytearray:
    middle = len(content) // 2
    content[middle : middle + 400] = b"\x55" * 400
    return content


def bit(content: bytearray) -> bytearray:
    content[len(content) // 2] ^= 0x10
    return content


def claims(content: bytearray, frames: int) -> bytearray:
    # FLAC, RFC 9639 section 8.2: 36 bits from the low half of STREAMINFO's byte 13
    content[21] = content[21] & 0xF0 | frames >> 32
    content[22:26] = struct.pack(">I", frames & 0xFFFFFFFF)
    return content


@pytest.mark.parametrize("damage", [half, hole, bit])
def test_a_cut_or_corrupt_flac_names_the_file_and_the_position(
    tmp_path: Path, damage: Callable[[bytearray], bytearray]
) -> None:
    path = tmp_path / "take 3.flac"
    path.write_bytes(damage(encoded(path, "FLAC", "PCM_16")))
    with (
        open_source(path) as source,
        pytest.raises(AudioFileError, match=r"take 3\.flac: it is damaged") as caught,
    ):
        list(source.blocks(4_096))
    found = re.search(r"after frame (\d+) \((\d+\.\d+) s\)", caught.value.reason)
    assert found
    frame, seconds = int(found[1]), float(found[2])
    # Half of the bytes of a stationary signal is half of its time, give or take a FLAC frame.
    assert abs(frame - FRAMES / 2) < 3 * 4_096
    assert seconds == pytest.approx(frame / RATE, abs=1e-3)


@pytest.mark.parametrize("claim", [0, 68_000_000_000])
def test_a_flac_without_a_length_or_with_an_absurd_one_is_counted(
    tmp_path: Path, claim: int
) -> None:
    path = tmp_path / "a.flac"
    content = encoded(path, "FLAC", "PCM_16")
    expected, _ = soundfile.read(path)
    path.write_bytes(claims(content, claim))
    with open_source(path) as source:
        assert source.frames == FRAMES
        assert "counted" in source.notes[0]
        got = np.concatenate(list(source.blocks()), axis=1)
        assert np.array_equal(got[0], expected)
        again = np.concatenate(list(source.blocks(4_096, 50_000)), axis=1)
        assert np.array_equal(again, got[:, 50_000:])
    with open_source(path, sample_rate_hz=44_100) as source:
        assert source.frames == round(FRAMES * 44_100 / RATE)


def test_a_flac_that_claims_a_little_more_than_it_has(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(claims(encoded(path, "FLAC", "PCM_16"), FRAMES + 5_000))
    with open_source(path) as source:
        assert sum(block.shape[1] for block in source.blocks()) == FRAMES
        list(source.blocks())
        assert len(source.notes) == 1
        assert f"after {FRAMES} frames" in source.notes[0]
    with (
        open_source(path, strict=True) as source,
        pytest.raises(AudioFileError, match="ends after"),
    ):
        list(source.blocks())


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        ("MP3", "MPEG_LAYER_III"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("AIFF", "PCM_24"),
    ],
)
def test_a_cut_file_is_read_as_far_as_it_goes_with_a_note(
    tmp_path: Path, kind: str, subtype: str
) -> None:
    path = tmp_path / f"a.{kind.lower()}"
    path.write_bytes(half(encoded(path, kind, subtype)))
    with open_source(path) as source:
        frames = sum(block.shape[1] for block in source.blocks())
        assert 0.2 * FRAMES < frames < 0.8 * FRAMES
        assert len(source.notes) == 1
        assert re.search("cut short|ends after", source.notes[0])

    def read_strictly() -> None:
        with open_source(path, strict=True) as source:
            list(source.blocks())

    with pytest.raises(AudioFileError, match=r"cut short|ends after"):
        read_strictly()


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_a_hole_in_an_ogg_file_is_noted(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.ogg"
    path.write_bytes(hole(encoded(path, "OGG", subtype)))
    with open_source(path) as source:
        frames = sum(block.shape[1] for block in source.blocks())
        assert frames < FRAMES
        assert len(source.notes) == 1
        assert str(FRAMES) in source.notes[0]


def test_a_cut_caf_is_noted_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.caf"
    content = encoded(path, "CAF", "PCM_24")
    path.write_bytes(content[:-10])
    assert "lacks 10 bytes" in probe(path).notes[0]
    path.write_bytes(half(content))
    with pytest.raises(AudioFileError, match=r"a\.caf: it cannot be opened"):
        probe(path)


def test_containers_without_frames_hold_no_audio(tmp_path: Path) -> None:
    for kind in ("WAV", "FLAC", "AIFF", "CAF"):
        path = tmp_path / f"a.{kind.lower()}"
        soundfile.write(path, np.zeros((0, 2)), RATE, format=kind, subtype="PCM_16")
        with pytest.raises(AudioFileError, match=r"no audio|cannot be opened|empty"):
            probe(path)


def test_a_file_that_is_cut_while_it_is_read_ends_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    encoded(path, "WAV", "PCM_16")
    with open_source(path) as source:
        assert source.read(1_000).shape == (1, 1_000)
        with path.open("r+b") as file:
            file.truncate(44 + 2 * 50_000)
        rest = 0
        while (got := source.read(4_096).shape[1]) > 0:
            rest += got
        assert rest == 49_000
        assert "ends after 50000 frames" in source.notes[0]
