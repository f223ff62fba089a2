"""A parametric equaliser: any number of bands of nine shapes."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import MisfitError, Settings, items, parameter
from mixmaster.dsp import filters
from mixmaster.dsp.decay import ring_out_samples
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Processor
from mixmaster.effects.keyless import KeylessEffect
from mixmaster.errors import DocumentError, Problem

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

_OPTIONAL = ("gain_db", "q", "slope_db_per_octave")
_DEFAULT_Q = 2.0**-0.5
_DEFAULT_SLOPE = 12
_HIGHEST_SHELF_Q = 2.0
_NO_GAIN_DB = 1e-9
"""Less than this is no gain: double precision could not tell the band from nothing."""


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
        low=5.0,
        high=192_000.0,
    )
    gain_db: float | None = parameter(
        None,
        "How far a bell or shelf lifts (above 0) or dips (below 0); a tilt lifts the top by "
        "this and lowers the bottom by as much. 1 to 3 is polish, 4 to 8 is shaping, more is "
        "repair or effect. 0, or silent, leaves the band out.",
        low=-36.0,
        high=36.0,
    )
    q: float | None = parameter(
        None,
        "How narrow the band is: 0.5 to 1 is broad and sounds natural, 2 to 4 picks out a "
        "region, 8 and more one ring or hum. On a shelf 0.71 is the steepest without a bump, and "
        "2 the most. 0.71 if silent.",
        low=0.1,
        high=60.0,
    )
    slope_db_per_octave: Literal[6, 12, 18, 24, 36, 48] | None = parameter(
        None,
        "How steeply a high- or low-pass cuts: 6 to 12 is gentle, 18 to 24 clears rumble, 36 "
        "and 48 are a wall. 12 if silent.",
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
        if self.shape.endswith("_shelf") and self.q is not None and not self.q <= _HIGHEST_SHELF_Q:
            problems.append(
                Problem(
                    "q", f"a shelf with a q of {self.q:g} rings", "at most 2; a bell goes higher"
                )
            )
        if problems:
            raise MisfitError(problems)
        return self


class Eq(KeylessEffect):
    """The bands in order; those of 0 dB are left out, and no bands are the identity."""

    summary: ClassVar[str] = "Parametric equaliser: shapes the balance of lows, mids and highs."

    effect: Literal["eq"] = parameter("eq", "The effect's name: eq, an equaliser.")
    bands: tuple[EqBand, ...] = items(
        "The bands, each a table with a shape and a frequency; their order does not matter.",
        most=32,
    )

    def prepare(self, context: Context) -> Processor:
        """Return the bands as one cascade.

        Raises:
            DocumentError: For a band at or above the Nyquist frequency.
        """
        nyquist_hz = 0.5 * context.sample_rate_hz
        problems = tuple(
            Problem(
                f"bands.{number}.frequency_hz",
                f"{band.frequency_hz:g} Hz cannot exist at {context.sample_rate_hz} Hz",
                f"below {nyquist_hz:g} Hz",
            )
            for number, band in enumerate(self.bands, start=1)
            if not band.frequency_hz < nyquist_hz
        )
        if problems:
            raise DocumentError(context.where, problems)
        sections = [sections_of(band, context.sample_rate_hz) for band in self.bands]
        sections = [sos for sos in sections if len(sos)]
        if not sections:
            return BypassProcessor()
        return EqProcessor(np.concatenate(sections), context.channels)


class EqProcessor(Processor):
    """A cascade of second-order sections.

    Args:
        sos: ``(sections, 6)``.
        channels: Channels of every block.
    """

    def __init__(self, sos: Block, channels: int) -> None:
        self._filter = SosFilter(sos, channels)
        self.tail_samples = ring_out_samples(sos)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the equalised block."""
        del at
        return self._filter.process(block)


def sections_of(band: EqBand, sample_rate_hz: float) -> Block:
    """Return the second-order sections of one band, ``(sections, 6)``; none if it does nothing."""
    frequency_hz = band.frequency_hz
    gain_db = 0.0 if band.gain_db is None else band.gain_db
    q = _DEFAULT_Q if band.q is None else band.q
    slope = band.slope_db_per_octave or _DEFAULT_SLOPE
    if "gain_db" in APPLIES[band.shape] and abs(gain_db) < _NO_GAIN_DB:
        return np.zeros((0, 6))
    match band.shape:
        case "bell":
            return filters.bell(frequency_hz, gain_db, q, sample_rate_hz)
        case "low_shelf":
            return filters.low_shelf(frequency_hz, gain_db, q, sample_rate_hz)
        case "high_shelf":
            return filters.high_shelf(frequency_hz, gain_db, q, sample_rate_hz)
        case "high_pass":
            return filters.high_pass(frequency_hz, slope, sample_rate_hz)
        case "low_pass":
            return filters.low_pass(frequency_hz, slope, sample_rate_hz)
        case "notch":
            return filters.notch(frequency_hz, q, sample_rate_hz)
        case "band_pass":
            return filters.band_pass(frequency_hz, q, sample_rate_hz)
        case "tilt":
            return filters.tilt(frequency_hz, gain_db, sample_rate_hz)
        case "all_pass":
            return filters.all_pass(frequency_hz, q, sample_rate_hz)
