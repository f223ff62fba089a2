"""The stems of a session: found where it says, and compared with what it knows of them."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mixmaster.audio.names import has_audio_suffix, is_hidden, shown
from mixmaster.audio.source import AudioInfo, probe
from mixmaster.documents.addresses import did_you_mean, nearest
from mixmaster.documents.finding import from_home
from mixmaster.engine.hashing import hash_once
from mixmaster.errors import AudioFileError, DocumentError, Problem, UsageError
from mixmaster.mixing.plan import find_stems
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.regions.declared import Arrangement
from mixmaster.mixing.sessions.given import Given
from mixmaster.mixing.sessions.session import Session, SessionStem
from mixmaster.mixing.stem_names.roles import vocabulary

LENGTH_TOLERANCE_S = 1e-3
"""The session writes lengths to a tenth of this; a stem that differs by more is another one."""


@dataclass(frozen=True, slots=True)
class SessionStems:
    """What was found.

    Attributes:
        paths: The stems that are used.
        given: What the session says of them: names and strips.
        known: Their entries in the session; a stem without one is not in here.
        notes: What was left out, and why; what is new.
    """

    paths: tuple[Path, ...]
    given: Mapping[Path, Given]
    known: Mapping[Path, SessionStem]
    notes: tuple[str, ...]


def session_stems(session: Session, preset: MixPreset) -> SessionStems:
    """Find a session's stems.

    Args:
        session: The session, placed where its file lies.
        preset: Its preset, resolved.

    Raises:
        DocumentError: For stems that are missing or go to no strip: all of them, each with what
            would be right; where the audio itself lies under another name, that name.
    """
    folder = session.origin.folder or Path()
    listed, notes, problems = _listed(session, folder)
    by_identity = {_identity(path): path for path in listed}
    entries: dict[Path, SessionStem] = {}
    missing: list[tuple[int, SessionStem]] = []
    for number, stem in enumerate(session.stem, start=1):
        path = _beside(folder, stem.file)
        if not _exists(path):
            if stem.use:
                missing.append((number, stem))
            continue
        entries[by_identity.setdefault(_identity(path), path)] = stem
    takes = _takes(session, folder, problems)
    named = {_identity(path) for path in entries}
    alternatives = [
        path for path in listed if _identity(path) in takes and _identity(path) not in named
    ]
    listed = [path for path in listed if path not in alternatives]
    strangers = [path for path in listed if path not in entries]
    problems += _missing(missing, strangers, entries, folder)
    problems += _homeless(session, preset)
    if problems:
        raise DocumentError(session.where, tuple(problems))
    unused = [path for path, stem in entries.items() if not stem.use]
    paths = [path for path in (*listed, *entries) if path not in unused]
    if alternatives:
        names = ", ".join(shown(path.name) for path in alternatives)
        notes.append(f"takes that regions are pieces of, no stems of their own: {names}")
    if unused:
        names = ", ".join(shown(path.name) for path in unused)
        notes.append(f"left out by the session: {names}")
    if strangers and any(stem.sha256 for stem in session.stem):
        names = ", ".join(shown(path.name) for path in strangers)
        notes.append(f"no [[stem]] of the session names {names}: found by name, as new")
    if not paths:
        raise DocumentError(session.where, (Problem("stem", "no stem of the song is in use"),))
    given = {
        path: Given(
            stem.name or "",
            _strip_of(stem, preset) or "",
            stem.trim_db,
            stem.polarity,
            stem.delay_ms,
            stem.pan,
            _arrangement(session, stem, folder),
        )
        for path, stem in entries.items()
        if stem.use
    }
    return SessionStems(tuple(dict.fromkeys(paths)), given, entries, tuple(notes))


def changes(session: Session, found: SessionStems, *, strict: bool, threads: int) -> list[str]:
    """Compare the stems with what the session knows of them.

    The rule: a stem whose length or rate differs is an error, for nothing that is told in seconds
    need be right any more. One that is as long as before, but of other content, is a revised
    recording: a note; with ``strict`` an error, too.

    Args:
        session: The session.
        found: Its stems.
        strict: Whether other content is an error.
        threads: How many files are hashed at a time.

    Returns:
        The notes.

    Raises:
        DocumentError: For every stem that has changed, with what it was and is.
    """
    numbers = {id(stem): number for number, stem in enumerate(session.stem, start=1)}
    used = [(path, stem) for path, stem in found.known.items() if stem.use]
    problems: list[Problem] = []
    for path, stem in used:
        problems += _reshaped(numbers[id(stem)], stem, probe(path))
    if problems:
        raise DocumentError(session.where, tuple(problems))
    hashed = [(path, stem) for path, stem in used if stem.sha256 is not None]
    if not hashed:
        return []
    with ThreadPoolExecutor(threads, thread_name_prefix="hash") as pool:
        hashes = list(pool.map(hash_once, [path for path, _ in hashed]))
    changed = [
        (stem, now) for (_, stem), now in zip(hashed, hashes, strict=True) if now != stem.sha256
    ]
    if strict and changed:
        raise DocumentError(
            session.where,
            tuple(
                Problem(
                    f"stem.{numbers[id(stem)]}.sha256",
                    f"'{stem.file}' has changed since the session was written",
                    f'if that is right: sha256 = "{now}"',
                )
                for stem, now in changed
            ),
        )
    return [
        f"{shown(stem.file)} has changed since the session was written; it is as long as it was"
        for stem, _ in changed
    ]


def _listed(session: Session, folder: Path) -> tuple[list[Path], list[str], list[Problem]]:
    """Return what folders, files and globs give, with notes and problems."""
    paths: list[Path] = []
    notes: list[str] = []
    problems: list[Problem] = []
    for number, text in enumerate(session.stems, start=1):
        path = _beside(folder, text)
        argument = os.fspath(path)
        if glob.has_magic(text) and not _exists(path) and not Path(text).is_absolute():
            argument = f"{glob.escape(os.fspath(folder))}/{text}"
        try:
            found = find_stems([argument])
        except (AudioFileError, UsageError) as error:
            problems.append(Problem(f"stems.{number}", f"'{text}': {error.reason}", error.hint))
        else:
            paths += [one for one in found.paths if one not in paths]
            notes += found.notes
    return paths, notes, problems


def _takes(session: Session, folder: Path, problems: list[Problem]) -> set[Path]:
    """Return the files that regions name; add those that are not there to the problems."""
    found = set()
    for number, stem in enumerate(session.stem, start=1):
        for place, region in enumerate(stem.region, start=1):
            if region.file is None or not (stem.use and region.use):
                continue
            path = _beside(folder, region.file)
            found.add(_identity(path))
            if not _exists(path):
                names = [os.path.relpath(each, folder) for each in _files_in([path.parent])]
                hint = did_you_mean(region.file, names)
                key = f"stem.{number}.region.{place}.file"
                problems.append(Problem(key, f"there is no file '{region.file}'", hint))
    return found


def _arrangement(session: Session, stem: SessionStem, folder: Path) -> Arrangement | None:
    if not stem.region:
        return None
    number = next(n for n, each in enumerate(session.stem, start=1) if each is stem)
    takes = {region.file: _beside(folder, region.file) for region in stem.region if region.file}
    return Arrangement(stem.region, stem.region_mode, f"stem.{number}", takes)


def _beside(folder: Path, text: str) -> Path:
    return folder / from_home(text)


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _identity(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _missing(
    missing: Sequence[tuple[int, SessionStem]],
    strangers: Sequence[Path],
    known: Mapping[Path, SessionStem],
    folder: Path,
) -> Iterator[Problem]:
    """Say of each stem that is not there where it may be now."""
    if not missing:
        return
    places = {_beside(folder, stem.file).parent for _, stem in missing}
    taken = {_identity(path) for path in known}
    near_by = [path for path in _files_in(places) if _identity(path) not in taken]
    candidates = list(dict.fromkeys([*strangers, *near_by]))
    wanted = {stem.sha256 for _, stem in missing if stem.sha256}
    same = {hash_once(path): path for path in candidates} if wanted else {}
    for number, stem in missing:
        renamed = same.get(stem.sha256 or "")
        if renamed is not None:
            now = _from(renamed, folder)
            hint = f"the same audio lies in '{now}': file = '{now}'"
        else:
            names = {path.stem: path for path in reversed(candidates)}
            near = nearest(Path(stem.file).stem, list(names))
            hint = "take its [[stem]] out, or use = false"
            if near is not None:
                hint = f"did you mean '{_from(names[near], folder)}'?"
        yield Problem(f"stem.{number}.file", f"there is no file '{stem.file}'", hint)


def _from(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _files_in(folders: Iterable[Path]) -> list[Path]:
    return [
        path
        for folder in sorted(folders)
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.is_file() and has_audio_suffix(path) and not is_hidden(path)
    ]


def _homeless(session: Session, preset: MixPreset) -> Iterator[Problem]:
    """Say which strips and roles the preset does not have."""
    for number, stem in enumerate(session.stem, start=1):
        if not stem.use:
            continue
        if stem.strip is not None and stem.strip not in preset.strip:
            hint = did_you_mean(stem.strip, list(preset.strip))
            if stem.strip in vocabulary():
                hint = f"it is a role: role = '{stem.strip}'"
            reason = f"preset '{preset.name}' has no strip '{stem.strip}'"
            yield Problem(f"stem.{number}.strip", reason, hint)
        if stem.role is None:
            continue
        homes = strips_of_role(stem.role, preset)
        if len(homes) == 1:
            continue
        known = sorted({role for name in preset.strip for role in roles_of(name, preset)})
        if homes:
            reason = f"role '{stem.role}' has several strips: {', '.join(homes)}"
            hint = f"name one: strip = '{homes[0]}'"
        elif stem.role in vocabulary():
            reason = f"preset '{preset.name}' has no strip for role '{stem.role}'"
            hint = f"name a strip; it has strips for {', '.join(known)}"
        else:
            reason, hint = f"no role '{stem.role}'", did_you_mean(stem.role, list(vocabulary()))
        yield Problem(f"stem.{number}.role", reason, hint)


def roles_of(name: str, preset: MixPreset) -> tuple[str, ...]:
    """Return the roles of a strip: those it lists, or its own name where that is one."""
    strip = preset.strip[name]
    if strip.roles or strip.match:
        return strip.roles
    return (name,) if name in vocabulary() else ()


def strips_of_role(role: str, preset: MixPreset) -> list[str]:
    """Return the strips of a preset that a role goes to."""
    return [name for name in preset.strip if role in roles_of(name, preset)]


def _strip_of(stem: SessionStem, preset: MixPreset) -> str | None:
    if stem.role is None:
        return stem.strip
    return strips_of_role(stem.role, preset)[0]


def _reshaped(number: int, stem: SessionStem, info: AudioInfo) -> Iterator[Problem]:
    """Say in what a stem's file is not what it was."""
    key = f"stem.{number}"
    if stem.sample_rate_hz is not None and info.sample_rate_hz != stem.sample_rate_hz:
        reason = f"'{stem.file}' is at {info.sample_rate_hz} Hz now, was at {stem.sample_rate_hz}"
        hint = f"if that is right: sample_rate_hz = {info.sample_rate_hz}"
        yield Problem(f"{key}.sample_rate_hz", reason, hint)
    if stem.duration_s is None:
        return
    if not abs(info.duration_s - stem.duration_s) <= LENGTH_TOLERANCE_S:
        reason = f"'{stem.file}' lasts {info.duration_s:.4f} s now, was {stem.duration_s:.4f} s"
        hint = f"if that is right: duration_s = {info.duration_s:.4f}"
        yield Problem(f"{key}.duration_s", reason, hint)
