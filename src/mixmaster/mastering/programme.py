"""A spool at a delivery's rate, with what is known of it, and its way through the limiter."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block, zeros
from mixmaster.dsp.limiter import TruePeakLimiter
from mixmaster.dsp.limiter_curve import AnyBallistics
from mixmaster.dsp.pooled import POOL_FRAMES
from mixmaster.engine.stats import InsertStats
from mixmaster.mastering.analysis import LoudnessModel, late_peaks
from mixmaster.mastering.edges import Extent, extent_of
from mixmaster.mastering.spool import PoolFile, Spool
from mixmaster.mastering.target import Edges
from mixmaster.units import gain_to_db

_BLOCK_POOLS = BLOCK_FRAMES // POOL_FRAMES
_MOST_LATENCY_FRAMES = 4 * BLOCK_FRAMES  # of any limiter, at any rate


@dataclass(frozen=True, slots=True)
class Drive:
    """One way through the limiter.

    Attributes:
        gain: Linear, before the limiter.
        ceiling: Linear.
        ballistics: How the limiter moves; None for gain alone.
    """

    gain: float
    ceiling: float
    ballistics: AnyBallistics | None


class Programme:
    """A spool and its analysis.

    Args:
        spool: Finished, at the delivery's rate.
        powers: Of ``PoolPowers``.
        threads: For measuring peaks.
    """

    def __init__(self, spool: Spool, powers: PoolFile, threads: int) -> None:
        self.spool = spool
        self._powers = powers
        self._threads = threads
        self._floor = np.inf
        self._late: PoolFile | None = None
        self._model: LoudnessModel | None = None

    def loudness_lufs(self) -> float | None:
        """Return the integrated loudness of the spool; None for silence or under 0.4 s."""
        return self.model().loudness_lufs()

    def model(self) -> LoudnessModel:
        """Return a model of what a limiter would do, with the peaks known so far."""
        if self._model is None:
            late = self._late
            rate, frames = self.spool.sample_rate_hz, self.spool.frames
            self._model = LoudnessModel(self._powers, late, rate, frames)
        return self._model

    def loudest_s(self, length_s: float) -> float:
        """Return where the loudest stretch of ``length_s`` seconds begins, in whole pools."""
        rate = self.spool.sample_rate_hz
        window = max(1, round(length_s * rate / POOL_FRAMES))
        powers = self._powers[:]
        total = np.concatenate(([0.0], np.cumsum(powers, dtype=np.float64)))
        if window >= powers.shape[0]:
            return 0.0
        start = int(np.argmax(total[window:] - total[:-window]))
        return start * POOL_FRAMES / rate

    def extent(self, edges: Edges) -> Extent:
        """Return what of the spool is delivered."""
        rate, frames = self.spool.sample_rate_hz, self.spool.frames
        return extent_of(edges, self._powers, self.loudness_lufs(), rate, frames)

    def true_peak(self) -> float:
        """Return the largest true peak of the spool, linear."""
        self.require_peaks(0.0)
        assert self._late is not None
        return self._late.highest

    def require_peaks(self, floor: float) -> None:
        """Make sure that every true peak above ``floor`` is known exactly."""
        if floor >= self._floor:
            return
        with ThreadPoolExecutor(self._threads, thread_name_prefix="peaks") as pool:
            self._late = late_peaks(self.spool, floor, pool, _MOST_LATENCY_FRAMES)
        self._floor = floor
        self._model = None

    def through(self, drive: Drive, stats: InsertStats) -> Iterator[Block]:
        """Yield the spool after gain and limiter, in blocks, latency trimmed.

        Where no true peak passes the ceiling, the limiter would do nothing, to the bit: it is
        left out.

        Args:
            drive: The gain and the limiter; ``require_peaks`` has been asked for a floor no
                higher than ceiling / gain.
            stats: Told what the limiter does.
        """
        spool = self.spool
        if drive.ballistics is None or not self._passes(drive):
            for block in spool.blocks():
                yield block if drive.gain == 1.0 else block * drive.gain
            return
        assert self._late is not None
        limiter = TruePeakLimiter(
            spool.channels, spool.sample_rate_hz, drive.ceiling, drive.ballistics
        )
        skip, left = limiter.latency_samples, spool.frames
        assert skip <= _MOST_LATENCY_FRAMES
        index = 0
        while left:
            block = self._padded(index) * drive.gain
            pools = slice(index * _BLOCK_POOLS, (index + 1) * _BLOCK_POOLS)
            if limiter.linked:
                out, gain = limiter.limit(block, self._late[pools] * np.float64(drive.gain))
            else:  # the peaks that are known are the highest of all channels
                out, gain = limiter.process(block)
            index += 1
            passed = min(skip, BLOCK_FRAMES)
            skip -= passed
            frames = min(BLOCK_FRAMES - passed, left)
            left -= frames
            if frames:
                out = np.ascontiguousarray(out[:, passed : passed + frames])
                moved = gain[..., passed : passed + frames : POOL_FRAMES]
                stats.update(out, 0.0 - gain_to_db(np.atleast_2d(moved).min(axis=0)))
                yield out

    def _passes(self, drive: Drive) -> bool:
        """Return whether any peak passes the ceiling."""
        assert self._late is not None
        return self._late.highest * drive.gain > drive.ceiling

    def _padded(self, index: int) -> Block:
        if index >= self.spool.block_count:
            return zeros(self.spool.channels, BLOCK_FRAMES)
        block = self.spool.block(index)
        return np.pad(block, ((0, 0), (0, BLOCK_FRAMES - block.shape[1])))
