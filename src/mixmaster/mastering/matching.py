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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mixmaster.arrays import Block
from mixmaster.documents.origin import Origin, UnfoundFileError
from mixmaster.errors import DocumentError, Problem
from mixmaster.mastering.chain import Chain
from mixmaster.mastering.correction import MatchFigures, find_correction
from mixmaster.mastering.match_stage import Match, MatchFilter
from mixmaster.mastering.pipeline import ahead
from mixmaster.mastering.preset import PlacedInsert
from mixmaster.mastering.profile import NamedProfile, load_profile
from mixmaster.mastering.profile_figures import TrackFigures, measure_blocks, plr_db
from mixmaster.mastering.spool import Spool
from mixmaster.metering.programme import ProgrammeFigures, ProgrammeMeter
from mixmaster.units import gain_to_db

__all__ = [
    "MatchFigures",
    "Run",
    "match_notes",
    "profiles_of",
    "solve_matches",
    "with_match",
    "without_matches",
]

MATCH_ID: Final = "master.insert.match"
_MOST_TRIES: Final = 6


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
        figures: The mix's, if they are known: what is not processed need not be measured again.
    """

    blocks: Callable[[], AbstractContextManager[Iterable[Block]]]
    sample_rate_hz: int
    channels: int
    gain: float
    folder: Path
    threads: int
    progress: Callable[[float], None]
    frames: int
    figures: ProgrammeFigures | None = None


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
    inserts: Sequence[PlacedInsert], brought: NamedProfile | None, origin: Origin
) -> dict[str, NamedProfile]:
    """Return the profile of each match stage that is not bypassed, by the stage's id.

    Args:
        inserts: The chain.
        brought: By the user, instead of the stages' own.
        origin: Of the preset: files that it names lie where it may name them.

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
            found[insert.id] = _named(settings.profile, insert.id, origin)
        else:
            hint = "name one, or say --reference FILE or --profile NAME"
            raise DocumentError(insert.id, (Problem("profile", "is missing", hint),))
    return found


def _named(name: str, where: str, origin: Origin) -> NamedProfile:
    """Return the profile that a preset names: by its name, or a file in the preset's folder."""
    if not name.lower().endswith(".toml"):
        return load_profile(name)
    try:
        return load_profile(str(origin.find(name)))
    except UnfoundFileError as error:
        problem = Problem("profile", error.problem.reason, error.problem.hint)
        raise DocumentError(where, (problem,)) from error


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
            solved.append(replace(insert, settings=each))
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
                programme=None if before else _louder(run.figures, run.gain),
                where=where,
            )
        spool.finish()
        correction = find_correction(settings, named.profile, track, run.sample_rate_hz)
        share, after = 1.0, None
        for _ in range(_MOST_TRIES):
            loss, after = _plr_loss(spool, track, correction.filter(share), run)
            loss += correction.plr_of_tone_db(share)
            if loss <= settings.max_plr_loss_db:
                break
            # Somewhat more than in proportion: peaks do not add up as curves do.
            share *= min(0.75, 0.9 * settings.max_plr_loss_db / loss)
        else:
            share, after = 0.0, track.programme
    finally:
        spool.close()
    settled = _as_loud(correction.filter(share), track.programme, after)
    return settled, correction.figures(where, named, settled, share, after)


def _louder(figures: ProgrammeFigures | None, gain: float) -> ProgrammeFigures | None:
    """Return loudness and true peak of a programme after a gain, as far as a match asks."""
    if figures is None or figures.integrated_lufs is None or figures.true_peak_dbtp is None:
        return None
    gain_db = gain_to_db(gain)
    return replace(
        figures,
        integrated_lufs=figures.integrated_lufs + gain_db,
        true_peak_dbtp=figures.true_peak_dbtp + gain_db,
    )


def _as_loud(
    settings: MatchFilter, before: ProgrammeFigures, after: ProgrammeFigures | None
) -> MatchFilter:
    """Return a filter with the gain that makes its output as loud as its input, as measured."""
    if after is None or before.integrated_lufs is None or after.integrated_lufs is None:
        return settings
    gain_db = settings.gain_db + before.integrated_lufs - after.integrated_lufs
    return settings.model_copy(update={"gain_db": round(gain_db, 3) + 0.0})


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


def match_notes(figures: Sequence[MatchFigures]) -> list[str]:
    """Return what has to be said of match stages: what was lowered, and what is advised."""
    lowered = [
        f"{each.id}: only {each.share:.0%} of the correction is used; more of it would cost "
        "more of the peak-to-loudness ratio than max_plr_loss_db allows"
        for each in figures
        if each.share < 1.0
    ]
    return lowered + [f"{each.id}: {text}" for each in figures for text in each.advice]
