"""What a batch would do: songs planned and compared with what there is; time and disk estimated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mixmaster.batch.planning.assess import STATES, Assessor, OutputState
from mixmaster.batch.planning.planner import Planner
from mixmaster.batch.planning.songplan import PlannedMaster, SongPlan
from mixmaster.batch.planning.songs import SongJob
from mixmaster.batch.planning.specs import Specs
from mixmaster.batch.stages.stage import Estimate
from mixmaster.batch.state.costs import Costs, premaster_bytes
from mixmaster.batch.state.index import StatIndex
from mixmaster.batch.state.store import Store

Tell = Callable[[str, float], None]
_NOT_DONE = ("stale", "missing", "failed")


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What is wanted of a batch as a whole.

    Attributes:
        output: The output folder.
        jobs: The songs.
        keep_premasters: Whether mixes are kept.
        retry_failed: Whether what is quarantined is tried again.
        overwrite: Whether files that are not ours may be replaced.
        allow_plugins: Whether plugins of the user's list may run.
        trusting: Whether files that look unchanged are not read again.
        store: Where outputs and the batch's state are; None for the output folder.
    """

    output: Path
    jobs: Sequence[SongJob]
    keep_premasters: bool = True
    retry_failed: bool = False
    overwrite: bool = False
    allow_plugins: bool = False
    trusting: bool = True
    store: Store | None = None


@dataclass(slots=True)
class SongWork:
    """One song, and what is to be done for it.

    Attributes:
        job: What is wanted.
        plan: Its plan.
        mixes: The hashes of its mixes, by version; None while they are not known.
        states: Its outputs.
        mix_needed: Whether its mix has to be made.
        wanted: The targets to be made, by the id of their stage.
    """

    job: SongJob
    plan: SongPlan
    mixes: dict[str, str] | None
    states: list[OutputState]
    mix_needed: bool = False
    wanted: dict[str, list[str]] = field(default_factory=dict)

    @property
    def masters(self) -> Mapping[str, PlannedMaster]:
        """The stages of its masters, by id."""
        return {each.id: each for each in self.plan.masters}


class Prepared:
    """A batch before it runs.

    Args:
        options: What is wanted.
        tell: Told how far planning is.
        keep: Whether plans and hashes may be kept in the output folder though no batch has been
            there yet; ``status`` leaves no trace.

    Attributes:
        songs: The songs.

    Raises:
        UsageError: For two outputs of one name.
    """

    def __init__(self, options: BatchOptions, tell: Tell, *, keep: bool = True) -> None:
        self.options = options
        self.store = options.store or Store(options.output)
        keep = keep or self.store.folder.is_dir()
        self.index = StatIndex(self.store.index_file if keep else None, trusting=options.trusting)
        self.costs = Costs(self.store.costs_file)
        self.planner = Planner(self.store, self.index, keep=keep)
        self.assessor = Assessor(self.store, self.index)
        self.specs = Specs(self.store, self.costs, allow_plugins=options.allow_plugins)
        planned = self.planner.plans(options.jobs, tell)
        self.songs = [self._work(job, plan) for job, plan in planned]
        if keep:
            self.index.save()

    @property
    def states(self) -> list[OutputState]:
        """All outputs of all songs."""
        return [state for song in self.songs for state in song.states]

    @property
    def broken(self) -> list[SongPlan]:
        """Songs that could not be planned."""
        return [song.plan for song in self.songs if song.plan.error]

    def counts(self) -> dict[str, int]:
        """Return how many outputs are in each state."""
        states = [each.state for each in self.states]
        return {name: states.count(name) for name in STATES}

    def explain(self, song: SongWork) -> list[OutputState]:
        """Return a song's outputs with all that can be said of why they are not current."""
        if song.plan.error or all(each.state == "current" for each in song.states):
            return song.states
        full = self.planner.full(song.job)
        return self.assessor.outputs(song.plan, song.mixes, full)

    def stages(self) -> list[dict[str, Any]]:
        """Return the stages that will run, as far as can be known: for events and dry runs."""
        found = []
        for song in self.songs:
            needs: tuple[str, ...] = ()
            if song.mix_needed and song.plan.mix is not None:
                found.append(_stage(song, "mix", song.plan.mix.id, self._mix(song), needs))
                needs = (song.plan.mix.id,)
            for stage, targets in song.wanted.items():
                cost = self.specs.master_estimate(song.plan, song.masters[stage], targets)
                found.append(_stage(song, "master", stage, cost, needs))
        return found

    def wall_s(self, cores: int) -> float:
        """Return how long the stages may take: their work shared by the cores, or one song's.

        Args:
            cores: How many processors share it.
        """
        stages = self.stages()
        work = float(sum(each["cpu_s"] for each in stages))
        # One song's mix and its longest chain follow one another; their threads share little.
        return max([work / cores, *(float(each["cpu_s"]) / min(cores, 2) for each in stages)])

    def disk_bytes(self, workers: int) -> int:
        """Return how much disk the stages may take at most.

        Args:
            workers: How many run at once.
        """
        kept = [
            premaster_bytes(song.plan.frames) * len(song.plan.mix.outputs)
            for song in self.songs
            if song.mix_needed and song.plan.mix is not None
        ]
        if not self.options.keep_premasters:
            kept = sorted(kept, reverse=True)[: 2 * workers]
        written, scratch = 0, [0]
        for song in self.songs:
            for stage, targets in song.wanted.items():
                cost = self.specs.master_estimate(song.plan, song.masters[stage], targets)
                written += cost.output_bytes
                scratch.append(cost.scratch_bytes)
        return sum(kept) + written + sum(sorted(scratch, reverse=True)[:workers])

    def require_space(self, workers: int) -> None:
        """Raise unless the disk has room.

        Raises:
            OutputError: With both figures.
        """
        self.store.require_space(self.disk_bytes(workers))

    def _mix(self, song: SongWork) -> Estimate:
        return self.specs.mix_estimate(song.plan)

    def _work(self, job: SongJob, plan: SongPlan) -> SongWork:
        if plan.error:
            return SongWork(job, plan, None, [])
        mixes = self.assessor.mixes(plan)
        work = SongWork(job, plan, mixes, self.assessor.outputs(plan, mixes))
        self.settle(work)
        return work

    def settle(self, song: SongWork) -> None:
        """Decide from a song's states what is to be done for it."""
        wanted: dict[str, list[str]] = {}
        states = {each.path: each.state for each in song.states}
        for master in song.plan.masters:
            for target, path in master.paths.items():
                again = self.options.retry_failed and states[path] == "quarantined"
                if again or states[path] in _NOT_DONE:
                    wanted.setdefault(master.id, []).append(target)
        song.wanted = wanted
        song.mix_needed = False
        if song.plan.mix is not None and wanted:
            versions = {song.masters[stage].version for stage in wanted}
            song.mix_needed = not versions <= self.assessor.premasters(song.plan)


def _stage(
    song: SongWork, kind: str, stage: str, cost: Estimate, needs: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "id": stage,
        "kind": kind,
        "song": song.plan.name,
        "cpu_s": cost.cpu_s,
        "memory_bytes": cost.memory_bytes,
        "needs": list(needs),
        "outputs": list(song.wanted.get(stage, ())),
    }
