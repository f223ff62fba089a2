"""Every parameter of a document, flat: its address, its declaration and its value."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from mixmaster.documents.addresses import item_names
from mixmaster.documents.base import Settings


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an address.

    Attributes:
        key: The field.
        item: What is addressed in it, where it is a list or a table of names; None otherwise.
    """

    key: str
    item: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    Attributes:
        address: As ``--set`` writes it, from where the walk began.
        steps: How one gets to the table that holds it.
        key: Its name there.
        field: What declares it.
        value: Its value.
    """

    address: str
    steps: tuple[Step, ...]
    key: str
    field: FieldInfo
    value: Any

    @property
    def is_default(self) -> bool:
        """Whether it has the value that a silent document gives it."""
        return bool(self.value == self.field.default)


def parameters(settings: Settings, *, skipped: Collection[str] = ()) -> Iterator[Parameter]:
    """Yield the parameters of a table and of all tables and lists of tables in it, in order.

    Args:
        settings: The table.
        skipped: Fields that are passed by, wherever they are.
    """
    yield from _walk(settings, (), (), frozenset(skipped))


def _walk(
    settings: Settings, path: tuple[str, ...], steps: tuple[Step, ...], skipped: frozenset[str]
) -> Iterator[Parameter]:
    for key, field in type(settings).model_fields.items():
        if key in skipped:
            continue
        value = getattr(settings, key)
        tables = tables_in(key, value)
        if isinstance(value, Settings):
            yield from _walk(value, (*path, key), (*steps, Step(key)), skipped)
        elif tables is not None:
            for name, item in tables.items():
                yield from _walk(item, (*path, key, name), (*steps, Step(key, name)), skipped)
        else:
            yield Parameter(".".join((*path, key)), steps, key, field, value)


def tables_in(key: str, value: Any) -> dict[str, Settings] | None:
    """Return the tables that a list or a table of names holds, by name; None for other values.

    Args:
        key: The field that holds it.
        value: The value; an empty list or table holds none, and is no other value's list.
    """
    if isinstance(value, Mapping) and value:
        items = list(value.values())
        names = [str(name) for name in value]
    elif isinstance(value, tuple | list) and value:
        items = list(value)
        names = item_names(key, value)
    else:
        return None
    if not all(isinstance(item, Settings) for item in items):
        return None
    return dict(zip(names, items, strict=True))
