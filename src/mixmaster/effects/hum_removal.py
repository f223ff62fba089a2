"""Hum removal: mains hum and its harmonics, cut out by a comb of narrow notches."""

from __future__ import annotations

from typing import ClassVar, Literal

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp.hum_comb import comb_tail_samples, hum_comb
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.units import db_to_gain

_STEPS = {"all": 1, "odd": 2, "even": 2}
_FIRST = {"all": 1, "odd": 1, "even": 2}


class HumRemoval(KeylessEffect):
    """Takes out a hum by 50 dB within 0.09 Hz of each harmonic, at the default width of 2 Hz.

    A tone 3 Hz from a harmonic then loses 0.23 dB, one 2 Hz away 1 dB. The notches settle: hum
    that is there from the first sample is down by 40 dB after 0.8 s.
    """

    family: ClassVar[Family] = "repair"
    summary: ClassVar[str] = "Hum removal: takes out mains hum at 50 or 60 Hz and its harmonics."

    effect: Literal["hum_removal"] = parameter("hum_removal", "The effect's name: hum_removal.")
    mains_hz: float = parameter(
        50.0,
        "The mains frequency: 50 in most of the world, 60 in the Americas and parts of Japan. "
        "Tapes and grids that run off pitch need the exact figure, such as 50.04: check finds it.",
        low=40.0,
        high=70.0,
    )
    harmonics: int = parameter(
        8,
        "How many harmonics are cut, the fundamental included: 4 to 8 for hum, 20 to 40 for the "
        "buzz of dimmers and of single coils.",
        low=1,
        high=50,
    )
    orders: Literal["all", "odd", "even"] = parameter(
        "all",
        "Which of them: even is the ripple of a power supply (100, 200, 300), odd what magnetic "
        "fields induce (50, 150, 250).",
    )
    width_hz: float = parameter(
        2.0,
        "How far from each harmonic music is left alone: at this distance it loses 1 dB. 1 spares "
        "a bass on the same note and needs a steady hum, 3 to 5 catches one that wanders.",
        low=0.5,
        high=10.0,
    )
    reduction_db: float = parameter(
        60.0,
        "How much of the hum goes: 60 is all that the notches can (50), 10 to 20 only pushes it "
        "back and rings less; 0 is off.",
        low=0.0,
        high=60.0,
        automatable=True,
    )

    def prepare(self, context: Context) -> Processor:
        """Return the comb; the identity if ``reduction_db`` is 0.

        Raises:
            DocumentError: For harmonics at or above the Nyquist frequency.
        """
        first, step = _FIRST[self.orders], _STEPS[self.orders]
        multiples = range(first, first + step * self.harmonics, step)
        highest_hz = multiples[-1] * self.mains_hz
        limit_hz = 0.5 * context.sample_rate_hz - self.width_hz
        if not highest_hz < limit_hz:
            raise misfit(
                context.where,
                f"harmonic {multiples[-1]}, {highest_hz:g} Hz, cannot exist at "
                f"{context.sample_rate_hz} Hz",
                f"harmonics = {sum(n * self.mains_hz < limit_hz for n in multiples)}",
                "harmonics",
            )
        if self.reduction_db == 0.0 and not context.automated:
            return BypassProcessor()
        sos = hum_comb(self.mains_hz, multiples, self.width_hz, context.sample_rate_hz)
        return HumProcessor(self, sos, context)


class HumProcessor(Processor):
    """The comb, blended with what it is given.

    Args:
        settings: Not neutral, or moved by automation.
        sos: The comb, ``(sections, 6)``.
        context: The rate and the channels.
    """

    def __init__(self, settings: HumRemoval, sos: Block, context: Context) -> None:
        self._comb = SosFilter(sos, context.channels)
        self._left = db_to_gain(-settings.reduction_db)
        self._moved = "reduction_db" in context.automated
        self.tail_samples = comb_tail_samples(sos)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block with less hum."""
        out = self._comb.process(block)
        out -= block
        left = db_to_gain(-at.automation["reduction_db"]) if self._moved else self._left
        out *= 1.0 - left
        out += block
        return out
