"""The null test against signals whose difference is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.arrays import Block
from mixmaster.engine.nulling import OCTAVES_HZ, null

RATE = 44_100


def music(seconds: float, seed: int = 7, channels: int = 2) -> Block:
    """Plucked tones and noise at irregular times: nothing repeats, so that a place is sure."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * RATE)
    out = 1e-3 * rng.standard_normal((channels, frames))
    for start in np.sort(rng.integers(0, frames - RATE // 2, round(6 * seconds))):
        t = np.arange(RATE // 2) / RATE
        note = np.exp(-t * 9.0) * np.sin(2.0 * np.pi * rng.uniform(90.0, 2000.0) * t)
        hit = np.exp(-t * 60.0) * rng.standard_normal(t.size)
        out[:, start : start + t.size] += 0.1 * (note + hit) * rng.uniform(0.3, 1.0, (channels, 1))
    return np.asarray(out)


def wav(path: Path, signal: Block, rate: int = RATE) -> Path:
    soundfile.write(path, signal.T, rate, subtype="DOUBLE")
    return path


@pytest.fixture(scope="module")
def song() -> Block:
    return music(32.0)


def test_a_file_and_its_copy_are_identical(tmp_path: Path, song: Block) -> None:
    first, second = wav(tmp_path / "a.wav", song), wav(tmp_path / "b.wav", song)
    found = null(first, second)
    assert found.identical
    assert (found.null_db, found.residual_dbfs, found.residual_peak_dbfs) == (None, None, None)
    assert (found.gain_db, found.offset_samples, found.polarity_inverted) == (0.0, 0, False)


def test_one_changed_bit_is_not_identical(tmp_path: Path, song: Block) -> None:
    other = song.copy()
    other[0, 1000] = np.nextafter(other[0, 1000], 2.0)
    found = null(wav(tmp_path / "a.wav", song), wav(tmp_path / "b.wav", other))
    assert not found.identical
    assert found.null_db is not None
    assert found.null_db < -250.0


def test_offset_gain_and_polarity_are_found_and_taken_away(tmp_path: Path, song: Block) -> None:
    moved = np.concatenate((np.zeros((2, 1234)), -0.25 * song), axis=1)
    found = null(wav(tmp_path / "a.wav", song), wav(tmp_path / "b.wav", moved))
    assert found.offset_samples == 1234
    assert found.polarity_inverted
    assert found.gain_db == pytest.approx(20.0 * np.log10(0.25), abs=1e-9)
    assert found.null_db is None or found.null_db < -280.0
    back = null(wav(tmp_path / "c.wav", moved), wav(tmp_path / "d.wav", song))
    assert back.offset_samples == -1234


def test_what_is_added_is_what_is_left_where_and_when_it_is(tmp_path: Path, song: Block) -> None:
    other = 2.0 * song
    t = np.arange(RATE) / RATE
    tone = 0.01 * np.sqrt(2.0) * np.sin(2.0 * np.pi * 1000.0 * t)
    other[:, 12 * RATE : 13 * RATE] += tone  # -40 dBFS RMS for 1 s of 32
    found = null(wav(tmp_path / "a.wav", song), wav(tmp_path / "b.wav", other))
    assert found.gain_db == pytest.approx(20.0 * np.log10(2.0), abs=1e-9)
    assert found.residual_dbfs == pytest.approx(-40.0 - 10.0 * np.log10(32.0), abs=0.001)
    assert found.residual_peak_dbfs == pytest.approx(-40.0 + 10.0 * np.log10(2.0), abs=0.01)
    changed = [each for each in found.sections if (each.residual_dbfs or -400.0) > -200.0]
    assert [(each.start_s, each.stop_s) for each in changed] == [(10.0, 20.0)]
    assert changed[0].residual_dbfs == pytest.approx(-50.0, abs=0.001)
    octaves = {each.centre_hz: each.residual_dbfs or -400.0 for each in found.bands}
    assert octaves[1000.0] == pytest.approx(found.residual_dbfs, abs=0.01)
    assert max(level for hz, level in octaves.items() if hz != 1000.0) < -80.0


def test_octaves_sum_to_the_whole(tmp_path: Path, song: Block) -> None:
    other = song + 1e-3 * np.random.default_rng(3).standard_normal(song.shape)
    found = null(wav(tmp_path / "a.wav", song), wav(tmp_path / "b.wav", other), align=False)
    total = sum(10.0 ** ((each.residual_dbfs or -400.0) / 10.0) for each in found.bands)
    assert found.residual_dbfs == pytest.approx(10.0 * np.log10(total), abs=1e-6)
    assert len(found.bands) == len(OCTAVES_HZ)


def test_without_gain_the_levels_are_what_differs(tmp_path: Path, song: Block) -> None:
    paths = wav(tmp_path / "a.wav", song), wav(tmp_path / "b.wav", 2.0 * song)
    found = null(*paths, match_gain=False)
    assert found.null_db == pytest.approx(20.0 * np.log10(0.5), abs=1e-9)


def test_the_rest_can_be_heard(tmp_path: Path, song: Block) -> None:
    other = song.copy()
    other[:, 5 * RATE] += 0.5
    rest = tmp_path / "rest.wav"
    null(wav(tmp_path / "a.wav", song), wav(tmp_path / "b.wav", other), rest=rest)
    left, _ = soundfile.read(rest, always_2d=True)
    assert np.argmax(np.abs(left).max(axis=1)) == 5 * RATE
    assert left[5 * RATE] == pytest.approx([0.5, 0.5])
    assert np.count_nonzero(np.abs(left).max(axis=1) > 1e-9) == 1


def test_other_rates_channels_and_songs_are_told(tmp_path: Path, song: Block) -> None:
    mono = wav(tmp_path / "mono.wav", song[:1])
    stereo = wav(tmp_path / "twice.wav", np.repeat(song[:1], 2, axis=0))
    found = null(mono, stereo)
    assert not found.identical
    assert found.null_db is None
    assert any("mono" in text for text in found.notes)
    other = null(wav(tmp_path / "a.wav", song), wav(tmp_path / "x.wav", music(32.0, seed=8)))
    assert any("no common sound" in text for text in other.notes)
    silent = null(wav(tmp_path / "s.wav", 0.0 * song), wav(tmp_path / "t.wav", 0.0 * song))
    assert silent.identical
