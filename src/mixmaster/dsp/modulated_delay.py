"""Delays that move while they run, with and without feedback.

Sound is read between samples by the interpolator of ``dsp/interpolation.py``, with its error.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import GRID_FRAMES, Block, zeros
from mixmaster.dsp.interpolation import COEFFICIENTS, HALF_TAPS, TAPS, farrow, powers
from mixmaster.dsp.sos import SosFilter

SHORTEST_SAMPLES = HALF_TAPS
"""A shorter delay would need the future."""

SHORTEST_LOOP_SAMPLES = HALF_TAPS + 8
"""The same in a loop, which is worked in chunks of what is left beyond the interpolator's half."""

_VANISHED = 1e-30
"""What a cell of 4,096 frames feeds back below this is nothing: no denormals, no endless work."""

_ROW = 32
"""Frames of one row of a matrix product; divides the grid."""


class ModulatedDelay:
    """Moving delays without feedback: as many readers as one likes of one signal.

    The signal passes the fixed part of the interpolator once, as a matrix product of fixed
    shape; each reader then only evaluates a polynomial a frame. Neither the block size nor the
    other channels touch a byte.

    Args:
        channels: Channels of every block.
        longest_samples: No delay will be longer.
    """

    def __init__(self, channels: int, longest_samples: float) -> None:
        self._history = math.ceil(longest_samples) + 1
        self._past = zeros(channels, TAPS - 1)
        self._polynomials = np.zeros((channels, COEFFICIENTS, self._history + GRID_FRAMES))
        self._silent_frames = [self._history] * channels
        # Row i of a window is frame i - 31, column j the polynomial of place j - 16.
        tap = np.arange(TAPS - 1 + _ROW)[:, None] - np.arange(_ROW)[None, :]
        inside = (tap >= 0) & (tap < TAPS)
        self._matrix = np.where(inside, farrow()[:, np.clip(tap, 0, TAPS - 1)], 0.0)

    def process(self, block: Block, delays: Block) -> Block:
        """Return the sum of what the readers hear, ``(channels, frames)``.

        Only a signal's last block may be other than a multiple of 4,096 frames.

        Args:
            block: ``(channels, frames)``.
            delays: In frames, ``(readers, channels, frames)``, between ``SHORTEST_SAMPLES`` and
                ``longest_samples``.
        """
        channels, frames = block.shape
        out = np.zeros((channels, frames))
        for start in range(0, frames, GRID_FRAMES):
            stop = min(start + GRID_FRAMES, frames)
            for channel in range(channels):
                if self._load(block[channel, start:stop], channel):
                    for reader in delays:
                        self._read(reader[channel, start:stop], channel, out[channel, start:stop])
        return out

    def _load(self, signal: Block, channel: int) -> bool:
        """Take in up to 4,096 frames; return whether there is anything to hear."""
        line = np.zeros(TAPS - 1 + GRID_FRAMES)
        line[: TAPS - 1] = self._past[channel]
        line[TAPS - 1 : TAPS - 1 + len(signal)] = signal
        self._past[channel] = line[GRID_FRAMES:]
        kept = self._polynomials[channel]
        if not np.any(line):
            if self._silent_frames[channel] >= self._history:
                return False
            self._silent_frames[channel] += GRID_FRAMES
            kept[:, : self._history] = kept[:, GRID_FRAMES:].copy()
            kept[:, self._history :] = 0.0
            return True
        self._silent_frames[channel] = 0
        kept[:, : self._history] = kept[:, GRID_FRAMES:].copy()
        rows = np.lib.stride_tricks.sliding_window_view(line, TAPS - 1 + _ROW)[::_ROW]
        product = np.matmul(np.ascontiguousarray(rows), self._matrix)
        kept[:, self._history :] = product.reshape(COEFFICIENTS, GRID_FRAMES)
        return True

    def _read(self, delay: Block, channel: int, out: Block) -> None:
        """Add what is heard ``delay`` frames ago."""
        whole = np.ceil(delay)
        place = whole - delay
        place -= 0.5
        at = whole.astype(np.intp)
        np.subtract(
            np.arange(self._history + HALF_TAPS, len(delay) + self._history + HALF_TAPS), at, out=at
        )
        kept = self._polynomials[channel]
        value = kept[-1].take(at)
        for row in kept[-2::-1]:
            value *= place
            value += row.take(at)
        out += value


class ModulatedLoop:
    """Moving delays with feedback: w[n] = v(n - d[n]), v = F(x + g w), F a filter.

    Worked in chunks no longer than the shortest delay leaves, which never reach over the grid of
    4,096 frames: where they lie does not depend on the block size.

    Args:
        channels: Channels of every block.
        shortest_samples: No delay will be shorter; at least ``SHORTEST_LOOP_SAMPLES``.
        longest_samples: No delay will be longer.
        colour: The cascade F, ``(sections, 6)``; none is no filter.
        crossed: Whether an echo comes back on the other channel (two channels).
    """

    def __init__(
        self,
        channels: int,
        shortest_samples: float,
        longest_samples: float,
        colour: Block,
        *,
        crossed: bool = False,
    ) -> None:
        assert SHORTEST_LOOP_SAMPLES <= shortest_samples <= longest_samples
        self._chunk = math.floor(shortest_samples) - HALF_TAPS
        self._filter = SosFilter(colour, channels) if len(colour) else None
        self._crossed = crossed
        self._past = zeros(channels, math.ceil(longest_samples) + HALF_TAPS)
        self._silent_frames = self._past.shape[1]  # what is kept holds that many zeros at its end

    def process(self, block: Block, delays: Block, feedback: Block | float) -> Block:
        """Return the echoes alone, ``(channels, frames)``.

        Only a signal's last block may be other than a multiple of 4,096 frames.

        Args:
            block: ``(channels, frames)``.
            delays: In frames, ``(channels, frames)``.
            feedback: How much of an echo comes back, between -1 and 1: a number, ``(frames,)``.
        """
        channels, frames = block.shape
        past = self._past.shape[1]
        line = np.empty((channels, past + frames))
        line[:, :past] = self._past
        out = np.empty((channels, frames))
        gain = np.broadcast_to(np.asarray(feedback), (frames,))
        windows = np.lib.stride_tricks.sliding_window_view(line.reshape(-1), TAPS)
        for cell in range(0, frames, GRID_FRAMES):
            end = min(cell + GRID_FRAMES, frames)
            if self._silent_frames >= past and not np.any(block[:, cell:end]):
                line[:, past + cell : past + end] = 0.0
                out[:, cell:end] = 0.0
                continue
            at, taps = self._readings(delays[:, cell:end], past + cell, line.shape[1])
            for start in range(cell, end, self._chunk):
                stop = min(start + self._chunk, end)
                inner = slice(start - cell, stop - cell)
                echo = np.einsum("cnt,cnt->cn", windows[at[:, inner]], taps[:, inner])
                out[:, start:stop] = echo
                back = echo[::-1] if self._crossed else echo
                fresh = block[:, start:stop] + gain[start:stop] * back
                if self._filter is not None:
                    fresh = self._filter.process(fresh)
                line[:, past + start : past + stop] = fresh
            written = line[:, past + cell : past + end]
            self._silent_frames += end - cell
            # Written so that NaN counts as loud.
            if np.max(np.abs(written)) < _VANISHED:
                written[:] = 0.0
            else:
                self._silent_frames = 0
        self._past = line[:, frames:].copy()
        return out

    @staticmethod
    def _readings(delays: Block, start: int, length: int) -> tuple[npt.NDArray[np.intp], Block]:
        """Return for each frame of a cell where its window begins, and its taps."""
        channels, frames = delays.shape
        at = np.empty((channels, frames), dtype=np.intp)
        taps = np.empty((channels, GRID_FRAMES, TAPS))
        places = np.zeros(GRID_FRAMES)
        for channel in range(channels):
            whole = np.ceil(delays[channel])
            places[:frames] = whole - delays[channel]
            np.matmul(powers(places), farrow(), out=taps[channel])
            first = channel * length + start - (HALF_TAPS - 1)
            at[channel] = np.arange(first, first + frames) - whole.astype(np.intp)
        return at, taps


class Glide:
    """A curve that takes its time: two equal poles, from rest at its first value.

    Args:
        samples: The time constant of each.

    Attributes:
        settle_samples: After how much it has forgotten its past, within -120 dB.
    """

    def __init__(self, samples: float) -> None:
        pole = math.exp(-1.0 / samples)
        self._filter = SosFilter(
            np.array([[(1.0 - pole) ** 2, 0.0, 0.0, 1.0, -2.0 * pole, pole * pole]]), 1
        )
        self._first: float | None = None
        self.settle_samples = math.ceil(18.0 * samples)

    def process(self, curve: Block) -> Block:
        """Return the glided curve, ``(frames,)``."""
        if self._first is None:
            self._first = float(curve[0]) if curve.size else None
        if self._first is None:
            return curve
        moved = self._filter.process((curve - self._first)[None])[0]
        return np.asarray(moved + self._first)
