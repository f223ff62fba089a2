"""Validating data from outside that is no TOML document: what a page has saved, say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from mixmaster.documents.base import Settings
from mixmaster.documents.problems import problems_of
from mixmaster.errors import DocumentError, Problem

S = TypeVar("S", bound=Settings)


def read_json(path: Path, *, where: str, most_bytes: int) -> dict[str, Any]:
    """Return the object that a JSON file holds, not validated.

    Raises:
        DocumentError: For a file that cannot be read, is too large, nested too deeply, no JSON,
            or no object.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        _fail(where, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(data) > most_bytes:
        _fail(where, f"is larger than {most_bytes >> 20} MB")
    try:
        found = json.loads(data, parse_constant=_no_number)
    except RecursionError:
        _fail(where, "is nested too deeply")
    except ValueError as error:  # UnicodeDecodeError is one, too
        _fail(where, f"is not JSON: {error}")
    if not isinstance(found, dict):
        _fail(where, "is no JSON object")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")


def validated(model: type[S], table: dict[str, Any], *, where: str) -> S:
    """Return raw data as a model.

    Raises:
        DocumentError: With every problem found, each naming its key.
    """
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise DocumentError(where, problems_of(error, model, table)) from error


def _fail(where: str, reason: str) -> NoReturn:
    raise DocumentError(where, (Problem("", reason),))
