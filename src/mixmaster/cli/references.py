"""What ``--reference-mp3`` does, for the commands that have it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from mixmaster.engine.reference import Reference
    from mixmaster.mastering.options import Progress


def check_reference(output: Path, inputs: Sequence[Path], *, overwrite: bool) -> None:
    """Raise unless a file's reference could be published; before any work.

    Raises:
        OutputError: When it could not.
        UsageError: For a mix that is an MP3 itself.
    """
    from mixmaster.engine.outputs import refuse_inputs
    from mixmaster.engine.publish import check_writable
    from mixmaster.engine.reference import reference_path

    if reference_path(output) == output:
        raise UsageError("--reference-mp3", "the mix is an MP3 already", "leave it out")
    refuse_inputs(reference_path(output), inputs)
    check_writable(reference_path(output), overwrite=overwrite)


def references(
    files: Sequence[Path], *, overwrite: bool, progress: Progress
) -> tuple[Reference, ...]:
    """Write the references of finished files."""
    from mixmaster.engine.reference import write_reference

    return tuple(write_reference(file, overwrite=overwrite, progress=progress) for file in files)


def show_references(made: Sequence[Reference]) -> None:
    """Say what was written; on stderr, so that ``--json`` stays whole."""
    from mixmaster.cli.output import note

    for each in made:
        note(each.words)
