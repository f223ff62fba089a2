"""Tracks of noise whose level, tilt and width are known."""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import Block
from mixmaster.release.levels.coherence import AlbumTrack
from mixmaster.release.levels.hearing import Heard, HeardMeter

RATE = 44_100


def noise(
    seed: int,
    *,
    level_db: float = 0.0,
    tilt: float = 0.0,
    side_db: float = -6.0,
    bass_db: float = 0.0,
    seconds: float = 8.0,
) -> Block:
    """Pink noise, ``(2, frames)``; side stands ``side_db`` over mid.

    The tilt is that of an equaliser, (G s + 1) / (s + G) about 1 kHz: ``tilt`` dB far above, as
    many down far below. The bass under 120 Hz stands ``bass_db`` higher.
    """
    frames = round(seconds * RATE)
    hz = np.fft.rfftfreq(frames, 1.0 / RATE)
    s = 1j * hz / 1_000.0
    gain = 10.0 ** (tilt / 20.0)
    shape = np.abs((gain * s + 1.0) / (s + gain))
    shape *= (np.maximum(hz, 20.0) / 1_000.0) ** -0.5
    shape *= np.where(hz < 120.0, 10.0 ** (bass_db / 20.0), 1.0)
    shape[0] = 0.0
    random = np.random.default_rng(seed).standard_normal((2, frames))
    mid, side = np.fft.irfft(np.fft.rfft(random, axis=1) * shape, frames, axis=1)
    side *= 10.0 ** (side_db / 20.0)
    return np.asarray(0.02 * 10.0 ** (level_db / 20.0) * np.stack((mid + side, mid - side)))


def hear(signal: Block) -> Heard:
    meter = HeardMeter(RATE, signal.shape[0])
    meter.update(signal)
    return meter.result()


def album(*tracks: dict[str, float]) -> list[AlbumTrack]:
    """Tracks 1, 2, 3 ...: of each what `noise` is told."""
    return [
        AlbumTrack(str(number), f"Track {number}", hear(noise(number, **each)))
        for number, each in enumerate(tracks, start=1)
    ]
