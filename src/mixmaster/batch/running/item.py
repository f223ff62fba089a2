"""A stage that may run, seen from the batch that hands it out."""

from __future__ import annotations

from dataclasses import dataclass

from mixmaster.batch.planning.prepare import SongWork
from mixmaster.batch.planning.songplan import PlannedMaster
from mixmaster.batch.stages.stage import StageSpec


@dataclass(slots=True)
class Item:
    """A stage that may run.

    Attributes:
        song: Its song.
        master: Which masters; None for the mix.
        order: What goes first: masters before mixes, so that songs get done.
        not_before_s: When to ask again, where another batch is at it.
        spec: What the worker is handed, once it has been made.
    """

    song: SongWork
    master: PlannedMaster | None
    order: tuple[int, int]
    not_before_s: float = 0.0
    spec: StageSpec | None = None

    @property
    def id(self) -> str:
        """The stage's."""
        if self.master is not None:
            return self.master.id
        assert self.song.plan.mix is not None
        return self.song.plan.mix.id

    @property
    def kind(self) -> str:
        """The stage's."""
        return "mix" if self.master is None else "master"

    @property
    def paths(self) -> list[str]:
        """The outputs that fail with the stage."""
        stages = self.song.wanted if self.master is None else [self.master.id]
        return [
            self.song.masters[stage].paths[target]
            for stage in stages
            for target in self.song.wanted.get(stage, ())
        ]
