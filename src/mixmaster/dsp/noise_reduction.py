"""Noise reduction: each frequency turned down as far as noise is all that there is.

Short-time spectra of about 43 ms, four to a window. The gain is the minimum mean-square error
estimator of the log-spectral amplitude (Y. Ephraim and D. Malah, IEEE Trans. ASSP 33(2), 1985)
with their decision-directed signal-to-noise ratio (ASSP 32(6), 1984), which follows the signal at
once when it rises and averages where there is only noise: that is what keeps musical noise away
(O. Cappé, IEEE Trans. Speech and Audio Processing 2(2), 1994).

Spectra lie at fixed frames, counted from the session's zero, and are worked in cells of 4,096
frames: the block size does not touch a byte. What is computed is what goes: where the gain is 1
the signal passes bit for bit.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import GRID_FRAMES, Block, zeros
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.noise_floor import SMOOTHING_S, MinimumTracker
from mixmaster.units import db_to_power

WINDOW_S = 0.043
_HOPS = 4
_AHEAD_S = 0.75
_BACK_S = 3.75
"""The noise is looked for so far ahead and back."""

_DIRECTED = 0.98  # Ephraim and Malah 1984, section V: the weight of the decision before
_LEAST_SNR = db_to_power(-25.0)  # Cappé 1994: under it the residue of noise fluctuates
_LEAST_POWER = 1e-24
"""Under -240 dBFS there is no noise, only rounding."""

_OCTAVES = (-24, 8)
_STEPS = 128  # an octave: the table errs by 0.01 dB at most

_Spectra = npt.NDArray[np.complex128]


def window_frames(sample_rate_hz: int) -> int:
    """Return the window's length: the power of two nearest to 43 ms, at most four cells."""
    return min(1 << round(math.log2(WINDOW_S * sample_rate_hz)), _HOPS * GRID_FRAMES)


def powers_of(spectra: _Spectra) -> Block:
    """Return the squared magnitudes of spectra, of the same shape."""
    return np.asarray(np.square(spectra.real) + np.square(spectra.imag))


def noise_profile(noise: Block, sample_rate_hz: int) -> Block:
    """Return the mean power spectrum of a recording of the noise alone, ``(channels, bins)``.

    Args:
        noise: ``(channels, frames)``, at least one window long.
        sample_rate_hz: Its rate.
    """
    from scipy.fft import rfft

    frames = window_frames(sample_rate_hz)
    assert noise.shape[1] >= frames
    window = _hann(frames)
    total = np.zeros((noise.shape[0], frames // 2 + 1))
    starts = range(0, noise.shape[1] - frames + 1, frames // 2)
    for start in starts:
        total += powers_of(rfft(noise[:, start : start + frames] * window))
    return total / len(starts)


class NoiseReducer:
    """Turns noise down in streaming blocks.

    Args:
        channels: Channels of every block.
        sample_rate_hz: The rate.
        profile: The noise's power spectrum, ``(channels, bins)`` or ``(1, bins)``; None finds it
            in the signal and follows it.
        sensitivity: By how much the noise found is taken to be stronger, as a power.

    Attributes:
        latency_samples: How late the output is.
        tail_samples: For how long sound may go on after the input's end and the latency.
        memory_samples: How much of the past matters.
    """

    def __init__(
        self,
        channels: int,
        sample_rate_hz: int,
        *,
        profile: Block | None = None,
        sensitivity: float = 1.0,
    ) -> None:
        frames = window_frames(sample_rate_hz)
        self._window = _hann(frames)
        self._hop = frames // _HOPS
        bins = frames // 2 + 1
        look = back = 0
        self._tracker: MinimumTracker | None = None
        self._noise = np.zeros((channels, bins))
        if profile is None:
            look, back = (
                max(1, round(seconds * sample_rate_hz / GRID_FRAMES))
                for seconds in (_AHEAD_S, _BACK_S)
            )
            smoothing = math.exp(-self._hop / (SMOOTHING_S * sample_rate_hz))
            self._tracker = MinimumTracker(channels, bins, back + 1 + look, smoothing)
        else:
            self._noise += profile * sensitivity
        self._sensitivity = sensitivity
        lag = frames - self._hop
        self.latency_samples = lag + look * GRID_FRAMES
        self.tail_samples = frames
        self.memory_samples = frames + (back + look) * GRID_FRAMES + sample_rate_hz
        self._plain = DelayLine(channels, self.latency_samples)
        self._past = zeros(channels, lag)
        self._heard = np.zeros((_HOPS - 1, channels), dtype=bool)
        self._floors = np.ones(frames // 2)
        self._waiting: deque[_Cell] = deque()
        self._look = look
        self._rule = _LogSpectralRule(channels, bins)
        self._over = zeros(channels, lag + GRID_FRAMES)

    def process(self, block: Block, floor: Block | float) -> Block:
        """Return the cleaned block, ``(channels, frames)``, late by the latency.

        Every block but the last has a multiple of 4,096 frames, all of them finite.

        Args:
            block: ``(channels, frames)``.
            floor: The least gain, linear, or one for each frame.
        """
        frames = block.shape[1]
        out = self._plain.process(block).copy()
        floors = np.broadcast_to(np.asarray(floor), (frames,))
        for start in range(0, frames, GRID_FRAMES):
            stop = min(start + GRID_FRAMES, frames)
            cell, least = block[:, start:stop], floors[start:stop]
            short = GRID_FRAMES - (stop - start)
            if short:  # the last cell of all
                cell = np.pad(cell, ((0, 0), (0, short)))
                least = np.pad(least, (0, short), mode="edge")
            self._take(cell, least)
            gone = self._give()
            if gone is not None:
                out[:, start:stop] -= gone[:, : stop - start]
        return out

    def _take(self, cell: Block, floors: Block) -> None:
        """Look at a cell and let it wait until what comes after it is known too."""
        from scipy.fft import rfft

        hop, frames = self._hop, self._window.size
        line = np.concatenate((self._past, cell), axis=1)
        self._past = line[:, GRID_FRAMES:].copy()
        chunks = np.abs(cell).reshape(len(cell), -1, hop).max(axis=2).T > 0.0
        heard: npt.NDArray[np.bool_] = np.concatenate((self._heard, chunks))
        self._heard = heard[len(chunks) :]
        least = np.concatenate((self._floors, floors))
        self._floors = least[GRID_FRAMES:]
        if not heard.any():
            self._waiting.append(_Cell(None, np.zeros(0)))
            if self._tracker is not None:
                self._tracker.skip()
            return
        cut = np.lib.stride_tricks.sliding_window_view(line, frames, axis=1)[:, ::hop]
        spectra = rfft(cut.transpose(1, 0, 2) * self._window)
        if self._tracker is not None:
            whole = np.lib.stride_tricks.sliding_window_view(heard, _HOPS, axis=0).min(axis=2)
            self._tracker.update(powers_of(spectra), whole)
        # The window's centre lies half a window before the end of its last hop.
        self._waiting.append(_Cell(spectra, least[hop : hop + GRID_FRAMES : hop]))

    def _give(self) -> Block | None:
        """Return what goes of the cell that has waited long enough; None for nothing."""
        from scipy.fft import irfft

        if len(self._waiting) <= self._look:
            return None
        cell = self._waiting.popleft()
        frames, hop = self._window.size, self._hop
        if cell.spectra is None:
            self._rule.rest()
        else:
            noise = self._noise
            if self._tracker is not None:
                noise = self._tracker.noise() * self._sensitivity
            gone = cell.spectra
            gone *= 1.0 - np.maximum(
                self._rule.gains(gone, noise), cell.floors[:, np.newaxis, np.newaxis]
            )
            parts = irfft(gone, frames) * (self._window / (0.375 * _HOPS))
            for number, part in enumerate(parts):
                self._over[:, number * hop : number * hop + frames] += part
        done = self._over[:, :GRID_FRAMES].copy()
        self._over[:, :-GRID_FRAMES] = self._over[:, GRID_FRAMES:]
        self._over[:, -GRID_FRAMES:] = 0.0
        return done


@dataclass(frozen=True, slots=True)
class _Cell:
    """The spectra of one cell, ``(hops, channels, bins)``; None for silence; the least gains."""

    spectra: _Spectra | None
    floors: Block


class _LogSpectralRule:
    """The gain of Ephraim and Malah, hop by hop."""

    def __init__(self, channels: int, bins: int) -> None:
        from scipy.special import exp1

        low, high = _OCTAVES
        octaves = np.arange(low * _STEPS, high * _STEPS + 1) / _STEPS
        self._table = np.exp(0.5 * exp1(np.exp2(octaves)))
        # Neighbouring windows share three quarters of their noise: a peak of it would vouch for
        # itself. Every second one shares 3 % (of power, for a Hann window).
        self._before = deque(np.zeros((2, channels, bins)))

    def rest(self) -> None:
        """Forget what was before: there is silence."""
        self._before = deque(np.zeros_like(self._before))

    def gains(self, spectra: _Spectra, noise: Block) -> Block:
        """Return gains from 0 to 1, ``(hops, channels, bins)``.

        Args:
            spectra: ``(hops, channels, bins)``.
            noise: Powers, ``(channels, bins)``.
        """
        over = 1.0 / np.maximum(noise, _LEAST_POWER)
        found = np.empty(spectra.shape)
        low, high = _OCTAVES
        powers = powers_of(spectra)
        fresh_share = 1.0 - _DIRECTED
        for power, gain in zip(powers, found, strict=True):
            after = power * over
            before = np.maximum(after - 1.0, 0.0)
            before *= fresh_share
            before += (_DIRECTED * over) * self._before.popleft()
            np.maximum(before, _LEAST_SNR, out=before)
            wiener = before / (1.0 + before)
            after *= wiener
            np.maximum(after, 2.0**low, out=after)
            place = (np.log2(after) - low) * _STEPS
            np.minimum(place, (high - low) * _STEPS, out=place)
            np.multiply(wiener, self._table[place.astype(np.intp)], out=gain)
            np.minimum(gain, 1.0, out=gain)
            self._before.append(np.square(gain) * power)
        return found


def _hann(frames: int) -> Block:
    """Return the periodic Hann window; its square sums to 0.375 a hop, times hops a window."""
    return np.asarray(0.5 - 0.5 * np.cos(2.0 * math.pi * np.arange(frames) / frames))
