"""FLAC files that have lost frames: libFLAC plays silence there, and says nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixmaster.audio.source import open_source, probe
from mixmaster.errors import AudioFileError

RATE = 44_100
BLOCK = 4_096


def frames_of(data: bytes) -> list[int]:
    """Return where libsndfile's frames begin: sync code, fixed blocks (RFC 9639, section 9.1)."""
    found, number = [], 0
    at = data.index(b"\xff\xf8")
    while at >= 0:
        if data[at + 4] == number:  # up to 127 the number is its own code
            found.append(at)
            number += 1
        at = data.find(b"\xff\xf8", at + 2)
    return found


@pytest.fixture
def flac(tmp_path: Path) -> Path:
    path = tmp_path / "a.flac"
    noise = np.random.default_rng(2).standard_normal((BLOCK * 9 + 100, 2)) * 0.1
    sf.write(path, noise, RATE, "PCM_24")
    assert len(frames_of(path.read_bytes())) == 10
    return path


def read(path: Path, cut: int) -> int:
    with open_source(path) as source:
        return sum(block.shape[1] for block in source.blocks(cut))


@pytest.mark.parametrize("cut", [100, 7_001, BLOCK, 65_536])
@pytest.mark.parametrize("lost", [1, 4, 8])
def test_a_lost_frame_is_told_with_its_place(flac: Path, lost: int, cut: int) -> None:
    data, starts = flac.read_bytes(), frames_of(flac.read_bytes())
    flac.write_bytes(data[: starts[lost]] + data[starts[lost + 1] :])
    assert probe(flac).frames == BLOCK * 9 + 100  # as its header says
    with pytest.raises(AudioFileError, match=rf"after frame {lost * BLOCK} .*frames are missing"):
        read(flac, cut)


@pytest.mark.parametrize("early", [3, 8])
def test_frames_out_of_order_are_told(flac: Path, early: int) -> None:
    data, starts = flac.read_bytes(), [*frames_of(flac.read_bytes()), None]
    a, b, c = starts[early : early + 3]
    flac.write_bytes(data[:a] + data[b:c] + data[a:b] + (data[c:] if c else b""))
    with pytest.raises(AudioFileError, match="frames are missing"):
        read(flac, 65_536)


def test_what_is_before_the_gap_can_be_read(flac: Path) -> None:
    data, starts = flac.read_bytes(), frames_of(flac.read_bytes())
    with open_source(flac) as source:
        whole = source.read(4 * BLOCK)
    flac.write_bytes(data[: starts[4]] + data[starts[5] :])
    with open_source(flac) as source:
        assert np.array_equal(source.read(4 * BLOCK), whole)


def test_whole_files_are_read_to_their_end(flac: Path) -> None:
    assert read(flac, 65_536) == BLOCK * 9 + 100
    tagged = flac.read_bytes()
    flac.write_bytes(b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + tagged)
    assert read(flac, 65_536) == BLOCK * 9 + 100
