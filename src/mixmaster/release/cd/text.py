"""Text that a disc can hold: printable ISO 8859-1, 80 characters, and nothing lost in silence.

CD-Text's character set 0 is ISO 8859-1 (T10 MMC-3, annex J; GNU libcdio, "CD Text Format"), and
the tools that make filesets from CUE sheets read those in ISO 8859-1 too (cue2ddp's manual: "all
CD Text fields are expected to be encoded as ISO 8859-1"; a UTF-8 byte order mark is refused). A CUE
sheet's strings have 80 characters at most and no way to write a double quote (CDRWIN's user guide).
Both files therefore carry the same words, and what had to be changed for them is told.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from mixmaster.release.cd.sheet import TEXT_KINDS, Words
from mixmaster.results import Result

MOST_CHARACTERS: Final = 80
REPLACEMENT: Final = "?"

_PUNCTUATION: Final = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc", "'"),
    **dict.fromkeys('"\u201c\u201d\u201e\u201f\u2033', "'"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u2022\u2219\u2027\u30fb", "\u00b7"),
    "\u2044": "/",
    "\u20ac": "EUR",
    "\u2116": "No.",
    "\u2117": "(P)",
}
_LETTERS: Final = {
    "\u0152": "OE",
    "\u0153": "oe",
    "\u1e9e": "SS",
    "\u0131": "i",
    "\u0141": "L",
    "\u0142": "l",
    "\u0110": "D",
    "\u0111": "d",
    "\u0126": "H",
    "\u0127": "h",
    "\u0166": "T",
    "\u0167": "t",
    "\u014a": "NG",
    "\u014b": "ng",
    "\u0138": "k",
}
# Greek after ISO 843, Cyrillic after ICAO Doc 9303, part 3: a letter and what it becomes.
_GREEK: Final = "αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo"
_CYRILLIC: Final = (
    "аa бb вv гg дd еe ёe жzh зz иi йi кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh щshch "
    "ъie ыy ь эe юiu яia іi їi єie ґg ђd јj љlj њnj ћc џdz ўu"
)
_SPELT: Final = {pair[0]: pair[1:] for spelt in (_GREEK, _CYRILLIC) for pair in spelt.split()}


@dataclass(frozen=True, slots=True)
class TextChange(Result):
    """A text that the disc carries otherwise than it was given.

    Attributes:
        where: Whose text: ``disc title``, ``track 3 performer``.
        given: What was given.
        written: What the disc carries.
        lost: Whether characters had to be replaced by ``?`` or cut off: not just spelt otherwise.
    """

    where: str
    given: str
    written: str
    lost: bool


def disc_text(text: str) -> tuple[str, bool]:
    """Return a text as a disc can hold it, and whether something of it was lost.

    What ISO 8859-1 has stays as it is. Other letters become their base letters or the usual
    transliteration (Greek, Cyrillic), typographic signs their plain forms; what has no
    equivalent (CJK, emoji) becomes one question mark each. Line ends and other controls become
    spaces; what has no width goes. The double quote becomes a single one.
    """
    parts: list[str] = []
    lost = False
    # Composed first, so that an e and its accent are the é that ISO 8859-1 has.
    for character in unicodedata.normalize("NFC", text):
        plain = _plain(character)
        lost |= plain is None
        parts.append(REPLACEMENT if plain is None else plain)
    whole = " ".join("".join(parts).split())
    cut = whole[:MOST_CHARACTERS].rstrip()
    return cut, lost or len(whole) > MOST_CHARACTERS


def disc_words(words: Words, where: str) -> tuple[Words, tuple[TextChange, ...]]:
    """Return words as a disc can hold them, and what was changed.

    Args:
        words: What is to be said.
        where: Whose words, ``disc`` or ``track 3``.
    """
    written: dict[str, str] = {}
    changes: list[TextChange] = []
    for kind in TEXT_KINDS:
        given = words.of(kind)
        written[kind], lost = disc_text(given)
        if written[kind] != given:
            changes.append(TextChange(f"{where} {kind}", given, written[kind], lost))
    return Words(**written), tuple(changes)


def _plain(character: str) -> str | None:
    """Return a character's equivalent in printable ISO 8859-1; None where there is none."""
    if character in _PUNCTUATION:
        return _PUNCTUATION[character]
    category = unicodedata.category(character)
    if category in {"Cc", "Zs", "Zl", "Zp"}:
        return " "
    if category in {"Cf", "Mn", "Me"} or 0x1F3FB <= ord(character) <= 0x1F3FF:
        return ""  # soft hyphens, joiners, directions, stray accents, an emoji's skin tone
    if ord(character) < 0x100:
        return character
    if character in _LETTERS:
        return _LETTERS[character]
    low = character.lower()
    if low in _SPELT:
        latin = _SPELT[low]
        return latin if character == low else latin.capitalize()
    pieces = unicodedata.normalize("NFKD", character)
    if pieces == character:
        return None
    plains = [_plain(piece) for piece in pieces]
    return None if None in plains else "".join(plain or "" for plain in plains)
