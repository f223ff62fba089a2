"""``mixmaster compare results`` and ``choose``: what listeners said, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import json_option, overwrite_option

if TYPE_CHECKING:
    from mixmaster.comparing.chance import Share, Strength
    from mixmaster.comparing.said import StarsLine, Summary


@click.command(
    "results",
    cls=Command,
    short_help="Sum up what listeners of an A/B page have said.",
    examples=["compare results ab/", "compare results ab/ anna.json ben.json --json"],
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
def results_command(paths: tuple[Path, ...], as_json: bool) -> int:
    """Sum up the results in PATHS: A/B folders, and files that the page has saved.

    ABX with exact p-values and intervals, preferences, ratings, notes. Exit status 1 when a file
    cannot be used, 2 when none can.
    """
    from mixmaster.cli.output import failure, note, show_json
    from mixmaster.comparing.summary import collect, sum_up

    collected = collect(paths)
    status = 0
    if collected.answers:
        summary = sum_up(collected)
        for text in summary.notes:
            note(text)
        if as_json:
            failed = [error.to_json() for error in collected.failed]
            show_json({**summary.to_json(), "failed": failed})
        else:
            _show(summary)
        status = 1 if collected.failed else 0
    elif as_json:
        errors = [error.to_json() for error in collected.failed]
        show_json({**errors[0], "failed": errors, "exit_status": 2})
    for error in collected.failed:
        failure(str(error))
    return status if collected.answers else 2


def _show(summary: Summary) -> None:
    from mixmaster.cli.output import echo, printable, show, table

    people = f"{summary.listeners} listener{'s' * (summary.listeners != 1)}"
    echo(printable(f"{summary.title}: {people}"))
    echo()
    if summary.abx:
        lines = []
        for pair in summary.abx:
            named = f"{pair.first} / {pair.second}"
            for line in (*pair.runs, *([pair.together] if len(pair.runs) > 1 else [])):
                who = "all" if line is pair.together else line.listener or "–"
                lines.append((named, pair.level, who, line.verdict))
        show(table("ABX", ("pair", "level", "listener", "verdict"), lines))
    rows = [
        (
            version.name,
            _share(version.preferred),
            _strength(version.strength),
            _stars(version.blind_ratings),
            _stars(version.ratings),
            _share(version.favourite),
            str(version.chosen),
        )
        for version in summary.versions
    ]
    columns = (
        "version",
        ">preferred",
        ">beats an average one",
        ">stars, blind",
        ">stars",
        ">favourite, blind",
        ">chosen",
    )
    show(table("Versions, with intervals of 95 %", columns, rows))
    echo(printable(summary.verdict))
    for version in summary.versions:
        for listener, time_s, text in version.notes:
            when = "" if time_s is None else f" at {time_s:.1f} s"
            echo(printable(f"{version.name}{when}: {text} ({listener or 'no name'})"))


def _share(share: Share | None) -> str:
    if share is None:
        return "–"
    return f"{100 * share.value:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f})"


def _strength(strength: Strength | None) -> str:
    if strength is None:
        return "–"
    low, high = 100 * strength.low, 100 * strength.high
    return f"{100 * strength.value:.0f} % ({low:.0f} to {high:.0f})"


def _stars(stars: StarsLine | None) -> str:
    return "–" if stars is None else f"{stars.mean:.1f} ({stars.low:.1f} to {stars.high:.1f})"


@click.command(
    "choose",
    cls=Command,
    short_help="Write what is needed to render a version again.",
    examples=["compare choose ab/ warm", 'compare choose ab/ "loud" -o winner.toml'],
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("name")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE.toml",
    help="Where the resolved preset goes; into the folder by default.",
)
@overwrite_option
@json_option
def choose_command(
    folder: Path, name: str, output: Path | None, overwrite: bool, as_json: bool
) -> None:
    """Write the preset of the version NAME of an A/B FOLDER, every value in it.

    Prints the command line that renders it again, and where the preset and the master are.
    """
    from mixmaster.cli.output import echo, note, printable, show_json, show_path
    from mixmaster.comparing.choice import choose

    choice = choose(folder, name, output, overwrite=overwrite)
    if as_json:
        show_json(choice)
        return
    if choice.command is None or choice.preset is None:
        note(f"{choice.name} was given as a file, {choice.file}: there is nothing to render")
        return
    echo(printable(choice.command))
    show_path(choice.preset)
    if choice.file.exists():
        show_path(choice.file)
