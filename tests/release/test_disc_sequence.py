"""Files one after the other: the same samples for any block size, and those of plain arithmetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.release.discs import write_wav

from mixmaster.errors import AudioFileError, RefusedError
from mixmaster.release.discs.readback import differences
from mixmaster.release.discs.sequence import Laid, Law, below_full_scale, programme

RATE = 8_000
LENGTHS = (1, 700, 2_000, 5_000)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[Path, np.ndarray]]:
    folder = tmp_path_factory.mktemp("sources")
    rng = np.random.default_rng(3)
    made = {}
    for length in LENGTHS:
        samples = rng.uniform(-0.5, 0.5, (length, 2)).astype(np.float32)
        made[length] = (write_wav(folder / f"{length}.wav", samples, RATE), samples.T)
    return made


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(
        st.tuples(
            st.sampled_from(LENGTHS),
            st.integers(-600, 600),
            st.sampled_from(["equal_power", "linear"]),
        ),
        min_size=1,
        max_size=6,
    ),
    block=st.sampled_from([1_024, 4_096, 65_536]),
)
def test_sequences_are_those_of_plain_arithmetic(
    sources: dict[int, tuple[Path, np.ndarray]],
    parts: list[tuple[int, int, Law]],
    block: int,
) -> None:
    laid: list[Laid] = []
    wanted = np.zeros((2, 40_000))
    end = free = 0
    for length, join, law in parts:
        path, samples = sources[length]
        # An overlap reaches neither before the last fade's end nor beyond the shorter of the two.
        overlap = max(0, min(-join, end - free, length))
        start = end + max(0, join) - overlap
        laid.append(Laid(path, start, length, overlap, law))
        k = (np.arange(overlap) + 0.5) / overlap if overlap else np.zeros(0)
        rise = np.sin(0.5 * np.pi * k) if law == "equal_power" else k
        fall = np.cos(0.5 * np.pi * k) if law == "equal_power" else 1.0 - k
        faded = wanted[:, start : start + overlap] * fall + samples[:, :overlap] * rise
        wanted[:, start : start + length] = samples
        wanted[:, start : start + overlap] = faded
        free, end = start + overlap, start + length
    frames = end + 300
    found = np.concatenate(list(programme(laid, frames, RATE, block)), axis=1)
    assert found.shape == (2, frames)
    assert np.abs(found - wanted[:, :frames]).max() < 1e-12
    again = np.concatenate(list(programme(laid, frames, RATE)), axis=1)
    assert np.array_equal(found, again)


def test_files_that_changed_since_they_were_planned_are_named(
    sources: dict[int, tuple[Path, np.ndarray]], tmp_path: Path
) -> None:
    path, _ = sources[700]
    for laid, rate, said in (
        (Laid(path, 0, 800), RATE, "it has 700 frames, but 800 were planned"),
        (Laid(path, 0, 700), 44_100, "its rate is 8000 Hz where 44100 Hz are needed"),
    ):
        with pytest.raises(AudioFileError, match=said):
            list(programme([laid], 800, rate))
    wide = write_wav(tmp_path / "wide.wav", np.zeros((700, 4), np.float32), RATE)
    with pytest.raises(AudioFileError, match="it has 4 channels where 1 or 2 are needed"):
        list(programme([Laid(wide, 0, 700)], 700, RATE))


def test_full_scale_is_passed_by_the_smallest_step() -> None:
    block = np.zeros((2, 100))
    block[1, 40] = -1.0
    assert len(list(below_full_scale(iter([block, block]), RATE, "cd"))) == 2
    block[1, 40] = -1.0 - 1e-9
    with pytest.raises(RefusedError, match=r"cd: 0\.005 s after its first frame"):
        list(below_full_scale(iter([block]), RATE, "cd"))


def test_reading_back_finds_every_displacement() -> None:
    rng = np.random.default_rng(5)
    whole = rng.integers(-30_000, 30_000, (2, 9_000)).astype(np.int32)
    blocks = [whole[:, at : at + 4_096] / 32_768.0 for at in (0, 4_096, 8_192)]

    def said(found: np.ndarray) -> list[str]:
        pieces = iter([found[:, :1_000], found[:, 1_000:]])
        return list(differences("a.wav", pieces, blocks, 16, 0.5))

    assert said(whole) == []
    assert said(whole[:, :-1]) == ["a.wav: it ends after 8999 frames"]
    assert said(np.concatenate([whole, whole[:, :1]], axis=1)) == [
        "a.wav: it is longer than its programme"
    ]
    assert "at frame" in said(np.roll(whole, 1, axis=1))[0]
    one = whole.copy()
    one[1, 5_000] += 1
    assert said(one) == ["a.wav: at frame 5000 it is not what was sequenced"]
