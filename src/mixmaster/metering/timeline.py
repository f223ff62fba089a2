"""What a page draws over time: the waveform, and momentary and short-term loudness.

Both have a bounded number of points whatever the length. The waveform is gathered in buckets
of one size, counted from the first frame; when there are too many, neighbours are merged and
the size doubles. The loudness curves come from the powers of slices that a loudness meter has
anyway (``timeline``): nothing is measured twice.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block, Block32
from mixmaster.errors import UsageError
from mixmaster.metering.chunk_meter import ChunkMeter
from mixmaster.metering.chunks import CHUNK_FRAMES
from mixmaster.metering.loudness import (
    SLICES_PER_SECOND,
    BlockPowers,
    channel_weights,
    momentary_lufs,
    short_term_lufs,
)
from mixmaster.metering.thinning import highest_of_groups
from mixmaster.results import Result

MAX_BUCKETS: Final = 4_096
"""Buckets of the waveform at most, and more than half of that once a signal has so many frames."""

MAX_POINTS: Final = 4_096
"""Points of a loudness curve at most."""

_FIRST_BUCKET_FRAMES: Final = 16
_MOMENTARY_S: Final = 0.4  # EBU Tech 3341
_SHORT_TERM_S: Final = 3.0  # EBU Tech 3341
_SHORT_TERM_HOP_S: Final = 0.1
_SAMPLE_DIGITS: Final = 6  # -120 dBFS: a picture needs no more, and JSON stays short
_LUFS_DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class Waveform(Result):
    """The lowest and highest sample and the RMS of every bucket of every channel.

    Values are fractions of full scale, rounded to 1e-6.

    Attributes:
        bucket_frames: Frames in a bucket; bucket i begins at frame i times that. The last may
            hold fewer.
        bucket_s: The same in seconds.
        waveform_min: Per channel, per bucket.
        waveform_max: Likewise.
        waveform_rms: Likewise.
    """

    bucket_frames: int
    bucket_s: float
    waveform_min: tuple[tuple[float, ...], ...]
    waveform_max: tuple[tuple[float, ...], ...]
    waveform_rms: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Timeline(Result):
    """A signal over time, for pages; see ``Waveform`` for its first fields.

    Attributes:
        duration_s: The length of the signal.
        momentary_times_s: Where the 400 ms windows end: what a live meter shows at that time.
            Every 10 ms; of long signals the loudest of several neighbours, at its own time.
        momentary_lufs: Of each; None for digital silence.
        short_term_times_s: Where the 3 s windows end, every 100 ms, likewise.
        short_term_lufs: Of each; None for digital silence.
        reasons: Why a curve is empty.
    """

    duration_s: float
    bucket_frames: int
    bucket_s: float
    waveform_min: tuple[tuple[float, ...], ...]
    waveform_max: tuple[tuple[float, ...], ...]
    waveform_rms: tuple[tuple[float, ...], ...]
    momentary_times_s: tuple[float, ...]
    momentary_lufs: tuple[float | None, ...]
    short_term_times_s: tuple[float, ...]
    short_term_lufs: tuple[float | None, ...]
    reasons: dict[str, str]


class WaveformMeter(ChunkMeter[Waveform]):
    """The waveform of a signal in at most ``MAX_BUCKETS`` buckets, in one pass.

    Its memory does not grow with the signal. See ``ChunkMeter`` for how it is fed.

    Args:
        sample_rate_hz: Any.
        channels: Any number.
        where: What is measured, for errors.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, where: str = "") -> None:
        super().__init__(sample_rate_hz, channels, where=where)
        self._buckets = _Buckets(channels)

    def _take(self, chunk: Block32) -> None:
        self._buckets.take(chunk)

    def _figures(self) -> Waveform:
        low, high, rms = self._buckets.values()
        return Waveform(
            bucket_frames=self._buckets.size,
            bucket_s=self._buckets.size / self.sample_rate_hz,
            waveform_min=_rounded(low),
            waveform_max=_rounded(high),
            waveform_rms=_rounded(rms),
        )


def _rounded(rows: Block) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(value, _SAMPLE_DIGITS) for value in row) for row in rows.tolist())


class _Buckets:
    """Minima, maxima and sums of squares, ``(channels, MAX_BUCKETS)``, filled from the left."""

    def __init__(self, channels: int) -> None:
        self.size = _FIRST_BUCKET_FRAMES
        self._frames = 0
        self._low = np.full((channels, MAX_BUCKETS), np.inf)
        self._high = np.full((channels, MAX_BUCKETS), -np.inf)
        self._squares = np.zeros((channels, MAX_BUCKETS))

    def take(self, samples: Block32) -> None:
        """Take the next frames; a whole chunk, but at the signal's end."""
        frames = samples.shape[1]
        if not frames:
            return
        while self._frames + frames > MAX_BUCKETS * self.size:
            self._double()
        # A bucket begins with the chunk, or the chunk lies in one bucket: both are powers of two.
        starts = np.arange(0, frames, self.size)
        first = self._frames // self.size
        there = slice(first, first + starts.size)
        low = np.minimum.reduceat(samples, starts, axis=1)
        high = np.maximum.reduceat(samples, starts, axis=1)
        self._low[:, there] = np.minimum(self._low[:, there], low)
        self._high[:, there] = np.maximum(self._high[:, there], high)
        self._squares[:, there] += np.add.reduceat(np.square(samples), starts, axis=1)
        self._frames += frames

    def _double(self) -> None:
        """Merge neighbours: half as many buckets of twice the size."""
        half = MAX_BUCKETS // 2
        for rows, merge, empty in (
            (self._low, np.minimum, np.inf),
            (self._high, np.maximum, -np.inf),
            (self._squares, np.add, 0.0),
        ):
            rows[:, :half] = merge(rows[:, ::2], rows[:, 1::2])
            rows[:, half:] = empty
        self.size *= 2

    def values(self) -> tuple[Block, Block, Block]:
        """Return minima, maxima and RMS, each ``(channels, buckets)``."""
        starts = np.arange(0, self._frames, self.size)
        held = np.minimum(self._frames - starts, self.size)
        there = slice(0, starts.size)
        rms = np.sqrt(self._squares[:, there] / held)
        return self._low[:, there], self._high[:, there], rms


def timeline(
    waveform: Waveform, powers: Block, weights: Block | None, *, duration_s: float
) -> Timeline:
    """Return the timeline of a signal from what was measured of it.

    Args:
        waveform: Of a ``WaveformMeter``.
        powers: K-weighted powers of slices of 10 ms, ``(channels, slices)``, of ``BlockPowers``.
        weights: ``(channels,)`` of ``channel_weights``; None where none are known: no loudness.
        duration_s: The length of the signal.
    """
    reasons: dict[str, str] = {}
    momentary = short_term = np.zeros(0)
    if weights is None:
        reason = f"no channel weights are known for {len(powers)} channels"
        reasons = dict.fromkeys(("momentary_lufs", "short_term_lufs"), reason)
    else:
        momentary = momentary_lufs(powers, weights)
        short_term = short_term_lufs(powers, weights)
        if not momentary.size:
            reasons["momentary_lufs"] = "shorter than 0.4 s"
        if not short_term.size:
            reasons["short_term_lufs"] = "shorter than 3 s"
    momentary_kept = highest_of_groups(momentary, MAX_POINTS)
    short_term_kept = highest_of_groups(short_term, MAX_POINTS)
    return Timeline(
        duration_s=duration_s,
        bucket_frames=waveform.bucket_frames,
        bucket_s=waveform.bucket_s,
        waveform_min=waveform.waveform_min,
        waveform_max=waveform.waveform_max,
        waveform_rms=waveform.waveform_rms,
        momentary_times_s=_times(momentary_kept, _MOMENTARY_S, 1.0 / SLICES_PER_SECOND),
        momentary_lufs=_levels(momentary[momentary_kept]),
        short_term_times_s=_times(short_term_kept, _SHORT_TERM_S, _SHORT_TERM_HOP_S),
        short_term_lufs=_levels(short_term[short_term_kept]),
        reasons=reasons,
    )


def _times(kept: npt.NDArray[np.intp], window_s: float, hop_s: float) -> tuple[float, ...]:
    return tuple(round(window_s + hop_s * index, 2) for index in kept.tolist())


def _levels(lufs: Block) -> tuple[float | None, ...]:
    return tuple(round(v, _LUFS_DIGITS) if math.isfinite(v) else None for v in lufs.tolist())


class TimelineMeter(ChunkMeter[Timeline]):
    """The timeline of a signal by itself, in one pass.

    Whoever measures loudness too takes a ``WaveformMeter`` and calls ``timeline`` instead.

    Args:
        sample_rate_hz: From 8,000 to 768,000.
        channels: Any number; those without channel weights have no loudness, and a reason.
        dual_mono: Count a mono signal twice.
        where: What is measured, for errors.

    Raises:
        UsageError: For a rate outside that range.
    """

    def __init__(
        self, sample_rate_hz: int, channels: int, *, dual_mono: bool = False, where: str = ""
    ) -> None:
        super().__init__(sample_rate_hz, channels, where=where)
        self._waveform = WaveformMeter(sample_rate_hz, channels)
        self._powers = BlockPowers(sample_rate_hz, channels)
        self._rest = np.zeros((channels, 0), np.float32)
        self._weights: Block | None = None
        with contextlib.suppress(UsageError):  # the timeline gives the reason
            self._weights = channel_weights(channels, dual_mono=dual_mono)

    def _take(self, chunk: Block32) -> None:
        self._waveform.take(chunk)
        if chunk.shape[1] == CHUNK_FRAMES:
            self._powers.take(chunk)
        else:
            self._rest = chunk  # the last: the figures are next

    def _figures(self) -> Timeline:
        return timeline(
            self._waveform.result(),
            self._powers.powers_with(self._rest),
            self._weights,
            duration_s=self.frames / self.sample_rate_hz,
        )
