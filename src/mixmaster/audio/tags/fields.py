"""The one declaration of fields: how each kind of file names what it says.

ID3 is written as version 2.4 (id3.org, *ID3 tag version 2.4.0*, 2000): several writers are parted
by NUL, where 2.3 parts them by a slash that names hold, too, and the ℗ line (TPRO) and dates to the
day (TDRC) exist in 2.4 alone. It is what FFmpeg and mutagen write unless told otherwise, and what
Microsoft's table of ID3 attributes and iTunes know; some old players read 2.3 alone.

Vorbis comments: xiph.org, *Ogg Vorbis I format specification: comment field*, for FLAC by RFC 9639,
section 8.6, for Opus by RFC 7845, section 5.2. MPEG-4: the atoms of iTunes, and what it has none
for as ``----:com.apple.iTunes:<name>``. RIFF INFO: Microsoft/IBM RIFF MCI specification (1991); its
ISRC means *source*, so that the code is not among them. Names without a standard (BARCODE,
CATALOGNUMBER, ITUNESADVISORY) are those that taggers agree on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mixmaster.audio.tags.values import Kind, ReplayGain, Tags

FREEFORM = "----:com.apple.iTunes:"
ID3_KINDS: frozenset[Kind] = frozenset({"wav", "aiff", "mp3"})
VORBIS_KINDS: frozenset[Kind] = frozenset({"flac", "opus", "vorbis"})


@dataclass(frozen=True, slots=True)
class Text:
    """A field that is text everywhere.

    Attributes:
        name: Of the field in `Tags`.
        id3: The frame; of TXXX with its description: ``TXXX:BARCODE``.
        vorbis: The comment's name.
        mp4: The atom.
        info: The RIFF INFO chunk; none where INFO has none.
    """

    name: str
    id3: str
    vorbis: str
    mp4: str
    info: str = ""


TEXTS = (
    Text("title", "TIT2", "TITLE", "\xa9nam", "INAM"),
    Text("artist", "TPE1", "ARTIST", "\xa9ART", "IART"),
    Text("album", "TALB", "ALBUM", "\xa9alb", "IPRD"),
    Text("album_artist", "TPE2", "ALBUMARTIST", "aART"),
    Text("isrc", "TSRC", "ISRC", FREEFORM + "ISRC"),
    Text("upc", "TXXX:BARCODE", "BARCODE", FREEFORM + "BARCODE"),
    Text("date", "TDRC", "DATE", "\xa9day", "ICRD"),
    Text("genre", "TCON", "GENRE", "\xa9gen", "IGNR"),
    Text("writers", "TCOM", "COMPOSER", "\xa9wrt"),
    Text("label", "TPUB", "LABEL", FREEFORM + "LABEL"),
    Text("catalogue_number", "TXXX:CATALOGNUMBER", "CATALOGNUMBER", FREEFORM + "CATALOGNUMBER"),
    Text("copyright", "TCOP", "COPYRIGHT", "cprt", "ICOP"),
    Text("phonographic", "TPRO", "PHONOGRAPHIC", FREEFORM + "PHONOGRAPHIC"),
    Text("version", "TIT3", "VERSION", FREEFORM + "SUBTITLE"),
    Text("comment", "COMM", "COMMENT", "\xa9cmt", "ICMT"),
)
"""Text fields; ``writers`` has several values in one."""

EXPLICIT = "ITUNESADVISORY"  # 1 explicit, 0 not; MPEG-4 has the atom rtng with the same numbers
_REPLAYGAIN = {
    "track_gain_db": "REPLAYGAIN_TRACK_GAIN",
    "track_peak": "REPLAYGAIN_TRACK_PEAK",
    "album_gain_db": "REPLAYGAIN_ALBUM_GAIN",
    "album_peak": "REPLAYGAIN_ALBUM_PEAK",
}
_R128 = {"track_gain_db": "R128_TRACK_GAIN", "album_gain_db": "R128_ALBUM_GAIN"}
_R128_BELOW_DB = 5.0  # ReplayGain aims at -18 LUFS, R128 at -23
_R128_STEPS = 256  # RFC 7845, section 5.2.1: a signed Q7.8 number
INFO_TRACK = "IPRT"


def gain_texts(kind: Kind, gain: ReplayGain) -> Iterator[tuple[str, str]]:
    """Yield the names and texts of loudness tags: R128 in Opus, ReplayGain 2 elsewhere.

    Opus files must not carry ReplayGain's own (RFC 7845, section 5.2.1), and have no peak.
    """
    for field, name in (_R128 if kind == "opus" else _REPLAYGAIN).items():
        value = getattr(gain, field)
        if value is None:
            continue
        if kind == "opus":
            yield name, str(r128(value))
        elif field.endswith("_db"):
            yield name, f"{value:z.2f} dB"
        else:
            yield name, f"{value:.6f}"


def gain_from_texts(kind: Kind, texts: dict[str, str]) -> ReplayGain | None:
    """Return the loudness tags among texts by their upper-case names; None without a track's.

    Raises:
        ValueError: For what is no number.
    """
    found: dict[str, float] = {}
    for field, name in (_R128 if kind == "opus" else _REPLAYGAIN).items():
        text = texts.get(name)
        if text is None:
            continue
        if kind == "opus":
            found[field] = int(text) / _R128_STEPS + _R128_BELOW_DB
        else:
            found[field] = float(text.removesuffix(" dB"))
    if "track_gain_db" not in found:
        return None
    return ReplayGain(**found)


def gain_names(kind: Kind) -> frozenset[str]:
    """Return the names of the loudness tags that a kind of file has."""
    return frozenset((_R128 if kind == "opus" else _REPLAYGAIN).values())


def r128(gain_db: float) -> int:
    """Return an R128 gain, to -23 LUFS in steps of 1/256 dB, from ReplayGain's, to -18 LUFS."""
    return round(_R128_STEPS * (gain_db - _R128_BELOW_DB))


def held(kind: Kind, tags: Tags) -> Tags:
    """Return tags as a kind of file holds them: gains rounded as they are written.

    Holding twice changes nothing. WAV is taken with its ``id3`` chunk, which holds all.
    """
    if tags.replay_gain is None:
        return tags
    texts = dict(gain_texts(kind, tags.replay_gain))
    return replace(tags, replay_gain=gain_from_texts(kind, texts))


def info_tags(tags: Tags) -> Tags:
    """Return what of some tags RIFF INFO can say."""
    names = {field.name for field in TEXTS if field.info}
    return Tags(track=tags.track, **{name: getattr(tags, name) for name in names})


_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_GENRE_NUMBER = re.compile(r"\d+|RX|CR|\((\d+|RX|CR)\).*", re.DOTALL)


def texts_of(tags: Tags) -> Iterator[tuple[Text, tuple[str, ...]]]:
    """Yield the text fields that say something, with their values."""
    for field in TEXTS:
        value = getattr(tags, field.name)
        values = value if isinstance(value, tuple) else (value,)
        if value:
            yield field, values


def is_date(text: str) -> bool:
    """Return whether a text is ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``."""
    return _DATE.fullmatch(text) is not None and text.isascii()


def is_genre_number(text: str) -> bool:
    """Return whether ID3 readers would take a genre's name for a number of ID3v1's list."""
    return _GENRE_NUMBER.fullmatch(text) is not None
