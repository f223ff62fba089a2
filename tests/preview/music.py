"""Masters to listen to: short, and as hot as need be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf

from mixmaster.arrays import Block

RATE_HZ = 48_000


def tone(dbfs: float, seconds: float = 1.5, hz: float = 997.0) -> Block:
    """Return a stereo sine, which reads its dBFS in LUFS at 997 Hz (BS.1770-5), faded."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    one = 10.0 ** (dbfs / 20.0) * np.sin(2 * np.pi * hz * time)
    ramp = np.linspace(0.0, 1.0, 480)
    one[:480] *= ramp
    one[-480:] *= ramp[::-1]
    return np.stack([one, one])


def hot(dbfs: float = -0.3, seconds: float = 3.0) -> Block:
    """Return dense music cut at a level, as too hot masters are."""
    rng = np.random.default_rng(3)
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    out = 0.15 * rng.standard_normal((2, time.size))
    for hz in (82.4, 164.8, 220.0, 329.6, 1318.5, 2637.0):
        out += 0.25 * np.sin(2 * np.pi * hz * time) * np.exp(-3.0 * (time % 0.5))
    top = 10.0 ** (dbfs / 20.0)
    return np.clip(1.4 * out, -top, top)


def write(path: Path, signal: Block, subtype: str = "PCM_24") -> Path:
    sf.write(path, signal.T, RATE_HZ, subtype=subtype)
    return path
