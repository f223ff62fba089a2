"""What curves are called: a row of samples above a chart, names at the ends of level lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mixmaster.pages.axes import Plot, Size
from mixmaster.pages.scene import Line, Mark, Text, spread

LETTER = 0.56
"""An ample mean width of a letter, in its size: the page's type is the reader's own."""
_ROW = 17.0
_SAMPLE = 20.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A curve's name and how it is drawn."""

    label: str
    role: str
    width: float = 1.6
    dash: tuple[float, ...] = ()


def legend(size: Size, entries: Sequence[Entry], top: float = 0.0) -> tuple[list[Mark], float]:
    """Return the marks of a legend from ``top`` down, and where it ends."""
    marks: list[Mark] = []
    x, y = size.left, top + 11.0
    for entry in entries:
        room = _SAMPLE + 6.0 + text_width(entry.label, 11.5) + 18.0
        if x > size.left and x + room > size.width:
            x, y = size.left, y + _ROW
        marks.append(Line(x, y - 4.0, x + _SAMPLE, y - 4.0, entry.role, entry.width, entry.dash))
        marks.append(Text(x + _SAMPLE + 6.0, y, entry.label, "ink", 11.5))
        x += room
    return marks, y + 9.0


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is."""
    return len(text) * LETTER * size


def shortened(text: str, width: float, size: float) -> str:
    """Return a text that fits into ``width``: its middle gives way, its ending stays."""
    most = max(5, int(width / (LETTER * size)))
    if len(text) <= most:
        return text
    tail = min(8, most // 3)
    return f"{text[: most - tail - 1].rstrip()}…{text[-tail:].lstrip()}"


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line with a name: a target, a measured figure."""

    value: float
    label: str
    role: str
    width: float = 1.0
    dash: tuple[float, ...] = ()


def levels(plot: Plot, size: Size, entries: Sequence[Level]) -> tuple[list[Mark], list[Mark]]:
    """Return level lines, and their names beside the field.

    A level beyond the field has no line. Where there is no room beside the field there are no
    names: they are in the legend then (``level_entries``).
    """
    seen = [entry for entry in entries if plot.y.low <= entry.value <= plot.y.high]
    lines: list[Mark] = [
        plot.level(entry.value, entry.role, width=entry.width, dash=entry.dash) for entry in seen
    ]
    if not size.named_beside:
        return lines, []
    wanted = [plot.y.at(entry.value) + 3.8 for entry in seen]
    places = spread(wanted, 13.5, plot.top + 4.0, plot.bottom)
    names: list[Mark] = [
        Text(plot.right + 8.0, y, entry.label, entry.role, 11.0)
        for entry, y in zip(seen, places, strict=True)
    ]
    return lines, names


def level_entries(size: Size, entries: Sequence[Level]) -> list[Entry]:
    """Return what a legend says of level lines: nothing where they have names of their own."""
    if size.named_beside:
        return []
    return [Entry(entry.label, entry.role, entry.width, entry.dash) for entry in entries]
