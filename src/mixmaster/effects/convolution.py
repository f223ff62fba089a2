"""Convolution: the sound of a real place, or of anything else that answers a click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block, zeros
from mixmaster.documents.base import parameter
from mixmaster.dsp.convolver import Convolver
from mixmaster.dsp.decay import ring_out_samples
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.effects.wet import blend, check_cuts, cuts
from mixmaster.units import ms_to_samples

IMPULSE = "impulse"
"""The parameter that names the file, and the name under which its samples are brought."""

_FADED_SHARE = 0.2
"""How much of a shortened response is faded out."""


class Convolution(KeylessEffect):
    """Convolution with an impulse response from a file. ``mix`` 0 is the identity.

    A response of one channel is heard on each channel by itself, one of two on left and right;
    four are true stereo: left to left, left to right, right to left, right to right. One at another
    rate is converted.
    """

    longest_resource_s: ClassVar[float] = 30.0
    family: ClassVar[Family] = "space"
    summary: ClassVar[str] = "Convolution: puts a sound into a real place, by its impulse response."

    effect: Literal["convolution"] = parameter("convolution", "The effect's name: convolution.")
    impulse: str = parameter(
        ...,
        "The file of the impulse response (WAV, FLAC, AIFF), by its path from the preset's folder, "
        "or by its name in the folder of your own impulse responses. At most 30 s.",
    )
    normalise: Literal["energy", "none"] = parameter(
        "energy",
        "energy: the wet sound is about as loud as the dry, whatever the file; none: the file's "
        "own level, for cabinets, filters and measured chains.",
    )
    start_ms: float = parameter(
        0.0,
        "Leaves out the beginning of the response: its silence, or the direct sound that a track "
        "has already.",
        low=0.0,
        high=2_000.0,
    )
    length_s: float | None = parameter(
        None,
        "Shortens the response, fading out its last fifth: a hall becomes a chamber. Whole if "
        "silent.",
        low=0.001,
        high=30.0,
    )
    mix: float = parameter(
        0.25,
        "How much of the place against the dry sound: 0 is dry, 0.1 to 0.3 on a track, 1 (it "
        "alone) on a return.",
        low=0.0,
        high=1.0,
        automatable=True,
    )
    pre_delay_ms: float = parameter(
        0.0,
        "The pause before the place answers, which keeps words clear: 10 to 40 for voices.",
        low=0.0,
        high=500.0,
    )
    low_cut_hz: float | None = parameter(
        None,
        "Keeps the place free of rumble and mud below this frequency: 150 to 400. Off if silent.",
        low=10.0,
        high=5_000.0,
    )
    high_cut_hz: float | None = parameter(
        None,
        "Takes hiss and sibilance above this frequency out of the place: 5000 to 10000. Off if "
        "silent.",
        low=100.0,
        high=96_000.0,
    )

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        check_cuts(self.low_cut_hz, self.high_cut_hz)
        return self

    def resource_files(self) -> Mapping[str, str]:
        """Return the impulse response's file."""
        return {IMPULSE: self.impulse}

    def prepare(self, context: Context) -> Processor:
        """Return the place; the identity if ``mix`` is 0 and stays there.

        Raises:
            DocumentError: For a response that does not suit the channels, of which nothing is left,
                or that is silent; for a cut at or above the Nyquist frequency.
        """
        colour = cuts(self.low_cut_hz, self.high_cut_hz, context)
        if self.mix == 0.0 and "mix" not in context.automated:
            return BypassProcessor()
        kernels = self._kernels(context.resources[IMPULSE], context, colour)
        return ConvolutionProcessor(self, kernels, context)

    def _kernels(self, response: Block, context: Context, colour: Block) -> Block:
        """Return the response cut to length, coloured and levelled, ``(1, 2 or 4, taps)``."""
        given, wanted = response.shape[0], context.channels
        if given not in ({1, 2, 4} if wanted == 2 else {1}):
            raise misfit(
                context.where,
                f"{self.impulse!r} has {given} channels, the insert {wanted}",
                "responses of 1, 2 or 4 channels suit a stereo bus, of 1 channel anything",
                IMPULSE,
            )
        rate_hz = context.sample_rate_hz
        first = round(ms_to_samples(self.start_ms, rate_hz))
        kept = response[:, first:]
        if self.length_s is not None and round(self.length_s * rate_hz) < kept.shape[1]:
            kept = _faded(kept[:, : max(1, round(self.length_s * rate_hz))])
        if not np.any(kept):
            left = "is silent" if first < response.shape[1] else "has ended by then"
            reason = f"{self.impulse!r} {left}, from {self.start_ms:g} ms on"
            raise misfit(context.where, reason, "choose another file, or another start", IMPULSE)
        gain = 1.0
        if self.normalise == "energy":
            # Of noise in all inputs alike loud: what arrives at an output, the outputs' mean.
            arriving = max(1, given // 2) if given == 4 else 1
            gain = 1.0 / float(np.sqrt(arriving * np.mean(np.sum(kept**2, axis=1))))
        kept = kept[:, : int(np.flatnonzero(np.any(kept, axis=0))[-1]) + 1] * gain
        if len(colour):
            longer = np.concatenate((kept, zeros(given, ring_out_samples(colour))), axis=1)
            kept = SosFilter(colour, given).process(longer)
        return kept


def _faded(response: Block) -> Block:
    """Return a response whose last fifth falls to nothing by half a cosine."""
    frames = max(1, round(_FADED_SHARE * response.shape[1]))
    faded = response.copy()
    faded[:, -frames:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, frames + 1) / frames)
    return faded


class ConvolutionProcessor(Processor):
    """Pre-delay and convolution, blended with the dry sound.

    Args:
        settings: The convolution.
        kernels: ``(1, 2 or 4, taps)``.
        context: The channels.
    """

    def __init__(self, settings: Convolution, kernels: Block, context: Context) -> None:
        self._mix = settings.mix
        pause = round(ms_to_samples(settings.pre_delay_ms, context.sample_rate_hz))
        self._pause = DelayLine(context.channels, pause)
        pairs = [kernels] if len(kernels) < 4 else [kernels[:2], kernels[2:]]
        self._sides = [Convolver(pair, context.channels) for pair in pairs]
        self.tail_samples = pause + kernels.shape[1]

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block in its place."""
        fed = self._pause.process(block)
        if len(self._sides) == 1:
            wet = self._sides[0].process(fed)
        else:
            left, right = (
                side.process(np.repeat(fed[index : index + 1], 2, axis=0))
                for index, side in enumerate(self._sides)
            )
            wet = left
            wet += right
        return blend(block, wet, at.automation.get("mix", self._mix))
