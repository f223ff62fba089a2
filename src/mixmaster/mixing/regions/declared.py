"""Regions as a session declares them: pieces of files, placed in a stem's time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from mixmaster.documents.base import MisfitError, Settings, parameter
from mixmaster.documents.tempo import PositionError, parse_position
from mixmaster.dsp.fades import Shape
from mixmaster.errors import Problem

MOST_REGIONS = 4096
MAX_SONG_S = 86_400.0
MIN_STRETCH = 0.25
MAX_STRETCH = 4.0
MAX_SEMITONES = 24.0

RegionMode = Literal["fix", "comp"]
"""What plays where no region lies: the stem itself, or nothing."""

_SHAPES = "linear, equal_power, s_curve or exponential"


class Region(Settings):
    """A piece of a file, and where and how it plays.

    What is given in bars and beats counts along the song's tempo map; in a file it counts from the
    file's beginning, as though that lay at the song's.
    """

    notes: str = parameter("", "Why it is there.")
    file: str | None = parameter(
        None,
        "The take that it is a piece of, from the session's folder on; the stem's own file "
        "if silent.",
    )
    from_s: float | None = parameter(
        None,
        "Where it begins in its file, s; the file's beginning if silent.",
        low=0.0,
        high=MAX_SONG_S,
    )
    from_bar: str | None = parameter(None, "The same as bar and beat, '17:3'.")
    to_s: float | None = parameter(
        None, "Where it ends in its file, s; the file's end if silent.", low=0.0, high=MAX_SONG_S
    )
    to_bar: str | None = parameter(None, "The same as bar and beat.")
    at_s: float | None = parameter(
        None,
        "Where it plays in the song, s; where it lies in its file if silent.",
        low=0.0,
        high=MAX_SONG_S,
    )
    at_bar: str | None = parameter(None, "The same as bar and beat.")
    stretch: float | None = parameter(
        None,
        "How many times as long it becomes, at the same pitch: 1.02 is 2 % longer and slower. The "
        "sound stays clean within 0.9 to 1.1 or so.",
        low=MIN_STRETCH,
        high=MAX_STRETCH,
    )
    length_s: float | None = parameter(
        None, "The length that it is stretched to, s, instead.", low=0.0, high=MAX_SONG_S
    )
    until_bar: str | None = parameter(
        None, "The bar and beat in the song that it is stretched to end at, instead: '18:1'."
    )
    pitch_semitones: float = parameter(
        0.0,
        "By how much its pitch rises, semitones, at the same length: -0.3 takes a note down by 30 "
        "cents.",
        low=-MAX_SEMITONES,
        high=MAX_SEMITONES,
    )
    keep_formants: bool = parameter(
        False,
        "true leaves a voice's resonances where they are while its pitch moves, so that the singer "
        "stays the same; worth it from a semitone or so on.",
    )
    gain_db: float = parameter(0.0, "Clip gain, dB: before everything else.", low=-96.0, high=36.0)
    polarity: bool = parameter(False, "true turns it upside down.")
    mute: bool = parameter(
        False,
        "Silence in its place: for a cough between two lines; its fades are faded all the same.",
    )
    use: bool = parameter(True, "false leaves it out, as though it were not written.")
    fade_in_ms: float | None = parameter(
        None,
        "How long it takes to come, ms, from its beginning on: out of silence, or out of the stem "
        "where that plays on around it. 2 ms if silent, so that a cut does not click; 0 cuts.",
        low=0.0,
        high=600_000.0,
    )
    fade_in_shape: Shape | None = parameter(
        None,
        f"How it comes: {_SHAPES}. linear if silent; equal_power if silent where another "
        "recording plays before it.",
    )
    fade_out_ms: float | None = parameter(
        None,
        "How long it takes to go, ms, until its end; as for fade_in_ms.",
        low=0.0,
        high=600_000.0,
    )
    fade_out_shape: Shape | None = parameter(None, "How it goes; as for fade_in_shape.")
    crossfade_ms: float | None = parameter(
        None,
        "How long the region before, which it touches or overlaps, takes to turn into this one, "
        "ms: half of it before the middle of the overlap, half after. Both play on for as long, "
        "so their files must have that much more.",
        low=0.0,
        high=600_000.0,
    )
    crossfade_shape: Shape | None = parameter(
        None,
        f"How: {_SHAPES}. linear if silent between pieces of one recording that lie in step, "
        "which are the same sound; equal_power between others.",
    )

    @property
    def sounds_otherwise(self) -> bool:
        """Whether it is stretched or pitched."""
        ways = (self.stretch not in {None, 1.0}, self.length_s, self.until_bar)
        return any(ways) or self.pitch_semitones != 0.0

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = list(self._problems())
        if problems:
            raise MisfitError(problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        ways = [
            key for key in ("stretch", "length_s", "until_bar") if getattr(self, key) is not None
        ]
        for key in ways[1:]:
            yield Problem(key, f"{ways[0]} is given, too", "one of them is enough")
        for place in ("from", "to", "at", "until"):
            bar = getattr(self, f"{place}_bar")
            if bar is None:
                continue
            if place != "until" and getattr(self, f"{place}_s") is not None:
                yield Problem(f"{place}_bar", f"{place}_s is given, too", "one of them is enough")
            try:
                parse_position(bar)
            except PositionError as error:
                yield Problem(f"{place}_bar", error.reason, error.hint)
        from_s = self.from_s or (0.0 if self.from_bar is None else None)
        if from_s is not None and self.to_s is not None and not self.to_s > from_s:
            reason = f"it ends at {self.to_s:g} s, not after its beginning at {from_s:g} s"
            yield Problem("to_s", reason, "from_s and to_s count from the file's beginning")
        if self.crossfade_ms is not None and self.fade_in_ms is not None:
            reason = "it is crossfaded out of the region before, too"
            yield Problem("fade_in_ms", reason, "give one of fade_in_ms and crossfade_ms")
        if self.keep_formants and self.pitch_semitones == 0.0:
            yield Problem("keep_formants", "the pitch stays anyway", "give pitch_semitones, too")
        if self.crossfade_ms is None and self.crossfade_shape is not None:
            yield Problem("crossfade_shape", "there is no crossfade", "give crossfade_ms, too")


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A stem's regions, with what is needed to find their files.

    Attributes:
        regions: The regions.
        mode: What plays where none lies.
        key: The stem's address in the document, for errors: ``stem.3``.
        takes: The files that regions name.
    """

    regions: tuple[Region, ...]
    mode: RegionMode
    key: str
    takes: Mapping[str, Path] = field(default_factory=dict)
