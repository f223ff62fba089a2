"""The premasters that a batch keeps: which there will be, and which nobody needs any more."""

from __future__ import annotations

from collections.abc import Iterable

from mixmaster.batch.planning.songplan import SongPlan
from mixmaster.batch.state.store import Store


class Premasters:
    """Looks after premasters while a batch runs.

    Args:
        store: Where they lie.
        plans: The songs that need theirs, now or, where they are kept, later.
        keep: Whether they are kept.
    """

    def __init__(self, store: Store, plans: Iterable[SongPlan], *, keep: bool) -> None:
        self._store = store
        self._keep = keep
        self._users: dict[str, set[str]] = {}
        for plan in plans:
            for path in _paths(plan):
                self._users.setdefault(path, set()).add(plan.source)

    def expect(self, plan: SongPlan) -> None:
        """Note premasters before they are there: whoever goes on after a crash knows of them."""
        name = _name(plan)
        before: list[str] = self._store.plan(name) or []
        self._store.note_plan(name, list(dict.fromkeys((*before, *_paths(plan)))))

    def tidy(self, plan: SongPlan) -> None:
        """Remove those of a song that is done, or those that its newest have replaced."""
        now = _paths(plan)
        if not now:
            return
        before: list[str] = self._store.plan(_name(plan)) or []
        if not self._keep:
            for path in now:
                self._users.get(path, set()).discard(plan.source)
        unused = [path for path in dict.fromkeys((*before, *now)) if not self._users.get(path)]
        replaced = [path for path in unused if path not in now]
        self._store.remove_premasters(replaced, forget=True)
        if not self._keep:
            mine = [path for path in unused if path in now]
            self._store.remove_premasters(mine, forget=False)
        if before != now:
            self._store.note_plan(_name(plan), now)


def _name(plan: SongPlan) -> str:
    return f"premasters of {plan.source}"


def _paths(plan: SongPlan) -> list[str]:
    return [] if plan.mix is None else [each.path for each in plan.mix.outputs]
