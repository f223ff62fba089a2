"""What a document or an effect takes, in words: read from its declaration, nowhere else.

The command line shows it, and the reference in ``docs/`` is made of it.
"""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from mixmaster.documents.base import Settings
from mixmaster.results import Result

_PLAIN: Final[dict[Any, str]] = {
    float: "number",
    int: "whole number",
    bool: "true or false",
    str: "text",
    dt.date: "date",
    Any: "any value",
}


@dataclass(frozen=True, slots=True)
class Described(Result):
    """One parameter as people read of it.

    Attributes:
        key: Its name; of a table within, ``table.key``, and of a list of tables, ``list[].key``.
        takes: What kind of value.
        default: What a silent document means; empty where the parameter is needed or None.
        needed: Whether a document must say it.
        low: The lowest value; None where there is none.
        high: The highest value.
        automatable: Whether automation may move it.
        meaning: What it is.
    """

    key: str
    takes: str
    default: str
    needed: bool
    low: float | None
    high: float | None
    automatable: bool
    meaning: str

    @property
    def range(self) -> str:
        """Its range in words; empty where there is none."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"{self.low:g} or more"
        return "" if self.high is None else f"{self.high:g} or less"


def described(
    model: type[Settings], *, skipped: Sequence[str] = (), inside: str = ""
) -> Iterator[Described]:
    """Yield the parameters of a model, and of the tables and lists of tables in it, in order.

    Args:
        model: The model.
        skipped: Fields that are passed by at its top.
        inside: What stands before the keys.
    """
    for key, field in model.model_fields.items():
        if key in skipped:
            continue
        low, high = _bounds(field)
        yield Described(
            key=f"{inside}{key}",
            takes=_words(field.annotation),
            default=_value(field.default),
            needed=field.is_required(),
            low=low,
            high=high,
            automatable=bool(_extra(field).get("automatable")),
            meaning=field.description or "",
        )
        for table, mark in _tables(field.annotation):
            yield from described(table, inside=f"{inside}{key}{mark}.")


def markdown_table(rows: Sequence[Described]) -> str:
    """Return parameters as a table in Markdown."""
    lines = ["| parameter | takes | range | default | what it is |", "|-|-|-|-|-|"]
    for row in rows:
        default = "needed" if row.needed else (f"`{row.default}`" if row.default else "")
        mark = " ◆" if row.automatable else ""
        cells = (f"`{row.key}`{mark}", row.takes, row.range, default, row.meaning)
        lines.append("| " + " | ".join(each.replace("|", "\\|") for each in cells) + " |")
    return "\n".join(lines) + "\n"


def _extra(field: FieldInfo) -> Mapping[str, Any]:
    extra = field.json_schema_extra
    return extra if isinstance(extra, Mapping) else {}


def _bounds(field: FieldInfo) -> tuple[float | None, float | None]:
    low, high = None, None
    for each in field.metadata:
        if isinstance(each, Ge):
            low = float(each.ge)  # type: ignore[arg-type] # parameter() takes numbers alone
        elif isinstance(each, Gt):
            low = float(each.gt)  # type: ignore[arg-type]
        elif isinstance(each, Le):
            high = float(each.le)  # type: ignore[arg-type]
        elif isinstance(each, Lt):
            high = float(each.lt)  # type: ignore[arg-type]
    return low, high


def _value(default: Any) -> str:
    """Return a default as TOML writes it; empty where there is none to write."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, int | float | str):
        return f'"{default}"' if isinstance(default, str) and default else str(default)
    return ""


def _words(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(inner[0])
    if origin in {Union, types.UnionType}:
        words = [_words(each) for each in inner if each is not type(None)]
        return " or ".join(dict.fromkeys(words))
    if origin is Literal:
        return ", ".join(f"`{str(each).lower() if each is True else each}`" for each in inner)
    if origin in {tuple, list}:
        return f"list of {_words(inner[0])}"
    if origin is dict:
        return f"table of names, each {_words(inner[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return "table"
    return _PLAIN.get(annotation, "text")


def _tables(annotation: Any) -> Iterator[tuple[type[Settings], str]]:
    """Yield the tables that a value is or holds, with what stands behind its key."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _tables(inner[0])
    elif origin in {Union, types.UnionType}:
        tables = [pair for each in inner for pair in _tables(each)]
        if len(tables) == 1:  # of several kinds, each is told of where it stands by itself
            yield from tables
    elif origin in {tuple, list}:
        yield from ((table, f"[]{mark}") for table, mark in _tables(inner[0]))
    elif origin is dict:
        yield from ((table, f".<name>{mark}") for table, mark in _tables(inner[1]))
    elif isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation, ""
