"""In what the automation of two sessions differs: lane by lane, point by point, with times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mixmaster.documents import shapes
from mixmaster.documents.automation import AutomationLane, Point
from mixmaster.documents.differences import Difference, Kind, value_difference
from mixmaster.documents.tempo import PositionError, TempoMap
from mixmaster.documents.wording import number_text
from mixmaster.mixing.sessions.session import Session

_MOST_POINTS = 8
"""Of one lane; what is beyond is told in one line with its times."""


def lane_differences(
    first: Session, second: Session, tempo_bpm: float
) -> Callable[[str, Any, Any], list[Difference]]:
    """Return what compares the lists of lanes of two sessions.

    Args:
        first: The session with the first lanes.
        second: That with the second.
        tempo_bpm: The tempo, for a session that has none of its own.
    """

    def compare(
        address: str, one: Sequence[AutomationLane], two: Sequence[AutomationLane]
    ) -> list[Difference]:
        clocks = [_clock_of(session, tempo_bpm) for session in (first, second)]
        return list(_lanes(address, one, two, clocks))

    return compare


Clock = Callable[[Point], str]


def _clock_of(session: Session, tempo_bpm: float) -> Clock:
    """Return what writes a point's time: as it is said, and in minutes and seconds."""
    found = session.song_map(tempo_bpm)
    if found is None:
        found = TempoMap.constant(session.tempo_bpm or tempo_bpm)

    def clock(point: Point) -> str:
        try:
            seconds = found.seconds(point.at)
        except PositionError:
            return str(point.at)
        minutes, rest = divmod(seconds, 60.0)
        text = f"{int(minutes)}:{rest:06.3f}"
        return f"{point.at} ({text})" if isinstance(point.at, str) else text

    return clock


def _lanes(
    address: str,
    one: Sequence[AutomationLane],
    two: Sequence[AutomationLane],
    clocks: Sequence[Clock],
) -> Iterator[Difference]:
    first = {lane.target: lane for lane in one}
    second = {lane.target: lane for lane in two}
    for target in (*first, *(target for target in second if target not in first)):
        where = f"automation of {target}"
        if target not in second:
            said = _span(first[target], clocks[0])
            yield Difference("removed", address, where, "", said, "")
        elif target not in first:
            yield Difference("added", address, where, "", "", _span(second[target], clocks[1]))
        elif first[target] != second[target]:
            yield from _lane(address, where, first[target], second[target], clocks)


def _span(lane: AutomationLane, clock: Clock) -> str:
    count = len(lane.points)
    if count == 1:
        return f"one point, at {clock(lane.points[0])}"
    return f"{count} points, {clock(lane.points[0])} to {clock(lane.points[-1])}"


def _lane(
    address: str,
    where: str,
    one: AutomationLane,
    two: AutomationLane,
    clocks: Sequence[Clock],
) -> Iterator[Difference]:
    for key in ("relative", "interpolation", "id"):
        before, after = getattr(one, key), getattr(two, key)
        if before != after:
            plain = value_difference(f"{where}.{key}", key, before, after)
            yield Difference("changed", address, where, plain.what, plain.before, plain.after)
    found = [
        Difference(kind, address, where, what, before, after, change)
        for kind, what, before, after, change in _points(one, two, clocks)
    ]
    yield from found[:_MOST_POINTS]
    if len(found) > _MOST_POINTS:
        rest = found[_MOST_POINTS:]
        text = f"{len(rest)} more, {rest[0].what} to {rest[-1].what.removeprefix('at ')}"
        yield Difference("changed", address, where, "points", "", text)


def _points(
    one: AutomationLane, two: AutomationLane, clocks: Sequence[Clock]
) -> Iterator[tuple[Kind, str, str, str, str]]:
    """Compare points by their times; of several at one time, by their order there."""
    unit = shapes.unit_of(one.target.rpartition(".")[2])
    first, second = _by_time(one.points), _by_time(two.points)
    times = [*first, *(time for time in second if time not in first)]
    order = {time: at for at, time in enumerate(second)}
    for time in sorted(times, key=lambda time: order.get(time, _before(time, first, order))):
        if time not in second:
            what = f"at {clocks[0](first[time])}"
            yield "removed", what, _value(first[time], unit), "", ""
        elif time not in first:
            what = f"at {clocks[1](second[time])}"
            yield "added", what, "", _value(second[time], unit), ""
        elif first[time] != second[time]:
            before, after = first[time], second[time]
            numbers = not isinstance(before.value, bool) and not isinstance(after.value, bool)
            change = ""
            if numbers and after.value != before.value:
                change = number_text(round(after.value - before.value, 6), unit, sign=True)
            values = (_value(before, unit), _value(after, unit))
            yield "changed", f"at {clocks[1](after)}", *values, change


Time = tuple[float | str, int]


def _by_time(points: Sequence[Point]) -> dict[Time, Point]:
    found: dict[Time, Point] = {}
    for point in points:
        number = 0
        while (point.at, number) in found:
            number += 1
        found[point.at, number] = point
    return found


def _before(time: Time, first: dict[Time, Point], order: dict[Time, int]) -> float:
    """Return where a point that is gone stood among those that are there."""
    known = -0.5
    for each in first:
        if each == time:
            break
        if each in order:
            known = order[each] + 0.5
    return known


def _value(point: Point, unit: str) -> str:
    if isinstance(point.value, bool):
        text = "on" if point.value else "off"
    else:
        text = number_text(point.value, unit)
    return f"{text}, {point.interpolation}" if point.interpolation else text
