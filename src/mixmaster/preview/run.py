"""A preview: masters at places, behind codecs and on systems, as tables and as files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from mixmaster.arrays import Block
from mixmaster.audio.formats import encoded_rate_hz
from mixmaster.audio.names import shown
from mixmaster.engine.outputs import inside
from mixmaster.engine.publish import check_writable
from mixmaster.engine.threads import default_threads, one_blas_thread
from mixmaster.errors import UsageError
from mixmaster.mastering.options import NamedTarget, Progress
from mixmaster.metering.loudness import album_lufs
from mixmaster.mixing.plan import Section
from mixmaster.preview.ceiling import Ceiling, solve_ceiling
from mixmaster.preview.fixing import Fixed, How, fix, fixed_spec
from mixmaster.preview.master_file import Master, level_of_passage, read_master
from mixmaster.preview.places import Gain, as_played, gain_words, gains_of, play
from mixmaster.preview.results import MasterPreview, Preview
from mixmaster.preview.streams import Encoding, Streamed, encodings_of, stream
from mixmaster.preview.systems import (
    Lost,
    NamedSystem,
    all_systems,
    lost_on,
    sound_of,
    through_system,
)
from mixmaster.preview.writing import heard_path, write_heard

PARTS: Final = ("places", "codecs", "systems")
"""What a preview shows."""

ROOM_DB: Final = 0.1
"""So far under full scale a file stays that a system would bring over it."""


@dataclass(frozen=True, slots=True)
class PreviewOptions:
    """What a preview is told beside masters and places.

    Attributes:
        parts: Which of ``PARTS`` are wanted.
        section: What codecs and systems are listened to; the places' gains are always those of
            the whole.
        dual_mono: Count a mono master twice, as it sounds from two loudspeakers.
        strict: Whether a file shorter than its header says is an error.
        threads: How many may work; None for as many as there are.
        systems: What it is played on; None for all that there are.
        output: The folder for files to listen to; None for tables alone.
        fix: Write a copy of a master that is over behind codecs, turned down or limited.
        overwrite: Replace existing files that are not ours.
    """

    parts: tuple[str, ...] = PARTS
    systems: tuple[NamedSystem, ...] | None = None
    output: Path | None = None
    fix: How | None = None
    overwrite: bool = False
    section: Section | None = None
    dual_mono: bool = False
    strict: bool = False
    threads: int | None = None


def preview(
    paths: Sequence[Path],
    places: Sequence[NamedTarget],
    options: PreviewOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Preview:
    """Find out how masters will be heard.

    Args:
        paths: The masters; several are an album in this order.
        places: Where they are played.
        options: The rest.
        progress: Told what is being done.

    Raises:
        AudioFileError: For a file that cannot be used.
        OutputError: For a file that cannot be written, or must not be replaced.
        RefusedError: For a master that could not be fixed.
        SignalError: For NaN or infinity in it.
        UsageError: For options that contradict each other.
    """
    options = options or PreviewOptions()
    _check(paths, options)
    threads = options.threads or default_threads()
    with one_blas_thread(), ThreadPoolExecutor(threads, thread_name_prefix="preview") as pool:
        try:
            return _Job(places, options, pool, progress or _quiet).run(paths)
        finally:
            pool.shutdown(cancel_futures=True)


def _check(paths: Sequence[Path], options: PreviewOptions) -> None:
    if not paths:
        raise UsageError("", "no masters", "name at least one file")
    twice = [path for path in dict.fromkeys(paths) if list(paths).count(path) > 1]
    if twice:
        raise UsageError(shown(twice[0]), "is named twice", "name each master once")
    if options.section is not None and options.parts == ("places",):
        reason = "places measure the whole song"
        raise UsageError("--section", reason, "ask for codecs or systems too")
    stems = [path.stem for path in paths]
    alike = [stem for stem in dict.fromkeys(stems) if stems.count(stem) > 1]
    if options.output is not None and alike:
        reason = f"several masters are called {alike[0]}, and so would their files be"
        raise UsageError("", reason, "rename them, or preview them one by one")
    if options.fix is None:
        return
    if options.output is None:
        raise UsageError("--fix", "needs a folder to write to", "name one: -o folder/")
    if "codecs" not in options.parts:
        raise UsageError("--fix", "is about codecs", "let --only codecs be among what is wanted")
    if options.section is not None:
        reason = "is about the whole song"
        raise UsageError("--fix", reason, "leave --section, --from and --to out")


@dataclass(frozen=True, slots=True)
class _Job:
    """One preview, everything settled."""

    places: Sequence[NamedTarget]
    options: PreviewOptions
    pool: Executor
    tell: Progress

    def run(self, paths: Sequence[Path]) -> Preview:
        masters = [self._read(path) for path in paths]
        gains: list[list[Gain]] = [[] for _ in masters]
        if "places" in self.options.parts:
            for named in self.places:
                for index, given in enumerate(gains_of(named, masters)):
                    gains[index] += given
        for master, row in zip(masters, gains, strict=True):
            self._check_outputs(master, row)
        found = tuple(self._one(*each) for each in zip(masters, gains, strict=True))
        album = None
        if len(masters) > 1:
            album = album_lufs([master.powers for master in masters])
        return Preview(album, found)

    def _read(self, path: Path) -> Master:
        return read_master(
            path,
            section=self.options.section,
            dual_mono=self.options.dual_mono,
            strict=self.options.strict,
            progress=lambda share: self.tell(f"measuring {path.name}", share),
        )

    @property
    def _encodings(self) -> list[Encoding]:
        return encodings_of(self.places) if "codecs" in self.options.parts else []

    @property
    def _systems(self) -> Sequence[NamedSystem]:
        if "systems" not in self.options.parts:
            return ()
        return all_systems() if self.options.systems is None else self.options.systems

    def _check_outputs(self, master: Master, gains: Sequence[Gain]) -> None:
        """Raise before any work for what could not be written after it."""
        if self.options.output is None:
            return
        words: list[tuple[str, ...]] = [gain_words(gain) for gain in gains]
        words += [(encoding.file_name,) for encoding in self._encodings]
        words += [("on", each.name) for each in self._systems]
        for each in words:
            path = heard_path(self.options.output, master, *each)
            check_writable(path, overwrite=self.options.overwrite)
        if self.options.fix is not None:
            fixed_spec(master)
            check_writable(self._fixed_path(master), overwrite=self.options.overwrite)

    def _fixed_path(self, master: Master) -> Path:
        assert self.options.output is not None
        return inside(self.options.output, f"{master.path.stem}_codec-safe{master.path.suffix}")

    def _one(self, master: Master, gains: Sequence[Gain]) -> MasterPreview:
        written: list[Path] = []
        notes = list(master.notes)
        if master.true_peak_dbtp is not None and master.true_peak_dbtp > 0.0:
            notes.append(f"it is over full scale itself: {master.true_peak_dbtp:+.2f} dBTP")
        ways = {
            (named.name, way.name): way for named in self.places for way in named.target.playback
        }
        played = []
        for count, gain in enumerate(gains):
            self.tell(f"playing {master.name} at places", count / len(gains))
            way = ways.get((gain.place, gain.setting))
            played.append(play(master, gain, way))
            listen = partial(as_played, master, gain, way)
            written += self._write(master, gain_words(gain), listen, gain.to_json())
        streams, ceiling = self._behind_codecs(master)
        if self.options.output is not None:
            written += [
                heard_path(self.options.output, master, each.encoding.file_name)
                for each in streams
                if each.overs is not None
            ]
        lost = self._on_systems(master, written, notes)
        rate = master.info.sample_rate_hz
        start, stop = master.passage
        return MasterPreview(
            file=master.path,
            integrated_lufs=master.integrated_lufs,
            true_peak_dbtp=master.true_peak_dbtp,
            section=None if master.is_whole else (start / rate, stop / rate),
            places=tuple(played),
            streams=streams,
            ceiling=ceiling,
            systems=lost,
            fixed=self._fixed(master, streams, ceiling),
            written=tuple(written),
            notes=tuple(notes),
        )

    def _write(
        self,
        master: Master,
        words: tuple[str, ...],
        listen: Callable[[], Iterable[Block]],
        said: Mapping[str, Any],
    ) -> list[Path]:
        """Write what is heard, if files are wanted; return their paths."""
        if self.options.output is None:
            return []
        path = heard_path(self.options.output, master, *words)
        self.tell(f"writing {path.name}", 0.0)
        write_heard(
            master,
            listen(),
            path,
            sample_rate_hz=master.info.sample_rate_hz,
            settings=said,
            overwrite=self.options.overwrite,
        )
        return [path]

    def _decoded(self, master: Master, encoding: Encoding, blocks: Iterator[Block]) -> None:
        """Write what comes out of a decoder while it is measured."""
        said = {"codec": encoding.codec, "bitrate_kbps": encoding.bitrate_kbps}
        rate = encoded_rate_hz(encoding.codec, master.info.sample_rate_hz)
        assert self.options.output is not None
        write_heard(
            master,
            blocks,
            heard_path(self.options.output, master, encoding.file_name),
            sample_rate_hz=rate,
            settings=said,
            overwrite=self.options.overwrite,
        )

    def _on_systems(
        self, master: Master, written: list[Path], notes: list[str]
    ) -> tuple[Lost, ...]:
        systems = self._systems
        if not systems:
            return ()
        before = sound_of(master)
        found = []
        for count, named in enumerate(systems):
            self.tell(f"playing {master.name} on {named.name}", count / len(systems))
            after = sound_of(master, through_system(master, named.system))
            found.append(lost_on(named.name, before, after))
            peak_dbtp, gain_db = after.true_peak_dbtp, 0.0
            if peak_dbtp is not None and peak_dbtp > 0.0:
                gain_db = -ROOM_DB - peak_dbtp
            if gain_db < 0.0 and self.options.output is not None:
                lower = f"on {named.name} it is written {-gain_db:.1f} dB lower, or it would clip"
                notes.append(lower)
            listen = partial(through_system, master, named.system, gain_db)
            said = {"system": named.system.model_dump(mode="json"), "gain_db": gain_db}
            written += self._write(master, ("on", named.name), listen, said)
        return tuple(found)

    def _fixed(
        self, master: Master, streams: Sequence[Streamed], ceiling: Ceiling | None
    ) -> Fixed | None:
        if self.options.fix is None or ceiling is None:
            return None
        self.tell(f"fixing {master.name}", 0.0)
        return fix(
            master,
            [each.encoding for each in streams if each.overs is not None],
            ceiling.ceiling_dbtp,
            self._fixed_path(master),
            how=self.options.fix,
            pool=self.pool,
            overwrite=self.options.overwrite,
        )

    def _behind_codecs(self, master: Master) -> tuple[tuple[Streamed, ...], Ceiling | None]:
        wanted = self._encodings
        if not wanted:
            return (), None
        lufs, dbtp = level_of_passage(master)
        what = f"encoding {master.name}"
        self.tell(what, 0.0)
        streams = []

        def one(encoding: Encoding) -> Streamed:
            if self.options.output is None:
                return stream(master, encoding, lufs, dbtp)
            return stream(master, encoding, lufs, dbtp, partial(self._decoded, master, encoding))

        for found in self.pool.map(one, wanted):
            streams.append(found)
            self.tell(what, len(streams) / len(wanted))
        if dbtp is None:
            return tuple(streams), None
        looking = f"looking for a ceiling for {master.name}"
        ceiling = solve_ceiling(
            master, streams, dbtp, self.pool, lambda share: self.tell(looking, share)
        )
        return tuple(streams), ceiling


def _quiet(stage: str, share: float) -> None:
    del stage, share
