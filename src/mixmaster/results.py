"""Results: frozen dataclasses that turn into JSON, and into tables where a notebook shows them.

Units are in the names. A figure that does not exist (the loudness of silence, say) is ``None``
in the field and has an entry in ``reasons``; it never becomes ``-Infinity``, which is no JSON.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from html import escape
from math import isfinite
from pathlib import Path
from types import NoneType
from typing import Any, Final

import numpy as np

_SHOWN_ROWS: Final = 200
_SHOWN_CHARACTERS: Final = 200
_AS_THEY_ARE: Final = frozenset({str, int, bool, NoneType})


class Result:
    """The base of every result dataclass: as JSON, and as a table in a notebook."""

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON-ready data, in the order of its fields."""
        assert dataclasses.is_dataclass(self)
        return {f.name: jsonable(getattr(self, f.name)) for f in dataclasses.fields(self)}

    def _repr_html_(self) -> str:
        """Return the result as tables: its figures, then what there are several of."""
        assert dataclasses.is_dataclass(self)
        figures: list[tuple[Any, ...]] = []
        below: list[str] = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Result):
                below.append(f"<h4>{escape(field.name)}</h4>{value._repr_html_()}")
            elif isinstance(value, tuple) and value and isinstance(value[0], Result):
                below.append(_rows_of(field.name, value))
            elif value not in ((), {}, ""):
                figures.append((field.name, value))
        return html_table(("", ""), figures, title=type(self).__name__) + "".join(below)


def html_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> str:
    """Return a table for notebooks; every text in it is escaped."""
    head = "".join(f"<th>{escape(each)}</th>" for each in columns)
    shown = [f"<tr>{''.join(f'<td>{_cell(each)}</td>' for each in row)}</tr>" for row in rows]
    more = len(shown) - _SHOWN_ROWS
    if more > 0:
        shown[_SHOWN_ROWS:] = [f"<tr><td>… and {more} more</td></tr>"]
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    named = f"<thead><tr>{head}</tr></thead>" if any(columns) else ""
    return f"<table>{caption}{named}<tbody>{''.join(shown)}</tbody></table>"


def _rows_of(name: str, results: tuple[Any, ...]) -> str:
    columns = [field.name for field in dataclasses.fields(results[0])]
    rows = [[getattr(each, column, None) for column in columns] for each in results]
    return html_table(columns, rows, title=name)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, np.ndarray):
        return escape(f"{value.size} values")
    text = str(jsonable(value)) if isinstance(value, Result | tuple | list | dict) else str(value)
    return escape(text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…")


def jsonable(value: Any) -> Any:
    """Return ``value`` as JSON-ready data; numpy scalars, paths, tuples and results included.

    Raises:
        ValueError: For NaN or infinity: a result must say ``None`` and why instead.
    """
    if type(value) in _AS_THEY_ARE:
        return value
    if hasattr(value, "to_json"):  # results, and errors
        return value.to_json()
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):  # curves have thousands of numbers: no call for each
        return [
            each if type(each) is float and isfinite(each) else jsonable(each) for each in value
        ]
    if isinstance(value, np.generic):
        return jsonable(value.item())
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{value} is not JSON; a result says None and gives a reason")
    return value


def to_json_text(value: Any, *, indent: int | None = 2) -> str:
    """Return ``value`` as JSON text, ending in a new line; keys keep their order."""
    text = json.dumps(jsonable(value), indent=indent, ensure_ascii=False, allow_nan=False)
    return text + "\n"
