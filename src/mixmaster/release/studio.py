"""Where the recordings of a release are made ready: each mixed once, through its chain once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mixmaster.engine.publish import manifest_path
from mixmaster.mastering.job import Job, open_mix
from mixmaster.mastering.options import MasterOptions, Progress
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mixing.plan import MixPlan
from mixmaster.mixing.preset import Version
from mixmaster.mixing.prints.printed import Wanted
from mixmaster.mixing.prints.printing import print_mix
from mixmaster.mixing.prints.versions import MAIN, NamedVersion, chosen, usual_versions
from mixmaster.mixing.sessions.plan import plan_song
from mixmaster.release.levels.hearing import Heard, HeardMeter
from mixmaster.release.levels.reach import APPROVED, Limits
from mixmaster.release.levels.vocal import vocal_level_of_files
from mixmaster.release.naming import names_of
from mixmaster.release.pieces import Piece
from mixmaster.release.plan import ReleasePlan
from mixmaster.release.programmes.source import put_together
from mixmaster.release.together import Tell, Together
from mixmaster.units import gain_to_db

_VOICE = ("a_cappella", "instrumental")
"""The versions of a session that its vocal level is measured on."""

_CHAIN_SHARE = 0.75
"""Of getting ready; the rest is hearing what came out."""


@dataclass(slots=True)
class Listener:
    """Whom a job tells how far it is: somebody else in each step of the build."""

    tell: Tell


@dataclass(frozen=True, slots=True)
class Ready:
    """A recording after its chain.

    Attributes:
        piece: The recording.
        job: Its job, prepared: any target may be delivered.
        listener: Whom the job tells how far it is.
        heard: What it sounds like after its chain, the gain before it undone.
        origin: The manifest of its mix, where that was made here; of a programme what it is put
            together from.
        marks: Where its recordings begin, in frames of its source; the first at 0.
        vocal_lu: How loud its voice stands over all else, where its stems are there.
    """

    piece: Piece
    job: Job
    listener: Listener
    heard: Heard
    origin: Mapping[str, Any] | None
    marks: tuple[int, ...] = (0,)
    vocal_lu: float | None = None

    def limits(self, sample_rate_hz: int) -> tuple[Limits, float | None]:
        """Return what may be done to it, and its true peak at a rate where nothing limits it.

        Args:
            sample_rate_hz: Of the delivery: converting lifts peaks.
        """
        peak_dbtp = self.heard.figures.programme.true_peak_dbtp
        limiter = self.piece.preset.delivery_limiter()
        if limiter is None and peak_dbtp is not None:
            peak = self.job.programme(sample_rate_hz).true_peak()
            peak_dbtp = gain_to_db(peak) - self.job.input_gain_db if peak > 0.0 else None
        if self.piece.approved:
            return APPROVED, peak_dbtp
        limits = Limits(
            limiting=limiter is not None,
            min_plr_lu=self.piece.preset.min_plr_lu,
            most_reduction_db=None if limiter is None else limiter.max_gain_reduction_db,
        )
        return limits, peak_dbtp


class Studio:
    """The recordings of one build. A context manager: leaving closes and removes what they are.

    Args:
        plan: What is built.
        folder: For temporary files; whoever made it removes it.
        together: Does the work.
        progress: Told what is being done.

    Attributes:
        ready: The recordings that are ready, by key.
        notes: What had to be said on the way.
    """

    def __init__(
        self, plan: ReleasePlan, folder: Path, together: Together, progress: Progress
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._together = together
        self._progress = progress
        self._stack = ExitStack()
        self._mixes: dict[str, tuple[Path, Mapping[str, Any]]] = {}
        self._voices: dict[int, float | None] = {}
        self.ready: dict[str, Ready] = {}
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def prepare(self, pieces: Sequence[Piece], *, voices: bool) -> None:
        """Mix what is to be mixed, and run every chain.

        Args:
            pieces: The recordings; a track before its versions, which take its gain before the
                chain.
            voices: Whether the vocal level of sessions is measured, which takes two more versions
                of each.

        Raises:
            AudioFileError: For a source that cannot be used.
            DocumentError: For a chain that makes no sense for its mix.
            SignalError: For NaN or infinity in a source, or made by an insert.
            UsageError: For a version that a session has nothing for.
        """
        alone = {part.key: part for piece in pieces for part in piece.each}
        self._mix([part for part in alone.values() if part.song is not None], voices=voices)
        main = [piece for piece in pieces if not piece.version]
        self._run("running the chains", main)
        self._run("running the chains of versions", [p for p in pieces if p.version])

    def again(self, key: str, preset: MasteringPreset) -> None:
        """Run a recording through another chain."""
        before = self.ready[key]
        self.ready[key].job.close()
        self._run("running corrected chains", [replace(before.piece, preset=preset)])

    def _run(self, what: str, pieces: Sequence[Piece]) -> None:
        for found in self._together.each(what, pieces, self._chained):
            self.ready[found.piece.key] = found
            name = names_of(self._plan.album, found.piece)
            self.notes += [f"{name}: {text}" for text in (*found.job.notes, *found.heard.notes)]

    def _mix(self, pieces: Sequence[Piece], *, voices: bool) -> None:
        """Mix sessions: all of them are planned before the first is mixed."""
        planned: list[tuple[list[Piece], MixPlan, tuple[NamedVersion, ...]]] = []
        for number in dict.fromkeys(piece.number for piece in pieces):
            versions = [piece for piece in pieces if piece.number == number]
            song = versions[0].song
            assert song is not None
            mix = plan_song(
                song,
                strict=self._plan.options.strict,
                threads=self._together.threads,
                progress=self._progress,
            )
            strips = {each.strip for each in mix.instances}
            wanted = [p.version or MAIN for p in versions]
            if voices and all(
                isinstance(usual_versions(mix.preset, strips)[name], Version) for name in _VOICE
            ):
                wanted += _VOICE
            names, notes = chosen(wanted, mix.preset, strips)
            self.notes += [*mix.notes, *notes]
            planned.append((versions, mix, names))
        for versions, mix, names in planned:
            self._print(versions, mix, names)

    def _print(
        self, pieces: Sequence[Piece], mix: MixPlan, names: tuple[NamedVersion, ...]
    ) -> None:
        title = self._plan.album.track[pieces[0].number - 1].title
        folder = self._folder / f"mix-{pieces[0].number}"
        folder.mkdir()

        def tell(what: str, share: float) -> None:
            self._progress(f"{title}: {what}", share)

        run = print_mix(mix, folder, Wanted(names, template="{version}"), progress=tell)
        self.notes += [f"{title}: {text}" for text in run.warnings]
        files = {each.name: each.file for each in run.versions}
        if files.keys() >= set(_VOICE):
            voice, rest = (files[name] for name in _VOICE)
            self._voices[pieces[0].number] = vocal_level_of_files(voice, rest)
        for piece in pieces:
            file = files[piece.version or MAIN]
            self._mixes[piece.key] = file, json.loads(manifest_path(file).read_bytes())

    def _chained(self, piece: Piece, threads: int, tell: Tell) -> Ready:
        folder = self._folder / f"job-{piece.key}"
        folder.mkdir(exist_ok=True)
        path, origin, marks = self._source(piece, tell)
        options = MasterOptions(
            dialogue=piece.dialogue, strict=self._plan.options.strict, threads=threads
        )
        listener = Listener(lambda done: tell(_CHAIN_SHARE * done))
        job = Job(
            open_mix(path), piece.preset, options, lambda _, done: listener.tell(done), folder
        )
        self._stack.callback(job.close)
        main = self._main_of(piece) if piece.version else None
        gain_db = None
        if main is not None and main.piece.preset == piece.preset:
            gain_db = main.job.input_gain_db
        job.prepare(gain_db)
        heard = _hear(job, piece, tell)
        if heard.figures.programme.integrated_lufs is None and piece.preset.integrated_lufs:
            # Silence cannot be brought to a loudness: it stays as it is.
            job.close()
            plain = piece.preset.model_copy(update={"integrated_lufs": None})
            return self._chained(replace(piece, preset=plain), threads, tell)
        voice = None if piece.parts else self._voices.get(piece.number)
        return Ready(piece, job, listener, heard, origin, marks, voice)

    def _main_of(self, piece: Piece) -> Ready | None:
        """Return the track of a version, or the programme that it is in."""
        mains = [each for each in self.ready.values() if not each.piece.version]
        own = [each for each in mains if piece.number in each.piece.numbers]
        return max(own, key=lambda each: len(each.piece.parts), default=None)

    def _source(
        self, piece: Piece, tell: Tell
    ) -> tuple[Path, Mapping[str, Any] | None, tuple[int, ...]]:
        """Return the file that is mastered, what it was made from, and where its tracks begin."""
        if not piece.parts:
            return *self._mixes.get(piece.key, (piece.path, None)), (0,)
        made = [self._mixes.get(part.key, (part.path, None)) for part in piece.parts]
        source = put_together(
            [path for path, _ in made],
            self._folder / f"programme-{piece.key}.wav",
            strict=self._plan.options.strict,
            tell=lambda _: tell(0.0),
        )
        self.notes += [f"{names_of(self._plan.album, piece)}: {text}" for text in source.notes]
        mixes = [origin for _, origin in made if origin is not None]
        return source.path, {"programme": list(source.made_of), "mixes": mixes}, source.marks


def _hear(job: Job, piece: Piece, tell: Tell) -> Heard:
    spool = job.programme(piece.sample_rate_hz).spool
    meter = HeardMeter(spool.sample_rate_hz, spool.channels, where=piece.path.name)
    for number, block in enumerate(spool.blocks()):
        meter.update(block)
        tell(_CHAIN_SHARE + (1.0 - _CHAIN_SHARE) * number / spool.block_count)
    return meter.result().louder(-job.input_gain_db)
