"""Whether a release document holds together: everything that is wrong with it, at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.documents.finding import find_preset
from mixmaster.documents.loading import load
from mixmaster.errors import DocumentError, Problem
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.target import Target
from mixmaster.mastering.target_package import FIELDS
from mixmaster.mixing.prints.file_names import TemplateError, check_template
from mixmaster.release.album.art import Art, read_art
from mixmaster.release.album.document import MAIN, Album, Alternate, Track
from mixmaster.release.album.identifiers import (
    gtin_problem,
    isrc_problem,
    normal_isrc,
)
from mixmaster.release.album.needs import missing, wanting

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}")
_SIDE = re.compile(r"[A-Z]")


@dataclass(frozen=True, slots=True)
class CheckedAlbum:
    """A release document that holds together.

    Attributes:
        album: The document.
        targets: Where it goes.
        art: Its cover; None without one.
        warnings: What places ask for and it does not have.
        lacks: What places do not take it without, where a draft goes on all the same.
    """

    album: Album
    targets: tuple[NamedTarget, ...]
    art: Art | None
    warnings: tuple[str, ...]
    lacks: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    problems: list[Problem] = field(default_factory=list)
    lacks: list[Problem] = field(default_factory=list)


def check_album(album: Album, targets: Sequence[str] = (), *, draft: bool = False) -> CheckedAlbum:
    """Return a release with its targets and cover, read and found right.

    Args:
        album: The document.
        targets: Where it goes, in place of the document's own.
        draft: Whether what places need is only told where it is missing: to hear, not to upload.

    Raises:
        DocumentError: With all that is wrong: identifiers, sources, cover, targets, and what
            each target needs and the document does not say.
    """
    found = _Found()
    named = _targets(album, targets, found)
    art = _art(album, found)
    found.problems += _identifiers(album)
    found.problems += _tracks(album)
    found.problems += _sources(album)
    found.problems += _template(album.name_template, "name_template")
    found.lacks += missing(album, named)
    if art is not None:
        found.lacks += _against(art, named)
    if found.problems or (found.lacks and not draft):
        raise DocumentError(album.where, (*found.problems, *found.lacks))
    warnings = [str(problem) for problem in wanting(album, named)]
    lacks = tuple(str(problem) for problem in found.lacks)
    return CheckedAlbum(album, tuple(named), art, tuple(warnings), lacks)


def _targets(album: Album, names: Sequence[str], found: _Found) -> list[NamedTarget]:
    said = bool(names)
    listed = list(names or album.targets)
    if not listed:
        hint = 'targets = ["spotify", "cd"]; mixmaster presets list target shows those there are'
        found.problems.append(Problem("targets", "the release goes nowhere", hint))
    named: list[NamedTarget] = []
    for number, name in enumerate(listed, start=1):
        key = f"targets.{number}"
        path = name
        if name.lower().endswith(".toml") and not said:
            path = str(album.at(name))
        try:
            file = find_preset("target", path)
            named.append(NamedTarget(file.stem, load(Target, file)))
        except DocumentError as error:
            found.problems += [Problem(key, f"'{name}': {problem}") for problem in error.problems]
    counts = Counter(each.name.casefold() for each in named)
    found.problems += [
        Problem("targets", f"'{name}' is named {count} times", "once is enough")
        for name, count in counts.items()
        if count > 1
    ]
    return named


def _art(album: Album, found: _Found) -> Art | None:
    if album.art is None:
        return None
    try:
        return read_art(album.at(album.art), where=album.where)
    except DocumentError as error:
        found.problems += error.problems
    return None


def _against(art: Art, targets: Sequence[NamedTarget]) -> Iterator[Problem]:
    """Yield what places have against the cover, one line for all that say the same."""
    said: dict[tuple[str, str], list[str]] = {}
    for each in targets:
        rule = each.target.package.art
        for wrong in () if rule is None else art.problems(rule):
            said.setdefault(wrong, []).append(each.name)
    for (reason, hint), names in said.items():
        yield Problem("art", reason, f"{hint}: {', '.join(names)}")


def _identifiers(album: Album) -> Iterator[Problem]:
    if album.upc is not None and (wrong := gtin_problem(album.upc)):
        yield Problem("upc", *wrong)
    seen: dict[str, str] = {}
    for key, code in _isrcs(album):
        if wrong := isrc_problem(code):
            yield Problem(key, *wrong)
            continue
        first = seen.setdefault(normal_isrc(code), key)
        if first != key:
            hint = "every recording, and every version of it, has its own"
            yield Problem(key, f"'{code}' is {first.removesuffix('.isrc')}'s already", hint)


def _isrcs(album: Album) -> Iterator[tuple[str, str]]:
    for number, track in enumerate(album.track, start=1):
        if track.isrc is not None:
            yield f"track.{number}.isrc", track.isrc
        for place, alternate in enumerate(track.alternate, start=1):
            if alternate.isrc is not None:
                yield f"track.{number}.alternate.{place}.isrc", alternate.isrc


def _tracks(album: Album) -> Iterator[Problem]:
    for number, track in enumerate(album.track, start=1):
        for problem in _track(track, first=number == 1):
            key = f"track.{number}.{problem.key}".rstrip(".")
            yield Problem(key, problem.reason, problem.hint)
    if not album.title.strip():
        yield Problem("title", "is empty")
    anchor = album.cohere.anchor
    if anchor is not None and anchor > len(album.track):
        reason = f"is {anchor}, but there are {len(album.track)} tracks"
        yield Problem("cohere.anchor", reason)


def _track(track: Track, *, first: bool) -> Iterator[Problem]:
    given = [name for name in ("mix", "session", "master") if getattr(track, name) is not None]
    if len(given) != 1:
        reason = "has no source" if not given else f"has {len(given)} sources: {', '.join(given)}"
        yield Problem("", reason, "say one: mix, session or master")
    if not track.title.strip():
        yield Problem("title", "is empty")
    if track.relimit and track.master is None:
        yield Problem("relimit", "is meant for an approved master", "say master, not mix")
    if track.master is not None and (track.preset is not None or track.set):
        key = "preset" if track.preset is not None else "set"
        yield Problem(key, "an approved master runs through no chain", "say mix, not master")
    if track.crossfade_s and first:
        yield Problem("crossfade_s", "nothing comes before the first track")
    if track.crossfade_s and track.gap_s:
        yield Problem("crossfade_s", "there is a gap, too", "one of them; gap_s = 0 is no gap")
    if track.side and not _SIDE.fullmatch(track.side):
        yield Problem("side", f"'{track.side}' is no side", "A, B, C ...")
    if track.versions and track.session is None:
        yield Problem(
            "versions", "only a session has versions", "name files: [[track.alternate]] mix = ..."
        )
    yield from _alternates(track)


def _alternates(track: Track) -> Iterator[Problem]:
    names = [*track.versions, *(each.name for each in track.alternate)]
    for name, count in Counter(name.casefold() for name in names).items():
        if count > 1:
            yield Problem("alternate", f"'{name}' is there {count} times", "each has its own name")
    for name in names:
        if not _NAME.fullmatch(name) or name.casefold() == MAIN:
            hint = "letters, digits, spaces, _ . and -; not main, which is the track itself"
            yield Problem("alternate", f"'{name[:80]}' is no name for a version", hint)
    for place, each in enumerate(track.alternate, start=1):
        yield from _alternate(track, each, f"alternate.{place}")


def _alternate(track: Track, alternate: Alternate, key: str) -> Iterator[Problem]:
    if alternate.mix is not None and alternate.master is not None:
        yield Problem(key, "has 2 sources: mix, master", "one of them")
    elif alternate.mix is None and alternate.master is None and track.session is None:
        yield Problem(key, "has no source", "say mix or master; only sessions have versions")
    elif alternate.mix is not None and track.master is not None:
        reason = "is a mix, but the track an approved master: there is no chain to run it through"
        yield Problem(f"{key}.mix", reason, "say master")


def named_files(album: Album) -> Iterator[tuple[str, Path]]:
    """Yield all sources that a document names, with their keys."""
    for number, track in enumerate(album.track, start=1):
        for kind in ("mix", "session", "master", "dialogue"):
            if (name := getattr(track, kind)) is not None:
                yield f"track.{number}.{kind}", album.at(name)
        for place, alternate in enumerate(track.alternate, start=1):
            for kind in ("mix", "master"):
                if (name := getattr(alternate, kind)) is not None:
                    yield f"track.{number}.alternate.{place}.{kind}", album.at(name)


def _sources(album: Album) -> Iterator[Problem]:
    seen: dict[tuple[int, int], str] = {}
    for key, path in named_files(album):
        try:
            if not path.is_file():
                what = "is a folder" if path.is_dir() else "there is no such file"
                yield Problem(key, f"'{shown(path)}': {what}")
                continue
            status = path.stat()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            yield Problem(key, f"'{shown(path)}': {reason}")
            continue
        first = seen.setdefault((status.st_dev, status.st_ino), key)
        if first != key:
            hint = "two tracks of one file would be one recording under two names"
            yield Problem(key, f"is the same file as {first}", hint)


def _template(template: str, key: str) -> Iterator[Problem]:
    if template:
        try:
            check_template(template, FIELDS)
        except TemplateError as error:
            yield Problem(key, error.reason, error.hint)
