"""Stages on a cluster: Dask's scheduler hands them out, its workers run them.

What each side does:

- Dask hands a stage to a worker, and to another one when the first is lost. Two batches that want
  the same stage in the same folder share one task, since its name is made of what it does.
- The worker (`work.py`) runs it in a process of its own, so that a crash takes one stage
  and not the worker; who makes an output holds its claim, and a late duplicate finds it made.
- This executor sees that the workers can give the results that were promised: another version of
  anything that shapes the sound, or a folder that is not mounted, is named, and that worker is
  passed over.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import math
import os
import pickle
import queue
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from mixmaster.batch.cluster.joining import (
    CONNECT_S,
    Tls,
    check_address,
    connected,
    look_at_workers,
)
from mixmaster.batch.cluster.work import Terms, work
from mixmaster.batch.events import Event, Progress, Retried, Started
from mixmaster.batch.local.workplace import LocalWorkplace
from mixmaster.batch.stages.stage import StageError, StageResult, StageSpec
from mixmaster.batch.stages.workplace import Workplace
from mixmaster.batch.storage.workplace import StoreWorkplace
from mixmaster.engine.manifest import versions

CANCEL_S: Final = 1.9
MOST_NEW_STARTS: Final = 3
"""How often a stage that was on a lost worker, but had not begun there, is handed out anew."""

_RECOUNT_S: Final = 2.0


class DaskExecutor:
    """Runs stages on a Dask cluster; see `Executor`.

    Args:
        address: The scheduler's, ``tcp://host:8786`` or ``tls://host:8786``.
        workplace: Where stages find inputs and put outputs, as seen by every worker.
        tls: Certificates; without, ``tls://`` takes those of Dask's own configuration.
        time_limit_s: How long a stage may take; None is no limit.
        most: How many stages run at once at most; None is as many as there are threads.
        tell: Told what is worth knowing: processors that differ, workers that are passed over, no
            encryption.

    Raises:
        UsageError: When the extra is missing, no scheduler or worker answers, or no worker could
            give the results that are promised; says why for each.
    """

    def __init__(
        self,
        address: str,
        workplace: Workplace,
        *,
        tls: Tls | None = None,
        time_limit_s: float | None = None,
        most: int | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        check_address(address, tls)
        self._client = connected(address, tls)
        self._address = address
        self._workplace = workplace
        self._queue: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._under_way: dict[str, _UnderWay] = {}
        self._attempts: dict[str, int] = {}
        self._cancelled = False
        self._unfit: dict[str, str] = {}
        self._counted_at, self._count = -math.inf, 0
        self._most = most
        self._tell = tell
        topic = f"mixmaster-{os.urandom(8).hex()}"
        self._terms = Terms(topic, versions(), time_limit_s)
        try:
            shared = workplace.store.output if isinstance(workplace, LocalWorkplace) else None
            self._unfit, said = look_at_workers(self._client, address, self._threads, shared)
            for text in said:
                tell(text)
            self._client.subscribe_topic(topic, self._hear)
        except BaseException:
            self._client.close(timeout=2)
            raise

    @property
    def workers(self) -> int:
        """How many stages may run at once: the threads of all workers that fit."""
        now = time.monotonic()
        if now - self._counted_at > _RECOUNT_S:
            threads = self._threads()
            self._count = sum(n for worker, n in threads.items() if worker not in self._unfit)
            self._counted_at = now
        count = max(self._count, 1)
        return count if self._most is None else min(count, self._most)

    def takes(self, spec: StageSpec) -> bool:
        """Return whether a stage would begin soon: a quarter more than can run is on its way."""
        del spec
        more = max(1, self.workers // 4) if self._most is None else 0
        return len(self._under_way) < self.workers + more

    def submit(self, spec: StageSpec, *, waiting: int = 0) -> None:
        """Hand a stage to the cluster; one thread of a worker each."""
        del waiting
        assert spec.id not in self._under_way
        self._hand_out(_UnderWay(replace(spec, threads=1)))

    def events(self, timeout_s: float) -> Sequence[Event | StageResult]:
        """Return what has happened since the last call."""
        found: list[Event | StageResult] = []
        deadline = time.monotonic() + timeout_s
        while True:
            left_s = 0.0 if found else max(0.0, deadline - time.monotonic())
            try:
                kind, said = self._queue.get(timeout=left_s)
            except queue.Empty:
                return found
            found += self._heard(said) if kind == "event" else self._ended(*said)

    def cancel(self) -> None:
        """Have every worker end what it runs for this batch, within 2 s."""
        self._cancelled = True
        if not self._under_way:
            return
        futures = [each.future for each in self._under_way.values() if each.future is not None]
        began = {each.spec.id for each in self._under_way.values() if each.began}
        with contextlib.suppress(Exception):  # a scheduler that is gone runs nothing
            self._client.cancel(futures, reason="the batch was stopped")
        deadline = time.monotonic() + CANCEL_S
        while began and time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                kind, said = self._queue.get(timeout=0.1)
                if kind == "event" and "ended" in said:
                    began.discard(said["stage"])
        self._under_way.clear()

    def close(self) -> None:
        """Let go of the scheduler; its workers stay."""
        with contextlib.suppress(Exception), _quiet():
            self._client.unsubscribe_topic(self._terms.topic)
        with contextlib.suppress(Exception), _quiet():
            self._client.close(timeout=2)

    # ------------------------------------------------------------ handing out

    def _hand_out(self, each: _UnderWay) -> None:
        spec = each.spec
        attempt = self._attempts.get(spec.id, 0)
        self._attempts[spec.id] = attempt + 1
        terms = replace(self._terms, attempt=attempt, look=each.look)
        threads = self._threads() if self._unfit else {}
        fit = [worker for worker in threads if worker not in self._unfit]
        if self._unfit and not fit:
            why = "; ".join(f"{worker}: {why}" for worker, why in self._unfit.items())
            error = StageError("NoWorker", f"no worker can run it: {why}", lasting=False)
            self._under_way[spec.id] = each
            self._queue.put(("done", (spec.id, StageResult.failure(spec, error))))
            return
        each.began = 0
        self._under_way[spec.id] = each
        # A pure name: two batches that want the same thing at the same place share one task.
        said = json.dumps([spec.to_json(), attempt, each.look]).encode()
        place = pickle.dumps(self._workplace)
        name = f"mixmaster-{spec.kind}-{hashlib.sha256(said + place).hexdigest()}"
        try:
            future = self._client.submit(
                work, spec.to_json(), self._workplace, terms, key=name, workers=fit or None
            )
        except Exception as error:  # noqa: BLE001 - the client was closed: the scheduler is gone
            reason = f"the scheduler {self._address} is gone ({type(error).__name__})"
            lost = StageError("SchedulerLost", reason, lasting=False)
            self._queue.put(("done", (spec.id, StageResult.failure(spec, lost))))
            return
        each.future = future
        future.add_done_callback(lambda done: self._queue.put(("done", (spec.id, done))))

    def _ended(self, stage: str, outcome: Any) -> list[Event | StageResult]:
        each = self._under_way.get(stage)
        if each is None or self._cancelled:
            return []
        if isinstance(outcome, StageResult):
            del self._under_way[stage]
            return [outcome]
        if outcome is not each.future:  # of an attempt that was given up
            return []
        if outcome.status == "finished":
            said = outcome.result()
            if "result" in said:
                return self._settled(each, StageResult.from_json(said["result"]))
            return self._pass_over(each, said)
        return self._lost(each, outcome)

    def _settled(self, each: _UnderWay, result: StageResult) -> list[Event | StageResult]:
        """Return a result; a stage whose process died begins again once, as on one machine."""
        reasons = [error.reason for error in result.errors if error.error == "Died"]
        if reasons and not each.died:
            each.died = True
            return self._again(each, reasons[0])
        del self._under_way[each.spec.id]
        return [result]

    def _pass_over(self, each: _UnderWay, said: Mapping[str, Any]) -> list[Event | StageResult]:
        """Hand a stage to another worker when one does not fit, or was told to end it."""
        reason = said.get("unfit")
        if reason is None:  # another batch that shared this task was stopped
            self._hand_out(each)
            return []
        gone = [item.path for item in each.spec.inputs if not self._has(item.path)]
        if each.look and gone:  # nobody sees it: then it is the song's matter
            each.look = False
            self._hand_out(each)
            return []
        if said["address"] not in self._unfit:
            self._unfit[said["address"]] = reason
            self._counted_at = -math.inf
            self._tell(f"worker {said['worker']} is passed over: {reason}")
        return self._again(each, f"worker {said['worker']} cannot run it: {reason}")

    def _lost(self, each: _UnderWay, outcome: Any) -> list[Event | StageResult]:
        """Return what to make of a task that Dask has given up."""
        from distributed.scheduler import KilledWorker

        error: BaseException | None
        try:
            error = outcome.exception(timeout=CONNECT_S)
        except Exception as raised:  # noqa: BLE001 - cancelled, or the scheduler is gone
            error = raised
        spec = each.spec
        if isinstance(error, KilledWorker):
            died = error.allowed_failures + 1
            # Dask counts every task that a lost worker held, those that only waited there, too.
            if each.began < died and each.new_starts < MOST_NEW_STARTS:
                each.new_starts += 1
                return self._again(each, "it waited on workers that were lost")
            reason = f"{died} workers in a row were lost while they ran it, the last {_host(error)}"
            failed = StageError("Died", reason)
        elif outcome.status in {"cancelled", "lost"}:
            reason = f"the scheduler {self._address} is gone, or gave it up"
            failed = StageError("SchedulerLost", reason, lasting=False)
        else:
            reason = f"a worker could not run it: {type(error).__name__}: {error}"
            failed = StageError("WorkerFailed", reason, lasting=False)
        del self._under_way[spec.id]
        return [StageResult.failure(spec, failed)]

    def _again(self, each: _UnderWay, reason: str) -> list[Event | StageResult]:
        spec = each.spec
        self._hand_out(each)
        attempt = self._attempts[spec.id]
        return [
            Retried(stage=spec.id, kind=spec.kind, song=spec.song, reason=reason, attempt=attempt)
        ]

    def _has(self, path: str) -> bool:
        place = self._workplace
        return Path(path).exists() or (isinstance(place, StoreWorkplace) and place.fetches(path))

    # ------------------------------------------------------------ hearing

    def _hear(self, event: tuple[float, Any]) -> None:
        self._queue.put(("event", event[1]))

    def _heard(self, said: Mapping[str, Any]) -> list[Event | StageResult]:
        """Return what a worker has told as events."""
        each = self._under_way.get(str(said.get("stage")))
        if each is None:
            return []
        spec = each.spec
        if "began" in said:
            if said["began"] != self._attempts[spec.id] - 1:
                return []
            each.began += 1
            events: list[Event | StageResult] = []
            if each.began > 1:
                events.append(
                    Retried(
                        stage=spec.id,
                        kind=spec.kind,
                        song=spec.song,
                        reason=f"its worker {each.worker} was lost",
                        attempt=each.began,
                    )
                )
            each.worker = str(said["worker"])
            started = Started(stage=spec.id, kind=spec.kind, song=spec.song, worker=each.worker)
            return [*events, started]
        if "what" in said:
            return [
                Progress(
                    stage=spec.id,
                    kind=spec.kind,
                    song=spec.song,
                    what=str(said["what"]),
                    share=float(said["share"]),
                )
            ]
        return []

    # ------------------------------------------------------------ workers

    def _threads(self) -> dict[str, int]:
        try:
            return {str(worker): int(n) for worker, n in self._client.nthreads().items()}
        except Exception:  # noqa: BLE001 - while the scheduler is away, none can be counted
            return {}


@dataclass(slots=True)
class _UnderWay:
    """A stage that the cluster has.

    Attributes:
        spec: The stage.
        future: Dask's promise of this attempt.
        began: How often it has begun in this attempt; more than once when workers were lost.
        new_starts: How often it was handed out anew though it had not begun.
        died: Whether its process has ended by itself before.
        look: See `Terms`.
        worker: Who had it last.
    """

    spec: StageSpec
    future: Any = None
    began: int = 0
    new_starts: int = 0
    died: bool = False
    look: bool = True
    worker: str = ""


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from telling on the standard error that a scheduler has gone."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _host(error: Any) -> str:
    return str(getattr(error.last_worker, "address", error.last_worker))
