"""The release document: an album, an EP or a single, in the order in which it is heard."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import PrivateAttr

from mixmaster.documents.base import Document, Settings, items, parameter
from mixmaster.documents.finding import from_home
from mixmaster.documents.loading import load
from mixmaster.documents.origin import Origin

MOST_TRACKS = 999
MAIN = "main"
"""The track itself, among its versions."""


class Alternate(Settings):
    """Another version of a track that is released beside it."""

    name: str = parameter(
        ..., "What it is called in file names: instrumental, clean, tv, a_cappella."
    )
    version: str = parameter(
        "", "What it is called in tags, in place of its name: Instrumental, Radio Edit."
    )
    mix: str | None = parameter(
        None, "Its mix, mastered as the track is. Silent: the session's version of that name."
    )
    master: str | None = parameter(None, "Its approved master, instead of a mix.")
    isrc: str | None = parameter(None, "Its own ISRC: another version is another recording.")
    explicit: bool | None = parameter(
        None, "Whether its words are explicit; the track's if silent."
    )


class Snippet(Settings):
    """A promotional excerpt."""

    from_s: float | None = parameter(
        None, "Where it begins in the track, s; silent chooses the loudest part.", low=0.0
    )
    length_s: float | None = parameter(
        None, "How long it is, s; silent, as long as the target says.", low=3.0, high=600.0
    )


class MasterChoice(Settings):
    """How tracks are mastered."""

    preset: str | None = parameter(
        None, "The mastering preset: a name, or a .toml file from the document's folder on."
    )
    set: dict[str, Any] = parameter(
        {}, "Values laid over the preset, by address: insert.limiter.character = 'loud'."
    )


class Track(Settings):
    """One track: what it is made from, and what is said of it."""

    mix: str | None = parameter(None, "Its mix, a file that is mastered.")
    session: str | None = parameter(
        None, "Its session, a .toml file: mixed from its stems, then mastered."
    )
    master: str | None = parameter(
        None,
        "Its approved master: turned down, converted and encoded, but never limited again unless "
        "relimit says so.",
    )
    relimit: bool = parameter(
        False, "Whether an approved master may be limited again where a target needs that."
    )
    dialogue: str | None = parameter(
        None, "The dialogue's own stem, for targets that are measured on dialogue."
    )
    title: str = parameter(..., "Its title, without the version.")
    version: str = parameter("", "Its version: Live, Radio Edit, 2026 Remaster.")
    artist: str = parameter("", "Whose track it is; the album's artist if silent.")
    isrc: str | None = parameter(None, "Its ISRC, with or without hyphens.")
    writers: tuple[str, ...] = items("Who wrote it, one name each.", most=64)
    credits: tuple[str, ...] = items(
        "Who else took part, one line each, for the delivery notes: Bass: Jane Doe.", most=200
    )
    explicit: bool | None = parameter(
        None, "Whether its words are explicit; silent leaves that open."
    )
    genre: str = parameter("", "Its genre; the album's if silent.")
    gap_s: float | None = parameter(
        None,
        "Silence before it on a disc or record side, s: 0 joins it to the one before without a "
        "gap. 2 if silent, and never less before the first track of a CD.",
        low=0.0,
        high=60.0,
    )
    crossfade_s: float = parameter(
        0.0,
        "How long it overlaps with the one before on a disc or side, s; instead of a gap.",
        low=0.0,
        high=30.0,
    )
    crossfade_law: Literal["equal_power", "linear"] = parameter(
        "equal_power",
        "How that runs: equal_power for unlike music, linear for what is the same on both sides.",
    )
    level_offset_db: float = parameter(
        0.0,
        "How much louder it is than it would be otherwise, dB: an artist's choice that all "
        "targets in album mode keep.",
        low=-24.0,
        high=24.0,
    )
    outlier: bool = parameter(
        False, "Whether it is meant to stand out: an interlude, a live take. Nothing corrects it."
    )
    preset: str | None = parameter(
        None, "Its own mastering preset, in place of the album's; without the album's set."
    )
    set: dict[str, Any] = parameter(
        {}, "Values laid over its mastering preset, after the album's, by address."
    )
    side: str = parameter("", "The record side that it is cut on: A, B, C ...; chosen if silent.")
    versions: tuple[str, ...] = items(
        "Versions of its session that are released beside it: instrumental, tv.", most=32
    )
    alternate: tuple[Alternate, ...] = items(
        "Versions beside it, each with what is said of it.", most=32
    )
    snippet: Snippet = parameter(Snippet(), "Its promotional excerpt.")

    @property
    def source(self) -> str:
        """What it is made from, as the document names it; empty where it says nothing."""
        return self.mix or self.session or self.master or ""


class Cohere(Settings):
    """How the tracks are held together."""

    anchor: int | None = parameter(
        None, "The number of the track that the others are compared with; chosen if silent.", low=1
    )
    corrections: bool = parameter(
        False, "Whether the proposed corrections are made, as --cohere asks for."
    )
    signature: str | None = parameter(
        None, "An earlier album's signature, a .toml file, that this one is to match."
    )


class Disc(Settings):
    """What a CD is told beside the tracks."""

    dither: Literal["tpdf", "shaped"] = parameter(
        "tpdf", "How the disc is brought to 16 bits, once and last: shaped moves the noise up."
    )
    cd_text: bool = parameter(True, "Whether the fileset carries CD-Text.")
    master_id: str = parameter("", "What the plant is to call the master; not on the disc.")
    copy_permitted: bool = parameter(False, "Whether digital copies are permitted.")


class Vinyl(Settings):
    """What a record is told beside the tracks."""

    diameter_in: Literal[7, 10, 12] = parameter(12, "The record's diameter, inches.")
    speed_rpm: Literal[33, 45] = parameter(33, "Its speed; 33 is 33 1/3.")


class Album(Document):
    """A release: an album, an EP or a single."""

    max_bytes: ClassVar[int] = 4 * 1024 * 1024

    kind: Literal["release"] = parameter(..., "What the document is: release.")
    name: str = parameter("", "A short name for files, where the title is long.")
    title: str = parameter(..., "Its title, without the version.")
    version: str = parameter("", "Its version: Deluxe Edition, 2026 Remaster.")
    artist: str = parameter("", "Whose release it is; Various Artists for many.")
    upc: str | None = parameter(None, "Its UPC (12 digits) or EAN (13 digits).")
    label: str = parameter("", "Who releases it.")
    catalogue_number: str = parameter("", "The label's own number: ABC-001.")
    date: dt.date | None = parameter(None, "When it is released: 2026-11-20.")
    year: int | None = parameter(
        None, "The year alone, where there is no date.", low=1877, high=9999
    )
    genre: str = parameter("", "Its genre.")
    copyright: str = parameter("", "The (c) line: 2026 Some Label.")
    phonographic: str = parameter("", "The (p) line of the recordings: 2026 Some Label.")
    comment: str = parameter("", "A comment that goes into the tags.")
    art: str | None = parameter(
        None, "The cover, square, RGB, JPEG or PNG, from the document's folder on."
    )
    targets: tuple[str, ...] = items(
        "Where it goes: targets' names, or .toml files from the document's folder on.", most=32
    )
    loudness: Literal["target", "album", "track"] = parameter(
        "target",
        "album keeps the tracks' relations everywhere, track brings each one to the target's "
        "loudness; target leaves that to each target.",
    )
    name_template: str = parameter(
        "", "What files are called, in place of the targets' own templates."
    )
    master: MasterChoice = parameter(MasterChoice(), "How the tracks are mastered.")
    cohere: Cohere = parameter(Cohere(), "How the tracks are held together.")
    cd: Disc = parameter(Disc(), "What a CD is told.")
    vinyl: Vinyl = parameter(Vinyl(), "What a record is told.")
    track: tuple[Track, ...] = items("The tracks, in order.", most=MOST_TRACKS, least=1)

    _where: str = PrivateAttr("the release")

    @property
    def where(self) -> str:
        """The document, for errors."""
        return self._where

    @property
    def folder(self) -> Path:
        """The folder that its files are named from."""
        return self.origin.folder or Path()

    @property
    def dated(self) -> str:
        """The date as tags carry it: ``2026-11-20``, ``2026``, or nothing."""
        if self.date is not None:
            return self.date.isoformat()
        return "" if self.year is None else str(self.year)

    def read_from(self, where: str) -> Self:
        """Note what the document is called in errors; return it."""
        self._where = where
        return self

    def at(self, name: str) -> Path:
        """Return where a file lies that the document names: anywhere, it is the user's own word."""
        return self.folder / from_home(name)


def load_album(path: Path, overrides: tuple[str, ...] = ()) -> Album:
    """Return a release document; only its shape is checked, see `check_album` for the rest.

    Raises:
        DocumentError: With every problem of its shape.
    """
    album = load(Album, path, overrides=overrides)
    album.place(Origin(path.parent, album.origin.said, own=True))
    return album.read_from(str(path))
