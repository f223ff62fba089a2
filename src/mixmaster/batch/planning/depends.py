"""What a song's plan was drawn from: as long as all of it is as it was, the plan holds."""

from __future__ import annotations

import os
from pathlib import Path

from mixmaster.audio.globbing import matching
from mixmaster.batch.state.files import digest
from mixmaster.batch.state.index import StatIndex
from mixmaster.documents.finding import FOLDERS, shipped_folder, user_folder
from mixmaster.engine.manifest import versions
from mixmaster.errors import MixmasterError

Depends = tuple[tuple[str, str, str], ...]

FILE = "file"
FOLDER = "folder"
GLOB = "glob"


class Watch:
    """Collects what a plan is drawn from.

    Args:
        index: Knows the files' hashes.
    """

    def __init__(self, index: StatIndex) -> None:
        self._index = index
        self._found: dict[tuple[str, str], str] = {}

    def file(self, path: Path) -> str:
        """Note a file that was read; return its hash."""
        sha256 = self._index.sha256(path)
        self._found[FILE, os.path.abspath(path)] = sha256  # noqa: PTH100 - links stay
        return sha256

    def folder(self, path: Path) -> None:
        """Note a folder that was looked through."""
        name = os.path.abspath(path)  # noqa: PTH100 - as above
        self._found[FOLDER, name] = _listing(name)

    def pattern(self, text: str) -> None:
        """Note a pattern that was looked for."""
        self._found[GLOB, os.path.abspath(text)] = _matches(os.path.abspath(text))  # noqa: PTH100

    def depends(self) -> Depends:
        """Return what was noted."""
        return tuple((kind, name, value) for (kind, name), value in self._found.items())


def still_holds(depends: Depends, index: StatIndex) -> bool:
    """Return whether all that a plan was drawn from is as it was."""
    for kind, name, value in depends:
        if kind == FILE:
            try:
                now = index.sha256(Path(name))
            except MixmasterError:
                return False
        else:
            now = _listing(name) if kind == FOLDER else _matches(name)
        if now != value:
            return False
    return True


def surroundings() -> str:
    """Return a digest of what every plan depends on: this version, and which presets there are."""
    names = [
        sorted(os.fsencode(path).hex() for path in (folder / FOLDERS[kind]).glob("*.toml"))
        for folder in (shipped_folder(), user_folder())
        for kind in FOLDERS
    ]
    return digest({"versions": libraries(), "presets": names})


def libraries() -> dict[str, str]:
    """Return the versions that matter to the sound: Python's own does not."""
    return {name: text for name, text in versions().items() if name != "python"}


def _listing(name: str) -> str:
    try:
        found = sorted(os.fsencode(entry).hex() for entry in os.listdir(name))  # noqa: PTH208
    except OSError as error:
        found = [f"error {error.errno}"]
    return digest(found)


def _matches(name: str) -> str:
    return digest(sorted(os.fsencode(each).hex() for each in matching(name)))
