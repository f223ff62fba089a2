"""The A/B folder: what is ours in it, what can be used again, and how it changes.

Audio is named by what it was made from, so a file never changes under an open page; the page is
renamed into its place when all that it needs is there. The manifest lists everything with its
hash. What an earlier run made and this one does not need is removed last.
"""

from __future__ import annotations

import contextlib
import json
import stat
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.names import shown
from mixmaster.audio.source import content_hash
from mixmaster.engine.outputs import inside
from mixmaster.engine.publish import manifest_path, put, staged
from mixmaster.errors import AudioFileError, OutputError, UsageError
from mixmaster.pages.ab.data import SESSION_SCHEMA
from mixmaster.pages.writing import PAGE_MARK, check_place
from mixmaster.results import to_json_text

MANIFEST: Final = "mixmaster-ab.json"
SCHEMA: Final = "mixmaster/ab-manifest/1"
PAGE: Final = "index.html"
AUDIO: Final = "audio"
MASTERS: Final = "masters"
_MAX_BYTES: Final = 256 << 20


class AbFolder:
    """A folder that versions are put into.

    Args:
        path: Where it is, or will be.
        overwrite: Whether files that are not ours may be replaced.

    Raises:
        OutputError: For a path that is a file, and for a stranger's page in it.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self.path = path
        try:
            there = path.exists()
            folder = path.is_dir()
        except (OSError, ValueError) as error:
            raise OutputError(shown(path), f"it is no folder: {error}", "name a folder") from error
        if there and not folder:
            raise OutputError(shown(path), "it is a file", "name a folder")
        self._new = not there
        self._made: list[Path] = []
        self._old = _read(path / MANIFEST)
        if self._old is None:
            check_place(path / PAGE, PAGE_MARK, overwrite=overwrite)
            if (path / MANIFEST).exists() and not overwrite:
                raise OutputError(
                    shown(path / MANIFEST),
                    "it exists, and is no manifest of an A/B",
                    "choose another folder; or --overwrite",
                )
        elif PAGE not in self._old.get("files", {}):
            check_place(path / PAGE, PAGE_MARK, overwrite=overwrite)

    def session(self) -> dict[str, Any]:
        """Return the session of the run before, as JSON; empty where there is none."""
        found = (self._old or {}).get("session", {})
        return found if isinstance(found, dict) else {}

    def masters(self) -> list[dict[str, Any]]:
        """Return the records of the masters of the run before."""
        found = (self._old or {}).get("masters", [])
        return [each for each in found if isinstance(each, dict)]

    def still_there(self, name: str, sha256: str) -> Path | None:
        """Return a file of the run before, if it is there and has not changed."""
        if (self._old or {}).get("files", {}).get(name) != sha256:
            return None
        try:
            path = inside(self.path, name)
            return path if path.is_file() and content_hash(path) == sha256 else None
        except (OutputError, AudioFileError):
            return None

    def place(self, name: str) -> Path:
        """Return where a new file of ours goes; its folder is made.

        Raises:
            OutputError: When it cannot be made, or a stranger's file lies there.
        """
        path = self.path / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = f"it cannot be made: {error.strerror}"
            raise OutputError(shown(path.parent), reason, "write to a folder that is yours") from (
                error
            )
        self.made(path)
        return path

    def clear_page(self) -> None:
        """Remove a stranger's page: it was said that it may be replaced."""
        page = self.path / PAGE
        try:
            check_place(page, PAGE_MARK)
        except OutputError:
            page.unlink()

    def made(self, path: Path) -> None:
        """Remember a file of this run: it goes if the run comes to nothing."""
        self._made.append(path)

    def abandon(self) -> None:
        """Remove what this run has made, and the folder if it is new."""
        for path in self._made:
            pieces = path.parent.glob(f"{path.stem}-*.js") if path.parent.name == AUDIO else ()
            for each in (path, *pieces):
                with contextlib.suppress(OSError):
                    each.unlink(missing_ok=True)
        for folder in (self.path / AUDIO, self.path / MASTERS, *([self.path] * self._new)):
            with contextlib.suppress(OSError):  # not empty: someone's
                folder.rmdir()

    def commit(
        self,
        session: Mapping[str, Any],
        masters: Iterable[Mapping[str, Any]],
        files: Iterable[Path],
        threads: int,
    ) -> None:
        """Write the manifest, and remove what only the run before needed.

        Args:
            session: As JSON.
            masters: Records of masters, with ``file`` and ``key``.
            files: All files that belong to the folder now.
            threads: For their hashes.
        """
        paths = sorted(set(files))
        with ThreadPoolExecutor(threads, thread_name_prefix="hash") as pool:
            found = list(pool.map(content_hash, paths))
        names = [path.relative_to(self.path).as_posix() for path in paths]
        hashes = dict(zip(names, found, strict=True))
        said = {"schema": SCHEMA, "files": hashes, "masters": list(masters), "session": session}
        target = self.path / MANIFEST
        with staged(target) as part:
            text = to_json_text(said, indent=None)
            part.write_text(text, encoding="utf-8", errors="backslashreplace")
            put(part, target)
        self._made.clear()
        for name, sha256 in (self._old or {}).get("files", {}).items():
            if name in hashes:
                continue
            path = self.still_there(str(name), str(sha256))
            if path is not None:
                with contextlib.suppress(OSError):
                    path.unlink()


def master_files(path: Path) -> list[Path]:
    """Return a master and the manifest beside it."""
    return [path, manifest_path(path)]


def read_session(path: Path) -> dict[str, Any]:
    """Return the session of an A/B folder, as JSON.

    Raises:
        UsageError: For a folder that is none.
    """
    found = _read(path / MANIFEST)
    session = (found or {}).get("session")
    if not isinstance(session, dict) or session.get("schema") != SESSION_SCHEMA:
        hint = f"it has no {MANIFEST}; mixmaster compare ... -o makes one"
        raise UsageError(shown(path), "it is no A/B folder", hint)
    return session


def _read(path: Path) -> dict[str, Any] | None:
    """Return a manifest of ours; None where there is none."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
            return None
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        return None
    return found if isinstance(found.get("files"), dict) else None
