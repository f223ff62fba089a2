"""The first revision of saturation's sound, kept for the presets and manifests that name it.

It ran its curves in double precision between longer filters, 80 frames late in all. What has
replaced it (``effects/saturation.py``) differs by what the filters' flanks above 20 kHz leave.
"""

from __future__ import annotations

import math

from mixmaster.arrays import Block
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.oversampling import LATENCY_SAMPLES, Curve, Oversampler
from mixmaster.dsp.saturation import HardClip, Round, SoftClip
from mixmaster.effects.base import BlockContext, Context, Processor
from mixmaster.effects.saturation_colour import TUBE_BIAS, Character, colour
from mixmaster.units import db_to_gain, db_to_power


class FirstSaturationProcessor(Processor):
    """The plain signal, delayed, plus what the curve adds to it.

    Args:
        context: The rate and the channels.
        character: The kind of colour.
        drive_db: Above 0.
        mix: Above 0.
        output_db: Level after it.
        oversampling: How many times the rate.
    """

    latency_samples = LATENCY_SAMPLES

    def __init__(
        self,
        context: Context,
        *,
        character: Character,
        drive_db: float,
        mix: float,
        output_db: float,
        oversampling: int,
    ) -> None:
        rate_hz, channels = context.sample_rate_hz, context.channels
        self._curve = curve_of(character, drive_db)
        self._oversampler = Oversampler(oversampling, channels, rate_hz)
        self._mix = mix
        self._gain = db_to_gain(output_db)
        self._plain = DelayLine(channels, LATENCY_SAMPLES)
        self._before, self._after, tail = colour(character, context)
        self.tail_samples = LATENCY_SAMPLES + tail

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
    """Return the curve of a character at a drive above 0 dB."""
    match character:
        case "tape":
            return Round(math.sqrt(db_to_power(drive_db) - 1.0))
        case "tube":
            return Round(math.sqrt(db_to_power(drive_db) - 1.0), TUBE_BIAS)
        case "soft_clip":
            return SoftClip(db_to_gain(-drive_db))
        case "hard_clip":
            return HardClip(db_to_gain(-drive_db))
