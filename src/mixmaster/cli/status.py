"""``mixmaster status``: what of a batch is current, what is not, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from mixmaster.cli.batches import batch_options, read_batch
from mixmaster.cli.commands import Command
from mixmaster.cli.options import json_option

if TYPE_CHECKING:
    from mixmaster.batch.planning.assess import OutputState

_MOST_ROWS = 3
"""So many outputs of a song that are alike are listed by name."""


@click.command(
    "status",
    cls=Command,
    short_help="Tell which outputs of a batch are current, and why others are not.",
    examples=[
        "status jobs.toml",
        "status 'songs/*/song.toml' -m loud -t spotify -o out/",
        "status jobs.toml --all",
        "status jobs.toml --overview",
    ],
)
@batch_options
@click.option("--all", "every", is_flag=True, help="List every output, current ones too.")
@click.option(
    "--overview",
    is_flag=True,
    help="Also write the batch's overview.html again, into the output folder.",
)
@json_option
def command(wanted: Mapping[str, Any], every: bool, overview: bool, as_json: bool) -> int:
    """Compare SONGS, as batch takes them, with what is in the output folder. Nothing is rendered.

    Each output is current; stale, when what it is made from has changed; missing; failed, when it
    will be tried again; or quarantined, when it has failed and is left alone until something of it
    changes. The exit status is 1 unless all are current.
    """
    from mixmaster.batch.overview import write_overview
    from mixmaster.batch.planning.prepare import BatchOptions, Prepared
    from mixmaster.cli.output import (
        echo,
        failure,
        progress,
        show,
        show_json,
        show_path,
        table,
    )
    from mixmaster.cli.saying import several

    _, places, jobs = read_batch(wanted)
    options = BatchOptions(
        output=places.output, jobs=jobs, trusting=not wanted["verify"], store=places.store
    )
    with progress() as tell:
        prepared = Prepared(options, tell, keep=False)
        states = [state for song in prepared.songs for state in prepared.explain(song)]
    counts = prepared.counts()
    broken = [{"song": plan.name, "reason": plan.error} for plan in prepared.broken]
    page = write_overview(prepared) if overview else None
    status = int(bool(broken) or counts["current"] < len(states))
    if as_json:
        said = {"output": places.shown, "counts": counts, "outputs": states, "broken": broken}
        if page is not None:
            said["overview"] = page
        show_json({"schema": "mixmaster/status/1", **said})
        return status
    rows = _every(states) if every else _short(states)
    if rows:
        show(table("Outputs", ("output", "state", "why"), rows))
    for plan in prepared.broken:
        failure(f"{plan.name}: {plan.error}", "cannot be planned")
    parts = [f"{count} {state}" for state, count in counts.items() if count]
    songs = f"{several(len(prepared.songs), 'song')}, {several(len(states), 'output')}"
    echo(f"{songs}: {', '.join(parts) or 'none'}")
    if page is not None:
        show_path(page)
    return status


def _every(states: Sequence[OutputState]) -> list[tuple[str, str, str]]:
    return [(each.path, each.state, "; ".join(each.why)) for each in states]


def _short(states: Sequence[OutputState]) -> list[tuple[str, str, str]]:
    """Return what is not current: outputs of a song that are so for one reason are one row."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for each in states:
        if each.state != "current":
            # A reason may begin with the target that it is about.
            why = tuple(text.removeprefix(f"{each.target}: ") for text in each.why)
            groups.setdefault((each.song, each.state, why), []).append(each.path)
    rows = []
    for (song, state, why), paths in groups.items():
        alike = len(paths) > _MOST_ROWS
        names = [f"{song}: {len(paths)} outputs"] if alike else paths
        rows += [(name, state, "; ".join(why)) for name in names]
    return rows
