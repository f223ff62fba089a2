"""``mixmaster mix``: stems in, premaster out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from mixmaster.cli.options import (
    json_option,
    mix_options,
    overwrite_option,
    section_of,
    section_options,
    strict_option,
    threads_option,
)
from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from mixmaster.mixing.plan import MixPlan
    from mixmaster.mixing.preset import MixPreset
    from mixmaster.mixing.run import BitDepth, MixRun


def load_preset(name: str, overrides: tuple[str, ...], tempo_bpm: float | None) -> MixPreset:
    """Return a mix preset by name or path, with the command line's values laid over it."""
    from mixmaster.documents.finding import find_preset
    from mixmaster.documents.loading import load
    from mixmaster.mixing.preset import MixPreset

    tempo = () if tempo_bpm is None else (f"tempo_bpm={tempo_bpm!r}",)
    return load(MixPreset, find_preset("mix", name), overrides=(*overrides, *tempo))


def plan_json(plan: MixPlan) -> dict[str, Any]:
    """Return a plan as data."""
    return {
        "schema": "mixmaster/mix-plan/1",
        "preset": plan.preset.name,
        "sample_rate_hz": plan.sample_rate_hz,
        "stems": [
            {
                "id": place.id,
                "files": [str(path) for path in plan.stems[place.id].paths]
                if place.id in plan.stems
                else [],
                "heard": place.id in plan.stems,
                "input_gain_db": place.input_gain_db,
                "fader_db": place.fader_db,
                "pan": place.pan,
                "route": list(place.route),
                "sends": list(place.sends),
            }
            for place in plan.places
        ],
        "staging": list(plan.stagings),
        "notes": list(plan.notes),
    }


def show_plan(plan: MixPlan) -> None:
    """Print a plan as tables."""
    from mixmaster.cli.bridge import plan_table, staging_table
    from mixmaster.cli.output import console

    out = console()
    out.print(plan_table(plan))
    if plan.stagings:
        out.print(staging_table(plan.stagings))


@click.command("mix")
@click.argument("stems", nargs=-1, required=True, type=click.Path())
@mix_options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The premaster: .wav, .flac or .aiff."
)
@click.option(
    "--dry-run", is_flag=True, help="Show each stem's route, gains and pan; write nothing."
)
@click.option(
    "--bit-depth",
    type=click.Choice(["16", "24", "32"]),
    help="32 is float, the default for WAV; 24 for FLAC and AIFF. Integers are dithered.",
)
@section_options
@strict_option
@threads_option
@overwrite_option
@json_option
def command(
    stems: tuple[str, ...],
    preset: str,
    overrides: tuple[str, ...],
    tempo_bpm: float | None,
    sample_rate_hz: int | None,
    output: Path | None,
    dry_run: bool,
    bit_depth: str | None,
    from_s: float | None,
    to_s: float | None,
    section: str | None,
    strict: bool,
    threads: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    r"""Mix STEMS (a folder, files or globs) through a preset into a premaster.

    The sum is never scaled behind your back: the default output is 32-bit float, and peaks over
    0 dBFS are a warning with the figure.

    \b
    mixmaster mix stems/ -p rock-band -o mix.wav
    mixmaster mix stems/ -p rock-band --dry-run
    mixmaster mix stems/ -p rock-band -o mix.wav --set strip.kick.gain_db=-2 --tempo-bpm 96
    """
    from mixmaster.cli.output import note, progress, warning
    from mixmaster.engine.publish import check_writable
    from mixmaster.mixing.plan import plan_mix
    from mixmaster.mixing.run import mix, output_spec

    if output is None and not dry_run:
        raise UsageError("", "no output was named", "add -o mix.wav, or --dry-run to see the plan")
    chosen = load_preset(preset, overrides, tempo_bpm)
    depth = cast("BitDepth | None", int(bit_depth) if bit_depth else None)
    if output is not None and not dry_run:
        output_spec(output, sample_rate_hz or 48_000, depth)
        check_writable(output, overwrite=overwrite)
    with progress() as tell:
        plan = plan_mix(
            stems,
            chosen,
            sample_rate_hz=sample_rate_hz,
            strict=strict,
            section=section_of(from_s, to_s, section),
            threads=threads,
            progress=tell,
        )
        run = None
        if output is not None and not dry_run:
            run = mix(plan, output, bit_depth=depth, overwrite=overwrite, progress=tell)
    for text in run.notes if run else plan.notes:
        note(text)
    if run is None:
        _print_plan(plan, as_json=as_json)
        return
    for text in run.warnings:
        warning(text)
    _print_run(run, as_json=as_json)


def _print_plan(plan: MixPlan, *, as_json: bool) -> None:
    from mixmaster.results import to_json_text

    if as_json:
        click.echo(to_json_text(plan_json(plan)), nl=False)
    else:
        show_plan(plan)


def _print_run(run: MixRun, *, as_json: bool) -> None:
    from mixmaster.cli.bridge import bridge_table, staging_table
    from mixmaster.cli.measure import figures_table
    from mixmaster.cli.output import console
    from mixmaster.results import to_json_text

    if as_json:
        click.echo(to_json_text({"schema": "mixmaster/mix/1", **run.to_json()}), nl=False)
        return
    out = console()
    if run.staging:
        out.print(staging_table(run.staging))
    out.print(bridge_table(run.bridge))
    out.print(figures_table("Premaster", [(run.file.name, run.figures)]))
    click.echo(str(run.file))
