"""Curves over break-points: closed forms, jumps without clicks, and the same bytes however cut."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.dsp.curves import JUMP_S, Break, Curve, Way, seconds_to_frames

RATE = 8_000
JUMP = round(JUMP_S * RATE)


def test_linear_goes_evenly_and_stands_before_and_after() -> None:
    curve = Curve([Break(100.0, -6.0), Break(300.0, 2.0)], RATE)
    values = curve.values(0, 400)
    assert set(values[:100]) == {-6.0}
    np.testing.assert_allclose(values[100:300], -6.0 + 8.0 * np.arange(200) / 200.0, atol=1e-13)
    assert set(values[300:]) == {2.0}


def test_a_point_between_frames_lies_where_it_is() -> None:
    curve = Curve([Break(0.25, 0.0), Break(10.25, 10.0)], RATE)
    np.testing.assert_allclose(curve.values(0, 11), [0.0, *(np.arange(1, 11) - 0.25)], atol=1e-13)


def test_hertz_go_evenly_in_octaves() -> None:
    curve = Curve([Break(0.0, 100.0), Break(400.0, 1600.0)], RATE, logarithmic=True)
    np.testing.assert_allclose(curve.values(0, 401)[::100], [100.0, 200.0, 400.0, 800.0, 1600.0])


def test_smooth_is_level_at_both_ends_and_half_way_in_the_middle() -> None:
    values = Curve([Break(0.0, 0.0, "smooth"), Break(1000.0, 1.0)], RATE).values(0, 1001)
    assert values[500] == pytest.approx(0.5)
    # The slope of 3 t^2 - 2 t^3 is 6 t (1 - t): 1.5 in the middle, none at the ends.
    slope = np.diff(values) * 1000.0
    middles = (np.arange(1000) + 0.5) / 1000.0
    np.testing.assert_allclose(slope, 6.0 * middles * (1.0 - middles), atol=1e-5)


@pytest.mark.parametrize(
    "breaks",
    [
        [Break(50.0, 1.0, "hold"), Break(200.0, 0.0)],
        [Break(200.0, 1.0), Break(200.0, 0.0)],
        [Break(200.0, 1.0), Break(200.0, 7.0), Break(200.0, 0.0)],
    ],
    ids=["held", "two at once", "three at once"],
)
def test_a_jump_takes_five_milliseconds(breaks: list[Break]) -> None:
    values = Curve(breaks, RATE).values(0, 400)
    assert set(values[:200]) == {1.0}
    assert set(values[200 + JUMP :]) == {0.0}
    t = np.arange(JUMP) / JUMP
    np.testing.assert_allclose(values[200 : 200 + JUMP], 1.0 - t * t * (3.0 - 2.0 * t), atol=1e-12)


def test_a_jump_onto_a_slope_ends_on_the_slope() -> None:
    curve = Curve([Break(0.0, 5.0, "hold"), Break(100.0, 0.0), Break(500.0, 4.0)], RATE)
    values = curve.values(0, 501)
    np.testing.assert_allclose(values[100 + JUMP :], (np.arange(100 + JUMP, 501) - 100) / 100.0)
    assert np.abs(np.diff(values)).max() < 5.0 * 1.6 / JUMP


ways: st.SearchStrategy[Way] = st.sampled_from(["hold", "linear", "smooth"])
breaks_lists = st.lists(
    st.tuples(st.floats(0.0, 3000.0), st.floats(20.0, 3000.0), ways), min_size=1, max_size=8
).map(lambda found: [Break(f, v, w) for f, v, w in sorted(found, key=lambda b: b[0])])


@settings(deadline=None, max_examples=60)
@given(
    breaks=breaks_lists,
    cuts=st.lists(st.integers(-200, 3200), max_size=6),
    logarithmic=st.booleans(),
)
def test_however_it_is_cut_it_is_the_same_to_the_bit(
    breaks: list[Break], cuts: list[int], logarithmic: bool
) -> None:
    curve = Curve(breaks, RATE, logarithmic=logarithmic)
    whole = curve.values(-200, 3400)
    assert whole.min() >= curve.low
    assert whole.max() <= curve.high
    edges = sorted({-200, 3200, *cuts})
    for start, stop in itertools.pairwise(edges):
        part = whole[start + 200 : stop + 200]
        np.testing.assert_array_equal(curve.values(start, stop - start), part)
        at = curve.at(start, stop - start)
        np.testing.assert_array_equal(np.broadcast_to(at, part.shape), part)


def test_one_number_stands_for_a_block_in_which_nothing_moves() -> None:
    curve = Curve([Break(0.0, 1.0, "hold"), Break(1000.0, 0.0), Break(2000.0, 0.0)], RATE)
    assert curve.at(0, 1000) == 1.0
    assert isinstance(curve.at(1000, 10), np.ndarray)
    assert isinstance(curve.at(1000 + JUMP - 1, 10), np.ndarray)
    assert curve.at(1000 + JUMP, 500) == 0.0
    assert curve.at(5000, 500) == 0.0


def test_a_time_that_is_a_whole_frame_but_for_rounding_is_that_frame() -> None:
    assert seconds_to_frames(0.1 + 0.2, 48_000) == 14_400.0
    assert seconds_to_frames(1.0 / 3.0 + 1e-5, 48_000) == pytest.approx(16_000.48)
