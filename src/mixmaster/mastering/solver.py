"""The loudness solver: which gain into the limiter gives the loudness that is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

ACCEPTED_LU: Final = 0.024
"""How near a finished file must be: two tracks of an album are then within 0.05 LU of what they are
to be to each other, and one by itself leaves the rest of 0.05 for other meters."""

MOST_DRIVE_DB: Final = 24.0
"""Further than this into a limiter there is no more loudness, only damage."""

_CLOSE_LU: Final = 0.002
_MOST_STEPS: Final = 40


class UnreachableError(Exception):
    """The loudness cannot be reached; ``loudest_lufs`` at ``gain_db`` is the most there is."""

    def __init__(self, gain_db: float, loudest_lufs: float) -> None:
        super().__init__(gain_db, loudest_lufs)
        self.gain_db = gain_db
        self.loudest_lufs = loudest_lufs


def solve_gain_db(
    loudness: Callable[[float], float], wanted_lufs: float, least_gain_db: float
) -> float:
    """Return the gain at which ``loudness(gain_db)`` is ``wanted_lufs``, within 0.002 LU.

    Limiting only takes loudness away, so the search starts at the gain that would do without a
    limiter and goes up; then regula falsi (the Illinois variant: Dowell and Jarratt, 1971).

    Args:
        loudness: Integrated loudness as a function of the gain.
        wanted_lufs: What it is to be.
        least_gain_db: The gain that would do without limiting.

    Raises:
        UnreachableError: When ``MOST_DRIVE_DB`` more than that is not enough.
    """
    low, low_error = least_gain_db, loudness(least_gain_db) - wanted_lufs
    if low_error >= -_CLOSE_LU:
        return low
    step = 0.5
    high, high_error = low, low_error
    while high_error < 0.0:
        low, low_error = high, high_error
        if high >= least_gain_db + MOST_DRIVE_DB:
            raise UnreachableError(high, wanted_lufs + high_error)
        high = min(high + step, least_gain_db + MOST_DRIVE_DB)
        step *= 2.0
        high_error = loudness(high) - wanted_lufs
    side = 0
    for _ in range(_MOST_STEPS):
        middle = (low * high_error - high * low_error) / (high_error - low_error)
        error = loudness(middle) - wanted_lufs
        if abs(error) <= _CLOSE_LU:
            return middle
        if error < 0.0:
            low, low_error = middle, error
            high_error *= 0.5 if side == -1 else 1.0
            side = -1
        else:
            high, high_error = middle, error
            low_error *= 0.5 if side == 1 else 1.0
            side = 1
    return high
