"""Songs that lie in stores, brought here to be planned.

Planning reads documents, and of every stem its header and, once, its content: so the songs are
copied into a folder of their own, as they lie in the store. The next run fetches what has changed
there, and removes what is gone.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.names import has_audio_suffix
from mixmaster.batch.state.files import read_state, write_state
from mixmaster.batch.storage.names import Location, is_address
from mixmaster.batch.storage.remote import Seen, start_of
from mixmaster.batch.storage.scratch import Scratch
from mixmaster.engine.outputs import inside
from mixmaster.engine.publish import put, staged
from mixmaster.errors import UsageError

_INDEX: Final = "mirror"


class Mirror:
    """Local copies of songs in stores.

    Args:
        scratch: Speaks to stores; the copies lie in its folder.

    Attributes:
        roots: Local folders, and what they are a copy of.
    """

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._folder = scratch.folder / "songs"
        self.roots: list[tuple[str, Location]] = []

    def bring(self, text: str) -> str:
        """Copy what an address or a pattern of addresses means; return the local path or pattern.

        A session is brought with the whole folder that it lies in, a folder with all below it.

        Raises:
            UsageError: For an address that is none, or finds nothing.
            StorageError: When the store fails, or holds names that cannot be files here.
            OutputError: When the local disk has no room.
        """
        at = Location.parse(text)
        base = start_of(at)
        if base == at and _is_file(at):
            base = at.folder
        root = self._folder / _name(base)
        found = self._found(at)
        if not found:
            raise UsageError(text, "nothing is there", "such as 's3://bucket/songs/*/song.toml'")
        if (str(root), base) not in self.roots:
            self.roots.append((str(root), base))
        self._copy(root, base, found)
        rest = at.path.removeprefix(base.path).lstrip("/")
        return str(Path(glob.escape(str(root))) / rest) if rest else str(root)

    def bring_files(self, folder: Location, names: Sequence[str]) -> Path:
        """Copy single files below a folder of a store; return the local folder they then lie in.

        Raises:
            UsageError: For one that is not there.
            StorageError: As `bring`.
            OutputError: When the local disk has no room.
        """
        found = []
        for name in names:
            at = folder.child(name)
            seen = self._scratch.remote.look(at)
            if seen is None:
                raise UsageError(str(at), "it is not there", "check the address")
            found.append(seen)
        root = self._folder / f"{_name(folder)}-files"
        self._copy(root, folder, found)
        return root

    def _found(self, at: Location) -> list[Seen]:
        remote = self._scratch.remote
        wild = start_of(at) != at
        if not _is_file(at):
            return remote.listing(Location(at.scheme, f"{at.path}/**") if wild else at)
        seen = remote.listing(at) if wild else [remote.look(at)]
        files = [each for each in seen if each is not None]
        if not at.name.lower().endswith(".toml"):
            return files
        folders = dict.fromkeys(each.at.folder for each in files)
        return [each for folder in folders for each in remote.listing(folder)]

    def _copy(self, root: Path, base: Location, found: Sequence[Seen]) -> None:
        """Bring what is not here as it is there; remove what is not there any more."""
        index = root.with_name(f"{root.name}.{_INDEX}")
        known: dict[str, Any] = read_state(index) or {}
        kept: dict[str, Any] = {}
        start = base.path + "/"
        for seen in found:
            name = seen.at.path.removeprefix(start)
            target = inside(root, name)
            if known.get(name) != [seen.token, *_identity(target)]:
                self._fetch(seen, target)
            kept[name] = [seen.token, *_identity(target)]
        for name in known.keys() - kept.keys():
            with contextlib.suppress(OSError):
                inside(root, name).unlink()
        write_state(index, kept, durable=False)

    def _fetch(self, seen: Seen, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with staged(target) as part:
            part.unlink()
            digest = self._scratch.remote.fetch(seen.at, part)
            put(part, target)
        self._scratch.remember(seen, digest)


def bring_all(paths: Sequence[str], scratch: Scratch) -> tuple[list[str], Mirror]:
    """Bring those paths of songs that are addresses; return all as local paths.

    Raises:
        UsageError: As `Mirror.bring`.
        StorageError: Likewise.
    """
    mirror = Mirror(scratch)
    return [mirror.bring(path) if is_address(path) else path for path in paths], mirror


def _is_file(at: Location) -> bool:
    """Return whether an address or a pattern means sessions or mixes, and not folders."""
    return at.name.lower().endswith(".toml") or has_audio_suffix(Path(at.name))


def _name(at: Location) -> str:
    """Return a folder's name for an address: its last part to be recognised, its hash to differ."""
    return f"{at.name[:40]}-{hashlib.sha256(str(at).encode()).hexdigest()[:16]}"


def _identity(path: Path) -> list[int]:
    try:
        said = os.stat(path)  # noqa: PTH116 - thousands of them
    except OSError:
        return [-1, -1, -1]
    return [said.st_size, said.st_mtime_ns, said.st_ino]
