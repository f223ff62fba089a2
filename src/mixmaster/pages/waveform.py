"""The waveform of every channel, with the events under it on the same time line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mixmaster.pages.axes import TIME_UNIT, Size, clock, signed, time_axis, time_plot, time_ticks
from mixmaster.pages.columns import column_of
from mixmaster.pages.happenings import counted_text, counts_of, kind_of, lanes, lanes_height, runs
from mixmaster.pages.scene import TICKS, Area, Group, Line, Mark, Points, Rect, Scene, Text
from mixmaster.pages.subject import Subject, channel_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mixmaster.metering.events import Event
    from mixmaster.pages.axes import Plot

_GAP = 7.0
_HEADROOM = 1.05
"""A lane reaches a little beyond its full scale, so that a peak at it is seen."""
_FAULTS = ("clipping", "over", "dropout")


def waveform_scene(subject: Subject, size: Size, seconds: float | None = None) -> Scene:
    """Return the picture.

    Args:
        subject: The file.
        size: Of the picture.
        seconds: The length of the time line; the file's own by default.
    """
    low, high, rms = waveform_of(subject)
    full = full_scale(low, high)
    length = seconds or subject.seconds
    height = _lane_height(subject.channels, size)
    events = subject.events
    marks: list[Mark] = []
    top = 4.0
    for channel in range(subject.channels):
        plot = time_plot(size, length, top, height, (-_HEADROOM * full, _HEADROOM * full))
        marks += _lane(subject, channel, plot, (low[channel], high[channel], rms[channel]), events)
        marks += _lane_figures(subject, channel, plot, size, full)
        top += height + _GAP
    plot = time_plot(size, length, 4.0, top - _GAP - 4.0, (-full, full))
    ticks = time_ticks(length, size)
    if events:
        marks += lanes(events, counts_of(subject.survey.events), plot, size, top)
        top += lanes_height(events, size) + 3.0
    marks.append(Group(tuple(_time_figures(plot, ticks, top - _GAP)), TICKS))
    description = _described(subject, full)
    title = "Waveform and events"
    return Scene(
        size.width, top + 15.0, title, description, tuple(marks), time_axis(plot, top + 10.0)
    )


def waveform_of(subject: Subject) -> tuple[Points, Points, Points]:
    """Return the least and largest sample and the RMS of each bucket: ``(channels, buckets)``."""
    timeline = subject.survey.timeline
    shape = (subject.channels, -1)
    low = np.asarray(timeline.waveform_min, np.float64).reshape(shape)
    high = np.asarray(timeline.waveform_max, np.float64).reshape(shape)
    rms = np.asarray(timeline.waveform_rms, np.float64).reshape(shape)
    return low, high, rms


def full_scale(low: Points, high: Points) -> float:
    """Return the amplitude at a lane's edge: full scale, or as many times 6.02 dB off as fit.

    A whisper at -50 dBFS would be a flat line otherwise; the figure stands at the axis.
    """
    peak = max(float(np.max(np.abs(low), initial=0.0)), float(np.max(np.abs(high), initial=0.0)))
    if not peak > 0.0:
        return 1.0
    return 2.0 ** min(16, max(-10, math.ceil(math.log2(peak) - 1e-3)))


def _lane_height(channels: int, size: Size) -> float:
    height = 70.0 if channels <= 2 else 38.0 if channels <= 6 else 20.0
    return height * size.tall * (1.35 if channels == 1 else 1.0)


def _lane(
    subject: Subject,
    channel: int,
    plot: Plot,
    curves: tuple[Points, Points, Points],
    events: Sequence[Event],
) -> list[Mark]:
    full = plot.y.high / _HEADROOM
    inner: list[Mark] = [plot.level(value, "grid") for value in (-full, 0.0, full)]
    for kind in _FAULTS:
        here = [e for e in events if e.kind == kind and e.channel in {None, channel}]
        for run in runs(here, plot):
            width = run.stop - run.start
            role = kind_of(kind).role
            inner.append(
                Rect(run.start, plot.top, width, plot.bottom - plot.top, role, opacity=0.3)
            )
    low, high, rms = curves
    columns = _columns(subject, plot, len(low))
    if columns is not None:
        starts, edges = columns
        low, high = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
        counts = np.diff(np.append(starts, len(rms)))
        rms = np.sqrt(np.add.reduceat(np.square(rms), starts) / counts)
        inner.append(Area(_outline(plot, edges, low, high), "wave", 0.55))
        inner.append(
            Area(_outline(plot, edges, np.maximum(-rms, low), np.minimum(rms, high)), "wave")
        )
    return [
        Rect(plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top, "panel"),
        plot.panel(*inner),
    ]


def _columns(
    subject: Subject, plot: Plot, count: int
) -> tuple[npt.NDArray[np.int64], Points] | None:
    """Return the first bucket of each column, and the columns' edges in seconds."""
    if not count:
        return None
    bucket_s = subject.survey.timeline.bucket_s
    edges = np.minimum(np.arange(count + 1) * bucket_s, subject.seconds)
    columns = max(1, round(plot.right - plot.left))
    of = column_of((edges[:-1] + edges[1:]) / 2.0, 0.0, plot.x.high, columns)
    starts = np.flatnonzero(np.diff(of, prepend=-1)) if count > columns else np.arange(count)
    return starts, np.append(edges[starts], edges[-1])


def _outline(plot: Plot, edges: Points, low: Points, high: Points) -> Points:
    """Return a waveform as one polygon: along the peaks, and back along the troughs.

    In steps, not slopes: a column shows what was in it. Silence keeps a hair's breadth.
    """
    x = plot.x(np.repeat(edges, 2)[1:-1])
    lower = plot.y(np.repeat(low, 2))
    upper = np.minimum(plot.y(np.repeat(high, 2)), lower - 0.6)
    return np.column_stack((np.append(x, x[::-1]), np.append(upper, lower[::-1])))


def _lane_figures(
    subject: Subject, channel: int, plot: Plot, size: Size, full: float
) -> list[Mark]:
    middle = plot.y.at(0.0)
    name = channel_name(channel, subject.channels)
    marks: list[Mark] = []
    edge = _edge_text(full)
    if subject.channels > 1:
        marks.append(Text(plot.left - 7.0, middle + 4.0, name, "ink", 11.5, "end"))
    if channel == 0:
        if size.named_beside:
            marks.append(Text(plot.right + 8.0, plot.top + 6.0, edge, "muted", 10.5))
        else:
            marks.append(
                Text(plot.right - 4.0, plot.top + 11.0, edge, "muted", 10.0, "end", halo=True)
            )
    return marks


def _edge_text(full: float) -> str:
    return f"{signed(20.0 * math.log10(full), 0)} dBFS"


def _time_figures(plot: Plot, ticks: Sequence[tuple[float, str]], y: float) -> list[Mark]:
    marks: list[Mark] = [
        Line(plot.left, y + 1.5, plot.right, y + 1.5, "frame"),
        Text(plot.left - 7.0, y + 17.0, TIME_UNIT, "muted", 10.5, "end"),
    ]
    last = -100.0
    for value, text in ticks:
        x = plot.x.at(value)
        if x < last + 8.0 or x > plot.right + 0.5:
            continue
        marks.append(Line(x, y + 1.5, x, y + 5.0, "frame"))
        anchor = "start" if x < plot.left + 4.0 else "end" if x > plot.right - 12.0 else "middle"
        marks.append(Text(x, y + 17.0, text, "muted", 10.5, anchor))  # type: ignore[arg-type]
        last = x
    return marks


def _described(subject: Subject, full: float) -> str:
    counts = counts_of(subject.survey.events)
    what = ", ".join(counted_text(kind, count) for kind, count in counts.items())
    channels = f"{subject.channels} channels" if subject.channels > 1 else "one channel"
    peak = subject.survey.programme.sample_peak_dbfs
    loudest = f"sample peak {signed(peak, 2)} dBFS" if peak is not None else "digital silence"
    return (
        f"{clock(subject.seconds, 0.1)}, {channels}, {loudest}; drawn to "
        f"{signed(20.0 * math.log10(full), 0)} dBFS at the edges. Events: {what or 'none'}."
    )
