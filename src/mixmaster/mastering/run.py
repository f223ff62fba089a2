"""Mastering: one mix, one chain, any number of targets."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from mixmaster.audio.formats import SUFFIXES, suffix_fits
from mixmaster.audio.names import shown
from mixmaster.audio.sink import CONTAINERS, require_encoder
from mixmaster.documents.finding import find_preset
from mixmaster.documents.loading import load
from mixmaster.engine.outputs import inside, refuse_inputs
from mixmaster.engine.publish import check_writable
from mixmaster.engine.threads import one_blas_thread
from mixmaster.errors import UsageError
from mixmaster.mastering.job import Job, open_mix
from mixmaster.mastering.options import MasterOptions, NamedTarget, Progress
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.results import MasterRun
from mixmaster.mastering.target import Target

__all__ = [
    "MasterOptions",
    "NamedTarget",
    "Progress",
    "check_targets",
    "load_preset",
    "load_target",
    "master",
    "output_paths",
]


def load_preset(name: str, overrides: Sequence[str] = ()) -> MasteringPreset:
    """Return a mastering preset.

    Args:
        name: Its name, or the path of a .toml file.
        overrides: Values laid over it, as ``--set`` writes them: ``insert.limiter.character=loud``.

    Raises:
        DocumentError: For one that cannot be found, and for every wrong key in it.
    """
    return load(MasteringPreset, find_preset("mastering", name), overrides=overrides)


def load_target(name: str) -> NamedTarget:
    """Return a target.

    Args:
        name: Its name, or the path of a .toml file.

    Raises:
        DocumentError: For one that cannot be found, and for every wrong key in it.
    """
    path = find_preset("target", name)
    return NamedTarget(path.stem, load(Target, path))


def check_targets(targets: Sequence[NamedTarget]) -> None:
    """Raise for no targets, and for two of one name.

    Raises:
        UsageError: Naming it.
    """
    names = [target.name for target in targets]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if not names or twice:
        reason = f"the target {twice[0]} is named twice" if twice else "no target is named"
        raise UsageError("", reason, "name each target once")


def output_paths(output: Path, song: str, targets: Sequence[NamedTarget]) -> dict[str, Path]:
    """Return each target's file: ``output`` itself for one target and an audio suffix.

    Otherwise ``output`` is a folder, with ``{song}_{target}.{ext}`` in it.

    Raises:
        UsageError: For two targets of one name, or a suffix that is not the target's format.
    """
    check_targets(targets)
    container = CONTAINERS.get(output.suffix.lower())
    if container is None or output.is_dir():
        files = {t.name: f"{song}_{t.name}{SUFFIXES[t.target.file.format]}" for t in targets}
        return {name: inside(output, file) for name, file in files.items()}
    if len(targets) > 1:
        hint = "name a folder for several targets"
        raise UsageError(shown(output), f"is one file for {len(targets)} targets", hint)
    wanted = targets[0].target.file.format
    if not suffix_fits(output.suffix, wanted):
        reason = f"is a {container} file, and {targets[0].name} is delivered as {wanted}"
        hint = f"name it {SUFFIXES[wanted]}, or take a target of that kind (see: presets list)"
        raise UsageError(shown(output), reason, hint)
    return {targets[0].name: output}


def master(
    mix: Path,
    preset: MasteringPreset,
    targets: Sequence[NamedTarget],
    output: Path,
    options: MasterOptions | None = None,
    *,
    song: str | None = None,
    origin: Mapping[str, Any] | None = None,
    files: Mapping[str, Path] | None = None,
    progress: Progress | None = None,
) -> MasterRun:
    """Master a mix for its targets.

    The mix is brought to the preset's ``input_lufs``, runs through the chain into a temporary
    spool, and from there, at each target's rate, through gain and limiter into the file. A
    target that cannot be had is refused in its result and leaves no file; the others go on.

    Args:
        mix: A mono or stereo file, or a premaster that mixing has spooled.
        preset: The chain.
        targets: Where it goes.
        output: A file or a folder, see ``output_paths``.
        options: The rest.
        song: The song's name in file names; the mix's own if None.
        origin: The manifest of a mix that was made for this run and will be gone after it; it
            goes into the masters' manifests.
        files: Each target's file, instead of what ``output_paths`` calls them.
        progress: Told what is being done.

    Raises:
        AudioFileError: For a mix that cannot be used.
        DocumentError: For a preset that makes no sense for this mix.
        OutputError: For an output that cannot be written or may not be replaced.
        UsageError: For targets or outputs that contradict each other.
        SignalError: For NaN or infinity in the mix, or made by an insert.
    """
    options = options or MasterOptions()
    opened = open_mix(mix)
    files = dict(files or output_paths(output, song or mix.stem, targets))
    for target in targets:
        spec = target.target.file.spec(opened.info.sample_rate_hz, opened.info.channels)
        require_encoder(spec.container)
        refuse_inputs(files[target.name], [mix])
        check_writable(files[target.name], overwrite=options.overwrite)
    with one_blas_thread(), ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mixmaster-"))
        job = Job(opened, preset, options, progress or _quiet, Path(folder))
        stack.callback(job.close)
        run = job.run(targets, files, origin)
    return run if origin is None else replace(run, source=Path(song or mix.stem))


def _quiet(stage: str, done: float) -> None:
    del stage, done
