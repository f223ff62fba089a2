"""Mastering 3 minutes of 44.1 kHz stereo to -14 LUFS / -1 dBTP: EQ, compressor, limiter.

Against matchering on the same file, in the same run, and, for information, against the script
that a user would write: pedalboard's filters, compressor and BrickwallLimiter, with FFmpeg's
ebur128 before and after. Each side runs in its own process, warm: imports done, files cached, one
run thrown away. Ours hashes the mix, measures it, writes, reads back, measures, and writes a
manifest; matchering writes 24-bit WAV, and so do all.

Then what more targets and more minutes cost: the same chain for one and for six places, 3 and 60
minutes long, each run in a process of its own.

    python benchmarks/mastering.py [peers | lengths]
"""

from __future__ import annotations

import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ledger import record  # type: ignore[import-not-found]  # beside this script

RATE = 44_100
SECONDS = 180
PAIRS = 5
LUFS = -14.0
CEILING_DBTP = -1.0
PLACES = ("spotify", "youtube", "apple-music", "amazon-music", "cd", "ebu-r128")
"""Six masters: two loudnesses, three ceilings, WAV and FLAC, 16 and 24 bits, one converted."""

MINUTES = (3, 60)
MOST_OF_FIRST = 0.5
"""The goal: what a further target costs, as a part of the first."""

MOST_GROWTH_MB = 96.0
"""The goal: how much more memory an hour takes than 3 minutes."""

SIDES = ("ours", "matchering", "script")
PRESET = """
format = 1
kind = "mastering"
name = "Benchmark"
input_lufs = -18.0
[[insert]]
effect = "eq"
bands = [
  { shape = "high_pass", frequency_hz = 25.0, slope_db_per_octave = 12 },
  { shape = "low_shelf", frequency_hz = 110.0, gain_db = 1.0 },
  { shape = "bell", frequency_hz = 300.0, gain_db = -1.0, q = 0.8 },
  { shape = "high_shelf", frequency_hz = 8000.0, gain_db = 1.0 },
]
[[insert]]
effect = "compressor"
threshold_db = -16.0
ratio = 2.0
attack_ms = 20.0
release_ms = 150.0
[[insert]]
effect = "limiter"
"""


def make_mix(path: Path, seconds: int = SECONDS) -> None:
    """Write a song of sorts: drums, bass, chords, quiet and loud sections; about -18 LUFS."""
    import soundfile

    rng = np.random.default_rng(5)
    with soundfile.SoundFile(path, "w", RATE, 2, subtype="PCM_24") as file:
        for second in range(seconds):
            t = second + np.arange(RATE) / RATE
            beat = (t * 2.0) % 1.0  # 120 BPM
            kick = 0.7 * np.exp(-beat * 12.0) * np.sin(2 * np.pi * 55.0 * beat)
            snare = 0.35 * np.exp(-((t + 0.5) % 1.0) * 18.0) * rng.standard_normal(RATE)
            hat = 0.06 * np.exp(-((t * 4.0) % 1.0) * 9.0) * rng.standard_normal(RATE)
            root = 55.0 * 2.0 ** ((0, 5, 7, 3)[second // 2 % 4] / 12.0)
            bass = 0.16 * np.sin(2 * np.pi * root * t)
            left, right = (
                sum(0.04 * np.sin(2 * np.pi * root * k * t * (1 + w)) for k in (4, 5, 6, 8, 12))
                for w in (0.0005, -0.0005)
            )
            loud = 1.0 if second // 20 % 2 else 0.5
            middle = kick + snare + hat + bass
            file.write(0.8 * loud * np.stack([middle + left, middle + right], axis=1))


def make_ours(folder: Path) -> Callable[[], Path]:
    from mixmaster.documents.loading import load_text
    from mixmaster.mastering.preset import MasteringPreset
    from mixmaster.mastering.run import MasterOptions, NamedTarget, master
    from mixmaster.mastering.target import Target

    head = 'format = 1\nkind = "target"\nname = "Benchmark"\n'
    figures = f"integrated_lufs = {LUFS}\ntrue_peak_dbtp = {CEILING_DBTP}\n"
    target = load_text(Target, head + figures)
    preset = load_text(MasteringPreset, PRESET)
    output = folder / "ours.wav"

    def run() -> Path:
        options = MasterOptions(overwrite=True, threads=2)
        master(folder / "mix.wav", preset, [NamedTarget("benchmark", target)], output, options)
        return output

    return run


def make_matchering(folder: Path) -> Callable[[], Path]:
    import matchering

    output = folder / "matchering.wav"

    def run() -> Path:
        matchering.process(
            target=str(folder / "mix.wav"),
            reference=str(folder / "reference.wav"),
            results=[matchering.pcm24(str(output))],
        )
        return output

    return run


def make_script(folder: Path) -> Callable[[], Path]:
    import soundfile
    from pedalboard import (
        BrickwallLimiter,
        Compressor,
        Gain,
        HighpassFilter,
        HighShelfFilter,
        LowShelfFilter,
        PeakFilter,
        Pedalboard,
    )

    output, between = folder / "script.wav", folder / "between.wav"
    chain = Pedalboard(
        [
            HighpassFilter(25.0),
            LowShelfFilter(110.0, 1.0),
            PeakFilter(300.0, -1.0, 0.8),
            HighShelfFilter(8_000.0, 1.0),
            Compressor(-16.0, 2.0, 20.0, 150.0),
        ]
    )

    def run() -> Path:
        samples, rate = soundfile.read(folder / "mix.wav", dtype="float32")
        processed = chain(samples.T, rate)
        soundfile.write(between, processed.T, rate, subtype="FLOAT")
        gain_db = LUFS - ffmpeg_figures(between)[0]
        end = Pedalboard([Gain(gain_db), BrickwallLimiter(CEILING_DBTP, 100.0)])
        soundfile.write(output, end(processed, rate).T, rate, subtype="PCM_24")
        ffmpeg_figures(output)
        return output

    return run


def ffmpeg_figures(path: Path) -> tuple[float, float]:
    """Return integrated loudness and true peak by FFmpeg's ebur128."""
    import av
    from av.error import BlockingIOError as Again
    from av.error import EOFError as End

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
        for frame in [*container.decode(stream), None]:
            graph.push(frame)
            while True:
                try:
                    said = dict(graph.pull().metadata) or said
                except (Again, End):
                    break
    peak = max(float(value) for key, value in said.items() if "true_peaks_ch" in key)
    return float(said["lavfi.r128.I"]), 20.0 * math.log10(peak)


def work(side: str, folder: Path) -> None:
    """Serve one side: a run for every line that comes in, its seconds for every line out."""
    makers = {"ours": make_ours, "matchering": make_matchering, "script": make_script}
    run = makers[side](folder)
    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(time.perf_counter() - start, flush=True)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)


def compare(folder: Path) -> int:
    make_mix(folder / "mix.wav")
    once = [sys.executable, __file__, "once", "ours", str(folder)]
    subprocess.run(once, check=True)
    # Matchering wants a reference: the very master, so that both aim at the same sound.
    (folder / "reference.wav").write_bytes((folder / "ours.wav").read_bytes())
    workers = {
        side: subprocess.Popen(
            [sys.executable, __file__, "work", side, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for side in SIDES
    }
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}

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
    for _ in range(PAIRS):
        for side in SIDES:
            seconds[side].append(float(line(side, "\n")))
    print("| 3 min stereo, 44.1 kHz | median s | peak MB | whole process s | LUFS | dBTP |")
    print("|-|-|-|-|-|-|")
    for side in SIDES:
        stdin = workers[side].stdin
        assert stdin is not None
        stdin.close()
        megabytes = float(line(side))
        workers[side].wait()
        start = time.perf_counter()
        subprocess.run([sys.executable, __file__, "once", side, str(folder)], check=True)
        whole = time.perf_counter() - start
        lufs, dbtp = ffmpeg_figures(folder / f"{side}.wav")
        median = statistics.median(seconds[side])
        row = f"{median:.2f} | {megabytes:.0f} | {whole:.2f} | {lufs:.2f} | {dbtp:.2f}"
        print(f"| {side} | {row} |", flush=True)
    ratios = [
        statistics.median(a / b for a, b in zip(seconds[peer], seconds["ours"], strict=True))
        for peer in SIDES[1:]
    ]
    record("mastering", "3 min, one target", ratios[0], "times", peer="matchering", goal=1.0)
    record("mastering", "3 min, one target", ratios[1], "times", peer="a pedalboard script")
    print(f"\nours is {ratios[0]:.2f} times as fast as matchering (goal: more than 1), ", end="")
    print(f"{ratios[1]:.2f} times as the script")
    return 0 if ratios[0] > 1.0 else 1


def many(count: int, mix: Path) -> None:
    """Master a mix for so many places, warm; print seconds and megabytes."""
    from mixmaster.documents.loading import load_text
    from mixmaster.mastering.preset import MasteringPreset
    from mixmaster.mastering.run import MasterOptions, load_target, master

    preset = load_text(MasteringPreset, PRESET)
    targets = [load_target(name) for name in PLACES[:count]]
    options = MasterOptions(overwrite=True, threads=2)
    warm = mix.with_name("warm.wav")
    with tempfile.TemporaryDirectory(dir=mix.parent) as folder:
        master(warm, preset, targets, Path(folder), options)
        start, used = time.perf_counter(), time.process_time()
        run = master(mix, preset, targets, Path(folder), options)
        wall, cpu = time.perf_counter() - start, time.process_time() - used
    assert run.exit_code == 0
    print(wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def lengths(folder: Path) -> int:
    """Compare one with six targets, and 3 with 60 minutes."""
    make_mix(folder / "warm.wav", 5)
    print("| minutes | targets | s | processor s | peak MB |")
    print("|-|-|-|-|-|")
    found: dict[tuple[int, int], tuple[float, float, float]] = {}
    for minutes in MINUTES:
        mix = folder / f"{minutes}.wav"
        make_mix(mix, 60 * minutes)
        for count in (1, len(PLACES)):
            command = [sys.executable, __file__, "many", str(count), str(mix)]
            runs = []
            for _ in range(PAIRS if minutes < 10 else 1):
                said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                wall, cpu, megabytes = map(float, said.split())
                runs.append((wall, cpu, megabytes))
            found[minutes, count] = min(runs)
            wall, cpu, megabytes = found[minutes, count]
            print(f"| {minutes} | {count} | {wall:.2f} | {cpu:.2f} | {megabytes:.0f} |", flush=True)
        mix.unlink()
    short, long = MINUTES
    shares = []
    for minutes in MINUTES:
        first, all_ = found[minutes, 1][1], found[minutes, len(PLACES)][1]
        shares.append((all_ - first) / (len(PLACES) - 1) / first)
    for minutes, share in zip(MINUTES, shares, strict=True):
        name = f"a further target, {minutes} min, as a share of the first"
        record("mastering", name, share, "", goal=MOST_OF_FIRST, better="lower")
    growth = max(found[long, n][2] - found[short, n][2] for n in (1, len(PLACES)))
    print(
        f"\na further target costs {', '.join(f'{share:.2f}' for share in shares)} of the first "
        f"(goal: under {MOST_OF_FIRST}); an hour takes {growth:.0f} MB more than 3 minutes (goal: "
        f"under {MOST_GROWTH_MB:.0f})"
    )
    return 0 if max(shares) < MOST_OF_FIRST and growth < MOST_GROWTH_MB else 1


def main() -> int:
    if sys.argv[1:2] == ["work"]:
        work(sys.argv[2], Path(sys.argv[3]))
    elif sys.argv[1:2] == ["once"]:
        makers = {"ours": make_ours, "matchering": make_matchering, "script": make_script}
        makers[sys.argv[2]](Path(sys.argv[3]))()
    elif sys.argv[1:2] == ["many"]:
        many(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        parts = {"peers": compare, "lengths": lengths}
        asked = sys.argv[1:] or list(parts)
        with tempfile.TemporaryDirectory() as folder:
            return max(parts[name](Path(folder)) for name in asked)
    return 0


if __name__ == "__main__":
    sys.exit(main())
