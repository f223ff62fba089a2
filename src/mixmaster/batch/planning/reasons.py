"""What has changed between two keys, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_MOST: Final = 12
_LONGEST: Final = 60
_HASH: Final = re.compile(r"[0-9a-f]{64}")


def differences(
    before: Mapping[str, Any], now: Mapping[str, Any], names: Mapping[str, str]
) -> list[str]:
    """Return what differs between the contents of two keys, one line each.

    Args:
        before: What something was made of.
        now: What it would be made of.
        names: The names of files, by their hashes.
    """
    old, new = _flat(before), _flat(now)
    said = []
    for key in [*new, *(each for each in old if each not in new)]:
        if old.get(key, _NOTHING) == new.get(key, _NOTHING):
            continue
        said.append(_change(key, old.get(key, _NOTHING), new.get(key, _NOTHING), names))
    said = list(dict.fromkeys(said))
    more = len(said) - _MOST
    return [*said[:_MOST], f"and {more} more"] if more > 0 else said


_NOTHING: Final = object()


def _change(key: str, old: object, new: object, names: Mapping[str, str]) -> str:
    parts = key.split(".")
    where = ".".join(each for each in parts if each not in {"preset", "chain", "target"}) or key
    if isinstance(new, str) and _HASH.fullmatch(new):
        name = names.get(new, where)
        return f"{name} {'is new' if old is _NOTHING else 'has changed'}"
    if isinstance(old, str) and _HASH.fullmatch(old):
        return f"{where} is gone"
    if parts[0] == "libraries":
        return f"{parts[-1]} {_text(old)} → {_text(new)}"
    return f"{where}: {_text(old)} → {_text(new)}"


def _text(value: object) -> str:
    if value is _NOTHING:
        return "none"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _flat(value: Any, key: str = "") -> dict[str, Any]:
    """Return nested tables and lists as one table."""
    if isinstance(value, Mapping):
        items = [(str(name), each) for name, each in value.items()]
    elif isinstance(value, list | tuple):
        items = _named(value)
    else:
        return {key: value}
    found: dict[str, Any] = {}
    for name, each in items:
        found |= _flat(each, f"{key}.{name}" if key else name)
    return found


def _named(values: Sequence[Any]) -> list[tuple[str, Any]]:
    """Return a list's items by what they are called; those without a name, or of one, by number."""
    names = [_name(each) for each in values]
    return [
        (f"{name or number}{f'#{number}' if name and names.count(name) > 1 else ''}", each)
        for number, (name, each) in enumerate(zip(names, values, strict=True), start=1)
    ]


def _name(item: Any) -> str:
    if isinstance(item, Mapping):
        for label in ("id", "name", "strip", "effect", "to"):
            if isinstance(item.get(label), str):
                return str(item[label])
    return ""
