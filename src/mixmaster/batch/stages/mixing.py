"""The mix stage: a song's versions, mixed in one run into 32-bit float premasters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mixmaster.batch.stages.making import Inputs, Made, read_resources
from mixmaster.batch.stages.stage import MadeFile, StageOutput, StageSpec
from mixmaster.batch.stages.workplace import Ready, Workplace
from mixmaster.documents.origin import Origin
from mixmaster.engine.publish import manifest_path
from mixmaster.mixing.plan import MixPlan, plan_mix
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.prints.printed import Wanted
from mixmaster.mixing.prints.printing import print_mix
from mixmaster.mixing.prints.versions import chosen
from mixmaster.mixing.regions.declared import Arrangement, Region
from mixmaster.mixing.sessions.given import Given
from mixmaster.mixing.sessions.session import Session

Tell = Callable[[str, float], None]


def make_mixes(spec: StageSpec, workplace: Workplace, folder: Path, tell: Tell) -> Made:
    """Mix a song's versions in one run.

    Args:
        spec: The stage.
        workplace: Where its inputs come from.
        folder: The stage's own.
        tell: Told what is being done, and how far it is.

    Raises:
        MixmasterError: For whatever is wrong with the song.
    """
    settings = spec.settings
    inputs = Inputs(spec, workplace, folder)
    plan = _plan(settings, inputs.paths, spec.threads, tell)
    strips = {each.strip for each in plan.instances}
    versions, _ = chosen(settings["versions"], plan.preset, strips)
    wanted = Wanted(versions, template="{version}", title=settings["title"])
    run = print_mix(plan, folder / "mixes", wanted, progress=tell)
    ready = []
    for output, mix in zip(spec.outputs, run.versions, strict=True):
        assert output.version == mix.name
        manifest = json.loads(manifest_path(mix.file).read_bytes())
        inputs.verify(manifest["inputs"])
        ready.append(Ready(output, mix.file, made_file(output, mix.file, manifest)))
    audio_s = run.length_s * len(ready)
    return Made(tuple(ready), (), run.notes, run.warnings, audio_s)


def made_file(
    output: StageOutput,
    file: Path,
    manifest: Mapping[str, Any],
    wanted: Mapping[str, Any] | None = None,
) -> MadeFile:
    """Return what there is to say of a finished file."""
    return MadeFile(
        path=output.path,
        key=output.key,
        version=output.version,
        target=output.target,
        sha256=manifest["sha256"],
        bytes=file.stat().st_size,
        figures=manifest["figures"] or {},
        wanted=wanted or {},
    )


def _plan(settings: Mapping[str, Any], paths: Sequence[Path], threads: int, tell: Tell) -> MixPlan:
    """Return the mix's plan from resolved documents; nothing but the stems is looked for."""
    known = read_resources(settings["resources"], paths)
    preset = MixPreset.model_validate_json(json.dumps(settings["preset"]))
    preset = preset.place(Origin(None, known=known))
    session = None
    if settings["session"] is not None:
        session = Session.model_validate_json(json.dumps(settings["session"]))
        session = session.read_from(settings["where"])
    stems = [paths[number] for number in settings["stems"]]
    given = {paths[int(number)]: _given(each, paths) for number, each in settings["given"].items()}
    return plan_mix(
        stems,
        preset,
        sample_rate_hz=settings["sample_rate_hz"],
        strict=settings["strict"],
        automation=() if session is None else session.automation,
        tempo_map=None if session is None else session.song_map(preset.tempo_bpm),
        where=settings["where"],
        given=given,
        session=session,
        more_notes=settings["notes"],
        threads=threads,
        progress=tell,
    )


def given_to_json(given: Given, numbers: Mapping[Path, int]) -> dict[str, Any]:
    """Return what is said of a stem as data; takes by their numbers among the inputs."""
    said: dict[str, Any] = {
        "name": given.name,
        "strip": given.strip,
        "trim_db": given.trim_db,
        "polarity": given.polarity,
        "delay_ms": given.delay_ms,
        "pan": given.pan,
    }
    if given.arrangement is not None:
        said["arrangement"] = {
            "regions": [each.model_dump(mode="json") for each in given.arrangement.regions],
            "mode": given.arrangement.mode,
            "key": given.arrangement.key,
            "takes": {name: numbers[path] for name, path in given.arrangement.takes.items()},
        }
    return said


def _given(said: Mapping[str, Any], paths: Sequence[Path]) -> Given:
    rest = {name: value for name, value in said.items() if name != "arrangement"}
    found = said.get("arrangement")
    if found is None:
        return Given(**rest)
    regions = tuple(Region.model_validate_json(json.dumps(each)) for each in found["regions"])
    takes = {name: paths[number] for name, number in found["takes"].items()}
    return Given(**rest, arrangement=Arrangement(regions, found["mode"], found["key"], takes))
