"""The base of everything that is declared in a document: strict, finite, frozen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from mixmaster.documents.origin import Origin
from mixmaster.errors import Problem

FORMAT = 1
"""The version of the documents' format; a document with a higher one is newer than this code."""


class Settings(BaseModel):
    """A table of a document.

    Unknown keys, NaN, infinity and values of the wrong type are errors; an integer may stand
    where a float is meant. Instances are frozen: what was validated stays valid.
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        validate_default=True,
        use_attribute_docstrings=False,
    )


def parameter(
    default: Any,
    meaning: str,
    *,
    low: float | None = None,
    high: float | None = None,
    automatable: bool = False,
) -> Any:
    """Declare one parameter, once: presets, validation, schema and reference docs read this.

    Args:
        default: The value when the document is silent; ``...`` for none.
        meaning: What one hears, in a musician's words; ranges of taste belong here.
        low: The lowest value allowed, inclusive.
        high: The highest value allowed, inclusive.
        automatable: Whether automation may move it while audio plays.
    """
    return Field(
        default,
        ge=low,
        le=high,
        description=meaning,
        json_schema_extra={"automatable": automatable} if automatable else None,
    )


def items(meaning: str, *, most: int | None = None, least: int | None = None) -> Any:
    """Declare a list, empty by default; its annotation is a tuple, so that it stays frozen.

    Args:
        meaning: What the list is for.
        most: The most items allowed.
        least: The fewest items allowed.
    """
    # strict=False is about the list itself (TOML has no tuples); the items stay strict.
    return Field((), description=meaning, strict=False, max_length=most, min_length=least)


class Document(Settings):
    """The head that every document has; a subclass declares ``kind: Literal["..."]``."""

    max_bytes: ClassVar[int] = 256 * 1024
    """No preset written by hand comes near; a larger one is not a document."""

    format: Literal[1] = parameter(
        ..., "The version of the format that the document is written in: 1."
    )
    name: str = parameter(..., "What people call it.")
    description: str = parameter("", "What it is for, in a sentence or two.")

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @property
    def origin(self) -> Origin:
        """Where the document comes from, and so which files it may name."""
        return self._origin

    def place(self, origin: Origin) -> Self:
        """Note where the document comes from; return it."""
        self._origin = origin
        return self

    @classmethod
    def document_kind(cls) -> str:
        """Return the ``kind`` that documents of this model carry."""
        (kind,) = get_args(cls.model_fields["kind"].annotation)
        return str(kind)


class MisfitError(ValueError):
    """Raised in a model's validator for keys that are right one by one but do not fit together.

    Args:
        problems: What does not fit; keys are relative to the model that raises.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))
