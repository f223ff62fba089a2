"""Loudness: gating blocks, and the figures drawn from them (ITU-R BS.1770-5, EBU Tech 3341, 3342).

Every figure derives from one array: the K-weighted power of each channel in slices of 10 ms.
That is 100 numbers a second and channel (6 MB for an hour of stereo), so a meter never has to
see the audio twice, and what is gated may be decided afterwards. A gating block (400 ms, every
100 ms) is 40 slices, a short-term window (3 s, every 100 ms) 300, the momentary window the same
400 ms at every slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block, Block32
from mixmaster.dsp.k_weighting import KWeighting
from mixmaster.errors import UsageError
from mixmaster.metering.chunks import CHUNK_FRAMES, Chunks
from mixmaster.results import Result
from mixmaster.units import power_to_db

SLICES_PER_SECOND: Final = 100
_SLICES_MOMENTARY: Final = 40  # 400 ms: BS.1770-5 Annex 1, gating; Tech 3341, momentary
_SLICES_SHORT_TERM: Final = 300  # 3 s: Tech 3341, short-term
_PIECE: Final = 32_768
_SLICES_HOP: Final = 10  # 100 ms: 75 % overlap of 400 ms (BS.1770-5); 10 Hz (Tech 3342)
_OFFSET_LU: Final = -0.691  # BS.1770-5, Annex 1: a 997 Hz sine at 0 dBFS reads -3.01
_ABSOLUTE_GATE_LUFS: Final = -70.0  # BS.1770-5, Annex 1; Tech 3342
_RELATIVE_GATE_LU: Final = -10.0  # BS.1770-5, Annex 1
_RANGE_RELATIVE_GATE_LU: Final = -20.0  # Tech 3342
_RANGE_PERCENTILES: Final = (10.0, 95.0)  # Tech 3342

# BS.1770-5, Annex 1, table 3 and Annex 3, in the order that files hold them: 1.41 between
# 60 and 120 degrees, nothing for the LFE, 1 for the rest (the rear pair of 7.1 included).
_SIDE: Final = 1.41
_WEIGHTS: Final = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 1.0, 1.0),
    5: (1.0, 1.0, 1.0, _SIDE, _SIDE),
    6: (1.0, 1.0, 1.0, 0.0, _SIDE, _SIDE),
    8: (1.0, 1.0, 1.0, 0.0, 1.0, 1.0, _SIDE, _SIDE),
}


def channel_weights(channels: int, *, dual_mono: bool = False) -> Block:
    """Return the weight of each channel in the sum of powers, ``(channels,)``.

    Known layouts: mono, stereo, 3.0 (L R C), 5.0 (L R C Ls Rs), 5.1 (L R C LFE Ls Rs) and
    7.1 (L R C LFE, rear pair, side pair, as WAV orders them).

    Args:
        channels: How many there are.
        dual_mono: Count a mono signal twice, as it sounds from two loudspeakers: 3.01 LU more.

    Raises:
        UsageError: For a count whose layout is anybody's guess (4, 7, more than 8).
    """
    if channels not in _WEIGHTS:
        known = ", ".join(str(count) for count in _WEIGHTS)
        raise UsageError(
            "",
            f"no channel weights are known for {channels} channels",
            f"loudness is defined here for {known} channels",
        )
    if dual_mono and channels == 1:
        return np.array([2.0])
    return np.array(_WEIGHTS[channels])


def slice_bounds(
    sample_rate_hz: int, start: int, end: int, per_second: int = SLICES_PER_SECOND
) -> npt.NDArray[np.int64]:
    """Return where slices end after ``start`` and before or at ``end``, less ``start``.

    Slice k begins at frame k fs / per_second, rounded half up: at rates where 10 ms is no whole
    number of frames (11,025 and 22,050 Hz) slices differ by one frame, and nothing drifts.
    """
    first = start * per_second // sample_rate_hz
    k = np.arange(first, end * per_second // sample_rate_hz + 2, dtype=np.int64)
    frames = (2 * k * sample_rate_hz + per_second) // (2 * per_second)
    return np.asarray(frames[(frames > start) & (frames <= end)] - start)


class BlockPowers:
    """Collects the K-weighted power of every channel in slices of 10 ms.

    A slice counts once it is complete; what is left at the end is dropped, as the standard
    says of incomplete gating blocks.

    Args:
        sample_rate_hz: From 8,000 to 768,000.
        channels: Channels of every block.
        where: What is measured, for errors.
        hops_only: Keep slices of 100 ms, the gating blocks' hop: enough for the integrated
            loudness (``gated_power`` is told), in a tenth of the memory.
    """

    def __init__(
        self, sample_rate_hz: int, channels: int, *, where: str = "", hops_only: bool = False
    ) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self._per_second = SLICES_PER_SECOND // (_SLICES_HOP if hops_only else 1)
        self._filter = KWeighting(sample_rate_hz, channels)
        self._chunks = Chunks(sample_rate_hz, channels, where, kept=False)
        self._frames = 0
        self._begun = np.zeros((channels, 1))
        self._parts: list[Block] = [np.zeros((channels, 0))]

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``, of any length.

        Raises:
            SignalError: For NaN, infinity, or a sample over +300 dBFS.
        """
        for chunk in self._chunks.add(block):
            self.take(chunk)

    def take(self, chunk: Block32) -> None:
        """Take the next chunk of ``CHUNK_FRAMES``; only for callers that cut them themselves."""
        powers, self._begun = self._powers_of(self._filter.process(chunk))
        self._frames += chunk.shape[1]
        self._parts.append(powers)

    def _powers_of(self, weighted: Block32) -> tuple[Block, Block]:
        """Return the slices that the next frames complete, and what they begin."""
        length, odd = divmod(self.sample_rate_hz, self._per_second)
        head = -self._frames % length
        if odd or weighted.shape[1] < head + length:
            sums = self._uneven(weighted)
        else:
            # Slices of one length: no squares are stored, and threads do not wait for each other.
            count = (weighted.shape[1] - head) // length
            whole = weighted[:, head : head + count * length].reshape(self.channels, count, length)
            ends = (weighted[:, :head], weighted[:, head + count * length :])
            first, last = (np.einsum("ij,ij->i", end, end)[:, np.newaxis] for end in ends)
            inner = np.einsum("ijk,ijk->ij", whole, whole)
            sums = np.concatenate([first, inner, last] if head else [inner, last], axis=1)
            sums = sums.astype(np.float64)
        sums *= self._per_second / self.sample_rate_hz
        sums[:, :1] += self._begun
        return sums[:, :-1], sums[:, -1:]

    def _uneven(self, weighted: Block32) -> Block:
        """Return the sums of squares between the bounds of slices, ``(channels, bounds + 1)``."""
        start, end = self._frames, self._frames + weighted.shape[1]
        starts = np.concatenate(
            [[0], slice_bounds(self.sample_rate_hz, start, end, self._per_second)]
        )
        sums = np.zeros((self.channels, starts.size))
        inside = starts[starts < end - start]
        sums[:, : inside.size] = np.add.reduceat(np.square(weighted), inside, axis=1)
        return sums

    @property
    def sample_peaks(self) -> list[float]:
        """The largest magnitude of a sample of each channel so far; of ``update`` alone."""
        return self._chunks.sample_peaks

    @property
    def powers(self) -> Block:
        """Mean square of each complete slice of 10 ms (or hop), ``(channels, slices)``."""
        return self.powers_with(self._chunks.rest)

    def powers_with(self, rest: Block32) -> Block:
        """Return ``powers`` when ``take``'s caller still holds ``rest``, not a whole chunk."""
        if not rest.shape[1]:
            return np.concatenate(self._parts, axis=1)
        chunk = np.zeros((self.channels, CHUNK_FRAMES), np.float32)
        chunk[:, : rest.shape[1]] = rest
        weighted = self._filter.copy().process(chunk)[:, : rest.shape[1]]
        return np.concatenate([*self._parts, self._powers_of(weighted)[0]], axis=1)


def _sliding_mean(values: Block, width: int) -> Block:
    """Return the mean of every ``width`` neighbours, ``(n - width + 1,)``.

    By doubling, so that each sum has its own few additions: a running sum would carry the
    rounding of a loud passage into the quiet one after it. In pieces, so that hours of audio
    need no more memory for it than minutes.
    """
    means = np.empty(max(0, values.size - width + 1))
    for start in range(0, means.size, _PIECE):
        stop = min(start + _PIECE, means.size)
        means[start:stop] = _sliding_sum(values[start : stop + width - 1], width)
    means /= width
    return means


def _sliding_sum(values: Block, width: int) -> Block:
    count = values.size - width + 1
    total = np.zeros(count)
    doubled, span, offset = values, 1, 0
    while True:
        if width & span:
            total += doubled[offset : offset + count]
            offset += span
        if 2 * span > width:
            return total
        doubled = doubled[:-span] + doubled[span:]
        span *= 2


def _lufs(power: Block) -> Block:
    """Return the loudness of weighted powers; silence reads -infinity, for gates only."""
    with np.errstate(divide="ignore"):
        lufs = np.log10(power)
    lufs *= 10.0
    lufs += _OFFSET_LU
    return np.asarray(lufs)


def lufs_of_power(power: float) -> float:
    """Return the loudness of one weighted power, L = -0.691 + 10 log10 (BS.1770-5, Annex 1)."""
    return _OFFSET_LU + power_to_db(power)


def _weighted(powers: Block, weights: Block) -> Block:
    """Return the weighted sum over channels, ``(slices,)``, always added in the same order."""
    total = np.zeros(powers.shape[1])
    for row, weight in zip(powers, weights, strict=True):
        total += row * weight
    return total


def momentary_lufs(powers: Block, weights: Block) -> Block:
    """Return the loudness of the 400 ms window at every 10 ms, ``(slices - 39,)``.

    Tech 3341 asks for a hop of 100 ms or less; at 10 ms the maximum of a 400 ms burst is
    within 0.05 LU wherever it begins. Digital silence reads -infinity.

    Args:
        powers: ``(channels, slices)`` of ``BlockPowers``.
        weights: ``(channels,)`` of ``channel_weights``.
    """
    return _lufs(_sliding_mean(_weighted(powers, weights), _SLICES_MOMENTARY))


def short_term_lufs(powers: Block, weights: Block) -> Block:
    """Return the loudness of the 3 s window at every 100 ms; as ``momentary_lufs``."""
    return _lufs(_short_term_powers(powers, weights))


def _short_term_powers(powers: Block, weights: Block) -> Block:
    return _sliding_mean(_weighted(powers, weights), _SLICES_SHORT_TERM)[::_SLICES_HOP]


def gating_block_powers(slices: Block, *, hops_only: bool = False) -> Block:
    """Return the power of every gating block, 400 ms every 100 ms, of one row of slices."""
    if hops_only:
        return _sliding_mean(slices, _SLICES_MOMENTARY // _SLICES_HOP)
    return _sliding_mean(slices, _SLICES_MOMENTARY)[::_SLICES_HOP]


def gated_power(powers: Block, weights: Block, *, hops_only: bool = False) -> float | None:
    """Return the mean power of the gating blocks that pass both gates; None if none does.

    BS.1770-5, Annex 1: blocks of 400 ms every 100 ms; first those above -70 LUFS, of these
    the ones above their mean less 10 LU, both strictly.

    Args:
        powers: ``(channels, slices)`` of ``BlockPowers``; those of several parts of one
            signal may be added up first.
        weights: ``(channels,)`` of ``channel_weights``.
        hops_only: Whether the slices are of 100 ms.
    """
    return _gated(gating_block_powers(_weighted(powers, weights), hops_only=hops_only))


def integrated_lufs(powers: Block, weights: Block, *, hops_only: bool = False) -> float | None:
    """Return the integrated loudness in LUFS; None if no block passes the gates.

    See ``gated_power`` for the arguments and the gates.
    """
    power = gated_power(powers, weights, hops_only=hops_only)
    return None if power is None else lufs_of_power(power)


def album_lufs(tracks: Sequence[Block], *, hops_only: bool = False) -> float | None:
    """Return the integrated loudness of several tracks as one programme; None if there is none.

    The gating blocks of all tracks pass the gates of ITU-R BS.1770-5 together; no block lies
    across two tracks.

    Args:
        tracks: Weighted powers of each, ``(slices,)``.
        hops_only: Whether the slices are of 100 ms.
    """
    if not tracks:
        return None
    power = _gated(
        np.concatenate([gating_block_powers(each, hops_only=hops_only) for each in tracks])
    )
    return None if power is None else lufs_of_power(power)


def _gated(blocks: Block) -> float | None:
    """Return the mean power of those gating blocks that pass both gates; None if none does."""
    kept = blocks[_lufs(blocks) > _ABSOLUTE_GATE_LUFS]
    if not kept.size:
        return None
    gate = lufs_of_power(float(kept.mean())) + _RELATIVE_GATE_LU
    return float(kept[_lufs(kept) > gate].mean())


def loudness_range_lu(powers: Block, weights: Block) -> float | None:
    """Return the loudness range in LU; None if no 3 s window reaches -70 LUFS.

    EBU Tech 3342: windows of 3 s at 10 Hz, gated at -70 LUFS and at their power mean less
    20 LU (both inclusive); the distance of the 95th from the 10th percentile, nearest rank.

    Args:
        powers: ``(channels, slices)`` of ``BlockPowers``.
        weights: ``(channels,)`` of ``channel_weights``.
    """
    windows = _short_term_powers(powers, weights)
    kept = windows[_lufs(windows) >= _ABSOLUTE_GATE_LUFS]
    if not kept.size:
        return None
    gate = lufs_of_power(float(kept.mean())) + _RANGE_RELATIVE_GATE_LU
    loudness = np.sort(_lufs(kept))
    loudness = loudness[loudness >= gate]
    low, high = (int((loudness.size - 1) * p / 100.0 + 0.5) for p in _RANGE_PERCENTILES)
    return float(loudness[high] - loudness[low])


@dataclass(frozen=True, slots=True)
class LoudnessFigures(Result):
    """What a loudness meter reads; a figure that does not exist is None, and ``reasons`` why."""

    integrated_lufs: float | None
    loudness_range_lu: float | None
    max_momentary_lufs: float | None
    max_short_term_lufs: float | None
    reasons: dict[str, str]


def loudness_figures(powers: Block, weights: Block) -> LoudnessFigures:
    """Return every loudness figure of the powers of a signal.

    Args:
        powers: ``(channels, slices)`` of ``BlockPowers``.
        weights: ``(channels,)`` of ``channel_weights``.
    """
    reasons: dict[str, str] = {}
    slices = powers.shape[1]

    def highest(name: str, values: Block, seconds: str) -> float | None:
        if not values.size:
            reasons[name] = f"shorter than {seconds}"
        elif values.max() == -np.inf:
            reasons[name] = "digital silence"
        else:
            return float(values.max())
        return None

    def gated(name: str, value: float | None, needed: int, seconds: str) -> float | None:
        if value is None:
            short = slices < needed
            reasons[name] = f"shorter than {seconds}" if short else "never louder than -70 LUFS"
        return value

    momentary = highest("max_momentary_lufs", momentary_lufs(powers, weights), "0.4 s")
    short_term = highest("max_short_term_lufs", short_term_lufs(powers, weights), "3 s")
    integrated = integrated_lufs(powers, weights)
    spread = loudness_range_lu(powers, weights)
    return LoudnessFigures(
        integrated_lufs=gated("integrated_lufs", integrated, _SLICES_MOMENTARY, "0.4 s"),
        loudness_range_lu=gated("loudness_range_lu", spread, _SLICES_SHORT_TERM, "3 s"),
        max_momentary_lufs=momentary,
        max_short_term_lufs=short_term,
        reasons=reasons,
    )


class LoudnessMeter:
    """Integrated, momentary and short-term loudness and the loudness range, in one pass.

    Args:
        sample_rate_hz: From 8,000 to 768,000.
        channels: See ``channel_weights`` for the layouts.
        dual_mono: Count a mono signal twice.
        where: What is measured, for errors.

    Raises:
        UsageError: For a rate or a number of channels without a definition.
    """

    def __init__(
        self, sample_rate_hz: int, channels: int, *, dual_mono: bool = False, where: str = ""
    ) -> None:
        self.weights = channel_weights(channels, dual_mono=dual_mono)
        self.blocks = BlockPowers(sample_rate_hz, channels, where=where)

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``, of any length.

        Raises:
            SignalError: For NaN, infinity, or a sample over +300 dBFS.
        """
        self.blocks.update(block)

    def result(self) -> LoudnessFigures:
        """Return the figures so far; measuring may go on afterwards."""
        return loudness_figures(self.blocks.powers, self.weights)
