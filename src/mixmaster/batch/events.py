"""Events: what happens in a batch, as it happens; each is one line of JSON in the log.

A line is an object with ``event`` (the class's name in small letters), ``at_s`` (Unix time) and the
event's own fields. Readers skip events and fields that they do not know.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mixmaster.results import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Result):
    """The base of all events.

    Attributes:
        at_s: When, Unix time.
    """

    at_s: float = field(default_factory=time.time)

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON-ready data, its name first."""
        # No super(): with slots, the class that the method closes over is not the final one.
        return {"event": type(self).__name__.lower(), **Result.to_json(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfStage(Event):
    """The base of what happens to one stage.

    Attributes:
        stage: The stage's id.
        kind: ``mix`` or ``master``; ``plan`` for a song that could not be planned.
        song: The song's name.
    """

    stage: str
    kind: str
    song: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(Event):
    """The plan: comes first.

    Attributes:
        output: The batch's output folder.
        songs: How many songs.
        outputs: How many files are wanted.
        current: How many of them are there already.
        stages: The stages that will run, as far as can be known: id, kind, song, cpu_s, needs.
        cpu_s: The processor time that they may take together.
        wall_s: The time that it may take.
        disk_bytes: The disk that it may take.
        workers: How many stages run at once.
    """

    output: str
    songs: int
    outputs: int
    current: int
    stages: tuple[Mapping[str, Any], ...]
    cpu_s: float
    wall_s: float
    disk_bytes: int
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(OfStage):
    """A stage begins."""

    worker: str = ""
    threads: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(OfStage):
    """How far a stage is: ``what`` it does and the ``share`` of that which is done, 0 to 1."""

    what: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(OfStage):
    """A stage is done: its files with their figures, and what it has cost."""

    key: str
    files: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    cost: Mapping[str, Any] = field(default_factory=dict)
    worker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped(OfStage):
    """Nothing had to be done for these files: they are what they should be."""

    reason: str
    files: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(OfStage):
    """A stage, or one output of it, has failed; ``lasting`` if it would fail again."""

    error: str
    reason: str
    output: str = ""
    lasting: bool = True
    worker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried(OfStage):
    """A stage begins again, because its worker was lost."""

    reason: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined(OfStage):
    """A stage is left alone until something of it changes, or ``--retry-failed``."""

    reason: str
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Event):
    """The end: comes last.

    Attributes:
        made: How many outputs were made.
        current: How many were there already.
        failed: How many were not made.
        quarantined: How many of those are left alone until something changes.
        wall_s: How long it took.
        cpu_s: The processor time that it took.
        interrupted: Whether it was stopped.
        exit_status: What the command ends with.
    """

    made: int
    current: int
    failed: int
    quarantined: int
    wall_s: float
    cpu_s: float
    interrupted: bool = False
    exit_status: int = 0
