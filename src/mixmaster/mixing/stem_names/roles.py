"""The vocabulary of roles: what engineers call a kick drum, declared once for all presets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, Self

from pydantic import model_validator

from mixmaster.documents.addresses import did_you_mean
from mixmaster.documents.base import Document, MisfitError, Settings, items, parameter
from mixmaster.documents.finding import shipped_folder
from mixmaster.documents.loading import load
from mixmaster.errors import Problem
from mixmaster.mixing.stem_names import patterns


class Role(Settings):
    """What a stem may be, and the names that say so."""

    description: str = parameter("", "What belongs here, and what does not.")
    match: tuple[str, ...] = items("Patterns of names; see mixmaster.mixing.patterns.", least=1)


class Roles(Document):
    """The document of roles, ``presets/roles.toml``."""

    kind: Literal["roles"] = parameter(..., "What the document is: roles.")
    role: dict[str, Role] = parameter(..., "The roles, by name.")

    @model_validator(mode="after")
    def _readable(self) -> Self:
        found = [
            problem
            for name, role in self.role.items()
            for problem in unreadable(f"role.{name}.match", role.match)
        ]
        if not found:
            owners = {name: role.match for name, role in self.role.items()}
            found = patterns.clashes(owners, table="role")
        if found:
            raise MisfitError(found)
        return self


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, Role]:
    """Return the shipped roles by name.

    A strip that lists a role in ``roles`` takes over its patterns, and adds its own in ``match``.
    """
    return load(Roles, shipped_folder() / "roles.toml").role


def unreadable(key: str, written: tuple[str, ...]) -> Iterator[Problem]:
    """Yield a problem for every pattern that cannot be read.

    Args:
        key: The address of the list.
        written: The patterns, as the document writes them.
    """
    for number, text in enumerate(written, start=1):
        try:
            patterns.compiled(text)
        except ValueError as error:
            yield Problem(f"{key}.{number}", f"the pattern {text[:40]!r} {error}")


def problems(strip: str, match: tuple[str, ...], roles: tuple[str, ...]) -> Iterator[Problem]:
    """Yield what is wrong with how a strip says which stems are its own.

    Args:
        strip: The strip's name.
        match: Its patterns.
        roles: Its roles.
    """
    yield from unreadable(f"strip.{strip}.match", match)
    known = list(vocabulary()) if roles or not match else []
    for number, role in enumerate(roles, start=1):
        if role not in known:
            key = f"strip.{strip}.roles.{number}"
            yield Problem(key, f"no role '{role}'", did_you_mean(role, known))
    if not match and not roles and strip not in known:
        reason = "has neither match nor roles, and its name is no role"
        yield Problem(f"strip.{strip}", reason, did_you_mean(strip, known))
