"""The gate and expander: turns down what is quiet, all channels together."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.dynamics import linked_peaks, pool_values, refuse_non_finite
from mixmaster.dsp.gating import GateGain
from mixmaster.dsp.key_filter import KeyFilter
from mixmaster.effects.base import BlockContext, Context, Family, Processor
from mixmaster.effects.keyed import KeyedEffect, KeyListenProcessor
from mixmaster.effects.moving import Moving
from mixmaster.units import db_to_gain, gain_to_db, ms_to_samples


class Gate(KeyedEffect):
    """A stereo-linked noise gate, or with a low ratio a downward expander.

    It opens when the level reaches ``threshold_db``, and closes once the level has stayed below
    ``threshold_db - hysteresis_db`` for ``hold_ms``.
    """

    effect: Literal["gate"] = "gate"
    family: ClassVar[Family] = "dynamics"
    summary: ClassVar[str] = "Turns down what is quiet: bleed, hum and hiss between the notes."

    threshold_db: float | None = parameter(
        None,
        "The peak level at which it opens, in dBFS: between the bleed and the softest note that "
        "is to be heard. Silent: it stays open.",
        low=-100.0,
        high=0.0,
        automatable=True,
    )
    hysteresis_db: float = parameter(
        4.0,
        "How far under the threshold a note may fall before it counts as over: 3 to 6 stops a "
        "dying note from chattering.",
        low=0.0,
        high=40.0,
    )
    ratio: float = parameter(
        100.0,
        "How firmly quiet sounds are turned down while it is closed: 100 is a gate, 1.5 to 3 an "
        "expander that lowers bleed without cutting it off, 1 does nothing.",
        low=1.0,
        high=100.0,
    )
    range_db: float = parameter(
        60.0,
        "The most it takes away: 6 to 15 keeps a drum kit natural, 20 to 40 cleans up, 60 and "
        "more is silence.",
        low=0.0,
        high=120.0,
        automatable=True,
    )
    attack_ms: float = parameter(
        0.5,
        "How fast it opens: 0.1 to 1 for drums, 1 to 5 for voices and bass, where less clicks. "
        "The time for 63 % of the way.",
        low=0.0,
        high=1000.0,
    )
    hold_ms: float = parameter(
        30.0,
        "How long it stays open after the level has fallen: at least 10 for low notes, whose "
        "waves are as long; 50 to 200 lets a tom ring.",
        low=0.0,
        high=10_000.0,
    )
    release_ms: float = parameter(
        50.0,
        "How gently it closes: the gain falls by about 9 dB in this time. 20 to 50 is tight, 100 "
        "to 300 fades out with the note.",
        low=1.0,
        high=10_000.0,
    )
    lookahead_ms: float = parameter(
        0.0,
        "Opens that much before the note, so that not even the stick's click is lost: 1 to 5. "
        "Delays the signal; the mix makes up for it.",
        low=0.0,
        high=50.0,
    )
    key_high_pass_hz: float | None = parameter(
        None,
        "Keeps lows out of the detector (12 dB/octave): 200 to 500 stops the kick from opening "
        "a snare's gate. Silent: it hears everything.",
        low=10.0,
        high=20_000.0,
    )

    def prepare(self, context: Context) -> Processor:
        """Return a gate for ``context``.

        Raises:
            DocumentError: For a key filter at or above the Nyquist frequency.
        """
        if self.key_listen:
            return KeyListenProcessor(self.key_sections(context), context, self.lookahead_ms)
        return GateProcessor(self, context)


HYSTERESIS_S = 2.0
"""How long a signal is taken to stay between the thresholds at most, where a gate remembers
whether it was open."""


class GateProcessor(Processor):
    """A prepared gate, exact to the frame: there are no pools here.

    ``gain_curve`` belongs to the delayed block: the output is the delayed input times it, to
    the bit.
    """

    def __init__(self, settings: Gate, context: Context) -> None:
        rate = context.sample_rate_hz
        self._context = context
        self.latency_samples = round(ms_to_samples(settings.lookahead_ms, rate))
        glides_ms = 10.0 * (settings.attack_ms + settings.release_ms)
        self.settle_samples = math.ceil(
            ms_to_samples(settings.hold_ms + glides_ms, rate) + HYSTERESIS_S * rate
        )
        self._delay = DelayLine(context.channels, self.latency_samples)
        self._key_filter = KeyFilter(settings.key_sections(context))
        self._gate: GateGain | None = None
        self._moved = context.automated
        self._range_db = Moving("range_db", settings.range_db, context, self.latency_samples)
        threshold_db = settings.threshold_db
        if "threshold_db" in self._moved:
            threshold_db = 0.0  # levels are brought to the threshold where it moves
        reaches = settings.range_db > 0.0 or "range_db" in self._moved
        if threshold_db is not None and settings.ratio > 1.0 and reaches:
            self._gate = GateGain(
                open_gain=db_to_gain(threshold_db),
                close_gain=db_to_gain(threshold_db - settings.hysteresis_db),
                ratio=settings.ratio,
                floor_gain=db_to_gain(-settings.range_db),
                attack_samples=ms_to_samples(settings.attack_ms, rate),
                hold_samples=round(ms_to_samples(settings.hold_ms, rate)),
                release_samples=ms_to_samples(settings.release_ms, rate),
            )
        self._frames = 0
        self._gains: Block | float = 1.0

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return ``block``, delayed by the look-ahead, times the gain.

        Raises:
            SignalError: For NaN or infinity in what the detector listens to.
        """
        self._frames = block.shape[1]
        self._gains = 1.0
        delayed = self._delay.process(block)
        if self._gate is None or not self._frames:
            return delayed
        key = block if at.key is None else at.key
        assert key.shape[1] == self._frames
        levels = linked_peaks(self._key_filter.process(key), 1)
        if not float(levels.max()) < math.inf:
            refuse_non_finite(
                key,
                where=self._context.where,
                start_frame=at.start_frame,
                sample_rate_hz=self._context.sample_rate_hz,
            )
        if "threshold_db" in self._moved:
            levels *= db_to_gain(-pool_values(at.automation["threshold_db"], 1))
        floors = None
        if "range_db" in self._moved:
            floors = db_to_gain(-pool_values(np.asarray(self._range_db.at(at)), 1))
        gains = self._gate.process(levels, at.start_frame, floors)
        self._gains = gains if isinstance(gains, float) else gains[: self._frames]
        if isinstance(gains, float) and gains == 1.0:
            return delayed
        return delayed * self._gains

    def gain_curve(self) -> Block:
        """Return the gain of the last block, linear, ``(frames,)``."""
        if isinstance(self._gains, float):
            return np.full(self._frames, self._gains)
        return self._gains

    def gain_reduction_db(self) -> Block:
        """Return the reduction of the last block in dB, >= 0, ``(frames,)``."""
        return np.maximum(-gain_to_db(self.gain_curve()), 0.0)

    def replay(self, block: Block, gain: Block) -> Block:
        """Return ``block``, delayed by the look-ahead, times a recorded ``gain``."""
        return self._delay.process(block) * gain
