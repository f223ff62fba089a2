"""Reverb: a room, a plate and a hall of our own, a known decay at a known level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.documents.base import MisfitError, parameter
from mixmaster.dsp import filters
from mixmaster.dsp.absorption import CONTROL_FRAMES, Decay
from mixmaster.dsp.decay import SILENCE, ring_out_samples
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.early_reflections import box_reflections
from mixmaster.dsp.reverberator import Design, Reverberator
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.freeverb import Freeverb, FreeverbProcessor
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.effects.reverb_spaces import SPACES, SpaceType
from mixmaster.effects.wet import CUT_SLOPE_DB_PER_OCTAVE, blend, check_cuts, cuts
from mixmaster.errors import Problem
from mixmaster.units import ms_to_samples

SHORTEST_DECAY_S = 0.1
LONGEST_DECAY_S = 30.0

_RUMBLE_HZ = 20.0
"""Where the wet sound ends when no low cut says so: no space reverberates a constant."""

_SINCE_2 = (
    "type",
    "decay_s",
    "bass_multiplier",
    "density",
    "early",
    "modulation",
)
"""What the first revision does not have."""

_REFLECTIONS = 14


class Reverb(KeylessEffect):
    """A space. ``mix`` 0 is the identity; the wet sound is as loud as the dry, whatever the space.

    The level holds for pink noise, before the cuts. In dB per second, the decay at f is that of
    mids, plus what lows differ by, over 1 + (f / low)^2, plus what highs differ by, over
    1 + (high / f)^2; low and high are 200 and 5000 Hz in a room, 180 and 6000 Hz on a plate, 250
    and 4000 Hz in a hall.

    Revision 1 is pedalboard's Freeverb: it knows ``room_size``, ``damping``, ``width``, ``mix``,
    ``pre_delay_ms`` and the cuts.
    """

    current_revision: ClassVar[int] = 2
    family: ClassVar[Family] = "space"
    summary: ClassVar[str] = "Reverb: puts a sound into a room, onto a plate or into a hall."

    effect: Literal["reverb"] = parameter("reverb", "The effect's name: reverb.")
    type: SpaceType = parameter(
        "room",
        "The kind of space: room joins close microphones in one place and is heard when it is "
        "missing; plate is dense at once and bright, for voices and snares; hall is wide and slow.",
    )
    room_size: float = parameter(
        0.5,
        "How large the space is, and, while decay_s is silent, how long it rings: a room from 0.25 "
        "to 1.6 s, a plate from 0.6 to 6, a hall from 0.9 to 8.",
        low=0.0,
        high=1.0,
    )
    decay_s: float | None = parameter(
        None,
        "How long mids take to fall by 60 dB: 0.3 to 0.6 is a room, 1 to 2 a vocal plate, 2 to 3 a "
        "concert hall. By the size if silent.",
        low=SHORTEST_DECAY_S,
        high=LONGEST_DECAY_S,
        automatable=True,
    )
    damping: float = parameter(
        0.5,
        "How much faster highs die away: 0 is bright tiles (as slowly as mids), 0.3 plaster (half "
        "the time), 0.5 wood (a third), 1 curtains (a tenth).",
        low=0.0,
        high=1.0,
        automatable=True,
    )
    bass_multiplier: float | None = parameter(
        None,
        "How much longer lows ring than mids: 1.2 is a warm hall, 0.6 keeps a mix clear of mud. "
        "Silent: 1 in a room, 1.1 on a plate, 1.2 in a hall.",
        low=0.2,
        high=3.0,
    )
    density: float = parameter(
        1.0,
        "How closely echoes follow one another: 1 is smooth from the start, for drums; lower is "
        "grainy and lets words through.",
        low=0.0,
        high=1.0,
    )
    early: float | None = parameter(
        None,
        "How much of the wet sound the first echoes off the walls carry: more is nearer and more "
        "of a place, less is further away. Silent: 0.3 in a room, 0.15 in a hall; none on a plate.",
        low=0.0,
        high=1.0,
    )
    modulation: float = parameter(
        0.3,
        "How much the space moves, so that no pitch rings on: 0 stands still, 0.3 goes unnoticed, "
        "1 shimmers.",
        low=0.0,
        high=1.0,
    )
    width: float = parameter(
        1.0,
        "How far the space spreads over left and right: 0 is mono, 1 is wide. Matters on two "
        "channels alone.",
        low=0.0,
        high=1.0,
    )
    mix: float = parameter(
        0.25,
        "How much space against the dry sound: 0 is dry, 0.1 to 0.3 on a track, 1 (the space "
        "alone) on a return.",
        low=0.0,
        high=1.0,
        automatable=True,
    )
    pre_delay_ms: float = parameter(
        0.0,
        "The pause before the space answers, which keeps words clear: 10 to 40 for voices; more "
        "makes the space seem larger.",
        low=0.0,
        high=500.0,
    )
    low_cut_hz: float | None = parameter(
        None,
        "Keeps the space free of rumble and mud below this frequency: 150 to 400. Off if silent.",
        low=10.0,
        high=5_000.0,
    )
    high_cut_hz: float | None = parameter(
        None,
        "Takes hiss and sibilance above this frequency out of the space: 5000 to 10000. Off if "
        "silent.",
        low=100.0,
        high=96_000.0,
    )

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        check_cuts(self.low_cut_hz, self.high_cut_hz)
        return self

    @model_validator(mode="after")
    def _has_walls_where_they_are_heard(self) -> Self:
        if self.early and SPACES[self.type].box_m is None:
            reason = f"a {self.type} has no walls, and so no early reflections"
            raise MisfitError([Problem("early", reason, "leave it out, or take a room or a hall")])
        return self

    @model_validator(mode="after")
    def _keeps_to_its_revision(self) -> Self:
        if self.sound_revision == 1:
            strange = [key for key in _SINCE_2 if key in self.model_fields_set]
            if strange:
                raise MisfitError(
                    [
                        Problem(key, "is new in revision 2 of the reverb", "leave the revision out")
                        for key in strange
                    ]
                )
        return self

    def decay(
        self, decay_s: float | Block | None = None, damping: float | Block | None = None
    ) -> Decay:
        """Return the decay times of lows, mids and highs.

        Args:
            decay_s: Instead of the reverb's own; a number or a curve.
            damping: Likewise.
        """
        space = SPACES[self.type]
        if decay_s is None:
            decay_s = self.decay_s or space.at("decay_s", self.room_size)
        damping = self.damping if damping is None else damping
        bass = space.bass_multiplier if self.bass_multiplier is None else self.bass_multiplier
        return Decay(low_s=decay_s * bass, mid_s=decay_s, high_s=decay_s * 0.1**damping)

    def design(self) -> Design:
        """Return what the space is made of."""
        space, size = SPACES[self.type], self.room_size
        reflections = None
        if space.box_m is not None:
            width, depth, height = (side * (1.0 / 3.0) ** (1.0 - size) for side in space.box_m)
            reflections = box_reflections((width, depth, height), _REFLECTIONS)
        return Design(
            shortest_ms=space.at("shortest_ms", size),
            longest_ms=space.at("longest_ms", size),
            spread_ms=space.at("spread_ms", size),
            stages=space.stages,
            density=self.density,
            reflections=reflections,
            early=space.early if self.early is None else self.early,
            first_lap=space.first_lap,
            modulation=self.modulation,
            width=self.width,
            low_hz=space.low_hz,
            high_hz=space.high_hz,
        )

    def prepare(self, context: Context) -> Processor:
        """Return the space; the identity if ``mix`` is 0 and stays there.

        Raises:
            DocumentError: For more than two channels, or a cut at or above the Nyquist frequency.
        """
        if context.channels not in {1, 2}:
            raise misfit(
                context.where,
                f"a reverb takes one or two channels, not {context.channels}",
                "put it on a mono or stereo bus",
            )
        colour = cuts(self.low_cut_hz, self.high_cut_hz, context)
        if self.mix == 0.0 and "mix" not in context.automated:
            return BypassProcessor()
        if self.sound_revision == 1:
            told = Freeverb(self.room_size, self.damping, self.width, self.mix, self.pre_delay_ms)
            return FreeverbProcessor(told, colour, context)
        return ReverbProcessor(self, colour, context)


class ReverbProcessor(Processor):
    """Pre-delay, cuts and space, blended with the dry sound.

    Args:
        settings: The reverb, of revision 2.
        colour: The sections of the cuts on the wet sound, ``(sections, 6)``.
        context: The rate, the channels and what moves.
    """

    def __init__(self, settings: Reverb, colour: Block, context: Context) -> None:
        rate_hz = context.sample_rate_hz
        if settings.low_cut_hz is None:
            rumble = filters.high_pass(_RUMBLE_HZ, CUT_SLOPE_DB_PER_OCTAVE, rate_hz)
            colour = np.concatenate((rumble, colour))
        self._settings = settings
        self._moves = bool(context.automated & {"decay_s", "damping"})
        self._channels = context.channels
        pause = round(ms_to_samples(settings.pre_delay_ms, rate_hz))
        self._pause = DelayLine(context.channels, pause)
        self._space = Reverberator(
            settings.design(), settings.decay(), context.channels, rate_hz, gliding=self._moves
        )
        self._colour = colour
        self._filter = SosFilter(colour, context.channels)
        # Until what they ring with could not be heard even in a space that lasts.
        self._ring = ring_out_samples(colour, SILENCE**2)
        self._quiet_frames = self._ring + 1
        slowest = settings.decay(
            LONGEST_DECAY_S if "decay_s" in context.automated else None,
            0.0 if "damping" in context.automated else None,
        )
        self.tail_samples = pause + self._space.tail_samples(slowest) + ring_out_samples(colour)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block in its space."""
        frames = block.shape[1]
        fed = self._coloured(self._pause.process(block))
        wet = np.empty(block.shape)
        for start in range(0, frames, GRID_FRAMES):
            wet[:, start : start + GRID_FRAMES] = self._cell(
                fed[:, start : start + GRID_FRAMES], start, at
            )
        return blend(block, wet, at.automation.get("mix", self._settings.mix))

    def _cell(self, fed: Block, start: int, at: BlockContext) -> Block:
        """Return the wet sound of at most 4,096 frames of a block, from ``start`` on."""
        frames = fed.shape[1]
        chunk = self._space.chunk
        whole = np.zeros((self._channels, -(-frames // chunk) * chunk))
        whole[:, :frames] = fed
        moving = None
        if self._moves:
            moved = {
                key: at.automation[key][start : start + frames]
                for key in ("decay_s", "damping")
                if key in at.automation
            }

            def moving(first: int, points: int) -> Decay:
                return self._points(moved, first, points)

        return self._space.process(whole, at.start_frame + start, moving)[:, :frames]

    def _coloured(self, fed: Block) -> Block:
        """Return what the space hears: cut, and nothing at all where the cuts have rung out."""
        frames = fed.shape[1]
        wakes = [start for start in range(0, frames, GRID_FRAMES) if self._sounds(fed, start)]
        if len(wakes) == -(-frames // GRID_FRAMES):
            return self._filter.process(fed)
        out = np.zeros(fed.shape)
        for start in wakes:
            if start - GRID_FRAMES not in wakes and start > 0:
                self._filter = SosFilter(self._colour, self._channels)
            cell = slice(start, start + GRID_FRAMES)
            out[:, cell] = self._filter.process(fed[:, cell])
        if (frames - 1) // GRID_FRAMES * GRID_FRAMES not in wakes:
            self._filter = SosFilter(self._colour, self._channels)
        return out

    def _sounds(self, fed: Block, start: int) -> bool:
        """Return whether a cell, or what rings on in it, is to be heard."""
        cell = fed[:, start : start + GRID_FRAMES]
        if cell.any():
            self._quiet_frames = 0
        else:
            self._quiet_frames += cell.shape[1]
        return self._quiet_frames <= self._ring

    def _points(self, moved: Mapping[str, Block], first: int, points: int) -> Decay:
        """Return the decay at the last frame of each stretch of 64, ``(points,)``."""
        at = first + CONTROL_FRAMES * np.arange(1, points + 1) - 1
        curves = {key: curve[np.minimum(at, len(curve) - 1)] for key, curve in moved.items()}
        own = self._settings.decay()
        decay_s = curves.get("decay_s", np.full(points, own.mid_s))
        return self._settings.decay(decay_s, curves.get("damping"))
