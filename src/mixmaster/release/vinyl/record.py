"""What a record is to be made from, and what its sides can hold."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

from mixmaster.release.discs.sequence import Law
from mixmaster.results import Result

Diameter = Literal[7, 10, 12]
Speed = Literal[33, 45]

FULL_LEVEL_MIN: Final[dict[tuple[Diameter, Speed], float]] = {
    (12, 33): 19.5,
    (12, 45): 14.5,
    (10, 33): 13.5,
    (10, 45): 10.0,
    (7, 33): 7.0,
    (7, 45): 5.0,
}
"""How long a side may be at full level, minutes: what a pressing service asks for
(support.qrates.com, "What difference does the vinyl size make?")."""

QUIETER: Final[dict[tuple[Diameter, Speed], tuple[tuple[float, float], ...]]] = {
    (12, 33): ((20.0, 0.0), (24.0, -3.0), (28.0, -6.0)),
    (12, 45): ((13.5, 0.0), (16.0, -3.0)),
    (10, 33): ((13.0, 0.0), (17.0, -3.0), (19.0, -6.0)),
    (10, 45): ((10.0, 0.0), (12.0, -3.0)),
    (7, 33): ((6.5, 0.0), (7.5, -3.0), (9.5, -6.0)),
    (7, 45): ((5.0, 0.0), (6.0, -3.0)),
}
"""Minutes a side and the level that they leave, dB re the RIAA reference level: a cutting
studio's chart (lossenderosstudio.com, chart 24), which calls it typical: bass and level decide."""

USUAL_GAP_S: Final = 2.0
"""The visual band between tracks."""


@dataclass(frozen=True, slots=True)
class VinylTrack(Result):
    """A track of a record.

    Attributes:
        source: Its premaster, mono or stereo; all of a record have one rate.
        title: Its title.
        performer: Whose it is; the record's if empty.
        isrc: Its ISRC.
        gap_s: Silence before it, s, on which the cutting engineer spreads the grooves into a
            visible band; None is the usual gap, 0 none. The first of a side has none.
        crossfade_s: How long it overlaps with the track before, s, in place of a gap.
        crossfade_law: How.
        side: The side that it is cut on, A, B, C ...; empty follows the track before. Where no
            track has one, sides are proposed.
    """

    source: Path
    title: str = ""
    performer: str = ""
    isrc: str = ""
    gap_s: float | None = None
    crossfade_s: float = 0.0
    crossfade_law: Law = "equal_power"
    side: str = ""

    @property
    def joined(self) -> bool:
        """Whether it goes on without a gap from the track before."""
        return self.crossfade_s > 0.0 or self.gap_s == 0.0


@dataclass(frozen=True, slots=True)
class Vinyl(Result):
    """A record.

    Attributes:
        title: Its title.
        performer: Whose it is.
        catalogue_number: The label's number, for the run-out groove.
        diameter_in: 7, 10 or 12 inches.
        speed_rpm: 33 (and a third) or 45.
        gap_s: The usual gap, s.
        bit_depth: Of the sides' files.
    """

    title: str = ""
    performer: str = ""
    catalogue_number: str = ""
    diameter_in: Diameter = 12
    speed_rpm: Speed = 33
    gap_s: float = USUAL_GAP_S
    bit_depth: Literal[16, 24] = 24

    @property
    def full_level_s(self) -> float:
        """How long a side may be at full level, s."""
        return 60.0 * FULL_LEVEL_MIN[self.diameter_in, self.speed_rpm]

    @property
    def longest_s(self) -> float:
        """How long a side may be before it is 3 dB quieter, s; what sides are proposed for."""
        chart = QUIETER[self.diameter_in, self.speed_rpm]
        return 60.0 * chart[1][0]

    def level_db(self, side_s: float) -> float | None:
        """Return about how much quieter such a side is cut, dB; None beyond the chart."""
        chart = QUIETER[self.diameter_in, self.speed_rpm]
        minutes = side_s / 60.0
        if minutes <= chart[0][0]:
            return 0.0
        for (before, high_db), (after, low_db) in pairwise(chart):
            if minutes <= after:
                return high_db + (low_db - high_db) * (minutes - before) / (after - before)
        return None
