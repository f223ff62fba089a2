"""The base of meters that work on chunks of a fixed length."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from mixmaster.arrays import Block, Block32
from mixmaster.metering.chunks import Chunks

Figures = TypeVar("Figures")


class ChunkMeter(ABC, Generic[Figures]):
    """A meter that takes chunks of ``CHUNK_FRAMES`` from the signal's first frame on.

    So its figures are the same however a signal is cut into blocks. A caller that cuts chunks
    itself, for several meters at once, calls ``take`` and ``result_with``; all others ``update``
    and ``result``.

    Args:
        sample_rate_hz: The signal's rate.
        channels: Channels of every block.
        where: What is measured, for errors.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, where: str = "") -> None:
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self.frames = 0
        """Frames taken so far."""
        self._where = where
        self._chunks: Chunks | None = None

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``, of any length.

        Raises:
            SignalError: For NaN, infinity, or a sample over +300 dBFS.
        """
        if self._chunks is None:
            self._chunks = Chunks(self.sample_rate_hz, self.channels, self._where)
        for chunk in self._chunks.add(block):
            self.take(chunk)

    def take(self, chunk: Block32) -> None:
        """Take the next chunk of ``CHUNK_FRAMES``; only the last may be shorter."""
        self._take(chunk)
        self.frames += chunk.shape[1]

    def result(self) -> Figures:
        """Return the figures so far; measuring may go on afterwards."""
        chunks = self._chunks
        return self.result_with(None if chunks is None else chunks.rest)

    def result_with(self, rest: Block32 | None) -> Figures:
        """Return the figures when the caller still holds ``rest``, not a whole chunk."""
        ended = copy.deepcopy(self, {id(self._chunks): self._chunks})
        if rest is not None and rest.shape[1]:
            ended.take(rest)
        return ended._figures()  # noqa: SLF001 - its own, at the end

    @abstractmethod
    def _take(self, chunk: Block32) -> None:
        """Measure a chunk; ``self.frames`` are before it. The chunk must not be kept."""

    @abstractmethod
    def _figures(self) -> Figures:
        """Return the figures of all that was taken; nothing comes after."""
