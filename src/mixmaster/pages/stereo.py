"""The stereo field: correlation over time; correlation and width of each octave."""

from __future__ import annotations

import numpy as np

from mixmaster.pages.axes import (
    Plot,
    Scale,
    Size,
    hz_text,
    hz_words,
    signed,
    time_axis,
    time_columns,
    time_plot,
)
from mixmaster.pages.columns import reduced
from mixmaster.pages.legend import Level, legend, level_entries, levels
from mixmaster.pages.scene import Area, Dot, Line, Mark, Points, Rect, Scene, Text, curve, stretches
from mixmaster.pages.subject import Subject, numbers

_HEIGHT = 112.0
_BANDS_HEIGHT = 124.0
_HOP_S = 0.1
"""Between the windows of the correlation, where all of them are in the curve."""
_CORRELATION_TICKS = (
    (1.0, "+1"),
    (0.5, "+0.5"),
    (0.0, "0"),
    (-0.5, "−0.5"),
    (-1.0, "−1"),
)
_WIDTH_TICKS = ((0.0, "0"), (0.25, "25"), (0.5, "50"), (0.75, "75"), (1.0, "100"))


def correlation_of(subject: Subject) -> tuple[Points, Points]:
    """Return the times and values of the correlation; NaN where there is none."""
    figures = subject.survey.stereo
    return numbers(figures.correlation_times_s), numbers(figures.correlation_curve)


def correlation_scene(subject: Subject, size: Size, seconds: float | None = None) -> Scene:
    """Return correlation over time; what falls below 0 is filled.

    Args:
        subject: A file of two channels or more.
        size: Of the picture.
        seconds: The length of the time line; the file's own by default.
    """
    times, values = correlation_of(subject)
    length = seconds or subject.seconds
    overall = subject.survey.stereo.correlation
    named = [] if overall is None else [Level(overall, f"overall {_signed(overall)}", "ink")]
    entries = level_entries(size, named)
    head, top = legend(size, entries) if entries else ([], 6.0)
    plot = time_plot(size, length, top, _HEIGHT * size.tall, (-1.0, 1.0))
    x, y = reduced(times, values, high=plot.x.high, columns=round(size.field), keep="min")
    places = plot.x(x)
    inner: list[Mark] = []
    for start, stop in stretches(np.isfinite(y)):
        body = np.column_stack((places[start:stop], plot.y(np.minimum(y[start:stop], 0.0))))
        zero = plot.y.at(0.0)
        ends = np.array([[places[stop - 1], zero], [places[start], zero]])
        inner.append(Area(np.concatenate((body, ends)), "fault", 0.45))
    inner += curve(places, plot.y(y), "s0", width=1.3)
    lines, names = levels(plot, size, named)
    marks: list[Mark] = [
        *head,
        Rect(plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top, "panel"),
        *plot.rows(_CORRELATION_TICKS, strong=0.0),
        time_columns(plot, size, length),
        *lines,
        plot.panel(*inner),
        *names,
    ]
    text = _correlation_described(subject, times, values)
    return Scene(
        size.width,
        plot.bottom + 20.0,
        "Stereo correlation over time",
        text,
        tuple(marks),
        time_axis(plot),
    )


def bands_scene(subject: Subject, size: Size) -> Scene:
    """Return correlation and width of each octave, side by side; one below the other if narrow."""
    figures = subject.survey.stereo
    hz = numbers(figures.band_hz)
    correlation, width = numbers(figures.band_correlation), numbers(figures.band_width)
    height = _BANDS_HEIGHT * size.tall
    if size.named_beside:
        gap = 56.0
        each = (size.width - size.left - 12.0 - gap) / 2.0
        boxes = [(size.left, 6.0, each), (size.left + each + gap, 6.0, each)]
        bottom = 6.0 + height
    else:
        boxes = [(size.left, 6.0, size.field), (size.left, 6.0 + height + 30.0, size.field)]
        bottom = boxes[1][1] + height
    marks: list[Mark] = []
    marks += _sticks(boxes[0], height, hz, correlation)
    marks += _bars(boxes[1], height, hz, width)
    text = _bands_described(hz, correlation, width)
    title = "Correlation and width by octave"
    return Scene(size.width, bottom + 20.0, title, text, tuple(marks))


def _band_plot(box: tuple[float, float, float], height: float, y: tuple[float, float]) -> Plot:
    left, top, width = box
    return Plot(Scale(0.0, 1.0, left, left + width), Scale(y[0], y[1], top + height, top))


def _centres(plot: Plot, hz: Points) -> tuple[Points, float]:
    step = (plot.right - plot.left) / max(1, len(hz))
    return np.asarray(plot.left + (np.arange(len(hz)) + 0.5) * step), step


def _band_names(plot: Plot, hz: Points) -> list[Mark]:
    centres, step = _centres(plot, hz)
    every = 1 if step >= 28.0 else 2
    return [
        Text(float(x), plot.bottom + 15.0, hz_text(float(f)), "muted", 10.5, "middle")
        for x, f in list(zip(centres, nominal(hz), strict=True))[::every]
    ]


def nominal(hz: Points) -> Points:
    """Return octave bands by the names that engineers know (IEC 61260-1, annex E)."""
    names = np.array([31.5, 63.0, 125.0, 250.0, 500.0, 1e3, 2e3, 4e3, 8e3, 16e3])
    if not len(hz):
        return hz
    nearest = names[np.abs(np.log2(hz[:, None] / names)).argmin(axis=1)]
    return np.where(np.abs(np.log2(hz / nearest)) < 0.05, nearest, hz)


def _sticks(
    box: tuple[float, float, float], height: float, hz: Points, values: Points
) -> list[Mark]:
    plot = _band_plot(box, height, (-1.0, 1.0))
    marks: list[Mark] = [
        Rect(plot.left, plot.top, plot.right - plot.left, height, "panel"),
        *plot.rows(_CORRELATION_TICKS, strong=0.0),
    ]
    zero = plot.y.at(0.0)
    centres, _ = _centres(plot, hz)
    for x, f, value in zip(centres.tolist(), nominal(hz).tolist(), values.tolist(), strict=True):
        if np.isnan(value):
            marks.append(Text(x, zero - 4.0, "–", "muted", 11.0, "middle"))
            continue
        role = "fault" if value < 0.0 else "s0"
        y = plot.y.at(value)
        tip = f"{hz_words(f)}: {_signed(value)}"
        marks += [Line(x, zero, x, y, role, 2.0), Dot(x, y, 4.0, role, tip)]
    return [*marks, *_band_names(plot, hz), *_corner(plot, "correlation", plot.bottom - 7.0)]


def _bars(box: tuple[float, float, float], height: float, hz: Points, values: Points) -> list[Mark]:
    plot = _band_plot(box, height, (0.0, 1.0))
    marks: list[Mark] = [
        Rect(plot.left, plot.top, plot.right - plot.left, height, "panel"),
        *plot.rows(_WIDTH_TICKS, strong=0.0),
    ]
    centres, step = _centres(plot, hz)
    for x, f, value in zip(centres.tolist(), nominal(hz).tolist(), values.tolist(), strict=True):
        if np.isnan(value):
            marks.append(Text(x, plot.bottom - 5.0, "–", "muted", 11.0, "middle"))
            continue
        y = plot.y.at(value)
        tip = f"{hz_words(f)}: {100.0 * value:.0f} %"
        wide = 0.56 * step
        tall = max(1.0, plot.bottom - y)
        marks.append(Rect(x - wide / 2.0, plot.bottom - tall, wide, tall, "s0", 0.8, tip))
    return [
        *marks,
        *_band_names(plot, hz),
        *_corner(plot, "side's part of the power, %", plot.top + 13.0),
    ]


def _corner(plot: Plot, text: str, y: float) -> list[Mark]:
    return [Text(plot.right - 5.0, y, text, "muted", 10.5, "end", halo=True)]


def _signed(value: float) -> str:
    return signed(value, 2, plus=True)


def _correlation_described(subject: Subject, times: Points, values: Points) -> str:
    figures = subject.survey.stereo
    if figures.correlation is None:
        why = figures.reasons.get("correlation", "there is no stereo signal")
        return f"No correlation: {why}."
    text = f"Overall {_signed(figures.correlation)}"
    known = values[np.isfinite(values)]
    if len(known):
        text += f", lowest {_signed(float(known.min()))}"
    # Of long files the curve holds the lowest of several windows: a share of it says nothing.
    if len(known) > 1 and float(np.median(np.diff(times))) < 1.5 * _HOP_S:
        text += f", below 0 for {100.0 * float((known < 0.0).mean()):.0f} %"
    return f"{text}. +1 is mono, 0 unrelated channels, −1 opposite ones."


def _bands_described(hz: Points, correlation: Points, width: Points) -> str:
    known = np.isfinite(correlation)
    if not known.any():
        return "No octave has a stereo signal."
    at = int(np.nanargmin(correlation))
    text = (
        f"Least correlated at {hz_words(float(nominal(hz)[at]))} with "
        f"{_signed(float(correlation[at]))}"
    )
    if np.isfinite(width).any():
        widest = int(np.nanargmax(width))
        text += (
            f"; widest at {hz_words(float(nominal(hz)[widest]))} with "
            f"{100.0 * float(width[widest]):.0f} % of the power in side"
        )
    return f"{text}."
