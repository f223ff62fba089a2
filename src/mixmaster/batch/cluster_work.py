"""What runs on a cluster's workers. Nothing here imports more than the worker has already."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from mixmaster.batch.cluster_child import Child
from mixmaster.batch.stage import StageSpec
from mixmaster.batch.storage_workplace import StoreWorkplace
from mixmaster.batch.workplace import Workplace

PROGRESS_S: Final = 1.0
"""A stage tells how far it is so often at most: hundreds of workers share one scheduler."""

_idle: list[Child] = []
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


def _take() -> Child:
    with _lock:
        while _idle:
            child = _idle.pop()
            if child.lives:
                return child
    return Child()


def _give_back(child: Child) -> None:
    with _lock:
        if child.lives:
            _idle.append(child)


@atexit.register
def _end_all() -> None:
    with _lock:
        while _idle:
            _idle.pop().end()
