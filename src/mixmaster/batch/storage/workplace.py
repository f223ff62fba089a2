"""The workplace of stores: inputs are fetched, outputs put, whoever runs the stage and where.

Next to the outputs, in ``.mixmaster-batch``: premasters, what was made under which key, and claims.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.batch.stages.stage import MadeFile, StageInput, StageSpec
from mixmaster.batch.stages.workplace import Ready
from mixmaster.batch.state.store import FOLDER
from mixmaster.batch.storage.claims import claimed
from mixmaster.batch.storage.names import Location, is_address
from mixmaster.batch.storage.publish import (
    check_place,
    manifest_location,
    publish,
    published,
)
from mixmaster.batch.storage.scratch import MOST_BYTES, Scratch
from mixmaster.errors import AudioFileError, StorageError

NOTE_FORMAT: Final = 1
_MOST_NOTE_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class StoreWorkplace:
    """Outputs go to a store; inputs come from one, or from folders that all workers share.

    Attributes:
        output: Where outputs go.
        roots: Local folders of whoever plans, and what they are a copy of: a path below one of them
            is fetched from there. The last that fits counts.
        scratch_folder: Where fetched files are kept; None is the user's cache folder.
        scratch_bytes: How many bytes of them.
        overwrite: Whether files that are not ours may be replaced.
    """

    output: Location
    roots: tuple[tuple[str, Location], ...] = ()
    scratch_folder: str | None = None
    scratch_bytes: int = MOST_BYTES
    overwrite: bool = False

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give an empty folder on the disk of the scratch folder."""
        with self.kept().work_folder() as folder:
            yield folder

    def fetch(self, item: StageInput, folder: Path) -> Path:
        """Return an input: where it is if this machine has it, else fetched from its store."""
        path = Path(item.path)
        if not is_address(item.path) and path.is_file():
            return path
        at = self._address(item.path)
        if at is None:
            reason = "it is gone, or has changed, since the batch was planned"
            raise AudioFileError(shown(path), reason, "run the batch again")
        kept = self.kept()
        try:
            if at.path.startswith(f"{self.output.path}/{FOLDER}/"):  # a premaster has its manifest
                kept.place(manifest_location(at), folder / manifest_location(at).name)
            return kept.place(at, folder / at.name, sha256=item.sha256).path
        except StorageError as error:
            if error.passing:
                raise
            raise AudioFileError(error.where, error.reason, error.hint) from error

    def fetches(self, path: str) -> bool:
        """Return whether an input comes from a store where it is not on this machine."""
        return self._address(path) is not None

    @contextlib.contextmanager
    def claimed(self, spec: StageSpec) -> Iterator[bool]:
        """Hold the claims of the outputs."""
        kept, folder = self.kept(), self._state("claims")
        with contextlib.ExitStack() as stack:
            yield all(
                stack.enter_context(claimed(kept.remote, folder, _short(each.path), kept.locks))
                for each in sorted(spec.outputs, key=lambda output: output.path)
            )

    def found(self, spec: StageSpec) -> dict[str, MadeFile]:
        """Return the outputs whose note, file and manifest all agree."""
        kept = self.kept()
        found = {}
        for output in spec.outputs:
            made = self.made(output.path)
            if made is None or made.key != output.key:
                continue
            if published(kept, self.output.child(output.path)) == made.sha256:
                found[output.path] = made
        return found

    def check(self, spec: StageSpec) -> None:
        """Raise for files that are not ours where outputs would go; what is in the state is."""
        for output in spec.outputs:
            check_place(
                self.kept(),
                self.output.child(output.path),
                overwrite=self._may_replace(output.path),
            )

    def publish(self, spec: StageSpec, ready: Sequence[Ready]) -> tuple[MadeFile, ...]:
        """Put files and their manifests; then note under which keys they were made."""
        del spec
        kept = self.kept()
        for ours in (False, True):
            files = [
                (each.file, self.output.child(each.output.path))
                for each in ready
                if self._may_replace(each.output.path) is ours
            ]
            publish(kept, files, overwrite=ours)
        for each in ready:
            said = {"format": NOTE_FORMAT, "file": each.made.to_json()}
            text = json.dumps(said, allow_nan=False).encode()
            kept.remote.write(self.note(each.output.path), text)
        return tuple(each.made for each in ready)

    def _address(self, path: str) -> Location | None:
        if is_address(path):
            return Location.parse(path)
        for root, at in reversed(self.roots):
            if PurePosixPath(path).is_relative_to(root) and path != root:
                return at.child(PurePosixPath(path).relative_to(root).as_posix())
        return None

    def kept(self) -> Scratch:
        """Return what is kept of stores on this machine."""
        return _scratch(self.scratch_folder, self.scratch_bytes)

    def _state(self, name: str) -> Location:
        return Location(self.output.scheme, f"{self.output.path}/{FOLDER}/{name}")

    def note(self, name: str) -> Location:
        """Return where it is noted under which key an output was made."""
        return self._state("notes").child(_short(name))

    def made(self, name: str) -> MadeFile | None:
        """Return what was noted of an output when it was made; None without.

        Raises:
            StorageError: When the store does not answer.
        """
        kept = self.kept()
        note = self.note(name)
        if kept.remote.look(note) is None:
            return None
        try:
            said = json.loads(kept.remote.read(note, _MOST_NOTE_BYTES))
            return MadeFile.noted(said["file"]) if said["format"] == NOTE_FORMAT else None
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        except StorageError as error:
            if error.passing:
                raise
            return None

    def _may_replace(self, name: str) -> bool:
        return self.overwrite or name.startswith(f"{FOLDER}/")


@cache
def _scratch(folder: str | None, most_bytes: int) -> Scratch:
    return Scratch(None if folder is None else Path(folder), most_bytes=most_bytes)


def _short(name: str) -> str:
    return hashlib.sha256(json.dumps(name).encode("ascii")).hexdigest()[:40]
