"""``mixmaster watch``: render what changes, when it has come to rest."""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import click

from mixmaster.cli.batches import batch_options, read_batch
from mixmaster.cli.commands import Command
from mixmaster.cli.options import Within, json_option, overwrite_option
from mixmaster.cli.pooling import keeping_options, worker_options
from mixmaster.errors import MixmasterError, UsageError

if TYPE_CHECKING:
    from mixmaster.batch.events import Event
    from mixmaster.batch.local.pool import LocalPool
    from mixmaster.batch.planning.prepare import BatchOptions
    from mixmaster.batch.planning.songs import SongJob
    from mixmaster.batch.running.summary import Summary
    from mixmaster.batch.watching import Changed, Look, Watcher

_IDLE_SHARE: Final = 10
"""Looking takes a tenth of the time at most, however many files there are."""
_NAMED: Final = 8


@click.command(
    "watch",
    cls=Command,
    short_help="Render songs again whenever something of them changes.",
    examples=[
        "watch songs/ -p rock-band -m loud -t spotify -o out/",
        "watch jobs.toml",
        "watch jobs.toml --interval 5 --settle 10",
        "watch jobs.toml --once --json",
    ],
)
@batch_options
@click.option(
    "--interval",
    "interval_s",
    type=Within(0.1, 3600),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="How often files are looked at.",
)
@click.option(
    "--settle",
    "settle_s",
    type=Within(0, 3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How long nothing of a song may have moved before it is rendered.",
)
@click.option(
    "--once",
    is_flag=True,
    help="Wait until no song is being written to, render what has changed, and end.",
)
@worker_options
@keeping_options
@overwrite_option
@json_option
def command(
    wanted: Mapping[str, Any],
    interval_s: float,
    settle_s: float,
    once: bool,
    workers: int | None,
    memory: int | None,
    time_limit: float | None,
    no_premasters: bool,
    log: Path | None,
    allow_plugins: bool,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Render SONGS as batch does, then what changes of them, until Ctrl-C.

    SONGS are what batch takes; a folder that holds neither a session nor audio stands for all songs
    in it, also those that come later. Documents, stems and presets are watched; a song is rendered
    once its files have come to rest. A song that fails waits until something of it changes. The
    exit status is 130 after Ctrl-C; with --once it is batch's.
    """
    from mixmaster.batch.watching import Watcher
    from mixmaster.cli.output import speak_in_lines

    speak_in_lines(lines=as_json)
    wanted = {**wanted, "songs": tuple(_meant(each) for each in wanted["songs"])}
    with ExitStack() as stack:
        if allow_plugins:
            from mixmaster.effects.plugin_list import plugins_allowed

            stack.enter_context(plugins_allowed())
        from mixmaster.cli.batch_view import open_log

        log_file = stack.enter_context(open_log(log))
        rendering = _Rendering(
            wanted,
            log_file,
            workers=workers,
            memory=memory,
            time_limit_s=time_limit,
            keep_premasters=not no_premasters,
            allow_plugins=allow_plugins,
            overwrite=overwrite,
            as_json=as_json,
        )
        stack.callback(rendering.close)
        if once:
            rendering.find()  # what is wrong with the documents now ends a script
        watcher = Watcher(rendering.find, settle_s)
        return _watch(watcher, rendering, interval_s, once=once)


def _watch(watcher: Watcher, rendering: _Rendering, interval_s: float, *, once: bool) -> int:
    told = ""
    began = False
    while True:
        began_s = time.monotonic()
        look = watcher.look(began_s)
        if look.problem is not None:
            if str(look.problem) != told:
                rendering.say_problem(str(look.problem))
            told = str(look.problem)
        elif look.still or look.moving:
            told = ""
        if not began and (look.still or look.moving):
            began = True
            rendering.say_begin(len(look.still) + len(look.moving), watcher.files)
        waits = once and (look.moving or not began)
        if look.changed and not waits:
            rendering.render(watcher, look)
        if once and not waits:
            return rendering.status
        took_s = time.monotonic() - began_s
        time.sleep(max(interval_s, 0.0 if look.changed else _IDLE_SHARE * took_s))


class _Rendering:
    """Renders songs, round after round, with one set of workers."""

    def __init__(
        self,
        wanted: Mapping[str, Any],
        log: IO[str] | None,
        *,
        workers: int | None,
        memory: int | None,
        time_limit_s: float | None,
        keep_premasters: bool,
        allow_plugins: bool,
        overwrite: bool,
        as_json: bool,
    ) -> None:
        self._wanted = wanted
        self._log = log
        self._workers = workers
        self._memory = memory
        self._time_limit_s = time_limit_s
        self._keep_premasters = keep_premasters
        self._allow_plugins = allow_plugins
        self._overwrite = overwrite
        self._as_json = as_json
        self._pool: LocalPool | None = None
        self._pool_output: Path | None = None
        self._places: Any = None
        self._keeps = True
        self._first = True
        self.status = 0

    def find(self) -> list[SongJob]:
        """Return the songs there are now.

        Raises:
            DocumentError: For a mistake in the document.
            UsageError: For songs that are not there, and for songs or outputs in a store.
        """
        batch, places, jobs = read_batch(self._wanted)
        if places.remote is not None or any("://" in each.path for each in batch.song):
            reason = "only folders of this machine, or that it has mounted, are watched"
            raise UsageError("watch", reason, "with a store, run batch again and again")
        self._places = places
        self._keeps = batch.keep_premasters and self._keep_premasters
        return [job for job in jobs if not self._is_ours(job)]

    def render(self, watcher: Watcher, look: Look) -> None:
        """Render what has changed."""
        from mixmaster.batch.planning.prepare import BatchOptions

        options = BatchOptions(
            output=self._places.output,
            store=self._places.store,
            jobs=look.still,
            keep_premasters=self._keeps,
            overwrite=self._overwrite,
            allow_plugins=self._allow_plugins,
            trusting=not self._wanted["verify"],
        )
        watcher.take(list(look.changed))
        try:
            self._render(watcher, look, options)
        except MixmasterError as error:  # an interruption is none, and leaves
            self.status = 1
            self.say_problem(str(error))

    def close(self) -> None:
        """Let go of the workers."""
        if self._pool is not None:
            self._pool.close()

    def _is_ours(self, job: SongJob) -> bool:
        """Return whether a song is a master that was made here, or the folder of those."""
        output = os.path.abspath(self._places.output)  # noqa: PTH100 - links stay as they are
        if job.source == output:
            return True
        name = Path(job.source)
        if job.form != "mix" or not name.is_relative_to(output):
            return False
        return self._places.store.made(name.relative_to(output).as_posix()) is not None

    # ------------------------------------------------------------ one round

    def _render(self, watcher: Watcher, look: Look, options: BatchOptions) -> None:
        from mixmaster.batch.events import Failed
        from mixmaster.batch.local.memory import free_memory_bytes
        from mixmaster.batch.planning.prepare import Prepared
        from mixmaster.batch.running.run import Run
        from mixmaster.batch.watching import WANTED, Changed
        from mixmaster.cli.batch import begin, show_overview
        from mixmaster.cli.batch_view import open_view
        from mixmaster.cli.output import note
        from mixmaster.engine.threads import default_threads

        begin(self._places.store, note)
        prepared = Prepared(options, lambda _what, _share: None)
        watcher.planned([(song.job, song.plan) for song in prepared.songs])
        changes = []
        for song in prepared.songs:
            source = song.job.source
            if source not in look.changed:
                # It is as it was: also what has failed of it.
                song.wanted, song.mix_needed = {}, False
            elif look.changed[source] or not self._first:
                files = tuple(each for each in look.changed[source] if each != WANTED)
                wanted = WANTED in look.changed[source]
                changes.append(Changed(song=song.plan.name, files=files, wanted=wanted))
        self._say_changes(changes)
        old = {
            song.plan.name
            for song in prepared.songs
            if song.plan.error and song.job.source not in look.changed
        }
        self._first = False
        cores = default_threads()
        count = self._workers or cores
        prepared.require_space(count)
        budget = self._memory or free_memory_bytes() * 4 // 5
        pool = self._take_pool(count, budget, cores)
        with open_view(log=self._log, as_json=self._as_json, memory_bytes=budget) as view:

            def tell(event: Event) -> None:
                # What cannot be planned was said when it came to be so.
                if not (isinstance(event, Failed) and event.kind == "plan" and event.song in old):
                    view.take(event)

            summary = Run(prepared, pool, tell, cores=cores).run()
        page = show_overview(prepared, summary, overwrite=self._overwrite)
        self.status = summary.exit_code
        self._say_end(summary, page)

    def _take_pool(self, count: int, budget: int, cores: int) -> LocalPool:
        from mixmaster.batch.local.pool import LocalPool

        output = self._places.output
        if self._pool is not None and self._pool_output != output:
            self._pool.close()
            self._pool = None
        if self._pool is None:
            self._pool_output = output
            self._pool = LocalPool(
                output,
                count,
                overwrite=self._overwrite,
                memory_bytes=budget,
                time_limit_s=self._time_limit_s,
                cores=cores,
            )
        return self._pool

    # ------------------------------------------------------------ what is said

    def say_begin(self, songs: int, files: int) -> None:
        """Say that watching begins."""
        from mixmaster.audio.names import shown
        from mixmaster.batch.watching import Watching

        output = self._places.output.absolute()
        self._tell(Watching(songs=songs, files=files, output=str(output)))
        said = f"{songs} song{'' if songs == 1 else 's'} ({files} files)"
        self._say(f"watching {said}; masters go to {shown(output)}; Ctrl-C ends")

    def say_problem(self, text: str) -> None:
        """Say why nothing can be rendered right now."""
        from mixmaster.cli.output import failure, show_json

        if self._as_json:
            show_json({"event": "problem", "at_s": time.time(), "reason": text})
        else:
            failure(f"{text}; waiting for a change")

    def _tell(self, event: Event) -> None:
        from mixmaster.cli.output import show_json
        from mixmaster.results import to_json_text

        if self._log is not None:
            self._log.write(to_json_text(event.to_json(), indent=None))
            self._log.flush()
        if self._as_json:
            show_json(event)

    def _say_changes(self, changes: Sequence[Changed]) -> None:
        from mixmaster.audio.names import shown

        for each in changes:
            self._tell(each)
        for each in changes[:_NAMED]:
            names = ["what is wanted of it"] if each.wanted else []
            names += [shown(Path(name).name) for name in each.files[:_NAMED]]
            if len(each.files) > _NAMED:
                names.append(f"and {len(each.files) - _NAMED} more")
            self._say(f"{each.song}: {', '.join(names) or 'new'}")
        if len(changes) > _NAMED:
            self._say(f"and {len(changes) - _NAMED} more songs")

    def _say(self, text: str) -> None:
        from mixmaster.cli.output import echo, printable

        if not self._as_json:
            text = f"{time.strftime('%H:%M:%S')} {text}"
            echo(printable(text).replace("\n", "\\n"), err=True)

    def _say_end(self, summary: Summary, page: Path | None) -> None:
        from mixmaster.audio.names import shown
        from mixmaster.cli.output import echo, figure, show_json
        from mixmaster.cli.saying import clock

        if self._as_json:
            said = {"event": "summary", "schema": "mixmaster/batch/1", **summary.to_json()}
            show_json({**said, "overview": page})
            return
        for made in sorted(summary.files, key=lambda each: each.path):
            lufs, peak = (
                figure(made.figures.get(name), digits)
                for name, digits in (("integrated_lufs", 1), ("true_peak_dbtp", 2))
            )
            echo(f"{shown(summary.output / made.path)}  {lufs} LUFS, {peak} dBTP")
        counts = f"{summary.made} made, {summary.current} current, {summary.failed} failed"
        where = "" if page is None else f"; {shown(page)}"
        self._say(f"{counts}, in {clock(summary.wall_s)}{where}")


def _meant(song: str) -> str:
    """Return a word of SONGS; of a folder of songs, a pattern that finds those in it."""
    from mixmaster.audio.names import has_audio_suffix, is_hidden
    from mixmaster.batch.planning.songs import SESSION_NAME
    from mixmaster.documents.finding import from_home

    path = from_home(song)
    if not path.is_dir() or (path / SESSION_NAME).exists():
        return song
    entries = [each for each in path.iterdir() if not is_hidden(each)]
    if any(has_audio_suffix(each) and not each.is_dir() for each in entries):
        return song
    return os.path.join(glob.escape(os.fspath(path)), "*")  # noqa: PTH118 - no path, a pattern
