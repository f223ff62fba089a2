"""Reverb: pedalboard's, with its tail kept, its level known and the dry sound untouched."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from mixmaster.documents.base import MisfitError, parameter
from mixmaster.effects.keyless import KeylessEffect
from mixmaster.errors import Problem


class Reverb(KeylessEffect):
    """A room. ``mix`` 0 is the identity; the wet sound is as loud as the dry, whatever the room."""

    summary: ClassVar[str] = "Reverb: puts a sound into a room, from a tight space to a hall."

    effect: Literal["reverb"] = parameter("reverb", "The effect's name: reverb.")
    room_size: float = parameter(
        0.5,
        "How large the room is, and so how long it rings: 0.1 to 0.3 is a small room of half a "
        "second, 0.5 to 0.7 a studio hall, above 0.9 a cathedral.",
        low=0.0,
        high=1.0,
    )
    damping: float = parameter(
        0.5,
        "How much the walls swallow highs: 0 is bright tiles, 0.5 wood, 1 curtains.",
        low=0.0,
        high=1.0,
    )
    width: float = parameter(
        1.0,
        "How far the room spreads over left and right: 0 is mono, 1 is wide. Matters on two "
        "channels alone.",
        low=0.0,
        high=1.0,
    )
    mix: float = parameter(
        0.25,
        "How much room against the dry sound: 0 is dry, 0.1 to 0.3 on a track, 1 (room alone) "
        "on a return.",
        low=0.0,
        high=1.0,
    )
    pre_delay_ms: float = parameter(
        0.0,
        "The pause before the room answers, which keeps words clear: 10 to 40 for voices; more "
        "makes the room seem larger.",
        low=0.0,
        high=500.0,
    )
    low_cut_hz: float | None = parameter(
        None,
        "Keeps the room free of rumble and mud below this frequency: 150 to 400. Off if silent.",
        low=10.0,
        high=5_000.0,
    )
    high_cut_hz: float | None = parameter(
        None,
        "Takes hiss and sibilance above this frequency out of the room: 5000 to 10000. Off if "
        "silent.",
        low=100.0,
        high=96_000.0,
    )

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        if (
            self.low_cut_hz is not None
            and self.high_cut_hz is not None
            and not self.low_cut_hz < self.high_cut_hz
        ):
            raise MisfitError(
                [Problem("low_cut_hz", "lies above high_cut_hz", "nothing would be left between")]
            )
        return self
