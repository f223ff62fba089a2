"""Related microphones as findings: polarity and delay, and how sure it is of them.

Overheads anchor the kit and rooms stay where they are: that a microphone farther away hears a
drum later is what makes it a room, so it is told and no more. Two microphones on one source are
another matter: what one of them has later cancels in their sum.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from mixmaster.checking.findings import Finding
from mixmaster.checking.related import Relation
from mixmaster.checking.scan import Scan
from mixmaster.checking.session import named_pairs

DISTANT: Final = frozenset(
    {"overheads", "room", "hihat", "ride", "cymbals", "drums", "percussion", "audience"}
)
"""Roles of microphones that stand away from what they hear."""

_DISTANT_WORDS: Final = frozenset(
    {"oh", "ohs", "overhead", "overheads", "room", "rooms", "amb", "ambience"}
    | {"hh", "hat", "hats", "hihat", "ride", "cymbals"}
)
"""Words that say so of a stem whose role is not known."""

_ONE_SOURCE: Final = {
    "bass_di": "bass",
    "bass_amp": "bass",
    "snare_bottom": "snare",
    "rim": "snare",
    "lead_guitar": "electric_guitar",
    "lead_vocal_double": "lead_vocal",
}
_LEAST_DELAY_MS: Final = 0.05
_PAIR_DELAY_MS: Final = 1.0
"""The two of a spaced pair may hear a source so far apart; 1 ms is 34 cm."""

_LIKELY_SAME: Final = 0.5
_SIGN_PASSAGES: Final = 0.65
_SIGN_RIVAL: Final = 0.6


def microphone_findings(
    scans: Sequence[Scan], relations: Sequence[Relation], roles: Mapping[Path, str]
) -> Iterator[Finding]:
    """Yield what relations between microphones say.

    Args:
        scans: The stems.
        relations: Between them.
        roles: What each stem is, where that is known, by the names of ``presets/roles.toml``.
    """
    pairs = {frozenset(pair) for pair in named_pairs(scans)}
    flipped = _flipped(scans, relations, roles)
    for number in sorted(flipped):
        half = any(number in pair for pair in pairs)
        yield _polarity(number, flipped[number], scans, half=half)
    for relation in relations:
        files = frozenset((relation.first[0], relation.second[0]))
        paired = files in pairs
        if paired:
            yield _pair(relation, scans)
        if abs(relation.delay_ms) >= (_PAIR_DELAY_MS if paired else _LEAST_DELAY_MS):
            yield _delay(relation, scans, alarming=paired or _one_source(relation, scans, roles))


def _one_source(relation: Relation, scans: Sequence[Scan], roles: Mapping[Path, str]) -> bool:
    """Return whether both are close microphones (or a DI) of one source."""
    files = [scans[number].path for number, _ in (relation.first, relation.second)]
    if any(_distant(path, roles) for path in files):
        return False
    names = [roles.get(path) for path in files]
    sources = [_ONE_SOURCE.get(name or "", name) for name in names]
    if sources[0] is not None and sources[1] is not None:
        return sources[0] == sources[1]
    return relation.shared >= _LIKELY_SAME


def _distant(path: Path, roles: Mapping[Path, str]) -> bool:
    role = roles.get(path)
    if role is not None:
        return role in DISTANT
    words = re.split(r"[^a-z]+", path.stem.casefold())
    return not _DISTANT_WORDS.isdisjoint(words)


def _sure(relation: Relation) -> str:
    return (
        f"{relation.passages_agree} of {relation.passages} passages and "
        f"{relation.bands_agree} of {relation.bands} bands agree"
    )


def _delay(relation: Relation, scans: Sequence[Scan], *, alarming: bool) -> Finding:
    one, two = scans[relation.first[0]].path, scans[relation.second[0]].path
    delay_ms, low_ms, high_ms = relation.delay_ms, relation.low_ms, relation.high_ms
    if delay_ms < 0.0:
        one, two = two, one
        delay_ms, low_ms, high_ms = -delay_ms, -high_ms, -low_ms
    text = (
        f"it comes {delay_ms:.2f} ms after {one.name} "
        f"(between {low_ms:.2f} and {high_ms:.2f} ms; {_sure(relation)})"
    )
    if relation.rival > _SIGN_RIVAL * relation.peak:
        text += (
            f"; its polarity cannot be told: correlations of {relation.peak:.2f} for "
            f"{'the same' if relation.polarity > 0 else 'opposite'}, {relation.rival:.2f} against"
        )
    fix = ""
    if not alarming:
        advice = f"nothing: {0.343 * delay_ms:.1f} m of air, as a room sounds; overheads anchor"
    elif relation.certain:
        fix = f"delay_ms = {delay_ms:.2f}"
        advice = f"delay {one.name} by as much, if their sum sounds thin"
    else:
        advice = (
            f"try delays of {low_ms:.2f} to {high_ms:.2f} ms on {one.name} by ear: the frequencies "
            "are not of one mind, so that no single delay lines them all up"
        )
    return Finding(
        "warning" if alarming else "note",
        "delay",
        str(two),
        None,
        delay_ms,
        "ms",
        text,
        advice,
        fix=fix,
        fix_file=str(one) if fix else "",
        others=(str(one),),
    )


def _pair(relation: Relation, scans: Sequence[Scan]) -> Finding:
    one, two = scans[relation.first[0]].path, scans[relation.second[0]].path
    return Finding(
        "note",
        "multi_mono_pair",
        str(two),
        None,
        relation.delay_ms,
        "ms",
        f"it and {one.name} are the two halves of a stereo pair ({relation.delay_ms:+.2f} ms, "
        f"{100.0 * relation.shared:.0f} % of their power in common)",
        "nothing: a strip takes them as one stereo stem unless pair = false",
        others=(str(one),),
    )


def _signed(relation: Relation) -> bool:
    """Return whether the relation says anything about polarity."""
    return (
        relation.passages_share >= _SIGN_PASSAGES and relation.rival <= _SIGN_RIVAL * relation.peak
    )


def _flipped(
    scans: Sequence[Scan], relations: Sequence[Relation], roles: Mapping[Path, str]
) -> dict[int, list[Relation]]:
    """Return the stems that stand against the others, each with the relations that say so.

    The strongest relations tie stems into groups (a spanning tree); in each group, those of the
    smaller number are the flipped ones. Of two alone it is the later named one, but never the
    overheads: they anchor.
    """
    groups: dict[int, dict[int, int]] = {n: {n: 1} for n in range(len(scans))}
    strongest = sorted(relations, key=lambda each: -each.shared * each.peak)
    signed = [relation for relation in strongest if _signed(relation)]
    for relation in signed:
        one, two = relation.first[0], relation.second[0]
        if groups[one] is groups[two]:
            continue
        turn = relation.polarity * groups[one][one] * groups[two][two]
        merged = groups[one] | {n: turn * sign for n, sign in groups[two].items()}
        for number in merged:
            groups[number] = merged
    flipped: dict[int, list[Relation]] = {}
    for group in {id(group): group for group in groups.values()}.values():
        sides = [[n for n, sign in group.items() if sign == each] for each in (1, -1)]
        if all(sides):
            against = min(sides, key=lambda side: _anchored(side, scans, roles))
            flipped |= {number: [] for number in against}
    for relation in signed:
        for number in (relation.first[0], relation.second[0]):
            if relation.polarity < 0 and number in flipped:
                flipped[number].append(relation)
    return {number: found for number, found in flipped.items() if found}


def _anchored(
    side: Sequence[int], scans: Sequence[Scan], roles: Mapping[Path, str]
) -> tuple[int, int, int]:
    """Return how much a side of a group is to be trusted: the number of stems, anchors, place."""
    distant = sum(_distant(scans[number].path, roles) for number in side)
    return len(side), distant, -min(side)


def _polarity(
    number: int, found: Sequence[Relation], scans: Sequence[Scan], *, half: bool
) -> Finding:
    path = scans[number].path
    others = [
        scans[n].path
        for relation in found
        for n in (relation.first[0], relation.second[0])
        if n != number
    ]
    best = max(found, key=lambda relation: relation.shared * relation.peak)
    certain = any(relation.certain for relation in found)
    # A strip turns all that it holds.
    apart = ", in a strip of its own with pair = false" if half else ""
    return Finding(
        "warning",
        "polarity",
        str(path),
        None,
        -best.peak,
        "correlation",
        f"its polarity is opposite to {', '.join(other.name for other in others)} ({_sure(best)})",
        f"turn it over{apart}"
        if certain
        else "try it turned over and trust your ears: bands disagree",
        fix="polarity = true" if certain else "",
        fix_file=str(path) if certain else "",
        others=tuple(str(other) for other in others),
    )
