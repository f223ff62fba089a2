"""A chain for stereo, as it suits a mono mix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mixmaster.effects.dynamic_eq import DynamicEq
from mixmaster.effects.eq import Eq
from mixmaster.effects.haas import Haas
from mixmaster.effects.stereo_bands import StereoBands
from mixmaster.effects.tremolo import AutoPan
from mixmaster.effects.width import Width
from mixmaster.mastering.preset import PlacedInsert


def for_mono(inserts: Sequence[PlacedInsert]) -> tuple[tuple[PlacedInsert, ...], list[str]]:
    """Return the chain without what only two channels can have, and what is to be said of it.

    Width in any form is left out. Of an equaliser's bands those of the middle work on the whole,
    which is all middle; those of the sides, left or right are left out.
    """
    kept: list[PlacedInsert] = []
    notes: list[str] = []
    for insert in inserts:
        settings = insert.settings
        if isinstance(settings, Width | StereoBands | Haas | AutoPan):
            notes.append(f"{insert.id} is left out: the mix is mono")
        elif isinstance(settings, Eq | DynamicEq):
            bands = [band for band in settings.bands if band.channels in {"stereo", "mid"}]
            whole = tuple(band.model_copy(update={"channels": "stereo"}) for band in bands)
            kept.append(replace(insert, settings=settings.model_copy(update={"bands": whole})))
            if dropped := len(settings.bands) - len(bands):
                few = "a band" if dropped == 1 else f"{dropped} bands"
                notes.append(f"{insert.id} works without {few} of side, left or right: mono mix")
        else:
            kept.append(insert)
    return tuple(kept), notes
