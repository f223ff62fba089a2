"""From what is wanted of a song to its plan: documents resolved, keys made, outputs named."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mixmaster.audio.source import probe
from mixmaster.batch.planning.depends import Watch, libraries
from mixmaster.batch.planning.names import DEFAULT_TEMPLATE, master_name
from mixmaster.batch.planning.resolve_mix import (
    KEY_FORMAT,
    ResolvedMix,
    dumped,
    find_resources,
    plain,
    resolve_mix,
)
from mixmaster.batch.planning.songplan import PlannedMaster, PlannedMix, SongPlan
from mixmaster.batch.planning.songs import SongJob
from mixmaster.batch.stages.stage import StageInput, StageOutput
from mixmaster.batch.state.costs import mix_work, premaster_bytes
from mixmaster.batch.state.files import digest
from mixmaster.batch.state.store import PREMASTERS
from mixmaster.documents.finding import find_preset, from_home
from mixmaster.effects.plugin import Plugin, fingerprints
from mixmaster.errors import AudioFileError, DocumentError, UsageError
from mixmaster.mastering.matching import profiles_of, with_match
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.profile import NamedProfile, load_profile
from mixmaster.mastering.profile_building import profile_of
from mixmaster.mastering.run import check_targets, load_preset, load_target
from mixmaster.mastering.session import load_session_preset, load_session_targets
from mixmaster.mixing.prints.file_names import TemplateError, bits_text, rate_text
from mixmaster.mixing.prints.versions import ALL, MAIN
from mixmaster.results import jsonable

STEREO = 2
_MORE_S = 15
"""How much longer than its stems a song may become by its tail, for estimates."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A song, resolved.

    Attributes:
        plan: Its plan.
        full: What its stages need beside the plan: settings, content and inputs, by stage.
        steady: Whether the plan may be kept.
    """

    plan: SongPlan
    full: Mapping[str, Any]
    steady: bool


@dataclass(frozen=True, slots=True)
class _Source:
    """What is mastered: the song's mix, or a file that is one already."""

    name: str
    title: str
    artist: str
    versions: tuple[str, ...]
    sample_rate_hz: int
    channels: int
    frames: int
    mix: ResolvedMix | None


def resolve(job: SongJob, watch: Watch) -> Resolved:
    """Resolve a song.

    Args:
        job: What is wanted.
        watch: Told of all that is looked at.

    Raises:
        MixmasterError: For whatever is wrong with the song or what is wanted of it.
    """
    source, mix_input = _source(job, watch)
    masters: list[PlannedMaster] = []
    full: dict[str, Any] = {"masters": {}}
    steady = source.mix is None or source.mix.steady
    presets = _presets(job, source, watch)
    targets = _targets(job, source, watch)
    several = len(presets) > 1
    brought = _brought(job, watch)
    for version in source.versions:
        for name, wanted in _wanted(job, source.name, version, presets, targets).items():
            preset = presets[name] if name in presets else _named_preset(name, job, watch)
            steady = steady and not any(isinstance(each, Plugin) for each in preset.insert)
            known = [_target(each, targets, watch) for each in wanted]
            check_targets(known)
            planned, more = _master(
                job,
                source,
                version,
                (_short(name), preset),
                known,
                brought=brought,
                watch=watch,
                several=several,
            )
            masters.append(planned)
            full["masters"][planned.id] = more
    if not masters:
        raise UsageError(source.name, "nothing is wanted of it", "check exclude")
    plan = SongPlan(
        name=source.name,
        source=job.source,
        duration_s=source.frames / source.sample_rate_hz,
        frames=source.frames,
        mix=None if source.mix is None else _planned_mix(source.name, source.mix),
        mix_sha256="" if mix_input is None else mix_input.sha256,
        masters=tuple(masters),
        notes=() if source.mix is None else source.mix.notes,
        depends=watch.depends(),
    )
    if source.mix is not None:
        full["mix"] = {
            "settings": {**source.mix.settings, "duration_s": plan.duration_s},
            "content": source.mix.content,
            "inputs": [each.to_json() for each in source.mix.inputs],
        }
    full["source"] = None if mix_input is None else mix_input.to_json()
    return Resolved(plan, full, steady)


def _source(job: SongJob, watch: Watch) -> tuple[_Source, StageInput | None]:
    if job.form != "mix":
        if job.form == "stems" and not job.preset:
            hint = "say preset (-p); mixmaster presets list mix shows those there are"
            raise UsageError(job.source, "is a folder of stems, and no mix preset is named", hint)
        mix = resolve_mix(job, watch)
        artist = "" if mix.session is None else mix.session.artist
        found = (mix.sample_rate_hz, STEREO, mix.frames, mix)
        return _Source(mix.file_name, mix.title, artist, mix.versions, *found), None
    path = Path(job.source)
    info = probe(path)
    if info.channels > STEREO:
        reason = f"it has {info.channels} channels"
        raise AudioFileError(job.source, reason, "mastering takes mono or stereo")
    if MAIN not in job.versions and ALL not in job.versions:
        hint = "versions come from stems; of a mix there is main alone"
        raise UsageError(job.source, "is a mix, which has no other versions", hint)
    item = StageInput(job.source, watch.file(path), path.stat().st_size)
    name = job.name or path.stem
    rate, channels, frames = info.sample_rate_hz, info.channels, info.frames
    return _Source(name, name, "", (MAIN,), rate, channels, frames, None), item


def _planned_mix(song: str, mix: ResolvedMix) -> PlannedMix:
    most = premaster_bytes(mix.frames + _MORE_S * mix.sample_rate_hz)
    outputs = tuple(
        StageOutput(
            f"{PREMASTERS}/{mix.key}/{version}.wav",
            digest({"mix": mix.key, "version": version}),
            version,
            "",
            most,
        )
        for version in mix.versions
    )
    work = mix_work(mix.frames / mix.sample_rate_hz, mix.stems, len(mix.versions))
    return PlannedMix(f"mix/{song}", mix.key, outputs, work, mix.stems)


def _presets(job: SongJob, source: _Source, watch: Watch) -> dict[str, MasteringPreset]:
    """Return the mastering presets that are wished, or the session's own."""
    if job.masters:
        return {name: _named_preset(name, job, watch) for name in job.masters}
    session = None if source.mix is None else source.mix.session
    if session is None or session.master.preset is None:
        hint = "say masters (-m); mixmaster presets list mastering shows those there are"
        raise UsageError(source.name, "no mastering preset is named", hint)
    preset = load_session_preset(session, job.master_overrides)
    name = session.master.preset
    if name.lower().endswith(".toml"):
        name = str((session.origin.folder or Path()) / from_home(name))
    watch.file(find_preset("mastering", name))
    return {name: preset}


def _named_preset(name: str, job: SongJob, watch: Watch) -> MasteringPreset:
    watch.file(find_preset("mastering", name))
    return load_preset(name, job.master_overrides)


def _targets(job: SongJob, source: _Source, watch: Watch) -> dict[str, NamedTarget]:
    if job.targets:
        return {name: _target(name, {}, watch) for name in job.targets}
    session = None if source.mix is None else source.mix.session
    found = [] if session is None else load_session_targets(session)
    if session is None or not found:
        hint = "say targets (-t); mixmaster presets list target shows those there are"
        raise UsageError(source.name, "no target is named", hint)
    for name in session.master.targets:
        if name.lower().endswith(".toml"):
            name = str((session.origin.folder or Path()) / from_home(name))  # noqa: PLW2901
        watch.file(find_preset("target", name))
    return {each.name: each for each in found}


def _target(name: str, known: Mapping[str, NamedTarget], watch: Watch) -> NamedTarget:
    if name in known:
        return known[name]
    watch.file(find_preset("target", name))
    return load_target(name)


def _wanted(
    job: SongJob,
    song: str,
    version: str,
    presets: Mapping[str, MasteringPreset],
    targets: Mapping[str, NamedTarget],
) -> dict[str, list[str]]:
    """Return the targets that are wanted of a version, by mastering preset."""
    found: dict[str, list[str]] = {}
    in_matrix = version in job.versions or ALL in job.versions
    for master in presets if in_matrix else ():
        for target in targets:
            if job.is_wanted(song, version, _short(master), _short(target)):
                found.setdefault(master, []).append(target)
    for extra in job.extras(song):
        if version not in (extra["versions"] or [version]):
            continue
        for master in extra["masters"] or presets:
            mine = found.setdefault(master, [])
            mine += [each for each in (extra["targets"] or targets) if each not in mine]
    return found


def _master(
    job: SongJob,
    source: _Source,
    version: str,
    named: tuple[str, MasteringPreset],
    targets: Sequence[NamedTarget],
    *,
    brought: NamedProfile | None,
    watch: Watch,
    several: bool,
) -> tuple[PlannedMaster, dict[str, Any]]:
    """Return one version's stage, and what it needs beside the plan."""
    name, preset = named
    inserts = with_match(preset.chain(), brought)
    profiles = {
        where: {"name": each.name, "profile": dumped(each.profile)}
        for where, each in profiles_of(inserts, brought, preset.origin).items()
    }
    if brought is None:
        for each in profiles.values():
            _watch_profile(str(each["name"]), watch)
    resources = find_resources(preset, watch)
    files = [(name, path, watch.file(path)) for name, path in resources.items()]
    dialogue = Path(job.dialogue) if job.dialogue else None
    content: dict[str, Any] = {
        "key_format": KEY_FORMAT,
        "libraries": libraries(),
        "chain": plain(preset),
        "revisions": {str(n): each.sound_revision for n, each in enumerate(preset.insert, 1)},
        "profiles": {where: each["profile"] for where, each in profiles.items()},
        "resources": {name: sha256 for name, _, sha256 in files},
        "plugins": fingerprints(preset.insert),
        "finish": dict(job.finish),
        "strict": job.strict,
    }
    if dialogue is not None:
        content["dialogue"] = watch.file(dialogue)
    said = {each.name: jsonable(plain(each.target)) for each in targets}
    paths = {
        each.name: _path(job, source, version, name, each, several=several) for each in targets
    }
    label = "" if version == MAIN else f"/{version}"
    planned = PlannedMaster(
        id=f"master/{source.name}{label}/{name}",
        version=version,
        master=name,
        chain=digest(content),
        targets={target: digest(each) for target, each in said.items()},
        paths=paths,
        bytes_at_most={each.name: _bytes(source, each) for each in targets},
    )
    folder = preset.origin.folder
    settings = {
        "origin": {"title": source.title, "artist": source.artist},
        "song": version if source.mix is not None else source.name,
        "premaster": source.mix is not None,
        "preset": dumped(preset),
        "preset_folder": None if folder is None else str(folder),
        "profiles": profiles,
        "resources": {name: number for number, (name, _, _) in enumerate(files, start=1)},
        "finish": dict(job.finish),
        "strict": job.strict,
        "targets": {each.name: dumped(each.target) for each in targets},
    }
    inputs = [StageInput(str(p), sha256, p.stat().st_size).to_json() for _, p, sha256 in files]
    if dialogue is not None:
        settings["dialogue"] = len(inputs) + 1  # behind the mix and the resources
        size = dialogue.stat().st_size
        inputs.append(StageInput(str(dialogue), content["dialogue"], size).to_json())
    return planned, {
        "settings": settings,
        "content": {**content, "targets": said},
        "inputs": inputs,
    }


def _path(
    job: SongJob,
    source: _Source,
    version: str,
    master: str,
    target: NamedTarget,
    *,
    several: bool,
) -> str:
    spec = target.target.file.spec(source.sample_rate_hz, source.channels)
    template = job.template
    if several and template == DEFAULT_TEMPLATE:
        template = "{song}_{version}_{master}_{target}"
    values = {
        "song": source.name,
        "title": source.title,
        "artist": source.artist,
        "version": version,
        "master": master,
        "target": target.name,
        "folder": Path(job.source).parent.name,
        "rate": rate_text(spec.sample_rate_hz),
        "bits": bits_text(spec.bit_depth),
    }
    try:
        return master_name(template, values, spec.suffix)
    except TemplateError as error:
        raise UsageError("name_template", error.reason, error.hint) from error


def _bytes(source: _Source, target: NamedTarget) -> int:
    spec = target.target.file.spec(source.sample_rate_hz, source.channels)
    seconds = source.frames / source.sample_rate_hz + _MORE_S
    return int(spec.bytes_at_most(round(seconds * spec.sample_rate_hz)))


def _brought(job: SongJob, watch: Watch) -> NamedProfile | None:
    """Return what match stages move toward instead of their own profiles."""
    if job.reference:
        path = Path(job.reference)
        return _of_reference(path, watch.file(path))
    if job.profile:
        watch.file(find_preset("profile", job.profile))
        return load_profile(job.profile)
    return None


@lru_cache(maxsize=32)
def _of_reference(path: Path, sha256: str) -> NamedProfile:
    """Return a reference as a profile: measured once, however many songs move toward it."""
    del sha256
    return profile_of(path)[0]


def _watch_profile(name: str, watch: Watch) -> None:
    """Note the file of a profile that is known by a name; others lie in watched folders."""
    with contextlib.suppress(DocumentError):
        watch.file(find_preset("profile", name))


def _short(name: str) -> str:
    """Return what a preset is called for short, be it a name or a file."""
    return Path(name).stem if name.lower().endswith(".toml") else name.rpartition("/")[2]
