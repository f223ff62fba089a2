"""Long-term power spectra, and the levels of fractional-octave bands drawn from them.

A signal is cut into half-overlapping segments of 1 to 2 s on a grid that begins half a segment
before its first frame. The window is power-complementary (the squares of its two halves add up
to 1: Princen and Bradley, 1986), so every frame counts exactly once wherever it lies, and the
bins of the spectrum add up to the mean square of the signal (Parseval). Its shape is the one of
the Vorbis I specification (section 4.3.1): like Hann's it falls off by 18 dB an octave.

Bins are 0.5 to 1 Hz wide at any rate, so a third-octave band at 20 Hz (4.6 Hz) holds a sine at
its centre but for 0.03 dB. A bin's power counts as spread evenly over its width: a band takes
the fractions of the bins at its edges. Such bands are cut off sharply, where the filters of
IEC 61260-1 have slopes: noise reads the same, a tone is in one band instead of in one and a
little in its neighbours.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from mixmaster.arrays import Block, Block32

_OCTAVE_RATIO: Final = 10.0**0.3  # IEC 61260-1:2014, 5.2: G, base ten
_REFERENCE_HZ: Final = 1_000.0  # IEC 61260-1:2014, 5.3
_R10: Final = np.array([1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0])  # ISO 3
_LANES: Final = 4  # transforms at a time: scipy's runs as many side by side, at twice the speed
_GROUP: Final = 8  # batches added up in float32 before they go into the float64 sums


def band_mids_hz(bands_per_octave: int, lowest_hz: float, highest_hz: float) -> Block:
    """Return the exact mid-band frequencies of fractional-octave bands, ``(bands,)``.

    IEC 61260-1:2014, 5.4: fr G^(x / b) for odd b and fr G^((2 x + 1) / (2 b)) for even b, with
    G = 10^0.3 and fr = 1 kHz. Nominal names differ by up to 1 %: "31.5" is 31.62 Hz.

    Args:
        bands_per_octave: 1 for octaves, 3 for third octaves.
        lowest_hz: The lowest nominal or exact mid-band frequency.
        highest_hz: The highest.
    """
    half = 0 if bands_per_octave % 2 else 1
    step = _OCTAVE_RATIO ** (1.0 / bands_per_octave)
    first, last = (
        math.log(hz / _REFERENCE_HZ) / math.log(step) - half / 2 for hz in (lowest_hz, highest_hz)
    )
    # Nominal frequencies are rounded: 0.4 of a step forgives it.
    index = np.arange(math.ceil(first - 0.4), math.floor(last + 0.4) + 1)
    exponent = (2 * index + half) / (2.0 * bands_per_octave)
    return np.asarray(_REFERENCE_HZ * _OCTAVE_RATIO**exponent)


def nominal_hz(mids_hz: Block) -> Block:
    """Return the names of octave and third-octave bands: 31.5 for 31.62 Hz.

    The R10 series in every decade (IEC 61260-1:2014, table E.1; ISO 3).
    """
    steps = np.rint(10.0 * np.log10(mids_hz / _REFERENCE_HZ)).astype(int)
    return np.asarray(_R10[steps % 10] * _REFERENCE_HZ * 10.0 ** (steps // 10))


def band_edges_hz(mids_hz: Block, bands_per_octave: int) -> tuple[Block, Block]:
    """Return the lower and upper edges of bands: fm G^(-+1 / (2 b)) (IEC 61260-1:2014, 5.5)."""
    half = _OCTAVE_RATIO ** (0.5 / bands_per_octave)
    return mids_hz / half, mids_hz * half


def band_powers(powers: Block, bin_hz: float, low_hz: Block, high_hz: Block) -> Block:
    """Return the power between pairs of frequencies, ``(bands,)``.

    Above half the sample rate a signal holds nothing: a band that reaches over it has what
    lies below.

    Args:
        powers: One row of a spectrum, ``(bins,)``, or a cross spectrum.
        bin_hz: Distance of its bins; the first is 0 Hz.
        low_hz: Where each band begins, ``(bands,)``.
        high_hz: Where it ends.
    """
    # Bin k reaches from k - 1/2 to k + 1/2; the first and the last have one side only.
    ends = np.concatenate([[0.0], np.arange(powers.size - 1) + 0.5, [powers.size - 1.0]])
    below = np.concatenate([[0.0], np.cumsum(powers)])
    low, high = (np.interp(hz / bin_hz, ends, below) for hz in (low_hz, high_hz))
    return np.asarray(high - low)


def segment_frames(sample_rate_hz: int) -> int:
    """Return the frames of a segment: the power of two from 1 s to under 2 s."""
    return 1 << (sample_rate_hz - 1).bit_length()


def power_complementary_window(frames: int) -> Block:
    """Return w[n] = sin(pi/2 sin^2(pi (n + 1/2) / N)): w[n]^2 + w[n + N/2]^2 = 1.

    Vorbis I specification, section 4.3.1.
    """
    phase = np.pi * (np.arange(frames) + 0.5) / frames
    return np.asarray(np.sin(np.pi / 2.0 * np.sin(phase) ** 2))


class PowerSpectra:
    """The long-term power spectra of the rows of a signal, and the cross spectrum of two rows.

    Samples and transforms are float32 (errors 140 dB under the loudest bin), sums float64. The
    memory does not grow with the signal's length.

    Args:
        sample_rate_hz: Any.
        rows: One, or two, for a cross spectrum too.
    """

    def __init__(self, sample_rate_hz: int, rows: int) -> None:
        assert rows in {1, 2}
        self.frames = 0
        """Frames so far."""
        self.bin_hz = sample_rate_hz / segment_frames(sample_rate_hz)
        """The distance between bins, the first of which is 0 Hz."""
        self._rows = rows
        self._size = segment_frames(sample_rate_hz)
        self._batch = _LANES // rows
        # 1 / N here rather than after the transform: no square of a float32 overflows.
        self._window = (power_complementary_window(self._size) / self._size).astype(np.float32)
        # Half a segment of the past, and as many halves as there are segments in a batch.
        self._held = np.zeros((rows, (self._batch + 1) * self._size // 2), np.float32)
        self._filled = self._size // 2
        self._scratch = np.empty((rows, self._batch, self._size + 2), np.float32)
        self._grouped = 0
        self._group = np.zeros((rows + rows // 2, self._size + 2), np.float32)
        self._sums = np.zeros(self._group.shape)

    def take(self, samples: Block32) -> None:
        """Take the next frames, ``(rows, frames)``, any number of them."""
        done, frames = 0, samples.shape[1]
        while done < frames:
            count = min(self._held.shape[1] - self._filled, frames - done)
            self._held[:, self._filled : self._filled + count] = samples[:, done : done + count]
            done += count
            self._filled += count
            if self._filled == self._held.shape[1]:
                self._transform()
        self.frames += frames

    def _transform(self) -> None:
        """Add a batch of segments to the sums; the next begins with the last one's second half."""
        from scipy.fft import rfft

        size, half = self._size, self._size // 2
        segments = np.lib.stride_tricks.sliding_window_view(self._held, size, axis=1)[:, ::half]
        windowed = np.multiply(segments, self._window, out=self._scratch[:, :, :size])
        spectrum = rfft(windowed, overwrite_x=True)
        parts = np.asarray(spectrum).view(np.float32)  # real and imaginary parts in turn
        for segment in range(self._batch):
            part = parts[:, segment]
            if self._rows == 2:
                self._group[2] += np.multiply(part[0], part[1], out=self._scratch[0, 0])
            self._group[: self._rows] += np.square(part, out=part)
        self._grouped += 1
        if self._grouped == _GROUP:
            self._sums += self._group
            self._group[:] = 0.0
            self._grouped = 0
        self._held[:, :half] = self._held[:, -half:]
        self._filled = half

    def finish(self) -> Block:
        """End the signal: return the mean square in each bin, ``(rows, bins)``.

        The signal is taken to be silent before its first frame and after its last. A row adds
        up to the mean square of the signal's row: a sine of full scale to 1/2. The third row
        of two is the real part of the cross spectrum: the mean product of both rows. Nothing
        can be taken after this.
        """
        frames = max(self.frames, 1)
        # Two batches at most: the one that is begun, and a segment that overlaps its last half.
        for _ in range(2):
            self.take(np.zeros((self._rows, self._held.shape[1] - self._filled), np.float32))
        sums = self._sums + self._group
        powers = sums[:, ::2] + sums[:, 1::2]
        powers[:, 1:-1] *= 2.0  # the negative frequencies
        return np.asarray(powers * (self._size / frames))
