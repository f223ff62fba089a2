"""Events: what happens in a signal at a time, and how such things are listed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from mixmaster.results import Result

EventKind = Literal["clipping", "over", "dropout", "silence_head", "silence_tail"]

LISTED_EVENTS: Final = 500
"""So many events of one kind are listed, those with the highest figures; all are counted."""

_CHANNEL_NAMES: Final = {
    1: ("mono",),
    2: ("left", "right"),
    3: ("left", "right", "centre"),
    5: ("left", "right", "centre", "left surround", "right surround"),
    6: ("left", "right", "centre", "LFE", "left surround", "right surround"),
}


@dataclass(frozen=True, slots=True)
class Event(Result):
    """Something at a time.

    Attributes:
        kind: What it is.
        start_s: When it begins, in seconds from the signal's first frame.
        stop_s: When it is over.
        channel: The channel's index from 0; None where all channels take part.
        figure: How much, in ``unit``.
        unit: The figure's unit.
        text: The event in words, for people.
    """

    kind: EventKind
    start_s: float
    stop_s: float
    channel: int | None
    figure: float
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class EventFigures(Result):
    """The events of a signal, and how many of each kind there are.

    Attributes:
        events: In the order of time; at most ``LISTED_EVENTS`` of a kind.
        clipped_runs: Runs of three samples or more that are flat at the top, over all channels.
        intersample_overs: Passages over 0 dBTP, over all channels.
        dropouts: Gaps that a programme does not have of itself.
        silence_head_s: Before the first sample over the threshold; None if there is none.
        silence_tail_s: After the last one.
        reasons: Why a figure does not exist, or not all events are listed.
    """

    events: tuple[Event, ...]
    clipped_runs: int
    intersample_overs: int
    dropouts: int
    silence_head_s: float | None
    silence_tail_s: float | None
    reasons: dict[str, str] = field(default_factory=dict)


def channel_name(channel: int, channels: int) -> str:
    """Return what a channel (from 0) is called in a file of so many."""
    names = _CHANNEL_NAMES.get(channels)
    return names[channel] if names else f"channel {channel + 1}"


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return events in the order of time, then kind, then channel."""

    def place(event: Event) -> tuple[float, str, int]:
        return event.start_s, event.kind, -1 if event.channel is None else event.channel

    return tuple(sorted(events, key=place))
