"""Levels: RMS, crest, DR, DC, the noise floor, and the ratios of peaks to loudness.

Memory: 20 numbers a second and channel (the noise floor's), and two for every 3 s (DR's).
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import Block, Block32
from mixmaster.metering.chunk_meter import ChunkMeter
from mixmaster.metering.loudness import integrated_lufs, short_term_lufs
from mixmaster.metering.programme import ProgrammeFigures
from mixmaster.results import Result
from mixmaster.units import gain_to_db, power_to_db

_SLOTS_PER_SECOND: Final = 10
_WINDOW_SLOTS: Final = 30  # 3 s: short-term loudness
_PSR_GATE_LU: Final = 10.0  # as the relative gate of BS.1770-5: what is no rest
_FLOOR_SHARE: Final = 0.05  # of all tenths of a second, the quietest, are taken to be rests
_FLOOR_SLOTS: Final = 20
_FINEST: Final = 1e-15  # -150 dBFS: what float32 sums of a tenth of a second resolve
_REST_DB: Final = 30.0  # a rest is at least so much under the whole

# The TT meter's DR: Pleasurize Music Foundation, "Measuring DR" (2009), as its off-line meter
# counts: blocks of 3 s, 132,480 frames at 44.1 kHz; the fullest fifth; the second-highest peak.
_DR_BLOCK_S: Final = 3
_DR_BLOCK_FRAMES_44K1: Final = 3 * 44_160
_DR_SHARE: Final = 0.2
_DR_BLOCKS: Final = 3  # fewer have no DR
_DR_SINE: Final = 2.0  # RMS is sqrt(2 mean x^2): a full-scale sine reads 0 dB


@dataclass(frozen=True, slots=True)
class LevelFigures(Result):
    """Levels of a signal; a figure that does not exist is None, and ``reasons`` says why.

    Attributes:
        rms_dbfs: The root of the mean square of all samples of all channels; a full-scale sine
            in every channel reads -3.01, a full-scale square 0.
        crest_db: The highest sample peak over the RMS.
        plr_db: Peak to loudness ratio: true peak less integrated loudness (AES TD1004, 2015).
        psr_db: Peak to short-term loudness ratio where it is smallest: the true peak of a window
            of 3 s less its loudness (Shepherd, Grimm, Tapper, Kahsnitz and Kerr, "Measuring
            micro-dynamics: a first step", AES 143, 2017), every 100 ms, of the windows that are
            not more than 10 LU under the integrated loudness.
        dr: The Pleasurize Music Foundation's DR, as printed.
        dr_exact: The same before it is rounded.
        dc_offset: The mean of each channel, as a share of full scale.
        noise_floor_dbfs: RMS of the quietest twentieth of tenths of a second, without DC, digital
            silence left out; of the noisiest channel.
        sample_peak_dbfs: Of each channel; None for digital silence.
        channel_rms_dbfs: RMS of each channel; None for digital silence.
        reasons: Why a figure does not exist.
    """

    rms_dbfs: float | None
    crest_db: float | None
    plr_db: float | None
    psr_db: float | None
    dr: int | None
    dr_exact: float | None
    dc_offset: tuple[float, ...]
    noise_floor_dbfs: float | None
    sample_peak_dbfs: tuple[float | None, ...]
    channel_rms_dbfs: tuple[float | None, ...]
    reasons: dict[str, str]


def with_ratios(
    levels: LevelFigures, programme: ProgrammeFigures, psr_db: float | None
) -> LevelFigures:
    """Return the levels with PLR and PSR, which need loudness and true peak.

    Args:
        levels: What ``LevelMeter`` found.
        programme: Of the same signal.
        psr_db: Of the same signal; None if there is none.
    """
    reasons = {key: why for key, why in levels.reasons.items() if key not in {"plr_db", "psr_db"}}
    plr_db = None
    if programme.integrated_lufs is None or programme.true_peak_dbtp is None:
        without = programme.reasons
        reasons["plr_db"] = without.get("integrated_lufs") or without["true_peak_dbtp"]
    else:
        plr_db = programme.true_peak_dbtp - programme.integrated_lufs
    if psr_db is None:
        without = programme.reasons
        why = without.get("max_short_term_lufs") or without.get("integrated_lufs")
        reasons["psr_db"] = why or "no window of 3 s is near the integrated loudness"
    return dataclasses.replace(levels, plr_db=plr_db, psr_db=psr_db, reasons=reasons)


def smallest_psr_db(peaks: Block, powers: Block, weights: Block) -> float | None:
    """Return the smallest peak to short-term loudness ratio; None without a window that counts.

    Args:
        peaks: The true peak of every tenth of a second, a magnitude, ``(slots,)``.
        powers: ``(channels, slices)`` of ``BlockPowers``, of the same signal.
        weights: ``(channels,)`` of ``channel_weights``.
    """
    integrated = integrated_lufs(powers, weights)
    loudness = short_term_lufs(powers, weights)
    if integrated is None or not loudness.size:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(peaks, _WINDOW_SLOTS)
    highest = gain_to_db(windows.max(axis=1))[: loudness.size]
    counts = loudness >= integrated - _PSR_GATE_LU
    return float((highest - loudness)[counts].min()) if counts.any() else None


class LevelMeter(ChunkMeter[LevelFigures]):
    """RMS, crest, DR, DC offset, noise floor and sample peaks, in one pass.

    PLR and PSR need loudness and true peak as well: ``with_ratios`` adds them.

    Args:
        sample_rate_hz: The signal's rate.
        channels: Channels of every block.
        where: What is measured, for errors.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, where: str = "") -> None:
        super().__init__(sample_rate_hz, channels, where=where)
        dr_frames = _DR_BLOCK_S * sample_rate_hz
        self._dr_frames = _DR_BLOCK_FRAMES_44K1 if sample_rate_hz == 44_100 else dr_frames
        self._sums = np.zeros(channels)
        self._dr_powers: list[Block] = []
        self._dr_peaks: list[Block] = []
        self._dr_power, self._dr_peak = np.zeros((2, channels))
        self._slots: list[Block32] = []
        self._slot = np.zeros((2 * channels, 1), np.float32)

    def _take(self, chunk: Block32) -> None:
        self._sums += chunk.sum(axis=1)
        squares = np.square(chunk)
        self._add_slots(np.concatenate([squares, chunk]))
        start = 0
        while start < chunk.shape[1]:
            left = self._dr_frames - (self.frames + start) % self._dr_frames
            part = slice(start, min(start + left, chunk.shape[1]))
            self._dr_power += squares[:, part].sum(axis=1)
            high = np.maximum(chunk[:, part].max(axis=1), -chunk[:, part].min(axis=1))
            self._dr_peak = np.maximum(self._dr_peak, high)
            start = part.stop
            if part.stop - part.start == left:
                self._close_dr_block()

    def _close_dr_block(self) -> None:
        self._dr_powers.append(self._dr_power)
        self._dr_peaks.append(self._dr_peak)
        self._dr_power, self._dr_peak = np.zeros((2, self.channels))

    def _add_slots(self, values: Block32) -> None:
        """Sum squares and samples over tenths of a second, from the signal's first frame on."""
        rate, first, stop = self.sample_rate_hz, self.frames, self.frames + values.shape[1]
        k = np.arange(first * _SLOTS_PER_SECOND // rate, stop * _SLOTS_PER_SECOND // rate + 1)
        bounds = k * rate // _SLOTS_PER_SECOND - first
        starts = np.concatenate([[0], bounds[(bounds > 0) & (bounds < values.shape[1])]])
        sums = np.add.reduceat(values, starts, axis=1)
        if self.frames and not bounds.all():  # a slot ended with the chunk before
            self._slots.append(self._slot)
        else:
            sums[:, :1] += self._slot
        self._slots.append(sums[:, :-1])
        self._slot = sums[:, -1:]

    def _figures(self) -> LevelFigures:
        frames = self.frames
        missing = "measured together with loudness only"
        reasons = {"plr_db": missing, "psr_db": missing}
        tail = frames % self._dr_frames
        powers = np.array([*self._dr_powers, self._dr_power])
        peaks = np.array([*self._dr_peaks, self._dr_peak])
        peak, total = peaks.max(axis=0), powers.sum(axis=0)
        dc = self._sums / max(frames, 1)
        rms_dbfs = crest_db = noise_floor_dbfs = dr_exact = None
        if not peak.any():
            why = "digital silence" if frames else "no audio"
            names = ("rms_dbfs", "crest_db", "dr", "dr_exact", "noise_floor_dbfs")
            reasons |= dict.fromkeys(names, why)
        else:
            rms_dbfs = power_to_db(float(total.mean()) / frames)
            crest_db = gain_to_db(float(peak.max())) - rms_dbfs
            noise_floor_dbfs = self._noise_floor(reasons)
            lengths = np.full(len(powers), float(self._dr_frames))
            lengths[-1] = max(tail, 1)
            dr_exact = _dr(powers / lengths[:, None], peaks)
            if dr_exact is None:
                least = (_DR_BLOCKS - 1) * _DR_BLOCK_S
                reasons["dr"] = reasons["dr_exact"] = f"shorter than {least} s"
        return LevelFigures(
            rms_dbfs=rms_dbfs,
            crest_db=crest_db,
            plr_db=None,
            psr_db=None,
            dr=None if dr_exact is None else math.floor(dr_exact + 0.5),
            dr_exact=dr_exact,
            dc_offset=tuple(float(value) for value in dc),
            noise_floor_dbfs=noise_floor_dbfs,
            sample_peak_dbfs=tuple(gain_to_db(float(p)) if p else None for p in peak),
            channel_rms_dbfs=tuple(
                power_to_db(float(t) / frames) if p else None
                for t, p in zip(total, peak, strict=True)
            ),
            reasons=reasons,
        )

    def _noise_floor(self, reasons: dict[str, str]) -> float | None:
        """Return the noise floor of the noisiest channel in dBFS, or say why there is none."""
        means = np.concatenate(self._slots, axis=1) * (_SLOTS_PER_SECOND / self.sample_rate_hz)
        powers = means[: self.channels] - np.square(means[self.channels :])
        highest: float | None = None
        why = f"less than {_FLOOR_SLOTS / _SLOTS_PER_SECOND:.0f} s of signal"
        for row, power in zip(means, powers, strict=False):
            sounding = np.sort(power[row > 0.0]).astype(np.float64)
            if sounding.size < _FLOOR_SLOTS:
                continue
            quiet = sounding[: math.ceil(_FLOOR_SHARE * sounding.size)]
            floor = power_to_db(max(float(quiet.mean()), _FINEST))
            under = power_to_db(float(sounding.mean())) - floor
            if under < _REST_DB:
                why = f"it never rests: its quietest moments are {under:.0f} dB under the whole"
                continue
            highest = floor if highest is None else max(highest, floor)
        if highest is None:
            reasons["noise_floor_dbfs"] = why
        return highest


def _dr(powers: Block, peaks: Block) -> float | None:
    """Return DR from the mean squares and peaks of blocks, ``(blocks, channels)``.

    The mean over channels of 20 log10(P2 / sqrt(mean of the fullest fifth of 2 x power)), P2 the
    second-highest block peak; the rest at the end is a block, an empty one too. Channels of
    digital silence do not count.
    """
    count = len(powers)
    if count < _DR_BLOCKS:
        return None
    fullest = max(1, math.floor(count * _DR_SHARE))
    loud = _DR_SINE * np.sort(powers, axis=0)[-fullest:].mean(axis=0)
    second = np.sort(peaks, axis=0)[-2]
    heard = (loud > 0.0) & (second > 0.0)
    if not heard.any():
        return None
    return float(gain_to_db(second[heard] / np.sqrt(loud[heard])).mean())
