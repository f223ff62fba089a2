"""A session of 64 strips: how many times faster than it plays, in how much memory.

Each strip: an EQ of 4 bands, a compressor, a gate, tape saturation at 4x, two sends; six groups
with compressors, a plate, a hall and a delay in beats; 56 mono and 8 stereo stems, 24-bit WAV,
48 kHz, 3 minutes. Hashing, metering of every strip, the premaster's reading back and its manifest
are in the figures. Goals: 3.0 times real time on two cores, under 700 MB, two threads 1.6 times
one.

    python benchmarks/console.py            # the table
    python benchmarks/console.py --shares   # where the processor's time goes, one thread
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ledger import record  # type: ignore[import-not-found]  # beside this script

RATE = 48_000
STRIPS = 64
STEREO = 8
GROUPS = 6
RUNS = 3
STRIP = """
[strip.s{number:02d}]
match = ["s{number:02d}"]
gain_db = -9.0
pan = {pan:.2f}
output = "group{group}"
[[strip.s{number:02d}.insert]]
effect = "eq"
bands = [
  {{ shape = "high_pass", frequency_hz = 60.0, slope_db_per_octave = 12 }},
  {{ shape = "bell", frequency_hz = 300.0, gain_db = -2.0, q = 1.0 }},
  {{ shape = "bell", frequency_hz = 2500.0, gain_db = 2.0, q = 1.0 }},
  {{ shape = "high_shelf", frequency_hz = 9000.0, gain_db = 2.0 }},
]
[[strip.s{number:02d}.insert]]
effect = "gate"
threshold_db = -45.0
range_db = 30.0
[[strip.s{number:02d}.insert]]
effect = "compressor"
threshold_db = -20.0
ratio = 3.0
attack_ms = 10.0
release_ms = 120.0
[[strip.s{number:02d}.insert]]
effect = "saturation"
character = "tape"
drive_db = 4.0
oversampling = 4
[[strip.s{number:02d}.send]]
to = "{room}"
gain_db = -14.0
[[strip.s{number:02d}.send]]
to = "echo"
gain_db = -20.0
"""
GROUP = """
[bus.group{number}]
[[bus.group{number}.insert]]
effect = "compressor"
threshold_db = -16.0
ratio = 2.0
attack_ms = 30.0
release_ms = 200.0
"""
RETURNS = """
[bus.plate]
[[bus.plate.insert]]
effect = "reverb"
type = "plate"
decay_s = 1.6
mix = 1.0
[bus.hall]
[[bus.hall.insert]]
effect = "reverb"
type = "hall"
decay_s = 2.6
mix = 1.0
[bus.echo]
[[bus.echo.insert]]
effect = "delay"
beats = 0.75
feedback = 0.35
high_cut_hz = 5000.0
mix = 1.0
"""


def preset_text() -> str:
    head = 'format = 1\nkind = "mix"\nname = "Sixty-four"\ntempo_bpm = 104.0\n'
    strips = [
        STRIP.format(
            number=number,
            pan=-0.8 + 1.6 * number / (STRIPS - 1),
            group=number % GROUPS,
            room=("plate", "hall")[number % 2],
        )
        for number in range(STRIPS)
    ]
    groups = [GROUP.format(number=number) for number in range(GROUPS)]
    return "".join([head, *strips, *groups, RETURNS])


def make_stems(folder: Path, minutes: float) -> None:
    """Write the stems: struck tones and noise that ring out, with rests, as parts of a song do."""
    import soundfile

    rng = np.random.default_rng(11)
    frames = round(minutes * 60 * RATE)
    chunk = RATE * 12
    for number in range(STRIPS):
        channels = 2 if number >= STRIPS - STEREO else 1
        period = 60.0 / 104.0 * (0.5, 1.0, 2.0, 4.0)[number % 4]
        path = folder / f"s{number:02d}.wav"
        with soundfile.SoundFile(path, "w", RATE, channels, subtype="PCM_24") as file:
            for start in range(0, frames, chunk):
                time_s = (start + np.arange(min(chunk, frames - start))) / RATE
                ring = np.exp(-np.mod(time_s, period) / (0.25 * period))
                plays = np.sin(2.0 * np.pi * time_s / (20.0 + number)) > -0.6
                tone = np.sin(2.0 * np.pi * 41.2 * (1.0 + number / 3.0) * time_s)
                noise = rng.uniform(-0.4, 0.4, (channels, time_s.size))
                floor = rng.normal(0.0, 1e-4, (channels, time_s.size))
                file.write((0.5 * plays * ring * (tone + noise) + floor).T)


def run(folder: Path, output: Path, threads: int) -> None:
    from mixmaster.documents.loading import load_text
    from mixmaster.mixing.plan import plan_mix
    from mixmaster.mixing.preset import MixPreset
    from mixmaster.mixing.run import mix

    plan = plan_mix([str(folder)], load_text(MixPreset, preset_text()), threads=threads)
    mix(plan, output, overwrite=True)


def child(folder: Path, output: Path, threads: int) -> None:
    """Run once; print wall seconds, processor seconds, and the peak of memory in MB."""
    import mixmaster.mixing.run  # noqa: F401 - imported before the clock starts

    wall, processor = time.perf_counter(), time.process_time()
    run(folder, output, threads)
    print(time.perf_counter() - wall, time.process_time() - processor)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0)


def alone(folder: Path, output: Path, threads: int) -> tuple[float, float, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--child", str(folder), str(output), str(threads)],
        check=True,
        capture_output=True,
        text=True,
    )
    wall, processor, memory = map(float, done.stdout.split())
    return wall, processor, memory


class Clock:
    """Adds up the processor time of functions, each without those that it calls in turn."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._here = threading.local()
        self._lock = threading.Lock()

    def over(self, owner: Any, name: str, label: str | Callable[[Any], str]) -> None:
        """Put the clock around a method."""
        inner = getattr(owner, name)

        def timed(this: Any, *arguments: Any, **keywords: Any) -> Any:
            stack = self._here.__dict__.setdefault("stack", [])
            start = time.thread_time()
            stack.append(0.0)
            try:
                return inner(this, *arguments, **keywords)
            finally:
                took = time.thread_time() - start
                nested = stack.pop()
                if stack:
                    stack[-1] += took
                with self._lock:
                    self.seconds[label(this) if callable(label) else label] += took - nested

        setattr(owner, name, timed)


def shares(folder: Path, output: Path) -> None:
    """Print where one thread's time goes."""
    from mixmaster.effects.registry import EFFECTS
    from mixmaster.engine.nodes import FeedPort, NodeRun
    from mixmaster.engine.stats import InsertStats, NodeStats
    from mixmaster.mixing.stems import StemSource

    clock = Clock()

    def watch(effect: Any) -> None:
        prepare = effect.prepare

        def prepared(this: Any, context: Any) -> Any:
            processor = prepare(this, context)
            kind = type(processor)
            if not getattr(kind, "is_timed", False):
                clock.over(kind, "process", effect.model_fields["effect"].default)
                kind.is_timed = True
            return processor

        effect.prepare = prepared

    for effect in EFFECTS:
        watch(effect)
    clock.over(NodeStats, "update_in", "levels in and out")
    clock.over(NodeStats, "update_out", "levels in and out")
    clock.over(InsertStats, "update", "reduction figures")
    clock.over(FeedPort, "add_to", "sums and sends")
    clock.over(NodeRun, "process", "faders, pans, the rest of a node")
    opened = StemSource.open_at

    def open_at(this: Any, start: int) -> Any:
        read = opened(this, start)

        class Reader:
            def __call__(self, frames: int) -> Any:
                return read(frames)

        if not getattr(Reader, "is_timed", False):
            clock.over(Reader, "__call__", "reading the stems")
        return Reader()

    StemSource.open_at = open_at  # type: ignore[method-assign, assignment]
    start = time.process_time()
    run(folder, output, 1)
    total = time.process_time() - start
    known = sum(clock.seconds.values())
    clock.seconds["hashes, writing, reading back, scheduling"] = total - known
    print(f"\n| where, of {total:.1f} s | s | % |\n|-|-|-|")
    for name, seconds in sorted(clock.seconds.items(), key=lambda item: -item[1]):
        print(f"| {name} | {seconds:.1f} | {100.0 * seconds / total:.0f} |")


def table(folder: Path, minutes: float, runs: int) -> None:
    found: dict[int, list[tuple[float, float, float]]] = {2: [], 1: []}
    for _ in range(runs):
        for threads, rows in found.items():
            rows.append(alone(folder, folder.parent / f"mix{threads}.wav", threads))
    print(f"\n{STRIPS} strips, {minutes:g} min at 48 kHz, median of {runs}\n")
    print("| | wall s | times real time | processor s | peak MB |")
    print("|-|-|-|-|-|")
    walls = {}
    for threads, rows in found.items():
        wall, processor = (statistics.median(row[at] for row in rows) for at in (0, 1))
        walls[threads] = wall
        memory = max(row[2] for row in rows)
        print(
            f"| threads: {threads} | {wall:6.1f} | {60.0 * minutes / wall:5.2f} "
            f"| {processor:6.1f} | {memory:5.0f} |"
        )
    real_time = 60.0 * minutes / walls[2]
    record("console", f"{STRIPS} strips, times real time", real_time, "", goal=3.0)
    record("console", "two threads, times one", walls[1] / walls[2], "", goal=1.6)
    peak = max(row[2] for row in found[2])
    record("console", "peak memory", peak, "MB", goal=700.0, better="lower")
    print(f"\nTwo threads: {walls[1] / walls[2]:.2f} times one.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--shares", action="store_true")
    parser.add_argument("--child", nargs=3, metavar=("FOLDER", "OUTPUT", "THREADS"))
    arguments = parser.parse_args()
    if arguments.child:
        folder, output, threads = arguments.child
        child(Path(folder), Path(output), int(threads))
        return
    with tempfile.TemporaryDirectory() as name:
        stems = Path(name) / "stems"
        stems.mkdir()
        make_stems(stems, arguments.minutes)
        if arguments.shares:
            shares(stems, Path(name) / "mix.wav")
        else:
            table(stems, arguments.minutes, arguments.runs)


if __name__ == "__main__":
    main()
