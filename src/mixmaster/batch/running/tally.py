"""What has become of a batch's outputs so far, and in the end."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mixmaster.batch.events import Done
from mixmaster.batch.planning.songplan import SongPlan
from mixmaster.batch.running.summary import Summary, SummaryRow
from mixmaster.batch.stages.stage import MadeFile

_INTERRUPTED = 130


@dataclass(slots=True)
class Tally:
    """What has become of outputs, by path.

    Attributes:
        made: What was made.
        current: What was there already.
        failed: Why there is none.
        quarantined: Which of those are left alone from now on.
        cpu_s: The processor time of all stages.
        began_s: When it began, by a clock that only goes on.
    """

    made: dict[str, MadeFile] = field(default_factory=dict)
    current: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    quarantined: set[str] = field(default_factory=set)
    cpu_s: float = 0.0
    began_s: float = field(default_factory=time.monotonic)

    def done(self, broken: int, *, interrupted: bool = False) -> Done:
        """Return the last event.

        Args:
            broken: How many songs could not be planned.
            interrupted: Whether the batch was stopped.
        """
        failed = len(self.failed) + broken
        return Done(
            made=len(self.made),
            current=len(self.current),
            failed=failed,
            quarantined=len(self.quarantined),
            wall_s=time.monotonic() - self.began_s,
            cpu_s=self.cpu_s,
            interrupted=interrupted,
            exit_status=_INTERRUPTED if interrupted else int(failed > 0),
        )

    def summary(self, output: Path, plans: Iterable[SongPlan]) -> Summary:
        """Return what came of every song.

        Args:
            output: The output folder.
            plans: The songs.
        """
        rows = tuple(self._row(plan) for plan in plans)
        done = self.done(sum(bool(plan.error) for plan in plans))
        return Summary(
            output=output,
            made=done.made,
            current=done.current,
            failed=done.failed,
            quarantined=done.quarantined,
            wall_s=done.wall_s,
            cpu_s=done.cpu_s,
            songs=rows,
            files=tuple(self.made.values()),
        )

    def _row(self, plan: SongPlan) -> SummaryRow:
        if plan.error:
            return SummaryRow(plan.name, 0, 0, 1, (plan.error,))
        reasons = [self.failed[path] for path in plan.paths if path in self.failed]
        made = sum(path in self.made for path in plan.paths)
        current = sum(path in self.current for path in plan.paths)
        return SummaryRow(plan.name, made, current, len(reasons), tuple(dict.fromkeys(reasons)))
