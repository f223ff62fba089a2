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
        broken = sum(row.broken for row in rows)
        done = self.done(broken)
        return Summary(
            output=output,
            made=done.made,
            current=done.current,
            failed=done.failed,
            broken=broken,
            quarantined=done.quarantined,
            wall_s=done.wall_s,
            cpu_s=done.cpu_s,
            songs=rows,
            files=tuple(self.made.values()),
        )

    def _row(self, plan: SongPlan) -> SummaryRow:
        if plan.error:
            return SummaryRow(plan.name, 0, 0, 1, (plan.error,), broken=True)
        failed = sum(path in self.failed for path in plan.paths)
        made = sum(path in self.made for path in plan.paths)
        current = sum(path in self.current for path in plan.paths)
        return SummaryRow(plan.name, made, current, failed, self._reasons(plan))

    def _reasons(self, plan: SongPlan) -> tuple[str, ...]:
        """Return why outputs of a song are not there: what targets have in common is said once."""
        found: dict[str, list[str]] = {}
        for master in plan.masters:
            for target, path in master.paths.items():
                if path in self.failed:
                    reason = self.failed[path]
                    text = reason.removeprefix(f"{target}: ")
                    found.setdefault(text, []).extend([target] * (text != reason))
        return tuple(
            f"{', '.join(dict.fromkeys(targets))}: {text}" if targets else text
            for text, targets in found.items()
        )
