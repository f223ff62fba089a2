"""Worker processes of this machine: cores and memory shared, the dead replaced, the late ended."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from mixmaster.batch.events import Event, Progress, Retried, Started
from mixmaster.batch.local.memory import resident_bytes, said_bytes
from mixmaster.batch.local.workplace import LocalWorkplace
from mixmaster.batch.stages.process import GRACE_S, StageProcess, end_all, epitaph
from mixmaster.batch.stages.stage import StageError, StageResult, StageSpec
from mixmaster.batch.stages.workplace import Workplace
from mixmaster.engine.threads import default_threads

_ATTEMPTS: Final = 2
_LOOKED_AT_S: Final = 0.25
"""How often memory is looked at."""


@dataclass(slots=True)
class _Running:
    """A stage under way.

    Attributes:
        spec: The stage.
        deadline_s: When it has taken too long; None for never.
        attempt: Which attempt this is.
        began_s: When it began.
        peak_bytes: The most memory that was seen.
    """

    spec: StageSpec
    deadline_s: float | None
    attempt: int
    began_s: float
    peak_bytes: int = 0


class _Worker:
    """A process, and what it does.

    Args:
        name: What it is called in events.
        inbox: Where its messages go: with itself, and None at its end.
    """

    def __init__(self, name: str, inbox: queue.SimpleQueue[tuple[_Worker, Any]]) -> None:
        self.name = name
        self.running: _Running | None = None
        self.ready = False
        self.ended_for = ""
        self.process = StageProcess(lambda message: inbox.put((self, message)))

    def end(self, reason: str) -> None:
        """End it soon; its end is heard of as any other."""
        if not self.ended_for:
            self.ended_for = reason
            self.process.begin_end()
            firmly = threading.Timer(GRACE_S, self.process.kill)
            firmly.daemon = True
            firmly.start()


class LocalPool:
    """The executor of this machine: a process for each stage under way.

    Memory is shared out by what stages are expected to take, and watched (Linux): where they take
    more together, the stage that began last is ended, and begins again when it has the machine to
    itself. A single stage is never ended for its memory, since it could not be had with less.

    Args:
        output: The output folder.
        workers: How many processes at most.
        overwrite: Whether files that are not ours may be replaced.
        memory_bytes: What all of them may use together.
        time_limit_s: How long a stage may take; None for as long as it likes.
        cores: How many processors there are to share; all if None.
        workplace: Where inputs are and outputs go; None for the output folder.
    """

    def __init__(
        self,
        output: Path,
        workers: int,
        *,
        overwrite: bool = False,
        memory_bytes: int | None = None,
        time_limit_s: float | None = None,
        cores: int | None = None,
        workplace: Workplace | None = None,
    ) -> None:
        self._workplace = workplace or LocalWorkplace(output.absolute(), overwrite=overwrite)
        self._most = workers
        self._memory = memory_bytes
        self._limit_s = time_limit_s
        self._cores = cores or default_threads()
        self._inbox: queue.SimpleQueue[tuple[_Worker, Any]] = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        self._told: list[Event | StageResult] = []
        self._count = 0
        self._put_off: list[tuple[StageSpec, int]] = []  # for want of memory, and their attempts
        self._looked_s = 0.0

    @property
    def workers(self) -> int:
        """How many stages may run at once."""
        return self._most

    def takes(self, spec: StageSpec) -> bool:
        """Return whether a process is free, and memory; one stage always may run."""
        busy = self._busy()
        if not busy and not self._put_off:
            return True
        if len(busy) >= self._most or self._put_off:
            return False
        used = sum(max(each.spec.estimate.memory_bytes, each.peak_bytes) for each in busy)
        return self._memory is None or used + spec.estimate.memory_bytes <= self._memory

    def submit(self, spec: StageSpec, *, waiting: int = 0) -> None:
        """Have a stage run; its threads are its share of the cores."""
        at_once = min(self._most, len(self._busy()) + 1 + waiting)
        self._start(replace(spec, threads=max(1, self._cores // at_once)), 1)

    def events(self, timeout_s: float) -> Sequence[Event | StageResult]:
        """Return what has happened; waits so long at most."""
        if not self._told:
            self._take(timeout_s)
        while True:
            try:
                self._handle(*self._inbox.get_nowait())
            except queue.Empty:
                break
        self._end_late()
        self._watch_memory()
        if self._put_off and not self._busy():
            self._start(*self._put_off.pop(0))
        told, self._told = self._told, []
        return told

    def cancel(self) -> None:
        """End all workers now."""
        end_all(each.process for each in self._workers)
        self._workers.clear()
        self._put_off.clear()

    def close(self) -> None:
        """Let go of all workers."""
        self.cancel()

    def _busy(self) -> list[_Running]:
        return [each.running for each in self._workers if each.running is not None]

    def _start(self, spec: StageSpec, attempt: int) -> None:
        free = (each for each in self._workers if each.running is None and not each.ended_for)
        worker = next(free, None)
        if worker is None:
            self._count += 1
            worker = _Worker(f"local-{self._count}", self._inbox)
            self._workers.append(worker)
        now_s, limit_s = time.monotonic(), self._limit_s
        deadline_s = None if limit_s is None else now_s + limit_s
        worker.running = _Running(spec, deadline_s, attempt, now_s)
        worker.process.ask(spec, self._workplace, worker.name)
        self._told.append(
            Started(
                stage=spec.id,
                kind=spec.kind,
                song=spec.song,
                worker=worker.name,
                threads=spec.threads,
            )
        )

    def _take(self, timeout_s: float) -> None:
        deadlines = [each.deadline_s for each in self._busy() if each.deadline_s is not None]
        if deadlines:
            timeout_s = max(0.0, min(timeout_s, min(deadlines) - time.monotonic()))
        with suppress(queue.Empty):
            self._handle(*self._inbox.get(timeout=timeout_s))

    def _handle(self, worker: _Worker, message: Any) -> None:
        if worker not in self._workers:
            return
        if message is None:
            self._bury(worker)
        elif "ready" in message:
            worker.ready = True
        elif "result" in message:
            worker.running = None
            self._told.append(StageResult.from_json(message["result"]))
        elif "what" in message and worker.running is not None:
            spec = worker.running.spec
            self._told.append(Progress(stage=spec.id, kind=spec.kind, song=spec.song, **message))

    def _end_late(self) -> None:
        now_s = time.monotonic()
        for worker in self._workers:
            running = worker.running
            if running and running.deadline_s is not None and now_s >= running.deadline_s:
                worker.end("time")

    def _watch_memory(self) -> None:
        """End what waits for work, then the stage that began last, while too much is taken."""
        now_s = time.monotonic()
        if self._memory is None or now_s - self._looked_s < _LOOKED_AT_S:
            return
        self._looked_s = now_s
        used = {each.name: resident_bytes(each.process.pid) for each in self._workers}
        for worker in self._workers:
            if worker.running is not None:
                peak = max(worker.running.peak_bytes, used[worker.name])
                worker.running.peak_bytes = peak
        if sum(used.values()) <= self._memory:
            return
        staying = [each for each in self._workers if not each.ended_for]
        idle = [each for each in staying if each.running is None]
        busy = [each for each in staying if each.running is not None]
        if idle:
            for worker in idle:
                worker.end("memory")
        elif len(busy) > 1 and len(busy) == len(self._workers):
            max(busy, key=lambda each: each.running.began_s if each.running else 0.0).end("memory")

    def _bury(self, worker: _Worker) -> None:
        """Take a worker that has ended out; its stage has failed, or begins again elsewhere."""
        self._workers.remove(worker)
        status = worker.process.wait(GRACE_S)
        running = worker.running
        if running is None:
            return
        spec = running.spec
        if worker.ended_for == "time":
            reason = f"it took longer than {self._limit_s:g} s"
            error = StageError("TimeLimit", f"{reason} (--time-limit)")
            self._told.append(StageResult.failure(spec, error, worker=worker.name))
            return
        if worker.ended_for == "memory":
            assert self._memory is not None
            reason = f"stages took more than {said_bytes(self._memory)} together (--memory)"
            self._again(running, f"{reason}: this one waits until it is alone", running.attempt)
            self._put_off.append((spec, running.attempt))
            return
        reason = epitaph(status)
        if running.attempt < _ATTEMPTS:
            self._again(running, reason, running.attempt + 1)
            self._start(spec, running.attempt + 1)
            return
        # A worker that cannot even begin is no fault of the song's.
        error = StageError("Died", f"{reason}, {running.attempt} times", lasting=worker.ready)
        self._told.append(StageResult.failure(spec, error, worker=worker.name))

    def _again(self, running: _Running, reason: str, attempt: int) -> None:
        spec = running.spec
        self._told.append(
            Retried(stage=spec.id, kind=spec.kind, song=spec.song, reason=reason, attempt=attempt)
        )
