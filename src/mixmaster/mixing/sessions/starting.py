"""Starting a session: what the stems are, where they go, how loud they are, what is wrong."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.audio.source import AudioInfo, probe
from mixmaster.checking.findings import Finding
from mixmaster.documents.finding import find_preset
from mixmaster.documents.loading import load
from mixmaster.engine.hashing import hash_once
from mixmaster.engine.threads import default_threads
from mixmaster.errors import AudioFileError, DocumentError, Problem, UsageError
from mixmaster.mixing.balance import Balanced, balance, new_faders, new_trims
from mixmaster.mixing.measuring import Progress
from mixmaster.mixing.plan import MixPlan, find_stems, plan_mix
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.sessions.given import Given
from mixmaster.mixing.sessions.stems import strips_of_role
from mixmaster.mixing.stem_names.names import Assignment, Instance, Stem, assign, spread_pans
from mixmaster.mixing.stem_names.roles import vocabulary
from mixmaster.mixing.usual import USUAL
from mixmaster.results import Result

DURATION_DIGITS = 4
"""A tenth of a millisecond: what a length is compared by when the session is opened again."""

_TELLING_NOTHING = frozenset(
    {"stems", "audio", "tracks", "multitrack", "multitracks", "files", "wav", "wavs", "flac"}
    | {"bounces", "bounced", "exports", "export", "consolidated", "song", "session", "mix"}
)
"""Names of folders and files that are no song's title."""


@dataclass(frozen=True, slots=True)
class StartedStem(Result):
    """One stem of a session that is begun.

    Attributes:
        file: Where it is, from the session's folder on, with slashes.
        strip: The strip that it goes to; None where no strip wants it, or two do.
        role: Its role, where that leads to the strip; empty otherwise.
        why_not: Why it has no strip; empty if it has one.
        duration_s: Its length.
        sample_rate_hz: Its rate.
        sha256: Of its file.
        trim_db: The balance's gain for it; 0 where its strip's fader does it.
        pan: Where it lies; None where its strip says so.
        findings: What the check says of it and what could be done.
    """

    file: str
    strip: str | None
    role: str
    why_not: str
    duration_s: float
    sample_rate_hz: int
    sha256: str
    trim_db: float
    pan: float | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Started(Result):
    """All that a session is begun with.

    Attributes:
        file: The session's file name.
        title: The song's title.
        artist: Whose song it is; may be empty.
        preset: As the session names it.
        preset_name: What people call it.
        tempo_bpm: As given; None where the preset's counts.
        preset_tempo_bpm: The preset's.
        time_signature: As given; None for 4/4.
        sample_rate_hz: What the session will have.
        folders: The stems' folders, from the session's folder on.
        stems: The stems, in the order of the strips.
        faders: The faders of the strips that have stems: strip, the preset's and the new one, dB.
        balance: How the balance came about; empty without one.
        notes: What is worth knowing.
    """

    file: str
    title: str
    artist: str
    preset: str
    preset_name: str
    tempo_bpm: float | None
    preset_tempo_bpm: float
    time_signature: str | None
    sample_rate_hz: int
    folders: tuple[str, ...]
    stems: tuple[StartedStem, ...]
    faders: tuple[tuple[str, float, float], ...]
    balance: tuple[Balanced, ...]
    notes: tuple[str, ...]


def start(
    arguments: Sequence[str | os.PathLike[str]],
    preset: str,
    *,
    output: Path | None = None,
    title: str | None = None,
    artist: str = "",
    tempo_bpm: float | None = None,
    time_signature: str | None = None,
    sample_rate_hz: int | None = None,
    balanced: bool = True,
    checked: bool = True,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Started:
    """Look at stems and return what their session should begin with.

    Args:
        arguments: Folders, files and globs.
        preset: The mix preset, a name or a file.
        output: Where the session will lie; files are named from its folder on.
        title: The song's title; by the names of files and folders if None.
        artist: Whose song it is.
        tempo_bpm: Its tempo, where it is known.
        time_signature: Its metre, likewise.
        sample_rate_hz: The session's rate; the highest among the stems if None.
        balanced: Whether to measure and solve a starting balance, and spread pans.
        checked: Whether to check the stems.
        threads: How many share the work; all processors if None.
        progress: Told what is being done.

    Raises:
        AudioFileError: For a stem that cannot be used.
        DocumentError: For a mistake in the preset, or where it has a strip for no stem at all.
        UsageError: For arguments that stand for no stems.
    """
    threads = threads or default_threads()
    tell = progress or (lambda _what, _share: None)
    path = find_preset("mix", preset)
    chosen = load(MixPreset, path)
    found = find_stems(arguments)
    infos = {stem: probe(stem) for stem in found.paths}
    assignment, roles = _assigned(infos, chosen), _roles(infos)
    if not assignment.instances:
        assignment.check(f"preset '{chosen.name}'")
    homes = {stem.path: one for one in assignment.instances for stem in one.stems}
    given = {stem: Given(strip=one.strip) for stem, one in homes.items()}
    plan = plan_mix(
        list(homes),
        chosen,
        sample_rate_hz=sample_rate_hz,
        given=given,
        threads=threads,
        progress=progress,
    )
    by_id = {one.id: one.stems[0].path for one in assignment.instances}
    instance_roles = {one: roles.get(stem, "") for one, stem in by_id.items()}
    result = balance(plan, instance_roles, progress=progress) if balanced else ()
    faders = new_faders(chosen, result)
    trims = new_trims(result)
    pans = _pans(assignment.instances, chosen, instance_roles) if balanced else {}
    findings = _findings(found.paths, roles, threads, tell) if checked else {}
    hashes = _hashes(found.paths, threads, tell)
    folder = (output or Path("song.toml")).absolute().parent
    stems = [
        StartedStem(
            file=_relative(stem, folder),
            strip=homes[stem].strip if stem in homes else None,
            role=_role_for(roles.get(stem, ""), homes.get(stem), chosen),
            why_not=_why_not(stem, assignment),
            duration_s=round(infos[stem].duration_s, DURATION_DIGITS),
            sample_rate_hz=infos[stem].sample_rate_hz,
            sha256=hashes[stem],
            trim_db=trims.get(homes[stem].id, 0.0) if stem in homes else 0.0,
            pan=pans.get(homes[stem].id) if stem in homes else None,
            findings=tuple(findings.get(str(stem), ())),
        )
        for stem in _in_order(found.paths, assignment)
    ]
    return Started(
        file=output.name if output is not None else "song.toml",
        title=title or _title(output, found.paths[0]),
        artist=artist,
        preset=preset if not preset.lower().endswith(".toml") else _relative(path, folder),
        preset_name=chosen.name,
        tempo_bpm=tempo_bpm,
        preset_tempo_bpm=chosen.tempo_bpm,
        time_signature=time_signature,
        sample_rate_hz=plan.sample_rate_hz,
        folders=tuple(
            _relative(Path(argument), folder)
            for argument in dict.fromkeys(arguments)
            if Path(argument).is_dir()
        ),
        stems=tuple(stems),
        faders=tuple(
            (name, chosen.strip[name].gain_db, faders.get(name, chosen.strip[name].gain_db))
            for name in chosen.strip
            if any(one.strip == name for one in assignment.instances)
        ),
        balance=tuple(result),
        notes=(*found.notes, *_notes(plan)),
    )


def _notes(plan: MixPlan) -> tuple[str, ...]:
    return tuple(note for note in plan.own_notes if not note.startswith("no stem matches"))


def _assigned(infos: Mapping[Path, AudioInfo], preset: MixPreset) -> Assignment:
    stems = [
        Stem(path, info.channels, info.sample_rate_hz, info.frames) for path, info in infos.items()
    ]
    unpaired = [name for name, strip in preset.strip.items() if not strip.pair]
    return assign(stems, preset.patterns(), unpaired=unpaired)


def _roles(infos: Mapping[Path, AudioInfo]) -> dict[Path, str]:
    """Return what stems are, by their names alone; those whose names say nothing are left out."""
    patterns = {name: role.match for name, role in vocabulary().items()}
    assigned = assign([Stem(path) for path in infos], patterns)
    return {stem.path: one.strip for one in assigned.instances for stem in one.stems}


def _role_for(role: str, home: Instance | None, preset: MixPreset) -> str:
    """Return a stem's role if the preset puts it where the stem's name did."""
    return role if home is not None and strips_of_role(role, preset) == [home.strip] else ""


def _why_not(path: Path, assignment: Assignment) -> str:
    """Return why a stem has no strip, with what may be right."""
    for tie in assignment.ties:
        if tie.stem.path == path:
            return "wanted equally by " + " and ".join(strip for strip, _ in tie.claims)
    for each in assignment.unmatched:
        if each.stem.path == path:
            near = f"; nearest: {', '.join(each.nearest)}" if each.nearest else ""
            return f"no strip of the preset matches its name{near}"
    return ""


def _in_order(paths: Iterable[Path], assignment: Assignment) -> list[Path]:
    """Return the stems in the order of the strips, those without one at the end."""
    placed = [stem.path for one in assignment.instances for stem in one.stems]
    return [*placed, *(path for path in paths if path not in placed)]


def _pans(
    instances: Sequence[Instance], preset: MixPreset, roles: Mapping[str, str]
) -> dict[str, float]:
    """Return where mono stems lie that share a strip, or a role on a strip of many."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in instances:
        strip = preset.strip[one.strip]
        mono = len(one.stems) == 1 and one.stems[0].channels == 1
        if mono and not strip.mute:
            groups[one.strip, "" if strip.spread else roles.get(one.id, "")].append(one.id)
    found: dict[str, float] = {}
    for (name, role), ids in groups.items():
        strip = preset.strip[name]
        spread = strip.spread or (USUAL[role].spread if role in USUAL else 0.0)
        if len(ids) > 1 and spread > 0.0:
            pans = spread_pans(len(ids), strip.pan, spread)
            found |= {one: round(pan, 2) + 0.0 for one, pan in zip(ids, pans, strict=True)}
    return found


def _findings(
    paths: Sequence[Path], roles: Mapping[Path, str], threads: int, tell: Progress
) -> dict[str, list[Finding]]:
    """Return what the check says that is worth a line in the session, by file.

    What holds for most files alike, such as where they were encoded once, is not.
    """
    # Not at the top: reading a session needs none of the meters behind the checks.
    from mixmaster.checking.stems import check_stems

    found: dict[str, list[Finding]] = defaultdict(list)
    report = check_stems(paths, roles=roles, threads=threads, tell=tell)
    for finding in report.findings:
        if finding.code == "unreadable":  # no session has a stem that cannot be played
            raise AudioFileError(finding.file, finding.text, finding.advice)
        alike = sum(each.code == finding.code for each in report.findings)
        if finding.severity == "note" and not finding.fix:
            continue
        if not finding.fix and 2 * alike > len(paths) > 2:
            continue
        found[finding.fix_file or finding.file].append(finding)
    return found


def _hashes(paths: Sequence[Path], threads: int, tell: Progress) -> dict[Path, str]:
    tell("hashing the stems", 0.0)
    with ThreadPoolExecutor(threads, thread_name_prefix="hash") as pool:
        return dict(zip(paths, pool.map(hash_once, paths), strict=True))


def _relative(path: Path, folder: Path) -> str:
    """Return a path from a folder on, with slashes; absolute where no way leads there.

    Raises:
        DocumentError: For a name that no document can hold.
    """
    try:
        text = Path(os.path.relpath(path.absolute(), folder)).as_posix()
    except ValueError:  # another drive
        text = path.absolute().as_posix()
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        problem = Problem("stem", f"{shown(path.name)} is not UTF-8", "rename the file")
        raise DocumentError("the session", (problem,)) from error
    return text


def _title(output: Path | None, stem: Path) -> str:
    """Return a title by the session's own name, else by the folders above the stems."""
    names = [output.stem] if output is not None else []
    names += [parent.name for parent in stem.absolute().parents]
    for name in names:
        words = " ".join(name.replace("_", " ").split())
        if words and words.casefold() not in _TELLING_NOTHING and words.isprintable():
            return words
    return "Untitled"


def require_title(title: str | None) -> None:
    """Raise for a title that is none.

    Raises:
        UsageError: For an empty one.
    """
    if title is not None and not title.strip():
        raise UsageError("--title", "is empty", "leave it out, or name the song")
