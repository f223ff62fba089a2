"""What has changed since songs were last looked at, by the state of files alone: nothing is read.

Looked at are the files that a song's plan was drawn from: documents, stems, presets, and folders
for what comes and goes. A song that could not be planned has its folder looked at instead. A song
counts as changed once nothing of it has moved for a while, so that what is still being copied or
bounced is not rendered half-way. Polling works on network folders, too, where file systems tell
nobody of a change.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mixmaster.audio.globbing import matching
from mixmaster.batch.events import Event
from mixmaster.batch.planning.depends import FILE, FOLDER
from mixmaster.batch.planning.songplan import SongPlan
from mixmaster.batch.planning.songs import SongJob
from mixmaster.batch.state.files import digest
from mixmaster.documents.finding import FOLDERS, user_folder
from mixmaster.errors import MixmasterError

State = tuple[int, ...] | tuple[str, ...]
Seen = dict[str, State]
"""Files by their paths, with size, time and number; folders with their entries."""

_GONE: Final[State] = ()
_IS_FOLDER: Final[State] = (-1,)
_MOST_ENTRIES: Final = 2_000
WANTED: Final = ""
"""Under this key stands what is wanted of the song: no file is called so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching(Event):
    """Watching begins, or what is watched has changed.

    Attributes:
        songs: How many songs.
        files: How many files and folders are looked at.
        output: Where masters go.
    """

    songs: int
    files: int
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(Event):
    """A song is looked at again.

    Attributes:
        song: Its name.
        files: What has changed, by path; none where it is new.
        wanted: Whether something else is wanted of it than before.
    """

    song: str
    files: tuple[str, ...] = ()
    wanted: bool = False


@dataclass(slots=True)
class _Song:
    """What is known of one song.

    Attributes:
        now: What was seen last.
        since_s: Since when it is so.
        taken: What it was when it was last rendered; None before.
        depends: What its plan was drawn from: kind and path; none without a plan.
    """

    now: Seen
    since_s: float
    taken: Seen | None = None
    depends: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What one look has found.

    Attributes:
        changed: The songs that have changed and lie still; with what has changed of each:
            `WANTED` where something else is wanted of it.
        still: All songs that lie still, those included.
        moving: The songs that are being written to.
        problem: Why no songs could be found, once that has lasted; None where they were.
    """

    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    still: tuple[SongJob, ...] = ()
    moving: tuple[SongJob, ...] = ()
    problem: MixmasterError | None = None


class Watcher:
    """Looks at songs again and again.

    Args:
        find: Returns the songs there are now.
        still_s: How long nothing may have moved before a song is taken.
    """

    def __init__(self, find: Callable[[], Sequence[SongJob]], still_s: float) -> None:
        self._find = find
        self._still_s = still_s
        self._songs: dict[str, _Song] = {}
        self._stats: dict[str, State] = {}
        self._listings: dict[str, tuple[str, ...]] = {}
        self._problem = ("", 0.0)

    @property
    def files(self) -> int:
        """How many files and folders were looked at."""
        return len(self._stats)

    def look(self, now_s: float) -> Look:
        """Look at all songs.

        Args:
            now_s: The time, monotonic.
        """
        try:
            jobs = self._find()
        except MixmasterError as error:
            return self._wrong(error, now_s)
        self._problem = ("", 0.0)
        self._stats, self._listings = {}, {}
        changed, still, moving = {}, [], []
        for job in jobs:
            song = self._song(job, now_s)
            if now_s - song.since_s < self._still_s:
                moving.append(job)
                continue
            still.append(job)
            if song.taken != song.now:
                changed[job.source] = _differences(song.taken, song.now)
        for source in self._songs.keys() - {job.source for job in jobs}:
            del self._songs[source]
        return Look(changed, tuple(still), tuple(moving))

    def take(self, sources: Sequence[str]) -> None:
        """Take songs as they were seen last: they count as changed when they differ from that."""
        for source in sources:
            self._songs[source].taken = self._songs[source].now

    def planned(self, jobs: Sequence[tuple[SongJob, SongPlan]]) -> None:
        """Look from now on at what songs' plans were drawn from.

        What was looked at before keeps its state of then: what has moved meanwhile is seen.
        """
        self._stats, self._listings = {}, {}
        for job, plan in jobs:
            song = self._songs.get(job.source)
            if song is None:
                continue
            song.depends = tuple((kind, name) for kind, name, _ in plan.depends)
            taken = song.taken is song.now
            seen = self._look_at(job, song)
            song.now = {name: song.now.get(name, state) for name, state in seen.items()}
            if taken:
                song.taken = song.now

    def _wrong(self, error: MixmasterError, now_s: float) -> Look:
        """Tell a problem when it has lasted: a document may be in the middle of being written."""
        text = str(error)
        if self._problem[0] != text:
            self._problem = (text, now_s)
        lasting = now_s - self._problem[1] >= self._still_s
        return Look(problem=error if lasting else None)

    def _song(self, job: SongJob, now_s: float) -> _Song:
        song = self._songs.get(job.source)
        if song is None:
            song = self._songs[job.source] = _Song({}, now_s)
        seen = self._look_at(job, song)
        if seen != song.now:
            song.now, song.since_s = seen, now_s
        return song

    def _look_at(self, job: SongJob, song: _Song) -> Seen:
        seen: Seen = {WANTED: (digest(job.to_json()),)}
        for kind, name in song.depends or _around(job):
            if kind == FILE:
                seen[name] = self._state(name)
                continue
            found = self._listing(name) if kind == FOLDER else tuple(sorted(matching(name)))
            seen[os.path.join(name, "")] = found  # noqa: PTH118 - a file has no / at its end
            # What has come is not in the plan yet, but may still be growing.
            seen |= {each: self._state(each) for each in found[:_MOST_ENTRIES]}
        return seen

    def _state(self, name: str) -> State:
        """Return a file's state; many songs ask for the same preset."""
        found = self._stats.get(name)
        if found is None:
            found = _GONE
            with contextlib.suppress(OSError, ValueError):
                status = os.stat(name)  # noqa: PTH116 - a plain string is quicker
                # A folder's own time says less than its entries, and more than matters.
                found = (status.st_size, status.st_mtime_ns, status.st_ino)
                if stat.S_ISDIR(status.st_mode):
                    found = _IS_FOLDER
            self._stats[name] = found
        return found

    def _listing(self, name: str) -> tuple[str, ...]:
        found = self._listings.get(name)
        if found is None:
            found = self._listings[name] = tuple(sorted(_entries(name)))
        return found


def _around(job: SongJob) -> Iterator[tuple[str, str]]:
    """Yield what may be wrong with a song that has no plan: its files, and what it names."""
    path = Path(job.source)
    if job.form != "stems":
        yield FILE, job.source
    if job.form != "mix":
        folder = os.fspath(path if job.form == "stems" else path.parent)
        yield FOLDER, folder
        for name in _entries(folder)[:_MOST_ENTRIES]:
            if os.path.isdir(name):  # noqa: PTH112 - a plain string is quicker
                yield FOLDER, name
    for name in (job.preset, *job.masters, *job.targets):
        if name.lower().endswith(".toml"):
            yield FILE, name
    for folder_name in FOLDERS.values():
        yield FOLDER, os.fspath(user_folder() / folder_name)


def _entries(folder: str) -> list[str]:
    """Return what lies in a folder, hidden files left out; nothing if it cannot be listed."""
    with contextlib.suppress(OSError):
        return [
            os.path.join(folder, name)  # noqa: PTH118 - names may be anything
            for name in os.listdir(folder)  # noqa: PTH208 - names are enough
            if not name.startswith(".")
        ]
    return []


def _differences(before: Seen | None, now: Seen) -> tuple[str, ...]:
    """Return the paths that differ; none where nothing is known of before."""
    if before is None:
        return ()
    names = before.keys() | now.keys()
    changed = {name.rstrip(os.sep) for name in names if before.get(name) != now.get(name)}
    # A folder whose entries have changed says less than the entries.
    changed -= {os.path.dirname(name) for name in changed if name}  # noqa: PTH120
    return tuple(sorted(changed))
