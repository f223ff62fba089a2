"""Which part of the song is wanted: from here to there, or the loudest stretch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import Block
from mixmaster.engine.render import Passage
from mixmaster.errors import UsageError
from mixmaster.metering.loudness import SLICES_PER_SECOND
from mixmaster.mixing.console import Place
from mixmaster.mixing.staging import sum_powers
from mixmaster.units import db_to_gain


@dataclass(frozen=True, slots=True)
class Section:
    """The part of the song that is wanted.

    Attributes:
        from_s: Where it begins, in seconds.
        to_s: Where it ends; None means the end of the song.
        loudest_s: The loudest stretch of this many seconds instead.
    """

    from_s: float = 0.0
    to_s: float | None = None
    loudest_s: float | None = None


def passage_of(
    section: Section | None,
    length_s: float,
    rate: int,
    loudest: Callable[[float], tuple[float, float]],
) -> Passage | None:
    """Return the section in frames.

    Args:
        section: What is wanted; None for all.
        length_s: The song's length.
        rate: The session's rate.
        loudest: Tells where the loudest stretch of so many seconds begins and ends.

    Raises:
        UsageError: For a section that lies outside the song.
    """
    if section is None:
        return None
    stop_s: float | None
    if section.loudest_s is not None:
        start_s, stop_s = loudest(section.loudest_s)
    else:
        start_s, stop_s = section.from_s, section.to_s
    if not 0.0 <= start_s < length_s:
        raise UsageError(
            "--from", f"{start_s:g} s lies outside the song", f"it is {length_s:.2f} s long"
        )
    if stop_s is None or stop_s >= length_s:
        return Passage(round(start_s * rate), None)
    if not stop_s > start_s:
        raise UsageError("--to", f"{stop_s:g} s is not after --from {start_s:g} s")
    return Passage(round(start_s * rate), round(stop_s * rate))


def loudest_stretch(
    wanted_s: float, places: Sequence[Place], powers: Mapping[str, Block], length_s: float
) -> tuple[float, float]:
    """Return where the loudest stretch of ``wanted_s`` begins and ends, in seconds.

    It is that of the stems' summed power after staging and faders: inserts do not move it by
    much, and the mix need not be rendered to find it.

    Args:
        wanted_s: Its length.
        places: Of the stems that are heard.
        powers: Of all stems.
        length_s: The song's length.
    """
    if not wanted_s > 0.0:
        raise UsageError("--section", f"loudest:{wanted_s:g}s has no length")
    total = sum_powers(
        [
            powers[place.id][np.newaxis] * db_to_gain(place.input_gain_db + place.fader_db) ** 2
            for place in places
            if place.fader_db is not None
        ]
    )
    width = max(1, round(wanted_s * SLICES_PER_SECOND))
    if width >= total.size:
        return 0.0, length_s
    sums = np.concatenate(([0.0], np.cumsum(total)))
    start = int(np.argmax(sums[width:] - sums[:-width]))
    return start / SLICES_PER_SECOND, start / SLICES_PER_SECOND + wanted_s
