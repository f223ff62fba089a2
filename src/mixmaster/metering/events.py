"""Events: what happens in a signal at a time, and how such things are listed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from mixmaster.arrays import Block32
from mixmaster.metering.chunk_meter import ChunkMeter
from mixmaster.metering.clipping import ClippingFigures, ClippingMeter
from mixmaster.metering.gaps import SILENCE_DBFS, Gap, GapFigures, GapMeter
from mixmaster.metering.peak_curve import PeakCurve, PeakCurveMeter
from mixmaster.results import Result

EventKind = Literal["clipping", "over", "dropout", "silence_head", "silence_tail"]

LISTED_EVENTS: Final = 500
"""So many events of one kind are listed, those with the highest figures; all are counted."""

SHORTEST_SILENCE_S: Final = 0.05
"""Silence at the edges that is shorter is no event."""

_PATTERN: Final = 10  # so many dropouts are hardly a fault
_AT_ONCE_S: Final = 2e-3  # so near in time are gaps of several channels one

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
        reasons: Why a figure does not exist, what to doubt, or that not all events are listed.
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


class EventMeter(ChunkMeter[EventFigures]):
    """Clipped runs, overs between samples, dropouts, and silence at head and tail.

    Args:
        sample_rate_hz: The signal's rate.
        channels: Channels of every block.
        where: What is measured, for errors.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, where: str = "") -> None:
        super().__init__(sample_rate_hz, channels, where=where)
        self._parts = (
            ClippingMeter(sample_rate_hz, channels, listed=LISTED_EVENTS),
            GapMeter(sample_rate_hz, channels, listed=LISTED_EVENTS),
            PeakCurveMeter(sample_rate_hz, channels, listed=LISTED_EVENTS),
        )

    def _take(self, chunk: Block32) -> None:
        for part in self._parts:
            part.take(chunk)

    def _figures(self) -> EventFigures:
        clipping, gaps, peaks = self._parts
        found = clipping.result(), gaps.result(), peaks.result()
        return event_figures(
            *found,
            frames=self.frames,
            sample_rate_hz=self.sample_rate_hz,
            channels=self.channels,
        )


def event_figures(
    clipping: ClippingFigures,
    gaps: GapFigures,
    peaks: PeakCurve,
    *,
    frames: int,
    sample_rate_hz: int,
    channels: int,
) -> EventFigures:
    """Return what the meters of a signal's events found, as events.

    Args:
        clipping: Its flat tops.
        gaps: Its silences.
        peaks: Its overs.
        frames: Its length.
        sample_rate_hz: Its rate.
        channels: How many it has.
    """
    duration_s = frames / sample_rate_hz
    reasons: dict[str, str] = {}
    dropouts, uncounted = _dropouts(gaps.gaps, channels)
    events = [
        *_clipped(clipping, sample_rate_hz, channels),
        *_overs(peaks, sample_rate_hz, channels),
        *dropouts,
    ]
    if gaps.head_s is None or gaps.tail_s is None:
        why = f"no sample over {SILENCE_DBFS:.0f} dBFS" if frames else "no audio"
        reasons["silence_head_s"] = reasons["silence_tail_s"] = why
    else:
        tail_from_s = duration_s - gaps.tail_s
        events += _edge("silence_head", 0.0, gaps.head_s, "nothing for the first")
        events += _edge("silence_tail", tail_from_s, duration_s, "nothing for the last")
    counts = {
        "clipping": clipping.count,
        "over": peaks.over_count,
        "dropout": gaps.count - uncounted,
    }
    if counts["dropout"] >= _PATTERN:
        reasons["dropouts"] = "so many may be played: notes that are cut off hard look the same"
    kept: list[Event] = []
    for kind in ("clipping", "over", "dropout", "silence_head", "silence_tail"):
        all_of_it = sorted((e for e in events if e.kind == kind), key=lambda e: -e.figure)
        kept += all_of_it[:LISTED_EVENTS]
        if counts.get(kind, 0) > LISTED_EVENTS:
            what = f"only the {LISTED_EVENTS} strongest of kind {kind} are listed"
            reasons["events"] = f"{reasons['events']}; {what}" if "events" in reasons else what
    return EventFigures(
        events=tuple(sorted(kept, key=_place)),
        clipped_runs=counts["clipping"],
        intersample_overs=counts["over"],
        dropouts=counts["dropout"],
        silence_head_s=gaps.head_s,
        silence_tail_s=gaps.tail_s,
        reasons=reasons,
    )


def _place(event: Event) -> tuple[float, str, int]:
    return event.start_s, event.kind, -1 if event.channel is None else event.channel


def _clipped(clipping: ClippingFigures, rate: int, channels: int) -> list[Event]:
    return [
        Event(
            kind="clipping",
            start_s=run.start / rate,
            stop_s=(run.start + run.frames) / rate,
            channel=run.channel,
            figure=float(run.frames),
            unit="samples",
            text=f"{run.frames} samples flat at {run.level_dbfs + 0.0:.2f} dBFS"
            f"{_of(run.channel, channels)}",
        )
        for run in clipping.runs
    ]


def _overs(peaks: PeakCurve, rate: int, channels: int) -> list[Event]:
    return [
        Event(
            kind="over",
            start_s=over.start / rate,
            stop_s=over.stop / rate,
            channel=over.channel,
            figure=over.peak_dbtp,
            unit="dBTP",
            text=f"true peak of {over.peak_dbtp:+.2f} dBTP{_of(over.channel, channels)}",
        )
        for over in peaks.overs
    ]


def _dropouts(gaps: tuple[Gap, ...], channels: int) -> tuple[list[Event], int]:
    """Return gaps as events, those of all channels at once as one, and how many that saves."""
    together: list[list[Gap]] = []
    for gap in sorted(gaps, key=lambda gap: (gap.start_s, gap.channel)):
        for group in reversed(together[-channels:]):
            apart = max(abs(group[0].start_s - gap.start_s), abs(group[0].stop_s - gap.stop_s))
            if apart <= _AT_ONCE_S and gap.channel not in {other.channel for other in group}:
                group.append(gap)
                break
        else:
            together.append([gap])
    events = []
    for group in together:
        everywhere = 1 < len(group) == channels
        for gap in group[:1] if everywhere else group:
            seconds = gap.stop_s - gap.start_s
            where = "" if everywhere else _of(gap.channel, channels)
            said = f"silent for {seconds * 1e3:.0f} ms at once{where}"
            channel = None if everywhere else gap.channel
            events.append(Event("dropout", gap.start_s, gap.stop_s, channel, seconds, "s", said))
    return events, len(gaps) - len(events)


def _edge(
    kind: Literal["silence_head", "silence_tail"], start_s: float, stop_s: float, said: str
) -> list[Event]:
    seconds = stop_s - start_s
    if seconds < SHORTEST_SILENCE_S:
        return []
    return [Event(kind, start_s, stop_s, None, seconds, "s", f"{said} {seconds:.2f} s")]


def _of(channel: int, channels: int) -> str:
    return "" if channels == 1 else f", {channel_name(channel, channels)}"
