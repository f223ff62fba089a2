"""``mixmaster init``: a session for a folder of stems, with a starting balance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import (
    Within,
    complete_presets,
    isolate_option,
    json_option,
    threads_option,
)
from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from mixmaster.mixing.sessions.starting import Started

SCHEMA = "mixmaster/init/1"


@click.command(
    "init",
    cls=Command,
    short_help="Write a session for a song: roles, balance, fixes.",
    examples=[
        "init stems/ -p rock-band -o song.toml",
        "init stems/ -p rock-band --dry-run",
        "init stems/ -p pop -o song.toml --title 'Blue Hour' --artist Anna --tempo-bpm 96",
        "init stems/*.wav -p ./mine.toml -o song.toml --no-balance --no-check",
    ],
)
@click.argument("stems", nargs=-1, required=True, type=click.Path())
@click.option(
    "-p",
    "--preset",
    required=True,
    metavar="PRESET",
    shell_complete=complete_presets("mix"),
    help="Mix preset: a name or a .toml file.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The session: a .toml file; it names its stems from there on.",
)
@click.option("--title", help="The song's title; by the session's or the folder's name if silent.")
@click.option("--artist", default="", help="Whose song it is.")
@click.option(
    "--tempo-bpm",
    type=Within(20.0, 400.0),
    metavar="BPM",
    help="The song's tempo, 20 to 400.",
)
@click.option("--time-signature", metavar="N/M", help="The metre, such as 3/4; 4/4 if silent.")
@click.option(
    "--sample-rate-hz",
    type=Within(8_000, 768_000, whole=True),
    metavar="HZ",
    help="The session's rate; the highest among the stems by default.",
)
@click.option(
    "--balance/--no-balance",
    default=True,
    help="Whether to measure the song and set faders and pans.",
)
@click.option(
    "--check/--no-check",
    default=True,
    help="Whether to check the stems and note down what could be fixed.",
)
@click.option("--dry-run", is_flag=True, help="Print the session; write nothing.")
@click.option("--overwrite", is_flag=True, help="Replace the session if there is one: edits go.")
@threads_option
@isolate_option
@json_option
def command(
    stems: tuple[str, ...],
    preset: str,
    output: Path | None,
    title: str | None,
    artist: str,
    tempo_bpm: float | None,
    time_signature: str | None,
    sample_rate_hz: int | None,
    balance: bool,
    check: bool,
    dry_run: bool,
    overwrite: bool,
    threads: int | None,
    as_json: bool,
) -> None:
    """Write a session for STEMS (a folder, files or globs): a document to be edited.

    It knows each stem's role, length and hash, and the song's preset. Its faders are a starting
    balance: the song is measured through the preset, and every strip brought to the loudness that
    the preset means it to have against the others; stems that share a strip are spread. What
    check proposes stands beside the stems, as comments.

    mix, render and check take the session in place of stems and preset. A session that exists is
    never replaced unasked.
    """
    from mixmaster.cli.output import echo, note, progress, show_json, show_path
    from mixmaster.mixing.sessions.files import check_new, write_new
    from mixmaster.mixing.sessions.starting import require_title, start
    from mixmaster.mixing.sessions.text import session_text

    if output is None and not dry_run:
        raise UsageError("", "no output was named", "add -o song.toml, or --dry-run to see it")
    require_title(title)
    if output is not None and not dry_run:
        check_new(output, overwrite=overwrite)
    with progress() as tell:
        started = start(
            stems,
            preset,
            output=output,
            title=title,
            artist=artist,
            tempo_bpm=tempo_bpm,
            time_signature=time_signature,
            sample_rate_hz=sample_rate_hz,
            balanced=balance,
            checked=check,
            threads=threads,
            progress=tell,
        )
    text = session_text(started)
    for said in started.notes:
        note(said)
    if output is not None and not dry_run:
        write_new(output, text, overwrite=overwrite)
    if as_json:
        file = None if output is None or dry_run else output.absolute()
        show_json({"schema": SCHEMA, **started.to_json(), "file": file, "text": text})
    elif output is None or dry_run:
        echo(text, nl=False)
    else:
        _show(started)
        show_path(output)


def _show(started: Started) -> None:
    from mixmaster.cli.output import NONE, figure, show, table

    changes = {each.strip: each for each in started.balance if not each.role}
    rows = []
    for strip, preset_db, new_db in started.faders:
        each = changes.get(strip)
        rows.append(
            (
                f"strip.{strip}",
                NONE if each is None else figure(each.wanted_lufs),
                NONE if each is None else figure(each.measured_lufs),
                figure(preset_db, sign=True),
                figure(new_db, sign=True),
                "" if each is None else each.note,
            )
        )
    columns = ("strip", ">wanted LUFS", ">was LUFS", ">preset dB", ">fader dB", "note")
    show(table(f"{started.title}: starting balance", columns, rows))
    fixes = sum(bool(finding.fix) for stem in started.stems for finding in stem.findings)
    findings = sum(len(stem.findings) for stem in started.stems)
    click.echo(
        f"stems: {len(started.stems)}; findings of the check: {findings}, of which with a fix to "
        f"be uncommented: {fixes}"
    )
