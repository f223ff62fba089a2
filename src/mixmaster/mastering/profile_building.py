"""Building a profile from reference tracks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from mixmaster.arrays import Block
from mixmaster.audio.names import shown
from mixmaster.audio.source import content_hash, open_source
from mixmaster.documents.problems import problems_of
from mixmaster.engine.threads import one_blas_thread
from mixmaster.errors import AudioFileError
from mixmaster.mastering.pipeline import ahead
from mixmaster.mastering.profile import (
    OCTAVES_HZ,
    THIRDS_HZ,
    LowEnd,
    NamedProfile,
    Profile,
    Reference,
    Tone,
    Width,
)
from mixmaster.mastering.profile_figures import (
    LOW_END_HZ,
    TrackFigures,
    TrackMeter,
    levelled,
    low_end_db,
    tone_db,
    width_db,
)

METHOD: Final = (
    "Of each track the loudest third (segments of 1 to 2 s, ranked by the loudness of the 3 s "
    "around them, among those within BS.1770's gates; at least 6 s), and what is within 1 LU of "
    "it: mean power of mid and side. "
    "Over tracks, all weighted alike, the interquartile mean in dB, band by band, after their "
    "curves were brought to one level (mean from 100 Hz to 10 kHz). Tolerances are the spread of "
    "{spread} (1.48 times the median distance from the median), at least 0.5 dB."
)
_LEAST_TOLERANCE_DB: Final = 0.5
_MOST_TOLERANCE_DB: Final = 24.0
_MAD: Final = 1.4826  # of a normal distribution: standard deviation over median deviation
_DIGITS: Final = 2


@dataclass(frozen=True, slots=True)
class MeasuredReference:
    """A reference track and its figures."""

    name: str
    sha256: str
    figures: TrackFigures
    notes: tuple[str, ...]


def measure_track(
    path: Path, *, threads: int = 2, progress: Callable[[float], None] | None = None
) -> MeasuredReference:
    """Measure a track as a reference.

    Args:
        path: A mono or stereo file of any rate.
        threads: One, or two that share the work.
        progress: Told how much is done, 0 to 1.

    Raises:
        AudioFileError: For a file that cannot be used, or holds nothing loud enough.
        SignalError: For NaN or infinity in it.
    """
    with one_blas_thread(), open_source(path) as source:
        if source.channels > 2:
            reason = f"it has {source.channels} channels"
            raise AudioFileError(shown(path), reason, "references are mono or stereo")
        meter = TrackMeter(source.sample_rate_hz, source.channels, where=shown(path))
        done = 0
        for block in ahead(source.blocks(), threads):
            meter.update(block)
            done += block.shape[1]
            if progress is not None:
                progress(min(1.0, done / max(1, source.frames)))
        notes = tuple(source.notes)
    figures = meter.result()
    if figures.sections.loudness_lufs is None or not np.isfinite(levels_of(figures)).any():
        reason = "it is silent, or never louder than -70 LUFS"
        raise AudioFileError(shown(path), reason, "a reference needs music")
    return MeasuredReference(path.name, content_hash(path), figures, notes)


def levels_of(figures: TrackFigures) -> Block:
    """Return a track's tonal curve, ``(27,)``."""
    return tone_db(figures.sections.spectrum)


def build_profile(
    references: Sequence[MeasuredReference],
    *,
    name: str,
    description: str = "",
    source: str = "",
    checked: dt.date | None = None,
) -> Profile:
    """Return the profile of one or more references; see ``METHOD``.

    Args:
        references: At least one.
        name: What people call it.
        description: What it is for.
        source: Where the references come from; their names if empty.
        checked: The day that goes into the document; None leaves it out.

    Raises:
        AudioFileError: For figures that no profile may have: they are those of no music.
    """
    assert references
    tracks = [each.figures for each in references]
    tones = np.array([levels_of(track) for track in tracks])
    widths = np.array([width_db(track.sections.spectrum) for track in tracks])
    lows = [low for track in tracks if (low := low_end_db(track.sections.spectrum)) is not None]
    spreads = tones
    spread, side_spreads = "the tracks", widths
    if len(tracks) == 1:
        spread = "the sections of the one track"
        spreads, side_spreads = _of_sections(tracks[0])
    plrs = [plr for track in tracks if (plr := track.plr_db) is not None]
    loudness = [each.programme.integrated_lufs for each in tracks]
    peaks = [each.programme.true_peak_dbtp for each in tracks]
    tone = _bands(tones, spreads)
    width = _bands(widths, side_spreads)
    table: dict[str, Any] = {
        "format": 1,
        "kind": "profile",
        "name": name,
        "description": description,
        "source": source or ", ".join(each.name for each in references),
        "method": METHOD.format(spread=spread),
        "references": len(references),
        "checked": checked,
        "integrated_lufs": _middle(loudness),
        "true_peak_dbtp": _middle(peaks),
        "plr_db": _middle(plrs),
        "tone": Tone(**_listed(THIRDS_HZ, levelled(tone[0]), tone[1])),
        "width": Width(**_listed(OCTAVES_HZ, *width)) if np.isfinite(width[0]).any() else None,
        "low_end": LowEnd(below_hz=LOW_END_HZ, side_db=_rounded(midmean(np.array(lows))))
        if lows
        else None,
        "reference": tuple(_said(each) for each in references),
    }
    try:
        return Profile(**table)
    except ValidationError as error:
        wrong = "; ".join(str(problem) for problem in problems_of(error, Profile, table))
        names = ", ".join(each.name for each in references[:5])
        hint = "references are finished masters"
        raise AudioFileError(names, f"no profile can be made of it: {wrong}", hint) from error


def profile_of(path: Path, *, threads: int = 2) -> tuple[NamedProfile, tuple[str, ...]]:
    """Return one file as a profile in memory, and what had to be said of the file.

    Raises:
        AudioFileError: For a file that cannot be used.
        SignalError: For NaN or infinity in it.
    """
    measured = measure_track(path, threads=threads)
    notes = tuple(f"{path.name}: {note}" for note in measured.notes)
    return NamedProfile(path.name, build_profile([measured], name=path.stem)), notes


def midmean(values: Block) -> float:
    """Return the interquartile mean: of the middle half, the ones at its ends in part.

    A quarter of the values at either end may be anything (J. Tukey, "Exploratory Data Analysis",
    1977: the midmean). Of one or two values it is their mean.
    """
    count = values.size
    rank = np.arange(count)
    low, high = 0.25 * count, 0.75 * count
    weights = np.clip(np.minimum(rank + 1.0, high) - np.maximum(rank, low), 0.0, 1.0)
    return float((np.sort(values) * weights).sum() / weights.sum())


def _of_sections(track: TrackFigures) -> tuple[Block, Block]:
    """Return the curves of a track's sections, levelled, and their width in octaves."""
    sections = track.sections
    tones = np.array([levelled(each) for each in sections.sections_db])
    if not sections.sections_side_db.size:
        return tones, np.full((len(tones), len(OCTAVES_HZ)), np.nan)
    # An octave's third octaves begin with 50 Hz, the second band.
    thirds = sections.sections_side_db[:, 1 : 1 + 3 * len(OCTAVES_HZ)]
    return tones, thirds.reshape(len(thirds), -1, 3).mean(axis=2)


def _bands(levels: Block, spreads: Block) -> tuple[Block, Block]:
    """Return the midmean and the tolerance of each band; NaN where most tracks have none."""
    middle = np.full(levels.shape[1], np.nan)
    tolerance = np.full(levels.shape[1], np.nan)
    for band in range(levels.shape[1]):
        values = levels[:, band][np.isfinite(levels[:, band])]
        if 2 * values.size <= levels.shape[0]:
            continue
        spread = spreads[:, band][np.isfinite(spreads[:, band])]
        away = _MAD * float(np.median(np.abs(spread - np.median(spread)))) if spread.size else 0.0
        middle[band] = midmean(values)
        tolerance[band] = min(max(away, _LEAST_TOLERANCE_DB), _MOST_TOLERANCE_DB)
    return middle, tolerance


def _listed(hz: Sequence[float], level: Block, tolerance: Block) -> dict[str, tuple[float, ...]]:
    known = np.flatnonzero(np.isfinite(level)).tolist()
    return {
        "hz": tuple(hz[index] for index in known),
        "level_db": tuple(_rounded(float(level[index])) for index in known),
        "tolerance_db": tuple(_rounded(float(tolerance[index])) for index in known),
    }


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return _rounded(midmean(np.array(known))) if known else None


def _rounded(value: float) -> float:
    return round(value, _DIGITS) + 0.0


def _said(reference: MeasuredReference) -> Reference:
    programme, sections = reference.figures.programme, reference.figures.sections
    lufs, peak = programme.integrated_lufs, programme.true_peak_dbtp
    return Reference(
        name=reference.name,
        sha256=reference.sha256,
        duration_s=_rounded(programme.duration_s),
        taken_s=_rounded(sections.taken_s),
        integrated_lufs=None if lufs is None else _rounded(lufs),
        true_peak_dbtp=None if peak is None else _rounded(peak),
    )
