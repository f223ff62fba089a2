"""From float64 to integers: rounded and dithered, once, last.

Triangular dither (TPDF) of two independent uniform values of +-0.5 LSB each makes the total
error's mean zero and its variance LSB^2 / 4, whatever the signal: Lipshitz, Wannamaker and
Vanderkooy, "Quantization and Dither: A Theoretical Survey", J. Audio Eng. Soc. 40 (1992).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block
from mixmaster.units import gain_to_db

Dither = Literal["tpdf", "shaped", "none"]
"""How integers are made: triangular dither, that with its noise shaped, or rounding alone."""

_PIECE_SAMPLES = 16_384  # what fits a core's cache; the result does not depend on it
_DRAWS_PER_COUNT = 4  # Philox 4x64: a step of its counter gives four words


class Noise:
    """Triangular noise of +-1 LSB, which a sample's seed, frame and channel alone decide.

    Philox is counter-based: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.

    Args:
        channels: How many values a frame has.
        seed: Where the random numbers start.
    """

    def __init__(self, channels: int, seed: int) -> None:
        self._channels = channels
        self._seed = seed
        self._random = np.random.Philox(key=seed)
        self._next_frame = 0

    def draw(self, frame: int, out: Block) -> None:
        """Fill ``(frames, channels)``, in LSBs, from a frame on."""
        self._go_to(frame)
        # The halves of a 64-bit word, as signed integers, are the two uniform values x 2^32.
        halves = self._random.random_raw(out.size).view(np.int32)
        np.add(halves[0::2], halves[1::2], out=out.reshape(-1), dtype=np.float64)
        out *= 2.0**-32
        self._next_frame += out.shape[0]

    def _go_to(self, frame: int) -> None:
        if frame == self._next_frame:
            return
        steps, rest = divmod(frame * self._channels, _DRAWS_PER_COUNT)
        self._random = np.random.Philox(key=self._seed)
        self._random.advance(steps)
        self._random.random_raw(rest)
        self._next_frame = frame


class Integers:
    """What has become of samples that were made integers.

    Args:
        bit_depth: 8 to 32.
        channels: Channels of every block.

    Attributes:
        bit_depth: Bits of a sample.
        channels: Channels.
        clipped_samples: How many samples lay outside the integers' range and were clipped.
        peak_lsb: The largest absolute integer given so far.
        dtype: int16 for up to 16 bits, else int32.
        scale: Full scale in LSBs.
    """

    def __init__(self, bit_depth: int, channels: int) -> None:
        assert 8 <= bit_depth <= 32
        assert channels >= 1
        self.bit_depth = bit_depth
        self.channels = channels
        self.clipped_samples = 0
        self.peak_lsb = 0
        self.dtype: Any = np.int16 if bit_depth <= 16 else np.int32
        self.scale = float(1 << (bit_depth - 1))

    @property
    def peak_dbfs(self) -> float | None:
        """The largest sample so far in dBFS; None for digital silence."""
        return gain_to_db(self.peak_lsb / self.scale) if self.peak_lsb else None

    def give(self, rounded: Block, out: npt.NDArray[Any]) -> None:
        """Put whole numbers into ``out``, those outside the range clipped and counted."""
        low, high = float(rounded.min()), float(rounded.max())
        if low < -self.scale or high > self.scale - 1.0:
            outside = (rounded < -self.scale) | (rounded > self.scale - 1.0)
            self.clipped_samples += int(np.count_nonzero(outside))
            np.clip(rounded, -self.scale, self.scale - 1.0, out=rounded)
            low, high = max(low, -self.scale), min(high, self.scale - 1.0)
        self.peak_lsb = max(self.peak_lsb, int(-low), int(high))
        np.copyto(out, rounded, casting="unsafe")


class Quantiser:
    """Rounds to integers, half to even, with or without triangular dither.

    The noise of a sample depends on the seed, its absolute frame and its channel alone, so that
    every block size gives the same bytes. Channels are independent. Digital silence is dithered
    like any other signal.

    Args:
        bit_depth: 8 to 32.
        channels: Channels of every block.
        seed: Where the random numbers start.
        dither: Whether there is any; without it a signal of this depth comes back bit for bit.

    Attributes:
        made: What has become of the samples.
    """

    def __init__(
        self, bit_depth: int, channels: int, *, seed: int = 0, dither: bool = True
    ) -> None:
        self.made = Integers(bit_depth, channels)
        self._random = Noise(channels, seed) if dither else None
        self._piece_frames = max(1, _PIECE_SAMPLES // channels)
        self._values = np.empty((self._piece_frames, channels))
        self._noise = np.empty((self._piece_frames, channels))

    def process(self, block: Block, start_frame: int) -> npt.NDArray[Any]:
        """Return the block as integers, interleaved as files hold them: ``(frames, channels)``.

        Args:
            block: ``(channels, frames)``, finite; full scale is 1.
            start_frame: The block's first frame, from the signal's zero.

        Returns:
            int16 for up to 16 bits, else int32, in LSBs (not shifted up).
        """
        made = self.made
        assert block.shape[0] == made.channels
        frames = block.shape[1]
        out = np.empty((frames, made.channels), dtype=made.dtype)
        for first in range(0, frames, self._piece_frames):
            last = min(first + self._piece_frames, frames)
            values = self._values[: last - first]
            np.multiply(block[:, first:last], made.scale, out=values.T)
            if self._random is not None:
                noise = self._noise[: last - first]
                self._random.draw(start_frame + first, noise)
                values += noise
            np.rint(values, out=values)
            made.give(values, out[first:last])
        return out

    def rest(self) -> npt.NDArray[Any]:
        """Return what was kept back: nothing."""
        return np.empty((0, self.made.channels), dtype=self.made.dtype)
