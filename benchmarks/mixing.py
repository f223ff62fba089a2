"""Mixing 16 stems against a straightforward pedalboard + soundfile script.

Half of the stems are mono, half stereo: 24-bit WAV, 48 kHz, 3 minutes. Each gets a high-pass,
three EQ bands, a compressor, fader and pan. Ours hashes its inputs, meters every strip in and
out, writes a 32-bit float premaster, reads it back, measures it and writes a manifest; the
script writes the file and is done. So do FFmpeg's filter graph and SoX, where they are installed.

    python benchmarks/mixing.py            # the table: speed, pair by pair
    python benchmarks/mixing.py --memory   # peak memory at 3 and at 30 minutes
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ledger import record  # type: ignore[import-not-found]  # beside this script

RATE = 48_000
STEMS = 16
PAIRS = 3
NAMES = {
    "ours": "mixmaster",
    "one": "mixmaster, 1 thread",
    "peer": "pedalboard + soundfile",
    "ffmpeg": "FFmpeg's filter graph",
    "sox": "SoX",
}
OURS = ("ours", "one")
PROGRAMS = {"ffmpeg": "ffmpeg", "sox": "sox"}
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


def filter_graph(folder: Path, output: Path) -> None:
    """The same in FFmpeg's own filters, all in one command."""
    stems = sorted(folder.glob("*.wav"))
    gain, angle = 10.0 ** (-6.0 / 20.0), (0.25 + 1.0) / 2.0 * np.pi / 2.0
    left, right = gain * np.cos(angle), gain * np.sin(angle)
    chains = []
    for number, path in enumerate(stems):
        second = "c0" if number < STEMS // 2 else "c1"
        del path
        chains.append(
            f"[{number}:a]highpass=f=80,equalizer=f=250:t=q:w=1:g=-2,"
            "equalizer=f=2500:t=q:w=1:g=2,highshelf=f=8000:g=2,"
            "acompressor=threshold=-20dB:ratio=3:attack=10:release=100,"
            f"pan=stereo|c0={left:.6f}*c0|c1={right:.6f}*{second}[s{number}]"
        )
    names = "".join(f"[s{number}]" for number in range(len(stems)))
    graph = f"{';'.join(chains)};{names}amix=inputs={len(stems)}:normalize=0"
    files = [word for path in stems for word in ("-i", str(path))]
    quiet = ("ffmpeg", "-v", "error", "-y")
    subprocess.run(
        [*quiet, *files, "-filter_complex", graph, "-c:a", "pcm_f32le", str(output)], check=True
    )


def sox(folder: Path, output: Path) -> None:
    """The same as a shell script around SoX: every stem through effects, then all of them mixed."""
    gain, angle = 10.0 ** (-6.0 / 20.0), (0.25 + 1.0) / 2.0 * np.pi / 2.0
    left, right = gain * np.cos(angle), gain * np.sin(angle)
    with tempfile.TemporaryDirectory(dir=output.parent) as name:
        made = []
        for number, path in enumerate(sorted(folder.glob("*.wav"))):
            out = Path(name) / path.name
            second = 1 if number < STEMS // 2 else 2
            subprocess.run(
                [
                    *("sox", "-V1", str(path), "-b", "32", "-e", "floating-point", str(out)),
                    *("highpass", "80", "equalizer", "250", "1q", "-2"),
                    *("equalizer", "2500", "1q", "2", "treble", "2", "8000"),
                    *("compand", "0.01,0.1", "6:-70,-70,-20,-20,0,-13.3", "0", "-90", "0"),
                    *("remix", f"1v{left:.6f}", f"{second}v{right:.6f}"),
                ],
                check=True,
            )
            made.append(str(out))
        subprocess.run(
            [
                *("sox", "-V1", "-m", *(word for each in made for word in ("-v", "1", each))),
                *("-b", "32", "-e", "floating-point", str(output)),
            ],
            check=True,
        )


def is_there(which: str) -> bool:
    """Return whether a side can run: programs may not be installed."""
    return which not in PROGRAMS or shutil.which(PROGRAMS[which]) is not None


def child(which: str, folder: Path, output: Path, runs: int) -> None:
    """Run one side ``runs`` times after a warm-up of imports; print seconds and peak memory."""
    jobs = {"ours": ours, "one": lambda f, o: ours(f, o, 1), "peer": peer}
    job = (jobs | {"ffmpeg": filter_graph, "sox": sox})[which]
    for _ in range(runs):
        start = time.perf_counter()
        job(folder, output)
        print(time.perf_counter() - start, flush=True)
    who = resource.RUSAGE_CHILDREN if which in PROGRAMS else resource.RUSAGE_SELF
    print(resource.getrusage(who).ru_maxrss / 1024.0, flush=True)


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
    names = {which: name for which, name in NAMES.items() if is_there(which)}
    sides: dict[str, list[float]] = {which: [] for which in names}
    whole: dict[str, list[float]] = {which: [] for which in names}
    memory: dict[str, float] = {}
    for number in range(PAIRS):
        for which, runs in sides.items():
            if which in PROGRAMS and number:  # half a minute each: once is enough
                runs.append(runs[0])
                continue
            count = 1 if which in PROGRAMS else 2
            output = folder.parent / f"mix_{which}.wav"
            seconds, process, peak = run_alone(which, folder, output, count)
            runs.append(seconds[-1])
            whole[which].append(process - sum(seconds[:-1]))
            memory[which] = max(memory.get(which, 0.0), peak)
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
    record("mixing", "peak memory", memory["ours"], "MB", goal=300.0, better="lower")
    for which in [each for each in names if each not in OURS]:
        for our in OURS:
            ratios = [p / s for p, s in zip(sides[which], sides[our], strict=True)]
            goal = 2.0 if (our, which) == ("ours", "peer") else None
            what = f"{STEMS} stems, {names[our]}"
            record("mixing", what, statistics.median(ratios), "times", peer=names[which], goal=goal)


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
                what = f"peak memory, {minutes:g} min"
                record("mixing", what, peak, "MB", goal=300.0, better="lower")
            return
        stems = folder / "stems"
        stems.mkdir()
        make_stems(stems, arguments.minutes)
        speed(stems, arguments.minutes)


if __name__ == "__main__":
    main()
