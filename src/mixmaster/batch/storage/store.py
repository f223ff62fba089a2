"""The state of a batch whose outputs go to a store.

What is there, the store itself knows: outputs with their manifests, and notes of the keys that they
were made under. One listing at the beginning tells which of them are as this machine has seen them
before; only others are read. Plans, failures and costs are kept here, in the user's cache folder.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from mixmaster.batch.events import Event
from mixmaster.batch.local.workplace import content_of
from mixmaster.batch.stages.stage import Executor, MadeFile, StageResult, StageSpec
from mixmaster.batch.state.files import read_state, write_state
from mixmaster.batch.state.store import FOLDER, Store
from mixmaster.batch.storage.names import Location
from mixmaster.batch.storage.publish import manifest_location, manifest_sha256
from mixmaster.batch.storage.remote import Seen
from mixmaster.batch.storage.workplace import StoreWorkplace
from mixmaster.engine.keeping import cache_folder
from mixmaster.engine.outputs import inside
from mixmaster.errors import StorageError

_SPEAKS_OF: Final = "speaks of"


class RemoteStore(Store):
    """The state of outputs in a store.

    Args:
        workplace: Where outputs go.
    """

    def __init__(self, workplace: StoreWorkplace) -> None:
        at = workplace.output
        name = f"{at.name[:40]}-{hashlib.sha256(str(at).encode()).hexdigest()[:16]}"
        super().__init__(cache_folder() / "batches" / name)
        self.at = at
        self._workplace = workplace
        self._scratch = workplace.kept()
        self._listed: dict[Location, Seen] | None = None
        self._new: dict[str, MadeFile] = {}

    @property
    def shown_output(self) -> str:
        """Where outputs go, for people."""
        return str(self.at)

    def made(self, name: str) -> MadeFile | None:
        """Return what was noted of an output when it was made, here or by another machine."""
        if name in self._new:
            return self._new[name]
        inside(self.output, name)
        seen = self._seen(self._workplace.note(name))
        if seen is None:
            return None
        kept = self.folder / "noted" / seen.at.name
        said = read_state(kept)
        if isinstance(said, dict) and said.get("token") == seen.token:
            return MadeFile.noted(said.get("file"))
        made = self._workplace.made(name)
        if made is not None:
            write_state(kept, {"token": seen.token, "file": made.to_json()}, durable=False)
        return made

    def is_there(self, name: str) -> bool:
        """Return whether a file lies where an output goes."""
        return name in self._new or self._seen(self.at.child(name)) is not None

    def is_whole(self, made: MadeFile, hash_of: Callable[[Path], str]) -> bool:
        """Return whether an output is what was noted of it, and its manifest says so, too."""
        del hash_of
        if made.path in self._new:
            return True
        at = self.at.child(made.path)
        file, beside = self._seen(at), self._seen(manifest_location(at))
        if file is None or beside is None or file.size_bytes != made.bytes:
            return False
        said = self._scratch.known(beside, _SPEAKS_OF)
        if said is None:
            said = manifest_sha256(self._scratch.remote, at)
            if said is None:
                return False
            self._scratch.remember(beside, said, _SPEAKS_OF)
        return said == made.sha256 == self._scratch.sha256(at)

    def require_space(self, bytes_needed: int) -> None:
        """Take what is needed for given: it is the store's, and the workers'."""

    def remove_premasters(self, names: list[str], *, forget: bool) -> None:
        """Remove premasters; and, to ``forget`` them, what was noted of them."""
        for name in names:
            file = self.at.child(name)
            gone = [manifest_location(file), file]
            if forget:
                gone.append(self._workplace.note(name))
            for at in gone:
                with contextlib.suppress(StorageError):
                    self._scratch.remote.remove(at)
                (self._listed or {}).pop(at, None)
            self._new.pop(name, None)

    def take(self, spec: StageSpec, result: StageResult) -> None:
        """Note what a worker has made: it has read it back, so nobody need read it again."""
        for made in result.files:
            self._new[made.path] = made
            self.forget_failure(made.path)
            output = next(each for each in spec.outputs if each.path == made.path)
            if output.target:
                self.note_content(made.key, content_of(spec, output))
            at = self.at.child(made.path)
            with contextlib.suppress(StorageError):
                for each, what in ((at, "content"), (manifest_location(at), _SPEAKS_OF)):
                    seen = self._scratch.remote.look(each)
                    if seen is not None:
                        self._scratch.remember(seen, made.sha256, what)

    def _seen(self, at: Location) -> Seen | None:
        if self._listed is None:
            remote = self._scratch.remote
            state = Location(self.at.scheme, f"{self.at.path}/{FOLDER}")
            folders = (self.at, *(state.child(name) for name in ("notes", "premasters")))
            self._listed = {each.at: each for place in folders for each in remote.listing(place)}
        return self._listed.get(at)


class Noting:
    """An executor whose results are noted in a `RemoteStore`.

    Args:
        executor: Who does the work.
        store: Where outputs go.
    """

    def __init__(self, executor: Executor, store: RemoteStore) -> None:
        self._executor = executor
        self._store = store
        self._specs: dict[str, StageSpec] = {}

    @property
    def workers(self) -> int:
        """How many stages may run at once."""
        return self._executor.workers

    def takes(self, spec: StageSpec) -> bool:
        """Return whether a stage would begin soon."""
        return self._executor.takes(spec)

    def submit(self, spec: StageSpec, *, waiting: int = 0) -> None:
        """Have a stage run."""
        self._specs[spec.id] = spec
        self._executor.submit(spec, waiting=waiting)

    def events(self, timeout_s: float) -> Sequence[Event | StageResult]:
        """Return what has happened; what was made is noted."""
        told = self._executor.events(timeout_s)
        for each in told:
            if isinstance(each, StageResult):
                self._store.take(self._specs.pop(each.id), each)
        return told

    def cancel(self) -> None:
        """End everything under way."""
        self._executor.cancel()

    def close(self) -> None:
        """Let go of all workers."""
        self._executor.close()
