"""What the executor makes of a cluster's answers, given by a double of Dask's client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mixmaster.batch.cluster import executor as cluster
from mixmaster.batch.cluster.executor import DaskExecutor
from mixmaster.batch.cluster.joining import Tls, check_address
from mixmaster.batch.events import Event, Retried
from mixmaster.batch.local.workplace import LocalWorkplace
from mixmaster.batch.stages.stage import Estimate, StageError, StageInput, StageResult, StageSpec
from mixmaster.errors import UsageError

scheduler = pytest.importorskip("distributed.scheduler")
ADDRESS = "tcp://127.0.0.1:8786"


class Promise:
    """Dask's future, which the test fulfils."""

    def __init__(self, workers: list[str] | None, terms: Any) -> None:
        self.workers, self.terms = workers, terms
        self.status = "pending"
        self._said: Any = None
        self._tell: Callable[[Promise], None] = lambda _: None

    def add_done_callback(self, tell: Callable[[Promise], None]) -> None:
        self._tell = tell

    def become(self, status: str, said: Any) -> None:
        self.status, self._said = status, said
        self._tell(self)

    def result(self) -> Any:
        return self._said

    def exception(self, **_: Any) -> Any:
        if self.status == "cancelled":
            raise self._said
        return self._said


class Client:
    """Dask's client."""

    def __init__(self) -> None:
        self.promises: list[Promise] = []
        self.keys: list[str] = []
        self.there = {"tcp://a:1": 1, "tcp://b:1": 1}
        self.cancelled: list[Promise] = []
        self.hear: Callable[[Any], None] = lambda _: None

    def nthreads(self) -> dict[str, int]:
        return self.there

    def submit(self, _: Any, __: Any, ___: Any, terms: Any, *, key: str, workers: Any) -> Promise:
        self.promises.append(Promise(workers, terms))
        self.keys.append(key)
        return self.promises[-1]

    def subscribe_topic(self, _: str, hear: Callable[[Any], None]) -> None:
        self.hear = hear

    def unsubscribe_topic(self, _: str) -> None: ...

    def cancel(self, futures: list[Promise], **_: Any) -> None:
        self.cancelled += futures

    def close(self, **_: Any) -> None: ...

    def begin(self, stage: str, worker: str, attempt: int = 0) -> None:
        self.hear((time.time(), {"stage": stage, "worker": worker, "began": attempt}))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    made = Client()
    monkeypatch.setattr(cluster, "connected", lambda *_: made)
    monkeypatch.setattr(cluster, "look_at_workers", lambda *_: ({}, []))
    return made


@pytest.fixture
def executor(client: Client, tmp_path: Path) -> Iterator[DaskExecutor]:
    made = DaskExecutor(ADDRESS, LocalWorkplace(tmp_path))
    yield made
    made.close()


def stage(name: str = "mix/a", inputs: tuple[str, ...] = ()) -> StageSpec:
    items = tuple(StageInput(path, "0" * 64) for path in inputs)
    return StageSpec("mix", name, "k" * 64, "a", {}, {}, items, (), estimate=Estimate())


def killed(times: int) -> Any:
    class Worker:
        address = "tcp://a:1"

    return scheduler.KilledWorker("key", Worker(), times - 1)


def results(told: Any) -> list[StageResult]:
    return [each for each in told if isinstance(each, StageResult)]


def done(spec: StageSpec, *errors: StageError) -> dict[str, Any]:
    outcome: Any = "failed" if errors else "made"
    return {"result": StageResult(spec.id, "mix", "a", spec.key, outcome, (), errors).to_json()}


def test_a_stage_that_loses_worker_after_worker_is_given_up(
    client: Client, executor: DaskExecutor
) -> None:
    executor.submit(stage())
    for name in "abcd":
        client.begin("mix/a", name)
    told = [type(each).__name__ for each in executor.events(0.1)]
    assert told == ["Started", *(["Retried", "Started"] * 3)]
    client.promises[0].become("error", killed(4))
    (result,) = results(executor.events(0.1))
    assert result.errors[0].error == "Died"
    assert "4 workers in a row" in result.errors[0].reason
    assert "tcp://a:1" in result.errors[0].reason


def test_a_stage_that_only_waited_on_lost_workers_begins_anew(
    client: Client, executor: DaskExecutor
) -> None:
    executor.submit(stage())
    client.promises[0].become("error", killed(4))
    (event,) = executor.events(0.1)
    assert isinstance(event, Retried)
    assert len(client.promises) == 2
    assert client.keys[0] != client.keys[1]  # Dask would give the old answer again
    client.promises[1].become("finished", done(stage()))
    (result,) = results(executor.events(0.1))
    assert result.outcome == "made"


def test_it_does_not_begin_anew_for_ever(client: Client, executor: DaskExecutor) -> None:
    executor.submit(stage())
    found: list[Event | StageResult] = []
    while not results(found):
        client.promises[-1].become("error", killed(4))
        found += executor.events(0.1)
    assert len(client.promises) == 1 + cluster.MOST_NEW_STARTS


def test_a_stage_whose_process_died_begins_again_once(
    client: Client, executor: DaskExecutor
) -> None:
    died = StageError("Died", "its process ended (SIGKILL)")
    executor.submit(stage())
    client.promises[0].become("finished", done(stage(), died))
    assert isinstance(executor.events(0.1)[0], Retried)
    client.promises[1].become("finished", done(stage(), died))
    (result,) = results(executor.events(0.1))
    assert result.errors == (died,)


def test_a_lost_scheduler_fails_what_is_under_way_for_now(
    client: Client, executor: DaskExecutor
) -> None:
    executor.submit(stage())
    client.promises[0].become("cancelled", RuntimeError("scheduler-connection-lost"))
    (result,) = results(executor.events(0.1))
    assert result.errors[0].error == "SchedulerLost"
    assert not result.errors[0].lasting

    def closed(*_: Any, **__: Any) -> None:
        raise RuntimeError("client is closed")

    client.submit = closed  # type: ignore[assignment]
    executor.submit(stage("mix/b"))
    (result,) = results(executor.events(0.1))
    assert result.errors[0].error == "SchedulerLost"


def test_an_unfit_worker_is_passed_over_from_then_on(client: Client, tmp_path: Path) -> None:
    notes: list[str] = []
    executor = DaskExecutor(ADDRESS, LocalWorkplace(tmp_path), tell=notes.append)
    assert executor.workers == 2
    executor.submit(stage())
    unfit = {"unfit": "numpy 1.0 in place of 2.4", "worker": "b", "address": "tcp://b:1"}
    client.promises[0].become("finished", unfit)
    assert isinstance(executor.events(0.1)[0], Retried)
    assert client.promises[1].workers == ["tcp://a:1"]
    assert executor.workers == 1
    assert notes == ["worker b is passed over: numpy 1.0 in place of 2.4"]
    client.promises[1].become(
        "finished", {"unfit": "it does not see /x", "worker": "a", "address": "tcp://a:1"}
    )
    told = executor.events(0.1)
    (result,) = results([*told, *executor.events(0.1)])
    assert result.errors[0].error == "NoWorker"
    assert not result.errors[0].lasting
    assert "does not see /x" in result.errors[0].reason


def test_a_file_that_nobody_sees_is_the_songs_matter(
    client: Client, executor: DaskExecutor
) -> None:
    spec = stage(inputs=("/nowhere/kick.wav",))
    executor.submit(spec)
    unfit = {"unfit": "it does not see it", "worker": "b", "address": "tcp://b:1"}
    client.promises[0].become("finished", unfit)
    assert executor.events(0.1) == []
    assert client.promises[1].workers is None  # no worker is blamed
    assert not client.promises[1].terms.look
    client.promises[1].become("finished", done(spec, StageError("AudioFileError", "it is gone")))
    (result,) = results(executor.events(0.1))
    assert result.errors[0].error == "AudioFileError"


def test_no_more_is_handed_out_than_begins_soon(client: Client, executor: DaskExecutor) -> None:
    client.there = {f"tcp://{name}:1": 4 for name in "abcde"}
    count = 0
    while executor.takes(stage()):
        executor.submit(stage(f"mix/{count}"))
        count += 1
    assert count == 25


def test_cancelling_takes_back_all_and_tells_of_none(
    client: Client, executor: DaskExecutor
) -> None:
    executor.submit(stage())
    executor.cancel()
    assert client.cancelled == client.promises
    client.promises[0].become("cancelled", RuntimeError())
    assert executor.events(0.05) == []


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("scheduler:8786", "no address of a scheduler"),
        ("http://scheduler:8786", "no address of a scheduler"),
        ("tcp://user:word@scheduler:8786", "no address of a scheduler"),
        ("tcp://scheduler", "no address of a scheduler"),
    ],
)
def test_addresses_that_are_none(address: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_address(address)


def test_certificates_are_for_tls_and_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ca\.pem: it is not there"):
        Tls.in_folder(tmp_path)
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).touch()
    tls = Tls.in_folder(tmp_path)
    check_address("tls://scheduler:8786", tls)
    with pytest.raises(UsageError, match="write tls://"):
        check_address("tcp://scheduler:8786", tls)


def test_without_a_scheduler_it_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mixmaster.batch.cluster import joining

    monkeypatch.setattr(joining, "CONNECT_S", 0.5)
    with pytest.raises(UsageError, match="no scheduler answers") as caught:
        DaskExecutor("tcp://127.0.0.1:9", LocalWorkplace(tmp_path))
    assert "\n" not in str(caught.value)


def test_tls_without_certificates_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="certificates are needed"):
        DaskExecutor("tls://127.0.0.1:9", LocalWorkplace(tmp_path))


def test_a_missing_extra_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"mixmaster\[cluster\]"):
        check_address(ADDRESS)
