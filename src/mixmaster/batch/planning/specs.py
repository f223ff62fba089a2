"""From plans to stages: what a worker is handed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mixmaster.batch.planning.assess import master_key
from mixmaster.batch.planning.songplan import PlannedMaster, SongPlan
from mixmaster.batch.stages.stage import Estimate, StageInput, StageOutput, StageSpec
from mixmaster.batch.state.costs import Costs, Size, master_work, premaster_bytes
from mixmaster.batch.state.files import digest
from mixmaster.batch.state.store import Store

_SPOOLS = 3
"""A chain's output at two rates, and what a solver keeps of it."""


class Specs:
    """Makes stages of plans.

    Args:
        store: Where premasters lie.
        costs: What stages may cost.
        allow_plugins: Whether plugins may run in them.
    """

    def __init__(self, store: Store, costs: Costs, *, allow_plugins: bool) -> None:
        self._store = store
        self._costs = costs
        self._plugins = allow_plugins

    def mix(self, plan: SongPlan, full: Mapping[str, Any]) -> StageSpec:
        """Return the stage of a song's mix."""
        assert plan.mix is not None
        said = full["mix"]
        return StageSpec(
            kind="mix",
            id=plan.mix.id,
            key=plan.mix.key,
            song=plan.name,
            settings=said["settings"],
            content=said["content"],
            inputs=tuple(StageInput(**each) for each in said["inputs"]),
            outputs=plan.mix.outputs,
            allow_plugins=self._plugins,
            estimate=self.mix_estimate(plan),
        )

    def mix_estimate(self, plan: SongPlan) -> Estimate:
        """Return what a song's mix may cost."""
        assert plan.mix is not None
        written = sum(each.bytes_at_most for each in plan.mix.outputs)
        size = Size(plan.mix.stems, 0, written)  # written in the scratch folder, and renamed
        return self._costs.expect("mix", plan.mix.work, size)

    def master(
        self,
        plan: SongPlan,
        master: PlannedMaster,
        targets: Sequence[str],
        mixes: Mapping[str, str],
        full: Mapping[str, Any],
    ) -> StageSpec:
        """Return the stage of one version's masters.

        Args:
            plan: The song's plan.
            master: Which masters.
            targets: Which of their targets.
            mixes: The hashes of the mixes, by version.
            full: What the stages need beside the plan.
        """
        said = full["masters"][master.id]
        sha256 = mixes[master.version]
        outputs = tuple(
            StageOutput(
                master.paths[target],
                master_key(master, target, sha256),
                master.version,
                target,
                master.bytes_at_most[target],
            )
            for target in targets
        )
        wanted = said["content"]["targets"]
        content = {
            **said["content"],
            "targets": {target: wanted[target] for target in targets},
            "mix": sha256,
            "mix_key": "" if plan.mix is None else plan.mix.key,
        }
        settings = said["settings"]
        documents = {target: settings["targets"][target] for target in targets}
        first = full["source"]
        if plan.mix is not None:
            (mix,) = (each for each in plan.mix.outputs if each.version == master.version)
            first = {"path": str(self._store.path(mix.path)), "sha256": sha256, "bytes": 0}
        return StageSpec(
            kind="master",
            id=master.id,
            key=digest(sorted(each.key for each in outputs)),
            song=plan.name,
            settings={**settings, "targets": documents},
            content=content,
            inputs=tuple(StageInput(**each) for each in (first, *said["inputs"])),
            outputs=outputs,
            needs=() if plan.mix is None else (plan.mix.id,),
            allow_plugins=self._plugins,
            estimate=self.master_estimate(plan, master, targets),
        )

    def master_estimate(
        self, plan: SongPlan, master: PlannedMaster, targets: Sequence[str]
    ) -> Estimate:
        """Return what one version's masters may cost."""
        written = sum(master.bytes_at_most[target] for target in targets)
        scratch = _SPOOLS * premaster_bytes(plan.frames)
        work = master_work(plan.duration_s, len(targets))
        return self._costs.expect("master", work, Size(0, scratch, written))
