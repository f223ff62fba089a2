"""The record of a release: what every file in its folder is, and what it must keep to.

``release.json`` is written last and lies in the folder. With it alone the folder can be proven
again, anywhere and later; so it holds nothing that differs between two builds of one album (no
time, no host, no path outside), and whoever reads it trusts nothing in it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal, Self, TypeGuard

from pydantic import Field, JsonValue, field_validator, model_validator

from mixmaster.audio.bext import Broadcast, broadcast_problems
from mixmaster.audio.formats import LOSSY, Container
from mixmaster.audio.tags.values import Tags
from mixmaster.documents.base import MisfitError, Settings, items, parameter
from mixmaster.errors import Problem, UsageError
from mixmaster.mixing.prints.file_names import folded
from mixmaster.release.proof.places import wrong_with

SCHEMA = "mixmaster/release/1"
RECORD_NAME = "release.json"

MAX_FILES = 20_000
MAX_TRACKS = 999
MAX_FRAMES = 768_000 * 86_400
"""A day at the highest rate: no file of a release is longer."""

_MAX_TEXT = 65_536

Text = Annotated[str, Field(max_length=_MAX_TEXT)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

FileKind = Literal["master", "version", "snippet", "disc", "vinyl", "art", "page", "document"]
"""What a file is for. ``disc`` and ``vinyl`` are sound and sheets alike; ``document`` is a list or
text for machines."""


class TrackRecord(Settings):
    """A track, as the album document says it."""

    number: int = parameter(..., "Its place on the album, from 1.", low=1, high=MAX_TRACKS)
    title: Text = parameter(..., "Its title.")
    version: Text = parameter("", "Which version of the song it is: Live, Radio edit.")
    artist: Text = parameter("", "Its artist, where not the album's.")
    isrc: Text = parameter("", "Its ISRC, without hyphens.")
    writers: tuple[Text, ...] = items("Who wrote it.", most=500)
    credits: tuple[Text, ...] = items("Who else took part, as lines.", most=500)
    explicit: bool | None = parameter(None, "Whether it is explicit; None: not said.")
    gap_s: float = parameter(0.0, "The silence after it on a disc, s.", low=0.0, high=600.0)
    duration_s: float = parameter(..., "Its length, seconds.", low=0.0, high=86_400.0)


class AlbumRecord(Settings):
    """The album, as its document says it."""

    title: Text = parameter(..., "Its title.")
    artist: Text = parameter(..., "Its artist.")
    version: Text = parameter("", "Such as Deluxe edition.")
    upc: Text = parameter("", "Its UPC or EAN, digits.")
    label: Text = parameter("", "Its label.")
    catalogue_number: Text = parameter("", "The label's number.")
    date: Text = parameter("", "The day or year of its release, YYYY-MM-DD or YYYY.")
    genre: Text = parameter("", "Its genre.")
    copyright: Text = parameter("", "The (C) line.")
    phonographic: Text = parameter("", "The (P) line.")
    tracks: tuple[TrackRecord, ...] = items("In order.", most=MAX_TRACKS)


class AudioRecord(Settings):
    """What a sound file must be when it is opened."""

    container: Container = parameter(..., "The format.")
    sample_rate_hz: int = parameter(..., "Its rate.", low=8_000, high=768_000)
    channels: int = parameter(..., "Its channels.", low=1, high=64)
    frames: int = parameter(
        ..., "Its length when decoded, exactly, at its rate.", low=1, high=MAX_FRAMES
    )
    bit_depth: Literal[16, 24, 32] | None = parameter(
        None, "16, 24, or 32 for float; None for lossy formats."
    )
    bitrate_kbps: int | None = parameter(
        None, "The bit rate that was asked for; None for lossless formats.", low=8, high=2_000
    )
    samples_sha256: Sha256 | None = parameter(
        None,
        "Of the decoded samples as little-endian float32, frame by frame; None for lossy formats, "
        "whose decoders differ in the last bits.",
    )

    @property
    def lossy(self) -> bool:
        """Whether its samples are only near those that were encoded."""
        return self.container in LOSSY

    @property
    def duration_s(self) -> float:
        """Its length in seconds."""
        return self.frames / self.sample_rate_hz


class LimitsRecord(Settings):
    """What a sound file must keep to; what is None is measured, but not judged."""

    integrated_lufs: float | None = parameter(None, "Its loudness, LUFS.", low=-70.0, high=5.0)
    tolerance_lu: float = parameter(0.1, "How far from it the file may be.", low=0.0, high=20.0)
    true_peak_dbtp: float | None = parameter(
        None, "The ceiling of the decoded signal, dBTP.", low=-70.0, high=20.0
    )
    max_short_term_lufs: float | None = parameter(
        None, "The loudest 3 seconds, LUFS.", low=-70.0, high=5.0
    )
    max_loudness_range_lu: float | None = parameter(
        None, "The widest loudness range, LU.", low=0.0, high=100.0
    )
    max_clipped_runs: int | None = parameter(
        None, "Runs of samples that are flat at the top.", low=0
    )
    max_silence_head_s: float | None = parameter(
        None, "The longest silence at the beginning, seconds.", low=0.0
    )
    max_silence_tail_s: float | None = parameter(
        None, "The longest silence at the end, seconds.", low=0.0
    )
    max_dc_offset: float | None = parameter(
        None, "The largest mean of a channel, as a share of full scale.", low=0.0, high=1.0
    )
    min_duration_s: float | None = parameter(None, "The shortest length, seconds.", low=0.0)
    plain_wav: bool = parameter(
        False, "Whether the WAV must have format tag 1 and nothing behind its samples."
    )


class FiguresRecord(Settings):
    """What was measured on a finished file, decoded; None where there is no such figure."""

    integrated_lufs: float | None = parameter(None, "Integrated loudness, LUFS.")
    loudness_range_lu: float | None = parameter(None, "Loudness range, LU.")
    max_momentary_lufs: float | None = parameter(None, "The loudest 400 ms, LUFS.")
    max_short_term_lufs: float | None = parameter(None, "The loudest 3 seconds, LUFS.")
    true_peak_dbtp: float | None = parameter(None, "True peak, dBTP.")
    sample_peak_dbfs: float | None = parameter(None, "The largest sample, dBFS.")
    clipped_runs: int | None = parameter(None, "Runs of samples that are flat at the top.", low=0)
    silence_head_s: float | None = parameter(None, "Silence before the first sound, s.", low=0.0)
    silence_tail_s: float | None = parameter(None, "Silence after the last sound, s.", low=0.0)
    dc_offset: float | None = parameter(
        None, "The largest mean of a channel, as a share of full scale.", low=0.0
    )
    reasons: dict[Text, Text] = parameter({}, "Why a figure does not exist.")


class FileRecord(Settings):
    """One file of the release."""

    path: Text = parameter(..., "Where it lies in the folder, with / between the parts.")
    sha256: Sha256 = parameter(..., "Of its bytes.")
    bytes: int = parameter(..., "Its size.", low=0, high=1 << 50)
    kind: FileKind = parameter(..., "What it is for.")
    target: Text = parameter("", "The target that it is for, by id; empty for the whole release.")
    track: int | None = parameter(None, "The track's number.", low=1, high=MAX_TRACKS)
    version: Text = parameter("", "Which version of the mix it is: empty for the master.")
    audio: AudioRecord | None = parameter(None, "What it must be when it is opened.")
    limits: LimitsRecord = parameter(LimitsRecord(), "What it must keep to.")
    figures: FiguresRecord | None = parameter(None, "What was measured when it was made.")
    tags: dict[str, JsonValue] | None = parameter(
        None,
        "The tags that it must have, as mixmaster.audio.tags.values.Tags says them; None where "
        "tags are not looked at.",
    )
    picture_sha256: Sha256 | None = parameter(None, "The hash of the picture in its tags.")
    broadcast: dict[str, JsonValue] | None = parameter(
        None,
        "What its bext chunk must say, as mixmaster.audio.bext.Broadcast says it; its loudness is "
        "held to the file's own.",
    )
    notes: tuple[Text, ...] = items("What had to be said when it was made.", most=1_000)
    key: Text = parameter("", "What identifies how it was made: the same key, the same bytes.")
    made_from: dict[str, JsonValue] = parameter(
        {}, "The master it is of and what was done, for making it again."
    )

    @field_validator("path")
    @classmethod
    def _is_inside(cls, path: str) -> str:
        if wrong := wrong_with(path):
            raise ValueError(wrong)
        return path

    @field_validator("tags")
    @classmethod
    def _are_tags(cls, tags: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
        if tags is not None:
            expected_tags(tags)
        return tags

    @field_validator("broadcast")
    @classmethod
    def _is_broadcast(cls, said: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
        if said is not None:
            expected_broadcast(said)
        return said

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = ("tags", "picture_sha256", "figures", "broadcast")
        said = [name for name in names if getattr(self, name) is not None]
        if self.audio is None and said:
            reason = f"is missing, but {', '.join(said)} can only be of a sound file"
            raise MisfitError([Problem("audio", reason)])
        return self


def expected_tags(table: Mapping[str, JsonValue]) -> Tags:
    """Return the tags that a record says.

    Raises:
        ValueError: For what are no tags.
    """
    gain = table.get("replay_gain")
    if gain is not None and not (
        isinstance(gain, dict)
        and all(v is None or (_is_number(v) and math.isfinite(v)) for v in gain.values())
        and gain.get("track_gain_db") is not None
    ):
        raise ValueError("replay_gain: its gains and peaks are numbers")
    try:
        return Tags.from_json(table)
    except UsageError as error:
        raise ValueError(error.reason) from error


def expected_broadcast(table: Mapping[str, JsonValue]) -> Broadcast:
    """Return the ``bext`` chunk that a record says.

    Raises:
        ValueError: For what is none.
    """
    values: dict[str, Any] = dict(table)
    for field in fields(Broadcast):
        value = values.get(field.name, field.default)
        kinds = {"str": isinstance(value, str), "int": type(value) is int}
        if not kinds.get(str(field.type), value is None or _is_number(value)):
            raise ValueError(f"{field.name} should be {field.type}")
    try:
        broadcast = Broadcast(**values)
        problems = broadcast_problems(broadcast)
    except (TypeError, OverflowError) as error:
        raise ValueError(f"it is no bext chunk: {error}") from error
    if problems:
        raise ValueError("; ".join(problems))
    return broadcast


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


class TargetRecord(Settings):
    """A target as it was when the release was built."""

    id: Text = parameter(..., "What files call it: spotify.")
    name: Text = parameter(..., "What people call it.")
    policy: Literal["album", "track", "as_is"] = parameter(
        "as_is",
        "album: the tracks' relations are kept; track: each has the target's loudness; as_is: as "
        "they are.",
    )
    format: Text = parameter("", "The files' format in words: FLAC 24 bit / 44.1 kHz.")
    integrated_lufs: float | None = parameter(None, "The loudness asked for.")
    true_peak_dbtp: float | None = parameter(None, "The ceiling asked for.")
    source: Text = parameter("", "Where its figures come from.")
    checked: Text = parameter("", "When they were last checked, YYYY-MM-DD.")
    notes: tuple[Text, ...] = items("What was done for it, and what could not be.", most=1_000)


class ReleaseRecord(Settings):
    """A release: what ``release.json`` says."""

    album: AlbumRecord = parameter(..., "The album.")
    targets: tuple[TargetRecord, ...] = items("Where it goes, in order.", most=256)
    files: tuple[FileRecord, ...] = items(
        "Every file in the folder but release.json itself.", most=MAX_FILES
    )
    levels: dict[str, JsonValue] = parameter(
        {}, "The album's frozen levels by target: rebuilding one track changes no other."
    )
    coherence: dict[str, JsonValue] = parameter({}, "How the album's tracks compare.")
    done: tuple[Text, ...] = items("What was done, in sentences.", most=10_000)
    not_done: tuple[Text, ...] = items("What could not be done, and why.", most=10_000)
    versions: dict[Text, Text] = parameter({}, "The versions of everything that shapes the sound.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = [*_twice(self.files), *_unknown(self)]
        # Here, since a list's own least length is also told of where one of its items is wrong.
        lists = {"files": self.files, "album.tracks": self.album.tracks}
        problems += [Problem(key, "must have one at least") for key, of in lists.items() if not of]
        numbers = Counter(track.number for track in self.album.tracks)
        problems += [
            Problem("album.tracks", f"track {number} is there {count} times")
            for number, count in numbers.items()
            if count > 1
        ]
        if problems:
            raise MisfitError(problems)
        return self


def _twice(files: tuple[FileRecord, ...]) -> list[Problem]:
    """Return places that are one file on some system."""
    seen: dict[str, str] = {folded(RECORD_NAME): RECORD_NAME}
    problems = []
    for i, file in enumerate(files):
        other = seen.setdefault(folded(file.path), file.path)
        if other is not file.path:
            problems.append(Problem(f"files.{i}.path", f"is the same as {other!r} on some systems"))
    return problems


def _unknown(record: ReleaseRecord) -> list[Problem]:
    targets = {target.id for target in record.targets}
    tracks = {track.number for track in record.album.tracks}
    problems = []
    for i, file in enumerate(record.files):
        if file.target and file.target not in targets:
            problems.append(Problem(f"files.{i}.target", f"is no target: {file.target[:80]!r}"))
        if file.track is not None and file.track not in tracks:
            problems.append(Problem(f"files.{i}.track", f"is no track: {file.track}"))
    return problems
