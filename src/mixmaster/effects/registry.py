"""The effects there are: found in this room, so that each is declared in its own file alone."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Annotated, get_args

from pydantic import Field

import mixmaster.effects
from mixmaster.effects.base import Effect, Family


def _found() -> tuple[type[Effect], ...]:
    """Return every effect that a file of this room declares."""
    effects: dict[str, type[Effect]] = {}
    for module in pkgutil.iter_modules(mixmaster.effects.__path__):
        if module.name == "registry":
            continue
        names = vars(importlib.import_module(f"mixmaster.effects.{module.name}"))
        for each in names.values():
            if (
                isinstance(each, type)
                and issubclass(each, Effect)
                and "effect" in each.model_fields
            ):
                effects[str(each.model_fields["effect"].default)] = each
    families = get_args(Family)
    return tuple(
        effects[name]
        for name in sorted(effects, key=lambda n: (families.index(effects[n].family), n))
    )


EFFECTS: tuple[type[Effect], ...] = _found()
"""Every effect's settings, by family, in the order in which they are listed to people."""

if TYPE_CHECKING:
    AnyEffect = Effect
else:
    AnyEffect = Annotated[EFFECTS, Field(discriminator="effect")]
"""Any effect, told apart by its key ``effect``."""
