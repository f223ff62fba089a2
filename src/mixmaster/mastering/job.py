"""One mix through one chain to its targets, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mixmaster.arrays import Block
from mixmaster.audio.names import shown
from mixmaster.audio.source import AudioInfo, content_hash, open_source, probe
from mixmaster.engine.manifest import InputRecord, input_record
from mixmaster.engine.measuring import measure_file
from mixmaster.engine.publish import Publication
from mixmaster.engine.resources import resource_paths, resource_records
from mixmaster.engine.threads import default_threads
from mixmaster.errors import AudioFileError, RefusedError, UsageError
from mixmaster.mastering.chain import Chain, convert_spool, spool_chain
from mixmaster.mastering.codec_safe import deliver_codec_safe, require_codecs
from mixmaster.mastering.delivery import Delivered, deliver
from mixmaster.mastering.dialogue import Speech, find_speech
from mixmaster.mastering.gain_matching import match_gains, matched_ids
from mixmaster.mastering.manifest import master_manifest, published_sha256
from mixmaster.mastering.matching import (
    MatchFigures,
    Run,
    match_notes,
    profiles_of,
    solve_matches,
    with_match,
    without_matches,
)
from mixmaster.mastering.mono import for_mono
from mixmaster.mastering.options import MasterOptions, NamedTarget, Progress
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.programme import Programme
from mixmaster.mastering.request import Request, Settling
from mixmaster.mastering.results import MasterResult, MasterRun
from mixmaster.mastering.spool import PoolFile, Spool, require_spool_space
from mixmaster.mastering.vinyl import cutting_warnings
from mixmaster.metering.programme import ProgrammeFigures
from mixmaster.mixing.plan import Section
from mixmaster.units import db_to_gain


@dataclass(frozen=True, slots=True)
class Mix:
    """The file that is mastered.

    Attributes:
        path: The file.
        info: What its header says.
        record: What manifests say of it.
    """

    path: Path
    info: AudioInfo
    record: InputRecord


def open_mix(path: Path) -> Mix:
    """Return a mono or stereo file as something to master.

    Raises:
        AudioFileError: For a file that cannot be used.
    """
    info = probe(path)
    if info.channels > 2:
        raise AudioFileError(
            shown(path), f"it has {info.channels} channels", "mastering takes mono or stereo"
        )
    return Mix(path, info, input_record(info, content_hash(path)))


class Job:
    """One run of ``master``: ``level``, then the chain, then the targets.

    Args:
        mix: The mix.
        preset: The chain.
        options: How many threads, which section, ...
        progress: Told what is being done.
        folder: For temporary files; whoever made it removes it.

    Attributes:
        inserts: The chain as it suits the mix.
        input_gain_db: What ``level`` has found.
        matches: What ``solve`` has found.
    """

    def __init__(
        self,
        mix: Mix,
        preset: MasteringPreset,
        options: MasterOptions,
        progress: Progress,
        folder: Path,
    ) -> None:
        self._mix = mix
        self._info = mix.info
        self._preset = preset
        self._options = options
        self._progress = progress
        self._folder = folder
        self._threads = options.threads or default_threads()
        self._programmes: dict[int, Programme] = {}
        self._speech: Speech | None = None
        self._dialogue: tuple[InputRecord, ...] = ()
        self._section_s: tuple[float, float | None] | None = None
        self._spools: list[Spool] = []
        self.input_gain_db = 0.0
        self.notes: list[str] = []
        self.matches: tuple[MatchFigures, ...] = ()
        self.inserts = with_match(preset.chain(), options.profile)
        self._profiles = profiles_of(self.inserts, options.profile, preset.origin)
        self._resources = resource_records(resource_paths(each.files for each in self.inserts))
        if mix.info.channels == 1:
            self.inserts, said = for_mono(self.inserts)
            self.notes += said
        present = {insert.id.removeprefix("master.insert.") for insert in self.inserts}
        own = [name for name in preset.gain_match if name in present]
        self._matched = matched_ids(self.inserts, (*own, *options.gain_match))

    def run(
        self,
        targets: Sequence[NamedTarget],
        files: dict[str, Path],
        origin: Mapping[str, Any] | None,
    ) -> MasterRun:
        """Measure the mix, run the chain, and deliver every target."""
        if self._options.codec_safe:
            require_codecs(targets)
        before, chain = self.prepare()
        results = tuple(self.deliver(each, files[each.name], origin) for each in targets)
        return MasterRun(
            source=self._mix.path,
            preset=self._preset.name,
            before=before,
            input_gain_db=self.input_gain_db,
            inserts=chain.reductions(),
            results=results,
            notes=tuple(dict.fromkeys(self.notes)),
            matches=self.matches,
            stages=chain.levels(),
        )

    def prepare(self, input_gain_db: float | None = None) -> tuple[ProgrammeFigures, Chain]:
        """Measure the mix and run the chain, once; then `deliver` may be asked for any target.

        Args:
            input_gain_db: The gain before the chain, where it is another's: an instrumental's is
                that of its song. None for what the preset asks for.

        Returns:
            The mix's figures, and the chain that has run.
        """
        rate, channels = self._info.sample_rate_hz, self._info.channels
        chain = Chain(without_matches(self.inserts), rate, channels)  # errors come before work
        measured = measure_file(
            self._mix.path,
            dual_mono=self._options.dual_mono,
            strict=self._options.strict,
            threads=self._threads,
            progress=lambda done: self._progress("measuring the mix", done),
        )
        self.notes += measured.notes
        if input_gain_db is None:
            self.level(measured.figures)
        else:
            self.input_gain_db = input_gain_db
        if self._options.dialogue is not None:
            self.listen(self._options.dialogue, measured.figures)
        metered = bool(self._matched) or self._options.measure_stages
        if self._profiles or metered:
            self.solve(measured.figures)
            chain = Chain(self.inserts, rate, channels, metered=metered)
        self._run_chain(chain, measured.figures)
        return measured.figures, chain

    def listen(self, stem: Path, before: ProgrammeFigures) -> None:
        """Find where a dialogue stem speaks, for the targets that are measured there."""
        self._speech = find_speech(stem, before.duration_s)
        self._dialogue = (input_record(probe(stem), content_hash(stem)),)

    def close(self) -> None:
        """Close and remove the spools."""
        for spool in self._spools:
            spool.close()

    def level(self, before: ProgrammeFigures) -> None:
        """Settle the gain before the chain from the mix's figures."""
        wanted = self._preset.input_lufs
        if wanted is not None and before.integrated_lufs is None:
            self.notes.append(
                f"the mix has no loudness ({before.reasons['integrated_lufs']}): "
                "its level before the chain stays as it is"
            )
        elif wanted is not None and before.integrated_lufs is not None:
            self.input_gain_db = wanted - before.integrated_lufs

    def solve(self, before: ProgrammeFigures) -> None:
        """Solve the chain's match stages, and the gains of gain matching; after ``level``."""
        info = self._info
        if self._profiles:
            require_spool_space(self._folder, info.frames, info.channels, 2)
        run = Run(
            blocks=self._blocks,
            sample_rate_hz=info.sample_rate_hz,
            channels=info.channels,
            gain=db_to_gain(self.input_gain_db),
            folder=self._folder,
            threads=self._threads,
            progress=lambda done: self._progress("matching", done),
            frames=round(before.duration_s * before.sample_rate_hz),
            figures=None if self._options.dual_mono else before,
        )
        self.inserts, self.matches = solve_matches(self.inserts, self._profiles, run)
        self.notes += match_notes(self.matches)
        if self._matched:
            run = replace(run, progress=lambda done: self._progress("matching gains", done))
            self.inserts = match_gains(self.inserts, self._matched, run)

    @contextmanager
    def _blocks(self) -> Iterator[Iterable[Block]]:
        with open_source(self._mix.path) as source:
            yield source.blocks()

    def _run_chain(self, chain: Chain, before: ProgrammeFigures) -> None:
        """Run the chain, once, at the mix's rate."""
        info = self._info
        require_spool_space(self._folder, info.frames, info.channels, 2)
        spool = self.new_spool("chain", info.sample_rate_hz)
        with open_source(self._mix.path) as source:
            powers = spool_chain(
                chain,
                source.blocks(),
                spool,
                gain=db_to_gain(self.input_gain_db),
                frames=round(before.duration_s * before.sample_rate_hz),
                dual_mono=self._options.dual_mono,
                threads=self._threads,
                progress=lambda done: self._progress("running the chain", done),
            )
        self.adopt(spool, powers)

    def new_spool(self, name: str, sample_rate_hz: int) -> Spool:
        """Return an empty spool that ``close`` removes."""
        spool = Spool(self._folder / name, sample_rate_hz, self._info.channels)
        self._spools.append(spool)
        return spool

    def adopt(self, spool: Spool, powers: PoolFile) -> None:
        """Take the chain's output: a spool at the mix's rate, and the powers of its pools."""
        programme = Programme(spool, powers, self._threads)
        self._programmes[self._info.sample_rate_hz] = programme
        self._section_s = _seconds_of(self._options.section, programme)

    def programme(self, sample_rate_hz: int) -> Programme:
        """Return the chain's output at a delivery's rate, converted when first asked for."""
        if sample_rate_hz not in self._programmes:
            own = self._programmes[self._info.sample_rate_hz].spool
            spool = self.new_spool(f"rate-{sample_rate_hz}", sample_rate_hz)
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

    def deliver(
        self, named: NamedTarget, file: Path, origin: Mapping[str, Any] | None = None
    ) -> MasterResult:
        """Make one target's master of what ``adopt`` has taken, and publish it; or say why not."""
        spec = named.target.file.spec(self._info.sample_rate_hz, self._info.channels)
        programme = self.programme(spec.sample_rate_hz)
        request: Request | None = None
        try:
            request = self._request(named, programme)
            read = [self._mix.path, *resource_paths(insert.files for insert in self.inserts)]
            with Publication(file, overwrite=self._options.overwrite, inputs=read) as out:
                request, delivered = self._written(programme, request, out.part, file.name)
                documented = master_manifest(
                    self._mix.record,
                    self._preset,
                    request,
                    delivered,
                    self.input_gain_db,
                    resources=(*self._resources, *self._dialogue),
                    profiles=self._profiles,
                    matches=self.matches,
                    gain_match_db={
                        each.id: each.gain_db for each in self.inserts if each.id in self._matched
                    },
                )
                if origin is not None:
                    documented["mix"] = dict(origin)
                manifest = out.commit(documented, verify=lambda _: delivered.after)
        except RefusedError as error:
            return MasterResult(
                target=named.name,
                wanted_lufs=request.wanted_lufs if request else named.target.integrated_lufs,
                wanted_short_term_lufs=request.aims.short_term_lufs if request else None,
                ceiling_dbtp=request.ceiling_dbtp if request else named.target.true_peak_dbtp,
                refused=f"{error.reason} ({error.hint})" if error.hint else error.reason,
                figures=error.figures,
            )
        result = _result(request, delivered, file, manifest)
        if named.target.medium == "vinyl":
            said = cutting_warnings(file, [insert.settings for insert in self.inserts])
            result = replace(result, warnings=said)
        return result

    def _written(
        self, programme: Programme, request: Request, part: Path, name: str
    ) -> tuple[Request, Delivered]:
        """Write a master; return what was asked for in the end, and what was delivered."""

        def progress(done: float) -> None:
            self._progress(f"writing {name}", done)

        if not self._options.codec_safe:
            return request, deliver(programme, request, part, progress)
        request, delivered, said = deliver_codec_safe(programme, request, part, progress)
        self.notes.append(said)
        return request, delivered

    def _request(self, named: NamedTarget, programme: Programme) -> Request:
        info = self._info
        settling = Settling(
            self._preset,
            self._options,
            self.input_gain_db,
            info.sample_rate_hz,
            info.channels,
            self._threads,
        )
        speech = self._speech if named.target.dialogue is not None else None
        rate = programme.spool.sample_rate_hz
        return settling.request(named, programme, self._frames(rate), speech)


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


def _clipped_by_players(request: Request, peak_dbtp: float | None) -> tuple[str, ...]:
    """Return what there is to say of a lossy master without a ceiling."""
    if not request.spec.is_lossy or peak_dbtp is None or peak_dbtp <= 0.0:
        return ()
    text = f"decoded it peaks at {peak_dbtp:+.2f} dBTP, which players clip"
    return (f"{text}: give the target a true_peak_dbtp, or say --ceiling -1",)


def _result(request: Request, delivered: Delivered, file: Path, manifest: Path) -> MasterResult:
    after, extent, rate = delivered.after, request.extent, request.spec.sample_rate_hz
    peak, lufs = after.true_peak_dbtp, after.integrated_lufs
    whole = request.passage is None
    return MasterResult(
        target=request.name,
        file=file.absolute(),
        manifest=manifest.absolute(),
        sha256=published_sha256(manifest),
        wanted_lufs=request.wanted_lufs,
        wanted_short_term_lufs=request.aims.short_term_lufs,
        ceiling_dbtp=request.ceiling_dbtp,
        gain_db=delivered.gain_db,
        limiter=delivered.limiter,
        after=after,
        dialogue_lufs=delivered.dialogue_lufs,
        dialogue_share=request.dialogue_share,
        plr_lu=None if peak is None or lufs is None else peak - lufs,
        trimmed_head_s=extent.first / rate if whole else 0.0,
        trimmed_tail_s=extent.cut_tail / rate if whole else 0.0,
        passes=delivered.passes,
        warnings=_clipped_by_players(request, peak),
        format=request.spec.words,
        overs_db=delivered.overs_db,
        ceiling_in_front_dbtp=delivered.ceiling_in_front_dbtp,
    )
