"""The target: where a master goes, and what it must keep to there."""

from __future__ import annotations

import datetime as dt
from typing import Literal, Self

from pydantic import model_validator

from mixmaster.audio.sink import FileSpec
from mixmaster.checking.limits import ceiling_for
from mixmaster.documents.base import Document, MisfitError, Settings, items, parameter
from mixmaster.errors import Problem, UsageError
from mixmaster.mastering.target_playback import Playback, Stream

_CHECK_RATE_HZ = 48_000


class DeliveryFile(Settings):
    """The file that is delivered."""

    format: Literal["wav", "flac", "aiff"] = parameter("wav", "The container: wav, flac or aiff.")
    bit_depth: Literal[16, 24, 32] = parameter(
        24, "16, 24, or 32 for float (wav only). 16 and 24 are rounded and dithered."
    )
    sample_rate_hz: int | Literal["source"] = parameter(
        "source", 'The rate, or "source" to keep the rate of the mix.'
    )
    plain_wav: bool = parameter(
        False,
        "Whether the place takes WAV only with format tag 1 and nothing behind the samples; those "
        "that are written here always are so.",
    )
    dither: bool = parameter(True, "TPDF dither before 16 or 24 bits; without it only rounded.")

    @model_validator(mode="after")
    def _can_be_written(self) -> Self:
        try:
            self.spec(_CHECK_RATE_HZ, 2)
        except UsageError as error:
            raise MisfitError([Problem("", error.reason, error.hint)]) from error
        return self

    def spec(self, source_rate_hz: int, channels: int) -> FileSpec:
        """Return what is to be written for a mix of this rate and number of channels.

        Raises:
            UsageError: For what the container cannot hold.
        """
        rate = source_rate_hz if self.sample_rate_hz == "source" else self.sample_rate_hz
        return FileSpec(self.format, self.bit_depth, rate, channels)


class LouderRule(Settings):
    """A stricter ceiling for masters that are louder than some loudness."""

    than_lufs: float = parameter(
        ..., "It applies to masters louder than this.", low=-70.0, high=0.0
    )
    true_peak_dbtp: float = parameter(..., "Their ceiling.", low=-60.0, high=0.0)


class Target(Document):
    """A delivery profile."""

    kind: Literal["target"] = parameter(..., "What the document is: target.")
    integrated_lufs: float | None = parameter(
        None,
        "The loudness of the master, LUFS; silent leaves it to the mastering preset.",
        low=-40.0,
        high=-4.0,
    )
    true_peak_dbtp: float | None = parameter(
        None,
        "The ceiling: no true peak of the finished file is above it. Silent: a premaster, nothing "
        "is limited.",
        low=-60.0,
        high=0.0,
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
    source: str = parameter("", "Where the figures come from.")
    unsure: str = parameter("", "What of it is not certain, in words.")
    checked: dt.date | None = parameter(None, "When they were last checked.")
    file: DeliveryFile = parameter(DeliveryFile(), "The file that is delivered.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.true_peak_dbtp is None and self.louder is not None:
            reason = "a ceiling for loud masters, but none for the others"
            raise MisfitError([Problem("true_peak_dbtp", reason, "give both, or neither")])
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
