"""Results that are read back: a release's lie in a file that anybody may have written."""

from __future__ import annotations

import json
from typing import Any, Final, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from mixmaster.errors import DocumentError, Problem

T = TypeVar("T")

STRICT: Final = ConfigDict(strict=True, allow_inf_nan=False, extra="forbid")
"""How a result is read back: for ``pydantic.with_config`` over its dataclass."""

_MOST_PROBLEMS: Final = 8


def read_back(kind: type[T], data: Any, where: str, key: str) -> T:
    """Return a result of what its ``to_json`` has given.

    Args:
        kind: Its dataclass.
        data: JSON data.
        where: The file, for errors.
        key: Where in the file it lies, for errors.

    Raises:
        DocumentError: For anything else, with the first problems.
    """
    try:
        found = TypeAdapter(kind).validate_json(json.dumps(data))
    except (ValidationError, ValueError, TypeError, RecursionError) as error:
        problems = [Problem(key, "is nothing that was written here")]
        if isinstance(error, ValidationError):
            problems = [
                Problem(".".join((key, *map(str, each["loc"]))), each["msg"].lower())
                for each in error.errors(include_url=False)[:_MOST_PROBLEMS]
            ]
        raise DocumentError(where, tuple(problems)) from error
    return found
