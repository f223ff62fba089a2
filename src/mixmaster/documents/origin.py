"""Where a document comes from, and which files it may therefore name.

A preset is passed from hand to hand: what it names must not reach beyond its own folder, or a
stranger's preset could read any file and put its sound, its length or its absence on show. So the
files that it names lie in its folder or in the user's own folder of impulse responses, below it,
with no absolute path, no ``..`` and no link that leads out. What the user says on the command line
or in a session of their own may lie anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mixmaster.documents.finding import user_folder
from mixmaster.errors import Problem


def impulse_folder() -> Path:
    """Return the folder of the user's own impulse responses, whether it exists or not."""
    return user_folder().parent / "impulses"


class UnfoundFileError(Exception):
    """A file that a document names and that cannot be had.

    Args:
        problem: Why, and what would be right; without the key.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document comes from. Two documents may be equal and come from different places.

    Attributes:
        folder: The folder of its file; None for a document that was made from text.
        said: Values that the user wrote themselves, by ``--set``: such a file may lie anywhere, and
            is looked for where the user stands first.
        own: Whether the whole document is the user's own word, as a session is.
        over: The origin of the user's own document that is laid over this one, as a session is over
            its preset; None without one.
        over_said: The texts that it lays: files of these names lie where that document says.
        known: Where files lie that were found beforehand, by what the document calls them.
    """

    folder: Path | None = field(default=None, compare=False)
    said: frozenset[str] = field(default=frozenset(), compare=False)
    own: bool = field(default=False, compare=False)
    over: Origin | None = field(default=None, compare=False)
    over_said: frozenset[str] = field(default=frozenset(), compare=False)
    known: Mapping[str, Path] = field(default_factory=dict, compare=False)

    def find(self, name: str) -> Path:
        """Return the file that the document names.

        Raises:
            UnfoundFileError: For a file that is not there, or that lies where it may not.
        """
        if name in self.known:
            return self.known[name]
        if self.over is not None and name in self.over_said and name not in self.said:
            return self.over.find(name)
        folders = [folder for folder in (self.folder, impulse_folder()) if folder is not None]
        free = self.own or name in self.said
        try:
            path = Path(name)
            if free:
                path = path.expanduser()
                places = [Path(), *folders] if name in self.said else folders
            else:
                _refuse_to_leave(name, path)
                places = folders
            for place in places:
                found = place / path
                if found.exists():
                    if not free:
                        _refuse_to_lead_out(name, found, place)
                    return found
        except (OSError, ValueError, RuntimeError) as error:  # a NUL, a loop of links, no home
            reason = getattr(error, "strerror", None) or str(error)
            raise UnfoundFileError(
                Problem("", f"{name!r} cannot be looked for: {reason}")
            ) from error
        searched = " nor in ".join(str(folder) for folder in folders)
        raise UnfoundFileError(
            Problem(
                "",
                f"there is no file {name!r}",
                f"it is neither in {searched}" if len(folders) > 1 else f"it is not in {searched}",
            )
        )


_WHERE_IT_MAY_LIE = (
    "a preset's files lie in its own folder or below; name others by --set, or copy them there"
)


def _refuse_to_leave(name: str, path: Path) -> None:
    # Windows' own spellings count everywhere: a preset is made on one machine and read on another.
    strange = "\\" in name or ":" in name
    if strange or path.is_absolute() or ".." in path.parts or not path.parts:
        reason = f"{name!r} is no plain path below the preset's folder"
        raise UnfoundFileError(Problem("", reason, _WHERE_IT_MAY_LIE))


def _refuse_to_lead_out(name: str, found: Path, place: Path) -> None:
    if not found.resolve().is_relative_to(place.resolve()):
        reason = f"{name!r} is a link that leads out of the folder"
        raise UnfoundFileError(Problem("", reason, _WHERE_IT_MAY_LIE))
