"""A starting balance: each strip as loud, behind its inserts, as the preset means it to be.

What a preset means is written in it: staging brings a strip to ``input_lufs``, its trim and fader
move it from there, so ``input_lufs + trim_db + gain_db`` (with its VCAs) is where the strip is to
stand, and the differences between strips are the balance. Inserts change that by what they do to
this song: a gate takes more from a drum with bleed, a compressor more from a lively voice. The
song is rendered once, each strip's loudness is measured behind its inserts while it plays, and the
fader makes up the difference. All faders then move by one amount, so that the strips' summed power,
and with it what the buses' compressors hear, stays what it was.

A strip without ``input_lufs`` says nothing; there a table of usual offsets by role counts
(`mixmaster.mixing.usual`), and each role's stems are trimmed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mixmaster.arrays import Block
from mixmaster.engine.render import render
from mixmaster.mixing.measuring import Progress
from mixmaster.mixing.plan import MixPlan
from mixmaster.mixing.preset import MIN_GAIN_DB, MixPreset
from mixmaster.mixing.staging import (
    QUIETEST_LUFS,
    SHORTEST_ACTIVE_S,
    active_loudness,
    sum_powers,
)
from mixmaster.mixing.usual import USUAL
from mixmaster.results import Result
from mixmaster.units import db_to_power, power_to_db

MOST_STAGED_DB = 6.0
"""A staged strip's fader goes no further from the preset's: more is another mix, not a start."""

MOST_TRIMMED_DB = 20.0
"""Nor does a stem's trim where nothing is staged."""


@dataclass(frozen=True, slots=True)
class Balanced(Result):
    """What the balance does to a group of stems: a strip's, or those of one role on it.

    Attributes:
        strip: The strip's name.
        role: The role where several share the strip and its stems are trimmed; empty where it is
            the strip's fader that moves.
        stems: The ids of the group's stems.
        wanted_lufs: Where the preset or its role puts it behind the fader; None if nothing does.
        measured_lufs: What it measured there, while it plays; None for silence.
        change_db: What is added to the fader, or the stems' trim.
        note: Why it is not what was wanted; empty if it is.
    """

    strip: str
    role: str
    stems: tuple[str, ...]
    wanted_lufs: float | None
    measured_lufs: float | None
    change_db: float
    note: str = ""


def balance(
    plan: MixPlan, roles: Mapping[str, str], *, progress: Progress | None = None
) -> tuple[Balanced, ...]:
    """Return what brings each strip to where it is meant to be.

    Args:
        plan: The mix of the song, whole, without automation.
        roles: The role of each instance, by its id; empty or missing where nobody knows.
        progress: Told how far it is.
    """
    powers = _measured(plan, progress or (lambda _what, _share: None))
    groups = [_group(plan, key, ids, powers) for key, ids in _groups(plan, roles).items()]
    groups = _with_usual(groups)
    return _limited(groups)


@dataclass(frozen=True, slots=True)
class _Group:
    """A group while it is being solved: its result so far, its power, and how far it may move."""

    said: Balanced
    power: float
    most_db: float


def _measured(plan: MixPlan, tell: Progress) -> dict[str, tuple[Block, bool]]:
    """Render the song, keep the powers of every node."""
    rendering = render(plan.graph, plan.sources, threads=plan.threads)
    done = 0
    tell("measuring the balance", 0.0)
    try:
        for block in rendering.blocks:
            done += block.shape[1]
            tell("measuring the balance", done / max(1, rendering.total_frames))
    finally:
        rendering.close()
        for stem in plan.stems.values():
            stem.close()
    return rendering.pre_powers()


def _groups(plan: MixPlan, roles: Mapping[str, str]) -> dict[tuple[str, str], list[str]]:
    """Return the ids of each strip; of one that is not staged, of each role on it."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for place in plan.places:
        strip = place.id.partition("/")[0].removeprefix("strip.")
        staged = plan.preset.strip[strip].input_lufs is not None
        found[strip, "" if staged else roles.get(place.id, "")].append(place.id)
    return found


def _group(
    plan: MixPlan,
    key: tuple[str, str],
    ids: Sequence[str],
    powers: Mapping[str, tuple[Block, bool]],
) -> _Group:
    strip, role = key
    said = Balanced(strip, role, tuple(ids), None, None, 0.0)
    faders = {place.id: place.fader_db for place in plan.places}
    heard = [(powers[one], faders[one]) for one in ids if one in powers]
    if not heard or any(fader is None for _, fader in heard):
        return _Group(replace(said, note="not heard: left as it is"), 0.0, 0.0)
    parts = [
        power * (1.0 if is_post else db_to_power(fader or 0.0)) for (power, is_post), fader in heard
    ]
    total = sum_powers([part[np.newaxis] for part in parts])
    loudness, active_s = active_loudness(total, hops_only=True)
    said = replace(said, measured_lufs=loudness)
    fader_db = heard[0][1] or 0.0
    if loudness is None or loudness - fader_db < QUIETEST_LUFS or active_s < SHORTEST_ACTIVE_S:
        return _Group(replace(said, note="too little sound: left as it is"), 0.0, 0.0)
    staged = next((each for each in plan.stagings if each.strip == f"strip.{strip}"), None)
    mean = float(total.mean())
    if staged is None:
        return _Group(said, mean, MOST_TRIMMED_DB)
    if staged.note:
        return _Group(replace(said, note="not staged as it should be: left as it is"), mean, 0.0)
    wanted = (plan.preset.strip[strip].input_lufs or 0.0) + plan.preset.strip[strip].trim_db
    return _Group(replace(said, wanted_lufs=wanted + fader_db), mean, MOST_STAGED_DB)


def _with_usual(groups: Sequence[_Group]) -> list[_Group]:
    """Give groups that the preset says nothing of the place that is usual for their role.

    The usual offsets hang on the lead: where the preset puts a lead vocal; else they are moved so
    that, in sum, the groups are as loud as they are.
    """
    silent = [
        group
        for group in groups
        if group.said.wanted_lufs is None and group.power > 0.0 and group.said.role in USUAL
    ]
    if not silent:
        return list(groups)
    lead = next(
        (g.said.wanted_lufs for g in groups if g.said.strip in ("lead_vocal", "voice")), None
    )
    if lead is None:
        now = sum(db_to_power(group.said.measured_lufs or 0.0) for group in silent)
        then = sum(db_to_power(USUAL[group.said.role].offset_lu) for group in silent)
        lead = power_to_db(now / then)
    return [
        replace(
            group,
            said=replace(group.said, wanted_lufs=lead + USUAL[group.said.role].offset_lu),
        )
        if group in silent
        else group
        for group in groups
    ]


def _limited(groups: Sequence[_Group]) -> tuple[Balanced, ...]:
    """Return the changes: limited, and moved by one amount so that the summed power stays."""
    changes: list[float | None] = []
    for group in groups:
        said = group.said
        if said.wanted_lufs is None or said.measured_lufs is None:
            changes.append(None)
            continue
        wanted_db = said.wanted_lufs - said.measured_lufs
        changes.append(min(group.most_db, max(-group.most_db, wanted_db)))
    moving = [(g, c) for g, c in zip(groups, changes, strict=True) if c is not None]
    before = sum(group.power for group, _ in moving)
    after = sum(group.power * db_to_power(change) for group, change in moving)
    common_db = power_to_db(before / after) if before > 0.0 else 0.0
    return tuple(
        group.said if change is None else _changed(group.said, change, common_db)
        for group, change in zip(groups, changes, strict=True)
    )


def _changed(said: Balanced, change_db: float, common_db: float) -> Balanced:
    assert said.wanted_lufs is not None
    assert said.measured_lufs is not None
    short_db = said.wanted_lufs - said.measured_lufs - change_db
    note = f"{short_db:+.1f} dB more were needed" if abs(short_db) > 0.05 else ""
    return replace(said, change_db=round(change_db + common_db, 1) + 0.0, note=note)


def new_faders(preset: MixPreset, balanced: Sequence[Balanced]) -> dict[str, float]:
    """Return the faders of the strips that the balance covers, dB.

    Args:
        preset: Whose faders move.
        balanced: Of `balance`.
    """
    return {
        each.strip: max(MIN_GAIN_DB, round(preset.strip[each.strip].gain_db + each.change_db, 2))
        for each in balanced
        if not each.role and preset.strip[each.strip].input_lufs is not None
    }


def new_trims(balanced: Sequence[Balanced]) -> dict[str, float]:
    """Return the trims of the stems whose strips are not staged, by their ids, dB."""
    return {
        stem: each.change_db
        for each in balanced
        if each.role and each.change_db != 0.0
        for stem in each.stems
    }
