"""The broadcast extension, as wavinfo and FFmpeg read it, and byte by byte."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from wavinfo import WavInfoReader

from mixmaster.audio.bext import (
    Broadcast,
    broadcast_problems,
    coding_history,
    in_ascii,
    read_bext,
    write_bext,
)
from mixmaster.audio.chunks import read_extras
from mixmaster.audio.formats import FileSpec
from mixmaster.audio.sink import open_sink
from mixmaster.audio.tags import Tags, differences, read_tags, write_tags
from mixmaster.errors import AudioFileError, OutputError, UsageError

FULL = Broadcast(
    description="Blue Hour, Nina",
    originator="Night Records",
    originator_reference="NR-007-03",
    origination_date="2026-11-20",
    origination_time="14:05:09",
    time_reference=48_000 * 3_600 * 30,  # more than 32 bits
    umid="0a" * 64,
    integrated_lufs=-23.014,
    loudness_range_lu=6.2,
    true_peak_dbtp=-1.05,
    max_momentary_lufs=-15.5,
    max_short_term_lufs=-18.25,
    coding_history=coding_history(48_000, 24, 2, "mixmaster"),
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.wav"
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, 5_000))
    with open_sink(path, FileSpec("wav", 24, 48_000, 2)) as sink:
        sink.write(noise)
    return path


def test_the_chunk_byte_by_byte(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "target.wav"
    write_bext(source, target, FULL)
    raw = target.read_bytes()
    at = raw.index(b"bext")
    size = struct.unpack("<I", raw[at + 4 : at + 8])[0]
    history = b"A=PCM,F=48000,W=24,M=stereo,T=mixmaster\r\n"
    assert size == 602 + len(history)
    body = raw[at + 8 : at + 8 + size]
    # EBU Tech 3285 v2, section 2.3.
    assert body[:256] == b"Blue Hour, Nina".ljust(256, b"\0")
    assert body[256:288] == b"Night Records".ljust(32, b"\0")
    assert body[288:320] == b"NR-007-03".ljust(32, b"\0")
    assert body[320:338] == b"2026-11-2014:05:09"
    assert struct.unpack("<IIH", body[338:348]) == (889_032_704, 1, 2)
    assert body[348:412] == b"\x0a" * 64
    assert struct.unpack("<5h", body[412:422]) == (-2301, 620, -105, -1550, -1825)
    assert body[422:602] == bytes(180)
    assert body[602:] == history
    assert at < raw.index(b"data")


def test_strangers_read_it(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "target.wav"
    write_bext(source, target, FULL)
    seen: Any = WavInfoReader(str(target)).bext
    assert (seen.description, seen.originator) == ("Blue Hour, Nina", "Night Records")
    assert (seen.originator_ref, seen.originator_date) == ("NR-007-03", "2026-11-20")
    assert (seen.originator_time, seen.version) == ("14:05:09", 2)
    assert seen.time_reference == 48_000 * 3_600 * 30
    assert seen.loudness_value == pytest.approx(-23.01)
    assert seen.loudness_range == pytest.approx(6.2)
    assert seen.max_true_peak == pytest.approx(-1.05)
    assert seen.max_momentary_loudness == pytest.approx(-15.5)
    assert seen.max_shortterm_loudness == pytest.approx(-18.25)
    assert seen.coding_history == FULL.coding_history
    extras = read_extras(target)
    assert extras is not None
    assert (extras.time_reference, extras.after_data) == (FULL.time_reference, ())
    av = pytest.importorskip("av")
    with av.open(str(target)) as opened:
        assert opened.metadata["time_reference"] == str(FULL.time_reference)
        assert opened.metadata["coding_history"] == FULL.coding_history


def test_it_comes_back_and_the_sound_stays(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "target.wav"
    before = hashlib.sha256(source.read_bytes()).hexdigest()
    write_bext(source, target, FULL)
    back = read_bext(target)
    assert back is not None
    assert back.integrated_lufs == -23.01
    rounded = {**FULL.to_json(), "integrated_lufs": -23.01}
    assert back.to_json() == rounded
    assert np.array_equal(soundfile.read(source)[0], soundfile.read(target)[0])
    assert hashlib.sha256(source.read_bytes()).hexdigest() == before
    assert read_bext(source) is None
    write_bext(target, target, FULL)  # in place, and again: the same bytes
    once = target.read_bytes()
    write_bext(source, target, FULL)
    assert target.read_bytes() == once


def test_nothing_is_invented(source: Path) -> None:
    write_bext(source, source, Broadcast())
    raw = source.read_bytes()
    body = raw[raw.index(b"bext") + 8 :][:602]
    assert body[:346] == bytes(346)
    assert struct.unpack("<H", body[346:348]) == (2,)
    assert body[348:412] == bytes(64)
    assert struct.unpack("<5H", body[412:422]) == (0x7FFF,) * 5
    assert read_bext(source) == Broadcast()


def test_tags_and_bext_live_together(source: Path, tmp_path: Path) -> None:
    tags = Tags(title="Blue Hour", date="2025-01-01", isrc="GBAYE6800011", comment="words")
    one, other = tmp_path / "one.wav", tmp_path / "other.wav"
    write_bext(source, one, FULL)
    write_tags(one, tags)
    other.write_bytes(source.read_bytes())
    write_tags(other, tags)
    write_bext(other, other, FULL)
    assert one.read_bytes() == other.read_bytes()
    assert differences(tags, read_tags(one)) == ()
    assert read_bext(one) is not None
    info: Any = WavInfoReader(str(one)).info
    assert (info.title, info.created_date) == ("Blue Hour", "2025-01-01")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"description": "x" * 257}, "description: 257 characters, and 256"),
        ({"description": "Ünï"}, "description: it may hold ASCII"),
        ({"originator": "a\0b"}, "originator: .*no NUL"),
        ({"origination_date": "20.11.2026"}, "origination_date: '20.11.2026'"),
        ({"origination_time": "25:00:00"}, "origination_time: '25:00:00'"),
        ({"time_reference": -1}, "time_reference: -1"),
        ({"umid": "12"}, "umid: "),
        ({"integrated_lufs": -100.0}, "integrated_lufs: -100.0; -99.99 to 99.99"),
        ({"true_peak_dbtp": float("nan")}, "true_peak_dbtp: nan"),
        ({"loudness_range_lu": -0.5}, "loudness_range_lu: -0.5; 0 to 99.99"),
    ],
)
def test_what_it_cannot_hold_is_refused(
    source: Path, tmp_path: Path, wrong: dict[str, Any], reason: str
) -> None:
    target = tmp_path / "target.wav"
    with pytest.raises(UsageError, match=reason):
        write_bext(source, target, Broadcast(**wrong))
    assert not target.exists()
    assert len(broadcast_problems(Broadcast(**wrong))) == 1


def test_wrong_files(source: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.wav"
    page.write_text("<html> and more than twelve bytes")
    with pytest.raises(AudioFileError, match="no WAV file"):
        read_bext(page)
    with pytest.raises(AudioFileError, match="no WAV file"):
        write_bext(page, tmp_path / "x.wav", FULL)
    assert not (tmp_path / "x.wav").exists()
    with pytest.raises(AudioFileError, match="no such file"):
        write_bext(tmp_path / "none.wav", tmp_path / "x.wav", FULL)
    with pytest.raises(OutputError):
        write_bext(source, tmp_path / "no folder" / "x.wav", FULL)


def test_coding_history() -> None:
    # EBU R 98: A, F, W, M and T, parted by commas, ended by CR LF.
    assert coding_history(44_100, 16, 1) == "A=PCM,F=44100,W=16,M=mono\r\n"
    assert coding_history(48_000, 24, 6) == "A=PCM,F=48000,W=24\r\n"
    line = coding_history(48_000, 24, 2, "mixed, mastered\r\nA=x")
    assert line == "A=PCM,F=48000,W=24,M=stereo,T=mixed; mastered  A=x\r\n"


def test_in_ascii() -> None:
    assert in_ascii("Ünï—Café") == "Uni?Cafe"
    assert in_ascii("漢a\0b") == "?a b"
