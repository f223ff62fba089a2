from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from mixmaster.song import DURATION_S, SAMPLE_RATE_HZ, Stem, generate
from mixmaster.song.stems import TAKES

TEST_AUDIO = Path(__file__).parents[2] / "test_audio"


def test_the_committed_files_are_what_the_generator_makes(song: dict[str, Stem]) -> None:
    assert {path.stem for path in TEST_AUDIO.glob("*.flac")} == set(song)
    for name, stem in song.items():
        samples, rate = soundfile.read(TEST_AUDIO / f"{name}.flac", dtype="int16", always_2d=True)
        assert rate == stem.sample_rate_hz
        assert samples.T.shape == stem.samples.shape
        difference = samples.T.astype(np.int32) - stem.samples
        assert np.abs(difference).max() <= 1, name


def test_a_second_performance_is_the_same(song: dict[str, Stem]) -> None:
    again = generate()
    assert list(again) == list(song) == list(TAKES)
    for name, stem in song.items():
        assert np.array_equal(again[name].samples, stem.samples), name


def test_the_session_is_uniform(song: dict[str, Stem]) -> None:
    assert len(song) >= 10
    for number, (name, stem) in enumerate(song.items(), 1):
        assert name.startswith(f"{number:02d}_")
        assert stem.sample_rate_hz == SAMPLE_RATE_HZ == 44_100
        assert stem.samples.dtype == np.int16
        assert stem.samples.shape[1] == DURATION_S * SAMPLE_RATE_HZ
        assert stem.samples.shape[0] == (2 if name[3:] in {"Room", "Keys"} else 1)


def test_the_committed_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in TEST_AUDIO.glob("*.flac")) < 14_000_000
