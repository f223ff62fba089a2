"""``mixmaster batch``: hundreds of songs, only what has changed, come what may."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixmaster.cli.batch_cluster import check_cluster, cluster_options, open_cluster
from mixmaster.cli.batches import batch_options, read_batch
from mixmaster.cli.commands import Command
from mixmaster.cli.options import isolate_option, json_option, overwrite_option
from mixmaster.cli.pooling import keeping_options, worker_options
from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from mixmaster.batch.planning.prepare import Prepared
    from mixmaster.batch.running.summary import Summary
    from mixmaster.batch.stages.stage import Executor
    from mixmaster.batch.state.store import Store

_MOST_ROWS = 20
"""So many songs that went well are listed: of more, those that did not would be lost."""


@click.command(
    "batch",
    cls=Command,
    short_help="Render many songs: only what has changed, in parallel.",
    examples=[
        "batch jobs.toml",
        "batch 'songs/*/song.toml' -p rock-band -m loud -t spotify -t cd -o out/",
        "batch stems/* -p pop -m transparent -t streaming -o out/ -j 8 --memory 16G",
        "batch jobs.toml --dry-run",
        "batch jobs.toml --retry-failed --time-limit 30m --log night.jsonl",
        "batch /shared/jobs.toml --cluster tcp://scheduler:8786",
    ],
)
@batch_options
@worker_options
@cluster_options
@click.option("--fail-fast", is_flag=True, help="Begin nothing more after the first failure.")
@click.option(
    "--retry-failed",
    is_flag=True,
    help="Also try again what has failed before and has not changed since.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@keeping_options
@overwrite_option
@isolate_option
@json_option
def command(
    wanted: Mapping[str, Any],
    workers: int | None,
    memory: int | None,
    time_limit: float | None,
    cluster: str | None,
    cluster_tls: Path | None,
    fail_fast: bool,
    retry_failed: bool,
    no_premasters: bool,
    dry_run: bool,
    log: Path | None,
    allow_plugins: bool,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Render SONGS: a jobs document, or sessions, folders of stems, mixes, and patterns of them.

    Only what has changed since the last run is rendered: inputs are compared by content, settings
    by value. A run that was cut short goes on where it was. A song that fails is set
    aside with its reason, and the rest goes on; the exit status is 1 then. With --json every event
    is a line of JSON on stdout.
    """
    from mixmaster.batch.local.memory import free_memory_bytes
    from mixmaster.batch.local.pool import LocalPool
    from mixmaster.batch.planning.prepare import BatchOptions, Prepared
    from mixmaster.batch.running.run import Run
    from mixmaster.cli.batch_view import open_log, open_view
    from mixmaster.cli.output import note, progress
    from mixmaster.engine.threads import default_threads

    check_cluster(cluster, cluster_tls)
    if cluster is not None and memory is not None:
        reason = "shares out this machine's memory, which a cluster's workers do not use"
        raise UsageError("--memory", reason, "limit the workers where they are started")
    batch, places, jobs = read_batch(wanted)
    options = BatchOptions(
        output=places.output,
        store=places.store,
        jobs=jobs,
        keep_premasters=batch.keep_premasters and not no_premasters,
        retry_failed=retry_failed,
        overwrite=overwrite,
        allow_plugins=allow_plugins,
        trusting=not wanted["verify"],
    )
    cores = default_threads()
    count = workers or cores
    with ExitStack() as stack:
        if allow_plugins:
            from mixmaster.effects.plugin_list import plugins_allowed

            stack.enter_context(plugins_allowed())
        log_file = stack.enter_context(open_log(log))
        if not dry_run:
            begin(places.store, note)
        executor: Executor | None = None
        if cluster is not None and not dry_run:  # before planning: misfits are named at once
            executor = open_cluster(
                cluster,
                cluster_tls,
                places.workplace(overwrite=overwrite),
                time_limit_s=time_limit,
                most=workers,
                note=note,
            )
            stack.callback(executor.close)
            cores = count = executor.workers
        with progress() as tell:
            prepared = Prepared(options, tell, keep=not dry_run)
        show_plan(prepared, cores, count, as_json=as_json)
        if dry_run:
            _show_stages(prepared, as_json=as_json)
            return int(bool(prepared.broken))
        prepared.require_space(count)
        budget = None if cluster is not None else memory or free_memory_bytes() * 4 // 5
        if executor is None:
            executor = LocalPool(
                places.output,
                count,
                overwrite=overwrite,
                workplace=None if places.remote is None else places.workplace(overwrite=overwrite),
                memory_bytes=budget,
                time_limit_s=time_limit,
                cores=cores,
            )
            stack.callback(executor.close)
        if places.remote is not None:
            from mixmaster.batch.storage.store import Noting

            executor = Noting(executor, places.remote)
        with open_view(log=log_file, as_json=as_json, memory_bytes=budget) as view:
            run = Run(prepared, executor, view.take, cores=cores, fail_fast=fail_fast)
            summary = run.run()
    page = show_overview(prepared, summary, overwrite=overwrite)
    _show(summary, places.shown, page, as_json=as_json)
    return summary.exit_code


def begin(store: Store, note: Any) -> None:
    """Make the state's folder, and finish what a run before has left."""
    from mixmaster.audio.names import shown
    from mixmaster.errors import OutputError

    try:
        store.start()
        for text in store.recover():
            note(text)
    except OSError as error:
        reason = f"it cannot be written: {error.strerror}"
        raise OutputError(shown(store.folder), reason, "choose another output") from error


def show_plan(prepared: Prepared, cores: int, workers: int, *, as_json: bool) -> None:
    """Say what is planned, with counts, time and disk; on stderr."""
    from mixmaster.cli.output import echo, printable
    from mixmaster.cli.saying import clock, several, size

    counts = prepared.counts()
    stages = prepared.stages()
    mixes = sum(each["kind"] == "mix" for each in stages)
    parts = [f"{count} {state}" for state, count in counts.items() if count]
    text = f"{several(len(prepared.songs), 'song')}, {several(len(prepared.states), 'output')}"
    text += f": {', '.join(parts) or '-'}"
    if prepared.broken:
        text += f"; {several(len(prepared.broken), 'song')} cannot be planned"
    if stages:
        shared = min(cores, workers)
        wall, disk = clock(prepared.wall_s(shared)), size(prepared.disk_bytes(workers))
        runs = several(len(stages) - mixes, "mastering run")
        work = f"{several(mixes, 'mix', 'mixes')}, {runs}"
        on = several(shared, "processor")
        text += f"\nto do: {work}; about {wall} on {on}, {disk} of disk at most"
    if not as_json:
        echo(printable(text), err=True)


def _show_stages(prepared: Prepared, *, as_json: bool) -> None:
    from mixmaster.cli.output import failure, show, show_json, table
    from mixmaster.cli.saying import clock, size

    stages = prepared.stages()
    if as_json:
        show_json(
            {
                "schema": "mixmaster/batch-plan/1",
                "output": prepared.options.output,
                "counts": prepared.counts(),
                "stages": stages,
                "broken": [{"song": p.name, "reason": p.error} for p in prepared.broken],
            }
        )
    elif stages:
        rows = [
            (
                each["id"],
                ", ".join(each["outputs"]),
                clock(each["cpu_s"]),
                size(each["memory_bytes"]),
            )
            for each in stages
        ]
        show(table("Stages", ("stage", "targets", ">processor time", ">memory"), rows))
    for plan in prepared.broken:
        failure(f"{plan.name}: {plan.error}", "failed")


def show_overview(prepared: Prepared, summary: Summary, *, overwrite: bool) -> Path | None:
    """Write the overview; that it cannot be written is no failure of what was rendered."""
    from mixmaster.audio.names import shown
    from mixmaster.batch.overview import write_overview
    from mixmaster.cli.output import warning
    from mixmaster.errors import OutputError

    try:
        return write_overview(prepared, summary, overwrite=overwrite)
    except OutputError as error:
        warning(f"no overview: {error}")
    except OSError as error:
        warning(f"no overview: {shown(error.filename or '')}: {error.strerror or error}")
    return None


def _counts(summary: Summary) -> str:
    from mixmaster.cli.saying import several

    failed = summary.failed - summary.broken
    said = f"{summary.made} made, {summary.current} current, {failed} failed"
    if summary.quarantined:
        said += f" ({summary.quarantined} of them set aside)"
    return said + (f", {several(summary.broken, 'song')} not planned" if summary.broken else "")


def _show(summary: Summary, output: Path | str, page: Path | None, *, as_json: bool) -> None:
    from mixmaster.cli.output import echo, printable, show, show_path, table
    from mixmaster.cli.saying import clock
    from mixmaster.results import to_json_text

    if as_json:
        said = {"event": "summary", "schema": "mixmaster/batch/1", **summary.to_json()}
        said["overview"] = page
        echo(to_json_text(said, indent=None).encode("utf-8", "backslashreplace"), nl=False)
        return
    made = [each for each in summary.songs if each.made and not each.failed]
    failed = [each for each in summary.songs if each.failed]  # last: that is where one looks
    rows = [
        (
            each.song,
            str(each.made),
            str(each.current),
            "all" if each.broken else str(each.failed),
            "; ".join(each.reasons),
        )
        for each in (*(made if len(made) <= _MOST_ROWS else ()), *failed)
    ]
    if rows:
        show(table("Songs", ("song", ">made", ">current", ">failed", "reason"), rows))
    if len(made) > _MOST_ROWS:
        echo(f"{len(made)} other songs were made without a failure")
    echo(printable(f"{_counts(summary)}, in {clock(summary.wall_s)}"))
    if summary.quarantined:
        echo("what is set aside waits until something of it changes, or for --retry-failed")
    if isinstance(output, Path):
        show_path(output)
    else:
        echo(output)
    if page is not None:
        show_path(page)
