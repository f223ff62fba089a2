"""From a file's name to the words in it: ``01_EGtrL_48k.wav`` is *e gtr l*."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mixmaster.mixing.stem_names.patterns import folded

_SUFFIX = re.compile(
    r"\.(?:wave?|bwf|rf64|w64|flac|aiff?|aifc|caf|mp3|m4a|aac|ogg|oga|opus)$", re.IGNORECASE
)
_CHUNK = re.compile(r"\d+|[^\W\d_]+")
_BRACKETED = re.compile(r"[(\[{]\s*\0\s*[)\]}]")
_SEAM = re.compile(r"[\s_.\-]*\0")

# What a file's name says about the file rather than about what is on it. Taken off its end.
_JUNK = re.compile(
    r"""(?:(?<=[\s_.\-+()\[\]])|(?-i:(?<=[a-z])(?=[A-Z])))
    (?: \d{2,3}(?:[.,]\d)?\s?k(?:hz)? | (?:44100|48000|88200|96000|176400|192000)(?:\s?hz)?
      | (?:16|24|32)[\s\-]?bits?(?:[\s\-]?float)? | (?:16|24|32)b | float
      | (?:19|20)\d\d[\-_.]?[01]\d[\-_.]?[0-3]\d | [0-3]\d[01]\d\d\d
      | \d{2,3}(?:\.\d+)?\s?bpm
      | v\d+ | ver\s?\d+ | rev\s?\d+ | take[\s_\-]?\d+ | tk[\s_\-]?\d+ | copy
      | bounced? | bip | final | print(?:ed)? | edit(?:ed)? | comp(?:ed)? | consolidated
      | export(?:ed)? | render(?:ed)? | raw | dry | mono | stereo | stem | merged | wav
    )[\s_.\-+()\[\]]*$""",
    re.IGNORECASE | re.VERBOSE,
)

# Drum machines are called by their number: it is the name, not an index.
_MACHINES = {"505", "606", "626", "707", "727", "808", "909"}
# Numbers that tell what a stem is: a 12-string, a 2-mix.
_COUNTED = {"12": {"string", "strings", "str", "strg"}, "2": {"mix", "track"}}
_TRACK = {"track", "trk", "ch", "chan", "channel", "audio", "input"}

_SIDES: dict[str, Literal["left", "right"]] = {
    "l": "left",
    "left": "left",
    "r": "right",
    "right": "right",
}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a name.

    Attributes:
        text: The word, without case and accents.
        start: Where it begins in the name.
        end: Where it ends.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Side:
    """What makes a name one half of a pair.

    Attributes:
        side: ``left`` or ``right``.
        key: What the two halves have in common.
        base: The name without its side: ``03_OH`` of ``03_OH.L``.
    """

    side: Literal["left", "right"]
    key: tuple[str, ...]
    base: str


def bare_name(file_name: str) -> str:
    """Return a file's name without the suffixes of audio files; never nothing."""
    name = file_name
    while (shorter := _SUFFIX.sub("", name)) not in {name, ""}:
        name = shorter
    return name


def words_of(name: str) -> tuple[Word, ...]:
    """Return the words of a name without suffix, leading index and junk at the end.

    Words break at separators, between letters and digits, and where camelCase says so. A leading
    index is dropped (``01``, ``1-04``, ``Track 3``), though never the whole name, nor a drum
    machine's number, the 12 of a twelve-string or the 2 of a two-track mix.
    """
    kept = name
    while (shorter := _JUNK.sub("", kept).rstrip()) != kept and _CHUNK.search(shorter):
        kept = shorter
    found = [word for chunk in _CHUNK.finditer(kept) for word in _split(chunk[0], chunk.start())]
    return tuple(_without_index(found))


def side_of(name: str) -> Side | None:
    """Return which half of a stereo pair a name says it is, or None.

    The last word that is L, R, left or right decides; a bare L or R in lower case counts only
    where a separator sets it off (``oh_l``, not ``ohl``), one in upper case also after letters
    (``OHL``), for which both halves must exist anyway.
    """
    found = words_of(name)
    for at in range(len(found) - 1, -1, -1):
        word = found[at]
        side = _SIDES.get(word.text)
        if side is not None and len(found) > 1:
            rest = tuple(w.text for w in (*found[:at], *found[at + 1 :]))
            return Side(side, (str(at), *rest), _cut(name, word.start, word.end))
    last = found[-1] if found else None
    if last is not None and len(last.text) > 2 and name[last.end - 1] in "LR":
        side = _SIDES[last.text[-1]]
        rest = (*(w.text for w in found[:-1]), last.text[:-1])
        return Side(side, ("glued", *rest), _cut(name, last.end - 1, last.end))
    return None


def without_side(name: str, word: Word) -> str:
    """Return a word without the side written to its end: *gtr* of *GTRL*, *piano* of *pianoleft*.

    Args:
        name: The name the word comes from; L and R must be capitals there.
        word: The word.
    """
    if len(word.text) > 2 and name[word.end - 1] in "LR":
        return word.text[:-1]
    for side in ("left", "right"):
        if word.text.endswith(side) and len(word.text) > len(side) + 1:
            return word.text.removesuffix(side)
    return word.text


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts ``Tom 2`` before ``Tom 10``."""
    parts = re.findall(r"\d+|\D+", folded(name))
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts)


def printable(name: str) -> str:
    """Return a name that can be printed on one line: control characters and bad bytes escaped."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii")
        for c in name
    )


def _split(chunk: str, start: int) -> list[Word]:
    """Split a run of letters at its camelCase; digits stay whole."""
    cuts = [0]
    for at in range(1, len(chunk)):
        rises = chunk[at].isupper() and chunk[at - 1].islower()
        ends_capitals = (
            chunk[at - 1 : at + 1].isupper() and at + 1 < len(chunk) and chunk[at + 1].islower()
        )
        if rises or ends_capitals:
            cuts.append(at)
    spans = zip(cuts, [*cuts[1:], len(chunk)], strict=True)
    return [Word(folded(chunk[a:b]), start + a, start + b) for a, b in spans]


def _without_index(found: list[Word]) -> list[Word]:
    while len(found) > 1:
        first, second = found[0].text, found[1].text
        if first.isdecimal() and len(first) <= 3 and first not in _MACHINES:
            if second in _COUNTED.get(first, ()):
                break
            found = found[1:]
        elif first in _TRACK and second.isdecimal() and len(found) > 2:
            found = found[2:]
        else:
            break
    return found


def _cut(name: str, start: int, end: int) -> str:
    """Return a name without the part from ``start`` to ``end`` and the separator it leaves."""
    marked = _BRACKETED.sub("\0", f"{name[:start]}\0{name[end:]}")
    base = _SEAM.sub("", marked).lstrip(" _-.")
    return base.strip() or name
