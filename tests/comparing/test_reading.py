"""Versions are read as they are heard, to the sample; differences have their level."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.arrays import Block
from mixmaster.audio.extracts import Extract, passage
from mixmaster.comparing.differences import difference_powers, pairs_of
from mixmaster.comparing.levels import HeardLevel, loudest_stretch, matching_gains_db

RATE = 44_100
MakeSong = Callable[..., Block]
Write = Callable[..., Path]


@pytest.mark.parametrize("start", [-70_000, -5, 0, 3, 65_536, 99_000])
def test_an_extract_is_the_file_with_silence_around(
    start: int, song: MakeSong, write: Write
) -> None:
    signal = song(100_000 / RATE)
    path = write(signal.astype(np.float32), "a.wav")
    frames = 140_001
    heard = np.concatenate(list(Extract(path, RATE, start, frames).blocks()), axis=1)
    expected = np.zeros((2, frames))
    low, high = max(0, start), min(signal.shape[1], start + frames)
    expected[:, low - start : high - start] = signal.astype(np.float32)[:, low:high]
    assert np.array_equal(heard, expected)


@pytest.mark.parametrize("rate", [RATE, 48_000])
@pytest.mark.parametrize("start_s", [-0.5, 0.0, 1.25, 3.75])
def test_a_passage_is_read_from_nearby(
    rate: int, start_s: float, song: MakeSong, write: Write
) -> None:
    path = write(song(4.0), "a.wav")
    length_s = 0.75
    found = passage(path, rate, start_s, length_s)
    frames = round(length_s * rate)
    whole = Extract(path, rate, round(start_s * rate), frames)
    expected = np.concatenate(list(whole.blocks()), axis=1).mean(axis=0)
    assert found.shape == (frames,)
    assert found == pytest.approx(expected, abs=1e-7)


def test_differences_have_their_level(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    signal = rng.integers(-(2**20), 2**20, (30_000, 2))
    near = signal.copy()
    near[12_345, 1] += 1  # one step of 24 bits in one sample
    half = signal // 2
    paths = []
    for number, each in enumerate((signal, near, half, signal, -signal)):
        path = tmp_path / f"{number}.flac"
        soundfile.write(path, (each << 8).astype(np.int32), RATE, subtype="PCM_24")
        paths.append(path)
    signs = [1.0, 1.0, 1.0, 1.0, -1.0]
    pairs = pairs_of(list("abcde"), *difference_powers(paths, signs, 2))
    found = {(p.first, p.second): p for p in pairs}
    assert len(found) == 10
    assert found["a", "d"].identical
    assert found["a", "e"].identical  # inverted, and said to be
    power = np.mean(np.square(signal / 2**23))
    step = (2.0**-23) ** 2 / signal.size
    assert not found["a", "b"].identical
    assert found["a", "b"].difference_db == pytest.approx(10 * np.log10(step / power), abs=1e-6)
    assert found["a", "b"].difference_dbfs == pytest.approx(10 * np.log10(step), abs=1e-6)
    apart = np.mean(np.square((signal - half) / 2**23))
    mean = (power + np.mean(np.square(half / 2**23))) / 2
    assert found["a", "c"].difference_db == pytest.approx(10 * np.log10(apart / mean), abs=1e-9)


def test_the_loudest_stretch_is_where_the_power_is() -> None:
    powers = np.ones(1_000)
    powers[400:450] = 9.0
    assert loudest_stretch(powers, 50) == 400
    assert loudest_stretch(powers, 2_000) == 0


def test_gains_find_the_level_though_the_gate_moves() -> None:
    # Half of it lies 8 dB over the absolute gate: 20 dB down, only the loud half counts.
    loud, soft = 1e-5, 10 ** ((-62.0 + 0.691) / 10)
    powers = np.concatenate([np.full(500, soft * 4), np.full(500, soft), np.full(100, loud)])
    quiet = HeardLevel(powers * 10**-1.1, 1.0, None, None)
    level = HeardLevel(powers, 1.0, None, None)
    gains = matching_gains_db([level, quiet])
    common = quiet.loudness_lufs(gains[1])
    assert -0.1 <= gains[1] <= 0.0
    assert level.loudness_lufs(gains[0]) == pytest.approx(common, abs=0.001)
