"""A delay in milliseconds or beats, with a coloured feedback path."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from mixmaster.documents.base import MisfitError, parameter
from mixmaster.effects.keyless import KeylessEffect
from mixmaster.errors import Problem


class Delay(KeylessEffect):
    """Echoes. Exactly one of ``time_ms`` and ``beats`` is given; ``mix`` 0 is the identity.

    The time is rounded to a whole sample: at most 11 microseconds at 44.1 kHz.
    """

    summary: ClassVar[str] = "Delay: echoes in milliseconds or in beats of the song's tempo."

    effect: Literal["delay"] = parameter("delay", "The effect's name: delay.")
    time_ms: float | None = parameter(
        None,
        "How long until the echo: 5 to 30 doubles, 80 to 140 is slapback, longer is an echo "
        "of its own. Either this or beats.",
        low=5.0,
        high=5_000.0,
    )
    beats: float | None = parameter(
        None,
        "How long until the echo in quarter notes of the tempo: 0.5 is an eighth, 0.75 a dotted "
        "eighth, 1 a quarter, 0.3333 a triplet eighth. Either this or time_ms.",
        low=0.03125,
        high=16.0,
    )
    feedback: float = parameter(
        0.0,
        "How much of each echo comes back: 0 is a single echo, 0.2 to 0.4 a few that die away, "
        "above 0.7 a wash.",
        low=0.0,
        high=0.95,
    )
    mix: float = parameter(
        0.25,
        "How much echo against the dry sound: 0 is dry, 0.1 to 0.3 on a track, 1 (echo alone) "
        "on a return.",
        low=0.0,
        high=1.0,
    )
    low_cut_hz: float | None = parameter(
        None,
        "Thins out each repeat below this frequency, so that echoes do not pile up as mud: "
        "100 to 400. Off if silent.",
        low=10.0,
        high=5_000.0,
    )
    high_cut_hz: float | None = parameter(
        None,
        "Darkens each repeat above this frequency, as tape does: 2000 to 8000. Off if silent.",
        low=100.0,
        high=96_000.0,
    )
    ping_pong: bool = parameter(
        False, "Whether the echoes bounce from left to right; needs two channels."
    )

    @model_validator(mode="after")
    def _has_one_time(self) -> Self:
        problems = []
        if self.time_ms is None and self.beats is None:
            problems.append(Problem("time_ms", "a delay needs a time", "give time_ms or beats"))
        if self.time_ms is not None and self.beats is not None:
            problems.append(
                Problem("time_ms", "time_ms and beats are both given", "give one of them")
            )
        if (
            self.low_cut_hz is not None
            and self.high_cut_hz is not None
            and not self.low_cut_hz < self.high_cut_hz
        ):
            problems.append(
                Problem("low_cut_hz", "lies above high_cut_hz", "nothing would be left between")
            )
        if problems:
            raise MisfitError(problems)
        return self
