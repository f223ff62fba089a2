"""De-essing: how much of a voice is sibilance, whatever its level, and the band to turn down.

An s is not loud but bright: what tells it from a vowel is the power above some 5 kHz relative to
all of it, a few dB down in an s and 20 to 40 in a vowel. That ratio does not change with the level
of the voice, so neither does what is done about it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp import filters
from mixmaster.dsp.dynamics import detector_pool, linked_powers, pool_values, refuse_non_finite
from mixmaster.dsp.envelopes import OnePole, ReleasePeak, rest_when_silent
from mixmaster.dsp.gain_computer import DB_PER_OCTAVE, compression_octaves
from mixmaster.dsp.key_filter import KeyFilter
from mixmaster.units import db_to_power, ms_to_samples

AVERAGE_MS = 3.0
"""The time constant of both powers: a few periods of the lowest part of an s."""

FLOOR_POWER = db_to_power(-90.0)
"""Added to the whole: hiss between the words is no sibilance."""

_DETECTOR_SLOPE = 24
_INAUDIBLE = 1e-7
"""Reductions below this, in octaves, are none, so that the gain returns to exactly 1."""

_SHELF_SLANT = math.sqrt(2.0) / (1.0 + math.sqrt(0.5))
"""Makes ``shelf_band`` a maximally flat shelf at a cut of 6 dB, and within 0.2 dB of monotonic
at any other."""


def detector_band(frequency_hz: float, q: float | None, sample_rate_hz: int) -> Block:
    """Return what finds the sibilance, ``(sections, 6)``.

    Args:
        frequency_hz: Where it begins, or its centre.
        q: How narrow it is around its centre; None for all that lies above.
        sample_rate_hz: The rate.
    """
    if q is None:
        return filters.high_pass(frequency_hz, _DETECTOR_SLOPE, sample_rate_hz)
    return filters.band_pass(frequency_hz, q, sample_rate_hz)


def shelf_band(frequency_hz: float, sample_rate_hz: int) -> Block:
    """Return the band H of which x + (g - 1) H(x) is a high shelf of gain g, ``(1, 6)``.

    H = (s^2 + a s) / (s^2 + sqrt(2) s + 1), bilinear, so that the numerator of the sum is g s^2 +
    (sqrt(2) - (1 - g) a) s + 1: exactly 0 dB at 0 Hz and g at the Nyquist frequency, and with
    a = sqrt(2) / (1 + sqrt(1/2)) the shelf's squared magnitude for g = 1/2 is
    (1 + g^2 w^4) / (1 + w^4).
    """
    k = math.tan(math.pi * frequency_hz / sample_rate_hz)
    tilt, damping = _SHELF_SLANT * k, math.sqrt(2.0) * k
    row = [1.0 + tilt, -2.0, 1.0 - tilt, 0.0, 2.0 * (k * k - 1.0), 1.0 - damping + k * k]
    row = [value / (1.0 + damping + k * k) for value in row]
    row[3] = 1.0
    return np.array([row])


def bell_band(frequency_hz: float, q: float, sample_rate_hz: int) -> Block:
    """Return the band H of which x + (g - 1) H(x) is a dip of gain g, ``(1, 6)``.

    H = (s/Q) / (s^2 + s/Q + 1), bilinear (R. Bristow-Johnson, Audio EQ Cookbook): 1 without any
    phase at its centre, where a filter of matched magnitude would turn it and miss the gain.
    """
    omega = 2.0 * math.pi * frequency_hz / sample_rate_hz
    alpha, cos = math.sin(omega) / (2.0 * q), math.cos(omega)
    b, whole = alpha / (1.0 + alpha), 1.0 + alpha
    return np.array([[b, 0.0, -b, 1.0, -2.0 * cos / whole, (1.0 - alpha) / whole]])


@dataclass(frozen=True, slots=True)
class SibilanceCurve:
    """What is done about how much sibilance.

    Attributes:
        threshold_db: How far under the whole the sibilance may be before it counts.
        ratio: Input dB per output dB above that.
        knee_db: How gradually it sets in.
        range_db: The most it takes away.
        attack_ms: The time constant of turning down.
        release_ms: The time constant of letting go.
    """

    threshold_db: float
    ratio: float
    knee_db: float
    range_db: float
    attack_ms: float
    release_ms: float


class SibilanceGain:
    """How far sibilance is turned down, in octaves, one value a pool of frames.

    Args:
        curve: What is done about it.
        band: What finds it, ``(sections, 6)``.
        sample_rate_hz: The rate of the key.
        where: Whose detector it is, for errors.
    """

    def __init__(
        self, curve: SibilanceCurve, band: Block, *, sample_rate_hz: int, where: str
    ) -> None:
        rate = sample_rate_hz
        self.pool = detector_pool(rate)
        self._rate, self._where = rate, where
        self._curve = curve
        self._band = KeyFilter(band)
        row_steps = GRID_FRAMES // self.pool
        average = ms_to_samples(AVERAGE_MS, rate) / self.pool
        self._sibilant = OnePole(average, row_steps)
        self._whole = OnePole(average, row_steps)
        self._release = ReleasePeak(ms_to_samples(curve.release_ms, rate) / self.pool, row_steps)
        self._attack = OnePole(
            ms_to_samples(curve.attack_ms, rate) / self.pool, row_steps, gain=-1.0
        )

    def process(self, key: Block, start_frame: int, automation: Mapping[str, Block]) -> Block:
        """Return the gain in octaves, <= 0, ``(rows, steps)``.

        Args:
            key: What the detector hears, ``(channels, frames)``, at least one frame.
            start_frame: The first one's number, counted from the session's zero.
            automation: ``threshold_db`` and ``range_db`` a frame, where they move.

        Raises:
            SignalError: For NaN or infinity in the key.
        """
        whole = linked_powers(key, self.pool)
        if not float(whole.max()) < math.inf:
            refuse_non_finite(
                key, where=self._where, start_frame=start_frame, sample_rate_hz=self._rate
            )
        sibilant = linked_powers(self._band.process(key), self.pool)
        silent = np.asarray(whole.max(axis=1) == 0.0)
        whole = rest_when_silent(whole, self._whole, silent)
        sibilant = rest_when_silent(sibilant, self._sibilant, silent)
        whole += FLOOR_POWER
        sibilant /= whole
        reductions = compression_octaves(
            sibilant,
            threshold_db=self._figure("threshold_db", self._curve.threshold_db, automation),
            ratio=self._curve.ratio,
            knee_db=self._curve.knee_db,
            range_db=self._figure("range_db", self._curve.range_db, automation),
            squared=True,
        )
        octaves = rest_when_silent(self._release.process(reductions), self._attack)
        octaves += _INAUDIBLE
        return np.minimum(octaves, 0.0, out=octaves)

    def _figure(self, name: str, still: float, automation: Mapping[str, Block]) -> float | Block:
        return pool_values(automation[name], self.pool) if name in automation else still


def reduction_db(octaves: Block, frames: int, pool: int) -> Block:
    """Return a gain in octaves as a reduction in dB, >= 0, one value a pool that has frames."""
    return octaves.reshape(-1)[: -(-frames // pool)] * -DB_PER_OCTAVE
