"""The source of a programme: the files of its tracks, one behind the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mixmaster.audio.formats import FileSpec
from mixmaster.audio.sink import open_sink
from mixmaster.audio.source import open_source, probe
from mixmaster.engine.hashing import hash_once


@dataclass(frozen=True, slots=True)
class Source:
    """Tracks put together.

    Attributes:
        path: The file: 32-bit float, at their rate.
        marks: Where each track begins, in frames.
        made_of: Each track's file: its name, hash and length, for manifests.
        notes: What the files had to say: cut short, damaged ...
    """

    path: Path
    marks: tuple[int, ...]
    made_of: tuple[dict[str, object], ...]
    notes: tuple[str, ...]


def put_together(
    paths: Sequence[Path], output: Path, *, strict: bool, tell: Callable[[float], None]
) -> Source:
    """Write files of one rate and channel count one behind the other, sample for sample.

    Args:
        paths: The files in order.
        output: The file that is written; beside it nothing is.
        strict: Whether a file shorter than its header says is an error.
        tell: Told how much is done, 0 to 1.

    Raises:
        AudioFileError: For a file that cannot be used.
        SignalError: For NaN or infinity in one.
        OutputError: When it cannot be written.
    """
    first = probe(paths[0])
    spec = FileSpec("wav", 32, first.sample_rate_hz, first.channels)
    marks: list[int] = []
    made_of: list[dict[str, object]] = []
    notes: list[str] = []
    with open_sink(output, spec) as sink:
        for number, path in enumerate(paths):
            marks.append(sink.frames)
            with open_source(path, strict=strict) as source:
                for block in source.blocks():
                    sink.write(block)
                    tell((number + 0.5) / len(paths))
                notes += source.notes
            frames = sink.frames - marks[-1]
            made_of.append({"name": path.name, "sha256": hash_once(path), "frames": frames})
    return Source(output, tuple(marks), tuple(made_of), tuple(notes))
