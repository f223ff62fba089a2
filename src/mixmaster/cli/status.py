"""``mixmaster status``: what of a batch is current, what is not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from mixmaster.cli.batches import batch_options, read_batch
from mixmaster.cli.commands import Command
from mixmaster.cli.options import json_option


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
@click.option("--all", "every", is_flag=True, help="List current outputs, too.")
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
    rows = [
        (each.path, each.state, "; ".join(each.why))
        for each in states
        if every or each.state != "current"
    ]
    if rows:
        show(table("Outputs", ("output", "state", "why"), rows))
    for plan in prepared.broken:
        failure(f"{plan.name}: {plan.error}", "cannot be planned")
    parts = [f"{count} {state}" for state, count in counts.items() if count]
    songs = f"{len(prepared.songs)} songs, {len(states)} outputs"
    echo(f"{songs}: {', '.join(parts) or 'none'}")
    if page is not None:
        show_path(page)
    return status
