"""What a profile is about, measured: of one file, or of a signal on its way through a chain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.match import BANDS_HZ, PARTS, Spectrum
from mixmaster.mastering.profile import (
    LEVEL_FROM_HZ,
    LEVEL_TO_HZ,
    LOWEST_SIDE_DB,
    OCTAVES_HZ,
    THIRDS_HZ,
)
from mixmaster.metering.loud_sections import LoudSections, LoudSectionsMeter
from mixmaster.metering.programme import ProgrammeFigures, ProgrammeMeter

LOW_END_HZ: Final = 120.0
_NOTHING_DB: Final = -80.0
"""A band this far under the whole holds nothing that could be matched (a codec's cut, say)."""


@dataclass(frozen=True, slots=True)
class TrackFigures:
    """The figures of a programme, and the spectrum of its loudest sections."""

    programme: ProgrammeFigures
    sections: LoudSections

    @property
    def plr_db(self) -> float | None:
        """True peak over integrated loudness; None for silence."""
        return plr_db(self.programme)


def plr_db(figures: ProgrammeFigures) -> float | None:
    """Return the peak-to-loudness ratio: true peak over integrated loudness."""
    if figures.true_peak_dbtp is None or figures.integrated_lufs is None:
        return None
    return figures.true_peak_dbtp - figures.integrated_lufs


class TrackMeter:
    """Loudness, true peak and the spectrum of the loudest sections, in one pass.

    Args:
        sample_rate_hz: The rate.
        channels: 1 or 2.
        where: What is measured, for errors.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, where: str = "") -> None:
        self._programme = ProgrammeMeter(sample_rate_hz, channels, where=where)
        self._sections = LoudSectionsMeter(sample_rate_hz, channels, where=where)

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``."""
        self._programme.update(block)
        self._sections.update(block)

    def result(self) -> TrackFigures:
        """Return the figures so far."""
        return TrackFigures(self._programme.result(), self._sections.result())


def measure_blocks(
    blocks: Iterable[Block],
    sample_rate_hz: int,
    channels: int,
    *,
    programme: ProgrammeFigures | None = None,
    where: str = "",
) -> TrackFigures:
    """Return the figures of a signal in blocks.

    Args:
        blocks: The signal.
        sample_rate_hz: Its rate.
        channels: 1 or 2.
        programme: Its loudness and true peak, where they are known.
        where: What is measured, for errors.
    """
    if programme is not None:
        sections = LoudSectionsMeter(sample_rate_hz, channels, where=where)
        for block in blocks:
            sections.update(block)
        return TrackFigures(programme, sections.result())
    meter = TrackMeter(sample_rate_hz, channels, where=where)
    for block in blocks:
        meter.update(block)
    return meter.result()


def tone_db(spectrum: Spectrum) -> Block:
    """Return the tonal curve, ``(27,)``: third octaves whose mean from 100 Hz to 10 kHz is 0 dB.

    NaN where a band holds nothing: more than 80 dB under all of them together.
    """
    powers = spectrum.thirds()
    total = float(powers.sum())
    known = powers > total * 10.0 ** (_NOTHING_DB / 10.0) if total > 0.0 else powers < 0.0
    level = np.full(powers.size, np.nan)
    level[known] = 10.0 * np.log10(powers[known])
    return levelled(level)


def levelled(level_db: Block) -> Block:
    """Return a curve whose mean from 100 Hz to 10 kHz is 0 dB, bands without a level left out."""
    hz = np.array(THIRDS_HZ)
    inside = (hz >= LEVEL_FROM_HZ) & (hz <= LEVEL_TO_HZ) & np.isfinite(level_db)
    used = inside if inside.any() else np.isfinite(level_db)
    return np.asarray(level_db - level_db[used].mean()) if used.any() else level_db


def width_db(spectrum: Spectrum) -> Block:
    """Return side's power over mid's in octaves, ``(8,)``, from -60 dB; NaN for mono or nothing."""
    if spectrum.side is None:
        return np.full(len(OCTAVES_HZ), np.nan)
    octaves = octave_of_thirds()
    mid, side = (
        np.array([thirds[octaves == index].sum() for index in range(len(OCTAVES_HZ))])
        for thirds in (_thirds(spectrum.mid), _thirds(spectrum.side))
    )
    return _side_db(mid, side, float(spectrum.thirds().sum()))


def low_end_db(spectrum: Spectrum, below_hz: float = LOW_END_HZ) -> float | None:
    """Return side's power over mid's from 40 Hz up to a frequency; None for mono or no bass."""
    if spectrum.side is None:
        return None
    low = bands_below(below_hz)
    mid, side = (_thirds(parts)[low].sum(keepdims=True) for parts in (spectrum.mid, spectrum.side))
    found = float(_side_db(mid, side, float(spectrum.thirds().sum()))[0])
    return None if np.isnan(found) else found


def bands_below(below_hz: float) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return which third octaves lie below a frequency, at least the lowest."""
    low = below_hz * 1.01 >= BANDS_HZ * 10.0**0.05  # their upper edges; 120 is nominal
    low[0] = True
    return np.asarray(low)


def octave_of_thirds() -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return in which octave each third octave lies, ``(27,)``; -1 and 8 beyond the ends."""
    # 50, 63 and 80 Hz are the octave of 63 Hz; 40 Hz is the one under them.
    return np.asarray((np.arange(BANDS_HZ.size) + 2) // 3 - 1)


def _thirds(parts: Block) -> Block:
    return np.asarray(parts.reshape(-1, PARTS).sum(axis=1))


def _side_db(mid: Block, side: Block, total: float) -> Block:
    """Return side over mid in dB, from -60; NaN where both together hold nothing."""
    known = (mid + side) > total * 10.0 ** (_NOTHING_DB / 10.0) if total > 0.0 else mid < 0.0
    least = 10.0 ** (LOWEST_SIDE_DB / 10.0)
    ratio = np.maximum(side, least * mid) / np.where(mid > 0.0, mid, 1.0)
    ratio = np.where(mid > 0.0, np.minimum(ratio, 100.0), 100.0)
    return np.where(known, 10.0 * np.log10(np.maximum(ratio, least)), np.nan)
