"""What files of a release are called, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from mixmaster.audio.sink import FileSpec
from mixmaster.audio.tags import Tags
from mixmaster.errors import DocumentError, Problem
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.target_package import FIELDS
from mixmaster.mixing.prints.file_names import (
    bits_text,
    file_name,
    folded,
    rate_text,
    safe,
    safe_name,
)
from mixmaster.release.album.document import Album, Track
from mixmaster.release.album.identifiers import normal_gtin
from mixmaster.release.pieces import Piece

TITLES_APART = " + "
"""Between the titles of tracks that are one programme."""

_SPACES = str.maketrans({"\n": " ", "\r": " ", "\t": " ", "\0": " "})


def line(text: str) -> str:
    """Return a text as one line: what has no place in a title is a space."""
    return text.translate(_SPACES).strip()


def full_title(title: str, *versions: str) -> str:
    """Return a title with its versions in brackets behind it: ``Song (Live) (Instrumental)``."""
    return "".join([title, *(f" ({each})" for each in versions if each)])


def names_of(album: Album, piece: Piece) -> str:
    """Return the titles of the tracks in a recording: ``One``, ``One + Two``."""
    return TITLES_APART.join(album.track[number - 1].title for number in piece.numbers)


def version_words(track: Track, piece: Piece) -> tuple[str, ...]:
    """Return the versions of a piece: the track's own, then its alternate's."""
    own = line(track.version)
    if not piece.version:
        return (own,) if own else ()
    return tuple(filter(None, (own, line(piece.words))))


def place_of(album: Album, piece: Piece, named: NamedTarget, spec: FileSpec) -> str:
    """Return where a piece's file for a target lies in the release, with ``/`` between the parts.

    Raises:
        DocumentError: For a template that leaves no name.
    """
    track = album.track[piece.number - 1]
    template = album.name_template or named.target.package.name_template
    words = version_words(track, piece)
    bits = f"{spec.bitrate_kbps}k" if spec.bitrate_kbps is not None else bits_text(spec.bit_depth)
    values = {
        "artist": track.artist or album.artist,
        "album": album.title,
        "album_artist": album.artist,
        "title": full_title(safe(track.title), *words),
        "track": f"{piece.number:0{max(2, len(str(len(album.track))))}d}",
        "version": " ".join(words),
        "isrc": piece.isrc,
        "upc": normal_gtin(album.upc or ""),
        "catalogue": album.catalogue_number,
        "target": named.name,
        "rate": rate_text(spec.sample_rate_hz),
        "bits": bits,
    }
    name = file_name(template, values, spec.suffix, FIELDS)
    return str(PurePosixPath(folder_of(named)) / name)


def folder_of(named: NamedTarget) -> str:
    """Return the folder of a target's files."""
    return safe_name(named.name) or "target"


def require_apart(album: Album, places: Mapping[str, str]) -> None:
    """Raise for two files in one place; upper and lower case are the same on some systems.

    Args:
        album: The document, for the error.
        places: Where each lies, by what it is.

    Raises:
        DocumentError: Naming each pair.
    """
    seen: dict[str, str] = {}
    problems = []
    for what, place in places.items():
        first = seen.setdefault(folded(place), what)
        if first != what:
            reason = f"{first} and {what} would both be '{place}'"
            problems.append(Problem("name_template", reason, "say {track} or {title} in it"))
    if problems:
        raise DocumentError(album.where, tuple(problems))


def tags_of(album: Album, piece: Piece) -> Tags:
    """Return what a piece's files say of themselves, where a target takes all of it."""
    track = album.track[piece.number - 1]
    return Tags(
        title=line(track.title),
        artist=line(track.artist or album.artist),
        album=line(full_title(album.title, line(album.version))),
        album_artist=line(album.artist),
        track=piece.number,
        tracks=len(album.track),
        isrc=piece.isrc,
        upc=normal_gtin(album.upc or ""),
        date=album.dated,
        genre=line(track.genre or album.genre),
        writers=tuple(filter(None, map(line, track.writers))),
        label=line(album.label),
        catalogue_number=line(album.catalogue_number),
        copyright=line(album.copyright),
        phonographic=line(album.phonographic),
        explicit=piece.explicit,
        version=" / ".join(version_words(track, piece)),
        comment=album.comment,
    )


def listed(names: Iterable[str]) -> str:
    """Return names in a sentence: ``a, b and c``."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
