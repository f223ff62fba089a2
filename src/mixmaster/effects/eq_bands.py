"""The bands of an equaliser: what each shape reads, and the filter that it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import MisfitError, Settings, parameter
from mixmaster.dsp import filters
from mixmaster.effects.lanes import Channels
from mixmaster.errors import Problem

Shape = Literal[
    "bell",
    "low_shelf",
    "high_shelf",
    "high_pass",
    "low_pass",
    "notch",
    "band_pass",
    "tilt",
    "all_pass",
]

APPLIES: dict[str, tuple[str, ...]] = {
    "bell": ("gain_db", "q"),
    "low_shelf": ("gain_db", "q"),
    "high_shelf": ("gain_db", "q"),
    "high_pass": ("slope_db_per_octave",),
    "low_pass": ("slope_db_per_octave",),
    "notch": ("q",),
    "band_pass": ("q",),
    "tilt": ("gain_db",),
    "all_pass": ("q",),
}
"""Which parameters a shape reads besides its frequency; any other one is an error."""

_LOWEST_HZ = 5.0
_MOST_DB = 36.0
_HIGHEST_Q = 60.0
_OPTIONAL = ("gain_db", "q", "slope_db_per_octave")
_DEFAULT_Q = 2.0**-0.5
_DEFAULT_SLOPE = 12
HIGHEST_SHELF_Q = 2.0
NO_GAIN_DB = 1e-9
"""Less than this is no gain: double precision could not tell the band from nothing."""
_LEAST_TILT_DB = 1e-6
"""A tilt that is moved through 0 dB passes it by this much: its design divides by the gain."""

MOVABLE = ("frequency_hz", "gain_db", "q")
"""What of a band automation may move, as far as its shape reads it."""


class EqBand(Settings):
    """One band. A parameter that its shape does not read is an error that says so."""

    shape: Shape = parameter(
        "bell",
        "What the band does: bell lifts or dips around a frequency; low_shelf and high_shelf "
        "everything below or above it; high_pass and low_pass cut what lies below or above; "
        "notch takes one pitch out, band_pass keeps only its surroundings; tilt turns the whole "
        "balance darker or brighter around it; all_pass moves phase and no level.",
    )
    frequency_hz: float = parameter(
        ...,
        "Where the band sits: weight at 60 to 120, mud at 200 to 400, nose at 800 to 1200, bite "
        "at 2000 to 5000, air above 10000. The centre of a bell, half the gain of a shelf, "
        "3 dB down of a high- or low-pass.",
        low=_LOWEST_HZ,
        high=192_000.0,
        automatable=True,
    )
    gain_db: float | None = parameter(
        None,
        "How far a bell or shelf lifts (above 0) or dips (below 0); a tilt lifts the top by "
        "this and lowers the bottom by as much. 1 to 3 is polish, 4 to 8 is shaping, more is "
        "repair or effect. 0, or silent, leaves the band out.",
        low=-_MOST_DB,
        high=_MOST_DB,
        automatable=True,
    )
    q: float | None = parameter(
        None,
        "How narrow the band is: 0.5 to 1 is broad and sounds natural, 2 to 4 picks out a "
        "region, 8 and more one ring or hum. On a shelf 0.71 is the steepest without a bump, and "
        "2 the most. 0.71 if silent.",
        low=0.1,
        high=_HIGHEST_Q,
        automatable=True,
    )
    slope_db_per_octave: Literal[6, 12, 18, 24, 36, 48] | None = parameter(
        None,
        "How steeply a high- or low-pass cuts: 6 to 12 is gentle, 18 to 24 clears rumble, 36 "
        "and 48 are a wall. 12 if silent.",
    )

    channels: Channels = parameter(
        "stereo",
        "What of a stereo signal the band works on: stereo all of it; mid what both sides share "
        "(voice, kick, bass), side what they differ in (width, room, doubled guitars), left or "
        "right one side alone. Left and right come first, then mid and side.",
    )

    @model_validator(mode="after")
    def _reads_what_it_is_given(self) -> Self:
        applies = APPLIES[self.shape]
        known = " and ".join(("frequency_hz", *applies))
        problems = [
            Problem(key, f"a {self.shape} does not read {key}", f"it reads {known}")
            for key in _OPTIONAL
            if getattr(self, key) is not None and key not in applies
        ]
        if self.shape.endswith("_shelf") and self.q is not None and not self.q <= HIGHEST_SHELF_Q:
            problems.append(
                Problem(
                    "q", f"a shelf with a q of {self.q:g} rings", "at most 2; a bell goes higher"
                )
            )
        if problems:
            raise MisfitError(problems)
        return self

    def sections(self, sample_rate_hz: float) -> Block:
        """Return the band's second-order sections, ``(sections, 6)``; none if it does nothing."""
        gain_db = 0.0 if self.gain_db is None else self.gain_db
        if "gain_db" in APPLIES[self.shape] and abs(gain_db) < NO_GAIN_DB:
            return np.zeros((0, 6))
        return self._designed(self.frequency_hz, gain_db, self._still_q, sample_rate_hz)

    def moved_sections(self, moved: Mapping[str, float], sample_rate_hz: float) -> Block:
        """Return the band's sections with some figures of its own replaced, ``(sections, 6)``.

        There are always as many of them: a band of 0 dB is one that does nothing. A frequency
        that automation takes beyond 0.49 of the rate stays there, a shelf's q at 2.

        Args:
            moved: Values of ``frequency_hz``, ``gain_db`` and ``q``, by name.
            sample_rate_hz: The rate.
        """
        frequency_hz = min(moved.get("frequency_hz", self.frequency_hz), 0.49 * sample_rate_hz)
        gain_db = moved.get("gain_db", 0.0 if self.gain_db is None else self.gain_db)
        q = moved.get("q", self._still_q)
        if self.shape.endswith("_shelf"):
            q = min(q, HIGHEST_SHELF_Q)
        if self.shape == "tilt" and abs(gain_db) < _LEAST_TILT_DB:
            gain_db = _LEAST_TILT_DB
        return self._designed(frequency_hz, gain_db, q, sample_rate_hz)

    def longest_ringing(self, moved: Iterable[str]) -> dict[str, float]:
        """Return the values of those figures at which the band rings longest of all."""
        ends = {"frequency_hz": _LOWEST_HZ, "gain_db": _MOST_DB, "q": _HIGHEST_Q}
        return {name: ends[name] for name in moved}

    @property
    def _still_q(self) -> float:
        return _DEFAULT_Q if self.q is None else self.q

    def _designed(self, frequency_hz: float, gain_db: float, q: float, rate_hz: float) -> Block:
        slope = self.slope_db_per_octave or _DEFAULT_SLOPE
        match self.shape:
            case "bell":
                return filters.bell(frequency_hz, gain_db, q, rate_hz)
            case "low_shelf":
                return filters.low_shelf(frequency_hz, gain_db, q, rate_hz)
            case "high_shelf":
                return filters.high_shelf(frequency_hz, gain_db, q, rate_hz)
            case "high_pass":
                return filters.high_pass(frequency_hz, slope, rate_hz)
            case "low_pass":
                return filters.low_pass(frequency_hz, slope, rate_hz)
            case "notch":
                return filters.notch(frequency_hz, q, rate_hz)
            case "band_pass":
                return filters.band_pass(frequency_hz, q, rate_hz)
            case "tilt":
                return filters.tilt(frequency_hz, gain_db, rate_hz)
            case "all_pass":
                return filters.all_pass(frequency_hz, q, rate_hz)
