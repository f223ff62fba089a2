"""Saturation: tape, tube, soft and hard clipping, oversampled and anti-aliased."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp import filters
from mixmaster.dsp.decay import ring_out_samples
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.oversampling import LATENCY_SAMPLES, Curve, Oversampler
from mixmaster.dsp.saturation import HardClip, Round, SoftClip
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Processor
from mixmaster.effects.keyless import KeylessEffect
from mixmaster.units import db_to_gain, db_to_power

Character = Literal["tape", "tube", "soft_clip", "hard_clip"]

_NO_DRIVE_DB = 1e-6
"""Less drive than this is none: what it adds to full scale lies at -139 dB."""

_TUBE_BIAS = 0.4
"""Where a tube's silence sits on its curve. The octave grows as 3 b / (1 + b^2): at a peak of
-18 dBFS and 6 dB of drive it lies 25 dB under the tone."""

_TUBE_COUPLING_HZ = 5.0
"""The coupling capacitor that keeps the bent wave's own offset out of the output."""

_TAPE_EMPHASIS_HZ = 3_180.0
"""1 / (2 pi 50 us): the record equalisation of tape (NAB, 1965), which drives the highs harder."""

_TAPE_EMPHASIS_DB = 6.0
_TAPE_EMPHASIS_Q = 0.5


class Saturation(KeylessEffect):
    """Harmonics and rounded peaks. Quiet passages keep their level whatever the drive.

    ``drive_db`` 0 or ``mix`` 0, with ``output_db`` 0, is the identity, bit for bit.
    """

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
    )
    mix: float = parameter(
        1.0,
        "How much of the saturated sound is heard beside the clean one: 0 is clean, 1 is all "
        "saturated; 0.3 to 0.6 keeps the transients.",
        low=0.0,
        high=1.0,
    )
    output_db: float = parameter(
        0.0,
        "Level after the saturation, to make up for pressed peaks; usually 0 to 6.",
        low=-24.0,
        high=24.0,
    )
    oversampling: Literal[1, 2, 4, 8, 16] = parameter(
        4,
        "How many times the sample rate the curve runs at: more keeps the highs free of false "
        "tones and costs time. 4 suits most; 8 or 16 for hard clipping of bright material.",
    )

    def prepare(self, context: Context) -> Processor:
        """Return the curve between its resampling filters; the identity if neutral."""
        if self.drive_db < _NO_DRIVE_DB or self.mix == 0.0:
            if self.output_db == 0.0:
                return BypassProcessor()
            return GainProcessor(db_to_gain(self.output_db))
        return SaturationProcessor(self, context)


class GainProcessor(Processor):
    """Nothing but a gain."""

    def __init__(self, gain: float) -> None:
        self._gain = gain

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block, louder or softer."""
        del at
        return block * self._gain


class SaturationProcessor(Processor):
    """The plain signal, delayed, plus what the curve adds to it.

    The plain part passes bit for bit. So does everything, apart from ``output_db``, in clips
    that stay below where their curve begins to bend.

    Args:
        settings: Not neutral.
        context: The rate and the channels.
    """

    latency_samples = LATENCY_SAMPLES

    def __init__(self, settings: Saturation, context: Context) -> None:
        rate_hz, channels = context.sample_rate_hz, context.channels
        self._curve = curve_of(settings.character, settings.drive_db)
        self._oversampler = Oversampler(settings.oversampling, channels, rate_hz)
        self._mix = settings.mix
        self._gain = db_to_gain(settings.output_db)
        self._plain = DelayLine(channels, LATENCY_SAMPLES)
        self._before: SosFilter | None = None
        self._after: SosFilter | None = None
        self.tail_samples = LATENCY_SAMPLES
        if settings.character == "tape":
            rise, fall = (
                filters.high_shelf(_TAPE_EMPHASIS_HZ, gain_db, _TAPE_EMPHASIS_Q, rate_hz)
                for gain_db in (_TAPE_EMPHASIS_DB, -_TAPE_EMPHASIS_DB)
            )
            self._before, self._after = SosFilter(rise, channels), SosFilter(fall, channels)
            self.tail_samples += ring_out_samples(rise) + ring_out_samples(fall)
        elif settings.character == "tube":
            coupling = filters.high_pass(_TUBE_COUPLING_HZ, 6, rate_hz)
            self._after = SosFilter(coupling, channels)
            self.tail_samples += ring_out_samples(coupling)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the saturated block."""
        del at
        driven = block if self._before is None else self._before.process(block)
        out = self._oversampler.process(driven, self._curve)
        if self._after is not None:
            out = self._after.process(out)
        if self._mix != 1.0:
            out *= self._mix
        out += self._plain.process(block)
        if self._gain != 1.0:
            out *= self._gain
        return out


def curve_of(character: Character, drive_db: float) -> Curve:
    """Return the curve of a character at a drive above 0 dB.

    In all of them but the tube, whose halves differ, a full-scale peak comes out ``drive_db``
    lower, and the slope at 0 is 1: quiet passages keep their level.
    """
    match character:
        case "tape":
            return Round(math.sqrt(db_to_power(drive_db) - 1.0))
        case "tube":
            return Round(math.sqrt(db_to_power(drive_db) - 1.0), _TUBE_BIAS)
        case "soft_clip":
            return SoftClip(db_to_gain(-drive_db))
        case "hard_clip":
            return HardClip(db_to_gain(-drive_db))
