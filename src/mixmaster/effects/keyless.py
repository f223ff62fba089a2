"""The base of effects that have no detector, and so nothing that could listen to a key."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from mixmaster.documents.base import MisfitError
from mixmaster.effects.base import Effect
from mixmaster.errors import DocumentError, Problem


class KeylessEffect(Effect):
    """An effect without a detector: a ``key`` is an error, not ignored."""

    @model_validator(mode="after")
    def _has_no_key(self) -> Self:
        if self.key is not None:
            name = str(getattr(self, "effect", type(self).__name__))
            raise MisfitError(
                [Problem("key", f"a {name} listens to no side-chain", "leave the key out")]
            )
        return self


def misfit(where: str, reason: str, hint: str = "", key: str = "") -> DocumentError:
    """Return the error of settings that do not suit the signal they are prepared for.

    Args:
        where: The insert's id.
        reason: What does not suit, with the figures.
        hint: What would.
        key: The key at fault, such as ``bands.2.frequency_hz``; empty for the insert.
    """
    return DocumentError(where, (Problem(key, reason, hint),))
