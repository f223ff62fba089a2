"""Phaser: notches from all-passes that travel."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import MisfitError, parameter
from mixmaster.dsp.decay import SILENCE
from mixmaster.dsp.lfo import LfoShape
from mixmaster.dsp.phase_shifter import PhaseShifter
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.keyless import misfit
from mixmaster.effects.modulated import ModulatedEffect, Swing
from mixmaster.effects.moving import Moving
from mixmaster.effects.wet import blend
from mixmaster.errors import Problem

MOST_FEEDBACK = 0.95
_HIGHEST = 0.45
"""How high the sweep may go, as a part of the rate."""


class Phaser(ModulatedEffect):
    """All-passes in a row against the dry sound: every two of them make a notch.

    ``mix`` 0 is the identity. The corner moves from frame to frame, evenly in octaves.
    """

    family: ClassVar[Family] = "modulation"
    summary: ClassVar[str] = "Phaser: a few soft notches that travel through the sound."
    default_rate_hz: ClassVar[float] = 0.3

    effect: Literal["phaser"] = parameter("phaser", "The effect's name: phaser.")
    stages: Literal[2, 4, 6, 8, 10, 12] = parameter(
        4,
        "How many all-passes; every two make a notch: 4 is the classic pedal, 2 subtle, 6 to 12 "
        "thick.",
    )
    low_hz: float = parameter(
        300.0,
        "Where the sweep is lowest: there each stage has turned the phase by 90 degrees. 100 to "
        "500.",
        low=20.0,
        high=5_000.0,
    )
    high_hz: float = parameter(
        2_000.0,
        "Where the sweep is highest, above low_hz: 1000 to 6000.",
        low=50.0,
        high=20_000.0,
    )
    feedback: float = parameter(
        0.0,
        "How much of the shifted sound comes back: 0 is soft, 0.3 to 0.6 pronounced, 0.8 sings; "
        "below 0 the peaks move between. What is broad keeps its level.",
        low=-MOST_FEEDBACK,
        high=MOST_FEEDBACK,
        automatable=True,
    )
    shape: LfoShape = parameter(
        "sine",
        "The way of the sweep, in octaves: sine lingers at both ends, triangle goes evenly.",
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
        "How much of the shifted sound is heard against the dry: 0 is dry, 0.5 the deepest "
        "notches, 1 the shifted sound alone, a faint vibrato.",
        low=0.0,
        high=1.0,
        automatable=True,
    )

    @model_validator(mode="after")
    def _goes_up(self) -> Self:
        if not self.low_hz <= self.high_hz:
            reason = f"{self.low_hz:g} Hz lies above high_hz, {self.high_hz:g} Hz"
            raise MisfitError([Problem("low_hz", reason, "exchange them")])
        return self

    def prepare(self, context: Context) -> Processor:
        """Return the phaser; the identity if ``mix`` is 0.

        Raises:
            DocumentError: For a sweep that goes beyond 0.45 of the rate, or beats that are too
                short or too long at this tempo.
        """
        highest_hz = _HIGHEST * context.sample_rate_hz
        if not self.high_hz <= highest_hz:
            raise misfit(
                context.where,
                f"{self.high_hz:g} Hz is too high for {context.sample_rate_hz} Hz",
                f"at most {highest_hz:g} Hz",
                "high_hz",
            )
        swing = Swing(self, self.shape, self.stereo_phase_deg, context)
        if self.mix == 0.0 and "mix" not in context.automated:
            return BypassProcessor()
        return PhaserProcessor(self, swing, context)


class PhaserProcessor(Processor):
    """The dry sound and the shifted.

    Args:
        settings: Not neutral.
        swing: What moves the corner.
        context: The rate and the channels.
    """

    def __init__(self, settings: Phaser, swing: Swing, context: Context) -> None:
        rate_hz = context.sample_rate_hz
        self._swing = swing
        self._shifter = PhaseShifter(context.channels, settings.stages)
        self._half_octaves = 0.5 * math.log2(settings.high_hz / settings.low_hz)
        self._middle = math.sqrt(settings.high_hz * settings.low_hz) / rate_hz
        self._feedback = Moving("feedback", settings.feedback, context)
        self._mix = Moving("mix", settings.mix, context)
        most = MOST_FEEDBACK if self._feedback.moves else abs(settings.feedback)
        laps = 1
        if most > 0.0:
            laps += math.ceil(math.log(SILENCE * (1.0 - most)) / math.log(most))
        # A stage delays the lows by 1 / (pi f) and rings with 1 / (2 pi f).
        turns = settings.stages * (laps + 2.0) + 8.0
        self.tail_samples = math.ceil(turns * rate_hz / (math.pi * settings.low_hz))
        self.settle_samples = self.tail_samples

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block against its shifted self."""
        corners = self._swing.values(at, block.shape[1])
        corners *= self._half_octaves
        np.exp2(corners, out=corners)
        corners *= self._middle
        feedback = self._feedback.at(at)
        wet = self._shifter.process(block, corners, feedback)
        if self._feedback.moves or feedback != 0.0:
            # A loop around an all-pass has a mean power gain of 1 / (1 - g^2).
            wet *= np.sqrt(1.0 - np.square(feedback))
        return blend(block, wet, self._mix.at(at))
