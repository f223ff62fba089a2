"""Convolution with long kernels, without latency and independent of the block size.

Overlap-save (T. Stockham, "High-Speed Convolution and Correlation", 1966) with the kernel cut into
equal partitions whose products are summed in the frequency domain, so that each stretch of input
is transformed once (B. Kulp, "Digital Equalization Using Fourier Transform Techniques", AES 85,
1988). Every transform takes one stretch of the 4,096 grid and all channels: its shape, and so its
rounding, never depends on how long a block is.

Blocks begin on that grid, so the newest stretch is always complete and nothing has to wait. Of a
long kernel what lies beyond 65,536 taps is worked in stretches of that length, from input that is
at least one such stretch old (W. Gardner, "Efficient Convolution without Input-Output Delay",
JAES 43(3), 1995): 20 s of kernel cost about twice what 1.3 s do.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import GRID_FRAMES, Block, zeros

FAR_HOP = 65_536
"""Frames of a stretch for the far part of a long kernel."""

_LONGEST_NEAR = 2 * FAR_HOP
"""Up to here a kernel in equal partitions of 4,096 taps costs no more than one in two stages."""

_Spectra = npt.NDArray[np.complex128]


class ConvolverBank:
    """Convolves streaming blocks with several kernels; the input is transformed once for all.

    Args:
        kernels: ``(outputs, 1, taps)`` for one kernel for all channels, ``(outputs, channels,
            taps)`` for one for each.
        channels: Channels of every block.

    Attributes:
        taps: Length of the kernels: what is heard goes on for ``taps - 1`` frames.
        latency_samples: 0: tap 0 meets the frame that is being processed.
    """

    latency_samples = 0

    def __init__(self, kernels: Block, channels: int) -> None:
        assert kernels.ndim == len(("output", "channel", "tap"))
        assert kernels.shape[1] in (1, channels)
        assert kernels.shape[2] >= 1
        self.taps = kernels.shape[2]
        self._shape = (kernels.shape[0], channels)
        self._far: _Stage | None = None
        near = kernels
        if self.taps > _LONGEST_NEAR:
            near = kernels[:, :, :FAR_HOP]
            self._far = _Stage(kernels[:, :, FAR_HOP:], channels, FAR_HOP)
            self._gathered = zeros(channels, FAR_HOP)
        self._near = _Stage(near, channels, GRID_FRAMES)
        self._late: list[Block] | None = None
        self._position = 0

    def process(self, block: Block) -> Block:
        """Return what each kernel makes of a block, ``(outputs, channels, frames)``.

        Every block but the last has a multiple of 4,096 frames.
        """
        frames = block.shape[1]
        out = np.empty((*self._shape, frames))
        for start in range(0, frames, GRID_FRAMES):
            hop = block[:, start : start + GRID_FRAMES]
            length = hop.shape[1]
            if length < GRID_FRAMES:
                hop = np.concatenate((hop, zeros(hop.shape[0], GRID_FRAMES - length)), axis=1)
            heard = self._near.process(hop)
            part = out[:, :, start : start + length]
            if heard is None:
                part[...] = 0.0
            else:
                for output, one in zip(part, heard, strict=True):
                    output[...] = one[:, :length]
            if self._far is not None:
                self._add_far(self._far, hop, part)
        return out

    def _add_far(self, far: _Stage, hop: Block, part: Block) -> None:
        """Add what the far taps make of the past to ``part``, and keep ``hop`` for later."""
        at = self._position
        if self._late is not None:
            for output, one in zip(part, self._late, strict=True):
                np.add(output, one[:, at : at + part.shape[2]], out=output)
        self._gathered[:, at : at + GRID_FRAMES] = hop
        self._position = (at + GRID_FRAMES) % FAR_HOP
        if self._position == 0:
            self._late = far.process(self._gathered)


class Convolver(ConvolverBank):
    """Convolves streaming blocks with one kernel for all channels, or one for each.

    Args:
        kernels: ``(1, taps)`` or ``(channels, taps)``.
        channels: Channels of every block.
    """

    def __init__(self, kernels: Block, channels: int) -> None:
        super().__init__(kernels[None], channels)

    def process(self, block: Block) -> Block:
        """Return the convolved block, ``(channels, frames)``, a new array.

        Every block but the last has a multiple of 4,096 frames.
        """
        return np.asarray(super().process(block)[0])


class _Stage:
    """Equal partitions: hop after hop in, the convolutions' same frames out.

    Args:
        kernels: ``(outputs, 1 or channels, taps)``.
        channels: Channels of every hop.
        hop: Frames of a hop and taps of a partition.
    """

    def __init__(self, kernels: Block, channels: int, hop: int) -> None:
        from scipy.fft import rfft

        self._hop = hop
        count = -(-kernels.shape[2] // hop)
        self._partitions: list[list[_Spectra]] = [
            [
                np.ascontiguousarray(rfft(kernel[:, at : at + hop], 2 * hop, axis=1))
                for at in range(0, count * hop, hop)
            ]
            for kernel in kernels
        ]
        # Newest first; None where the input was silent.
        self._past: deque[_Spectra | None] = deque([None] * count, maxlen=count)
        self._segment = zeros(channels, 2 * hop)
        self._heard = False
        shape = (channels, hop + 1)
        self._sum = np.empty(shape, dtype=np.complex128)
        self._product = np.empty(shape, dtype=np.complex128)

    def process(self, hop: Block) -> list[Block] | None:
        """Return ``(channels, hop)`` for each output; None for silence."""
        from scipy.fft import irfft, rfft

        segment = self._segment
        segment[:, : self._hop] = segment[:, self._hop :]
        segment[:, self._hop :] = hop
        heard = bool(np.any(hop))
        # What one hop was is still the first half of the next segment.
        self._past.appendleft(rfft(segment, axis=1) if heard or self._heard else None)
        self._heard = heard
        if all(spectrum is None for spectrum in self._past):
            return None
        return [
            irfft(self._products(partitions), 2 * self._hop, axis=1)[:, self._hop :]
            for partitions in self._partitions
        ]

    def _products(self, partitions: list[_Spectra]) -> _Spectra:
        """Return the sum of the past's spectra times the partitions, in the order of time."""
        into = self._sum
        for spectrum, partition in zip(self._past, partitions, strict=True):
            if spectrum is None:
                continue
            np.multiply(spectrum, partition, out=into)
            if into is self._product:
                self._sum += into
            into = self._product
        return self._sum
