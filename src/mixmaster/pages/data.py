"""The numbers of every chart as a table, and the list of events: what needs no eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mixmaster.pages.axes import clock, hz_text, signed
from mixmaster.pages.happenings import kind_of
from mixmaster.pages.loudness import momentary_of, short_term_of
from mixmaster.pages.scene import Points
from mixmaster.pages.spectrum import matched
from mixmaster.pages.stereo import correlation_of, nominal
from mixmaster.pages.subject import Subject, TonalCurve, numbers

if TYPE_CHECKING:
    from mixmaster.metering.events import Event

LISTED = 200
"""So many events stand in a file's list."""
_TIME_ROWS = 40


@dataclass(frozen=True, slots=True)
class Data:
    """A plain table of numbers: the text alternative of a chart."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class EventRow:
    """A line of the list of events."""

    kind: str
    role: str
    start: str
    length: str
    channel: str
    text: str


def event_rows(subject: Subject) -> tuple[tuple[EventRow, ...], str]:
    """Return the list of events in the order of time, and what was left out of it."""
    from mixmaster.metering.events import channel_name

    events = subject.events
    kept = _kept(events)
    rows = tuple(
        EventRow(
            kind_of(event.kind).one,
            kind_of(event.kind).role,
            clock(event.start_s, 0.001),
            _length(event.stop_s - event.start_s),
            "all" if event.channel is None else channel_name(event.channel, subject.channels),
            event.text,
        )
        for event in kept
    )
    counted = subject.survey.events
    total = counted.clipped_runs + counted.intersample_overs + counted.dropouts
    total += sum(event.kind.startswith("silence") for event in events)
    left = max(len(events), total) - len(rows)
    return rows, f"{left:,} more of lower figures are not listed." if left else ""


def _kept(events: Sequence[Event]) -> list[Event]:
    """Return at most ``LISTED`` events, the highest of each kind, in the order of time."""
    if len(events) <= LISTED:
        return list(events)
    kinds = sorted({event.kind for event in events})
    share = LISTED // len(kinds)
    kept = []
    for kind in kinds:
        of_kind = sorted((e for e in events if e.kind == kind), key=lambda e: -(e.figure or 0.0))
        kept += of_kind[:share]
    return sorted(kept, key=lambda event: (event.start_s, event.kind))


def _length(seconds: float) -> str:
    return f"{1_000.0 * seconds:.2f} ms" if seconds < 1.0 else f"{seconds:.2f} s"


def time_data(subject: Subject) -> Data:
    """Return loudness and correlation over time, some 40 rows."""
    m_x, m_y = momentary_of(subject)
    s_x, s_y = short_term_of(subject)
    c_x, c_y = correlation_of(subject)
    step = max(subject.seconds / _TIME_ROWS, 0.1)
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800)
    step = float(next((s for s in steps if s >= step), 3600.0))
    edges = np.arange(0.0, max(subject.seconds, step / 2.0), step)
    stereo = subject.channels > 1
    rows = []
    for start in edges.tolist():
        stop = start + step
        cells = [clock(start, min(step, 1.0)), _within(m_x, m_y, start, stop, high=True)]
        cells.append(_within(s_x, s_y, start, stop, high=True))
        if stereo:
            cells.append(_within(c_x, c_y, start, stop, high=False))
        rows.append(tuple(cells))
    columns = ["from", "momentary, highest, LUFS", "short-term, highest, LUFS"]
    if stereo:
        columns.append("correlation, lowest")
    return Data(tuple(columns), tuple(rows))


def _within(x: Points, y: Points, start: float, stop: float, *, high: bool) -> str:
    inside = y[(x > start) & (x <= stop) & np.isfinite(y)] if len(x) else y
    if not len(inside):
        return "–"
    return signed(float(inside.max())) if high else signed(float(inside.min()), 2, plus=True)


def spectrum_data(subject: Subject, reference: TonalCurve) -> Data:
    """Return the third-octave levels of mid and side, and the reference's difference."""
    figures = subject.survey.spectrum
    hz = numbers(figures.third_octave_hz)
    mid, side = numbers(figures.third_octave_mid_db), numbers(figures.third_octave_side_db)
    off = mid - matched(reference, hz, mid) if len(hz) else mid
    stereo = len(side) == len(hz) and subject.channels > 1
    rows = []
    for i in range(len(hz)):
        cells = [hz_text(float(hz[i])), signed(float(mid[i]))]
        if stereo:
            cells.append(signed(float(side[i])))
        cells.append(signed(float(off[i]), 1, plus=True))
        rows.append(tuple(cells))
    names = ("Hz", "mid, dB", "side, dB") if stereo else ("Hz", "level, dB")
    return Data((*names, f"against the {reference.label}, dB"), tuple(rows))


def bands_data(subject: Subject) -> Data:
    """Return correlation and width of each octave."""
    figures = subject.survey.stereo
    hz = nominal(numbers(figures.band_hz))
    rows = [
        (
            hz_text(float(f)),
            signed(correlation, 2, plus=True),
            "–" if width is None else f"{100.0 * width:.1f}",
        )
        for f, correlation, width in zip(
            hz, figures.band_correlation, figures.band_width, strict=True
        )
    ]
    return Data(("Hz", "correlation", "side's part, %"), tuple(rows))
