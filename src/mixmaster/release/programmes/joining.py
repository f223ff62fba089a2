"""Which tracks are one programme: joined without a gap, and so mastered in one run.

A compressor that begins anew at a join, or a rate converter that takes what lies beyond a file's
end for silence, is heard there. So tracks that follow each other with ``gap_s = 0`` are put back
together, mastered as one, with one gain, and cut at the track marks at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from mixmaster.errors import Problem
from mixmaster.mastering.options import NamedTarget
from mixmaster.release.album.document import Album
from mixmaster.release.keys import chain_key
from mixmaster.release.levels.policy import policy_of
from mixmaster.release.pieces import Piece


def joins(album: Album, named: NamedTarget) -> bool:
    """Tell whether a target gets tracks that are joined as one programme.

    Not where each file stands alone: where each track has a loudness of its own, where it is
    measured on dialogue, and for excerpts.
    """
    target = named.target
    alone = target.dialogue is not None or target.package.snippet_s is not None
    return not alone and policy_of(target, album.loudness).mode != "track"


def programmes(album: Album, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return the recordings as they are mastered: those that are joined as one, at its first place.

    Versions are joined as their tracks are, where each track of the programme has them.

    Args:
        album: The document.
        pieces: The recordings, each track followed by its versions.
    """
    runs: list[list[Piece]] = []
    for track in [piece for piece in pieces if not piece.version]:
        if runs and _joined(album, runs[-1][-1], track):
            runs[-1].append(track)
        else:
            runs.append([track])
    own = {(piece.number, piece.version): piece for piece in pieces}
    found: dict[str, Piece] = {piece.key: piece for piece in pieces}
    for run in (run for run in runs if len(run) > 1):
        for version in dict.fromkeys(p.version for p in pieces if p.number == run[0].number):
            parts = [own.get((track.number, version)) for track in run]
            whole = [part for part in parts if part is not None]
            if len(whole) < len(run) or any(_against(a, b) for a, b in pairwise(whole)):
                continue
            for part in whole:
                found[part.key] = _programme(whole)
    return tuple({found[piece.key].key: found[piece.key] for piece in pieces}.values())


def _programme(parts: Sequence[Piece]) -> Piece:
    return replace(
        parts[0],
        kind="master" if parts[0].approved else "mix",
        relimit=False,
        isrc="",
        frames=sum(part.frames for part in parts),
        song=None,
        dialogue=None,
        parts=tuple(parts),
    )


def join_problems(album: Album, pieces: Sequence[Piece]) -> Iterator[Problem]:
    """Yield levels that would be a step in the midst of a programme."""
    for before, piece in _gapless(album, pieces):
        one, other = (album.track[each.number - 1].level_offset_db for each in (before, piece))
        if one != other and not _against(before, piece):
            yield Problem(
                f"track.{piece.number}.level_offset_db",
                f"it is {other:g} dB, that of track {before.number} {one:g} dB, and the two are "
                "joined without a gap: the level would step at the join",
                "give both the same, or join them with a crossfade or a gap",
            )


def join_warnings(
    album: Album, pieces: Sequence[Piece], targets: Sequence[NamedTarget]
) -> Iterator[str]:
    """Yield which joins are made of tracks that are mastered one by one, and may be heard."""
    gapless = list(_gapless(album, pieces))
    for before, piece in gapless:
        if why := _against(before, piece):
            yield (
                f"track {piece.number}: its gapless join to track {before.number} may be heard: "
                f"the two are mastered one by one, for they are not alike ({why})"
            )
    alone = [named.name for named in targets if not joins(album, named)]
    if alone and any(not _against(before, piece) for before, piece in gapless):
        yield (
            f"{', '.join(alone)}: every file stands alone there, with its own loudness: tracks "
            "joined without a gap are mastered one by one, and do not join"
        )


def _gapless(album: Album, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, Piece]]:
    for before, piece in pairwise(each for each in pieces if not each.version):
        track = album.track[piece.number - 1]
        if piece.number == before.number + 1 and track.gap_s == 0.0 and not track.crossfade_s:
            yield before, piece


def _joined(album: Album, before: Piece, piece: Piece) -> bool:
    return any(_gapless(album, (before, piece))) and not _against(before, piece)


def _against(before: Piece, piece: Piece) -> str:
    """Return why two recordings cannot be one programme, in words; empty where they can."""
    if before.approved != piece.approved:
        return "a mix beside an approved master"
    if before.sample_rate_hz != piece.sample_rate_hz:
        one, other = (f"{each.sample_rate_hz / 1e3:g} kHz" for each in (before, piece))
        return f"{one} beside {other}"
    if before.channels != piece.channels:
        return "mono beside stereo"
    if chain_key(before.preset) != chain_key(piece.preset):
        return "their mastering presets differ, or the values laid over them"
    return ""
