"""``mixmaster rerender``: what a manifest tells of, made again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import (
    allow_plugins_option,
    isolate_option,
    json_option,
    overwrite_option,
    threads_option,
)
from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from mixmaster.engine.recalled import Recalled
    from mixmaster.engine.recorded import Recorded
    from mixmaster.mastering.options import Progress

SCHEMA = "mixmaster/rerender/1"


@click.command(
    "rerender",
    cls=Command,
    short_help="Make again what a manifest tells of, and compare.",
    examples=[
        "rerender mix.wav.json",
        "rerender mix.wav.json --stems archive/2024/",
        "rerender mix.wav.json -o again.wav --verify",
        "rerender masters/mix_spotify.wav.json --stems mixes/",
    ],
)
@click.argument("manifest", type=click.Path(path_type=Path), metavar="MANIFEST")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep it here; without, it is made, compared and thrown away.",
)
@click.option(
    "--stems",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where what it was made from may lie, in any folder below; repeatable. Files are known "
    "by their content, whatever they are called by now.",
)
@click.option(
    "--verify",
    is_flag=True,
    help="Compare with the file beside the manifest; done anyway where there is no -o.",
)
@allow_plugins_option
@threads_option
@isolate_option
@overwrite_option
@json_option
def command(
    manifest: Path,
    output: Path | None,
    folders: tuple[Path, ...],
    verify: bool,
    threads: int | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Make a mix or master again from its MANIFEST (mix.wav.json): same files, settings, sounds.

    Everything is taken as recorded: strips, staging, alignment, automation, and every effect's
    revision, so that an effect that sounds otherwise by now sounds as it did then. Stems are found
    by name and content in the manifest's folder and those around it, and below --stems.

    Exit status 0 when it is the same to the bit, or nulls at -130 dBFS RMS or below; 1 when it
    does not; 2 when it cannot be made again.
    """
    from mixmaster.cli.output import progress, show_json
    from mixmaster.engine.recalled import check_original
    from mixmaster.engine.recorded import read_manifest

    recorded = read_manifest(manifest)
    verify = verify or output is None
    if verify:
        check_original(recorded)
    if output is not None and output.absolute() == recorded.file.absolute():
        hint = "name another; nulling needs both"
        raise UsageError(str(output), "it is the file that the manifest tells of", hint)
    with progress() as tell:
        run = _again(recorded, output, folders, threads, tell, verify=verify, overwrite=overwrite)
    if as_json:
        show_json({"schema": SCHEMA, **run.to_json()})
    else:
        _show(run)
    return 0 if run.holds else 1


def _again(
    recorded: Recorded,
    output: Path | None,
    folders: tuple[Path, ...],
    threads: int | None,
    tell: Progress,
    *,
    verify: bool,
    overwrite: bool,
) -> Recalled:
    import tempfile

    from mixmaster.engine.outputs import refuse_inputs
    from mixmaster.engine.publish import check_writable
    from mixmaster.engine.recalled import compared
    from mixmaster.mixing.recall.recall import plan_again, publish_again, render_again

    if output is not None:
        check_writable(output, overwrite=overwrite)
    if recorded.kind == "master":
        return _master_again(
            recorded, output, folders, threads, tell, verify=verify, overwrite=overwrite
        )
    plan = plan_again(recorded, folders=folders, threads=threads, progress=tell)
    if output is not None:
        refuse_inputs(output, plan.paths)
        publish_again(plan, recorded, output, overwrite=overwrite, progress=tell)
        return compared(recorded, output, file=output.absolute(), verify=verify, progress=tell)
    with tempfile.TemporaryDirectory(prefix="mixmaster-") as folder:
        again = Path(folder) / recorded.file.name
        render_again(plan, recorded, again, progress=tell)
        return compared(recorded, again, progress=tell)


def _master_again(
    recorded: Recorded,
    output: Path | None,
    folders: tuple[Path, ...],
    threads: int | None,
    tell: Progress,
    *,
    verify: bool,
    overwrite: bool,
) -> Recalled:
    import tempfile
    from dataclasses import replace

    from mixmaster.engine.recalled import compared
    from mixmaster.mastering.recall import master_again

    with tempfile.TemporaryDirectory(prefix="mixmaster-") as folder:
        again = output or Path(folder) / recorded.file.name
        said = master_again(
            recorded, again, folders=folders, overwrite=overwrite, threads=threads, progress=tell
        )
        kept = None if output is None else output.absolute()
        run = compared(recorded, again, file=kept, verify=verify, progress=tell)
    return replace(run, notes=(*run.notes, *said))


def _show(run: Recalled) -> None:
    from mixmaster.cli.output import echo, figure, note, show_path, warning

    for text in run.notes:
        note(text)
    if run.identical:
        echo("bit-identical: every byte is as recorded")
    elif run.same_samples:
        echo("every sample is the same")
    elif run.residual_dbfs is not None:
        left = figure(run.residual_dbfs, 1)
        if run.holds:
            echo(f"nulls: {left} dBFS RMS are left")
        else:
            warning(f"it is another sound: {left} dBFS RMS are left")
    elif run.compared:
        warning("it is not as recorded")
    else:
        note("its bytes are not as recorded; --verify tells how far they are")
    if run.file is not None:
        show_path(run.file)
