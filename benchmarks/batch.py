"""Batches: two workers against one, a run in which nothing is left to do, what a cluster adds.

1. 24 songs of 8 stems, 60 s each, mixed and mastered for two targets, by two processes of one
   thread against one. Goal: 1.7 times.
2. The same command again over 500 outputs that are all there. Goal: under 3 s, the whole process.
3. What a stage costs beside its work: stages whose outputs are there already, through the local
   pool and through a Dask cluster of two workers on this machine.

    python benchmarks/batch.py                                  everything, about 10 minutes
    python benchmarks/batch.py --songs 4 --seconds 10 --outputs 50     smaller
    python benchmarks/batch.py --only scaling|again|overhead
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from ledger import record  # type: ignore[import-not-found]  # beside this script

RATE = 48_000
STEMS = ("Kick", "Snare", "Bass", "Gtr L", "Gtr R", "Keys", "Lead Vox", "Backing Vox")
STRIP = """
[strip.s{number}]
match = ["{name}"]
pan = {pan:.2f}
gain_db = -6.0
[[strip.s{number}.insert]]
effect = "eq"
bands = [
  {{ shape = "high_pass", frequency_hz = 60.0, slope_db_per_octave = 12 }},
  {{ shape = "bell", frequency_hz = 300.0, gain_db = -2.0, q = 1.0 }},
  {{ shape = "high_shelf", frequency_hz = 9000.0, gain_db = 2.0 }},
]
[[strip.s{number}.insert]]
effect = "compressor"
threshold_db = -20.0
ratio = 3.0
"""
MASTER = """
format = 1
kind = "mastering"
name = "Bench"
[[insert]]
effect = "eq"
bands = [ { shape = "high_shelf", frequency_hz = 8000.0, gain_db = 1.0 } ]
[[insert]]
effect = "compressor"
threshold_db = -18.0
ratio = 2.0
[[insert]]
effect = "limiter"
"""
TARGETS = ("spotify", "cd")


def write_presets(folder: Path) -> None:
    strips = "".join(
        STRIP.format(number=number, name=name.lower(), pan=0.2 * (number - 3.5))
        for number, name in enumerate(STEMS)
    )
    (folder / "mix.toml").write_text(
        f'format = 1\nkind = "mix"\nname = "Bench"\n{strips}\n[mix]\n', encoding="utf-8"
    )
    (folder / "master.toml").write_text(MASTER, encoding="utf-8")


def write_song(folder: Path, seed: int, seconds: float, stems: Sequence[str] = STEMS) -> None:
    """Write a song's stems: tones that swell, and noise; 24-bit mono."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    for number, name in enumerate(stems):
        tone = np.sin(2 * np.pi * (55.0 * (number + 1) + seed) * t)
        swell = 0.2 + 0.15 * np.sin(2 * np.pi * (0.3 + 0.1 * number) * t)
        noise = 0.02 * rng.standard_normal(t.size)
        soundfile.write(folder / f"{name}.wav", swell * tone + noise, RATE, "PCM_24")


def prepared(songs: Path, out: Path) -> Any:
    """Return the batch of all songs of a folder, planned."""
    from mixmaster.batch.planning.document import Batch
    from mixmaster.batch.planning.prepare import BatchOptions, Prepared
    from mixmaster.batch.planning.songs import song_jobs
    from mixmaster.batch.state.store import Store
    from mixmaster.documents.loading import validate

    table = {
        "format": 1,
        "kind": "batch",
        "name": "bench",
        "preset": str(songs / "mix.toml"),
        "masters": [str(songs / "master.toml")],
        "targets": list(TARGETS),
        "song": [{"path": "song*"}],
    }
    jobs = song_jobs(validate(Batch, table, where="bench"), songs)
    Store(out).start()
    return Prepared(BatchOptions(output=out, jobs=jobs), lambda *_: None)


def batch_s(songs: Path, out: Path, workers: int) -> tuple[float, float]:
    """Return the time and the processor time of a batch by so many processes of one thread."""
    from mixmaster.batch.local.pool import LocalPool
    from mixmaster.batch.running.run import Run

    plan = prepared(songs, out)
    pool = LocalPool(out, workers, cores=workers)
    try:
        summary = Run(plan, pool, lambda _: None, cores=workers).run()
    finally:
        pool.close()
    if summary.failed:
        raise SystemExit(f"{summary.failed} outputs failed")
    return summary.wall_s, summary.cpu_s


def scaling(folder: Path, songs: int, seconds: float) -> bool:
    """Two workers against one: goal 1.7."""
    for number in range(songs):
        write_song(folder / f"song {number:03d}", number, seconds)
    write_presets(folder)
    figures = {}
    for workers in (1, 2):
        out = folder / f"out{workers}"
        figures[workers] = batch_s(folder, out, workers)
    print(f"{songs} songs of {len(STEMS)} stems, {seconds:g} s each, {len(TARGETS)} targets\n")
    print("| workers of one thread | s | processor s | songs an hour |")
    print("|-|-|-|-|")
    for workers, (wall, cpu) in figures.items():
        print(f"| {workers} | {wall:.1f} | {cpu:.1f} | {songs / wall * 3600:.0f} |")
    ratio = figures[1][0] / figures[2][0]
    grown = figures[2][1] / figures[1][1]
    print(
        f"\ntwo workers are {ratio:.2f} times one (goal 1.7), for {grown:.2f} times the processor"
    )
    print("time: side by side, processors share memory, caches and often one core's units")
    record("batch", "two workers of one thread", ratio, "times", peer="one", goal=1.7)
    same = {
        path.name: path.read_bytes() == (folder / "out2" / path.name).read_bytes()
        for path in (folder / "out1").iterdir()
        if path.is_file()
    }
    print(f"files, manifests included: {len(same)}, all the same bytes: {all(same.values())}")
    return ratio >= 1.7 and all(same.values())


def again(folder: Path, outputs: int) -> bool:
    """A run in which all is there: goal 3 s for 500 outputs, the whole process."""
    songs = max(1, outputs // len(TARGETS))
    for number in range(songs):
        write_song(folder / f"song {number:03d}", number, 1.0, STEMS[:2])
    write_presets(folder)
    batch_s(folder, folder / "out", 2)
    command = [
        *(sys.executable, "-m", "mixmaster", "batch", str(folder / "song*")),
        *("-p", str(folder / "mix.toml"), "-m", str(folder / "master.toml")),
        *(part for target in TARGETS for part in ("-t", target)),
        *("-o", str(folder / "out")),
    ]
    walls, cpus = [], []
    for _ in range(4):  # the first notes what the batch itself has left to be noted
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        walls.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        if f"{songs * len(TARGETS)} current" not in done.stdout:
            raise SystemExit(f"not all are current: {done.stdout}")
    wall, cpu = statistics.median(walls[1:]), statistics.median(cpus[1:])
    print(f"{songs * len(TARGETS)} outputs of {songs} songs, all current\n")
    print("| | s | processor s |")
    print("|-|-|-|")
    print(f"| the whole command | {wall:.2f} | {cpu:.2f} |")
    if outputs >= 500:
        goal = 3.0
        record("batch", "500 outputs, all current", wall, "s", goal=goal, better="lower")
    return cpu < 3.0


def overhead(folder: Path, stages: int) -> None:
    """What a stage costs beside its work, by the local pool and by Dask."""
    from distributed import LocalCluster

    from mixmaster.batch.cluster.executor import DaskExecutor
    from mixmaster.batch.local.pool import LocalPool
    from mixmaster.batch.local.workplace import LocalWorkplace

    write_song(folder / "song 0", 0, 1.0, STEMS[:2])
    write_presets(folder)
    out = folder / "out"
    batch_s(folder, out, 1)
    plan = prepared(folder, out)
    song = plan.songs[0]
    spec = plan.specs.mix(song.plan, plan.planner.full(song.job))
    rows = {}
    pool = LocalPool(out, 2, cores=2)
    try:
        rows["local pool, 2 processes"] = rate(pool, spec, stages)
    finally:
        pool.close()
    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=60
    ) as cluster:
        executor = DaskExecutor(cluster.scheduler_address, LocalWorkplace(out))
        try:
            rows["Dask, 2 workers"] = rate(executor, spec, stages)
        finally:
            executor.close()
    print(f"{stages} stages whose outputs are there\n")
    print("| | ms a stage, two at a time |")
    print("|-|-|")
    for name, each in rows.items():
        print(f"| {name} | {1000 * each:.1f} |")
    local, dask = rows.values()
    print(f"\nDask adds {1000 * (dask - local):.1f} ms a stage")
    record("batch", "what Dask adds to a stage", 1000 * (dask - local), "ms", better="lower")


def rate(executor: Any, spec: Any, stages: int) -> float:
    """Return the seconds a stage takes, once the processes are warm."""
    from dataclasses import replace

    from mixmaster.batch.stages.stage import StageResult

    def through(names: Sequence[str]) -> float:
        waiting = [replace(spec, id=name) for name in names]
        left = len(waiting)
        start = time.perf_counter()
        while left:
            while waiting and executor.takes(waiting[-1]):
                executor.submit(waiting.pop(), waiting=len(waiting))
            for said in executor.events(1.0):
                if isinstance(said, StageResult):
                    # both want the same output: whoever comes second finds it claimed
                    if said.outcome not in {"current", "busy"}:
                        raise SystemExit(str(said.errors))
                    left -= 1
        return time.perf_counter() - start

    through([f"warm/{number}" for number in range(8)])
    return through([f"stage/{number}" for number in range(stages)]) / stages


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--outputs", type=int, default=500)
    parser.add_argument("--stages", type=int, default=200)
    parser.add_argument("--only", choices=("scaling", "again", "overhead"))
    wanted = parser.parse_args()
    good = True
    for name in ("scaling", "again", "overhead"):
        if wanted.only not in {None, name}:
            continue
        folder = Path(tempfile.mkdtemp(prefix="mixmaster-batch-"))
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        try:
            print(f"\n### {name}\n", flush=True)
            if name == "scaling":
                good &= scaling(folder, wanted.songs, wanted.seconds)
            elif name == "again":
                good &= again(folder, wanted.outputs)
            else:
                overhead(folder, wanted.stages)
        finally:
            shutil.rmtree(folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
