"""Plans of all songs: kept from run to run, made again where what they came from has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from mixmaster.audio.names import shown
from mixmaster.batch.planning.depends import Watch, still_holds, surroundings
from mixmaster.batch.planning.resolve import resolve
from mixmaster.batch.planning.songplan import SongPlan
from mixmaster.batch.planning.songs import SongJob
from mixmaster.batch.state.files import digest
from mixmaster.batch.state.index import StatIndex
from mixmaster.batch.state.store import Store
from mixmaster.engine.threads import default_threads
from mixmaster.errors import AudioFileError, MixmasterError, UsageError
from mixmaster.mixing.prints.file_names import folded


class Planner:
    """Plans songs.

    Args:
        store: Where plans are kept.
        index: Knows hashes of files.
        keep: Whether anything may be written.
    """

    def __init__(self, store: Store, index: StatIndex, *, keep: bool) -> None:
        self._store = store
        self._index = index
        self._keep = keep
        self._around = surroundings()
        self._full: dict[str, Mapping[str, Any]] = {}
        self._given: dict[str, str] = {}

    def plans(
        self, jobs: Sequence[SongJob], tell: Callable[[str, float], None]
    ) -> list[tuple[SongJob, SongPlan]]:
        """Return the plans of songs; one that cannot be planned has an error in its plan.

        Args:
            jobs: What is wanted of each.
            tell: Told how far it is.

        Raises:
            UsageError: For two outputs of one name.
        """
        found = []
        pool = ThreadPoolExecutor(default_threads(), thread_name_prefix="plan")
        try:  # what takes long is reading stems for their hashes
            for number, plan in enumerate(pool.map(self.plan, jobs)):
                found.append((jobs[number], plan))
                tell("planning", len(found) / len(jobs))
        except BaseException:
            self._index.stop()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        self._index.save()
        _refuse_twins([plan for _, plan in found])
        return found

    def plan(self, job: SongJob) -> SongPlan:
        """Return a song's plan."""
        key = self._key(job)
        kept = self._store.plan(f"plan of {_called(job)}")
        if isinstance(kept, dict) and kept.get("key") == key:
            with suppress(TypeError, KeyError):  # kept by a version that keeps more, or less
                plan = SongPlan.from_json(kept["plan"])
                if still_holds(plan.depends, self._index):
                    self._given[_called(job)] = digest(kept["plan"])
                    return plan
        return self._plan(job, key)

    def full(self, job: SongJob) -> Mapping[str, Any]:
        """Return what the stages of a song's plan need beside it; see `resolve.Resolved`.

        Keys are those of the plan: what belongs to another plan, which a second batch may have
        kept meanwhile, is never taken for it.

        Raises:
            MixmasterError: When the song has changed since it was planned.
        """
        given = self._given[_called(job)]
        if given in self._full:
            return self._full[given]
        kept = self._store.plan(f"stages of {_called(job)}")
        if isinstance(kept, dict) and kept.get("plan") == given:
            found: Mapping[str, Any] = kept["full"]
            return found
        resolved = resolve(job, Watch(self._index))
        if digest(resolved.plan.to_json()) != given:
            reason = "it has changed since the batch was planned"
            raise AudioFileError(shown(job.source), reason, "run the batch again")
        return resolved.full

    def _key(self, job: SongJob) -> str:
        return digest([self._around, job.to_json()])

    def _plan(self, job: SongJob, key: str) -> SongPlan:
        try:
            resolved = resolve(job, Watch(self._index))
        except MixmasterError as error:
            return SongPlan(job.fallback_name, job.source, error=str(error))
        except OSError as error:
            where = f"{shown(error.filename)}: " if error.filename else ""
            reason = f"{where}{error.strerror or error}"
            return SongPlan(job.fallback_name, job.source, error=reason)
        said = resolved.plan.to_json()
        given = self._given[_called(job)] = digest(said)
        if self._keep:
            # What is needed first: a plan is never kept without.
            full = {"plan": given, "full": resolved.full}
            self._store.note_plan(f"stages of {_called(job)}", full)
            if resolved.steady:
                self._store.note_plan(f"plan of {_called(job)}", {"key": key, "plan": said})
        else:
            self._full[given] = resolved.full
        return resolved.plan


def _called(job: SongJob) -> str:
    """Return what a song's plan is kept under: a newer one takes its place."""
    return f"{job.source} {job.name}"


def _refuse_twins(plans: Sequence[SongPlan]) -> None:
    """Raise for outputs or songs that would have one name."""
    songs: dict[str, SongPlan] = {}
    outputs: dict[str, SongPlan] = {}
    for plan in plans:
        if plan.error:
            continue
        first = songs.setdefault(folded(plan.name), plan)
        if first is not plan:
            said = f"{shown(Path(first.source))} and {shown(Path(plan.source))}"
            reason = f"two songs are called '{plan.name}': {said}"
            raise UsageError("", reason, "give one a name of its own: [[song]] path, name")
        for path in plan.paths:
            other = outputs.setdefault(folded(path), plan)
            if other is not plan or [folded(each) for each in plan.paths].count(folded(path)) > 1:
                reason = f"'{shown(path)}' would be made more than once"
                hint = "say {song}, {version}, {master} and {target} in name_template"
                raise UsageError("", reason, hint)
