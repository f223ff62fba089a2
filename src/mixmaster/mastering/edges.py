"""Top and tail: silence trimmed, fades, padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block, Block32, zeros
from mixmaster.dsp.pooled import POOL_FRAMES
from mixmaster.mastering.spool import PoolFile
from mixmaster.mastering.target import Edges
from mixmaster.units import db_to_power, ms_to_samples

SILENCE_LU: Final = -76.0
"""What lies this far under the programme's loudness is silence: -90 LUFS in a master at -14.

A room's tone, a breath and the noise of 16-bit dither lie above it; what is below is digital
silence, or the last of a reverb that 16 bits cannot hold.
"""

_WINDOW_MS: Final = 10.0
_HEAD_MARGIN_MS: Final = 100.0
_TAIL_MARGIN_MS: Final = 500.0


@dataclass(frozen=True, slots=True)
class Extent:
    """Which frames of the limited programme are delivered, and how they begin and end.

    Attributes:
        first: The first frame.
        stop: The one after the last.
        fade_in: How many frames fade in.
        fade_out: How many fade out.
        pad_head: Frames of silence before.
        pad_tail: Frames of silence after.
        cut_tail: Frames of the programme after ``stop``.
    """

    first: int
    stop: int
    fade_in: int = 0
    fade_out: int = 0
    pad_head: int = 0
    pad_tail: int = 0
    cut_tail: int = 0

    @property
    def frames(self) -> int:
        """How many frames are delivered."""
        return self.pad_head + self.stop - self.first + self.pad_tail

    @property
    def fades(self) -> bool:
        """Whether anything is faded."""
        return self.fade_in > 0 or self.fade_out > 0

    def gain(self, frames: Block) -> Block:
        """Return the fades' gain at each of these frames of the programme.

        Raised cosines, ``(1 - cos(pi t)) / 2``: they begin and end without a corner.
        """
        gain = np.ones(frames.shape[0])
        if self.fade_in:
            gain *= _rise((frames - self.first + 0.5) / self.fade_in)
        if self.fade_out:
            gain *= _rise((self.stop - frames - 0.5) / self.fade_out)
        return gain

    def apply(self, blocks: Iterator[Block], channels: int) -> Iterator[Block]:
        """Yield the delivered part of the programme's blocks."""
        yield from _silence(channels, self.pad_head)
        start = 0
        for block in blocks:
            stop = start + block.shape[1]
            first, last = max(start, self.first), min(stop, self.stop)
            if first < last:
                part = np.ascontiguousarray(block[:, first - start : last - start])
                near_start = first < self.first + self.fade_in
                near_end = last > self.stop - self.fade_out
                if self.fades and (near_start or near_end):
                    part = part * self.gain(np.arange(first, last, dtype=np.float64))
                yield part
            start = stop
        yield from _silence(channels, self.pad_tail)


def _rise(t: Block) -> Block:
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(t, 0.0, 1.0)))


def _silence(channels: int, frames: int) -> Iterator[Block]:
    for start in range(0, frames, BLOCK_FRAMES):
        yield zeros(channels, min(BLOCK_FRAMES, frames - start))


def extent_of(
    edges: Edges, powers: PoolFile, lufs: float | None, sample_rate_hz: int, frames: int
) -> Extent:
    """Return what is delivered of a programme.

    Args:
        edges: How it begins and ends.
        powers: K-weighted energy of each pool.
        lufs: The programme's loudness; without one nothing is trimmed.
        sample_rate_hz: The rate.
        frames: The programme's length.
    """

    def count(ms: float) -> int:
        return round(ms_to_samples(ms, sample_rate_hz))

    first, stop = 0, frames
    if edges.trim and lufs is not None:
        first, stop = _sounding(powers[:], lufs + SILENCE_LU, sample_rate_hz, frames)
    length = stop - first
    return Extent(
        first,
        stop,
        fade_in=min(count(edges.fade_in_ms), length),
        fade_out=min(count(1e3 * edges.fade_out_s), length),
        pad_head=count(edges.pad_head_ms),
        pad_tail=count(1e3 * edges.pad_tail_s),
        cut_tail=frames - stop,
    )


def _sounding(
    powers: Block32, floor_lufs: float, sample_rate_hz: int, frames: int
) -> tuple[int, int]:
    """Return where sound begins and ends, margins included."""
    width = max(1, round(ms_to_samples(_WINDOW_MS, sample_rate_hz) / POOL_FRAMES))
    count = -(-powers.shape[0] // width)
    windows = np.pad(powers, (0, count * width - powers.shape[0])).reshape(count, width)
    mean = windows.sum(axis=1, dtype=np.float64) / (width * POOL_FRAMES)
    heard = np.flatnonzero(mean > db_to_power(floor_lufs + 0.691))  # BS.1770-5's offset
    if not heard.size:
        return 0, frames
    size = width * POOL_FRAMES
    head = round(ms_to_samples(_HEAD_MARGIN_MS, sample_rate_hz))
    tail = round(ms_to_samples(_TAIL_MARGIN_MS, sample_rate_hz))
    first, last = int(heard[0]), int(heard[-1]) + 1
    return max(0, first * size - head), min(frames, last * size + tail)
