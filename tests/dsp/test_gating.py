"""When a gate is open: a timing table, and the state machine stepped frame by frame."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import Block
from mixmaster.dsp.gating import Flags, OpenFrames

OPEN, CLOSE = 0.5, 0.25


def stepped(levels: Block, hold: int) -> Flags:
    """The gate as a state machine, one frame at a time."""
    is_open, quiet_for = False, 0
    out = np.zeros(levels.shape[0], dtype=bool)
    for n, level in enumerate(levels):
        quiet_for = 0 if level >= CLOSE else quiet_for + 1
        if level >= OPEN:
            is_open = True
        elif quiet_for > hold:
            is_open = False
        out[n] = is_open
    return out


@pytest.mark.parametrize(
    ("hold", "levels", "expected"),
    [
        # Opens at the threshold itself, stays above the lower one, closes under it.
        (0, [0.0, 0.4, 0.5, 0.3, 0.25, 0.2, 0.3, 0.0], "00111000"),
        # Two frames of hold; a level between the thresholds starts the hold anew.
        (2, [0.5, 0.0, 0.0, 0.0, 0.3, 0.0], "111000"),
        (2, [0.5, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.0], "11111100"),
        # Never above the upper threshold: never open.
        (3, [0.3, 0.4, 0.49, 0.3, 0.0, 0.0, 0.0, 0.0], "00000000"),
        # Opens late in a passage that was quiet at first.
        (1, [0.3, 0.0, 0.3, 0.6, 0.0, 0.0, 0.0, 0.6], "00011001"),
        (0, [0.0, 0.0], "00"),
        (0, [1.0], "1"),
    ],
)
def test_the_timing_table(hold: int, levels: list[float], expected: str) -> None:
    gate = OpenFrames(open_gain=OPEN, close_gain=CLOSE, hold_samples=hold)

    is_open = gate.process(np.array(levels), 0)

    assert "".join("01"[int(flag)] for flag in is_open) == expected


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.4, 0.5, 1.0]), min_size=1, max_size=200),
    st.integers(0, 12),
    st.lists(st.integers(1, 60), max_size=8),
    st.integers(0, 1_000_000),
)
def test_passages_are_the_stepped_state_machine_in_any_portions(
    levels: list[float], hold: int, portions: list[int], start: int
) -> None:
    values = np.array(levels)
    cuts = [0, *[c for c in np.cumsum(portions).tolist() if c < len(levels)], len(levels)]
    gate = OpenFrames(open_gain=OPEN, close_gain=CLOSE, hold_samples=hold)

    parts = [gate.process(values[a:b], start + a) for a, b in itertools.pairwise(cuts)]

    assert np.array_equal(np.concatenate(parts), stepped(values, hold))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=1, max_size=100), st.integers(0, 5))
def test_without_hysteresis_any_loud_frame_opens(levels: list[float], hold: int) -> None:
    values = np.array(levels)
    gate = OpenFrames(open_gain=CLOSE, close_gain=CLOSE, hold_samples=hold)

    is_open = gate.process(values, 0)

    loud = np.flatnonzero(values >= CLOSE)
    expected = [any(0 <= n - m <= hold for m in loud) for n in range(len(levels))]
    assert is_open.tolist() == expected
