"""A mix from its manifest: planned as it was, and rendered again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from mixmaster.audio.sink import FileSpec
from mixmaster.audio.source import AudioInfo, probe
from mixmaster.documents.addresses import insert_ids
from mixmaster.documents.automation import AutomationLane
from mixmaster.documents.loading import validate
from mixmaster.documents.origin import Origin
from mixmaster.documents.tempo import TempoMap
from mixmaster.effects.base import Effect
from mixmaster.engine.recorded import Recorded, as_recorded, find_inputs
from mixmaster.engine.render import Passage
from mixmaster.engine.resources import resource_names
from mixmaster.errors import DocumentError, Problem, UsageError
from mixmaster.mixing.aligning import Alignment
from mixmaster.mixing.measuring import Progress
from mixmaster.mixing.plan import MixPlan, plan_mix
from mixmaster.mixing.preset import MixPreset, Version
from mixmaster.mixing.prints.printed import Wanted
from mixmaster.mixing.prints.printing import print_mix
from mixmaster.mixing.prints.versions import MAIN, NamedVersion
from mixmaster.mixing.recall.before import Before
from mixmaster.mixing.regions.arranged import restored_regions
from mixmaster.mixing.run import BitDepth, mix, render_to
from mixmaster.mixing.sessions.given import Given
from mixmaster.mixing.sessions.session import Session
from mixmaster.mixing.staging import Staging
from mixmaster.mixing.stem_names.names import Assignment, Instance, Stem

_SUPPORTED = "manifests of mixes, their versions and masters can be repeated"


def plan_again(
    recorded: Recorded,
    *,
    folders: Iterable[Path] = (),
    threads: int | None = None,
    progress: Progress | None = None,
) -> MixPlan:
    """Return the plan of a mix as it was: strips, staging and alignment are taken as recorded.

    Effects that sound otherwise by now are held to the revision that was heard.

    Args:
        recorded: The mix's manifest.
        folders: Where its inputs may lie, besides beside it.
        threads: As for `plan_mix`.
        progress: Told what is being done.

    Raises:
        DocumentError: For inputs that are missing or have changed, and for a manifest that this
            version cannot repeat.
        UsageError: For a manifest of something else.
    """
    if recorded.kind != "mix":
        reason = f"it is the manifest of a {recorded.kind}"
        raise UsageError(recorded.where, reason, _SUPPORTED)
    settings = recorded.settings
    with as_recorded(recorded.where):
        return _planned(recorded, settings, tuple(folders), threads, progress)


def render_again(
    plan: MixPlan, recorded: Recorded, output: Path, *, progress: Progress | None = None
) -> None:
    """Render a mix as recorded into a file that is nobody's yet; nothing is published.

    Args:
        plan: What `plan_again` made.
        recorded: The mix's manifest.
        output: The file, in a folder of its own.
        progress: Told what is being done.
    """
    tell = progress or (lambda _what, _share: None)
    spec = _spec(recorded)
    version = _version_of(recorded)
    if version is None:
        render_to(plan, output, spec, progress=tell)
        return
    main = NamedVersion(MAIN, Version())
    wanted = Wanted((main, version), template=f"{{version}}{output.suffix}")
    run = print_mix(plan, output.parent, wanted, bit_depth=spec.bit_depth, progress=progress)
    run.versions[-1].file.rename(output)


def publish_again(
    plan: MixPlan,
    recorded: Recorded,
    output: Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Render a mix as recorded and publish it with a manifest of its own.

    Args:
        plan: What `plan_again` made.
        recorded: The mix's manifest.
        output: The file.
        overwrite: Whether a file that is not ours may be replaced.
        progress: Told what is being done.

    Raises:
        UsageError: For a version, which is printed beside its mix; and for an output that cannot
            hold what was recorded.
    """
    if _version_of(recorded) is not None:
        reason = "a version is published by its session, beside its mix"
        raise UsageError(recorded.where, reason, "leave out -o: it is rendered and compared")
    spec = _spec(recorded)
    depth: BitDepth = spec.bit_depth
    mix(plan, output, bit_depth=depth, overwrite=overwrite, progress=progress)


def _spec(recorded: Recorded) -> FileSpec:
    with as_recorded(recorded.where, "settings.file"):
        return FileSpec(**recorded.settings["file"])


def _planned(
    recorded: Recorded,
    settings: Mapping[str, Any],
    folders: Sequence[Path],
    threads: int | None,
    progress: Progress | None,
) -> MixPlan:
    found = find_inputs(recorded, recorded.inputs, folders)
    strips: Mapping[str, Sequence[str]] = settings["strips"]
    if sum(map(len, strips.values())) > len(found):
        raise ValueError("its strips have more stems than it has inputs")
    # The stems come first among the inputs, in the order of their strips.
    left = iter(found)
    files = {each: tuple(islice(left, len(names))) for each, names in strips.items()}
    others = dict(zip((each.name for each in recorded.inputs), found, strict=True))
    preset = pinned(
        validate(MixPreset, settings["preset"], where=recorded.where), recorded.revisions
    )
    known = {
        name: others[Path(name).name]
        for name in resource_names(preset)
        if Path(name).name in others
    }
    preset = preset.place(Origin(None, known=known))
    infos = {path: probe(path) for paths in files.values() for path in paths}
    assignment = Assignment(
        tuple(_instance(name, paths, infos) for name, paths in files.items()), (), (), (), {}, ()
    )
    regions = restored_regions(settings.get("regions", {}), others)
    heads = settings.get("heads", {})
    plan = plan_mix(
        list(infos),
        preset,
        sample_rate_hz=settings["sample_rate_hz"],
        automation=[AutomationLane.model_validate(lane) for lane in settings.get("automation", ())],
        tempo_map=_tempo_map(settings),
        where=recorded.where,
        given={
            path: Given(arrangement=regions.get(path), **heads.get(name, {}))
            for name, paths in files.items()
            for path in paths
        },
        session=_session(settings, preset),
        before=Before(
            assignment,
            tuple(Staging(**each) for each in recorded.table.get("staging", ())),
            tuple(Alignment(**each) for each in recorded.table.get("alignment", ())),
        ),
        threads=threads,
        progress=progress,
    )
    passage = settings["passage"]
    return replace(plan, passage=None if passage is None else Passage(*passage))


def pinned(preset: MixPreset, revisions: Mapping[str, int]) -> MixPreset:
    """Return a preset whose effects sound as they were heard, where they sound otherwise today.

    Args:
        preset: The preset.
        revisions: Of every insert, by its id; see `MixPlan.revisions`.

    Raises:
        DocumentError: For a revision that this version does not know.
    """
    heard: dict[str, int] = {}
    for name, revision in revisions.items():
        node, _, insert = name.rpartition(".insert.")
        heard[f"{node.partition('/')[0]}.insert.{insert}"] = revision

    def of(node: str, inserts: tuple[Effect, ...]) -> tuple[Effect, ...]:
        named = zip(insert_ids(inserts), inserts, strict=True)
        return tuple(_at(each, heard.get(f"{node}.insert.{name}"), node) for name, each in named)

    strips = {
        name: each.model_copy(update={"insert": of(f"strip.{name}", each.insert)})
        for name, each in preset.strip.items()
    }
    buses = {
        name: each.model_copy(update={"insert": of(f"bus.{name}", each.insert)})
        for name, each in preset.bus.items()
    }
    master = preset.mix.model_copy(update={"insert": of("mix", preset.mix.insert)})
    return preset.model_copy(update={"strip": strips, "bus": buses, "mix": master})


def _at(effect: Effect, revision: int | None, node: str) -> Effect:
    if revision is None or revision == effect.sound_revision:
        return effect
    if not 1 <= revision <= effect.current_revision:
        name = getattr(effect, "effect", "effect")
        reason = f"{name} has revision {revision}; this version knows {effect.current_revision}"
        raise DocumentError(node, (Problem("revision", reason, "install a newer mixmaster"),))
    return effect.model_copy(update={"revision": revision})


def _instance(name: str, paths: Sequence[Path], infos: Mapping[Path, AudioInfo]) -> Instance:
    strip = name.partition("/")[0].removeprefix("strip.")
    stems = tuple(
        Stem(path, infos[path].channels, infos[path].sample_rate_hz, infos[path].frames)
        for path in paths
    )
    return Instance(name, strip, stems, "")


def _tempo_map(settings: Mapping[str, Any]) -> TempoMap | None:
    said = settings.get("tempo_map")
    return None if said is None else TempoMap.model_validate(said)


def _session(settings: Mapping[str, Any], preset: MixPreset) -> Session | None:
    said = settings.get("song")
    if said is None:
        return None
    head = {"format": 1, "kind": "session", "preset": preset.name, "stems": ["."]}
    return Session.model_validate({**head, **said})


def _version_of(recorded: Recorded) -> NamedVersion | None:
    said = recorded.settings.get("version")
    if said is None:
        return None
    definition = Version.model_validate(said["definition"])
    return NamedVersion(str(said["name"]), definition)
