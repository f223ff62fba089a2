"""A whole reverberator: early reflections, diffusion and a delay network, in chunks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.absorption import (
    CONTROL_FRAMES,
    Absorption,
    Decay,
    GlidingAbsorption,
    straight,
)
from mixmaster.dsp.decay import SILENCE
from mixmaster.dsp.delay_network import LINES, DelayNetwork, line_lengths
from mixmaster.dsp.diffusion import Diffuser, stage_delays
from mixmaster.dsp.early_reflections import EarlyReflections, Reflections

_LONGEST_CHUNK = 2_048
"""Longer ones leave the second-level cache."""

_OCTAVES_HZ = (62.5, 125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0)


@dataclass(frozen=True, slots=True)
class Design:
    """What a reverberator is made of.

    Attributes:
        shortest_ms: The shortest line.
        longest_ms: The longest line.
        spread_ms: How long diffusion spreads a click.
        stages: Stages of diffusion.
        density: 0 (single echoes) to 1.
        reflections: Early reflections, see `box_reflections`; None for none.
        early: Their share of the power, 0 to 1.
        first_lap: See `DelayNetwork`.
        modulation: See `DelayNetwork`.
        width: 0 (both sides alike) to 1.
        low_hz: Where the lows' own decay begins; there the decay, in dB per second, is half way.
        high_hz: Where the highs' does.
    """

    shortest_ms: float
    longest_ms: float
    spread_ms: float
    stages: int
    density: float
    reflections: Reflections | None
    early: float
    first_lap: float
    modulation: float
    width: float
    low_hz: float
    high_hz: float


class Reverberator:
    """The wet sound, as loud as what comes in: pink noise keeps its power.

    Args:
        design: What it is made of.
        decay: Its decay times.
        channels: 1 or 2. One channel is the left one of what two alike would make.
        sample_rate_hz: The rate.
        gliding: Whether the decay times will move.
    """

    def __init__(
        self,
        design: Design,
        decay: Decay,
        channels: int,
        sample_rate_hz: int,
        *,
        gliding: bool = False,
    ) -> None:
        per_ms = sample_rate_hz / 1_000.0
        delays = line_lengths(design.shortest_ms * per_ms, design.longest_ms * per_ms)
        # A power of two, so that chunks lie on the grid that blocks are cut on.
        self.chunk = min(_LONGEST_CHUNK, 1 << (delays[0].bit_length() - 1))
        assert GRID_FRAMES % self.chunk == 0
        self._channels = channels
        kind = GlidingAbsorption if gliding else Absorption
        self._absorption = kind(delays, design.low_hz, design.high_hz, sample_rate_hz, decay)
        turn = (1.0 - design.width) * math.pi / 4.0
        across = np.array([[math.cos(turn), math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        across = across[:channels] if channels == 2 else np.array([[1.0, 0.0]])
        self._diffuser = Diffuser(
            stage_delays(design.spread_ms * per_ms, design.stages), design.density, self.chunk
        )
        self._network = DelayNetwork(
            delays,
            self._absorption,
            modulation=design.modulation,
            first_lap=design.first_lap,
            outputs=across,
            chunk=self.chunk,
            sample_rate_hz=sample_rate_hz,
        )
        self._early = None
        if design.reflections is not None and design.early > 0.0:
            across = across * math.sqrt(design.early)
            self._early = EarlyReflections(design.reflections, across, self.chunk, sample_rate_hz)
        top = min(0.45 * sample_rate_hz, _OCTAVES_HZ[-1])
        heard = [octave for octave in _OCTAVES_HZ if octave <= top]
        self._around = 2.0 * np.pi / sample_rate_hz * np.array(heard)
        self._late_power = 1.0 - (design.early if self._early is not None else 0.0)
        self._first_lap = design.first_lap
        self._level = self.level(decay)
        self._begun = False
        self.delays = delays
        self.spread_samples = max(
            self._diffuser.spread_samples,
            self._early.spread_samples if self._early is not None else 0,
        )
        self._silent_frames = self.spread_samples + 1

    @property
    def at_rest(self) -> bool:
        """Whether nothing sounds in it any more."""
        return self._network.at_rest and self._silent_frames > self.spread_samples

    def level(self, decay: Decay) -> Block:
        """Return the gain before the network at which pink noise comes out as loud as it came in.

        An orthogonal matrix spreads a lap's power evenly over the lines, so that the next lap has
        the mean of their |H|^2 of it: a geometric series at each frequency.

        Args:
            decay: Numbers, or curves; there is a gain a point, ``(points,)``.
        """
        heard = np.abs(self._absorption.responses(decay, self._around))
        powers = np.mean(np.square(heard), axis=0)
        total = 2.0 / LINES * (self._first_lap**2 + powers / (1.0 - powers))
        return np.asarray(np.sqrt(self._late_power / total.mean(axis=1)))

    def tail_samples(self, decay: Decay) -> int:
        """Return how long it sounds until -120 dB of full scale, after a long and loud sound.

        A frame on, no line keeps more than the slowest decay leaves; what a sound that lasts has
        piled up is at most the sum of all laps, in step.
        """
        around = np.linspace(0.0, np.pi, 1_025)
        most = np.abs(self._absorption.responses(decay, around)).max(axis=(1, 2))
        assert most.max() < 1.0
        rates = -np.log(most) / np.array(self.delays)
        lap = math.exp(-float(rates.min()) * self.delays[0])
        loud = math.sqrt(LINES) * float(self.level(decay).max()) / (1.0 - lap)
        frames = math.log(max(1.0, loud) / SILENCE) / float(rates.min())
        return math.ceil(frames) + max(self.delays) + self.spread_samples

    def process(
        self, block: Block, start_frame: int, moving: Callable[[int, int], Decay] | None = None
    ) -> Block:
        """Return the wet sound of a block whose length is a whole number of chunks.

        Args:
            block: ``(channels, frames)``.
            start_frame: The block's first frame from the session's zero.
            moving: Where the decay moves: gives it at the points from a frame of the block on, one
                each ``CONTROL_FRAMES``, ``(first point's frame, points)``.
        """
        out = np.empty((self._channels, block.shape[1]))
        both = np.empty((2, self.chunk))
        for start in range(0, block.shape[1], self.chunk):
            stop = start + self.chunk
            both[:] = block[:, start:stop]
            if both.any():
                self._silent_frames = 0
            else:
                self._silent_frames += self.chunk
            level = self._level
            if moving is not None:
                level = self._glide(moving(start, self.chunk // CONTROL_FRAMES))
            if self.at_rest:
                out[:, start:stop] = 0.0
                continue
            rows = self._diffuser.process(both * level)
            out[:, start:stop] = self._network.process(rows, start_frame + start)
            if self._early is not None:
                out[:, start:stop] += self._early.process(both)
        return out

    def _glide(self, decay: Decay) -> Block:
        """Move the decay on by a chunk; return the level a frame."""
        assert isinstance(self._absorption, GlidingAbsorption)
        self._absorption.glide(decay)
        points = self.level(decay)
        before = self._level[-1] if self._begun else points[0]
        self._begun = True
        self._level = points
        return straight(np.asarray(before), points)
