"""A preview: masters at places, behind codecs and on systems, as tables and as files."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.engine.threads import default_threads, one_blas_thread
from mixmaster.errors import UsageError
from mixmaster.mastering.options import NamedTarget, Progress
from mixmaster.mixing.plan import Section
from mixmaster.preview.ceiling import Ceiling, solve_ceiling
from mixmaster.preview.master_file import (
    Master,
    album_loudness_lufs,
    level_of_passage,
    read_master,
)
from mixmaster.preview.places import Played, gains_of, play
from mixmaster.preview.results import MasterPreview, Preview
from mixmaster.preview.streams import Streamed, encodings_of, stream

PARTS: Final = ("places", "codecs", "systems")
"""What a preview shows."""


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
    """

    parts: tuple[str, ...] = PARTS
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


@dataclass(frozen=True, slots=True)
class _Job:
    """One preview, everything settled."""

    places: Sequence[NamedTarget]
    options: PreviewOptions
    pool: Executor
    tell: Progress

    def run(self, paths: Sequence[Path]) -> Preview:
        masters = [self._read(path) for path in paths]
        played: list[list[Played]] = [[] for _ in masters]
        if "places" in self.options.parts:
            self._play(masters, played)
        found = tuple(self._one(*each) for each in zip(masters, played, strict=True))
        album = None
        if len(masters) > 1:
            album = album_loudness_lufs([master.powers for master in masters])
        return Preview(album, found)

    def _read(self, path: Path) -> Master:
        return read_master(
            path,
            section=self.options.section,
            dual_mono=self.options.dual_mono,
            strict=self.options.strict,
            progress=lambda share: self.tell(f"measuring {path.name}", share),
        )

    def _play(self, masters: Sequence[Master], played: Sequence[list[Played]]) -> None:
        for count, named in enumerate(self.places):
            self.tell("playing at places", count / len(self.places))
            settings = {playback.name: playback for playback in named.target.playback}
            gains = gains_of(named, masters)
            for master, rows, given in zip(masters, played, gains, strict=True):
                rows += [play(master, gain, settings.get(gain.setting)) for gain in given]

    def _one(self, master: Master, played: Sequence[Played]) -> MasterPreview:
        streams: tuple[Streamed, ...] = ()
        ceiling: Ceiling | None = None
        if "codecs" in self.options.parts:
            streams, ceiling = self._behind_codecs(master)
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
            notes=master.notes,
        )

    def _behind_codecs(self, master: Master) -> tuple[tuple[Streamed, ...], Ceiling | None]:
        lufs, dbtp = level_of_passage(master)
        wanted = encodings_of(self.places)
        what = f"encoding {master.name}"
        self.tell(what, 0.0)
        streams = []
        for found in self.pool.map(lambda each: stream(master, each, lufs, dbtp), wanted):
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
