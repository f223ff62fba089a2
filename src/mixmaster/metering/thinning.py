"""Curves with a bounded number of points, for pages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block


def highest_of_groups(values: Block, limit: int) -> npt.NDArray[np.intp]:
    """Return the index of the highest of each group of neighbours, in order, ``limit`` at most.

    Groups are as small as that allows, so up to ``limit`` values all are kept. NaN counts as
    the lowest; of equal values the first is taken.

    Args:
        values: ``(points,)``.
        limit: 1 or more.
    """
    size = max(-(-values.size // limit), 1)
    groups = -(-values.size // size)
    padded = np.full(groups * size, -np.inf)
    padded[: values.size] = np.where(np.isnan(values), -np.inf, values)
    return np.asarray(padded.reshape(groups, size).argmax(axis=1) + size * np.arange(groups))
