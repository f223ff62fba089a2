"""The base of effects whose detector can be told what to hear, and a way to hear the same."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import MisfitError, parameter
from mixmaster.dsp.decay import ring_out_samples
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.key_filter import KeyBand, KeyFilter
from mixmaster.effects.base import BlockContext, Context, Effect, Processor
from mixmaster.errors import Problem
from mixmaster.units import ms_to_samples


class KeyedEffect(Effect):
    """An effect with a detector that hears its own signal or a key, through a filter."""

    key_high_pass_hz: float | None = parameter(
        None,
        "Keeps lows out of the detector (12 dB/octave). Silent: it hears them.",
        low=10.0,
        high=20_000.0,
    )
    key_low_pass_hz: float | None = parameter(
        None,
        "Keeps highs out of the detector (12 dB/octave): 2000 to 5000 makes it deaf to hats and "
        "sibilance; with the high-pass it listens to a band alone. Silent: it hears them.",
        low=20.0,
        high=20_000.0,
    )
    key_bell_hz: float | None = parameter(
        None,
        "Where the detector hears better or worse, by key_bell_db: 60 to 100 on the thump of a "
        "kick, 2000 to 4000 on what makes a voice harsh. Silent: no bell.",
        low=20.0,
        high=20_000.0,
    )
    key_bell_db: float = parameter(
        6.0,
        "How far the detector's bell lifts (above 0: reacts more to it) or dips (below 0: less). "
        "Does nothing without key_bell_hz.",
        low=-24.0,
        high=24.0,
    )
    key_bell_q: float = parameter(
        1.0,
        "How narrow the detector's bell is: 0.5 to 1 a broad region, 3 and more a single note.",
        low=0.1,
        high=30.0,
    )
    key_listen: bool = parameter(
        False,
        "Hear what the detector hears, in place of the signal: to set the key's filters by ear.",
    )

    @model_validator(mode="after")
    def _hears_something(self) -> Self:
        low, high = self.key_high_pass_hz, self.key_low_pass_hz
        if low is not None and high is not None and not low < high:
            reason = f"{low:g} Hz does not lie below key_low_pass_hz, {high:g} Hz"
            raise MisfitError(
                [Problem("key_high_pass_hz", reason, "the detector would hear nothing")]
            )
        return self

    def key_sections(self, context: Context) -> Block:
        """Return the filter before the detector, ``(sections, 6)``.

        Raises:
            DocumentError: For frequencies at or above the Nyquist frequency.
        """
        band = KeyBand(
            high_pass_hz=self.key_high_pass_hz,
            low_pass_hz=self.key_low_pass_hz,
            bell_hz=self.key_bell_hz,
            bell_db=self.key_bell_db,
            bell_q=self.key_bell_q,
        )
        return band.sections(context.sample_rate_hz, context.where)


class KeyListenProcessor(Processor):
    """Gives out what a detector hears: the filtered key, in time with the effect's output.

    A key with other channels than the signal is heard as their mean on each of its channels.

    Args:
        sections: The filter before the detector, ``(sections, 6)``.
        context: What the effect is prepared for.
        lookahead_ms: How late the effect itself would be.
    """

    def __init__(self, sections: Block, context: Context, lookahead_ms: float) -> None:
        self.latency_samples = round(ms_to_samples(lookahead_ms, context.sample_rate_hz))
        self.tail_samples = ring_out_samples(sections)
        self._filter = KeyFilter(sections)
        self._delay = DelayLine(context.channels, self.latency_samples)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the filtered key, late, ``(channels, frames)`` as ``block`` has."""
        heard = self._filter.process(block if at.key is None else at.key)
        if heard.shape[0] != block.shape[0]:
            heard = np.repeat(heard.mean(axis=0, keepdims=True), block.shape[0], axis=0)
        elif heard is at.key:
            heard = heard.copy()
        return self._delay.process(heard)
