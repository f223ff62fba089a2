"""Which songs a batch has: a document's entries, or the command line's words, each found."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from mixmaster.audio.discover import natural_key
from mixmaster.audio.globbing import matching
from mixmaster.audio.names import has_audio_suffix, is_hidden, shown
from mixmaster.batch.planning.document import Batch, Extra, SongEntry, Where, Wishes
from mixmaster.batch.state.store import FOLDER
from mixmaster.documents.finding import from_home
from mixmaster.documents.layering import overrides_in
from mixmaster.engine.publish import manifest_path
from mixmaster.engine.recorded import read_manifest
from mixmaster.errors import DocumentError, MixmasterError, Problem, UsageError
from mixmaster.mixing.prints.versions import MAIN
from mixmaster.results import Result

Form = Literal["session", "stems", "mix"]
SESSION_NAME = "song.toml"
"""What a session in a song's folder is called: a folder that has one is that session."""


@dataclass(frozen=True, slots=True)
class SongJob(Result):
    """What is wanted of one song: all that its plan depends on beside files. Plain data.

    Attributes:
        source: The session, the stems' folder or the mix; an absolute path.
        form: Which of these it is.
        name: What files are named after; empty for the song's own name.
        preset: The mix preset; empty for the session's own.
        masters: Mastering presets; none for the session's own.
        targets: Targets; none for the session's own.
        versions: Versions of the mix.
        overrides: Values over preset and session, as ``--set`` writes them.
        master_overrides: Values over the mastering presets.
        sample_rate_hz: The session's rate; None for the session's or stems' own.
        strict: Whether a file shorter than its header says is an error.
        finish: How masters are finished: what `MasterOptions` takes.
        profile: What match stages move toward; empty for their own.
        reference: An audio file that they move toward; empty for none.
        dialogue: The dialogue's stem; empty for none.
        include: Combinations beside the matrix; see `Extra`.
        exclude: Combinations that are not wanted; see `Where`.
        template: What masters are called.
    """

    source: str
    form: Form
    name: str
    preset: str
    masters: tuple[str, ...]
    targets: tuple[str, ...]
    versions: tuple[str, ...]
    overrides: tuple[str, ...]
    master_overrides: tuple[str, ...]
    sample_rate_hz: int | None
    strict: bool
    finish: Mapping[str, Any]
    profile: str
    reference: str
    dialogue: str
    include: tuple[Mapping[str, Any], ...]
    exclude: tuple[Mapping[str, Any], ...]
    template: str

    @property
    def fallback_name(self) -> str:
        """What the song is called where its document cannot be read."""
        path = Path(self.source)
        named = path.parent if self.form == "session" else path
        return self.name or (path.stem if self.form == "mix" else named.name) or "song"

    def is_wanted(self, song: str, version: str, master: str, target: str) -> bool:
        """Return whether a combination of the matrix is not excluded."""
        said = {"song": song, "version": version, "master": master, "target": target}
        return not any(
            all(fnmatchcase(said[name], each[name]) for name in said) for each in self.exclude
        )

    def versions_of(self, song: str) -> tuple[str, ...]:
        """Return the versions of which anything may be wanted."""
        dropped = [
            each["version"]
            for each in self.exclude
            if each["master"] == each["target"] == "*" and fnmatchcase(song, each["song"])
        ]
        kept = [v for v in self.versions if not any(fnmatchcase(v, each) for each in dropped)]
        more = [version for each in self.extras(song) for version in each["versions"]]
        return tuple(dict.fromkeys((*kept, *more)))

    def extras(self, song: str) -> list[Mapping[str, Any]]:
        """Return what is wanted beside the matrix."""
        return [each for each in self.include if fnmatchcase(song, each["song"])]


def song_jobs(
    batch: Batch, base: Path, *, overrides: Sequence[str] = (), master_overrides: Sequence[str] = ()
) -> list[SongJob]:
    """Return the songs of a batch, each once.

    Args:
        batch: The document.
        base: The folder that its paths begin at.
        overrides: As ``--set`` writes them; laid over what the document says.
        master_overrides: Likewise for the mastering presets.

    Raises:
        DocumentError: For an entry that finds nothing, or is no song.
        UsageError: For a batch without songs.
    """
    jobs: dict[str, SongJob] = {}
    problems = []
    for number, entry in enumerate(batch.song, start=1):
        if not entry.use:
            continue
        try:
            paths = _paths(entry, base)
        except UsageError as error:
            problems.append(Problem(f"song.{number}.path", error.reason, error.hint))
            continue
        if entry.name is not None and len(paths) > 1:
            reason = f"names {len(paths)} songs alike"
            problems.append(Problem(f"song.{number}.name", reason, "leave it out"))
        for path in paths:
            job = _job(
                path,
                batch,
                entry,
                base,
                overrides=tuple(overrides),
                master_overrides=tuple(master_overrides),
            )
            jobs[job.source] = job  # an entry of its own, behind a pattern, says more of it
    if problems:
        raise DocumentError("the batch", tuple(problems))
    if not jobs:
        raise UsageError("", "the batch has no songs", "name sessions, folders of stems or mixes")
    return list(jobs.values())


def _paths(entry: SongEntry, base: Path) -> list[Path]:
    path = base / from_home(entry.path)
    if path.exists():
        return [_song(path)]
    if not glob.has_magic(entry.path):
        raise UsageError(shown(path), f"there is no '{shown(path)}'", "check the path")
    pattern = os.fspath(from_home(entry.path))
    root = None if Path(pattern).is_absolute() else base
    found = [(Path(name) if root is None else root / name) for name in matching(pattern, root)]
    kept = [each for each in sorted(found, key=natural_key) if _may_be_song(each)]
    if not kept:
        reason = "finds nothing" if not found else "finds no session, folder or audio file"
        raise UsageError(entry.path, f"'{entry.path}' {reason}", "such as 'songs/*/song.toml'")
    return list(dict.fromkeys(_song(each) for each in kept))


def _may_be_song(path: Path) -> bool:
    """Tell whether something that a pattern finds is meant: what batches have made is not."""
    if is_hidden(path) or (path / FOLDER).is_dir():
        return False
    if path.is_dir() or path.suffix.lower() == ".toml":
        return True
    return has_audio_suffix(path) and not _is_master(path)


def _is_master(path: Path) -> bool:
    beside = manifest_path(path)
    if not beside.is_file():
        return False
    try:
        return read_manifest(beside).kind in {"master", "reference"}
    except MixmasterError:
        return False


def _song(path: Path) -> Path:
    session = path / SESSION_NAME
    return session if session.is_file() else path


def _form(path: Path) -> Form:
    if path.suffix.lower() == ".toml" and not path.is_dir():
        return "session"
    return "stems" if path.is_dir() else "mix"


def _job(
    path: Path,
    batch: Batch,
    entry: SongEntry,
    base: Path,
    *,
    overrides: tuple[str, ...],
    master_overrides: tuple[str, ...],
) -> SongJob:
    preset = entry.preset or batch.preset
    masters = entry.masters or batch.masters
    rate = entry.sample_rate_hz or batch.sample_rate_hz
    strict = batch.strict if entry.strict is None else entry.strict
    finish = entry.finish or batch.finish
    said = entry if entry.profile or entry.reference else batch
    dialogue = entry.dialogue or batch.dialogue
    folder = path if path.is_dir() else path.parent
    return SongJob(
        source=os.path.abspath(path),  # noqa: PTH100 - links stay as they are
        form=_form(path),
        name=entry.name or "",
        preset="" if preset is None else _beside(preset, base),
        masters=tuple(_beside(each, base) for each in masters),
        targets=tuple(_beside(each, base) for each in (entry.targets or batch.targets)),
        versions=tuple(dict.fromkeys(entry.versions or batch.versions or (MAIN,))),
        overrides=(*_said(batch), *_said(entry), *overrides),
        master_overrides=(*_said_of_master(batch), *_said_of_master(entry), *master_overrides),
        sample_rate_hz=rate,
        strict=bool(strict),
        finish={} if finish is None else finish.model_dump(mode="json", exclude_defaults=True),
        profile=_beside(said.profile or "", base),
        reference=_lying(said.reference, base),
        dialogue=_lying(dialogue, folder),
        include=tuple(_extra(each, base) for each in batch.include),
        exclude=tuple(_where(each) for each in batch.exclude),
        template=batch.name_template,
    )


def _beside(name: str, base: Path) -> str:
    """Return a preset's name, or where its file lies, seen from the document's folder."""
    if not name.lower().endswith(".toml"):
        return name
    return os.path.abspath(base / from_home(name))  # noqa: PTH100 - as above


def _lying(name: str | None, folder: Path) -> str:
    """Return where a file lies, seen from a folder; nothing for none."""
    return "" if name is None else os.path.abspath(folder / from_home(name))  # noqa: PTH100 - as above


def _said(wishes: Wishes) -> tuple[str, ...]:
    return tuple(f"{each.key}={_toml(each.value)}" for each in overrides_in(wishes.set))


def _said_of_master(wishes: Wishes) -> tuple[str, ...]:
    return tuple(f"{each.key}={_toml(each.value)}" for each in overrides_in(wishes.set_master))


def _toml(value: Any) -> str:
    """Return a value as TOML: texts, numbers, booleans and lists of them are written as in JSON."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    if isinstance(value, str | bool | int | float):
        return json.dumps(value, ensure_ascii=False)
    return str(value)  # dates and times


def _extra(extra: Extra, base: Path) -> dict[str, Any]:
    said = extra.model_dump(mode="json")
    for kind in ("masters", "targets"):
        said[kind] = [_beside(each, base) for each in said[kind]]
    return said


def _where(where: Where) -> dict[str, Any]:
    return where.model_dump(mode="json")
