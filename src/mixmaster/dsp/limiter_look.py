"""A second look: measure a signal whose gain has moved, and take off what is still too much.

A gain that moves makes the interpolated values differ from gain times envelope. For a gain with
slope s per frame, an interpolated value differs from (gain at that point) x (the value before)
by at most ``s sum_j |h_j| |u_j| max|x|``, ``u_j`` the distance of tap j: the first terms of the
triangle inequality. Only pools whose bound passes the ceiling are interpolated, exactly.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.limiter_curve import GainSmoother, demanded_reduction
from mixmaster.dsp.pooled import POOL_FRAMES
from mixmaster.dsp.products import rows_times
from mixmaster.dsp.true_peak import KERNEL, LEAD, PHASES, TAPS

_REACH: Final = -(-TAPS // 2 // POOL_FRAMES)
"""Pools that the kernel reaches to either side."""
_HISTORY: Final = 2 * _REACH
_WIDTH: Final = POOL_FRAMES + TAPS - 1
_GRID_POOLS: Final = GRID_FRAMES // POOL_FRAMES
_LOOKAHEAD: Final = 17  # pools; 256 frames of smoothing, wider than the kernel, so that it settles
_EXCESS: Final = 1.25  # takes off a quarter more, for what this look's own gain changes


def _slope_factor() -> float:
    """Return the largest sum over j of |h_j| |u_j| of any phase, in frames."""
    phase = np.arange(PHASES)[:, None] / PHASES
    distance = np.abs(np.arange(TAPS)[None, :] - LEAD - phase)
    return float((np.abs(KERNEL) * distance).sum(axis=1).max())


_SLOPE_FACTOR: Final = _slope_factor()


def _make_band() -> Block:
    """Return the kernel as a matrix: a window of ``_WIDTH`` frames to a pool's points."""
    band = np.zeros((_WIDTH, POOL_FRAMES, PHASES))
    for frame in range(POOL_FRAMES):
        band[frame : frame + TAPS, frame] = KERNEL.T
    return band.reshape(_WIDTH, POOL_FRAMES * PHASES)


_BAND: Final = _make_band()


def _window_max(values: Block) -> Block:
    """Return the maximum of each value and its ``_REACH`` neighbours to either side, by row."""
    out = values
    width, window = 1, 2 * _REACH + 1
    while 2 * width <= window:
        out = np.maximum(out[:, :-width], out[:, width:])
        width *= 2
    rest = window - width
    return np.maximum(out[:, :-rest], out[:, rest:])


class CorrectionLook:
    """Finds pools over the ceiling in a signal that a moving gain was applied to; lowers them.

    Args:
        channels: Channels of every block.
        ceiling: Linear.
        rows: How many gains and bounds it is given: 1, or one a channel.
    """

    def __init__(self, channels: int, ceiling: float, rows: int = 1) -> None:
        self._ceiling = ceiling
        self._smoother = GainSmoother(_LOOKAHEAD)
        self._delay_pools = self._smoother.latency_pools
        self.latency_pools = _REACH + self._delay_pools
        frames = (_HISTORY + self._delay_pools) * POOL_FRAMES
        self._signal = np.zeros((channels, frames))
        self._bound = np.zeros((rows, _HISTORY))
        self._edge = np.ones((rows, _HISTORY + 1))
        self._late_bound = np.zeros(self._delay_pools)

    def process(
        self, signal: Block, gain: Block | None, bound: Block
    ) -> tuple[Block, Block | None, Block]:
        """Return the corrected signal, this look's own gain and the bound for the next look.

        All three are late by ``latency_pools``. Blocks are multiples of the 4,096 grid.

        Args:
            signal: ``(channels, frames)``, the gain already applied.
            gain: That gain, ``(frames,)`` or ``(rows, frames)``; None where it is 1 throughout.
            bound: No interpolated value of a pool was above this before the gain, ``(pools,)``
                or ``(rows, pools)``.
        """
        bound = np.atleast_2d(bound)
        pools = bound.shape[1]
        joined = np.concatenate((self._signal, signal), axis=1)
        self._signal = joined[:, signal.shape[1] :]
        bounds = np.concatenate((self._bound, bound), axis=1)
        self._bound = bounds[:, pools:]
        edge_now = np.ones(bound.shape)
        if gain is not None:
            edge_now[:] = gain[..., POOL_FRAMES - 1 :: POOL_FRAMES]
        edges = np.concatenate((self._edge, edge_now), axis=1)
        self._edge = edges[:, pools:]

        measured = self._bounds(bounds, edges)
        recent = joined[:, self._delay_pools * POOL_FRAMES :]
        self._measure(recent, measured)
        demand = demanded_reduction(measured, self._ceiling)
        np.multiply(demand, _EXCESS, out=demand, casting="unsafe")
        own = self._smoother.process(demand)
        late = np.concatenate((self._late_bound, measured))
        self._late_bound = late[pools:]

        start = _REACH * POOL_FRAMES
        out = joined[:, start : start + signal.shape[1]]
        return (np.ascontiguousarray(out) if own is None else out * own), own, late[:pools]

    def _bounds(self, bounds: Block, edges: Block) -> Block:
        """Return what no interpolated value after the gain can pass, a pool, ``(pools,)``."""
        inner = slice(_REACH, bounds.shape[1] - _REACH)
        highest = np.maximum(edges[:, 1:], edges[:, :-1])
        out = (highest * bounds)[:, inner]
        slope = np.abs(np.diff(edges))
        if slope.any():
            out += (_SLOPE_FACTOR / POOL_FRAMES) * _window_max(slope) * _window_max(bounds)
        return np.asarray(out.max(axis=0))

    def _measure(self, signal: Block, bound: Block) -> None:
        """Replace every bound above the ceiling by the exact true peak of its pool."""
        over = bound > self._ceiling
        if not over.any():
            return
        first = _REACH * POOL_FRAMES - LEAD
        windows = np.lib.stride_tricks.sliding_window_view(signal[:, first:], _WIDTH, axis=1)
        for start in range(0, bound.shape[0], _GRID_POOLS):  # so that memory does not grow
            chosen = start + np.flatnonzero(over[start : start + _GRID_POOLS])
            if chosen.size:
                rows = windows[:, chosen * POOL_FRAMES].reshape(-1, _WIDTH)
                points = rows_times(rows, _BAND, most=8)  # few at a time
                highest = np.maximum(points.max(axis=1), -points.min(axis=1))
                bound[chosen] = highest.reshape(signal.shape[0], -1).max(axis=0)
