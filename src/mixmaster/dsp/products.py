"""Matrix products whose rows come out the same wherever they stand.

BLAS computes a product in tiles, and how a tile adds up depends on the processor: OpenBLAS 0.3.31
on some sums the rows 0 to 5 of every 12 in another order than the rows 6 to 11, which moves the
last bit. A row that is computed among others must not depend on which others there are, or the
bytes would depend on how a song is cut into blocks. So products are made in batches of one fixed
shape, of a length at which, tried on this very processor, every place in the batch gives the same
bits.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

BATCHES: Final = (64, 32, 16, 8, 4)
"""Lengths that are tried, the fastest first. One row at a time would always do."""


@cache
def batch_rows(inner: int, columns: int, single: bool, most: int = BATCHES[0]) -> int:
    """Return how many rows a batch has for products of this shape.

    Args:
        inner: Columns of the rows, rows of the matrix.
        columns: Columns of the matrix.
        single: Whether they are float32; float64 otherwise.
        most: The longest batch that is wanted.
    """
    dtype = np.float32 if single else np.float64
    random = np.random.default_rng(1)
    matrix = random.standard_normal((inner, columns)).astype(dtype)
    row = random.standard_normal(inner).astype(dtype)
    for batch in (each for each in BATCHES if each <= most):
        others = random.standard_normal((batch, inner)).astype(dtype)
        every = np.broadcast_to(others, (batch, batch, inner)).copy()
        places = np.arange(batch)
        every[places, places] = row
        made = np.matmul(every, matrix)[places, places]
        if (made == made[0]).all():
            return batch
    return 1


def rows_times(rows: Floats, matrix: Floats, *, most: int = BATCHES[0]) -> Floats:
    """Return ``rows @ matrix``, every row as if it were alone.

    Args:
        rows: ``(n, inner)``.
        matrix: ``(inner, columns)``, C-contiguous, of the same type.
        most: The longest batch; a short one wastes less where few rows come at a time. Always the
            same for one purpose: batches of two lengths may differ in the last bit.

    Returns:
        ``(n, columns)``.
    """
    count, inner = rows.shape
    columns = matrix.shape[1]
    batch = batch_rows(inner, columns, rows.dtype == np.float32, most)
    whole = count - count % batch
    out = np.empty((count, columns), rows.dtype)
    if whole:
        stacked = rows[:whole].reshape(-1, batch, inner)
        np.matmul(stacked, matrix, out=out[:whole].reshape(-1, batch, columns))
    if whole < count:
        last = np.zeros((batch, inner), rows.dtype)
        last[: count - whole] = rows[whole:]
        out[whole:] = np.matmul(last, matrix)[: count - whole]
    return out
