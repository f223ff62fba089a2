"""What the strips of a preset claim, and which of them a name's words belong to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from mixmaster.mixing.stem_names.patterns import CATCH_ALL, NameRuns, Pattern, compiled


@dataclass(frozen=True, slots=True)
class Claim:
    """A strip's pattern.

    Attributes:
        strip: The strip.
        written: The pattern as the document writes it, alternatives and all.
        pattern: One of the patterns that stands for.
    """

    strip: str
    written: str
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Match:
    """A claim that matches a name.

    Attributes:
        claim: The claim.
        end: With which word of the name it ends, counted from 1; 0 for a catch-all.
    """

    claim: Claim
    end: int

    @property
    def weight(self) -> tuple[int, int, int]:
        """What decides: the pattern's rank, then where it ends, then its literal characters."""
        return self.claim.pattern.rank, self.end, self.claim.pattern.literals


class Claims:
    """All that the strips claim, found by the words of a name."""

    def __init__(self, patterns: Mapping[str, Sequence[str]]) -> None:
        """Compile the patterns.

        Args:
            patterns: Each strip's patterns, as written.

        Raises:
            ValueError: For a pattern that cannot be read.
        """
        self._all = [
            Claim(strip, written, pattern)
            for strip, texts in patterns.items()
            for written in texts
            for pattern in compiled(written)
        ]
        self._shapes = {
            claim.pattern.compact: (frozenset(claim.pattern.compact), claim.strip)
            for claim in self._all
        }
        self._known: dict[str, dict[str, float]] = {}
        self._by_run: defaultdict[str, list[tuple[int, Claim]]] = defaultdict(list)
        self._others: list[tuple[int, Claim]] = []
        for at, claim in enumerate(self._all):
            pattern = claim.pattern
            if pattern.parts and pattern.glob is None:
                for run in {pattern.parts[-1], "".join(pattern.parts)}:
                    self._by_run[run].append((at, claim))
            else:
                self._others.append((at, claim))

    def matching(self, words: Sequence[str]) -> list[Match]:
        """Return the claims that match a name of these words, in the order of the strips."""
        runs = NameRuns(words)
        candidates = [each for run in runs.spans for each in self._by_run.get(run, ())]
        ends = {at: claim.pattern.end_in(runs) for at, claim in (*candidates, *self._others)}
        return [Match(self._all[at], end) for at, end in sorted(ends.items()) if end is not None]

    def nearest(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return up to three strips whose patterns look most like one of the words, or all."""
        scores: dict[str, float] = {}
        for run in {word for word in words if len(word) > 1} | {"".join(words)}:
            for strip, score in self._alike(run).items():
                scores[strip] = max(score, scores.get(strip, 0.0))
        ranked = sorted((-score, strip) for strip, score in scores.items())
        return tuple(strip for _, strip in ranked[:3])

    def _alike(self, run: str) -> dict[str, float]:
        """Return how much the patterns of each strip look like a run, if half or more."""
        if run not in self._known:
            scores: dict[str, float] = {}
            letters = set(run)
            matcher = SequenceMatcher(None, "", run, autojunk=False)
            for compact, (shape, strip) in self._shapes.items():
                # Half of all letters can only agree where half of the different ones do; that is
                # told in a hundredth of the time.
                if 2 * len(letters & shape) >= max(len(letters), len(shape)):
                    matcher.set_seq1(compact)
                    if matcher.quick_ratio() > max(0.5, scores.get(strip, 0.0)):
                        scores[strip] = max(matcher.ratio(), scores.get(strip, 0.0))
            self._known[run] = {strip: score for strip, score in scores.items() if score >= 0.5}
        return self._known[run]


def strongest(matches: Sequence[Match]) -> list[Claim]:
    """Return, of the matches that weigh most, one claim for each strip."""
    most = max((match.weight for match in matches), default=(0, 0, 0))
    best: dict[str, Claim] = {}
    for match in matches:
        if match.weight == most:
            best.setdefault(match.claim.strip, match.claim)
    return list(best.values())


def recognised(matches: Sequence[Match]) -> bool:
    """Tell whether anything but a catch-all matches."""
    return any(match.claim.pattern.text != CATCH_ALL for match in matches)


def claims_of(patterns: Mapping[str, Sequence[str]]) -> Claims:
    """Return the claims of strips' patterns; those of the last few presets are kept.

    Raises:
        ValueError: For a pattern that cannot be read.
    """
    return _kept_claims(tuple((strip, tuple(texts)) for strip, texts in patterns.items()))


@lru_cache(maxsize=8)
def _kept_claims(patterns: tuple[tuple[str, tuple[str, ...]], ...]) -> Claims:
    return Claims(dict(patterns))
