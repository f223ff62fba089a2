"""A curve applied at a multiple of the sample rate, by matrix products in single precision.

As in ``dsp/oversampling.py`` only what the curve *adds* goes through the resampling filters; the
caller adds it to the plain signal, which stays bit-exact. Since float32 carries the added part
alone, what rounding leaves lies 135 dB under the signal (rms).

Both filters are linear-phase windowed sincs. 32 frames of input beside the 64 before them, times
one matrix, are 32 frames at the high rate; back down, three pieces of 32 frames times a matrix
each are summed. A banded product spends a third of its work on zeros, and is still several times
as fast as filters, since it runs at the speed of BLAS. All products have one shape, so that
neither the block size nor the other channels touch a byte.

Passages in which the curve does nothing are passed over, cell of 4,096 frames by cell.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import GRID_FRAMES, Block, Block32
from mixmaster.dsp.oversampling import cutoff
from mixmaster.dsp.shaping import Shape

LATENCY_SAMPLES = 64
"""Half of it belongs to each filter: 64 taps a phase."""

_ROW = 32
"""Frames of one row of a matrix product; divides the grid and the latency."""

_ROWS = GRID_FRAMES // _ROW
_PIECES = LATENCY_SAMPLES // _ROW

_KAISER_BETA = 0.1102 * (90.0 - 8.7)
"""90 dB of rejection (J. Kaiser's formula, as in Oppenheim and Schafer, section 7.5).

With 64 taps a phase the transition is 0.09 fs wide.
"""

_CHUNK_SAMPLES = 65_536
"""Samples at the high rate worked on at once: few enough for the second-level cache."""


class PolyphaseOversampler:
    """Applies a curve at ``factor`` times the rate, ``LATENCY_SAMPLES`` late.

    The mean between neighbours lags by half a sample of the high rate; a downsampling kernel
    of even length makes it a whole one again.

    Args:
        factor: How many times the rate: 1, 2, 4, 8 or 16.
        channels: Channels of every block.
        sample_rate_hz: The plain rate, which sets the filters' corner.
        shape: The curve.
    """

    def __init__(self, factor: int, channels: int, sample_rate_hz: int, shape: Shape) -> None:
        self.factor = factor
        self._shape = shape
        corner = cutoff(sample_rate_hz) / factor
        taps = LATENCY_SAMPLES * factor
        up = factor * _low_pass(corner, taps + 1)
        down = _low_pass(corner, taps)
        # Row i of the window is frame i - 64, column j the high sample j.
        window, high = np.arange(LATENCY_SAMPLES + _ROW), np.arange(factor * _ROW)
        self._up = _banded(up, high[None, :] - factor * (window[:, None] - LATENCY_SAMPLES))
        # Row i of a window is its high sample, column j the frame it comes out in.
        window, low = np.arange((_PIECES + 1) * factor * _ROW), np.arange(_ROW)
        banded = _banded(down, factor * (low[None, :] + LATENCY_SAMPLES) - window[:, None])
        self._down = [np.ascontiguousarray(part) for part in np.split(banded, _PIECES + 1)]
        # No interpolated value exceeds this many times the largest sample around it.
        overshoot = max(np.abs(up[phase::factor]).sum() for phase in range(factor))
        self._clean_below = shape.clean_below / float(overshoot)
        self._most_cells = _CHUNK_SAMPLES // (factor * GRID_FRAMES)
        self._past = np.zeros((channels, LATENCY_SAMPLES), dtype=np.float32)
        self._past_added = np.zeros((channels, factor * LATENCY_SAMPLES), dtype=np.float32)
        self._last = np.zeros(channels, dtype=np.float32)
        self._bent = [False] * channels
        self._ended = False

    def process(self, block: Block) -> Block:
        """Return what the curve adds to the driven signal, ``(channels, frames)``.

        Only a signal's last block may be other than a multiple of 4,096 frames.
        """
        channels, frames = block.shape
        assert frames == 0 or not self._ended, "only the last block may leave the grid"
        self._ended = frames % GRID_FRAMES != 0
        cells = -(-frames // GRID_FRAMES)
        line = np.empty((channels, LATENCY_SAMPLES + cells * GRID_FRAMES), dtype=np.float32)
        line[:, :LATENCY_SAMPLES] = self._past
        line[:, LATENCY_SAMPLES : LATENCY_SAMPLES + frames] = block
        line[:, LATENCY_SAMPLES + frames :] = 0.0
        self._past[:] = line[:, cells * GRID_FRAMES :]
        out = np.zeros((channels, cells * GRID_FRAMES))
        for channel in range(channels):
            self._channel(line[channel], channel, out[channel])
        return out if out.shape[1] == frames else np.ascontiguousarray(out[:, :frames])

    def _channel(self, line: Block32, channel: int, out: Block) -> None:
        """Fill ``out`` with what is added to one channel."""
        cells = len(out) // GRID_FRAMES
        size = np.abs(line)
        largest = size[LATENCY_SAMPLES:].reshape(cells, GRID_FRAMES).max(axis=1)
        lead = size[:-LATENCY_SAMPLES].reshape(cells, GRID_FRAMES)[:, :LATENCY_SAMPLES]
        # Written so that NaN counts as bent.
        bent = ~(np.maximum(largest, lead.max(axis=1)) <= self._clean_below)
        cell = 0
        while cell < cells:
            stop = cell + 1
            if bent[cell]:
                while stop < cells and stop - cell < self._most_cells and bent[stop]:
                    stop += 1
                first, last = cell * GRID_FRAMES, stop * GRID_FRAMES
                self._chunk(line[first : last + LATENCY_SAMPLES], channel, out[first:last])
            elif self._bent[channel]:
                self._ring_out(channel, out[cell * GRID_FRAMES : stop * GRID_FRAMES])
            self._bent[channel] = bool(bent[cell])
            cell = stop

    def _chunk(self, line: Block32, channel: int, out: Block) -> None:
        """Fill ``out`` with what is added to a few cells, ``line`` beginning 64 frames earlier."""
        cells, width = len(out) // GRID_FRAMES, self.factor * _ROW
        windows = np.lib.stride_tricks.as_strided(
            line,
            (cells, _ROWS, LATENCY_SAMPLES + _ROW),
            (GRID_FRAMES * line.itemsize, _ROW * line.itemsize, line.itemsize),
            writeable=False,
        )
        high = np.empty(1 + self.factor * len(out), dtype=np.float32)
        high[0] = (
            self._last[channel]
            if self._bent[channel]
            else line[:LATENCY_SAMPLES] @ self._up[_ROW:, -1]
        )
        np.matmul(windows.copy(), self._up, out=high[1:].reshape(cells, _ROWS, width))
        self._last[channel] = high[-1]
        past = self._past_added.shape[1]
        joined = np.empty(past + len(high) - 1, dtype=np.float32)
        joined[:past] = self._past_added[channel]
        joined[past:] = self._shape.added(high)
        self._past_added[channel] = joined[-past:]
        self._lower(joined, out)

    def _ring_out(self, channel: int, out: Block) -> None:
        """Fill one clean cell with what the bent one before it has left."""
        past = self._past_added.shape[1]
        joined = np.zeros(past + self.factor * GRID_FRAMES, dtype=np.float32)
        joined[:past] = self._past_added[channel]
        self._past_added[channel] = 0.0
        self._lower(joined, out)

    def _lower(self, joined: Block32, out: Block) -> None:
        """Fill ``out`` with ``joined``, 64 frames longer, low-passed and thinned out."""
        cells, width = len(out) // GRID_FRAMES, self.factor * _ROW
        total: Block32 | None = None
        for piece, matrix in enumerate(self._down):
            start = piece * width
            rows = joined[start : start + self.factor * len(out)].reshape(cells, _ROWS, width)
            part = np.matmul(rows, matrix)
            total = part if total is None else np.add(total, part, out=total)
        assert total is not None
        out[:] = total.reshape(-1)


def _low_pass(corner: float, taps: int) -> Block:
    """Return a windowed sinc with its corner at that fraction of the rate, its sum 1."""
    centred = np.arange(taps) - 0.5 * (taps - 1)
    kernel = np.sinc(2.0 * corner * centred) * np.kaiser(taps, _KAISER_BETA)
    return np.asarray(kernel / kernel.sum())


def _banded(kernel: Block, index: npt.NDArray[np.intp]) -> Block32:
    """Return ``kernel[index]``, zero where there is no such tap."""
    inside = (index >= 0) & (index < len(kernel))
    return np.where(inside, kernel[np.clip(index, 0, len(kernel) - 1)], 0.0).astype(np.float32)
