"""Profiles as files: references in, a document out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mixmaster.audio.discover import discover
from mixmaster.documents.writing import to_toml
from mixmaster.engine.outputs import refuse_inputs
from mixmaster.engine.publish import put, staged
from mixmaster.engine.threads import default_threads
from mixmaster.errors import OutputError, UsageError
from mixmaster.mastering.profile import Profile
from mixmaster.mastering.profile_building import build_profile, measure_track


@dataclass(frozen=True, slots=True)
class BuiltProfile:
    """A profile that was written."""

    file: Path
    profile: Profile
    notes: tuple[str, ...]


def build_from_files(
    references: Sequence[Path],
    output: Path,
    *,
    name: str | None = None,
    description: str = "",
    source: str = "",
    threads: int | None = None,
    overwrite: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> BuiltProfile:
    """Measure references and write their profile.

    Args:
        references: Files, folders and globs.
        output: A ``.toml`` file.
        name: What people call it; the file's name if None.
        description: What it is for.
        source: Where the references come from; their names if empty.
        threads: How many may work; None: as many as there are.
        overwrite: Whether an existing file may be replaced.
        progress: Told what is being done, and how far it is.

    Raises:
        AudioFileError: For a reference that cannot be used.
        OutputError: For a file that exists, or cannot be written.
        SignalError: For NaN or infinity in a reference.
        UsageError: For an output that is no ``.toml``.
    """
    if output.suffix != ".toml":
        raise UsageError(str(output), "is no .toml file", f"{output.stem or 'profile'}.toml is")
    found = discover(references)
    refuse_inputs(output, found.paths)
    if output.exists() and not overwrite:
        raise OutputError(str(output), "it exists", "--overwrite replaces it")
    measured = []
    for index, path in enumerate(found.paths):

        def tell(done: float, path: Path = path, index: int = index) -> None:
            if progress is not None:
                progress(f"measuring {path.name}", (index + done) / len(found.paths))

        measured.append(measure_track(path, threads=threads or default_threads(), progress=tell))
    profile = build_profile(
        measured,
        name=name or output.stem,
        description=description,
        source=source,
        checked=dt.datetime.now(tz=dt.UTC).date(),
    )
    with staged(output) as part:
        part.write_text(to_toml(profile), encoding="utf-8")
        put(part, output)
    notes = [f"{each.name}: {note}" for each in measured for note in each.notes]
    return BuiltProfile(output.absolute(), profile, (*found.notes, *notes))
