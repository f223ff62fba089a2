"""The stems as FLAC files in a folder, as an engineer would send them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mixmaster.audio.sink import FileSpec, open_sink, output_error
from mixmaster.audio.source import open_source
from mixmaster.errors import AudioFileError, OutputError, SignalError
from mixmaster.song.stems import FULL_SCALE, Stem, generate


def write_song(
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    stems: Mapping[str, Stem] | None = None,
) -> list[Path]:
    """Write the demo song's stems, one 16-bit FLAC each, without dither: the samples are exact.

    A file that already holds its stem, within the 1 LSB by which processors differ, is left
    alone. Nothing is written when any other file is in the way.

    Args:
        folder: Where to; made when missing.
        overwrite: Replace files of the same names that hold something else.
        stems: What to write; by default the song is played for it.

    Returns:
        The paths in the order of the session.

    Raises:
        OutputError: When a file is in the way, or the folder cannot be written.
    """
    stems = generate() if stems is None else stems
    targets = {Path(folder) / f"{name}.flac": stem for name, stem in stems.items()}
    missing: dict[Path, Stem] = {}
    for path, stem in targets.items():
        if not os.path.lexists(path):
            missing[path] = stem
        elif not _holds(path, stem):
            if not overwrite:
                raise OutputError(
                    str(path),
                    "a file with other content is already there",
                    "choose another folder, or allow it to be overwritten",
                )
            missing[path] = stem
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(str(folder), error) from error
    for path, stem in missing.items():
        _write(path, stem)
    return list(targets)


def _holds(path: Path, stem: Stem) -> bool:
    """Return whether the file is this stem within 1 LSB."""
    try:
        with open_source(path) as source:
            shape = (source.channels, source.frames)
            if source.sample_rate_hz != stem.sample_rate_hz or shape != stem.samples.shape:
                return False
            samples = source.read(source.frames)
    except (AudioFileError, SignalError):
        return False
    difference = samples * FULL_SCALE - stem.samples
    return samples.shape == shape and float(np.max(np.abs(difference))) <= 1.0


def _write(path: Path, stem: Stem) -> None:
    """Write one stem under a hidden name, then rename it: never half a file."""
    channels, frames = stem.samples.shape
    spec = FileSpec("flac", 16, stem.sample_rate_hz, channels)
    part = path.with_name(f".{path.name}.part")
    try:
        with open_sink(part, spec, frames_expected=frames, dither="none") as sink:
            sink.write(np.ascontiguousarray(stem.samples / FULL_SCALE))
        part.replace(path)
    except OSError as error:
        raise output_error(str(path), error) from error
    finally:
        part.unlink(missing_ok=True)
