"""The charts of a release's page: each target's levels by track, and how the album coheres."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mixmaster.pages.axes import Plot, Scale, Size, db_ticks, signed
from mixmaster.pages.legend import Entry, legend, shortened
from mixmaster.pages.release.data import PageFile, PageTarget
from mixmaster.pages.release.texts import shown
from mixmaster.pages.scene import Dot, Line, Mark, Rect, Scene, Text

_TARGET_DASH = (5.0, 3.0)


def levels_scene(target: PageTarget, files: Sequence[PageFile], size: Size) -> Scene:
    """Return a target's files on one scale, a row each: loudness, loudest 3 s, true peak.

    Args:
        target: What is drawn as lines: its loudness and its ceiling.
        files: Its sound files.
        size: How wide.
    """
    known = [v for f in files for v in (f.integrated_lufs, f.true_peak_dbtp) if v is not None]
    known += [v for v in (target.integrated_lufs, target.true_peak_dbtp) if v is not None]
    low = 3.0 * math.floor((min(known, default=-24.0) - 1.5) / 3.0)
    high = max(0.0, 3.0 * math.ceil((max(known, default=0.0) + 0.5) / 3.0))
    low = max(low, high - 72.0)
    beside = size.named_beside
    left = 236.0 if beside else 12.0
    step = 24.0 if beside else 38.0
    entries = [
        Entry("integrated to loudest 3 s, LUFS", "s0", 7.0),
        Entry("true peak, dBTP", "s1", 7.0),
    ]
    head, top = legend(Size(size.name, size.width, left, 0.0), entries)
    bottom = top + step * len(files) + 4.0
    plot = Plot(Scale(low, high, left, size.width - 18.0), Scale(0.0, 1.0, bottom, top))
    marks: list[Mark] = [*head, Rect(left, top, plot.right - left, bottom - top, "panel")]
    marks += plot.columns(db_ticks(low, high, (plot.right - left) / 2.2))
    for value in (target.integrated_lufs, target.true_peak_dbtp):
        if value is not None and low <= value <= high:
            x = plot.x.at(value)
            marks.append(Line(x, plot.top, x, plot.bottom, "target", 1.4, _TARGET_DASH))
    for row, file in enumerate(files):
        y = top + step * (row + 0.5) + (0.0 if beside else 8.0) + 2.0
        name = shown(file.title, 60)
        label = shortened(name, left - 16.0 if beside else size.width - 30.0, 12.0)
        if beside:
            marks.append(Text(left - 10.0, y + 4.0, label, "ink", 12.0, "end"))
        else:
            marks.append(Text(left + 4.0, y - 9.0, label, "ink", 12.0))
        marks += _row(file, plot, y)
    text = f"{len(files)} files for {shown(target.name, 60)}"
    if target.asked:
        text += f", {target.asked}"
    return Scene(size.width, bottom + 22.0, "Levels by track", text, tuple(marks))


def _row(file: PageFile, plot: Plot, y: float) -> list[Mark]:
    marks: list[Mark] = []
    lufs, loudest, peak = file.integrated_lufs, file.max_short_term_lufs, file.true_peak_dbtp
    name = shown(file.title, 60)

    def x(value: float) -> float:
        return plot.x.at(min(max(value, plot.x.low), plot.x.high))

    if lufs is not None:
        if loudest is not None:
            start, stop = sorted((x(lufs), x(loudest)))
            tip = f"{name}: loudest 3 s {signed(loudest)} LUFS"
            marks.append(Rect(start, y - 2.5, stop - start, 5.0, "s0", 0.35, tip))
        marks.append(Dot(x(lufs), y, 4.5, "s0", f"{name}: {signed(lufs, 2)} LUFS"))
    if peak is not None:
        role = "fault" if any(cell.bad for cell in file.cells[3:4]) else "s1"
        marks.append(Dot(x(peak), y, 4.5, role, f"{name}: {signed(peak, 2)} dBTP"))
    return marks
