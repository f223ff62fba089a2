"""Dynamics: the compressor and the gate against pedalboard's, and those that it has no peer for.

One core, blocks of 131,072 frames, a minute at 48 kHz, both on the same signal in the same run.
Ours work in float64 and link the channels; pedalboard's work in float32, each channel by itself.

    python benchmarks/dynamics.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pedalboard

from ledger import record  # type: ignore[import-not-found]  # beside this script
from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context, Effect
from mixmaster.effects.compressor import Compressor
from mixmaster.effects.de_esser import DeEsser
from mixmaster.effects.gate import Gate
from mixmaster.effects.transient_shaper import TransientShaper
from mixmaster.engine.threads import keep_freed_memory

RATE = 48_000
BLOCK_FRAMES = 131_072
SECONDS = 60
PAIRS = 7

Job = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """What is timed: ours, and the peer if there is one."""

    name: str
    effect: Effect
    plugin: pedalboard.Plugin | None = None
    moved: str = ""


def drums(channels: int) -> Block:
    """Two hits a second over a floor at -50 dBFS: all dynamics have work to do all the time."""
    random = np.random.default_rng(1)
    n = np.arange(RATE // 2)
    hit = np.exp(-n / 4_000.0) * np.cos(2.0 * np.pi * 120.0 / RATE * n)
    track = np.tile(hit, 2 * SECONDS) * 0.8
    sides = np.linspace(1.0, 0.7, channels)[:, None]
    return np.asarray(track * sides + 3e-3 * random.standard_normal((channels, track.shape[0])))


def ours(case: Case, signal: Block) -> Job:
    starts = range(0, signal.shape[1], BLOCK_FRAMES)
    blocks = [np.ascontiguousarray(signal[:, start : start + BLOCK_FRAMES]) for start in starts]
    swing_db = -20.0 + 3.0 * np.sin(2.0 * np.pi / RATE * np.arange(signal.shape[1]))
    moved = [case.moved] if case.moved else []

    def job() -> None:
        context = Context(
            RATE, signal.shape[0], max_block_frames=BLOCK_FRAMES, automated=frozenset(moved)
        )
        processor = case.effect.prepare(context)
        for start, block in zip(starts, blocks, strict=True):
            curves = dict.fromkeys(moved, swing_db[start : start + BLOCK_FRAMES])
            processor.process(block, BlockContext(start, automation=curves))

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


def compressor(name: str, *, moved: str = "", **values: Any) -> Case:
    """The same settings twice, as far as pedalboard's has them."""
    common = {"threshold_db": -18.0, "ratio": 4.0, "attack_ms": 10.0, "release_ms": 100.0}
    common |= {key: value for key, value in values.items() if key in common}
    effect = Compressor.model_validate(common | values)
    return Case(f"compressor, {name}", effect, pedalboard.Compressor(**common), moved)


def gate(name: str, *, ratio: float, moved: str = "") -> Case:
    common = {"threshold_db": -24.0, "ratio": ratio, "attack_ms": 0.5, "release_ms": 50.0}
    return Case(name, Gate.model_validate(common), pedalboard.NoiseGate(**common), moved)


def main() -> None:
    keep_freed_memory()
    cases = [
        compressor("10 ms"),
        compressor("30 ms", attack_ms=30.0, release_ms=200.0),
        compressor("1 ms", attack_ms=1.0),
        compressor("rms", detector="rms"),
        compressor("look-ahead", lookahead_ms=3.0),
        compressor("key filter", key_high_pass_hz=100.0),
        compressor("auto release", auto_release=True, release_ms=300.0),
        compressor("threshold moves", moved="threshold_db"),
        gate("gate", ratio=100.0),
        gate("expander, 2:1", ratio=2.0),
        gate("gate, threshold moves", ratio=100.0, moved="threshold_db"),
        Case("de-esser, split", DeEsser(range_db=6.0)),
        Case("de-esser, wide", DeEsser(range_db=6.0, mode="wide")),
        Case("transient shaper", TransientShaper(attack_db=6.0, sustain_db=-3.0)),
    ]
    print(f"M samples/s on one core, channels counted; median of {PAIRS} pairs")
    print(f"{'':29}{'channels':>9}{'mixmaster':>11}{'pedalboard':>12}{'times as fast':>15}")
    for channels in (1, 2):
        signal = drums(channels)
        for case in cases:
            mine = ours(case, signal)
            mine()
            peer = None if case.plugin is None else theirs(case.plugin, signal)
            if peer is None:
                speed = signal.size / statistics.median(seconds(mine) for _ in range(PAIRS)) / 1e6
                print(f"{case.name:29}{channels:>9}{speed:>11.0f}{'-':>12}{'-':>15}")
                continue
            peer()
            pairs = [(seconds(mine), seconds(peer)) for _ in range(PAIRS)]
            speeds = [
                signal.size / statistics.median(side) / 1e6 for side in zip(*pairs, strict=True)
            ]
            ratio = statistics.median(theirs_s / ours_s for ours_s, theirs_s in pairs)
            print(f"{case.name:29}{channels:>9}{speeds[0]:>11.0f}{speeds[1]:>12.0f}{ratio:>15.2f}")
            name = f"{case.name}, {'mono' if channels == 1 else 'stereo'}"
            record("dynamics", name, ratio, "times", peer="pedalboard")


if __name__ == "__main__":
    main()
