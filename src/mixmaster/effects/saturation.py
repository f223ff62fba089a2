"""Saturation: tape, tube, soft and hard clipping, oversampled and anti-aliased."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, overload

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.polyphase import LATENCY_SAMPLES, PolyphaseOversampler
from mixmaster.dsp.shaping import HardShape, RoundShape, Shape, SoftShape
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.effects.moving import Moving
from mixmaster.effects.saturation_colour import TUBE_BIAS, Character, colour
from mixmaster.effects.saturation_first import FirstSaturationProcessor
from mixmaster.units import db_to_gain, db_to_power

_NO_DRIVE_DB = 1e-6
"""Less drive than this is none: what it adds to full scale lies at -139 dB."""


class Saturation(KeylessEffect):
    """Harmonics and rounded peaks. Quiet passages keep their level whatever the drive.

    ``drive_db`` 0 or ``mix`` 0, with ``output_db`` 0, is the identity, bit for bit. The curve
    runs in single precision: what rounding leaves lies 135 dB under the signal (rms). While
    automation has the drive at 0, a clip still cuts what passes full scale.
    """

    current_revision: ClassVar[int] = 2

    family: ClassVar[Family] = "colour"
    summary: ClassVar[str] = "Saturation: adds harmonics and rounds peaks, from warmth to grit."

    effect: Literal["saturation"] = parameter("saturation", "The effect's name: saturation.")
    character: Character = parameter(
        "tape",
        "The kind of colour: tape thickens and rounds the highs first (odd harmonics), tube adds "
        "the octave and warmth (even harmonics too), soft_clip shaves peaks with a rounded knee, "
        "hard_clip cuts them flat.",
    )
    drive_db: float = parameter(
        0.0,
        "How hard the signal is driven: by how much a full-scale peak is pressed down. 0 is off, "
        "2 to 6 glue and warmth, 6 to 12 plain colour, above 18 distortion.",
        low=0.0,
        high=48.0,
        automatable=True,
    )
    mix: float = parameter(
        1.0,
        "How much of the saturated sound is heard beside the clean one: 0 is clean, 1 is all "
        "saturated; 0.3 to 0.6 keeps the transients.",
        low=0.0,
        high=1.0,
        automatable=True,
    )
    output_db: float = parameter(
        0.0,
        "Level after the saturation, to make up for pressed peaks; usually 0 to 6.",
        low=-24.0,
        high=24.0,
        automatable=True,
    )
    oversampling: Literal[1, 2, 4, 8, 16] = parameter(
        4,
        "How many times the sample rate the curve runs at: more keeps the highs free of false "
        "tones and costs time. 4 suits most; 8 or 16 for hard clipping of bright material.",
    )

    def prepare(self, context: Context) -> Processor:
        """Return the curve between its resampling filters; the identity if neutral.

        Raises:
            DocumentError: For automation of a revision that had none.
        """
        moved = context.automated
        idle = self.drive_db < _NO_DRIVE_DB and "drive_db" not in moved
        if idle or (self.mix == 0.0 and "mix" not in moved):
            if self.output_db == 0.0 and "output_db" not in moved:
                return BypassProcessor()
            return GainProcessor(Moving("output_db", self.output_db, context))
        if self.sound_revision == 1:
            if moved:
                raise misfit(
                    context.where,
                    "revision 1 of saturation cannot be automated",
                    "leave revision out for the newest",
                    "revision",
                )
            return FirstSaturationProcessor(
                context,
                character=self.character,
                drive_db=self.drive_db,
                mix=self.mix,
                output_db=self.output_db,
                oversampling=self.oversampling,
            )
        return SaturationProcessor(self, context)


class GainProcessor(Processor):
    """Nothing but a gain.

    Args:
        level_db: The gain, which may move.
    """

    def __init__(self, level_db: Moving) -> None:
        self._level_db = level_db

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block, louder or softer."""
        return block * db_to_gain(self._level_db.at(at))


class SaturationProcessor(Processor):
    """The plain signal, delayed, plus what the curve adds to it.

    The plain part passes bit for bit. So does everything, apart from ``output_db``, in clips
    that stay below where their curve begins to bend. All curves are driven as f(k x) / k, so a
    drive that moves is a gain before the curve and its inverse, as much later, after it.

    Args:
        settings: Not neutral.
        context: The rate and the channels.
    """

    latency_samples = LATENCY_SAMPLES

    def __init__(self, settings: Saturation, context: Context) -> None:
        rate_hz, channels = context.sample_rate_hz, context.channels
        self._character: Character = settings.character
        self._oversampler = PolyphaseOversampler(
            settings.oversampling, channels, rate_hz, shape_of(settings.character)
        )
        self._drive_db = Moving("drive_db", settings.drive_db, context)
        self._drive_after = Moving("drive_db", settings.drive_db, context, LATENCY_SAMPLES)
        self._mix = Moving("mix", settings.mix, context, LATENCY_SAMPLES)
        self._output_db = Moving("output_db", settings.output_db, context, LATENCY_SAMPLES)
        self._plain = DelayLine(channels, LATENCY_SAMPLES)
        self._before, self._after, tail = colour(settings.character, context)
        self.tail_samples = LATENCY_SAMPLES + tail

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the saturated block."""
        driven = block if self._before is None else self._before.process(block)
        drive = steepness(self._character, self._drive_db.at(at))
        out = self._oversampler.process(driven * drive)
        out *= 1.0 / steepness(self._character, self._drive_after.at(at))
        if self._after is not None:
            out = self._after.process(out)
        mix, output_db = self._mix.at(at), self._output_db.at(at)
        if not isinstance(mix, float) or mix != 1.0:
            out *= mix
        out += self._plain.process(block)
        if not isinstance(output_db, float) or output_db != 0.0:
            out *= db_to_gain(output_db)
        return out


def shape_of(character: Character) -> Shape:
    """Return the curve of a character."""
    match character:
        case "tape":
            return RoundShape()
        case "tube":
            return RoundShape(TUBE_BIAS)
        case "soft_clip":
            return SoftShape()
        case "hard_clip":
            return HardShape()


@overload
def steepness(character: Character, drive_db: float) -> float: ...
@overload
def steepness(character: Character, drive_db: Block) -> Block: ...
def steepness(character: Character, drive_db: float | Block) -> float | Block:
    """Return k for a drive, so that f(k x) / k presses a full-scale peak down by ``drive_db``.

    That holds for all but the tube, whose halves differ. The slope at 0 is 1 whatever k is:
    quiet passages keep their level.
    """
    if character in {"soft_clip", "hard_clip"}:
        return db_to_gain(drive_db)  # the ceiling lies at 1 / k
    if isinstance(drive_db, float):
        return math.sqrt(db_to_power(max(drive_db, _NO_DRIVE_DB)) - 1.0)
    gain = db_to_gain(np.maximum(drive_db, _NO_DRIVE_DB))
    return np.asarray(np.sqrt(gain * gain - 1.0))
