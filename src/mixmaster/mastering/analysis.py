"""What the solver knows of a signal: the K-weighted power and the true peak of each pool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, GRID_FRAMES, Block, zeros
from mixmaster.dsp.k_weighting import k_weighting_sos
from mixmaster.dsp.limiter import PooledPeaks
from mixmaster.dsp.limiter_curve import AnyBallistics, LimiterCurve
from mixmaster.dsp.pooled import POOL_FRAMES
from mixmaster.dsp.sos import SosFilter
from mixmaster.mastering.edges import Extent
from mixmaster.mastering.spool import PoolFile, Spool
from mixmaster.metering.loudness import (
    SLICES_PER_SECOND,
    channel_weights,
    integrated_lufs,
    slice_bounds,
)
from mixmaster.units import db_to_gain, gain_to_db

_LATE_POOLS: Final = PooledPeaks.latency_samples // POOL_FRAMES
_SEGMENT_BLOCKS: Final = 8
"""Blocks whose peaks one task measures: enough that starting each anew costs little."""


_CHUNK_POOLS: Final = 1 << 16
"""Pools worked on at a time, so that memory does not grow with the song."""


class PoolPowers:
    """Gathers the K-weighted power of each pool, summed over the weighted channels.

    Args:
        sample_rate_hz: The rate.
        channels: 1 or 2.
        dual_mono: Count a mono signal twice.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, dual_mono: bool = False) -> None:
        self._filter = SosFilter(k_weighting_sos(sample_rate_hz), channels)
        self._weights = channel_weights(channels, dual_mono=dual_mono)
        self._rest = np.zeros((channels, 0))
        self._pools = PoolFile()

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``, of any length."""
        if self._rest.shape[1]:
            block = np.concatenate((self._rest, block), axis=1)
        whole = block.shape[1] // POOL_FRAMES * POOL_FRAMES
        self._rest = block[:, whole:].copy()
        self._add(block[:, :whole])

    def _add(self, block: Block) -> None:
        weighted = self._filter.process(block)
        total = np.zeros(block.shape[1] // POOL_FRAMES)
        for channel, weight in zip(weighted, self._weights, strict=True):
            pools = channel.reshape(-1, POOL_FRAMES)
            total += weight * np.einsum("pf,pf->p", pools, pools)
        self._pools.append(total)

    def result(self) -> PoolFile:
        """Return the sum of squares of each pool; the last may be part silence."""
        if self._rest.shape[1]:
            short = POOL_FRAMES - self._rest.shape[1]
            self._add(np.pad(self._rest, ((0, 0), (0, short))))
            self._rest = self._rest[:, :0]
        return self._pools


def late_peaks(spool: Spool, floor: float, pool: Executor, extra_frames: int) -> PoolFile:
    """Return the pooled true peaks of a spool, as late as ``PooledPeaks`` gives them.

    The spool is cut into segments for the threads; each starts a block early, so that its
    first peaks know what came before.

    Args:
        spool: Finished.
        floor: Peaks at or under it need not be exact.
        pool: Threads.
        extra_frames: Silence to be measured after the end; with the spool's end, on the grid.
    """
    blocks = -(-(spool.frames + extra_frames) // BLOCK_FRAMES)

    def block_at(index: int) -> Block:
        if index < 0 or index >= spool.block_count:
            return zeros(spool.channels, BLOCK_FRAMES)
        block = spool.block(index)
        return np.pad(block, ((0, 0), (0, BLOCK_FRAMES - block.shape[1])))

    def segment(start: int) -> Block:
        detector = PooledPeaks(spool.channels, floor)
        if start:
            detector.process(np.ascontiguousarray(block_at(start - 1)[:, -GRID_FRAMES:]))
        stop = min(start + _SEGMENT_BLOCKS, blocks)
        parts = [detector.process(block_at(index)) for index in range(start, stop)]
        # float32 halves the memory; rounded up, so that no peak is taken for less than it is.
        joined = np.concatenate(parts)
        return np.nextafter(joined.astype(np.float32), np.float32(np.inf))

    peaks = PoolFile()
    for part in pool.map(segment, range(0, blocks, _SEGMENT_BLOCKS)):
        peaks.append(part)
    return peaks


def whole_integrated(slices: Block) -> float | None:
    """Return the integrated loudness of a programme's weighted slices, ``(slices,)``."""
    return integrated_lufs(slices[None, :], np.ones(1))


@dataclass(frozen=True, slots=True)
class Hearing:
    """How a model's programme is listened to.

    Attributes:
        measure: The figure of its weighted powers in slices of 10 ms, ``(slices,)``.
        extent: What of it is delivered; None for all.
        copies: On how many channels each of its channels is delivered.
    """

    measure: Callable[[Block], float | None] = whole_integrated
    extent: Extent | None = None
    copies: int = 1


class LoudnessModel:
    """Foretells the loudness of a limited master from pools, without touching the audio.

    Args:
        powers: Of ``PoolPowers``.
        late: Of ``late_peaks``; None where nothing will be limited.
        sample_rate_hz: The rate.
        frames: The signal's length.
    """

    def __init__(
        self, powers: PoolFile, late: PoolFile | None, sample_rate_hz: int, frames: int
    ) -> None:
        self._powers = powers
        self._late = late
        self._sample_rate_hz = sample_rate_hz
        self._frames = frames
        self._known_bounds: dict[Extent | None, Block] = {}

    def loudness_lufs(self) -> float | None:
        """Return the integrated loudness without any gain."""
        return self.plain(Hearing())

    def plain(self, hearing: Hearing) -> float | None:
        """Return what is measured without any gain."""
        return self._measured((np.float64(1.0) for _ in self._starts()), hearing)

    def limited(
        self,
        gain_db: float,
        ceiling_dbtp: float,
        ballistics: AnyBallistics,
        hearing: Hearing | None = None,
    ) -> tuple[float | None, float]:
        """Return what is measured after gain and limiter, and the largest reduction in dB."""
        least = 1.0

        def gains() -> Iterator[Block]:
            nonlocal least
            for moves in self._moves(db_to_gain(gain_db), db_to_gain(ceiling_dbtp), ballistics):
                least = min(least, float(moves.min()))
                yield moves * db_to_gain(gain_db)

        return self._measured(gains(), hearing or Hearing()), 0.0 - gain_to_db(least)

    def _starts(self) -> range:
        return range(0, self._powers.size, _CHUNK_POOLS)

    def _moves(self, gain: float, ceiling: float, ballistics: AnyBallistics) -> Iterator[Block]:
        """Yield what the limiter's first stage does to each pool, latency taken off."""
        late_peaks = self._late
        assert late_peaks is not None
        curve = LimiterCurve(ballistics, self._sample_rate_hz, ceiling, 1)
        late = curve.latency_pools
        fed = _LATE_POOLS

        def fed_through(pools: int) -> Block:
            nonlocal fed
            peaks = late_peaks[fed : fed + pools] * np.float64(gain)
            fed += pools
            moves = curve.process(np.pad(peaks, (0, pools - peaks.shape[0])))
            return np.ones(pools) if moves is None else moves

        if late:
            fed_through(late)
        for start in self._starts():
            yield fed_through(min(_CHUNK_POOLS, self._powers.size - start))

    def _measured(self, gains: Iterable[Block | np.float64], hearing: Hearing) -> float | None:
        """Cut pools into slices of 10 ms, and let the meter's own arithmetic gate them."""
        bounds = self._bounds(hearing.extent)
        edges = np.zeros(bounds.shape[0])
        before = 0.0
        for start, gain in zip(self._starts(), gains, strict=True):
            powers = self._powers[start : start + _CHUNK_POOLS] * np.square(gain)
            if hearing.extent is not None and hearing.extent.fades:
                middles = POOL_FRAMES * (start + 0.5 + np.arange(powers.shape[0], dtype=np.float64))
                powers = powers * np.square(hearing.extent.gain(middles))
            total = before + np.concatenate(([0.0], np.cumsum(powers, dtype=np.float64)))
            stop = start + powers.shape[0]
            first, last = np.searchsorted(bounds, (start, stop), side="right")
            places = bounds[first:last] - start
            edges[first:last] = np.interp(places, np.arange(total.shape[0]), total)
            before = float(total[-1])
        slices = np.diff(edges) * (hearing.copies * SLICES_PER_SECOND / self._sample_rate_hz)
        return hearing.measure(slices)

    def _bounds(self, extent: Extent | None) -> Block:
        """Return where slices begin and end, in pools."""
        if extent not in self._known_bounds:
            first, stop = (0, self._frames) if extent is None else (extent.first, extent.stop)
            inner = slice_bounds(self._sample_rate_hz, 0, stop - first)
            bounds = np.concatenate(([0], inner)) + first
            self._known_bounds[extent] = np.asarray(bounds / POOL_FRAMES)
        return self._known_bounds[extent]
