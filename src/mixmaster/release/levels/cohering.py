"""Making an album cohere: corrections made, heard again, and kept only where they helped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import with_config

from mixmaster.release.levels.coherence import (
    AlbumTrack,
    Coherence,
    Reference,
    TrackCoherence,
    compare,
    compared,
    on_one_scale,
)
from mixmaster.release.levels.corrections import Correction
from mixmaster.release.levels.hearing import Heard
from mixmaster.release.levels.strict import STRICT, read_back
from mixmaster.results import Result

Remake = Callable[[str, Correction], Heard]
"""Renders a track again through ``corrections.corrected`` and hears it; without the gain."""

_SAME_DB: Final = 0.05
"""Less is no worse: rendering again moves a figure by as much."""


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Made(Result):
    """One proposal, and what became of it.

    Attributes:
        key: The track.
        name: What people call it.
        proposed: What was proposed.
        made: What was kept of it; None for nothing.
        score_before: The track's score, see ``coherence.TrackCoherence``.
        score_after: After what was kept, beside the same reference.
        distance_before_db: Its tonal distance from the anchor.
        distance_after_db: After what was kept.
        said: In words, why not all of it was kept; empty where all was.
    """

    key: str
    name: str
    proposed: Correction
    made: Correction | None
    score_before: float | None
    score_after: float | None
    distance_before_db: float | None
    distance_after_db: float | None
    said: str = ""


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class CohereRun(Result):
    """An album before and after its corrections.

    Attributes:
        before: As it was.
        after: As it is; the same where nothing was made.
        made: Each proposal, and what became of it.
    """

    before: Coherence
    after: Coherence
    made: tuple[Made, ...]

    @property
    def corrections(self) -> dict[str, Correction]:
        """What was kept, by track: for the presets and the level offsets."""
        return {each.key: each.made for each in self.made if each.made is not None}


def cohere(
    tracks: Sequence[AlbumTrack],
    remake: Remake,
    *,
    anchor: str | None = None,
    reference: Reference | None = None,
) -> CohereRun:
    """Correct an album's outliers, hear them again, and keep what helped.

    Each proposal is made by itself and judged beside the album as it was: the figures it is for
    have to come nearer to the anchor, the tonal curve may not be further from the anchor's or the
    album's, and the track's score has to fall. What does not pass is tried without its tilt, then
    without its gain, and else dropped. So no correction that makes it worse is kept.

    Args:
        tracks: In the album's order.
        remake: Renders one again with a correction. Called once at most for each proposal, and
            only for a tilt: a gain alone needs no rendering.
        anchor: The key of a chosen anchor.
        reference: An earlier album's, in place of an anchor.

    Raises:
        UsageError: As `coherence.analyse`.
    """
    tracks = on_one_scale(tracks, reference)
    before = compared(tracks, anchor=anchor, reference=reference)
    held = before.reference
    corrected = {each.key: each for each in tracks}
    made = []
    for proposal in before.proposals:
        track = corrected[proposal.key]
        found, track = _best(track, before.track(proposal.key), proposal, remake, held)
        made.append(found)
        corrected[proposal.key] = track
    if not any(each.made for each in made):
        return CohereRun(before, before, tuple(made))
    key = held.key or None
    after = compared(
        list(corrected.values()), anchor=key if reference is None else None, reference=reference
    )
    chosen = replace(after.reference, chosen=held.chosen)
    return CohereRun(before, replace(after, reference=chosen), tuple(made))


def _best(
    track: AlbumTrack,
    was: TrackCoherence,
    proposal: Correction,
    remake: Remake,
    reference: Reference,
) -> tuple[Made, AlbumTrack]:
    """Return what of a proposal helps, and the track with it."""
    tilted = remake(track.key, proposal) if proposal.tilt_db else None
    why = ""
    for each in _parts(proposal):
        heard = tilted if each.tilt_db and tilted is not None else track.heard
        tried = replace(track, heard=heard, offset_db=track.offset_db + each.gain_db, done=each)
        now = compare(tried, tried.sound(), reference)
        worse = _worse(was, now, each)
        why = why or worse
        if not worse:
            said = "" if each == proposal else f"not all of it was kept: {why}"
            return _made(was, proposal, each, now, said), tried
    return _made(was, proposal, None, was, f"it was not kept: {why}"), track


def _parts(proposal: Correction) -> list[Correction]:
    parts = [proposal]
    if proposal.tilt_db and proposal.gain_db:
        parts += [replace(proposal, tilt_db=0.0), replace(proposal, gain_db=0.0)]
    return parts


def _worse(was: TrackCoherence, now: TrackCoherence, made: Correction) -> str:
    """Return in words what a correction makes worse; empty for nothing."""
    for figure in ("loudness", "tilt"):
        before, after = was.finding(figure), now.finding(figure)
        if before is None or after is None or not before.outlier:
            continue
        aimed = made.gain_db if figure == "loudness" else made.tilt_db
        nearer = abs(after.from_middle) < abs(before.from_middle)
        if aimed and not nearer:
            return f"its {figure} would be no nearer to the others'"
    for whose, before_db, after_db in (
        ("the anchor's", was.distance_to_anchor_db, now.distance_to_anchor_db),
        ("the album's", was.distance_to_album_db, now.distance_to_album_db),
    ):
        if before_db is not None and after_db is not None and after_db > before_db + _SAME_DB:
            return f"its tone would be further from {whose}"
    if was.score is not None and now.score is not None and now.score >= was.score:
        return "all in all it would stand out no less"
    return ""


def _made(
    was: TrackCoherence,
    proposal: Correction,
    kept: Correction | None,
    now: TrackCoherence,
    said: str,
) -> Made:
    return Made(
        key=was.key,
        name=was.name,
        proposed=proposal,
        made=kept,
        score_before=was.score,
        score_after=now.score,
        distance_before_db=was.distance_to_anchor_db,
        distance_after_db=now.distance_to_anchor_db,
        said=said,
    )


def coherence_from_json(data: Any, where: str) -> Coherence:
    """Return what ``Coherence.to_json`` has given; see ``strict.read_back``."""
    return read_back(Coherence, data, where, "coherence")


def made_from_json(data: Any, where: str) -> Made:
    """Return what ``Made.to_json`` has given; see ``strict.read_back``."""
    return read_back(Made, data, where, "coherence.made")
