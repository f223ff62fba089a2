"""The tempo map: where bars and beats lie in seconds; tempo and metre may change."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import PrivateAttr, model_validator

from mixmaster.documents.base import MisfitError, Settings, items, parameter
from mixmaster.errors import Problem

MIN_TEMPO_BPM = 20.0
MAX_TEMPO_BPM = 400.0
MAX_BAR = 99_999

_POSITION = re.compile(r"(\d{1,5})(?::(\d{1,3}(?:\.\d{0,9})?))?")
_SIGNATURE = re.compile(r"(\d{1,2})/(1|2|4|8|16|32)")
_FIRST_BEAT = 1.0
_SAME_BEAT = 1e-9


class PositionError(ValueError):
    """A position that does not exist.

    Args:
        reason: What is wrong with it.
        hint: What would be right.
    """

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(f"{reason} ({hint})")
        self.reason = reason
        self.hint = hint


class TempoChange(Settings):
    """What holds from one position on."""

    at: str = parameter(
        ...,
        "Where it sets in: a bar, '17', or a bar and a beat, '17:3'; both count from 1. The first "
        "change stands at '1'.",
    )
    tempo_bpm: float | None = parameter(
        None,
        "Quarter notes a minute from here on, whatever the metre; as before if silent.",
        low=MIN_TEMPO_BPM,
        high=MAX_TEMPO_BPM,
    )
    time_signature: str | None = parameter(
        None,
        "The metre from here on, such as 4/4, 3/4 or 6/8: how many beats a bar has, and which "
        "note is one beat. 4/4 at first, then as before, if silent.",
    )
    ramp: bool = parameter(
        False,
        "Glide to the next change's tempo instead of jumping there: a ritardando or accelerando, "
        "even over the beats between.",
    )


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What lies between two changes: its begin in every unit, and what holds in it.

    Attributes:
        bar: Its begin's bar, from 1.
        beat: Its begin's beat in that bar, from 1.
        quarters: Its begin in quarter notes from bar 1.
        seconds: Its begin in seconds from the session's zero.
        tempo_bpm: The tempo at its begin.
        slope: By how much the tempo grows in a quarter note.
        beats: Beats in a bar.
        beat_quarters: Quarter notes in a beat.
    """

    bar: int
    beat: float
    quarters: float
    seconds: float
    tempo_bpm: float
    slope: float
    beats: int
    beat_quarters: float

    def quarters_at(self, bar: int, beat: float) -> float:
        """Return a position in quarter notes from bar 1."""
        beats = (bar - self.bar) * self.beats + beat - self.beat
        return self.quarters + beats * self.beat_quarters

    def seconds_at(self, quarters: float) -> float:
        """Return a position in seconds: the integral of 60 / tempo over the quarter notes."""
        passed = quarters - self.quarters
        if self.slope == 0.0:
            return self.seconds + passed * 60.0 / self.tempo_bpm
        grown = self.slope * passed / self.tempo_bpm
        return self.seconds + 60.0 / self.slope * math.log1p(grown)

    def quarters_after(self, seconds: float) -> float:
        """Return the inverse of ``seconds_at``."""
        passed = seconds - self.seconds
        if self.slope == 0.0:
            return self.quarters + passed * self.tempo_bpm / 60.0
        grown = math.expm1(self.slope * passed / 60.0)
        return self.quarters + self.tempo_bpm / self.slope * grown


class TempoMap(Settings):
    """Tempo and metre over the song. Bars and beats count from 1; before bar 1 the first tempo."""

    start_s: float = parameter(
        0.0,
        "Where bar 1 begins in the stems, in seconds: a count-in or silence before it.",
        low=0.0,
        high=3600.0,
    )
    change: tuple[TempoChange, ...] = items(
        "What changes where, in order; the first at '1' with a tempo.", least=1, most=4096
    )
    _stretches: tuple[_Stretch, ...] = PrivateAttr(())

    @classmethod
    def constant(cls, tempo_bpm: float, time_signature: str = "4/4") -> Self:
        """Return the map of one tempo throughout."""
        return cls(
            change=(TempoChange(at="1", tempo_bpm=tempo_bpm, time_signature=time_signature),)
        )

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        problems = list(self._problems())
        if problems:
            raise MisfitError(problems)
        self._stretches = tuple(_stretches(self.change, self.start_s))
        return self

    @property
    def is_constant(self) -> bool:
        """Whether one tempo holds throughout; the metre may change."""
        first = self._stretches[0].tempo_bpm
        return all(s.tempo_bpm == first and s.slope == 0.0 for s in self._stretches)

    def seconds(self, position: str | float) -> float:
        """Return a position in seconds from the session's zero.

        Args:
            position: Seconds as a number, or text: ``17`` is a bar, ``17:2.5`` a bar and a beat.

        Raises:
            PositionError: For text that is no position, or a beat that its bar does not have.
        """
        if not isinstance(position, str):
            return position
        bar, beat = parse_position(position)
        at = bisect_right(self._stretches, (bar, beat), key=lambda s: (s.bar, s.beat)) - 1
        stretch = self._stretches[at]
        _check_beat(bar, beat, stretch.beats)
        return stretch.seconds_at(stretch.quarters_at(bar, beat))

    def tempo_bpm_at(self, seconds: float) -> float:
        """Return the tempo at a time, quarter notes a minute."""
        stretch = self._stretch_at(seconds)
        passed = stretch.quarters_after(max(seconds, stretch.seconds)) - stretch.quarters
        return stretch.tempo_bpm + stretch.slope * passed

    def stretches(self) -> tuple[tuple[float, float, float, float], ...]:
        """Return what lies between changes, for whoever evaluates many times at once.

        Each is its begin in seconds and in quarter notes from bar 1, the tempo there, and by how
        much the tempo grows in a quarter note.
        """
        return tuple((s.seconds, s.quarters, s.tempo_bpm, s.slope) for s in self._stretches)

    def position(self, seconds: float) -> str:
        """Return a time as bar and beat, ``17:2.50``; ``1:1.00`` for what lies before bar 1."""
        stretch = self._stretch_at(seconds)
        quarters = max(0.0, stretch.quarters_after(seconds) - stretch.quarters)
        # Hundredths, rounded down: what is named lies not after the time.
        hundredths = math.floor(100.0 * quarters / stretch.beat_quarters + 1e-6)
        hundredths += round(100.0 * (stretch.beat - _FIRST_BEAT))
        bars, rest = divmod(hundredths, 100 * stretch.beats)
        return f"{stretch.bar + bars}:{1.0 + rest / 100.0:.2f}"

    def _stretch_at(self, seconds: float) -> _Stretch:
        at = bisect_right(self._stretches, seconds, key=lambda s: s.seconds) - 1
        return self._stretches[max(0, at)]

    def _problems(self) -> Iterator[Problem]:
        beats = 4
        before: tuple[int, float] | None = None
        tempo_bpm: float | None = None
        for number, change in enumerate(self.change, start=1):
            key = f"change.{number}"
            tempo_bpm = change.tempo_bpm or tempo_bpm
            if tempo_bpm is None:
                yield Problem(f"{key}.tempo_bpm", "is missing: the first change sets the tempo")
            try:
                bar, beat = parse_position(change.at)
                _check_beat(bar, beat, beats)
            except PositionError as error:
                yield Problem(f"{key}.at", error.reason, error.hint)
                return
            if before is None and (bar, beat) != (1, _FIRST_BEAT):
                yield Problem(f"{key}.at", f"the first change is at {change.at}", "it is at '1'")
            if before is not None and not (bar, beat) > before:
                reason = f"the map goes backwards: {change.at} does not lie after "
                reason += _written(before)
                yield Problem(f"{key}.at", reason, "list the changes in the order of the song")
            before = (bar, beat)
            if change.time_signature is not None:
                signature = _SIGNATURE.fullmatch(change.time_signature)
                if signature is None or int(signature[1]) == 0:
                    reason = f"{change.time_signature[:20]!r} is no time signature"
                    yield Problem(f"{key}.time_signature", reason, "such as 4/4, 3/4 or 6/8")
                    return
                if beat != _FIRST_BEAT:
                    reason = f"a bar cannot change its metre on beat {beat:g}"
                    yield Problem(f"{key}.time_signature", reason, f"at '{bar}' or '{bar + 1}'")
                beats = int(signature[1])
            if change.ramp and number == len(self.change):
                reason = "nothing follows to glide to"
                yield Problem(f"{key}.ramp", reason, "add the change where the tempo is reached")


def parse_position(text: str) -> tuple[int, float]:
    """Return the bar and the beat that ``text`` names: ``17`` or ``17:2.5``.

    Raises:
        PositionError: For anything else.
    """
    found = _POSITION.fullmatch(text.strip())
    hint = "a bar and a beat, counted from 1: '17' or '17:2.5'"
    if found is None:
        raise PositionError(f"{text[:40]!r} is no position", hint)
    bar, beat = int(found[1]), float(found[2] or _FIRST_BEAT)
    if not 1 <= bar <= MAX_BAR or not beat >= _FIRST_BEAT:
        raise PositionError(f"{text[:40]!r}: bars and beats count from 1", hint)
    return bar, beat


def _check_beat(bar: int, beat: float, beats: int) -> None:
    if not beat < beats + 1 - _SAME_BEAT:
        raise PositionError(f"bar {bar} has no beat {beat:g}, only {beats}", f"'{bar + 1}:1'")


def _written(position: tuple[int, float]) -> str:
    bar, beat = position
    return f"{bar}:{beat:g}"


def _stretches(changes: Sequence[TempoChange], start_s: float) -> Iterator[_Stretch]:
    """Yield what lies between checked changes, each beginning where the one before ends."""
    here: _Stretch | None = None
    tempo_bpm, beats, beat_quarters = 0.0, 4, 1.0
    for number, change in enumerate(changes):
        bar, beat = parse_position(change.at)
        quarters = here.quarters_at(bar, beat) if here is not None else 0.0
        seconds = here.seconds_at(quarters) if here is not None else start_s
        if change.time_signature is not None:
            above, below = change.time_signature.split("/")
            beats, beat_quarters = int(above), 4.0 / int(below)
        tempo_bpm = change.tempo_bpm or tempo_bpm
        here = _Stretch(bar, beat, quarters, seconds, tempo_bpm, 0.0, beats, beat_quarters)
        if change.ramp:
            following = changes[number + 1]
            length = here.quarters_at(*parse_position(following.at)) - quarters
            slope = ((following.tempo_bpm or tempo_bpm) - tempo_bpm) / length
            here = _Stretch(bar, beat, quarters, seconds, tempo_bpm, slope, beats, beat_quarters)
        yield here
