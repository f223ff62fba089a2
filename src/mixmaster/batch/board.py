"""How a batch is getting on, from its events alone: counts, rate, time left, who does what.

It takes events in the order in which they happen, live or read back from a log, and knows nothing
of where they are shown. Taking one costs the same however many songs there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from mixmaster.batch.events import (
    Done,
    Event,
    Failed,
    Finished,
    Planned,
    Progress,
    Quarantined,
    Retried,
    Skipped,
    Started,
)

_TRUSTED_S: Final = 20.0
"""How long the planned speed weighs as much as the speed that was measured."""


@dataclass(slots=True)
class Doing:
    """What is under way.

    Attributes:
        stage: The stage's id.
        worker: Who does it.
        since_s: Since when, Unix time.
        what: What of it is being done.
        share: How much of that is done, 0 to 1; None where it was not said.
    """

    stage: str
    worker: str
    since_s: float
    what: str = ""
    share: float | None = None


@dataclass(slots=True)
class _Stage:
    """A planned stage.

    Attributes:
        kind: ``mix`` or ``master``.
        song: Its song.
        cpu_s: What it may cost.
        targets: The targets that are still open; of a mix, one without a name.
        dependants: The stages that need it.
    """

    kind: str
    song: str
    cpu_s: float
    targets: set[str]
    dependants: list[str]

    @classmethod
    def planned(cls, said: Mapping[str, Any]) -> Self:
        targets = set(said.get("outputs", ())) or {""}
        return cls(said["kind"], said["song"], float(said["cpu_s"]), targets, [])


@dataclass(frozen=True, slots=True)
class Failure:
    """What has failed.

    Attributes:
        name: The stage, or the output.
        reason: Why, in words.
    """

    name: str
    reason: str


class Board:
    """The figures of a batch that runs.

    Attributes:
        plan: The plan; None before it is known.
        songs_done: The songs of which nothing is open, those that were current included.
        songs_rendered: Of those, the ones that something was done for in this run.
        stages_done: How many stages are over, by kind.
        stages_all: How many there are, by kind.
        doing: What is under way, by stage.
        failures: What has failed, in order.
        left_alone: How many outputs are left alone until they change.
        audio_s: How much audio the masters hold that were made.
        peak_rss_bytes: The largest memory of one stage so far.
        done: The end; None before it.
    """

    def __init__(self) -> None:
        self.plan: Planned | None = None
        self.songs_done = 0
        self.songs_rendered = 0
        self.stages_done = {"mix": 0, "master": 0}
        self.stages_all = {"mix": 0, "master": 0}
        self.doing: dict[str, Doing] = {}
        self.failures: list[Failure] = []
        self.left_alone = 0
        self.audio_s = 0.0
        self.peak_rss_bytes = 0
        self.done: Done | None = None
        self._open: dict[str, _Stage] = {}
        self._of_song: dict[str, int] = {}
        self._work_all_s = 0.0
        self._work_done_s = 0.0
        self._rendered: set[str] = set()
        self._took: dict[type[Event], Callable[[Any], None]] = {
            Planned: self._planned,
            Started: self._started,
            Progress: self._progress,
            Finished: self._finished,
            Skipped: self._skipped,
            Failed: self._failed,
            Retried: self._retried,
            Quarantined: self._quarantined,
            Done: self._done,
        }

    def take(self, event: Event) -> None:
        """Take an event; what it does not know it passes over."""
        took = self._took.get(type(event))
        if took is not None:
            took(event)

    # ------------------------------------------------------------ figures

    @property
    def stages_over(self) -> int:
        """How many stages are over."""
        return sum(self.stages_done.values())

    @property
    def stages(self) -> int:
        """How many stages there are."""
        return sum(self.stages_all.values())

    def elapsed_s(self, now_s: float) -> float:
        """Return how long it has run."""
        if self.plan is None:
            return 0.0
        end_s = now_s if self.done is None else self.done.at_s
        return max(0.0, end_s - self.plan.at_s)

    def share(self) -> float:
        """Return how much of the work is done, 0 to 1, by what stages were expected to cost."""
        if self._work_all_s <= 0.0:
            return 1.0 if self.plan is not None and not self._open else 0.0
        return min(1.0, self._worked_s() / self._work_all_s)

    def left_s(self, now_s: float) -> float | None:
        """Return how long it may go on; None where that cannot be said.

        The speed is what was measured, and, while little was, what the plan expects.
        """
        if self.plan is None or self._work_all_s <= 0.0:
            return None
        planned = self._work_all_s / max(self.plan.wall_s, 1e-3)
        trusted_s = min(_TRUSTED_S, self.plan.wall_s)
        worked = self._worked_s()
        speed = (worked + planned * trusted_s) / (self.elapsed_s(now_s) + trusted_s + 1e-9)
        return max(0.0, self._work_all_s - worked) / speed if speed > 0.0 else None

    def songs_an_hour(self, now_s: float) -> float | None:
        """Return how many songs are rendered in an hour at this rate; None before the first."""
        elapsed_s = self.elapsed_s(now_s)
        if not self.songs_rendered or elapsed_s <= 0.0:
            return None
        return self.songs_rendered / elapsed_s * 3600.0

    def times_real_time(self, now_s: float) -> float | None:
        """Return how much audio of masters is made in a second; None before the first."""
        elapsed_s = self.elapsed_s(now_s)
        return self.audio_s / elapsed_s if self.audio_s and elapsed_s > 0.0 else None

    def _worked_s(self) -> float:
        running = 0.0
        for name, doing in self.doing.items():
            stage = self._open.get(name)
            if stage is not None and doing.share is not None:
                running += stage.cpu_s * 0.5 * doing.share  # what comes behind it is not known
        return self._work_done_s + running

    # ------------------------------------------------------------ events

    def _planned(self, event: Planned) -> None:
        self.plan = event
        for said in event.stages:
            stage = _Stage.planned(said)
            self._open[said["id"]] = stage
            self.stages_all[stage.kind] = self.stages_all.get(stage.kind, 0) + 1
            self._of_song[stage.song] = self._of_song.get(stage.song, 0) + 1
            self._work_all_s += stage.cpu_s
            for needed in said.get("needs", ()):
                if needed in self._open:
                    self._open[needed].dependants.append(said["id"])
        self.songs_done = event.songs - len(self._of_song)

    def _started(self, event: Started) -> None:
        if event.worker:  # a stage that was put off again says nothing: its worker's next one does
            gone = [each.stage for each in self.doing.values() if each.worker == event.worker]
            for name in gone:
                del self.doing[name]
        self.doing[event.stage] = Doing(event.stage, event.worker, event.at_s)

    def _progress(self, event: Progress) -> None:
        doing = self.doing.get(event.stage)
        if doing is not None:
            doing.what, doing.share = event.what, event.share

    def _finished(self, event: Finished) -> None:
        if event.kind == "master":
            self.audio_s += float(event.cost.get("audio_s", 0.0))
        peak = int(event.cost.get("peak_rss_bytes", 0))
        self.peak_rss_bytes = max(self.peak_rss_bytes, peak)
        self._rendered.add(event.song)
        self._close(event.stage)

    def _skipped(self, event: Skipped) -> None:
        stage = self._open.get(event.stage)
        if stage is None:
            return
        stage.targets -= {str(each.get("target", "")) for each in event.files}
        if not stage.targets:
            self._close(event.stage)

    def _failed(self, event: Failed) -> None:
        self.failures.append(Failure(event.output or event.stage, event.reason))
        if event.kind == "plan":
            return
        stage = self._open.get(event.stage)
        if event.output and stage is not None and len(stage.targets) > 1:
            # The others' fate is not known yet; which target it was, only the path says.
            stage.targets.pop()
            return
        for name in [] if stage is None else stage.dependants:
            self._close(name)
        self._close(event.stage)

    def _retried(self, event: Retried) -> None:
        doing = self.doing.get(event.stage)
        if doing is not None:
            doing.what, doing.share = "again", None

    def _quarantined(self, event: Quarantined) -> None:
        self.left_alone += max(1, len(event.outputs))

    def _done(self, event: Done) -> None:
        self.done = event
        self.doing.clear()

    def _close(self, name: str) -> None:
        self.doing.pop(name, None)
        stage = self._open.pop(name, None)
        if stage is None:
            return
        self.stages_done[stage.kind] = self.stages_done.get(stage.kind, 0) + 1
        self._work_done_s += stage.cpu_s
        self._of_song[stage.song] -= 1
        if self._of_song[stage.song] == 0:
            self.songs_done += 1
            self.songs_rendered += stage.song in self._rendered
