"""Running one stage, in whatever process: inputs in, verified outputs out, errors as data."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from mixmaster.batch.stages.making import GoneError, Made
from mixmaster.batch.stages.mastering import make_masters
from mixmaster.batch.stages.mixing import make_mixes
from mixmaster.batch.stages.stage import Cost, MadeFile, Outcome, StageError, StageResult, StageSpec
from mixmaster.batch.stages.workplace import Workplace
from mixmaster.batch.state.costs import Meter
from mixmaster.effects.plugin_list import plugins_allowed
from mixmaster.errors import MixmasterError, OutputError, StorageError

Tell = Callable[[str, float], None]

GONE = GoneError.__name__
"""The error of a master whose premaster was removed by another batch: it is mixed again."""

_FOR_NOW = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENFILE, errno.EMFILE}


def run_stage(
    spec: StageSpec, workplace: Workplace, *, tell: Tell | None = None, worker: str = ""
) -> StageResult:
    """Make what a stage is to make; never raises for what is the stage's own fault.

    While it runs, temporary files of this whole process go to the stage's own folder: one stage at
    a time in a process.

    Args:
        spec: The stage.
        workplace: Where its inputs are, and its outputs go.
        tell: Told what is being done, and how far it is.
        worker: Who does it, for the result.

    Raises:
        KeyboardInterrupt: When it is stopped; nothing half-made is left.
    """
    meter = Meter()
    folder: Path | None = None
    try:
        with contextlib.ExitStack() as stack:
            if spec.allow_plugins:
                stack.enter_context(plugins_allowed())
            if not stack.enter_context(workplace.claimed(spec)):
                return StageResult(spec.id, spec.kind, spec.song, spec.key, "busy", worker=worker)
            found = workplace.found(spec)
            if len(found) == len(spec.outputs):
                files = tuple(found[each.path] for each in spec.outputs)
                cost = meter.cost(0.0)
                return _result(spec, "current", files, Made(), cost=cost, worker=worker)
            workplace.check(spec)
            folder = stack.enter_context(workplace.scratch())
            stack.enter_context(_temporaries(folder))
            make = make_mixes if spec.kind == "mix" else make_masters
            made = make(spec, workplace, folder, tell or (lambda _what, _share: None))
            files = workplace.publish(spec, made.ready)
            outcome: Outcome = "failed" if made.errors else "made"
            cost = meter.cost(made.audio_s)
            return _result(spec, outcome, files, made, cost=cost, worker=worker)
    except Exception as error:  # noqa: BLE001 - a stage's errors are data
        failed = as_stage_error(error)
        if folder is not None and isinstance(error, MixmasterError) and error.where:
            failed = replace(failed, reason=_placed(error, folder))
        if spec.content.get("plugins") and not spec.allow_plugins:
            failed = replace(failed, lasting=False)  # the next batch may be allowed more
        return StageResult.failure(spec, failed, worker=worker)


def _result(
    spec: StageSpec,
    outcome: Outcome,
    files: tuple[MadeFile, ...],
    made: Made,
    *,
    cost: Cost,
    worker: str,
) -> StageResult:
    return StageResult(
        spec.id,
        spec.kind,
        spec.song,
        spec.key,
        outcome,
        files,
        made.errors,
        made.notes,
        made.warnings,
        cost,
        worker,
    )


def as_stage_error(error: BaseException) -> StageError:
    """Return an exception as data: what the user is told, and whether it would happen again."""
    kind = type(error).__name__
    if isinstance(error, MixmasterError):
        # What stands in the way of an output, or fills its disk, is none of the song's fault.
        passing = isinstance(error, OutputError | StorageError) or _for_now(error.__cause__)
        return StageError(kind, str(error), lasting=not passing)
    if isinstance(error, OSError):
        where = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return StageError(kind, f"{where}{error.strerror or error}", lasting=not _for_now(error))
    if isinstance(error, GoneError):
        return StageError(kind, f"{error}: it is gone, or has changed", lasting=False)
    if isinstance(error, MemoryError):
        return StageError(kind, "out of memory")
    if os.environ.get("MIXMASTER_DEBUG"):
        traceback.print_exception(error)
    return StageError(kind, f"a bug: {kind}: {error} (MIXMASTER_DEBUG=1 shows where it happened)")


def _placed(error: MixmasterError, folder: Path) -> str:
    """Return an error's words; of a stage's own folder, which nobody knows, only that it is one."""
    if not Path(error.where).is_relative_to(folder):
        return str(error)
    return str(MixmasterError("temporary files", error.reason, error.hint))


def _for_now(error: BaseException | None) -> bool:
    return isinstance(error, OSError) and error.errno in _FOR_NOW


@contextlib.contextmanager
def _temporaries(folder: Path) -> Iterator[None]:
    before = tempfile.tempdir
    tempfile.tempdir = os.fspath(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
