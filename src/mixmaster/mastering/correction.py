"""What moves a track toward a profile, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp import match
from mixmaster.dsp.k_weighting import k_weighting_sos
from mixmaster.mastering.match_stage import Match, MatchFilter
from mixmaster.mastering.profile import (
    LOWEST_SIDE_DB,
    OCTAVES_HZ,
    THIRDS_HZ,
    NamedProfile,
    Profile,
)
from mixmaster.mastering.profile_deltas import curve_of, distance_db
from mixmaster.mastering.profile_figures import (
    LOW_END_HZ,
    TrackFigures,
    bands_below,
    levelled,
    low_end_db,
    octave_of_thirds,
    plr_db,
    tone_db,
    width_db,
)
from mixmaster.metering.programme import ProgrammeFigures
from mixmaster.results import Result

_DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class MatchFigures(Result):
    """What one match stage found and does.

    Attributes:
        id: The stage.
        profile: Toward what.
        hz: The third octaves, nominal.
        before_db: The tonal curve at the stage's input; None where a band holds nothing.
        aim_db: The profile's.
        after_db: What comes out, foretold from the spectrum.
        mid_db: What the middle is moved by, at the bands' middles.
        side_db: Likewise the sides; empty for mono.
        largest_move_db: The largest of both, anywhere.
        distance_before_db: Root mean square of the curve's distance from the profile's.
        distance_after_db: Likewise of what comes out.
        low_end_before_db: Side over mid below the profile's frequency.
        low_end_after_db: Of what comes out.
        gain_db: What keeps it as loud as it was.
        plr_before_db: Peak-to-loudness ratio at the stage's input.
        plr_after_db: At its output, measured.
        plr_of_tone_db: What of the change the new tone alone accounts for.
        share: What is left of the correction: 1 unless the ratio lost too much.
        advice: What the profile says that a match does not touch.
    """

    id: str
    profile: str
    hz: tuple[float, ...]
    before_db: tuple[float | None, ...]
    aim_db: tuple[float | None, ...]
    after_db: tuple[float | None, ...]
    mid_db: tuple[float, ...]
    side_db: tuple[float, ...]
    largest_move_db: float
    distance_before_db: float | None
    distance_after_db: float | None
    low_end_before_db: float | None
    low_end_after_db: float | None
    gain_db: float
    plr_before_db: float | None
    plr_after_db: float | None
    plr_of_tone_db: float
    share: float
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """A solved correction, and what it was solved from."""

    profile: Profile
    track: TrackFigures
    curves: match.Curves
    sample_rate_hz: int

    def filter(self, share: float) -> MatchFilter:
        """Return the filter of a share of the correction: every coefficient is scaled."""
        mid, side = share * self.curves.mid_db, share * self.curves.side_db
        after = self._after(mid, side)
        return MatchFilter(
            mid_db=tuple(mid.round(_DIGITS).tolist()),
            side_db=tuple(side.round(_DIGITS).tolist()),
            gain_db=round(
                _k_level_db(self.track.sections.spectrum, self.sample_rate_hz)
                - _k_level_db(after, self.sample_rate_hz),
                _DIGITS,
            )
            if mid.any() or side.any()
            else 0.0,
        )

    def plr_of_tone_db(self, share: float) -> float:
        """Return by how much the peak-to-loudness ratio rises by the change of tone alone.

        Loudness hears little bass, peaks hear all of it: a signal of unchanged crest (peak over
        root mean square), noise for example, has another ratio once its bass is lowered.
        """
        before = self.track.sections.spectrum
        after = self._after(share * self.curves.mid_db, share * self.curves.side_db)
        power = [float(each.thirds().sum()) for each in (before, after)]
        if not min(power) > 0.0:
            return 0.0
        weighted = [_k_level_db(each, self.sample_rate_hz) for each in (before, after)]
        return 10.0 * float(np.log10(power[1] / power[0])) - (weighted[1] - weighted[0])

    def _after(self, mid_db: Block, side_db: Block) -> match.Spectrum:
        spectrum = self.track.sections.spectrum
        hz = _part_mids_hz()
        side = spectrum.side
        return match.Spectrum(
            spectrum.mid * 10.0 ** (match.curve_db(mid_db, hz) / 10.0),
            None if side is None else side * 10.0 ** (match.curve_db(side_db, hz) / 10.0),
        )

    def figures(
        self,
        where: str,
        named: NamedProfile,
        settings: MatchFilter,
        share: float,
        after: ProgrammeFigures | None,
    ) -> MatchFigures:
        """Return what a stage with a share of this does."""
        mid, side = np.array(settings.mid_db), np.array(settings.side_db)
        spectrum = self.track.sections.spectrum
        out = self._after(mid, side)
        was, becomes, aim = tone_db(spectrum), tone_db(out), _tone_of(self.profile)[0]
        curves = [match.curve_db(mid, _part_mids_hz())]
        if spectrum.side is not None:
            curves.append(match.curve_db(side, _part_mids_hz()))
        low = _low_hz(self.profile)
        return MatchFigures(
            id=where,
            profile=named.name,
            hz=THIRDS_HZ,
            before_db=_listed(was),
            aim_db=_listed(aim),
            after_db=_listed(becomes),
            mid_db=_numbers(match.curve_db(mid, match.BANDS_HZ)),
            side_db=() if spectrum.side is None else _numbers(match.curve_db(side, match.BANDS_HZ)),
            largest_move_db=round(float(np.abs(curves).max()), _DIGITS),
            distance_before_db=distance_db(was, aim),
            distance_after_db=distance_db(becomes, aim),
            low_end_before_db=low_end_db(spectrum, low),
            low_end_after_db=low_end_db(out, low),
            gain_db=settings.gain_db,
            plr_before_db=self.track.plr_db,
            plr_after_db=None if after is None else plr_db(after),
            plr_of_tone_db=round(self.plr_of_tone_db(share), _DIGITS),
            share=share,
            advice=(*_unknown(aim, was), *_advice(self.profile, self.track)),
        )


def find_correction(
    settings: Match, profile: Profile, track: TrackFigures, sample_rate_hz: int
) -> Correction:
    """Return what moves a track toward a profile, by the stage's amounts and within its bounds."""
    spectrum = track.sections.spectrum
    aim = match.Aim(
        _tone_aim(settings, profile, spectrum),
        _width_aim(settings, profile, spectrum),
        settings.max_db,
    )
    return Correction(profile, track, match.solve(spectrum, aim), sample_rate_hz)


def _tone_of(profile: Profile) -> tuple[Block, Block]:
    level, tolerance = curve_of(profile.tone, THIRDS_HZ)
    return levelled(level), tolerance


def _tone_aim(settings: Match, profile: Profile, spectrum: match.Spectrum) -> Block:
    """Return where each band's level is to go, on the spectrum's own scale."""
    level, tolerance = _tone_of(profile)
    now = tone_db(spectrum)
    move = _toward(level - now, tolerance, settings)
    powers = spectrum.thirds()
    absolute = 10.0 * np.log10(np.where(powers > 0.0, powers, 1.0))
    if settings.tone * settings.amount == 0.0:
        move = np.where(np.isfinite(now), 0.0, np.nan)
    return np.asarray(absolute + settings.tone * settings.amount * move)


def _toward(difference: Block, tolerance: Block, settings: Match) -> Block:
    """Return what is to be moved: all of a difference, or what of it lies outside tolerance."""
    if settings.aim == "curve":
        return difference
    outside = np.maximum(np.abs(difference) - tolerance, 0.0)
    return np.asarray(np.sign(difference) * outside)


def _width_aim(settings: Match, profile: Profile, spectrum: match.Spectrum) -> Block:
    """Return how far side is to move against mid in each third octave."""
    move = np.zeros(len(THIRDS_HZ))
    if profile.width is not None:
        level, tolerance = profile.width.over(OCTAVES_HZ)
        now = width_db(spectrum)
        octaves = _toward(level - now, tolerance, settings)
        octaves = np.where(now > LOWEST_SIDE_DB, octaves, 0.0)  # there is nothing to widen
        octaves = settings.width * settings.amount * np.nan_to_num(octaves)
        # The octaves at the ends speak for what lies beyond them.
        move = octaves[np.clip(octave_of_thirds(), 0, len(OCTAVES_HZ) - 1)]
    low, bass = profile.low_end, low_end_db(spectrum, _low_hz(profile))
    if low is not None and bass is not None:
        wanted = settings.low_end * settings.amount * (low.side_db - bass)
        below = bands_below(low.below_hz)
        # The bass is never widened, and narrowed as far as either asks.
        move[below] = np.minimum(move[below], min(0.0, wanted))
    return move


def _low_hz(profile: Profile) -> float:
    return LOW_END_HZ if profile.low_end is None else profile.low_end.below_hz


def _k_level_db(spectrum: match.Spectrum, sample_rate_hz: int) -> float:
    """Return the level of a spectrum as loudness weighs it (ITU-R BS.1770-5), in dB."""
    z = np.exp(-2j * np.pi * _part_mids_hz() / sample_rate_hz)
    weights = np.ones(z.size)
    for b0, b1, b2, a0, a1, a2 in k_weighting_sos(sample_rate_hz).tolist():
        weights *= np.abs((b0 + b1 * z + b2 * z * z) / (a0 + a1 * z + a2 * z * z)) ** 2
    powers = spectrum.mid if spectrum.side is None else spectrum.mid + spectrum.side
    total = float((weights * powers).sum())
    return 10.0 * float(np.log10(total)) if total > 0.0 else 0.0


def _part_mids_hz() -> Block:
    edges = match.part_edges_hz()
    return np.asarray(np.sqrt(edges[:-1] * edges[1:]))


def _unknown(aim: Block, track: Block) -> tuple[str, ...]:
    """Return in words which bands the profile asks nothing of, where the track has something."""
    asked = np.isfinite(aim).tolist()
    missing = [hz for hz, known in zip(THIRDS_HZ, asked, strict=True) if not known]
    if not missing or len(missing) == len(THIRDS_HZ) or not np.isfinite(track).any():
        return ()
    named = ", ".join(f"{hz:g}" for hz in missing)
    return (f"the profile has no level at {named} Hz: the curve is carried on level there",)


def _advice(profile: Profile, track: TrackFigures) -> tuple[str, ...]:
    """Return in words what the profile's dynamics say about the track's."""
    is_, wanted = track.plr_db, profile.plr_db
    if is_ is None or wanted is None or abs(is_ - wanted) < 1.0:
        return ()
    more = "more" if is_ > wanted else "less"
    text = (
        f"peaks stand {is_:.1f} dB over the loudness here, {wanted:.1f} in the profile: it is "
        f"{more} dynamic by {abs(is_ - wanted):.1f} dB, which a match leaves as it is"
    )
    return (text,)


def _listed(values: Block) -> tuple[float | None, ...]:
    return tuple(round(value, _DIGITS) if np.isfinite(value) else None for value in values.tolist())


def _numbers(values: Block) -> tuple[float, ...]:
    return tuple(round(value, _DIGITS) + 0.0 for value in values.tolist())
