"""How the items of a document's lists are addressed: by id, not by position, where they have one.

``strip.kick.insert.compressor.ratio``: an insert by its id (its effect's name if it has none,
numbered from the second on: ``eq``, ``eq2``); ``strip.kick.send.room.gain_db``: a send by its
destination; ``strip.kick.insert.eq.bands.1.gain_db``: everything else by number, from 1.
In a session ``stem.Lead Vox.use``: a stem by its file's name without suffix, or by the name it was
given, where no dot is in it; ``automation.ride.points``: a lane by its id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import PurePath
from typing import Any


def insert_ids(inserts: Sequence[Any]) -> list[str]:
    """Return the id of each insert of a chain, in order.

    An insert's own ``id`` stands; the others take their effect's name, the second of one effect
    ``eq2`` and so on. Ids are not made unique here: a chain in which two are equal is an error
    that the chain's model raises.

    Args:
        inserts: Effects, or the raw tables that declare them.
    """
    seen: Counter[str] = Counter()
    ids = []
    for position, insert in enumerate(inserts, start=1):
        own, effect = _member(insert, "id"), _member(insert, "effect")
        if isinstance(own, str) and own:
            ids.append(own)
        elif isinstance(effect, str) and effect:
            seen[effect] += 1
            ids.append(effect if seen[effect] == 1 else f"{effect}{seen[effect]}")
        else:
            ids.append(str(position))
    return ids


def item_names(key: str, values: Sequence[Any]) -> list[str]:
    """Return how the items of the list at ``key`` are addressed; see the module's head."""
    if key == "insert":
        return insert_ids(values)
    if key == "send":
        destinations = [_member(value, "to") for value in values]
        return [
            to if isinstance(to, str) and destinations.count(to) == 1 else str(number)
            for number, to in enumerate(destinations, start=1)
        ]
    own = [_own_name(key, value) for value in values]
    return [
        name if name and own.count(name) == 1 else str(number)
        for number, name in enumerate(own, start=1)
    ]


def nearest(word: str, known: Sequence[str]) -> str | None:
    """Return the known word that ``word`` was probably meant to be, or None.

    A word that lacks its unit (``threshold`` for ``threshold_db``) counts as near.
    """
    low = word.lower().replace("-", "_").replace(" ", "_")
    for candidate in known:
        if candidate.lower() == low:
            return candidate
    starts = [candidate for candidate in known if len(low) > 2 and candidate.startswith(low)]
    if starts:
        return min(starts, key=len)
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(low, by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def did_you_mean(word: str, known: Sequence[str], *, prefix: str = "") -> str:
    """Return a hint for a word that is not known: the nearest one, else all of them."""
    near = nearest(word, known)
    if near is not None:
        return f"did you mean '{prefix}{near}'?"
    if not known:
        return ""
    shown = ", ".join(sorted(known)[:24])
    return f"known: {shown}" if len(known) <= 24 else f"known: {shown}, ..."


def _own_name(key: str, value: Any) -> str:
    """Return what a session's stem or lane is called; empty for all that go by number."""
    if key == "stem":
        name, file = _member(value, "name"), _member(value, "file")
        said = name or (PurePath(file).stem if isinstance(file, str) else "")
    else:
        said = _member(value, "id") if key == "automation" else ""
    # A dot would end the address, and a number means a place in the list.
    return said if isinstance(said, str) and "." not in said and not said.isdecimal() else ""


def _member(item: Any, name: str) -> Any:
    """Return a member of a raw table or of a validated model."""
    return item.get(name) if isinstance(item, dict) else getattr(item, name, None)
