"""Running a batch: stages handed out as they become ready, whatever becomes of single songs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from mixmaster.batch.events import (
    Event,
    Finished,
    Planned,
    Quarantined,
    Retried,
    Skipped,
)
from mixmaster.batch.planning.assess import OutputState
from mixmaster.batch.planning.prepare import Prepared, SongWork
from mixmaster.batch.running.failing import Failures
from mixmaster.batch.running.item import Item
from mixmaster.batch.running.premasters import Premasters
from mixmaster.batch.running.summary import Summary
from mixmaster.batch.running.tally import Tally
from mixmaster.batch.stages.stage import Executor, StageResult, StageSpec
from mixmaster.batch.stages.working import GONE, as_stage_error
from mixmaster.batch.state.costs import master_work
from mixmaster.errors import MixmasterError

_ASKED_AGAIN_S = 0.5
_WAIT_S = 0.25
_SAVED_EVERY_S = 20.0
_TRIES = 3
_LOOKED_AT = 8
"""How many ready stages are looked at for one that fits into the memory left."""


class Run:
    """A batch that runs.

    Args:
        prepared: The plan.
        executor: Who does the work.
        tell: Told every event.
        cores: How many processors share the work, for the estimate.
        fail_fast: Whether nothing is begun any more after a first failure.
    """

    def __init__(
        self,
        prepared: Prepared,
        executor: Executor,
        tell: Callable[[Event], None],
        *,
        cores: int,
        fail_fast: bool = False,
    ) -> None:
        self._prepared = prepared
        self._store = prepared.store
        self._executor = executor
        self._tell = tell
        self._cores = cores
        self._fail_fast = fail_fast
        self._ready: list[Item] = []
        self._running: dict[str, Item] = {}
        self._tally = Tally()
        self._gone: Counter[str] = Counter()  # how often a song's premasters were found gone
        self._failures = Failures(prepared.store, self._tally, tell)
        keep = prepared.options.keep_premasters
        needing = [song.plan for song in prepared.songs if keep or song.wanted]
        self._premasters = Premasters(prepared.store, needing, keep=keep)
        self._saved_s = time.monotonic()

    def run(self) -> Summary:
        """Do all that can be done.

        Raises:
            KeyboardInterrupt: When it is stopped; what was under way is undone by then.
        """
        prepared = self._prepared
        self._announce()
        try:
            self._begin()
            while self._ready or self._running:
                self._dispatch()
                if not self._running and self._stopping:
                    break
                self._collect()
                if time.monotonic() - self._saved_s > _SAVED_EVERY_S:
                    self._save()
        except BaseException as error:
            self._executor.cancel()
            self._save()
            self._recover()
            if isinstance(error, KeyboardInterrupt):
                self._tell(self._tally.done(len(prepared.broken), interrupted=True))
            raise
        self._save()
        self._tell(self._tally.done(len(prepared.broken)))
        plans = [song.plan for song in prepared.songs]
        return self._tally.summary(self._store.output, plans)

    @property
    def _stopping(self) -> bool:
        return self._fail_fast and self._failures.any

    # ------------------------------------------------------------ beginning

    def _announce(self) -> None:
        prepared, workers = self._prepared, self._executor.workers
        stages = prepared.stages()
        self._tell(
            Planned(
                output=str(self._store.output),
                songs=len(prepared.songs),
                outputs=len(prepared.states),
                current=prepared.counts()["current"],
                stages=tuple(stages),
                cpu_s=sum(each["cpu_s"] for each in stages),
                wall_s=prepared.wall_s(self._cores),
                disk_bytes=prepared.disk_bytes(workers),
                workers=workers,
            )
        )

    def _begin(self) -> None:
        for number, song in enumerate(self._prepared.songs):
            plan = song.plan
            if plan.error:
                self._failures.plan(plan)
                continue
            self._take_states(song, song.states)
            if song.mix_needed:
                self._ready.append(Item(song, None, (1, number)))
            else:
                self._enqueue_masters(song, number)

    def _take_states(self, song: SongWork, states: list[OutputState]) -> None:
        """Count what is current, and what is left alone."""
        wanted = {
            song.masters[stage].paths[target]
            for stage, targets in song.wanted.items()
            for target in targets
        }
        by_stage: dict[str, list[OutputState]] = {}
        for state in states:
            if state.path not in wanted and state.path not in self._tally.made:
                by_stage.setdefault(state.stage, []).append(state)
        for stage, mine in by_stage.items():
            at: dict[str, Any] = {"stage": stage, "kind": "master", "song": song.plan.name}
            current = [each.path for each in mine if each.state == "current"]
            new = [path for path in current if path not in self._tally.current]
            if new:
                files = [self._store.made(path) for path in new]
                self._tally.current.update(new)
                said = tuple(each.to_json() for each in files if each is not None)
                self._tell(Skipped(**at, reason="current", files=said))
            left = [each for each in mine if each.state == "quarantined"]
            if left:
                reason = "; ".join(dict.fromkeys(text for each in left for text in each.why))
                self._tally.failed |= {each.path: "; ".join(each.why) for each in left}
                self._tally.quarantined |= {each.path for each in left}
                paths = tuple(each.path for each in left)
                self._tell(Quarantined(**at, reason=reason, outputs=paths))

    def _enqueue_masters(self, song: SongWork, number: int) -> None:
        for stage in song.wanted:
            if stage in self._running:
                continue
            self._ready.append(Item(song, song.masters[stage], (0, number)))

    # ------------------------------------------------------------ the loop

    def _dispatch(self) -> None:
        if self._stopping:
            self._ready.clear()
            return
        self._ready.sort(key=lambda each: each.order)
        now_s = time.monotonic()
        due = [each for each in self._ready if each.not_before_s <= now_s]
        refused = 0
        for item in due:
            if refused >= _LOOKED_AT:
                return
            spec = item.spec or self._spec(item)
            if spec is None:
                self._ready.remove(item)
                continue
            item.spec = spec
            if not self._executor.takes(spec):
                refused += 1
                continue
            self._ready.remove(item)
            item.spec = None  # a song's documents are large, and there are many songs
            self._running[item.id] = item
            if item.master is None:
                self._premasters.expect(item.song.plan)
            self._executor.submit(spec, waiting=len(self._ready))

    def _spec(self, item: Item) -> StageSpec | None:
        """Return what a worker is handed; None, and the song has failed, where it cannot be."""
        song, specs = item.song, self._prepared.specs
        try:
            full = self._prepared.planner.full(song.job)
            if item.master is None:
                return specs.mix(song.plan, full)
            assert song.mixes is not None
            targets = song.wanted[item.master.id]
            return specs.master(song.plan, item.master, targets, song.mixes, full)
        except (MixmasterError, OSError) as error:
            self._failures.stage(item, [as_stage_error(error)])
            return None

    def _collect(self) -> None:
        for told in self._executor.events(_WAIT_S):
            if isinstance(told, StageResult):
                self._take(told)
                continue
            if isinstance(told, Retried):
                self._recover()
            self._tell(told)

    def _take(self, result: StageResult) -> None:
        item = self._running.pop(result.id)
        self._tally.cpu_s += result.cost.cpu_s
        if result.outcome == "busy":
            item.not_before_s = time.monotonic() + _ASKED_AGAIN_S
            self._ready.append(item)
            return
        song = item.song.plan.name
        if any(each.error == GONE for each in result.errors) and self._gone[song] < _TRIES:
            self._gone[song] += 1
            self._mix_again(item)
            return
        if any(each.error in {"Died", "TimeLimit"} for each in result.errors):
            self._recover()
        self._note_files(item, result)
        if result.errors:
            self._failures.stage(item, result.errors, result.worker)
        if item.master is None and result.outcome in {"made", "current"}:
            self._go_on(item, result)
        if item.master is not None:
            item.song.wanted.pop(item.master.id, None)
            self._tidy(item.song)

    def _mix_again(self, item: Item) -> None:
        """Another batch has removed a premaster: the mix is made again, then what needs it."""
        mine = [each for each in self._ready if each.song is item.song]
        for each in mine:
            self._ready.remove(each)
        plan = item.song.plan
        assert plan.mix is not None
        if plan.mix.id not in self._running:
            self._ready.append(Item(item.song, None, (1, item.order[1])))

    def _note_files(self, item: Item, result: StageResult) -> None:
        for made in result.files:
            self._prepared.index.note(self._store.path(made.path), made.sha256, made.mtime_ns)
        if result.outcome == "current":
            self._skip(item, result)
            return
        if item.master is not None:
            self._tally.made |= {made.path: made for made in result.files}
        if result.outcome == "made":
            self._learn(item, result)
        if result.files:
            self._tell(
                Finished(
                    stage=result.id,
                    kind=result.kind,
                    song=result.song,
                    key=result.key,
                    files=tuple(each.to_json() for each in result.files),
                    notes=result.notes,
                    warnings=result.warnings,
                    cost=result.cost.to_json(),
                    worker=result.worker,
                )
            )

    def _skip(self, item: Item, result: StageResult) -> None:
        """Take what another batch has made meanwhile."""
        if item.master is not None:
            self._tally.current |= {made.path for made in result.files}
        self._tell(
            Skipped(
                stage=result.id,
                kind=result.kind,
                song=result.song,
                reason="made by another batch",
                files=tuple(each.to_json() for each in result.files),
            )
        )

    def _learn(self, item: Item, result: StageResult) -> None:
        plan, costs = item.song.plan, self._prepared.costs
        if item.master is None:
            assert plan.mix is not None
            costs.learn("mix", plan.mix.work, plan.mix.stems, result.cost)
        else:
            work = master_work(plan.duration_s, len(result.files))
            costs.learn("master", work, 0, result.cost)

    def _go_on(self, item: Item, result: StageResult) -> None:
        """After a mix: its masters' keys can be known now, and some may be there already."""
        song = item.song
        song.mixes = {made.version: made.sha256 for made in result.files}
        song.states = self._prepared.assessor.outputs(song.plan, song.mixes)
        self._prepared.settle(song)
        song.mix_needed = False
        done = set(self._tally.made)
        for stage, targets in list(song.wanted.items()):
            paths = song.masters[stage].paths
            left = [target for target in targets if paths[target] not in done]
            song.wanted[stage] = left
            if not left:
                del song.wanted[stage]
        self._take_states(song, song.states)
        self._enqueue_masters(song, item.order[1])
        self._tidy(song)

    # ------------------------------------------------------------ the end

    def _tidy(self, song: SongWork) -> None:
        if not song.wanted:
            with suppress(OSError):  # what is left over takes room, no more
                self._premasters.tidy(song.plan)

    def _recover(self) -> None:
        """Remove what a worker that was ended has left; where that cannot be, the next run does."""
        with suppress(OSError):
            self._store.recover()

    def _save(self) -> None:
        self._saved_s = time.monotonic()
        self._prepared.index.save()
        self._prepared.costs.save()
