"""Which stems are microphones of one source, and how they lie to each other in time and polarity.

Relations are found between the signals, not between the names: two stems are related if a good
part of each one's power is coherent with the other and the phase correlation has one clear peak
within 20 ms. Bleed is coherent too, but it is a small part of what it bleeds into, or its peak
moves from passage to passage with what is played.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES
from mixmaster.audio.source import AudioSource, open_source
from mixmaster.checking.scan import SLICE_S, Outline, Scan
from mixmaster.dsp.alignment import (
    CrossSpectra,
    Peak,
    Spectra,
    bands_that_agree,
    coherence,
    likelihood_weights,
    shared,
)

PASSAGE_S = 2.4
MOST_PASSAGES = 32
"""Longer sessions are looked at in so many passages: those in which each stem is loudest."""

LEAST_SHARED = 0.3
"""Of two related stems at least so much of each one's power is coherent with the other."""

HEARD_SHARED = 0.3
HEARD_BACK = 0.05
"""A close microphone in the overheads: coherent by this much one way, by that much the other."""

CLEAR_PEAK = 0.35
_PASSAGE_SHARED = 0.1
_BAND_COHERENCE = 0.2
_SAME_DELAY_MS = 0.15
_LIVE = 1e-3
_LEAST_BINS = 12.0
"""What is shared is as broad as so many bins of 5 Hz (the participation ratio of amplitudes)."""

_AGREEING_PASSAGES = 0.65
_AGREEING_BANDS = 0.6
_WEAK_RIVAL = 0.6


@dataclass(frozen=True, slots=True)
class Relation:
    """How one channel lies to another.

    Attributes:
        first: Index of the earlier stem of the two in the list, and its channel.
        second: Of the other.
        delay_ms: How much later the second is; negative if it is earlier.
        low_ms: The earliest that passages and weightings give.
        high_ms: The latest.
        polarity: 1, or -1 for opposite.
        peak: The phase correlation at that delay, as a magnitude, 0 to 1.
        rival: The highest of the other polarity.
        shared: The smaller of the two shares of power that are coherent.
        passages: How many passages had something to say.
        passages_agree: In how many the delay and polarity are the same.
        bands: How many bands had something to say.
        bands_agree: How many support that delay and polarity.
    """

    first: tuple[int, int]
    second: tuple[int, int]
    delay_ms: float
    low_ms: float
    high_ms: float
    polarity: int
    peak: float
    rival: float
    shared: float
    passages: int
    passages_agree: int
    bands: int
    bands_agree: int

    @property
    def passages_share(self) -> float:
        """The share of passages that agree."""
        return self.passages_agree / max(1, self.passages)

    @property
    def bands_share(self) -> float:
        """The share of bands that agree."""
        return self.bands_agree / max(1, self.bands)

    @property
    def certain(self) -> bool:
        """Whether passages and bands agree on delay and polarity."""
        return (
            self.passages_share >= _AGREEING_PASSAGES
            and self.bands_share >= _AGREEING_BANDS
            and self.rival <= _WEAK_RIVAL * self.peak
        )


@dataclass(slots=True)
class _Votes:
    """What single passages say of a pair."""

    peaks: list[Peak] = field(default_factory=list)


def relations(
    scans: Sequence[Scan | Outline],
    *,
    threads: int = 1,
    tell: Callable[[float], None] | None = None,
) -> list[Relation]:
    """Return the relations between stems, the strongest pair of channels of each two.

    Args:
        scans: The stems; silent ones are related to nothing.
        threads: How many read at the same time; the result is the same.
        tell: Told now and then how much is done, 0 to 1.
    """
    live = [number for number, scan in enumerate(scans) if not scan.silent]
    channels = [
        (number, channel)
        for number in live
        for channel in range(scans[number].info.channels)
        if scans[number].products[channel, channel] > 0.0
    ]
    if len(live) < 2:
        return []
    rate_hz = max(scans[number].info.sample_rate_hz for number in live)
    spectra = CrossSpectra(rate_hz, len(channels))
    length = spectra.passage_frames(PASSAGE_S)
    starts = _passages([scans[number] for number in live], rate_hz, length)
    votes: dict[tuple[int, int], _Votes] = {}
    with ExitStack() as stack:
        readers = [
            stack.enter_context(_Reader(scans[number], rate_hz, spectra, length)) for number in live
        ]
        pool = stack.enter_context(ThreadPoolExecutor(max(1, threads)))
        for done, start in enumerate(starts):
            rows = list(pool.map(lambda reader: reader.read(start), readers))  # noqa: B023 - used at once
            _add_passage(spectra, np.concatenate(rows), votes, channels)
            if tell is not None:
                tell((done + 1) / len(starts))
    best: dict[tuple[int, int], Relation] = {}
    for i, j in _pairs(channels):
        relation = _relate(spectra, i, j, channels, votes.get((i, j), _Votes()))
        if relation is None:
            continue
        files = (relation.first[0], relation.second[0])
        if files not in best or relation.shared * relation.peak > (
            best[files].shared * best[files].peak
        ):
            best[files] = relation
    return list(best.values())


def _pairs(channels: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the pairs of channels that belong to different stems."""
    return [
        (i, j)
        for i in range(len(channels))
        for j in range(i + 1, len(channels))
        if channels[i][0] != channels[j][0]
    ]


class _Reader:
    """A stem, read in passages from its beginning to its end; a context manager."""

    def __init__(
        self, scan: Scan | Outline, rate_hz: int, spectra: CrossSpectra, length: int
    ) -> None:
        self._scan, self._rate_hz = scan, rate_hz
        self._spectra, self._length = spectra, length
        self._live = [c for c in range(scan.info.channels) if scan.products[c, c] > 0.0]
        self._source: AudioSource | None = None
        self._at = 0

    def __enter__(self) -> Self:
        self._source = open_source(self._scan.path, sample_rate_hz=self._rate_hz)
        return self

    def __exit__(self, *_: object) -> None:
        if self._source is not None:
            self._source.close()

    def read(self, start: int) -> Spectra:
        """Return the spectra of a passage, ``(live channels, segments, bins)``."""
        assert self._source is not None
        if self._source.sample_rate_hz == self._source.info.sample_rate_hz:
            if start != self._at:
                self._source.seek(start)
        else:  # a converted source cannot seek but by reading
            while self._at < start:
                step = self._source.read(min(BLOCK_FRAMES, start - self._at)).shape[1]
                if step == 0:
                    break
                self._at += step
        data = self._source.read(self._length)
        self._at = start + data.shape[1]
        padded = np.zeros((len(self._live), self._length))
        padded[:, : data.shape[1]] = data[self._live]
        return np.stack([self._spectra.spectra(channel) for channel in padded])


def _passages(scans: Sequence[Scan | Outline], rate_hz: int, length: int) -> list[int]:
    """Return where passages start: all of a short session, the loudest of each stem of a long."""
    seconds = length / rate_hz
    total = max(1, round(max(scan.duration_s for scan in scans) / seconds))
    if total <= MOST_PASSAGES:
        return [number * length for number in range(total)]
    ranked = []
    for scan in scans:
        power = scan.powers.sum(axis=0)
        at = (np.arange(power.size) * SLICE_S / seconds).astype(np.intp)
        ranked.append(np.argsort(-np.bincount(at, power, total), kind="stable"))
    chosen: dict[int, None] = {}
    for place in range(total):
        for order in ranked:
            if len(chosen) < MOST_PASSAGES:
                chosen.setdefault(int(order[place]))
    return [number * length for number in sorted(chosen)]


def _add_passage(
    spectra: CrossSpectra,
    rows: Spectra,
    votes: dict[tuple[int, int], _Votes],
    channels: Sequence[tuple[int, int]],
) -> None:
    own = spectra.add(rows)
    powers = np.real(np.diagonal(own, axis1=1, axis2=2)).astype(np.float64)
    whole = np.real(np.diagonal(spectra.matrix, axis1=1, axis2=2)).sum(axis=0)
    mean = whole * rows.shape[1] / max(1, spectra.segments)
    sounds = powers.sum(axis=0) > _LIVE * mean
    for i, j in _pairs(channels):
        if not (sounds[i] and sounds[j]):
            continue
        cross = own[:, i, j]
        coherent = coherence(cross, powers[:, i], powers[:, j])
        if min(shared(coherent, powers[:, i]), shared(coherent, powers[:, j])) < _PASSAGE_SHARED:
            continue
        votes.setdefault((i, j), _Votes()).peaks.append(spectra.peak(cross, coherent))


def _relate(
    spectra: CrossSpectra,
    i: int,
    j: int,
    channels: Sequence[tuple[int, int]],
    votes: _Votes,
) -> Relation | None:
    cross = spectra.matrix[:, i, j]
    first, second = (np.real(spectra.matrix[:, k, k]) for k in (i, j))
    coherent = coherence(cross, first, second)
    shares = sorted((shared(coherent, first), shared(coherent, second)))
    if shares[0] < LEAST_SHARED and not (shares[0] >= HEARD_BACK and shares[1] >= HEARD_SHARED):
        return None
    # A few tones that two synthesizers happen to share have a phase, but no delay.
    spread = np.sqrt(np.abs(cross) * coherent)
    if float(spread.sum()) ** 2 < _LEAST_BINS * float(np.square(spread).sum()):
        return None
    peak = spectra.peak(cross, coherent)
    if abs(peak.value) < CLEAR_PEAK or not votes.peaks:
        return None
    same = [
        vote
        for vote in votes.peaks
        if vote.value * peak.value > 0.0 and abs(vote.delay_ms - peak.delay_ms) <= _SAME_DELAY_MS
    ]
    if len(same) < 0.5 * len(votes.peaks):
        return None
    agree, bands = bands_that_agree(spectra, cross, coherent, peak, least_coherence=_BAND_COHERENCE)
    others = [
        spectra.peak(cross, weights).delay_ms
        for weights in (np.ones(coherent.size), likelihood_weights(coherent))
    ]
    near = [delay for delay in others if abs(delay - peak.delay_ms) <= 1.0]
    places = [peak.delay_ms, *near, *(vote.delay_ms for vote in same)]
    return Relation(
        first=channels[i],
        second=channels[j],
        delay_ms=peak.delay_ms,
        low_ms=min(places),
        high_ms=max(places),
        polarity=1 if peak.value > 0.0 else -1,
        peak=abs(peak.value),
        rival=peak.rival,
        shared=shares[0],
        passages=len(votes.peaks),
        passages_agree=len(same),
        bands=bands,
        bands_agree=agree,
    )
