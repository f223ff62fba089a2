"""What came of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mixmaster.batch.stages.stage import MadeFile
from mixmaster.results import Result


@dataclass(frozen=True, slots=True)
class SummaryRow(Result):
    """One song.

    Attributes:
        song: Its name.
        made: How many outputs were made.
        current: How many were there already.
        failed: How many there are not.
        reasons: Why, each once.
        broken: Whether the song could not even be planned, which counts as one.
    """

    song: str
    made: int
    current: int
    failed: int
    reasons: tuple[str, ...] = ()
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Summary(Result):
    """A batch.

    Attributes:
        output: The output folder.
        made: How many outputs were made.
        current: How many were there already.
        failed: How many there are not; a song that could not be planned counts as one.
        broken: How many songs could not be planned.
        quarantined: How many of those are left alone until something changes.
        wall_s: How long it took.
        cpu_s: The processor time of its stages.
        songs: The songs.
        files: What was made.
    """

    output: Path
    made: int
    current: int
    failed: int
    broken: int
    quarantined: int
    wall_s: float
    cpu_s: float
    songs: tuple[SummaryRow, ...]
    files: tuple[MadeFile, ...]

    @property
    def exit_code(self) -> int:
        """1 if anything has failed, else 0."""
        return int(self.failed > 0)
