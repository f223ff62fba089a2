"""The stereo field: correlation, width, balance, and what a mono fold-down loses.

Every figure comes from mean squares of left, right, mid = (L + R) / 2 and side = (L - R) / 2:
four numbers each 100 ms, and two spectra for the figures by band. The product of the channels
is the difference of mid's and side's power, LR = M^2 - S^2, so channels that are equal (or
opposite) correlate by exactly 1 (or -1). Nothing is subtracted first: a DC offset counts, below
120 Hz and by band aside.

Of more than two channels only the first two, left and right in every known layout, are taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, TypedDict

import numpy as np

from mixmaster.arrays import Block, Block32
from mixmaster.dsp.spectrum import band_edges_hz, band_mids_hz, band_powers, nominal_hz
from mixmaster.metering.chunk_meter import ChunkMeter
from mixmaster.metering.loudness import slice_bounds
from mixmaster.metering.spectrum import MidSideSpectra, SpectrumMeter, channels_measured
from mixmaster.metering.thinning import highest_of_groups
from mixmaster.results import Result
from mixmaster.units import db_to_power, power_to_db

MAX_POINTS: Final = 4_096
"""Points of the correlation curve at most, whatever the length."""

MONO_LOSS_LIMIT_DB: Final = 100.0
"""What a fold-down that cancels reads: no figure is infinite."""

_SLICES_PER_SECOND: Final = 10
_WINDOW_SLICES: Final = 4  # 400 ms, as the momentary loudness
SILENCE_DB: Final = -90.0
"""Mean square of both channels under which a window has no correlation: 16-bit dither is -96."""

BAND_SILENCE_DB: Final = -100.0
"""The same of a band."""

_ONE_SIDED: Final = 1e-6  # a channel 60 dB under the other has no correlation with it
_LOW_BAND_HZ: Final = (10.0, 120.0)  # from 10 Hz: a DC offset is no bass
_NO_BASS: Final = 1e-6  # 60 dB under the whole: what clicks and windows leave there
_LOWEST_BAND_HZ: Final = 31.5
_HIGHEST_BAND_HZ: Final = 16_000.0
_DIGITS: Final = 4  # of a correlation, for short JSON

_MONO: Final = "a mono file has no stereo field"
_SILENT: Final = "digital silence"
_NO_WIDTH: Final = ("left and right are equal", "right is left with inverted polarity")
_NO_BALANCE: Final = ("left is silent", "right is silent")


@dataclass(frozen=True, slots=True)
class StereoFigures(Result):
    """The stereo field; a figure that does not exist is None, and ``reasons`` says why.

    Attributes:
        channels_measured: Which channels are in it.
        correlation: Mean of L R over the root of the mean squares' product, -1 to 1, of the
            whole signal: 1 in phase, 0 unrelated, -1 opposite.
        correlation_times_s: Where the windows of ``correlation_window_s`` end.
        correlation_curve: Of each; None where it is quieter than -90 dBFS or one-sided (one
            channel 60 dB under the other). Of long signals the lowest of several neighbours.
        correlation_window_s: 0.4 s, every 0.1 s; shorter signals are one window.
        band_hz: Exact mid-band frequencies of octaves, 31.5 Hz to 16 kHz, as far as they lie
            under half the sample rate (IEC 61260-1, base ten).
        band_nominal_hz: Their names: 31.5, 63, 125.
        band_correlation: Of each; None where it is silent or one-sided.
        band_width: Side's part of mid's and side's power, 0 to 1; None where silent.
        width_db: Power of side over mid; unrelated channels of one level read 0 dB.
        width: Side's part of both, 0 to 1: 0 is mono, 0.5 unrelated channels, 1 opposite ones.
        balance_db: Power of left over right; above 0 dB the left one is louder.
        mono_loss_db: Power of (L + R) / 2 under the mean power of L and R, 0 dB and up: equal
            channels lose nothing, unrelated ones 3.01 dB, opposite ones all, which reads
            100 dB. One channel alone loses 3.01 dB.
        mono_loss_below_120_hz_db: Likewise from 10 to 120 Hz; None without bass, that is 60 dB
            under the whole.
        reasons: Why a figure is None, or a bound.
    """

    channels_measured: str
    correlation: float | None
    correlation_times_s: tuple[float, ...]
    correlation_curve: tuple[float | None, ...]
    correlation_window_s: float
    band_hz: tuple[float, ...]
    band_nominal_hz: tuple[float, ...]
    band_correlation: tuple[float | None, ...]
    band_width: tuple[float | None, ...]
    width_db: float | None
    width: float | None
    balance_db: float | None
    mono_loss_db: float | None
    mono_loss_below_120_hz_db: float | None
    reasons: dict[str, str]


class StereoMeter(ChunkMeter[StereoFigures]):
    """The stereo field of a signal, in one pass.

    It keeps 40 numbers a second. See ``ChunkMeter`` for how it is fed.

    Args:
        sample_rate_hz: From 8,000 to 768,000.
        channels: Any number; those after the first two are not measured, mono has no figures.
        where: What is measured, for errors.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, where: str = "") -> None:
        super().__init__(sample_rate_hz, channels, where=where)
        self.spectrum = SpectrumMeter(sample_rate_hz, channels, where=where)
        """The spectrum, fed by this meter: who wants both figures transforms only once."""
        self._begun = np.zeros((4, 1))
        self._parts: list[Block] = [np.zeros((4, 0))]

    def _take(self, chunk: Block32) -> None:
        self.spectrum.take(chunk)
        if self.channels > 1:
            sums, self._begun = self._sums_of(chunk)
            self._parts.append(sums)

    def _sums_of(self, chunk: Block32) -> tuple[Block, Block]:
        """Return the slices that the next frames complete, and what they begin.

        Rows are the sums of squares of L, R, mid and side.
        """
        frames = chunk.shape[1]
        end = self.frames + frames
        ends = slice_bounds(self.sample_rate_hz, self.frames, end, _SLICES_PER_SECOND)
        starts = np.concatenate([[0], ends])
        inside = starts[starts < frames]
        sums = np.zeros((4, starts.size))
        left, right = chunk[:2]
        for row, signal in enumerate((left, right, left + right, left - right)):
            sums[row, : inside.size] = np.add.reduceat(np.square(signal), inside)
        sums[2:] *= 0.25  # mid and side are half the sum and the difference
        sums[:, :1] += self._begun
        return sums[:, :-1], sums[:, -1:]

    def _figures(self) -> StereoFigures:
        window_s = _WINDOW_SLICES / _SLICES_PER_SECOND
        spectra = self.spectrum.finish()
        if spectra.side is None or spectra.cross is None:
            return _without(self.channels, _MONO, window_s)
        slices = np.concatenate(self._parts, axis=1)
        total = slices.sum(axis=1) + self._begun[:, 0]
        if not total[:2].sum() > 0.0:
            silent = _SILENT if self.frames else "no audio"
            return _without(self.channels, silent, window_s)
        reasons: dict[str, str] = {}
        times, curve = self._curve(slices, total)
        left, right, mid, side = total.tolist()
        return StereoFigures(
            channels_measured=channels_measured(self.channels),
            correlation=_overall(total, reasons),
            correlation_times_s=tuple(times.tolist()),
            correlation_curve=_with_none(curve),
            correlation_window_s=window_s,
            **_band_figures(spectra, spectra.side, spectra.cross),
            width_db=_ratio_db("width_db", side, mid, _NO_WIDTH, reasons),
            width=side / (mid + side),
            balance_db=_ratio_db("balance_db", left, right, _NO_BALANCE, reasons),
            mono_loss_db=_mono_loss_db("mono_loss_db", mid, side, reasons),
            mono_loss_below_120_hz_db=_low_loss_db(spectra, spectra.side, reasons),
            reasons=reasons,
        )

    def _curve(self, slices: Block, total: Block) -> tuple[Block, Block]:
        """Return the ends of the windows and their correlation, thinned to ``MAX_POINTS``."""
        count = slices.shape[1] - _WINDOW_SLICES + 1
        if count < 1:
            return np.array([self.frames / self.sample_rate_hz]), _correlations(
                total[:, None] / self.frames
            )
        window_frames = self.sample_rate_hz * _WINDOW_SLICES / _SLICES_PER_SECOND
        windows = np.lib.stride_tricks.sliding_window_view(slices, _WINDOW_SLICES, axis=1)
        curve = _correlations(windows.sum(axis=2) / window_frames)
        kept = highest_of_groups(-curve, MAX_POINTS)
        return (kept + _WINDOW_SLICES) / _SLICES_PER_SECOND, curve[kept]


def _correlations(powers: Block, silence_db: float = SILENCE_DB) -> Block:
    """Return the correlation of each column of the mean squares of L, R, mid, side.

    NaN where it is too quiet or one-sided.
    """
    left, right, mid, side = powers
    low, high = np.minimum(left, right), np.maximum(left, right)
    heard = (left + right) / 2.0 > db_to_power(silence_db)
    exists = heard & (low > _ONE_SIDED * high)
    bottom = np.sqrt(np.where(exists, left * right, 1.0))
    return np.where(exists, np.clip((mid - side) / bottom, -1.0, 1.0), np.nan)


def _with_none(values: Block) -> tuple[float | None, ...]:
    return tuple(None if math.isnan(v) else round(v, _DIGITS) for v in values.tolist())


def _overall(total: Block, reasons: dict[str, str]) -> float | None:
    """Return the correlation of the whole signal, however quiet."""
    correlation = float(_correlations(total[:, None] / total[:2].max(), -math.inf)[0])
    if math.isnan(correlation):
        reasons["correlation"] = "one channel is silent, or 60 dB under the other"
        return None
    return correlation


def _ratio_db(
    name: str, one: float, other: float, without: tuple[str, str], reasons: dict[str, str]
) -> float | None:
    """Return the ratio of two powers; without one or the other there is none."""
    if one > 0.0 and other > 0.0:
        return power_to_db(one / other)
    reasons[name] = without[0] if other > 0.0 else without[1]
    return None


def _mono_loss_db(name: str, mid: float, side: float, reasons: dict[str, str]) -> float:
    """Return how far mid lies under the mean power of L and R, which is mid's plus side's."""
    loss = -power_to_db(mid / (mid + side))
    if loss < MONO_LOSS_LIMIT_DB:
        return abs(loss)  # not -0.0
    reasons[name] = f"the fold-down cancels: {MONO_LOSS_LIMIT_DB:.0f} dB or more"
    return MONO_LOSS_LIMIT_DB


def _low_loss_db(spectra: MidSideSpectra, side: Block, reasons: dict[str, str]) -> float | None:
    name = "mono_loss_below_120_hz_db"
    edges = np.array(_LOW_BAND_HZ)
    mid_power, side_power = (
        float(band_powers(row, spectra.bin_hz, edges[:1], edges[1:])[0])
        for row in (spectra.mid, side)
    )
    whole = float(spectra.mid.sum() + side.sum())
    if not mid_power + side_power > max(db_to_power(BAND_SILENCE_DB), _NO_BASS * whole):
        reasons[name] = "no bass: from 10 to 120 Hz it is under -100 dBFS, or 60 dB under the whole"
        return None
    return _mono_loss_db(name, mid_power, side_power, reasons)


class _BandFigures(TypedDict):
    band_hz: tuple[float, ...]
    band_nominal_hz: tuple[float, ...]
    band_correlation: tuple[float | None, ...]
    band_width: tuple[float | None, ...]


def _band_figures(spectra: MidSideSpectra, side: Block, cross: Block) -> _BandFigures:
    mids = band_mids_hz(1, _LOWEST_BAND_HZ, _HIGHEST_BAND_HZ)
    mids = mids[mids < spectra.sample_rate_hz / 2]
    edges = band_edges_hz(mids, 1)
    mid_powers, side_powers, products = (
        band_powers(row, spectra.bin_hz, *edges) for row in (spectra.mid, side, cross)
    )
    # L = M + S and R = M - S
    both = mid_powers + side_powers
    left, right = both + 2.0 * products, both - 2.0 * products
    heard = both > db_to_power(BAND_SILENCE_DB)
    powers = np.stack([left, right, mid_powers, side_powers])
    width = np.where(heard, side_powers / np.where(heard, both, 1.0), np.nan)
    return {
        "band_hz": tuple(mids.tolist()),
        "band_nominal_hz": tuple(nominal_hz(mids).round(1).tolist()),
        "band_correlation": _with_none(_correlations(powers, BAND_SILENCE_DB)),
        "band_width": _with_none(width),
    }


def _without(channels: int, reason: str, window_s: float) -> StereoFigures:
    """Return the figures of a signal that has none."""
    names = ["correlation", "width_db", "width", "balance_db"]
    names += ["mono_loss_db", "mono_loss_below_120_hz_db"]
    return StereoFigures(
        channels_measured=channels_measured(channels),
        correlation=None,
        correlation_times_s=(),
        correlation_curve=(),
        correlation_window_s=window_s,
        band_hz=(),
        band_nominal_hz=(),
        band_correlation=(),
        band_width=(),
        width_db=None,
        width=None,
        balance_db=None,
        mono_loss_db=None,
        mono_loss_below_120_hz_db=None,
        reasons=dict.fromkeys(names, reason),
    )
