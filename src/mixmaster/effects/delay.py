"""A delay in milliseconds or beats, whose echoes grow thinner and darker."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import MisfitError, parameter
from mixmaster.dsp import filters
from mixmaster.dsp.decay import SILENCE, ring_out_samples
from mixmaster.dsp.delay_line import FeedbackDelay
from mixmaster.dsp.interpolation import HALF_TAPS
from mixmaster.dsp.lfo import Lfo
from mixmaster.dsp.modulated_delay import SHORTEST_LOOP_SAMPLES, Glide, ModulatedLoop
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.compressor import Compressor
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.effects.moving import Moving
from mixmaster.effects.wet import blend, check_cuts, cuts
from mixmaster.errors import Problem
from mixmaster.units import beats_to_ms, ms_to_samples

SHORTEST_MS = 5.0
LONGEST_MS = 5_000.0
MOST_FEEDBACK = 0.95

_DUCK_ABOVE_DBFS = -36.0
"""From here on the dry sound pushes the echoes back, by nearly as much as it is louder."""

_GLIDE_S = 0.05
"""Each of two poles: 90 % of the way to a new time is gone after 0.2 s."""

_WOBBLE = ((1.0, 0.85), (7.0, 0.15))
"""How often, and how much, of a tape's wow and its flutter; together 1 at most."""


class Delay(KeylessEffect):
    """Echoes. Exactly one of ``time_ms`` and ``beats`` is given; ``mix`` 0 is the identity.

    The time is rounded to a whole sample: at most 11 microseconds at 44.1 kHz. Only where it
    wavers or glides the echoes are read between samples, each time round with an error below
    -95 dB up to 0.35 of the rate.
    """

    family: ClassVar[Family] = "space"
    summary: ClassVar[str] = "Delay: echoes in milliseconds or in beats of the song's tempo."
    follows_tempo: ClassVar[bool] = True

    effect: Literal["delay"] = parameter("delay", "The effect's name: delay.")
    time_ms: float | None = parameter(
        None,
        "How long until the echo: 5 to 30 doubles, 80 to 140 is slapback, longer is an echo "
        "of its own. Either this or beats. Automation glides to a new time within a third of a "
        "second, bending the echoes' pitch as tape does.",
        low=SHORTEST_MS,
        high=LONGEST_MS,
        automatable=True,
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
        high=MOST_FEEDBACK,
        automatable=True,
    )
    mix: float = parameter(
        0.25,
        "How much echo against the dry sound: 0 is dry, 0.1 to 0.3 on a track, 1 (echo alone) "
        "on a return.",
        low=0.0,
        high=1.0,
        automatable=True,
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
    wobble_ms: float = parameter(
        0.0,
        "How far the echoes waver in time, and so in pitch, more with every repeat, as on worn "
        "tape: 0.2 to 0.5 is alive, 1 to 3 seasick. 0 is steady.",
        low=0.0,
        high=3.0,
    )
    wobble_hz: float = parameter(
        0.7,
        "How fast they waver: 0.4 to 1 for a tape's wow; a fainter flutter seven times as fast "
        "goes with it.",
        low=0.05,
        high=3.0,
    )
    duck_db: float = parameter(
        0.0,
        "How far the echoes step back while the dry sound is there: 3 to 6 clears the words, 12 "
        "leaves echoes in the gaps alone. 0 is off. On a return the dry sound is what is sent.",
        low=0.0,
        high=24.0,
    )
    duck_release_ms: float = parameter(
        300.0,
        "How long the echoes take to come forward again: 150 to 500.",
        low=20.0,
        high=2_000.0,
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
        if self.mix == 0.0 and "mix" not in context.automated:
            return BypassProcessor()
        samples = ms_to_samples(time_ms, context.sample_rate_hz)
        glides = self.glides(context)
        if self.wobble_ms == 0.0 and not glides:
            return DelayProcessor(self, round(samples), colour, context)
        shortest_ms = SHORTEST_MS if glides else time_ms
        spare_ms = shortest_ms - 1e3 * SHORTEST_LOOP_SAMPLES / context.sample_rate_hz
        if not self.wobble_ms <= spare_ms:
            raise misfit(
                context.where,
                f"{self.wobble_ms:g} ms is too far for {shortest_ms:g} ms "
                f"at {context.sample_rate_hz} Hz",
                f"at most {spare_ms:.2g} ms",
                "wobble_ms",
            )
        return MovingDelayProcessor(self, samples, colour, context)

    def glides(self, context: Context) -> bool:
        """Return whether the time moves: by automation, or by a tempo that does."""
        follows = self.beats is not None and "tempo_bpm" in context.automated
        return follows or "time_ms" in context.automated


class _Echoes(Processor):
    """What steady and moving delays share: what goes in, and how it is blended.

    Args:
        settings: ``mix`` is above 0, now or later.
        lap_samples: The longest that an echo takes to come round.
        colour: The sections that each echo passes, ``(sections, 6)``.
        context: The rate and the channels.
    """

    def __init__(
        self, settings: Delay, lap_samples: float, colour: Block, context: Context
    ) -> None:
        self._mix = Moving("mix", settings.mix, context)
        self._feedback = Moving("feedback", settings.feedback, context)
        self._ping_pong = settings.ping_pong
        self._ducking: Processor | None = None
        if settings.duck_db > 0.0:
            ducking = Compressor(
                threshold_db=_DUCK_ABOVE_DBFS,
                ratio=20.0,
                attack_ms=10.0,
                release_ms=settings.duck_release_ms,
                range_db=settings.duck_db,
            )
            self._ducking = ducking.prepare(replace(context, automated=frozenset()))
            self.settle_samples = self._ducking.settle_samples
            self.hears_itself = True
        self._safety = 1.0
        if len(colour):
            # A Butterworth cut never lifts, its sampled likeness by a fraction of a dB at most;
            # that must not let the loop grow.
            around = np.linspace(0.0, 0.5 * context.sample_rate_hz, 2_048)
            heard = np.abs(filters.response(colour, around, context.sample_rate_hz))
            self._safety = max(1.0, float(heard.max()))
        laps = 1
        loop = MOST_FEEDBACK if self._feedback.moves else settings.feedback
        if loop > 0.0:
            # Echoes of a sustained sound pile up to 1 / (1 - loop) before they die away.
            laps += math.ceil(math.log(SILENCE * (1.0 - loop)) / math.log(loop))
        lap = lap_samples
        if settings.high_cut_hz is not None:
            # A Butterworth pair delays the lows by sqrt(2) / (2 pi fc), once a lap.
            lap += context.sample_rate_hz / (math.sqrt(2.0) * math.pi * settings.high_cut_hz)
        self.tail_samples = math.ceil(laps * lap) + (ring_out_samples(colour) if len(colour) else 0)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block with its echoes."""
        fed = block
        if self._ping_pong:
            fed = np.zeros_like(block)
            fed[0] = 0.5 * (block[0] + block[1])
        wet = self.echoes(fed, at)
        if self._ducking is not None:
            dry = block if at.key is None else at.key
            wet = self._ducking.process(wet, BlockContext(start_frame=at.start_frame, key=dry))
        return blend(block, wet, self._mix.at(at))

    @abstractmethod
    def echoes(self, fed: Block, at: BlockContext) -> Block:
        """Return the echoes alone, a new array."""


class DelayProcessor(_Echoes):
    """Echoes after a whole number of samples.

    Args:
        settings: ``mix`` is above 0, now or later.
        samples: The delay.
        colour: The sections that each echo passes, ``(sections, 6)``.
        context: The rate and the channels.
    """

    def __init__(self, settings: Delay, samples: int, colour: Block, context: Context) -> None:
        super().__init__(settings, float(samples), colour, context)
        self._delay = FeedbackDelay(
            context.channels,
            samples,
            settings.feedback / self._safety,
            colour,
            crossed=settings.ping_pong,
        )

    def echoes(self, fed: Block, at: BlockContext) -> Block:
        """Return the echoes alone."""
        feedback = self._feedback.at(at)
        if isinstance(feedback, float):
            return self._delay.process(fed)
        return self._delay.process(fed, feedback / self._safety)


class MovingDelayProcessor(_Echoes):
    """Echoes whose time wavers or glides, read between samples.

    Args:
        settings: ``mix`` is above 0, now or later.
        samples: The delay, where automation does not move it.
        colour: The sections that each echo passes, ``(sections, 6)``.
        context: The rate and the channels.
    """

    def __init__(self, settings: Delay, samples: float, colour: Block, context: Context) -> None:
        rate_hz = context.sample_rate_hz
        self._glide = Glide(_GLIDE_S * rate_hz) if settings.glides(context) else None
        self._beats = None if "time_ms" in context.automated else settings.beats
        self._where = context.where
        self._samples = samples
        self._samples_a_ms = ms_to_samples(1.0, rate_hz)
        self._wobble = ms_to_samples(settings.wobble_ms, rate_hz)
        self._lfos = [
            (Lfo(times * settings.wobble_hz, rate_hz, "sine"), part) for times, part in _WOBBLE
        ]
        self._shortest = self._longest = samples
        if self._glide is not None:
            self._shortest = ms_to_samples(SHORTEST_MS, rate_hz)
            self._longest = ms_to_samples(LONGEST_MS, rate_hz)
        longest = self._longest + self._wobble
        super().__init__(settings, longest + HALF_TAPS, colour, context)
        self._loop = ModulatedLoop(
            context.channels,
            self._shortest - self._wobble,
            longest,
            colour,
            crossed=settings.ping_pong,
        )
        if self._glide is not None:
            self.settle_samples += self._glide.settle_samples

    def echoes(self, fed: Block, at: BlockContext) -> Block:
        """Return the echoes alone."""
        frames = fed.shape[1]
        delays = np.full(frames, self._samples)
        if self._glide is not None:
            delays = self._glide.process(self._times_ms(at)) * self._samples_a_ms
            np.clip(delays, self._shortest, self._longest, out=delays)
        if self._wobble != 0.0:
            for lfo, part in self._lfos:
                delays += self._wobble * part * lfo.values(at.start_frame, frames)
        feedback = np.asarray(self._feedback.at(at)) / self._safety
        return self._loop.process(fed, np.broadcast_to(delays, fed.shape), feedback)

    def _times_ms(self, at: BlockContext) -> Block:
        """Return where the time goes, ``(frames,)``: what automation says, or the tempo.

        Raises:
            DocumentError: For beats that are too short or too long where the tempo has come to.
        """
        if self._beats is None:
            return at.automation["time_ms"]
        times_ms = beats_to_ms(self._beats, 1.0) / at.automation["tempo_bpm"]
        if times_ms.size and not SHORTEST_MS <= times_ms.min() <= times_ms.max() <= LONGEST_MS:
            raise misfit(
                self._where,
                f"{self._beats:g} beats come to {times_ms.min():g} to {times_ms.max():g} ms "
                "where the tempo changes",
                f"{SHORTEST_MS:g} to {LONGEST_MS:g} ms",
                "beats",
            )
        return times_ms
