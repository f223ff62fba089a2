"""What fails in a batch: told, counted, and noted under its key, so that it is left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from mixmaster.batch.events import Event, Failed, Quarantined
from mixmaster.batch.planning.songplan import SongPlan
from mixmaster.batch.running.item import Item
from mixmaster.batch.running.tally import Tally
from mixmaster.batch.stages.stage import StageError
from mixmaster.batch.state.store import Store


class Failures:
    """Takes what fails.

    Args:
        store: Where it is noted.
        tally: Where it is counted.
        tell: Told of it.

    Attributes:
        any: Whether anything has failed.
    """

    def __init__(self, store: Store, tally: Tally, tell: Callable[[Event], None]) -> None:
        self._store = store
        self._tally = tally
        self._tell = tell
        self.any = False

    def plan(self, plan: SongPlan) -> None:
        """Take a song that could not be planned."""
        self.any = True
        self._tell(
            Failed(
                stage=f"plan/{plan.name}",
                kind="plan",
                song=plan.name,
                error="Plan",
                reason=plan.error,
            )
        )

    def stage(self, item: Item, errors: Sequence[StageError], worker: str = "") -> None:
        """Take a stage that has failed, as a whole or for some of its outputs."""
        whole = [each for each in errors if not each.output]
        if whole:
            self._take(item, whole, item.paths, worker)
        for error in errors:
            if error.output:
                self._take(item, [error], [error.output], worker)

    def _take(
        self, item: Item, errors: Sequence[StageError], paths: Sequence[str], worker: str
    ) -> None:
        self.any = True
        reason = "; ".join(each.reason for each in errors)
        lasting = any(each.lasting for each in errors)
        self._tally.failed |= dict.fromkeys(paths, reason)
        at: Mapping[str, Any] = {"stage": item.id, "kind": item.kind, "song": item.song.plan.name}
        self._tell(
            Failed(
                **at,
                error=errors[0].error,
                reason=reason,
                output=errors[0].output,
                lasting=lasting,
                worker=worker,
            )
        )
        self._note(item, errors, paths)
        if lasting:
            self._tally.quarantined |= set(paths)
            self._tell(Quarantined(**at, reason=reason, outputs=tuple(paths)))

    def _note(self, item: Item, errors: Sequence[StageError], paths: Sequence[str]) -> None:
        keys = {each.path: each.key for each in item.song.states}
        named = {path: keys[path] for path in paths}
        if item.master is None:
            mix = item.song.plan.mix
            assert mix is not None
            named = {mix.id: mix.key}
        for name, key in named.items():
            with suppress(OSError):  # then it is simply tried again
                self._store.note_failure(name, key, tuple(errors))
