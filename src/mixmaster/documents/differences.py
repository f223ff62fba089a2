"""In what two documents of one kind differ: by id, with units, one line a difference.

Strips, buses, sends, inserts and stems are compared with those of the same id, wherever they stand;
bands and other items that have none, in order, around those that are equal. What is silent has its
default, so that a document that says it and one that does not are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from pydantic import BaseModel

from mixmaster.documents.base import Settings
from mixmaster.documents.pairing import paired
from mixmaster.documents.parameters import tables_in
from mixmaster.documents.wording import (
    lowered,
    name_and_unit,
    number_text,
    title,
    value_words,
)
from mixmaster.results import Result

Kind = Literal["changed", "added", "removed", "moved"]

_IN_DB = frozenset({"dB", "LUFS", "dBTP", "dBFS", "LU"})
_SUBTRACTED = {"LUFS": "LU", "dBTP": "dB", "dBFS": "dB"}
"""What the difference of two levels is told in."""

_FADERS = frozenset({"strip", "bus", "vca", "mix"})
_NUMBERED = frozenset({"insert", "send", "stem", "automation"})
"""Lists whose items have ids; those of others are told apart by what they hold."""

_MOST_WORDS = 72


@dataclass(frozen=True, slots=True)
class Difference(Result):
    """One difference.

    Attributes:
        kind: ``changed``, ``added``, ``removed`` or ``moved``.
        address: As ``--set`` writes it.
        where: The address of what it is a part of: ``strip.kick.insert.compressor``.
        what: The part, in words: ``fader``, ``threshold``.
        before: The value in the first document, in words; empty where it has none.
        after: In the second.
        change: The second less the first, in words: ``+1.5 dB``; empty where that means nothing.
    """

    kind: Kind
    address: str
    where: str
    what: str
    before: str
    after: str
    change: str = ""

    def __str__(self) -> str:
        place = " ".join(filter(None, (self.where, self.what)))
        if self.kind == "changed":
            way = f"{self.before} → {self.after}"
            return f"{place}: {self.change} ({way})" if self.change else f"{place}: {way}"
        said = self.after or self.before
        return f"{place}: {self.kind}" + (f" ({said})" if said else "")


Special = Callable[[str, Any, Any], list[Difference]]
"""Compares what has rules of its own: address, first value, second value."""


def differences(
    first: Settings, second: Settings, *, special: Mapping[str, Special] | None = None
) -> list[Difference]:
    """Return in what two tables of one model differ, in the order of the document.

    Args:
        first: The first.
        second: The second.
        special: How fields of these names are compared, wherever they are.
    """
    return list(_tables("", first, second, special or {}))


def _tables(
    address: str, first: BaseModel, second: BaseModel, special: Mapping[str, Special]
) -> Iterator[Difference]:
    for key in type(first).model_fields:
        inner = f"{address}.{key}" if address else key
        one, two = getattr(first, key), getattr(second, key)
        if one == two:
            continue
        if key in special:
            yield from special[key](inner, one, two)
        elif isinstance(one, Settings) and type(one) is type(two):
            yield from _tables(inner, one, two, special)
        elif isinstance(one, Settings) != isinstance(two, Settings) and None in (one, two):
            kind: Kind = "added" if one is None else "removed"
            yield _whole(kind, inner, key, two if one is None else one)
        elif _is_tables(key, one, two):
            named = isinstance(one, Mapping) or key in _NUMBERED
            yield from (_by_name if named else _in_order)(inner, key, one, two, special)
        elif isinstance(one, Mapping) and isinstance(two, Mapping):
            yield from _raw(inner, one, two)
        elif _is_words(one) and _is_words(two):
            yield from _words(inner, key, one, two)
        else:
            yield value_difference(inner, key, one, two)


def _is_tables(key: str, one: Any, two: Any) -> bool:
    """Tell whether two values are lists or tables of tables; one of them may be empty."""
    found = [tables_in(key, each) for each in (one, two) if each]
    same = isinstance(one, Mapping) == isinstance(two, Mapping)
    return bool(found) and same and all(each is not None for each in found)


def _by_name(
    address: str, key: str, one: Any, two: Any, special: Mapping[str, Special]
) -> Iterator[Difference]:
    first, second = tables_in(key, one) or {}, tables_in(key, two) or {}
    still = _keeping([name for name in first if name in second], list(second))
    for name in _merged(list(first), list(second)):
        inner = f"{address}.{name}"
        if name not in second:
            yield _whole("removed", inner, key, first[name])
        elif name not in first:
            yield _whole("added", inner, key, second[name])
        else:
            if name not in still and not isinstance(one, Mapping):
                yield _moved(inner, name, list(first), list(second))
            if type(first[name]) is not type(second[name]):
                before, after = _told(key, first[name]), _told(key, second[name])
                yield Difference("changed", inner, inner, "", before, after)
            else:
                yield from _tables(inner, first[name], second[name], special)


def _in_order(
    address: str, key: str, one: Sequence[Any], two: Sequence[Any], special: Mapping[str, Special]
) -> Iterator[Difference]:
    """Compare items without ids: in order, each with the one that is most like it."""
    for a, b in paired(one, two):
        if b is None:
            assert a is not None
            yield _whole("removed", f"{address}.{a + 1}", key, one[a])
        elif a is None:
            yield _whole("added", f"{address}.{b + 1}", key, two[b])
        else:
            yield from _tables(f"{address}.{b + 1}", one[a], two[b], special)


def value_difference(address: str, key: str, one: Any, two: Any) -> Difference:
    """Return the difference of two values of a parameter.

    Args:
        address: Of the parameter.
        key: Its name.
        one: The first value; None where there is none.
        two: The second.
    """
    where, what = _place(address, key)
    unit = name_and_unit(key)[1]
    before, after = (_cut(value_words(each, unit, key)) for each in (one, two))
    return Difference("changed", address, where, what, before, after, _change(key, unit, one, two))


def _place(address: str, key: str) -> tuple[str, str]:
    """Return what a parameter belongs to, and what it is called there."""
    where = address.removesuffix(key).removesuffix(".")
    parts = where.split(".")
    if key == "gain_db" and parts[0] in _FADERS and (len(parts) == 2 or where == "mix"):
        return where, "fader"
    return where, lowered(name_and_unit(key)[0])


def _change(key: str, unit: str, one: Any, two: Any) -> str:
    """Return by how much a number has changed; empty for what is none, or a ratio."""
    numbers = [isinstance(each, int | float) and not isinstance(each, bool) for each in (one, two)]
    if not all(numbers) or key == "ratio":
        return ""
    if unit == "Hz":
        percent = 100.0 * (two / one - 1.0) if one else 0.0
        return number_text(float(f"{percent:.3g}"), "%", sign=True) if one else ""
    digits = 3 if unit in _IN_DB else 6
    return number_text(round(two - one, digits), _SUBTRACTED.get(unit, unit), sign=True)


def _raw(address: str, one: Mapping[str, Any], two: Mapping[str, Any]) -> Iterator[Difference]:
    """Compare tables that no model declares, leaf by leaf."""
    for key in _merged(list(one), list(two)):
        inner = f"{address}.{key}"
        first, second = one.get(key), two.get(key)
        if isinstance(first, Mapping) and isinstance(second, Mapping):
            yield from _raw(inner, first, second)
        elif key not in one:
            yield Difference("added", inner, inner, "", "", _cut(value_words(second, "", key)))
        elif key not in two:
            yield Difference("removed", inner, inner, "", _cut(value_words(first, "", key)), "")
        elif first != second:
            yield value_difference(inner, key, first, second)


def _is_words(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) for item in value)


def _words(address: str, key: str, one: Sequence[str], two: Sequence[str]) -> Iterator[Difference]:
    """Compare lists of words: what is new in one and gone from the other, else their order."""
    where, what = _place(address, key)
    gone = [word for word in one if word not in two]
    new = [word for word in two if word not in one]
    if gone:
        yield Difference("removed", address, where, what, _cut(", ".join(gone)), "")
    if new:
        yield Difference("added", address, where, what, "", _cut(", ".join(new)))
    if not gone and not new:
        yield Difference("moved", address, where, what, "", _cut(", ".join(two)))


def _whole(kind: Kind, address: str, key: str, item: Settings) -> Difference:
    told = _told(key, item)
    before, after = (told, "") if kind == "removed" else ("", told)
    return Difference(kind, address, address, "", before, after)


def _told(key: str, item: Settings) -> str:
    """Return an item in a few words: an insert's effect, and what is not at its default."""
    words = []
    effect = getattr(item, "effect", None)
    if key == "insert" and isinstance(effect, str):
        words.append(title(effect))
    for name, field in type(item).model_fields.items():
        value = getattr(item, name)
        plain = isinstance(value, bool | int | float | str)
        if not plain or value == field.default or name in {"effect", "id", "file", "to", "notes"}:
            continue
        spoken, unit = name_and_unit(name)
        words.append(f"{lowered(spoken)} {value_words(value, unit, name)}")
    return _cut(", ".join(words))


def _moved(address: str, name: str, first: list[str], second: list[str]) -> Difference:
    before, after = (_neighbour(name, names) for names in (first, second))
    return Difference("moved", address, address, "", before, after)


def _neighbour(name: str, names: Sequence[str]) -> str:
    at = names.index(name)
    return f"after {names[at - 1]}" if at else "first"


def _keeping(first: Sequence[str], second: Sequence[str]) -> set[str]:
    """Return the names that need not move for one order to become the other."""
    common = [name for name in second if name in first]
    blocks = SequenceMatcher(None, first, common, autojunk=False).get_matching_blocks()
    return {name for block in blocks for name in first[block.a : block.a + block.size]}


def _merged(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Return all names: the second's order, with what only the first has behind its neighbour."""
    merged = list(second)
    at = 0
    for name in first:
        if name in merged:
            at = merged.index(name) + 1
        else:
            merged.insert(at, name)
            at += 1
    return merged


def _cut(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= _MOST_WORDS else one_line[: _MOST_WORDS - 3] + "..."
