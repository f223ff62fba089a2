"""Stereo width by mid and side, with the bass kept in the middle."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp import filters
from mixmaster.dsp.decay import ring_out_samples
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Processor
from mixmaster.effects.keyless import KeylessEffect, misfit


class Width(KeylessEffect):
    """Narrower or wider. ``width`` 1 without ``mono_below_hz`` is the identity, bit for bit."""

    summary: ClassVar[str] = "Width: narrows or widens the stereo image, and centres the bass."

    effect: Literal["width"] = parameter("width", "The effect's name: width.")
    width: float = parameter(
        1.0,
        "How wide the image is: 0 is mono, 1 as it came, 1.1 to 1.3 a little wider, 2 twice the "
        "difference between the sides (check it in mono).",
        low=0.0,
        high=2.0,
    )
    mono_below_hz: float | None = parameter(
        None,
        "Puts everything below this frequency in the middle, for a firm bass and for vinyl: 80 "
        "to 150; up to 300 for a cut. Off if silent.",
        low=20.0,
        high=1_000.0,
    )

    def prepare(self, context: Context) -> Processor:
        """Return the width; the identity if neutral.

        Raises:
            DocumentError: For other than two channels, unless neutral.
        """
        if self.width == 1.0 and self.mono_below_hz is None:
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
        settings: Not neutral.
        context: Two channels.
    """

    def __init__(self, settings: Width, context: Context) -> None:
        self._width = settings.width
        self._middle: SosFilter | None = None
        self._side: SosFilter | None = None
        if settings.mono_below_hz is not None:
            corner_hz, rate_hz = settings.mono_below_hz, context.sample_rate_hz
            turn = filters.all_pass(corner_hz, filters.BUTTERWORTH_Q, rate_hz)
            high = filters.linkwitz_riley_high(corner_hz, rate_hz)
            self._middle, self._side = SosFilter(turn, 1), SosFilter(high, 1)
            # Both sides of a sum may be at their loudest at once.
            self.tail_samples = max(ring_out_samples(turn, 0.5e-6), ring_out_samples(high, 0.25e-6))

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block, ``(2, frames)``, narrower or wider."""
        del at
        middle = 0.5 * (block[:1] + block[1:])
        side = 0.5 * (block[:1] - block[1:])
        if self._middle is not None and self._side is not None:
            middle, side = self._middle.process(middle), self._side.process(side)
        side *= self._width
        return np.concatenate((middle + side, middle - side))
