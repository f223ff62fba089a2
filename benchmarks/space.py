"""Rooms, plates, halls and convolution against pedalboard's reverb and convolution.

One core, blocks of 131,072 frames of stereo noise at 48 kHz. Ours work in float64; pedalboard's
in float32, eight combs a side.

    python benchmarks/space.py
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pedalboard
import soundfile

from ledger import record  # type: ignore[import-not-found]  # beside this script
from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context, Effect
from mixmaster.effects.convolution import Convolution
from mixmaster.effects.reverb import Reverb
from mixmaster.engine.threads import one_blas_thread

RATE = 48_000
FRAMES = 131_072
BLOCKS = 16
ROUNDS = 5
SONG_S = 180

Job = Callable[[], object]


def response(seconds: float, channels: int) -> Block:
    """Noise that falls by 60 dB over its length, of an energy of 1 a channel."""
    frames = round(seconds * RATE)
    fall = 10.0 ** (-3.0 * np.arange(frames) / frames)
    noise: Block = np.random.default_rng(2).standard_normal((channels, frames)) * fall
    noise /= np.sqrt(np.sum(noise**2, axis=1, keepdims=True))
    return noise


def ours(effect: Effect, blocks: list[Block], impulse: Block | None = None) -> Job:
    resources = {} if impulse is None else {"impulse": impulse}
    processor = effect.prepare(Context(RATE, 2, resources=resources))
    place = iter(range(0, 1 << 62, FRAMES))

    def job() -> None:
        for block in blocks:
            processor.process(block, BlockContext(next(place)))

    return job


def theirs(plugin: pedalboard.Plugin, blocks: list[Block]) -> Job:
    single = [block.astype(np.float32) for block in blocks]

    def job() -> None:
        for block in single:
            plugin.process(block, RATE, reset=False)

    return job


def seconds(job: Job) -> float:
    start = time.process_time()
    job()
    return time.process_time() - start


def main() -> None:
    noise = np.random.default_rng(1).standard_normal((BLOCKS, 2, FRAMES)) * 0.1
    blocks = list(noise)
    impulses = {(s, c): response(s, c) for s in (0.5, 2.0, 6.0) for c in (2, 4)}
    convolution = Convolution(impulse="made here", mix=1.0)
    jobs: dict[str, Job] = {
        f"{space}": ours(Reverb.model_validate({"type": space, "mix": 1.0}), blocks)
        for space in ("room", "plate", "hall")
    }
    jobs["pedalboard Reverb"] = theirs(pedalboard.Reverb(wet_level=0.3, dry_level=0.0), blocks)
    with tempfile.TemporaryDirectory() as folder:
        for (length_s, channels), impulse in impulses.items():
            kind = "stereo" if channels == 2 else "true stereo"
            name = f"convolution {length_s:g} s, {kind}"
            jobs[name] = ours(convolution, blocks, impulse)
            if channels == 2:
                path = Path(folder) / f"{length_s}.wav"
                soundfile.write(path, impulse.T, RATE, "FLOAT")
                plugin = pedalboard.Convolution(str(path), mix=1.0)
                jobs[f"pedalboard Convolution {length_s:g} s"] = theirs(plugin, blocks)
        with one_blas_thread():
            for job in jobs.values():
                job()
            taken = {name: [] for name in jobs}  # type: dict[str, list[float]]
            for _ in range(ROUNDS):
                for name, job in jobs.items():
                    taken[name].append(seconds(job))
    samples = 2 * FRAMES * BLOCKS
    print(f"stereo, one core; median of {ROUNDS} rounds")
    print(f"{'':34}{'M samples/s':>12}{'s for 3 min':>13}")
    for name, times in taken.items():
        middle = statistics.median(times)
        song = middle * SONG_S * RATE / (FRAMES * BLOCKS)
        print(f"{name:34}{samples / middle / 1e6:>12.1f}{song:>13.2f}")
        if not name.startswith("pedalboard"):
            record("space", name, samples / middle / 1e6, "M samples/s")


if __name__ == "__main__":
    main()
