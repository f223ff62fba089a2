"""The mastering preset: a chain of inserts, and how loud it wants to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mixmaster.documents.addresses import insert_ids
from mixmaster.documents.base import Document, MisfitError, items, parameter
from mixmaster.effects.base import Effect
from mixmaster.effects.limiter import Limiter
from mixmaster.effects.registry import AnyEffect
from mixmaster.engine.resources import ResourceFiles, locate
from mixmaster.errors import Problem
from mixmaster.mastering.match_stage import Match

AnyStage = Annotated[AnyEffect | Match, Field(discriminator="effect")]
"""What a mastering chain is made of: any effect, and the match."""


@dataclass(frozen=True, slots=True)
class PlacedInsert:
    """An insert of the chain.

    Attributes:
        id: Its full id, ``master.insert.eq``.
        settings: The effect's settings.
        files: The files that the effect needs.
        gain_db: What is done to its output, where it is gain-matched.
    """

    id: str
    settings: Effect
    files: ResourceFiles = ()
    gain_db: float = 0.0


class MasteringPreset(Document):
    """A mastering chain that is reusable over songs and targets."""

    kind: Literal["mastering"] = parameter(..., "What the document is: mastering.")
    input_lufs: float | None = parameter(
        None,
        "The loudness to which the mix is brought before the chain, LUFS, so that thresholds mean "
        "the same for every song; -18 is usual. Off if silent.",
        low=-40.0,
        high=-6.0,
    )
    integrated_lufs: float | None = parameter(
        None,
        "The preset's own loudness, LUFS, for targets that leave it open: -14 keeps dynamics, -9 "
        "is loud. Silent: such targets keep the loudness of the mix.",
        low=-40.0,
        high=-4.0,
    )
    min_plr_lu: float | None = parameter(
        None,
        "The lowest peak-to-loudness ratio that a master of this preset may have, LU; a target "
        "that would need less is refused. 8 is loud, 12 open.",
        low=0.0,
        high=30.0,
    )
    gain_match: tuple[str, ...] = items(
        "Inserts, by id, whose output is brought to the loudness of their input by a gain that is "
        "found before the chain runs: their sound can be judged then, not their level. Does not "
        "suit what is meant to change the level.",
        most=64,
    )
    insert: tuple[AnyStage, ...] = items(
        "The chain, in order. A limiter without ceiling_dbtp, wherever it stands, runs last, and "
        "takes ceiling and gain from the target.",
        most=64,
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = []
        delivery = [
            id_
            for id_, effect in zip(self._ids(), self.insert, strict=True)
            if isinstance(effect, Limiter) and effect.is_delivery
        ]
        if len(delivery) > 1:
            problems.append(
                Problem(
                    f"insert.{delivery[1]}.ceiling_dbtp",
                    f"is missing, and so is that of {delivery[0]}: only one limiter can be the "
                    "delivery limiter",
                    "give all but one a ceiling_dbtp",
                )
            )
        twice = {id_ for id_ in self._ids() if self._ids().count(id_) > 1}
        problems += [
            Problem(f"insert.{id_}", "is the id of more than one insert", "give each its own id")
            for id_ in sorted(twice)
        ]
        problems += [
            Problem(
                f"insert.{id_}.key", "listens to a strip or bus; a master has none", "leave it out"
            )
            for id_, effect in zip(self._ids(), self.insert, strict=True)
            if effect.key is not None
        ]
        known = [
            id_
            for id_, effect in zip(self._ids(), self.insert, strict=True)
            if not (isinstance(effect, Limiter) and effect.is_delivery)
        ]
        problems += [
            Problem(
                "gain_match",
                f"'{id_}' is no insert of the chain",
                f"known: {', '.join(known)}" if known else "the chain has none",
            )
            for id_ in self.gain_match
            if id_ not in known
        ]
        if problems:
            raise MisfitError(problems)
        return self

    def _ids(self) -> list[str]:
        return insert_ids(self.insert)

    def chain(self) -> tuple[PlacedInsert, ...]:
        """Return the inserts before the delivery limiter, in order.

        Raises:
            DocumentError: For a file that an insert needs and that cannot be had.
        """
        return tuple(
            PlacedInsert(
                f"master.insert.{id_}",
                effect,
                locate(effect, f"master.insert.{id_}", self.origin),
            )
            for id_, effect in zip(self._ids(), self.insert, strict=True)
            if not (isinstance(effect, Limiter) and effect.is_delivery)
        )

    def delivery_limiter(self) -> Limiter | None:
        """Return the limiter that runs last; None for a chain that only sets the gain."""
        for effect in self.insert:
            if isinstance(effect, Limiter) and effect.is_delivery and not effect.bypass:
                return effect
        return None
