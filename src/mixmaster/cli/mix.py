"""``mixmaster mix``: stems in, premaster out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import (
    allow_plugins_option,
    isolate_option,
    json_option,
    mix_options,
    overwrite_option,
    reference_option,
    section_of,
    section_options,
    strict_option,
    threads_option,
)
from mixmaster.cli.prints import stems_options, versions_options
from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from mixmaster.engine.reference import Reference
    from mixmaster.mixing.plan import MixPlan
    from mixmaster.mixing.prints.files import PlannedFile
    from mixmaster.mixing.run import BitDepth, MixRun


def plan_json(plan: MixPlan) -> dict[str, Any]:
    """Return a plan as data."""
    everything = {**plan.stems, **plan.unheard}
    return {
        "schema": "mixmaster/mix-plan/1",
        "preset": plan.preset.name,
        "sample_rate_hz": plan.sample_rate_hz,
        "duration_s": plan.length_s,
        "stems": [
            {
                "id": place.id,
                "files": [str(path) for path in everything[place.id].paths],
                "channels": everything[place.id].channels,
                "heard": place.id in plan.stems,
                "input_gain_db": place.input_gain_db,
                "fader_db": place.fader_db,
                "pan": place.pan,
                "route": list(place.route),
                "sends": [
                    {"to": send.to, "gain_db": send.gain_db, "position": send.position}
                    for send in plan.preset.strip[strip_of(place.id)].send
                    if not send.mute
                ],
            }
            for place in plan.places
        ],
        "staging": list(plan.stagings),
        "alignment": list(plan.alignments),
        "notes": list(plan.notes),
    }


def strip_of(instance: str) -> str:
    """Return the strip's name in an instance's id: ``kick`` of ``strip.kick/01_Kick In``."""
    return instance.partition("/")[0].removeprefix("strip.")


@click.command(
    "mix",
    cls=Command,
    short_help="Mix stems into a premaster.",
    examples=[
        "mix stems/ -p rock-band -o mix.wav",
        "mix stems/ -p rock-band --dry-run",
        "mix stems/*.wav -p rock-band -o mix.wav --set strip.kick.gain_db=-2 --tempo-bpm 96",
        "mix stems/ -p rock-band -o chorus.wav --section loudest:30s",
        "mix stems/ -p ./mine.toml -o mix.flac --set mix.gain_db=-3",
        "mix song.toml -o mix.wav --reference-mp3",
        "mix song.toml --versions all --stems -o prints/",
        "mix song.toml --versions main,tv -o out/ --name-template '{title} ({version}).flac'",
    ],
)
@click.argument("stems", nargs=-1, required=True, type=click.Path())
@mix_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The premaster: .wav, .flac, .aiff, .m4a (AAC; ALAC with --bit-depth), .mp3, .opus or "
    ".ogg; for versions and stems a folder. Missing folders are made.",
)
@click.option(
    "--dry-run", is_flag=True, help="Show each stem's route, gains and pan; write nothing."
)
@click.option(
    "--bit-depth",
    type=click.Choice(["16", "24", "32"]),
    help="32 is float, the default for WAV; 24 for FLAC and AIFF. Integers are dithered. MP3, AAC, "
    "Opus and Vorbis have none.",
)
@versions_options
@stems_options
@reference_option
@section_options
@allow_plugins_option
@strict_option
@threads_option
@isolate_option
@overwrite_option
@json_option
def command(
    stems: tuple[str, ...],
    preset: str | None,
    overrides: tuple[str, ...],
    tempo_bpm: float | None,
    sample_rate_hz: int | None,
    output: Path | None,
    dry_run: bool,
    bit_depth: str | None,
    versions: tuple[str, ...],
    name_template: str | None,
    stems_too: bool,
    stem_returns: str | None,
    stem_residual: str | None,
    reference_mp3: bool,
    from_s: float | None,
    to_s: float | None,
    section: str | None,
    strict: bool,
    threads: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Mix STEMS (a folder, files or globs) through a preset into a premaster, or a session.

    Every stem finds its strip by its name. A session (song.toml, see init) brings its own stems,
    preset and automation. The sum is never scaled behind your back: the default output is 32-bit
    float, and peaks over 0 dBFS are a warning with the figure. A manifest lies beside the output:
    what it was made from, and how to make it again.

    Versions (--versions) and stems (--stems) come out of one run, all of one length from one zero;
    what versions have in common is worked once. How well the stems add up to the mix is measured
    on the written files.
    """
    from mixmaster.cli.output import progress
    from mixmaster.cli.prints import Prints, show_prints, stems_wanted
    from mixmaster.cli.references import check_reference, references, show_references
    from mixmaster.engine.outputs import refuse_inputs
    from mixmaster.engine.publish import check_writable
    from mixmaster.mastering.given import Given, require_preset
    from mixmaster.mixing.prints.printing import planned_files, print_mix
    from mixmaster.mixing.run import mix, output_spec

    require_preset(stems, preset)
    if output is None and not dry_run:
        raise UsageError("", "no output was named", "add -o mix.wav, or --dry-run to see the plan")
    given = Given(stems, preset, overrides, tempo_bpm)
    depth = cast("BitDepth | None", int(bit_depth) if bit_depth else None)
    wanted_stems = stems_wanted(stems=stems_too, returns=stem_returns, residual=stem_residual)
    prints = None
    if versions or wanted_stems is not None:
        prints = Prints(given, versions, name_template, output, stems=wanted_stems)
    elif name_template is not None:
        raise UsageError("--name-template", "it names versions and stems", "add --versions main")
    elif output is not None:
        output_spec(output, sample_rate_hz or 48_000, depth)
        refuse_inputs(output, (*given.paths(), *given.documents))
        if not dry_run:
            check_writable(output, overwrite=overwrite)
            if reference_mp3:
                check_reference(output, (*given.paths(), *given.documents), overwrite=overwrite)
    run, printed, files = None, None, None
    encoded: tuple[Reference, ...] = ()
    with progress() as tell:
        plan = given.plan(
            sample_rate_hz=sample_rate_hz,
            strict=strict,
            section=section_of(from_s, to_s, section),
            threads=threads,
            progress=tell,
        )
        if prints is not None and (dry_run or output is None):
            files = planned_files(plan, output or Path(), prints.wanted(plan), depth)
        elif prints is not None and output is not None:
            wanted = prints.wanted(plan)
            printed = print_mix(
                plan, output, wanted, bit_depth=depth, overwrite=overwrite, progress=tell
            )
        elif output is not None and not dry_run:
            run = mix(plan, output, bit_depth=depth, overwrite=overwrite, progress=tell)
        if reference_mp3:
            made = [] if run is None else [run.file]
            made += [] if printed is None else [each.file for each in printed.versions]
            encoded = references(made, overwrite=overwrite, progress=tell)
    if printed is not None:
        show_prints(printed, as_json=as_json)
    elif run is not None:
        _show_run(run, as_json=as_json)
    else:
        _show_plan(plan, files, as_json=as_json)
    show_references(encoded)


def _show_plan(plan: MixPlan, files: tuple[PlannedFile, ...] | None, *, as_json: bool) -> None:
    from mixmaster.cli.bridge import alignment_table, plan_table, staging_table
    from mixmaster.cli.output import note, show, show_json
    from mixmaster.cli.prints import show_planned

    for text in plan.notes:
        note(text)
    if as_json:
        more = {} if files is None else {"files": [each.to_json() for each in files]}
        show_json({**plan_json(plan), **more})
        return
    show(plan_table(plan), *([staging_table(plan.stagings)] if plan.stagings else []))
    if plan.alignments:
        show(alignment_table(plan.alignments, plan.sample_rate_hz))
    if files is not None:
        show_planned(files)


def _show_run(run: MixRun, *, as_json: bool) -> None:
    from mixmaster.cli.bridge import bridge_table, staging_table
    from mixmaster.cli.measure import figures_table, reasons_text
    from mixmaster.cli.output import note, show, show_json, show_path, warning

    for text in run.notes:
        note(text)
    for text in run.warnings:
        warning(text)
    if as_json:
        show_json({"schema": "mixmaster/mix/1", **run.to_json()})
        return
    if run.staging:
        show(staging_table(run.staging))
    show(bridge_table(run.bridge), figures_table("Premaster", [(run.file.name, run.figures)]))
    if run.figures.reasons:
        note(f"{run.file.name}: {reasons_text(run.figures)}")
    show_path(run.file)
