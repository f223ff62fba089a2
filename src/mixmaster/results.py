"""Results: frozen dataclasses that turn into JSON.

Units are in the names. A figure that does not exist (the loudness of silence, say) is ``None``
in the field and has an entry in ``reasons``; it never becomes ``-Infinity``, which is no JSON.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np


class Result:
    """The base of every result dataclass: ``to_json`` and nothing else."""

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON-ready data, in the order of its fields."""
        assert dataclasses.is_dataclass(self)
        return {f.name: jsonable(getattr(self, f.name)) for f in dataclasses.fields(self)}


def jsonable(value: Any) -> Any:
    """Return ``value`` as JSON-ready data; numpy scalars, paths, tuples and results included.

    Raises:
        ValueError: For NaN or infinity: a result must say ``None`` and why instead.
    """
    if isinstance(value, Result):
        return value.to_json()
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, np.ndarray):
        return [jsonable(item) for item in value.tolist()]
    if isinstance(value, np.generic):
        return jsonable(value.item())
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not JSON; a result says None and gives a reason")
    return value


def to_json_text(value: Any, *, indent: int | None = 2) -> str:
    """Return ``value`` as JSON text, ending in a new line; keys keep their order."""
    text = json.dumps(jsonable(value), indent=indent, ensure_ascii=False, allow_nan=False)
    return text + "\n"
