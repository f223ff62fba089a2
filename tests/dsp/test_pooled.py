"""Curves on pools: exact in integers, the same however they are cut."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.dsp.pooled import BoxCascade, Closing, Curve, LinearRelease, RunningSum, TrailingMax

curves = st.lists(st.integers(0, 1000), min_size=1, max_size=60).map(
    lambda values: np.array(values, dtype=np.int64)
)


@given(curves, st.integers(1, 20))
@settings(deadline=None, max_examples=40)
def test_trailing_max_is_the_maximum_of_the_last_values(curve: Curve, window: int) -> None:
    padded = np.concatenate((np.zeros(window - 1, dtype=np.int64), curve))
    expected = [padded[n : n + window].max() for n in range(curve.size)]
    assert TrailingMax(window).process(curve).tolist() == expected


@given(curves, st.integers(1, 20))
@settings(deadline=None, max_examples=40)
def test_running_sum_is_the_sum_of_the_last_values(curve: Curve, window: int) -> None:
    padded = np.concatenate((np.zeros(window - 1, dtype=np.int64), curve))
    expected = [padded[n : n + window].sum() for n in range(curve.size)]
    assert RunningSum(window).process(curve).tolist() == expected


@given(curves, st.integers(1, 50))
@settings(deadline=None, max_examples=40)
def test_release_falls_by_one_step_at_most_and_never_below_the_curve(
    curve: Curve, step: int
) -> None:
    out = LinearRelease(step).process(curve)
    held = 0
    for value, got in zip(curve.tolist(), out.tolist(), strict=True):
        held = max(value, held - step)
        assert got == held


@pytest.mark.parametrize(
    "make",
    [lambda: Closing(7), lambda: LinearRelease(13), lambda: BoxCascade(11), lambda: TrailingMax(5)],
)
def test_cuts_do_not_matter(make: Callable[[], Closing | BoxCascade]) -> None:
    curve = np.random.default_rng(3).integers(0, 10_000, 500)
    whole = make().process(curve)
    other = make()
    parts = [other.process(part) for part in np.split(curve, [1, 17, 18, 200, 203, 499])]
    assert np.array_equal(np.concatenate(parts), whole)


def test_closing_fills_gaps_and_leaves_lone_humps_alone() -> None:
    curve = np.zeros(60, dtype=np.int64)
    curve[[10, 16]] = 5  # five zeros between: shorter than the window
    curve[40] = 9
    closing = Closing(7)
    out = closing.process(curve)[closing.latency :]
    expected = curve.copy()
    expected[10:17] = 5
    assert np.array_equal(out, expected[: out.size])


def test_box_cascade_is_a_mean_that_comes_back_to_exactly_zero() -> None:
    curve = np.zeros(300, dtype=np.int64)
    curve[50:150] = 777
    boxes = BoxCascade(30)
    out = boxes.process(curve)
    assert out[100] == 777 * boxes.scale  # constant over the window: the constant itself
    assert out[49] == 0
    assert out[50] > 0
    assert not out[150 + 28 :].any()  # three boxes of ten reach 28 frames back
    assert boxes.idle
    assert (np.diff(out[50:90]) >= 0).all()  # no overshoot on the way
