"""Which stem goes to which strip: by the words of its name, stereo pairs put together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mixmaster.errors import DocumentError, Problem
from mixmaster.mixing.stem_names.claims import (
    Claim,
    Claims,
    Match,
    claims_of,
    recognised,
    strongest,
)
from mixmaster.mixing.stem_names.patterns import Pattern
from mixmaster.mixing.stem_names.words import (
    Side,
    bare_name,
    natural,
    printable,
    side_of,
    without_side,
    words_of,
)

_MAX_WORDS = 64

GIVEN = Pattern("", (), 4, 0, None)
"""What stands for a pattern where a stem was given to its strip by hand."""


@dataclass(frozen=True, slots=True)
class Stem:
    """A stem as far as its place in the mix is concerned.

    Attributes:
        path: The file.
        channels: How many channels it has; only mono stems pair.
        sample_rate_hz: Its rate; the halves of a pair have the same.
        frames: Its length; the halves of a pair have the same.
        label: What it is called instead of its file; empty if the file's name will do. Where it
            says nothing, the file's name finds the strip.
        strip: The strip that it is given to whatever its name; empty where the name decides.
    """

    path: Path
    channels: int = 1
    sample_rate_hz: int = 0
    frames: int = 0
    label: str = ""
    strip: str = ""

    @property
    def name(self) -> str:
        """What it is called: the file's name without its suffix, unless it has another."""
        return self.label or bare_name(self.path.name)


@dataclass(frozen=True, slots=True)
class Instance:
    """A stem, or a stereo pair of them, on a strip of its own.

    Attributes:
        id: ``strip.kick/01_Kick In``: stable, unique, fit to be printed.
        strip: The strip's name.
        stems: One, or the left and the right half.
        pattern: The pattern that won; empty for a stem that was given to its strip.
    """

    id: str
    strip: str
    stems: tuple[Stem, ...]
    pattern: str


@dataclass(frozen=True, slots=True)
class Tie:
    """A stem that several strips want equally much: strips and their patterns."""

    stem: Stem
    claims: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A stem that no strip wants, and the strips whose patterns come nearest."""

    stem: Stem
    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where every stem goes.

    Attributes:
        instances: In the order of strips, then of names.
        unmatched: Stems that no strip wants.
        ties: Stems that several strips want equally.
        idle: Strips that no stem matches.
        idle_patterns: Per strip, the written patterns that match no stem's name.
        notes: What is worth saying, such as halves that could not be paired.
    """

    instances: tuple[Instance, ...]
    unmatched: tuple[Unmatched, ...]
    ties: tuple[Tie, ...]
    idle: tuple[str, ...]
    idle_patterns: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]

    def check(self, where: str) -> None:
        """Raise if a stem has no place.

        Args:
            where: The preset, for the error.

        Raises:
            DocumentError: Naming every stem that nothing or that too much matches.
        """
        problems = [
            Problem(
                printable(tie.stem.path.name),
                "is wanted equally by "
                + " and ".join(f"strip.{strip} ('{pattern}')" for strip, pattern in tie.claims),
                "give one of them a longer pattern in match, or rename the stem",
            )
            for tie in self.ties
        ]
        for each in self.unmatched:
            near = ", ".join(f"strip.{name}" for name in each.nearest)
            problems.append(
                Problem(
                    printable(each.stem.path.name),
                    "no strip matches this stem",
                    (f"nearest: {near}; " if near else "")
                    + 'add a pattern to one\'s match, or a catch-all strip with match = ["*"]',
                )
            )
        if problems:
            raise DocumentError(where, tuple(problems))


@dataclass(frozen=True, slots=True)
class _Name:
    """A stem's name, ready for matching.

    Attributes:
        stem: The stem.
        words: The words of its name.
        unglued: The same, without sides that are written to them: *GTR* of *GTRL*.
        side: Which half of a pair it says it is.
    """

    stem: Stem
    words: tuple[str, ...]
    unglued: tuple[str, ...]
    side: Side | None

    def without_title(self, head: int, tail: int) -> _Name:
        """Return the name without so many words at its beginning and its end."""
        kept = slice(head, len(self.words) - tail)
        return _Name(self.stem, self.words[kept], self.unglued[kept], self.side)


def assign(
    stems: Sequence[Stem],
    patterns: Mapping[str, Sequence[str]],
    *,
    unpaired: Collection[str] = (),
) -> Assignment:
    """Return where every stem goes.

    Of all patterns that match a stem's name, the one that ends last wins, and of those that end
    together the one with more literal characters (`stem_names/patterns.py` has the whole of
    it); if two strips have equals, the stem is a tie. Words with which most names begin or end
    (a song's title) do not count where most names say enough without them. Two mono stems of one
    strip, folder, rate and length whose names differ in L and R alone become one stereo instance.

    The order of ``stems`` does not matter.

    Args:
        stems: The stems.
        patterns: Each strip's patterns, as written; see `MixPreset.patterns`.
        unpaired: Strips that keep L and R apart (``pair = false``).

    Raises:
        ValueError: For a pattern that cannot be read; a validated preset has none.
    """
    claims = claims_of(patterns)
    ordered = sorted(stems, key=lambda stem: (natural(stem.name), str(stem.path)))
    names = [_name(stem) for stem in ordered]
    names = _without_title(names, claims)
    homes: list[tuple[_Name, Claim]] = []
    unmatched, ties = [], []
    used: set[tuple[str, str]] = set()
    for name in names:
        if name.stem.strip:
            homes.append((name, Claim(name.stem.strip, "", GIVEN)))
            continue
        matching = _matching(name, claims)
        if not recognised(matching) and name.stem.label:
            # A name may say who sings; what the file is called may still say that it is a voice.
            matching = _matching(_name(replace(name.stem, label="")), claims)
        used |= {(match.claim.strip, match.claim.written) for match in matching}
        best = strongest(matching)
        if not best:
            unmatched.append(Unmatched(name.stem, claims.nearest(name.words)))
        elif len(best) > 1:
            wanted = tuple((claim.strip, claim.pattern.text) for claim in best)
            ties.append(Tie(name.stem, wanted))
        else:
            homes.append((name, best[0]))
    instances, notes = _instances(homes, list(patterns), unpaired)
    taken = {instance.strip for instance in instances} | {c[0] for tie in ties for c in tie.claims}
    return Assignment(
        instances=instances,
        unmatched=tuple(unmatched),
        ties=tuple(ties),
        idle=tuple(strip for strip in patterns if strip not in taken),
        idle_patterns={
            strip: tuple(text for text in texts if (strip, text) not in used)
            for strip, texts in patterns.items()
        },
        notes=notes,
    )


def spread_pans(count: int, pan: float = 0.0, spread: float = 0.0) -> list[float]:
    """Return where ``count`` mono instances of one strip lie, from left to right.

    Args:
        count: How many there are; one alone lies at ``pan``.
        pan: The middle of the field they fill, -1 ... +1.
        spread: How far to either side it goes, 0 ... 1; the outermost never pass -1 and +1.
    """
    if count < 2:
        return [pan] * count
    step = 2.0 * spread / (count - 1)
    return [min(1.0, max(-1.0, pan - spread + step * at)) for at in range(count)]


def _name(stem: Stem) -> _Name:
    found = words_of(stem.name)[:_MAX_WORDS]
    return _Name(
        stem,
        tuple(word.text for word in found),
        tuple(without_side(stem.name, word) for word in found),
        side_of(stem.name),
    )


def _matching(name: _Name, claims: Claims) -> list[Match]:
    """Return what matches a name; if nothing does, what matches without a glued side."""
    matches = claims.matching(name.words)
    if not recognised(matches) and name.unglued != name.words:
        return claims.matching(name.unglued)
    return matches


def _without_title(names: list[_Name], claims: Claims) -> list[_Name]:
    """Drop the words that most names begin or end with, if they are a title.

    They are one if at least four names and three quarters of all have them, and two thirds find a
    strip without them: *Brass Monkey - Kick* has no trumpet, but *Gtr Lead*, *Gtr Rhythm* need
    their *Gtr*.
    """
    if len(names) < 4:
        return names
    head = _common([name.words for name in names])
    tail = _common([name.words[::-1] for name in names])[::-1]
    bare = []
    for name in names:
        ahead = len(head) if name.words[: len(head)] == head else 0
        behind = len(tail) if name.words[len(name.words) - len(tail) :] == tail else 0
        fits = ahead + behind < len(name.words)
        bare.append(name.without_title(ahead, behind) if fits else name)
    said = [recognised(_matching(name, claims)) for name in bare]
    return bare if 3 * sum(said) >= 2 * len(said) else names


def _common(all_words: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the longest beginning that three quarters share and that leaves each of them words."""
    common: tuple[str, ...] = ()
    while True:
        longer = Counter(w[: len(common) + 1] for w in all_words if len(w) > len(common) + 1)
        best, count = max(longer.items(), key=lambda item: (item[1], item[0]), default=((), 0))
        if count < 4 or 4 * count < 3 * len(all_words):
            return common
        common = best


def _instances(
    homes: list[tuple[_Name, Claim]], strips: list[str], unpaired: Collection[str]
) -> tuple[tuple[Instance, ...], tuple[str, ...]]:
    """Put pairs together and give every instance its id."""
    groups: dict[tuple[str, Path, tuple[str, ...]], list[tuple[_Name, Claim]]] = defaultdict(list)
    for name, claim in homes:
        if name.side is not None and name.stem.channels == 1 and claim.strip not in unpaired:
            groups[claim.strip, name.stem.path.parent, name.side.key].append((name, claim))
    partner: dict[Stem, Stem] = {}
    notes = []
    for group in groups.values():
        sides = [name.side.side for name, _ in group if name.side is not None]
        if sorted(sides) != ["left", "right"]:
            continue
        left, right = sorted((n for n, _ in group), key=lambda n: n.side.side if n.side else "")
        a, b = left.stem, right.stem
        if (a.sample_rate_hz, a.frames) == (b.sample_rate_hz, b.frames):
            partner[a], partner[b] = b, a
        else:
            what = "rate" if a.sample_rate_hz != b.sample_rate_hz else "length"
            notes.append(
                f"{printable(a.path.name)} and {printable(b.path.name)} look like a pair but "
                f"differ in {what}: they stay two mono stems"
            )
    found: list[tuple[str, str, tuple[Stem, ...], str]] = []
    for name, claim in homes:
        stem, side = name.stem, name.side
        if stem not in partner:
            found.append((claim.strip, stem.name, (stem,), claim.pattern.text))
        elif side is not None and side.side == "left":
            found.append((claim.strip, side.base, (stem, partner[stem]), claim.pattern.text))
    found.sort(key=lambda item: strips.index(item[0]))
    names = _unique([(strip, base, stems[0].path) for strip, base, stems, _ in found])
    return tuple(
        Instance(f"strip.{strip}/{unique}", strip, stems, pattern)
        for (strip, _, stems, pattern), unique in zip(found, names, strict=True)
    ), tuple(notes)


def _unique(items: list[tuple[str, str, Path]]) -> list[str]:
    """Return a name for each (strip, name, path), unique within its strip.

    Where two are equal, all of them say more: the suffix, then the folder, then the whole path.
    """
    ways: list[Callable[[str, Path], str]] = [
        lambda base, _: base,
        lambda base, path: base + path.suffix,
        lambda base, path: f"{path.parent.name}/{base}{path.suffix}",
        lambda base, path: f"{path.parent.as_posix()}/{base}{path.suffix}",
    ]
    chosen = [printable(base) for _, base, _ in items]
    for way in ways:
        counts = Counter((strip, name) for (strip, _, _), name in zip(items, chosen, strict=True))
        chosen = [
            name if counts[strip, name] == 1 else printable(way(base, path))
            for (strip, base, path), name in zip(items, chosen, strict=True)
        ]
    seen: Counter[tuple[str, str]] = Counter()
    for at, (strip, _, _) in enumerate(items):
        seen[strip, chosen[at]] += 1
        if seen[strip, chosen[at]] > 1:  # one file given twice
            chosen[at] += f" ({seen[strip, chosen[at]]})"
    return chosen
