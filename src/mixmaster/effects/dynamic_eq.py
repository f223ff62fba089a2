"""The dynamic equaliser: bands that dip or lift only when the music asks for it."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import MisfitError, Settings, items, parameter
from mixmaster.dsp.compression import CompressorTimes
from mixmaster.dsp.decay import SILENCE, ring_out_samples
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.dynamic_band import (
    DynamicFilter,
    MovingGain,
    detector_sections,
    shape_sections,
)
from mixmaster.dsp.key_filter import KeyFilter
from mixmaster.dsp.sos import GridSosFilter
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Effect, Family, Processor
from mixmaster.effects.eq_bands import NO_GAIN_DB
from mixmaster.effects.lanes import Channels, lane_of, misplaced, with_lane
from mixmaster.errors import DocumentError, Problem
from mixmaster.units import db_to_gain, ms_to_samples

_HIGHEST_SHELF_Q = 1.0
_LEAST_RATIO = 1.01
"""Under this a band would need hundreds of dB to move: it stands still."""


class DynamicEqBand(Settings):
    """One band. With no gain, and no range or a ratio of 1, it does nothing."""

    shape: Literal["bell", "low_shelf", "high_shelf"] = parameter(
        "bell",
        "What the band moves: bell the surroundings of a frequency; low_shelf and high_shelf "
        "everything below or above it.",
    )
    frequency_hz: float = parameter(
        ...,
        "Where the band sits: boom at 100 to 200, mud at 250 to 400, harshness at 2500 to 5000, "
        "sibilance at 6000 to 9000. The centre of a bell, half the gain of a shelf.",
        low=10.0,
        high=80_000.0,
    )
    q: float = parameter(
        1.0,
        "How narrow the band is: 0.5 to 1 is broad, 2 to 4 picks out a region, 8 and more one "
        "note. A shelf takes at most 1; 0.71 is its steepest without a bump.",
        low=0.1,
        high=30.0,
    )
    channels: Channels = parameter(
        "stereo",
        "What of a stereo signal the band hears and moves: all of it, mid or side, left or right.",
    )
    gain_db: float = parameter(
        0.0,
        "What the band does all the time, as in an equaliser; its movement comes on top.",
        low=-24.0,
        high=24.0,
    )
    range_db: float = parameter(
        0.0,
        "How far it moves at most, and where to: -3 to -6 dips what sticks out, +2 to +4 lifts. "
        "0 does not move.",
        low=-24.0,
        high=24.0,
    )
    acts: Literal["above", "below"] = parameter(
        "above",
        "When it moves: above the threshold, to tame (range below 0) or stress (over 0) what is "
        "loud; below it, to lift what is quiet or dip what is only noise.",
    )
    threshold_db: float = parameter(
        -30.0,
        "The level of the band itself at which it sets in, in dBFS; a band holds far less than "
        "the whole signal. -40 to -20 suits tracks staged at -23 LUFS.",
        low=-90.0,
        high=12.0,
        automatable=True,
    )
    ratio: float = parameter(
        4.0,
        "How firmly: it moves by (1 - 1/ratio) dB for every dB beyond the threshold. Under 1.01 "
        "it does not move, 1.5 to 2 leans, 4 to 10 holds the band in place.",
        low=1.0,
        high=1000.0,
    )
    knee_db: float = parameter(
        6.0, "How gradually it sets in: 0 grabs, 6 is smooth.", low=0.0, high=40.0
    )
    attack_ms: float = parameter(
        10.0,
        "How fast it answers a rising level: 1 to 5 for harsh consonants, 10 to 30 for notes.",
        low=0.0,
        high=1000.0,
    )
    release_ms: float = parameter(
        120.0,
        "How soon it answers a falling one: 60 to 150 follows words, 200 to 500 whole phrases.",
        low=1.0,
        high=10_000.0,
    )
    hears: Literal["band", "all"] = parameter(
        "band",
        "What its detector listens to: the band's own frequencies, or the whole signal. With a "
        "side-chain, those of the key: a bell on the bass that dips where the kick is.",
    )

    @model_validator(mode="after")
    def _does_not_ring(self) -> Self:
        if self.shape != "bell" and not self.q <= _HIGHEST_SHELF_Q:
            reason = f"a moving shelf with a q of {self.q:g} would dip before it rises"
            raise MisfitError([Problem("q", reason, "at most 1; a bell goes higher")])
        return self

    @property
    def is_still(self) -> bool:
        """Whether it has nothing to move."""
        return abs(self.range_db) < NO_GAIN_DB or self.ratio < _LEAST_RATIO


class DynamicEq(Effect):
    """Bands in series, each x + (g(t) - 1) H(x); with nothing to do the identity, bit for bit."""

    effect: Literal["dynamic_eq"] = parameter("dynamic_eq", "The effect's name: dynamic_eq.")
    family: ClassVar[Family] = "tone"
    summary: ClassVar[str] = (
        "Dynamic equaliser: bands that dip or lift only when something sticks out."
    )

    bands: tuple[DynamicEqBand, ...] = items(
        "The bands, each a table with a shape, a frequency and how it moves.", most=16
    )
    detector: Literal["peak", "rms"] = parameter(
        "peak",
        "What the bands hear: 'peak' follows every wave; 'rms' follows loudness and is calmer (a "
        "sine reads 3 dB under its peak).",
    )
    rms_ms: float = parameter(
        10.0,
        "How long a stretch the rms detector listens to: 5 to 10 is quick, 30 and more calm. Does "
        "nothing with the peak detector.",
        low=0.1,
        high=1000.0,
    )
    auto_release: bool = parameter(
        False,
        "Lets every release follow the music: a held sound gets release_ms, hits down to a tenth "
        "of it. Set the releases long.",
    )
    lookahead_ms: float = parameter(
        0.0,
        "Starts to move that much before: 1 to 5 catches the front of a consonant. Delays the "
        "signal; the mix makes up for it.",
        low=0.0,
        high=50.0,
    )

    def prepare(self, context: Context) -> Processor:
        """Return the bands that do anything; the identity if none does.

        Raises:
            DocumentError: For a band at or above the Nyquist frequency, or one for a side of a
                signal that has none.
        """
        nyquist_hz = 0.5 * context.sample_rate_hz
        problems = [
            Problem(
                f"bands.{number}.frequency_hz",
                f"{band.frequency_hz:g} Hz cannot exist at {context.sample_rate_hz} Hz",
                f"below {nyquist_hz:g} Hz",
            )
            for number, band in enumerate(self.bands, start=1)
            if not band.frequency_hz < nyquist_hz
        ]
        problems += misplaced([band.channels for band in self.bands], context.channels)
        if problems:
            raise DocumentError(context.where, tuple(problems))
        working = [
            _Band(self, number, context)
            for number, band in enumerate(self.bands, start=1)
            if abs(band.gain_db) >= NO_GAIN_DB or not band.is_still
        ]
        return DynamicEqProcessor(self, working, context) if working else BypassProcessor()


class DynamicEqProcessor(Processor):
    """A prepared dynamic equaliser.

    ``gain_curve`` is ``(bands, frames)``: the moving gain of each band that does anything, in
    order. ``gain_reduction_db`` is that of the band that dips most; ``band_gains_db`` tells how
    far each has moved, either way.

    Args:
        settings: What the document says.
        bands: Those that do anything, at least one.
        context: What for.
    """

    def __init__(self, settings: DynamicEq, bands: list[_Band], context: Context) -> None:
        rate = context.sample_rate_hz
        self._bands = bands
        self.latency_samples = round(ms_to_samples(settings.lookahead_ms, rate))
        self._late = DelayLine(context.channels, self.latency_samples)
        loudest = math.prod(max(1.0, band.loudest_gain) for band in bands)
        for band in bands:
            self.tail_samples += band.ring_out_samples(SILENCE / (2.0 * loudest))
        self.settle_samples = max(band.settle_samples for band in bands)
        self._gains: list[Block | float] = []
        self._frames = 0

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the equalised block, ``(channels, frames)``.

        Raises:
            SignalError: For NaN or infinity in what the detectors listen to.
        """
        self._frames = block.shape[1]
        self._gains = [band.gain(block, at) for band in self._bands]
        return self._moved(block, self._gains)

    def gain_curve(self) -> Block:
        """Return the moving gain of each band in the last block, linear, ``(bands, frames)``."""
        curves = np.empty((len(self._bands), self._frames))
        for curve, gain in zip(curves, self._gains, strict=True):
            curve[:] = gain
        return curves

    def gain_reduction_db(self) -> Block:
        """Return how far the band that dips most has moved down, in dB, >= 0."""
        return np.asarray(np.maximum(0.0, -self.band_gains_db().min(axis=0)))

    def band_gains_db(self) -> Block:
        """Return how far each band has moved, in dB, ``(bands, values)``, at one rate for all.

        Each value is the farthest of its stretch.
        """
        pool = max(band.pool_frames for band in self._bands)
        return np.stack([band.moved_db(pool, self._frames) for band in self._bands])

    def replay(self, block: Block, gain: Block) -> Block:
        """Return ``block`` with recorded movements of the bands.

        Args:
            block: ``(channels, frames)``, in step with the recorded run's blocks.
            gain: What ``gain_curve`` gave then, ``(bands, frames)``.
        """
        return self._moved(block, list(gain))

    def _moved(self, block: Block, gains: list[Block | float]) -> Block:
        out = self._late.process(block)
        for band, gain in zip(self._bands, gains, strict=True):
            lane = lane_of(out, band.channels)
            out = with_lane(out, band.channels, lane, band.process(lane, gain))
        return out


class _Band:
    """A band at work: what stands still of it, what moves, and the detector that moves it."""

    def __init__(self, settings: DynamicEq, number: int, context: Context) -> None:
        band = settings.bands[number - 1]
        rate = context.sample_rate_hz
        self.channels = band.channels
        lanes = context.channels if band.channels == "stereo" else 1
        self._address = f"bands.{number}.threshold_db"
        self._sections: list[Block] = []
        self._still: GridSosFilter | None = None
        self._gain: MovingGain | None = None
        self.pool_frames = 1
        self.settle_samples = 0
        self.loudest_gain = db_to_gain(max(0.0, band.gain_db) + max(0.0, band.range_db))
        if abs(band.gain_db) >= NO_GAIN_DB:
            still = shape_sections(band.shape, band.frequency_hz, band.gain_db, band.q, rate)
            self._still = GridSosFilter(still, lanes)
            self._sections.append(still)
        if band.is_still:
            return
        times = CompressorTimes(
            attack_ms=band.attack_ms,
            release_ms=band.release_ms,
            rms_ms=settings.rms_ms if settings.detector == "rms" else 0.0,
            auto_release=settings.auto_release,
        )
        self.settle_samples = math.ceil(ms_to_samples(times.settle_ms, rate))
        heard = np.zeros((0, 6))
        if band.hears == "band":
            heard = detector_sections(band.shape, band.frequency_hz, band.q, rate)
        self._key_filter = KeyFilter(heard)
        self._moves = self._address in context.automated
        self._gain = MovingGain(
            range_db=band.range_db,
            threshold_db=band.threshold_db,
            ratio=band.ratio,
            knee_db=band.knee_db,
            below=band.acts == "below",
            times=times,
            moves=self._moves,
            sample_rate_hz=rate,
            where=context.where,
        )
        self.pool_frames = self._gain.pool_frames
        full = shape_sections(band.shape, band.frequency_hz, band.range_db, band.q, rate)
        self._filter = DynamicFilter(full, band.range_db, lanes)
        self._sections.append(full)

    def ring_out_samples(self, level: float) -> int:
        """Return after how many frames the band stays below ``level``."""
        return ring_out_samples(np.concatenate(self._sections), level)

    def gain(self, block: Block, at: BlockContext) -> Block | float:
        """Return the gain of the next block, ``(frames,)`` or one number for all of it."""
        if self._gain is None or not block.shape[1]:
            return 1.0
        key = block if at.key is None else at.key
        lane = lane_of(key, self.channels)
        automation = {"threshold_db": at.automation[self._address]} if self._moves else {}
        gain = self._gain.process(self._key_filter.process(lane), at.start_frame, automation)
        return self._gain.idle_gain if gain is None else gain

    def process(self, lane: Block, gain: Block | float) -> Block:
        """Return the band's part of the signal, equalised; the very one if nothing changes it."""
        if self._still is not None:
            lane = self._still.process(lane)
        return lane if self._gain is None else self._filter.process(lane, gain)

    def moved_db(self, pool: int, frames: int) -> Block:
        """Return how far it moved in the last block, the farthest of every ``pool`` frames."""
        if self._gain is None or not frames:
            return np.zeros(-(-frames // pool))
        values = self._gain.moved_db()
        every = pool // self.pool_frames
        values = np.concatenate((values, np.zeros(-values.shape[0] % every))).reshape(-1, every)
        farthest = np.argmax(np.abs(values), axis=1)
        return np.asarray(np.take_along_axis(values, farthest[:, None], axis=1)[:, 0])
