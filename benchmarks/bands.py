"""Equalisers, multiband dynamics, crossovers and convolution against pedalboard's.

One core, half a minute at 48 kHz in blocks of 131,072 frames, processor time. Ours work in float64,
pedalboard's in float32. It has no multiband compressor: the peer is what a script makes of three
chains with high- and low-passes of 6 dB an octave (which do not add up flat) and a compressor each.

    python benchmarks/bands.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pedalboard
from pedalboard import Compressor, HighpassFilter, LowpassFilter

from ledger import record  # type: ignore[import-not-found]  # beside this script
from mixmaster.arrays import Block
from mixmaster.dsp.convolver import Convolver
from mixmaster.dsp.crossover import Crossover, LinearCrossover
from mixmaster.effects.base import BlockContext, Context, Effect
from mixmaster.effects.dynamic_eq import DynamicEq
from mixmaster.effects.eq import Eq
from mixmaster.effects.multiband import Multiband

RATE = 48_000
SECONDS = 30
FRAMES = 131_072
PAIRS = 5

Job = Callable[[], object]

EQ: list[dict[str, Any]] = [
    {"shape": "high_pass", "frequency_hz": 80.0},
    {"shape": "bell", "frequency_hz": 300.0, "gain_db": -3.0},
    {"shape": "bell", "frequency_hz": 3_000.0, "gain_db": 2.0},
    {"shape": "high_shelf", "frequency_hz": 9_000.0, "gain_db": 3.0},
]
DYNAMIC: list[dict[str, Any]] = [
    {"frequency_hz": hz, "range_db": -6.0, "threshold_db": -35.0, "q": 2.0}
    for hz in (250.0, 1_000.0, 3_500.0, 7_000.0)
]
BANDS: list[dict[str, Any]] = [
    {"up_to_hz": 150.0, "threshold_db": -30.0, "ratio": 3.0},
    {"up_to_hz": 2_500.0, "threshold_db": -25.0, "ratio": 2.0},
    {"threshold_db": -30.0, "ratio": 2.0, "attack_ms": 5.0},
]


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table: how to make ours from a number of channels, and the peer."""

    name: str
    make: Callable[[int], Callable[[Block, int], object]]
    plugin: Callable[[], pedalboard.Plugin] | None = None


@dataclass(frozen=True, slots=True)
class Moves:
    """Automation of one address: a slow sine between two values."""

    low: float
    high: float
    curve: Block = field(init=False)

    def __post_init__(self) -> None:
        """Draw the whole curve."""
        turn = 0.5 - 0.5 * np.cos(2.0 * np.pi / RATE * np.arange(RATE * SECONDS))
        object.__setattr__(self, "curve", self.low + (self.high - self.low) * turn)


def effect(settings: Effect, moves: Mapping[str, Moves] | None = None) -> Any:
    moved = moves or {}

    def make(channels: int) -> Callable[[Block, int], object]:
        processor = settings.prepare(Context(RATE, channels, automated=frozenset(moved)))

        def process(block: Block, start: int) -> object:
            here = slice(start, start + block.shape[1])
            automation = {name: line.curve[here] for name, line in moved.items()}
            return processor.process(block, BlockContext(start, automation=automation))

        return process

    return make


def core(make: Callable[[int], Any]) -> Any:
    def made(channels: int) -> Callable[[Block, int], object]:
        processor = make(channels)
        return lambda block, _: processor.process(block)

    return made


def ours(case: Case, signal: Block) -> Job:
    starts = range(0, signal.shape[1], FRAMES)
    blocks = [np.ascontiguousarray(signal[:, start : start + FRAMES]) for start in starts]

    def job() -> None:
        process = case.make(signal.shape[0])
        for start, block in zip(starts, blocks, strict=True):
            process(block, start)

    return job


def theirs(plugin: pedalboard.Plugin, signal: Block) -> Job:
    single = signal.astype(np.float32)
    blocks = [
        np.ascontiguousarray(single[:, start : start + FRAMES])
        for start in range(0, signal.shape[1], FRAMES)
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


def impulse(length_s: float) -> Block:
    taps = round(length_s * RATE)
    fall = np.exp(-6.9 / taps * np.arange(taps))
    return np.asarray(np.random.default_rng(2).standard_normal((1, taps)) * fall * 0.01)


def convolution(length_s: float) -> Case:
    kernel = impulse(length_s)
    return Case(
        f"convolution, {length_s:g} s",
        core(lambda channels: Convolver(kernel, channels)),
        lambda: pedalboard.Convolution(kernel.astype(np.float32), 1.0, RATE),
    )


def eq(bands: list[dict[str, Any]], **settings: Any) -> Eq:
    return Eq.model_validate({"effect": "eq", "bands": bands, **settings})


def multiband(**settings: Any) -> Multiband:
    return Multiband.model_validate({"effect": "multiband", "bands": BANDS, **settings})


def their_eq() -> pedalboard.Plugin:
    return pedalboard.Pedalboard(
        [
            HighpassFilter(80.0),
            pedalboard.PeakFilter(300.0, -3.0, 0.7),
            pedalboard.PeakFilter(3_000.0, 2.0, 0.7),
            pedalboard.HighShelfFilter(9_000.0, 3.0, 0.7),
        ]
    )


def their_bands() -> pedalboard.Plugin:
    return pedalboard.Mix(
        [
            pedalboard.Chain([LowpassFilter(150.0), Compressor(-30.0, 3.0, 20.0, 150.0)]),
            pedalboard.Chain(
                [
                    HighpassFilter(150.0),
                    LowpassFilter(2_500.0),
                    Compressor(-25.0, 2.0, 20.0, 150.0),
                ]
            ),
            pedalboard.Chain([HighpassFilter(2_500.0), Compressor(-30.0, 2.0, 5.0, 150.0)]),
        ]
    )


def main() -> None:
    dynamic = DynamicEq.model_validate({"effect": "dynamic_eq", "bands": DYNAMIC})
    cases = [
        Case("EQ, 4 bands", effect(eq(EQ)), their_eq),
        Case("EQ, 4 bands, mid and side", effect(eq([*EQ[:2], {**EQ[2], "channels": "mid"}]))),
        Case("EQ, 4 bands, linear phase", effect(eq(EQ, phase="linear"))),
        Case(
            "EQ, 4 bands, one gain moves",
            effect(eq(EQ), {"bands.2.gain_db": Moves(-6.0, 6.0)}),
        ),
        Case(
            "EQ, 4 bands, automation rests", effect(eq(EQ), {"bands.2.gain_db": Moves(-3.0, -3.0)})
        ),
        Case("dynamic EQ, 4 bands", effect(dynamic)),
        Case("multiband, 3 bands", effect(multiband()), their_bands),
        Case("multiband, 3, linear phase", effect(multiband(phase="linear"))),
        Case("crossover, 3 bands", core(lambda n: Crossover([150.0, 2_500.0], n, RATE))),
        Case("crossover, 3, linear", core(lambda n: LinearCrossover([150.0, 2_500.0], n, RATE))),
        convolution(1.0),
        convolution(10.0),
    ]
    print(f"M samples/s on one core, channels counted; median of {PAIRS} pairs")
    print(f"{'':32}{'channels':>9}{'mixmaster':>11}{'pedalboard':>12}{'times as fast':>15}")
    random = np.random.default_rng(1)
    for channels in (1, 2):
        signal = 0.1 * random.standard_normal((channels, RATE * SECONDS))
        for case in cases:
            if "mid" in case.name and channels == 1:
                continue
            mine = ours(case, signal)
            mine()
            if case.plugin is None:
                speed = signal.size / statistics.median(seconds(mine) for _ in range(PAIRS)) / 1e6
                print(f"{case.name:32}{channels:>9}{speed:>11.1f}{'-':>12}{'-':>15}", flush=True)
                continue
            peer = theirs(case.plugin(), signal)
            peer()
            pairs = [(seconds(mine), seconds(peer)) for _ in range(PAIRS)]
            speeds = [
                signal.size / statistics.median(side) / 1e6 for side in zip(*pairs, strict=True)
            ]
            ratio = statistics.median(theirs_s / ours_s for ours_s, theirs_s in pairs)
            print(
                f"{case.name:32}{channels:>9}{speeds[0]:>11.1f}{speeds[1]:>12.1f}{ratio:>15.2f}",
                flush=True,
            )
            name = f"{case.name}, {'mono' if channels == 1 else 'stereo'}"
            record("bands", name, ratio, "times", peer="pedalboard")


if __name__ == "__main__":
    main()
