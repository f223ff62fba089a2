"""The session: one song. Its stems, tempo and preset, and all that this song has of its own."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import PrivateAttr, StringConstraints, model_validator

from mixmaster.documents.automation import AutomationLane
from mixmaster.documents.base import Document, MisfitError, Settings, items, parameter
from mixmaster.documents.tempo import MAX_TEMPO_BPM, MIN_TEMPO_BPM, TempoMap
from mixmaster.errors import Problem
from mixmaster.mixing.preset import Name, Version
from mixmaster.mixing.prints.file_names import (
    DEFAULT_TEMPLATE,
    FIELDS,
    TemplateError,
    check_template,
)
from mixmaster.mixing.regions.declared import MOST_REGIONS, Region, RegionMode

TimeSignature = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]?/(1|2|4|8|16|32)$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class SessionStem(Settings):
    """One stem: what it is, and what its file was when the session was written."""

    file: str = parameter(..., "The file, from the session's folder on.")
    name: str | None = parameter(
        None,
        "What it is called in this song, instead of its file: the name finds its strip and stands "
        "in reports.",
    )
    role: str | None = parameter(
        None, "What it is: a role such as kick, which the preset has a strip for."
    )
    strip: str | None = parameter(
        None, "The preset's strip that it goes to, whatever its name; instead of a role."
    )
    use: bool = parameter(True, "false leaves it out of the song.")
    trim_db: float = parameter(
        0.0,
        "Gain before its strip, dB, on top of what gain staging does: its balance with the other "
        "stems of the strip.",
        low=-60.0,
        high=60.0,
    )
    polarity: bool = parameter(False, "Turn it upside down before its strip.")
    delay_ms: float = parameter(
        0.0, "Delay before its strip, ms: to line up microphones.", low=0.0, high=1000.0
    )
    pan: float | None = parameter(
        None,
        "Where it lies, -1 left to +1 right; where its strip puts it if silent.",
        low=-1.0,
        high=1.0,
    )
    region_mode: RegionMode = parameter(
        "fix",
        "What plays where no region lies: fix, the stem itself, so that regions are repairs laid "
        "over it; comp, nothing, so that the stem is what its regions put together.",
    )
    region: tuple[Region, ...] = items(
        "Pieces of the stem or of other takes of it, placed in its time.", most=MOST_REGIONS
    )
    notes: str = parameter("", "What is worth knowing of it.")
    duration_s: float | None = parameter(
        None, "Its length when the session was written, s.", low=0.0
    )
    sample_rate_hz: int | None = parameter(
        None, "Its rate when the session was written, Hz.", low=1, high=768_000
    )
    sha256: Sha256 | None = parameter(
        None,
        "The SHA-256 of its file when the session was written: finds it again when it is renamed, "
        "and tells when it has changed.",
    )

    @model_validator(mode="after")
    def _one_home(self) -> Self:
        if self.role is not None and self.strip is not None:
            raise MisfitError([Problem("role", "a strip is named, too", "one of them is enough")])
        return self


class Mastering(Settings):
    """How the song is mastered where the command line does not say."""

    preset: str | None = parameter(
        None, "The mastering preset: a name, or a .toml file from the session's folder on."
    )
    targets: tuple[str, ...] = items("Where it goes: targets' names or .toml files.", most=32)
    set: dict[str, Any] = parameter(
        {}, "Values laid over the mastering preset, by address: insert.limiter.character = 'loud'."
    )


class Session(Document):
    """One song."""

    max_bytes: ClassVar[int] = 4 * 1024 * 1024
    """Automation from elsewhere may have thousands of points."""

    kind: Literal["session"] = parameter(..., "What the document is: session.")
    name: str = parameter("", "A short name for files, where the title is long.")
    title: str = parameter(..., "The song's title.")
    artist: str = parameter("", "Whose song it is.")
    notes: str = parameter("", "What is worth knowing of the song: who, where, what is wanted.")
    preset: str = parameter(
        ..., "The mix preset: a name, or a .toml file from the session's folder on."
    )
    tempo_bpm: float | None = parameter(
        None,
        "The tempo, quarter notes a minute, where one holds throughout; the preset's if silent.",
        low=MIN_TEMPO_BPM,
        high=MAX_TEMPO_BPM,
    )
    time_signature: TimeSignature | None = parameter(
        None, "The metre, such as 4/4, 3/4 or 6/8, where one holds throughout; 4/4 if silent."
    )
    tempo_map: TempoMap | None = parameter(
        None, "Tempo and metre where they change, instead of tempo_bpm and time_signature."
    )
    sample_rate_hz: int | None = parameter(
        None,
        "The session's rate, Hz; the highest among the stems if silent.",
        low=8_000,
        high=768_000,
    )
    stems: tuple[str, ...] = items(
        "Where the stems lie: folders, files and globs, from the session's folder on.", most=1024
    )
    stem: tuple[SessionStem, ...] = items(
        "What is known of single stems; those that none of them names find their strips by name.",
        most=1024,
    )
    set: dict[str, Any] = parameter(
        {},
        "Values laid over the preset, by address: strip.kick.gain_db = -2.0, as --set writes them.",
    )
    add: dict[str, Any] = parameter(
        {},
        "What the preset lacks, in its own shape: [add.strip.theremin] is a new strip, "
        "[[add.strip.vocal.insert]] one more insert, at the end or before = 'id'.",
    )
    automation: tuple[AutomationLane, ...] = items("What moves.", most=4096)
    version: dict[Name, Version] = parameter(
        {}, "Alternates of the mix, by name: besides the preset's, or in their place."
    )
    name_template: str = parameter(
        DEFAULT_TEMPLATE,
        "What files of versions and stems are called: fields are "
        + ", ".join(f"{{{name}}}" for name in FIELDS)
        + "; {title}/{version}.flac makes folders, and names the kind of file.",
    )
    master: Mastering = parameter(Mastering(), "How it is mastered.")

    _where: str = PrivateAttr("the session")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = []
        if not self.stems and not self.stem:
            hint = 'stems = ["stems"], a folder beside the session'
            problems.append(Problem("stems", "the song has no stems", hint))
        for key in ("tempo_bpm", "time_signature"):
            if self.tempo_map is not None and getattr(self, key) is not None:
                hint = "say it in tempo_map.change"
                problems.append(Problem(key, "the song has a tempo map", hint))
        seen: dict[str, int] = {}
        for number, stem in enumerate(self.stem, start=1):
            first = seen.setdefault(stem.file, number)
            if first != number:
                reason = f"'{stem.file}' is stem {first} already"
                problems.append(Problem(f"stem.{number}.file", reason, "one entry a file"))
        try:
            check_template(self.name_template)
        except TemplateError as error:
            problems.append(Problem("name_template", error.reason, error.hint))
        if problems:
            raise MisfitError(problems)
        return self

    @property
    def where(self) -> str:
        """The document, for errors."""
        return self._where

    def read_from(self, where: str) -> Self:
        """Note what the document is called in errors; return it."""
        self._where = where
        return self

    @property
    def file_name(self) -> str:
        """What files are named after: the short name, else the title; fit to begin a name."""
        # No separators of any system, no control characters, no dot in front.
        bare = "".join(" " if c in '/\\:*?"<>|' or not c.isprintable() else c for c in self.label)
        return " ".join(bare.split()).strip(". ") or "song"

    @property
    def label(self) -> str:
        """What the song is called for short: the short name, else the title."""
        return self.name or self.title

    def song_map(self, tempo_bpm: float) -> TempoMap | None:
        """Return where bars and beats lie; None where one tempo holds throughout, in 4/4.

        Args:
            tempo_bpm: The tempo where the session does not say, which is the preset's.
        """
        if self.tempo_map is not None:
            return self.tempo_map
        if self.time_signature in {None, "4/4"}:
            return None
        return TempoMap.constant(self.tempo_bpm or tempo_bpm, self.time_signature or "4/4")
