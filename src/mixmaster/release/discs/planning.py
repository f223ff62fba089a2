"""What a document asks of a disc or a record, and what is wrong with that before there is audio."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mixmaster.audio.bext import in_ascii
from mixmaster.errors import Problem, UsageError
from mixmaster.mastering.options import NamedTarget
from mixmaster.release.album.document import Album, Track
from mixmaster.release.cd.disc import Disc, DiscTrack
from mixmaster.release.cd.plan import MOST_MASTER_ID, plan_cd
from mixmaster.release.cd.sheet import RATE_HZ, Words
from mixmaster.release.naming import full_title, line
from mixmaster.release.pieces import Piece
from mixmaster.release.vinyl.plan import plan_vinyl
from mixmaster.release.vinyl.record import Vinyl, VinylTrack

_TOLD_ELSEWHERE: Final = {"cd_track_short", "cd_isrc", "cd_upc"}
"""What the document's own check says of it, with its key."""


def disc_of(album: Album) -> Disc:
    """Return what is said of the album's CD."""
    return Disc(
        words=Words(title=_title(album), performer=line(album.artist)),
        upc=album.upc or "",
        dither=album.cd.dither,
        cd_text=album.cd.cd_text,
        master_id=in_ascii(album.cd.master_id or album.catalogue_number)[:MOST_MASTER_ID],
    )


def disc_track(album: Album, track: Track, isrc: str, source: Path) -> DiscTrack:
    """Return a track as the album's CD has it."""
    return DiscTrack(
        source=source,
        words=Words(
            title=full_title(line(track.title), line(track.version)),
            performer=line(track.artist or album.artist),
            songwriter=", ".join(map(line, track.writers)),
        ),
        isrc=isrc,
        gap_s=track.gap_s,
        crossfade_s=track.crossfade_s,
        crossfade_law=track.crossfade_law,
        copy_permitted=album.cd.copy_permitted,
    )


def record_of(album: Album) -> Vinyl:
    """Return what is said of the album's record."""
    return Vinyl(
        title=_title(album),
        performer=line(album.artist),
        catalogue_number=album.catalogue_number,
        diameter_in=album.vinyl.diameter_in,
        speed_rpm=album.vinyl.speed_rpm,
    )


def record_track(album: Album, track: Track, isrc: str, source: Path) -> VinylTrack:
    """Return a track as the album's record has it."""
    return VinylTrack(
        source=source,
        title=full_title(line(track.title), line(track.version)),
        performer=line(track.artist or album.artist),
        isrc=isrc,
        gap_s=track.gap_s,
        crossfade_s=track.crossfade_s,
        crossfade_law=track.crossfade_law,
        side=track.side,
    )


def disc_problems(
    targets: Sequence[NamedTarget], album: Album, pieces: Sequence[Piece]
) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """Return why the album is no disc or record, and warnings, from its sources' lengths."""
    problems: list[Problem] = []
    warnings: list[str] = []
    media = {named.target.medium: named.name for named in reversed(targets)}
    own = [(album.track[each.number - 1], each) for each in pieces if not each.version]
    frames = [round(piece.duration_s * RATE_HZ) for _, piece in own]
    if "cd" in media:
        tracks = [disc_track(album, track, piece.isrc, piece.path) for track, piece in own]
        for finding in plan_cd(tracks, disc_of(album), frames).findings:
            if finding.code in _TOLD_ELSEWHERE:
                continue
            if finding.severity == "error":
                key = finding.file.replace("track ", "track.")
                problems.append(Problem(key, finding.text, f"{finding.advice}: {media['cd']}"))
            elif finding.severity == "warning":
                warnings.append(f"{media['cd']}: {finding.file}: {finding.text}")
    if "vinyl" in media:
        sides = [record_track(album, track, piece.isrc, piece.path) for track, piece in own]
        try:
            found = plan_vinyl(sides, record_of(album), frames, RATE_HZ).findings
        except UsageError as error:
            key = error.where.replace("track ", "track.")
            problems.append(Problem(key, error.reason, f"{error.hint}: {media['vinyl']}"))
            found = ()
        for finding in found:
            said = f"{media['vinyl']}: {finding.file}: {finding.text}"
            if finding.severity == "error":
                problems.append(Problem("track", said, finding.advice))
            else:
                warnings.append(said)
    return tuple(problems), tuple(warnings)


def _title(album: Album) -> str:
    return line(full_title(album.title, album.version))
