"""Worker processes of this machine: cores and memory shared, the dead replaced, the late ended."""

from __future__ import annotations

import base64
import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from mixmaster.batch.events import Event, Progress, Retried, Started
from mixmaster.batch.stage import StageError, StageResult, StageSpec
from mixmaster.batch.workplace import Workplace
from mixmaster.engine.threads import default_threads

MODULE: Final = "mixmaster.batch.worker"
_ATTEMPTS: Final = 2
_LEAVE_S: Final = 2.0


@dataclass(slots=True)
class _Running:
    spec: StageSpec
    deadline_s: float | None
    attempt: int


class _Worker:
    """One process and the thread that listens to it.

    Args:
        name: What it is called in events.
        head: What it is told first.
        inbox: Where its messages go: with itself, and None at its end.
    """

    def __init__(
        self, name: str, head: dict[str, Any], inbox: queue.SimpleQueue[tuple[_Worker, Any]]
    ) -> None:
        self.name = name
        self.running: _Running | None = None
        self.ready = False
        self.ended_for = ""
        alone = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        self._process = subprocess.Popen(  # noqa: S603 - this very interpreter
            # -P: what lies in the working folder is never imported.
            [sys.executable, "-P", "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("MIXMASTER_DEBUG") else subprocess.DEVNULL,
            env={**os.environ, **alone},
            start_new_session=True,  # Ctrl-C is for this side, which then ends the workers
        )
        self._inbox = inbox
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        self.tell({**head, "worker": name})

    def tell(self, message: dict[str, Any]) -> None:
        """Send a line; a worker that has died meanwhile is noticed by its end."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(json.dumps(message, allow_nan=False).encode("ascii") + b"\n")
            self._process.stdin.flush()

    def end(self, reason: str) -> None:
        """End it now."""
        self.ended_for = self.ended_for or reason
        self._process.kill()

    def status(self) -> int:
        """Wait for its end; return how it ended, as `subprocess` says it."""
        self._thread.join(_LEAVE_S)
        status = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        return status

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with suppress(ValueError, OSError):
            for line in self._process.stdout:
                self._inbox.put((self, json.loads(line)))
        self._inbox.put((self, None))


class LocalPool:
    """The executor of this machine: a process for each stage under way.

    Args:
        output: The output folder.
        workers: How many processes at most.
        overwrite: Whether files that are not ours may be replaced.
        memory_bytes: What all of them may use together, as far as can be told beforehand.
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
        self._head = {"output": os.path.abspath(output), "overwrite": overwrite}  # noqa: PTH100
        if workplace is not None:
            self._head["workplace"] = base64.b64encode(pickle.dumps(workplace)).decode("ascii")
        self._most = workers
        self._memory = memory_bytes
        self._limit_s = time_limit_s
        self._cores = cores or default_threads()
        self._inbox: queue.SimpleQueue[tuple[_Worker, Any]] = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        self._told: list[Event | StageResult] = []
        self._count = 0

    @property
    def workers(self) -> int:
        """How many stages may run at once."""
        return self._most

    def takes(self, spec: StageSpec) -> bool:
        """Return whether a process is free, and memory; one stage always may run."""
        busy = self._busy()
        if not busy:
            return True
        if len(busy) >= self._most:
            return False
        used = sum(each.spec.estimate.memory_bytes for each in busy)
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
        told, self._told = self._told, []
        return told

    def cancel(self) -> None:
        """End all workers now."""
        for worker in self._workers:
            worker.end("stopped")
        for worker in self._workers:
            worker.status()
        self._workers.clear()

    def close(self) -> None:
        """Let go of all workers."""
        self.cancel()

    def _busy(self) -> list[_Running]:
        return [each.running for each in self._workers if each.running is not None]

    def _start(self, spec: StageSpec, attempt: int) -> None:
        worker = next((each for each in self._workers if each.running is None), None)
        if worker is None:
            self._count += 1
            worker = _Worker(f"local-{self._count}", self._head, self._inbox)
            self._workers.append(worker)
        limit_s = self._limit_s
        deadline_s = None if limit_s is None else time.monotonic() + limit_s
        worker.running = _Running(spec, deadline_s, attempt)
        worker.tell(spec.to_json())
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

    def _bury(self, worker: _Worker) -> None:
        """Take a worker that has ended out; its stage has failed, or begins again elsewhere."""
        self._workers.remove(worker)
        status = worker.status()
        running = worker.running
        if running is None:
            return
        spec = running.spec
        if worker.ended_for == "time":
            reason = f"it took longer than {self._limit_s:g} s"
            error = StageError("TimeLimit", f"{reason} (--time-limit)")
            self._told.append(StageResult.failure(spec, error, worker=worker.name))
            return
        reason = _epitaph(status)
        if running.attempt < _ATTEMPTS:
            attempt = running.attempt + 1
            self._told.append(
                Retried(
                    stage=spec.id, kind=spec.kind, song=spec.song, reason=reason, attempt=attempt
                )
            )
            self._start(spec, attempt)
            return
        # A worker that cannot even begin is no fault of the song's.
        error = StageError("Died", f"{reason}, {running.attempt} times", lasting=worker.ready)
        self._told.append(StageResult.failure(spec, error, worker=worker.name))


def _epitaph(status: int) -> str:
    if status >= 0:
        return f"its process ended by itself (exit status {status})"
    name = str(-status)
    with suppress(ValueError):
        name = signal.Signals(-status).name
    if name == "SIGKILL":
        return "its process was killed (SIGKILL; when memory is short, the system does that)"
    return f"its process crashed ({name})"
