"""A limiter's gain: from the demand of each pool to a smooth curve that is never above it.

Reductions are integers in fixed point, ``UNIT`` to the factor of two (5.7e-6 dB), see
``pooled``. The adaptive shaper is in ``limiter_adaptive``; here is the limiter's first revision,
whose smoother also serves the correcting looks, and what both have in common.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.limiter_adaptive import (
    DB_PER_OCTAVE,
    UNIT,
    AdaptiveBallistics,
    AdaptiveShaper,
    SplineGain,
    release_step,
)
from mixmaster.dsp.pooled import (
    POOL_FRAMES,
    BoxCascade,
    Closing,
    Curve,
    LinearRelease,
    RunningSum,
    TrailingMax,
)


def demanded_reduction(peaks: Block, ceiling: float) -> Curve:
    """Return the reduction that brings ``peaks`` to ``ceiling``, rounded up; 0 where none is due.

    Args:
        peaks: True peak of each pool, linear, ``(pools,)``.
        ceiling: Linear.
    """
    out = np.zeros(peaks.shape[0], dtype=np.int64)
    over = np.flatnonzero(peaks > ceiling)
    if over.size:
        out[over] = np.ceil(np.log2(peaks[over] / ceiling) * UNIT).astype(np.int64) + 1
    return out


def reduction_db(reduction: Curve) -> Block:
    """Return fixed-point reductions in dB, >= 0."""
    return np.asarray(reduction * (DB_PER_OCTAVE / UNIT))


@dataclass(frozen=True, slots=True)
class Ballistics:
    """How a limiter of the first revision moves, times in milliseconds.

    Attributes:
        lookahead_ms: How long before a peak the gain starts to fall.
        hold_ms: Peaks closer together than this are held through: no ripple between the half
            waves of a tone above 500 / hold_ms Hz. A lone peak is not held.
        release_ms: Time in which the gain recovers 6 dB after a lone peak.
        sustain_ms: Reduction that lasts longer than this recovers more slowly; 0 for never.
        sustain_ratio: How many times more slowly.
        link: How far channels share their reduction: 1 wholly, 0 not at all.
    """

    lookahead_ms: float
    hold_ms: float
    release_ms: float
    sustain_ms: float
    sustain_ratio: float
    link: float = 1.0


AnyBallistics = Ballistics | AdaptiveBallistics
"""How a limiter of any revision moves."""


def _pools(time_ms: float, sample_rate_hz: int, least: int) -> int:
    return max(least, round(time_ms * 1e-3 * sample_rate_hz / POOL_FRAMES))


class ReductionShaper:
    """Hold and release: from what each pool demands to a calmer curve that is no lower.

    The hold is a closing. The release is a straight line in dB; beside it runs a slow one on
    the mean of the recent reduction, so that a passage that is limited throughout is held at
    its mean while lone peaks recover at once. The higher reduction of the two counts.

    Args:
        ballistics: The times.
        sample_rate_hz: The rate of the frames.
    """

    def __init__(self, ballistics: Ballistics, sample_rate_hz: int) -> None:
        self._closing = Closing(_pools(ballistics.hold_ms, sample_rate_hz, 1))
        step = release_step(ballistics.release_ms, sample_rate_hz)
        self._fast = LinearRelease(step)
        self._mean: RunningSum | None = None
        if ballistics.sustain_ms > 0.0:
            self._mean = RunningSum(_pools(ballistics.sustain_ms, sample_rate_hz, 1))
            self._slow = LinearRelease(max(1, round(step / ballistics.sustain_ratio)))
        self.latency_pools = self._closing.latency

    def process(self, demand: Curve) -> Curve:
        """Return the shaped reduction, ``(pools,)``, late by ``latency_pools``."""
        fast = self._fast.process(self._closing.process(demand))
        if self._mean is None:
            return fast
        mean = self._mean.process(fast) // self._mean.window
        return np.maximum(fast, self._slow.process(mean))


class GainSmoother:
    """From pooled reductions to a smooth gain per frame that is never above what they ask.

    The largest reduction of the pools ahead (and one beside), then three running means over no
    more than that span: every mean then covers only values that include the demand of the
    frame and of its neighbouring pools. Exactly 1 again once the reduction has ended.

    Args:
        lookahead_pools: How many pools ahead it sees; at least 2.
        pool_frames: Values that it gives for each pool; 1 for a sketch of the curve.
    """

    def __init__(self, lookahead_pools: int, pool_frames: int = POOL_FRAMES) -> None:
        assert lookahead_pools >= 2
        self.latency_pools = lookahead_pools
        self._pool_frames = pool_frames
        self._ahead = TrailingMax(lookahead_pools + 2)
        self._boxes = BoxCascade((lookahead_pools - 1) * pool_frames)

    def process(self, reduction: Curve) -> Block | None:
        """Return the gain, ``(pools * pool_frames,)``, late; None where it is 1 throughout."""
        ahead = self._ahead.process(reduction)
        if self._boxes.idle and not ahead.any():
            return None
        smooth = self._boxes.process(np.repeat(ahead, self._pool_frames))
        gain = smooth * (-1.0 / (self._boxes.scale * UNIT))
        return np.asarray(np.exp2(gain, out=gain))


class _Curve:
    """The path from one demand to one gain."""

    def __init__(self, ballistics: AnyBallistics, sample_rate_hz: int, pool_frames: int) -> None:
        self._shaper: ReductionShaper | AdaptiveShaper
        self._smoother: GainSmoother | SplineGain
        if isinstance(ballistics, Ballistics):
            lookahead = _pools(ballistics.lookahead_ms, sample_rate_hz, 2) + 1
            self._shaper = ReductionShaper(ballistics, sample_rate_hz)
            self._smoother = GainSmoother(lookahead, pool_frames)
        else:
            self._shaper = AdaptiveShaper(ballistics, sample_rate_hz)
            self._smoother = SplineGain(pool_frames)
        self.latency_pools = self._shaper.latency_pools + self._smoother.latency_pools

    def process(self, demand: Curve) -> Block | None:
        return self._smoother.process(self._shaper.process(demand))


class LimiterCurve:
    """The whole path from pooled true peaks to the gain of each frame.

    Args:
        ballistics: The times, and how far channels are linked.
        sample_rate_hz: The rate of the frames.
        ceiling: Linear.
        pool_frames: Values that it gives for each pool; 1 for a sketch of the curve.
        rows: 1 for one gain for all channels, else their number.
    """

    def __init__(
        self,
        ballistics: AnyBallistics,
        sample_rate_hz: int,
        ceiling: float,
        pool_frames: int = POOL_FRAMES,
        rows: int = 1,
    ) -> None:
        self._ceiling = ceiling
        self._alone = 1.0 - ballistics.link
        self._pool_frames = pool_frames
        self._curves = [_Curve(ballistics, sample_rate_hz, pool_frames) for _ in range(rows)]
        self.latency_pools = self._curves[0].latency_pools

    def process(self, peaks: Block) -> Block | None:
        """Return the gain per frame, late by ``latency_pools``; None where it is 1 throughout.

        Args:
            peaks: ``(pools,)``, or ``(rows, pools)`` for gains of ``(rows, frames)``. Linked
                channels share, of what the neediest demands beyond their own, the part ``link``.
        """
        if peaks.ndim == 1:
            return self._curves[0].process(demanded_reduction(peaks, self._ceiling))
        demands = np.stack([demanded_reduction(row, self._ceiling) for row in peaks])
        most = demands.max(axis=0)
        demands = most - np.floor((most - demands) * self._alone).astype(np.int64)
        gains = [curve.process(row) for curve, row in zip(self._curves, demands, strict=True)]
        if all(gain is None for gain in gains):
            return None
        ones = np.ones(peaks.shape[1] * self._pool_frames)
        return np.stack([ones if gain is None else gain for gain in gains])
