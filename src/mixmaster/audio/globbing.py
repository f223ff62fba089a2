"""Patterns of paths, expanded in time that grows with what lies there, not with the pattern."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterator

_RECURSIVE = "**"


def matching(pattern: str, root: str | os.PathLike[str] | None = None) -> list[str]:
    """Return the paths that a pattern finds, each once, in no order.

    As ``glob.glob(pattern, recursive=True)``, hidden names only where they are asked for; but
    ``**`` does not enter folders through links, which may lead in circles or to the whole disk, and
    no folder is entered twice for one part of the pattern, however often ``**`` stands in it.

    Args:
        pattern: With ``*``, ``?``, ``[...]`` inside a part, ``**`` for any folders.
        root: Where relative patterns begin, the working folder if None; results are relative to
            it.
    """
    drive, rest = os.path.splitdrive(pattern)
    parts = [part for part in rest.replace(os.sep, "/").split("/") if part]
    top = f"{drive}{os.sep}" if rest[:1] in {"/", os.sep} else drive
    parts = [
        part
        for before, part in zip(["", *parts], parts, strict=False)
        if not (part == before == _RECURSIVE)
    ]
    walk = _Walk(os.fspath(root) if root is not None else "", parts)
    return list(dict.fromkeys(walk.under(top, 0)))


class _Walk:
    def __init__(self, root: str, parts: list[str]) -> None:
        self._root = root
        self._parts = parts
        self._entered: set[tuple[str, int]] = set()

    def under(self, folder: str, number: int) -> Iterator[str]:
        """Yield what the pattern's parts from ``number`` on find in a folder."""
        left = [(folder, number)]
        while left:
            folder, number = left.pop()
            if (folder, number) in self._entered:
                continue
            self._entered.add((folder, number))
            if number == len(self._parts):
                if folder:
                    yield folder
            elif self._parts[number] == _RECURSIVE:
                left.append((folder, number + 1))
                last = number + 1 == len(self._parts)
                for name, is_folder, is_link in self._entries(folder):
                    if name.startswith("."):
                        continue
                    if is_folder and not is_link:
                        left.append((os.path.join(folder, name), number))  # noqa: PTH118 - as given
                    elif last:
                        yield os.path.join(folder, name)  # noqa: PTH118
            else:
                left += self._named(folder, number)

    def _named(self, folder: str, number: int) -> Iterator[tuple[str, int]]:
        part, last = self._parts[number], number + 1 == len(self._parts)
        if not glob.has_magic(part):
            path = os.path.join(folder, part)  # noqa: PTH118
            if os.path.lexists(os.path.join(self._root, path)):  # noqa: PTH118
                yield path, number + 1
            return
        for name, is_folder, _ in self._entries(folder):
            if name.startswith(".") and not part.startswith("."):
                continue
            if (last or is_folder) and fnmatch.fnmatch(name, part):
                yield os.path.join(folder, name), number + 1  # noqa: PTH118

    def _entries(self, folder: str) -> list[tuple[str, bool, bool]]:
        try:
            with os.scandir(os.path.join(self._root, folder) or os.curdir) as entries:  # noqa: PTH118
                return [(entry.name, _is_folder(entry), entry.is_symlink()) for entry in entries]
        except (OSError, ValueError):
            return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
