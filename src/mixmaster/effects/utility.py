"""The utility: polarity, channels, a steady offset, a wanted delay and level."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import MisfitError, parameter
from mixmaster.dsp import filters
from mixmaster.dsp.decay import ring_out_samples
from mixmaster.dsp.fractional_delay import FractionalDelay
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.errors import Problem
from mixmaster.units import db_to_gain, ms_to_samples

Channels = Literal["stereo", "swap", "mono", "left", "right"]
Polarity = Literal["as_is", "both", "left", "right"]

_ROUTES: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "stereo": ((1.0, 0.0), (0.0, 1.0)),
    "swap": ((0.0, 1.0), (1.0, 0.0)),
    "mono": ((0.5, 0.5), (0.5, 0.5)),
    "left": ((1.0, 0.0), (1.0, 0.0)),
    "right": ((0.0, 1.0), (0.0, 1.0)),
}
"""What left and right are made of; the mono sum keeps what is in both sides at its level."""


class Utility(KeylessEffect):
    """Polarity, then channels, then the cut of a steady offset, then delay and trim.

    The delay is wanted: unlike an effect's latency, nothing makes up for it. It is exact to a
    fraction of a sample.
    """

    family: ClassVar[Family] = "stereo"
    summary: ClassVar[str] = "Utility: polarity, channels, DC offset, delay and trim."

    effect: Literal["utility"] = parameter("utility", "The effect's name: utility.")
    polarity: Polarity = parameter(
        "as_is",
        "What is turned upside down: both sides, or only left or right, for a microphone or cable "
        "that is wired the other way round.",
    )
    channels: Channels = parameter(
        "stereo",
        "What each side hears: stereo as it came, swap left for right, mono the sum (what is in "
        "both keeps its level), left or right that side alone in both.",
    )
    dc_cut_hz: float | None = parameter(
        None,
        "Takes a steady (DC) offset out, with a high-pass of 6 dB/octave at this frequency: 2 to "
        "5 leaves the bass alone. Off if silent.",
        low=0.5,
        high=20.0,
    )
    delay_ms: float | None = parameter(
        None,
        "Moves the sound later: 0.1 to 5 lines up microphones (1 ms is 34 cm), 5 to 20 pushes it "
        "back. Either this or delay_samples; none if silent.",
        low=0.0,
        high=1_000.0,
    )
    delay_samples: float | None = parameter(
        None,
        "The same in samples at the session's rate; fractions count. Either this or delay_ms.",
        low=0.0,
        high=96_000.0,
    )
    trim_db: float = parameter(
        0.0,
        "Level, for gain between two effects: what drives the next one harder or softer.",
        low=-96.0,
        high=36.0,
        automatable=True,
    )

    @model_validator(mode="after")
    def _has_one_delay(self) -> Self:
        if self.delay_ms is not None and self.delay_samples is not None:
            raise MisfitError(
                [Problem("delay_ms", "delay_ms and delay_samples are both given", "give one")]
            )
        return self

    def prepare(self, context: Context) -> Processor:
        """Return the utility; the identity if neutral.

        Raises:
            DocumentError: For anything that tells left from right on other than two channels.
        """
        if context.channels != 2:
            for key in ("polarity", "channels"):
                value = getattr(self, key)
                if value not in {"stereo", "mono", "as_is", "both"}:
                    raise misfit(
                        context.where,
                        f"'{value}' needs two channels, not {context.channels}",
                        "a stereo strip or bus",
                        key,
                    )
        samples = self.delay_samples or 0.0
        if self.delay_ms is not None:
            samples = ms_to_samples(self.delay_ms, context.sample_rate_hz)
        moved = "trim_db" in context.automated
        matrix = self._matrix(context.channels, 1.0 if moved else db_to_gain(self.trim_db))
        neutral = np.array_equal(matrix, np.eye(context.channels))
        if neutral and not moved and self.dc_cut_hz is None and samples == 0.0:
            return BypassProcessor()
        return UtilityProcessor(
            None if neutral else matrix, self.dc_cut_hz, samples, context, moved=moved
        )

    def _matrix(self, channels: int, gain: float) -> Block:
        """Return what each channel is made of, polarity and gain included, ``(out, in)``."""
        if channels != 2:
            return np.eye(channels) * (-gain if self.polarity == "both" else gain)
        signs = {"both": (-1.0, -1.0), "left": (-1.0, 1.0), "right": (1.0, -1.0)}
        signed = np.array(_ROUTES[self.channels]) * signs.get(self.polarity, (1.0, 1.0))
        return np.asarray(signed * gain)


class UtilityProcessor(Processor):
    """Gains, a DC cut, a delay and a moving gain, each only where it is wanted.

    Args:
        matrix: What each channel is made of, ``(channels, channels)``; None leaves them.
        dc_cut_hz: The DC cut's corner.
        samples: The delay.
        context: The rate and the channels.
        moved: Whether automation moves the trim.
    """

    def __init__(
        self,
        matrix: Block | None,
        dc_cut_hz: float | None,
        samples: float,
        context: Context,
        *,
        moved: bool,
    ) -> None:
        self._matrix = matrix
        self._moved = moved
        self._cut: SosFilter | None = None
        self._delay = FractionalDelay(context.channels, samples)
        self.latency_samples = self._delay.latency_samples
        self.tail_samples = self._delay.tail_samples
        if dc_cut_hz is not None:
            sos = filters.high_pass(dc_cut_hz, 6, context.sample_rate_hz)
            self._cut = SosFilter(sos, context.channels)
            loudest = 1.0 if matrix is None else max(1.0, float(np.abs(matrix).sum(axis=1).max()))
            self.tail_samples += ring_out_samples(sos, 1e-6 / loudest)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block, routed, turned, cut, delayed and trimmed."""
        out = block
        if self._matrix is not None:
            out = np.empty_like(block)
            for row, gains in enumerate(self._matrix):
                terms = [(gain, channel) for channel, gain in enumerate(gains) if gain != 0.0]
                np.multiply(block[terms[0][1]], terms[0][0], out=out[row])
                for gain, channel in terms[1:]:
                    out[row] += gain * block[channel]
        if self._cut is not None:
            out = self._cut.process(out)
        out = self._delay.process(out)
        if self._moved:
            out = out * db_to_gain(at.automation["trim_db"])
        return out
