"""Solving match stages: the chain before one is run, its output measured, and the curve found.

Order matters: a match after a compressor sees what the compressor makes of the mix. So the stages
before it run once into a temporary spool, whose loudest sections are measured. The curve is solved
from their spectrum, the spool runs through the filter, and its peak-to-loudness ratio is taken
again; if it has lost more than it may, the whole correction is lowered. What then runs in the
chain is an ordinary filter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp import match
from mixmaster.dsp.k_weighting import k_weighting_sos
from mixmaster.errors import DocumentError, Problem
from mixmaster.mastering.chain import Chain
from mixmaster.mastering.match_stage import Match, MatchFilter
from mixmaster.mastering.pipeline import ahead
from mixmaster.mastering.preset import PlacedInsert
from mixmaster.mastering.profile import (
    LOWEST_SIDE_DB,
    OCTAVES_HZ,
    THIRDS_HZ,
    NamedProfile,
    Profile,
    load_profile,
)
from mixmaster.mastering.profile_figures import (
    LOW_END_HZ,
    TrackFigures,
    bands_below,
    levelled,
    low_end_db,
    measure_blocks,
    octave_of_thirds,
    plr_db,
    tone_db,
    width_db,
)
from mixmaster.mastering.spool import Spool
from mixmaster.metering.programme import ProgrammeFigures, ProgrammeMeter
from mixmaster.results import Result

MATCH_ID: Final = "master.insert.match"
_MOST_TRIES: Final = 6
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
    share: float
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What a chain is solved for.

    Attributes:
        blocks: Opens the mix and gives its blocks.
        sample_rate_hz: Its rate.
        channels: Its channels.
        gain: Linear, before the chain.
        folder: For a temporary spool.
        threads: How many may work.
        progress: Told how far it is, 0 to 1.
        frames: The mix's length.
    """

    blocks: Callable[[], AbstractContextManager[Iterable[Block]]]
    sample_rate_hz: int
    channels: int
    gain: float
    folder: Path
    threads: int
    progress: Callable[[float], None]
    frames: int


def with_match(
    inserts: Sequence[PlacedInsert], profile: NamedProfile | None
) -> tuple[PlacedInsert, ...]:
    """Return the chain with a match stage at its end, if a profile is brought and none is there."""
    has = any(isinstance(insert.settings, Match) for insert in inserts)
    if profile is None or has:
        return tuple(inserts)
    taken = {insert.id for insert in inserts}
    number = next(n for n in range(1, len(inserts) + 2) if _numbered(n) not in taken)
    return (*inserts, PlacedInsert(_numbered(number), Match()))


def _numbered(number: int) -> str:
    return MATCH_ID if number == 1 else f"{MATCH_ID}{number}"


def profiles_of(
    inserts: Sequence[PlacedInsert], brought: NamedProfile | None
) -> dict[str, NamedProfile]:
    """Return the profile of each match stage that is not bypassed, by the stage's id.

    Args:
        inserts: The chain.
        brought: By the user, instead of the stages' own.

    Raises:
        DocumentError: For a stage without a profile, or one that cannot be read.
    """
    found = {}
    for insert in inserts:
        settings = insert.settings
        if not isinstance(settings, Match) or settings.bypass:
            continue
        if brought is not None:
            found[insert.id] = brought
        elif settings.profile is not None:
            found[insert.id] = load_profile(settings.profile)
        else:
            hint = "name one, or say --reference FILE or --profile NAME"
            raise DocumentError(insert.id, (Problem("profile", "is missing", hint),))
    return found


def without_matches(inserts: Sequence[PlacedInsert]) -> tuple[PlacedInsert, ...]:
    """Return the chain without its match stages: what can be checked before anything is solved."""
    return tuple(insert for insert in inserts if not isinstance(insert.settings, Match))


def solve_matches(
    inserts: Sequence[PlacedInsert], profiles: Mapping[str, NamedProfile], run: Run
) -> tuple[tuple[PlacedInsert, ...], tuple[MatchFigures, ...]]:
    """Return the chain with every match stage solved, and what each does.

    Args:
        inserts: The chain.
        profiles: Of ``profiles_of``.
        run: The programme.

    Raises:
        SignalError: For NaN or infinity in the mix, or made by an insert.
        OutputError: When the disk is full.
    """
    solved: list[PlacedInsert] = []
    figures = []
    for insert in inserts:
        settings = insert.settings
        if not isinstance(settings, Match):
            solved.append(insert)
        elif not settings.bypass:
            each, said = _solve(solved, insert.id, settings, profiles[insert.id], run)
            solved.append(PlacedInsert(insert.id, each))
            figures.append(said)
    return tuple(solved), tuple(figures)


def _solve(
    before: Sequence[PlacedInsert], where: str, settings: Match, named: NamedProfile, run: Run
) -> tuple[MatchFilter, MatchFigures]:
    chain = Chain(before, run.sample_rate_hz, run.channels)
    spool = Spool(run.folder / "match", run.sample_rate_hz, run.channels)
    try:
        with run.blocks() as blocks:
            track = measure_blocks(
                _spooled(ahead(chain.run(blocks, run.gain), run.threads), spool, run),
                run.sample_rate_hz,
                run.channels,
                where=where,
            )
        spool.finish()
        correction = find_correction(settings, named.profile, track, run.sample_rate_hz)
        share, after = 1.0, None
        for _ in range(_MOST_TRIES):
            loss, after = _plr_loss(spool, track, correction.filter(share), run)
            if loss <= settings.max_plr_loss_db:
                break
            # Somewhat more than in proportion: peaks do not add up as curves do.
            share *= min(0.75, 0.9 * settings.max_plr_loss_db / loss)
        else:
            share, after = 0.0, track.programme
    finally:
        spool.close()
    return correction.filter(share), correction.figures(where, named, share, after)


def _spooled(blocks: Iterable[Block], spool: Spool, run: Run) -> Iterator[Block]:
    for block in blocks:
        yield spool.write(block)
        run.progress(min(1.0, spool.frames / max(1, run.frames)))


def _plr_loss(
    spool: Spool, track: TrackFigures, settings: MatchFilter, run: Run
) -> tuple[float, ProgrammeFigures]:
    """Return how much of its peak-to-loudness ratio a correction takes, and the figures after."""
    chain = Chain([PlacedInsert("match", settings)], run.sample_rate_hz, run.channels)
    meter = ProgrammeMeter(run.sample_rate_hz, run.channels)
    for block in ahead(chain.run(spool.blocks(), 1.0), run.threads):
        meter.update(block)
    after = meter.result()
    ratio, was = plr_db(after), track.plr_db
    return (0.0 if ratio is None or was is None else was - ratio), after


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

    def _after(self, mid_db: Block, side_db: Block) -> match.Spectrum:
        spectrum = self.track.sections.spectrum
        hz = _part_mids_hz()
        side = spectrum.side
        return match.Spectrum(
            spectrum.mid * 10.0 ** (match.curve_db(mid_db, hz) / 10.0),
            None if side is None else side * 10.0 ** (match.curve_db(side_db, hz) / 10.0),
        )

    def figures(
        self, where: str, named: NamedProfile, share: float, after: ProgrammeFigures | None
    ) -> MatchFigures:
        """Return what a stage with a share of this does."""
        settings = self.filter(share)
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
            share=share,
            advice=_advice(self.profile, self.track),
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


def distance_db(one: Block, other: Block) -> float | None:
    """Return the root mean square of two curves' difference, their mean difference left out."""
    away = one - other
    away = away[np.isfinite(away)]
    if not away.size:
        return None
    return round(float(np.sqrt(np.mean(np.square(away - away.mean())))), _DIGITS)


def _tone_of(profile: Profile) -> tuple[Block, Block]:
    if profile.tone is None:
        nothing = np.full(len(THIRDS_HZ), np.nan)
        return nothing, nothing
    level, tolerance = profile.tone.over(THIRDS_HZ)
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


def lowered_notes(figures: Sequence[MatchFigures]) -> list[str]:
    """Return what has to be said of match stages: corrections that were lowered."""
    return [
        f"{each.id}: only {each.share:.0%} of the correction is used; more of it would cost "
        "more of the peak-to-loudness ratio than max_plr_loss_db allows"
        for each in figures
        if each.share < 1.0
    ]
