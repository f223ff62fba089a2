"""What a kind of file cannot hold, said before anything is written; nothing is ever cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from mixmaster.audio.tags.fields import (
    ID3_KINDS,
    is_date,
    is_genre_number,
    texts_of,
)
from mixmaster.audio.tags.values import Kind, Picture, Tags, mistyped

_LONGEST_TEXT_BYTES = 1 << 20
_MOST = 0xFFFF  # MPEG-4's trkn and disk: 16 bits
_BLOCK_BYTES = (1 << 24) - 1  # FLAC's blocks say their length in 24 bits: RFC 9639, section 8.1
_PICTURE_BYTES = 16 << 20
_MOST_GAIN_DB = 100.0  # R128's 16 bits hold more
_MOST_PEAK = 1_000.0
_SHOWN = 40


def tag_problems(kind: Kind, tags: Tags, picture: Picture | None = None) -> tuple[str, ...]:
    """Return all that a kind of file cannot hold of tags and a picture; empty when it holds all.

    Args:
        kind: What kind of file.
        tags: What it is to say.
        picture: What it is to show.
    """
    wrong = mistyped(tags)
    if wrong:
        return wrong
    found = [*_texts(kind, tags), *_numbers(tags), *_gain(tags)]
    if picture is not None:
        size = len(picture.data)
        most = _BLOCK_BYTES - 1_024 if kind == "flac" else _PICTURE_BYTES
        if size > most:
            found.append(f"picture: {size} bytes; files of this kind hold {most} at most")
    return tuple(found)


def _texts(kind: Kind, tags: Tags) -> Iterator[str]:
    for field, values in texts_of(tags):
        for value in values:
            wrong = _unholdable(value, one_line=kind in ID3_KINDS and field.name != "comment")
            if wrong:
                yield f"{field.name}: {wrong} in '{visible(value)}'"
            if not value:
                yield f"{field.name}: one of the names is empty; leave it out"
        if field.name == "date" and not is_date(values[0]):
            yield f"date: '{visible(values[0])}' is none; write 2026, 2026-11 or 2026-11-20"
        if field.name == "genre" and kind in ID3_KINDS and is_genre_number(values[0]):
            genre = visible(values[0])
            yield f"genre: players take '{genre}' for a number of a list; write it in words"
        if sum(len(value.encode("utf-8", "replace")) for value in values) > _LONGEST_TEXT_BYTES:
            yield f"{field.name}: it is longer than 1 MB"


def _unholdable(text: str, *, one_line: bool) -> str:
    r"""Return what no file can hold of a text, or what these cannot.

    NUL ends a text in ID3, in INFO and for most players. ID3 forbids new lines in all but comments
    and the like (ID3v2.4 structure, section 4).
    """
    if "\0" in text:
        return "there is a NUL character"
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        return "there is half a surrogate pair, which is no character,"
    if one_line and ("\n" in text or "\r" in text):
        return "there is a new line, which only a comment may have,"
    return ""


def _numbers(tags: Tags) -> Iterator[str]:
    for one, all_of_them in (("track", "tracks"), ("disc", "discs")):
        number, count = getattr(tags, one), getattr(tags, all_of_them)
        for name, value in ((one, number), (all_of_them, count)):
            if value is not None and not 1 <= value <= _MOST:
                yield f"{name}: {value}; 1 to {_MOST} can be said"
        if number is None and count is not None:
            yield f"{all_of_them}: without '{one}' it cannot be said"
        elif number is not None and count is not None and number > count:
            yield f"{one}: {number} of {count}"


def _gain(tags: Tags) -> Iterator[str]:
    gain = tags.replay_gain
    if gain is None:
        return
    for name in ("track_gain_db", "album_gain_db"):
        value = getattr(gain, name)
        if value is not None and not abs(value) <= _MOST_GAIN_DB:
            yield f"replay_gain: {name} {value}; it is a gain of -100 to 100 dB"
    for name in ("track_peak", "album_peak"):
        value = getattr(gain, name)
        if value is not None and not 0.0 <= value <= _MOST_PEAK:
            yield f"replay_gain: {name} {value}; it is linear, 0 to {_MOST_PEAK:g}"


def visible(text: str) -> str:
    """Return a text's beginning, with escapes for all that is not seen or turns text round."""
    start = text[:_SHOWN]
    plain = "".join(
        c if c.isprintable() and unicodedata.category(c) != "Cf" else ascii(c)[1:-1] for c in start
    )
    return plain + ("..." if len(text) > _SHOWN else "")
