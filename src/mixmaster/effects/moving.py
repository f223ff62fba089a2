"""A setting as ``process`` needs it: one number, or automation's values frame by frame."""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context


class Moving:
    """A setting that automation may move.

    Automation's value at a frame belongs to that frame of the input. Where a setting acts on
    sound that is already late, its values are held back as much.

    Args:
        name: The parameter's address within the effect.
        value: What the document says, for when nothing moves it.
        context: Which parameters are automated.
        latency_samples: By how much the sound that it acts on is late.
    """

    def __init__(self, name: str, value: float, context: Context, latency_samples: int = 0) -> None:
        self.moves = name in context.automated
        self._name = name
        self._value = value
        self._late = latency_samples
        self._past: Block | None = None

    def at(self, at: BlockContext) -> float | Block:
        """Return the value of this block: a number, or ``(frames,)``. Call it once a block."""
        if not self.moves:
            return self._value
        curve = at.automation[self._name]
        if not self._late or not curve.size:
            return curve
        if self._past is None:
            self._past = np.full(self._late, curve[0])  # goes with the silence before the sound
        line = np.concatenate((self._past, curve))
        self._past = line[curve.size :].copy()
        return line[: curve.size]
