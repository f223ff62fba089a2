"""The reverb's first revision: pedalboard's Freeverb, kept for presets that name it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.decay import SILENCE, ring_out_samples
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, Context, Processor
from mixmaster.effects.wet import blend
from mixmaster.units import ms_to_samples

_INPUT_GAIN = 0.015
"""What Freeverb (Jezar, 2000) does to its input, as do its combs' lengths and feedback below."""

_UNITY_WET = 1.0 / 3.0
"""Freeverb's own scale for the wet level is 3."""

_LIFT = 1_024.0
"""The room is driven this much harder, and turned down again after it: it flushes denormal numbers
by adding 0.1 and taking it away, whose rounding would keep it humming at -120 dBFS for ever."""

_LONGEST_COMB = 1_617 + 23
"""Samples at 44.1 kHz, the right channel's spread included."""


@dataclass(frozen=True, slots=True)
class Freeverb:
    """What the first revision is told; see the parameters of the same names in `Reverb`."""

    room_size: float
    damping: float
    width: float
    mix: float
    pre_delay_ms: float


class FreeverbProcessor(Processor):
    """pedalboard's reverb (JUCE's, after Freeverb), wet alone, at a known level.

    It hears the sum of the channels, and works in single precision; the dry sound does not pass
    through it. Its damping is set per sample, so that a room is a little brighter at 96 kHz.

    Args:
        settings: ``mix`` is above 0.
        colour: The sections of the cuts on the wet sound, ``(sections, 6)``.
        context: The rate and the channels.
    """

    def __init__(self, settings: Freeverb, colour: Block, context: Context) -> None:
        from pedalboard import Reverb

        self._mix = settings.mix
        self._rate_hz = context.sample_rate_hz
        # In mono, pedalboard's width would only lower the level.
        width = settings.width if context.channels == 2 else 1.0
        self._room = Reverb(
            room_size=settings.room_size,
            damping=settings.damping,
            wet_level=_UNITY_WET,
            dry_level=0.0,
            width=width,
            freeze_mode=0.0,
        )
        self._gain = wet_gain(settings.room_size, settings.damping, width, context.channels)
        pause = round(ms_to_samples(settings.pre_delay_ms, context.sample_rate_hz))
        self._pause = DelayLine(context.channels, pause)
        self._colour = SosFilter(colour, context.channels) if len(colour) else None
        ring = room_tail_samples(settings.room_size, self._gain, context.sample_rate_hz)
        self.tail_samples = pause + ring + (ring_out_samples(colour) if len(colour) else 0)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block in its room."""
        del at
        channels, frames = block.shape
        # A call shorter or longer than the one before makes pedalboard prepare, and so empty, the
        # room anew, and a frame or two may be taken for channels: it is given whole cells alone.
        heard = np.zeros((channels, -(-frames // GRID_FRAMES) * GRID_FRAMES), dtype=np.float32)
        np.multiply(self._pause.process(block), _LIFT, out=heard[:, :frames], casting="same_kind")
        room = self._room.process(heard, self._rate_hz, buffer_size=GRID_FRAMES, reset=False)
        wet = room[:, :frames].astype(np.float64, order="C")
        wet *= self._gain / _LIFT
        if self._colour is not None:
            wet = self._colour.process(wet)
        return blend(block, wet, self._mix)


def comb_feedback(room_size: float) -> float:
    """Return how much of a lap comes back in Freeverb's combs."""
    return 0.7 + 0.28 * room_size


def wet_gain(room_size: float, damping: float, width: float, channels: int) -> float:
    """Return the gain at which noise in the middle comes back as loud as it went in.

    The energy of Freeverb's impulse response: eight combs, whose laps pass a one-pole low-pass L
    and come back by f, each have the mean of 1 / (1 - f^2 |L|^2) over frequency, which is closed;
    four all-pass sections in name, whose response is -1, 1, 1/2, 1/4, ..., have 7/3 each.

    Args:
        room_size: 0 to 1.
        damping: 0 to 1.
        width: 0 to 1; the share of each side's own combs.
        channels: 1 or 2; two are summed at the input.
    """
    pole = 0.4 * damping
    lap = (comb_feedback(room_size) * (1.0 - pole)) ** 2
    level = 1.0 + pole * pole - lap
    combs = 8.0 * (1.0 + lap / math.sqrt(level * level - 4.0 * pole * pole))
    spread = 0.5 * (1.0 + width * width)
    energy = (_INPUT_GAIN * channels) ** 2 * spread * combs * (7.0 / 3.0) ** 4
    return 1.0 / math.sqrt(energy)


def room_tail_samples(room_size: float, gain: float, sample_rate_hz: int) -> int:
    """Return how long the room rings until -120 dB of full scale, after the worst of inputs.

    That is a constant, at which all combs add in step to 8 / (1 - f) and nothing is damped.
    """
    feedback = comb_feedback(room_size)
    longest = math.ceil(_LONGEST_COMB * sample_rate_hz / 44_100)
    loudest = 8.0 * 2.0 * _INPUT_GAIN * gain / (1.0 - feedback)
    laps = math.ceil(math.log(SILENCE / loudest) / math.log(feedback))
    return (laps + 1) * longest
