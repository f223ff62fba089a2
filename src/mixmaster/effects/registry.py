"""The effects there are: found in this room, so that each is declared in its own file alone."""

from __future__ import annotations

import functools
import importlib
import operator
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
        for each in vars(importlib.import_module(f"mixmaster.effects.{module.name}")).values():
            if not isinstance(each, type) or not issubclass(each, Effect):
                continue
            if "effect" in each.model_fields:  # bases have none
                effects[each.effect_name()] = each
    families = get_args(Family)
    by_family = sorted(effects, key=lambda name: (families.index(effects[name].family), name))
    return tuple(effects[name] for name in by_family)


EFFECTS: tuple[type[Effect], ...] = _found()
"""Every effect's settings, by family, in the order in which they are listed to people."""

if TYPE_CHECKING:
    AnyEffect = Effect
else:
    AnyEffect = Annotated[functools.reduce(operator.or_, EFFECTS), Field(discriminator="effect")]
"""Any effect, told apart by its key ``effect``."""
