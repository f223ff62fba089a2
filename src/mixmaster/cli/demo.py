"""``mixmaster demo``: a song of our own, from stems to masters."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import json_option, overwrite_option, threads_option

TARGETS = ("spotify", "cd")


@click.command(
    "demo",
    cls=Command,
    short_help="Play, mix and master a song of our own.",
    examples=["demo", "demo /tmp/song --stems-only"],
)
@click.argument("folder", default="mixmaster-demo", type=click.Path(path_type=Path))
@click.option("--stems-only", is_flag=True, help="Write the stems and stop.")
@threads_option
@overwrite_option
@json_option
@click.pass_context
def command(
    context: click.Context,
    folder: Path,
    stems_only: bool,
    threads: int | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Play the demo song into FOLDER, mix it with rock-band and master it for Spotify and CD.

    The song is synthesised here: drums on several microphones, bass, guitars, keys and voices.
    """
    from mixmaster.cli import render
    from mixmaster.cli.output import echo, printable, show_json, show_path
    from mixmaster.song import TEMPO_BPM, write_song

    stems = folder if stems_only else folder / "stems"
    echo(printable(f"playing the demo song into {stems.absolute()} ..."), err=True)
    paths = write_song(stems, overwrite=overwrite)
    if stems_only and as_json:
        show_json({"schema": "mixmaster/demo-stems/1", "files": [p.absolute() for p in paths]})
    elif stems_only:
        for path in paths:
            show_path(path)
    if stems_only:
        return 0
    masters = folder / "masters"
    words = ["mixmaster", "render", str(stems), "-p", "rock-band", "-m", "transparent"]
    words += [word for target in TARGETS for word in ("-t", target)]
    words += ["--tempo-bpm", f"{TEMPO_BPM:g}", "--song", "demo", "-o", str(masters)]
    echo(printable(shlex.join(words)), err=True)
    status = context.invoke(
        render.command,
        stems=(str(stems),),
        preset="rock-band",
        overrides=(),
        tempo_bpm=TEMPO_BPM,
        mastering="transparent",
        targets=TARGETS,
        output=masters,
        song="demo",
        threads=threads,
        overwrite=overwrite,
        as_json=as_json,
    )
    return int(status)
