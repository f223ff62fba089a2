"""A delay in milliseconds or beats, whose echoes grow thinner and darker."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import MisfitError, parameter
from mixmaster.dsp import filters
from mixmaster.dsp.decay import SILENCE, ring_out_samples
from mixmaster.dsp.delay_line import FeedbackDelay
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Processor
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.effects.wet import blend, check_cuts, cuts
from mixmaster.errors import Problem
from mixmaster.units import beats_to_ms, ms_to_samples

SHORTEST_MS = 5.0
LONGEST_MS = 5_000.0


class Delay(KeylessEffect):
    """Echoes. Exactly one of ``time_ms`` and ``beats`` is given; ``mix`` 0 is the identity.

    The time is rounded to a whole sample: at most 11 microseconds at 44.1 kHz.
    """

    summary: ClassVar[str] = "Delay: echoes in milliseconds or in beats of the song's tempo."

    effect: Literal["delay"] = parameter("delay", "The effect's name: delay.")
    time_ms: float | None = parameter(
        None,
        "How long until the echo: 5 to 30 doubles, 80 to 140 is slapback, longer is an echo "
        "of its own. Either this or beats.",
        low=SHORTEST_MS,
        high=LONGEST_MS,
    )
    beats: float | None = parameter(
        None,
        "How long until the echo in quarter notes of the tempo: 0.5 is an eighth, 0.75 a dotted "
        "eighth, 1 a quarter, 0.3333 a triplet eighth. Either this or time_ms.",
        low=0.03125,
        high=16.0,
    )
    feedback: float = parameter(
        0.0,
        "How much of each echo comes back: 0 is a single echo, 0.2 to 0.4 a few that die away, "
        "above 0.7 a wash.",
        low=0.0,
        high=0.95,
    )
    mix: float = parameter(
        0.25,
        "How much echo against the dry sound: 0 is dry, 0.1 to 0.3 on a track, 1 (echo alone) "
        "on a return.",
        low=0.0,
        high=1.0,
    )
    low_cut_hz: float | None = parameter(
        None,
        "Thins out each echo, the first included, below this frequency, so that they do "
        "not pile up as mud: 100 to 400. Off if silent.",
        low=10.0,
        high=5_000.0,
    )
    high_cut_hz: float | None = parameter(
        None,
        "Darkens each echo, the first included, above this frequency, as tape does: 2000 to 8000. "
        "Off if silent.",
        low=100.0,
        high=96_000.0,
    )
    ping_pong: bool = parameter(
        False,
        "Whether the echoes bounce: the first left, the second right. Needs two channels and "
        "feedback to be heard as such.",
    )

    @model_validator(mode="after")
    def _has_one_time(self) -> Self:
        problems = []
        if self.time_ms is None and self.beats is None:
            problems.append(Problem("time_ms", "a delay needs a time", "give time_ms or beats"))
        if self.time_ms is not None and self.beats is not None:
            problems.append(
                Problem("time_ms", "time_ms and beats are both given", "give one of them")
            )
        if problems:
            raise MisfitError(problems)
        check_cuts(self.low_cut_hz, self.high_cut_hz)
        return self

    def prepare(self, context: Context) -> Processor:
        """Return the delay at the session's tempo; the identity if ``mix`` is 0.

        Raises:
            DocumentError: For ``ping_pong`` on other than two channels, a cut at or above the
                Nyquist frequency, or beats that are too short or too long at this tempo.
        """
        if self.ping_pong and context.channels != 2:
            raise misfit(
                context.where,
                f"bouncing needs two channels, not {context.channels}",
                "a stereo strip or bus, or ping_pong = false",
                "ping_pong",
            )
        time_ms = self.time_ms
        if self.beats is not None:
            time_ms = beats_to_ms(self.beats, context.tempo_bpm)
            if not SHORTEST_MS <= time_ms <= LONGEST_MS:
                raise misfit(
                    context.where,
                    f"{self.beats:g} beats at {context.tempo_bpm:g} BPM are {time_ms:g} ms",
                    f"{SHORTEST_MS:g} to {LONGEST_MS:g} ms",
                    "beats",
                )
        assert time_ms is not None
        colour = cuts(self.low_cut_hz, self.high_cut_hz, context)
        if self.mix == 0.0:
            return BypassProcessor()
        return DelayProcessor(
            self, round(ms_to_samples(time_ms, context.sample_rate_hz)), colour, context
        )


class DelayProcessor(Processor):
    """Echoes, blended with the dry sound.

    Args:
        settings: ``mix`` is above 0.
        samples: The delay.
        colour: The sections that each echo passes, ``(sections, 6)``.
        context: The rate and the channels.
    """

    def __init__(self, settings: Delay, samples: int, colour: Block, context: Context) -> None:
        self._mix = settings.mix
        self._ping_pong = settings.ping_pong
        feedback = settings.feedback
        if len(colour):
            # A Butterworth cut never lifts, its sampled likeness by a fraction of a dB at most;
            # that must not let the loop grow.
            around = np.linspace(0.0, 0.5 * context.sample_rate_hz, 2_048)
            heard = np.abs(filters.response(colour, around, context.sample_rate_hz))
            feedback /= max(1.0, float(heard.max()))
        self._delay = FeedbackDelay(
            context.channels, samples, feedback, colour, crossed=settings.ping_pong
        )
        laps = 1
        loop = settings.feedback
        if loop > 0.0:
            # Echoes of a sustained sound pile up to 1 / (1 - loop) before they die away.
            laps += math.ceil(math.log(SILENCE * (1.0 - loop)) / math.log(loop))
        lap = float(samples)
        if settings.high_cut_hz is not None:
            # A Butterworth pair delays the lows by sqrt(2) / (2 pi fc), once a lap.
            lap += context.sample_rate_hz / (math.sqrt(2.0) * math.pi * settings.high_cut_hz)
        self.tail_samples = math.ceil(laps * lap) + (ring_out_samples(colour) if len(colour) else 0)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block with its echoes."""
        del at
        fed = block
        if self._ping_pong:
            fed = np.zeros_like(block)
            fed[0] = 0.5 * (block[0] + block[1])
        return blend(block, self._delay.process(fed), self._mix)
