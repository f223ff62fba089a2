"""Choosing a winner: what is needed to render it again, from the folder alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.names import shown
from mixmaster.comparing.folder import read_session
from mixmaster.documents.addresses import did_you_mean
from mixmaster.engine.publish import put, staged
from mixmaster.engine.recorded import as_recorded
from mixmaster.errors import OutputError, UsageError
from mixmaster.results import Result

SCHEMA: Final = "mixmaster/ab-choice/1"


@dataclass(frozen=True, slots=True)
class Choice(Result):
    """A version that was chosen.

    Attributes:
        schema: ``SCHEMA``.
        id: Its id.
        name: What people call it.
        kind: ``master``, ``mix``, ``file`` or ``reference``.
        file: The version's own file: a given file's name, or the master in the folder.
        command: The command line that renders it again; None for a given file.
        preset: The resolved preset that was written; None for a given file.
    """

    schema: str
    id: str
    name: str
    kind: str
    file: Path
    command: str | None
    preset: Path | None


def choose(
    folder: Path, name: str, output: Path | None = None, *, overwrite: bool = False
) -> Choice:
    """Write the resolved preset of a version, and return how to render it again.

    Args:
        folder: An A/B folder.
        name: The version's name or id.
        output: Where the preset goes, a ``.toml`` file; into the folder if None.
        overwrite: Whether another file may be replaced.

    Raises:
        DocumentError: For a folder whose session lacks what is needed.
        UsageError: For a folder that is none, and for a name that no version has.
        OutputError: When the preset cannot be written.
    """
    session = read_session(folder)
    with as_recorded(shown(folder), "session"):
        version = _version(session, name)
        recipe = version.get("recipe")
        original = Path(_text(version["original"], "file"))
        choice = Choice(
            schema=SCHEMA,
            id=_text(version, "id"),
            name=_text(version, "name"),
            kind=_text(version, "kind"),
            file=original,
            command=None,
            preset=None,
        )
        if recipe is None:
            return choice
        command, preset = _text(recipe, "command"), _text(recipe, "preset_toml")
        target = output or folder / Path(_text(recipe, "preset_file")).name
    _write(target, preset.encode("utf-8", "backslashreplace"), overwrite=overwrite)
    return Choice(
        schema=SCHEMA,
        id=choice.id,
        name=choice.name,
        kind=choice.kind,
        file=folder / "masters" / original.name,
        command=command,
        preset=target,
    )


def _text(table: dict[str, Any], key: str) -> str:
    """Return a text of a session that may have been changed by hand."""
    found = table[key]
    if not isinstance(found, str):
        raise TypeError(f"'{key}' is no text")
    return found


def _version(session: dict[str, Any], name: str) -> dict[str, Any]:
    versions: list[dict[str, Any]] = session["versions"]
    for key in ("name", "id"):
        for version in versions:
            if version.get(key) == name:
                return version
    hint = did_you_mean(name, [str(version.get("name", "")) for version in versions])
    raise UsageError(shown(name), "no version of this name", hint)


def _write(target: Path, content: bytes, *, overwrite: bool) -> None:
    """Write a text whole; over a file of other content only if that is allowed."""
    if target.suffix.lower() != ".toml":
        raise UsageError(shown(target), "is no .toml file", "presets are .toml files")
    if os.path.lexists(target):
        try:
            same = target.is_file() and target.read_bytes() == content
        except OSError:
            same = False
        if same:
            return
        if not overwrite:
            hint = "--overwrite replaces it; -o names another"
            raise OutputError(shown(target), "it exists, and holds something else", hint)
    with staged(target) as part:
        part.write_bytes(content)
        put(part, target)
