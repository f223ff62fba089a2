"""What makes a room a room, a plate a plate and a hall a hall, as figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SpaceType = Literal["room", "plate", "hall"]


@dataclass(frozen=True, slots=True)
class Space:
    """A kind of space; pairs are its smallest and its largest, ``room_size`` 0 and 1.

    Attributes:
        decay_s: The reverberation time that belongs to the size.
        shortest_ms: The shortest line of the network.
        longest_ms: The longest.
        spread_ms: How long a click is spread by diffusion.
        stages: How many stages the diffusion has.
        box_m: Width, depth and height of the largest; the smallest is a third of it. None for a
            space without early reflections.
        early: The share of the wet sound's power that early reflections carry.
        first_lap: The gain of the diffused sound itself against what the network makes of it.
        low_hz: Where lows begin to decay by their own time.
        high_hz: Where highs do.
        bass_multiplier: How much longer lows decay than mids.
    """

    decay_s: tuple[float, float]
    shortest_ms: tuple[float, float]
    longest_ms: tuple[float, float]
    spread_ms: tuple[float, float]
    stages: int
    box_m: tuple[float, float, float] | None
    early: float
    first_lap: float
    low_hz: float
    high_hz: float
    bass_multiplier: float

    def at(self, name: str, size: float) -> float:
        """Return a pair's value at a size, 0 to 1, in equal ratios between its ends."""
        low, high = getattr(self, name)
        return float(low * (high / low) ** size)


SPACES: dict[SpaceType, Space] = {
    "room": Space(
        decay_s=(0.25, 1.6),
        shortest_ms=(23.5, 30.0),
        longest_ms=(37.0, 62.0),
        spread_ms=(16.0, 34.0),
        stages=4,
        box_m=(9.0, 12.0, 4.2),
        early=0.3,
        first_lap=1.0,
        low_hz=200.0,
        high_hz=5_000.0,
        bass_multiplier=1.0,
    ),
    "plate": Space(
        decay_s=(0.6, 6.0),
        shortest_ms=(23.5, 30.0),
        longest_ms=(60.0, 92.0),
        spread_ms=(34.0, 46.0),
        stages=4,
        box_m=None,
        early=0.0,
        first_lap=1.0,
        low_hz=180.0,
        high_hz=6_000.0,
        bass_multiplier=1.1,
    ),
    "hall": Space(
        decay_s=(0.9, 8.0),
        shortest_ms=(35.0, 62.0),
        longest_ms=(80.0, 145.0),
        spread_ms=(45.0, 90.0),
        stages=4,
        box_m=(26.0, 38.0, 15.0),
        early=0.15,
        first_lap=0.6,
        low_hz=250.0,
        high_hz=4_000.0,
        bass_multiplier=1.2,
    ),
}
"""A concert hall's bass rings 1.1 to 1.45 times as long as its mids (Beranek, "Concert halls and
opera houses", 2nd ed. 2004)."""
