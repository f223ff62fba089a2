"""``mixmaster master``: a mix in, finished masters out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.finishing import bypass_option, bypasses, finishing_options
from mixmaster.cli.options import (
    allow_plugins_option,
    complete_presets,
    isolate_option,
    json_option,
    overwrite_option,
    section_of,
    section_options,
    strict_option,
    target_options,
    threads_option,
)
from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mixmaster.mastering.profile import NamedProfile
    from mixmaster.mastering.results import MasterRun


@click.command(
    "master",
    cls=Command,
    short_help="Master a mix for one or more targets.",
    examples=[
        "master mix.wav -p transparent -t spotify -t cd -o masters/",
        "master mix.wav -p loud -t streaming -o loud.flac",
        "master mix.wav -p warm -t spotify --loudness -16 -o masters/",
        "master mix.wav -p loud -t cd -o masters/ --section loudest:30s",
        "master mix.wav -p transparent -t spotify -o masters/ --reference record.flac",
        "master mix.wav -p warm -t spotify -o masters/ --gain-match all --bypass saturation",
        "master film.wav -p voice -t netflix --dialogue dialogue.wav -o masters/",
    ],
)
@click.argument("mix", type=click.Path(path_type=Path))
@click.option(
    "-p",
    "--preset",
    required=True,
    metavar="PRESET",
    shell_complete=complete_presets("mastering"),
    help="Mastering preset: a name or a .toml file.",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change one value of the preset: insert.compressor.ratio=1.5. May be repeated.",
)
@bypass_option
@target_options
@finishing_options
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="A folder for {song}_{target} files; or, for one target, a file.",
)
@click.option(
    "--reference",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Match tone, width and low end to this track: by the preset's match stage, or one last.",
)
@click.option(
    "--profile",
    metavar="PROFILE",
    shell_complete=complete_presets("profile"),
    help="The same toward a target profile: a name or a .toml file.",
)
@click.option(
    "--reference-loudness",
    is_flag=True,
    help="Take the loudness of the reference or profile too, instead of the targets' own.",
)
@section_options
@click.option(
    "--dual-mono",
    is_flag=True,
    help="Measure a mono mix as it sounds from two loudspeakers: 3.01 LU more.",
)
@allow_plugins_option
@strict_option
@threads_option
@isolate_option
@overwrite_option
@json_option
def command(
    mix: Path,
    preset: str,
    overrides: tuple[str, ...],
    bypassed: tuple[str, ...],
    targets: tuple[str, ...],
    loudness_lufs: float | None,
    ceiling_dbtp: float | None,
    output: Path,
    reference: Path | None,
    profile: str | None,
    reference_loudness: bool,
    from_s: float | None,
    to_s: float | None,
    section: str | None,
    dual_mono: bool,
    strict: bool,
    threads: int | None,
    overwrite: bool,
    as_json: bool,
    finishing: Mapping[str, Any],
) -> int:
    """Master MIX through a preset for one or more targets.

    Each master lands on its target's loudness within 0.05 LU and stays under its ceiling, measured
    on the finished file; or it is refused with the figures, and the other targets go on.
    """
    from mixmaster.cli.output import note, progress
    from mixmaster.mastering.run import MasterOptions, load_preset, load_target, master

    chosen = load_preset(preset, (*overrides, *bypasses(bypassed)))
    wanted = [load_target(name) for name in targets]
    named, notes = _profile(reference, profile, threads)
    if reference_loudness:
        loudness_lufs = _loudness_of(named, loudness_lufs)
    for text in notes:
        note(text)
    options = MasterOptions(
        overwrite=overwrite,
        profile=named,
        loudness_lufs=loudness_lufs,
        ceiling_dbtp=ceiling_dbtp,
        section=section_of(from_s, to_s, section),
        dual_mono=dual_mono,
        strict=strict,
        threads=threads,
        **finishing,
    )
    with progress() as tell:
        run = master(mix, chosen, wanted, output, options, progress=tell)
    show_masters(run, as_json=as_json)
    return run.exit_code


def _profile(
    reference: Path | None, profile: str | None, threads: int | None
) -> tuple[NamedProfile | None, tuple[str, ...]]:
    """Return what is to be matched, and what had to be said of it."""
    if reference is not None and profile is not None:
        raise UsageError("--reference", "contradicts --profile", "give one or the other")
    if reference is not None:
        from mixmaster.engine.threads import default_threads
        from mixmaster.mastering.profile_building import profile_of

        return profile_of(reference, threads=threads or default_threads())
    if profile is not None:
        from mixmaster.mastering.profile import load_profile

        return load_profile(profile), ()
    return None, ()


def _loudness_of(named: NamedProfile | None, loudness_lufs: float | None) -> float:
    """Return the loudness of a reference.

    Raises:
        UsageError: Where there is none, or another one is asked for.
    """
    name = "--reference-loudness"
    if loudness_lufs is not None:
        raise UsageError(name, "contradicts --loudness", "give one or the other")
    if named is None:
        raise UsageError(name, "there is no reference", "name one: --reference or --profile")
    if named.profile.integrated_lufs is None:
        raise UsageError(name, f"{named.name} has no loudness", "say --loudness instead")
    return named.profile.integrated_lufs


def show_masters(run: MasterRun, *, as_json: bool) -> None:
    """Print a mastering run: before and after, the limiter's work, and where the files are."""
    from mixmaster.cli.bridge import chain_table, masters_table, match_table, stages_table
    from mixmaster.cli.output import note, show, show_json, show_path

    for text in run.notes:
        note(text)
    if as_json:
        show_json({"schema": "mixmaster/master/1", **run.to_json()})
    else:
        for match in run.matches:
            show(match_table(match))
        if run.inserts:
            show(chain_table(run.inserts))
        if run.stages:
            show(stages_table(run.stages))
        show(masters_table(run))
        for result in run.results:
            if result.file is not None:
                show_path(result.file)
    for result in run.results:
        if result.lowered:
            note(f"{result.target}: {result.lowered}")
    show_warnings(run)
    show_refusals(run)


def show_warnings(run: MasterRun) -> None:
    """Say on stderr what a place would not like of a master."""
    from mixmaster.cli.output import warning

    for result in run.results:
        for text in result.warnings:
            warning(f"{result.target}: {text}")


def show_refusals(run: MasterRun) -> None:
    """Say on stderr which targets have no master, and why."""
    from mixmaster.cli.output import failure

    for result in run.results:
        if result.refused:
            failure(f"{result.target}: {result.refused}", "refused")
