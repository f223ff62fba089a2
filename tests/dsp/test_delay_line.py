from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.dsp.delay_line import DelayLine, FeedbackDelay
from mixmaster.dsp.filters import low_pass

NO_COLOUR = np.zeros((0, 6))


@pytest.mark.parametrize("samples", [0, 1, 5, 300])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_line_is_late_by_its_samples(samples: int, channels: int) -> None:
    signal = np.random.default_rng(1).standard_normal((channels, 1_000))
    line = DelayLine(channels, samples)
    parts = [line.process(part) for part in np.split(signal, [3, 3, 200, 207], axis=1)]
    heard = np.concatenate(parts, axis=1)
    expected = np.concatenate((np.zeros((channels, samples)), signal), axis=1)[:, :1_000]
    assert np.array_equal(heard, expected)


@pytest.mark.parametrize("samples", [240, 4_096, 5_000])
def test_echoes_are_powers_of_the_feedback(samples: int) -> None:
    click = np.zeros((1, 40_960))
    click[0, 0] = 1.0
    heard = FeedbackDelay(1, samples, 0.5, NO_COLOUR).process(click)[0]
    expected = np.zeros(40_960)
    expected[samples::samples] = 0.5 ** np.arange(len(expected[samples::samples]))
    assert np.array_equal(heard, expected)


def test_crossed_echoes_change_sides() -> None:
    click = np.zeros((2, 4_096))
    click[0, 0] = 1.0
    left, right = FeedbackDelay(2, 1_000, 0.5, NO_COLOUR, crossed=True).process(click)
    assert list(np.flatnonzero(left)) == [1_000, 3_000]
    assert list(np.flatnonzero(right)) == [2_000, 4_000]
    assert left[3_000] == 0.25
    assert right[4_000] == 0.125


@settings(max_examples=15, deadline=None)
@given(
    cells=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    last=st.integers(0, 4_095),
    samples=st.sampled_from((240, 4_095, 4_096, 9_001)),
    coloured=st.booleans(),
)
def test_blocks_equal_the_whole_bit_for_bit(
    cells: list[int], last: int, samples: int, coloured: bool
) -> None:
    colour = low_pass(3_000.0, 12, 48_000) if coloured else NO_COLOUR
    lengths = [4_096 * count for count in cells] + [last]
    signal = np.random.default_rng(sum(lengths)).standard_normal((2, sum(lengths)))
    whole = FeedbackDelay(2, samples, 0.6, colour).process(signal)
    split = FeedbackDelay(2, samples, 0.6, colour)
    parts = np.split(signal, np.cumsum(lengths)[:-1], axis=1)
    heard = np.concatenate([split.process(part) for part in parts], axis=1)
    assert np.array_equal(heard, whole)
