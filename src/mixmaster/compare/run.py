"""Comparing: from files and presets to a folder in which nothing but the sound differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from mixmaster.audio.names import shown
from mixmaster.audio.sink import FileSpec
from mixmaster.compare.differences import difference_powers, pairs_of
from mixmaster.compare.folder import AUDIO, AbFolder
from mixmaster.compare.levels import (
    HeardLevel,
    LevelMeter,
    common_gain_db,
    loop_of,
    loudest_stretch,
    matching_gains_db,
    ways_of_listening,
)
from mixmaster.compare.listening import Extract
from mixmaster.compare.recipe import recipe_of
from mixmaster.compare.settings import differing_settings, words_of
from mixmaster.compare.sources import ComparePlan
from mixmaster.compare.timing import (
    Span,
    Timed,
    align,
    in_step,
    left_alone,
    not_found,
    said_of,
    said_of_ends,
    shared_span,
)
from mixmaster.compare.tracks import (
    Masters,
    Read,
    Renderer,
    Track,
    digits_of,
    read_files,
    track_of_file,
)
from mixmaster.compare.writing import known_heard, measure_heard, write_heard
from mixmaster.engine.manifest import versions
from mixmaster.engine.publish import require_space
from mixmaster.engine.threads import default_threads, one_blas_thread
from mixmaster.errors import AudioFileError, RefusedError, UsageError
from mixmaster.mastering.options import Progress
from mixmaster.metering.loudness import SLICES_PER_SECOND
from mixmaster.pages.ab.data import (
    SESSION_SCHEMA,
    AbAlignment,
    AbAudio,
    AbCurves,
    AbFigures,
    AbOriginal,
    AbSession,
    AbVersion,
)
from mixmaster.pages.ab.page import write_ab_page

_ROOM_LU = 20.0
"""Versions that are farther apart in loudness than this are played very quietly: told."""

_BROWSER_BYTES = 1 << 30

T = TypeVar("T")

Tell = Callable[[float], None]
Heard = tuple[AbAudio, AbFigures, AbCurves]


@dataclass(frozen=True, slots=True)
class CompareRun:
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


@dataclass(slots=True)
class _Placed:
    """A version with its place in time."""

    track: Track
    alignment: AbAlignment
    span: Span
    adrift: bool
    extract: Extract | None = None


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
        placed = self._placed(read, masters)
        start, stop = self._passage(placed)
        for each in placed:
            each.extract = self._extract(each, start, stop)
        extracts = [each.extract for each in placed if each.extract is not None]
        frames = stop - start
        self._tell_of_rates(placed, frames)
        levels = self._levels(placed, extracts)
        gains = self._gains_db(placed, levels)
        heard, written = self._written(placed, extracts, gains)
        session = self._session(placed, levels, gains, heard, (start, frames))
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

    def _placed(self, read: dict[Path, Read], masters: Masters) -> list[_Placed]:
        """Return the versions in the first file's time, those that were refused left out."""
        plan = self._plan
        tracks = []
        for wanted in plan.versions:
            if wanted.kind != "master":
                tracks.append(track_of_file(wanted, read[wanted.path]))
            elif wanted.name in masters.tracks:
                tracks.append(masters.tracks[wanted.name])
        anchor = read[plan.anchor]
        timed = Timed(plan.anchor, anchor.figures.duration_s, anchor.onsets.result())
        placed = []
        for number, track in enumerate(tracks):
            self._progress("aligning", number / len(tracks))
            placed.append(self._place(track, timed))
        return placed

    def _place(self, track: Track, anchor: Timed) -> _Placed:
        wanted, rate = track.wanted, self._rate
        seconds = track.frames / track.sample_rate_hz
        found: AbAlignment | None = in_step()
        if wanted.kind != "master" and wanted.path != anchor.path:
            found = left_alone()
            if self._plan.options.align:
                assert track.onsets is not None
                other = Timed(track.path, seconds, track.onsets.result())
                found = align(anchor, other, rate)
        adrift = found is None
        if found is None:
            if wanted.kind != "reference":
                raise not_found(wanted.path, anchor.path)
            found = left_alone()
            track.notes.append("it is another song, or another recording: it is not aligned")
        track.notes += said_of(found, rate, seconds)
        length = round(seconds * rate)
        span = Span(wanted.name, -found.offset_samples, length - found.offset_samples)
        return _Placed(track, found, span, adrift)

    def _passage(self, placed: Sequence[_Placed]) -> tuple[int, int]:
        """Return from which frame to which is heard, in the first file's time."""
        section = self._plan.options.section
        spans = [each.span for each in placed if not each.adrift]
        spans = spans or [each.span for each in placed]
        start, stop = shared_span(spans, self._rate, asked=section is not None)
        if section is None:
            for each in placed:
                if not each.adrift:
                    each.track.notes += said_of_ends(each.span, start, stop, self._rate)
            return start, stop
        if section.loudest_s is not None:
            length = min(stop - start, round(section.loudest_s * self._rate))
            whole = Extract(self._plan.anchor, self._rate, start, stop - start)
            start += self._loudest(whole, length)
            return start, start + length
        first = round(section.from_s * self._rate)
        last = stop if section.to_s is None else round(section.to_s * self._rate)
        if not start <= first < stop or last > stop:
            shared = f"{start / self._rate:.2f} s to {stop / self._rate:.2f} s"
            raise UsageError(
                "", "the section is not in all versions", f"they share {shared}; check its ends"
            )
        return first, last

    def _loudest(self, extract: Extract, frames: int) -> int:
        """Return where the loudest stretch of so many frames begins, counted from the extract."""
        self._progress("finding the loudest part", 0.0)
        powers = self._level(extract, None).powers
        slices = max(1, round(frames * SLICES_PER_SECOND / self._rate))
        first = loudest_stretch(powers, slices) * self._rate // SLICES_PER_SECOND
        return max(0, min(first, extract.frames - frames))

    def _extract(self, placed: _Placed, start: int, stop: int) -> Extract:
        track = placed.track
        frames = stop - start
        if not placed.adrift:
            first = start + placed.alignment.offset_samples
            return Extract(track.path, self._rate, first, frames)
        length = placed.span.stop - placed.span.start
        whole = Extract(track.path, self._rate, 0, length)
        if self._plan.options.section is None or length <= frames:
            if length < frames:
                track.notes.append(f"it ends after {length / self._rate:.1f} s: silence follows")
            return replace(whole, frames=frames)
        first = self._loudest(whole, frames)
        track.notes.append(f"its own loudest part is heard, from {first / self._rate:.1f} s")
        return replace(whole, start=first, frames=frames)

    def _tell_of_rates(self, placed: Sequence[_Placed], frames: int) -> None:
        for each in placed:
            track = each.track
            if track.sample_rate_hz != self._rate:
                track.notes.append(f"converted from {track.sample_rate_hz} to {self._rate} Hz")
            if track.channels == 1:
                track.notes.append("mono: heard from both loudspeakers")
        decoded = len(placed) * frames * 2 * 4
        if decoded > _BROWSER_BYTES:
            self._notes.append(
                f"{decoded / 1e9:.1f} GB of audio: --section loudest:30s makes a lighter page"
            )

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

    def _levels(self, placed: Sequence[_Placed], extracts: Sequence[Extract]) -> list[HeardLevel]:
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

    def _gains_db(self, placed: Sequence[_Placed], levels: Sequence[HeardLevel]) -> list[float]:
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
        self, placed: Sequence[_Placed], extracts: Sequence[Extract], gains: Sequence[float]
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

    def _session(
        self,
        placed: Sequence[_Placed],
        levels: Sequence[HeardLevel],
        gains: Sequence[float],
        heard: Sequence[Heard],
        passage: tuple[int, int],
    ) -> AbSession:
        plan, rate = self._plan, self._rate
        start, frames = passage
        duration_s = frames / rate
        platform = plan.target.target if plan.platform else None
        ways = ways_of_listening(levels, gains, platform)
        matched = [
            (figures.integrated_lufs or 0.0) + gain
            for (_, figures, _), gain in zip(heard, ways[0].gains_db, strict=True)
        ]
        ids = [f"v{number}" for number in range(1, len(placed) + 1)]
        rows = differing_settings([each.track.wanted.preset for each in placed])
        keys = _keys(placed)
        self._progress("comparing", 0.0)
        signs = [-1.0 if each.alignment.polarity_inverted else 1.0 for each in placed]
        files = [self._folder.path / audio.file for audio, _, _ in heard]
        powers, samples = difference_powers(files, signs, self._threads)
        loop = loop_of(levels, duration_s)
        section = plan.options.section
        part = f"{_clock(start / rate)} to {_clock((start + frames) / rate)}"
        if section is not None and section.loudest_s is not None:
            part = f"the loudest {duration_s:g} s, {part}"
        return AbSession(
            schema=SESSION_SCHEMA,
            id=digits_of([[key, h[0].file] for key, h in zip(keys, heard, strict=True)]),
            title=plan.title,
            sample_rate_hz=rate,
            frames=frames,
            duration_s=duration_s,
            start_s=start / rate,
            section="" if section is None else part,
            loudest_start_s=loop[0],
            loudest_stop_s=loop[1],
            seed=plan.options.seed,
            level="unmatched" if plan.options.unmatched else "matched",
            levels=ways,
            mismatch_lu=max(matched) - min(matched),
            versions=tuple(
                AbVersion(
                    id=ids[i],
                    key=keys[i],
                    name=each.track.wanted.name,
                    kind=each.track.wanted.kind,
                    audio=heard[i][0],
                    gain_db=gains[i],
                    original=_original(each.track),
                    heard=heard[i][1],
                    curves=heard[i][2],
                    alignment=each.alignment,
                    words=words_of(rows, i),
                    recipe=recipe_of(each.track.wanted, plan),
                    notes=tuple(dict.fromkeys(each.track.notes)),
                )
                for i, each in enumerate(placed)
            ),
            pairs=pairs_of(ids, powers, samples),
            settings=rows,
            notes=tuple(self._notes),
        )


def _original(track: Track) -> AbOriginal:
    return AbOriginal(
        file=shown(track.path.name),
        sample_rate_hz=track.sample_rate_hz,
        channels=track.channels,
        duration_s=track.frames / track.sample_rate_hz,
        integrated_lufs=track.integrated_lufs,
        true_peak_dbtp=track.true_peak_dbtp,
        reasons=track.reasons,
    )


def _keys(placed: Sequence[_Placed]) -> list[str]:
    """Return what versions are known by in any session: their sound; of equal ones their number."""
    keys: list[str] = []
    for each in placed:
        key = each.track.sha256[:16]
        again = 1
        while key in keys:
            again += 1
            key = digits_of([each.track.sha256, again])
        keys.append(key)
    return keys


def _clock(seconds: float) -> str:
    """Return a time as 1:05.50."""
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
