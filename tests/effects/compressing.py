"""Running the compressor, and signals to run it on."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context, Processor
from mixmaster.effects.compressor import Compressor

RATE = 48_000


def run(
    processor: Processor, signal: Block, block_frames: int = 65_536, key: Block | None = None
) -> tuple[Block, Block]:
    """Return the output and the gain curve."""
    out, gains = [], []
    for start in range(0, signal.shape[1], block_frames):
        part = slice(start, start + block_frames)
        block = np.ascontiguousarray(signal[:, part])
        at = BlockContext(start, key=None if key is None else np.ascontiguousarray(key[:, part]))
        out.append(processor.process(block, at))
        gain = processor.gain_curve()
        assert gain is not None
        gains.append(gain)
    return np.concatenate(out, axis=1), np.concatenate(gains)


def compress(
    signal: Block, /, *, block_frames: int = 65_536, side_chain: Block | None = None, **values: Any
) -> tuple[Block, Block]:
    processor = Compressor.model_validate(values).prepare(Context(RATE, signal.shape[0]))
    return run(processor, signal, block_frames, side_chain)


def decibels(gain: Block) -> Block:
    return np.asarray(20.0 * np.log10(gain))


def constant(level_db: float, frames: int) -> Block:
    return np.full((1, frames), 10.0 ** (level_db / 20.0))


def drums(seed: int, frames: int, channels: int = 1) -> Block:
    """Hits of random level, pitch and decay, a step, bursts of noise, and silence between."""
    random = np.random.default_rng(seed)
    out = np.zeros((channels, frames))
    for _ in range(6):
        at = int(random.integers(0, frames))
        n = np.arange(frames - at)
        level = 10.0 ** (random.uniform(-30.0, 6.0) / 20.0)
        pitch = random.uniform(0.002, 0.3)
        kind = random.integers(0, 3)
        if kind == 0:
            hit = level * np.exp(-n / random.uniform(300.0, 5_000.0)) * np.cos(pitch * n)
        elif kind == 1:
            hit = level * (n < random.integers(1, 5_000)) * 1.0
        else:
            hit = 0.3 * level * random.standard_normal(n.shape[0]) * (n < 3_000)
        out[:, at:] += hit * random.uniform(0.3, 1.0, (channels, 1))
    return np.asarray(np.clip(out, -1.99, 1.99))
