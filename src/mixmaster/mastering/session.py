"""How a session says that it is mastered: a preset with values of its own, and targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from mixmaster.documents.finding import find_preset, from_home
from mixmaster.documents.layering import overrides_in, texts_in
from mixmaster.documents.loading import load, read_table, validate
from mixmaster.documents.origin import Origin
from mixmaster.documents.overrides import parse_override
from mixmaster.errors import DocumentError, Problem, UsageError
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.target import Target
from mixmaster.mixing.sessions.session import Session

T = TypeVar("T")


def load_session_preset(session: Session, overrides: Sequence[str] = ()) -> MasteringPreset:
    """Return the session's mastering preset, its own values laid over it, then ``overrides``.

    Raises:
        UsageError: For a session that names none.
        DocumentError: For one that cannot be found, or values that do not fit.
    """
    name = session.master.preset
    if name is None:
        hint = 'name one with -m, or in the session: [master] preset = "transparent"'
        raise UsageError("--master", "is missing", hint)
    path = _find(session, "mastering", name, "master.preset")
    load(MasteringPreset, path)  # by itself first: after that, every mistake is the session's
    own = overrides_in(session.master.set)
    outer = [parse_override(each) for each in overrides]
    table = read_table(path)

    def lay() -> MasteringPreset:
        return validate(MasteringPreset, table, where=session.where, overrides=own)

    _under(session, "master.set", lay)
    found = validate(MasteringPreset, table, where=session.where, overrides=[*own, *outer])
    said = frozenset(each.value for each in outer if isinstance(each.value, str))
    texts = texts_in(session.master.set)
    return found.place(Origin(path.parent, said, over=session.origin, over_said=texts))


def load_session_targets(session: Session) -> list[NamedTarget]:
    """Return the session's targets, in its order.

    Raises:
        DocumentError: For one that cannot be found or read.
    """
    found = []
    for number, name in enumerate(session.master.targets, start=1):
        path = _find(session, "target", name, f"master.targets.{number}")
        found.append(NamedTarget(path.stem, load(Target, path)))
    return found


def _find(session: Session, kind: str, name: str, key: str) -> Path:
    beside = name
    if name.lower().endswith(".toml"):
        beside = str((session.origin.folder or Path()) / from_home(name))
    try:
        return find_preset(kind, beside)
    except DocumentError as error:
        problem = error.problems[0]
        found = Problem(key, f"'{name}': {problem.reason}", problem.hint)
        raise DocumentError(session.where, (found,)) from error


def _under(session: Session, key: str, work: Callable[[], T]) -> T:
    """Do something whose problems are those of a key of the session."""
    try:
        return work()
    except DocumentError as error:
        found = tuple(Problem(f"{key}.{p.key}", p.reason, p.hint) for p in error.problems)
        raise DocumentError(session.where, found) from error
