"""Attack and release against scalar recursions and exponentials."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import Block
from mixmaster.dsp.envelopes import MovingReleasePeak, OnePole, ReleasePeak, rest_when_silent


def stepped_release(values: Block, release_steps: float) -> Block:
    decay = math.exp(-1.0 / release_steps)
    out, last = np.empty_like(values), 0.0
    for n, value in enumerate(values):
        last = out[n] = max(value, decay * last)
    return out


def stepped_one_pole(values: Block, steps: float) -> Block:
    pole = math.exp(-1.0 / steps) if steps > 0.0 else 0.0
    out, last = np.empty_like(values), 0.0
    for n, value in enumerate(values):
        last = out[n] = pole * last + (1.0 - pole) * value
    return out


def bursts(seed: int, count: int) -> Block:
    random = np.random.default_rng(seed)
    return np.maximum(0.0, random.standard_normal(count) - 2.0)


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 10_000),
    st.sampled_from([1, 4, 64, 1024]),
    st.floats(2.0, 1e5),
    st.integers(1, 6),
)
def test_the_running_maximum_is_the_stepped_release(
    seed: int, row_steps: int, release_steps: float, rows: int
) -> None:
    values = bursts(seed, rows * row_steps)

    released = ReleasePeak(release_steps, row_steps).process(values.copy().reshape(rows, -1))

    expected = stepped_release(values, release_steps)
    np.testing.assert_allclose(released.reshape(-1), expected, rtol=1e-9, atol=1e-8)


def test_a_peak_falls_to_1_over_e_in_the_release() -> None:
    values = np.zeros((4, 1024))
    values[0, 100] = 3.0

    released = ReleasePeak(1500.0, 1024).process(values).reshape(-1)

    assert released[99] == 0.0
    assert released[100] == pytest.approx(3.0, rel=1e-14)
    assert released[1600] == pytest.approx(3.0 / math.e, rel=1e-12)


def test_rows_of_zeros_need_not_be_given() -> None:
    rows = bursts(3, 9 * 64).reshape(9, -1)
    rows[[0, 3, 4, 8]] = 0.0
    whole = ReleasePeak(90.0, 64).process(rows.copy())

    given_rows = np.array([1, 2, 5, 6, 7])
    parts = ReleasePeak(90.0, 64).process(rows[given_rows], given_rows, 9)

    assert np.array_equal(parts, whole)
    none = np.zeros(0, dtype=np.int64)
    release = ReleasePeak(90.0, 64)
    release.carried = 2.0
    out = release.process(np.zeros((0, 64)), none, 2)
    np.testing.assert_allclose(out.reshape(-1), 2.0 * np.exp(-np.arange(1, 129) / 90.0))


def test_hours_of_rows_stay_exact() -> None:
    release = ReleasePeak(10_000.0, 4096)
    for _ in range(2_000):
        out = release.process(np.full((1, 4096), 0.5))
    np.testing.assert_allclose(out, 0.5, rtol=1e-13)


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 10_000),
    st.sampled_from([1, 2, 16, 256]),
    st.floats(0.0, 1e4),
    st.integers(1, 6),
)
def test_lanes_are_the_stepped_one_pole(seed: int, row_steps: int, steps: float, rows: int) -> None:
    values = bursts(seed, rows * row_steps)

    out = OnePole(steps, row_steps, gain=-2.5).process(values.copy().reshape(rows, -1))

    expected = -2.5 * stepped_one_pole(values, steps)
    np.testing.assert_allclose(out.reshape(-1), expected, rtol=1e-10, atol=1e-12)


def test_a_step_has_gone_63_percent_of_the_way_in_the_time_constant() -> None:
    out = OnePole(480.0, 1024).process(np.ones((1, 1024)))[0]

    assert out[479] == pytest.approx(1.0 - 1.0 / math.e, rel=1e-12)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([1, 8, 512]), st.lists(st.integers(1, 5)))
def test_rows_may_arrive_in_any_portions(seed: int, row_steps: int, portions: list[int]) -> None:
    rows = bursts(seed, 20 * row_steps).reshape(20, -1)
    rows[5:12] = 0.0
    cuts = [0, *[cut for cut in np.cumsum(portions).tolist() if cut < 20], 20]

    def run(cuts: list[int]) -> Block:
        release, attack = ReleasePeak(30.0, row_steps), OnePole(7.0, row_steps)
        parts = [rows[a:b].copy() for a, b in itertools.pairwise(cuts)]
        return np.concatenate([rest_when_silent(release.process(p), attack) for p in parts])

    assert np.array_equal(run(cuts), run([0, 20]))


def test_silence_ends_in_exact_rest() -> None:
    release, attack = ReleasePeak(50.0, 1024), OnePole(20.0, 1024)
    rows = np.zeros((6, 1024))
    rows[0, :10] = 4.0

    out = rest_when_silent(release.process(rows), attack)

    assert out[0].max() > 0.1
    assert release.carried == 0.0
    assert attack.last == 0.0
    assert np.array_equal(out[-1], np.zeros(1024))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([1, 8, 512]), st.integers(1, 6))
def test_a_moving_release_is_the_stepped_one(seed: int, row_steps: int, rows: int) -> None:
    values = bursts(seed, rows * row_steps)
    times: Block = np.random.default_rng(seed).uniform(2.0, 500.0, (rows, row_steps))
    moving = MovingReleasePeak()

    cut = rows // 2
    parts = [
        moving.process(values.copy().reshape(rows, -1)[part], times[part])
        for part in (slice(0, cut), slice(cut, rows))
        if part.stop > part.start
    ]

    expected, last = np.empty_like(values), 0.0
    for n, value in enumerate(values):
        last = expected[n] = max(value, math.exp(-1.0 / times.flat[n]) * last)
    np.testing.assert_allclose(np.concatenate(parts).reshape(-1), expected, rtol=1e-9, atol=1e-8)


def test_a_smoother_rests_in_silent_rows_that_it_is_told_of() -> None:
    smoother = OnePole(20.0, 64)
    rows = np.zeros((40, 64))
    rows[0, -1] = 1.0

    out = rest_when_silent(rows, smoother, np.arange(40) > 0)

    assert out[1].max() > 0.01
    assert smoother.last == 0.0
    assert np.array_equal(out[-1], np.zeros(64))
