"""All meters over a 10-minute stereo file at 48 kHz, decoding included, beside FFmpeg's ebur128.

FFmpeg's ebur128 with true peak (its loudness is a port of libebur128's) finds six figures; ours
finds these and everything else a report shows: levels, DR, PSR, spectrum, stereo field, timeline,
clipping, overs, dropouts, bit depth and bandwidth. Then the six alone on the same limited
master, where the goal is three times FFmpeg's speed on two idle processors; and the memory of all
meters over files of 1 minute and of 60 (``--hours N`` for more): no audio is kept, but loudness to
every 10 ms is, and the curves drawn from it, so an hour may add 30 MB.

    python benchmarks/survey.py
    python benchmarks/survey.py --hours 3
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ledger import record  # type: ignore[import-not-found]  # beside this script

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import measure

RATE = 48_000
PAIRS = 5
GOAL = 3.0
MEGABYTES_AN_HOUR = 30.0
SIDES = ("all meters", "loudness and peak", "ffmpeg")


def make_master(path: Path, seconds: int) -> None:
    """Write the limited master of ``measure.py`` at 48 kHz, a minute of it over and over."""
    import soundfile

    one = path.with_name("one.wav")
    measure.RATE, measure.SECONDS = RATE, min(60, seconds)
    measure.make_master(one)
    minute, _ = soundfile.read(one, dtype="int32")
    with soundfile.SoundFile(path, "w", RATE, 2, subtype="PCM_24", format="RF64") as file:
        for _ in range(0, seconds, 60):
            file.write(minute)
    one.unlink()


def all_meters(path: Path) -> measure.Figures:
    from mixmaster.engine.measuring import survey_file

    figures = survey_file(path, threads=2).survey.programme
    return {
        "lufs": figures.integrated_lufs,
        "lra": figures.loudness_range_lu,
        "dbtp": figures.true_peak_dbtp,
    }


RUNS = {"all meters": all_meters, "loudness and peak": measure.ours, "ffmpeg": measure.ffmpeg}


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


def speed(path: Path) -> bool:
    make_master(path, 600)
    workers = {
        side: subprocess.Popen(
            [sys.executable, __file__, "--work", side, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for side in SIDES
    }
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    for turn in range(PAIRS + 1):
        for side in SIDES:
            stdin, stdout = workers[side].stdin, workers[side].stdout
            assert stdin is not None
            assert stdout is not None
            if turn:
                stdin.write("\n")
                stdin.flush()
                seconds[side].append(float(stdout.readline()))
            else:
                assert stdout.readline().strip() == "ready"
    print("| 10 min stereo, 48 kHz, limited | median s | peak MB | LUFS | LRA | dBTP |")
    print("|-|-|-|-|-|-|")
    for side in SIDES:
        said, _ = workers[side].communicate()
        last = json.loads(said)
        figures = " | ".join(measure.shown(last[name]) for name in ("lufs", "lra", "dbtp"))
        median = statistics.median(seconds[side])
        print(f"| {side} | {median:.2f} | {last['megabytes']:.0f} | {figures} |")
    ratios = {
        side: statistics.median(
            a / b for a, b in zip(seconds["ffmpeg"], seconds[side], strict=True)
        )
        for side in SIDES[:2]
    }
    print(f"\nall meters together: {ratios['all meters']:.2f} times as fast as FFmpeg's ebur128")
    alone = ratios["loudness and peak"]
    record("survey", "all meters", ratios["all meters"], "times", peer="ebur128")
    record("survey", "loudness and peak", alone, "times", peer="ebur128", goal=GOAL)
    print(f"loudness and true peak alone: {alone:.2f} times as fast (goal: {GOAL})")
    return alone >= GOAL


def memory(folder: Path, hours: int) -> bool:
    """Measure what all meters need in a process of their own, by the length of the file."""
    print("\n| length | all meters s | peak MB |\n|-|-|-|")
    found = []
    for minutes in (1, 10, 60, *([60 * hours] if hours > 1 else [])):
        path = folder / "long.wav"
        make_master(path, 60 * minutes)
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, __file__, "--once", str(path)],
            check=True,
            capture_output=True,
            text=True,
        )
        found.append(float(done.stdout))
        print(
            f"| {minutes} min | {time.perf_counter() - start:.1f} | {found[-1]:.0f} |", flush=True
        )
        path.unlink()
    return found[-1] - found[0] <= MEGABYTES_AN_HOUR * hours


def main() -> int:
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], Path(sys.argv[3]))
        return 0
    if sys.argv[1:2] == ["--once"]:
        all_meters(Path(sys.argv[2]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return 0
    hours = int(sys.argv[2]) if sys.argv[1:2] == ["--hours"] else 1
    with tempfile.TemporaryDirectory() as folder:
        fast = speed(Path(folder) / "master.wav")
        flat = memory(Path(folder), hours)
    return 0 if fast and flat else 1


if __name__ == "__main__":
    sys.exit(main())
