"""Plans of all songs: kept from run to run, made again where what they came from has changed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mixmaster.audio.names import shown
from mixmaster.batch.depends import Watch, still_holds, surroundings
from mixmaster.batch.index import StatIndex
from mixmaster.batch.resolve import resolve
from mixmaster.batch.songplan import SongPlan
from mixmaster.batch.songs import SongJob
from mixmaster.batch.statefiles import digest
from mixmaster.batch.store import Store
from mixmaster.errors import MixmasterError, UsageError


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
        for number, job in enumerate(jobs, start=1):
            found.append((job, self.plan(job)))
            tell("planning", number / len(jobs))
        self._index.save()
        _refuse_twins([plan for _, plan in found])
        return found

    def plan(self, job: SongJob) -> SongPlan:
        """Return a song's plan."""
        key = self._name(job)
        kept = self._store.plan(key)
        if kept is not None:
            plan = SongPlan.from_json(kept)
            if still_holds(plan.depends, self._index):
                return plan
        return self._plan(job, key)

    def full(self, job: SongJob) -> Mapping[str, Any]:
        """Return what the stages of a song's plan need beside it; see `resolve.Resolved`.

        Raises:
            MixmasterError: When the song has come to be wrong since it was planned.
        """
        key = self._name(job)
        if key in self._full:
            return self._full[key]
        kept = self._store.plan(f"{key} full")
        if kept is not None:
            found: Mapping[str, Any] = kept
            return found
        return resolve(job, Watch(self._index)).full

    def _name(self, job: SongJob) -> str:
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
        if self._keep:
            # What is needed first: a plan is never kept without.
            self._store.note_plan(f"{key} full", resolved.full)
            if resolved.steady:
                self._store.note_plan(key, resolved.plan.to_json())
        else:
            self._full[key] = resolved.full
        return resolved.plan


def _refuse_twins(plans: Sequence[SongPlan]) -> None:
    """Raise for outputs or songs that would have one name."""
    songs: dict[str, SongPlan] = {}
    outputs: dict[str, SongPlan] = {}
    for plan in plans:
        if plan.error:
            continue
        first = songs.setdefault(_folded(plan.name), plan)
        if first is not plan:
            said = f"{shown(Path(first.source))} and {shown(Path(plan.source))}"
            reason = f"two songs are called '{plan.name}': {said}"
            raise UsageError("", reason, "give one a name of its own: [[song]] path, name")
        for path in plan.paths:
            other = outputs.setdefault(_folded(path), plan)
            if other is not plan or [_folded(each) for each in plan.paths].count(_folded(path)) > 1:
                reason = f"'{shown(path)}' would be made more than once"
                hint = "say {song}, {version}, {master} and {target} in name_template"
                raise UsageError("", reason, hint)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
