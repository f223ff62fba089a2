"""Manifests read back: what they say, and where the files lie by now that they were made from."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.names import has_audio_suffix, is_hidden, shown
from mixmaster.audio.source import probe
from mixmaster.engine.hashing import hash_once
from mixmaster.engine.manifest import FORMAT, SCHEMA, InputRecord, processor, versions
from mixmaster.engine.publish import SCHEMA_PREFIX
from mixmaster.errors import AudioFileError, DocumentError, Problem

MAX_BYTES: Final = 64 << 20
"""No manifest comes near; what is larger is something else."""

_HASH_SHOWN = 12
_NEEDED = ("kind", "file", "sha256", "inputs", "settings", "revisions")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A manifest.

    Attributes:
        path: Its file.
        table: All that it says.
        inputs: What its file was made from, in order.
    """

    path: Path
    table: Mapping[str, Any]
    inputs: tuple[InputRecord, ...]

    @property
    def kind(self) -> str:
        """What was made: ``mix``, ``master``, ``stem``."""
        return str(self.table["kind"])

    @property
    def where(self) -> str:
        """What it is called in errors."""
        return shown(self.path)

    @property
    def file(self) -> Path:
        """Where the file lies that it was written for."""
        return self.path.parent / Path(str(self.table["file"])).name

    @property
    def sha256(self) -> str:
        """That file's hash when it was written."""
        return str(self.table["sha256"])

    @property
    def settings(self) -> Mapping[str, Any]:
        """The documents, resolved."""
        found: Mapping[str, Any] = self.table["settings"]
        return found

    @property
    def revisions(self) -> Mapping[str, int]:
        """The revision of every effect that was heard."""
        found: Mapping[str, int] = self.table["revisions"]
        return found

    def notes(self) -> tuple[str, ...]:
        """Return why the same bytes may not come out: another version, processor, a plugin."""
        said = []
        if self.table.get("reproducible") is False:
            said.append("a plugin that need not sound the same twice was used: bytes may differ")
        then, now = self.table.get("versions", {}), versions()
        others = [
            f"{name} {then[name]}, now {now[name]}"
            for name in now
            if name in then and then[name] != now[name]
        ]
        if others:
            said.append("made with " + "; ".join(others))
        was, here = self.table.get("processor", {}), processor()
        if was and was != here:
            model = was.get("model") or was.get("machine")
            said.append(f"made on another processor ({model}): the last bits may differ")
        return tuple(said)


def read_manifest(path: Path) -> Recorded:
    """Return what a manifest says; of an audio file, the manifest beside it.

    Raises:
        AudioFileError: When it is not there or cannot be read.
        DocumentError: For what is no manifest, or one of another version.
    """
    where = shown(path)
    if path.suffix.lower() != ".json" and path.with_name(path.name + ".json").is_file():
        return read_manifest(path.with_name(path.name + ".json"))
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _no_manifest(where, "it is no file")
        if status.st_size > MAX_BYTES:
            raise _no_manifest(where, "it is too large")
        table = json.loads(path.read_bytes())
    except OSError as error:
        raise AudioFileError(where, f"it cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _no_manifest(where, "it is not JSON") from error
    schema = table.get("schema") if isinstance(table, dict) else None
    if not isinstance(schema, str) or not schema.startswith(SCHEMA_PREFIX):
        raise _no_manifest(where, "it has no schema of one")
    if schema != SCHEMA or table.get("format") != FORMAT:
        said = str(schema)[:80]
        made = table.get("versions")
        by = f" (mixmaster {made['mixmaster']})" if _names_version(made) else ""
        reason = f"is a manifest of another version: {said!r}{by}; this one reads {SCHEMA}"
        raise DocumentError(where, (Problem("schema", reason, "use the mixmaster that wrote it"),))
    missing = [name for name in _NEEDED if name not in table]
    try:
        inputs = tuple(InputRecord(**each) for each in table.get("inputs", ()))
    except TypeError as error:
        raise _no_manifest(where, "its inputs are none") from error
    if not all(isinstance(each.name, str) and isinstance(each.sha256, str) for each in inputs):
        raise _no_manifest(where, "its inputs are none")
    tables = all(isinstance(table.get(name), dict) for name in ("settings", "revisions"))
    for name in ("versions", "processor"):
        if not isinstance(table.get(name, {}), dict):
            raise _no_manifest(where, f"its {name} are none")
    if missing or not tables:
        raise _no_manifest(where, f"it lacks {', '.join(missing) or 'settings'}")
    return Recorded(path, table, inputs)


@contextmanager
def as_recorded(where: str, key: str = "settings") -> Iterator[None]:
    """Turn what goes wrong while a manifest is taken at its word into an error for users.

    Args:
        where: What the manifest is called.
        key: What of it is being read.

    Raises:
        DocumentError: For what is missing from it, or not of the type that was written.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        said = f"it lacks {said}" if isinstance(error, KeyError) else said
        problem = Problem(key, f"cannot be repeated: {said}", "was it changed by hand?")
        raise DocumentError(where, (problem,)) from error


def find_inputs(
    recorded: Recorded, wanted: Sequence[InputRecord], folders: Iterable[Path] = ()
) -> tuple[Path, ...]:
    """Return where inputs lie by now: by name and content; where renamed, by content.

    They are looked for beside the manifest, in the folders there and in those next to its own, and
    in ``folders`` with everything below.

    Args:
        recorded: The manifest.
        wanted: Which of its inputs.
        folders: Where else they may lie.

    Raises:
        DocumentError: For every input that is missing or has changed, with where it was looked for.
    """
    given = tuple(folders)
    for folder in given:
        if not folder.is_dir():
            raise AudioFileError(shown(folder), "it is no folder", "name the stems' folder")
    files = list(dict.fromkeys([*_near(recorded.path), *_below(given)]))
    by_name: dict[str, list[Path]] = {}
    for file in files:
        by_name.setdefault(file.name, []).append(file)
    taken: set[Path] = set()
    found: list[Path] = []
    problems = []
    for record in wanted:
        namesakes = by_name.get(Path(record.name).name, [])
        others = [file for file in files if file not in namesakes and _is_shaped(file, record)]
        matching = (
            file
            for file in (*namesakes, *others)
            if file not in taken and hash_once(file) == record.sha256
        )
        path = next(matching, None)
        if path is None:
            # One file may stand for two that were the same.
            same = (file for file in taken if hash_once(file) == record.sha256)
            path = next(same, None)
        if path is None:
            problems.append(_missing(recorded, record, namesakes, given))
        else:
            taken.add(path)
            found.append(path)
    if problems:
        raise DocumentError(recorded.where, tuple(problems))
    return tuple(found)


def _missing(
    recorded: Recorded, record: InputRecord, namesakes: Sequence[Path], given: Sequence[Path]
) -> Problem:
    wanted = record.sha256[:_HASH_SHOWN]
    if namesakes:
        now = hash_once(namesakes[0])[:_HASH_SHOWN]
        reason = (
            f"has changed, or is another song's: {shown(namesakes[0])} has SHA-256 {now}..., "
            f"expected was {wanted}..."
        )
        hint = "bring back the file as it was, or name the folder that has it: --stems FOLDER"
        return Problem(shown(record.name), reason, hint)
    places = [f"beside {shown(recorded.path.name)} and in the folders around it"]
    places += [f"below {shown(folder)}" for folder in given]
    reason = f"is missing (SHA-256 {wanted}...): looked {', '.join(places)}"
    return Problem(shown(record.name), reason, "name the folder that it lies in: --stems FOLDER")


def _no_manifest(where: str, why: str) -> DocumentError:
    hint = "mixes and masters have theirs beside them: mix.wav.json"
    return DocumentError(where, (Problem("", f"is no manifest: {why}", hint),))


def _names_version(made: object) -> bool:
    return isinstance(made, dict) and "mixmaster" in made


def _near(manifest: Path) -> Iterator[Path]:
    """Yield what lies beside a manifest, in the folders there, and in those next to its own."""
    own = manifest.absolute().parent
    for folder in dict.fromkeys((own, own.parent)):
        yield from _audio(folder)
        for each in _entries(folder):
            if each.is_dir() and not is_hidden(each):
                yield from _audio(each)


def _below(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for at, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                path = Path(at, name)
                if has_audio_suffix(path) and not is_hidden(path):
                    yield path


def _audio(folder: Path) -> Iterator[Path]:
    for path in _entries(folder):
        if path.is_file() and has_audio_suffix(path) and not is_hidden(path):
            yield path


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # a folder that is not ours to read holds no input of ours
        return []


def _is_shaped(path: Path, record: InputRecord) -> bool:
    """Tell from its header whether a file may be an input under another name."""
    try:
        info = probe(path)
    except AudioFileError:
        return False
    return (info.sample_rate_hz, info.channels, info.frames) == (
        record.sample_rate_hz,
        record.channels,
        record.frames,
    )
