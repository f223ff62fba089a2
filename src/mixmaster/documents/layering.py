"""One document laid over another: values of what it has (``[set]``), and what it lacks (``[add]``).

``[set]`` is ``--set`` written down: ``strip.kick.gain_db = -2.0`` below it is TOML's dotted key, so
a table of settings and a list of addresses are one and the same. It changes what is there and
never makes up a strip, so that a misspelt name is an error. ``[add]`` is a part of a document whose
named tables are new ones, and whose lists are appended: ``[[add.strip.vocal.insert]]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from mixmaster.documents import shapes
from mixmaster.documents.addresses import did_you_mean, insert_ids, item_names
from mixmaster.documents.overrides import Override
from mixmaster.errors import Problem

BEFORE = "before"
"""The key of an added insert that says which one it goes in front of."""


def overrides_in(table: Mapping[str, Any]) -> list[Override]:
    """Return what a ``[set]`` table says, in its order.

    A quoted key may hold a whole address, ``"strip.*.mute"``.

    Args:
        table: The table; tables in it are steps of addresses.
    """
    return [Override(path, value) for path, value in _leaves(table, ())]


def texts_in(value: Any) -> frozenset[str]:
    """Return all texts in tables and lists: what may be the name of a file."""
    if isinstance(value, str):
        return frozenset((value,))
    inner = value.values() if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping | list | tuple):
        return frozenset()
    return frozenset(text for item in inner for text in texts_in(item))


def _leaves(
    table: Mapping[str, Any], before: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in table.items():
        path = (*before, *(part.strip() for part in str(key).split(".")))
        if isinstance(value, Mapping):
            yield from _leaves(value, path)
        else:
            yield path, value


def add(model: type[BaseModel], table: dict[str, Any], extra: Mapping[str, Any]) -> list[Problem]:
    """Lay what is new over a raw table, changing it; return what could not be laid.

    Args:
        model: What the table will be validated by.
        table: The raw table.
        extra: What is to be added, in the table's own shape.
    """
    return list(_add(model, table, extra, ()))


def _add(
    annotation: Any, table: dict[str, Any], extra: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[Problem]:
    named = shapes.is_mapping(annotation)
    for key, value in extra.items():
        here = (*path, key)
        inner = shapes.step(annotation, key, table)
        known = list(shapes.field_names(annotation, table))
        if not named and inner is None:
            hint = did_you_mean(key, known)
            yield Problem(".".join(here), "no such key", hint)
        elif key not in table:
            table[key] = value
        elif isinstance(table[key], dict) and isinstance(value, Mapping):
            yield from _add(inner, table[key], value, here)
        elif isinstance(table[key], list) and isinstance(value, list):
            table[key], problems = _appended(table[key], value, here)
            yield from problems
        else:
            address = ".".join(here)
            yield Problem(address, "is there already", f"change it: [set] {address} = ...")


def _appended(
    items: list[Any], extra: list[Any], path: tuple[str, ...]
) -> tuple[list[Any], list[Problem]]:
    """Return a list with items added: at its end, or before the one that each names."""
    joined, problems, address = list(items), [], ".".join(path)
    for number, item in enumerate(extra, start=1):
        before = item.get(BEFORE) if isinstance(item, Mapping) and path[-1] == "insert" else None
        if before is None:
            joined.append(item)
            continue
        names = item_names(path[-1], joined)
        bare = {key: value for key, value in item.items() if key != BEFORE}
        if before not in names:
            hint = did_you_mean(str(before), names)
            key = f"{address}.{number}.{BEFORE}"
            problems.append(Problem(key, f"there is no insert '{before}'", hint))
            continue
        at = names.index(before)
        joined.insert(at, bare)
        kept = insert_ids([*joined[:at], *joined[at + 1 :]])
        now = insert_ids(joined)
        if [*now[:at], *now[at + 1 :]] != kept:
            key = f"{address}.{number}.id"
            reason = f"without one, '{now[at]}' would no longer mean the insert it means now"
            problems.append(Problem(key, reason, 'give it one: id = "..."'))
    return joined, problems
