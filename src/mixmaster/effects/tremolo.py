"""Tremolo and auto-pan: level and place that swing."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp.lfo import LfoShape
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.keyless import misfit
from mixmaster.effects.modulated import ModulatedEffect, Swing
from mixmaster.effects.moving import Moving
from mixmaster.units import ms_to_samples

_EDGE_MS = 5.0
"""How long a square takes from one side to the other: short, and too long to click."""


class Tremolo(ModulatedEffect):
    """The level falls and comes back. ``depth`` 0 is the identity."""

    family: ClassVar[Family] = "modulation"
    summary: ClassVar[str] = "Tremolo: the level swings, from a shimmer to a chop."
    default_rate_hz: ClassVar[float] = 5.0

    effect: Literal["tremolo"] = parameter("tremolo", "The effect's name: tremolo.")
    depth: float = parameter(
        0.0,
        "How far the level falls: 0.2 to 0.4 shimmers, 0.5 falls by 6 dB, 1 to silence.",
        low=0.0,
        high=1.0,
        automatable=True,
    )
    shape: Literal["sine", "triangle", "square"] = parameter(
        "sine",
        "The way of the swing: sine is round, triangle pointed, square chops, with edges of 5 ms "
        "that do not click.",
    )
    stereo_phase_deg: float = parameter(
        0.0,
        "By how much of a swing the right side is ahead of the left: 0 is both at once, 180 sends "
        "the sound from side to side. Heard on stereo tracks.",
        low=0.0,
        high=180.0,
    )

    def prepare(self, context: Context) -> Processor:
        """Return the tremolo; the identity if ``depth`` is 0.

        Raises:
            DocumentError: For beats that are too short or too long at this tempo.
        """
        shape: LfoShape = "sine" if self.shape == "sine" else "triangle"
        swing = Swing(self, shape, self.stereo_phase_deg, context)
        if self.depth == 0.0 and "depth" not in context.automated:
            return BypassProcessor()
        edge_turns = None
        if self.shape == "square":
            edge = ms_to_samples(_EDGE_MS, context.sample_rate_hz)
            edge_turns = min(0.5, edge * self.swings_hz(context) / context.sample_rate_hz)
        return TremoloProcessor(Moving("depth", self.depth, context), swing, edge_turns)


class TremoloProcessor(Processor):
    """A gain between 1 - depth and 1.

    Args:
        depth: How far down.
        swing: What moves the level; it begins half-way, rising.
        edge_turns: How much of a swing a square's edge takes; None is not a square.
    """

    def __init__(self, depth: Moving, swing: Swing, edge_turns: float | None) -> None:
        self._depth = depth
        self._swing = swing
        self._edge_turns = edge_turns

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block, louder and softer."""
        gain = self._swing.values(at, block.shape[1])
        if self._edge_turns is not None:
            # A triangle rises by 4 a turn; within the edge it becomes a quarter of a sine wave.
            gain /= 2.0 * self._edge_turns
            np.clip(gain, -1.0, 1.0, out=gain)
            gain *= 0.5 * math.pi
            np.sin(gain, out=gain)
        gain -= 1.0
        gain *= 0.5 * np.asarray(self._depth.at(at))
        gain += 1.0
        gain *= block
        return gain


class AutoPan(ModulatedEffect):
    """The sound wanders between the sides at constant power. ``depth`` 0 is the identity.

    A stereo sound is balanced: one side rises by up to 3 dB as the other falls.
    """

    family: ClassVar[Family] = "modulation"
    summary: ClassVar[str] = "Auto-pan: the sound wanders from side to side, equally loud."
    default_rate_hz: ClassVar[float] = 0.5

    effect: Literal["auto_pan"] = parameter("auto_pan", "The effect's name: auto_pan.")
    depth: float = parameter(
        0.0,
        "How far it wanders: 0.2 to 0.5 gives life, 1 goes to the very sides.",
        low=0.0,
        high=1.0,
        automatable=True,
    )
    shape: LfoShape = parameter(
        "sine",
        "The way it goes: sine lingers at the sides, triangle passes evenly.",
    )
    phase_deg: float = parameter(
        0.0,
        "Where it stands at the session's zero: 0 in the middle on its way right, 90 right, 180 in "
        "the middle on its way left, 270 left.",
        low=0.0,
        high=360.0,
    )

    def prepare(self, context: Context) -> Processor:
        """Return the auto-pan; the identity if ``depth`` is 0.

        Raises:
            DocumentError: For other than two channels, unless neutral, or beats that are too
                short or too long at this tempo.
        """
        swing = Swing(self, self.shape, 0.0, context)
        if self.depth == 0.0 and "depth" not in context.automated:
            return BypassProcessor()
        if context.channels != 2:
            raise misfit(
                context.where,
                f"auto_pan needs two channels, not {context.channels}",
                "a stereo strip or bus, or tremolo for one channel",
            )
        return AutoPanProcessor(Moving("depth", self.depth, context), swing, self.phase_deg / 360.0)


class AutoPanProcessor(Processor):
    """A balance that moves: sqrt(2) cos and sqrt(2) sin of 45 degrees and what it is turned by.

    Args:
        depth: How far.
        swing: What moves the place.
        ahead_turns: Where it starts.
    """

    def __init__(self, depth: Moving, swing: Swing, ahead_turns: float) -> None:
        self._depth = depth
        self._swing = swing
        self._ahead_turns = ahead_turns

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block, balanced."""
        angle = self._swing.values(at, block.shape[1], self._ahead_turns)[0]
        angle *= np.asarray(self._depth.at(at)) * (0.25 * math.pi)
        # sqrt(2) cos(45 + a) = cos a - sin a, and sqrt(2) sin(45 + a) = cos a + sin a.
        cos, sin = np.cos(angle), np.sin(angle)
        return np.stack((cos - sin, cos + sin)) * block
