"""A limiter's reduction that follows the programme: held under a tone, brief at a peak.

All of it is decided from the curve of what each pool demands, seen from both sides:

- **Hold**: gaps between demands are filled (a closing, see ``pooled``). Short gaps are filled
  up; where demands go on for some time, longer gaps are, too, so that bass does not ripple;
  and over still longer gaps the gain recovers only so far as pays before the next peak.
- **Ripple**: humps that differ by less than a fraction of a dB are levelled, so that the peaks
  of a chord, which beat, do not shake the gain.
- **Slow parts**: what is left is split by how long it lasts (openings: a granulometry; Serra,
  Image Analysis and Mathematical Morphology, 1982). What lasts is followed by a wide, smooth
  window, which need not cover it wholly.
- **Fast part**: what the slow parts leave of the demand is covered by a window of the
  look-ahead's width. So a peak on a dense passage moves the gain quickly by little.
- **Cap**: all together take no more than the largest demand near by.

Reductions are int32 in fixed point, ``UNIT`` to the factor of two, see ``limiter_curve``. There
is no recursion but a release that was asked for: the past is forgotten after ``memory_pools``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.pooled import (
    POOL_FRAMES,
    CentredMean,
    Closing,
    Curve,
    CurveDelay,
    LinearRelease,
    Opening,
    TrailingMax,
)

UNIT: Final = 1 << 20
"""Fixed point: so much is a reduction by a factor of two; a step is 5.7e-6 dB."""
DB_PER_OCTAVE: Final = 20.0 * 0.301029995663981195  # 20 log10(2)


@dataclass(frozen=True, slots=True)
class SustainedHold:
    """A hold of what goes on for some time.

    Attributes:
        gap_ms: Demands closer together than this are held through.
        lasting_ms: If, so held, they last for at least this long.
    """

    gap_ms: float
    lasting_ms: float


@dataclass(frozen=True, slots=True)
class Recovery:
    """How far the gain may recover between two peaks.

    Attributes:
        gap_ms: If they are closer together than this.
        depth_db: By no more than this.
    """

    gap_ms: float
    depth_db: float


@dataclass(frozen=True, slots=True)
class SlowPart:
    """The part of the reduction that lasts.

    Attributes:
        lasting_ms: It has nothing of humps that are shorter than this.
        half_width_ms: It is smoothed over this time to either side.
        spread: Each value counts for this part of ``half_width_ms`` to either side before it
            is smoothed: 1 covers the demand wholly, 0 is its mean.
        most_db: It takes no more than this: what is louder still is not turned down as a whole.
    """

    lasting_ms: float
    half_width_ms: float
    spread: float
    most_db: float = math.inf


@dataclass(frozen=True, slots=True)
class AdaptiveBallistics:
    """How an adaptive limiter moves, times in milliseconds.

    Attributes:
        lookahead_ms: How long before a lone peak the fast part begins, and how long after it
            the fast part ends; at least a pool and a half.
        hold_ms: Demands closer together than this are held through.
        sustained: Longer holds for what goes on.
        recoveries: How far the gain comes back over longer gaps.
        ripple_db: Differences smaller than this are levelled.
        ripple_ms: Over this time.
        slow: The slow parts, the longest first.
        release_ms: At least the time in which the gain recovers 6 dB; None: as above.
        link: How far channels share their reduction: 1 wholly, 0 not at all.
    """

    lookahead_ms: float
    hold_ms: float
    sustained: tuple[SustainedHold, ...]
    recoveries: tuple[Recovery, ...]
    ripple_db: float
    ripple_ms: float
    slow: tuple[SlowPart, ...]
    release_ms: float | None = None
    link: float = 1.0


def release_step(release_ms: float, sample_rate_hz: int) -> int:
    """Return the fixed-point reduction given back in a pool, for 6 dB in ``release_ms``."""
    pools_per_octave = release_ms * 1e-3 * sample_rate_hz / POOL_FRAMES
    return max(1, round(UNIT / max(pools_per_octave, 1.0)))


class _Held:
    """One way of filling gaps, with the delay that brings it in step with the others."""

    def __init__(self, gap: int, lasting: int, depth: int) -> None:
        self._closing = Closing(gap)
        self._opening = Opening(lasting)
        self._depth = depth
        self.latency = self._closing.latency + self._opening.latency
        self.delay = CurveDelay(0)

    def process(self, demand: Curve) -> Curve:
        filled = self._opening.process(self._closing.process(demand))
        return self.delay.process(filled - self._depth if self._depth else filled)


class _Slow:
    """One slow part, from what is left of the demand."""

    def __init__(self, lasting: int, half: int, spread: float, most: int | None) -> None:
        reach = round(spread * half)
        self._most = most
        self._opening = Opening(lasting)
        self._spread = TrailingMax(2 * reach + 1)
        self._mean = CentredMean(half)
        self.latency = self._opening.latency + reach + half
        self._demand, self._given = CurveDelay(self.latency), CurveDelay(self.latency)

    def process(self, demand: Curve, given: Curve) -> tuple[Curve, Curve]:
        """Return the demand and the reduction given so far, both late, with this part added."""
        rest = np.maximum(demand - given, 0)
        own = self._opening.process(rest)
        if self._most is not None:
            own = np.minimum(own, self._most)
        own = self._mean.process(self._spread.process(own))
        return self._demand.process(demand), self._given.process(given) + own


class AdaptiveShaper:
    """From what each pool demands to the reduction at its middle, never too little.

    A quadratic B-spline through the reductions (``spline_gain``) is nowhere above what the
    pools demand.

    Args:
        ballistics: The times.
        sample_rate_hz: The rate of the frames.
    """

    def __init__(self, ballistics: AdaptiveBallistics, sample_rate_hz: int) -> None:
        def pools(time_ms: float, least: int = 1) -> int:
            return max(least, round(time_ms * 1e-3 * sample_rate_hz / POOL_FRAMES))

        def fixed(level_db: float) -> int:
            return round(level_db / DB_PER_OCTAVE * UNIT)

        self._holds = [_Held(pools(ballistics.hold_ms), 1, 0)]
        for hold in ballistics.sustained:
            self._holds.append(_Held(pools(hold.gap_ms), pools(hold.lasting_ms), 0))
        for recovery in ballistics.recoveries:
            self._holds.append(_Held(pools(recovery.gap_ms), 1, fixed(recovery.depth_db)))
        latency = max(held.latency for held in self._holds)
        for held in self._holds:
            held.delay = CurveDelay(latency - held.latency)

        self._ripple = fixed(ballistics.ripple_db)
        around = pools(0.5 * ballistics.ripple_ms, 0) if self._ripple else 0
        self._around, self._between = TrailingMax(2 * around + 1), CurveDelay(around)
        self._release: LinearRelease | None = None
        if ballistics.release_ms is not None:
            self._release = LinearRelease(release_step(ballistics.release_ms, sample_rate_hz))
        self._slow = [
            _Slow(
                pools(part.lasting_ms),
                pools(part.half_width_ms),
                part.spread,
                fixed(part.most_db) if math.isfinite(part.most_db) else None,
            )
            for part in ballistics.slow
        ]
        # Half of it spreads a demand, half smooths it; the spline reaches a pool and a half.
        ahead = ballistics.lookahead_ms * 1e-3 * sample_rate_hz / POOL_FRAMES
        half = max(0, round((ahead - 1.5) / 2.0))
        self._near, self._given = TrailingMax(3), CurveDelay(1 + 2 * half)
        self._ahead, self._mean = TrailingMax(2 * half + 1), CentredMean(half)
        self._now = CurveDelay(1)

        slow = sum(part.latency for part in self._slow)
        behind = slow + 1 + 2 * half
        near = (behind - 1) // 2
        self._largest, self._cap = TrailingMax(2 * near + 3), CentredMean(near)
        self._in_step = CurveDelay(behind - 1 - 2 * near)
        self.latency_pools = latency + around + behind
        self.memory_pools = 2 * self.latency_pools
        """After so many pools without a demand nothing is left of it, but for the release."""
        self._quiet = self.memory_pools + 1

    def process(self, demand: Curve) -> Curve:
        """Return the reduction, ``(pools,)`` int32, late by ``latency_pools``.

        Args:
            demand: Fixed point, >= 0.
        """
        pools = demand.shape[0]
        if self._is_idle(demand):
            return np.zeros(pools, dtype=np.int32)
        demand = demand.astype(np.int32)
        held = self._holds[0].process(demand)
        for other in self._holds[1:]:
            held = np.maximum(held, other.process(demand))
        if self._ripple:
            highest = self._around.process(held)
            held = self._between.process(held)
            held = np.minimum(highest, held + np.minimum(held, self._ripple))
        if self._release is not None:
            held = self._release.process(held.astype(np.int64)).astype(np.int32)
        self._listen(demand, held)  # what a release holds on to is a demand, too
        cap = self._in_step.process(self._cap.process(self._largest.process(held)))
        given: Curve = np.zeros(pools, dtype=np.int32)
        for part in self._slow:
            held, given = part.process(held, given)
        rest = np.maximum(self._near.process(held) - self._now.process(given), 0)
        fast = self._mean.process(self._ahead.process(rest))
        return np.asarray(np.minimum(self._given.process(given) + fast, cap))

    def _is_idle(self, demand: Curve) -> bool:
        """Return whether neither this block nor what is remembered demands anything."""
        if self._quiet <= self.memory_pools or demand.any():
            return False
        return self._release is None or self._release.idle

    def _listen(self, *curves: Curve) -> None:
        """Count the pools since any of the curves was not 0."""
        pools = curves[0].shape[0]
        self._quiet = min(self._quiet + pools, self.memory_pools + 1)
        for curve in curves:
            due = np.flatnonzero(curve)
            if due.size:
                self._quiet = min(self._quiet, pools - 1 - int(due[-1]))


def _spline_weights() -> Block:
    """Return what the pool before, the pool and the one after weigh at each frame, (3, 16).

    The uniform quadratic B-spline, its knots at the borders of the pools.
    """
    t = (np.arange(POOL_FRAMES) + 0.5) / POOL_FRAMES
    before, after = 0.5 * (1.0 - t) ** 2, 0.5 * t**2
    return np.stack([before, 1.0 - before - after, after])


_WEIGHTS: Final = _spline_weights()


class SplineGain:
    """From the reduction at the middle of each pool to a smooth gain per frame.

    Late by one pool. Exactly 1 where the reduction of the pool and its neighbours is 0.

    Args:
        pool_frames: Values that it gives for each pool; 1 for a sketch of the curve.
    """

    latency_pools: Final = 1

    def __init__(self, pool_frames: int = POOL_FRAMES) -> None:
        assert pool_frames in {1, POOL_FRAMES}
        self._pool_frames = pool_frames
        self._tail: Curve = np.zeros(2, dtype=np.int32)

    def process(self, reduction: Curve) -> Block | None:
        """Return the gain, ``(pools * pool_frames,)``, late; None where it is 1 throughout."""
        joined = np.concatenate((self._tail, reduction))
        self._tail = joined[-2:].copy()
        if not joined.any():
            return None
        level = joined * (-1.0 / UNIT)
        if self._pool_frames == 1:
            return np.asarray(np.exp2(level[1:-1]))
        out = np.empty((POOL_FRAMES, reduction.shape[0]))
        for frame, (before, own, after) in enumerate(_WEIGHTS.T):
            np.multiply(level[1:-1], own, out=out[frame])
            out[frame] += level[:-2] * before
            out[frame] += level[2:] * after
        np.exp2(out, out=out)
        return np.ascontiguousarray(out.T).reshape(-1)
