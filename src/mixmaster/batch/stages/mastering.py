"""The master stage: one mix through one chain, which runs once, to all targets that want it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mixmaster.batch.stages.making import GoneError, Inputs, Made, read_resources
from mixmaster.batch.stages.mixing import made_file
from mixmaster.batch.stages.stage import StageError, StageOutput, StageSpec
from mixmaster.batch.stages.workplace import Ready, Workplace
from mixmaster.documents.origin import Origin
from mixmaster.engine.publish import manifest_path
from mixmaster.errors import AudioFileError
from mixmaster.mastering.options import MasterOptions, NamedTarget
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.profile import NamedProfile, Profile
from mixmaster.mastering.results import MasterResult
from mixmaster.mastering.run import master
from mixmaster.mastering.target import Target

Tell = Callable[[str, float], None]


def make_masters(spec: StageSpec, workplace: Workplace, folder: Path, tell: Tell) -> Made:
    """Master one mix for several targets.

    Args:
        spec: The stage; its first input is the mix.
        workplace: Where its inputs come from.
        folder: The stage's own.
        tell: Told what is being done, and how far it is.

    Raises:
        MixmasterError: For whatever is wrong with the song.
        GoneError: For a premaster that is no longer what it was.
    """
    settings = spec.settings
    try:
        inputs = Inputs(spec, workplace, folder)
        origin = _origin(settings, inputs.paths[0])
    except (AudioFileError, OSError, ValueError) as error:
        if settings["premaster"]:
            raise GoneError(spec.inputs[0].path) from error
        raise
    files = {each.target: folder / str(n) / Path(each.path).name for n, each in _numbered(spec)}
    targets = [
        NamedTarget(
            each.target, Target.model_validate_json(json.dumps(settings["targets"][each.target]))
        )
        for each in spec.outputs
    ]
    run = master(
        inputs.paths[0],
        _preset(settings, inputs.paths),
        targets,
        folder,
        _options(settings, inputs.paths, spec.threads),
        song=settings["song"],
        origin=origin,
        files=files,
        progress=tell,
    )
    ready, errors = [], []
    for output, result in zip(spec.outputs, run.results, strict=True):
        if result.refused or result.file is None or result.manifest is None:
            reason = f"{output.target}: {result.refused}"
            errors.append(StageError("RefusedError", reason, output.path))
            continue
        manifest = json.loads(result.manifest.read_bytes())
        _verify(spec, inputs, manifest)
        ready.append(
            Ready(output, result.file, made_file(output, result.file, manifest, _wanted(result)))
        )
    warnings = [f"{each.target}: {text}" for each in run.results for text in each.warnings]
    audio_s = run.before.duration_s * len(ready)
    return Made(tuple(ready), tuple(errors), run.notes, tuple(warnings), audio_s)


def _numbered(spec: StageSpec) -> Sequence[tuple[int, StageOutput]]:
    return list(enumerate(spec.outputs))


def _origin(settings: Mapping[str, Any], mix: Path) -> dict[str, Any] | None:
    """Return the manifest of a premaster, which goes into those of its masters."""
    if not settings["premaster"]:
        return None
    found: dict[str, Any] = json.loads(manifest_path(mix).read_bytes())
    if "song" in found["settings"]:
        # Songs of one content share their premaster, but not their titles.
        found["settings"]["song"] = dict(settings["origin"])
    return found


def _preset(settings: Mapping[str, Any], paths: Sequence[Path]) -> MasteringPreset:
    known = read_resources(settings["resources"], paths)
    preset = MasteringPreset.model_validate_json(json.dumps(settings["preset"]))
    folder = settings["preset_folder"]
    return preset.place(Origin(None if folder is None else Path(folder), known=known))


def _options(settings: Mapping[str, Any], paths: Sequence[Path], threads: int) -> MasterOptions:
    finish = dict(settings["finish"])
    if "dialogue" in settings:
        finish["dialogue"] = paths[settings["dialogue"]]
    if "gain_match" in finish:
        finish["gain_match"] = tuple(finish["gain_match"])
    profile = None
    said = list(settings["profiles"].values())
    if said and all(each == said[0] for each in said):
        name, table = said[0]["name"], said[0]["profile"]
        profile = NamedProfile(name, Profile.model_validate_json(json.dumps(table)))
    return MasterOptions(**finish, profile=profile, strict=settings["strict"], threads=threads)


def _verify(spec: StageSpec, inputs: Inputs, manifest: Mapping[str, Any]) -> None:
    """Raise unless the master was made from what its key says."""
    records = manifest["inputs"]
    if spec.settings["premaster"] and records[0]["sha256"] != spec.inputs[0].sha256:
        raise GoneError(spec.inputs[0].path)
    inputs.verify(records)
    wanted = {where: each["profile"] for where, each in spec.settings["profiles"].items()}
    if wanted != manifest["settings"].get("profiles", {}):
        reason = "the profile that it moves toward has changed since the batch was planned"
        raise AudioFileError(spec.song, reason, "run the batch again")


def _wanted(result: MasterResult) -> dict[str, Any]:
    return {"integrated_lufs": result.wanted_lufs, "true_peak_dbtp": result.ceiling_dbtp}
