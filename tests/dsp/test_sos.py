from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import sosfilt

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp import filters
from mixmaster.dsp.sos import GridSosFilter, SosFilter

RATE = 48_000
SOS = np.concatenate([filters.high_pass(40.0, 24, RATE), filters.bell(900.0, 6.0, 2.0, RATE)])


def patchy(sounding: list[bool], rest: int = 0) -> Block:
    """Stretches of noise and of silence."""
    signal = np.random.default_rng(1).uniform(-1.0, 1.0, (2, GRID_FRAMES * len(sounding) + rest))
    for cell, heard in enumerate(sounding):
        if not heard:
            signal[:, cell * GRID_FRAMES : (cell + 1) * GRID_FRAMES] = 0.0
    return np.asarray(signal)


def test_it_is_the_cascade() -> None:
    signal = patchy([True] * 5)
    heard = SosFilter(SOS, 2).process(signal)
    assert np.array_equal(heard, sosfilt(SOS, signal))
    assert np.array_equal(GridSosFilter(SOS, 2).process(signal), heard)


@settings(max_examples=20, deadline=None)
@given(
    sounding=st.lists(st.booleans(), min_size=2, max_size=12),
    cut=st.integers(1, 11),
    rest=st.sampled_from([0, 1, 1_000]),
)
def test_blocks_equal_whole_to_the_bit_and_silence_changes_no_file(
    sounding: list[bool], cut: int, rest: int
) -> None:
    signal = patchy(sounding, rest)
    whole = GridSosFilter(SOS, 2).process(signal)
    at = GRID_FRAMES * min(cut, len(sounding))
    filtered = GridSosFilter(SOS, 2)
    parts = [filtered.process(signal[:, :at]), filtered.process(signal[:, at:])]
    assert np.array_equal(np.concatenate(parts, axis=1), whole)
    plain = sosfilt(SOS, signal)
    assert np.max(np.abs(whole - plain), initial=0.0) < 1e-40
    assert np.array_equal(whole.astype(np.float32), plain.astype(np.float32))


def test_it_comes_to_rest_and_wakes_again() -> None:
    filtered = GridSosFilter(SOS, 2)
    heard = filtered.process(patchy([False] * 3 + [True] + [False] * 60))
    assert not np.any(heard[:, : 3 * GRID_FRAMES])
    assert not np.any(heard[:, -GRID_FRAMES:])
    assert not np.any(filtered.state)
    signal = patchy([True])
    assert np.array_equal(filtered.process(signal), sosfilt(SOS, signal))


def test_silence_costs_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    filtered = GridSosFilter(SOS, 2)

    def refuse(*_: object) -> Block:
        raise AssertionError("the filter ran")

    monkeypatch.setattr(SosFilter, "process", refuse)
    assert not np.any(filtered.process(np.zeros((2, 5 * GRID_FRAMES))))


def test_what_is_no_number_does_not_come_to_rest() -> None:
    signal = patchy([True, False, False])
    signal[0, 100] = np.nan
    heard = GridSosFilter(SOS, 2).process(signal)
    assert np.isnan(heard[0, -1])
