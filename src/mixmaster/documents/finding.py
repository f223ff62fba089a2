"""Finding presets by name: those that ship, and the user's own."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mixmaster.documents.addresses import nearest
from mixmaster.errors import DocumentError, Problem

FOLDERS = {
    "mix": "mix",
    "mastering": "mastering",
    "target": "targets",
    "profile": "profiles",
    "system": "systems",
}
"""The folder of each kind of preset."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class PresetFile:
    """A preset that was found; nothing of it has been read.

    Attributes:
        kind: ``mix``, ``mastering``, ``target``, ``profile`` or ``system``.
        name: The file's name without its suffix.
        path: The file.
        origin: ``shipped`` or ``user``.
    """

    kind: str
    name: str
    path: Path
    origin: Literal["shipped", "user"]


def shipped_folder() -> Path:
    """Return the folder of the presets that ship: in the wheel, or at a checkout's top."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "presets"
    return installed if installed.is_dir() else package.parent.parent / "presets"


def user_folder() -> Path:
    """Return the folder of the user's own presets, whether it exists or not."""
    return own_folder("XDG_CONFIG_HOME", ".config") / "presets"


def own_folder(variable: str, usual: str) -> Path:
    """Return the program's folder of a kind in the user's home, whether it exists or not.

    Args:
        variable: What names the folder of that kind in the environment: ``XDG_CONFIG_HOME``.
        usual: The folder in the user's home where that says nothing.
    """
    configured = os.environ.get(variable, "")
    # The XDG base directory specification: a relative path there is to be ignored.
    base = Path(configured) if Path(configured).is_absolute() else Path.home() / usual
    return base / "mixmaster"


def list_presets(kind: str | None = None) -> list[PresetFile]:
    """Return all presets of a kind, or of every kind, by kind and name.

    A preset of the user's own hides the shipped one of the same kind and name.
    """
    assert kind is None or kind in FOLDERS
    found: dict[tuple[str, str], PresetFile] = {}
    for origin, folder in (("shipped", shipped_folder()), ("user", user_folder())):
        for each in [kind] if kind else FOLDERS:
            for path in sorted((folder / FOLDERS[each]).glob("*.toml")):
                if path.is_file() and not path.name.startswith("."):
                    preset = PresetFile(each, path.stem, path, origin)  # type: ignore[arg-type]
                    found[each, path.stem] = preset
    order = list(FOLDERS)
    return sorted(found.values(), key=lambda preset: (order.index(preset.kind), preset.name))


def find_preset(kind: str | None, name: str) -> Path:
    """Return the file of a preset.

    Args:
        kind: ``mix``, ``mastering``, ``target``, ``profile`` or ``system``; None when any kind
            will do.
        name: A preset's name; the name behind its folder, ``targets/podcast``, where two kinds
            share it; or the path of a ``.toml`` file.

    Raises:
        DocumentError: For a name that no preset has, with the nearest ones; for a name that two
            kinds share when any kind will do.
    """
    if name.lower().endswith(".toml"):
        return _file(name)
    wanted_kind, bare = _split(kind, name)
    presets = list_presets(wanted_kind)
    hits = [preset for preset in presets if preset.name == bare]
    if len(hits) == 1:
        return hits[0].path
    if hits:
        which = " or ".join(f"{FOLDERS[hit.kind]}/{hit.name}" for hit in hits)
        raise _error(name, "names more than one preset", f"say {which}")
    raise _error(
        name, f"no {wanted_kind or ''} preset of this name".replace("  ", " "), _hint(bare, kind)
    )


def _split(kind: str | None, name: str) -> tuple[str | None, str]:
    """Return kind and bare name of ``targets/podcast`` or ``podcast``."""
    folder, slash, bare = name.rpartition("/")
    if not slash:
        folder, bare = "", name
    if not _NAME.fullmatch(bare) or "/" in folder:
        raise _error(
            name, "is no preset's name", "a name, folder/name, or a path that ends in .toml"
        )
    if not folder:
        return kind, bare
    kinds = {**{f: k for k, f in FOLDERS.items()}, **{k: k for k in FOLDERS}}
    if folder not in kinds:
        raise _error(
            name, f"no folder '{folder}' of presets", "folders: " + ", ".join(FOLDERS.values())
        )
    if kind is not None and kinds[folder] != kind:
        raise _error(name, f"is a {kinds[folder]} preset; a {kind} preset is needed here")
    return kinds[folder], bare


def _hint(bare: str, kind: str | None) -> str:
    """Return where the name may be found: of this kind, else of another."""
    names = [preset.name for preset in list_presets(kind)]
    near = nearest(bare, names)
    if near is not None:
        return f"did you mean '{near}'?"
    elsewhere = [preset for preset in list_presets() if preset.name == bare]
    if elsewhere:
        return f"there is {FOLDERS[elsewhere[0].kind]}/{bare}, a {elsewhere[0].kind} preset"
    return "there are: " + ", ".join(dict.fromkeys(names)) if names else "there are none"


def from_home(name: str | os.PathLike[str]) -> Path:
    """Return a path, a leading ``~`` resolved; as it stands where there is no user of that name."""
    path = Path(name)
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _file(name: str) -> Path:
    path = from_home(name)
    try:
        known = path.is_file()
    except (OSError, ValueError):
        known = False
    if not known:
        raise _error(name, "no such file")
    return path


def _error(name: str, reason: str, hint: str = "") -> DocumentError:
    return DocumentError(f"preset {name!r}", (Problem("", reason, hint),))
