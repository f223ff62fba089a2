"""``mixmaster demo``: a song of our own, from stems to masters."""

from __future__ import annotations

from pathlib import Path

import click

from mixmaster.cli.options import json_option, overwrite_option, threads_option

TARGETS = ("spotify", "cd")


@click.command("demo")
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
    from mixmaster.song import TEMPO_BPM, write_song

    stems = folder if stems_only else folder / "stems"
    click.echo(f"playing the demo song into {stems.absolute()} ...", err=True)
    paths = write_song(stems, overwrite=overwrite)
    if stems_only:
        for path in paths:
            click.echo(str(path.absolute()))
        return 0
    masters = folder / "masters"
    words = ["mixmaster render", str(stems), "-p rock-band -m transparent"]
    words += [f"-t {target}" for target in TARGETS]
    words += [f"--tempo-bpm {TEMPO_BPM:g}", f"--song demo -o {masters}"]
    click.echo(" ".join(words), err=True)
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
