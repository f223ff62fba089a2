"""The true-peak meter: the exact maximum of the 16x kernel over a whole signal."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block, Block32
from mixmaster.dsp.true_peak import (
    KERNEL,
    MARGIN_ROWS,
    PHASES,
    ROW,
    TAPS,
    Rows,
    between_quarters,
    magnitudes,
    quarter_magnitudes,
)
from mixmaster.metering.chunks import Chunks
from mixmaster.units import gain_to_db

_MARGIN: Final = 2 * MARGIN_ROWS * ROW
_SLACK: Final = 5e-6  # 4e-5 dB: what is surely not higher by more is not computed
_FIRST_ROWS: Final = 64  # the likeliest rows first: they raise the bar for the rest
_MORE_ROWS: Final = 512
_FRAMES: Final = 4_096


class TruePeakMeter:
    """The largest true peak of a signal, its ringing before and after included.

    The result is the maximum of all values of the kernel, to 1e-4 dB. Rows of 64 frames that
    by the kernel's own norms can not hold it are left out (see ``dsp/true_peak.py``).

    Args:
        sample_rate_hz: For the time in errors.
        channels: Channels of every block.
        where: What is measured, for errors.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, where: str = "") -> None:
        self.channels = channels
        self._chunks = Chunks(sample_rate_hz, channels, where)
        self._margin = np.zeros((channels, _MARGIN), np.float32)
        self._peak = 0.0

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``, of any length.

        Raises:
            SignalError: For NaN, infinity, or a sample over +300 dBFS.
        """
        for chunk in self._chunks.add(block):
            self.take(chunk)

    def take(self, chunk: Block32) -> None:
        """Take the next chunk of ``CHUNK_FRAMES``; only for callers that cut them themselves."""
        samples = np.concatenate([self._margin, chunk], axis=1)
        self._margin = samples[:, -_MARGIN:].copy()
        self._peak = max(self._peak, self._highest(samples))

    @property
    def peak(self) -> float:
        """The true peak so far as a magnitude, the signal taken to end here."""
        return self.peak_with(self._chunks.rest)

    def peak_with(self, rest: Block32) -> float:
        """Return ``peak`` when ``take``'s caller still holds ``rest``, not a whole chunk."""
        frames = 2 * _MARGIN + ROW * -(-rest.shape[1] // ROW)
        samples = np.zeros((self.channels, frames), np.float32)
        samples[:, :_MARGIN] = self._margin
        samples[:, _MARGIN : _MARGIN + rest.shape[1]] = rest
        return max(self._peak, self._highest(samples))

    def result(self) -> float | None:
        """Return the true peak so far in dBTP; None for digital silence."""
        peak = self.peak
        return gain_to_db(peak) if peak > 0.0 else None

    def _highest(self, samples: Block32) -> float:
        """Return the largest value in rows 2 to n - 3 of ``samples`` if it passes the peak."""
        rows = Rows(samples)
        search = _Search(rows, max(self._peak, float(rows.samples_high.max())))
        bounds = rows.bounds(PHASES, rows.samples_high, np.arange(rows.samples_high.size))
        kept = np.flatnonzero(bounds > search.bar)
        kept = kept[np.argsort(-bounds[kept], kind="stable")]
        start, length = 0, _FIRST_ROWS
        while start < kept.size:
            batch = kept[start : start + length]
            search.rows_of(batch[bounds[batch] > search.bar])
            start, length = start + length, _MORE_ROWS
        return search.peak


class _Search:
    """The highest value so far, and how it rises from row to row."""

    def __init__(self, rows: Rows, peak: float) -> None:
        self._rows = rows
        self.peak = peak

    @property
    def bar(self) -> float:
        """What a bound must pass for the row to be worth computing."""
        return self.peak * (1.0 + _SLACK)

    def rows_of(self, batch: npt.NDArray[np.intp]) -> None:
        """Search some rows: half-way values first, then quarters, then whole frames."""
        if not batch.size:
            return
        rows = self._rows
        windows = rows.windows(batch)
        half = magnitudes(windows, (8,))[:, 0]
        self._confirm(windows, half)
        high = np.maximum(half.max(axis=1), rows.samples_high[batch])
        there = np.flatnonzero(rows.bounds(8, high, batch) > self.bar)
        if not there.size:
            return
        windows, batch = windows[there], batch[there]
        best = quarter_magnitudes(windows, half[there])
        self._confirm(windows, best)
        bounds = rows.bounds(4, best, batch)
        views = np.lib.stride_tricks.sliding_window_view(windows, TAPS, axis=1)
        row, frame = np.nonzero(bounds > self.bar)
        for start in range(0, row.size, _FRAMES):
            some = slice(start, start + _FRAMES)
            frames = views[row[some], frame[some]]
            self._raise(frames, between_quarters(frames))

    def _confirm(self, windows: Block32, values: Block32) -> None:
        """Raise the peak if a frame's value passes it, computed anew in float64."""
        row, frame = divmod(int(values.argmax()), values.shape[1])
        if values[row, frame] > self.peak:
            self._raise(
                windows[row : row + 1, frame : frame + TAPS], values[row, frame : frame + 1]
            )

    def _raise(self, frames: Block32, values: Block32) -> None:
        best = int(values.argmax())
        if values[best] > self.peak:
            exact = np.abs(KERNEL @ frames[best].astype(np.float64))
            self.peak = max(self.peak, float(exact.max()))
