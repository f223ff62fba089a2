"""A recording's master for one target: at which level, and what it came to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixmaster.audio.formats import FileSpec
from mixmaster.engine.publish import manifest_path
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.results import MasterResult
from mixmaster.mastering.target import Target
from mixmaster.metering.programme import ProgrammeFigures
from mixmaster.release.pieces import Piece
from mixmaster.release.studio import Ready


@dataclass(frozen=True, slots=True)
class Level:
    """The level that a recording is to have at a target.

    Attributes:
        wanted_lufs: Its loudness; None leaves it as it is.
        gain_db: From what its chain gives, the gain before it undone; None where nobody knows.
    """

    wanted_lufs: float | None
    gain_db: float | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A recording that was written for a target, not yet tagged; of a programme one of its parts.

    Attributes:
        piece: The recording.
        file: The file.
        spec: What kind of file it is.
        target: What it was made for: the target with this recording's loudness.
        result: What mastering said; of a refused one, why.
        made_from: The manifest of it: what it was made from, and how.
    """

    piece: Piece
    file: Path
    spec: FileSpec
    target: Target
    result: MasterResult
    made_from: Mapping[str, Any]

    @property
    def figures(self) -> ProgrammeFigures:
        """What was measured on it, decoded."""
        assert self.result.after is not None
        return self.result.after


def mastered(
    each: Ready, name: str, target: Target, file: Path
) -> tuple[MasterResult, dict[str, Any]]:
    """Write a master; return what was said of it, and what it was made from."""
    file.unlink(missing_ok=True)
    result = each.job.deliver(NamedTarget(name, target), file, each.origin)
    if result.file is None:
        return result, {}
    manifest = manifest_path(file)
    made: dict[str, Any] = json.loads(manifest.read_bytes())
    manifest.unlink()
    for told in ("file", "sha256", "figures", "versions", "processor"):
        made.pop(told, None)
    return result, made
