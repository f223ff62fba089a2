"""The de-esser: softens s and t without dulling the voice, whatever its level."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp.decay import ring_out_samples
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.dynamics import PoolRamp
from mixmaster.dsp.sibilance import (
    AVERAGE_MS,
    SibilanceCurve,
    SibilanceGain,
    bell_band,
    detector_band,
    reduction_db,
    shelf_band,
)
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, Context, Effect, Family, Processor
from mixmaster.effects.keyed import KeyListenProcessor
from mixmaster.effects.keyless import misfit
from mixmaster.effects.moving import Moving
from mixmaster.units import ms_to_samples


class DeEsser(Effect):
    """A stereo-linked de-esser that compares the sibilance with the whole, not with a level."""

    effect: Literal["de_esser"] = parameter("de_esser", "The effect's name: de_esser.")
    family: ClassVar[Family] = "dynamics"
    summary: ClassVar[str] = "De-esser: softens s, sh and t without dulling the voice."

    range_db: float = parameter(
        0.0,
        "The most it takes away: 3 to 5 goes unnoticed, 6 to 10 tames a bright microphone, more "
        "lisps. 0 does nothing.",
        low=0.0,
        high=40.0,
        automatable=True,
    )
    threshold_db: float = parameter(
        -12.0,
        "How near the sibilance must come to the level of the whole voice: -6 catches only the "
        "hardest s, -12 most of them, -20 takes consonants and breath too. The level at which "
        "the voice was sung does not matter.",
        low=-60.0,
        high=0.0,
        automatable=True,
    )
    frequency_hz: float = parameter(
        6_000.0,
        "Where the sibilance is: 4500 to 6500 for low voices, 6000 to 8000 for high ones, 8000 "
        "to 12000 for what only hisses.",
        low=1_000.0,
        high=20_000.0,
    )
    band: Literal["above", "around"] = parameter(
        "above",
        "Which part is heard and turned down: 'above' everything above the frequency, as a "
        "shelf; 'around' a band with it in the middle, which leaves the air alone.",
    )
    q: float = parameter(
        1.5,
        "How narrow the band around the frequency is: 1 catches any s, 3 and more a whistle. "
        "Does nothing with 'above'.",
        low=0.3,
        high=12.0,
    )
    mode: Literal["split", "wide"] = parameter(
        "split",
        "What is turned down: 'split' the sibilant band alone; 'wide' the whole voice, which "
        "keeps its colour: for a few dB on a voice that stands free.",
    )
    ratio: float = parameter(
        4.0,
        "How firmly: 2 leans on the s, 4 holds it, 10 and more flattens all of them alike. 1 "
        "does nothing.",
        low=1.0,
        high=100.0,
    )
    knee_db: float = parameter(
        6.0,
        "How gradually it sets in around the threshold: 0 grabs, 6 is smooth.",
        low=0.0,
        high=24.0,
    )
    attack_ms: float = parameter(
        1.0,
        "How fast it turns down: 0.5 to 2; longer lets the front of a t through.",
        low=0.0,
        high=100.0,
    )
    release_ms: float = parameter(
        40.0,
        "How soon it lets go: 20 to 60 frees the vowel after an s; longer softens a whole word.",
        low=1.0,
        high=1_000.0,
    )
    lookahead_ms: float = parameter(
        0.0,
        "Begins that much before the s: 1 to 4 takes its hard front too. Delays the signal; the "
        "mix makes up for it.",
        low=0.0,
        high=20.0,
    )
    listen: Literal["result", "detector", "removed"] = parameter(
        "result",
        "What is heard: 'detector' what it takes for sibilance, to find the frequency by ear; "
        "'removed' only what it takes away.",
    )

    def prepare(self, context: Context) -> Processor:
        """Return a de-esser for ``context``.

        Raises:
            DocumentError: For a frequency at or above the Nyquist frequency.
        """
        rate = context.sample_rate_hz
        if not self.frequency_hz < 0.5 * rate:
            raise misfit(
                context.where,
                f"{self.frequency_hz:g} Hz cannot exist at {rate} Hz",
                f"below {0.5 * rate:g} Hz",
                "frequency_hz",
            )
        detector = detector_band(self.frequency_hz, self._q, rate)
        if self.listen == "detector":
            return KeyListenProcessor(detector, context, self.lookahead_ms)
        return DeEsserProcessor(self, context, detector)

    @property
    def _q(self) -> float | None:
        return self.q if self.band == "around" else None

    def turned_down(self, sample_rate_hz: int) -> Block | None:
        """Return the band that is turned down, ``(sections, 6)``; None for everything."""
        if self.mode == "wide":
            return None
        if self.band == "above":
            return shelf_band(self.frequency_hz, sample_rate_hz)
        return bell_band(self.frequency_hz, self.q, sample_rate_hz)


class DeEsserProcessor(Processor):
    """A prepared de-esser: x + (g - 1) H(x), with H the sibilant band, or 1 for everything.

    That is linear in x, so the recorded gain g replays exactly on any other signal: stems that
    add up to the mix still do. ``gain_curve`` is g, not a gain of the whole in split mode.
    """

    def __init__(self, settings: DeEsser, context: Context, detector: Block) -> None:
        rate = context.sample_rate_hz
        curve = SibilanceCurve(
            threshold_db=settings.threshold_db,
            ratio=settings.ratio,
            knee_db=settings.knee_db,
            range_db=settings.range_db,
            attack_ms=settings.attack_ms,
            release_ms=settings.release_ms,
        )
        self._detector = SibilanceGain(curve, detector, sample_rate_hz=rate, where=context.where)
        band = settings.turned_down(rate)
        self._band = None if band is None else SosFilter(band, context.channels)
        self.tail_samples = 0 if band is None else ring_out_samples(band)
        self.latency_samples = round(ms_to_samples(settings.lookahead_ms, rate))
        memory_ms = 10.0 * (settings.attack_ms + settings.release_ms + 2.0 * AVERAGE_MS)
        self.settle_samples = math.ceil(ms_to_samples(memory_ms, rate))
        self._delay = DelayLine(context.channels, self.latency_samples)
        self._ramp = PoolRamp(self._detector.pool, 1.0)
        self._only_removed = settings.listen == "removed"
        self._range_db = Moving("range_db", settings.range_db, context, self.latency_samples)
        self._neutral = settings.ratio == 1.0 or (
            settings.range_db == 0.0 and not self._range_db.moves
        )
        self._frames = 0
        self._gains: Block | None = None
        self._octaves: Block | None = None

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return ``block``, late, with its sibilance turned down.

        Raises:
            SignalError: For NaN or infinity in what the detector listens to.
        """
        self._frames = block.shape[1]
        key = block if at.key is None else at.key
        assert key.shape[1] == self._frames
        self._gains = self._octaves = None
        if not self._neutral and self._frames:
            octaves = self._detector.process(key, at.start_frame, self._figures(at))
            if octaves.any() or not self._ramp.at_rest:
                self._octaves = octaves
                self._gains = self._ramp.process(np.exp2(octaves), self._frames)
        delayed = self._delay.process(block)
        if self._neutral:
            # Times zero, so that what is no number does not vanish.
            return delayed * 0.0 if self._only_removed else delayed
        return self._turned_down(delayed, self._gains)

    def _figures(self, at: BlockContext) -> dict[str, Block]:
        """Return what automation moves: the threshold with the key, the range with the sound."""
        figures = dict(at.automation)
        if self._range_db.moves:
            figures["range_db"] = np.asarray(self._range_db.at(at))
        return figures

    def _turned_down(self, delayed: Block, gains: Block | None) -> Block:
        # Whatever the gain is: the filter must have heard all that came before.
        band = delayed if self._band is None else self._band.process(delayed)
        if gains is None:
            return delayed * 0.0 if self._only_removed else delayed
        if self._only_removed:
            return band * (1.0 - gains)
        if self._band is None:
            return delayed * gains
        out = band * (gains - 1.0)
        out += delayed
        return out

    def gain_curve(self) -> Block:
        """Return the gain of the band in the last block, linear, ``(frames,)``."""
        return np.ones(self._frames) if self._gains is None else self._gains

    def gain_reduction_db(self) -> Block:
        """Return the band's reduction in dB, >= 0, one value a pool of frames."""
        pool = self._detector.pool
        if self._octaves is None:
            return np.zeros(-(-self._frames // pool))
        return reduction_db(self._octaves, self._frames, pool)

    def replay(self, block: Block, gain: Block) -> Block:
        """Return ``block``, late, with its band turned down by a recorded ``gain``."""
        return self._turned_down(self._delay.process(block), gain)
