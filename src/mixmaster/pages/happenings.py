"""Events on a time line: a lane a kind, and what lies within one column told together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mixmaster.pages.axes import Plot, Size, clock
from mixmaster.pages.scene import Line, Mark, Panel, Rect, Text

if TYPE_CHECKING:
    from mixmaster.metering.events import Event, EventFigures

LANE = 11.0
GAP = 4.0
_NARROWEST = 2.0
"""An event of one sample is still to be seen."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of event is shown."""

    one: str
    several: str
    role: str


KINDS = {
    "clipping": Kind("clipped run", "clipped runs", "fault"),
    "over": Kind("over 0 dBTP", "overs (dBTP)", "s1"),
    "dropout": Kind("dropout", "dropouts", "s3"),
    "silence_head": Kind("silent head", "silent head", "muted"),
    "silence_tail": Kind("silent tail", "silent tail", "muted"),
}


def kind_of(name: str) -> Kind:
    """Return how a kind is shown; one that is new here by its own name."""
    plain = name.replace("_", " ")
    return KINDS.get(name, Kind(plain, plain, "s3"))


def counted_text(kind: str, count: int) -> str:
    """Return how many there are of a kind, in words: ``3 clipped runs``."""
    shown = kind_of(kind)
    if shown.one == shown.several and count == 1:
        return shown.one
    return f"{count:,} {shown.one if count == 1 else shown.several}"


def kinds_in(events: Sequence[Event]) -> list[str]:
    """Return the kinds there are, faults first."""
    order = list(KINDS)
    found = {event.kind for event in events}
    return sorted(found, key=lambda kind: (order.index(kind) if kind in order else 99, kind))


@dataclass(frozen=True, slots=True)
class _Run:
    start: float
    stop: float
    events: tuple[Event, ...]


def lanes_height(events: Sequence[Event], size: Size) -> float:
    """Return how much room the lanes take."""
    return len(kinds_in(events)) * _lane_step(size)


def counts_of(figures: EventFigures) -> dict[str, int]:
    """Return how many events of each kind there are, those that are not listed included."""
    counts = dict.fromkeys(kinds_in(figures.events), 0)
    for event in figures.events:
        counts[event.kind] += 1
    counted = {
        "clipping": figures.clipped_runs,
        "over": figures.intersample_overs,
        "dropout": figures.dropouts,
    }
    return counts | {kind: count for kind, count in counted.items() if count}


def lanes(
    events: Sequence[Event], counts: Mapping[str, int], plot: Plot, size: Size, top: float
) -> list[Mark]:
    """Return a lane for each kind of event, from ``top`` down, with its name and number."""
    marks: list[Mark] = []
    y = top
    for kind in kinds_in(events):
        shown = kind_of(kind)
        of_kind = [event for event in events if event.kind == kind]
        label = counted_text(kind, counts[kind])
        if size.named_beside:
            marks.append(Text(plot.right + 8.0, y + 9.0, label, shown.role, 11.0))
        else:
            marks.append(Text(plot.left, y + 9.0, label, shown.role, 10.5))
            y += 13.0
        middle = y + LANE / 2.0
        marks.append(Line(plot.left, middle, plot.right, middle, "grid"))
        boxes = [
            Rect(run.start, y, run.stop - run.start, LANE, shown.role, tip=_tip(run))
            for run in runs(of_kind, plot)
        ]
        marks.append(Panel(plot.left, y, plot.right - plot.left, LANE, tuple(boxes)))
        y += LANE + GAP
    return marks


def _lane_step(size: Size) -> float:
    return LANE + GAP + (0.0 if size.named_beside else 13.0)


def runs(events: Sequence[Event], plot: Plot) -> list[_Run]:
    """Return events in pixels, those that touch on the screen together."""
    found: list[_Run] = []
    for event in sorted(events, key=lambda e: e.start_s):
        start = min(plot.x.at(event.start_s), plot.right - _NARROWEST)
        stop = max(start + _NARROWEST, plot.x.at(event.stop_s))
        if found and start <= found[-1].stop + 0.5:
            last = found[-1]
            found[-1] = _Run(last.start, max(last.stop, stop), (*last.events, event))
        else:
            found.append(_Run(start, stop, (event,)))
    return found


def _tip(run: _Run) -> str:
    first = run.events[0]
    if len(run.events) == 1:
        return f"{clock(first.start_s, 0.001)} {first.text}"
    last = max(event.stop_s for event in run.events)
    several = kind_of(first.kind).several
    return f"{len(run.events)} {several}, {clock(first.start_s, 0.001)} to {clock(last, 0.001)}"
