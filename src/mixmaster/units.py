"""Conversions between units: the only place of ``10 ** (x / 20)``."""

from __future__ import annotations

import math
from typing import overload

import numpy as np

from mixmaster.arrays import Block

SILENCE_DB = -400.0
"""What silence reads in dB where a finite number is needed: far below float64's noise."""

_LOG2_10_OVER_20 = math.log2(10.0) / 20.0
_TINY = 10.0 ** (SILENCE_DB / 20.0)


@overload
def db_to_gain(db: float) -> float: ...
@overload
def db_to_gain(db: Block) -> Block: ...
def db_to_gain(db: float | Block) -> float | Block:
    """Return the linear amplitude gain of ``db`` decibels; 0 dB is exactly 1."""
    if isinstance(db, np.ndarray):
        return np.asarray(np.exp2(db * _LOG2_10_OVER_20))
    return float(10.0 ** (db / 20.0))


@overload
def gain_to_db(gain: float) -> float: ...
@overload
def gain_to_db(gain: Block) -> Block: ...
def gain_to_db(gain: float | Block) -> float | Block:
    """Return 20 log10 of ``|gain|``; silence reads ``SILENCE_DB``, never -infinity."""
    if isinstance(gain, np.ndarray):
        return np.asarray(np.log2(np.maximum(np.abs(gain), _TINY)) / _LOG2_10_OVER_20)
    return 20.0 * math.log10(max(abs(gain), _TINY))


def power_to_db(power: float) -> float:
    """Return 10 log10 of a power; silence reads ``SILENCE_DB``."""
    return 10.0 * math.log10(max(power, _TINY * _TINY))


def db_to_power(db: float) -> float:
    """Return the power ratio of ``db`` decibels."""
    return float(10.0 ** (db / 10.0))


def ms_to_samples(ms: float, sample_rate_hz: float) -> float:
    """Return a time in milliseconds as a (fractional) number of samples."""
    return ms * 1e-3 * sample_rate_hz


def beats_to_ms(beats: float, tempo_bpm: float) -> float:
    """Return the length of ``beats`` quarter notes at ``tempo_bpm``: 60000 / BPM x beats."""
    return 60_000.0 / tempo_bpm * beats
