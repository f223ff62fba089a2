"""Comparing: from files and presets to a folder in which nothing but the sound differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mixmaster.audio.extracts import Extract
from mixmaster.audio.names import shown
from mixmaster.audio.sink import FileSpec
from mixmaster.comparing.differences import difference_powers
from mixmaster.comparing.folder import AUDIO, AbFolder
from mixmaster.comparing.levels import (
    HeardLevel,
    LevelMeter,
    common_gain_db,
    matching_gains_db,
)
from mixmaster.comparing.placing import Placed, Placer
from mixmaster.comparing.session import Heard, Parts, session_of
from mixmaster.comparing.sources import ComparePlan
from mixmaster.comparing.timing import Timed
from mixmaster.comparing.tracks import (
    Masters,
    Read,
    Renderer,
    Track,
    digits_of,
    read_files,
    track_of_file,
)
from mixmaster.comparing.writing import known_heard, measure_heard, write_heard
from mixmaster.engine.manifest import versions
from mixmaster.engine.outputs import require_space
from mixmaster.engine.threads import default_threads, one_blas_thread
from mixmaster.errors import AudioFileError, RefusedError
from mixmaster.mastering.options import Progress
from mixmaster.pages.ab.data import (
    AbSession,
)
from mixmaster.pages.ab.page import write_ab_page
from mixmaster.results import Result

_ROOM_LU = 20.0
"""Versions that are farther apart in loudness than this are played very quietly: told."""

T = TypeVar("T")

Tell = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class CompareRun(Result):
    """What a comparison came to.

    Attributes:
        session: What the page shows.
        folder: Where it is.
        files: Every file of it.
        refused: Versions that could not be rendered, and why.
        rendered: Names of the masters that were rendered in this run.
        written: Names of the versions whose audio was written in this run.
    """

    session: AbSession
    folder: Path
    files: tuple[Path, ...]
    refused: tuple[RefusedError, ...]
    rendered: tuple[str, ...]
    written: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 when every version is there, 1 when a master was refused."""
        return 1 if self.refused else 0


def compare(plan: ComparePlan, folder: Path, progress: Progress | None = None) -> CompareRun:
    """Make versions comparable and put them into a folder with a page to listen to them.

    What an earlier run has left there is used again where it is the same; a folder is changed
    only when everything new is there, and left as it was when something goes wrong.

    Args:
        plan: What is compared.
        folder: Where to; made if it does not exist.
        progress: Told what is being done.

    Raises:
        AudioFileError: For files that cannot be used, or are silent in what is heard.
        DocumentError: For presets that make no sense for this mix.
        OutputError: When the folder cannot be written, or holds a stranger's page.
        RefusedError: When fewer than two versions are left, since masters were refused.
        UsageError: For versions that do not lie together in time.
    """
    ab = AbFolder(folder, overwrite=plan.options.overwrite)
    try:
        with one_blas_thread():
            return _Comparison(plan, ab, progress or _quiet).run()
    except BaseException:
        ab.abandon()
        raise


def _quiet(what: str, done: float) -> None:
    del what, done


class _Comparison:
    """One run of ``compare``."""

    def __init__(self, plan: ComparePlan, folder: AbFolder, progress: Progress) -> None:
        self._plan = plan
        self._folder = folder
        self._progress = progress
        self._rate = plan.sample_rate_hz
        self._threads = plan.options.threads or default_threads()
        self._notes: list[str] = []

    def run(self) -> CompareRun:
        options = self._plan.options
        read = read_files(
            self._given(),
            strict=options.strict,
            threads=self._threads,
            progress=lambda done: self._progress("reading", done),
        )
        masters = self._masters(read)
        anchor = read[self._plan.anchor]
        timed = Timed(self._plan.anchor, anchor.figures.duration_s, anchor.onsets.result())
        placer = Placer(self._plan, timed)
        tracks = self._tracks(read, masters)
        placed = []
        for number, track in enumerate(tracks):
            self._progress("aligning", number / len(tracks))
            placed.append(placer.place(track))
        self._progress("finding what is heard", 0.0)
        start, stop = placer.passage(placed)
        extracts = [placer.extract(each, start, stop) for each in placed]
        frames = stop - start
        self._tell_of_rates(placed)
        levels = self._levels(placed, extracts)
        gains = self._gains_db(placed, levels)
        heard, written = self._written(placed, extracts, gains)
        self._progress("comparing", 0.0)
        signs = [-1.0 if each.alignment.polarity_inverted else 1.0 for each in placed]
        paths = [self._folder.path / audio.file for audio, _, _ in heard]
        apart = difference_powers(paths, signs, self._threads)
        parts = Parts(placed, levels, gains, heard, *apart, start, frames, self._notes)
        session = session_of(self._plan, parts)
        self._progress("making the page", 0.0)
        if options.overwrite:
            self._folder.clear_page()
        page = write_ab_page(session, self._folder.path)
        files = [*page, *masters.files, *(self._folder.path / audio.file for audio, _, _ in heard)]
        self._folder.commit(session.to_json(), masters.records, files, self._threads)
        return CompareRun(
            session=session,
            folder=self._folder.path,
            files=tuple(files),
            refused=tuple(masters.refused.values()),
            rendered=masters.rendered,
            written=tuple(placed[i].track.wanted.name for i in written),
        )

    def _given(self) -> list[Path]:
        """Return the files that were given, each once; the mix is read even if it is not heard."""
        files = [v.path for v in self._plan.versions if v.kind != "master"]
        return list(dict.fromkeys([self._plan.anchor, *files]))

    def _masters(self, read: dict[Path, Read]) -> Masters:
        plan = self._plan
        if plan.mix is None:
            return Masters({}, (), (), {}, ())
        mix = read[plan.mix]
        masters = Renderer(plan, mix, self._folder, self._threads, self._progress).masters()
        left = len(plan.versions) - len(masters.refused)
        if masters.refused and left < 2:
            first = next(iter(masters.refused.values()))
            raise RefusedError(first.where, first.reason, first.hint, first.figures)
        return masters

    def _tracks(self, read: dict[Path, Read], masters: Masters) -> list[Track]:
        """Return the versions, those that were refused left out."""
        tracks = []
        for wanted in self._plan.versions:
            if wanted.kind != "master":
                tracks.append(track_of_file(wanted, read[wanted.path]))
            elif wanted.name in masters.tracks:
                tracks.append(masters.tracks[wanted.name])
        return tracks

    def _tell_of_rates(self, placed: Sequence[Placed]) -> None:
        for each in placed:
            track = each.track
            if track.sample_rate_hz != self._rate:
                track.notes.append(f"converted from {track.sample_rate_hz} to {self._rate} Hz")
            if track.channels == 1:
                track.notes.append("mono: heard from both loudspeakers")

    def _side_by_side(self, what: str, tasks: Sequence[Callable[[Tell], T]]) -> list[T]:
        """Return what tasks give, run on threads; each can tell how far it is."""
        shares = [0.0] * len(tasks)

        def run(number: int) -> T:
            def tell(done: float) -> None:
                shares[number] = min(1.0, done)
                self._progress(what, sum(shares) / len(shares))

            return tasks[number](tell)

        with ThreadPoolExecutor(self._threads, thread_name_prefix="compare") as pool:
            try:
                return list(pool.map(run, range(len(tasks))))
            finally:
                pool.shutdown(cancel_futures=True)

    def _levels(self, placed: Sequence[Placed], extracts: Sequence[Extract]) -> list[HeardLevel]:
        """Measure what is heard of all versions."""

        def task(number: int) -> Callable[[Tell], HeardLevel]:
            return lambda tell: self._level(extracts[number], placed[number].track, tell)

        levels = self._side_by_side("measuring", [task(i) for i in range(len(placed))])
        for each, level in zip(placed, levels, strict=True):
            if level.loudness_lufs() is None:
                raise AudioFileError(
                    each.track.wanted.name,
                    "it has no loudness in what is heard: it is silent there, or that is shorter "
                    "than 0.4 s",
                    "choose another part with --from and --to, or leave it out",
                )
        return levels

    def _level(self, extract: Extract, track: Track | None, tell: Tell | None = None) -> HeardLevel:
        meter = LevelMeter(self._rate, where=shown(extract.path))
        done = 0
        for block in extract.blocks():
            meter.update(block)
            done += block.shape[1]
            if tell is not None:
                tell(done / extract.frames)
        if track is None:
            return meter.result(None, None)
        return meter.result(track.integrated_lufs, track.true_peak_dbtp)

    def _gains_db(self, placed: Sequence[Placed], levels: Sequence[HeardLevel]) -> list[float]:
        """Return what is done to every version's level in its file."""
        matching = matching_gains_db(levels)
        quietest = max(range(len(levels)), key=lambda i: matching[i])
        if -min(matching) > _ROOM_LU:
            self._notes.append(
                f"{placed[quietest].track.wanted.name} is {-min(matching):.0f} LU quieter than the "
                "loudest: level-matched, all are heard that quietly"
            )
        gains = [0.0] * len(levels) if self._plan.options.unmatched else matching
        common = common_gain_db(levels, gains)
        if common < 0.0:
            self._notes.append(f"all are {-common:.2f} dB lower, so that none is clipped")
        return [gain + common for gain in gains]

    def _written(
        self, placed: Sequence[Placed], extracts: Sequence[Extract], gains: Sequence[float]
    ) -> tuple[list[Heard], list[int]]:
        """Write every version that is not there yet; return what all measure."""
        known = {v["audio"]["file"]: v for v in self._folder.session().get("versions", [])}
        made = versions()
        names = []
        for each, extract, gain in zip(placed, extracts, gains, strict=True):
            content = [each.track.sha256, extract.start, extract.frames, self._rate, gain, made]
            names.append(f"{AUDIO}/{digits_of(content)}.flac")
        heard: dict[str, Heard] = {}
        for name in names:
            old = known.get(name)
            if old is not None and self._folder.still_there(name, old["audio"]["sha256"]):
                heard[name] = known_heard(old)
        missing = [n for n in dict.fromkeys(names) if n not in heard]
        spec = FileSpec("flac", 24, self._rate, 2)
        room = len(missing) * spec.bytes_at_most(max((e.frames for e in extracts), default=0))
        require_space(self._folder.path, room * 3)  # the page holds all again, as text

        def task(name: str) -> Callable[[Tell], Heard]:
            number = names.index(name)
            path = self._folder.place(name)

            def work(tell: Tell) -> Heard:
                write_heard(extracts[number], gains[number], path, lambda d: tell(0.6 * d))
                found = measure_heard(self._folder.path, name)
                tell(1.0)
                return found

            return work

        tasks = [task(name) for name in missing]
        heard |= dict(zip(missing, self._side_by_side("writing", tasks), strict=True))
        written = [i for i, name in enumerate(names) if name in missing]
        return [heard[name] for name in names], written
