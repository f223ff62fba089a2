"""The multiband compressor: a compressor for each part of the spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block, zeros
from mixmaster.documents.base import Settings, items, parameter
from mixmaster.dsp.crossover import Crossover, LinearCrossover
from mixmaster.dsp.decay import SILENCE
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.effects.band_edges import band_edge, check_edges, corners
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Effect, Family, Processor
from mixmaster.effects.compressor import Compressor, CompressorProcessor
from mixmaster.units import db_to_gain, ms_to_samples

MOST_BANDS = 5

_MOST_MAKEUP_DB = 24.0
_BAND_MOVABLE = ("threshold_db", "ratio", "range_db", "makeup_db")


class MultibandBand(Settings):
    """One band and its compressor. At a ratio of 1 and no make-up it does nothing."""

    up_to_hz: float | None = band_edge(
        "Where the band ends and the next begins: 80 to 150 for the bass, 300 to 600 for warmth, "
        "2000 to 5000 for presence. Silent in the last band, which goes to the top."
    )
    threshold_db: float = parameter(
        -18.0,
        "Where it starts to work, by the level of this band alone, in dBFS. A band holds less "
        "than the whole: of a master at -16 LUFS bass peaks near -15, the top near -35.",
        low=-80.0,
        high=12.0,
        automatable=True,
    )
    ratio: float = parameter(
        1.0,
        "How firmly: 1 does nothing; 1.3 to 2 evens out a mix, 3 to 6 holds a bass or a harsh "
        "region in place.",
        low=1.0,
        high=1000.0,
        automatable=True,
    )
    knee_db: float = parameter(
        6.0,
        "How gradually it sets in around the threshold: 0 grabs, 6 is smooth, 12 hardly shows.",
        low=0.0,
        high=40.0,
    )
    attack_ms: float = parameter(
        20.0,
        "How long a beginning gets through: 20 to 50 for bass, 5 to 20 for the mids, 1 to 10 for "
        "the top. Below one period of the band (10 at 100 Hz) it bends the waves themselves.",
        low=0.0,
        high=1000.0,
    )
    release_ms: float = parameter(
        150.0,
        "How soon it lets go: 150 to 400 for bass, 80 to 200 for the mids, 40 to 100 for the top.",
        low=1.0,
        high=10_000.0,
    )
    makeup_db: float = parameter(
        0.0,
        "Gain of this band after its compressor: 1 to 3 brings back what was taken, and is a "
        "tone control.",
        low=-_MOST_MAKEUP_DB,
        high=_MOST_MAKEUP_DB,
        automatable=True,
    )
    range_db: float = parameter(
        100.0,
        "The most it ever takes away: 2 to 6 keeps a master in one piece.",
        low=0.0,
        high=100.0,
        automatable=True,
    )
    bypass: bool = parameter(False, "Let the band through as it is.")
    solo: bool = parameter(
        False, "Hear this band, and others that say so, alone: to find its edges by ear."
    )


class Multiband(Effect):
    """Bands of a Linkwitz-Riley crossover, each with a compressor, added up again.

    Where no band can do anything it is the identity, bit for bit. At work with ``phase`` minimum
    the bands add up to an all-pass: the level is flat, the phase turns by 360 degrees around
    each corner, as in every crossover of the kind. Adding what a band changes to the untouched
    signal instead would leave no all-pass, but the two are out of phase at the corners: pulling
    both bands down by 6 dB would lift a corner by 3.5 dB. With ``phase`` linear there is nothing
    to be out of phase with, and it is done just so: while no band works, the signal comes out bit
    for bit.
    """

    effect: Literal["multiband"] = parameter("multiband", "The effect's name: multiband.")
    family: ClassVar[Family] = "dynamics"
    summary: ClassVar[str] = "Multiband compressor: a compressor of its own for bass, mids and top."

    bands: tuple[MultibandBand, ...] = items(
        "The bands from the lowest to the highest, each a table with a compressor's settings and, "
        "but for the last, where it ends. None is the identity.",
        most=MOST_BANDS,
    )
    phase: Literal["minimum", "linear"] = parameter(
        "minimum",
        "minimum splits without delay and turns the phase around the edges, which is rarely "
        "heard; linear turns none, delays the signal (the mix makes up for it), and lets a hit "
        "in the bass be felt a little before it comes.",
    )
    slope_db_per_octave: Literal[24, 48] = parameter(
        24, "How sharply bands part: 24 sounds seamless, 48 keeps a bass out of the band above."
    )
    detector: Literal["peak", "rms"] = parameter(
        "peak",
        "What the bands hear: 'peak' follows every hit; 'rms' follows loudness and sounds "
        "smoother on mixes (a sine reads 3 dB under its peak).",
    )
    rms_ms: float = parameter(
        10.0,
        "How long a stretch the rms detector listens to: 10 to 50 for mixes. Does nothing with "
        "the peak detector.",
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
        "Starts to turn down that much before a hit: 1 to 5. Delays the signal; the mix makes up "
        "for it.",
        low=0.0,
        high=50.0,
    )
    mix: float = parameter(
        1.0,
        "How much of it is heard: 1 is all of it, 0.5 half; the untouched part goes through the "
        "same crossover, so nothing hollows out.",
        low=0.0,
        high=1.0,
        automatable=True,
    )

    @model_validator(mode="after")
    def _bands_rise(self) -> Self:
        check_edges([band.up_to_hz for band in self.bands])
        return self

    def prepare(self, context: Context) -> Processor:
        """Return the bands; the identity if none can do anything.

        Raises:
            DocumentError: For a band that ends at or above the Nyquist frequency.
        """
        corners_hz = corners([band.up_to_hz for band in self.bands], context)
        soloed = any(band.solo for band in self.bands) and not all(b.solo for b in self.bands)
        neutral = self.mix == 0.0 or all(
            band.bypass or (band.makeup_db == 0.0 and 0.0 in (band.ratio - 1.0, band.range_db))
            for band in self.bands
        )
        if not self.bands or (neutral and not soloed and not context.automated):
            return BypassProcessor()
        return MultibandProcessor(self, corners_hz, context)


class MultibandProcessor(Processor):
    """A prepared multiband compressor.

    ``gain_curve`` is ``(bands, frames)``: what each band is multiplied by, make-up, mix and solo
    included. ``gain_reduction_db`` is that of the band that is turned down most, for meters;
    ``band_reductions_db`` tells each.

    Args:
        settings: At least one band.
        corners_hz: Between them; none for a single band.
        context: What for.
    """

    def __init__(self, settings: Multiband, corners_hz: list[float], context: Context) -> None:
        self._settings, self._corners_hz, self._context = settings, corners_hz, context
        self._linear = settings.phase == "linear"
        soloed = any(band.solo for band in settings.bands)
        self._bands = [
            _BandCompressor(settings, number, context, heard=band.solo or not soloed)
            for number, band in enumerate(settings.bands, start=1)
        ]
        self._split = self._crossover(context.channels)
        self._key_split: Crossover | LinearCrossover | None = None
        lookahead = round(ms_to_samples(settings.lookahead_ms, context.sample_rate_hz))
        count = len(self._bands) + 1
        self._late = DelayLine(count * context.channels, lookahead)
        split_latency = 0
        if self._split is not None:
            self.tail_samples = self._split.tail_samples
        if isinstance(self._split, Crossover):
            self.phase_sos = self._split.sum_sos
        if isinstance(self._split, LinearCrossover):
            split_latency = self._split.latency_samples
        self.latency_samples = split_latency + lookahead
        self.settle_samples = max(band.compressor.settle_samples for band in self._bands)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the sum of the bands, each times its gain, ``(channels, frames)``.

        Raises:
            SignalError: For NaN or infinity in what the detectors listen to.
        """
        bands, whole = _divided(self._split, block)
        if at.key is None:
            keys = bands
        else:
            if self._key_split is None:
                self._key_split = self._crossover(at.key.shape[0])
            keys, _ = _divided(self._key_split, at.key)
        gains = [band.gain(key, at) for band, key in zip(self._bands, keys, strict=True)]
        return self._summed(bands, whole, gains)

    def gain_curve(self) -> Block:
        """Return the gain of each band in the last block, linear, ``(bands, frames)``."""
        return np.stack([band.gain_curve() for band in self._bands])

    def gain_reduction_db(self) -> Block:
        """Return the reduction of the band that is turned down most, in dB, >= 0."""
        return np.asarray(self.band_reductions_db().max(axis=0))

    def band_reductions_db(self) -> Block:
        """Return each band's reduction in dB, >= 0, ``(bands, values)``, at one rate for all."""
        pool = max(band.compressor.pool_frames for band in self._bands)
        return np.stack([band.reduction_db(pool) for band in self._bands])

    def replay(self, block: Block, gain: Block) -> Block:
        """Return ``block`` split, times recorded gains, and added up.

        Args:
            block: ``(channels, frames)``, in step with the recorded run's blocks.
            gain: What ``gain_curve`` gave then, ``(bands, frames)``.
        """
        bands, whole = _divided(self._split, block)
        return self._summed(bands, whole, list(gain))

    def _summed(self, bands: Block, whole: Block, gains: Sequence[Block | float]) -> Block:
        """Return the bands times their gains, added up; ``bands`` is written over."""
        if self._late.samples:
            count, channels, frames = bands.shape
            line = np.concatenate((bands.reshape(-1, frames), whole))
            line = self._late.process(line)
            bands, whole = line[:-channels].reshape(count, channels, frames), line[-channels:]
        if not self._linear:
            summed = zeros(*whole.shape)
            for band, gain in zip(bands, gains, strict=True):
                summed += band if _is_one(gain) else np.multiply(band, gain, out=band)
            return summed
        working = [
            np.multiply(band, gain - 1.0, out=band)
            for band, gain in zip(bands, gains, strict=True)
            if not _is_one(gain)
        ]
        if not working:
            return whole
        out: Block = whole + working[0]
        for change in working[1:]:
            out += change
        return out

    def _crossover(self, channels: int) -> Crossover | LinearCrossover | None:
        """Return a crossover; None for a single band."""
        if not self._corners_hz:
            return None
        order = self._settings.slope_db_per_octave // 6
        rate = self._context.sample_rate_hz
        if self._linear:
            return LinearCrossover(self._corners_hz, channels, rate, order=order)
        loudest_db = max(band.loudest_db for band in self._bands)
        silence = SILENCE / db_to_gain(max(0.0, loudest_db))
        return Crossover(self._corners_hz, channels, rate, order=order, silence=silence)


class _BandCompressor:
    """One band's compressor, with its own part of the automation."""

    def __init__(self, settings: Multiband, number: int, context: Context, *, heard: bool) -> None:
        band = settings.bands[number - 1]
        addresses = {name: f"bands.{number}.{name}" for name in _BAND_MOVABLE} | {"mix": "mix"}
        self._moved: dict[str, str] = {}
        table: dict[str, Any] = {"ratio": 1.0}
        if not band.bypass:
            self._moved = {
                name: address for name, address in addresses.items() if address in context.automated
            }
            table = band.model_dump(exclude={"up_to_hz", "bypass", "solo"}) | settings.model_dump(
                include={"detector", "rms_ms", "auto_release", "mix"}
            )
        self._heard = heard
        self.loudest_db = _MOST_MAKEUP_DB if "makeup_db" in self._moved else band.makeup_db
        self.compressor = CompressorProcessor(
            Compressor.model_validate(table),
            replace(context, automated=frozenset(self._moved)),
        )

    def gain(self, key: Block, at: BlockContext) -> Block | float:
        """Return the gain of the next block, ``(frames,)`` or one number for all of it."""
        moved = {name: at.automation[address] for name, address in self._moved.items()}
        gain = self.compressor.gain(key, replace(at, key=None, automation=moved))
        if not self._heard:
            return 0.0
        return self.compressor.idle_gain if gain is None else gain

    def gain_curve(self) -> Block:
        """Return the gain of the last block, ``(frames,)``."""
        curve = self.compressor.gain_curve()
        return curve if self._heard else np.zeros_like(curve)

    def reduction_db(self, pool: int) -> Block:
        """Return the reduction of the last block, the largest of every ``pool`` frames."""
        values = self.compressor.gain_reduction_db()
        every = pool // self.compressor.pool_frames
        missing = -values.shape[0] % every
        values = np.concatenate((values, np.zeros(missing)))
        return np.asarray(values.reshape(-1, every).max(axis=1))


def _is_one(gain: Block | float) -> bool:
    return isinstance(gain, float) and gain == 1.0


def _divided(split: Crossover | LinearCrossover | None, block: Block) -> tuple[Block, Block]:
    """Return the bands, ``(bands, channels, frames)``, and the whole in time with them."""
    if split is None:
        return block[None].copy(), block
    if isinstance(split, LinearCrossover):
        return split.process(block)
    return split.process(block), block
