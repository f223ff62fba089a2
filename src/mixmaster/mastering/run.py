"""Mastering: one mix, one chain, any number of targets."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mixmaster.audio.names import shown
from mixmaster.audio.sink import CONTAINERS
from mixmaster.audio.source import AudioInfo, content_hash, open_source, probe
from mixmaster.documents.finding import find_preset
from mixmaster.documents.loading import load
from mixmaster.effects.width import Width
from mixmaster.engine.manifest import input_record
from mixmaster.engine.measuring import measure_file
from mixmaster.engine.publish import Publication, check_writable, inside, refuse_inputs
from mixmaster.engine.threads import default_threads, one_blas_thread
from mixmaster.errors import AudioFileError, RefusedError, UsageError
from mixmaster.mastering.chain import Chain, convert_spool, spool_chain
from mixmaster.mastering.delivery import Delivered, Request, deliver
from mixmaster.mastering.manifest import master_manifest, published_sha256
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.programme import Programme
from mixmaster.mastering.results import MasterResult, MasterRun
from mixmaster.mastering.spool import Spool, require_spool_space
from mixmaster.mastering.target import Target
from mixmaster.metering.programme import ProgrammeFigures
from mixmaster.mixing.plan import Section
from mixmaster.units import db_to_gain

Progress = Callable[[str, float], None]
"""Told what is being done and how much of it is, 0 to 1."""


@dataclass(frozen=True, slots=True)
class NamedTarget:
    """A target and its short name, which goes into file names: ``spotify``."""

    name: str
    target: Target


@dataclass(frozen=True, slots=True)
class MasterOptions:
    """What a run is told beside mix, preset and targets.

    Attributes:
        overwrite: Replace existing files that are not ours.
        loudness_lufs: Instead of every target's own loudness.
        ceiling_dbtp: Instead of every target's own ceiling.
        section: Write only this part, with the gains of the whole song.
        dual_mono: Count a mono mix twice, as it sounds from two loudspeakers.
        strict: Whether a mix that is shorter than its header says is an error.
        threads: How many may work; the bytes do not depend on it. None: as many as there are.
    """

    overwrite: bool = False
    loudness_lufs: float | None = None
    ceiling_dbtp: float | None = None
    section: Section | None = None
    dual_mono: bool = False
    strict: bool = False
    threads: int | None = None


def load_preset(name: str, overrides: Sequence[str] = ()) -> MasteringPreset:
    """Return a mastering preset by name or path, ``--set`` values laid over it."""
    return load(MasteringPreset, find_preset("mastering", name), overrides=overrides)


def load_target(name: str) -> NamedTarget:
    """Return a target by name or path."""
    path = find_preset("target", name)
    return NamedTarget(path.stem, load(Target, path))


def output_paths(output: Path, song: str, targets: Sequence[NamedTarget]) -> dict[str, Path]:
    """Return each target's file: ``output`` itself for one target and an audio suffix.

    Otherwise ``output`` is a folder, with ``{song}_{target}.{ext}`` in it.

    Raises:
        UsageError: For two targets of one name, or a suffix that is not the target's format.
    """
    names = [target.name for target in targets]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if not names or twice:
        reason = f"the target {twice[0]} is named twice" if twice else "no target is named"
        raise UsageError("", reason, "name each target once")
    container = CONTAINERS.get(output.suffix.lower())
    if container is None or output.is_dir():
        files = {t.name: f"{song}_{t.name}.{t.target.file.format}" for t in targets}
        return {name: inside(output, file) for name, file in files.items()}
    if len(targets) > 1:
        hint = "name a folder for several targets"
        raise UsageError(shown(output), f"is one file for {len(targets)} targets", hint)
    wanted = targets[0].target.file.format
    if container != wanted:
        reason = f"is a {container} file, and {targets[0].name} is delivered as {wanted}"
        raise UsageError(shown(output), reason, f"name it .{wanted}, or name a folder")
    return {targets[0].name: output}


def master(
    mix: Path,
    preset: MasteringPreset,
    targets: Sequence[NamedTarget],
    output: Path,
    options: MasterOptions | None = None,
    *,
    song: str | None = None,
    origin: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> MasterRun:
    """Master a mix for its targets.

    The mix is brought to the preset's ``input_lufs``, runs through the chain into a temporary
    spool, and from there, at each target's rate, through gain and limiter into the file. A
    target that cannot be had is refused in its result and leaves no file; the others go on.

    Args:
        mix: A mono or stereo file, or a premaster that mixing has spooled.
        preset: The chain.
        targets: Where it goes.
        output: A file or a folder, see ``output_paths``.
        options: The rest.
        song: The song's name in file names; the mix's own if None.
        origin: The manifest of a mix that was made for this run and will be gone after it; it
            goes into the masters' manifests.
        progress: Told what is being done.

    Raises:
        AudioFileError: For a mix that cannot be used.
        DocumentError: For a preset that makes no sense for this mix.
        OutputError: For an output that cannot be written or may not be replaced.
        UsageError: For targets or outputs that contradict each other.
        SignalError: For NaN or infinity in the mix, or made by an insert.
    """
    options = options or MasterOptions()
    info = probe(mix)
    _require_mono_or_stereo(info)
    files = output_paths(output, song or mix.stem, targets)
    for target in targets:
        target.target.file.spec(info.sample_rate_hz, info.channels)
        refuse_inputs(files[target.name], [mix])
        check_writable(files[target.name], overwrite=options.overwrite)
    with one_blas_thread(), ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mixmaster-"))
        job = _Job(info, preset, options, progress or _quiet, Path(folder))
        stack.callback(job.close)
        run = job.run(targets, files, origin)
    return run if origin is None else replace(run, source=Path(song or mix.stem))


def _quiet(stage: str, done: float) -> None:
    del stage, done


def _require_mono_or_stereo(info: AudioInfo) -> None:
    if info.channels > 2:
        raise AudioFileError(
            shown(info.path), f"it has {info.channels} channels", "mastering takes mono or stereo"
        )


class _Job:
    """One run of ``master``."""

    def __init__(
        self,
        info: AudioInfo,
        preset: MasteringPreset,
        options: MasterOptions,
        progress: Progress,
        folder: Path,
    ) -> None:
        self._mix = info.path
        self._info = info
        self._preset = preset
        self._options = options
        self._progress = progress
        self._folder = folder
        self._threads = options.threads or default_threads()
        self._programmes: dict[int, Programme] = {}
        self._input_gain_db = 0.0
        self._section_s: tuple[float, float | None] | None = None
        self._spools: list[Spool] = []
        self._notes: list[str] = []
        self._record = input_record(info, content_hash(info.path))
        inserts = preset.chain()
        if info.channels == 1:
            wide = [insert for insert in inserts if isinstance(insert.settings, Width)]
            self._notes += [f"{insert.id} is left out: the mix is mono" for insert in wide]
            inserts = tuple(insert for insert in inserts if insert not in wide)
        self._chain = Chain(inserts, info.sample_rate_hz, info.channels)

    def run(
        self,
        targets: Sequence[NamedTarget],
        files: dict[str, Path],
        origin: Mapping[str, Any] | None,
    ) -> MasterRun:
        measured = measure_file(
            self._mix,
            dual_mono=self._options.dual_mono,
            strict=self._options.strict,
            threads=self._threads,
            progress=lambda done: self._progress("measuring the mix", done),
        )
        self._notes += measured.notes
        self._spool(measured.figures)
        results = tuple(self._target(each, files[each.name], origin) for each in targets)
        return MasterRun(
            source=self._mix,
            preset=self._preset.name,
            before=measured.figures,
            input_gain_db=self._input_gain_db,
            inserts=self._chain.reductions(),
            results=results,
            notes=tuple(dict.fromkeys(self._notes)),
        )

    def close(self) -> None:
        """Close and remove the spools."""
        for spool in self._spools:
            spool.close()

    def _new_spool(self, name: str, sample_rate_hz: int) -> Spool:
        spool = Spool(self._folder / name, sample_rate_hz, self._info.channels)
        self._spools.append(spool)
        return spool

    def _spool(self, before: ProgrammeFigures) -> None:
        """Run the chain, once, at the mix's rate."""
        wanted, info = self._preset.input_lufs, self._info
        if wanted is not None and before.integrated_lufs is None:
            self._notes.append(
                f"the mix has no loudness ({before.reasons['integrated_lufs']}): "
                "its level before the chain stays as it is"
            )
        elif wanted is not None and before.integrated_lufs is not None:
            self._input_gain_db = wanted - before.integrated_lufs
        require_spool_space(self._folder, info.frames, info.channels, 2)
        spool = self._new_spool("chain", info.sample_rate_hz)
        with open_source(self._mix) as source:
            powers = spool_chain(
                self._chain,
                source.blocks(),
                spool,
                gain=db_to_gain(self._input_gain_db),
                frames=round(before.duration_s * before.sample_rate_hz),
                dual_mono=self._options.dual_mono,
                threads=self._threads,
                progress=lambda done: self._progress("running the chain", done),
            )
        programme = Programme(spool, powers, self._threads)
        self._programmes[info.sample_rate_hz] = programme
        self._section_s = _seconds_of(self._options.section, programme)

    def _programme(self, sample_rate_hz: int) -> Programme:
        """Return the chain's output at a delivery's rate, converted when first asked for."""
        if sample_rate_hz not in self._programmes:
            own = self._programmes[self._info.sample_rate_hz].spool
            spool = self._new_spool(f"rate-{sample_rate_hz}", sample_rate_hz)
            powers = convert_spool(
                own, spool, dual_mono=self._options.dual_mono, threads=self._threads
            )
            self._programmes[sample_rate_hz] = Programme(spool, powers, self._threads)
        return self._programmes[sample_rate_hz]

    def _frames(self, sample_rate_hz: int) -> tuple[int, int | None] | None:
        """Return the section in frames."""
        if self._section_s is None:
            return None
        start_s, stop_s = self._section_s
        stop = None if stop_s is None else round(stop_s * sample_rate_hz)
        return round(start_s * sample_rate_hz), stop

    def _target(
        self, named: NamedTarget, file: Path, origin: Mapping[str, Any] | None
    ) -> MasterResult:
        spec = named.target.file.spec(self._info.sample_rate_hz, self._info.channels)
        programme = self._programme(spec.sample_rate_hz)
        request = self._request(named, programme)
        try:
            with Publication(file, overwrite=self._options.overwrite, inputs=[self._mix]) as out:
                delivered = deliver(
                    programme,
                    request,
                    out.part,
                    lambda done: self._progress(f"writing {file.name}", done),
                )
                said = master_manifest(
                    self._record, self._preset, request, delivered, self._input_gain_db
                )
                if origin is not None:
                    said["mix"] = dict(origin)
                manifest = out.commit(said, verify=lambda _: delivered.after)
        except RefusedError as error:
            return MasterResult(
                target=named.name,
                wanted_lufs=request.wanted_lufs,
                ceiling_dbtp=request.ceiling_dbtp,
                refused=f"{error.reason} ({error.hint})" if error.hint else error.reason,
                figures=error.figures,
            )
        return _result(request, delivered, file, manifest)

    def _request(self, named: NamedTarget, programme: Programme) -> Request:
        options, target = self._options, named.target
        wanted = target.integrated_lufs
        if options.loudness_lufs is not None:
            wanted = options.loudness_lufs
        elif wanted is None and target.true_peak_dbtp is not None:
            wanted = self._preset.integrated_lufs  # a premaster keeps the level of the mix
        loudness = wanted
        if loudness is None and (plain := programme.loudness_lufs()) is not None:
            loudness = plain - self._input_gain_db
        ceiling = options.ceiling_dbtp
        if ceiling is None:
            ceiling = target.ceiling_dbtp(loudness)
        spec = target.file.spec(self._info.sample_rate_hz, self._info.channels)
        return Request(
            name=named.name,
            wanted_lufs=wanted,
            idle_gain_db=-self._input_gain_db,
            ceiling_dbtp=ceiling,
            limiter=self._preset.delivery_limiter(),
            target=target,
            spec=spec,
            passage=self._frames(spec.sample_rate_hz),
            dual_mono=options.dual_mono,
            threads=self._threads,
        )


def _seconds_of(section: Section | None, programme: Programme) -> tuple[float, float | None] | None:
    """Return where a section begins and ends in the song."""
    if section is None:
        return None
    length_s = programme.spool.frames / programme.spool.sample_rate_hz
    start_s, stop_s = section.from_s, section.to_s
    if section.loudest_s is not None:
        start_s = programme.loudest_s(section.loudest_s)
        stop_s = start_s + section.loudest_s
    if not 0.0 <= start_s < (length_s if stop_s is None else min(length_s, stop_s)):
        raise UsageError(
            "", f"the section holds nothing: the song is {length_s:.2f} s long", "check its ends"
        )
    return start_s, stop_s


def _result(request: Request, delivered: Delivered, file: Path, manifest: Path) -> MasterResult:
    return MasterResult(
        target=request.name,
        file=file.absolute(),
        manifest=manifest.absolute(),
        sha256=published_sha256(manifest),
        wanted_lufs=request.wanted_lufs,
        ceiling_dbtp=request.ceiling_dbtp,
        gain_db=delivered.gain_db,
        limiter=delivered.limiter,
        after=delivered.after,
        passes=delivered.passes,
    )
