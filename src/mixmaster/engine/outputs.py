"""Where outputs may go: never onto an input, out of a folder, or where there is no room.

And folders on the way there, and what is said when the system refuses.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.errors import OutputError


def refuse_inputs(target: str | os.PathLike[str], inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Raise if a target is one of the inputs, by whatever name, link or hard link.

    Raises:
        OutputError: Naming both.
    """
    identity = _identity(Path(target))
    if identity is None:
        return
    for path in inputs:
        if _identity(Path(path)) == identity:
            raise OutputError(
                shown(target), f"it is also an input ({shown(path)})", "choose another output"
            )


def inside(folder: Path, name: str) -> Path:
    """Return the path of ``name`` inside ``folder``, for names that others chose.

    Raises:
        OutputError: For absolute names, ``..``, NUL, and links that lead out of the folder.
    """
    parts = Path(name).parts
    if not parts or "\0" in name or Path(name).is_absolute() or ".." in parts:
        raise OutputError(shown(name.replace("\0", "?")), "it is no name inside a folder", "")
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise OutputError(shown(path), f"it leads out of {shown(folder)}", "remove the link")
    return path


def require_space(folder: Path, bytes_needed: int) -> None:
    """Raise unless the disk of ``folder`` (or of its nearest existing parent) has room.

    Raises:
        OutputError: With both figures.
    """
    existing = _nearest_existing(folder)
    free = shutil.disk_usage(existing).free
    if bytes_needed > free:
        raise OutputError(
            shown(folder),
            f"about {_size(bytes_needed)} are needed, but {_size(free)} are free",
            "free some space, or write elsewhere",
        )


def make_folders(folder: Path) -> list[Path]:
    """Make a folder and its missing parents; return those that were made, outermost first.

    Raises:
        OutputError: When it cannot be done; then none is left.
    """
    made: list[Path] = []
    with told(folder):
        chain = (folder, *folder.parents)
        missing = list(itertools.takewhile(lambda path: not path.exists(), chain))
        try:
            for path in reversed(missing):
                path.mkdir(exist_ok=True)
                made.append(path)
        except OSError:
            for path in reversed(made):
                path.rmdir()
            raise
    if not folder.is_dir():
        raise OutputError(shown(folder), "it is not a folder", "choose another output")
    return made


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders, the last one first, that nobody has put anything into."""
    for folder in reversed(list(folders)):
        with contextlib.suppress(OSError):  # not empty any more: then it is someone's
            folder.rmdir()


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what the system says against writing a file into an error that names it.

    Raises:
        OutputError: In place of any OSError.
    """
    try:
        yield
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> OutputError:
    hints = {
        errno.EACCES: "write to a folder that is yours",
        errno.EPERM: "write to a folder that is yours",
        errno.EROFS: "the file system is read-only; write elsewhere",
        errno.ENOSPC: "free some space, or write elsewhere",
        errno.ENOTDIR: "a part of the path is a file; choose another output",
        errno.EEXIST: "a part of the path is a file; choose another output",
    }
    reason = f"it cannot be written: {error.strerror or error}"
    return OutputError(shown(path), reason, hints.get(error.errno or 0, ""))


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 10**9 else f"{count / 1e6:.1f} MB"


def _nearest_existing(path: Path) -> Path:
    path = path.absolute()
    return next(parent for parent in (path, *path.parents) if parent.exists())


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return status.st_dev, status.st_ino
