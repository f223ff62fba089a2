"""The compressor: turns down what is loud, all channels together."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp.compression import CURVE_PARAMETERS, CompressorGain, CompressorTimes
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.dynamics import PoolRamp
from mixmaster.dsp.gain_computer import DB_PER_OCTAVE, CompressionCurve
from mixmaster.dsp.key_filter import KeyFilter
from mixmaster.effects.base import BlockContext, Context, Family, Processor
from mixmaster.effects.keyed import KeyedEffect, KeyListenProcessor
from mixmaster.effects.moving import Moving
from mixmaster.units import db_to_gain, ms_to_samples


class Compressor(KeyedEffect):
    """A stereo-linked, feed-forward compressor.

    Detector, gain computer and decoupled attack and release in the log domain: Giannoulis,
    Massberg and Reiss, "Digital Dynamic Range Compressor Design", JAES 60(6), 2012.
    """

    effect: Literal["compressor"] = "compressor"
    family: ClassVar[Family] = "dynamics"
    summary: ClassVar[str] = "Turns down what is loud: evens out, glues, or adds punch."

    threshold_db: float = parameter(
        -18.0,
        "Where it starts to work, in dBFS. Lower: more of the performance is evened out. With "
        "a strip staged at -23 LUFS, -24 to -14 catches the loud notes.",
        low=-80.0,
        high=12.0,
        automatable=True,
    )
    ratio: float = parameter(
        1.0,
        "How firmly: 4 lets 1 dB out for every 4 dB over the threshold. 1 does nothing; 1.5 to 2 "
        "glues a bus, 2 to 4 steadies a voice or bass, 4 to 8 holds a drum, 20 and up is a wall.",
        low=1.0,
        high=1000.0,
        automatable=True,
    )
    knee_db: float = parameter(
        6.0,
        "How gradually it sets in around the threshold: 0 grabs, 6 is smooth, 12 and more is "
        "hardly noticed on a voice or a mix.",
        low=0.0,
        high=40.0,
        automatable=True,
    )
    attack_ms: float = parameter(
        10.0,
        "How long a note's beginning gets through: 0.1 to 3 tames the stick and the pick, 10 to "
        "30 lets them punch, 50 and more only rides the level. The time to 63 % of the reduction.",
        low=0.0,
        high=1000.0,
    )
    release_ms: float = parameter(
        100.0,
        "How soon it lets go: 30 to 80 pumps and adds density, 100 to 300 breathes with the "
        "song, longer is a slow hand on the fader. The time to fall by 63 %.",
        low=1.0,
        high=10_000.0,
    )
    auto_release: bool = parameter(
        False,
        "Lets the release follow the music: a held sound gets release_ms, hits down to a tenth of "
        "it (30 ms at the least), very dense sounds up to twice. Set release_ms long (200 to 600) "
        "and it neither pumps nor chokes.",
    )
    lookahead_ms: float = parameter(
        0.0,
        "Starts to turn down that much before the hit: 1 to 5 with an attack a third as long "
        "catches even the stick. Delays the signal; the mix makes up for it.",
        low=0.0,
        high=50.0,
    )
    makeup_db: float = parameter(
        0.0,
        "Gain after the compression, to bring the level back.",
        low=-40.0,
        high=40.0,
        automatable=True,
    )
    mix: float = parameter(
        1.0,
        "How much of it is heard: 1 is all compressed, 0.3 to 0.5 thickens quiet details beneath "
        "untouched peaks (parallel compression), 0 is the dry signal.",
        low=0.0,
        high=1.0,
        automatable=True,
    )
    range_db: float = parameter(
        100.0,
        "The most it ever takes away: 3 to 6 keeps a loud passage from being squashed.",
        low=0.0,
        high=100.0,
        automatable=True,
    )
    detector: Literal["peak", "rms"] = parameter(
        "peak",
        "What it hears: 'peak' follows every hit; 'rms' follows loudness, as ears do, and sounds "
        "smoother on voices, bass and mixes (a sine reads 3 dB under its peak).",
    )
    rms_ms: float = parameter(
        10.0,
        "How long a stretch the rms detector listens to: 5 to 10 is quick, 30 to 300 is calm. "
        "Does nothing with the peak detector.",
        low=0.1,
        high=1000.0,
    )
    key_high_pass_hz: float | None = parameter(
        None,
        "Keeps lows out of the detector (12 dB/octave): 60 to 150 stops the kick from pumping "
        "a mix. Silent: it hears everything.",
        low=10.0,
        high=20_000.0,
    )

    def prepare(self, context: Context) -> Processor:
        """Return a compressor for ``context``.

        Raises:
            DocumentError: For a key filter at or above the Nyquist frequency.
        """
        if self.key_listen:
            return KeyListenProcessor(self.key_sections(context), context, self.lookahead_ms)
        return CompressorProcessor(self, context)


class CompressorProcessor(Processor):
    """A prepared compressor.

    ``gain_curve`` is the whole gain, make-up and mix included: the output is the input, delayed
    by the look-ahead, times it, to the bit. ``gain_reduction_db`` is what the compressed path is
    turned down by, without make-up and mix, one value a pool.

    Attributes:
        idle_gain: The gain while it turns nothing down: make-up and mix.
        pool_frames: How many frames share one value of ``gain_reduction_db``.
    """

    def __init__(self, settings: Compressor, context: Context) -> None:
        rate = context.sample_rate_hz
        moved = context.automated
        times = CompressorTimes(
            attack_ms=settings.attack_ms,
            release_ms=settings.release_ms,
            rms_ms=settings.rms_ms if settings.detector == "rms" else 0.0,
            auto_release=settings.auto_release,
        )
        curve = CompressionCurve(
            threshold_db=settings.threshold_db,
            ratio=settings.ratio,
            knee_db=settings.knee_db,
            range_db=settings.range_db,
        )
        self._compression = CompressorGain(
            curve,
            times,
            sample_rate_hz=rate,
            where=context.where,
            moved=moved.intersection(CURVE_PARAMETERS),
        )
        self.pool_frames = self._compression.pool
        self.settle_samples = math.ceil(ms_to_samples(times.settle_ms, rate))
        self.latency_samples = round(ms_to_samples(settings.lookahead_ms, rate))
        self._delay = DelayLine(context.channels, self.latency_samples)
        self._key_filter = KeyFilter(settings.key_sections(context))
        self._moved_level = bool(moved & {"makeup_db", "mix"})
        self._mix = settings.mix
        self._moving_mix = Moving("mix", settings.mix, context, self.latency_samples)
        self._moving_makeup_db = Moving(
            "makeup_db", settings.makeup_db, context, self.latency_samples
        )
        self._makeup = db_to_gain(settings.makeup_db)
        # Through the same steps as any other gain, so that no bit tells them apart.
        self.idle_gain = self._makeup
        if settings.mix != 1.0:
            self.idle_gain = 1.0 + settings.mix * (self._makeup - 1.0)
        self._ramp = PoolRamp(self._compression.pool, 1.0 if self._moved_level else self.idle_gain)
        self._neutral = ("ratio" not in moved and curve.slope == 0.0) or (
            "range_db" not in moved and settings.range_db == 0.0
        )
        self._frames = 0
        self._gains: Block | None = None
        self._octaves: Block | None = None

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return ``block``, late, times the gain; unchanged where the gain is 1 throughout.

        Raises:
            SignalError: For NaN or infinity in what the detector listens to.
        """
        key = block if at.key is None else at.key
        assert key.shape[1] == block.shape[1]
        delayed = self._delay.process(block)
        gains = self.gain(key, at)
        if gains is None:
            return delayed if self.idle_gain == 1.0 else delayed * self.idle_gain
        return delayed * gains

    def gain(self, key: Block, at: BlockContext) -> Block | None:
        """Return the gain of the next block, ``(frames,)``; None for ``idle_gain`` throughout.

        For those who apply it themselves, and delay what they apply it to; ``process`` does all.

        Args:
            key: What the detector hears, ``(channels, frames)``.
            at: Where the block stands, and its automation.

        Raises:
            SignalError: For NaN or infinity in the key.
        """
        self._frames = key.shape[1]
        if self._neutral or not self._frames:
            self._octaves = None
        else:
            self._octaves = self._compression.process(
                self._key_filter.process(key), at.start_frame, at.automation
            )
        self._gains = self._gain(at)
        return self._gains

    def _gain(self, at: BlockContext) -> Block | None:
        """Return the gain of a block, ``(frames,)``; None if it is the idle one throughout."""
        if self._octaves is None:
            self._ramp.rest()
            if not self._moved_level or not self._frames:
                return None
            return self._levelled(np.ones(self._frames), at)
        gains = np.exp2(self._octaves)
        if self._moved_level:
            return self._levelled(self._ramp.process(gains, self._frames), at)
        if self._makeup != 1.0:
            gains *= self._makeup
        if self._mix != 1.0:
            gains -= 1.0
            gains *= self._mix
            gains += 1.0
        return self._ramp.process(gains, self._frames)

    def _levelled(self, gains: Block, at: BlockContext) -> Block:
        """Return the gain with make-up and mix, where either moves."""
        makeup = db_to_gain(np.asarray(self._moving_makeup_db.at(at)))
        out = gains * makeup
        out -= 1.0
        out *= self._moving_mix.at(at)
        out += 1.0
        return out

    def gain_curve(self) -> Block:
        """Return the gain of the last block, linear, ``(frames,)``, make-up and mix included."""
        if self._gains is None:
            return np.full(self._frames, self.idle_gain)
        return self._gains

    def gain_reduction_db(self) -> Block:
        """Return the compressed path's reduction in dB, >= 0, one value a pool of frames."""
        pools = -(-self._frames // self._compression.pool)
        if self._octaves is None:
            return np.zeros(pools)
        return self._octaves.reshape(-1)[:pools] * -DB_PER_OCTAVE

    def replay(self, block: Block, gain: Block) -> Block:
        """Return ``block``, delayed by the look-ahead, times a recorded ``gain``."""
        return self._delay.process(block) * gain
