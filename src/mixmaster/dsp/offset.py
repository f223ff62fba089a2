"""How much later one recording of a song starts than another, whatever was done to its sound.

First roughly, by the onsets: how much the energy of the whole band and of its highs rises every
5 ms, correlated over all of both songs; levels, equalising and compression hardly touch when
things begin. Then, around each likely place, by the phase correlation of passages spread over
the song (``dsp/alignment.py``), to fractions of a sample. Two different songs have likely places,
too, but nothing agrees there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.alignment import LARGEST_DELAY_MS, CrossSpectra, Peak, coherence, peak_of

LARGEST_OFFSET_S: Final = 60.0
"""Farther apart, nobody meant two files to be versions of one song."""

PASSAGE_S: Final = 3.0
"""Length of the passages that are compared closely."""

ONSETS_PER_SECOND: Final = 200

_FLOOR: Final = 1e-9
"""Energy under -90 dBFS is taken for silence: its rises say nothing."""

_LARGEST_RISE: Final = 2.0
"""Nepers of energy, 9 dB: what begins after digital silence must not outweigh all else."""

_PLACES: Final = 6
_PASSAGES: Final = 5
_LEAST_SIMILARITY: Final = 0.35
"""Masters of one mix reach 0.9, with a drift of 30 ppm 0.6; other songs stay below 0.3."""

_AGREEING: Final = 0.2
"""A passage by itself counts from here on: fewer segments, more chance."""

_LEAST_PASSAGES: Final = 3

Passage = Callable[[float, float], Block]
"""Gives ``(frames,)`` of a song, mixed to mono, from a time in seconds and of a length."""


@dataclass(frozen=True, slots=True)
class Offset:
    """Where the second song lies in the first one's time.

    Attributes:
        seconds: How much later it is.
        inverted: Whether its polarity is opposite.
        similarity: Height of the phase correlation's peak, 0 to 1.
        drift_ppm: How much faster time runs in it; None where that cannot be told.
    """

    seconds: float
    inverted: bool
    similarity: float
    drift_ppm: float | None


class Onsets:
    """How much energy rises, ``ONSETS_PER_SECOND`` times a second.

    Args:
        sample_rate_hz: Of the blocks.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate = sample_rate_hz
        self._start = 0  # of what is not summed yet
        self._before = 0.0
        self._rest = np.zeros((2, 0))
        self._parts: list[Block] = [np.zeros((2, 0))]

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``, of any length."""
        if not block.shape[1]:
            return
        mono = block.mean(axis=0)
        waiting = self._rest.shape[1]
        squares = np.empty((2, waiting + mono.size))
        squares[:, :waiting] = self._rest
        np.square(mono, out=squares[0, waiting:])
        np.square(np.diff(mono, prepend=self._before), out=squares[1, waiting:])
        self._before = float(mono[-1])
        # Slice k begins at frame k * rate / 200, rounded up: nothing drifts.
        k = self._start * ONSETS_PER_SECOND // self._rate
        stop = self._start + squares.shape[1]
        more = stop * ONSETS_PER_SECOND // self._rate + 2
        edges = -(-np.arange(k, more) * self._rate // ONSETS_PER_SECOND) - self._start
        edges = edges[(edges >= 0) & (edges <= squares.shape[1])]
        whole = int(edges[-1])
        if whole > 0:
            self._parts.append(np.add.reduceat(squares[:, :whole], edges[:-1], axis=1))
        self._rest = squares[:, whole:].copy()
        self._start += whole

    def result(self) -> Block:
        """Return the rises of the whole band and of the highs, ``(2, times)``."""
        energy = np.concatenate(self._parts, axis=1) * (ONSETS_PER_SECOND / self._rate)
        rises = np.diff(np.log(energy + _FLOOR), axis=1, prepend=np.log(energy[:, :1] + _FLOOR))
        return np.asarray(np.clip(rises, 0.0, _LARGEST_RISE))


def likely_offsets(first: Block, second: Block) -> list[float]:
    """Return a few offsets in seconds, the likeliest first, at which onsets coincide.

    Args:
        first: Of ``Onsets``, ``(2, times)``.
        second: Likewise.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    if not (first.shape[1] and second.shape[1]):  # shorter than a step of onsets
        return []
    reach = round(LARGEST_OFFSET_S * ONSETS_PER_SECOND)
    length = next_fast_len(first.shape[1] + second.shape[1] + 1, real=True)
    total = np.zeros(length)
    for one, other in zip(first, second, strict=True):
        a, b = one - one.mean(), other - other.mean()
        scale = math.sqrt(float(a @ a) * float(b @ b))
        if scale > 0.0:
            total += irfft(rfft(a, length).conj() * rfft(b, length), length) / scale
    # Long lags share less of the songs; what is left of them counts as if it were all.
    lags = np.arange(-min(reach, first.shape[1] - 1), min(reach, second.shape[1] - 1) + 1)
    shared = np.minimum(first.shape[1], second.shape[1] - lags) - np.maximum(0, -lags)
    values = total[lags] / np.sqrt(np.maximum(shared, ONSETS_PER_SECOND))
    found: list[float] = []
    for _ in range(_PLACES):
        at = int(np.argmax(values))
        if not np.isfinite(values[at]):
            break
        found.append(float(lags[at]) / ONSETS_PER_SECOND)
        values[max(0, at - 2) : at + 3] = -np.inf
    return found


def find_offset(
    first: Passage,
    second: Passage,
    lengths_s: tuple[float, float],
    likely_s: Sequence[float],
    sample_rate_hz: int,
) -> Offset | None:
    """Return where a song lies in another's time, or None where nothing agrees.

    Args:
        first: Gives passages of the first song.
        second: Of the second.
        lengths_s: How long both are.
        likely_s: Of ``likely_offsets``.
        sample_rate_hz: Of the passages.
    """
    best: Offset | None = None
    for coarse_s in likely_s:
        found = _closely(first, second, lengths_s, coarse_s, sample_rate_hz)
        if found is not None and (best is None or found.similarity > best.similarity):
            best = found
        if best is not None and best.similarity > 2.0 * _LEAST_SIMILARITY:
            break
    if best is None or best.similarity < _LEAST_SIMILARITY:
        return None
    return best


def _closely(
    first: Passage,
    second: Passage,
    lengths_s: tuple[float, float],
    coarse_s: float,
    sample_rate_hz: int,
) -> Offset | None:
    """Return the offset near a likely one; None where the songs hardly overlap."""
    coarse_s = round(coarse_s * sample_rate_hz) / sample_rate_hz
    begin = max(0.0, -coarse_s)
    end = min(lengths_s[0], lengths_s[1] - coarse_s)
    length = min(PASSAGE_S, end - begin)
    together = CrossSpectra(sample_rate_hz, 2)
    if length * sample_rate_hz < together.segment_frames:
        return None
    # In the middle of equal parts; short overlaps are one passage.
    count = _PASSAGES if end - begin >= _PASSAGES * PASSAGE_S else 1
    starts = [
        begin + (end - begin - length) * (part + 0.5) / count if count > 1 else begin
        for part in range(count)
    ]
    delays: list[tuple[float, float]] = []
    for start in (round(start * sample_rate_hz) / sample_rate_hz for start in starts):
        alone = CrossSpectra(sample_rate_hz, 2)
        pair = np.stack(
            [alone.spectra(first(start, length)), alone.spectra(second(start + coarse_s, length))]
        )
        alone.add(pair)
        together.add(pair)
        peak = _peak(alone)
        if abs(peak.value) >= _AGREEING:
            delays.append((start + length / 2.0, peak.delay_ms * 1e-3))
    peak = _peak(together)
    return Offset(
        seconds=coarse_s + peak.delay_ms * 1e-3,
        inverted=peak.value < 0.0,
        similarity=min(1.0, abs(peak.value)),
        drift_ppm=_drift_ppm(delays),
    )


def _peak(spectra: CrossSpectra) -> Peak:
    """Return the peak of the phase correlation, weighted by coherence."""
    cross = spectra.matrix[:, 0, 1]
    powers = (spectra.matrix[:, 0, 0].real, spectra.matrix[:, 1, 1].real)
    delays_ms, values = spectra.correlation(cross, coherence(cross, *powers))
    inside = np.abs(delays_ms) <= LARGEST_DELAY_MS
    return peak_of(delays_ms[inside], values[inside])


def _drift_ppm(delays: Sequence[tuple[float, float]]) -> float | None:
    """Return the slope of delays over time, in millionths; robust against one that is wrong."""
    if len(delays) < _LEAST_PASSAGES:
        return None
    # The median of the slopes of all pairs (Theil, 1950; Sen, 1968).
    slopes = [
        (late[1] - early[1]) / (late[0] - early[0])
        for i, early in enumerate(delays)
        for late in delays[i + 1 :]
    ]
    return -1e6 * float(np.median(slopes))
