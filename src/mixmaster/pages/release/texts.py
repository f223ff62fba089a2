"""Texts as the pages of a release show them: strangers' words, kept short and readable."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

MOST_SHOWN = 400
"""So many characters of one text are shown; more would hide all else."""

_MIB = 1 << 20
_OVERRIDES = dict.fromkeys(range(0x202A, 0x202F))
"""Unicode's embeddings and overrides (UAX 9, 2.1 and 2.2); right-to-left scripts need none."""


def shown(text: str, most: int = MOST_SHOWN) -> str:
    """Return a text without control characters, and no longer than a page bears.

    What turns the order of letters round by force goes: a name must not read as another.
    """
    turned = text.translate(_OVERRIDES)
    plain = "".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in turned)
    if len(plain) <= most:
        return plain
    return f"{plain[:most].rstrip()}… ({len(plain):,} characters in all)"


def address(path: str) -> str:
    """Return a place in the folder as a relative address: no character of it means anything."""
    return quote(path, safe="/")


def size_text(count: int) -> str:
    """Return a size as people say it."""
    if count < 10_000:
        return f"{count:,} bytes"
    return f"{count / 1_000:,.0f} kB" if count < _MIB else f"{count / 1e6:,.1f} MB"
