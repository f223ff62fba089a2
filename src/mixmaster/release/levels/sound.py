"""How a track sounds where it plays out, in the few figures by which an album's tracks compare.

All of them are taken from the loudest sections (``metering/loud_sections.py``): an album is heard
track after track, and what is set side by side in the ear are choruses, not intros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, get_args

import numpy as np
from pydantic import with_config

from mixmaster.arrays import Block
from mixmaster.dsp import match
from mixmaster.dsp.filters import response, tilt
from mixmaster.dsp.k_weighting import k_weighting_sos
from mixmaster.mastering.profile import LEVEL_FROM_HZ, LEVEL_TO_HZ, LOWEST_SIDE_DB, THIRDS_HZ
from mixmaster.mastering.profile_figures import (
    LOW_END_HZ,
    bands_below,
    low_end_db,
    tone_db,
)
from mixmaster.release.levels.hearing import Heard
from mixmaster.release.levels.strict import STRICT
from mixmaster.results import Result

FigureName = Literal["loudness", "low_end", "tilt", "tone", "width", "low_side", "vocal"]
FIGURES: Final[tuple[FigureName, ...]] = get_args(FigureName)

TILT_HZ: Final = 1_000.0
"""The pivot of a tilt: the middle of the bands over which curves are levelled, in octaves."""

_RATE_HZ: Final = 48_000
_WIDTH_FROM_HZ: Final = 100.0
_WIDTH_TO_HZ: Final = 10_000.0


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Sound(Result):
    """A track in its loudest sections; None where there is no such figure.

    Attributes:
        loud_lufs: How loud they are, on the album's scale.
        integrated_lufs: How loud the whole track is, likewise.
        low_end_db: The bass, 40 to 120 Hz, over the mean of the third octaves from 100 Hz to
            10 kHz.
        low_side_db: Side's power over mid's in the bass.
        width_db: Side's power over mid's from 100 Hz to 10 kHz, from -60 dB.
        tone_db: The tonal curve: the levels of ``profile.THIRDS_HZ`` about their mean.
        vocal_lu: How loud the voice stands over all else where it sings, see ``vocal``.
    """

    loud_lufs: float | None
    integrated_lufs: float | None
    low_end_db: float | None
    low_side_db: float | None
    width_db: float | None
    tone_db: tuple[float | None, ...]
    vocal_lu: float | None = None

    def curve(self) -> Block:
        """Return the tonal curve, ``(27,)``, NaN where a band holds nothing."""
        return as_curve(self.tone_db)


def as_curve(levels: Sequence[float | None]) -> Block:
    """Return levels as an array, NaN for None."""
    return np.array([np.nan if each is None else each for each in levels])


def sound_of(heard: Heard, *, vocal_lu: float | None = None) -> Sound:
    """Return how a track sounds.

    Args:
        heard: The track, on the album's scale.
        vocal_lu: Its vocal level, where its stems are known.
    """
    sections = heard.figures.sections
    spectrum = sections.spectrum
    curve = tone_db(spectrum)
    bass = curve[bands_below(LOW_END_HZ)]
    bass = bass[np.isfinite(bass)]
    return Sound(
        loud_lufs=_figure(sections.loudness_lufs),
        integrated_lufs=_figure(heard.figures.programme.integrated_lufs),
        low_end_db=_figure(10.0 * float(np.log10((10.0 ** (bass / 10.0)).sum())))
        if bass.size
        else None,
        low_side_db=_figure(low_end_db(spectrum)),
        width_db=_figure(_width_db(spectrum)),
        tone_db=tuple(_figure(each) for each in curve.tolist()),
        vocal_lu=_figure(vocal_lu),
    )


def _figure(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(value, 3) + 0.0


def _width_db(spectrum: match.Spectrum) -> float | None:
    if spectrum.side is None:
        return None
    hz = _part_mids_hz()
    inside = (hz >= _WIDTH_FROM_HZ) & (hz <= _WIDTH_TO_HZ)
    mid, side = float(spectrum.mid[inside].sum()), float(spectrum.side[inside].sum())
    if not mid + side > 0.0:
        return None
    least = 10.0 ** (LOWEST_SIDE_DB / 10.0)
    return 10.0 * float(np.log10(max(side, least * mid) / max(mid, 1e-2 * side)))


def tilt_db(curve: Block, reference: Block) -> float | None:
    """Return by which tilt a curve differs from another: brighter above 0, darker below.

    The tilt that explains most of the difference from 100 Hz to 10 kHz, by least squares; its
    figure is that of an equaliser's tilt about 1 kHz, which lifts the top by it and lowers the
    bottom by as much. None where the curves have fewer than two bands in common.
    """
    hz = np.array(THIRDS_HZ)
    away = curve - reference
    known = np.isfinite(away) & (hz >= LEVEL_FROM_HZ) & (hz <= LEVEL_TO_HZ)
    if np.count_nonzero(known) < 2:
        return None
    shape = tilt_shape()[known]
    shape = shape - shape.mean()
    return float(away[known] @ shape / (shape @ shape))


@cache
def tilt_shape() -> Block:
    """Return what a tilt of 1 dB does to the third octaves, in dB, ``(27,)``."""
    return _tilt_response(1.0, match.BANDS_HZ)


def _tilt_response(gain_db: float, hz: Block) -> Block:
    if gain_db == 0.0:
        return np.zeros(hz.size)
    magnitude = np.abs(response(tilt(TILT_HZ, gain_db, _RATE_HZ), hz, _RATE_HZ))
    return np.asarray(20.0 * np.log10(magnitude))


def tilt_loudness_lu(spectrum: match.Spectrum, gain_db: float) -> float:
    """Return by how much a tilt makes a spectrum louder, as BS.1770 hears it."""
    hz = _part_mids_hz()
    powers = spectrum.mid if spectrum.side is None else spectrum.mid + spectrum.side
    weighted = powers * np.abs(response(k_weighting_sos(_RATE_HZ), hz, _RATE_HZ)) ** 2
    total = float(weighted.sum())
    if not total > 0.0:
        return 0.0
    after = float((weighted * 10.0 ** (_tilt_response(gain_db, hz) / 10.0)).sum())
    return 10.0 * float(np.log10(after / total))


def _part_mids_hz() -> Block:
    edges = match.part_edges_hz()
    return np.asarray(np.sqrt(edges[:-1] * edges[1:]))
