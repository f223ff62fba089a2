"""Snippets: the right part, to the sample what the master is there, and faded at its ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.arrays import Block
from mixmaster.audio.formats import FileSpec
from mixmaster.errors import AudioFileError, SignalError, UsageError
from mixmaster.release.levels.snippets import Snippet, choose_snippet, write_snippet

RATE = 8_000
WAV = FileSpec("wav", 24, RATE, 2)


def song(seconds: float = 40.0, *, loud: tuple[float, float] = (15.3, 26.0)) -> Block:
    """A quiet sine, and a loud part that begins and ends at once."""
    t = np.arange(round(seconds * RATE)) / RATE
    level = np.where((t >= loud[0]) & (t < loud[1]), 0.5, 0.02)
    return np.stack((level * np.sin(2 * np.pi * 440.0 * t), level * np.cos(2 * np.pi * 550.0 * t)))


def write(path: Path, signal: Block, subtype: str = "PCM_24") -> Path:
    soundfile.write(path, signal.T, RATE, subtype=subtype)
    return path


def test_it_begins_where_the_loudest_part_begins(tmp_path: Path) -> None:
    path = write(tmp_path / "song.wav", song())
    found = choose_snippet(path, 10.0)
    # The loudest 10 s lie anywhere within 15.3 to 26; it begins with the part, a fade ahead.
    assert found.start_s + 0.5 == pytest.approx(15.3, abs=0.011)
    assert (found.frames, found.chosen, found.said) == (10 * RATE, "loudest", ())
    assert (found.fade_in_frames, found.fade_out_frames) == (RATE // 2, 2 * RATE)


def test_a_named_start_is_kept_to_the_frame_and_the_end_to_the_track(tmp_path: Path) -> None:
    path = write(tmp_path / "song.wav", song())
    found = choose_snippet(path, 10.0, start_s=3.25)
    assert (found.start_frame, found.chosen) == (26_000, "named")
    # A sine of 0.02 and a cosine of 0.02: power 2 * 0.0002, some 34 dB down, K-weighting near 0.
    assert found.loudness_lufs == pytest.approx(-0.691 - 33.98, abs=0.7)
    late = choose_snippet(path, 10.0, start_s=35.0)
    assert (late.start_frame, late.frames) == (30 * RATE, 10 * RATE)
    assert "ends too soon" in late.said[0]


def test_a_short_track_is_its_own_snippet(tmp_path: Path) -> None:
    path = write(tmp_path / "short.wav", song(1.5))
    found = choose_snippet(path, 30.0)
    assert (found.start_frame, found.frames) == (0, 12_000)
    assert found.fade_in_frames + found.fade_out_frames == 6_000
    assert "only 1.5 s long" in found.said[0]
    report = write_snippet(path, found, tmp_path / "out.wav", WAV)
    assert report.frames == 12_000


@pytest.mark.parametrize(("subtype", "depth"), [("PCM_16", 16), ("PCM_24", 24), ("PCM_16", 24)])
def test_between_the_fades_it_is_the_master_to_the_bit(
    tmp_path: Path, subtype: str, depth: int
) -> None:
    rng = np.random.default_rng(3)
    path = write(
        tmp_path / "song.wav", np.clip(rng.normal(0.0, 0.2, (2, 30 * RATE)), -1, 1), subtype
    )
    found = choose_snippet(path, 12.0, start_s=4.0)
    spec = FileSpec("wav", depth, RATE, 2)  # type: ignore[arg-type]
    write_snippet(path, found, tmp_path / "out.wav", spec)
    master = soundfile.read(path, always_2d=True)[0]
    out = soundfile.read(tmp_path / "out.wav", always_2d=True)[0]
    assert len(out) == 12 * RATE
    cut = master[4 * RATE : 16 * RATE]
    middle = slice(found.fade_in_frames, found.frames - found.fade_out_frames)
    assert np.array_equal(out[middle], cut[middle])
    # Raised cosines, halfway at half, rounded and dithered by at most 1.5 LSB.
    n = found.fade_in_frames
    fade = 0.5 - 0.5 * np.cos(np.pi * (np.arange(n) + 0.5) / n)
    lsb = 2.0 ** (1 - depth)
    assert np.abs(out[:n] - cut[:n] * fade[:, None]).max() <= 1.5 * lsb
    n = found.fade_out_frames
    fade = 0.5 + 0.5 * np.cos(np.pi * (np.arange(n) + 0.5) / n)
    error = out[-n:] - cut[-n:] * fade[:, None]
    assert np.abs(error).max() <= 1.5 * lsb
    assert np.sqrt(np.mean(error**2)) == pytest.approx(0.5 * lsb, rel=0.05)  # TPDF: LSB^2 / 4


def test_of_a_float_master_nothing_is_rounded_or_turned(tmp_path: Path) -> None:
    path = write(tmp_path / "song.wav", 3.0 * song(12.0, loud=(2.0, 9.0)), "FLOAT")
    found = choose_snippet(path, 8.0)
    write_snippet(path, found, tmp_path / "out.wav", FileSpec("wav", 32, RATE, 2))
    master = soundfile.read(path, dtype="float32")[0]
    out = soundfile.read(tmp_path / "out.wav", dtype="float32")[0]
    first, last = found.fade_in_frames, found.frames - found.fade_out_frames
    assert np.array_equal(out[first:last], master[found.start_frame :][first:last])
    assert np.abs(out).max() > 1.4


def test_the_same_bytes_whenever_it_is_written(tmp_path: Path) -> None:
    path = write(tmp_path / "song.wav", song(20.0, loud=(5.0, 12.0)), "FLOAT")
    for name in ("a", "b"):
        write_snippet(path, choose_snippet(path, 6.0), tmp_path / f"{name}.wav", WAV)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_mono_and_silence_have_snippets(tmp_path: Path) -> None:
    path = write(tmp_path / "mono.wav", song(10.0, loud=(4.0, 6.0))[:1])
    # Fades of 0.5 and 2 s are half of 2.5 s at most, together: 0.25 s come before the loud part.
    assert choose_snippet(path, 2.5).start_s == pytest.approx(3.75, abs=0.02)
    silent = write(tmp_path / "silent.wav", np.zeros((2, 10 * RATE)))
    found = choose_snippet(silent, 5.0)
    assert found.loudness_lufs is None
    assert found.to_json()["loudness_lufs"] is None


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "song.wav", song(5.0))
    with pytest.raises(UsageError, match="begin earlier"):
        choose_snippet(path, 3.0, start_s=5.0)
    with pytest.raises(UsageError, match=r"0\.5 s"):
        choose_snippet(path, 0.5)
    with pytest.raises(UsageError, match="begins at -1 s"):
        choose_snippet(path, 3.0, start_s=-1.0)
    found = choose_snippet(path, 3.0)
    with pytest.raises(UsageError, match="only cut"):
        write_snippet(path, found, tmp_path / "out.wav", FileSpec("wav", 24, 44_100, 2))
    longer = Snippet(0, 10 * RATE, 0, 0, RATE, "named", None)
    with pytest.raises(AudioFileError, match="shorter than it was"):
        write_snippet(path, longer, tmp_path / "out.wav", WAV)
    assert not (tmp_path / "out.wav").exists()
    with pytest.raises(AudioFileError):
        choose_snippet(write(tmp_path / "empty.wav", np.zeros((2, 0))), 3.0)
    broken = song(5.0)
    broken[0, 7_000] = np.nan
    with pytest.raises(SignalError):
        choose_snippet(write(tmp_path / "nan.wav", broken, "FLOAT"), 3.0)
