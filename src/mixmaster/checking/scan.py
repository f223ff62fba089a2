"""One pass over one stem: everything that can be known of it alone."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.audio.chunks import WavExtras, read_extras
from mixmaster.audio.opening import AudioInfo
from mixmaster.audio.source import open_source
from mixmaster.dsp.hum import Hum, HumDetector
from mixmaster.metering.events import EventFigures, EventMeter
from mixmaster.metering.levels import LevelFigures, LevelMeter
from mixmaster.metering.provenance import ProvenanceFigures, ProvenanceMeter
from mixmaster.units import power_to_db

SLICE_S = 0.01
"""Powers are kept for slices of this length: 100 numbers a second and channel."""

_SCANNED_FRAMES = 4 * BLOCK_FRAMES
_LOUD_SLICES = 40  # 400 ms, as the gating blocks of BS.1770
_LOUD_BLOCKS = 5  # so many non-overlapping ones set the loud level: a click or two do not


@dataclass(frozen=True, slots=True)
class Scan:
    """What is known of a stem.

    Attributes:
        path: The file.
        info: What its header says.
        extras: What a WAV file says beside its samples.
        notes: What had to be said while reading.
        frames: Frames that were really there.
        levels: Its levels.
        events: Its clipped runs, dropouts and silent edges.
        provenance: Its effective bit depth and bandwidth.
        hum: Mains hum, if there is any.
        digests: A hash of each channel's samples.
        powers: Mean squares of slices of 10 ms, ``(channels, slices)``.
        products: Sums of products of channels, ``(channels, channels)``.
    """

    path: Path
    info: AudioInfo
    extras: WavExtras | None
    notes: tuple[str, ...]
    frames: int
    levels: LevelFigures
    events: EventFigures
    provenance: ProvenanceFigures
    hum: Hum | None
    digests: tuple[str, ...]
    powers: Block
    products: Block

    @property
    def duration_s(self) -> float:
        """The length in seconds."""
        return self.frames / self.info.sample_rate_hz

    @property
    def silent(self) -> bool:
        """Whether there is nothing in it."""
        return not self.products.any()

    def loud_dbfs(self) -> float | None:
        """Return the level of the loudest 2 s, of 400 ms each; None for silence."""
        total = self.powers.sum(axis=0)
        whole = total.size - total.size % _LOUD_SLICES
        blocks = total[:whole].reshape(-1, _LOUD_SLICES).mean(axis=1) if whole else total
        if not blocks.size or not blocks.any():
            return None
        return power_to_db(float(np.sort(blocks)[-min(_LOUD_BLOCKS, blocks.size)]))


def scan_stem(path: Path, tell: Callable[[float], None] | None = None) -> Scan:
    """Read a stem once and return what is known of it.

    Args:
        path: The file.
        tell: Told now and then how much is done, 0 to 1.

    Raises:
        AudioFileError: For a file that cannot be used.
        SignalError: For NaN or infinity in it.
    """
    extras = read_extras(path)
    with open_source(path) as source:
        rate, channels = source.sample_rate_hz, source.channels
        meters = (
            LevelMeter(rate, channels),
            EventMeter(rate, channels),
            ProvenanceMeter(rate, channels),
            HumDetector(rate, channels),
        )
        powers = _SlicePowers(rate, channels)
        hashes = [hashlib.blake2b(digest_size=16) for _ in range(channels)]
        products = np.zeros((channels, channels))
        frames = 0
        for block in source.blocks(_SCANNED_FRAMES):
            for meter in meters:
                meter.update(block)
            powers.update(block)
            products += block @ block.T
            for digest, channel in zip(hashes, block, strict=True):
                digest.update(channel.data)
            frames += block.shape[1]
            if tell is not None:
                tell(min(1.0, frames / max(1, source.frames)))
        levels, events, provenance, hum = meters
        return Scan(
            path=path,
            info=source.info,
            extras=extras,
            notes=tuple(source.notes),
            frames=frames,
            levels=levels.result(),
            events=events.result(),
            provenance=provenance.result(),
            hum=hum.result(),
            digests=tuple(digest.hexdigest() for digest in hashes),
            powers=powers.result(),
            products=products,
        )


@dataclass(frozen=True, slots=True)
class Outline:
    """As much of a `Scan` as its relations to others need, in a fraction of the time.

    Attributes:
        path: The file.
        info: What its header says.
        frames: Frames that were really there.
        powers: Mean squares of slices of 10 ms, ``(channels, slices)``.
        products: Sums of products of channels, ``(channels, channels)``.
    """

    path: Path
    info: AudioInfo
    frames: int
    powers: Block
    products: Block

    @property
    def duration_s(self) -> float:
        """The length in seconds."""
        return self.frames / self.info.sample_rate_hz

    @property
    def silent(self) -> bool:
        """Whether there is nothing in it."""
        return not self.products.any()


def outline_stem(path: Path) -> Outline:
    """Read a stem once and return its outline.

    Raises:
        AudioFileError: For a file that cannot be used.
        SignalError: For NaN or infinity in it.
    """
    with open_source(path) as source:
        powers = _SlicePowers(source.sample_rate_hz, source.channels)
        products = np.zeros((source.channels, source.channels))
        frames = 0
        for block in source.blocks(_SCANNED_FRAMES):
            powers.update(block)
            products += block @ block.T
            frames += block.shape[1]
        return Outline(path, source.info, frames, powers.result(), products)


class _SlicePowers:
    """Mean squares of slices, from the signal's zero; a rest that fills none is left out."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._rate = sample_rate_hz
        self._slice = math.ceil(SLICE_S * sample_rate_hz)
        self._tail = np.zeros((channels, 0))
        self._parts: list[Block] = []

    def update(self, block: Block) -> None:
        data = np.concatenate([self._tail, np.square(block)], axis=1)
        whole = data.shape[1] - data.shape[1] % self._slice
        if whole:
            cut = data[:, :whole].reshape(data.shape[0], -1, self._slice)
            self._parts.append(cut.mean(axis=2))
        self._tail = data[:, whole:]

    def result(self) -> Block:
        if not self._parts:
            return self._tail[:, :1] * 0.0
        return np.concatenate(self._parts, axis=1)
