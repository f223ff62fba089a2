"""Loudness over time: momentary and short-term (EBU Tech 3341), with the target's lines."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from mixmaster.pages.axes import Plot, Size, db_ticks, signed, time_axis, time_columns, time_plot
from mixmaster.pages.columns import reduced
from mixmaster.pages.legend import Entry, Level, legend, level_entries, levels
from mixmaster.pages.scene import Mark, Points, Rect, Scene, Text, curve
from mixmaster.pages.subject import Subject, TargetLike, numbers

TARGET_DASH = (6.0, 3.0)
_HEIGHT = 190.0
_SPAN_LU = 36.0
_LEAST_SPAN_LU = 15.0
_HEARD_LU = 30.0


def loudness_scene(
    subject: Subject, size: Size, target: TargetLike | None = None, seconds: float | None = None
) -> Scene:
    """Return the picture.

    Args:
        subject: The file.
        size: Of the picture.
        target: Whose loudness, and loudest 3 seconds, are drawn as lines.
        seconds: The length of the time line; the file's own by default.
    """
    times, momentary = momentary_of(subject)
    short_times, short = short_term_of(subject)
    entries = [
        Entry("short-term, 3 s", "s0", 1.8),
        Entry("momentary, 400 ms", "wave", 1.0),
    ]
    lines_wanted = _levels(subject, target)
    head, top = legend(size, [*entries, *level_entries(size, lines_wanted)])
    height = _HEIGHT * size.tall
    found = subject.survey.programme
    wanted = target.integrated_lufs if target else None
    low, high = loudness_range([momentary, short], [wanted, found.integrated_lufs])
    length = seconds or subject.seconds
    plot = time_plot(size, length, top, height, (low, high))
    lines, names = levels(plot, size, lines_wanted)
    marks: list[Mark] = [
        *head,
        Rect(plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top, "panel"),
        *plot.rows(db_ticks(low, high, height)),
        time_columns(plot, size, length),
        *lines,
        plot.panel(
            *_curve(plot, times, momentary, "wave", width=1.0, opacity=0.75),
            *_curve(plot, short_times, short, "s0", width=1.8),
        ),
        *names,
        unit(plot, "LUFS"),
        *(empty(plot, found.reasons) if not np.isfinite(momentary).any() else ()),
    ]
    return Scene(
        size.width,
        plot.bottom + 20.0,
        "Loudness over time",
        _described(subject, target),
        tuple(marks),
        time_axis(plot),
    )


def momentary_of(subject: Subject) -> tuple[Points, Points]:
    """Return the times and values of momentary loudness; NaN in silence."""
    timeline = subject.survey.timeline
    return numbers(timeline.momentary_times_s), numbers(timeline.momentary_lufs)


def short_term_of(subject: Subject) -> tuple[Points, Points]:
    """Return the times and values of short-term loudness; NaN in silence."""
    timeline = subject.survey.timeline
    return numbers(timeline.short_term_times_s), numbers(timeline.short_term_lufs)


def loudness_range(
    curves: list[Points], others: list[float | None], span: float = _SPAN_LU
) -> tuple[float, float]:
    """Return the lower and upper end of a loudness axis: what is loud, and ``span`` below."""
    tops = [float(np.nanmax(c)) for c in curves if np.isfinite(c).any()]
    tops += [value for value in others if value is not None]
    loudest = max(tops, default=-14.0)
    top = 3.0 * math.ceil((loudest + 1.0) / 3.0)
    # what fades out or rests says nothing about where the programme lies
    heard = [c[np.isfinite(c) & (c > loudest - _HEARD_LU)] for c in curves]
    lows = [float(np.percentile(c, 5)) - 4.0 for c in heard if len(c)]
    lows += [value - 3.0 for value in others if value is not None]
    bottom = min(max(top - span, min(lows, default=top - span)), top - _LEAST_SPAN_LU)
    return 3.0 * math.floor(bottom / 3.0), top


def unit(plot: Plot, text: str) -> Mark:
    """Return a vertical axis's unit, above its figures."""
    return Text(plot.left - 7.0, plot.top - 9.0, text, "muted", 10.5, "end")


def empty(plot: Plot, reasons: Mapping[str, str]) -> list[Mark]:
    """Return why a field is empty, in its middle."""
    why = next(iter(reasons.values()), "there is nothing to show")
    middle = (plot.left + plot.right) / 2.0
    return [Text(middle, (plot.top + plot.bottom) / 2.0, why, "muted", 12.0, "middle", halo=True)]


def _curve(
    plot: Plot, x: Points, y: Points, role: str, *, width: float, opacity: float = 1.0
) -> list[Mark]:
    x, y = reduced(x, y, high=plot.x.high, columns=round(plot.right - plot.left), keep="max")
    # what lies far below the field is drawn just below it: the line leaves it, and comes back
    below = plot.bottom + 4.0
    places = np.minimum(plot.y(y), below)
    return list(curve(plot.x(x), places, role, width=width, opacity=opacity))


def _levels(subject: Subject, target: TargetLike | None) -> list[Level]:
    found = subject.survey.programme.integrated_lufs
    entries = []
    # the measured one first, so that the dashes of the other are seen on it where they meet
    if found is not None:
        entries.append(Level(found, f"integrated {signed(found)}", "ink", 1.0))
    if target is not None and target.integrated_lufs is not None:
        value = target.integrated_lufs
        entries.append(Level(value, f"target {signed(value)}", "target", 1.6, TARGET_DASH))
    if target is not None and target.max_short_term_lufs is not None:
        value = target.max_short_term_lufs
        entries.append(Level(value, f"max S {signed(value)}", "target", 1.2, (2.0, 3.0)))
    return entries


def _described(subject: Subject, target: TargetLike | None) -> str:
    found = subject.survey.programme
    if found.integrated_lufs is None:
        why = found.reasons.get("integrated_lufs", "it has no loudness")
        text = f"No integrated loudness: {why}."
    else:
        text = f"Integrated loudness {signed(found.integrated_lufs)} LUFS."
    if found.max_short_term_lufs is not None:
        text += f" Loudest 3 seconds {signed(found.max_short_term_lufs)} LUFS."
    if found.max_momentary_lufs is not None:
        text += f" Loudest 400 ms {signed(found.max_momentary_lufs)} LUFS."
    if target is not None and target.integrated_lufs is not None:
        text += f" {target.name} asks for {signed(target.integrated_lufs)} LUFS."
    return text
