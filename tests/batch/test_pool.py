"""Worker processes: the same bytes as one by one, whoever dies, hangs or is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.batch.conftest import Studio, hashes

from mixmaster.batch.events import Event, Failed, Progress, Retried, Started
from mixmaster.batch.local.pool import LocalPool
from mixmaster.batch.running.run import Run
from mixmaster.batch.running.summary import Summary
from mixmaster.batch.stages.stage import Estimate, StageResult, StageSpec

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


def run_pool(studio: Studio, pool: LocalPool, take: Callable[[Event], None]) -> Summary:
    prepared = studio.prepared()
    prepared.store.start()
    prepared.store.recover()
    try:
        return Run(prepared, pool, take, cores=2).run()
    finally:
        pool.close()


def quiet_folder(output: Path) -> bool:
    """Tell whether nothing temporary lies about."""
    state = output / ".mixmaster-batch"
    left = [path for name in ("work", "journal", "locks") for path in (state / name).rglob("*")]
    return not left and not [path for path in output.rglob("*") if ".part" in path.name]


@posix
def test_a_killed_worker_takes_one_song_with_it(studio: Studio) -> None:
    """The first time it begins again; the second time the song is set aside."""
    for number, name in enumerate(("Alpha", "Beta", "Gamma")):
        studio.song(name, seed=number)
    pool = LocalPool(studio.output, 2, cores=2)
    seen: list[Event] = []

    def take(event: Event) -> None:
        seen.append(event)
        if isinstance(event, Progress) and event.stage == "mix/Beta":
            for worker in pool._workers:
                if worker.running is not None and worker.running.spec.id == "mix/Beta":
                    os.kill(worker.process.pid, signal.SIGKILL)

    summary = run_pool(studio, pool, take)
    assert (summary.made, summary.failed, summary.quarantined) == (4, 2, 2)
    assert [each.stage for each in seen if isinstance(each, Retried)] == ["mix/Beta"]
    (failed,) = (each for each in seen if isinstance(each, Failed))
    assert failed.error == "Died"
    assert "SIGKILL" in failed.reason
    assert quiet_folder(studio.output)
    assert studio.run(retry_failed=True).made == 2
    pooled = studio.hashes()
    alone = Studio(studio.folder.parent / "alone")
    for number, name in enumerate(("Alpha", "Beta", "Gamma")):
        alone.song(name, seed=number)
    alone.run()
    assert pooled == alone.hashes()


def test_what_takes_too_long_is_ended(studio: Studio) -> None:
    studio.song("Alpha")
    pool = LocalPool(studio.output, 1, time_limit_s=0.05)
    seen: list[Event] = []
    summary = run_pool(studio, pool, seen.append)
    assert (summary.made, summary.quarantined) == (0, 2)
    assert [each.error for each in seen if isinstance(each, Failed)] == ["TimeLimit"]
    assert quiet_folder(studio.output)


def spec(name: str, memory: int) -> StageSpec:
    estimate = Estimate(memory_bytes=memory)
    return StageSpec("mix", name, name, name, {}, {}, (), (), estimate=estimate)


def test_memory_and_cores_are_shared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    begun: list[tuple[str, int]] = []

    class Pretended:
        """A worker that never answers."""

        pid = 0

        def __init__(self, hear: Any) -> None: ...

        def ask(self, asked: StageSpec, *_: Any) -> None:
            begun.append((asked.id, asked.threads))

    monkeypatch.setattr("mixmaster.batch.local.pool.StageProcess", Pretended)
    pool = LocalPool(tmp_path, 4, memory_bytes=1000, cores=8)
    assert pool.takes(spec("huge", 5000))  # by itself anything may run
    pool.submit(spec("one", 400), waiting=10)
    assert not pool.takes(spec("huge", 5000))
    assert pool.takes(spec("two", 600))
    pool.submit(spec("two", 600), waiting=0)
    assert not pool.takes(spec("three", 1))
    # Four at once may come; then the second is the last there is, beside one other.
    assert begun == [("one", 2), ("two", 4)]


class Waiting:
    """A process that works until it is ended, and takes as much memory as is said."""

    takes: ClassVar[dict[str, int]] = {}
    began: ClassVar[list[str]] = []

    def __init__(self, hear: Callable[[dict[str, Any] | None], None]) -> None:
        self._hear = hear
        self.pid: Any = ""

    def ask(self, asked: StageSpec, *_: Any) -> None:
        self.pid = asked.id
        self.began.append(asked.id)

    def begin_end(self) -> None:
        self._hear(None)

    def kill(self) -> None: ...

    def wait(self, timeout_s: float) -> int:
        return -15


def test_where_memory_runs_short_the_last_begins_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """However wrong the estimates: what began first goes on, and what is alone is let be."""
    monkeypatch.setattr("mixmaster.batch.local.pool.StageProcess", Waiting)
    monkeypatch.setattr("mixmaster.batch.local.pool._LOOKED_AT_S", 0.0)
    Waiting.takes = {"one": 700, "two": 100}
    Waiting.began.clear()
    monkeypatch.setattr("mixmaster.batch.local.pool.resident_bytes", lambda pid: Waiting.takes[pid])
    pool = LocalPool(tmp_path, 4, memory_bytes=1000)
    pool.submit(spec("one", 300))
    pool.submit(spec("two", 300))
    assert not any(isinstance(each, Retried) for each in pool.events(0.0))
    assert not pool.takes(spec("three", 250))  # one takes more than was expected of it
    Waiting.takes["two"] = 400
    pool.events(0.0)
    (retried,) = (each for each in pool.events(0.0) if isinstance(each, Retried))
    assert retried.stage == "two"
    assert "--memory" in retried.reason
    assert Waiting.began == ["one", "two"]
    assert not pool.takes(spec("three", 1))
    pool._handle(pool._workers[0], {"result": result("one")})
    pool.events(0.0)
    assert Waiting.began == ["one", "two", "two"]
    Waiting.takes |= {"one": 0, "two": 5000}
    pool.events(0.0)
    assert not any(isinstance(each, Retried) for each in pool.events(0.0))


def result(name: str) -> dict[str, Any]:
    return StageResult(name, "mix", name, name, "made").to_json()


def command(studio: Studio, *more: str) -> list[str]:
    jobs = studio.folder / "jobs.toml"
    songs = "".join(f'[[song]]\npath = "{each["path"]}"\n' for each in studio.table["song"])
    jobs.write_text(
        'format = 1\nkind = "batch"\nname = "Night"\npreset = "mix.toml"\n'
        f'masters = ["chain.toml"]\ntargets = ["loud.toml", "quiet.toml"]\n{songs}'
    )
    return [sys.executable, "-m", "mixmaster", "batch", str(jobs), *more]


def start(words: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # a shell's background job ignores it, and so would what it starts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def wait_for(log: Path, event: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        if log.exists() and f'"event": "{event}"' in log.read_text():
            return
        time.sleep(0.01)
    raise AssertionError(process.communicate())


def test_two_batches_at_once_make_everything_once(
    make_studio: Callable[[str], Studio],
) -> None:
    studio, alone = make_studio("both"), make_studio("alone")
    for number in range(4):
        studio.song(f"song{number}", seed=number)
        alone.song(f"song{number}", seed=number)
    words = command(studio, "-j", "1", "--json")
    both = [start(words) for _ in range(2)]
    ends = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    made: list[str] = []
    for out, _ in ends:
        events = [json.loads(line) for line in out.splitlines()]
        assert events[0]["event"] == "planned"
        assert events[-1]["event"] == "summary"
        made += [each["path"] for each in events[-1]["files"]]
    assert sorted(made) == sorted(set(made))
    assert len(made) == 8
    alone.run()
    assert hashes(studio.output) == alone.hashes()
    assert quiet_folder(studio.output)


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_leaves_nothing_and_the_next_goes_on(studio: Studio, number: int) -> None:
    for name in range(3):
        studio.song(f"song{name}", seconds=20.0, seed=name)
    log = studio.folder / "log.jsonl"
    process = start(command(studio, "-j", "2", "--log", str(log)))
    wait_for(log, "started", process)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert quiet_folder(studio.output)
    done = json.loads(log.read_text().splitlines()[-1])
    assert (done["event"], done["interrupted"]) == ("done", True)
    for name in range(3):
        studio.stem(f"song{name}", "low", seed=name)
        studio.stem(f"song{name}", "high", seed=name)
    assert studio.run().made == 6


@posix
def test_killed_with_its_workers_at_work_the_next_goes_on(
    make_studio: Callable[[str], Studio],
) -> None:
    studio, alone = make_studio("killed"), make_studio("alone")
    for number in range(3):
        studio.song(f"song{number}", seed=number)
        alone.song(f"song{number}", seed=number)
    for event in ("started", "finished"):
        log = studio.folder / f"{event}.jsonl"
        process = start(command(studio, "-j", "2", "--log", str(log)))
        wait_for(log, event, process)
        process.kill()
        process.communicate(timeout=60)
    assert studio.run().failed == 0
    alone.run()
    assert hashes(studio.output) == alone.hashes()
    assert quiet_folder(studio.output)


NOISY = """
import os
from mixmaster.batch.stages.child import _own_stdout, _say
answers = _own_stdout()
os.write(1, b"noise")
print("noise", flush=True)
_say(answers, {"a": 1})
"""


def test_a_library_that_prints_does_not_disturb() -> None:
    words = [sys.executable, "-c", NOISY]
    done = subprocess.run(words, capture_output=True, check=True)
    assert json.loads(done.stdout) == {"a": 1}


def test_results_and_stages_survive_json() -> None:
    one = spec("name", 5)
    assert StageSpec.from_json(json.loads(json.dumps(one.to_json()))) == one
    result = StageResult("a", "mix", "b", "c", "made", notes=("n",))
    assert StageResult.from_json(json.loads(json.dumps(result.to_json()))) == result
    assert Started(stage="a", kind="mix", song="b").to_json()["event"] == "started"
