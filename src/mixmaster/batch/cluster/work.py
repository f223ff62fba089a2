"""What runs on a cluster's workers. Nothing here imports more than the worker has already."""

from __future__ import annotations

import atexit
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from mixmaster.batch.stages.process import GRACE_S, StageProcess, end_all, epitaph
from mixmaster.batch.stages.stage import StageError, StageResult, StageSpec
from mixmaster.batch.stages.workplace import Workplace
from mixmaster.batch.storage.workplace import StoreWorkplace

PROGRESS_S: Final = 1.0
"""A stage tells how far it is so often at most: hundreds of workers share one scheduler."""

_POLL_S: Final = 0.1

_idle: list[_Child] = []
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a batch says to every worker.

    Attributes:
        topic: Where it listens.
        versions: The libraries that results were promised for; another one's are refused.
        time_limit_s: How long a stage may take; None is no limit.
        attempt: How often the stage was handed out before.
        look: Whether the worker looks for local inputs first: one that lacks a mounted folder is
            told apart from a song whose file is gone.
    """

    topic: str
    versions: Mapping[str, str]
    time_limit_s: float | None = None
    attempt: int = 0
    look: bool = True


def describe() -> dict[str, Any]:
    """Return what a worker is: libraries and processor."""
    from mixmaster.engine.manifest import processor

    return {"versions": _versions(), "processor": processor()}


@cache
def _versions() -> dict[str, str]:
    from mixmaster.engine.manifest import versions

    return versions()


def differing(found: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """Return which versions are other than wanted, in words; nothing when none is."""
    return ", ".join(
        f"{name} {found.get(name, 'missing')} in place of {version}"
        for name, version in wanted.items()
        if found.get(name) != version
    )


def sees(path: str, token: str) -> bool:
    """Return whether a worker finds a file of this content there: is the folder shared?"""
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - no path object needed
            return file.read() == token
    except (OSError, ValueError):
        return False


def work(spec_data: Mapping[str, Any], workplace: Workplace, terms: Terms) -> dict[str, Any]:
    """Run a stage in a process of its own; return ``{"result": ...}`` or ``{"unfit": why}``.

    A stage that is cancelled, or whose batch has gone, is ended within two seconds.
    """
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    spec = StageSpec.from_json(spec_data)
    name = str(worker.name) if not isinstance(worker.name, int) else worker.address
    if unfit := _unfit(spec, workplace, terms):
        return {"unfit": unfit, "worker": name, "address": worker.address}

    def log(said: dict[str, Any]) -> None:
        worker.log_event(terms.topic, {"stage": spec.id, "worker": name, **said})

    last = 0.0

    def tell(what: str, share: float) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_S:
            last = time.monotonic()
            log({"what": what, "share": float(share)})

    def stopped() -> bool:
        state = worker.state.tasks.get(key)
        return state is None or state.state == "cancelled"

    log({"began": terms.attempt})
    child = _take()
    result = child.run(
        spec,
        workplace,
        worker=name,
        tell=tell,
        stopped=stopped,
        time_limit_s=terms.time_limit_s,
    )
    if result is None:
        log({"ended": terms.attempt})
        return {}
    _give_back(child)
    return {"result": result.to_json()}


def _unfit(spec: StageSpec, workplace: Workplace, terms: Terms) -> str:
    """Return why this worker could not give the right result; nothing when it can."""
    if others := differing(_versions(), terms.versions):
        return others
    if terms.look:
        for item in spec.inputs:
            fetched = isinstance(workplace, StoreWorkplace) and workplace.fetches(item.path)
            if not fetched and not os.path.exists(item.path):  # noqa: PTH110 - quick
                return f"it does not see {item.path}"
    return ""


class _Child:
    """A process for stages, and what it says."""

    def __init__(self) -> None:
        self._said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.process = StageProcess(self._said.put)

    def run(
        self,
        spec: StageSpec,
        workplace: Workplace,
        *,
        worker: str,
        tell: Callable[[str, float], None],
        stopped: Callable[[], bool],
        time_limit_s: float | None,
    ) -> StageResult | None:
        """Run a stage; return its result, or None when it was stopped.

        Args:
            spec: The stage.
            workplace: Where its inputs are, and its outputs go.
            worker: Who does it, for the result.
            tell: Told what is being done, and how far it is.
            stopped: Asked several times a second whether it is wanted no longer.
            time_limit_s: How long it may take.
        """
        began_s = time.monotonic()
        self.process.ask(spec, workplace, worker)
        while True:
            try:
                said = self._said.get(timeout=_POLL_S)
            except queue.Empty:
                said = {}
            if said is None:
                reason = epitaph(self.process.wait(GRACE_S))
                return StageResult.failure(spec, StageError("Died", reason), worker=worker)
            if "result" in said:
                return StageResult.from_json(said["result"])
            if "what" in said:
                tell(said["what"], said["share"])
            if stopped():
                self.process.end()
                return None
            if time_limit_s is not None and time.monotonic() - began_s > time_limit_s:
                self.process.end()
                reason = f"it took longer than {time_limit_s:g} s (--time-limit)"
                return StageResult.failure(spec, StageError("TimeLimit", reason), worker=worker)


def _take() -> _Child:
    with _lock:
        while _idle:
            child = _idle.pop()
            if child.process.lives:
                return child
    return _Child()


def _give_back(child: _Child) -> None:
    with _lock:
        if child.process.lives:
            _idle.append(child)


@atexit.register
def _end_all() -> None:
    with _lock:
        end_all(each.process for each in _idle)
        _idle.clear()
