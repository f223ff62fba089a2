"""Curves of any length brought to a chart's columns, keeping what the eye is to find."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mixmaster.pages.scene import Points

Keep = Literal["max", "min", "mean"]


def reduced(
    x: Points, y: Points, *, low: float = 0.0, high: float, columns: int, keep: Keep
) -> tuple[Points, Points]:
    """Return a curve with at most one point a column.

    Args:
        x: Rising.
        y: NaN where there is nothing.
        low: Where the columns begin.
        high: Where they end.
        columns: How many there are.
        keep: What stands for a column: its largest value, its smallest, or the mean.

    Returns:
        x and y; a curve that has no more points than columns as it is.
    """
    if len(x) <= columns:
        return x, y
    of = column_of(x, low, high, columns)
    starts = np.flatnonzero(np.diff(of, prepend=-1))
    if keep == "mean":
        known = np.isfinite(y)
        count = np.add.reduceat(known.astype(np.float64), starts)
        total = np.add.reduceat(np.where(known, y, 0.0), starts)
        values = np.where(count > 0.0, total / np.maximum(count, 1.0), np.nan)
    else:
        values = (np.fmax if keep == "max" else np.fmin).reduceat(y, starts)
    centres = low + (of[starts] + 0.5) * (high - low) / columns
    return centres, values


def column_of(x: Points, low: float, high: float, columns: int) -> np.ndarray:
    """Return the column that each place lies in, 0 to ``columns - 1``."""
    share = (x - low) / max(high - low, 1e-12)
    return np.clip((share * columns).astype(np.int64), 0, columns - 1)


def sampled(x: Points, y: Points, at: Points) -> Points:
    """Return a curve's values at places; NaN beyond its ends and where it has none."""
    if len(x) == 0:
        return np.full(len(at), np.nan)
    return np.asarray(np.interp(at, x, y, left=np.nan, right=np.nan))
