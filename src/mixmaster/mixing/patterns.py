"""Patterns of stems' names: a run of words, with globs inside a word and alternatives.

A pattern matches a run of whole words of a name. Case, accents and separators do not count, and
nor does where a name or a pattern breaks its words, as long as both ends lie on breaks: ``kick in``
matches *Kick In*, *KickIn* and *kickin*, but not *Kicking*. ``*`` is any number of characters of
one word, ``?`` is one; ``{vox,vocal} {dbl,double}`` stands for the four patterns it spells.
Of all patterns that match, the one with the most literal characters wins. ``~drums`` is a
family's name: engineers put it before or behind what a stem really is (*Drums Kick*), so it counts
only where nothing but families matches. ``*`` alone is a catch-all: it matches everything, and
loses to every other pattern.
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
_BREAK = re.compile(r"[^\w*?]+|_+")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern without alternatives, ready to match.

    Attributes:
        text: The pattern as people read it: ``lead vox``.
        compact: The same without its breaks: ``leadvox``.
        strength: 2 for an ordinary pattern, 1 for a family's name, 0 for a catch-all; then how
            many literal characters it demands. The highest wins.
        glob: What finds it in a name's words joined by blanks; None if it has no wildcard.
    """

    text: str
    compact: str
    strength: tuple[int, int]
    glob: re.Pattern[str] | None

    def matches(self, joined: str, runs: frozenset[str]) -> bool:
        """Tell whether the pattern matches a name.

        Args:
            joined: The name's words, a blank between each two.
            runs: Every run of the name's words, joined without blanks.
        """
        if self.text == CATCH_ALL:
            return True
        if self.glob is None:
            return self.compact in runs
        return self.glob.search(joined) is not None


def folded(text: str) -> str:
    """Return text without case, accents and width: what names and patterns are compared by."""
    # Normalisation form KD splits a letter from its accents (category Mn), which are dropped.
    split = unicodedata.normalize("NFKD", text).casefold()
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
    family = spelt.lstrip().startswith("~")
    text = " ".join(_BREAK.sub(" ", folded(spelt)).split())
    compact = text.replace(" ", "")
    literals = len(compact.replace("*", "").replace("?", ""))
    if not text:
        raise ValueError("is empty")
    if text != CATCH_ALL and not literals:
        raise ValueError("has no letter or digit; a catch-all is a single *")
    strength = (0 if text == CATCH_ALL else 1 if family else 2, literals)
    if "*" not in text and "?" not in text:
        return Pattern(text, compact, strength, None)
    words = []
    for word in text.split():
        body = re.escape(word).replace(r"\*", "[^ ]*").replace(r"\?", "[^ ]")
        words.append(body)
    # A wildcard stays inside its word, but a name may write two words as one.
    glob = re.compile(rf"(?<![^ ]){' ?'.join(words)}(?![^ ])")
    return Pattern(text, compact, strength, glob)
