"""The target: where a master goes, and what it must keep to there."""

from __future__ import annotations

import datetime as dt
from typing import Literal, Self

from pydantic import field_validator, model_validator

from mixmaster.audio.formats import LOSSY, Container, FileSpec, encoded_rate_hz
from mixmaster.audio.sink import check_dither
from mixmaster.checking.limits import ceiling_for
from mixmaster.documents.base import Document, MisfitError, Settings, items, parameter
from mixmaster.dsp.dither import Dither
from mixmaster.errors import Problem, UsageError
from mixmaster.mastering.target_package import Package
from mixmaster.mastering.target_playback import Playback, Stream

_CHECK_RATE_HZ = 48_000


class DeliveryFile(Settings):
    """The file that is delivered."""

    format: Container = parameter(
        "wav", "The kind of file: wav, flac, aiff, alac, mp3, aac, opus or vorbis."
    )
    bit_depth: Literal[16, 24, 32] | None = parameter(
        None,
        "16, 24, or 32 for float (wav only). 16 and 24 are rounded and dithered. Silent is 24; "
        "mp3, aac, opus and vorbis have none.",
    )
    bitrate_kbps: int | None = parameter(
        None,
        "The bit rate of mp3, aac, opus and vorbis, kbit/s; silent is 320, 256, 160 and 256.",
        low=12,
        high=528,
    )
    sample_rate_hz: int | Literal["source"] = parameter(
        "source",
        'The rate, or "source" to keep the rate of the mix; what is lossy is then encoded at 44.1 '
        "or 48 kHz, whichever the mix is of, and opus at 48.",
    )
    plain_wav: bool = parameter(
        False,
        "Whether the place takes WAV only with format tag 1 and nothing behind the samples; those "
        "that are written here always are so.",
    )
    dither: Dither = parameter(
        "tpdf",
        "Before 16 or 24 bits: tpdf; shaped, at 44.1 and 48 kHz, whose noise is 21 dB lower at 3 "
        "to 4 kHz and 12 dB higher in all; or none, which only rounds. true and false are tpdf "
        "and none.",
    )
    channels: Literal["source", "stereo"] = parameter(
        "source",
        "stereo writes a mono mix on both channels, for places that take no mono; source keeps "
        "the channels of the mix.",
    )

    @field_validator("dither", mode="before")
    @classmethod
    def _as_it_was_once_said(cls, value: object) -> object:
        return {True: "tpdf", False: "none"}[value] if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _can_be_written(self) -> Self:
        try:
            self.spec(_CHECK_RATE_HZ, 2)
        except UsageError as error:
            raise MisfitError([Problem("", error.reason, error.hint)]) from error
        return self

    @property
    def depth(self) -> Literal[16, 24, 32]:
        """The bit depth, said or not; 32, float, of what is given to a lossy encoder."""
        return self.bit_depth or (32 if self.format in LOSSY else 24)

    def spec(self, source_rate_hz: int, channels: int) -> FileSpec:
        """Return what is to be written for a mix of this rate and number of channels.

        Raises:
            UsageError: For what the container cannot hold, and for dither shaped at another rate
                than 44.1 or 48 kHz.
        """
        kind = self.format
        rate = source_rate_hz if self.sample_rate_hz == "source" else self.sample_rate_hz
        if self.sample_rate_hz == "source" and kind in LOSSY:
            rate = encoded_rate_hz(kind, source_rate_hz)
        written = 2 if self.channels == "stereo" else channels
        spec = FileSpec(kind, self.depth, rate, written, self.bitrate_kbps)
        check_dither(self.dither, spec)
        return spec


class LouderRule(Settings):
    """A stricter ceiling for masters that are louder than some loudness."""

    than_lufs: float = parameter(
        ..., "It applies to masters louder than this.", low=-70.0, high=0.0
    )
    true_peak_dbtp: float = parameter(..., "Their ceiling.", low=-60.0, high=0.0)


class DialogueRule(Settings):
    """The place measures where somebody speaks: a dialogue stem must say where that is."""

    least_share: float = parameter(
        0.15,
        "With a smaller share of dialogue than this, the whole programme is measured instead.",
        low=0.0,
        high=1.0,
    )
    programme_lufs: float = parameter(
        -24.0, "The loudness of the whole programme then, LUFS.", low=-40.0, high=-4.0
    )


class Edges(Settings):
    """How a master begins and ends: trimmed, then faded, then padded."""

    trim: bool = parameter(
        False,
        "Cut the silence before the first and after the last sound, but never what can be heard: "
        "a breath, a room or the end of a reverb stays.",
    )
    fade_in_ms: float = parameter(
        0.0, "A fade at the beginning: 5 to 20 takes a click off.", low=0.0, high=60_000.0
    )
    fade_out_s: float = parameter(
        0.0, "A fade at the end: 4 to 12 leaves a song while it plays on.", low=0.0, high=120.0
    )
    pad_head_ms: float = parameter(
        0.0,
        "Silence added at the beginning: 100 to 300, since some players swallow the first moment.",
        low=0.0,
        high=10_000.0,
    )
    pad_tail_s: float = parameter(
        0.0, "Silence added at the end: 1 to 3 between the songs of an album.", low=0.0, high=60.0
    )


class Target(Document):
    """A delivery profile."""

    kind: Literal["target"] = parameter(..., "What the document is: target.")
    integrated_lufs: float | None = parameter(
        None,
        "The loudness of the master, LUFS; silent leaves it to the mastering preset.",
        low=-40.0,
        high=-4.0,
    )
    short_term_lufs: float | None = parameter(
        None,
        "The loudness of the loudest 3 seconds, LUFS. With integrated_lufs as well, the master is "
        "as loud as the stricter of both lets it be.",
        low=-40.0,
        high=0.0,
    )
    tolerance_lu: float = parameter(
        0.5, "How far from its loudness the place accepts a master.", low=0.0, high=6.0
    )
    dialogue: DialogueRule | None = parameter(
        None,
        "Given where integrated_lufs is that of the dialogue, not of the whole programme.",
    )
    true_peak_dbtp: float | None = parameter(
        None,
        "The ceiling: no true peak of the finished file is above it. Silent: a premaster, nothing "
        "is limited.",
        low=-60.0,
        high=0.0,
    )
    gain_only: bool = parameter(
        False,
        "Whether nothing may be limited. Where no loudness is asked for, the highest true peak is "
        "brought to the ceiling.",
    )
    min_plr_lu: float | None = parameter(
        None,
        "The lowest peak-to-loudness ratio (true peak less integrated loudness) that a master for "
        "it may have: 8 is loud, 12 open. What would be flatter is refused.",
        low=0.0,
        high=30.0,
    )
    louder: LouderRule | None = parameter(
        None, "A stricter ceiling for masters louder than the place plays them."
    )
    max_short_term_lufs: float | None = parameter(
        None, "The loudest 3 seconds that the place accepts, LUFS.", low=-60.0, high=0.0
    )
    max_loudness_range_lu: float | None = parameter(
        None, "The widest loudness range that the place accepts, LU.", low=1.0, high=60.0
    )
    playback: tuple[Playback, ...] = items(
        "How the place plays masters: its default first, then the settings that listeners have. "
        "None: as they are.",
        most=8,
    )
    streams: tuple[Stream, ...] = items(
        "What listeners get: codecs with their bit rates, the best first.", most=16
    )
    medium: Literal["file", "cd", "vinyl"] = parameter(
        "file",
        "What the master becomes: vinyl has limits of its own, which are checked; a release for "
        "cd is one disc image, for vinyl one file a side.",
    )
    edges: Edges = parameter(Edges(), "How the master begins and ends.")
    source: str = parameter("", "Where the figures come from.")
    unsure: str = parameter("", "What of it is not certain, in words.")
    checked: dt.date | None = parameter(None, "When they were last checked.")
    file: DeliveryFile = parameter(DeliveryFile(), "The file that is delivered.")
    package: Package = parameter(Package(), "How a release is delivered there.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = []
        if self.true_peak_dbtp is None and self.louder is not None:
            reason = "a ceiling for loud masters, but none for the others"
            problems.append(Problem("true_peak_dbtp", reason, "give both, or neither"))
        if self.true_peak_dbtp is None and self.gain_only:
            reason = "is missing: gain alone must stop somewhere"
            problems.append(Problem("true_peak_dbtp", reason, "give a ceiling"))
        if self.dialogue is not None and self.integrated_lufs is None:
            reason = "is missing: it is the loudness of the dialogue"
            problems.append(Problem("integrated_lufs", reason, "give it, or no dialogue"))
        if problems:
            raise MisfitError(problems)
        return self

    def ceiling_dbtp(self, integrated_lufs: float | None) -> float | None:
        """Return the ceiling for a master of this loudness; None where there is none."""
        rule = self.louder
        return ceiling_for(
            self.true_peak_dbtp,
            integrated_lufs,
            louder_than_lufs=None if rule is None else rule.than_lufs,
            louder_true_peak_dbtp=None if rule is None else rule.true_peak_dbtp,
        )
