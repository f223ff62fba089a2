"""How well what was rendered again is what was rendered before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.audio.source import content_hash
from mixmaster.engine.nulling import Null, null
from mixmaster.engine.recorded import Recorded
from mixmaster.errors import AudioFileError
from mixmaster.results import Result

SAME_DBFS: Final = -130.0
"""What is left of a file less its repetition, RMS, is no more than this: the same sound."""


@dataclass(frozen=True, slots=True)
class Recalled(Result):
    """What came of repeating a manifest.

    Attributes:
        manifest: The manifest.
        kind: What it is of.
        file: Where the repetition was written; None if it was only compared.
        identical: Whether its bytes are those that the manifest tells of.
        same_samples: Whether every sample is the same; None where that was not compared.
        residual_dbfs: What is left of the file beside the manifest less the repetition, RMS;
            None where nothing is left, or nothing was compared.
        compared: Whether it was compared with that file or its hash.
        holds: Whether it is the same sound; True where nothing was compared.
        notes: What is worth knowing.
    """

    manifest: Path
    kind: str
    file: Path | None
    identical: bool
    same_samples: bool | None
    residual_dbfs: float | None
    compared: bool
    holds: bool
    notes: tuple[str, ...]


def check_original(recorded: Recorded) -> bool:
    """Return whether the file beside a manifest is there.

    Raises:
        AudioFileError: When it has changed since.
    """
    path = recorded.file
    if not path.is_file():
        return False
    now = content_hash(path)
    if now != recorded.sha256:
        reason = f"it has changed since its manifest was written: SHA-256 {now[:12]}..., "
        reason += f"expected was {recorded.sha256[:12]}..."
        raise AudioFileError(shown(path), reason, "it cannot be compared with")
    return True


def compared(
    recorded: Recorded,
    again: Path,
    *,
    file: Path | None = None,
    verify: bool = True,
    progress: Callable[[str, float], None] | None = None,
) -> Recalled:
    """Compare a repetition with what was recorded: by its hash, and where that differs by ear.

    Args:
        recorded: The manifest.
        again: The repetition.
        file: Where it stays; None where it does not.
        verify: Whether it is compared with the file itself where its bytes differ.
        progress: Told what is being done.
    """
    identical = content_hash(again) == recorded.sha256
    notes = list(recorded.notes())
    found: Null | None = None
    if not identical and verify:
        if recorded.file.is_file():
            tell = progress or (lambda _what, _share: None)
            found = null(
                recorded.file,
                again,
                align=False,
                match_gain=False,
                progress=lambda share: tell("comparing", share),
            )
            notes += found.notes
        else:
            notes.append(
                f"{shown(recorded.file.name)} is not beside its manifest, and its bytes differ: "
                "how far is not known"
            )
    left = None if found is None else found.residual_dbfs
    heard = found is not None and (left is None or left <= SAME_DBFS)
    return Recalled(
        manifest=recorded.path,
        kind=recorded.kind,
        file=file,
        identical=identical,
        same_samples=True if identical else None if found is None else left is None,
        residual_dbfs=left,
        compared=verify,
        holds=identical or heard or not verify,
        notes=tuple(notes),
    )
