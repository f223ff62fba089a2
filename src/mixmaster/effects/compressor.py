"""The compressor: turns down what is loud, all channels together."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.documents.base import parameter
from mixmaster.dsp.dynamics import (
    HOTTEST_DBFS,
    KeyHighPass,
    PoolRamp,
    linked_peaks,
    linked_powers,
    pool_frames,
    refuse_non_finite,
)
from mixmaster.dsp.envelopes import OnePole, ReleasePeak, rest_when_silent
from mixmaster.dsp.gain_computer import DB_PER_OCTAVE, CompressionCurve
from mixmaster.effects.base import BlockContext, Context, Effect, Processor
from mixmaster.units import db_to_gain, ms_to_samples

_INAUDIBLE_DB = 1e-6
"""Reductions below this are none, so that the gain returns to exactly 1."""


class Compressor(Effect):
    """A stereo-linked, feed-forward compressor.

    Detector, gain computer and decoupled attack and release in the log domain: Giannoulis,
    Massberg and Reiss, "Digital Dynamic Range Compressor Design", JAES 60(6), 2012.
    """

    effect: Literal["compressor"] = "compressor"
    summary: ClassVar[str] = "Turns down what is loud: evens out, glues, or adds punch."

    threshold_db: float = parameter(
        -18.0,
        "Where it starts to work, in dBFS. Lower: more of the performance is evened out. With "
        "a strip staged at -23 LUFS, -24 to -14 catches the loud notes.",
        low=-80.0,
        high=12.0,
    )
    ratio: float = parameter(
        1.0,
        "How firmly: 4 lets 1 dB out for every 4 dB over the threshold. 1 does nothing; 1.5 to 2 "
        "glues a bus, 2 to 4 steadies a voice or bass, 4 to 8 holds a drum, 20 and up is a wall.",
        low=1.0,
        high=1000.0,
    )
    knee_db: float = parameter(
        6.0,
        "How gradually it sets in around the threshold: 0 grabs, 6 is smooth, 12 and more is "
        "hardly noticed on a voice or a mix.",
        low=0.0,
        high=40.0,
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
    makeup_db: float = parameter(
        0.0,
        "Gain after the compression, to bring the level back.",
        low=-40.0,
        high=40.0,
    )
    mix: float = parameter(
        1.0,
        "How much of it is heard: 1 is all compressed, 0.3 to 0.5 thickens quiet details beneath "
        "untouched peaks (parallel compression), 0 is the dry signal.",
        low=0.0,
        high=1.0,
    )
    range_db: float = parameter(
        100.0,
        "The most it ever takes away: 3 to 6 keeps a loud passage from being squashed.",
        low=0.0,
        high=100.0,
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
            DocumentError: For a key high-pass at or above the Nyquist frequency.
        """
        return CompressorProcessor(self, context)


class CompressorProcessor(Processor):
    """A prepared compressor.

    ``gain_curve`` is the whole gain, make-up and mix included: the output is the input times
    it, to the bit. ``gain_reduction_db`` is what the compressed path is turned down by, without
    make-up and mix, one value a pool.
    """

    def __init__(self, settings: Compressor, context: Context) -> None:
        rate = context.sample_rate_hz
        self._settings = settings
        self._context = context
        self._curve = CompressionCurve(
            threshold_db=settings.threshold_db,
            ratio=settings.ratio,
            knee_db=settings.knee_db,
            range_db=settings.range_db,
        )
        attack = ms_to_samples(settings.attack_ms, rate)
        release = ms_to_samples(settings.release_ms, rate)
        rms = ms_to_samples(settings.rms_ms, rate) if settings.detector == "rms" else 0.0
        # Ten time constants: what is left of a forgotten reduction of 20 dB is 0.001 dB.
        self.settle_samples = math.ceil(10.0 * (attack + release + rms))
        pool = pool_frames(
            attack_samples=attack,
            release_samples=release,
            reduction_db=self._curve.largest_reduction_db(HOTTEST_DBFS),
            rms_samples=rms,
        )
        row_steps = GRID_FRAMES // pool
        self._pool = pool
        self._release = ReleasePeak(release / pool, row_steps)
        # The slope that the curve left out; negative, since a reduction is a negative gain.
        self._attack = OnePole(attack / pool, row_steps, gain=-self._curve.slope)
        self._average = OnePole(rms / pool, row_steps) if rms > 0.0 else None
        self._key_filter = KeyHighPass(
            settings.key_high_pass_hz, sample_rate_hz=rate, where=context.where
        )
        self._makeup = db_to_gain(settings.makeup_db)
        self._idle_gain = 1.0 + settings.mix * (self._makeup - 1.0)
        self._ramp = PoolRamp(pool, self._idle_gain)
        self._neutral = self._curve.slope == 0.0 or settings.range_db == 0.0
        self._frames = 0
        self._gains: Block | None = None
        self._octaves: Block | None = None

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return ``block`` times the gain; the very block where the gain is 1 throughout.

        Raises:
            SignalError: For NaN or infinity in what the detector listens to.
        """
        self._frames = block.shape[1]
        key = block if at.key is None else at.key
        assert key.shape[1] == self._frames
        if self._neutral or not self._frames:
            self._octaves = None
        else:
            self._octaves = self._reduced(self._key_filter.process(key), at)
        if self._octaves is None:
            self._gains = None
            return block if self._idle_gain == 1.0 else block * self._idle_gain
        gains = np.exp2(self._octaves)
        if self._makeup != 1.0:
            gains *= self._makeup
        if self._settings.mix != 1.0:
            gains -= 1.0
            gains *= self._settings.mix
            gains += 1.0
        self._gains = self._ramp.process(gains, self._frames)
        return block * self._gains

    def _reduced(self, key: Block, at: BlockContext) -> Block | None:
        """Return the gain in octaves, <= 0, one value a pool; None if it is 0 throughout."""
        squared = self._average is not None
        levels = (linked_powers if squared else linked_peaks)(key, self._pool)
        largest = levels.max(axis=1)
        if not float(largest.max()) < math.inf:
            refuse_non_finite(
                key,
                where=self._context.where,
                start_frame=at.start_frame,
                sample_rate_hz=self._context.sample_rate_hz,
            )
        onset = self._curve.onset_gain
        if self._average is not None:
            levels = self._average.process(levels)
            largest = levels.max(axis=1)
            onset *= onset
        active = np.flatnonzero(largest > onset)
        if not active.shape[0] and self._release.carried == 0.0 and self._attack.last == 0.0:
            self._ramp.rest()
            return None
        count = levels.shape[0]
        if active.shape[0] < count:
            levels = levels[active]
        released = self._release.process(
            self._curve.unscaled(levels, squared=squared), active, count
        )
        octaves = rest_when_silent(released, self._attack)
        octaves += _INAUDIBLE_DB / DB_PER_OCTAVE
        return np.minimum(octaves, 0.0, out=octaves)

    def gain_curve(self) -> Block:
        """Return the gain of the last block, linear, ``(frames,)``, make-up and mix included."""
        if self._gains is None:
            return np.full(self._frames, self._idle_gain)
        return self._gains

    def gain_reduction_db(self) -> Block:
        """Return the compressed path's reduction in dB, >= 0, one value a pool of frames."""
        pools = -(-self._frames // self._pool)
        if self._octaves is None:
            return np.zeros(pools)
        return self._octaves.reshape(-1)[:pools] * -DB_PER_OCTAVE

    def replay(self, block: Block, gain: Block) -> Block:
        """Return ``block`` times a recorded ``gain``."""
        return block * gain
