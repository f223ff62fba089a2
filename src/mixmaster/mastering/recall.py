"""A master from its manifest: its mix found, its settings as they were settled, made again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from mixmaster.documents.addresses import insert_ids
from mixmaster.documents.loading import validate
from mixmaster.documents.origin import Origin
from mixmaster.engine.manifest import InputRecord
from mixmaster.engine.publish import manifest_path
from mixmaster.engine.recorded import Recorded, as_recorded, find_inputs
from mixmaster.engine.resources import resource_names
from mixmaster.errors import DocumentError, Problem, RefusedError, UsageError
from mixmaster.mastering.edges import Extent
from mixmaster.mastering.options import MasterOptions, NamedTarget, Progress
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import master
from mixmaster.mastering.target import Target
from mixmaster.mixing.plan import Section
from mixmaster.mixing.recall.recall import plan_again, render_again


def master_again(
    recorded: Recorded,
    output: Path,
    *,
    folders: Iterable[Path] = (),
    overwrite: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[str, ...]:
    """Make a master again and publish it.

    Args:
        recorded: The master's manifest.
        output: The file.
        folders: Where the mix, or its stems, may lie, besides beside the manifest.
        overwrite: Whether a file that is not ours may be replaced.
        threads: How many may work.
        progress: Told what is being done.

    Returns:
        What was settled otherwise than then; empty for nothing.

    Raises:
        DocumentError: For a mix that is missing or has changed, and for a manifest that this
            version cannot repeat.
        RefusedError: When the target cannot be had any more.
        UsageError: For a master that followed a reference or a dialogue.
    """
    settings = recorded.settings
    with as_recorded(recorded.where):
        _refuse(recorded)
        preset = _pinned(
            validate(MasteringPreset, settings["preset"], where=recorded.where), recorded
        )
        target = validate(Target, _dated(settings["target"]), where=recorded.where)
        options = _options(recorded, settings, target, overwrite=overwrite, threads=threads)
        mix_name = Path(recorded.inputs[0].name)
    resources = recorded.inputs[1:]
    found = find_inputs(recorded, resources, folders)
    files = dict(zip((each.name for each in resources), found, strict=True))
    names = resource_names(preset)
    known = {name: files[Path(name).name] for name in names if Path(name).name in files}
    named = NamedTarget(target.name, target)
    with tempfile.TemporaryDirectory(prefix="mixmaster-") as scratch:
        run = master(
            _mix(recorded, tuple(folders), Path(scratch), threads, progress),
            preset.place(Origin(None, known=known)),
            [named],
            output,
            options,
            song=mix_name.stem,
            origin=recorded.table.get("mix"),
            files={named.name: output},
            progress=progress,
        )
    (result,) = run.results
    if result.refused:
        raise RefusedError(recorded.where, result.refused, "", result.figures)
    now = json.loads(manifest_path(output).read_bytes())["settings"]
    others = [key for key in settings if key != "preset" and settings[key] != now.get(key)]
    return tuple(f"{key} comes out otherwise: an option of that run is not known" for key in others)


def _mix(
    recorded: Recorded,
    folders: Sequence[Path],
    scratch: Path,
    threads: int | None,
    progress: Progress | None,
) -> Path:
    """Return the mix; one that was made in the master's own run is made again."""
    said = recorded.table.get("mix")
    if said is None:
        return find_inputs(recorded, recorded.inputs[:1], folders)[0]
    with as_recorded(recorded.where, "mix"):
        own = Recorded(recorded.path, said, tuple(InputRecord(**one) for one in said["inputs"]))
        plan = plan_again(own, folders=folders, threads=threads, progress=progress)
    path = scratch / Path(recorded.inputs[0].name).name
    render_again(plan, own, path, progress=progress)
    return path


def _refuse(recorded: Recorded) -> None:
    if recorded.kind != "master":
        reason = f"it is the manifest of a {recorded.kind}"
        raise UsageError(recorded.where, reason, "that of a master is needed")
    settings = recorded.settings
    if settings.get("profiles"):
        reason = "it followed a reference"
        raise UsageError(recorded.where, reason, "master --reference makes it again")
    if settings.get("measured_on_dialogue") or (settings.get("target") or {}).get("dialogue"):
        reason = "it was measured on dialogue"
        raise UsageError(recorded.where, reason, "master --dialogue makes it again")


def _dated(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a target's table with its date, which JSON has as text."""
    checked = table.get("checked")
    if not isinstance(checked, str):
        return dict(table)
    return {**table, "checked": date.fromisoformat(checked)}


def _options(
    recorded: Recorded,
    settings: Mapping[str, Any],
    target: Target,
    *,
    overwrite: bool,
    threads: int | None,
) -> MasterOptions:
    passage, section = settings["passage_frames"], None
    first = recorded.inputs[0]
    rate = target.file.spec(first.sample_rate_hz, first.channels).sample_rate_hz
    extent = Extent(**settings["extent"])
    if passage is not None:
        start, stop = passage
        section = Section(start / rate, None if stop is None else stop / rate)
    matched = recorded.table.get("solved", {}).get("gain_match_db", {})
    return MasterOptions(
        overwrite=overwrite,
        loudness_lufs=settings["integrated_lufs"],
        ceiling_dbtp=settings["ceiling_dbtp"],
        short_term_lufs=settings["short_term_lufs"],
        max_gain_reduction_db=settings["max_gain_reduction_db"],
        min_plr_lu=settings["min_plr_lu"],
        gain_match=tuple(name.removeprefix("master.insert.") for name in matched),
        trim=True if extent.first or extent.cut_tail else None,
        fade_in_ms=1000.0 * extent.fade_in / rate,
        fade_out_s=extent.fade_out / rate,
        pad_head_ms=1000.0 * extent.pad_head / rate,
        pad_tail_s=extent.pad_tail / rate,
        section=section,
        dual_mono=settings["dual_mono"],
        threads=threads,
    )


def _pinned(preset: MasteringPreset, recorded: Recorded) -> MasteringPreset:
    """Return a preset whose effects sound as they were heard, where they sound otherwise today."""
    inserts = []
    for name, insert in zip(insert_ids(preset.insert), preset.insert, strict=True):
        heard = recorded.revisions.get(insert.effect_name())
        if insert.revision is None and heard is not None and heard != insert.sound_revision:
            if not 1 <= heard <= insert.current_revision:
                reason = f"{name} has revision {heard}; this version knows "
                reason += str(insert.current_revision)
                problem = Problem("revisions", reason, "install a newer mixmaster")
                raise DocumentError(recorded.where, (problem,))
            inserts.append(insert.model_copy(update={"revision": heard}))
        else:
            inserts.append(insert)
    return preset.model_copy(update={"insert": tuple(inserts)})
