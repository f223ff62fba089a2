"""Signals that resemble programme: no rests, no clipping, no walls."""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.metering.chunk_meter import ChunkMeter, Figures


def noise(
    seconds: float, rate: int, *, slope: float = 1.0, channels: int = 1, seed: int = 1
) -> Block:
    """Gaussian noise whose power falls as 1 / f**slope, its peak at half of full scale."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * rate)
    spectrum = np.fft.rfft(rng.standard_normal((channels, frames)), axis=1)
    hz = np.fft.rfftfreq(frames, 1 / rate)
    spectrum /= np.maximum(hz, 20.0) ** (slope / 2)
    out = np.fft.irfft(spectrum, frames, axis=1)
    return np.asarray(0.5 * out / np.abs(out).max())


def quantised(signal: Block, bits: int, *, dither: bool = False) -> Block:
    """The signal on the grid of so many bits, clipped to its range."""
    steps = 2.0 ** (bits - 1)
    rng = np.random.default_rng(2)
    noise = rng.random(signal.shape) - rng.random(signal.shape) if dither else 0.0
    return np.asarray(np.clip(np.rint(signal * steps + noise), -steps, steps - 1) / steps)


def fed(meter: ChunkMeter[Figures], signal: Block, block: int = BLOCK_FRAMES) -> Figures:
    for start in range(0, signal.shape[1], block):
        meter.update(signal[:, start : start + block])
    return meter.result()
