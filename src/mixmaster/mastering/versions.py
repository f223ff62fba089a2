"""Versions of a song to masters in one go: mixed in one run, each mastered by itself."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixmaster.audio.formats import suffix_fits
from mixmaster.audio.names import shown
from mixmaster.audio.sink import FileSpec
from mixmaster.engine.outputs import refuse_inputs
from mixmaster.engine.publish import check_writable, manifest_path
from mixmaster.engine.stats import BridgeRow
from mixmaster.errors import UsageError
from mixmaster.mastering.options import MasterOptions, NamedTarget, Progress
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.results import MasterRun
from mixmaster.mastering.run import check_targets, master
from mixmaster.mixing.plan import MixPlan
from mixmaster.mixing.prints.file_names import (
    TemplateError,
    bits_text,
    file_name,
    place,
    rate_text,
    suffix_of,
)
from mixmaster.mixing.prints.files import song_values
from mixmaster.mixing.prints.printed import Wanted
from mixmaster.mixing.prints.printing import print_mix
from mixmaster.mixing.prints.versions import NamedVersion
from mixmaster.mixing.staging import Staging
from mixmaster.results import Result

TARGET_FIELD = "{target}"
"""What a template gets at its end where several targets need telling apart."""


@dataclass(frozen=True, slots=True)
class MasteredVersion(Result):
    """A version and its masters.

    Attributes:
        name: The version's name.
        words: What it is.
        masters: Its masters.
    """

    name: str
    words: str
    masters: MasterRun


@dataclass(frozen=True, slots=True)
class VersionsRun(Result):
    """A song from its stems to the masters of its versions.

    Attributes:
        versions: The versions, in the order in which they were asked for.
        staging: What gain staging did.
        bridge: One line for each strip, bus and the mix.
        notes: What is worth knowing of the mix.
        warnings: What the stems' files had to say, and what is probably not wanted.
    """

    versions: tuple[MasteredVersion, ...]
    staging: tuple[Staging, ...]
    bridge: tuple[BridgeRow, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """1 if a target was refused, else 0."""
        return max(each.masters.exit_code for each in self.versions)


def render_versions(
    plan: MixPlan,
    wanted: Wanted,
    preset: MasteringPreset,
    targets: Sequence[NamedTarget],
    folder: Path,
    *,
    options: MasterOptions,
    progress: Progress,
) -> VersionsRun:
    """Mix versions in one run into temporary 32-bit float premasters, and master each.

    Each version is brought to its targets' loudness by itself.

    Args:
        plan: The planned mix, without a passage: loudness is solved over the whole song.
        wanted: The versions, and what files are called; targets' names go to the end of a
            template that has no field for them.
        preset: The mastering chain.
        targets: Where they go.
        folder: Where the masters go.
        options: Of the mastering; a passage there is what is written.
        progress: Told what is being done, and how far it is.

    Raises:
        OutputError: Before any work, for outputs that may not or cannot be written.
        SignalError: When an effect or a stem turns out not to be finite.
        UsageError: For a template that does not fit the targets, or the loudest section, which
            would be another one in each version.
    """
    assert plan.passage is None
    assert wanted.stems is None
    if options.section is not None and options.section.loudest_s is not None:
        reason = "the loudest stretch is not the same in all versions"
        raise UsageError("--section", reason, "say where it is: --from and --to")
    check_targets(targets)
    files = _files(plan, wanted, targets, folder)
    for file in (file for each in files.values() for file in each.values()):
        refuse_inputs(file, plan.paths)
        check_writable(file, overwrite=options.overwrite)
    with tempfile.TemporaryDirectory(prefix="mixmaster-") as scratch:
        mixes = Wanted(wanted.versions, template="{version}", title=wanted.title)
        run = print_mix(plan, scratch, mixes, progress=progress)
        made = []
        for version, mix in zip(wanted.versions, run.versions, strict=True):
            origin = json.loads(manifest_path(mix.file).read_bytes())

            def tell(what: str, share: float, name: str = version.name) -> None:
                progress(f"{name}: {what}", share)

            masters = master(
                mix.file,
                preset,
                targets,
                folder,
                options,
                song=version.name,
                origin=origin,
                files=files[version.name],
                progress=tell,
            )
            made.append(MasteredVersion(version.name, version.words, masters))
    return VersionsRun(tuple(made), run.staging, run.bridge, run.notes, run.warnings)


def _files(
    plan: MixPlan, wanted: Wanted, targets: Sequence[NamedTarget], folder: Path
) -> dict[str, dict[str, Path]]:
    """Return each version's files, by target."""
    template = wanted.template
    suffix = suffix_of(template) or ""
    if TARGET_FIELD not in template:
        template = f"{template.removesuffix(suffix)}_{TARGET_FIELD}{suffix}"
    names: dict[str, str] = {}
    keys: dict[str, tuple[str, str]] = {}
    for version in wanted.versions:
        for target in targets:
            what = f"{version.name} for {target.name}"
            names[what] = _name(plan, wanted, template, version, target)
            keys[what] = (version.name, target.name)
    files: dict[str, dict[str, Path]] = {}
    for what, path in place(folder, names).items():
        version_name, target_name = keys[what]
        files.setdefault(version_name, {})[target_name] = path
    return files


def _name(
    plan: MixPlan,
    wanted: Wanted,
    template: str,
    version: NamedVersion,
    target: NamedTarget,
) -> str:
    spec = target.target.file.spec(plan.sample_rate_hz, 2)
    suffix = suffix_of(template)
    if suffix is not None and not suffix_fits(suffix, spec.container):
        reason = f"'{shown(template)}': {target.name} is delivered as {spec.container}"
        raise UsageError("--name-template", reason, f"leave {suffix} out")
    try:
        return file_name(template, _values(plan, wanted, spec, version, target), spec.suffix)
    except TemplateError as error:
        raise UsageError("--name-template", error.reason, error.hint) from error


def _values(
    plan: MixPlan,
    wanted: Wanted,
    spec: FileSpec,
    version: NamedVersion,
    target: NamedTarget,
) -> Mapping[str, Any]:
    return {
        **song_values(plan, wanted.title),
        "version": version.name,
        "target": target.name,
        "rate": rate_text(spec.sample_rate_hz),
        "bits": bits_text(spec.bit_depth),
    }
