"""Running a planned mix into a premaster: rendered, written, read back, measured, published."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mixmaster.arrays import BLOCK_FRAMES
from mixmaster.audio.formats import LOSSY, SUFFIXES
from mixmaster.audio.names import shown
from mixmaster.audio.sink import CONTAINERS, FileSpec, SinkReport, open_sink, require_encoder
from mixmaster.audio.source import probe
from mixmaster.effects.plugin import fingerprints
from mixmaster.engine.hashing import background_hashes
from mixmaster.engine.manifest import build, input_record
from mixmaster.engine.measuring import measure_file
from mixmaster.engine.outputs import require_space
from mixmaster.engine.publish import Publication
from mixmaster.engine.render import render
from mixmaster.engine.stats import BridgeRow
from mixmaster.engine.threads import keep_freed_memory
from mixmaster.errors import RefusedError, UsageError
from mixmaster.metering.programme import ProgrammeFigures
from mixmaster.mixing.plan import MixPlan, Progress
from mixmaster.mixing.regions.arranged import declared_regions
from mixmaster.mixing.staging import Staging
from mixmaster.results import Result, jsonable

BitDepth = Literal[16, 24, 32]

CLIP_MARGIN_DB = 0.1
"""How far under full scale the advice against clipping aims: dither adds an LSB."""


MIXED_BLOCK_FRAMES = 2 * BLOCK_FRAMES
"""Longer blocks: threads hand Python's lock to one another less often."""


@dataclass(frozen=True, slots=True)
class MixRun(Result):
    """A finished mix.

    Attributes:
        file: The premaster.
        figures: What the written file measures.
        bridge: One line for each strip, bus and the mix.
        staging: What gain staging did.
        notes: What is worth knowing.
        warnings: What is probably not wanted, such as peaks over 0 dBFS.
    """

    file: Path
    figures: ProgrammeFigures
    bridge: tuple[BridgeRow, ...]
    staging: tuple[Staging, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def output_spec(output: Path, sample_rate_hz: int, bit_depth: BitDepth | None) -> FileSpec:
    """Return what kind of file an output's suffix and the wanted depth ask for.

    ``.m4a`` is AAC, and ALAC where a depth is asked for. Lossy files get their usual bit rate.

    Raises:
        UsageError: For a suffix that cannot be written, a depth that it cannot hold, a rate that
            its codec does not know, and a codec that is not installed.
    """
    container = CONTAINERS.get(output.suffix.lower())
    if output.is_dir():
        hint = f"name a file in it: {shown(output / 'mix.wav')}"
        raise UsageError(shown(output), "the output is a folder", hint)
    if container is None:
        said = f"ends in '{output.suffix}'" if output.suffix else "has no suffix"
        hint = f"name it {', '.join(dict.fromkeys(SUFFIXES.values()))}"
        raise UsageError(shown(output), f"the output {said}", hint)
    if container == "aac" and bit_depth in {16, 24}:
        container = "alac"
    default: BitDepth = 32 if container == "wav" or container in LOSSY else 24
    require_encoder(container)
    try:
        return FileSpec(container, bit_depth or default, sample_rate_hz, 2)
    except UsageError as error:
        if container not in LOSSY or bit_depth is not None:
            raise
        hint = f"{error.hint}: mix at such a rate (--sample-rate-hz), or write WAV and master it"
        raise UsageError(shown(output), error.reason, hint) from error


def mix(
    plan: MixPlan,
    output: str | os.PathLike[str],
    *,
    bit_depth: BitDepth | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> MixRun:
    """Render a planned mix and publish it, with its manifest beside it.

    Args:
        plan: What `plan_mix` made.
        output: A ``.wav``, ``.flac`` or ``.aiff`` file.
        bit_depth: 32 (float), 24 or 16 bit; 32 for WAV and 24 for the other
            lossless ones if None.
        overwrite: Whether a file that is not ours may be replaced.
        progress: Told what is being done, and how far it is.

    Raises:
        OutputError: When the output may not or cannot be written.
        RefusedError: When peaks over 0 dBFS would be clipped by an integer format.
        SignalError: When an effect or a stem turns out not to be finite.
    """
    target = Path(output)
    spec = output_spec(target, plan.sample_rate_hz, bit_depth)
    tell = progress or (lambda _what, _share: None)
    with Publication(target, overwrite=overwrite, inputs=plan.paths) as out:
        with background_hashes(plan.paths) as hashes:
            report, bridge = render_to(plan, out.part, spec, progress=tell)
            _refuse_clipping(plan, target, spec, report, bridge)
            said = mix_manifest(plan, spec, hashes, bridge)
        measured: list[ProgrammeFigures] = []

        def verify(path: Path) -> ProgrammeFigures:
            tell("measuring the mix", 0.0)
            found = measure_file(
                path,
                strict=True,
                threads=plan.threads,
                progress=lambda share: tell("measuring the mix", share),
            ).figures
            measured.append(found)
            return found

        out.commit(said, verify)
    return MixRun(
        file=target.absolute(),
        figures=measured[0],
        bridge=bridge,
        staging=plan.stagings,
        notes=plan.notes,
        warnings=(*stem_warnings(plan), *_warnings(measured[0], spec)),
    )


def render_to(
    plan: MixPlan, path: Path, spec: FileSpec, *, progress: Progress
) -> tuple[SinkReport, tuple[BridgeRow, ...]]:
    """Render into a file that nobody sees yet; return what was written and the meter bridge."""
    keep_freed_memory()
    rendering = render(
        plan.graph,
        plan.sources,
        passage=plan.passage,
        threads=plan.threads,
        block_frames=MIXED_BLOCK_FRAMES,
    )
    require_space(path.parent, spec.bytes_at_most(rendering.total_frames))
    total = max(1, rendering.total_frames)
    done = 0
    progress("mixing", 0.0)
    try:
        with open_sink(path, spec, frames_expected=rendering.total_frames) as sink:
            for block in rendering.blocks:
                sink.write(block)
                done += block.shape[1]
                progress("mixing", done / total)
            report = sink.close()
        progress("mixing", 1.0)  # a tail may end sooner than it had to
    finally:
        rendering.close()
        for stem in plan.stems.values():
            stem.close()
    return report, rendering.bridge()


def mix_manifest(
    plan: MixPlan,
    spec: FileSpec,
    hashes: Mapping[Path, Future[str]],
    bridge: tuple[BridgeRow, ...],
    *,
    kind: str = "mix",
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what a mix's manifest says: from what it was made, and how to make it again.

    Args:
        plan: What was mixed.
        spec: What kind of file it is.
        hashes: Of all that was read.
        bridge: The levels on the way.
        kind: What it is: ``mix`` or ``stem``.
        more: Settings besides the plan's: of a version, of a stem.
    """
    inputs = [
        input_record(info, hashes[info.path].result())
        for stem in plan.sources.values()
        for info in stem.files
    ]
    inputs += [input_record(info, hashes[info.path].result()) for info in plan.takes]
    inputs += [input_record(probe(path), hashes[path].result()) for path in plan.resources]
    passage = plan.passage
    settings: dict[str, Any] = {
        "preset": plan.preset.model_dump(mode="json", exclude_none=True),
        "sample_rate_hz": plan.sample_rate_hz,
        "strips": {name: [path.name for path in stem.paths] for name, stem in plan.sources.items()},
        "passage": None if passage is None else [passage.start, passage.stop],
        "file": spec,
    }
    if plan.session is not None:
        settings["song"] = {"title": plan.session.title, "artist": plan.session.artist}
    heads = {each.id: each.head for each in plan.instances if each.head}
    if heads:
        settings["heads"] = heads
    if plan.automation:
        settings["automation"] = [lane.model_dump(mode="json") for lane in plan.automation]
    regions = declared_regions(
        one for stem in plan.sources.values() for one in stem.arranged.values()
    )
    if regions:
        settings["regions"] = regions
    if plan.tempo_map is not None:
        settings["tempo_map"] = plan.tempo_map.model_dump(mode="json", exclude_none=True)
    plugins = fingerprints(insert.settings for node in plan.graph.nodes for insert in node.inserts)
    if plugins:
        settings["plugins"] = plugins
    settings |= more or {}
    made = build(
        kind,
        inputs=inputs,
        settings=settings,
        revisions=plan.revisions(),
        reproducible=plan.is_reproducible,
        notes=(*plan.own_notes, *stem_warnings(plan)),
    )
    if plan.alignments:
        made["alignment"] = jsonable(plan.alignments)
    return {**made, "staging": jsonable(plan.stagings), "bridge": jsonable(bridge)}


def stem_warnings(plan: MixPlan) -> tuple[str, ...]:
    """Return what the stems' files had to say while they were read: cut short, damaged, ..."""
    return tuple(note for stem in plan.stems.values() for note in stem.notes)


def _refuse_clipping(
    plan: MixPlan, target: Path, spec: FileSpec, report: SinkReport, bridge: tuple[BridgeRow, ...]
) -> None:
    if not report.clipped_samples:
        return
    peak = next((row.out_peak_dbfs for row in bridge if row.id == "mix"), None) or 0.0
    # The mix's fader is the last stage: what it takes away is what the peak loses.
    gain_db = math.floor(10.0 * (plan.preset.mix.gain_db - peak - CLIP_MARGIN_DB)) / 10.0
    raise RefusedError(
        shown(target),
        f"the mix peaks at {peak:+.2f} dBFS: {report.clipped_samples} samples would be clipped "
        f"at {spec.bit_depth} bit",
        f"write 32-bit float WAV, or lower it: --set mix.gain_db={gain_db:.1f}",
        {"sample_peak_dbfs": peak, "clipped_samples": report.clipped_samples},
    )


def _warnings(figures: ProgrammeFigures, spec: FileSpec) -> tuple[str, ...]:
    peak = figures.sample_peak_dbfs
    if peak is None:
        return ("the mix is digital silence",)
    if peak > 0.0:
        text = f"the mix peaks at {peak:+.2f} dBFS: float keeps it whole, integers would clip it"
        if spec.is_lossy:
            text = f"decoded the mix peaks at {peak:+.2f} dBFS: most players clip that"
        return (text,)
    return ()
