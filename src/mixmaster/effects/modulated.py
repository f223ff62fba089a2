"""What effects that swing have in common: how fast, in hertz or beats, and how far apart the sides.

Their oscillators count from the session's zero: a passage rendered alone is the passage of the
whole, and two runs are one another.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import MisfitError, parameter
from mixmaster.dsp.lfo import Lfo, LfoShape
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.errors import Problem
from mixmaster.units import beats_to_ms

SLOWEST_HZ = 0.005
FASTEST_HZ = 40.0


class ModulatedEffect(KeylessEffect):
    """An effect that a low-frequency oscillator moves; in beats it follows the tempo map."""

    follows_tempo: ClassVar[bool] = True
    default_rate_hz: ClassVar[float] = 0.5

    rate_hz: float | None = parameter(
        None,
        "How often a second it swings: 0.1 to 0.5 is slow, 1 to 3 lively, 4 to 8 a tremble. Either "
        "this or beats; a slow rate that suits the effect if both are silent.",
        low=0.01,
        high=20.0,
    )
    beats: float | None = parameter(
        None,
        "How long one swing takes in quarter notes of the session's tempo: 0.5 is an eighth, 4 a "
        "bar of 4/4. Counted from the session's zero, from bar 1 where the tempo changes. Either "
        "this or rate_hz.",
        low=0.0625,
        high=128.0,
    )

    @model_validator(mode="after")
    def _has_one_rate(self) -> Self:
        if self.rate_hz is not None and self.beats is not None:
            raise MisfitError(
                [Problem("rate_hz", "rate_hz and beats are both given", "give one of them")]
            )
        return self

    def swings_hz(self, context: Context) -> float:
        """Return how often a second it swings in this session.

        Raises:
            DocumentError: For beats that are too short or too long at this tempo.
        """
        if self.beats is None:
            return self.default_rate_hz if self.rate_hz is None else self.rate_hz
        frequency_hz = 1_000.0 / beats_to_ms(self.beats, context.tempo_bpm)
        if not SLOWEST_HZ <= frequency_hz <= FASTEST_HZ:
            raise misfit(
                context.where,
                f"{self.beats:g} beats at {context.tempo_bpm:g} BPM are {frequency_hz:g} Hz",
                f"{SLOWEST_HZ:g} to {FASTEST_HZ:g} Hz",
                "beats",
            )
        return frequency_hz


class Swing:
    """An effect's oscillator, one phase a channel.

    Args:
        effect: How fast.
        shape: The way it goes.
        stereo_phase_deg: By how much each channel is ahead of the one before it.
        context: The rate, the tempo, the channels.

    Attributes:
        latency_samples: By how much the sound that it moves is late, and so it is too.
    """

    def __init__(
        self, effect: ModulatedEffect, shape: LfoShape, stereo_phase_deg: float, context: Context
    ) -> None:
        self.latency_samples = 0
        self._lfo = Lfo(effect.swings_hz(context), context.sample_rate_hz, shape)
        self._beats = effect.beats if "song_quarters" in context.automated else None
        self._seconds_a_frame = 1.0 / context.sample_rate_hz
        self._phases = [stereo_phase_deg / 360.0 * side for side in range(context.channels)]

    def values(self, at: BlockContext, frames: int, ahead_turns: float = 0.0) -> Block:
        """Return -1 to 1 for each frame of a block, ``(channels, frames)``."""
        out = np.empty((len(self._phases), frames))
        start = at.start_frame - self.latency_samples
        for side, phase in enumerate(self._phases):
            if side and phase == self._phases[0]:
                out[side] = out[0]
            else:
                ahead = phase + ahead_turns
                if self._beats is None:
                    out[side] = self._lfo.values(start, frames, ahead)
                else:
                    out[side] = self._lfo.at(self._turns(at, self._beats) + ahead)
        return out

    def _turns(self, at: BlockContext, beats: float) -> Block:
        """Return the song's position in turns, ``(frames,)``, held back by the latency.

        A latency of a few frames, in which the tempo counts as that of the frame itself.
        """
        late_s = self.latency_samples * self._seconds_a_frame
        quarters = at.automation["song_quarters"] - at.automation["tempo_bpm"] * (late_s / 60.0)
        return np.asarray(quarters / beats)
