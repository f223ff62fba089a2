"""The transient shaper: more or less of how sounds begin and how they die away."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.dynamics import PoolRamp, pool_values
from mixmaster.dsp.gain_computer import DB_PER_OCTAVE
from mixmaster.dsp.key_filter import KeyFilter
from mixmaster.dsp.transients import HOLD_MS, LiftCeiling, TransientWeights
from mixmaster.effects.base import BlockContext, Context, Family, Processor
from mixmaster.effects.keyed import KeyedEffect, KeyListenProcessor
from mixmaster.effects.moving import Moving
from mixmaster.units import db_to_gain, gain_to_db, ms_to_samples


class TransientShaper(KeyedEffect):
    """A stereo-linked transient shaper without a threshold: soft notes are shaped as loud ones."""

    effect: Literal["transient_shaper"] = parameter(
        "transient_shaper", "The effect's name: transient_shaper."
    )
    family: ClassVar[Family] = "dynamics"
    summary: ClassVar[str] = "Transient shaper: more or less snap, longer or shorter decay."

    attack_db: float = parameter(
        0.0,
        "How sounds begin: 3 to 6 gives a drum snap and a guitar pick, more is hard; -3 to -8 "
        "sets a part back or takes the click off. 0 leaves it.",
        low=-24.0,
        high=24.0,
        automatable=True,
    )
    sustain_db: float = parameter(
        0.0,
        "How sounds die away: -3 to -12 dries out a room or tightens a tom, 2 to 6 brings up "
        "shells, room and ring. 0 leaves it.",
        low=-24.0,
        high=24.0,
        automatable=True,
    )
    attack_ms: float = parameter(
        15.0,
        "How much of the sound is its beginning: 5 to 10 the click, 15 to 25 the hit, 40 and "
        "more a soft swell.",
        low=2.0,
        high=200.0,
    )
    sustain_ms: float = parameter(
        300.0,
        "How long a decay is to be: sounds that fall faster than this (to a third of their "
        "level) count as dying away. 100 to 200 for quick parts, 300 to 600 for ringing ones.",
        low=60.0,
        high=3_000.0,
    )
    lookahead_ms: float = parameter(
        0.0,
        "Sees the hit that much before: 0.5 to 2 lifts its very first wave too. Delays the "
        "signal; the mix makes up for it.",
        low=0.0,
        high=10.0,
    )
    ceiling_dbfs: float | None = parameter(
        None,
        "Where lifting stops: no peak is lifted over this; what is over it by itself stays. "
        "Silent: no ceiling, a beginning may come out attack_db louder.",
        low=-40.0,
        high=20.0,
    )

    def prepare(self, context: Context) -> Processor:
        """Return a transient shaper for ``context``.

        Raises:
            DocumentError: For a key filter at or above the Nyquist frequency.
        """
        if self.key_listen:
            return KeyListenProcessor(self.key_sections(context), context, self.lookahead_ms)
        return TransientShaperProcessor(self, context)


class TransientShaperProcessor(Processor):
    """A prepared transient shaper: the output is the input, late, times ``gain_curve``.

    The gain lies between the sums of the negative and of the positive of ``attack_db`` and
    ``sustain_db``, whatever the signal.
    """

    def __init__(self, settings: TransientShaper, context: Context) -> None:
        rate = context.sample_rate_hz
        self._weights = TransientWeights(
            attack_ms=settings.attack_ms,
            sustain_ms=settings.sustain_ms,
            sample_rate_hz=rate,
            where=context.where,
        )
        self.latency_samples = round(ms_to_samples(settings.lookahead_ms, rate))
        memory_ms = HOLD_MS + 10.0 * (settings.attack_ms + settings.sustain_ms)
        self.settle_samples = math.ceil(ms_to_samples(memory_ms, rate))
        self._delay = DelayLine(context.channels, self.latency_samples)
        self._key_filter = KeyFilter(settings.key_sections(context))
        self._ramp = PoolRamp(self._weights.pool, 1.0)
        late = self.latency_samples
        self._attack_db = Moving("attack_db", settings.attack_db, context, late)
        self._sustain_db = Moving("sustain_db", settings.sustain_db, context, late)
        still = not context.automated
        self._neutral = still and settings.attack_db == 0.0 and settings.sustain_db == 0.0
        self._ceiling = None
        if settings.ceiling_dbfs is not None:
            ceiling = db_to_gain(settings.ceiling_dbfs)
            self._ceiling = LiftCeiling(ceiling, rate, self._weights.pool)
        self._frames = 0
        self._gains: Block | None = None

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return ``block``, late, with its beginnings and endings shaped.

        Raises:
            SignalError: For NaN or infinity in what the detector listens to.
        """
        self._frames = block.shape[1]
        key = block if at.key is None else at.key
        assert key.shape[1] == self._frames
        delayed = self._delay.process(block)
        self._gains = None
        if self._neutral or not self._frames:
            return delayed
        octaves, ending = self._weights.process(self._key_filter.process(key), at.start_frame)
        octaves *= self._octaves(self._attack_db, at)
        ending *= self._octaves(self._sustain_db, at)
        octaves += ending
        if self._ceiling is not None:
            octaves = self._ceiling.lower(octaves, block)
        if not octaves.any() and self._ramp.at_rest:
            return delayed
        self._gains = self._ramp.process(np.exp2(octaves), self._frames)
        if self._ceiling is not None:
            self._gains = self._ceiling.clamp(self._gains, delayed)
        return delayed * self._gains

    def _octaves(self, amount_db: Moving, at: BlockContext) -> Block | float:
        """Return an amount in octaves: a number, or one a pool where it moves."""
        value_db = amount_db.at(at)
        if isinstance(value_db, float):
            return value_db / DB_PER_OCTAVE
        return pool_values(value_db, self._weights.pool) / DB_PER_OCTAVE

    def gain_curve(self) -> Block:
        """Return the gain of the last block, linear, ``(frames,)``."""
        return np.ones(self._frames) if self._gains is None else self._gains

    def gain_reduction_db(self) -> Block:
        """Return how far the last block is turned down in dB, >= 0, ``(frames,)``.

        A lift is no reduction and reads 0.
        """
        return np.maximum(-gain_to_db(self.gain_curve()), 0.0)

    def replay(self, block: Block, gain: Block) -> Block:
        """Return ``block``, delayed by the look-ahead, times a recorded ``gain``."""
        return self._delay.process(block) * gain
