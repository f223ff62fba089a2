"""A picture as data: a few kinds of mark that both back ends know (SVG, Pillow).

Coordinates are pixels at 96 dpi, y downwards. A mark's colour is a role of the theme, so that one
scene serves light, dark and print.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True, eq=False)
class Polyline:
    """A curve through ``points`` of shape ``(n, 2)``."""

    points: Points
    role: str
    width: float = 1.0
    dash: tuple[float, ...] = ()
    opacity: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """A filled polygon of shape ``(n, 2)``; closed by itself."""

    points: Points
    role: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line."""

    x0: float
    y0: float
    x1: float
    y1: float
    role: str
    width: float = 1.0
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Rect:
    """A filled rectangle; ``tip`` is what a pointer resting on it is told."""

    x: float
    y: float
    width: float
    height: float
    role: str
    opacity: float = 1.0
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A filled circle."""

    x: float
    y: float
    radius: float
    role: str
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text; ``y`` is its baseline. ``halo`` keeps curves behind it from touching it."""

    x: float
    y: float
    text: str
    role: str = "muted"
    size: float = 11.0
    anchor: Anchor = "start"
    bold: bool = False
    halo: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Marks that belong together: ``name`` is what the page's script finds them by."""

    marks: tuple[Mark, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A plot's field: what its marks draw beyond it is cut off.

    Attributes:
        x: Left edge.
        y: Upper edge.
        width: Of the field.
        height: Of the field.
        marks: In the scene's coordinates.
    """

    x: float
    y: float
    width: float
    height: float
    marks: tuple[Mark, ...]


TICKS = "ticks"
"""The name of the group that holds a time axis's figures: a zoomed chart has others."""

Mark = Polyline | Area | Line | Rect | Dot | Text | Group | Panel


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Where time lies in a scene: for a cursor, and for a script that redraws its figures."""

    left: float
    right: float
    seconds: float
    baseline: float


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture.

    Attributes:
        width: In pixels.
        height: In pixels.
        title: What it shows, short.
        description: What is to be seen in it, in words and figures.
        marks: From back to front.
        time: Its time axis, if it has one.
    """

    width: float
    height: float
    title: str
    description: str
    marks: tuple[Mark, ...]
    time: TimeAxis | None = None


@dataclass(slots=True)
class Sketch:
    """A scene while it is being drawn."""

    marks: list[Mark] = field(default_factory=list)

    def add(self, *marks: Mark) -> None:
        """Draw marks in front of what there is."""
        self.marks += marks


def curve(
    x: Points,
    y: Points,
    role: str,
    *,
    width: float = 1.0,
    dash: tuple[float, ...] = (),
    opacity: float = 1.0,
) -> Iterator[Polyline]:
    """Yield a curve in pieces: it is interrupted where ``y`` is NaN. A lone point is a dash."""
    for start, stop in stretches(np.isfinite(y)):
        points = np.column_stack((x[start:stop], y[start:stop]))
        if stop - start == 1:
            points = points + np.array([[-0.75, 0.0], [0.75, 0.0]])
        yield Polyline(points, role, width, dash, opacity)


def stretches(true: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where ``true`` holds, as ``[start, stop)`` pairs."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], true, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places near ``wanted`` that are at least ``gap`` apart, in the same order.

    For labels at the edge of a chart. Where there is no room for all, they share it evenly.
    """
    if not wanted:
        return []
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    gap = min(gap, (high - low) / max(1, len(wanted) - 1))
    places = [0.0] * len(wanted)
    # down from the top, then up from the bottom: nothing overlaps, nothing leaves the chart
    at = low
    for i in order:
        places[i] = at = max(at, wanted[i])
        at += gap
    at = high
    for i in reversed(order):
        places[i] = at = min(at, places[i])
        at -= gap
    return places
