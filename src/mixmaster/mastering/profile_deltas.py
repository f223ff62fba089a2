"""How far a track is from a profile, figure by figure and band by band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import Block
from mixmaster.mastering.profile import OCTAVES_HZ, THIRDS_HZ, Bands, Profile
from mixmaster.mastering.profile_figures import (
    LOW_END_HZ,
    TrackFigures,
    levelled,
    low_end_db,
    tone_db,
    width_db,
)
from mixmaster.results import Result

_DIGITS = 2


@dataclass(frozen=True, slots=True)
class FigureDelta(Result):
    """One figure; None where the profile or the track has none."""

    name: str
    profile: float | None
    file: float | None
    delta: float | None


@dataclass(frozen=True, slots=True)
class BandDelta(Result):
    """One band; ``inside`` tells whether it is within the profile's tolerance."""

    hz: float
    profile_db: float | None
    tolerance_db: float | None
    file_db: float | None
    delta_db: float | None
    inside: bool | None


@dataclass(frozen=True, slots=True)
class Deltas(Result):
    """How far a track is from a profile.

    Attributes:
        figures: Loudness, true peak, peak-to-loudness ratio, side in the bass.
        tone: Third octaves, both curves brought to one level.
        width: Octaves, side over mid; empty where either has none.
        distance_db: Root mean square of the tonal curve's differences, their mean left out.
        outside: How many bands of tone and width are outside tolerance.
    """

    figures: tuple[FigureDelta, ...]
    tone: tuple[BandDelta, ...]
    width: tuple[BandDelta, ...]
    distance_db: float | None
    outside: int


def distance_db(one: Block, other: Block) -> float | None:
    """Return the root mean square of two curves' difference, their mean difference left out.

    Bands without a level (NaN) are left out; None if no band is left.
    """
    away = one - other
    away = away[np.isfinite(away)]
    if not away.size:
        return None
    return round(float(np.sqrt(np.mean(np.square(away - away.mean())))), 3)


def curve_of(bands: Bands | None, hz: Sequence[float]) -> tuple[Block, Block]:
    """Return a profile's levels and tolerances at bands; NaN where it says nothing."""
    if bands is None:
        nothing = np.full(len(hz), np.nan)
        return nothing, nothing
    return bands.over(hz)


def deltas_of(profile: Profile, track: TrackFigures) -> Deltas:
    """Return how far a track is from a profile."""
    spectrum, programme = track.sections.spectrum, track.programme
    low = profile.low_end
    low_hz = LOW_END_HZ if low is None else low.below_hz
    figures = (
        _figure("loudness, LUFS", profile.integrated_lufs, programme.integrated_lufs),
        _figure("true peak, dBTP", profile.true_peak_dbtp, programme.true_peak_dbtp),
        _figure("peak to loudness, dB", profile.plr_db, track.plr_db),
        _figure(
            f"side below {low_hz:g} Hz, dB",
            None if low is None else low.side_db,
            low_end_db(spectrum, low_hz),
        ),
    )
    wanted, tolerance = curve_of(profile.tone, THIRDS_HZ)
    is_ = tone_db(spectrum)
    both = np.isfinite(wanted) & np.isfinite(is_)
    # One level for both, over the bands that both have.
    level, mine = (levelled(np.where(both, curve, np.nan)) for curve in (wanted, is_))
    tone = _bands(THIRDS_HZ, level, tolerance, mine)
    width_level, width_tolerance = curve_of(profile.width, OCTAVES_HZ)
    width = _bands(OCTAVES_HZ, width_level, width_tolerance, width_db(spectrum))
    return Deltas(
        figures=figures,
        tone=tone,
        width=width,
        distance_db=distance_db(wanted, is_),
        outside=sum(band.inside is False for band in (*tone, *width)),
    )


def _figure(name: str, profile: float | None, file: float | None) -> FigureDelta:
    delta = None if profile is None or file is None else file - profile
    return FigureDelta(name, profile, file, delta)


def _bands(
    hz: Sequence[float], level: Block, tolerance: Block, file: Block
) -> tuple[BandDelta, ...]:
    if not np.isfinite(level).any():
        return ()
    rows = zip(hz, level.tolist(), tolerance.tolist(), file.tolist(), strict=True)
    return tuple(_band(*row) for row in rows)


def _band(hz: float, level: float, tolerance: float, file: float) -> BandDelta:
    delta = file - level
    known = bool(np.isfinite(delta))
    return BandDelta(
        hz=hz,
        profile_db=_number(level),
        tolerance_db=_number(tolerance),
        file_db=_number(file),
        delta_db=_number(delta),
        inside=abs(delta) <= tolerance if known else None,
    )


def _number(value: float) -> float | None:
    return round(value, _DIGITS) + 0.0 if np.isfinite(value) else None
