"""Reading a TOML document: from bytes to a validated model, with every problem named."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from mixmaster.documents.addresses import did_you_mean
from mixmaster.documents.base import FORMAT, Document
from mixmaster.documents.origin import Origin
from mixmaster.documents.overrides import (
    TOO_LARGE,
    Override,
    apply_overrides,
    holds_too_large,
    parse_override,
)
from mixmaster.documents.problems import described, problems_of
from mixmaster.errors import DocumentError, Problem

MAX_BYTES = Document.max_bytes

MAX_DOTS_A_LINE = 256
"""tomllib's time is quadratic in the parts of a dotted key: hostile text could take hours."""

MAX_DEPTH = 32

D = TypeVar("D", bound=Document)


def load(model: type[D], path: Path, *, overrides: Iterable[Override | str] = ()) -> D:
    """Return the document at ``path``, validated.

    Args:
        model: What it must be.
        path: A TOML file.
        overrides: Values laid over it, as ``--set`` writes them or parsed; the later wins.

    Raises:
        DocumentError: With every problem found, each naming its key.
        UsageError: For an override that is not ``path=value``.
    """
    parsed = [parse_override(o) if isinstance(o, str) else o for o in overrides]
    said = frozenset(override.value for override in parsed if isinstance(override.value, str))
    table = read_table(path, max_bytes=model.max_bytes)
    document = validate(model, table, where=str(path), overrides=parsed)
    return document.place(Origin(path.parent, said))


def load_text(
    model: type[D], text: str, *, where: str = "the text", overrides: Iterable[Override | str] = ()
) -> D:
    """Return the document that ``text`` holds, validated; see `load`."""
    table = parse_table(text, where=where, max_bytes=model.max_bytes)
    return validate(model, table, where=where, overrides=overrides)


def read_table(path: Path, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """Return the raw table of a TOML file, not validated.

    Raises:
        DocumentError: For a file that is missing, no regular file, too large, not UTF-8 or not
            TOML; the line is named.
    """
    where = str(path)
    try:
        if not path.is_file():
            reason = "is no file" if path.exists() else "does not exist"
            raise DocumentError(where, (Problem("", reason),))
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise DocumentError(where, (Problem("", f"cannot be read: {reason}"),)) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DocumentError(
            where, (Problem("", f"line {line} is not UTF-8 text", "save it as UTF-8"),)
        ) from error
    return parse_table(text, where=where, max_bytes=max_bytes)


def parse_table(
    text: str, *, where: str = "the text", max_bytes: int = MAX_BYTES
) -> dict[str, Any]:
    """Return the raw table that TOML text holds, not validated.

    Raises:
        DocumentError: For text that is too large, nested too deeply, or not TOML.
    """
    if len(text) > max_bytes:
        _fail(where, f"is larger than {max_bytes // 1024} KiB: not a document")
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > MAX_DOTS_A_LINE:
            _fail(where, f"line {number} has more than {MAX_DOTS_A_LINE} dots", "break the line")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error), re.DOTALL)
        reason = f"line {found[2]}, column {found[3]}: {found[1]}" if found else str(error)
        raise DocumentError(where, (Problem("", f"is not TOML: {reason}"),)) from error
    except RecursionError:
        _fail(where, "is nested too deeply")
    except ValueError as error:  # more digits than Python turns into a number
        raise DocumentError(where, (Problem("", f"is not TOML: {TOO_LARGE}"),)) from error
    if holds_too_large(table):
        _fail(where, f"is not TOML: {TOO_LARGE}")
    if _depth(table) > MAX_DEPTH:
        _fail(where, "is nested too deeply")
    return table


def validate(
    model: type[D],
    table: Mapping[str, Any],
    *,
    where: str,
    overrides: Iterable[Override | str] = (),
) -> D:
    """Return ``table`` as a ``model``, overrides laid over it; the table itself is not changed.

    Raises:
        DocumentError: With every problem found, each naming its key.
        UsageError: For an override that is not ``path=value``.
    """
    laid: dict[str, Any] = _copied(table)
    _check_head(model, laid, where)
    parsed = [parse_override(o) if isinstance(o, str) else o for o in overrides]
    astray = apply_overrides(model, laid, parsed)
    try:
        document = model.model_validate(laid)
    except ValidationError as error:
        raise DocumentError(where, (*astray, *problems_of(error, model, laid))) from error
    if astray:
        raise DocumentError(where, tuple(astray))
    return document


def _check_head(model: type[Document], table: dict[str, Any], where: str) -> None:
    """Check format and kind first: a document of another kind has nothing but wrong keys."""
    version = table.get("format")
    if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT:
        _fail(
            where,
            f"is written in format {version}; this version of mixmaster reads format {FORMAT}",
            "install a newer mixmaster",
            key="format",
        )
    if version != FORMAT or isinstance(version, bool):
        said = "is missing" if version is None else f"must be {FORMAT}, is {described(version)}"
        _fail(where, said, f"begin the document with: format = {FORMAT}", key="format")
    kind, wanted = table.get("kind"), model.document_kind()
    if kind is None:
        _fail(where, "is missing", f'add: kind = "{wanted}"', key="kind")
    if kind != wanted:
        hint = did_you_mean(kind, [wanted]) if isinstance(kind, str) else ""
        hint = hint if hint.startswith("did") else ""
        _fail(where, f"must be '{wanted}' here, is {described(kind)}", hint, key="kind")


def _fail(where: str, reason: str, hint: str = "", *, key: str = "") -> NoReturn:
    raise DocumentError(where, (Problem(key, reason, hint),))


def _depth(table: Any) -> int:
    """Return how deeply tables and lists are nested, without recursion."""
    depth, level = 0, [table]
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, dict | list)
        ]
    return depth


def _copied(value: Any) -> Any:
    """Return a copy of tables and lists, so that overrides leave the original alone."""
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value
