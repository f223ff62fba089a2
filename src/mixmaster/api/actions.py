"""Mixing, mastering, measuring and comparing, in one call each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, overload

import numpy as np
import numpy.typing as npt

from mixmaster.api.song import PathLike, load, named_targets, texts
from mixmaster.audio.source import open_source
from mixmaster.comparing.run import CompareRun
from mixmaster.comparing.run import compare as run_compare
from mixmaster.comparing.sources import CompareOptions, plan_comparison
from mixmaster.engine.measuring import measure_file, survey_file
from mixmaster.engine.threads import default_threads
from mixmaster.errors import UsageError
from mixmaster.mastering.options import MasterOptions, NamedTarget, Progress
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.results import MasterRun
from mixmaster.mastering.run import load_preset
from mixmaster.mastering.run import master as run_master
from mixmaster.mastering.song import SongRun
from mixmaster.metering.programme import ProgrammeFigures, ProgrammeMeter
from mixmaster.metering.survey import Survey, SurveyMeter
from mixmaster.mixing.run import BitDepth, MixRun

Samples = npt.NDArray[np.floating]


def mix(
    stems: PathLike | Iterable[PathLike],
    output: PathLike,
    preset: str | None = None,
    *,
    overrides: Sequence[str] = (),
    bit_depth: BitDepth | None = None,
    overwrite: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> MixRun:
    """Mix stems, or a session, into a premaster. For more, ``load`` the song first.

    Args:
        stems: As in ``load``.
        output: A ``.wav``, ``.flac`` or ``.aiff`` file.
        preset: As in ``load``.
        overrides: As in ``load``.
        bit_depth: As in ``Song.mix``.
        overwrite: Whether a file that is not ours may be replaced.
        threads: How many may work; the bytes do not depend on it. None: as many as there are.
        progress: Told what is being done, and how much of it is, 0 to 1.

    Raises:
        MixmasterError: As ``load`` and ``Song.mix``.
    """
    song = load(stems, preset, overrides=overrides)
    return song.mix(
        output, bit_depth=bit_depth, overwrite=overwrite, threads=threads, progress=progress
    )


def render(
    stems: PathLike | Iterable[PathLike],
    output: PathLike,
    preset: str | None = None,
    master: str | MasteringPreset | None = None,
    targets: Sequence[str | NamedTarget] = (),
    *,
    overrides: Sequence[str] = (),
    options: MasterOptions | None = None,
    progress: Progress | None = None,
) -> SongRun:
    """Mix stems, or a session, and master the mix, in one go.

    Args:
        stems: As in ``load``.
        output: A folder; for one target it may be a file.
        preset: A mix preset, as in ``load``.
        master: A mastering preset; None: the session's.
        targets: Where it goes; none: where the session says.
        overrides: As in ``load``.
        options: Of the mastering.
        progress: Told what is being done, and how much of it is, 0 to 1.

    Raises:
        MixmasterError: As ``load`` and ``Song.render``.
    """
    song = load(stems, preset, overrides=overrides)
    return song.render(output, master, targets, options=options, progress=progress)


def master(
    mix: PathLike | MixRun,
    output: PathLike,
    preset: str | MasteringPreset,
    targets: str | NamedTarget | Sequence[str | NamedTarget],
    *,
    overrides: Sequence[str] = (),
    options: MasterOptions | None = None,
    progress: Progress | None = None,
) -> MasterRun:
    """Master a mix for one target or several.

    Each master lands on its target's loudness within 0.05 LU and under its ceiling, measured on
    the finished file; or it is refused in its result, with the figures, and the others go on.

    Args:
        mix: A mono or stereo file, or what ``mix`` returned.
        output: A folder; for one target it may be a file.
        preset: A mastering preset, or its name or file.
        targets: Targets, or their names or files.
        overrides: Values laid over a preset given by name, as ``--set`` writes them.
        options: The rest.
        progress: Told what is being done, and how much of it is, 0 to 1.

    Raises:
        AudioFileError: For a mix that cannot be used.
        DocumentError: For a preset or target that cannot be found, or makes no sense here.
        OutputError: When an output may not or cannot be written.
        SignalError: For NaN or infinity in the mix, or made by an insert.
        UsageError: For overrides of a preset that is given as itself.
    """
    if isinstance(preset, MasteringPreset):
        if overrides:
            raise UsageError("overrides", "the preset is not given by name", "change it itself")
        chosen = preset
    else:
        chosen = load_preset(preset, overrides)
    path = mix.file if isinstance(mix, MixRun) else Path(mix)
    wanted = named_targets(targets)
    return run_master(path, chosen, wanted, Path(output), options, progress=progress)


@overload
def measure(
    source: PathLike | Samples,
    sample_rate_hz: int | None = None,
    *,
    everything: Literal[False] = False,
    dual_mono: bool = False,
    strict: bool = False,
    threads: int | None = None,
) -> ProgrammeFigures: ...


@overload
def measure(
    source: PathLike | Samples,
    sample_rate_hz: int | None = None,
    *,
    everything: Literal[True],
    dual_mono: bool = False,
    strict: bool = False,
    threads: int | None = None,
) -> Survey: ...


def measure(
    source: PathLike | Samples,
    sample_rate_hz: int | None = None,
    *,
    everything: bool = False,
    dual_mono: bool = False,
    strict: bool = False,
    threads: int | None = None,
) -> ProgrammeFigures | Survey:
    """Measure a file or an array: loudness and peaks, or every meter there is.

    Integrated loudness and true peak are those of ITU-R BS.1770-5, loudness range, momentary and
    short-term maxima those of EBU Tech 3341 and 3342.

    Args:
        source: A file, or samples: ``(channels, frames)`` or ``(frames,)``, full scale at 1.
        sample_rate_hz: The samples' rate; a file has its own.
        everything: Whether all meters run; the result is a ``Survey`` then.
        dual_mono: Count a mono signal twice, as it sounds from two loudspeakers: 3.01 LU more.
        strict: Whether a file shorter than its header says is an error.
        threads: How many may work; the figures do not depend on it.

    Raises:
        AudioFileError: For a file that cannot be used.
        SignalError: For NaN or infinity, with the time.
        UsageError: For samples without a rate or of another shape, or a file with one.
    """
    if isinstance(source, np.ndarray):
        return _measured(source, sample_rate_hz, everything=everything, dual_mono=dual_mono)
    if sample_rate_hz is not None:
        raise UsageError("sample_rate_hz", "a file has its own rate", "leave it out")
    count = threads or default_threads()
    if everything:
        return survey_file(source, dual_mono=dual_mono, strict=strict, threads=count).survey
    return measure_file(source, dual_mono=dual_mono, strict=strict, threads=count).figures


def _measured(
    samples: Samples, sample_rate_hz: int | None, *, everything: bool, dual_mono: bool
) -> ProgrammeFigures | Survey:
    if sample_rate_hz is None:
        raise UsageError("sample_rate_hz", "is missing", "samples do not know their rate")
    if samples.ndim not in {1, 2}:
        shape = f"samples of shape {samples.shape}"
        raise UsageError("source", shape, "(channels, frames) or (frames,) would be right")
    block = np.ascontiguousarray(np.atleast_2d(samples), dtype=np.float64)
    if block.shape[0] > block.shape[1] > 0:
        shape = f"{block.shape[0]} channels of {block.shape[1]} frames"
        raise UsageError("source", shape, "channels come first: measure(samples.T, ...)")
    meter = SurveyMeter if everything else ProgrammeMeter
    running = meter(sample_rate_hz, block.shape[0], dual_mono=dual_mono, where="samples")
    running.update(block)
    return running.result()


def compare(
    files: PathLike | Iterable[PathLike],
    output: PathLike,
    presets: Sequence[str] = (),
    target: str | NamedTarget | None = None,
    *,
    reference: PathLike | None = None,
    options: CompareOptions | None = None,
    progress: Progress | None = None,
) -> CompareRun:
    """Make a page to hear versions side by side: aligned, and at one loudness.

    Args:
        files: Versions; with ``presets`` the first is the mix that they master.
        output: The folder for the page and its audio.
        presets: Mastering presets' names or files.
        target: Where masters go, and the platform that can be heard; None: ``streaming``, and
            no platform.
        reference: Another recording to hear beside them, even of another song.
        options: The rest.
        progress: Told what is being done, and how much of it is, 0 to 1.

    Raises:
        AudioFileError: For files that cannot be used, or are silent in what is heard.
        OutputError: When the folder cannot be written, or holds a stranger's page.
        RefusedError: When fewer than two versions are left.
        UsageError: For one version only, or versions that do not lie together in time.
    """
    (named,) = named_targets(target or "streaming")
    plan = plan_comparison(
        [Path(each) for each in texts(files)],
        presets,
        named,
        target_name=target if isinstance(target, str) else named.name,
        platform=target is not None,
        reference=None if reference is None else Path(reference),
        options=options,
    )
    return run_compare(plan, Path(output), progress)


def read(
    path: PathLike, *, start_s: float = 0.0, stop_s: float | None = None
) -> tuple[npt.NDArray[np.float64], int]:
    """Read a file, or a part of it, as samples: to look at, to plot, to measure.

    Args:
        path: The file.
        start_s: Where the part begins.
        stop_s: Where it ends; None: at the file's end.

    Returns:
        ``(channels, frames)`` at the file's own rate, full scale at 1; and that rate, Hz.

    Raises:
        AudioFileError: For a file that cannot be used.
        UsageError: For a part that holds nothing.
    """
    with open_source(path) as source:
        rate = source.sample_rate_hz
        first = round(start_s * rate)
        last = None if stop_s is None else round(stop_s * rate)
        if first < 0 or (last is not None and last <= first):
            hint = "start_s is 0 or more, stop_s after it"
            raise UsageError("start_s", f"{start_s:g} to {stop_s} s holds nothing", hint)
        blocks = list(source.blocks(start_frame=first, stop_frame=last))
        channels = source.channels
    empty = np.zeros((channels, 0))
    return np.concatenate([empty, *blocks], axis=1), rate
