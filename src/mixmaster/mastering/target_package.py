"""What a place wants beside the sound: tags, art, names, lengths; a target's ``[package]``."""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import model_validator

from mixmaster.documents.base import MisfitError, Settings, items, parameter
from mixmaster.errors import Problem
from mixmaster.mixing.prints.file_names import TemplateError, check_template

PackageField = Literal[
    "title",
    "artist",
    "album",
    "isrc",
    "upc",
    "label",
    "catalogue_number",
    "date",
    "genre",
    "copyright",
    "phonographic",
    "writers",
    "explicit",
    "art",
]
"""What a place may ask of a release, by the names of the release document."""

FIELDS: Final = {
    "artist": "whose track it is",
    "album": "the album's title",
    "album_artist": "whose album it is",
    "title": "the track's title, its version in brackets behind it: Song (Live)",
    "track": "its number on the album, in two digits: 03",
    "version": "the version alone: Live, Radio Edit; of alternates what they are: Instrumental",
    "isrc": "its ISRC",
    "upc": "the album's UPC or EAN",
    "catalogue": "the label's number",
    "target": "the target's name: spotify",
    "rate": "the sample rate in kHz: 48, 44.1",
    "bits": "16 or 24, and 32f for float; of lossy files the bit rate: 320k",
}
"""What a name template may say, and what that is."""


class ArtRule(Settings):
    """What a place asks of the cover."""

    least_px: int = parameter(
        1_400, "The shortest side that it takes, pixels.", low=1, high=100_000
    )
    most_px: int | None = parameter(
        None, "The longest side that it takes, pixels.", low=1, high=100_000
    )
    formats: tuple[Literal["jpeg", "png"], ...] = items(
        "The formats that it takes; both if silent.", most=2
    )
    most_bytes: int | None = parameter(None, "The largest file that it takes.", low=1_000)
    embed: bool = parameter(False, "Whether the cover goes into every file.")
    embed_px: int | None = parameter(
        None,
        "The longest side of what is put into files; a larger cover is made smaller there.",
        low=100,
        high=10_000,
    )
    beside: bool = parameter(False, "Whether the cover is delivered beside the files.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.most_px is not None and self.most_px < self.least_px:
            reason = f"is {self.most_px}, but least_px is {self.least_px}"
            raise MisfitError([Problem("most_px", reason, "no picture could be both")])
        return self


class Package(Settings):
    """How a release is delivered to a place."""

    loudness: Literal["album", "track", "as_is"] = parameter(
        "album",
        "album keeps the tracks' relations, the loudest at the target's loudness; track brings "
        "each one there; as_is changes no level but for the ceiling.",
    )
    needs: tuple[PackageField, ...] = items("What it does not take a release without.", most=32)
    wants: tuple[PackageField, ...] = items("What it asks for, but can do without.", most=32)
    tags: bool = parameter(
        True,
        "Whether files carry tags; places that are given a list or a form take them without, and "
        "a plain WAV never carries any.",
    )
    bext: bool = parameter(
        False, "Whether a WAV carries a bext chunk, version 2, with its measured loudness."
    )
    replay_gain: bool = parameter(
        False, "Whether files say how loud they are: ReplayGain 2, or R128 gains in Opus."
    )
    art: ArtRule | None = parameter(None, "What it asks of the cover; silent: it takes none.")
    name_template: str = parameter(
        "{track} {artist} - {title}",
        "What files are called: fields are "
        + ", ".join(f"{{{name}}}" for name in FIELDS)
        + "; slashes make folders.",
    )
    longest_silence_s: float | None = parameter(
        None, "The longest silence that it takes at either end of a file, s.", low=0.0, high=600.0
    )
    shortest_s: float | None = parameter(
        None, "The shortest track that it takes, s.", low=0.0, high=3_600.0
    )
    alternates: bool = parameter(
        False, "Whether versions beside the tracks are delivered, too: instrumental, clean, tv."
    )
    snippet_s: float | None = parameter(
        None,
        "It is given excerpts of this length, s, instead of whole tracks.",
        low=3.0,
        high=600.0,
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = []
        twice = [field for field in self.wants if field in self.needs]
        if twice:
            reason = f"{', '.join(twice)} is needed already"
            problems.append(Problem("wants", reason, "say it once"))
        if "art" in (*self.needs, *self.wants) and self.art is None:
            problems.append(Problem("art", "is asked for, but not described", "add [package.art]"))
        try:
            check_template(self.name_template, FIELDS)
        except TemplateError as error:
            problems.append(Problem("name_template", error.reason, error.hint))
        if problems:
            raise MisfitError(problems)
        return self
