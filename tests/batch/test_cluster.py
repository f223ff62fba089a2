"""A real cluster of two workers: lost ones, late ones, unfit ones, and the same bytes as serial."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.batch.cluster_songs import Songs, hashes, write_songs

from mixmaster.batch.cluster.executor import DaskExecutor
from mixmaster.batch.events import Event, Progress, Retried, Started
from mixmaster.batch.local.workplace import LocalWorkplace
from mixmaster.batch.stages.stage import StageResult
from mixmaster.batch.stages.working import run_stage
from mixmaster.batch.state.store import FOLDER
from mixmaster.batch.storage.names import Location
from mixmaster.batch.storage.workplace import StoreWorkplace
from mixmaster.engine import manifest

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of Dask's own threads and sockets

COUNT = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("songs")
    write_songs(made, COUNT)
    return made


@pytest.fixture(scope="module")
def serial(folder: Path) -> dict[str, str]:
    """What one process makes, one stage after the other."""
    out = folder / "serial"
    songs = Songs(folder, COUNT, out)
    for song in songs.found:
        mixed = run_stage(songs.mix(song), LocalWorkplace(out))
        assert run_stage(songs.master(song, mixed), LocalWorkplace(out)).outcome == "made"
    return hashes(out)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        silence_logs=60,
    ) as made:
        yield made


def pids(executor: DaskExecutor) -> dict[str, int]:
    found: dict[str, int] = executor._client.run(os.getpid)
    return found


def busy(executor: DaskExecutor) -> str:
    return next(str(name) for name, tasks in executor._client.processing().items() if tasks)


def test_a_worker_is_killed_and_all_is_made_as_in_one_process(
    folder: Path, serial: dict[str, str], cluster: Any
) -> None:
    out = folder / "cluster"
    songs = Songs(folder, COUNT, out)
    executor = DaskExecutor(cluster.scheduler_address, LocalWorkplace(out))
    assert executor.workers == 2
    heard: list[Event | StageResult] = []
    known = pids(executor)
    killed = ""

    def each(said: Event | StageResult) -> None:
        nonlocal killed
        heard.append(said)
        finished = sum(isinstance(one, StageResult) for one in heard)
        if isinstance(said, Progress) and finished >= 2 and not killed:
            killed = busy(executor)
            os.kill(known[killed], signal.SIGKILL)

    try:
        results = songs.run(executor, each)
    finally:
        executor.close()
    assert killed
    assert {result.outcome for result in results.values()} <= {"made", "current"}
    assert len(results) == 2 * COUNT
    assert hashes(out) == serial
    assert any(isinstance(said, Retried) and "was lost" in said.reason for said in heard)
    assert any(isinstance(said, Started) and said.worker for said in heard)
    # a second time, nothing is made again
    executor = DaskExecutor(cluster.scheduler_address, LocalWorkplace(out))
    try:
        again = songs.run(executor)
    finally:
        executor.close()
    assert {result.outcome for result in again.values()} == {"current"}
    assert hashes(out) == serial


def test_outputs_go_to_a_store_and_inputs_come_from_one(
    folder: Path, serial: dict[str, str], cluster: Any, tmp_path: Path
) -> None:
    # What was planned from is gone by then, as if it were on another machine.
    here = tmp_path / "here"
    write_songs(here, 2)
    planned = Songs(here, 2, tmp_path / "state")
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    here.rename(bucket / "songs")
    workplace = StoreWorkplace(
        Location.parse(f"file://{bucket}/out"),
        roots=(
            (str(here), Location.parse(f"file://{bucket}/songs")),
            (str(tmp_path / "state"), Location.parse(f"file://{bucket}/out")),
        ),
        scratch_folder=str(tmp_path / "scratch"),
    )
    executor = DaskExecutor(cluster.scheduler_address, workplace)
    try:
        results = planned.run(executor)
    finally:
        executor.close()
    assert [result.errors for result in results.values()] == [()] * 4
    made = hashes(bucket / "out")
    assert made == {name: serial[name] for name in made}
    assert len([name for name in made if name.endswith(".flac")]) == 2
    assert not (tmp_path / "state").exists()
    left = {path.name for path in (bucket / "out").rglob(".*")}
    assert left == {FOLDER}
    assert not list((bucket / "out" / FOLDER / "claims").iterdir())
    said = json.loads((bucket / "out" / "song-0_spotify.flac.json").read_bytes())
    assert str(tmp_path) not in json.dumps(said)


def test_two_batches_share_a_stage(folder: Path, cluster: Any, tmp_path: Path) -> None:
    songs = Songs(folder, 1, tmp_path / "out")
    workplace = LocalWorkplace(tmp_path / "out")
    executors = [DaskExecutor(cluster.scheduler_address, workplace) for _ in range(2)]
    heard: list[Event | StageResult] = []
    try:
        for executor in executors:
            executor.submit(songs.mix("song-0"))
        deadline = time.monotonic() + 30
        while sum(isinstance(each, StageResult) for each in heard) < 2:
            assert time.monotonic() < deadline
            heard += [said for executor in executors for said in executor.events(0.1)]
    finally:
        for executor in executors:
            executor.close()
    results = [each for each in heard if isinstance(each, StageResult)]
    assert results[0] == results[1]
    assert results[0].outcome == "made"
    assert sum(isinstance(each, Started) for each in heard) == 1


def test_a_stage_that_takes_too_long_is_ended(folder: Path, cluster: Any, tmp_path: Path) -> None:
    songs = Songs(folder, 1, tmp_path / "out")
    workplace = LocalWorkplace(tmp_path / "out")
    executor = DaskExecutor(cluster.scheduler_address, workplace, time_limit_s=0.01)
    try:
        (result,) = songs.run(executor).values()
    finally:
        executor.close()
    assert result.outcome == "failed"
    assert result.errors[0].error == "TimeLimit"
    assert "0.01 s" in result.errors[0].reason


def test_cancelling_ends_what_runs(folder: Path, cluster: Any, tmp_path: Path) -> None:
    write_songs(tmp_path / "long", 1, seconds=60.0)
    songs = Songs(tmp_path / "long", 1, tmp_path / "out")
    executor = DaskExecutor(cluster.scheduler_address, LocalWorkplace(tmp_path / "out"))
    try:
        executor.submit(songs.mix("song-0"))
        deadline = time.monotonic() + 30
        while not any(isinstance(said, Progress) for said in executor.events(0.5)):
            assert time.monotonic() < deadline
        began = time.monotonic()
        executor.cancel()
        assert time.monotonic() - began < 2.5
        assert not executor.events(0.1)
    finally:
        executor.close()
    store = songs.store
    lock = store.lock(songs.mix("song-0").outputs[0].path)
    assert lock.take()  # nobody makes it any more
    lock.give_back()
    assert not list(store.path(FOLDER).glob("premasters/**/*.wav"))


def test_a_stage_whose_process_is_killed_takes_no_worker_with_it(
    cluster: Any, tmp_path: Path
) -> None:
    psutil = pytest.importorskip("psutil")
    write_songs(tmp_path / "long", 1, seconds=60.0)
    songs = Songs(tmp_path / "long", 1, tmp_path / "out")
    executor = DaskExecutor(cluster.scheduler_address, LocalWorkplace(tmp_path / "out"))
    workers = pids(executor)
    heard: list[Event | StageResult] = []
    try:
        executor.submit(songs.mix("song-0"))
        deadline = time.monotonic() + 60
        killed = False
        while not any(isinstance(said, StageResult) for said in heard):
            assert time.monotonic() < deadline
            heard += executor.events(0.2)
            if not killed and any(isinstance(said, Progress) for said in heard):
                killed = True
                for child in psutil.Process(workers[busy(executor)]).children():
                    if "stages.child" in " ".join(child.cmdline()):
                        child.kill()
        assert pids(executor) == workers
    finally:
        executor.close()
    (retried,) = [said for said in heard if isinstance(said, Retried)]
    assert "SIGKILL" in retried.reason
    (result,) = [said for said in heard if isinstance(said, StageResult)]
    assert result.outcome == "made"


def test_workers_that_cannot_give_the_right_results_are_named(
    folder: Path, cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mixmaster.batch.cluster import joining
    from mixmaster.errors import UsageError

    other = {**manifest.versions(), "numpy": "1.0"}
    monkeypatch.setattr(joining, "versions", lambda: other)
    with pytest.raises(UsageError, match=r"worker tcp://\S+ is passed over: numpy \S+ in place of"):
        DaskExecutor(cluster.scheduler_address, LocalWorkplace(tmp_path / "out"))
    assert not list(tmp_path.rglob(".seen*"))
