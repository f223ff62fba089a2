"""Levels of a released album: kept as they were, so that one track's rebuild changes no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from mixmaster.errors import DocumentError, Problem
from mixmaster.mastering.options import NamedTarget
from mixmaster.release.levels.album import AlbumLevels, TrackLevel, TrackLoudness, rounded
from mixmaster.release.levels.gains import track_level
from mixmaster.release.levels.strict import read_back

_MOVED_LU: Final = 0.5
"""A new mix's loudness that is further than this from the released one's is told."""


def levels_from_json(data: Any, where: str) -> AlbumLevels:
    """Return levels of what ``AlbumLevels.to_json`` has given.

    Args:
        data: JSON data, of a file that anybody may have written.
        where: The file, for errors.

    Raises:
        DocumentError: For what is no album's levels, with the first problems.
    """
    found = read_back(AlbumLevels, data, where, "levels")
    keys = [each.key for each in found.tracks]
    if not keys or len(set(keys)) < len(keys):
        reason = "has a track twice" if keys else "has no tracks"
        raise DocumentError(where, (Problem("levels.tracks", reason),))
    return found


def kept(frozen: AlbumLevels, tracks: Sequence[TrackLoudness], target: NamedTarget) -> AlbumLevels:
    """Return a released album's levels for its tracks as they are now.

    Every track keeps the loudness that it was released with, whatever has become of its mix, or of
    the others; one that cannot reach it any more stays under it alone. A track that is new joins
    with the album's gain.

    Args:
        frozen: What the album was released with.
        tracks: The tracks now.
        target: Where it goes.
    """
    known = {each.key: each for each in frozen.tracks}
    levels, notes = [], list(frozen.notes)
    for track in tracks:
        before = known.get(track.key)
        gain_db = frozen.gain_db or 0.0
        if before is None:
            gain_db += track.offset_lu if frozen.keeps_relations else 0.0
            if not frozen.keeps_relations and None not in (
                frozen.asked_lufs,
                track.integrated_lufs,
            ):
                gain_db = (frozen.asked_lufs or 0.0) - (track.integrated_lufs or 0.0)
            notes.append(f"'{track.name}' is new on a released album: the others stay as they are")
        elif before.wanted_lufs is not None and track.integrated_lufs is not None:
            gain_db = before.wanted_lufs - track.integrated_lufs
        else:
            gain_db = before.gain_db
        level = track_level(track, gain_db, target.target)
        levels.append(level if before is None else replace(level, said=_said(level, before)))
    gone = [each.name for each in frozen.tracks if each.key not in {track.key for track in tracks}]
    notes += [f"'{name}' was released on the album, and is not there now" for name in gone]
    return replace(frozen, tracks=tuple(levels), notes=tuple(notes))


def _said(now: TrackLevel, before: TrackLevel) -> tuple[str, ...]:
    """Return what has to be said of a track that keeps the loudness it was released with."""
    said = list(now.said)
    if now.integrated_lufs is not None and before.integrated_lufs is not None:
        moved = rounded(now.integrated_lufs - before.integrated_lufs)
        if abs(moved) > _MOVED_LU:
            more = "louder" if moved > 0.0 else "quieter"
            said.append(
                f"it is {abs(moved):.1f} LU {more} than when the album was released, and keeps the "
                "loudness that it had there"
            )
    return tuple(said)
