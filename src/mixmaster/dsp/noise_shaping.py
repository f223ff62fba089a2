"""From float64 to integers with the noise moved to where the ear is least sensitive.

Error feedback: ``v[n] = x[n] - sum c[k] e[n - k]``, ``y[n] = round(v[n] + d[n])`` and
``e[n] = y[n] - v[n]``, with triangular dither ``d``. The error ``e`` is white, of LSB^2 / 4, and
what is added to the signal is ``e`` through ``1 - sum c[k] z^-k``: Lipshitz, Vanderkooy and
Wannamaker, "Minimally Audible Noise Shaping", J. Audio Eng. Soc. 39 (1991), whose five coefficients
these are.

What it costs and gives: the noise as a whole rises by 12.2 dB over plain TPDF, by 15.5 dB above
12 kHz; below 3 kHz it falls by some 16 dB, and between 3 and 4 kHz by 21.

The feedback is a recursion over samples. It runs in lanes of 16,384 frames, each begun anew, side
by side: every step is one operation on many lanes. Lanes begin at multiples of that length, so
that blocks and threads make no difference. At the end of a lane the errors of its last five
samples are not fed back, which lets a little white noise through: 0.2 dB more at 3 to 4 kHz than
the formula has.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block
from mixmaster.dsp.dither import Integers, Noise

COEFFICIENTS: Final = (2.033, -2.165, 1.959, -1.590, 0.6149)
"""Lipshitz, Vanderkooy and Wannamaker (1991), for 44.1 kHz."""

MOST_LSB: Final = 1.5 * (1.0 + sum(abs(each) for each in COEFFICIENTS))
"""The furthest a sample can move: half an LSB by rounding, one by the dither, both fed back."""

RATES_HZ: Final = (44_100, 48_000)
"""Where they fit the ear: at 48 kHz what they do lies 9 % higher."""

LANE_FRAMES: Final = 16_384
_LANES: Final = 64  # at once; more are faster and take more memory, the result is the same


class NoiseShaper:
    """Rounds to integers with triangular dither, its noise shaped. Gives what it has in lanes.

    Args:
        bit_depth: 8 to 32.
        channels: Channels of every block.
        seed: Where the random numbers start.

    Attributes:
        made: What has become of the samples.
    """

    def __init__(self, bit_depth: int, channels: int, *, seed: int = 0) -> None:
        self.made = Integers(bit_depth, channels)
        self._random = Noise(channels, seed)
        self._first_frame = 0
        self._kept: list[Block] = []
        self._kept_frames = 0

    def process(self, block: Block, start_frame: int) -> npt.NDArray[Any]:
        """Take a block, and return the integers that are ready: ``(frames, channels)``.

        Args:
            block: ``(channels, frames)``, finite; full scale is 1.
            start_frame: The block's first frame, from the signal's zero: blocks follow each other.

        Returns:
            int16 for up to 16 bits, else int32, in LSBs; often none, and then many.
        """
        assert start_frame == self._first_frame + self._kept_frames
        most = _LANES * LANE_FRAMES
        ready = []
        while block.shape[1]:
            taken = block[:, : most - self._kept_frames]
            block = block[:, taken.shape[1] :]
            self._kept.append(taken.copy())
            self._kept_frames += taken.shape[1]
            if self._kept_frames == most:
                ready.append(self._shaped())
        return self._joined(ready)

    def rest(self) -> npt.NDArray[Any]:
        """Return what is left at the signal's end."""
        return self._joined([self._shaped()] if self._kept_frames else [])

    def _joined(self, parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        if len(parts) == 1:
            return parts[0]
        empty = np.empty((0, self.made.channels), dtype=self.made.dtype)
        return np.concatenate([empty, *parts])

    def _shaped(self) -> npt.NDArray[Any]:
        """Return what is kept as integers, and keep nothing."""
        made, frames = self.made, self._kept_frames
        lanes = -(-frames // LANE_FRAMES)
        steps = LANE_FRAMES if lanes > 1 else frames
        shape = (lanes, steps, made.channels)
        values, noise = np.zeros(shape), np.zeros(shape)
        at = 0
        for part in self._kept:
            rows = values.reshape(-1, made.channels)[at : at + part.shape[1]]
            np.multiply(part.T, made.scale, out=rows)
            at += part.shape[1]
        self._random.draw(self._first_frame, noise.reshape(-1, made.channels)[:frames])
        self._first_frame += frames
        self._kept, self._kept_frames = [], 0
        rounded = _fed_back(_by_step(values), _by_step(noise)).reshape(steps, lanes, -1)
        in_order = np.ascontiguousarray(rounded.transpose(1, 0, 2)).reshape(-1, made.channels)
        out = np.empty((frames, made.channels), dtype=made.dtype)
        made.give(in_order[:frames], out)
        return out


def _by_step(lanes: npt.NDArray[Any]) -> Block:
    """Return ``(lanes, steps, channels)`` with all that is worked on together in one row."""
    return np.ascontiguousarray(lanes.transpose(1, 0, 2)).reshape(lanes.shape[1], -1)


def _fed_back(values: Block, noise: Block) -> Block:
    """Return the rounded values, step by step; both arguments are used up.

    Element by element, in a fixed order: how many lanes there are changes no bit.
    """
    coefficients = np.array(COEFFICIENTS)[:, None]
    # What is still to be taken off the next samples, the next one first; two to take turns.
    coming = np.zeros((len(COEFFICIENTS), values.shape[1]))
    later = np.zeros_like(coming)
    ahead = (coming[1:], later[:-1]), (later[1:], coming[:-1])
    error = np.empty(values.shape[1])
    for index, (value, out) in enumerate(zip(values, noise, strict=True)):
        np.subtract(value, coming[0], out=value)
        np.add(out, value, out=out)
        np.rint(out, out=out)
        np.subtract(out, value, out=error)
        np.multiply(coefficients, error, out=later)
        rest, into = ahead[index % 2]
        np.add(into, rest, out=into)
        coming, later = later, coming
    return noise
