"""Running effects over whole signals, automated or not, and signals for dynamics."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context, Effect, Processor

RATE = 48_000


def drive(
    processor: Processor,
    signal: Block,
    *,
    block_frames: int = 65_536,
    key: Block | None = None,
    automation: Mapping[str, Block] | None = None,
) -> tuple[Block, Block]:
    """Return the output and the gain curve."""
    out, gains = [], []
    for start in range(0, signal.shape[1], block_frames):
        part = slice(start, start + block_frames)
        at = BlockContext(
            start,
            key=None if key is None else np.ascontiguousarray(key[:, part]),
            automation={name: curve[part] for name, curve in (automation or {}).items()},
        )
        out.append(processor.process(np.ascontiguousarray(signal[:, part]), at).copy())
        gain = processor.gain_curve()
        assert gain is not None
        gains.append(gain)
    return np.concatenate(out, axis=1), np.concatenate(gains)


def automated(
    effect: Effect,
    signal: Block,
    automation: Mapping[str, Block],
    *,
    block_frames: int = 65_536,
) -> tuple[Block, Block]:
    """Return the output and the gain curve under automation."""
    context = Context(RATE, signal.shape[0], automated=frozenset(automation))
    return drive(effect.prepare(context), signal, block_frames=block_frames, automation=automation)


def plain(effect: Effect, signal: Block, *, key: Block | None = None) -> tuple[Block, Block]:
    """Return the output and the gain curve, nothing automated."""
    return drive(effect.prepare(Context(RATE, signal.shape[0])), signal, key=key)


def automatable(effect: type[Effect]) -> set[str]:
    """Return the parameters that an effect declares as such."""
    return {
        name
        for name, field in effect.model_fields.items()
        if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("automatable")
    }


def hits(seed: int, frames: int, channels: int = 1) -> Block:
    """Decaying tones and bursts of noise over a floor that comes and goes."""
    random = np.random.default_rng(seed)
    out = np.zeros((channels, frames))
    for _ in range(6):
        at = int(random.integers(0, frames))
        n = np.arange(frames - at)
        tone = np.cos(random.uniform(0.005, 0.5) * n) * np.exp(-n / random.uniform(300.0, 6e3))
        burst = 0.3 * random.standard_normal(n.shape[0]) * (n < 3_000)
        level = 10.0 ** (random.uniform(-40.0, 3.0) / 20.0)
        out[:, at:] += level * (tone + burst) * random.uniform(0.3, 1.0, (channels, 1))
    out += 1e-3 * random.standard_normal((channels, frames)) * (np.arange(frames) % 9_000 < 5_000)
    return out


def sine(frequency_hz: float, frames: int, peak: float = 1.0, rate: int = RATE) -> Block:
    """Return a tone, ``(1, frames)``."""
    return np.asarray(peak * np.sin(2.0 * np.pi * frequency_hz / rate * np.arange(frames)))[None]


def level_db(level: float) -> float:
    """Return a level or gain in dB."""
    return float(20.0 * np.log10(level))
