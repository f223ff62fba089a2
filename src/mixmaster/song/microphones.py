"""The drum room: which microphone hears which drum, how loud, how late, how dull.

Every microphone hears the whole kit. Sound takes 2.9 ms a metre, the room pair stands 4 m away
and hears the walls as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mixmaster.arrays import Block
from mixmaster.song.chance import Chance
from mixmaster.song.score import FRAMES, SAMPLE_RATE_HZ
from mixmaster.song.tones import decay, delayed, empty_track, filtered
from mixmaster.units import db_to_gain

ROOM_DELAY_MS = 12.0
"""How much later than the close microphones the room pair hears a drum."""

KICK_IN_SNARE_DB = -20.0
"""A full kick in the snare's microphone, under a full snare stroke there, before filtering."""


class Pickup(NamedTuple):
    """How a microphone hears one piece of the kit.

    Attributes:
        level_db: Level of a full stroke.
        late_ms: Travel time.
        low_pass_hz: Off-axis sound is dull.
        high_pass_hz: And thin, where the piece is far.
    """

    level_db: float
    late_ms: float
    low_pass_hz: float = 0.0
    high_pass_hz: float = 0.0


_CLOSE: dict[str, dict[str, Pickup]] = {
    "kick_in": {
        "kick": Pickup(0.0, 0.0),
        "snare": Pickup(-27.0, 2.4, 1_800.0),
        "rack_tom": Pickup(-28.0, 2.0, 1_500.0),
        "floor_tom": Pickup(-27.0, 2.0, 1_500.0),
        "hat": Pickup(-46.0, 3.2, 4_000.0),
        "crash": Pickup(-42.0, 3.8, 4_000.0),
    },
    "snare_top": {
        "kick": Pickup(KICK_IN_SNARE_DB, 1.6, 2_500.0),
        "snare": Pickup(0.0, 0.0),
        "rack_tom": Pickup(-19.0, 0.9, 5_000.0),
        "floor_tom": Pickup(-24.0, 1.7, 5_000.0),
        "hat": Pickup(-23.0, 0.9, 0.0, 500.0),
        "crash": Pickup(-27.0, 2.4, 7_000.0),
    },
    "tom": {
        "kick": Pickup(-23.0, 2.0, 2_000.0),
        "snare": Pickup(-20.0, 1.3, 6_000.0),
        "rack_tom": Pickup(0.0, 0.1),
        "floor_tom": Pickup(0.0, 0.2),
        "hat": Pickup(-32.0, 1.9, 7_000.0),
        "crash": Pickup(-24.0, 1.7, 8_000.0),
    },
    "overhead_left": {
        "kick": Pickup(-13.0, 4.1, 0.0, 60.0),
        "snare": Pickup(-6.0, 2.9),
        "rack_tom": Pickup(-9.0, 2.7),
        "floor_tom": Pickup(-14.0, 3.9),
        "hat": Pickup(-10.0, 2.2),
        "crash": Pickup(-8.0, 1.9),
    },
    "overhead_right": {
        "kick": Pickup(-13.0, 4.2, 0.0, 60.0),
        "snare": Pickup(-6.5, 3.0),
        "rack_tom": Pickup(-11.0, 3.1),
        "floor_tom": Pickup(-9.0, 2.5),
        "hat": Pickup(-17.0, 3.9),
        "crash": Pickup(-11.0, 3.3),
    },
}

# The room pair: level of each piece, and how far left (-1) to right (+1) it stands.
_ROOM: dict[str, tuple[float, float]] = {
    "kick": (-5.0, 0.0),
    "snare": (0.0, -0.1),
    "rack_tom": (-3.0, -0.2),
    "floor_tom": (-3.0, 0.3),
    "hat": (-19.0, -0.4),
    "crash": (-12.0, 0.3),
}
# Early reflections after the direct sound, ms: floor, walls, ceiling; left and right.
_REFLECTIONS_MS = ((3.1, 7.9, 11.2, 17.3, 22.9, 29.4), (3.4, 6.6, 13.1, 15.8, 24.7, 31.8))
_REFLECTION_DB = (-7.0, -8.0, -10.0, -11.0, -13.0, -14.0)
_REVERBERATION_S = 0.55  # RT60, a live drum room


def _heard(track: Block, pickup: Pickup) -> Block:
    out = track
    if pickup.low_pass_hz:
        out = filtered(out, "lowpass", pickup.low_pass_hz, 1)
    if pickup.high_pass_hz:
        out = filtered(out, "highpass", pickup.high_pass_hz)
    return db_to_gain(pickup.level_db) * delayed(out, pickup.late_ms)


def _room_response(side: int) -> Block:
    """Return the impulse response of the room for one of the pair, from the direct sound on."""
    frames = round(_REVERBERATION_S * SAMPLE_RATE_HZ)
    # -60 dB after the reverberation time: exp(-6.91 t / RT60)
    tail = Chance(f"room {side}").noise(frames) * decay(frames, _REVERBERATION_S / 6.91)
    bright = filtered(tail, "lowpass", 6_500.0, 1) * decay(frames, 0.12)
    dark = filtered(tail, "lowpass", 1_800.0, 1)
    rise = 1.0 - decay(frames, 0.012)
    response = np.asarray(0.042 * rise * (bright + dark))
    response[0] += 1.0
    for ms, level_db in zip(_REFLECTIONS_MS[side], _REFLECTION_DB, strict=True):
        response[round(ms * 1e-3 * SAMPLE_RATE_HZ)] += db_to_gain(level_db)
    return response


def _room_side(kit: dict[str, Block], side: int) -> Block:
    from scipy.signal import oaconvolve

    direct = empty_track()
    for piece, (level_db, pan) in _ROOM.items():
        balance = 1.0 - 0.4 * max(0.0, pan if side == 0 else -pan)
        direct += db_to_gain(level_db) * balance * kit[piece]
    direct = filtered(filtered(direct, "lowpass", 9_000.0, 1), "highpass", 40.0)
    return delayed(np.asarray(oaconvolve(direct, _room_response(side)))[:FRAMES], ROOM_DELAY_MS)


def record(kit: dict[str, Block]) -> Iterator[tuple[str, Block]]:
    """Yield what each drum microphone records, unscaled.

    Args:
        kit: The tracks of ``drums.play``.

    Yields:
        A name and ``(channels, frames)``: ``kick_in``, ``snare_top``, ``tom``,
        ``overhead_left``, ``overhead_right`` with one channel, ``room`` with two.
    """
    for name, row in _CLOSE.items():
        yield name, sum((_heard(kit[piece], p) for piece, p in row.items()), empty_track())[None]
    yield "room", np.stack([_room_side(kit, 0), _room_side(kit, 1)])
