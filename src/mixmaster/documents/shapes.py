"""What a model declares at a place of a document: a walk along its annotations."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

UNITS = {
    "db": "dB",
    "lufs": "LUFS",
    "lu": "LU",
    "dbtp": "dBTP",
    "dbfs": "dBFS",
    "hz": "Hz",
    "ms": "ms",
    "s": "s",
    "bpm": "BPM",
    "beats": "beats",
    "percent": "%",
}


def members(annotation: Any) -> list[Any]:
    """Return the alternatives of an annotation, without ``Annotated`` and ``None``."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return members(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [found for part in get_args(annotation) for found in members(part)]
    return [] if annotation is type(None) else [annotation]


def models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models among the alternatives of an annotation."""
    return [part for part in members(annotation) if _is_model(part)]


def step(annotation: Any, part: str | int, value: Any = None) -> Any:
    """Return the annotation of what lies at ``part`` of a value of ``annotation``, or None.

    Args:
        annotation: What the place is declared as.
        part: A field, a key of a dictionary, or a position in a list.
        value: The raw value at the place; it tells the members of a tagged union apart.
    """
    for candidate in members(annotation):
        origin, arguments = get_origin(candidate), get_args(candidate)
        if origin is dict and len(arguments) == 2:
            return arguments[1]
        if origin in (list, tuple) and arguments and isinstance(part, int):
            return arguments[0]
    field = field_at(annotation, str(part), value)
    return field.annotation if field is not None else None


def field_at(annotation: Any, name: str, value: Any = None) -> FieldInfo | None:
    """Return the declaration of a field of the model at a place, or None."""
    for model in candidates(annotation, value):
        if name in model.model_fields:
            return model.model_fields[name]
    return None


def candidates(annotation: Any, value: Any) -> list[type[BaseModel]]:
    """Return the models that a raw table may be, by its tag where it has one."""
    found = models(annotation)
    if len(found) > 1 and isinstance(value, dict):
        tagged = [m for m in found if any(value.get(k) in v for k, v in tags(m).items())]
        return tagged or found
    return found


def tags(model: type[BaseModel]) -> dict[str, tuple[Any, ...]]:
    """Return the literal fields of a model: ``{"effect": ("eq",)}``."""
    return {
        name: get_args(field.annotation)
        for name, field in model.model_fields.items()
        if get_origin(field.annotation) is Literal
    }


def is_mapping(annotation: Any) -> bool:
    """Tell whether the keys at a place are names that the document itself chooses."""
    return any(get_origin(part) is dict for part in members(annotation))


def field_names(annotation: Any, value: Any = None) -> list[str]:
    """Return the keys that a table at a place may have."""
    names: dict[str, None] = {}
    for model in candidates(annotation, value):
        names.update(dict.fromkeys(model.model_fields))
    return list(names)


def unit_of(key: str) -> str:
    """Return the unit that a key's name ends in, as people write it; empty if it has none."""
    return UNITS.get(key.rsplit("_", 1)[-1], "") if "_" in key else ""


def bounds(field: FieldInfo | None) -> tuple[float | None, float | None]:
    """Return the inclusive bounds that a field declares."""
    low = high = None
    for item in field.metadata if field is not None else ():
        low = getattr(item, "ge", low)
        high = getattr(item, "le", high)
    return low, high


def _is_model(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)
