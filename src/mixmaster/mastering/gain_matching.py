"""Gain matching: inserts whose output is as loud as their input, so that their sound is compared.

One pass over the mix measures what each insert does to the loudness, and the difference becomes
a gain on its output. Inserts behind it then hear another level than they did in that pass, so it
is repeated: after as many passes as there are matched inserts all are exact, since each pass
settles one more from the front; it ends as soon as nothing moves any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from mixmaster.errors import UsageError
from mixmaster.mastering.chain import Chain
from mixmaster.mastering.matching import Run
from mixmaster.mastering.pipeline import ahead
from mixmaster.mastering.preset import PlacedInsert

_CLOSE_LU: Final = 0.02
_MOST_DB: Final = 40.0


def matched_ids(inserts: Sequence[PlacedInsert], asked: Iterable[str]) -> tuple[str, ...]:
    """Return the full ids of the inserts that are to be matched.

    Args:
        inserts: The chain.
        asked: Short ids, or ``all``.

    Raises:
        UsageError: For an id that is not in the chain.
    """
    known = {insert.id.removeprefix("master.insert."): insert.id for insert in inserts}
    found: list[str] = []
    for name in dict.fromkeys(asked):
        if name != "all" and name not in known:
            hint = f"known: {', '.join(known)}, or all" if known else "the chain has no inserts"
            raise UsageError("--gain-match", f"'{name}' is no insert of the chain", hint)
        found += known.values() if name == "all" else [known[name]]
    return tuple(dict.fromkeys(found))


def match_gains(
    inserts: Sequence[PlacedInsert], matched: Sequence[str], run: Run
) -> tuple[PlacedInsert, ...]:
    """Return the inserts, those that are to be matched with the gain that does it.

    Args:
        inserts: The chain, in order.
        matched: Full ids; bypassed ones and those that hear nothing keep a gain of 0 dB.
        run: What runs through it.
    """
    placed = tuple(replace(insert, gain_db=0.0) for insert in inserts)
    asked = {insert.id for insert in placed if insert.id in matched and not insert.settings.bypass}
    if not asked:
        return placed
    for _ in range(len(asked) + 1):
        chain = Chain(placed, run.sample_rate_hz, run.channels, metered=True)
        done = 0
        with run.blocks() as blocks:
            for block in ahead(chain.run(blocks, run.gain), run.threads):
                done += block.shape[1]
                run.progress(min(1.0, done / max(1, run.frames)))
        moved = 0.0
        settled = []
        for insert, level in zip(placed, chain.levels(), strict=True):
            change = level.change_lu if insert.id in asked else None
            gain_db = insert.gain_db - (change or 0.0)
            gain_db = max(-_MOST_DB, min(_MOST_DB, gain_db))
            moved = max(moved, abs(change or 0.0))
            settled.append(replace(insert, gain_db=gain_db))
        if moved <= _CLOSE_LU:
            break
        placed = tuple(settled)
    return placed
