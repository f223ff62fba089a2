"""The automatic release against the recursions of its paper."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.auto_release import LONGEST, AutoRelease, shortest_release

RATE = 48_000
CREST = 0.2 * RATE


def release_of(signal: Block, release: float, cuts: tuple[int, ...] = ()) -> Block:
    """The release's time constant at every frame, in frames."""
    auto = AutoRelease(
        release_steps=release,
        shortest_steps=shortest_release(release, RATE),
        crest_steps=CREST,
        row_steps=GRID_FRAMES,
    )
    rows = np.split(np.abs(signal).reshape(-1, GRID_FRAMES), cuts)
    return np.concatenate([auto.process(part, part**2) for part in rows]).reshape(-1)


def stepped(signal: Block, release: float) -> Block:
    """Giannoulis et al. (2013), one frame at a time, with the bounds."""
    keep = math.exp(-1.0 / CREST)
    peak = mean = 0.0
    out = np.empty(signal.shape[0])
    for n, power in enumerate((signal**2).tolist()):
        peak = max(power, keep * peak + (1.0 - keep) * power)
        mean = keep * mean + (1.0 - keep) * power
        times = 2.0 * mean / peak if peak > 0.0 else 1.0
        shortest = max(0.1 * release, min(release, 0.030 * RATE))
        out[n] = min(max(release * times, shortest), LONGEST * release)
    return out


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 1_000), st.floats(100.0, 50_000.0))
def test_the_running_maximum_is_the_papers_recursion(seed: int, release: float) -> None:
    random = np.random.default_rng(seed)
    loudness = np.repeat(random.choice([0.01, 0.1, 1.0], 24), GRID_FRAMES // 8)
    signal = loudness * random.standard_normal(3 * GRID_FRAMES)
    np.testing.assert_allclose(release_of(signal, release), stepped(signal, release), rtol=1e-4)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("sine", 1.0),  # crest factor squared 2
        ("square", 2.0),  # 1
        ("triangle", 2.0 / 3.0),  # 3
    ],
)
def test_steady_sounds_get_the_release_of_their_crest_factor(shape: str, expected: float) -> None:
    phase = np.arange(60 * GRID_FRAMES) / 480.0 % 1.0
    wave = {
        "sine": np.sin(2.0 * np.pi * phase),
        "square": np.where(phase < 0.5, 1.0, -1.0),
        "triangle": 1.0 - 4.0 * np.abs(phase - 0.5),
    }[shape]
    times = release_of(0.1 * wave, 9_600.0)[-480:]
    assert float(times.mean()) / 9_600.0 == pytest.approx(expected, rel=0.01)


def test_hits_let_go_sooner_than_held_notes_by_at_most_ten_times() -> None:
    signal = 1e-5 * np.ones(40 * GRID_FRAMES)
    signal[::24_000] = 1.0
    for release, shortest in ((24_000.0, 2_400.0), (9_600.0, 1_440.0), (480.0, 480.0)):
        times = release_of(signal, release)
        assert times[-20_000:].max() == pytest.approx(shortest)


def test_silence_keeps_the_past_and_rows_may_arrive_in_any_portions() -> None:
    signal = np.random.default_rng(3).standard_normal(12 * GRID_FRAMES)
    signal[3 * GRID_FRAMES : 9 * GRID_FRAMES] = 0.0
    whole = release_of(signal, 5_000.0)
    assert np.array_equal(release_of(signal, 5_000.0, (1, 4, 5, 10)), whole)
    held = whole[3 * GRID_FRAMES : 9 * GRID_FRAMES]
    np.testing.assert_allclose(held, held[0], rtol=1e-9)
