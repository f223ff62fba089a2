"""The look-ahead true-peak limiter as an insert, see ``dsp.limiter``."""

from __future__ import annotations

import math
from typing import ClassVar, Final, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import MisfitError, parameter
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.gain_computer import DB_PER_OCTAVE
from mixmaster.dsp.limiter import TruePeakLimiter
from mixmaster.dsp.limiter_curve import Ballistics
from mixmaster.dsp.pooled import POOL_FRAMES
from mixmaster.effects.base import BlockContext, Context, Processor
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.errors import Problem
from mixmaster.units import db_to_gain, gain_to_db, ms_to_samples

Character = Literal["transparent", "punchy", "loud"]

CHARACTERS: Final[dict[Character, Ballistics]] = {
    # Falls softly, holds through the lowest bass, and comes back unhurried.
    "transparent": Ballistics(
        lookahead_ms=5.0, hold_ms=30.0, release_ms=120.0, sustain_ms=300.0, sustain_ratio=8.0
    ),
    # Leaves the front of a drum alone until just before its peak.
    "punchy": Ballistics(
        lookahead_ms=1.5, hold_ms=20.0, release_ms=60.0, sustain_ms=400.0, sustain_ratio=8.0
    ),
    # Back up as soon as a bass note allows: the most level for a given ceiling.
    "loud": Ballistics(
        lookahead_ms=2.0, hold_ms=13.0, release_ms=20.0, sustain_ms=0.0, sustain_ratio=1.0
    ),
}


class Limiter(KeylessEffect):
    """A limiter: nothing passes its ceiling, not even between the samples.

    Without ``ceiling_dbtp`` it is the delivery limiter of a mastering chain: wherever it stands
    in the list it runs last, at the delivery's rate, with ceiling and gain from the target.
    """

    summary: ClassVar[str] = "Limiter: nothing passes its ceiling, not even between the samples."

    effect: Literal["limiter"] = parameter("limiter", "The effect's name: limiter.")
    ceiling_dbtp: float | None = parameter(
        None,
        "The highest true peak. Left out in a mastering chain, the target sets it.",
        low=-60.0,
        high=0.0,
    )
    character: Character = parameter(
        "transparent",
        "transparent: soft and slow, for anything acoustic. punchy: lets the front of drums "
        "through until just before the peak. loud: recovers fastest, for dense modern masters.",
    )
    lookahead_ms: float | None = parameter(
        None,
        "How early the gain starts to fall: 1 to 2 keeps snap, 5 and more is softer; the "
        "character's own if silent.",
        low=0.5,
        high=20.0,
    )
    release_ms: float | None = parameter(
        None,
        "Time to recover 6 dB after a lone peak. 20 is dense and loud, 150 relaxed; limiting "
        "that lasts recovers more slowly by itself. The character's own if silent.",
        low=1.0,
        high=2_000.0,
    )
    hold_ms: float | None = parameter(
        None,
        "Peaks closer together than this are held through, so that bass does not ripple: 25 is "
        "safe to 20 Hz. The character's own if silent.",
        low=0.0,
        high=100.0,
    )
    max_gain_reduction_db: float | None = parameter(
        None,
        "For the delivery limiter: a target that needs more reduction than this at any moment "
        "is refused, with figures. 3 is careful, 6 is usual for streaming.",
        low=0.0,
        high=60.0,
    )

    @model_validator(mode="after")
    def _only_delivery_refuses(self) -> Self:
        if self.ceiling_dbtp is not None and self.max_gain_reduction_db is not None:
            reason = "only the delivery limiter, which has no ceiling_dbtp, can refuse"
            hint = "leave one of the two out"
            raise MisfitError([Problem("max_gain_reduction_db", reason, hint)])
        return self

    @property
    def is_delivery(self) -> bool:
        """Whether this is a mastering chain's last limiter, with its ceiling from the target."""
        return self.ceiling_dbtp is None

    @property
    def ballistics(self) -> Ballistics:
        """The character's times with the settings' own in their place."""
        base = CHARACTERS[self.character]
        return Ballistics(
            lookahead_ms=base.lookahead_ms if self.lookahead_ms is None else self.lookahead_ms,
            hold_ms=base.hold_ms if self.hold_ms is None else self.hold_ms,
            release_ms=base.release_ms if self.release_ms is None else self.release_ms,
            sustain_ms=base.sustain_ms,
            sustain_ratio=base.sustain_ratio,
        )

    def prepare(self, context: Context) -> Processor:
        """Return a limiter for ``context``.

        Raises:
            DocumentError: Without a ceiling.
        """
        if self.ceiling_dbtp is None:
            raise misfit(
                context.where,
                "is missing",
                "only the limiter of a mastering chain does without",
                "ceiling_dbtp",
            )
        return LimiterProcessor(context, db_to_gain(self.ceiling_dbtp), self.ballistics)


MAX_FORGOTTEN_DB = 12.0
"""A limiter is taken to have forgotten reductions up to this after its settling time."""


class LimiterProcessor(Processor):
    """A prepared limiter.

    Args:
        context: What it runs in.
        ceiling: Linear.
        ballistics: How it moves.
    """

    def __init__(self, context: Context, ceiling: float, ballistics: Ballistics) -> None:
        self._limiter = TruePeakLimiter(
            context.channels, context.sample_rate_hz, ceiling, ballistics
        )
        self.latency_samples = self._limiter.latency_samples
        # The slow release gives back MAX_FORGOTTEN_DB after everything else.
        slow_ms = ballistics.release_ms * max(1.0, ballistics.sustain_ratio)
        memory_ms = slow_ms * MAX_FORGOTTEN_DB / DB_PER_OCTAVE
        memory_ms += ballistics.lookahead_ms + ballistics.hold_ms + 2.0 * ballistics.sustain_ms
        self.settle_samples = math.ceil(ms_to_samples(memory_ms, context.sample_rate_hz))
        self._gain = np.ones(0)
        self._delay = DelayLine(context.channels, self.latency_samples)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the limited block, ``(channels, frames)``."""
        del at
        out, self._gain = self._limiter.process(block)
        return out

    def gain_curve(self) -> Block:
        """Return the gain of the last block, ``(frames,)``."""
        return self._gain

    def gain_reduction_db(self) -> Block:
        """Return the reduction of the last block in dB, one value for 16 frames."""
        return 0.0 - gain_to_db(self._gain[::POOL_FRAMES])

    def replay(self, block: Block, gain: Block) -> Block:
        """Return ``block``, late, with a recorded gain applied."""
        return self._delay.process(block) * gain
