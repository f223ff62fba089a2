"""A look-ahead true-peak limiter that proves its ceiling.

Its first stage sets the gain from the true-peak envelope (``limiter_curve``); then correcting
looks measure the signal that comes out, by the same kernel, and lower it where the moving gain
has left something above the ceiling (``limiter_look``). Below the ceiling the signal passes bit
for bit, and again after a reduction has ended.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.limiter_curve import AnyBallistics, LimiterCurve
from mixmaster.dsp.limiter_look import CorrectionLook
from mixmaster.dsp.pooled import POOL_FRAMES
from mixmaster.dsp.true_peak import TruePeakDetector

_LOOKS: Final = 2
_ROUNDING: Final = 2e-6  # relative: what float32 arithmetic in detector and meter may differ by
_FLOOR: Final = 0.9  # peaks under this part of the ceiling need no exact value


class _Delay:
    """A delay of signals and curves alike, with what comes out first.

    Args:
        shape: Of what it holds; the last axis is the delay.
        fill: What comes out first.
    """

    def __init__(self, shape: tuple[int, ...], fill: float = 0.0) -> None:
        self._held = np.full(shape, fill)

    def process(self, block: Block) -> Block:
        """Return the delayed block, of the same length; it may be a view."""
        joined = np.concatenate((self._held, block), axis=-1)
        count = block.shape[-1]
        self._held = joined[..., count:]
        return joined[..., :count]


class PooledPeaks:
    """The true peak of every pool of frames, streaming, late by ``latency_samples``.

    Args:
        channels: Channels of every block; the maximum over all of them counts.
        floor: Peaks at or under it need not be exact, see ``TruePeakDetector``.
        per_channel: Return a row for each channel instead.
    """

    latency_samples: Final = TruePeakDetector.latency_samples

    def __init__(self, channels: int, floor: float, *, per_channel: bool = False) -> None:
        self._detector = TruePeakDetector(
            channels, pool_frames=POOL_FRAMES, per_channel=per_channel
        )
        self._floor = floor

    def process(self, block: Block) -> Block:
        """Return ``(pools,)`` for a block whose length is a multiple of ``POOL_FRAMES``.

        Per channel ``(channels, pools)``.
        """
        return self._detector.process(block, self._floor)


class TruePeakLimiter:
    """The limiter, streaming. What is left to correct is taken off all channels alike.

    Args:
        channels: Channels of every block.
        sample_rate_hz: Their rate.
        ceiling: What no interpolated value may pass, linear.
        ballistics: How it moves, and how far channels are linked.
    """

    def __init__(
        self, channels: int, sample_rate_hz: int, ceiling: float, ballistics: AnyBallistics
    ) -> None:
        ceiling *= 1.0 - _ROUNDING
        rows = 1 if ballistics.link == 1.0 else channels
        lead: tuple[int, ...] = () if rows == 1 else (rows,)
        self._peaks = PooledPeaks(channels, _FLOOR * ceiling, per_channel=rows > 1)
        self._curve = LimiterCurve(ballistics, sample_rate_hz, ceiling, rows=rows)
        self._looks = [
            CorrectionLook(channels, ceiling, rows if index == 0 else 1) for index in range(_LOOKS)
        ]
        behind = self._curve.latency_pools
        self._signal = _Delay((channels, PooledPeaks.latency_samples + behind * POOL_FRAMES))
        self._bound = _Delay((*lead, behind))
        self._lead = lead
        self.linked = rows == 1
        """Whether there is one gain for all channels."""
        self._gain_delays = [
            _Delay((*lead, look.latency_pools * POOL_FRAMES), 1.0) for look in self._looks
        ]
        looks = sum(look.latency_pools for look in self._looks)
        self.latency_samples = PooledPeaks.latency_samples + (behind + looks) * POOL_FRAMES
        self._ended = False

    def process(self, block: Block) -> tuple[Block, Block]:
        """Return the limited block and the gain of each of its frames, both late.

        The gain is ``(frames,)``, or ``(channels, frames)`` where channels are not wholly linked.

        Args:
            block: ``(channels, frames)``, a multiple of 4,096 frames but for the last.
        """
        frames = block.shape[1]
        rest = -frames % GRID_FRAMES
        assert not self._ended, "a block off the grid must be the last"
        self._ended = rest > 0
        if rest:
            block = np.pad(block, ((0, 0), (0, rest)))
        peaks = self._peaks.process(block)
        signal, total = self.limit(block, peaks)
        return np.ascontiguousarray(signal[:, :frames]), total[..., :frames]

    def limit(self, block: Block, peaks: Block) -> tuple[Block, Block]:
        """Do as ``process``, with the peaks already known.

        Args:
            block: ``(channels, frames)``, a multiple of 4,096 frames.
            peaks: What ``PooledPeaks`` gives for it, as late as it gives it: ``(pools,)`` if
                channels are ``linked``, else ``(channels, pools)``.
        """
        gain = self._curve.process(peaks)
        signal = self._signal.process(block)
        bound = self._bound.process(peaks)
        if gain is not None:
            signal = signal * gain
        total = gain
        if total is None:
            total = np.ones((*self._lead, block.shape[1]))
        for look, delay in zip(self._looks, self._gain_delays, strict=True):
            signal, gain, bound = look.process(signal, gain, bound)
            total = delay.process(total)
            if gain is not None:
                total = total * gain
        return signal, total
