"""What mixes and masters of a batch have in common: inputs, verified, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixmaster.audio.names import shown
from mixmaster.batch.stages.stage import StageError, StageInput, StageSpec
from mixmaster.batch.stages.workplace import Ready, Workplace
from mixmaster.errors import AudioFileError


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a stage.

    Attributes:
        ready: Finished files, not yet in their places.
        errors: Of outputs that could not be had.
        notes: What is worth knowing.
        warnings: What is probably not wanted.
        audio_s: How much audio was made.
    """

    ready: tuple[Ready, ...] = ()
    errors: tuple[StageError, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    audio_s: float = 0.0


class GoneError(Exception):
    """A premaster that is no longer there, or no longer what it was: it is to be mixed again."""


class Inputs:
    """The inputs of a stage, here.

    Args:
        spec: The stage.
        workplace: Where they come from.
        folder: Where they may be copied to.

    Attributes:
        paths: Where they lie, in the stage's order.

    Raises:
        AudioFileError: For one that is gone.
    """

    def __init__(self, spec: StageSpec, workplace: Workplace, folder: Path) -> None:
        self._items = spec.inputs
        self.paths: list[Path] = []
        for number, item in enumerate(spec.inputs):
            self.paths.append(workplace.fetch(item, folder / "inputs" / str(number)))
        self._before = [_identity(path) for path in self.paths]

    def verify(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Raise unless what was read is what the stage's key says.

        Args:
            records: Of the inputs, as the manifest has them.

        Raises:
            AudioFileError: For a file that has changed since the batch was planned.
        """
        for item, path, before in zip(self._items, self.paths, self._before, strict=True):
            if _identity(path) != before:
                raise _changed(item)
        known = {item.sha256 for item in self._items}
        for record in records:
            if record["sha256"] not in known:
                names = [item for item in self._items if Path(item.path).name == record["name"]]
                raise _changed(*names[:1]) if names else _stranger(str(record["name"]))


def read_resources(named: Mapping[str, int], paths: Sequence[Path]) -> dict[str, Path]:
    """Return where the files of effects lie, by what documents call them."""
    return {name: paths[number] for name, number in named.items()}


def _identity(path: Path) -> tuple[int, ...]:
    status = os.stat(path)  # noqa: PTH116 - see state/index.py
    return status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def _changed(item: StageInput) -> AudioFileError:
    reason = "it has changed since the batch was planned"
    return AudioFileError(shown(item.path), reason, "run the batch again")


def _stranger(name: str) -> AudioFileError:
    reason = "it was not there when the batch was planned"
    return AudioFileError(shown(name), reason, "run the batch again")
