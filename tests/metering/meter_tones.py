"""Test tones as EBU Tech 3341 and 3342 ask for them, and feeding a meter."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.metering.loudness import LoudnessMeter
from mixmaster.metering.true_peak import TruePeakMeter

if TYPE_CHECKING:
    from collections.abc import Sequence

FADE_S = 0.01
SILENCE = -np.inf


def tone(segments: Sequence[tuple[float, float]], rate: int, hz: float = 1000.0) -> Block:
    """A sine of (seconds, dBFS peak) segments, ``(frames,)``; SILENCE is a level too.

    Levels cross-fade in power over 10 ms around each boundary, so that no energy is lost.
    """
    ends = np.cumsum([seconds for seconds, _ in segments])
    powers = np.array([10 ** (level / 10) for _, level in segments])
    t = np.arange(round(ends[-1] * rate)) / rate
    at = np.ravel([(end - FADE_S / 2, end + FADE_S / 2) for end in ends[:-1]])
    values = np.ravel(list(pairwise(powers)))
    power = np.interp(t, at, values) if at.size else np.full(t.size, powers[0])
    return np.asarray(np.sqrt(power) * np.sin(2 * np.pi * hz * t))


def stereo(signal: Block) -> Block:
    return np.ascontiguousarray(np.stack([signal, signal]))


RATES = (44_100, 48_000, 96_000, 192_000)
LAYOUTS = ("mono", "stereo", "5.1")
PLACES = [(rate, layout) for rate in RATES for layout in LAYOUTS]
LONG_PLACES = [(rate, "stereo") for rate in RATES] + [(48_000, "mono"), (48_000, "5.1")]
"""For signals of minutes: every rate, and every layout at one of them."""


def laid(signal: Block, layout: str) -> Block:
    """The standard's in-phase stereo signal in a layout; mono is read as dual mono."""
    if layout == "mono":
        return np.ascontiguousarray(signal[np.newaxis])
    rest = np.zeros((4 if layout == "5.1" else 0, signal.size))
    return np.concatenate([stereo(signal), rest])


def fed_loudness(block: Block, rate: int, *, dual_mono: bool = False) -> LoudnessMeter:
    meter = LoudnessMeter(rate, block.shape[0], dual_mono=dual_mono)
    for start in range(0, block.shape[1], BLOCK_FRAMES):
        meter.update(block[:, start : start + BLOCK_FRAMES])
    return meter


def fed_as(signal: Block, rate: int, layout: str) -> LoudnessMeter:
    return fed_loudness(laid(signal, layout), rate, dual_mono=True)


def true_peak_dbtp(block: Block, rate: int = 48_000) -> float:
    meter = TruePeakMeter(rate, block.shape[0])
    for start in range(0, block.shape[1], BLOCK_FRAMES):
        meter.update(block[:, start : start + BLOCK_FRAMES])
    result = meter.result()
    assert result is not None
    return result
