"""From a session's file to a plan: preset, then session, then what the command line says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mixmaster.documents.finding import find_preset, from_home
from mixmaster.documents.layering import add, overrides_in, texts_in
from mixmaster.documents.loading import load, read_table, validate
from mixmaster.documents.origin import Origin
from mixmaster.documents.overrides import Override, apply_overrides, parse_override
from mixmaster.documents.problems import problems_of
from mixmaster.engine.threads import default_threads
from mixmaster.errors import DocumentError, Problem
from mixmaster.mixing.plan import MixPlan, Progress, Section, plan_mix
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.sessions.session import Session
from mixmaster.mixing.sessions.stems import SessionStems, changes, session_stems

OF_THE_PRESET = ("strip", "bus", "vca", "mix", "version")
"""Where an address begins that means the preset, as the session lays it out; others mean the
session itself."""


@dataclass(frozen=True, slots=True)
class Song:
    """A session with its preset, every value resolved.

    Attributes:
        session: The session; ``--set`` laid over it.
        preset: Its mix preset, the session's own values and ``--set`` laid over it.
        stems: Its stems, found.
    """

    session: Session
    preset: MixPreset
    stems: SessionStems


def open_song(
    path: Path, *, overrides: Iterable[Override | str] = (), preset: str | None = None
) -> Song:
    """Return a session's song, ready to be planned.

    Args:
        path: The session's file.
        overrides: Values laid over it: addresses below strip, bus, vca, mix and version mean the
            preset, others (``tempo_bpm``, ``stem.Kick.use``, ``automation.1.relative``) the
            session.
        preset: Another mix preset than the session's, as a path or a name.

    Raises:
        DocumentError: For a mistake in the session or its preset, and for stems that are missing.
        UsageError: For an override that is not ``path=value``.
    """
    session, resolved = resolve_session(path, overrides=overrides, preset=preset)
    return Song(session, resolved, session_stems(session, resolved))


def resolve_session(
    path: Path, *, overrides: Iterable[Override | str] = (), preset: str | None = None
) -> tuple[Session, MixPreset]:
    """Return a session and its preset, every value resolved; no stem is looked for.

    Args:
        path: The session's file.
        overrides: As for `open_song`.
        preset: Likewise.

    Raises:
        DocumentError: For a mistake in the session or its preset.
        UsageError: For an override that is not ``path=value``.
    """
    parsed = [parse_override(o) if isinstance(o, str) else o for o in overrides]
    outer = [each for each in parsed if each.path[0] in OF_THE_PRESET]
    inner = [each for each in parsed if each.path[0] not in OF_THE_PRESET]
    session = load(Session, path, overrides=inner)
    said = frozenset(each.value for each in parsed if isinstance(each.value, str))
    session = session.place(Origin(path.parent, said, own=True)).read_from(str(path))
    chosen = _preset_path(session) if preset is None else find_preset("mix", preset)
    return session, _resolved(session, chosen, outer)


def plan_song(
    song: Song,
    *,
    sample_rate_hz: int | None = None,
    strict: bool = False,
    section: Section | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> MixPlan:
    """Plan the mix of a session; see `plan_mix`.

    Raises:
        DocumentError: Besides what `plan_mix` raises, for stems that have changed since the
            session was written; see `session_stems.changes`.
    """
    threads = threads or default_threads()
    session = song.session
    tell = progress or (lambda _what, _share: None)
    tell("comparing the stems with the session", 0.0)
    notes = changes(session, song.stems, strict=strict, threads=threads)
    return plan_mix(
        song.stems.paths,
        song.preset,
        sample_rate_hz=sample_rate_hz or session.sample_rate_hz,
        strict=strict,
        section=section,
        automation=session.automation,
        tempo_map=session.song_map(song.preset.tempo_bpm),
        where=session.where,
        given=song.stems.given,
        session=session,
        more_notes=(*song.stems.notes, *notes),
        threads=threads,
        progress=progress,
    )


def _preset_path(session: Session) -> Path:
    """Return the file of a session's preset: a path from the session's folder on, or a name."""
    name = session.preset
    if name.lower().endswith(".toml"):
        name = str((session.origin.folder or Path()) / from_home(name))
    try:
        return find_preset("mix", name)
    except DocumentError as error:
        found = error.problems[0]
        reason = f"'{session.preset}': {found.reason}"
        raise DocumentError(session.where, (Problem("preset", reason, found.hint),)) from error


def _resolved(session: Session, path: Path, outer: Sequence[Override]) -> MixPreset:
    """Return the preset with the session and the command line laid over it.

    The preset is validated by itself first: after that, every mistake is the session's.
    """
    load(MixPreset, path)
    table = read_table(path)
    own = overrides_in(session.set)
    if session.tempo_bpm is not None:
        table["tempo_bpm"] = session.tempo_bpm
    for name, version in session.version.items():
        table.setdefault("version", {})[name] = version.model_dump(mode="json", exclude_unset=True)
    problems = [_under("set", each) for each in apply_overrides(MixPreset, table, own)]
    problems += [_under("add", each) for each in add(MixPreset, table, session.add)]
    if not problems:
        problems = [_placed(each, session, own) for each in _problems(table)]
    if problems:
        raise DocumentError(session.where, tuple(problems))
    resolved = validate(MixPreset, table, where=session.where, overrides=outer)
    said = frozenset(each.value for each in outer if isinstance(each.value, str))
    texts = texts_in([session.set, session.add])
    origin = Origin(path.parent, said, over=session.origin, over_said=texts)
    return resolved.place(origin)


def _problems(table: dict[str, Any]) -> tuple[Problem, ...]:
    try:
        MixPreset.model_validate(table)
    except ValidationError as error:
        return problems_of(error, MixPreset, table)
    return ()


def _under(key: str, problem: Problem) -> Problem:
    return Problem(f"{key}.{problem.key}", problem.reason, problem.hint)


def _placed(problem: Problem, session: Session, own: Sequence[Override]) -> Problem:
    """Return a problem of the resolved preset under the key of the session that caused it."""
    if problem.key.startswith("version."):
        return problem
    parts = tuple(problem.key.split("."))
    if any(_matches(each.path, parts) for each in own):
        return _under("set", problem)
    here: Any = session.add
    for part in parts[:2]:
        here = here.get(part) if isinstance(here, Mapping) else None
    return problem if here is None else _under("add", problem)


def _matches(path: Sequence[str], parts: Sequence[str]) -> bool:
    return all(a in ("*", b) for a, b in zip(path, parts, strict=False))
