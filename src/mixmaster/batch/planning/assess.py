"""Which outputs are what they should be, which are not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mixmaster.batch.planning.reasons import differences
from mixmaster.batch.planning.songplan import PlannedMaster, SongPlan
from mixmaster.batch.stages.stage import MadeFile, StageError
from mixmaster.batch.state.files import digest
from mixmaster.batch.state.index import StatIndex
from mixmaster.batch.state.store import Store
from mixmaster.errors import OutputError
from mixmaster.results import Result

State = Literal["current", "stale", "missing", "failed", "quarantined"]
STATES: tuple[State, ...] = ("current", "stale", "missing", "failed", "quarantined")


@dataclass(frozen=True, slots=True)
class OutputState(Result):
    """One output.

    Attributes:
        song: Its song.
        version: Its version.
        master: Its mastering preset.
        target: Its target.
        path: Where it goes, from the output folder on.
        state: ``current``; ``stale``, what it is made from has changed; ``missing``; ``failed``, to
            be tried again; ``quarantined``, failed, and left alone until something changes.
        why: In words.
        stage: The id of the stage that makes it.
        key: What it should be made of; empty while its mix is not known.
    """

    song: str
    version: str
    master: str
    target: str
    path: str
    state: State
    why: tuple[str, ...] = ()
    stage: str = ""
    key: str = ""


def master_key(master: PlannedMaster, target: str, mix_sha256: str) -> str:
    """Return the key of one master."""
    parts = {"chain": master.chain, "target": master.targets[target], "mix": mix_sha256}
    return digest(parts)


class Assessor:
    """Compares songs' plans with what there is.

    Args:
        store: What there is.
        index: Knows hashes of files.
    """

    def __init__(self, store: Store, index: StatIndex) -> None:
        self._store = store
        self._index = index

    def mixes(self, plan: SongPlan) -> dict[str, str] | None:
        """Return the hashes of a song's mixes, by version, if they are known, made or not."""
        if plan.mix is None:
            return {master.version: plan.mix_sha256 for master in plan.masters}
        found = {}
        for output in plan.mix.outputs:
            made = self._store.made(output.path)
            if made is None or made.key != output.key:
                return None
            found[output.version] = made.sha256
        return found

    def premasters(self, plan: SongPlan) -> set[str]:
        """Return the versions whose premasters are there, whole."""
        found: set[str] = set()
        for output in () if plan.mix is None else plan.mix.outputs:
            made = self._store.made(output.path)
            if made is not None and made.key == output.key and self._is_whole(made):
                found.add(output.version)
        return found

    def outputs(
        self, plan: SongPlan, mixes: Mapping[str, str] | None, full: Mapping[str, Any] | None = None
    ) -> list[OutputState]:
        """Return the state of a song's outputs.

        Args:
            plan: The song's plan.
            mixes: As `mixes` returns it.
            full: What keys are made of, to say what has changed; None spares that.
        """
        failed = None
        if plan.mix is not None and mixes is None:
            failed = self._failure(plan.mix.id, plan.mix.key)
        return [
            self._output(plan, master, target, mixes, failed=failed, full=full)
            for master in plan.masters
            for target in master.targets
        ]

    def _output(
        self,
        plan: SongPlan,
        master: PlannedMaster,
        target: str,
        mixes: Mapping[str, str] | None,
        *,
        failed: tuple[StageError, ...] | None,
        full: Mapping[str, Any] | None,
    ) -> OutputState:
        path = master.paths[target]
        key = "" if mixes is None else master_key(master, target, mixes[master.version])
        state, why, made = self._state(path, key, failed)
        if made is not None:
            why = self._why(made, plan, master, target, full)
        return OutputState(
            song=plan.name,
            version=master.version,
            master=master.master,
            target=target,
            path=path,
            state=state,
            why=why,
            stage=master.id,
            key=key,
        )

    def _state(
        self, path: str, key: str, failed: tuple[StageError, ...] | None
    ) -> tuple[State, tuple[str, ...], MadeFile | None]:
        """Return a state and why; instead of why, what was made under another key."""
        try:
            made = self._store.made(path)
            there = self._store.is_there(path)
        except OutputError as error:
            return "failed", (str(error),), None
        if made is not None and key and made.key == key and self._is_whole(made):
            return "current", (), None
        failed = failed or (self._failure(path, key) if key else None)
        if failed is not None:
            lasting = any(each.lasting for each in failed)
            reasons = tuple(each.reason for each in failed)
            return "quarantined" if lasting else "failed", reasons, None
        if made is None:
            strange = "a file is in its place that was not made by a batch"
            return "missing", (strange if there else "it was never made",), None
        if not there:
            return "missing", ("the file is gone",), None
        if made.key == key:
            return "stale", ("the file or its manifest was changed since it was made",), None
        return "stale", (), made

    def _is_whole(self, made: MadeFile) -> bool:
        return self._store.is_whole(made, self._index.sha256)

    def _failure(self, name: str, key: str) -> tuple[StageError, ...] | None:
        found = self._store.failure(name)
        return found[1] if found is not None and found[0] == key else None

    def _why(
        self,
        made: MadeFile,
        plan: SongPlan,
        master: PlannedMaster,
        target: str,
        full: Mapping[str, Any] | None,
    ) -> tuple[str, ...]:
        """Return what of an output's makings is not what it was."""
        if full is None:
            return ()
        before = self._store.content(made.key)
        if before is None:
            return ("what it was made of is not known any more",)
        now = dict(full["masters"][master.id]["content"])
        now["target"] = now.pop("targets")[target]
        said = differences(
            {name: value for name, value in before.items() if name not in {"mix", "mix_key"}},
            now,
            {},
        )
        if plan.mix is None:
            if before.get("mix") != plan.mix_sha256:
                said.insert(0, f"{Path(plan.source).name} has changed")
        elif before.get("mix_key") != plan.mix.key:
            old = self._store.content(str(before.get("mix_key")))
            names = {each["sha256"]: Path(each["path"]).name for each in full["mix"]["inputs"]}
            mix = ["the mix"] if old is None else differences(old, full["mix"]["content"], names)
            said = [f"mix: {each}" for each in mix] + said
        return tuple(said) or ("the mix came out otherwise",)
