"""Fades and crossfades, frame by frame: the weights of what comes and of what goes.

The frames of a fade are sampled at their middles, ``(k + 1/2) / n``, so that a fade and its mirror
are symmetrical to the frame.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from mixmaster.arrays import Block
from mixmaster.units import db_to_gain

Shape = Literal["linear", "equal_power", "s_curve", "exponential"]
"""How a fade runs, see `weight`."""

SHAPES: tuple[str, ...] = get_args(Shape)

EQUAL_GAIN: frozenset[str] = frozenset({"linear", "s_curve"})
"""Shapes whose weights of both sides add up to 1: what is the same on both sides stays as it is."""

_EXPONENTIAL_DB = 60.0
"""How far down an exponential fade begins: where it is shifted to reach zero."""


def weight(progress: Block, shape: Shape) -> Block:
    """Return the weight of what comes in; of what goes out it is that of ``1 - progress``.

    ``linear`` is even in amplitude. ``equal_power`` is a quarter of a sine: the powers of both
    sides add up to 1, and in its middle each is 3.01 dB down. ``s_curve`` is that squared, a raised
    cosine. ``exponential`` is even in dB, over 60 dB: slow to come, long to be heard going.

    Args:
        progress: From 0 to 1, ``(frames,)``.
        shape: How it runs.
    """
    if shape == "linear":
        return progress
    if shape == "equal_power":
        return np.asarray(np.sin(0.5 * np.pi * progress))
    if shape == "s_curve":
        return np.asarray(0.5 - 0.5 * np.cos(np.pi * progress))
    top = db_to_gain(_EXPONENTIAL_DB)
    return np.asarray(np.expm1(np.log(top) * progress) / (top - 1.0))


def progress(first: int, stop: int, length: int) -> Block:
    """Return how far a fade of ``length`` frames is at its frames ``first`` to ``stop``."""
    return (np.arange(first, stop) + 0.5) / length


def blend(below: Block, above: Block, share: Block, shape: Shape) -> Block:
    """Return ``below`` turning into ``above``.

    Where the weights add up to 1 it is computed as the way from one to the other, so that what is
    the same on both sides comes out bit for bit.

    Args:
        below: What goes, ``(channels, frames)``.
        above: What comes.
        share: The progress of the fade, ``(frames,)``.
        shape: How it runs.
    """
    coming = weight(share, shape)
    if shape in EQUAL_GAIN:
        return np.asarray(below + (above - below) * coming)
    return np.asarray(below * weight(1.0 - share, shape) + above * coming)
