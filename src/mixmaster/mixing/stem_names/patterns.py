"""Patterns of stems' names: a run of words, with globs inside a word and alternatives.

A pattern matches a run of whole words of a name. Case, accents and separators do not count, and
nor does where a name or a pattern breaks its words, as long as both ends lie on breaks: ``kick in``
matches *Kick In*, *KickIn* and *kickin*, but not *Kicking*. A plural's s may be missing from the
pattern, and numbers and sides may stand between its words: ``lead vox dbl`` matches
*Lead Vox 2 L Dbls*. ``*`` is any number of characters of one word, ``?`` is one; ``*`` standing
alone between words is any number of words: ``vox * dbl``. ``{vox,vocal} {dbl,double}`` stands for
the four patterns it spells.

**The last one wins**: of all patterns that match, the one that ends nearest to the name's end, for
that is where English says what a thing is (*Piccolo Snare*, *Bass Clarinet*, *Drums Kick*). Of
those that end together, the one with more literal characters wins (*Bass Drum* is ``bass drum``
rather than ``drum``). Two signs lift a pattern out of this order. ``~drums`` gives way: it counts
only where nothing else matches, wherever it stands; that is for the names of families, and for
words that also tell how something else is played or taken up (*Snare 808*, *Piano Room*).
``!reverb`` takes precedence: it wins over all others, wherever it stands; that is for what a stem
is whatever was sent into it. ``*`` alone is a catch-all: it matches everything, and loses to every
other pattern.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mixmaster.errors import Problem

CATCH_ALL = "*"
MAX_ALTERNATIVES = 512
"""Braces multiply; a pattern that spells more than this is a mistake or hostile."""

_BRACES = re.compile(r"\{([^{}]*)\}")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l"})
"""Letters that normalisation leaves whole."""

_LONGEST_RUN = 12
"""How many words of a name a pattern's run may go over; no pattern has nearly as many."""

_BREAK = re.compile(r"[^\w*?]+|_+")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern without alternatives, ready to match.

    Attributes:
        text: The pattern as people read it: ``lead vox``.
        parts: Its runs of words, each without breaks: ``leadvox``; several if words may stand
            between them. Empty for a catch-all.
        rank: 3 if it takes precedence, 2 for an ordinary pattern, 1 if it gives way, 0 for a
            catch-all.
        literals: How many literal characters it demands.
        glob: What finds it in a name's words joined by blanks; None if it has no wildcard.
    """

    text: str
    parts: tuple[str, ...]
    rank: int
    literals: int
    glob: re.Pattern[str] | None

    @property
    def compact(self) -> str:
        """The pattern without its breaks: what two strips must not share."""
        return "*".join(self.parts) or CATCH_ALL

    def end_in(self, name: NameRuns) -> int | None:
        """Return how many words of a name it takes to the pattern's last end, or None.

        Args:
            name: The name's words.
        """
        if self.text == CATCH_ALL:
            return 0
        if self.glob is not None:
            ends = [found.end() for found in self.glob.finditer(name.joined)]
            return name.joined.count(" ", 0, ends[-1]) + 1 if ends else None
        ends = [end for _, end in name.spans.get("".join(self.parts), ())]
        at = 0
        for part in self.parts[:-1]:
            found = [end for start, end in name.spans.get(part, ()) if start >= at]
            if not found:
                return max(ends, default=None)
            at = min(found)
        ends += [end for start, end in name.spans.get(self.parts[-1], ()) if start >= at]
        return max(ends, default=None)


class NameRuns:
    """A name's words, and every run of them that a pattern may match.

    Attributes:
        words: The words.
        joined: The words, a blank between each two.
        spans: Every run of words, joined without blanks, and from which word to which it goes;
            also without a plural's s, and without the numbers and sides in it.
    """

    __slots__ = ("joined", "spans", "words")

    def __init__(self, words: Sequence[str]) -> None:
        """Find the runs of a name's words, of which there are at most 64."""
        self.words = tuple(words)
        self.joined = " ".join(words)
        spans: dict[str, list[tuple[int, int]]] = {}
        whole = list(enumerate(words))
        saying = [(at, word) for at, word in whole if not _says_which(word)]
        for kept in (whole, saying) if len(saying) < len(whole) else (whole,):
            for first, (start, _) in enumerate(kept):
                run = ""
                for at, word in kept[first : first + _LONGEST_RUN]:
                    if run[-1:].isdecimal() and word.isdecimal():
                        break  # "Vocal 3_03" has no 303
                    run += word
                    spans.setdefault(run, []).append((start, at + 1))
                    if len(run) > 2 and run[-1] == "s" and run[-2] != "s":
                        spans.setdefault(run[:-1], []).append((start, at + 1))
        self.spans = spans


def _says_which(word: str) -> bool:
    """Tell whether a word says which one of several a stem is, not what it is."""
    return word.isdecimal() or word in {"l", "r", "left", "right"}


def folded(text: str) -> str:
    """Return text without case, accents and width: what names and patterns are compared by."""
    # Normalisation form KD splits a letter from its accents (category Mn), which are dropped.
    split = unicodedata.normalize("NFKD", text).casefold().translate(_LIGATURES)
    return "".join(c for c in split if unicodedata.category(c) != "Mn")


@lru_cache(maxsize=4096)
def compiled(text: str) -> tuple[Pattern, ...]:
    """Return the patterns that a written pattern stands for.

    Raises:
        ValueError: For a pattern that cannot match or cannot be read.
    """
    return tuple(dict.fromkeys(_compiled(spelt) for spelt in _spelt(text)))


def clashes(patterns: Mapping[str, Sequence[str]], *, table: str = "strip") -> list[Problem]:
    """Return a problem for every pattern that two strips share: it could only ever tie.

    Args:
        patterns: The readable patterns of each strip.
        table: What the patterns belong to: ``strip`` or ``role``.
    """
    owners: dict[str, str] = {}
    found: dict[tuple[str, str], list[str]] = {}
    for strip, written in patterns.items():
        for text in written:
            for pattern in compiled(text):
                owner = owners.setdefault(pattern.compact, strip)
                if owner != strip:
                    found.setdefault((owner, strip), []).append(pattern.text)
    problems = []
    for (owner, strip), texts in found.items():
        shown = ", ".join(repr(text) for text in dict.fromkeys(texts[:4]))
        if CATCH_ALL in texts:
            reason = f"{table} '{owner}' is a catch-all too"
            problems.append(Problem(f"{table}.{strip}.match", reason, "one is all there can be"))
        else:
            reason = f"{table} '{owner}' has the same patterns: {shown}"
            problems.append(Problem(f"{table}.{strip}.match", reason, "take them out of one"))
    return problems


def _spelt(text: str) -> list[str]:
    """Return every spelling of a pattern with ``{a,b}``."""
    spellings = [text]
    while found := next((m for m in map(_BRACES.search, spellings) if m), None):
        braces = found[0]
        choices = found[1].split(",")
        spellings = [s.replace(braces, c, 1) for s in spellings for c in choices]
        if len(spellings) > MAX_ALTERNATIVES:
            raise ValueError(f"stands for more than {MAX_ALTERNATIVES} patterns")
    if any(c in spelling for spelling in spellings for c in "{}"):
        raise ValueError("has a brace without its other half")
    return spellings


def _compiled(spelt: str) -> Pattern:
    sign = spelt.lstrip()[:1]
    text = " ".join(_BREAK.sub(" ", folded(spelt)).split())
    literals = len(re.sub("[ *?]", "", text))
    if not text:
        raise ValueError("is empty")
    if text == CATCH_ALL:
        return Pattern(text, (), 0, 0, None)
    if not literals:
        raise ValueError("has no letter or digit; a catch-all is a single *")
    rank = {"~": 1, "!": 3}.get(sign, 2)
    # A * between words is a gap; at either end it says nothing, as a pattern is found anywhere.
    runs = [run.split() for run in re.split(r"(?:^|(?<= ))\*(?= |$)", text) if run.strip()]
    parts = tuple("".join(run) for run in runs)
    text = " * ".join(" ".join(run) for run in runs)
    if "*" not in "".join(parts) and "?" not in text:
        return Pattern(text, parts, rank, literals, None)
    # A wildcard stays inside its word, but a name may write two words as one.
    bodies = [" ?".join(_word_glob(word) for word in run) for run in runs]
    glob = re.compile(rf"(?<![^ ]){' (?:[^ ]+ )*'.join(bodies)}(?![^ ])")
    return Pattern(text, parts, rank, literals, glob)


def _word_glob(word: str) -> str:
    return re.escape(word).replace(r"\*", "[^ ]*").replace(r"\?", "[^ ]")
