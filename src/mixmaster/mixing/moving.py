"""Faders, mutes, pans and widths that move: the post point's matrix, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.curves import Curve
from mixmaster.engine.graph import MovingMatrix
from mixmaster.mixing.preset import PanLaw
from mixmaster.units import db_to_gain

Moving = Block | float
"""A value a frame, ``(frames,)``, or one for all of them."""

_ROW = 64


@dataclass(frozen=True, slots=True)
class Level:
    """A gain that may move.

    Attributes:
        db: The part that stands still.
        curves: What is added to it, in dB.
        mutes: Curves that silence it where they are 1.
    """

    db: float = 0.0
    curves: tuple[Curve, ...] = ()
    mutes: tuple[Curve, ...] = ()

    @property
    def moves(self) -> bool:
        """Whether anything of it moves."""
        return bool(self.curves or self.mutes)

    def gain(self, start_frame: int, frames: int) -> Moving:
        """Return the linear gain, a value a frame or one for all."""
        total: Moving = self.db
        for curve in self.curves:
            total = total + curve.at(start_frame, frames)
        # One number goes through the same function as many: blocks may be cut anywhere.
        gains = db_to_gain(np.atleast_1d(np.asarray(total)))
        gain: Moving = gains if isinstance(total, np.ndarray) else float(gains[0])
        for mute in self.mutes:
            gain = gain * (1.0 - mute.at(start_frame, frames))
        return gain


@dataclass(frozen=True, slots=True)
class MovingGain:
    """The same moving gain on every channel.

    Attributes:
        channels: How many there are.
        level: The gain.
    """

    channels: int
    level: Level

    def matrix(self, start_frame: int, frames: int) -> MovingMatrix:
        """Return the gains, ``(channels, channels)``, for a block."""
        gain = self.level.gain(start_frame, frames)
        return [
            [gain if row == column else None for column in range(self.channels)]
            for row in range(self.channels)
        ]


@dataclass(frozen=True, slots=True)
class MovingPan:
    """Where a source lies: ``curve`` plus what ``spread`` puts it aside, kept within the field."""

    curve: Curve
    offset: float = 0.0

    def at(self, start_frame: int, frames: int) -> Moving:
        """Return the pan, -1 to +1."""
        pan = self.curve.at(start_frame, frames) + self.offset
        if isinstance(pan, np.ndarray):
            return np.clip(pan, -1.0, 1.0, out=pan)
        return min(1.0, max(-1.0, pan))

    def values(self, start_frame: int, frames: int) -> Block:
        """Return the pan, ``(frames,)``."""
        return np.clip(self.curve.values(start_frame, frames) + self.offset, -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class MovingPost:
    """Fader, pan and width of which at least one moves; `panning.post_matrix` frame by frame.

    Attributes:
        channels: 1 or 2.
        level: The fader with its VCAs, and mutes where it is a send's.
        pan: Where it lies.
        width: The stereo width; read for stereo only.
        law: The pan law; read for mono only.
    """

    channels: int
    level: Level
    pan: MovingPan | float
    width: Curve | float
    law: PanLaw

    def matrix(self, start_frame: int, frames: int) -> MovingMatrix:
        """Return the gains, ``(2, channels)``, for a block."""
        gain = self.level.gain(start_frame, frames)
        pan = self.pan.at(start_frame, frames) if isinstance(self.pan, MovingPan) else self.pan
        if self.channels == 1:
            left, right = moving_pan_gains(pan, self.law)
            return [[gain * left], [gain * right]]
        left, right = moving_pan_gains(pan, "unity")
        left, right = gain * left, gain * right
        if self.width == 1.0:
            return [[left, None], [None, right]]
        width = self.width if isinstance(self.width, float) else self.width.at(start_frame, frames)
        same, other = (1.0 + width) / 2.0, (1.0 - width) / 2.0
        return [[left * same, left * other], [right * other, right * same]]


def moving_pan_gains(pan: Moving, law: PanLaw) -> tuple[Moving, Moving]:
    """Return `panning.pan_gains` of a pan that may move, to within rounding."""
    # One number stands in a row of many: numpy's sine of a short array may differ in its last bit.
    p = ((pan if isinstance(pan, np.ndarray) else np.full(_ROW, pan)) + 1.0) / 2.0
    if law == "unity":
        left, right = np.minimum(1.0, 2.0 * (1.0 - p)), np.minimum(1.0, 2.0 * p)
    elif law == "linear":
        left, right = 1.0 - p, p
    else:
        # Hard left and right are exactly 1 and 0, which cos and sin miss by 1e-17.
        left = np.where(p == 1.0, 0.0, np.cos(p * (np.pi / 2.0)))
        right = np.where(p == 1.0, 1.0, np.sin(p * (np.pi / 2.0)))
        if law == "compromise":
            left, right = np.sqrt((1.0 - p) * left), np.sqrt(p * right)
    if isinstance(pan, np.ndarray):
        return left, right
    return float(left[0]), float(right[0])
