"""Reading a version as it is heard: at the session's rate, moved into place, on two channels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block, zeros
from mixmaster.audio.convert import RateConverter
from mixmaster.audio.source import open_source

_MARGIN_S = 1
"""Read this much more around a passage, so that a rate converter has settled."""


@dataclass(frozen=True, slots=True)
class Extract:
    """The part of a file that is heard.

    Attributes:
        path: The file.
        sample_rate_hz: At which it is read.
        start: Its first frame at that rate; negative for silence before the file.
        frames: How many; silence where the file ends sooner.
    """

    path: Path
    sample_rate_hz: int
    start: int
    frames: int

    def blocks(self) -> Iterator[Block]:
        """Yield it in blocks of ``(2, BLOCK_FRAMES)``; mono comes from both loudspeakers."""
        left = self.frames
        before = min(left, max(0, -self.start))
        for frames in _cut(before):
            yield zeros(2, frames)
        left -= before
        with open_source(self.path, sample_rate_hz=self.sample_rate_hz) as source:
            start = max(0, self.start)
            for block in source.blocks(BLOCK_FRAMES, start, start + left):
                yield stereo(block)
                left -= block.shape[1]
        for frames in _cut(left):
            yield zeros(2, frames)


def _cut(frames: int) -> Iterator[int]:
    while frames:
        yield min(BLOCK_FRAMES, frames)
        frames -= min(BLOCK_FRAMES, frames)


def stereo(block: Block) -> Block:
    """Return a block on two channels: mono on both at its own level, as from two loudspeakers."""
    return np.repeat(block, 2, axis=0) if block.shape[0] == 1 else block


def passage(path: Path, sample_rate_hz: int, start_s: float, length_s: float) -> Block:
    """Return a passage of a file, mixed to mono, ``(frames,)``; silence outside the file.

    Unlike an ``Extract`` it is read from nearby, not from the file's beginning, so its last bits
    may differ where the rate is converted.

    Args:
        path: The file.
        sample_rate_hz: At which it is wanted.
        start_s: Where it begins; at a whole frame of that rate.
        length_s: How long it is.
    """
    first = round(start_s * sample_rate_hz)
    frames = round(length_s * sample_rate_hz)
    out = np.zeros(frames)
    # Whole seconds are whole frames at every rate.
    begin_s = max(0, math.floor(start_s) - _MARGIN_S)
    end_s = math.ceil(start_s + length_s) + _MARGIN_S
    if end_s <= begin_s:
        return out
    with open_source(path) as source:
        own_hz = source.sample_rate_hz
        source.seek(begin_s * own_hz)
        mono = source.read((end_s - begin_s) * own_hz).mean(axis=0, keepdims=True)
        if own_hz != sample_rate_hz:
            mono = RateConverter(own_hz, sample_rate_hz, 1).process(mono, last=True)
    shift = begin_s * sample_rate_hz - first
    low, high = max(0, shift), min(frames, shift + mono.shape[1])
    if low < high:
        out[low:high] = mono[0, low - shift : high - shift]
    return out
