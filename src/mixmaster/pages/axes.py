"""Axes: sizes, scales, ticks with their units, and fields to draw curves in."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mixmaster.pages.scene import (
    TICKS,
    Anchor,
    Group,
    Line,
    Mark,
    Panel,
    Points,
    Text,
    TimeAxis,
)


@dataclass(frozen=True, slots=True)
class Size:
    """How wide a chart is, and how much of it lies beside its field.

    Attributes:
        name: What the page's style finds it by.
        width: Of the whole chart.
        left: Room for the figures of the vertical axis.
        right: Room for the names of curves; none where they are written into the field.
        tall: Heights are multiplied by this.
    """

    name: str
    width: float
    left: float
    right: float
    tall: float = 1.0

    @property
    def named_beside(self) -> bool:
        """Whether there is room beside the field for the curves' names."""
        return self.right > 60.0

    @property
    def to_the_edge(self) -> Size:
        """The same without room for names: for charts that have them in a legend only."""
        return dataclasses.replace(self, right=min(self.right, 12.0))

    @property
    def field(self) -> float:
        """The width of the field."""
        return self.width - self.left - self.right


WIDE = Size("wide", 960.0, 46.0, 112.0)
NARROW = Size("narrow", 380.0, 36.0, 6.0, 0.92)

_TIME_STEPS_S = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5,
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
    14400.0,
)  # fmt: skip
_HZ_TICKS = (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
_HZ_TICKS_NARROW = (20, 100, 1_000, 10_000, 100_000)


@dataclass(frozen=True, slots=True)
class Scale:
    """From a quantity to pixels: linear, or logarithmic."""

    low: float
    high: float
    start: float
    stop: float
    logarithmic: bool = False

    def __call__(self, values: Points) -> Points:
        """Return the places of values; NaN stays NaN."""
        low, high = self.low, self.high
        if self.logarithmic:
            share = np.log(np.maximum(values, 1e-9) / low) / math.log(high / low)
        else:
            share = (np.asarray(values, np.float64) - low) / (high - low)
        return np.asarray(self.start + share * (self.stop - self.start))

    def at(self, value: float) -> float:
        """Return the place of one value."""
        return float(self(np.array([value]))[0])


@dataclass(frozen=True, slots=True)
class Plot:
    """A field with its two scales."""

    x: Scale
    y: Scale

    @property
    def left(self) -> float:
        """The left edge."""
        return self.x.start

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x.stop

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.y.stop

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y.start

    def panel(self, *marks: Mark) -> Panel:
        """Return marks cut off at the field's edges."""
        width, height = self.right - self.left, self.bottom - self.top
        return Panel(self.left, self.top, width, height, marks)

    def level(
        self, value: float, role: str, *, width: float = 1.0, dash: tuple[float, ...] = ()
    ) -> Line:
        """Return a horizontal line at a value."""
        y = self.y.at(value)
        return Line(self.left, y, self.right, y, role, width, dash)

    def rows(
        self, ticks: Sequence[tuple[float, str]], *, strong: float | None = None
    ) -> list[Mark]:
        """Return the horizontal grid and its figures."""
        marks: list[Mark] = []
        for value, text in ticks:
            y = self.y.at(value)
            role = "frame" if value == strong else "grid"
            marks.append(Line(self.left, y, self.right, y, role))
            marks.append(Text(self.left - 7.0, y + 3.6, text, "muted", 10.5, "end"))
        return marks

    def columns(
        self, ticks: Sequence[tuple[float, str]], *, labelled: bool = True, unit: str = ""
    ) -> list[Mark]:
        """Return the vertical grid and its figures, under the field."""
        marks: list[Mark] = []
        for value, text in ticks:
            x = self.x.at(value)
            marks.append(Line(x, self.top, x, self.bottom, "grid"))
            if labelled:
                anchor = _anchor(x, self.left, self.right)
                marks.append(Text(x, self.bottom + 15.0, text, "muted", 10.5, anchor))
        if unit and labelled:
            marks.append(Text(self.left - 7.0, self.bottom + 15.0, unit, "muted", 10.5, "end"))
        return marks


def _anchor(x: float, left: float, right: float) -> Anchor:
    if x > right - 14.0:
        return "end"
    return "start" if x < left + 4.0 else "middle"


def time_plot(
    size: Size, seconds: float, top: float, height: float, y: tuple[float, float]
) -> Plot:
    """Return a field over time; all of one size and length line up."""
    x = Scale(0.0, max(seconds, 1e-3), size.left, size.left + size.field)
    return Plot(x, Scale(y[0], y[1], top + height, top))


def hz_plot(size: Size, high_hz: float, top: float, height: float, y: tuple[float, float]) -> Plot:
    """Return a field over frequency, from 20 Hz on a logarithmic scale."""
    x = Scale(LOWEST_HZ, max(high_hz, 2.0 * LOWEST_HZ), size.left, size.left + size.field, True)
    return Plot(x, Scale(y[0], y[1], top + height, top))


LOWEST_HZ = 20.0
TIME_UNIT = "m:s"


def time_axis(plot: Plot, baseline: float | None = None) -> TimeAxis:
    """Return where time lies in a plot over time, its figures at ``baseline`` or under it."""
    under = plot.bottom + 15.0 if baseline is None else baseline
    return TimeAxis(plot.left, plot.right, plot.x.high, under)


def time_columns(plot: Plot, size: Size, seconds: float) -> Group:
    """Return the vertical grid of a plot over time, as a group that a zoom can replace."""
    return Group(tuple(plot.columns(time_ticks(seconds, size), unit=TIME_UNIT)), TICKS)


def time_ticks(seconds: float, size: Size) -> list[tuple[float, str]]:
    """Return round times from 0, at least 58 pixels apart."""
    most = max(2.0, size.field / 58.0)
    step = next((s for s in _TIME_STEPS_S if seconds / s <= most), _TIME_STEPS_S[-1])
    count = min(int(seconds / step + 1e-9), 400)
    return [(i * step, clock(i * step, step)) for i in range(count + 1)]


def clock(seconds: float, step: float = 1.0) -> str:
    """Return a time as ``1:23``, ``1:02:03``; with as many decimals as ``step`` needs."""
    decimals = max(0, math.ceil(-math.log10(step) - 1e-9)) if step < 1.0 else 0
    units = round(abs(seconds) * 10**decimals)
    whole, part = divmod(units, 10**decimals)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    tail = f".{part:0{decimals}d}" if decimals else ""
    sign = "−" if seconds < 0 and units else ""
    return f"{sign}{head}:{rest:02d}{tail}"


def hz_ticks(high_hz: float, size: Size) -> list[tuple[float, str]]:
    """Return round frequencies up to ``high_hz``."""
    ticks = _HZ_TICKS if size.width > 500.0 else _HZ_TICKS_NARROW
    return [(float(hz), hz_text(hz)) for hz in ticks if LOWEST_HZ <= hz <= high_hz * 1.001]


def hz_text(hz: float) -> str:
    """Return a frequency as engineers write it: ``63``, ``1k``, ``12.5k``."""
    return f"{hz / 1_000:.3g}k" if hz >= 1_000 else f"{hz:.3g}"


def hz_words(hz: float) -> str:
    """Return a frequency with its unit: ``63 Hz``, ``12.5 kHz``."""
    return f"{hz / 1_000:.3g} kHz" if hz >= 1_000 else f"{hz:.3g} Hz"


def db_ticks(low: float, high: float, height: float) -> list[tuple[float, str]]:
    """Return round levels between two, 22 pixels apart or more; in low fields half of them."""
    most = max(2.0, height / 22.0)
    step = next((s for s in (1, 2, 3, 6, 12, 24, 48) if (high - low) / s <= most), 96)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [(float(i * step), signed(i * step, 0)) for i in range(first, last + 1)]


def signed(value: float | None, digits: int = 1, *, plus: bool = False) -> str:
    """Return a figure with a true minus sign, never ``-0.0``; what does not exist is a dash."""
    if value is None or not math.isfinite(value):
        return "–"
    rounded = round(value, digits) + 0.0
    text = f"{abs(rounded):.{digits}f}"
    if rounded < 0.0:
        return f"−{text}"
    return f"+{text}" if plus and rounded > 0.0 else text
