"""The long-term spectrum, mid and side, against a reference, and the difference between them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mixmaster.pages.axes import (
    LOWEST_HZ,
    Plot,
    Size,
    db_ticks,
    hz_plot,
    hz_ticks,
    hz_words,
    signed,
)
from mixmaster.pages.columns import sampled
from mixmaster.pages.legend import Entry, legend
from mixmaster.pages.loudness import empty, unit
from mixmaster.pages.scene import Area, Mark, Points, Rect, Scene, Text, curve, stretches
from mixmaster.pages.subject import Subject, TonalCurve, numbers

MATCH_HZ = (100.0, 10_000.0)
"""A reference is moved up or down until it fits best here; only its shape is compared."""
_SPAN_DB = 60.0
_HEIGHT = 220.0
_DIFFERENCE_HEIGHT = 84.0
REFERENCE_DASH = (6.0, 3.0)
_HEARD_HZ = (40.0, 14_000.0)
"""Beyond it a file is off any reference, and nobody needs to be told."""

GUIDE_DB_PER_OCTAVE = -5.0 + 10.0 * math.log10(2.0)
"""-5 dB an octave of density, per hertz: Pestana et al. (2013); bands of constant relative width
rise by 3.01 dB an octave against it."""


def neutral_guide() -> TonalCurve:
    """Return a straight line to compare with where nothing better is given."""
    hz = np.geomspace(LOWEST_HZ, 20_000.0, 61)
    return TonalCurve(
        "guide",
        hz,
        GUIDE_DB_PER_OCTAVE * np.log2(hz / 1_000.0),
        "The guide falls by 2 dB an octave (5 dB per hertz): the mean slope between 100 Hz and "
        "4 kHz of popular recordings (Pestana, Ma, Reiss, Barbosa and Black, Spectral "
        "Characteristics of Popular Commercial Recordings 1950-2010, AES 135th Convention, 2013), "
        "carried on beyond. A ruler, not a goal: pink noise would be level.",
    )


def reference_curve(subject: Subject, label: str = "reference") -> TonalCurve:
    """Return a file's spectrum as one to compare with."""
    figures = subject.survey.spectrum
    return TonalCurve(
        label,
        numbers(figures.smooth_hz),
        numbers(figures.smooth_mid_db),
        f"The reference is the mid spectrum of {subject.name}.",
    )


def matched(reference: TonalCurve, hz: Points, db: Points) -> Points:
    """Return a reference at ``hz``, moved to the mean level of ``db`` within ``MATCH_HZ``.

    NaN beyond its ends; all NaN where the two have nothing in common.
    """
    # between its points on a logarithmic scale of frequency
    at = sampled(np.log2(reference.hz), reference.db, np.log2(hz))
    low, high = MATCH_HZ
    both = np.isfinite(at) & np.isfinite(db)
    inside = both & (hz >= low) & (hz <= high)
    used = inside if inside.any() else both
    if not used.any():
        return np.full(len(hz), np.nan)
    return np.asarray(at + float(np.mean(db[used] - at[used])))


def spectrum_scene(subject: Subject, size: Size, reference: TonalCurve) -> Scene:
    """Return the picture: levels above, the difference from the reference below."""
    figures = subject.survey.spectrum
    hz = numbers(figures.smooth_hz)
    mid, side = numbers(figures.smooth_mid_db), numbers(figures.smooth_side_db)
    compared = matched(reference, hz, mid)
    stereo = len(side) == len(hz) and bool(np.isfinite(side).any())
    entries = [Entry("mid" if subject.channels > 1 else "level", "s0", 1.8)]
    if stereo:
        entries.append(Entry("side", "s1", 1.4, (3.0, 2.0)))
    entries.append(
        Entry(f"{reference.label}, level-matched", "muted", width=1.3, dash=REFERENCE_DASH)
    )
    head, top = legend(size, entries)
    low, high = level_range([mid, compared])
    size = size.to_the_edge
    plot = hz_plot(size, highest_hz([hz]), top, _HEIGHT * size.tall, (low, high))
    inner: list[Mark] = [
        *spectrum_curve(plot, hz, compared, "muted", width=1.3, dash=REFERENCE_DASH),
        *(spectrum_curve(plot, hz, side, "s1", width=1.4, dash=(3.0, 2.0)) if stereo else ()),
        *spectrum_curve(plot, hz, mid, "s0", width=1.8),
    ]
    marks: list[Mark] = [*head, *field_marks(plot, size, inner, labelled=False)]
    lower, lower_marks = _difference(size, plot, hz, mid - compared, reference.label)
    marks += lower_marks
    marks.append(unit(plot, "dB"))
    if not np.isfinite(mid).any():
        marks += empty(plot, figures.reasons)
    text = _described(subject, hz, mid - compared, reference)
    return Scene(size.width, lower.bottom + 20.0, "Long-term spectrum", text, tuple(marks))


def highest_hz(grids: list[Points]) -> float:
    """Return where a frequency axis ends: at the top of what was measured, at least 4 kHz."""
    return max(4_000.0, *(float(grid[-1]) for grid in grids if len(grid)), 0.0)


def level_range(curves: list[Points]) -> tuple[float, float]:
    """Return the lower and upper end of an axis of levels."""
    known = np.concatenate([c[np.isfinite(c)] for c in curves])
    if not len(known):
        return -_SPAN_DB, 0.0
    top = 6.0 * math.ceil((float(known.max()) + 2.0) / 6.0)
    return top - _SPAN_DB, top


def field_marks(
    plot: Plot,
    size: Size,
    inner: list[Mark],
    *,
    labelled: bool,
    ticks: Sequence[tuple[float, str]] | None = None,
) -> list[Mark]:
    """Return a field over frequency with its grid and what is drawn in it.

    Args:
        plot: The field.
        size: Of the picture.
        inner: What is drawn in it.
        labelled: Whether the frequencies stand under it.
        ticks: Of the vertical axis; round levels by default. A line at 0 is stronger.
    """
    levels = ticks or db_ticks(plot.y.low, plot.y.high, plot.bottom - plot.top)
    return [
        Rect(plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top, "panel"),
        *plot.rows(levels, strong=0.0 if ticks else None),
        *plot.columns(hz_ticks(plot.x.high, size), labelled=labelled, unit="Hz"),
        plot.panel(*inner),
    ]


def spectrum_curve(
    plot: Plot, hz: Points, db: Points, role: str, *, width: float, dash: tuple[float, ...] = ()
) -> list[Mark]:
    """Return a curve of levels; what lies far below the field leaves it at its lower edge."""
    places = np.minimum(plot.y(db), plot.bottom + 6.0)
    return list(curve(plot.x(hz), places, role, width=width, dash=dash))


def difference_plot(
    size: Size, above: Plot, curves: list[Points]
) -> tuple[Plot, list[tuple[float, str]]]:
    """Return a field for differences under another, and its ticks: 6, 12 or 18 dB each way."""
    known = np.abs(np.concatenate([c[np.isfinite(c)] for c in curves]))
    # what little lies beyond the edges of a spectrum is not to flatten the rest of it
    most = float(np.percentile(known, 85)) if len(known) else 0.0
    span = next((s for s in (3.0, 6.0, 12.0) if most <= s), 18.0)
    height = _DIFFERENCE_HEIGHT * size.tall
    plot = hz_plot(size, above.x.high, above.bottom + 12.0, height, (-span, span))
    values = (-span, -span / 2.0, 0.0, span / 2.0, span)
    return plot, [(v, signed(v, 0 if span > 3.0 else 1, plus=True)) for v in values]


def within(plot: Plot, text: str) -> Mark:
    """Return what a field shows, in its upper left corner."""
    return Text(plot.left + 6.0, plot.top + 13.0, text, "muted", 10.5, halo=True)


def _difference(
    size: Size, above: Plot, hz: Points, db: Points, label: str
) -> tuple[Plot, list[Mark]]:
    plot, ticks = difference_plot(size, above, [db])
    span = plot.y.high
    x, y = plot.x(hz), plot.y(np.clip(db, -1.2 * span, 1.2 * span))
    zero = plot.y.at(0.0)
    inner: list[Mark] = []
    for start, stop in stretches(np.isfinite(y)):
        body = np.column_stack((x[start:stop], y[start:stop]))
        ends = np.array([[x[stop - 1], zero], [x[start], zero]])
        inner.append(Area(np.concatenate((body, ends)), "s0", 0.22))
    inner += curve(x, y, "s0", width=1.4)
    return plot, [
        *field_marks(plot, size, inner, labelled=True, ticks=ticks),
        within(plot, f"dB against the {label}"),
    ]


def balance(hz: Points, db: Points, low_hz: float, high_hz: float) -> float | None:
    """Return the mean of a curve between two frequencies; None where it has nothing there."""
    inside = (hz >= low_hz) & (hz < high_hz) & np.isfinite(db)
    return float(db[inside].mean()) if inside.any() else None


def _described(subject: Subject, hz: Points, off: Points, reference: TonalCurve) -> str:
    if not np.isfinite(off).any():
        return "There is no spectrum: digital silence, or too short."
    parts = []
    for name, low, high in (
        ("lows", 40.0, 200.0),
        ("mids", 200.0, 3_000.0),
        ("highs", 3_000.0, 12_000.0),
    ):
        value = balance(hz, off, low, high)
        if value is not None:
            parts.append(f"{name} {signed(value, 1, plus=True)} dB")
    inside = np.isfinite(off) & (hz >= _HEARD_HZ[0]) & (hz <= _HEARD_HZ[1])
    if inside.any():
        at = int(np.argmax(np.where(inside, np.abs(off), -1.0)))
        words = signed(float(off[at]), 1, plus=True)
        parts.append(f"farthest off at {hz_words(float(hz[at]))} with {words} dB")
    tilt = subject.survey.spectrum.tilt_db_per_octave
    slope = f" Tilt {signed(tilt, 2, plus=True)} dB an octave." if tilt is not None else ""
    return f"Bands of 1/6 octave. Against the {reference.label}: {', '.join(parts)}.{slope}"
