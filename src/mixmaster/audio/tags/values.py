"""What a file says about itself: its tags, its picture, and what was found of them."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from mixmaster.errors import UsageError
from mixmaster.results import Result

Mime = Literal["image/jpeg", "image/png"]
Kind = Literal["wav", "aiff", "flac", "mp3", "m4a", "opus", "vorbis"]
"""What carries tags: each kind has its own way of saying them."""


@dataclass(frozen=True, slots=True)
class ReplayGain(Result):
    """What ReplayGain 2 players are told.

    Source: ReplayGain 2.0 specification: a gain is -18 LUFS less the loudness, the peak is linear.

    Attributes:
        track_gain_db: To -18 LUFS, for the track by itself.
        track_peak: The track's true peak, linear: 1 is full scale. None where it is not said.
        album_gain_db: To -18 LUFS, for the album as a whole; None without an album.
        album_peak: The album's true peak, linear; None where it is not said.
    """

    track_gain_db: float
    track_peak: float | None = None
    album_gain_db: float | None = None
    album_peak: float | None = None


@dataclass(frozen=True, slots=True)
class Tags(Result):
    """What a file says about the recording in it.

    An empty text, None and an empty tuple all mean that nothing is said. Texts are carried as they
    are, to the last space; what a format cannot carry is refused when it is written.

    Attributes:
        title: The track's title, without its version.
        artist: Who is named as performing it.
        album: The release's title.
        album_artist: Whom the release is filed under.
        track: The track's number on its disc, from 1.
        tracks: How many tracks the disc has.
        disc: The disc's number, from 1.
        discs: How many discs there are.
        isrc: The recording's code, twelve characters without hyphens.
        upc: The release's UPC or EAN, digits.
        date: When it was or will be released: ``2026``, ``2026-11`` or ``2026-11-20``.
        genre: The genre.
        writers: Who wrote it, one name an entry; players show them as composers.
        label: Who releases it.
        catalogue_number: The label's number.
        copyright: The © line, such as ``2026 Blue Hour Records``.
        phonographic: The ℗ line.
        explicit: Whether the words are explicit; None where nothing is said.
        version: Which version of the title: ``Radio Edit``, ``Instrumental``.
        comment: Anything else; the only text of more than one line.
        replay_gain: What players are told about the loudness.
    """

    title: str = ""
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    track: int | None = None
    tracks: int | None = None
    disc: int | None = None
    discs: int | None = None
    isrc: str = ""
    upc: str = ""
    date: str = ""
    genre: str = ""
    writers: tuple[str, ...] = ()
    label: str = ""
    catalogue_number: str = ""
    copyright: str = ""
    phonographic: str = ""
    explicit: bool | None = None
    version: str = ""
    comment: str = ""
    replay_gain: ReplayGain | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tags:
        """Return the tags that `to_json` gave.

        Raises:
            UsageError: For anything else, naming the key.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(data) - known)
        if unknown:
            raise UsageError("tags", f"there is no field '{unknown[0]}'", ", ".join(sorted(known)))
        values = dict(data)
        try:
            values["writers"] = tuple(values.get("writers", ()))
            gain = values.get("replay_gain")
            values["replay_gain"] = None if gain is None else ReplayGain(**gain)
        except TypeError as error:
            raise UsageError("tags", f"these are no tags: {error}") from error
        tags = cls(**values)
        wrong = mistyped(tags)
        if wrong:
            raise UsageError("tags", wrong[0])
        return tags


def mistyped(tags: Tags) -> tuple[str, ...]:
    """Return what is of a wrong type, each named: what came from outside is not taken on trust."""
    wrong = []
    for field in fields(tags):
        value = getattr(tags, field.name)
        if field.type == "str":
            right = isinstance(value, str)
        elif field.type == "int | None":
            right = value is None or (isinstance(value, int) and not isinstance(value, bool))
        elif field.type == "bool | None":
            right = value is None or isinstance(value, bool)
        elif field.name == "writers":
            right = isinstance(value, tuple) and all(isinstance(name, str) for name in value)
        else:
            right = value is None or isinstance(value, ReplayGain)
        if not right:
            wrong.append(f"{field.name} is {value!r:.60}; it should be {field.type}")
    return tuple(wrong)


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a release, as it goes into files.

    Attributes:
        data: The JPEG or PNG file, byte for byte.
        mime: ``image/jpeg`` or ``image/png``.
        width: In pixels.
        height: In pixels.

    Raises:
        UsageError: For data that does not begin as its kind does, or sizes below a pixel.
    """

    data: bytes
    mime: Mime
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.mime not in _MAGIC:
            raise UsageError("picture", f"it is {self.mime!r}", "JPEG and PNG go into audio files")
        if not self.data.startswith(_MAGIC[self.mime]):
            raise UsageError("picture", f"its bytes are not those of {self.mime}")
        if self.width < 1 or self.height < 1:
            raise UsageError("picture", f"it is {self.width} by {self.height} pixels")
        if self.mime == "image/png" and len(self.data) >= 24:
            said = struct.unpack(">II", self.data[16:24])
            if said != (self.width, self.height):
                reason = f"it says {said[0]} by {said[1]} pixels, not {self.width} by {self.height}"
                raise UsageError("picture", reason)

    @property
    def sha256(self) -> str:
        """The hash of its bytes."""
        return hashlib.sha256(self.data).hexdigest()


_MAGIC = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}


@dataclass(frozen=True, slots=True)
class View(Result):
    """What one more reader, or one more place in the file, says.

    Attributes:
        where: Whose word it is: ``FFmpeg``, ``RIFF INFO``.
        values: Texts by the names of `Tags`' fields, of all that it knows; empty for none.
        picture_sha256: Of its picture; None without one, or where it does not read pictures.
        reads_pictures: Whether it would have seen one.
    """

    where: str
    values: dict[str, str]
    picture_sha256: str | None = None
    reads_pictures: bool = False


@dataclass(frozen=True, slots=True)
class TagsFound(Result):
    """What was read back from a file.

    Attributes:
        kind: What kind of file it is.
        tags: All that it says.
        picture_sha256: The hash of its front cover's bytes; None without one.
        reader: Who read it, never who wrote it.
        views: What others say of the same file; `differences` holds all of them to it.
    """

    kind: Kind
    tags: Tags
    picture_sha256: str | None
    reader: str
    views: tuple[View, ...] = ()
