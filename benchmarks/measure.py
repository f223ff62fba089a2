"""Measuring a 10-minute 44.1 kHz stereo master of 24 bits, decoding included on every side.

Ours (integrated, momentary, short-term, loudness range, true peak, two threads) against FFmpeg's
ebur128 with true peak, which finds the same figures, and pyloudnorm's integrated loudness alone.
Each side runs in its own process, warm: imports done, the file cached, one run thrown away.

    python benchmarks/measure.py             the benchmark
    python benchmarks/measure.py FILES...    the figures of those files, ours beside FFmpeg's
"""

from __future__ import annotations

import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ledger import record  # type: ignore[import-not-found]  # beside this script

RATE = 44_100
SECONDS = 600
PAIRS = 7
GOAL = 2.0
SIDES = ("ours", "ffmpeg", "pyloudnorm")

Figures = dict[str, float | None]


def make_master(path: Path) -> None:
    """Write a loud master of sorts: drums, bass, chords and noise, driven into hard limiting."""
    import soundfile

    rng = np.random.default_rng(7)
    with soundfile.SoundFile(path, "w", RATE, 2, subtype="PCM_24") as file:
        for second in range(SECONDS):
            t = second + np.arange(RATE) / RATE
            beat = (t * 2.0) % 1.0  # 120 BPM
            kick = 0.8 * np.exp(-beat * 9.0) * np.sin(2 * np.pi * 55.0 * beat)
            snare = 0.3 * np.exp(-((t + 0.5) % 1.0) * 14.0) * rng.standard_normal(RATE)
            hat = 0.08 * np.exp(-((t * 4.0) % 1.0) * 9.0) * rng.standard_normal(RATE)
            root = 55.0 * 2.0 ** ((0, 5, 7, 3)[second // 2 % 4] / 12.0)
            bass = 0.3 * np.sin(2 * np.pi * root * t)
            chords = [
                sum(0.1 * np.sin(2 * np.pi * root * k * t * (1 + w)) for k in (4, 5, 6, 8, 12, 24))
                for w in (0.0005, -0.0005)
            ]
            loud = (0.5, 0.8, 1.1)[second // 20 % 3]
            mix = loud * (kick + snare + hat + bass + np.stack(chords))
            file.write(np.clip(mix, -0.97, 0.97).T)


def ours(path: Path) -> Figures:
    from mixmaster.engine.measuring import measure_file

    figures = measure_file(path, threads=2).figures
    return {
        "lufs": figures.integrated_lufs,
        "lra": figures.loudness_range_lu,
        "dbtp": figures.true_peak_dbtp,
    }


def ffmpeg(path: Path) -> Figures:
    import av

    said: dict[str, str] = {}
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        graph = av.filter.Graph()
        source = graph.add_abuffer(template=stream)
        meter = graph.add("ebur128", "peak=true:framelog=quiet:metadata=1")
        sink = graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        frames = container.decode(stream)
        while True:
            frame = next(frames, None)
            graph.push(frame)
            while True:
                try:
                    said = dict(graph.pull().metadata) or said
                except (av.BlockingIOError, av.EOFError):
                    break
            if frame is None:
                break
    peak = max(float(value) for key, value in said.items() if "true_peaks_ch" in key)
    lufs, lra = float(said["lavfi.r128.I"]), float(said["lavfi.r128.LRA"])
    return {"lufs": lufs, "lra": lra, "dbtp": 20.0 * math.log10(peak)}


def pyloudnorm(path: Path) -> Figures:
    import pyloudnorm
    import soundfile

    samples, rate = soundfile.read(path)
    lufs = pyloudnorm.Meter(rate).integrated_loudness(samples)
    return {"lufs": float(lufs), "lra": None, "dbtp": None}


RUNS = {"ours": ours, "ffmpeg": ffmpeg, "pyloudnorm": pyloudnorm}


def work(side: str, path: Path) -> None:
    """Serve one side: a run for every line that comes in, its seconds for every line out."""
    run = RUNS[side]
    figures = run(path)
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        figures = run(path)
        print(time.perf_counter() - start, flush=True)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"megabytes": megabytes, **figures}), flush=True)


def shown(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def compare(path: Path) -> int:
    make_master(path)
    workers = {
        side: subprocess.Popen(
            [sys.executable, __file__, "--work", side, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for side in SIDES
    }

    def line(side: str, said: str = "") -> str:
        stdin, stdout = workers[side].stdin, workers[side].stdout
        assert stdin is not None
        assert stdout is not None
        if said:
            stdin.write(said)
            stdin.flush()
        return stdout.readline().strip()

    for side in SIDES:
        assert line(side) == "ready"
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in range(PAIRS):
        for side in SIDES:
            seconds[side].append(float(line(side, "\n")))
    print("| 10 min stereo, 44.1 kHz | median s | peak MB | whole process s | LUFS | LRA | dBTP |")
    print("|-|-|-|-|-|-|-|")
    for side in SIDES:
        stdin = workers[side].stdin
        assert stdin is not None
        stdin.close()
        last = json.loads(line(side))
        workers[side].wait()
        start = time.perf_counter()
        subprocess.run([sys.executable, __file__, "--once", side, str(path)], check=True)
        whole = time.perf_counter() - start
        figures = " | ".join(shown(last[name]) for name in ("lufs", "lra", "dbtp"))
        median = statistics.median(seconds[side])
        print(f"| {side} | {median:.2f} | {last['megabytes']:.0f} | {whole:.2f} | {figures} |")
    ratios = {
        peer: statistics.median(a / b for a, b in zip(seconds[peer], seconds["ours"], strict=True))
        for peer in SIDES[1:]
    }
    for peer, ratio in ratios.items():
        record("measure", "10 min, loudness and true peak", ratio, "times", peer=peer, goal=GOAL)
    said = ", ".join(f"{ratio:.2f} times as fast as {peer}" for peer, ratio in ratios.items())
    print(f"\nours is {said} (goal: {GOAL} of each)")
    return 0 if min(ratios.values()) >= GOAL else 1


def agree(paths: list[Path]) -> None:
    print("| file | ours LUFS, LRA, dBTP | FFmpeg's |")
    print("|-|-|-|")
    for path in paths:
        both = [", ".join(shown(value) for value in run(path).values()) for run in (ours, ffmpeg)]
        print(f"| {path.name} | {both[0]} | {both[1]} |")


def main() -> int:
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], Path(sys.argv[3]))
    elif sys.argv[1:2] == ["--once"]:
        RUNS[sys.argv[2]](Path(sys.argv[3]))
    elif len(sys.argv) > 1:
        agree([Path(name) for name in sys.argv[1:]])
    else:
        with tempfile.TemporaryDirectory() as folder:
            return compare(Path(folder) / "master.wav")
    return 0


if __name__ == "__main__":
    sys.exit(main())
