"""Several files in one chart: levels, loudness, spectra; the whole album as a range."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from mixmaster.pages.axes import (
    Plot,
    Scale,
    Size,
    db_ticks,
    hz_plot,
    signed,
    time_axis,
    time_columns,
    time_plot,
)
from mixmaster.pages.columns import reduced, sampled
from mixmaster.pages.legend import Entry, Level, legend, level_entries, levels, shortened
from mixmaster.pages.loudness import TARGET_DASH, loudness_range, short_term_of, unit
from mixmaster.pages.scene import (
    Area,
    Dot,
    Group,
    Line,
    Mark,
    Points,
    Rect,
    Scene,
    Text,
    curve,
    stretches,
)
from mixmaster.pages.spectrum import (
    REFERENCE_DASH,
    difference_plot,
    field_marks,
    highest_hz,
    level_range,
    matched,
    spectrum_curve,
    within,
)
from mixmaster.pages.subject import Subject, TargetLike, TonalCurve, numbers
from mixmaster.pages.theme import DASHES, SERIES

_HEIGHT = 220.0
_TOLD = 3
"""So many files are described one by one; the table tells of all."""


def levels_scene(
    subjects: Sequence[Subject], size: Size, target: TargetLike | None = None
) -> Scene:
    """Return loudness and peak of each file on one scale, a row each."""
    found = [subject.survey.programme for subject in subjects]
    values = [f.integrated_lufs for f in found] + [f.true_peak_dbtp for f in found]
    known = [v for v in values if v is not None]
    known += [target.integrated_lufs] if target and target.integrated_lufs is not None else []
    low = 6.0 * math.floor((min(known, default=-24.0) - 2.0) / 6.0)
    high = max(0.0, 3.0 * math.ceil((max(known, default=0.0) + 0.5) / 3.0))
    low = max(low, high - 72.0)
    beside = size.named_beside
    left = 236.0 if beside else 12.0
    step = 26.0 if beside else 38.0
    head, top = legend(
        Size(size.name, size.width, left, 0.0),
        [Entry("integrated, LUFS", "s0", 7.0), Entry("true peak, dBTP", "s1", 7.0)],
    )
    bottom = top + step * len(subjects) + 4.0
    x = Scale(low, high, left, size.width - 18.0)
    plot = Plot(x, Scale(0.0, 1.0, bottom, top))
    marks: list[Mark] = [*head, Rect(left, top, plot.right - left, bottom - top, "panel")]
    marks += plot.columns(db_ticks(low, high, (plot.right - left) / 2.2))
    marks += _target_lines(plot, target)
    for row, (subject, figures) in enumerate(zip(subjects, found, strict=True)):
        y = top + step * (row + 0.5) + (0.0 if beside else 8.0) + 2.0
        name = shortened(subject.name, left - 22.0 if beside else size.width - 30.0, 12.0)
        if beside:
            marks.append(Text(left - 12.0, y + 4.0, name, "ink", 12.0, "end"))
        else:
            marks.append(Text(left + 4.0, y - 11.0, name, "ink", 11.0, halo=True))
        marks += _row(plot, y, figures.integrated_lufs, figures.true_peak_dbtp)
    text = _each(subjects, lambda s: s.survey.programme.integrated_lufs, "integrated", "LUFS")
    text += " " + _each(subjects, lambda s: s.survey.programme.true_peak_dbtp, "true peak", "dBTP")
    return Scene(size.width, bottom + 20.0, "Loudness and peak", text, tuple(marks))


def _target_lines(plot: Plot, target: TargetLike | None) -> list[Mark]:
    if target is None:
        return []
    lines: list[Mark] = []
    for value in (target.integrated_lufs, target.ceiling_dbtp(target.integrated_lufs)):
        if value is not None and plot.x.low <= value <= plot.x.high:
            at = plot.x.at(value)
            lines.append(Line(at, plot.top, at, plot.bottom, "target", 1.4, TARGET_DASH))
    return lines


def _row(plot: Plot, y: float, lufs: float | None, dbtp: float | None) -> list[Mark]:
    marks: list[Mark] = []
    low, high = plot.x.low, plot.x.high
    if lufs is not None and dbtp is not None:
        ends = (plot.x.at(min(max(value, low), high)) for value in (lufs, dbtp))
        marks.append(Line(next(ends), y, next(ends), y, "frame", 1.5))
    if lufs is not None:
        x = plot.x.at(max(lufs, low))
        marks.append(Dot(x, y, 5.0, "s0", f"{signed(lufs, 2)} LUFS"))
    if dbtp is not None:
        x = plot.x.at(max(dbtp, low))
        marks.append(Rect(x - 2.0, y - 6.0, 4.0, 12.0, "s1", tip=f"{signed(dbtp, 2)} dBTP"))
    if lufs is None and dbtp is None:
        marks.append(
            Text((plot.left + plot.right) / 2.0, y + 4.0, "silence", "muted", 11.0, "middle")
        )
    return marks


def loudness_comparison(
    subjects: Sequence[Subject], size: Size, target: TargetLike | None = None
) -> Scene:
    """Return the short-term loudness of all files over time, each from its own start."""
    curves = [short_term_of(subject) for subject in subjects]
    wanted = target.integrated_lufs if target else None
    aim = (
        []
        if wanted is None
        else [Level(wanted, f"target {signed(wanted)}", "target", 1.4, TARGET_DASH)]
    )
    head, top, several = _head(subjects, size, *level_entries(size, aim))
    length = max(subject.seconds for subject in subjects)
    low, high = loudness_range([y for _, y in curves], [wanted], 30.0)
    height = _HEIGHT * size.tall
    plot = time_plot(size, length, top, height, (low, high))
    lines, names = levels(plot, size, aim)
    below = plot.bottom + 4.0
    columns = round(size.field)
    inner: list[Mark] = []
    if several:
        at = np.linspace(0.0, length, columns)
        inner += _range(plot, at, [sampled(x, y, at) for x, y in curves])
    else:
        for i, (x, y) in enumerate(curves):
            x, y = reduced(x, y, high=length, columns=columns // 2, keep="mean")  # noqa: PLW2901
            parts = curve(
                plot.x(x), np.minimum(plot.y(y), below), f"s{i}", width=1.7, dash=DASHES[i]
            )
            inner.append(Group(tuple(parts), f"file-{i}"))
    marks: list[Mark] = [
        *head,
        Rect(plot.left, plot.top, plot.right - plot.left, height, "panel"),
        *plot.rows(db_ticks(low, high, height)),
        time_columns(plot, size, length),
        *lines,
        plot.panel(*inner),
        *names,
        unit(plot, "LUFS"),
    ]
    text = "Short-term loudness, each file from its own start. " + _each(
        subjects, lambda s: s.survey.programme.max_short_term_lufs, "loudest 3 s", "LUFS"
    )
    title = "Short-term loudness, together"
    return Scene(size.width, plot.bottom + 20.0, title, text, tuple(marks), time_axis(plot))


def spectrum_comparison(subjects: Sequence[Subject], size: Size, reference: TonalCurve) -> Scene:
    """Return the mid spectra of all files, each moved to the mean level of the first."""
    grids = [numbers(s.survey.spectrum.smooth_hz) for s in subjects]
    widest = max(grids, key=len)
    mids = [
        _on_grid(grid, numbers(s.survey.spectrum.smooth_mid_db), widest)
        for grid, s in zip(grids, subjects, strict=True)
    ]
    anchor = next((m for m in mids if np.isfinite(m).any()), mids[0])
    mids = [matched(TonalCurve("", widest, mid, ""), widest, anchor) for mid in mids]
    compared = matched(reference, widest, anchor)
    head, top, several = _head(subjects, size, Entry(reference.label, "muted", 1.3, REFERENCE_DASH))
    height = _HEIGHT * size.tall
    low, high = level_range([*mids, compared])
    size = size.to_the_edge
    plot = hz_plot(size, highest_hz([widest]), top, height, (low, high))
    inner: list[Mark] = [
        *spectrum_curve(plot, widest, compared, "muted", width=1.3, dash=REFERENCE_DASH)
    ]
    if several:
        inner += _range(plot, widest, mids)
    else:
        for i, mid in enumerate(mids):
            parts = spectrum_curve(plot, widest, mid, f"s{i}", width=1.7, dash=DASHES[i])
            inner.append(Group(tuple(parts), f"file-{i}"))
    apart = [] if several else [mid - mids[0] for mid in mids]
    marks: list[Mark] = [
        *head,
        *field_marks(plot, size, inner, labelled=not apart),
        unit(plot, "dB"),
    ]
    if apart:
        plot, lower = _differences(size, plot, widest, apart)
        marks += lower
    text = "Mid, in bands of 1/6 octave, moved to one mean level. " + _each(
        subjects, lambda s: s.survey.spectrum.tilt_db_per_octave, "tilt", "dB an octave"
    )
    title = "Long-term spectra, together"
    return Scene(size.width, plot.bottom + 20.0, title, text, tuple(marks))


def _differences(
    size: Size, above: Plot, hz: Points, apart: list[Points]
) -> tuple[Plot, list[Mark]]:
    """Return a field with how far each curve but the first is from the first."""
    plot, ticks = difference_plot(size, above, apart)
    inner: list[Mark] = []
    for i, db in enumerate(apart[1:], 1):
        parts = spectrum_curve(plot, hz, db, f"s{i}", width=1.6, dash=DASHES[i])
        inner.append(Group(tuple(parts), f"file-{i}"))
    return plot, [
        *field_marks(plot, size, inner, labelled=True, ticks=ticks),
        within(plot, "dB against the first"),
    ]


def _on_grid(hz: Points, db: Points, grid: Points) -> Points:
    if not len(hz):
        return np.full(len(grid), np.nan)
    return sampled(np.log2(hz), db, np.log2(grid))


def _head(subjects: Sequence[Subject], size: Size, *more: Entry) -> tuple[list[Mark], float, bool]:
    """Return the legend, where it ends, and whether there are too many curves to tell apart."""
    several = len(subjects) > SERIES
    if several:
        entries = [Entry("median", "s0", 1.8), Entry("from lowest to highest", "wave", 8.0)]
    else:
        room = size.width - size.left - 60.0
        entries = [
            Entry(shortened(subject.name, min(room, 230.0), 11.5), f"s{i}", 1.7, DASHES[i])
            for i, subject in enumerate(subjects)
        ]
    marks, top = legend(size, [*entries, *more])
    return marks, top, several


def _range(plot: Plot, x: Points, curves: list[Points]) -> list[Mark]:
    """Return the range that the curves span, and their median."""
    table = np.stack(curves)
    known = np.asarray(np.isfinite(table).any(axis=0))
    filled = np.where(known, table, 0.0)  # columns where nothing is known are left out below
    low, high = np.nanmin(filled, axis=0), np.nanmax(filled, axis=0)
    middle = np.where(known, np.nanmedian(filled, axis=0), np.nan)
    at = plot.x(x)
    marks: list[Mark] = []
    for start, stop in stretches(known):
        upper = np.column_stack((at[start:stop], plot.y(high[start:stop])))
        lower = np.column_stack((at[start:stop], plot.y(low[start:stop])))
        marks.append(Area(np.concatenate((upper, lower[::-1])), "wave", 0.35))
    marks += curve(at, plot.y(middle), "s0", width=1.8)
    return marks


def _each(
    subjects: Sequence[Subject],
    value: Callable[[Subject], float | None],
    what: str,
    unit_text: str,
) -> str:
    """Return a figure of each file in words; of many, from the least to the most."""
    if len(subjects) <= _TOLD:
        parts = [f"{s.name}: {what} {signed(value(s))} {unit_text}" for s in subjects]
        return "; ".join(parts) + "."
    known = [found for found in map(value, subjects) if found is not None]
    if not known:
        return f"No file has a {what}."
    low, high = signed(min(known)), signed(max(known))
    return f"{what.capitalize()} from {low} to {high} {unit_text}."
