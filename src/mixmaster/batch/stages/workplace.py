"""Where stages find their inputs, have room for temporary files, and put what they have made."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mixmaster.batch.stages.stage import MadeFile, StageInput, StageOutput, StageSpec


@dataclass(frozen=True, slots=True)
class Ready:
    """A finished, verified file in the stage's own folder, with its manifest beside it.

    Attributes:
        output: What it is.
        file: Where it lies now; its name is already the output's.
        made: What there is to say of it.
    """

    output: StageOutput
    file: Path
    made: MadeFile


class Workplace(Protocol):
    """What `run_stage` asks of the place it runs in; picklable.

    `LocalWorkplace` is that of folders which all workers share; another one may bring inputs from
    far away and carry outputs there.
    """

    def scratch(self) -> AbstractContextManager[Path]:
        """Give an empty folder of the stage's own, which is gone afterwards.

        Everything temporary lies in it, so that a stage that was killed leaves nothing elsewhere.
        """

    def fetch(self, item: StageInput, folder: Path) -> Path:
        """Return an input as a file here, under its own name.

        Args:
            item: The input.
            folder: Where it may be copied to, if it is far away.
        """

    def claimed(self, spec: StageSpec) -> AbstractContextManager[bool]:
        """Hold what a stage makes; gives False when somebody else is making it."""

    def found(self, spec: StageSpec) -> dict[str, MadeFile]:
        """Return the outputs that are there already, whole and with these keys, by path."""

    def check(self, spec: StageSpec) -> None:
        """Raise unless all outputs may be put in their places; before any work.

        Raises:
            OutputError: For a file that is not ours.
        """

    def publish(self, spec: StageSpec, ready: Sequence[Ready]) -> tuple[MadeFile, ...]:
        """Put files in their places, each followed by its manifest; then note that they are there.

        Returns:
            What was noted, which may say more than what was ready.

        Raises:
            OutputError: When it cannot be done; nothing is taken for done then.
        """
