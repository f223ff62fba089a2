"""True peak: the largest value of the signal between its samples, by one fixed 16x kernel.

The kernel serves meter, limiter and tests alike: 16 phases of 192 taps, a Kaiser-windowed sinc
that cuts at half the sample rate. Its phase 0 is the identity, so no true peak is under the
sample peak; up to 0.49 of the sample rate each phase is within 0.02 dB of the exact value (0.005
dB up to 0.47), and between its 16 points a sine at 0.45 of the rate may hide 0.034 dB (ITU-R
BS.1770-5, Annex 2, attachment 1: 20 log10 cos(pi f / 16)).

Most of them need not be computed to know that they are low. Between two points of the kernel's
own grid, a and b, phase k is the straight line between them plus a remainder

    y_k = (1 - t) y_a + t y_b + sum_j q[j] x''[n + j],    x''[n] = x[n] - 2 x[n + 1] + x[n + 2],

because h_k less that line has no gain at DC and (nearly) no slope there, so it divides by the
second difference. So |y_k| <= max(|y_a|, |y_b|) + sum|q| max|x''|, with norms taken from the
very coefficients: no guess about the signal's spectrum. The norm is 0.79 between samples (a = 0,
b = 16), falls with each halving of the step, and music has small second differences: rows of 64
frames fall out after a few cheap operations, of the rest most after one phase of the sixteen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block
from mixmaster.dsp.products import Floats, rows_times

PHASES: Final = 16
TAPS: Final = 192
LEAD: Final = TAPS // 2 - 1
"""Taps before the frame's own sample; after it there is one more."""
ROW: Final = 64
"""Frames of a row, the unit of bounding and computing."""
MARGIN_ROWS: Final = 2
"""Rows on either side that a row's values and bounds reach into."""
_BETA: Final = 6.0  # Kaiser; about 63 dB for a transition from 0.49 to 0.51 of the rate
_WINDOW: Final = ROW + TAPS  # what the frames of one row see; the last is a spare, for alignment
_HOT: Final = 16.0  # +24 dBFS: from here on float32 could err by more than 1e-4 dB of full scale


def _make_kernel() -> Block:
    """Return the kernel, ``(16, 192)``: ``y[n + k/16] = sum_j kernel[k, j] x[n - 95 + j]``.

    A sinc that cuts at fs/2 under a Kaiser window over its 192 taps (Kaiser 1974), each phase
    normalised to a gain of 1 at DC.
    """
    distance = np.arange(PHASES * TAPS // 2 + 1) / PHASES
    window = np.i0(_BETA * np.sqrt(1.0 - (distance / (TAPS / 2)) ** 2)) / np.i0(_BETA)
    half = np.sinc(distance) * window
    half[PHASES::PHASES] = 0.0  # sinc's rounding: phase 0 is the identity to the bit
    phase = np.arange(PHASES)[:, None]
    tap = np.arange(TAPS)[None, :] - LEAD
    kernel = half[np.abs(phase - PHASES * tap)]
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True))


KERNEL: Final = _make_kernel()


@dataclass(frozen=True, slots=True)
class Remainder:
    """How far the kernel's other phases may lie above those at multiples of ``step``.

    Attributes:
        anchors: Factor on the largest magnitude at the anchors: 1, and twice the kernel's
            deviation from a slope of 1 at DC.
        near: Norm of the remainder over second differences that begin within 64 frames.
        far: Norm of the rest of it.
    """

    anchors: float
    near: float
    far: float


@cache
def remainder(step: int) -> Remainder:
    """Return the norms for anchors at every ``step``-th phase (16, 8 or 4)."""
    tap = np.arange(TAPS) - LEAD
    following = np.roll(KERNEL[0], 1)  # phase 16: the next frame's sample
    grid = np.concatenate([KERNEL, following[None, :]])
    slope = near = far = 0.0
    for k in range(PHASES):
        a = k - k % step
        t = (k - a) / step
        rest = grid[k] - (1.0 - t) * grid[a] - t * grid[a + step]
        deviation = float(rest @ tap)
        rest[LEAD] += deviation
        rest[LEAD + 1] -= deviation
        q = np.abs(np.cumsum(np.cumsum(rest))[:-2])  # rest = q * (1, -2, 1)
        close = np.abs(tap[:-2]) <= ROW
        slope = max(slope, abs(deviation))
        near, far = max(near, float(q[close].sum())), max(far, float(q[~close].sum()))
    return Remainder(1.0 + 2.0 * slope, near, far)


@cache
def _band(phases: tuple[int, ...], single: bool) -> Floats:
    """Return some phases as a matrix: 256 samples in, phases x 64 values out.

    Column ``p * 64 + i`` is phase ``phases[p]`` of frame i, whose first tap is sample i.
    """
    band = np.zeros((_WINDOW, len(phases), ROW))
    for i in range(ROW):
        band[i : i + TAPS, :, i] = KERNEL[list(phases)].T
    return band.reshape(_WINDOW, -1).astype(np.float32 if single else np.float64)


@cache
def _between(single: bool) -> Floats:
    """Return the twelve phases that are no quarters, ``(192, 12)``."""
    phases = [k for k in range(PHASES) if k % 4]
    return np.ascontiguousarray(KERNEL[phases].T, np.float32 if single else np.float64)


def _windows(samples: Floats, length: int, step: int) -> Floats:
    """Return overlapping windows along the last axis, a view."""
    views = np.lib.stride_tricks.sliding_window_view(samples, length, axis=-1)
    return np.asarray(views[..., ::step, :])


def _maxima(magnitudes: Floats, length: int = ROW) -> Floats:
    """Return the largest of each ``length`` neighbours, ``(rows, frames / length)``.

    Not being negative, floats order as the integers of the same bits, which reduce twice as
    fast; NaN comes out on top.
    """
    bits = magnitudes.reshape(-1).view(np.int32 if magnitudes.itemsize == 4 else np.int64)
    highest = np.maximum.reduceat(bits, np.arange(0, bits.size, length))
    return np.asarray(highest.view(magnitudes.dtype).reshape(magnitudes.shape[0], -1))


class Rows:
    """Rows of 64 frames of a signal, bounded and computed as far as is asked for.

    Args:
        samples: ``(channels, 64 * n)``, float32 or float64; the first and last two rows are
            margins, the ``n - 4`` between them are the rows that this is about. Row i of
            channel c has the index ``c * (n - 4) + i`` below.
    """

    def __init__(self, samples: Floats) -> None:
        channels = samples.shape[0]
        self.count = samples.shape[1] // ROW - 2 * MARGIN_ROWS
        first = MARGIN_ROWS * ROW - LEAD
        self._windows = _windows(samples[:, first:], _WINDOW, ROW)[:, : self.count]
        high = np.abs(samples)
        inner = slice(MARGIN_ROWS, MARGIN_ROWS + self.count)
        following = high[:, (inner.start + 1) * ROW : inner.stop * ROW + 1 : ROW]
        self.samples_high = np.maximum(_maxima(high)[:, inner], following).ravel()
        """Largest magnitude of the row's samples and the one after them, by index."""
        slopes = samples[:, 1:] - samples[:, :-1]
        bends = np.zeros((channels, samples.shape[1]), samples.dtype)
        np.subtract(slopes[:, 1:], slopes[:, :-1], out=bends[:, :-2])
        bent = _maxima(np.abs(bends, out=bends))
        two = np.maximum(bent[:, 1:], bent[:, :-1])
        three = np.maximum(two[:, 1:], two[:, :-1])
        five = np.maximum(three[:, 2:], three[:, :-2])
        self._near, self._far = three[:, 1:-1].ravel(), five.ravel()

    def bounds(self, step: int, anchors_high: Floats, rows: npt.NDArray[np.intp]) -> Floats:
        """Return what no value of each row exceeds.

        Args:
            step: The anchors are every ``step``-th phase: 16, 8 or 4.
            anchors_high: The largest magnitude at the anchors, ``(rows,)``, or of each frame,
                ``(rows, frames)``.
            rows: Indices.
        """
        norm = remainder(step)
        bend = norm.near * self._near[rows] + norm.far * self._far[rows]
        if anchors_high.ndim > 1:
            bend = bend[:, None]
        return np.asarray(norm.anchors * anchors_high + bend)

    def windows(self, rows: npt.NDArray[np.intp]) -> Floats:
        """Return the samples that the frames of each row see, ``(rows, 256)``, a copy."""
        return np.asarray(self._windows[rows // self.count, rows % self.count])


def magnitudes(windows: Floats, phases: tuple[int, ...]) -> Floats:
    """Return magnitudes at some phases, ``(rows, phases, 64)``.

    Args:
        windows: ``(rows, 256)`` samples, the first 95 before the row's own.
        phases: Which phases of the kernel, 0 to 15.
    """
    values = rows_times(windows, _band(phases, windows.dtype == np.float32))
    np.abs(values, out=values)
    return values.reshape(windows.shape[0], len(phases), ROW)


def quarter_magnitudes(windows: Floats, half: Floats) -> Floats:
    """Return each frame's largest magnitude at phases 0, 4, 8, 12 and 16, ``(rows, 64)``.

    Args:
        windows: ``(rows, 256)`` samples.
        half: What ``magnitudes`` gave for phase 8, ``(rows, 64)``.
    """
    quarters = magnitudes(windows, (4, 12))
    best = np.maximum(quarters[:, 0], quarters[:, 1])
    np.maximum(best, half, out=best)
    own = np.abs(windows[:, LEAD : LEAD + ROW + 1])
    np.maximum(best, own[:, :-1], out=best)
    return np.asarray(np.maximum(best, own[:, 1:], out=best))


def between_quarters(frames: Floats) -> Floats:
    """Return each frame's largest magnitude at the twelve other phases, ``(frames,)``.

    Args:
        frames: ``(frames, 192)`` samples, the first 95 before the frame's own.
    """
    values = rows_times(frames, _between(frames.dtype == np.float32))
    np.abs(values, out=values)
    highest = values[:, 0].copy()
    for column in values.T[1:]:
        np.maximum(highest, column, out=highest)
    return highest


class TruePeakDetector:
    """The largest interpolated magnitude of every frame, or of every few frames, streaming.

    Exact above a floor: computed by the whole kernel, in float32 with an error under 1e-6 of
    the loudest sample near by, in float64 where it may pass +24 dBFS.

    Args:
        channels: Channels of every block.
        pool_frames: Frames that share one value, their largest: a power of two up to 64. One
            value for 8 frames costs a fraction of 8 values: only frames that may hold the
            largest are computed.
        per_channel: Return a row for each channel instead of the largest of all.
    """

    latency_samples: Final = MARGIN_ROWS * ROW

    def __init__(self, channels: int, *, pool_frames: int = 1, per_channel: bool = False) -> None:
        assert pool_frames >= 1
        assert ROW % pool_frames == 0
        self.channels = channels
        self.pool_frames = pool_frames
        self.per_channel = per_channel
        self._history = np.zeros((channels, 2 * MARGIN_ROWS * ROW))

    def process(self, block: Block, floor: float = 0.0) -> Block:
        """Return the true peak of each frame or pool: ``(n,)``, or ``(channels, n)``.

        A frame's value covers the 17 points from its own sample to the next, both included.
        Value i, without pools, belongs to the frame 128 before the block's i-th. Feed 128
        frames of zeros for the last frames of a signal, and 95 more for what rings on after it.
        The same bytes come out of blocks of any length on the 4,096 grid.

        Args:
            block: ``(channels, frames)``, the frames a multiple of the pool's.
            floor: Values at or under it need not be exact: they are upper bounds, themselves
                at or under the floor. The higher it is, the less there is to do.
        """
        frames = block.shape[1]
        assert frames % self.pool_frames == 0
        floor = float(np.nextafter(np.float32(floor), np.float32(0.0)))  # compared in float32
        if not frames:
            return np.zeros((self.channels, 0) if self.per_channel else 0)
        count = -(-frames // ROW)
        samples = np.zeros((self.channels, (count + 2 * MARGIN_ROWS) * ROW))
        used = self._history.shape[1] + frames
        samples[:, : self._history.shape[1]] = self._history
        samples[:, self._history.shape[1] : used] = block
        self._history = samples[:, frames:used].copy()

        rows = Rows(samples.astype(np.float32))
        bounds = rows.bounds(PHASES, rows.samples_high, np.arange(self.channels * count))
        peaks = np.empty((self.channels * count, ROW // self.pool_frames))
        peaks[:] = np.minimum(bounds, floor)[:, None]
        kept = bounds > floor
        hot = bounds > _HOT
        if (kept & hot).any():
            self._refine(Rows(samples), np.flatnonzero(kept & hot), floor, peaks)
        if (kept & ~hot).any():
            self._refine(rows, np.flatnonzero(kept & ~hot), floor, peaks)
        out = peaks.reshape(self.channels, -1)[:, : frames // self.pool_frames]
        return np.ascontiguousarray(out if self.per_channel else out.max(axis=0))

    def _refine(self, rows: Rows, kept: npt.NDArray[np.intp], floor: float, peaks: Block) -> None:
        """Replace the bounds in ``peaks`` of the rows ``kept`` by values, or closer bounds."""
        windows = rows.windows(kept)
        half = magnitudes(windows, (8,))[:, 0]
        high = np.maximum(_maxima(half)[:, 0], rows.samples_high[kept])
        bounds = rows.bounds(8, high, kept)
        peaks[kept] = np.minimum(bounds, floor)[:, None]
        there = np.flatnonzero(bounds > floor)
        if not there.size:
            return
        windows, kept = windows[there], kept[there]
        best = quarter_magnitudes(windows, half[there])
        frame_bounds = rows.bounds(4, best, kept)
        highest = self._pooled(best)
        bar = np.maximum(highest, np.asarray(floor, highest.dtype))
        row, frame = np.nonzero(frame_bounds > np.repeat(bar, self.pool_frames, axis=1))
        views = np.lib.stride_tricks.sliding_window_view(windows, TAPS, axis=1)
        values = between_quarters(views[row, frame])
        np.maximum.at(highest, (row, frame // self.pool_frames), values)
        bound = np.minimum(self._pooled(frame_bounds), floor)
        peaks[kept] = np.where(highest > floor, highest, bound)

    def _pooled(self, values: Floats) -> Floats:
        """Return the largest of each pool, ``(rows, 64 / pool_frames)``."""
        return _maxima(values, self.pool_frames)
