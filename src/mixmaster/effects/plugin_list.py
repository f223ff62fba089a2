"""Which plugins may run: the user's own list, and the word that they may at all.

A plugin is a program: loading one runs its code with the user's rights. So a preset names a
plugin by an id and never by a path; the paths stand in a list that only the user writes,
``plugins.toml`` in the configuration folder; and even those run only where the user said so on
the command line (``--allow-plugins``).
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from pydantic import StringConstraints

from mixmaster.documents.addresses import did_you_mean
from mixmaster.documents.base import Document, Settings, parameter
from mixmaster.documents.finding import from_home, user_folder
from mixmaster.documents.loading import load
from mixmaster.errors import DocumentError, Problem

PluginId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
"""What a preset calls a plugin: lower case, and nothing that could be a path."""


class AllowedPlugin(Settings):
    """One plugin of the list."""

    path: str = parameter(..., "The .vst3 file or bundle: an absolute path, or one that begins ~/.")
    plugin_name: str | None = parameter(
        None, "Which plugin of a bundle that holds several; needed for those alone."
    )
    time_limit_s: float = parameter(
        60.0,
        "How long loading, or one block of audio, may take before the plugin counts as hung.",
        low=0.1,
        high=3_600.0,
    )


class PluginList(Document):
    """The user's list of plugins."""

    kind: Literal["plugins"] = parameter(..., "What the document is: plugins.")
    plugin: dict[PluginId, AllowedPlugin] = parameter({}, "The plugins, by id.")


_state = {"allowed": False}


@contextmanager
def plugins_allowed() -> Iterator[None]:
    """Let plugins of the list run while the context lasts, in this process."""
    before = _state["allowed"]
    _state["allowed"] = True
    try:
        yield
    finally:
        _state["allowed"] = before


def may_run() -> bool:
    """Return whether the user has said that plugins may run."""
    return _state["allowed"]


def list_file() -> Path:
    """Return the user's list of plugins, whether it exists or not."""
    return user_folder().parent / "plugins.toml"


def read_list() -> PluginList:
    """Return the user's list; an empty one where there is no file.

    Raises:
        DocumentError: For a list that is wrong, or that others may write to.
    """
    path = list_file()
    if not path.exists():
        return PluginList(format=1, kind="plugins", name="none")
    if path.stat().st_mode & stat.S_IWOTH:
        reason = "others may write to it: what it names is run as a program"
        raise DocumentError(str(path), (Problem("", reason, "chmod o-w it"),))
    return load(PluginList, path)


def fingerprint(path: Path) -> str:
    """Return a SHA-256 of a plugin's files, a bundle's names included."""
    digest = hashlib.sha256()
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    for each in files:
        with each.open("rb") as file:
            own = hashlib.file_digest(file, "sha256").digest()
        digest.update(each.relative_to(path).as_posix().encode("utf-8") + b"\0" + own)
    return digest.hexdigest()


def find_plugin(name: str, where: str) -> tuple[Path, AllowedPlugin]:
    """Return a plugin of the list and its path.

    Args:
        name: Its id.
        where: The insert's id, for errors.

    Raises:
        DocumentError: For an id that the list does not have, or a path that is not absolute or
            leads nowhere.
    """
    known = read_list().plugin
    if name not in known:
        hint = did_you_mean(name, list(known)) or f"list it in {list_file()}"
        reason = f"'{name}' is not on the list of allowed plugins"
        raise DocumentError(where, (Problem("plugin", reason, hint),))
    found = known[name]
    path = from_home(found.path)
    if not path.is_absolute():
        problem = Problem(f"plugin.{name}.path", "is not absolute", "write the whole path, or ~/")
        raise DocumentError(str(list_file()), (problem,))
    if not path.exists():
        problem = Problem(f"plugin.{name}.path", f"no such plugin: {path}")
        raise DocumentError(str(list_file()), (problem,))
    return path, found
