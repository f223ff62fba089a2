"""Stereo width by mid and side, with the bass kept in the middle."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp import filters
from mixmaster.dsp.decay import ring_out_samples
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.units import db_to_gain

_NEUTRAL = {"width": 1.0, "mid_db": 0.0, "side_db": 0.0, "balance": 0.0, "rotation_deg": 0.0}


class Width(KeylessEffect):
    """Narrower or wider, louder in the middle or at the sides, turned or balanced.

    In this order: the bass into the middle, mid and side gains, rotation, balance. All at their
    defaults are the identity, bit for bit.
    """

    family: ClassVar[Family] = "stereo"
    summary: ClassVar[str] = "Width: narrows or widens the stereo image, and centres the bass."

    effect: Literal["width"] = parameter("width", "The effect's name: width.")
    width: float = parameter(
        1.0,
        "How wide the image is: 0 is mono, 1 as it came, 1.1 to 1.3 a little wider, 2 twice the "
        "difference between the sides (check it in mono).",
        low=0.0,
        high=2.0,
        automatable=True,
    )
    mono_below_hz: float | None = parameter(
        None,
        "Puts everything below this frequency in the middle, for a firm bass and for vinyl: 80 "
        "to 150; up to 300 for a cut. Off if silent.",
        low=20.0,
        high=1_000.0,
    )
    mid_db: float = parameter(
        0.0,
        "Level of the middle, where voice, bass and kick usually sit: 0.5 to 2 either way moves "
        "them forward or back.",
        low=-96.0,
        high=24.0,
        automatable=True,
    )
    side_db: float = parameter(
        0.0,
        "Level of the sides, on top of width: room, wide guitars and reverb come forward with 1 "
        "to 3, and are gone in mono all the same.",
        low=-96.0,
        high=24.0,
        automatable=True,
    )
    rotation_deg: float = parameter(
        0.0,
        "Turns the whole image: above 0 to the right, below to the left, without losing what is "
        "on one side alone. 5 to 15 recentres a crooked recording, 45 puts the centre hard right.",
        low=-45.0,
        high=45.0,
        automatable=True,
    )
    balance: float = parameter(
        0.0,
        "Turns one side down: above 0 the left, below 0 the right; 1 is right alone.",
        low=-1.0,
        high=1.0,
        automatable=True,
    )

    def prepare(self, context: Context) -> Processor:
        """Return the width; the identity if neutral.

        Raises:
            DocumentError: For other than two channels, unless neutral.
        """
        still = all(getattr(self, key) == value for key, value in _NEUTRAL.items())
        if still and self.mono_below_hz is None and not context.automated:
            return BypassProcessor()
        if context.channels != 2:
            raise misfit(
                context.where,
                f"width needs two channels, not {context.channels}",
                "a stereo strip or bus, or width = 1.0 without mono_below_hz",
            )
        return WidthProcessor(self, context)


class WidthProcessor(Processor):
    """Middle and side, the side scaled and, if asked, without its bass.

    The side passes the high half of a Linkwitz-Riley crossover, the middle the all-pass that
    this half is in phase with: above the crossover a sound stays where it was panned. The
    middle's level is untouched, and so is the mono fold-down.

    Args:
        settings: Not neutral, or moved by automation.
        context: Two channels.
    """

    def __init__(self, settings: Width, context: Context) -> None:
        self._settings = settings
        self._automated = context.automated
        self._middle: SosFilter | None = None
        self._side: SosFilter | None = None
        if settings.mono_below_hz is not None:
            corner_hz, rate_hz = settings.mono_below_hz, context.sample_rate_hz
            turn = filters.all_pass(corner_hz, filters.BUTTERWORTH_Q, rate_hz)
            high = filters.linkwitz_riley_high(corner_hz, rate_hz)
            self._middle, self._side = SosFilter(turn, 1), SosFilter(high, 1)
            self.phase_sos = turn
            # Both sides of a sum may be at their loudest at once, and turned onto one another.
            louder = 1.0 / db_to_gain(max(0.0, *self._highest("mid_db", "side_db")))
            if self._moves("rotation_deg"):
                louder /= math.sqrt(2.0)
            self.tail_samples = max(
                ring_out_samples(turn, 0.5e-6 * louder), ring_out_samples(high, 0.25e-6 * louder)
            )

    def _highest(self, *keys: str) -> list[float]:
        """Return the highest value that each parameter may take."""
        return [24.0 if key in self._automated else getattr(self._settings, key) for key in keys]

    def _moves(self, *keys: str) -> bool:
        """Return whether one of the parameters is not neutral, or may not stay so."""
        return any(
            key in self._automated or getattr(self._settings, key) != _NEUTRAL[key] for key in keys
        )

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block, ``(2, frames)``, narrower or wider, turned, balanced."""

        def value(key: str) -> Block | float:
            return at.automation[key] if key in self._automated else getattr(self._settings, key)

        middle = 0.5 * (block[:1] + block[1:])
        side = 0.5 * (block[:1] - block[1:])
        if self._middle is not None and self._side is not None:
            middle, side = self._middle.process(middle), self._side.process(side)
        side *= value("width")
        if self._moves("mid_db"):
            middle *= db_to_gain(value("mid_db"))
        if self._moves("side_db"):
            side *= db_to_gain(value("side_db"))
        out = np.concatenate((middle + side, middle - side))
        if self._moves("rotation_deg"):
            angle = np.radians(value("rotation_deg"))
            cos, sin = np.cos(angle), np.sin(angle)
            out = np.stack((cos * out[0] - sin * out[1], sin * out[0] + cos * out[1]))
        if self._moves("balance"):
            balance = np.asarray(value("balance"))
            out[0] *= np.minimum(1.0, 1.0 - balance)
            out[1] *= np.minimum(1.0, 1.0 + balance)
        return out
