"""The report: one page that needs nothing else, the same bytes for the same figures.

No request leaves the page; `mixmaster.pages.framing` says how what comes from outside gets in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from mixmaster import __version__
from mixmaster.errors import UsageError
from mixmaster.pages.axes import NARROW, WIDE, Size, clock, signed
from mixmaster.pages.columns import sampled
from mixmaster.pages.compare import levels_scene, loudness_comparison, spectrum_comparison
from mixmaster.pages.data import Data, bands_data, event_rows, spectrum_data, time_data
from mixmaster.pages.framing import PAGES, filled, framed, palette, source
from mixmaster.pages.happenings import counted_text, counts_of
from mixmaster.pages.loudness import loudness_scene, momentary_of, short_term_of
from mixmaster.pages.scene import Points, Scene
from mixmaster.pages.spectrum import neutral_guide, spectrum_scene
from mixmaster.pages.stereo import bands_scene, correlation_of, correlation_scene
from mixmaster.pages.subject import Subject, TargetLike, TonalCurve
from mixmaster.pages.svg import svg
from mixmaster.pages.tables import figure_groups, format_text, key_figures, summary
from mixmaster.pages.theme import ROLES, SERIES
from mixmaster.pages.waveform import waveform_scene

if TYPE_CHECKING:
    from collections.abc import Callable

_READ_OUT_POINTS = 600
"""Values of each curve that the cursor reads: about one a pixel."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart on the page, in both sizes, with its numbers."""

    title: str
    about: str
    wide: Markup
    narrow: Markup
    data: Data | None = None
    seconds: float | None = None
    file: int = 0


def report_page(
    subjects: Sequence[Subject],
    *,
    target: TargetLike | None = None,
    reference: TonalCurve | None = None,
) -> str:
    """Return the page as HTML text.

    Args:
        subjects: The files, in the order in which they are shown.
        target: What they are measured against.
        reference: A spectrum to compare with; a neutral guide by default.

    Raises:
        UsageError: Without any file.
    """
    if not subjects:
        raise UsageError("", "a report needs at least one file", "name one")
    curve = reference or neutral_guide()
    body = filled(
        PAGES,
        "report.html",
        files=[_file(subject, i, target, curve) for i, subject in enumerate(subjects)],
        together=_together(subjects, target, curve) if len(subjects) > 1 else (),
        toggles=1 < len(subjects) <= SERIES,
        reference=curve,
        target=_target(target),
        span=_span_text(subjects),
        version=__version__,
        summary=summary(subjects, target),
    )
    data = {"files": [_read_out(subject) for subject in subjects]}
    script = source(PAGES, "report.js")
    return framed(title=_title(subjects), body=body, style=_style(), script=script, data=data)


def _style() -> str:
    """Return the page's style: the theme's colours, a class for each of them, and the rest."""
    colours = "".join(
        f".chart .l-{role}{{stroke:var(--{role})}}"
        f".chart .f-{role},.chart .t-{role}{{fill:var(--{role})}}"
        f".b-{role}{{background:var(--{role})}}"
        for role in ROLES
    )
    return palette() + source(PAGES, "report.css") + colours


def _file(
    subject: Subject, index: int, target: TargetLike | None, reference: TonalCurve
) -> dict[str, Any]:
    picture = _Drawer(f"f{index + 1}", index)
    seconds = subject.seconds
    over_time = [
        picture(lambda size: waveform_scene(subject, size), seconds=seconds),
        picture(lambda size: loudness_scene(subject, size, target), seconds=seconds),
    ]
    stereo = subject.channels > 1
    if stereo:
        over_time.append(picture(lambda size: correlation_scene(subject, size), seconds=seconds))
    events, left = event_rows(subject)
    counts = counts_of(subject.survey.events)
    return {
        "name": subject.name,
        "format": format_text(subject),
        "notes": subject.notes,
        "key_figures": key_figures(subject, target),
        "over_time": over_time,
        "time_data": time_data(subject),
        "stereo": stereo,
        "events": events,
        "events_left": left,
        "events_text": ", ".join(counted_text(kind, count) for kind, count in counts.items()),
        "spectrum": picture(
            lambda size: spectrum_scene(subject, size, reference),
            data=spectrum_data(subject, reference),
        ),
        "bands": picture(lambda size: bands_scene(subject, size), data=bands_data(subject))
        if stereo
        else None,
        "groups": figure_groups(subject, target),
    }


def _together(
    subjects: Sequence[Subject], target: TargetLike | None, reference: TonalCurve
) -> list[Picture]:
    picture = _Drawer("all", 0)
    return [
        picture(lambda size: levels_scene(subjects, size, target)),
        picture(lambda size: loudness_comparison(subjects, size, target)),
        picture(lambda size: spectrum_comparison(subjects, size, reference)),
    ]


class _Drawer:
    """Draws scenes in both sizes, under names that are unique on the page."""

    def __init__(self, prefix: str, file: int) -> None:
        self._prefix = prefix
        self._file = file
        self._count = 0

    def __call__(
        self,
        draw: Callable[[Size], Scene],
        *,
        data: Data | None = None,
        seconds: float | None = None,
    ) -> Picture:
        self._count += 1
        ident = f"{self._prefix}-{self._count}"
        wide, narrow = draw(WIDE), draw(NARROW)
        return Picture(
            wide.title,
            wide.description,
            svg(wide, f"{ident}-w", "wide"),
            svg(narrow, f"{ident}-n", "narrow"),
            data,
            seconds,
            self._file,
        )


def _target(target: TargetLike | None) -> dict[str, str] | None:
    if target is None:
        return None
    parts = []
    if target.integrated_lufs is not None:
        parts.append(f"{signed(target.integrated_lufs)} LUFS")
    ceiling = target.ceiling_dbtp(target.integrated_lufs)
    if ceiling is not None:
        parts.append(f"{signed(ceiling)} dBTP")
    return {"name": target.name, "text": ", ".join(parts)}


def _title(subjects: Sequence[Subject]) -> str:
    first = subjects[0].name
    more = f" and {len(subjects) - 1} more" if len(subjects) > 1 else ""
    return f"{first}{more} – mixmaster report"


def _span_text(subjects: Sequence[Subject]) -> str:
    return f"{clock(sum(subject.seconds for subject in subjects))} in all"


def _read_out(subject: Subject) -> dict[str, Any]:
    """Return the curves that the cursor reads, at even distances."""
    seconds = subject.seconds
    count = _READ_OUT_POINTS
    at = np.asarray((np.arange(count) + 0.5) * (seconds / count))

    def curve(x: Points, y: Points, digits: int) -> list[float | None]:
        values = np.round(sampled(x, y, at), digits).tolist()
        return [None if math.isnan(value) else value + 0.0 for value in values]

    return {
        "seconds": seconds,
        "momentary": curve(*momentary_of(subject), 1),
        "short_term": curve(*short_term_of(subject), 1),
        "correlation": curve(*correlation_of(subject), 2) if subject.channels > 1 else None,
    }
