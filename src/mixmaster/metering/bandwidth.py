"""Effective bandwidth: the brick walls that encoders and rate converters leave behind.

What an instrument or a microphone gives falls with frequency by some dB a kHz. A lossy encoder
drops all above 15 to 20.5 kHz, a rate converter all above half the old rate, within a few
hundred Hz. So the wall is looked for in the spectrum of the moments with the most treble (mean of
their levels in dB, so that single clicks count for little): over 1 kHz at least 15 dB down, and
it stays down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from mixmaster.arrays import Block, Block32
from mixmaster.metering.chunk_meter import ChunkMeter

Verdict = Literal["full", "lossy", "upsampled", "low_pass", "unknown"]

WALL_DB: Final = 15.0
"""What a spectrum falls by over 1 kHz at a wall, at least."""

_CLASSES: Final = 64
_CLASS_DB: Final = 3.0
_TREBLE: Final = (0.08, 0.21)  # of the sample rate: 3.5 to 9.3 kHz at 44.1 kHz
_SHARE: Final = 0.25  # of all moments, those with the most treble
_FEWEST: Final = 4
_BAND_HZ: Final = 250.0
_STEP_BANDS: Final = 4  # 1 kHz
_QUIET_DB: Final = -190.0
_LOWEST_WALL_HZ: Final = 3_500.0
_LOWEST_LOW_PASS_HZ: Final = 10_000.0  # below it synthetic sounds end by themselves
_SURE_WALL_DB: Final = 35.0  # a converter's wall, where encoders may have left one
_LOSSY_HZ: Final = (15_000.0, 20_600.0)  # MP3 and AAC from 96 kbit/s, Vorbis; Opus at 20 kHz
_RATES_HZ: Final = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000)
_BELOW_HALF: Final = (0.92, 1.01)  # where converters' walls stand, of half the old rate
_OWN_WALL: Final = 0.92  # of half the rate: the file's own anti-alias filter


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """How far the spectrum reaches, and how it ends.

    Attributes:
        hz: The wall, or half the sample rate; None for a signal that does not tell.
        verdict: Full band; cut as by a lossy encoder; cut as by conversion from a lower rate;
            cut in another place; or unknown.
        wall_db: What the spectrum falls by over 1 kHz there.
        note: The verdict in words.
    """

    hz: float | None
    verdict: Verdict
    wall_db: float | None
    note: str


class BandwidthMeter(ChunkMeter[Bandwidth]):
    """Where the spectrum ends, of all channels together, and what it looks like there.

    Args:
        sample_rate_hz: The signal's rate.
        channels: Channels of every block.
        where: What is measured, for errors.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, where: str = "") -> None:
        super().__init__(sample_rate_hz, channels, where=where)
        # About 12 Hz a bin at any rate; a power of two, so that chunks hold whole moments.
        self._length = 2 ** round(12 + np.log2(sample_rate_hz / 48_000))
        t = 2 * np.pi * np.arange(self._length) / self._length
        # Blackman-Harris, 4 terms, sidelobes under -92 dB (F. J. Harris, Proc. IEEE 66, 1978).
        window = 0.35875 - 0.48829 * np.cos(t) + 0.14128 * np.cos(2 * t) - 0.01168 * np.cos(3 * t)
        self._window = (window / np.sqrt(np.square(window).sum())).astype(np.float32)
        # Ratios that no panning has: left and right never cancel.
        self._mix = (0.618034 ** np.arange(channels)).astype(np.float32)
        self._hz = np.fft.rfftfreq(self._length, 1 / sample_rate_hz)
        low, high = (int(share * self._length) for share in _TREBLE)
        self._treble = slice(low, high)
        self._levels = np.zeros((_CLASSES, self._hz.size))
        self._counts = np.zeros(_CLASSES, np.int64)

    def _take(self, chunk: Block32) -> None:
        from scipy import fft  # 6 times as fast as numpy's in float32

        whole = chunk.shape[1] - chunk.shape[1] % self._length
        if not whole:
            return
        mixed = np.zeros(whole, np.float32)
        for row, share in zip(chunk, self._mix, strict=True):
            mixed += row[:whole] * share
        spectra = fft.rfft(mixed.reshape(-1, self._length) * self._window, axis=1)
        powers = np.square(spectra.real) + np.square(spectra.imag)
        treble = powers[:, self._treble].sum(axis=1)
        heard = treble > 0.0
        if not heard.any():
            return
        levels = 10.0 * np.log10(powers[heard] + np.float32(1e-25))
        classes = (-10.0 / _CLASS_DB * np.log10(treble[heard])).astype(np.int64) + _CLASSES // 4
        classes = np.clip(classes, 0, _CLASSES - 1)
        for moment, level in zip(classes.tolist(), levels, strict=True):
            self._levels[moment] += level
            self._counts[moment] += 1

    def _figures(self) -> Bandwidth:
        needed = max(_FEWEST, int(_SHARE * self._counts.sum()))
        if self._counts.sum() < _FEWEST:
            silent = self.frames > _FEWEST * self._length
            why = "digital silence" if silent else "too short to tell"
            return Bandwidth(None, "unknown", None, why)
        last = int(np.searchsorted(np.cumsum(self._counts), needed)) + 1
        mean = self._levels[:last].sum(axis=0) / self._counts[:last].sum()
        per_band = max(1, round(_BAND_HZ / self._hz[1]))
        count = mean.size // per_band
        bands = np.median(mean[: count * per_band].reshape(count, per_band), axis=1)
        return _verdict(bands, float(per_band * self._hz[1]), self.sample_rate_hz)


def _verdict(bands: Block, band_hz: float, sample_rate_hz: int) -> Bandwidth:
    """Judge the levels of equal bands from 0 Hz on, in dB: by the lowest wall that says much."""
    half_hz = sample_rate_hz / 2
    for hz, wall_db in _walls(bands, band_hz):
        if hz >= _OWN_WALL * half_hz:
            break
        said = f"falls by {wall_db:.0f} dB at {hz / 1e3:.1f} kHz"
        if _LOSSY_HZ[0] <= hz <= _LOSSY_HZ[1]:
            note = f"{said}, as MP3, AAC, Vorbis or Opus leave it (or a rate of 32 kHz)"
            return Bandwidth(hz, "lossy", wall_db, note)
        for rate_hz in _RATES_HZ:
            low, high = (share * rate_hz / 2 for share in _BELOW_HALF)
            deep = wall_db >= _SURE_WALL_DB or hz > _LOSSY_HZ[1]
            if rate_hz < sample_rate_hz and low <= hz <= high and deep:
                note = f"{said}, as conversion from {rate_hz} Hz leaves it"
                return Bandwidth(hz, "upsampled", wall_db, note)
        if hz >= _LOWEST_LOW_PASS_HZ:
            note = f"{said} and stays down: a steep filter, or an encoder at a low bit rate"
            return Bandwidth(hz, "low_pass", wall_db, note)
    return Bandwidth(half_hz, "full", None, "no wall under half the sample rate")


def _walls(bands: Block, band_hz: float) -> Iterator[tuple[float, float]]:
    """Yield where walls stand and what the level falls by over 1 kHz there, the lowest first."""
    pairs = (bands[:-1] + bands[1:]) / 2
    if pairs.size < 2 * _STEP_BANDS:
        return
    falls = pairs[:-_STEP_BANDS] - pairs[_STEP_BANDS:]
    highest_after = np.maximum.accumulate(pairs[::-1])[::-1][_STEP_BANDS:]
    stays = np.minimum(falls, pairs[:-_STEP_BANDS] - highest_after)
    walls = np.flatnonzero(stays >= WALL_DB)
    while walls.size:
        near = np.arange(walls[0], min(walls[0] + 2 * _STEP_BANDS, falls.size))
        best = int(near[falls[near].argmax()])
        # Of what lies between the two levels compared, the steepest part.
        steps = bands[best : best + _STEP_BANDS] - bands[best + 2 : best + _STEP_BANDS + 2]
        hz = (best + int(steps.argmax()) + 1.5) * band_hz
        if hz >= _LOWEST_WALL_HZ:
            yield hz, float(falls[best])
        walls = walls[walls > best + _STEP_BANDS]
