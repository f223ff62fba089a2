"""The workplace of folders that all workers share: inputs are read where they lie."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.batch.stages.stage import MadeFile, StageInput, StageOutput, StageSpec
from mixmaster.batch.stages.workplace import Ready
from mixmaster.batch.state.files import sync_folder, write_state
from mixmaster.batch.state.index import settled
from mixmaster.batch.state.locks import all_taken
from mixmaster.batch.state.store import FOLDER, Store, work_folder
from mixmaster.engine.hashing import hash_once
from mixmaster.engine.publish import check_target, manifest_path
from mixmaster.errors import AudioFileError, OutputError

_GONE = "it is gone, or has changed, since the batch was planned"


class LocalWorkplace:
    """Outputs, state and temporary files lie below one folder.

    Args:
        output: The output folder.
        overwrite: Whether files that are not ours may be replaced.
    """

    def __init__(self, output: Path, *, overwrite: bool = False) -> None:
        self.store = Store(output)
        self._overwrite = overwrite

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give an empty folder in the state's; on one disk with the outputs."""
        with work_folder(self.store) as folder:
            yield folder

    def fetch(self, item: StageInput, folder: Path) -> Path:
        """Return where the input lies."""
        del folder
        path = Path(item.path)
        if not path.is_file():
            raise AudioFileError(shown(path), _GONE, "run the batch again")
        return path

    @contextlib.contextmanager
    def claimed(self, spec: StageSpec) -> Iterator[bool]:
        """Hold the locks of the outputs, and of the premaster that is read."""
        locks = [self.store.lock(each.path) for each in spec.outputs]
        for item in spec.inputs:
            if Path(item.path).is_relative_to(self.store.folder):  # a premaster
                name = Path(item.path).relative_to(self.store.output).as_posix()
                locks.append(self.store.lock(name, shared=True))
        with all_taken(locks) as held:
            yield held

    def found(self, spec: StageSpec) -> dict[str, MadeFile]:
        """Return the outputs whose note, file and manifest all agree."""
        found = {}
        for output in spec.outputs:
            made = self.store.made(output.path)
            path = self.store.path(output.path)
            if made is None or made.key != output.key or not manifest_path(path).is_file():
                continue
            with contextlib.suppress(AudioFileError):
                if hash_once(path) == made.sha256:
                    found[output.path] = made
        return found

    def check(self, spec: StageSpec) -> None:
        """Raise for files that are not ours where masters would go; what is in the state is."""
        for output in spec.outputs:
            target = self.store.path(output.path)
            check_target(target, overwrite=self._may_replace(output.path))

    def publish(self, spec: StageSpec, ready: Sequence[Ready]) -> tuple[MadeFile, ...]:
        """Rename files and manifests into their places; a journal finishes what is cut short."""
        try:
            self.store.note_content(spec.key, spec.content)
            return tuple(self._publish(spec, each) for each in ready)
        except OSError as error:
            reason = f"it cannot be written: {error.strerror or error}"
            raise OutputError(shown(spec.outputs[0].path), reason, "free some space") from error

    def _publish(self, spec: StageSpec, each: Ready) -> MadeFile:
        name = each.output.path
        target = self.store.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = manifest_path(each.file)
        check_target(target, overwrite=self._may_replace(name))
        text = beside.read_text(encoding="utf-8")
        entry = self.store.journal / f"{time.time_ns()}-{os.getpid()}"
        made = each.made
        write_state(entry, {"file": each.made.to_json(), "manifest": text})
        modified_ns = each.file.stat().st_mtime_ns
        if settled(modified_ns, time.time_ns()):  # it was hashed in a folder of our own until now
            made = replace(made, mtime_ns=modified_ns)
        each.file.replace(target)
        sync_folder(target.parent)
        beside.replace(manifest_path(target))
        sync_folder(target.parent)
        if each.output.target:
            self.store.note_content(each.output.key, content_of(spec, each.output))
        self.store.note_made(made)
        entry.unlink(missing_ok=True)
        return made

    def _may_replace(self, name: str) -> bool:
        return self._overwrite or name.startswith(f"{FOLDER}/")


def content_of(spec: StageSpec, output: StageOutput) -> object:
    """Return what an output's key was made of: a stage with several targets has one for each."""
    rest = {name: value for name, value in spec.content.items() if name != "targets"}
    return {**rest, "target": spec.content["targets"][output.target]}
