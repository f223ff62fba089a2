"""The jobs document: which songs, in which versions, through which presets, for which targets."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import StringConstraints, model_validator

from mixmaster.batch.planning.names import DEFAULT_TEMPLATE, FIELDS, check_template
from mixmaster.documents.base import Document, MisfitError, Settings, items, parameter
from mixmaster.errors import Problem
from mixmaster.mixing.prints.file_names import TemplateError

Plain = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Finish(Settings):
    """How masters are finished, beside what their targets say."""

    loudness_lufs: float | None = parameter(
        None, "Integrated loudness instead of every target's own, LUFS.", low=-40.0, high=-4.0
    )
    ceiling_dbtp: float | None = parameter(
        None, "True-peak ceiling instead of every target's own, dBTP.", low=-60.0, high=0.0
    )
    short_term_lufs: float | None = parameter(
        None,
        "Loudness of the loudest 3 s; with loudness_lufs the stricter counts.",
        low=-40.0,
        high=0.0,
    )
    max_gain_reduction_db: float | None = parameter(
        None, "The most that the limiter may take away, dB.", low=0.0, high=60.0
    )
    min_plr_lu: float | None = parameter(
        None, "The lowest peak-to-loudness ratio that a master may have, LU.", low=0.0, high=30.0
    )
    gain_match: tuple[str, ...] = items("Inserts whose output is gain-matched; all for all.")
    trim: bool | None = parameter(None, "Whether silence at both ends is cut.")
    fade_in_ms: float | None = parameter(None, "A fade in, ms.", low=0.0, high=60_000.0)
    fade_out_s: float | None = parameter(None, "A fade out, s.", low=0.0, high=120.0)
    pad_head_ms: float | None = parameter(None, "Silence before, ms.", low=0.0, high=10_000.0)
    pad_tail_s: float | None = parameter(None, "Silence after, s.", low=0.0, high=60.0)
    codec_safe: bool = parameter(
        False, "Whether masters are encoded for their target's streams before they are published."
    )
    dual_mono: bool = parameter(False, "Whether a mono mix is measured as from two loudspeakers.")


class Wishes(Settings):
    """What may be said for all songs, and for some otherwise."""

    preset: Plain | None = parameter(
        None, "The mix preset, a name or a .toml file; in place of a session's own."
    )
    masters: tuple[Plain, ...] = items("Mastering presets, each by itself.", most=64)
    targets: tuple[Plain, ...] = items("Targets.", most=64)
    versions: tuple[Plain, ...] = items(
        "Versions of the mix: main, instrumental ..., or all; main if silent.", most=64
    )
    set: dict[str, Any] = parameter(
        {}, "Values laid over preset or session: strip.kick.gain_db = -2.0."
    )
    set_master: dict[str, Any] = parameter({}, "Values laid over the mastering presets.")
    sample_rate_hz: int | None = parameter(
        None,
        "The session's rate, Hz; the highest among the stems if silent.",
        low=8_000,
        high=768_000,
    )
    strict: bool | None = parameter(
        None, "Whether a file shorter than its header says is an error."
    )
    finish: Finish | None = parameter(None, "How masters are finished.")
    profile: Plain | None = parameter(
        None, "What match stages move toward, a profile's name or a .toml file."
    )
    reference: Plain | None = parameter(
        None, "An audio file that match stages move toward; from the document's folder on."
    )
    dialogue: Plain | None = parameter(
        None,
        "The dialogue's stem, for targets that are measured on it; from each song's own folder on.",
    )


class SongEntry(Wishes):
    """One song, or all songs that a pattern finds. What is said here counts before the document."""

    path: Plain = parameter(
        ...,
        "A session, a folder of stems, a mix, or a pattern such as songs/*/song.toml; from the "
        "document's folder on.",
    )
    name: Plain | None = parameter(None, "What files are named after; not for a pattern.")
    use: bool = parameter(True, "false leaves it out.")


class Where(Settings):
    """Some combinations of the matrix: those that fit all the patterns given."""

    song: Plain = parameter("*", "The song's name, or a pattern.")
    version: Plain = parameter("*", "The version.")
    master: Plain = parameter("*", "The mastering preset.")
    target: Plain = parameter("*", "The target.")


class Extra(Settings):
    """Combinations beside the matrix, for songs that fit."""

    song: Plain = parameter("*", "The song's name, or a pattern.")
    versions: tuple[Plain, ...] = items("Versions; the song's own if silent.")
    masters: tuple[Plain, ...] = items("Mastering presets; the song's own if silent.")
    targets: tuple[Plain, ...] = items("Targets; the song's own if silent.")


class Batch(Wishes, Document):
    """A batch: a matrix of songs, versions, mastering presets and targets."""

    kind: Literal["batch"] = parameter(..., "What the document is: batch.")
    output: Plain = parameter("out", "The folder of the masters, from the document's folder on.")
    name_template: Plain = parameter(
        DEFAULT_TEMPLATE,
        "What masters are called: fields are " + ", ".join(f"{{{name}}}" for name in FIELDS) + ".",
    )
    keep_premasters: bool = parameter(
        True,
        "Whether mixes are kept, so that a changed target needs none; they take 23 MB a stereo "
        "minute at 48 kHz.",
    )
    song: tuple[SongEntry, ...] = items("The songs.", least=1, most=100_000)
    include: tuple[Extra, ...] = items("What is wanted beside the matrix.", most=1_000)
    exclude: tuple[Where, ...] = items("What is not wanted of the matrix.", most=1_000)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        wishes: list[tuple[str, Wishes]] = [("", self)]
        wishes += [(f"song.{number}.", entry) for number, entry in enumerate(self.song, start=1)]
        problems = [
            Problem(f"{where}reference", "contradicts profile", "say one of them")
            for where, each in wishes
            if each.reference is not None and each.profile is not None
        ]
        try:
            check_template(self.name_template)
        except TemplateError as error:
            problems.append(Problem("name_template", error.reason, error.hint))
        for number, entry in enumerate(self.include, start=1):
            if not (entry.versions or entry.masters or entry.targets):
                reason = "adds nothing to the matrix"
                problems.append(Problem(f"include.{number}", reason, "name versions or targets"))
        if problems:
            raise MisfitError(problems)
        return self
