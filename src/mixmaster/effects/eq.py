"""A parametric equaliser: any number of bands of nine shapes, with or without phase shift."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from mixmaster.documents.base import MisfitError, items, parameter
from mixmaster.effects.base import BypassProcessor, Context, Family, Processor
from mixmaster.effects.eq_bands import APPLIES, MOVABLE, EqBand
from mixmaster.effects.eq_stages import (
    EqProcessor,
    LinearEqProcessor,
    PlacedBand,
    Stage,
    staged,
)
from mixmaster.effects.keyless import KeylessEffect
from mixmaster.effects.lanes import STEREO, misplaced
from mixmaster.errors import DocumentError, Problem


class Eq(KeylessEffect):
    """The bands in order; those of 0 dB are left out, and no bands are the identity."""

    family: ClassVar[Family] = "tone"
    summary: ClassVar[str] = "Parametric equaliser: shapes the balance of lows, mids and highs."

    effect: Literal["eq"] = parameter("eq", "The effect's name: eq, an equaliser.")
    phase: Literal["minimum", "linear"] = parameter(
        "minimum",
        "minimum turns the phase as circuits do, without delay: right for tracks. linear keeps "
        "the shape of every wave, for masters and for parts that are also heard elsewhere; it "
        "delays the signal (the mix makes up for it), and steep or narrow bands ring before a "
        "hit as well as after it.",
    )
    bands: tuple[EqBand, ...] = items(
        "The bands, each a table with a shape and a frequency; their order does not matter.",
        most=32,
    )

    @model_validator(mode="after")
    def _has_phase_to_turn(self) -> Self:
        if self.phase == "linear":
            problems = [
                Problem(
                    f"bands.{number}.shape",
                    "an all_pass turns phase alone, and linear phase has none",
                    'leave the band out, or phase = "minimum"',
                )
                for number, band in enumerate(self.bands, start=1)
                if band.shape == "all_pass"
            ]
            if problems:
                raise MisfitError(problems)
        return self

    def prepare(self, context: Context) -> Processor:
        """Return the bands as recursive sections, or as kernels without phase shift.

        Raises:
            DocumentError: For a band at or above the Nyquist frequency, one for a side of a
                signal that has none, one too narrow and low for linear phase, and for automation
                of what the band does not read or of linear phase.
        """
        problems = self._misplaced(context) + self._unmovable(context)
        if problems:
            raise DocumentError(context.where, tuple(problems))
        placed = []
        for number, band in enumerate(self.bands, start=1):
            addresses = {name: f"bands.{number}.{name}" for name in MOVABLE}
            moved = {name: at for name, at in addresses.items() if at in context.automated}
            if moved or len(band.sections(context.sample_rate_hz)):
                placed.append(PlacedBand(band, moved))
        if not placed:
            return BypassProcessor()
        stages = staged(placed) if context.channels == STEREO else [Stage(False, (tuple(placed),))]
        if self.phase == "linear":
            return LinearEqProcessor(stages, context)
        return EqProcessor(stages, context)

    def _misplaced(self, context: Context) -> list[Problem]:
        """Return what cannot be at this rate or channel count."""
        rate_hz = context.sample_rate_hz
        problems = [
            Problem(
                f"bands.{number}.frequency_hz",
                f"{band.frequency_hz:g} Hz cannot exist at {rate_hz} Hz",
                f"below {0.5 * rate_hz:g} Hz",
            )
            for number, band in enumerate(self.bands, start=1)
            if not band.frequency_hz < 0.5 * rate_hz
        ]
        return problems + misplaced([band.channels for band in self.bands], context.channels)

    def _unmovable(self, context: Context) -> list[Problem]:
        """Return what automation asks for and nothing would read."""
        if context.automated and self.phase == "linear":
            hint = 'phase = "minimum"'
            return [Problem("phase", "a linear-phase eq stands still: no automation", hint)]
        problems = []
        for number, band in enumerate(self.bands, start=1):
            for name in ("gain_db", "q"):
                address = f"bands.{number}.{name}"
                if address in context.automated and name not in APPLIES[band.shape]:
                    known = " and ".join(("frequency_hz", *APPLIES[band.shape]))
                    reason = f"a {band.shape} does not read {name}"
                    problems.append(Problem(address, reason, f"it reads {known}"))
        return problems
