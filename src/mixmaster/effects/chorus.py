"""Chorus and vibrato: copies whose pitch sways a little."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import MisfitError, parameter
from mixmaster.dsp.decay import ring_out_samples
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.modulated_delay import SHORTEST_SAMPLES, ModulatedDelay
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.modulated import ModulatedEffect, Swing
from mixmaster.effects.moving import Moving
from mixmaster.effects.wet import blend, check_cuts, cuts
from mixmaster.errors import Problem
from mixmaster.units import ms_to_samples

_DEEPEST_MS = 20.0


class Chorus(ModulatedEffect):
    """Delayed copies, each swaying in time and so in pitch, beside the dry sound.

    ``mix`` 0 is the identity. The copies are read between samples with an error
    below -95 dB up to 0.35 of the rate (16.8 kHz at 48 kHz).
    """

    family: ClassVar[Family] = "modulation"
    summary: ClassVar[str] = "Chorus: swaying copies that widen and thicken; alone, a vibrato."
    default_rate_hz: ClassVar[float] = 0.6

    effect: Literal["chorus"] = parameter("chorus", "The effect's name: chorus.")
    voices: Literal[1, 2, 3, 4] = parameter(
        2,
        "How many copies: 1 is the classic pedal (and with mix = 1 a vibrato), 2 or 3 an "
        "ensemble, 4 a cloud. Their level together does not depend on it.",
    )
    delay_ms: float = parameter(
        15.0,
        "How late the copies are on average: 5 to 10 is tight, 15 to 25 lush, above 30 a double.",
        low=0.0,
        high=50.0,
    )
    depth_ms: float = parameter(
        2.0,
        "How far they sway to either side, at most delay_ms: with the rate it makes the pitch "
        "bend, by 1.1 cents for each ms at 0.1 Hz, 11 cents at 1 Hz.",
        low=0.0,
        high=_DEEPEST_MS,
        automatable=True,
    )
    stereo_phase_deg: float = parameter(
        90.0,
        "By how much of a swing the right side is ahead of the left: 0 is the same on both, 90 "
        "wide, 180 opposite. Heard on stereo tracks.",
        low=0.0,
        high=180.0,
    )
    mix: float = parameter(
        0.4,
        "How much of the copies is heard against the dry sound: 0 is dry, 0.3 to 0.5 a chorus, 1 "
        "the copies alone: vibrato, or a return.",
        low=0.0,
        high=1.0,
        automatable=True,
    )
    low_cut_hz: float | None = parameter(
        None,
        "Keeps what lies below this frequency out of the copies, for a firm bass: 100 to 300. Off "
        "if silent.",
        low=10.0,
        high=5_000.0,
    )
    high_cut_hz: float | None = parameter(
        None,
        "Darkens the copies above this frequency, as bucket-brigade pedals do: 4000 to 10000. Off "
        "if silent.",
        low=100.0,
        high=96_000.0,
    )

    @model_validator(mode="after")
    def _sways_within_its_delay(self) -> Self:
        if not self.depth_ms <= self.delay_ms:
            reason = f"{self.depth_ms:g} ms is more than delay_ms, {self.delay_ms:g} ms"
            hint = "no copy can come before its sound"
            raise MisfitError([Problem("depth_ms", reason, hint)])
        check_cuts(self.low_cut_hz, self.high_cut_hz)
        return self

    def prepare(self, context: Context) -> Processor:
        """Return the chorus; the identity if ``mix`` is 0.

        Raises:
            DocumentError: For a cut at or above the Nyquist frequency, or beats that are too
                short or too long at this tempo.
        """
        swing = Swing(self, "sine", self.stereo_phase_deg, context)
        colour = cuts(self.low_cut_hz, self.high_cut_hz, context)
        if self.mix == 0.0 and "mix" not in context.automated:
            return BypassProcessor()
        return ChorusProcessor(self, swing, colour, context)


class ChorusProcessor(Processor):
    """The dry sound and its copies.

    Where a copy comes nearer than the interpolator needs, all is late by what is missing.

    Args:
        settings: Not neutral.
        swing: What moves the copies.
        colour: The sections that the copies pass, ``(sections, 6)``.
        context: The rate and the channels.
    """

    def __init__(self, settings: Chorus, swing: Swing, colour: Block, context: Context) -> None:
        rate_hz = context.sample_rate_hz
        self._swing = swing
        self._voices = settings.voices
        self._level = 1.0 / math.sqrt(settings.voices)
        self._middle = ms_to_samples(settings.delay_ms, rate_hz)
        self._samples_a_ms = ms_to_samples(1.0, rate_hz)
        deepest = self._middle
        if "depth_ms" not in context.automated:
            deepest = ms_to_samples(settings.depth_ms, rate_hz)
        self.latency_samples = max(0, math.ceil(SHORTEST_SAMPLES - (self._middle - deepest)))
        swing.latency_samples = self.latency_samples
        self._depth_ms = Moving("depth_ms", settings.depth_ms, context, self.latency_samples)
        longest = self._middle + deepest + self.latency_samples
        self._delay = ModulatedDelay(context.channels, longest)
        self._plain = DelayLine(context.channels, self.latency_samples)
        self._mix = Moving("mix", settings.mix, context, self.latency_samples)
        self._filter = SosFilter(colour, context.channels) if len(colour) else None
        self.tail_samples = math.ceil(longest) + SHORTEST_SAMPLES
        self.tail_samples += ring_out_samples(colour) if len(colour) else 0

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block with its copies."""
        channels, frames = block.shape
        depth = np.minimum(np.asarray(self._depth_ms.at(at)) * self._samples_a_ms, self._middle)
        delays = np.empty((self._voices, channels, frames))
        for voice in range(self._voices):
            delays[voice] = self._swing.values(at, frames, voice / self._voices)
        delays *= depth
        delays += self._middle + self.latency_samples
        fed = block if self._filter is None else self._filter.process(block)
        wet = self._delay.process(fed, delays)
        if self._voices > 1:
            wet *= self._level
        return blend(self._plain.process(block), wet, self._mix.at(at))
