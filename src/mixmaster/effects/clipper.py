"""Clipper: shaves peaks at a ceiling, for loudness before a limiter."""

from __future__ import annotations

from typing import ClassVar, Literal

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.polyphase import LATENCY_SAMPLES, PolyphaseOversampler
from mixmaster.dsp.shaping import HardShape, Shape, SoftShape
from mixmaster.effects.base import BlockContext, Context, Family, Processor
from mixmaster.effects.keyless import KeylessEffect
from mixmaster.effects.moving import Moving
from mixmaster.units import db_to_gain

_LEAST_SOFTNESS = 1e-3
"""A narrower knee than this is a corner: 0.01 dB."""


class Clipper(KeylessEffect):
    """Cuts peaks where they would pass the ceiling; all else passes at its level, bit for bit.

    The wave is cut at a multiple of the rate. Back at the rate, without the harmonics that do not
    fit, a cut peak rises again a little: by 0.5 dB over the ceiling at most on stems cut by up to
    6 dB, by 1.5 dB on a square wave, by more on noise up to the Nyquist frequency, whose top
    passes. A limiter behind it catches that, far more gently than it would have the peaks.
    """

    family: ClassVar[Family] = "colour"
    summary: ClassVar[str] = "Clipper: shaves short peaks at a ceiling, hard or with a soft knee."

    effect: Literal["clipper"] = parameter("clipper", "The effect's name: clipper.")
    ceiling_dbfs: float = parameter(
        0.0,
        "Where peaks are cut: 1 to 3 dB under the drums' peaks is loud without being heard.",
        low=-36.0,
        high=0.0,
        automatable=True,
    )
    drive_db: float = parameter(
        0.0,
        "Level into the clipper: raises everything, and what passes the ceiling is cut.",
        low=0.0,
        high=24.0,
        automatable=True,
    )
    softness: float = parameter(
        0.0,
        "How early the wave begins to bend: 0 cuts flat (clearest below the ceiling), 0.1 to 0.3 "
        "rounds the corner, 1 bends everything, as far as the quietest.",
        low=0.0,
        high=1.0,
    )
    oversampling: Literal[1, 2, 4, 8, 16] = parameter(
        4,
        "How many times the sample rate the wave is cut at: more keeps the highs free of false "
        "tones and costs time. 4 suits most, 8 bright material.",
    )

    def prepare(self, context: Context) -> Processor:
        """Return the clipper."""
        return ClipperProcessor(self, context)


class ClipperProcessor(Processor):
    """The plain signal, delayed, plus what the curve adds to it.

    Args:
        settings: Where and how it cuts.
        context: The rate and the channels.
    """

    latency_samples = LATENCY_SAMPLES
    tail_samples = LATENCY_SAMPLES

    def __init__(self, settings: Clipper, context: Context) -> None:
        shape: Shape = HardShape()
        if settings.softness >= _LEAST_SOFTNESS:
            shape = SoftShape(settings.softness)
        channels = context.channels
        self._oversampler = PolyphaseOversampler(
            settings.oversampling, channels, context.sample_rate_hz, shape
        )
        self._drive_db = Moving("drive_db", settings.drive_db, context)
        self._ceiling_dbfs = Moving("ceiling_dbfs", settings.ceiling_dbfs, context)
        self._ceiling_after = Moving(
            "ceiling_dbfs", settings.ceiling_dbfs, context, LATENCY_SAMPLES
        )
        self._plain = DelayLine(channels, LATENCY_SAMPLES)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the clipped block."""
        drive_db, ceiling_dbfs = self._drive_db.at(at), self._ceiling_dbfs.at(at)
        if not isinstance(drive_db, float) or drive_db != 0.0:
            block = block * db_to_gain(drive_db)
        out = self._oversampler.process(block * db_to_gain(-ceiling_dbfs))
        out *= db_to_gain(self._ceiling_after.at(at))
        out += self._plain.process(block)
        return out
