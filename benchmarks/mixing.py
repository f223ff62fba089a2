"""Mixing 16 stems against a straightforward pedalboard + soundfile script.

Half of the stems are mono, half stereo: 24-bit WAV, 48 kHz, 3 minutes. Each gets a high-pass,
three EQ bands, a compressor, fader and pan. Ours hashes its inputs, meters every strip in and
out, writes a 32-bit float premaster, reads it back, measures it and writes a manifest; the
script writes the file and is done.

    python benchmarks/mixing.py            # the table: speed, pair by pair
    python benchmarks/mixing.py --memory   # peak memory at 3 and at 30 minutes
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

RATE = 48_000
STEMS = 16
PAIRS = 5
PRESET = """
format = 1
kind = "mix"
name = "Benchmark"
[strip.all]
match = ["*"]
gain_db = -6.0
pan = 0.25
[[strip.all.insert]]
effect = "eq"
bands = [
  { shape = "high_pass", frequency_hz = 80.0, slope_db_per_octave = 12 },
  { shape = "bell", frequency_hz = 250.0, gain_db = -2.0, q = 1.0 },
  { shape = "bell", frequency_hz = 2500.0, gain_db = 2.0, q = 1.0 },
  { shape = "high_shelf", frequency_hz = 8000.0, gain_db = 2.0 },
]
[[strip.all.insert]]
effect = "compressor"
threshold_db = -20.0
ratio = 3.0
attack_ms = 10.0
release_ms = 100.0
"""


def make_stems(folder: Path, minutes: float) -> None:
    """Write the stems: enveloped noise and tones, so that compressors have work to do."""
    import soundfile

    rng = np.random.default_rng(7)
    frames = round(minutes * 60 * RATE)
    chunk = RATE * 10
    for number in range(1, STEMS + 1):
        channels = 1 if number <= STEMS // 2 else 2
        path = folder / f"{number:02d}_Stem.wav"
        with soundfile.SoundFile(path, "w", RATE, channels, subtype="PCM_24") as file:
            for start in range(0, frames, chunk):
                count = min(chunk, frames - start)
                time_s = (start + np.arange(count)) / RATE
                envelope = 0.1 + 0.4 * np.abs(np.sin(np.pi * (1.0 + number / 7.0) * time_s))
                tone = np.sin(2.0 * np.pi * 55.0 * number * time_s)
                noise = rng.uniform(-0.5, 0.5, (channels, count))
                file.write((0.5 * envelope * (noise + tone)).T)


def peer(folder: Path, output: Path) -> None:
    """The script that a user would write."""
    import soundfile
    from pedalboard import (
        Compressor,
        HighpassFilter,
        HighShelfFilter,
        PeakFilter,
        Pedalboard,
    )

    mix: np.ndarray | None = None
    for path in sorted(folder.glob("*.wav")):
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
        board = Pedalboard(
            [
                HighpassFilter(80.0),
                PeakFilter(250.0, -2.0, 1.0),
                PeakFilter(2500.0, 2.0, 1.0),
                HighShelfFilter(8000.0, 2.0),
                Compressor(threshold_db=-20.0, ratio=3.0, attack_ms=10.0, release_ms=100.0),
            ]
        )
        out = board(audio.T, rate)
        gain, angle = 10.0 ** (-6.0 / 20.0), (0.25 + 1.0) / 2.0 * np.pi / 2.0
        left, right = (out[0], out[0]) if len(out) == 1 else (out[0], out[1])
        stereo = np.stack([left * (gain * np.cos(angle)), right * (gain * np.sin(angle))])
        mix = stereo if mix is None else mix + stereo
    assert mix is not None
    soundfile.write(output, mix.T, RATE, subtype="FLOAT")


def ours(folder: Path, output: Path, threads: int = 2) -> None:
    """The same through mixmaster."""
    from mixmaster.documents.loading import load_text
    from mixmaster.mixing.plan import plan_mix
    from mixmaster.mixing.preset import MixPreset
    from mixmaster.mixing.run import mix

    plan = plan_mix([str(folder)], load_text(MixPreset, PRESET), threads=threads)
    mix(plan, output, overwrite=True)


def child(which: str, folder: Path, output: Path, runs: int) -> None:
    """Run one side ``runs`` times after a warm-up of imports; print seconds and peak memory."""
    job = {"ours": ours, "one": lambda f, o: ours(f, o, 1), "peer": peer}[which]
    for _ in range(runs):
        start = time.perf_counter()
        job(folder, output)
        print(time.perf_counter() - start, flush=True)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, flush=True)


class Side:
    """A side of the comparison in a process of its own, run step by step."""

    def __init__(self, which: str, folder: Path, output: Path, runs: int) -> None:
        self.start = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--child", which, str(folder), str(output), str(runs)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def next(self) -> float:
        assert self.process.stdout is not None
        return float(self.process.stdout.readline())


def run_alone(
    which: str, folder: Path, output: Path, runs: int
) -> tuple[list[float], float, float]:
    """Return the seconds of each run, the whole process's, and its peak memory in MB."""
    start = time.perf_counter()
    side = Side(which, folder, output, runs)
    seconds = [side.next() for _ in range(runs)]
    memory = side.next()
    side.process.wait()
    return seconds, time.perf_counter() - start, memory


def speed(folder: Path, minutes: float) -> None:
    sides: dict[str, list[float]] = {"ours": [], "one": [], "peer": []}
    whole: dict[str, list[float]] = {"ours": [], "one": [], "peer": []}
    memory: dict[str, float] = {}
    for _ in range(PAIRS):
        for which, runs in sides.items():
            seconds, process, peak = run_alone(which, folder, folder.parent / f"mix_{which}.wav", 2)
            runs.append(seconds[-1])
            whole[which].append(process - sum(seconds[:-1]))
            memory[which] = max(memory.get(which, 0.0), peak)
    names = {"ours": "mixmaster", "one": "mixmaster, 1 thread", "peer": "pedalboard + soundfile"}
    print(f"\nMixing {STEMS} stems of {minutes:g} min at 48 kHz, median of {PAIRS}\n")
    print(f"| {'':24} | warm s | ratio | whole process s | peak MB |")
    print("|-|-|-|-|-|")
    for which, name in names.items():
        ratios = [p / s for p, s in zip(sides["peer"], sides[which], strict=True)]
        print(
            f"| {name:24} | {statistics.median(sides[which]):6.2f} "
            f"| {statistics.median(ratios):5.2f} "
            f"| {statistics.median(whole[which]):15.2f} | {memory[which]:7.0f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--child", nargs=4, metavar=("SIDE", "FOLDER", "OUTPUT", "RUNS"))
    arguments = parser.parse_args()
    if arguments.child:
        which, folder, output, runs = arguments.child
        child(which, Path(folder), Path(output), int(runs))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.memory:
            for minutes in (arguments.minutes, 10.0 * arguments.minutes):
                stems = folder / f"{minutes:g}"
                stems.mkdir()
                make_stems(stems, minutes)
                _, seconds, peak = run_alone("ours", stems, folder / "mix.wav", 1)
                print(f"{minutes:5.1f} min: {peak:6.0f} MB, {seconds:6.1f} s whole process")
            return
        stems = folder / "stems"
        stems.mkdir()
        make_stems(stems, arguments.minutes)
        speed(stems, arguments.minutes)


if __name__ == "__main__":
    main()
