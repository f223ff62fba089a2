"""The look-ahead true-peak limiter as an insert, see ``dsp.limiter``."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar, Final, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import MisfitError, parameter
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.gain_computer import DB_PER_OCTAVE
from mixmaster.dsp.limiter import TruePeakLimiter
from mixmaster.dsp.limiter_adaptive import (
    AdaptiveBallistics,
    Recovery,
    SlowPart,
    SustainedHold,
)
from mixmaster.dsp.limiter_curve import AnyBallistics, Ballistics
from mixmaster.dsp.pooled import POOL_FRAMES
from mixmaster.effects.base import BlockContext, Context, Family, Processor
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.errors import Problem
from mixmaster.units import db_to_gain, gain_to_db, ms_to_samples

Character = Literal["transparent", "punchy", "loud"]

# The times below were searched for on recordings of a rock band, an orchestra and pianos, see
# benchmarks/limiter.py, which prints what they come to beside other limiters.
CHARACTERS: Final[dict[Character, AdaptiveBallistics]] = {
    # Holds what is sustained; what it takes off quickly is little.
    "transparent": AdaptiveBallistics(
        lookahead_ms=0.5,
        hold_ms=8.0,
        sustained=(SustainedHold(13.0, 26.0), SustainedHold(26.0, 150.0)),
        recoveries=(Recovery(45.0, 1.0), Recovery(90.0, 3.0)),
        ripple_db=0.1,
        ripple_ms=50.0,
        slow=(SlowPart(0.5, 30.0, 0.05), SlowPart(0.0, 4.0, 0.5)),
    ),
    # Leans back as a whole around a hit, so that its front stands out.
    "punchy": AdaptiveBallistics(
        lookahead_ms=0.5,
        hold_ms=8.0,
        sustained=(SustainedHold(20.0, 40.0),),
        recoveries=(Recovery(45.0, 1.0), Recovery(90.0, 3.0)),
        ripple_db=0.1,
        ripple_ms=50.0,
        slow=(SlowPart(0.5, 60.0, 0.5, most_db=4.0), SlowPart(0.0, 6.0, 0.6)),
    ),
    # Back as soon as a bass note allows: the most level for a given ceiling.
    "loud": AdaptiveBallistics(
        lookahead_ms=0.5,
        hold_ms=8.0,
        sustained=(SustainedHold(13.0, 26.0), SustainedHold(26.0, 300.0)),
        recoveries=(),
        ripple_db=0.1,
        ripple_ms=50.0,
        slow=(SlowPart(0.0, 4.0, 0.3),),
    ),
}

FIRST_CHARACTERS: Final[dict[Character, Ballistics]] = {
    # Revision 1. Falls softly, holds through the lowest bass, and comes back unhurried.
    "transparent": Ballistics(
        lookahead_ms=5.0, hold_ms=30.0, release_ms=120.0, sustain_ms=300.0, sustain_ratio=8.0
    ),
    # Leaves the front of a drum alone until just before its peak.
    "punchy": Ballistics(
        lookahead_ms=1.5, hold_ms=20.0, release_ms=60.0, sustain_ms=400.0, sustain_ratio=8.0
    ),
    # Back up as soon as a bass note allows.
    "loud": Ballistics(
        lookahead_ms=2.0, hold_ms=13.0, release_ms=20.0, sustain_ms=0.0, sustain_ratio=1.0
    ),
}


class Limiter(KeylessEffect):
    """A limiter: nothing passes its ceiling, not even between the samples.

    Without ``ceiling_dbtp`` it is the delivery limiter of a mastering chain: wherever it stands
    in the list it runs last, at the delivery's rate, with ceiling and gain from the target.
    """

    current_revision: ClassVar[int] = 2
    family: ClassVar[Family] = "level"
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
        "transparent: holds what is sustained and is the cleanest on it. punchy: leans back around "
        "a hit, so that its front stands out. loud: moves least and recovers at once, for dense "
        "modern masters.",
    )
    link: float = parameter(
        1.0,
        "How far channels share their reduction: at 1 the stereo image stands still, at 0 each "
        "side is limited by itself, which is louder and wider where peaks are on one side.",
        low=0.0,
        high=1.0,
    )
    lookahead_ms: float | None = parameter(
        None,
        "How early the gain falls for a lone peak: 0.5 to 2 keeps snap, 5 and more is softer. "
        "What lasts is followed earlier and more slowly. The character's own if silent.",
        low=0.5,
        high=20.0,
    )
    release_ms: float | None = parameter(
        None,
        "At least the time to recover 6 dB. If silent the release follows the programme: at "
        "once after a lone peak, hardly at all under a tone.",
        low=1.0,
        high=2_000.0,
    )
    hold_ms: float | None = parameter(
        None,
        "Peaks closer together than this are held through, so that bass does not ripple: 25 is "
        "safe to 20 Hz. If silent the character's own, longer where a tone is sustained.",
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
    def ballistics(self) -> AnyBallistics:
        """The character's times with the settings' own in their place."""
        if self.sound_revision == 1:
            first = FIRST_CHARACTERS[self.character]
            return replace(
                first,
                lookahead_ms=_either(self.lookahead_ms, first.lookahead_ms),
                hold_ms=_either(self.hold_ms, first.hold_ms),
                release_ms=_either(self.release_ms, first.release_ms),
                link=self.link,
            )
        base = CHARACTERS[self.character]
        return replace(
            base,
            lookahead_ms=_either(self.lookahead_ms, base.lookahead_ms),
            hold_ms=_either(self.hold_ms, base.hold_ms),
            sustained=base.sustained if self.hold_ms is None else (),
            release_ms=self.release_ms,
            link=self.link,
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


def _either(own: float | None, characters: float) -> float:
    return characters if own is None else own


MAX_FORGOTTEN_DB = 12.0
"""A limiter is taken to have forgotten reductions up to this after its settling time."""


def _memory_ms(ballistics: AnyBallistics) -> float:
    """Return how long the releases take to give back ``MAX_FORGOTTEN_DB``, and what precedes."""
    if isinstance(ballistics, AdaptiveBallistics):
        return (ballistics.release_ms or 0.0) * MAX_FORGOTTEN_DB / DB_PER_OCTAVE
    # The slow release gives it back after everything else.
    slow_ms = ballistics.release_ms * max(1.0, ballistics.sustain_ratio)
    memory_ms = slow_ms * MAX_FORGOTTEN_DB / DB_PER_OCTAVE
    return memory_ms + ballistics.lookahead_ms + ballistics.hold_ms + 2.0 * ballistics.sustain_ms


class LimiterProcessor(Processor):
    """A prepared limiter.

    Args:
        context: What it runs in.
        ceiling: Linear.
        ballistics: How it moves.
    """

    def __init__(self, context: Context, ceiling: float, ballistics: AnyBallistics) -> None:
        self._limiter = TruePeakLimiter(
            context.channels, context.sample_rate_hz, ceiling, ballistics
        )
        self.latency_samples = self._limiter.latency_samples
        memory_ms = _memory_ms(ballistics)
        self.settle_samples = math.ceil(ms_to_samples(memory_ms, context.sample_rate_hz))
        if isinstance(ballistics, AdaptiveBallistics):
            self.settle_samples += 2 * self.latency_samples  # it looks as far back as ahead
        self._gain = np.ones(0)
        self._delay = DelayLine(context.channels, self.latency_samples)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the limited block, ``(channels, frames)``."""
        del at
        out, self._gain = self._limiter.process(block)
        return out

    def gain_curve(self) -> Block:
        """Return the gain of the last block, ``(frames,)``; a row each where sides differ."""
        return self._gain

    def gain_reduction_db(self) -> Block:
        """Return the largest reduction of the last block in dB, one value for 16 frames."""
        least = self._gain if self._gain.ndim == 1 else self._gain.min(axis=0)
        return 0.0 - gain_to_db(least[::POOL_FRAMES])

    def replay(self, block: Block, gain: Block) -> Block:
        """Return ``block``, late, with a recorded gain applied."""
        return self._delay.process(block) * gain
