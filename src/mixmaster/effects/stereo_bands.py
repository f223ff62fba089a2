"""Stereo width by band: a narrow bass, a wide top."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.documents.base import Settings, items, parameter
from mixmaster.dsp.crossover import MOST_CORNERS, Crossover
from mixmaster.dsp.decay import SILENCE, ring_out_samples
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.band_edges import band_edge, check_edges, corners
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.keyless import KeylessEffect, misfit


class StereoBand(Settings):
    """One band."""

    up_to_hz: float | None = band_edge(
        "Where the band ends and the next begins: 120 to 250 for a bass band, 2000 to 5000 for "
        "the mids. Silent in the last band, which goes to the top."
    )
    width: float = parameter(
        1.0,
        "How wide the band is: 0 is mono, as for a bass; 1 as it came; 1.2 to 1.5 opens the top.",
        low=0.0,
        high=2.0,
        automatable=True,
    )


class StereoBands(KeylessEffect):
    """A width for each band. With every width at 1 it is the identity, bit for bit."""

    family: ClassVar[Family] = "stereo"
    summary: ClassVar[str] = "Stereo bands: a width of its own for each band, bass to air."

    effect: Literal["stereo_bands"] = parameter(
        "stereo_bands", "The effect's name: stereo_bands, width by band."
    )
    bands: tuple[StereoBand, ...] = items(
        "The bands from the lowest to the highest, each a table with a width and, but for the "
        "last, where it ends. None is the identity.",
        most=MOST_CORNERS + 1,
    )

    @model_validator(mode="after")
    def _bands_rise(self) -> Self:
        check_edges([band.up_to_hz for band in self.bands])
        return self

    def prepare(self, context: Context) -> Processor:
        """Return the bands; the identity if every width is 1.

        Raises:
            DocumentError: For other than two channels, unless neutral, or a band that ends at or
                above the Nyquist frequency.
        """
        corners_hz = corners([band.up_to_hz for band in self.bands], context)
        if all(band.width == 1.0 for band in self.bands) and not context.automated:
            return BypassProcessor()
        if context.channels != 2:
            raise misfit(
                context.where,
                f"width needs two channels, not {context.channels}",
                "a stereo strip or bus, or every width 1.0",
            )
        return StereoBandsProcessor([band.width for band in self.bands], corners_hz, context)


class StereoBandsProcessor(Processor):
    """The side split by a Linkwitz-Riley crossover, the middle turned as the bands' sum is.

    So the middle keeps its level and, at a width of 1, everything its place.

    Args:
        widths: Of each band.
        corners_hz: Between them; none for a single band.
        context: Two channels.
    """

    def __init__(self, widths: list[float], corners_hz: list[float], context: Context) -> None:
        self._widths = widths
        self._automated = context.automated
        self._split: Crossover | None = None
        self._turn: SosFilter | None = None
        if corners_hz:
            self._split = Crossover(corners_hz, 1, context.sample_rate_hz)
            sos = self._split.sum_sos
            self._turn = SosFilter(sos, 1)
            self.phase_sos = sos
            # The side's bands may be doubled, and meet the middle at its loudest.
            longer = ring_out_samples(sos, 0.125 * SILENCE)
            late = longer - ring_out_samples(sos) + GRID_FRAMES
            self.tail_samples = max(longer, self._split.tail_samples + late)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block, ``(2, frames)``, each band as wide as it is to be."""
        middle = 0.5 * (block[:1] + block[1:])
        side = 0.5 * (block[:1] - block[1:])
        if self._split is None or self._turn is None:
            side *= self._width(0, at)
        else:
            middle = self._turn.process(middle)
            bands = self._split.process(side)
            side = bands[0] * self._width(0, at)
            for number in range(1, len(bands)):
                side += bands[number] * self._width(number, at)
        return np.concatenate((middle + side, middle - side))

    def _width(self, number: int, at: BlockContext) -> Block | float:
        address = f"bands.{number + 1}.width"
        return at.automation[address] if address in self._automated else self._widths[number]
