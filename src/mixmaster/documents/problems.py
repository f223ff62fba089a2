"""pydantic's errors as problems in plain words: key, what is wrong, what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from mixmaster.documents import shapes
from mixmaster.documents.addresses import did_you_mean, item_names
from mixmaster.documents.base import MisfitError
from mixmaster.errors import Problem


def problems_of(
    error: ValidationError, model: type[BaseModel], table: dict[str, Any]
) -> tuple[Problem, ...]:
    """Return every problem that ``error`` reports about ``table``, keys addressed by id.

    Args:
        error: What validating the table raised.
        model: The model that it was validated by.
        table: The raw table.
    """
    found: dict[str, Problem] = {}
    for details in error.errors(include_url=False):
        for problem in _problems(details, model, table):
            known = found.get(problem.key)
            if known is None:
                found[problem.key] = problem
            elif known.reason.startswith("must be ") and problem.reason.startswith("must be "):
                # The branches of a union each say what they want of one value.
                wanted = known.reason.split(", is ")[0]
                also = problem.reason.removeprefix("must be ")
                found[problem.key] = Problem(problem.key, f"{wanted} or {also}", known.hint)
            elif problem.reason not in known.reason:
                found[problem.key] = Problem(
                    problem.key, f"{known.reason}; {problem.reason}", known.hint or problem.hint
                )
    return tuple(found.values())


def described(value: Any) -> str:
    """Return a raw value in words, kept short: ``text 'loud'``, ``a table``, ``-3.0``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        shown = value if len(value) <= 40 else value[:37] + "..."
        return f"text {shown!r}"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)[:40]
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return f"the {type(value).__name__} {value}"[:60]


class _Place:
    """A place in the document: its address, its raw value and what the model declares there."""

    def __init__(self, model: type[BaseModel], table: dict[str, Any]) -> None:
        self.address: list[str] = []
        self.annotation: Any = model
        self.value: Any = table
        self.field: FieldInfo | None = None
        self.list_key = ""
        self.exists = True
        self.parent_annotation: Any = model
        self.parent_value: Any = table

    def enter(self, part: str | int) -> None:
        """Take one step of pydantic's location; the tags of unions are no step."""
        if isinstance(part, int) and isinstance(self.value, list):
            names = item_names(self.list_key, self.value)
            self._step(part, names[part], self.value[part])
        elif part == "[key]":
            return
        elif isinstance(self.value, dict) and part in self.value and not self._is_tag(part):
            self.list_key = str(part)
            self._step(part, str(part), self.value[part])
        elif isinstance(part, str) and self._declares(part):
            self.exists = False
            self._step(part, part, None)

    def _is_tag(self, part: str | int) -> bool:
        return any(
            part in values and self.value.get(name) == part and not self._declares(str(part))
            for candidate in shapes.models(self.annotation)
            for name, values in shapes.tags(candidate).items()
        )

    def _declares(self, part: str) -> bool:
        return isinstance(self.value, dict) and (
            shapes.field_at(self.annotation, part, self.value) is not None
        )

    def _step(self, part: str | int, name: str, value: Any) -> None:
        self.parent_annotation, self.parent_value = self.annotation, self.value
        self.field = shapes.field_at(self.annotation, str(part), self.value)
        self.annotation = shapes.step(self.annotation, part, self.value)
        self.address.append(name)
        self.value = value


def _problems(
    details: ErrorDetails, model: type[BaseModel], table: dict[str, Any]
) -> list[Problem]:
    """Return what one of pydantic's errors means."""
    place = _Place(model, table)
    for part in details["loc"]:
        place.enter(part)
    key = ".".join(place.address)
    context = details.get("ctx", {})
    misfit = context.get("error")
    if isinstance(misfit, MisfitError):
        return [
            Problem(".".join(filter(None, (key, problem.key))), problem.reason, problem.hint)
            for problem in misfit.problems
        ]
    if details["type"] in {"value_error", "assertion_error"}:
        return [Problem(key, str(misfit))]
    say = _WORDS.get(details["type"])
    reason, hint = say(place, context) if say else (_lowered(details["msg"]), "")
    return [Problem(key, reason, hint)]


_Said = tuple[str, str]


def _unknown(place: _Place, _: dict[str, Any]) -> _Said:
    names = shapes.field_names(place.parent_annotation, place.parent_value)
    return "no such key", did_you_mean(place.address[-1], names)


def _missing(place: _Place, _: dict[str, Any]) -> _Said:
    meaning = (place.field.description or "") if place.field is not None else ""
    return "is missing", meaning.rstrip(".")


def _range(place: _Place, context: dict[str, Any]) -> _Said:
    low, high = shapes.bounds(place.field)
    unit = shapes.unit_of(place.address[-1] if place.address else "")
    tail = f" {unit}" if unit else ""
    if low is not None and high is not None:
        wanted = f"from {low:g} to {high:g}{tail}"
    elif "ge" in context:
        wanted = f"at least {context['ge']:g}{tail}"
    elif "le" in context:
        wanted = f"at most {context['le']:g}{tail}"
    elif "gt" in context:
        wanted = f"more than {context['gt']:g}{tail}"
    else:
        wanted = f"less than {context['lt']:g}{tail}"
    return f"must be {wanted}, is {described(place.value)}", ""


def _literal(place: _Place, context: dict[str, Any]) -> _Said:
    known = re.findall(r"'([^']*)'", context["expected"])
    wanted = context["expected"]
    if isinstance(place.value, str) and known:
        hint = did_you_mean(place.value, known)
        hint = hint if hint.startswith("did") else ""
        return f"must be {wanted}, is {described(place.value)}", hint
    return f"must be {wanted}, is {described(place.value)}", ""


def _bad_tag(_: _Place, context: dict[str, Any]) -> _Said:
    tag, union = context["tag"], context["discriminator"].strip("'")
    known = re.findall(r"'([^']*)'", context["expected_tags"])
    return f"no {union} {tag[:40]!r}", did_you_mean(tag, known)


def _no_tag(place: _Place, context: dict[str, Any]) -> _Said:
    name = context["discriminator"].strip("'")
    known = sorted(
        str(value)
        for candidate in shapes.models(place.annotation)
        for value in shapes.tags(candidate).get(name, ())
    )
    return f"does not say which {name} it is", f'{name} = "...": ' + ", ".join(known)


def _form(place: _Place, context: dict[str, Any]) -> _Said:
    if context["pattern"] in _NAMES:
        said = place.value if isinstance(place.value, str) else place.address[-1]
        return f"{said!r} cannot be a name here", _NAMES[context["pattern"]]
    meaning = (place.field.description or "") if place.field is not None else ""
    return f"{described(place.value)} has not the right form", meaning.rstrip(".")


_NAMES = {
    r"^[a-z][a-z0-9_]*$": "lower-case letters, digits and underscores, a letter first",
    r"^[a-z0-9][a-z0-9_-]*$": "lower-case letters, digits, hyphens and underscores",
}


def _size(place: _Place, context: dict[str, Any]) -> _Said:
    if place.value is None:  # a default that is too short: silent where something must be said
        return _missing(place, context)
    least, most = context.get("min_length"), context.get("max_length")
    wanted = f"at least {least}" if least is not None else f"at most {most}"
    return f"must have {wanted} of them, has {len(place.value)}", ""


def _wants(what: str) -> Callable[[_Place, dict[str, Any]], _Said]:
    def say(place: _Place, _: dict[str, Any]) -> _Said:
        unit = shapes.unit_of(place.address[-1] if place.address else "")
        hint = ""
        if isinstance(place.value, str) and what.endswith("number"):
            number = re.match(r"\s*([+-]?\d+(?:\.\d+)?)\s*[A-Za-z%]*\s*$", place.value)
            if number:
                hint = f"write {number[1]}, without quotes" + (f" or {unit}" if unit else "")
        return f"must be {what}, is {described(place.value)}", hint

    return say


_WORDS: dict[str, Callable[[_Place, dict[str, Any]], _Said]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "greater_than_equal": _range,
    "less_than_equal": _range,
    "greater_than": _range,
    "less_than": _range,
    "finite_number": _wants("a finite number"),
    "float_type": _wants("a number"),
    "int_type": _wants("a whole number"),
    "int_from_float": _wants("a whole number"),
    "string_type": _wants("text"),
    "bool_type": _wants("true or false"),
    "list_type": _wants("a list"),
    "tuple_type": _wants("a list"),
    "dict_type": _wants("a table"),
    "model_type": _wants("a table"),
    "model_attributes_type": _wants("a table"),
    "date_type": _wants("a date such as 2026-01-31"),
    "literal_error": _literal,
    "enum": _literal,
    "union_tag_invalid": _bad_tag,
    "union_tag_not_found": _no_tag,
    "string_pattern_mismatch": _form,
    "too_long": _size,
    "too_short": _size,
}


def _lowered(message: str) -> str:
    """Return one of pydantic's own messages in the style of ours."""
    text = message.removeprefix("Input should ").removeprefix("Value should ")
    return ("must " + text) if text != message else message[:1].lower() + message[1:]
