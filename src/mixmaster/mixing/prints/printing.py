"""Printing a mix: its versions and its stems, all in one run, all of one length from one zero."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.names import shown
from mixmaster.audio.sink import AudioSink, FileSpec, open_sink
from mixmaster.audio.source import open_source
from mixmaster.engine.hashing import background_hashes
from mixmaster.engine.measuring import measure_file
from mixmaster.engine.outputs import require_space
from mixmaster.engine.publish import Publication, commit_together
from mixmaster.engine.render import render_all
from mixmaster.engine.stats import BridgeRow
from mixmaster.engine.threads import keep_freed_memory
from mixmaster.errors import RefusedError
from mixmaster.metering.programme import ProgrammeFigures
from mixmaster.mixing.plan import MixPlan, Progress
from mixmaster.mixing.prints.files import PlannedFile, PrintFile, Sheet
from mixmaster.mixing.prints.printed import (
    NULL_DBFS,
    Printed,
    PrintRun,
    StemSum,
    StemsWanted,
    Wanted,
)
from mixmaster.mixing.prints.versions import MAIN
from mixmaster.mixing.run import (
    MIXED_BLOCK_FRAMES,
    BitDepth,
    mix_manifest,
    stem_warnings,
)
from mixmaster.mixing.stems import StemSource
from mixmaster.results import jsonable
from mixmaster.units import gain_to_db, power_to_db


def planned_files(
    plan: MixPlan, folder: Path, wanted: Wanted, bit_depth: BitDepth | None = None
) -> tuple[PlannedFile, ...]:
    """Return which files `print_mix` would print, the residual only where it is asked for.

    Raises:
        DocumentError: As `print_mix`.
        UsageError: As `print_mix`.
    """
    return Sheet(plan, folder, wanted, bit_depth).planned()


def print_mix(
    plan: MixPlan,
    folder: str | os.PathLike[str],
    wanted: Wanted,
    *,
    bit_depth: BitDepth | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> PrintRun:
    """Render versions and stems of a planned mix in one run and publish them.

    What versions have in common is rendered once. Stems are what is left of the mix when only one
    group is fed: all dynamics of buses and mix follow the mix's gain, so that stems add up to it
    where nothing but gains, filters, delays and reverbs is on the buses.

    Args:
        plan: What `plan_mix` made.
        folder: Where the files go; stems go to the folder ``stems`` in it.
        wanted: What is to be printed; with stems, ``main`` must be among the versions.
        bit_depth: As for `mixing.run.mix`.
        overwrite: Whether files that are not ours may be replaced.
        progress: Told what is being done, and how far it is.

    Raises:
        DocumentError: For a version's timed mutes that do not fit the song.
        OutputError: When a file may not or cannot be written.
        RefusedError: When peaks over 0 dBFS would be clipped by an integer format.
        SignalError: When an effect or a stem turns out not to be finite.
        UsageError: For a template that is none, or that gives two files one name.
    """
    job = _Job(plan, Path(folder), wanted, bit_depth)
    return job.run(overwrite=overwrite, tell=progress or (lambda _what, _share: None))


class _Job:
    """One run."""

    def __init__(
        self, plan: MixPlan, folder: Path, wanted: Wanted, bit_depth: BitDepth | None
    ) -> None:
        self._plan = plan
        self._wanted = wanted
        self._sheet = Sheet(plan, folder, wanted, bit_depth)
        self._spec = self._sheet.spec
        self._missing_power = 0.0
        self._frames = 0

    def run(self, *, overwrite: bool, tell: Progress) -> PrintRun:
        """Render, measure and publish."""
        plan = self._plan
        with ExitStack() as stack:
            outs = {
                each.what: stack.enter_context(
                    Publication(each.target, overwrite=overwrite, inputs=plan.paths)
                )
                for each in self._sheet.files
            }
            parts = {what: out.part for what, out in outs.items()}
            hashes = stack.enter_context(background_hashes(plan.paths))
            bridge = self._render(parts, tell)
            self._settle_residual()
            for each in self._sheet.files:
                self._refuse_clipping(each)
            total = None if self._wanted.stems is None else self._sum(parts, self._wanted.stems)
            figures = {
                each.what: self._measure(each, parts[each.what], tell) for each in self._sheet.files
            }
            # Nothing is put in its place before everything is known to be good.
            said = [self._manifest(each, hashes, bridge, total) for each in self._sheet.files]
            commit_together(
                (outs[each.what], {**manifest, "figures": figures[each.what]})
                for each, manifest in zip(self._sheet.files, said, strict=True)
            )
        return self._result(figures, total, bridge)

    # ------------------------------------------------------------ rendering

    def _render(self, parts: Mapping[str, Path], tell: Progress) -> tuple[BridgeRow, ...]:
        """Render everything in one run into files that nobody sees yet."""
        plan = self._plan
        keep_freed_memory()
        sources: dict[str, StemSource] = dict(plan.sources)
        again = {
            node: replace(sources[like], notes=[], _open=[])
            for node, like in self._sheet.variants.sources.items()
        }
        rendering = render_all(
            self._sheet.variants.graph(),
            sources | again,
            passage=plan.passage,
            threads=plan.threads,
            block_frames=MIXED_BLOCK_FRAMES,
        )
        total = rendering.total_frames
        needed = len(self._sheet.files) * self._spec.bytes_at_most(total)
        require_space(next(iter(parts.values())).parent, needed)
        tell("mixing", 0.0)
        try:
            with ExitStack() as stack:
                sinks = [
                    stack.enter_context(self._sink(number, each, parts, total))
                    for number, each in enumerate(self._sheet.files)
                ]
                for blocks in rendering.blocks:
                    self._write(blocks, sinks)
                    tell("mixing", self._frames / max(1, total))
                for each, sink in zip(self._sheet.files, sinks, strict=True):
                    each.clipped = sink.close().clipped_samples
            tell("mixing", 1.0)  # a tail may end sooner than it had to
        finally:
            rendering.close()
            for stem in (sources | again).values():
                stem.close()
        return rendering.bridge()

    def _sink(
        self, number: int, each: PrintFile, parts: Mapping[str, Path], total: int
    ) -> AudioSink:
        # Stems are added up: each has a dither of its own. A version's is that of a lone mix.
        seed = 0 if each.kind == "mix" else number
        return open_sink(parts[each.what], self._spec, frames_expected=total, seed=seed)

    def _write(self, blocks: Sequence[Block], sinks: Sequence[AudioSink]) -> None:
        missing: Block | None = None
        if self._sheet.stems:
            main = self._sheet.main
            assert main.output is not None
            missing = blocks[main.output].copy()
            for each in self._sheet.stems:
                if each.output is not None:
                    missing -= blocks[each.output]
            self._missing_power += float(np.square(missing).sum())
        for each, sink in zip(self._sheet.files, sinks, strict=True):
            block = missing if each.output is None else blocks[each.output]
            assert block is not None
            each.peak = max(each.peak, float(np.abs(block).max(initial=0.0)))
            sink.write(block)
        self._frames += blocks[0].shape[1]

    def _settle_residual(self) -> None:
        """Leave the residual out where the stems miss nothing that counts."""
        wanted = self._wanted.stems
        missing = self._missing_dbfs()
        idle = missing is None or missing <= NULL_DBFS
        if idle and wanted is not None and wanted.residual == "auto":
            self._sheet.leave_out_residual()

    def _missing_dbfs(self) -> float | None:
        """Return the RMS of what the stems miss; None for nothing."""
        samples = max(1, self._frames * self._spec.channels)
        power = self._missing_power / samples
        return power_to_db(power) if power > 0.0 else None

    def _refuse_clipping(self, each: PrintFile) -> None:
        if not each.clipped:
            return
        peak = float(gain_to_db(each.peak))
        raise RefusedError(
            shown(each.target),
            f"{each.what} peaks at {peak:+.2f} dBFS: {each.clipped} samples would be clipped at "
            f"{self._spec.bit_depth} bit",
            "write 32-bit float WAV, or lower the mix's fader: --set mix.gain_db=...",
            {"sample_peak_dbfs": peak, "clipped_samples": each.clipped},
        )

    # ------------------------------------------------------------ what came of it

    def _sum(self, parts: Mapping[str, Path], wanted: StemsWanted) -> StemSum:
        """Return how well the written stems add up to the written mix."""
        main = self._sheet.main
        power, peak = null(
            parts[main.what], [parts[each.what] for each in self._sheet.stems], self._spec.channels
        )
        missing = self._missing_dbfs()
        nothing = "the stems add up to the mix exactly"
        reasons: dict[str, str] = {}
        if not power:
            reasons |= dict.fromkeys(("null_rms_dbfs", "null_peak_dbfs"), nothing)
        if missing is None:
            reasons["missing_rms_dbfs"] = nothing
        return StemSum(
            stems=len(self._sheet.stems),
            returns=wanted.returns,
            null_rms_dbfs=power_to_db(power) if power else None,
            null_peak_dbfs=float(gain_to_db(peak)) if power else None,
            missing_rms_dbfs=missing,
            residual=any(each.output is None for each in self._sheet.stems),
            reasons=reasons,
        )

    def _measure(self, each: PrintFile, path: Path, tell: Progress) -> ProgrammeFigures:
        told = f"measuring {each.what}"
        tell(told, 0.0)
        return measure_file(
            path,
            strict=True,
            threads=self._plan.threads,
            progress=lambda share: tell(told, share),
        ).figures

    def _manifest(
        self,
        each: PrintFile,
        hashes: Mapping[Path, Future[str]],
        bridge: tuple[BridgeRow, ...],
        total: StemSum | None,
    ) -> dict[str, Any]:
        """Return what a file's manifest says."""
        key = "version" if each.kind == "mix" else "stem"
        plan = replace(self._plan, graph=each.graph)
        more: dict[str, Any] = {"frames": self._frames}
        if each.name != MAIN or each.kind == "stem":
            more[key] = each.said
        made = mix_manifest(plan, self._spec, hashes, bridge, kind=each.kind, more=more)
        if each.name != MAIN or each.kind == "stem":
            del made["bridge"]  # its levels are the mix's own
        made[key] = jsonable(each.said)
        if total is not None and (each.kind == "stem" or each.name == MAIN):
            made["sum"] = total.to_json()
        return made

    def _result(
        self,
        figures: Mapping[str, ProgrammeFigures],
        total: StemSum | None,
        bridge: tuple[BridgeRow, ...],
    ) -> PrintRun:
        def printed(files: Sequence[PrintFile]) -> tuple[Printed, ...]:
            return tuple(
                Printed(each.name, each.target.absolute(), each.words, figures[each.what])
                for each in files
            )

        warnings = [*stem_warnings(self._plan)]
        for each in self._sheet.files:
            peak = figures[each.what].sample_peak_dbfs
            if peak is None:
                warnings.append(f"{each.what} is digital silence")
            elif peak > 0.0:
                warnings.append(f"{each.what} peaks at {peak:+.2f} dBFS: integers would clip it")
        if total is not None and not total.holds:
            warnings.append(_shortfall(total, self._spec))
        return PrintRun(
            versions=printed(self._sheet.versions),
            stems=printed(self._sheet.stems),
            sum=total,
            length_s=self._frames / self._spec.sample_rate_hz,
            bridge=bridge,
            staging=self._plan.stagings,
            notes=(*self._plan.notes, *self._sheet.twins()),
            warnings=tuple(warnings),
        )


def null(mix: Path, stems: Sequence[Path], channels: int) -> tuple[float, float]:
    """Return what is left of a mix when stems are taken from it: mean power and largest sample.

    Args:
        mix: The mix's file.
        stems: The stems' files, of the same rate and length.
        channels: How many channels each has.
    """
    power, peak, frames = 0.0, 0.0, 0
    with ExitStack() as stack:
        sources = [stack.enter_context(open_source(path, strict=True)) for path in (mix, *stems)]
        for block in sources[0].blocks():
            left = block.copy()
            for source in sources[1:]:
                left -= source.read(block.shape[1])
            power += float(np.square(left).sum())
            peak = max(peak, float(np.abs(left).max(initial=0.0)))
            frames += block.shape[1]
    return power / max(1, frames * channels), peak


def _shortfall(total: StemSum, spec: FileSpec) -> str:
    assert total.null_rms_dbfs is not None
    missing = total.missing_rms_dbfs
    text = f"the stems miss the mix by {total.null_rms_dbfs:.1f} dBFS RMS: "
    if missing is not None and missing > NULL_DBFS and not total.residual:
        return text + (
            "saturation, clipping or plugins on buses or mix act on the sum alone; "
            "--stem-residual auto makes a stem of what is missing"
        )
    if spec.is_lossy:
        return text + "encoding changes each; write WAV or FLAC for stems that add up"
    return text + f"that is the dither of {total.stems + 1} files of {spec.bit_depth} bit"
