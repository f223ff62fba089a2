"""What the page of a batch is made from, as plain data; the batch room fills it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mixmaster.results import Result

State = Literal["current", "stale", "missing", "failed", "quarantined"]
STATES: tuple[State, ...] = ("quarantined", "failed", "missing", "stale", "current")
"""The worst first."""


@dataclass(frozen=True, slots=True)
class PageLimits(Result):
    """What one output must keep to; None where nothing is asked.

    Attributes:
        integrated_lufs: The loudness.
        short_term_lufs: The loudness of the loudest 3 s; of both, the stricter counts.
        tolerance_lu: How far off the loudness may be.
        true_peak_dbtp: The ceiling.
        reduction_db: The most that the limiter may take away.
        plr_lu: The least true peak less loudness.
        of_dialogue: Whether the loudness is meant of speech, which the figures do not tell.
    """

    integrated_lufs: float | None = None
    short_term_lufs: float | None = None
    tolerance_lu: float = 0.5
    true_peak_dbtp: float | None = None
    reduction_db: float | None = None
    plr_lu: float | None = None
    of_dialogue: bool = False


@dataclass(frozen=True, slots=True)
class PageOutput(Result):
    """An output, or a song that could not be planned; texts may be any at all.

    Attributes:
        song: Its song.
        version: Which version of it; ``main`` for the song itself.
        master: The mastering preset.
        target: The target; empty for a song without a plan.
        state: As `mixmaster status` says it.
        why: Why it is not current.
        path: The file, from the page's folder on; empty where there is none.
        manifest: Likewise, its manifest.
        report: Likewise, its report.
        bytes: The file's size.
        duration_s: Its length.
        integrated_lufs: Its loudness, ITU-R BS.1770-5; None for silence and what is too short.
        max_short_term_lufs: Its loudest 3 s, EBU Tech 3341.
        loudness_range_lu: EBU Tech 3342.
        true_peak_dbtp: Of the file, decoded.
        reduction_db: The most that the limiter took away, positive; None without one.
        limits: What it must keep to.
        notes: What was to be said of it.
    """

    song: str
    version: str = ""
    master: str = ""
    target: str = ""
    state: State = "current"
    why: tuple[str, ...] = ()
    path: str = ""
    manifest: str = ""
    report: str = ""
    bytes: int | None = None
    duration_s: float | None = None
    integrated_lufs: float | None = None
    max_short_term_lufs: float | None = None
    loudness_range_lu: float | None = None
    true_peak_dbtp: float | None = None
    reduction_db: float | None = None
    limits: PageLimits = field(default_factory=PageLimits)
    notes: tuple[str, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether there is a file with figures."""
        return self.duration_s is not None

    @property
    def plr_lu(self) -> float | None:
        """The peak-to-loudness ratio."""
        if self.true_peak_dbtp is None or self.integrated_lufs is None:
            return None
        return self.true_peak_dbtp - self.integrated_lufs

    @property
    def off_lu(self) -> float | None:
        """How far over the loudness that is wanted; negative under it; None where none is."""
        limits = self.limits
        pairs = [(self.max_short_term_lufs, limits.short_term_lufs)]
        if not limits.of_dialogue:
            pairs.append((self.integrated_lufs, limits.integrated_lufs))
        over = [is_lufs - wanted for is_lufs, wanted in pairs if None not in (is_lufs, wanted)]  # type: ignore[operator]
        return max(over, default=None)


@dataclass(frozen=True, slots=True)
class PageRun(Result):
    """The last run that did anything.

    Attributes:
        made: How many outputs it made.
        failed: How many it could not.
        songs: How many songs it made something of.
        wall_s: How long it took.
        cpu_s: The processor time of its stages.
        audio_s: How much audio the masters hold that it made.
    """

    made: int
    failed: int
    songs: int
    wall_s: float
    cpu_s: float
    audio_s: float


@dataclass(frozen=True, slots=True)
class PageBatch(Result):
    """A batch.

    Attributes:
        name: What it is called: the output folder.
        outputs: All of them.
        songs: How many songs there are.
        run: The last run; None where nothing is known of one.
        targets: What targets are called, by their ids.
    """

    name: str
    outputs: tuple[PageOutput, ...]
    songs: int
    run: PageRun | None = None
    targets: Mapping[str, str] = field(default_factory=dict)

    def counts(self) -> dict[State, int]:
        """Return how many outputs are in each state, the worst first."""
        states = [each.state for each in self.outputs]
        return {state: states.count(state) for state in STATES}
