"""How signals of related microphones lie to each other: delay and polarity.

The generalised cross-correlation with phase transform (Knapp and Carter, "The generalized
correlation method for estimation of time delay", IEEE Trans. ASSP 24(4), 1976) of averaged cross
spectra. Three weightings of one and the same phase: the plain phase transform, which trusts every
frequency alike; the phase transform weighted by the magnitude-squared coherence, which trusts
those that the two signals share; and the maximum-likelihood weighting coherence / (1 - coherence)
(Hannan and Thomson, 1973). Where they differ, the path between the two microphones is no mere
delay, and the difference says how far it is from one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block

Spectrum = npt.NDArray[np.complexfloating]
"""A cross spectrum, ``(bins,)``."""

Spectra = npt.NDArray[np.complex64]
"""Spectra of segments, ``(..., segments, bins)``."""

LARGEST_DELAY_MS = 20.0
"""Farther apart, two channels are not microphones of one performance: 20 ms are 6.9 m of air."""

LOWEST_HZ = 40.0
HIGHEST_HZ = 8_000.0
"""Between these the phase is looked at: beneath is rumble, above lossy codecs make up noise."""

BANDS_HZ = (40.0, 80.0, 160.0, 320.0, 640.0, 1_250.0, 2_500.0, 5_000.0, HIGHEST_HZ)
"""Edges of the bands that are asked separately."""

_SEGMENT_S = 0.186
"""Nine times the largest delay, so that a delayed segment still holds most of what the other does;
8,192 frames at 44.1 kHz."""

_OVERSAMPLED = 2
_SUPPORT = 0.7
"""A band agrees with a delay where its correlation there is at least this share of its own best."""

_LARGEST_COHERENCE = 0.98
"""The maximum-likelihood weight is capped here: rounding must not make one bin outweigh all."""

_TINY = 1e-30


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest place of a phase correlation within the largest delay.

    Attributes:
        delay_ms: How much later the second signal is.
        value: The correlation there, -1 to 1; negative for opposite polarity.
        rival: The highest value of the opposite sign, as a magnitude.
    """

    delay_ms: float
    value: float
    rival: float


class CrossSpectra:
    """Averaged cross spectra between channels, by Welch's method (Hann windows, half overlapping).

    Args:
        sample_rate_hz: The rate of all channels.
        channels: How many.

    Attributes:
        frequencies_hz: ``(bins,)``.
        matrix: The sums so far, ``(bins, channels, channels)``: element i, j is
            conj(X_i) X_j, summed over segments.
        segments: How many segments were added.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.segment_frames = 1 << round(math.log2(_SEGMENT_S * sample_rate_hz))
        self.hop_frames = self.segment_frames // 2
        resolution_hz = sample_rate_hz / self.segment_frames
        self._first = math.ceil(LOWEST_HZ / resolution_hz)
        top_hz = min(HIGHEST_HZ, 0.45 * sample_rate_hz)
        self._stop = math.floor(top_hz / resolution_hz)
        self.frequencies_hz = np.arange(self._first, self._stop) * resolution_hz
        self._window = np.hanning(self.segment_frames + 1)[:-1].astype(np.float32)
        self.matrix = np.zeros((self._stop - self._first, channels, channels), dtype=np.complex128)
        self.segments = 0

    def passage_frames(self, seconds: float) -> int:
        """Return the length of a passage of about so many seconds: a whole number of segments."""
        hops = max(1, round(seconds * self.sample_rate_hz / self.hop_frames) - 1)
        return (hops + 1) * self.hop_frames

    def spectra(self, channel: Block) -> Spectra:
        """Return one channel's segments, ``(segments, bins)``; frames that fill none are left out.

        Args:
            channel: ``(frames,)``.
        """
        from scipy.fft import rfft

        if channel.size < self.segment_frames:
            return np.zeros((0, self._stop - self._first), dtype=np.complex64)
        single = channel.astype(np.float32)
        cut = np.lib.stride_tricks.sliding_window_view(single, self.segment_frames)
        spectra = rfft(cut[:: self.hop_frames] * self._window, axis=1)
        return np.asarray(spectra[:, self._first : self._stop], dtype=np.complex64)

    def add(self, spectra: Spectra) -> npt.NDArray[np.complex64]:
        """Add a passage and return its own sums, ``(bins, channels, channels)``.

        Args:
            spectra: ``(channels, segments, bins)``.
        """
        by_bin = np.ascontiguousarray(spectra.transpose(2, 0, 1))
        own = np.asarray(by_bin.conj() @ by_bin.transpose(0, 2, 1))
        self.matrix += own
        self.segments += spectra.shape[1]
        return own

    def correlation(self, cross: Spectrum, weights: Block) -> tuple[Block, Block]:
        """Return delays in ms and the weighted phase correlation at each.

        Args:
            cross: ``(bins,)``.
            weights: ``(bins,)``, 0 or more.
        """
        from scipy.fft import irfft

        frames = self.segment_frames * _OVERSAMPLED
        padded = np.zeros(frames // 2 + 1, dtype=np.complex128)
        padded[self._first : self._stop] = weights * cross / (np.abs(cross) + _TINY)
        total = float(weights.sum())
        folded = irfft(padded, frames) * (frames / 2 / total if total > 0.0 else 0.0)
        rate_hz = self.sample_rate_hz * _OVERSAMPLED
        reach = math.ceil(LARGEST_DELAY_MS * 1e-3 * rate_hz)
        delays_ms = np.arange(-reach, reach + 1) / rate_hz * 1e3
        return delays_ms, np.concatenate([folded[-reach:], folded[: reach + 1]])

    def peak(self, cross: Spectrum, weights: Block) -> Peak:
        """Return where the weighted phase correlation of a cross spectrum is largest."""
        return peak_of(*self.correlation(cross, weights))


def peak_of(delays_ms: Block, values: Block) -> Peak:
    """Return the largest place of a correlation of either sign, between samples by a parabola."""
    at = int(np.argmax(np.abs(values)))
    sign = 1.0 if values[at] >= 0.0 else -1.0
    rival = float(max(0.0, (-sign * values).max()))
    if not 0 < at < values.size - 1:
        return Peak(float(delays_ms[at]), float(values[at]), rival)
    before, here, after = (sign * values[at - 1 : at + 2]).tolist()
    bend = before - 2.0 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
    step = float(delays_ms[1] - delays_ms[0])
    value = sign * (here - 0.25 * (before - after) * shift)
    return Peak(float(delays_ms[at]) + shift * step, value, rival)


def coherence(cross: Spectrum, first: Block, second: Block) -> Block:
    """Return the magnitude-squared coherence, 0 to 1, from sums over the same segments.

    Args:
        cross: ``(bins,)``.
        first: Powers of the first signal, ``(bins,)``.
        second: Powers of the second.
    """
    ratio = np.abs(cross) ** 2 / (first * second + _TINY)
    return np.asarray(np.minimum(ratio, 1.0), dtype=np.float64)


def shared(coherent: Block, power: Block) -> float:
    """Return which share of a signal's power is coherent with the other, 0 to 1."""
    total = float(power.sum())
    return float((coherent * power).sum() / total) if total > 0.0 else 0.0


def likelihood_weights(coherent: Block) -> Block:
    """Return Hannan and Thomson's weights, coherence / (1 - coherence), capped."""
    capped = np.minimum(coherent, _LARGEST_COHERENCE)
    return np.asarray(capped / (1.0 - capped))


def bands_that_agree(
    spectra: CrossSpectra, cross: Spectrum, coherent: Block, peak: Peak, *, least_coherence: float
) -> tuple[int, int]:
    """Return how many bands support a delay and polarity, and how many have anything to say.

    Args:
        spectra: Knows the frequencies.
        cross: ``(bins,)``.
        coherent: Coherence, ``(bins,)``.
        peak: What is to be supported.
        least_coherence: A band of less, on average, has nothing to say.
    """
    sign = 1.0 if peak.value >= 0.0 else -1.0
    agree = asked = 0
    for low_hz, high_hz in pairwise(BANDS_HZ):
        inside = (spectra.frequencies_hz >= low_hz) & (spectra.frequencies_hz < high_hz)
        if not inside.any() or float(coherent[inside].mean()) < least_coherence:
            continue
        asked += 1
        delays_ms, values = spectra.correlation(cross, coherent * inside)
        here = sign * float(np.interp(peak.delay_ms, delays_ms, values))
        agree += here >= _SUPPORT * float(np.abs(values).max())
    return agree, asked
