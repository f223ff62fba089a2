"""Files that effects need: found where documents may name them, read once at the session's rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.source import content_hash, open_source, probe
from mixmaster.documents.addresses import item_names
from mixmaster.documents.base import Document, Settings
from mixmaster.documents.origin import Origin, UnfoundFileError
from mixmaster.effects.base import Effect
from mixmaster.engine.manifest import InputRecord, input_record
from mixmaster.errors import AudioFileError, DocumentError, Problem, SignalError

MAX_CHANNELS = 4
"""More than any effect uses; a file is read whole, and must not eat the memory."""

ResourceFiles = tuple[tuple[str, Path], ...]
"""An effect's files, by the names under which `Context.resources` brings them."""


def locate(effect: Effect, where: str, origin: Origin) -> ResourceFiles:
    """Return the files that an effect needs, after a look at their headers.

    Args:
        effect: The effect.
        where: The insert's id, for errors.
        origin: Of the document that has the effect.

    Raises:
        DocumentError: For a file that is missing, lies where it may not, is not audio, is empty,
            too long or has too many channels; names the insert and the key.
    """
    found = []
    for resource, name in effect.resource_files().items():
        # The parameter that holds the name, for whoever has to correct it.
        key = next((field for field, value in effect if value == name), resource)
        try:
            path = origin.find(name)
            info = probe(path)
        except UnfoundFileError as error:
            problem = Problem(key, error.problem.reason, error.problem.hint)
            raise DocumentError(where, (problem,)) from error
        except AudioFileError as error:
            problem = Problem(key, f"{name!r} cannot be used: {error.reason}", error.hint)
            raise DocumentError(where, (problem,)) from error
        if not info.duration_s <= effect.longest_resource_s:
            long = f"{name!r} is {info.duration_s:.1f} s long"
            hint = f"it may last at most {effect.longest_resource_s:g} s"
            raise DocumentError(where, (Problem(key, long, hint),))
        if not info.channels <= MAX_CHANNELS:
            wide = f"{name!r} has {info.channels} channels"
            raise DocumentError(where, (Problem(key, wide, f"at most {MAX_CHANNELS}"),))
        found.append((resource, path))
    return tuple(found)


def check_files(document: Document, where: str) -> None:
    """Look for the files that the effects of a document need.

    Args:
        document: A preset, or anything else with inserts.
        where: The document, for errors.

    Raises:
        DocumentError: With every file that cannot be had, each naming its key.
    """
    problems = []
    for address, effect in _effects(document, ()):
        try:
            locate(effect, where, document.origin)
        except DocumentError as error:
            problems += [
                Problem(f"{address}.{problem.key}", problem.reason, problem.hint)
                for problem in error.problems
            ]
    if problems:
        raise DocumentError(where, tuple(problems))


def resource_names(document: Document) -> tuple[str, ...]:
    """Return what a document calls the files that its effects need, each once."""
    names = (name for _, each in _effects(document, ()) for name in each.resource_files().values())
    return tuple(dict.fromkeys(names))


def _effects(here: object, path: tuple[str, ...]) -> Iterator[tuple[str, Effect]]:
    """Yield every effect in a document with its address."""
    if isinstance(here, Effect):
        yield ".".join(path), here
    elif isinstance(here, Settings):
        for name, value in here:
            yield from _effects(value, (*path, name))
    elif isinstance(here, Mapping):
        for name, value in here.items():
            yield from _effects(value, (*path, str(name)))
    elif isinstance(here, tuple):
        for name, value in zip(item_names(path[-1], here), here, strict=True):
            yield from _effects(value, (*path, name))


class ResourceShelf:
    """Files that were read, at one rate: however many effects ask for one, it is there once.

    Args:
        sample_rate_hz: The rate.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._read: dict[Path, Block] = {}

    def of(self, files: ResourceFiles, where: str) -> dict[str, Block]:
        """Return the samples of files, ``(channels, frames)`` each, not to be written to.

        Raises:
            DocumentError: For a file that is damaged, or holds NaN or infinity; names the insert.
        """
        return {key: self._one(path, key, where) for key, path in files}

    def _one(self, path: Path, key: str, where: str) -> Block:
        if path not in self._read:
            try:
                with open_source(path, sample_rate_hz=self._sample_rate_hz) as source:
                    samples = np.concatenate(list(source.blocks()), axis=1)
            except (AudioFileError, SignalError) as error:
                problem = Problem(key, f"{path.name!r} cannot be used: {error.reason}", error.hint)
                raise DocumentError(where, (problem,)) from error
            samples.flags.writeable = False
            self._read[path] = samples
        return self._read[path]


def resource_paths(files: Iterable[ResourceFiles]) -> tuple[Path, ...]:
    """Return all files that inserts need, each once, in order."""
    return tuple(dict.fromkeys(path for each in files for _, path in each))


def resource_records(paths: Iterable[Path]) -> list[InputRecord]:
    """Return what manifests say of files that effects have used."""
    return [input_record(probe(path), content_hash(path)) for path in paths]
