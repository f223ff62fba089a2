"""Writing a document out again, every value resolved, as TOML."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mixmaster.documents.base import Document

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(document: Document) -> str:
    """Return a document as TOML: all values, those that were silent included.

    What is None is left out, as TOML has no word for it; reading the text gives an equal
    document.
    """
    table = document.model_dump(exclude_none=True)
    lines: list[str] = []
    _write(table, (), lines)
    return "\n".join(lines).strip() + "\n"


def _write(table: Mapping[str, Any], path: tuple[str, ...], lines: list[str]) -> None:
    """Append a table: its values first, then the tables in it."""
    for key, value in table.items():
        if not _is_table(value) and not _is_tables(value):
            lines.append(f"{_key(key)} = {_value(value)}")
    for key, value in table.items():
        inner = (*path, key)
        name = ".".join(_key(part) for part in inner)
        if _is_table(value):
            lines += ["", f"[{name}]"]
            _write(value, inner, lines)
        elif _is_tables(value):
            for item in value:
                lines += ["", f"[[{name}]]"]
                _write_item(item, lines)


def _write_item(item: Mapping[str, Any], lines: list[str]) -> None:
    """Append an item of an array of tables; tables in it stand on its own lines."""
    lines += [f"{_key(key)} = {_value(value)}" for key, value in item.items()]


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_tables(value: Any) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(item, Mapping) for item in value)
    )


def value_text(value: Any) -> str:
    """Return a value as TOML writes it, tables inline."""
    return _value(value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()  # dates and times are TOML's own, no texts
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, Sequence):
        return f"[{', '.join(_value(item) for item in value)}]"
    assert isinstance(value, int | float)
    return repr(value)
