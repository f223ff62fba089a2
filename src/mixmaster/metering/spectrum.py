"""The long-term spectrum: third-octave levels, a smoothed curve, the tilt; mid and side.

Levels are mean squares over the whole signal in dB, so 0 dB is a mean square of 1: a sine of
full scale reads -3.01 dB in its band, as it does in LUFS, and the bands add up to the RMS of
the signal. Mid is (L + R) / 2 and side (L - R) / 2: what both channels share keeps its level.
Bands of constant relative width make pink noise flat and white noise rise by 3.01 dB an octave.

Of more than two channels only the first two, left and right in every known layout, are taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import Block, Block32
from mixmaster.dsp.spectrum import (
    PowerSpectra,
    band_edges_hz,
    band_mids_hz,
    band_powers,
    nominal_hz,
)
from mixmaster.metering.chunk_meter import ChunkMeter
from mixmaster.results import Result
from mixmaster.units import power_to_db

LOWEST_HZ: Final = 20.0
HIGHEST_HZ: Final = 20_000.0
TILT_LOW_HZ: Final = 100.0
TILT_HIGH_HZ: Final = 10_000.0
_GRID_PER_OCTAVE: Final = 24
_SMOOTHING_PER_OCTAVE: Final = 6
_FEWEST_BANDS: Final = 6  # two octaves: a tilt over less says nothing
_DIGITS: Final = 3  # of levels and of the curve's frequencies, for short JSON


@dataclass(frozen=True, slots=True)
class SpectrumFigures(Result):
    """The long-term spectrum; a level of None is digital silence.

    Attributes:
        channels_measured: Which channels are in it.
        third_octave_hz: Exact mid-band frequencies (IEC 61260-1, base ten), 20 Hz to 20 kHz as
            far as they lie under half the sample rate; a band that reaches over it has what is
            below (at 44.1 kHz the one at 20 kHz: white noise reads 0.33 dB less).
        third_octave_nominal_hz: Their names: 31.5, 63, 125.
        third_octave_mid_db: Levels of the bands of mid (of mono: the channel itself).
        third_octave_side_db: Levels of side; empty for mono.
        smooth_hz: 24 frequencies an octave.
        smooth_mid_db: Level within 1/6 octave around each, 3.01 dB under third octaves for
            noise, the same for a sine.
        smooth_side_db: Likewise of side; empty for mono.
        tilt_db_per_octave: Slope of the least-squares line through the third-octave levels of
            mid and side together over log2 frequency, for the bands from ``tilt_low_hz`` to
            ``tilt_high_hz``. Pink noise reads 0, white +3.01; the slope of the density (per
            hertz) is 3.01 less.
        tilt_low_hz: Nominal mid-band frequency of the first band in the tilt.
        tilt_high_hz: Of the last, at most; bands cut by half the sample rate are left out.
        reasons: Why a figure is None.
    """

    channels_measured: str
    third_octave_hz: tuple[float, ...]
    third_octave_nominal_hz: tuple[float, ...]
    third_octave_mid_db: tuple[float | None, ...]
    third_octave_side_db: tuple[float | None, ...]
    smooth_hz: tuple[float, ...]
    smooth_mid_db: tuple[float | None, ...]
    smooth_side_db: tuple[float | None, ...]
    tilt_db_per_octave: float | None
    tilt_low_hz: float
    tilt_high_hz: float
    reasons: dict[str, str]


@dataclass(frozen=True, slots=True)
class MidSideSpectra:
    """The long-term power spectra of mid and side: mean square in each bin, ``(bins,)``.

    The bins add up to the mean square; ``cross`` is the mean of mid times side in each. Of
    mono, mid is the channel itself, and side and cross are None.
    """

    sample_rate_hz: int
    channels: int
    bin_hz: float
    mid: Block
    side: Block | None
    cross: Block | None


class SpectrumMeter(ChunkMeter[SpectrumFigures]):
    """The long-term spectrum of a signal, in one pass.

    Its memory does not grow with the signal. See ``ChunkMeter`` for how it is fed; a
    ``StereoMeter`` holds one.

    Args:
        sample_rate_hz: From 8,000 to 768,000.
        channels: Any number; those after the first two are not measured.
        where: What is measured, for errors.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, where: str = "") -> None:
        super().__init__(sample_rate_hz, channels, where=where)
        self._spectra = PowerSpectra(sample_rate_hz, min(channels, 2))

    def _take(self, chunk: Block32) -> None:
        if self.channels == 1:
            self._spectra.take(chunk)
            return
        # Twice mid and side: the halves are taken of the spectra.
        both = np.empty((2, chunk.shape[1]), np.float32)
        np.add(chunk[0], chunk[1], out=both[0])
        np.subtract(chunk[0], chunk[1], out=both[1])
        self._spectra.take(both)

    def finish(self) -> MidSideSpectra:
        """End the signal and return its spectra; nothing can be taken after this."""
        rows = self._spectra.finish()
        stereo = self.channels > 1
        if stereo:
            rows /= 4.0
        return MidSideSpectra(
            sample_rate_hz=self.sample_rate_hz,
            channels=self.channels,
            bin_hz=self._spectra.bin_hz,
            mid=rows[0],
            side=rows[1] if stereo else None,
            cross=rows[2] if stereo else None,
        )

    def _figures(self) -> SpectrumFigures:
        return spectrum_figures(self.finish())


def spectrum_figures(spectra: MidSideSpectra) -> SpectrumFigures:
    """Return every figure of the spectra of a signal."""
    nyquist_hz = spectra.sample_rate_hz / 2
    thirds = _below(band_mids_hz(3, LOWEST_HZ, HIGHEST_HZ), nyquist_hz)
    grid = _below(band_mids_hz(_GRID_PER_OCTAVE, LOWEST_HZ, HIGHEST_HZ), nyquist_hz)
    rows = [spectra.mid] if spectra.side is None else [spectra.mid, spectra.side]
    thirds_powers = [_levels_of(row, spectra.bin_hz, thirds, 3) for row in rows]
    smooth_powers = [_levels_of(row, spectra.bin_hz, grid, _SMOOTHING_PER_OCTAVE) for row in rows]
    reasons: dict[str, str] = {}
    tilt = _tilt(thirds, np.sum(thirds_powers, axis=0), nyquist_hz)
    if isinstance(tilt, str):
        reasons["tilt_db_per_octave"] = tilt
    if spectra.side is None:
        reasons["third_octave_side_db"] = reasons["smooth_side_db"] = "a mono file has no side"
    return SpectrumFigures(
        channels_measured=channels_measured(spectra.channels),
        third_octave_hz=tuple(thirds.tolist()),
        third_octave_nominal_hz=tuple(nominal_hz(thirds).round(_DIGITS).tolist()),
        third_octave_mid_db=_levels_db(thirds_powers[0]),
        third_octave_side_db=_levels_db(thirds_powers[1]) if len(rows) > 1 else (),
        smooth_hz=tuple(grid.round(_DIGITS).tolist()),
        smooth_mid_db=_levels_db(smooth_powers[0]),
        smooth_side_db=_levels_db(smooth_powers[1]) if len(rows) > 1 else (),
        tilt_db_per_octave=None if isinstance(tilt, str) else tilt,
        tilt_low_hz=TILT_LOW_HZ,
        tilt_high_hz=TILT_HIGH_HZ,
        reasons=reasons,
    )


def channels_measured(channels: int) -> str:
    """Return which channels the spectrum and the stereo field are of, in words."""
    if channels == 1:
        return "mono"
    return "left and right" + (f" of {channels} channels" if channels > 2 else "")


def _below(mids_hz: Block, nyquist_hz: float) -> Block:
    return mids_hz[mids_hz < nyquist_hz]


def _levels_of(powers: Block, bin_hz: float, mids_hz: Block, bands_per_octave: int) -> Block:
    return band_powers(powers, bin_hz, *band_edges_hz(mids_hz, bands_per_octave))


def _levels_db(powers: Block) -> tuple[float | None, ...]:
    return tuple(round(power_to_db(p), _DIGITS) if p > 0.0 else None for p in powers.tolist())


def _tilt(mids_hz: Block, powers: Block, nyquist_hz: float) -> float | str:
    """Return the slope in dB an octave of third-octave powers, or why there is none."""
    low, high = band_edges_hz(mids_hz, 3)
    # Between the edges of the bands named by the limits: exact frequencies are not nominal.
    inside = (high > TILT_LOW_HZ) & (low < TILT_HIGH_HZ) & (high <= nyquist_hz)
    if inside.sum() < _FEWEST_BANDS:
        return "fewer than 6 third-octave bands under half the sample rate"
    if not powers[inside].min() > 0.0:
        return "digital silence"
    octaves = np.log2(mids_hz[inside])
    octaves -= octaves.mean()
    levels = 10.0 * np.log10(powers[inside])
    return float((octaves * levels).sum() / (octaves * octaves).sum())
