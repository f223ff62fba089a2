"""The compressor and the gate against pedalboard's, on the same signal in the same run.

One core, blocks of 65,536 frames, a minute at 48 kHz. Ours work in float64 and link the
channels; pedalboard's work in float32, each channel by itself.

    python benchmarks/dynamics.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Literal

import numpy as np
import pedalboard

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.effects.base import BlockContext, Context, Effect
from mixmaster.effects.compressor import Compressor
from mixmaster.effects.gate import Gate

RATE = 48_000
SECONDS = 60
PAIRS = 7

Job = Callable[[], object]
Case = tuple[str, Effect, pedalboard.Plugin]


def drums(channels: int) -> Block:
    """Two hits a second over a floor at -50 dBFS: both dynamics have work to do all the time."""
    random = np.random.default_rng(1)
    n = np.arange(RATE // 2)
    hit = np.exp(-n / 4_000.0) * np.cos(2.0 * np.pi * 120.0 / RATE * n)
    track = np.tile(hit, 2 * SECONDS) * 0.8
    sides = np.linspace(1.0, 0.7, channels)[:, None]
    return np.asarray(track * sides + 3e-3 * random.standard_normal((channels, track.shape[0])))


def ours(effect: Effect, signal: Block) -> Job:
    blocks = [
        np.ascontiguousarray(signal[:, start : start + BLOCK_FRAMES])
        for start in range(0, signal.shape[1], BLOCK_FRAMES)
    ]

    def job() -> None:
        processor = effect.prepare(Context(RATE, signal.shape[0]))
        for index, block in enumerate(blocks):
            processor.process(block, BlockContext(index * BLOCK_FRAMES))

    return job


def theirs(plugin: pedalboard.Plugin, signal: Block) -> Job:
    single = signal.astype(np.float32)
    blocks = [
        np.ascontiguousarray(single[:, start : start + BLOCK_FRAMES])
        for start in range(0, signal.shape[1], BLOCK_FRAMES)
    ]

    def job() -> None:
        plugin.reset()
        for block in blocks:
            plugin.process(block, RATE, reset=False)

    return job


def seconds(job: Job) -> float:
    start = time.process_time()
    job()
    return time.process_time() - start


def compressors(
    name: str, *, attack_ms: float, release_ms: float, detector: Literal["peak", "rms"] = "peak"
) -> Case:
    """The same settings twice; pedalboard's has no rms detector and stays with its own."""
    return (
        name,
        Compressor(
            threshold_db=-18.0,
            ratio=4.0,
            attack_ms=attack_ms,
            release_ms=release_ms,
            detector=detector,
        ),
        pedalboard.Compressor(
            threshold_db=-18.0, ratio=4.0, attack_ms=attack_ms, release_ms=release_ms
        ),
    )


def gates(name: str, *, ratio: float) -> Case:
    return (
        name,
        Gate(threshold_db=-24.0, ratio=ratio, attack_ms=0.5, release_ms=50.0),
        pedalboard.NoiseGate(threshold_db=-24.0, ratio=ratio, attack_ms=0.5, release_ms=50.0),
    )


def main() -> None:
    cases = [
        compressors("compressor, 10 ms", attack_ms=10.0, release_ms=100.0),
        compressors("compressor, 30 ms", attack_ms=30.0, release_ms=200.0),
        compressors("compressor, 1 ms", attack_ms=1.0, release_ms=100.0),
        compressors("compressor, rms", attack_ms=10.0, release_ms=100.0, detector="rms"),
        gates("gate", ratio=100.0),
        gates("expander, 2:1", ratio=2.0),
    ]
    print(f"M samples/s on one core, channels counted; median of {PAIRS} pairs")
    print(f"{'':22}{'channels':>9}{'mixmaster':>11}{'pedalboard':>12}{'times as fast':>15}")
    for channels in (1, 2):
        signal = drums(channels)
        for name, effect, plugin in cases:
            jobs = ours(effect, signal), theirs(plugin, signal)
            for job in jobs:
                job()
            pairs = [(seconds(jobs[0]), seconds(jobs[1])) for _ in range(PAIRS)]
            mine, peers = (
                signal.size / statistics.median(pair[side] for pair in pairs) / 1e6
                for side in (0, 1)
            )
            ratio = statistics.median(theirs_s / ours_s for ours_s, theirs_s in pairs)
            print(f"{name:22}{channels:>9}{mine:>11.0f}{peers:>12.0f}{ratio:>15.2f}")


if __name__ == "__main__":
    main()
