"""10,000 songs on 1 to 500 workers: how long, for how much, and where it stops scaling.

What a song costs is measured here, on one core: mixing (decoding, hashing and reading back are in
it), mastering, planning, and what scheduler and client take for a stage. What networks and stores
give is said by options. A worker is one thread on one core. While a stage runs, nothing is fetched
for the next one: so its time is transfer, then work, then transfer. The whole takes as long as the
scarcest of these:

    workers     songs * (processor s + own transfer) / workers + the last song's length
    store       songs * bytes / the store's bandwidth, all workers together
    scheduler   stages * what scheduler and client take for one, as if both were one process

Planning comes before: one machine reads and hashes every stem once; the next time it knows them.

    python benchmarks/batch_scale.py                          measured here
    python benchmarks/batch_scale.py --mix-s 0.004 --master-s 0.02 ...   figures from elsewhere
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from batch import (  # type: ignore[import-not-found]  # beside this script
    STEMS,
    TARGETS,
    prepared,
    write_presets,
    write_song,
)
from ledger import record  # type: ignore[import-not-found]  # beside this script

WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 200, 300, 400, 500)
MEASURED_SECONDS = 20.0


@dataclass(frozen=True)
class Costs:
    """What was measured, on one core.

    Attributes:
        mix_s: Processor time for a second of a stem.
        master_s: Processor time for a second of a mix, for the chain and for each target.
        plan_s: The client's processor time to plan a song, hashing aside.
        hash_mb_s: How fast the client hashes what it reads.
        scheduler_s: Processor time of scheduler and client together for a stage.
    """

    mix_s: float
    master_s: float
    plan_s: float
    hash_mb_s: float
    scheduler_s: float


@dataclass(frozen=True)
class Case:
    """Songs and what they run on.

    Attributes:
        songs: How many.
        stems: Of each.
        seconds: The length of each.
        targets: Of each.
        stem_bytes_s: Bytes of a second of a stem.
        store_mb_s: What the store or file server gives all workers together.
        worker_mb_s: What one worker gets of its machine's network.
        latency_s: What one request to the store takes.
        price: Of a core for an hour.
    """

    songs: int
    stems: int
    seconds: float
    targets: int
    stem_bytes_s: float
    store_mb_s: float
    worker_mb_s: float
    latency_s: float
    price: float

    @property
    def read_mb(self) -> float:
        """What workers read for a song: stems, its premaster, and its outputs to verify them."""
        return self.stems_mb + self.premaster_mb * 2 + self.masters_mb

    @property
    def written_mb(self) -> float:
        """What workers write for a song."""
        return self.premaster_mb + self.masters_mb

    @property
    def stems_mb(self) -> float:
        return self.stems * self.seconds * self.stem_bytes_s / 1e6

    @property
    def premaster_mb(self) -> float:
        return self.seconds * 48_000 * 2 * 4 / 1e6

    @property
    def masters_mb(self) -> float:
        """24-bit stereo, FLAC at two thirds."""
        return self.targets * self.seconds * 48_000 * 2 * 3 / 1e6 * 2 / 3

    @property
    def requests(self) -> int:
        """Two for a stem (look, get), some twelve for each file that is published."""
        return 2 * self.stems + 12 * (1 + self.targets)

    def cpu_s(self, costs: Costs) -> float:
        """Processor time of a song; the work of `costs.mix_work` and `costs.master_work`."""
        return self.seconds * (costs.mix_s * (self.stems + 2) + costs.master_s * (1 + self.targets))

    def limits(self, costs: Costs, workers: int) -> dict[str, float]:
        """Return how long each of what may be scarce takes for all songs."""
        moved = (self.read_mb + self.written_mb) / self.worker_mb_s + self.requests * self.latency_s
        song = self.cpu_s(costs) + moved
        return {
            "workers": self.songs * song / workers + song * (workers > 1),
            "store": self.songs * (self.read_mb + self.written_mb) / self.store_mb_s,
            "scheduler": self.songs * 2 * costs.scheduler_s,
        }


def measure(folder: Path) -> Costs:
    """Measure on this machine: songs of 8 stems, 20 s each, one thread."""
    from mixmaster.batch.local.workplace import LocalWorkplace
    from mixmaster.batch.stages.working import run_stage
    from mixmaster.batch.state.costs import master_work, mix_work

    count = 3
    for number in range(count):
        write_song(folder / f"song {number}", number, MEASURED_SECONDS)
    write_presets(folder)
    out = folder / "out"
    files = list(folder.rglob("*.wav"))
    start = time.process_time()
    for path in files:
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")
    hashing = time.process_time() - start
    start = time.process_time()
    plan = prepared(folder, out)
    planning = max(0.0, time.process_time() - start - hashing) / count
    size = sum(path.stat().st_size for path in files) / 1e6
    mixes, masters = [], []
    for song in plan.songs:
        full = plan.planner.full(song.job)
        workplace = LocalWorkplace(out)
        mixed = run_stage(plan.specs.mix(song.plan, full), workplace)
        hashes = {made.version: made.sha256 for made in mixed.files}
        (master,) = song.plan.masters
        spec = plan.specs.master(song.plan, master, list(master.targets), hashes, full)
        mastered = run_stage(spec, workplace)
        mixes.append(mixed.cost.cpu_s / mix_work(MEASURED_SECONDS, len(STEMS), 1))
        masters.append(mastered.cost.cpu_s / master_work(MEASURED_SECONDS, len(TARGETS)))
    # The first of each imports; a worker does that once.
    return Costs(
        min(mixes), min(masters), planning, size / max(hashing, 1e-6), scheduling(folder, out)
    )


def scheduling(folder: Path, out: Path, stages: int = 200) -> float:
    """Return the processor time of scheduler and client, here in one process, for a stage."""
    from distributed import LocalCluster

    from mixmaster.batch.cluster.executor import DaskExecutor
    from mixmaster.batch.local.workplace import LocalWorkplace
    from mixmaster.batch.stages.stage import StageResult

    plan = prepared(folder, out)
    song = plan.songs[0]
    spec = plan.specs.mix(song.plan, plan.planner.full(song.job))
    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=60
    ) as cluster:
        executor = DaskExecutor(cluster.scheduler_address, LocalWorkplace(out))
        try:
            left = stages
            waiting = [replace(spec, id=f"stage/{number}") for number in range(stages)]
            start = time.process_time()
            while left:
                while waiting and executor.takes(waiting[-1]):
                    executor.submit(waiting.pop())
                said = executor.events(1.0)
                left -= sum(isinstance(each, StageResult) for each in said)
            return (time.process_time() - start) / stages
        finally:
            executor.close()


def report(case: Case, costs: Costs) -> None:
    song = case.cpu_s(costs)
    print("| measured, one core | |")
    print("|-|-|")
    print(f"| mixing, processor s for a second of a stem | {costs.mix_s:.4f} |")
    print(f"| mastering, for a second of a mix, chain and each target | {costs.master_s:.4f} |")
    print(f"| planning a song, processor ms | {1000 * costs.plan_s:.1f} |")
    print(f"| hashing, MB/s | {costs.hash_mb_s:.0f} |")
    print(f"| scheduler and client, processor ms a stage | {1000 * costs.scheduler_s:.2f} |")
    print()
    print(
        f"{case.songs} songs of {case.stems} stems, {case.seconds:g} s, {case.targets} targets: "
        f"each {case.stems_mb:.0f} MB of stems, {case.written_mb:.0f} MB written, "
        f"{song:.1f} s of processor time"
    )
    print(
        f"store {case.store_mb_s:g} MB/s, a worker {case.worker_mb_s:g} MB/s, "
        f"{1000 * case.latency_s:g} ms a request, {case.price:g} a core and hour\n"
    )
    stems = case.songs * case.stems_mb
    planning = case.songs * costs.plan_s + stems / min(costs.hash_mb_s, case.store_mb_s)
    print(
        f"planning, the first time: {planning / 3600:.1f} h on one machine, nearly all of it to "
        f"read and hash {stems / 1e6:.1f} TB\n"
    )
    print("| workers | hours | with planning | songs an hour | of ideal | a song costs | scarce |")
    print("|-|-|-|-|-|-|-|")
    alone = max(case.limits(costs, 1).values())
    best = 0.0
    for workers in WORKERS:
        limits = case.limits(costs, workers)
        scarce = max(limits, key=lambda name: limits[name])
        took = limits[scarce]
        rate = case.songs / took * 3600
        ideal = alone / workers / took
        cost = workers * took / 3600 * case.price / case.songs
        print(
            f"| {workers} | {took / 3600:.1f} | {(took + planning) / 3600:.1f} | {rate:.0f} "
            f"| {100 * ideal:.0f} % | {cost:.4f} | {scarce} |"
        )
        best = max(best, rate)
    enough = alone / max(v for k, v in case.limits(costs, 1).items() if k != "workers")
    print(f"\nmore than {enough:.0f} workers make nothing quicker: then the store is at its end")
    record("batch_scale", "a song's processor time", song, "s", better="lower")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, default=10_000)
    parser.add_argument("--stems", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=210.0)
    parser.add_argument("--targets", type=int, default=3)
    parser.add_argument("--store-mb-s", type=float, default=2500.0, help="20 Gbit/s")
    parser.add_argument("--worker-mb-s", type=float, default=100.0, help="of its machine's")
    parser.add_argument("--latency-s", type=float, default=0.03)
    parser.add_argument("--price", type=float, default=0.04, help="of a core for an hour")
    parser.add_argument("--mix-s", type=float)
    parser.add_argument("--master-s", type=float)
    parser.add_argument("--scheduler-s", type=float)
    wanted = parser.parse_args()
    said = {
        name: getattr(wanted, name)
        for name in ("mix_s", "master_s", "scheduler_s")
        if getattr(wanted, name) is not None
    }
    if len(said) == 3:
        costs = Costs(**said, plan_s=0.01, hash_mb_s=1000.0)
    else:
        folder = Path(tempfile.mkdtemp(prefix="mixmaster-scale-"))
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        try:
            costs = replace(measure(folder), **said)
        finally:
            shutil.rmtree(folder)
    case = Case(
        songs=wanted.songs,
        stems=wanted.stems,
        seconds=wanted.seconds,
        targets=wanted.targets,
        stem_bytes_s=48_000 * 3,
        store_mb_s=wanted.store_mb_s,
        worker_mb_s=wanted.worker_mb_s,
        latency_s=wanted.latency_s,
        price=wanted.price,
    )
    report(case, costs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
