"""A row of a product is the same bytes wherever it stands, and whatever stands beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.dsp.products import batch_rows, rows_times


@pytest.mark.parametrize("single", [True, False])
@given(
    shape=st.sampled_from([(256, 64), (256, 128), (192, 12), (255, 256), (7, 3), (1, 1)]),
    count=st.integers(1, 200),
    seed=st.integers(0, 9),
    data=st.data(),
)
@settings(max_examples=40, deadline=None)
def test_a_row_does_not_depend_on_the_others(
    single: bool, shape: tuple[int, int], count: int, seed: int, data: st.DataObject
) -> None:
    dtype: Any = np.float32 if single else np.float64
    random = np.random.default_rng(seed)
    rows = random.standard_normal((count, shape[0])).astype(dtype)
    matrix = random.standard_normal(shape).astype(dtype)
    every = rows_times(rows, matrix)
    first = data.draw(st.integers(0, count - 1))
    last = data.draw(st.integers(first + 1, count))
    np.testing.assert_array_equal(rows_times(rows[first:last], matrix), every[first:last])


@pytest.mark.parametrize("single", [True, False])
def test_it_is_the_product(single: bool) -> None:
    dtype: Any = np.float32 if single else np.float64
    random = np.random.default_rng(2)
    rows, matrix = random.standard_normal((131, 256)), random.standard_normal((256, 64))
    exact = rows.astype(dtype).astype(np.longdouble) @ matrix.astype(dtype).astype(np.longdouble)
    made = rows_times(rows.astype(dtype), matrix.astype(dtype))
    np.testing.assert_allclose(made, exact.astype(np.float64), atol=256 * np.finfo(dtype).eps * 8)
    assert rows_times(np.zeros((0, 256), dtype), matrix.astype(dtype)).shape == (0, 64)


def test_a_batch_is_no_longer_than_is_wanted() -> None:
    assert 1 <= batch_rows(256, 64, single=True, most=8) <= 8
    assert 1 <= batch_rows(256, 64, single=False) <= 64
