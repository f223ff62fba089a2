"""Chunks of a fixed length, counted from a signal's first frame, in single precision.

However blocks were cut, the meters see the same chunks, so their figures are the same bytes.
Float32 holds 24-bit audio exactly; of anything finer it keeps 150 dB under each sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from mixmaster.arrays import Block, Block32
from mixmaster.errors import SignalError

CHUNK_FRAMES: Final = 65_536
_HIGHEST: Final = 1e15  # +300 dBFS: beyond it powers in float32 could overflow


class Chunks:
    """Cuts blocks of any length into chunks of ``CHUNK_FRAMES``, and looks that they are audio.

    Args:
        sample_rate_hz: For the time in errors.
        channels: Channels of every block.
        where: What is measured, for errors.
        kept: Whether a chunk stays good while the next one is filled; half the memory if not.
    """

    def __init__(
        self, sample_rate_hz: int, channels: int, where: str = "", *, kept: bool = True
    ) -> None:
        self.sample_peaks = [0.0] * channels
        """The largest magnitude of a sample of each channel so far."""
        self._sample_rate_hz = sample_rate_hz
        self._where = where
        self._chunk = np.zeros((channels, CHUNK_FRAMES), np.float32)
        self._other = np.zeros_like(self._chunk) if kept else self._chunk
        self._filled = 0
        self._frames = 0

    @property
    def sample_peak(self) -> float:
        """The largest magnitude of a sample so far."""
        return max(self.sample_peaks)

    @property
    def frames(self) -> int:
        """Frames so far."""
        return self._frames + self._filled

    @property
    def rest(self) -> Block32:
        """What does not fill a chunk yet, ``(channels, frames)``, a view."""
        return self._chunk[:, : self._filled]

    def add(self, block: Block) -> Iterator[Block32]:
        """Yield the chunks that ``block``, ``(channels, frames)``, completes.

        A chunk stays good until the next one is asked for; where chunks are kept, until the one
        after it is.

        Raises:
            SignalError: For NaN, infinity, or a sample over +300 dBFS; nothing is to be
                measured with these chunks after that.
        """
        done = 0
        while done < block.shape[1]:
            count = min(CHUNK_FRAMES - self._filled, block.shape[1] - done)
            part = self._chunk[:, self._filled : self._filled + count]
            with np.errstate(over="ignore", invalid="ignore"):
                part[:] = block[:, done : done + count]
            self._check(part)
            done += count
            self._filled += count
            if self._filled == CHUNK_FRAMES:
                yield self._chunk
                self._frames += CHUNK_FRAMES
                self._filled = 0
                self._chunk, self._other = self._other, self._chunk

    def _check(self, part: Block32) -> None:
        # The two ends of each channel: quicker than magnitudes, and NaN comes through.
        for channel, samples in enumerate(part):
            peak = max(float(samples.max()), -float(samples.min()))
            if not peak <= _HIGHEST:
                frame = self.frames + int(np.argmin((np.abs(part) <= _HIGHEST).all(axis=0)))
                reason = "a sample that is not a finite level"
                raise SignalError(self._where, reason, frame / self._sample_rate_hz)
            self.sample_peaks[channel] = max(self.sample_peaks[channel], peak)
