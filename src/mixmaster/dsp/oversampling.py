"""A curve applied at a multiple of the sample rate, so that its harmonics do not fold back.

Only what the curve *adds* goes through the resampling filters: for a curve f the caller adds
f(x) - x to the plain signal. What is not bent stays bit-exact, whatever the filters do at the
top of the band.

The filters are linear-phase windowed sincs run as overlap-save by FFT, one transform per channel
and 4,096 frames, so that neither the block size nor the other channels touch a byte.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import GRID_FRAMES, Block, zeros

HALF_TAPS = 40
"""Half a kernel's length in frames of the plain rate; each of the two filters delays by that."""

LATENCY_SAMPLES = 2 * HALF_TAPS

_KAISER_BETA = 0.1102 * (110.0 - 8.7)
"""110 dB of rejection (J. Kaiser's formula, as in Oppenheim and Schafer, section 7.5).

With 80 taps a phase the transition is 0.09 fs wide.
"""


def cutoff(sample_rate_hz: int) -> float:
    """Return the filters' -6 dB point as a fraction of the rate.

    From 48 kHz on nothing folds back at all, and what lies under 0.41 of the rate (20 kHz) passes
    whole. Below that, 20 kHz still passes whole, and what folds stays above 20 kHz.
    """
    return 0.4585 if sample_rate_hz >= 48_000 else 0.5


class Curve(Protocol):
    """A memoryless nonlinearity f, given by what it adds to the signal."""

    @property
    def clean_below(self) -> float:
        """The magnitude up to which f(x) = x exactly; 0 if it bends everything."""

    def added(self, signal: Block) -> Block:
        """Return the mean of f(x) - x between neighbours, ``(frames + 1,)`` to ``(frames,)``."""


class Oversampler:
    """Applies a curve at ``factor`` times the rate, ``LATENCY_SAMPLES`` late.

    The mean between neighbours lags by half a sample of the high rate; a downsampling kernel
    of even length makes it a whole one again.

    Args:
        factor: How many times the rate; 1 or even.
        channels: Channels of every block.
        sample_rate_hz: The plain rate.
    """

    def __init__(self, factor: int, channels: int, sample_rate_hz: int) -> None:
        from scipy.fft import next_fast_len, rfft

        assert factor == 1 or factor % 2 == 0
        self.factor = factor
        length = next_fast_len(GRID_FRAMES + LATENCY_SAMPLES + 2, real=True)
        self._length = length + length % 2
        self._history = self._length - GRID_FRAMES
        corner = cutoff(sample_rate_hz) / factor
        up = factor * _low_pass(corner, 2 * HALF_TAPS * factor + 1)
        down = _low_pass(corner, 2 * HALF_TAPS * factor)
        self._up = rfft(up, factor * self._length)
        self._down = rfft(down, factor * self._length)
        # No interpolated value exceeds this many times the largest sample around it.
        self._overshoot = float(max(np.abs(up[phase::factor]).sum() for phase in range(factor)))
        self._past = zeros(channels, self._history)
        self._past_added = zeros(channels, factor * self._history)
        self._bent = [False] * channels
        self._ended = False

    def process(self, block: Block, curve: Curve) -> Block:
        """Return what ``curve`` adds to the signal, ``(channels, frames)``.

        Only a signal's last block may be other than a multiple of 4,096 frames.
        """
        channels, frames = block.shape
        assert frames == 0 or not self._ended, "only the last block may leave the grid"
        self._ended = frames % GRID_FRAMES != 0
        out = np.empty_like(block, order="C")
        cell = zeros(channels, self._length)
        for start in range(0, frames, GRID_FRAMES):
            count = min(GRID_FRAMES, frames - start)
            cell[:, : self._history] = self._past
            cell[:, self._history : self._history + count] = block[:, start : start + count]
            cell[:, self._history + count :] = 0.0
            for channel in range(channels):
                added = self._cell(cell[channel], channel, curve)
                out[channel, start : start + count] = added[:count]
            self._past[:] = cell[:, GRID_FRAMES:]
        return out

    def _cell(self, signal: Block, channel: int, curve: Curve) -> Block:
        """Return what is added to one channel's newest 4,096 frames."""
        from scipy.fft import irfft, rfft

        history = self.factor * self._history
        # Written so that NaN counts as bent.
        clean = bool(np.max(np.abs(signal)) * self._overshoot <= curve.clean_below)
        if clean and not self._bent[channel]:
            return np.zeros(GRID_FRAMES)
        joined = np.empty(self.factor * self._length)
        joined[:history] = self._past_added[channel]
        if clean:
            joined[history:] = 0.0
        else:
            spectrum = _repeat(rfft(signal), self.factor) * self._up
            high = irfft(spectrum, self.factor * self._length)
            joined[history:] = curve.added(high[history - 1 :])
        self._past_added[channel] = joined[-history:]
        self._bent[channel] = bool(np.any(joined[-history:]))
        folded = _fold(rfft(joined) * self._down, self.factor, self._length)
        return np.asarray(irfft(folded, self._length)[self._history :])


def _low_pass(corner: float, taps: int) -> Block:
    """Return a windowed sinc with its corner at that fraction of the rate, its sum 1."""
    centred = np.arange(taps) - 0.5 * (taps - 1)
    kernel = np.sinc(2.0 * corner * centred) * np.kaiser(taps, _KAISER_BETA)
    return np.asarray(kernel / kernel.sum())


def _repeat(spectrum: npt.NDArray[np.complex128], factor: int) -> npt.NDArray[np.complex128]:
    """Return the half spectrum of the signal with ``factor - 1`` zeros after each sample."""
    if factor == 1:
        return spectrum
    period = np.concatenate((spectrum, np.conj(spectrum[-2:0:-1])))
    return np.concatenate((np.tile(period, factor // 2), spectrum[:1]))


def _fold(
    spectrum: npt.NDArray[np.complex128], factor: int, length: int
) -> npt.NDArray[np.complex128]:
    """Return the half spectrum, for ``length`` frames, of every ``factor``-th sample."""
    if factor == 1:
        return spectrum
    half = length // 2 + 1
    total = spectrum[:half].copy()
    for turn in range(1, factor // 2):
        total += spectrum[turn * length : turn * length + half]
    for turn in range(1, factor // 2 + 1):
        stop = turn * length - half
        total += np.conj(spectrum[turn * length : stop if stop >= 0 else None : -1])
    return np.asarray(total / factor)
