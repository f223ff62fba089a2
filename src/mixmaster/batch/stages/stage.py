"""Stages: the units of a batch's work, as plain data that any process can be handed.

A stage is a song's mix (all its versions in one run) or the masters of one of them through one
chain. What it does depends on its `StageSpec` alone and on the content of the inputs named there:
the documents are in it, resolved. Whoever runs it (a local process, a worker on another machine)
calls `run_stage(spec, workplace)` from ``working.py`` and gets a `StageResult` back, also when the
song is at fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self

from mixmaster.batch.events import Event
from mixmaster.results import Result

Kind = Literal["mix", "master"]
Outcome = Literal["made", "current", "busy", "failed"]


@dataclass(frozen=True, slots=True)
class StageInput(Result):
    """A file that a stage reads.

    Attributes:
        path: Where it lies, as whoever planned the batch sees it.
        sha256: Of its bytes; a stage whose inputs turn out otherwise fails.
        bytes: Its size.
    """

    path: str
    sha256: str
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class StageOutput(Result):
    """A file that a stage makes.

    Attributes:
        path: Where it goes, from the batch's output folder on, with ``/``.
        key: Of what it is made: equal keys, equal bytes.
        version: Which version of the song it is.
        target: The master's target; empty for a mix.
        bytes_at_most: How large it may become.
    """

    path: str
    key: str
    version: str = ""
    target: str = ""
    bytes_at_most: int = 0


@dataclass(frozen=True, slots=True)
class Estimate(Result):
    """What a stage is expected to cost.

    Attributes:
        cpu_s: Processor time, seconds.
        memory_bytes: Resident memory of the process that runs it, at its peak.
        scratch_bytes: Temporary files while it runs.
        output_bytes: Its outputs together, at most.
    """

    cpu_s: float = 0.0
    memory_bytes: int = 0
    scratch_bytes: int = 0
    output_bytes: int = 0


@dataclass(frozen=True, slots=True)
class StageSpec(Result):
    """One stage. Plain data throughout: it survives JSON and pickling.

    Attributes:
        kind: ``mix`` or ``master``.
        id: What it is called in events and summaries; unique in its batch, stable over runs.
        key: SHA-256 over the content of its inputs, its resolved settings, the revisions of its
            effects and the versions of the libraries: never over a time or a file's name.
        song: The song's name.
        settings: What `run_stage` needs to know: resolved documents, options.
        content: What the key was made of, by part, to tell later what has changed.
        inputs: What is read.
        outputs: What is made.
        needs: The ids of stages that must be done before it.
        allow_plugins: Whether plugins of the user's list may run.
        estimate: What it may cost.
        threads: How many threads share the work; the bytes do not depend on it.
    """

    kind: Kind
    id: str
    key: str
    song: str
    settings: Mapping[str, Any]
    content: Mapping[str, Any]
    inputs: tuple[StageInput, ...]
    outputs: tuple[StageOutput, ...]
    needs: tuple[str, ...] = ()
    allow_plugins: bool = False
    estimate: Estimate = field(default_factory=Estimate)
    threads: int = 1

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the stage that ``to_json`` has written."""
        return cls(
            **{
                **data,
                "inputs": tuple(StageInput(**each) for each in data["inputs"]),
                "outputs": tuple(StageOutput(**each) for each in data["outputs"]),
                "needs": tuple(data["needs"]),
                "estimate": Estimate(**data["estimate"]),
            }
        )


@dataclass(frozen=True, slots=True)
class MadeFile(Result):
    """A file that a stage has made, or has found made.

    Attributes:
        path: As in `StageOutput`.
        key: Likewise.
        version: Likewise.
        target: Likewise.
        sha256: Of its bytes.
        bytes: Its size.
        figures: What it measures, as manifests say it.
        wanted: What the target asked for: ``integrated_lufs``, ``true_peak_dbtp``.
        mtime_ns: When the file was last written to, seen so much later that whoever wrote to it
            since must have changed that; 0 where that cannot be said.
    """

    path: str
    key: str
    version: str
    target: str
    sha256: str
    bytes: int
    figures: Mapping[str, Any] = field(default_factory=dict)
    wanted: Mapping[str, Any] = field(default_factory=dict)
    mtime_ns: int = 0

    @classmethod
    def noted(cls, data: Any) -> Self | None:
        """Return what was noted of a file; None for what another version has noted otherwise."""
        try:
            return cls(**data)
        except TypeError:
            return None


@dataclass(frozen=True, slots=True)
class StageError(Result):
    """Why a stage, or one output of it, has failed.

    Attributes:
        error: The kind of error: ``AudioFileError``, ``RefusedError``, ``TimeLimit``, ``Died``.
        reason: In words, for people.
        output: The output that it is about; empty for the whole stage.
        lasting: Whether the same stage would fail again: then it is quarantined. A full disk, say,
            is not lasting.
    """

    error: str
    reason: str
    output: str = ""
    lasting: bool = True


@dataclass(frozen=True, slots=True)
class Cost(Result):
    """What a stage has cost.

    Attributes:
        wall_s: From its start to its end.
        cpu_s: Processor time of its process.
        peak_rss_bytes: The largest resident memory of its process meanwhile; 0 where unknown.
        audio_s: How much audio it made, all versions or targets together.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_rss_bytes: int = 0
    audio_s: float = 0.0


@dataclass(frozen=True, slots=True)
class StageResult(Result):
    """What came of a stage.

    Attributes:
        id: The stage's.
        kind: The stage's.
        song: The stage's.
        key: The stage's.
        outcome: ``made``; ``current``, when another batch made it meanwhile; ``busy``, when
            another one is making it: to be asked again later; ``failed``, also when only one of
            its outputs has.
        files: What there is now.
        errors: What went wrong.
        notes: What is worth knowing.
        warnings: What is probably not wanted.
        cost: What it has cost.
        worker: Who did it.
    """

    id: str
    kind: Kind
    song: str
    key: str
    outcome: Outcome
    files: tuple[MadeFile, ...] = ()
    errors: tuple[StageError, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    cost: Cost = field(default_factory=Cost)
    worker: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the result that ``to_json`` has written."""
        return cls(
            **{
                **data,
                "files": tuple(MadeFile(**each) for each in data["files"]),
                "errors": tuple(StageError(**each) for each in data["errors"]),
                "notes": tuple(data["notes"]),
                "warnings": tuple(data["warnings"]),
                "cost": Cost(**data["cost"]),
            }
        )

    @classmethod
    def failure(cls, spec: StageSpec, *errors: StageError, worker: str = "") -> Self:
        """Return the result of a stage that has failed as a whole."""
        return cls(spec.id, spec.kind, spec.song, spec.key, "failed", errors=errors, worker=worker)


class Executor(Protocol):
    """Who runs stages: processes of this machine, or a cluster."""

    @property
    def workers(self) -> int:
        """How many stages may run at once, as far as is known now."""

    def takes(self, spec: StageSpec) -> bool:
        """Return whether a stage would begin soon if it were submitted now."""

    def submit(self, spec: StageSpec, *, waiting: int = 0) -> None:
        """Have a stage run.

        Args:
            spec: The stage; all that it needs is done.
            waiting: How many more are ready, so that threads can be shared out.
        """

    def events(self, timeout_s: float) -> Sequence[Event | StageResult]:
        """Return what has happened since the last call; waits for something, so long at most.

        Every submitted stage gives exactly one `StageResult`; a worker that was lost gives a
        result that has failed with ``Died``, or is tried again without a word but `Retried`.
        """

    def cancel(self) -> None:
        """End everything under way now, within 2 s, and let nothing half-written lie."""

    def close(self) -> None:
        """Let go of all workers; nothing is under way."""
