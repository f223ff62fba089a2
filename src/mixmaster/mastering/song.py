"""Stems to masters in one go: the mix is spooled, mastered, and gone again."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mixmaster.audio.sink import FileSpec
from mixmaster.engine.hashing import background_hashes
from mixmaster.engine.outputs import refuse_inputs
from mixmaster.engine.publish import check_writable
from mixmaster.engine.stats import BridgeRow
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.results import MasterRun
from mixmaster.mastering.run import MasterOptions, NamedTarget, Progress, master, output_paths
from mixmaster.mixing.plan import MixPlan
from mixmaster.mixing.run import mix_manifest, render_to, stem_warnings
from mixmaster.mixing.staging import Staging
from mixmaster.results import Result


@dataclass(frozen=True, slots=True)
class SongRun(Result):
    """A song from its stems to its masters.

    Attributes:
        staging: What gain staging did.
        bridge: One line for each strip, bus and the mix.
        masters: The masters.
        notes: What is worth knowing of the mix.
        warnings: What the stems' files had to say: cut short, damaged, ...
    """

    staging: tuple[Staging, ...]
    bridge: tuple[BridgeRow, ...]
    masters: MasterRun
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def render_song(
    plan: MixPlan,
    preset: MasteringPreset,
    targets: Sequence[NamedTarget],
    output: Path,
    options: MasterOptions,
    *,
    song: str,
    progress: Progress,
) -> SongRun:
    """Mix a plan into a temporary 32-bit float premaster and master that.

    The premaster is written only where the target ``premaster`` asks for it. The masters'
    manifests hold all that the mix was made from.

    Args:
        plan: The planned mix, without a passage: loudness is solved over the whole song.
        preset: The mastering chain.
        targets: Where it goes.
        output: A folder, or for one target a file.
        options: Of the mastering; a passage there is what is written.
        song: The song's name in file names.
        progress: Told what is being done, and how far it is.

    Raises:
        OutputError: Before any work, for outputs that may not or cannot be written.
        SignalError: When an effect or a stem turns out not to be finite.
    """
    assert plan.passage is None
    for file in output_paths(output, song, targets).values():
        refuse_inputs(file, plan.paths)
        check_writable(file, overwrite=options.overwrite)
    spec = FileSpec("wav", 32, plan.sample_rate_hz, 2)
    with tempfile.TemporaryDirectory(prefix="mixmaster-") as folder:
        premaster = Path(folder) / f"{song}.wav"
        with background_hashes(plan.paths) as hashes:
            _, bridge = render_to(plan, premaster, spec, progress=progress)
            origin = mix_manifest(plan, spec, hashes, bridge)
        run = master(
            premaster, preset, targets, output, options, origin=origin, song=song, progress=progress
        )
    return SongRun(plan.stagings, bridge, run, plan.notes, stem_warnings(plan))
