"""Which tracks go on which side: as they say, or proposed by length."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Final

import numpy as np

from mixmaster.errors import UsageError
from mixmaster.release.vinyl.record import Vinyl, VinylTrack

_LETTERS: Final = string.ascii_uppercase
_JOINED_S: Final = 600.0
"""What it costs to turn the record over in a gapless join, in seconds of imbalance."""


def choose_sides(
    tracks: Sequence[VinylTrack], vinyl: Vinyl, lengths_s: Sequence[float]
) -> tuple[tuple[int, ...], ...]:
    """Return the tracks of each side, A first, by their places in ``tracks``.

    Where a track says its side, all follow: one that says nothing is on the side of the track
    before. Where none does, the fewest sides (two, four, six: whole records; a lone track has
    one; an odd number where that alone will do) are taken whose longest is at most 3 dB quieter
    than full level, and the order is cut so
    that sides are as alike in length as can be, not in a gapless join.

    Args:
        tracks: The tracks, in order.
        vinyl: The record.
        lengths_s: Their lengths, s.

    Raises:
        UsageError: For sides that do not follow each other: A, B, C ...
    """
    if any(track.side for track in tracks):
        return _as_said(tracks)
    costs = [
        _length_s(track, vinyl, length) for track, length in zip(tracks, lengths_s, strict=True)
    ]
    count = len(tracks)
    if count == 1:
        return ((0,),)
    most = min(count, len(_LETTERS))
    best: tuple[tuple[int, ...], ...] = ()
    fewest = max(2, 2 * math.ceil(0.5 * sum(lengths_s) / vinyl.longest_s))
    even = range(min(fewest, most - most % 2), most + 1, 2)
    for sides in (*even, most) if most % 2 else even:
        best = _cut(tracks, costs, sides)
        if max(_side_s(costs, tracks, vinyl, side) for side in best) <= vinyl.longest_s:
            break
    return best


def letter(side: int) -> str:
    """Return a side's letter: A, B, C ..."""
    return _LETTERS[side]


def _as_said(tracks: Sequence[VinylTrack]) -> tuple[tuple[int, ...], ...]:
    sides: list[list[int]] = []
    for place, track in enumerate(tracks):
        said = track.side.strip().upper() or (_LETTERS[len(sides) - 1] if sides else "A")
        if not sides or said != _LETTERS[len(sides) - 1]:
            wanted = _LETTERS[len(sides)] if len(sides) < len(_LETTERS) else ""
            if said != wanted:
                raise UsageError(
                    f"track {place + 1}",
                    f"it is on side {track.side or said}, but side {wanted} comes next",
                    "sides follow each other, A, B, C ..., in the tracks' order",
                )
            sides.append([])
        sides[-1].append(place)
    return tuple(tuple(side) for side in sides)


def _length_s(track: VinylTrack, vinyl: Vinyl, length_s: float) -> float:
    gap_s = vinyl.gap_s if track.gap_s is None else track.gap_s
    return length_s + (-track.crossfade_s if track.crossfade_s > 0.0 else gap_s)


def _side_s(
    costs: Sequence[float], tracks: Sequence[VinylTrack], vinyl: Vinyl, side: Sequence[int]
) -> float:
    lead = _length_s(tracks[side[0]], vinyl, 0.0)
    return sum(costs[place] for place in side) - lead


def _cut(
    tracks: Sequence[VinylTrack], costs: Sequence[float], sides: int
) -> tuple[tuple[int, ...], ...]:
    """Cut the order into sides with the least sum of squared lengths, which is the most alike."""
    count = len(costs)
    sums = np.concatenate([[0.0], np.cumsum(costs)])
    turned = np.array([_JOINED_S**2 if track.joined else 0.0 for track in tracks])
    turned[0] = 0.0
    # The least cost of the first n tracks on so many sides, and where the last of these begins.
    least = np.full(count + 1, np.inf)
    least[0] = 0.0
    begins: list[list[int]] = []
    for done in range(1, sides + 1):
        row, first = np.full(count + 1, np.inf), [0] * (count + 1)
        for stop in range(done, count - (sides - done) + 1):
            where = slice(done - 1, stop)
            whole = least[where] + (sums[stop] - sums[where]) ** 2 + turned[where]
            best = int(np.argmin(whole))
            row[stop], first[stop] = whole[best], done - 1 + best
        least = row
        begins.append(first)
    cuts: list[tuple[int, ...]] = []
    stop = count
    for row_begins in reversed(begins):
        cuts.append(tuple(range(row_begins[stop], stop)))
        stop = row_begins[stop]
    return tuple(reversed(cuts))
