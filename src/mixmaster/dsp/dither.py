"""From float64 to integers: rounded and dithered, once, last.

Triangular dither (TPDF) of two independent uniform values of +-0.5 LSB each makes the total
error's mean zero and its variance LSB^2 / 4, whatever the signal: Lipshitz, Wannamaker and
Vanderkooy, "Quantization and Dither: A Theoretical Survey", J. Audio Eng. Soc. 40 (1992).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block
from mixmaster.units import gain_to_db

_PIECE_SAMPLES = 16_384  # what fits a core's cache; the result does not depend on it
_DRAWS_PER_COUNT = 4  # Philox 4x64: a step of its counter gives four words


class Quantiser:
    """Rounds to integers, half to even, with or without triangular dither.

    The noise of a sample depends on the seed, its absolute frame and its channel alone (Philox is
    counter-based: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011), so that
    every block size gives the same bytes. Channels are independent. Digital silence is dithered
    like any other signal.

    Args:
        bit_depth: 8 to 32.
        channels: Channels of every block.
        seed: Where the random numbers start.
        dither: Whether there is any; without it a signal of this depth comes back bit for bit.

    Attributes:
        clipped_samples: How many samples lay outside the integers' range and were clipped.
        peak_lsb: The largest absolute integer given so far.
    """

    def __init__(
        self, bit_depth: int, channels: int, *, seed: int = 0, dither: bool = True
    ) -> None:
        assert 8 <= bit_depth <= 32
        assert channels >= 1
        self.bit_depth = bit_depth
        self.channels = channels
        self.clipped_samples = 0
        self.peak_lsb = 0
        self._scale = float(1 << (bit_depth - 1))
        self._dtype: Any = np.int16 if bit_depth <= 16 else np.int32
        self._seed = seed
        self._random = np.random.Philox(key=seed) if dither else None
        self._next_frame = 0
        self._piece_frames = max(1, _PIECE_SAMPLES // channels)
        self._values = np.empty((self._piece_frames, channels))
        self._noise = np.empty(self._piece_frames * channels)

    @property
    def peak_dbfs(self) -> float | None:
        """The largest sample so far in dBFS; None for digital silence."""
        return gain_to_db(self.peak_lsb / self._scale) if self.peak_lsb else None

    def process(self, block: Block, start_frame: int) -> npt.NDArray[Any]:
        """Return the block as integers, interleaved as files hold them: ``(frames, channels)``.

        Args:
            block: ``(channels, frames)``, finite; full scale is 1.
            start_frame: The block's first frame, from the signal's zero.

        Returns:
            int16 for up to 16 bits, else int32, in LSBs (not shifted up).
        """
        assert block.shape[0] == self.channels
        self._go_to(start_frame)
        frames = block.shape[1]
        out = np.empty((frames, self.channels), dtype=self._dtype)
        for first in range(0, frames, self._piece_frames):
            last = min(first + self._piece_frames, frames)
            self._quantise(block[:, first:last], out[first:last])
        self._next_frame += frames
        return out

    def _quantise(self, piece: Block, out: npt.NDArray[Any]) -> None:
        values = self._values[: out.shape[0]]
        np.multiply(piece, self._scale, out=values.T)
        if self._random is not None:
            values += self._draw(values.size).reshape(values.shape)
        np.rint(values, out=values)
        low, high = float(values.min()), float(values.max())
        if low < -self._scale or high > self._scale - 1.0:
            outside = (values < -self._scale) | (values > self._scale - 1.0)
            self.clipped_samples += int(np.count_nonzero(outside))
            np.clip(values, -self._scale, self._scale - 1.0, out=values)
            low, high = max(low, -self._scale), min(high, self._scale - 1.0)
        self.peak_lsb = max(self.peak_lsb, int(-low), int(high))
        np.copyto(out, values, casting="unsafe")

    def _draw(self, count: int) -> Block:
        """Return ``count`` values of triangular noise in LSBs, +-1; valid until the next call."""
        assert self._random is not None
        # The halves of a 64-bit word, as signed integers, are the two uniform values x 2^32.
        halves = self._random.random_raw(count).view(np.int32)
        noise = self._noise[:count]
        np.add(halves[0::2], halves[1::2], out=noise, dtype=np.float64)
        noise *= 2.0**-32
        return noise

    def _go_to(self, frame: int) -> None:
        if self._random is None or frame == self._next_frame:
            self._next_frame = frame
            return
        steps, rest = divmod(frame * self.channels, _DRAWS_PER_COUNT)
        self._random = np.random.Philox(key=self._seed)
        self._random.advance(steps)
        self._random.random_raw(rest)
        self._next_frame = frame
