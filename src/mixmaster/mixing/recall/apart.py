"""In what two sessions differ, or a session and a preset: their own fields, then what they mean."""

from __future__ import annotations

from mixmaster.documents.differences import Difference, differences
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.recall.lanes_apart import lane_differences
from mixmaster.mixing.sessions.session import Session

_IN_THE_PRESET = frozenset({"set", "add", "version", "tempo_bpm"})
"""What a session lays over its preset: told of the preset that results."""


def session_differences(
    first: tuple[Session, MixPreset], second: tuple[Session, MixPreset]
) -> list[Difference]:
    """Return in what two sessions differ.

    What they lay over their presets is not compared word by word: the presets that result are.

    Args:
        first: A session, and its preset with the session laid over it.
        second: Another.
    """
    one, two = first[0], second[0]
    found = differences(
        one,
        two,
        special={
            "automation": lane_differences(one, two, first[1].tempo_bpm),
            **{key: lambda _address, _one, _two: [] for key in _IN_THE_PRESET},
        },
    )
    return [*found, *preset_differences(first[1], second[1], names=one.preset == two.preset)]


def preset_differences(
    first: MixPreset, second: MixPreset, *, names: bool = True
) -> list[Difference]:
    """Return in what two mix presets differ.

    Args:
        first: The first.
        second: The second.
        names: Whether their names and descriptions count.
    """
    quiet = () if names else ("name", "description")
    return differences(
        first, second, special={key: lambda _address, _one, _two: [] for key in quiet}
    )
