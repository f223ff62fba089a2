"""The base of everything that is declared in a document: strict, finite, frozen."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


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
