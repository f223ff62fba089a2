"""Flanger: a comb whose teeth travel."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp.decay import SILENCE
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.lfo import LfoShape
from mixmaster.dsp.modulated_delay import (
    SHORTEST_LOOP_SAMPLES,
    SHORTEST_SAMPLES,
    ModulatedDelay,
    ModulatedLoop,
)
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.keyless import misfit
from mixmaster.effects.modulated import ModulatedEffect, Swing
from mixmaster.effects.moving import Moving
from mixmaster.effects.wet import blend
from mixmaster.units import ms_to_samples

MOST_FEEDBACK = 0.95


class Flanger(ModulatedEffect):
    """A short moving delay against the dry sound: notches at odd multiples of 1 / (2 delay).

    ``mix`` 0 is the identity. The delay is read between samples with an error
    below -95 dB up to 0.35 of the rate (16.8 kHz at 48 kHz).
    """

    family: ClassVar[Family] = "modulation"
    summary: ClassVar[str] = "Flanger: a jet-like comb that sweeps up and down."
    default_rate_hz: ClassVar[float] = 0.25

    effect: Literal["flanger"] = parameter("flanger", "The effect's name: flanger.")
    delay_ms: float = parameter(
        1.0,
        "The shortest delay, where the sweep is highest: 0.6 to 2. Without feedback it may be 0: "
        "through zero, as with two tape machines.",
        low=0.0,
        high=20.0,
    )
    depth_ms: float = parameter(
        3.0,
        "How much longer the delay becomes, and so how low the sweep goes: 1 to 5.",
        low=0.0,
        high=20.0,
    )
    feedback: float = parameter(
        0.3,
        "How much of the delayed sound comes back: 0 is soft, 0.3 to 0.6 sings, 0.8 whistles; "
        "below 0 it is hollow. What is broad keeps its level.",
        low=-MOST_FEEDBACK,
        high=MOST_FEEDBACK,
        automatable=True,
    )
    shape: LfoShape = parameter(
        "triangle",
        "The way of the sweep: triangle goes evenly, sine lingers at both ends.",
    )
    stereo_phase_deg: float = parameter(
        0.0,
        "By how much of a swing the right side is ahead of the left: 0 sweeps as one, 90 wide, "
        "180 opposite. Heard on stereo tracks.",
        low=0.0,
        high=180.0,
    )
    mix: float = parameter(
        0.5,
        "How much of the delayed sound is heard against the dry: 0 is dry, 0.5 the deepest "
        "notches, 1 the delayed sound alone.",
        low=0.0,
        high=1.0,
        automatable=True,
    )

    def prepare(self, context: Context) -> Processor:
        """Return the flanger; the identity if ``mix`` is 0.

        Raises:
            DocumentError: For feedback over a delay that is too short for it at this rate, or
                beats that are too short or too long at this tempo.
        """
        swing = Swing(self, self.shape, self.stereo_phase_deg, context)
        if self.mix == 0.0 and "mix" not in context.automated:
            return BypassProcessor()
        looped = self.feedback != 0.0 or "feedback" in context.automated
        shortest = ms_to_samples(self.delay_ms, context.sample_rate_hz)
        if looped and not shortest >= SHORTEST_LOOP_SAMPLES:
            least_ms = 1_000.0 * SHORTEST_LOOP_SAMPLES / context.sample_rate_hz
            raise misfit(
                context.where,
                f"{self.delay_ms:g} ms is too short for feedback at {context.sample_rate_hz} Hz",
                f"at least {math.ceil(100.0 * least_ms) / 100.0:g} ms, or feedback = 0",
                "delay_ms",
            )
        return FlangerProcessor(self, swing, context, looped=looped)


class FlangerProcessor(Processor):
    """The dry sound and the delayed.

    Args:
        settings: Not neutral.
        swing: What moves the delay.
        context: The rate and the channels.
        looped: Whether there is feedback, now or later.
    """

    def __init__(self, settings: Flanger, swing: Swing, context: Context, *, looped: bool) -> None:
        channels, rate_hz = context.channels, context.sample_rate_hz
        self._swing = swing
        shortest = ms_to_samples(settings.delay_ms, rate_hz)
        self._half_depth = 0.5 * ms_to_samples(settings.depth_ms, rate_hz)
        self.latency_samples = max(0, math.ceil(SHORTEST_SAMPLES - shortest))
        swing.latency_samples = self.latency_samples
        shortest += self.latency_samples
        longest = shortest + 2.0 * self._half_depth
        self._middle = shortest + self._half_depth
        self._loop: ModulatedLoop | None = None
        self._delay: ModulatedDelay | None = None
        laps = 1
        if looped:
            self._loop = ModulatedLoop(channels, shortest, longest, np.zeros((0, 6)))
            most = abs(settings.feedback)
            if "feedback" in context.automated:
                most = MOST_FEEDBACK
            if most > 0.0:
                laps += math.ceil(math.log(SILENCE * (1.0 - most)) / math.log(most))
        else:
            self._delay = ModulatedDelay(channels, longest)
        self.tail_samples = laps * (math.ceil(longest) + SHORTEST_SAMPLES)
        self._feedback = Moving("feedback", settings.feedback, context)
        self._mix = Moving("mix", settings.mix, context, self.latency_samples)
        self._plain = DelayLine(channels, self.latency_samples)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block against its delayed self."""
        delays = self._swing.values(at, block.shape[1])
        delays *= self._half_depth
        delays += self._middle
        if self._loop is None:
            assert self._delay is not None
            wet = self._delay.process(block, delays[None])
        else:
            feedback = self._feedback.at(at)
            wet = self._loop.process(block, delays, feedback)
            # A loop around a delay has a mean power gain of 1 / (1 - g^2).
            wet *= np.sqrt(1.0 - np.square(feedback))
        return blend(self._plain.process(block), wet, self._mix.at(at))
