"""What each place asks of a release, and what of it is missing: one line a field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mixmaster.errors import Problem
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.target_package import PackageField
from mixmaster.release.album.document import Album, Track

_OF_ALBUM: Final[tuple[PackageField, ...]] = (
    "album",
    "upc",
    "label",
    "catalogue_number",
    "date",
    "copyright",
    "phonographic",
    "art",
)
_HINTS: Final = {
    "isrc": "who owns the recording hands them out; distributors do where there is none",
    "upc": "the label or the distributor hands one out",
    "writers": 'writers = ["First Last"]',
    "explicit": "explicit = true or false",
    "date": "date = 2026-11-20, or year = 2026",
    "copyright": 'copyright = "2026 Some Label"',
    "phonographic": 'phonographic = "2026 Some Label"',
    "art": 'art = "cover.jpg"',
}


def missing(album: Album, targets: Sequence[NamedTarget]) -> tuple[Problem, ...]:
    """Return what places do not take the release without and it does not have."""
    return tuple(_lacking(album, targets, needed=True))


def wanting(album: Album, targets: Sequence[NamedTarget]) -> tuple[Problem, ...]:
    """Return what places ask for, but can do without, and it does not have."""
    return tuple(_lacking(album, targets, needed=False))


def _lacking(album: Album, targets: Sequence[NamedTarget], *, needed: bool) -> Iterator[Problem]:
    asked: dict[PackageField, list[str]] = {}
    for each in targets:
        package = each.target.package
        for field in package.needs if needed else package.wants:
            asked.setdefault(field, []).append(each.name)
    for field, names in asked.items():
        verb = "needed by" if needed else "asked for by"
        keys = list(_empty(album, field, [t for t in targets if t.name in names]))
        if keys:
            key, what = _said(field, keys)
            yield Problem(key, f"{what}: {verb} {', '.join(names)}", _HINTS.get(field, ""))


def _said(field: PackageField, keys: Sequence[str]) -> tuple[str, str]:
    """Return key and words for all places where a field is missing: one line, however many."""
    if len(keys) == 1:
        return keys[0], "is missing"
    tracks = [key.split(".")[1] for key in keys if ".alternate." not in key]
    others = [key.removesuffix(f".{field}") for key in keys if ".alternate." in key]
    listed = ", ".join([*tracks, *others])
    return "track", f"no {field} for tracks {listed}"


def _empty(album: Album, field: PackageField, targets: Iterable[NamedTarget]) -> Iterator[str]:
    """Yield the keys under which a field is missing."""
    if field in _OF_ALBUM:
        values = {"album": album.title, "date": album.dated}
        if not (values[field] if field in values else getattr(album, field)):
            yield "title" if field == "album" else field
        return
    for number, track in enumerate(album.track, start=1):
        if _value(album, track, field) in ("", None, ()):
            yield f"track.{number}.{field}"
    if field == "isrc" and any(t.target.package.alternates for t in targets):
        for number, track in enumerate(album.track, start=1):
            for place, alternate in enumerate(track.alternate, start=1):
                if not alternate.isrc:
                    yield f"track.{number}.alternate.{place}.isrc"


def _value(album: Album, track: Track, field: PackageField) -> object:
    if field == "artist":
        return track.artist or album.artist
    if field == "genre":
        return track.genre or album.genre
    return getattr(track, field)
