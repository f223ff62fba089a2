"""``--set strip.kick.gain_db=-2``: values laid over a document before it is validated."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from mixmaster.documents import shapes
from mixmaster.documents.addresses import item_names, nearest
from mixmaster.errors import Problem, UsageError

TOO_LARGE = "a whole number beyond 64 bits"

_SHORT_NUMBER = re.compile(r"[+-]?(?:\d+\.|\.\d+)")


@dataclass(frozen=True, slots=True)
class Override:
    """One value laid over a document.

    Attributes:
        path: The parts of the key: ``("strip", "kick", "gain_db")``. Inserts go by id, sends by
            destination, other lists by number from 1; ``*`` is every name of a table or list.
        value: The value, as TOML would have read it.
    """

    path: tuple[str, ...]
    value: Any

    @property
    def key(self) -> str:
        """The path as people write it."""
        return ".".join(self.path)


def parse_override(text: str) -> Override:
    """Return the override that ``text`` writes: ``path=value``.

    The value is TOML (``-2``, ``true``, ``"text"``, ``[1, 2]``); a bare word is text.

    Raises:
        UsageError: For a text without ``=``, an empty part of the path, or a broken value.
    """
    path, equals, written = text.partition("=")
    parts = tuple(part.strip() for part in path.split("."))
    if not equals or not all(parts):
        raise UsageError(f"--set {text}", "is not path=value", "such as strip.kick.gain_db=-2")
    return Override(parts, _value(written.strip(), text))


def apply_overrides(
    model: type[BaseModel], table: dict[str, Any], overrides: Iterable[Override]
) -> list[Problem]:
    """Lay ``overrides`` over ``table``, in order, changing it; return what could not be laid.

    A path must lead to something that is there: an override never makes up a strip, a bus or an
    insert. Only tables with fixed keys, such as ``mix``, come into being. Whether the last key
    and the value are right is left to validation.

    Args:
        model: What the table will be validated by.
        table: The raw table.
        overrides: What to lay over it; the later wins.
    """
    problems = []
    for override in overrides:
        try:
            laid = _lay(model, table, override, 0)
        except _AstrayError as error:
            problems.append(error.problem)
            continue
        if not laid:
            problems.append(Problem(override.key, "matches nothing"))
    return problems


class _AstrayError(Exception):
    """A path that leads nowhere."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def _lay(annotation: Any, here: Any, override: Override, depth: int) -> int:
    """Lay one override from ``here`` on; return how many values were set."""
    part, last = override.path[depth], depth == len(override.path) - 1
    children = _children(here, override.path[depth - 1] if depth else "")
    if part == "*":
        return _lay_all(annotation, here, override, depth, children)
    if part in children:
        inner = children[part]
        if last:
            here[inner] = override.value
            return 1
        return _lay(shapes.step(annotation, inner, here), here[inner], override, depth + 1)
    if isinstance(here, dict) and last and not shapes.is_mapping(annotation):
        here[part] = override.value
        return 1
    inner_annotation = shapes.step(annotation, part, here) if isinstance(here, dict) else None
    is_table = shapes.is_mapping(inner_annotation) or bool(shapes.models(inner_annotation))
    if not shapes.is_mapping(annotation) and is_table:
        assert isinstance(here, dict)
        # A failed path must not leave an empty table behind: fill a fresh one, then keep it.
        fresh: dict[str, Any] = {}
        laid = _lay(inner_annotation, fresh, override, depth + 1)
        here[part] = fresh
        return laid
    known = list(children)
    if isinstance(here, dict) and not shapes.is_mapping(annotation):
        known += [name for name in shapes.field_names(annotation, here) if name not in known]
    raise _AstrayError(_astray(override, depth, known))


def _lay_all(
    annotation: Any, here: Any, override: Override, depth: int, children: dict[str, str | int]
) -> int:
    """Lay an override on every child, passing by those that do not have the path."""
    if depth == len(override.path) - 1:
        raise _AstrayError(Problem(override.key, "ends in *", "say which key of each is meant"))
    laid, astray = 0, None
    for inner in children.values():
        try:
            laid += _lay(shapes.step(annotation, inner, here), here[inner], override, depth + 1)
        except _AstrayError as error:
            astray = astray or error
    if astray is not None and not laid:
        raise astray
    return laid


def _children(here: Any, list_key: str) -> dict[str, str | int]:
    """Return what can be addressed below ``here``: address to key or position."""
    if isinstance(here, dict):
        return {key: key for key in here}
    if isinstance(here, list):
        found: dict[str, str | int] = {}
        for at, name in enumerate(item_names(list_key, here)):
            found.setdefault(name, at)
        return found
    return {}


def _astray(override: Override, depth: int, known: list[str]) -> Problem:
    part, parent = override.path[depth], ".".join(override.path[:depth])
    reason = f"{parent or 'the document'} has no '{part}'"
    near = nearest(part, known)
    if near is not None:
        right = ".".join((*override.path[:depth], near, *override.path[depth + 1 :]))
        return Problem(override.key, reason, f"did you mean '{right}'?")
    shown = ", ".join(known[:24])
    return Problem(override.key, reason, f"it has: {shown}" if shown else "it has nothing")


def holds_too_large(table: Any) -> bool:
    """Return whether a whole number is beyond 64 bits, which TOML 1.0 does not have.

    Such a number cannot be multiplied with a float, nor be told in an error: Python writes no
    more than 4,300 digits.
    """
    left = [table]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list):
            left += value
        elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            return True
    return False


def _value(written: str, text: str) -> Any:
    """Return a value as TOML reads it; a bare word is text."""
    try:
        table = tomllib.loads(f"value = {written}")
    except (tomllib.TOMLDecodeError, RecursionError):
        if written[:1] in {'"', "'", "[", "{"}:
            raise UsageError(f"--set {text}", "the value is not TOML") from None
        return float(written) if _SHORT_NUMBER.fullmatch(written) else written
    except ValueError:  # more digits than Python turns into a number
        raise UsageError(f"--set {text:.60}", f"the value is {TOO_LARGE}") from None
    if holds_too_large(table):
        raise UsageError(f"--set {text:.60}", f"the value is {TOO_LARGE}")
    return table["value"] if list(table) == ["value"] else written
