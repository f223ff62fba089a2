"""An effect in its place: as much of it as its ``amount`` says."""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.sos import GridSosFilter
from mixmaster.effects.base import BlockContext, Context, Effect, Processor
from mixmaster.units import db_to_gain, gain_to_db


def prepare_insert(settings: Effect, context: Context) -> Processor:
    """Return an effect's processor, blended with its input where ``amount`` asks for it.

    Args:
        settings: The effect.
        context: What for.

    Raises:
        DocumentError: For settings that make no sense at this rate or channel count.
    """
    inner = settings.prepare(context)
    if settings.blends_itself or settings.amount == 1.0:
        return inner
    blended = _BlendedDynamics if inner.is_dynamics else _Blended
    return blended(inner, settings.amount, context.channels)


class _Blended(Processor):
    """What a processor gives, beside what it was given, in step and in phase with it.

    Args:
        inner: The processor.
        amount: 1 would be all of it, 0 is its input.
        channels: Channels of every block.
    """

    def __init__(self, inner: Processor, amount: float, channels: int) -> None:
        self._inner, self._amount = inner, amount
        self.latency_samples = inner.latency_samples
        self.tail_samples = inner.tail_samples
        self.settle_samples = inner.settle_samples
        self.hears_itself = inner.hears_itself
        self._delay = DelayLine(channels, inner.latency_samples)
        turned = inner.phase_sos
        self._turn = None if turned is None else GridSosFilter(turned, channels)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the blend, ``(channels, frames)``."""
        return self._blend(block, self._inner.process(block, at))

    def _blend(self, block: Block, wet: Block) -> Block:
        dry = self._delay.process(block)
        if self._turn is not None:
            dry = self._turn.process(dry)
        out = self._amount * wet
        out += (1.0 - self._amount) * dry
        return out


class _BlendedDynamics(_Blended):
    """The same for a processor that reports its gain: meters show what is left of it."""

    def gain_curve(self) -> Block | None:
        """Return the processor's own gain; ``replay`` blends."""
        return self._inner.gain_curve()

    def gain_reduction_db(self) -> Block | None:
        """Return what the blend leaves of the reduction, in dB, >= 0."""
        reduction_db = self._inner.gain_reduction_db()
        if reduction_db is None:
            return None
        gain = self._amount * db_to_gain(-reduction_db) + (1.0 - self._amount)
        return np.asarray(0.0 - gain_to_db(gain))

    def replay(self, block: Block, gain: Block) -> Block:
        """Return ``block`` with a recorded gain applied, and blended."""
        return self._blend(block, self._inner.replay(block, gain))
