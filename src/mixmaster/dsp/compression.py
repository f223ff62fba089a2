"""The compressor's gain: levels in pools, curve, release and attack, all in the log domain.

Detector, gain computer and decoupled attack and release: Giannoulis, Massberg and Reiss, "Digital
Dynamic Range Compressor Design", JAES 60(6), 2012.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.auto_release import CREST_MS, AutoRelease, shortest_release
from mixmaster.dsp.dynamics import (
    HOTTEST_DBFS,
    detector_pool,
    linked_peaks,
    linked_powers,
    pool_frames,
    pool_values,
    refuse_non_finite,
)
from mixmaster.dsp.envelopes import MovingReleasePeak, OnePole, ReleasePeak, rest_when_silent
from mixmaster.dsp.gain_computer import DB_PER_OCTAVE, CompressionCurve, compression_octaves
from mixmaster.units import ms_to_samples

_INAUDIBLE_DB = 1e-6
"""Reductions below this are none, so that the gain returns to exactly 1."""

CURVE_PARAMETERS = ("threshold_db", "ratio", "knee_db", "range_db")
"""What of a compressor's curve automation may move."""


@dataclass(frozen=True, slots=True)
class CompressorTimes:
    """How a compressor moves.

    Attributes:
        attack_ms: The time constant of the attack.
        release_ms: The time constant of the release; on steady sounds if it is automatic.
        rms_ms: The time constant of the level's mean power; 0 for a peak level.
        auto_release: Whether the release follows the crest factor, see `dsp.auto_release`.
    """

    attack_ms: float
    release_ms: float
    rms_ms: float = 0.0
    auto_release: bool = False

    @property
    def settle_ms(self) -> float:
        """How long it remembers.

        Ten time constants: what is left of a forgotten reduction of 20 dB is 0.001 dB.
        """
        if not self.auto_release:
            return 10.0 * (self.attack_ms + self.release_ms + self.rms_ms)
        return 10.0 * (self.attack_ms + 2.0 * self.release_ms + self.rms_ms + CREST_MS)


class CompressorGain:
    """How far a compressor turns down, in octaves, one value a pool of frames.

    The pool is chosen for the curve as it is set. Automation that moves the curve far deeper
    leaves the detector's grain as it is: the gain is then exact but for the placing of a level
    within its pool, which is some tenths of a decibel during the attack.

    Args:
        curve: The static curve.
        times: How it moves.
        moved: Which of ``CURVE_PARAMETERS`` come with each block.
        sample_rate_hz: The rate of the key.
        where: Whose detector it is, for errors.
    """

    def __init__(
        self,
        curve: CompressionCurve,
        times: CompressorTimes,
        *,
        sample_rate_hz: int,
        where: str,
        moved: frozenset[str] = frozenset(),
    ) -> None:
        rate = sample_rate_hz
        attack = ms_to_samples(times.attack_ms, rate)
        release = ms_to_samples(times.release_ms, rate)
        rms = ms_to_samples(times.rms_ms, rate)
        shortest = shortest_release(release, rate) if times.auto_release else release
        self.pool = pool_frames(
            attack_samples=attack,
            release_samples=shortest,
            reduction_db=curve.largest_reduction_db(HOTTEST_DBFS),
            rms_samples=rms,
        )
        row_steps = GRID_FRAMES // self.pool
        self._rate, self._where = rate, where
        self._curve = curve
        self._moved = moved
        # The slope that the curve left out; negative, since a reduction is a negative gain.
        self._slope = 1.0 if moved else curve.slope
        self._release = ReleasePeak(release / self.pool, row_steps)
        self._attack = OnePole(attack / self.pool, row_steps, gain=-self._slope)
        self._average = OnePole(rms / self.pool, row_steps) if rms > 0.0 else None
        self._auto: AutoRelease | None = None
        self._crest_pool = max(self.pool, detector_pool(rate))
        if times.auto_release:
            self._moving = MovingReleasePeak()
            self._auto = AutoRelease(
                release_steps=release / self._crest_pool,
                shortest_steps=shortest / self._crest_pool,
                crest_steps=ms_to_samples(CREST_MS, rate) / self._crest_pool,
                row_steps=GRID_FRAMES // self._crest_pool,
            )

    def process(
        self, key: Block, start_frame: int, automation: Mapping[str, Block]
    ) -> Block | None:
        """Return the gain in octaves, <= 0, ``(rows, steps)``; None if it is 0 throughout.

        Args:
            key: What the detector hears, ``(channels, frames)``, at least one frame.
            start_frame: The first one's number, counted from the session's zero.
            automation: Values a frame of each parameter that moves.

        Raises:
            SignalError: For NaN or infinity in the key.
        """
        squared = self._average is not None
        loudest = None
        if self._auto is not None:
            loudest = linked_peaks(key, 1).reshape(1, -1)
        if squared:
            levels = linked_powers(key, self.pool)
        else:
            levels = linked_peaks(key if loudest is None else loudest, self.pool)
        largest = levels.max(axis=1)
        if not float(largest.max()) < math.inf:
            refuse_non_finite(
                key, where=self._where, start_frame=start_frame, sample_rate_hz=self._rate
            )
        release_steps = None
        if loudest is not None:
            release_steps = self._release_steps(loudest, key, start_frame)
        if self._average is not None:
            levels = self._average.process(levels)
            largest = levels.max(axis=1)
        count = levels.shape[0]
        if self._moved:
            reductions = self._reductions(levels, automation, squared=squared)
            active = np.flatnonzero(reductions.max(axis=1) > 0.0)
        else:
            onset = self._curve.onset_gain
            active = np.flatnonzero(largest > (onset * onset if squared else onset))
        resting = (self._release if release_steps is None else self._moving).carried == 0.0
        if not active.shape[0] and resting and self._attack.last == 0.0:
            return None
        if self._moved:
            levels = reductions
        if release_steps is not None:
            if not self._moved:
                levels = self._curve.unscaled(levels, squared=squared)
            released = self._moving.process(levels, release_steps)
        else:
            if active.shape[0] < count:
                levels = levels[active]
            if not self._moved:
                levels = self._curve.unscaled(levels, squared=squared)
            released = self._release.process(levels, active, count)
        octaves = rest_when_silent(released, self._attack)
        octaves += _INAUDIBLE_DB / DB_PER_OCTAVE
        return np.minimum(octaves, 0.0, out=octaves)

    def _reductions(
        self, levels: Block, automation: Mapping[str, Block], *, squared: bool
    ) -> Block:
        """Return the curve's reductions in octaves, where it moves."""

        def figure(name: str, still: float) -> float | Block:
            return pool_values(automation[name], self.pool) if name in self._moved else still

        return compression_octaves(
            levels,
            threshold_db=figure("threshold_db", self._curve.threshold_db),
            ratio=figure("ratio", self._curve.ratio),
            knee_db=figure("knee_db", self._curve.knee_db),
            range_db=figure("range_db", self._curve.range_db),
            squared=squared,
        )

    def _release_steps(self, loudest: Block, key: Block, start_frame: int) -> Block:
        """Return the time constant of the release, in steps, ``(rows, steps)``.

        The crest factor moves over ``CREST_MS``: it is found on pools of ``_crest_pool`` frames,
        of which mean power and peak are exact, and holds for each of them.
        """
        assert self._auto is not None
        powers = linked_powers(loudest, self._crest_pool)
        if not float(powers.max()) < math.inf:
            refuse_non_finite(
                key, where=self._where, start_frame=start_frame, sample_rate_hz=self._rate
            )
        release = self._auto.process(linked_peaks(loudest, self._crest_pool), powers)
        release *= self._crest_pool / self.pool
        return np.repeat(release, self._crest_pool // self.pool, axis=1)
