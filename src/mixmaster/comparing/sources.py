"""What is to be compared: the versions that were asked for, before any of them is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.audio.source import AudioInfo, probe
from mixmaster.documents.finding import find_preset
from mixmaster.documents.loading import load
from mixmaster.errors import AudioFileError, UsageError
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mixing.plan import Section
from mixmaster.pages.ab.data import Kind

_STEM = 60  # characters of a version's name; the rest of a long file name says no more


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """How versions are compared.

    Attributes:
        section: Which part is heard; None for all of it.
        unmatched: Write the files at the level that the versions have.
        align: Whether versions are moved to lie one upon the other.
        original: Whether the mix is heard beside its masters.
        sample_rate_hz: Of the written files; the highest of the versions if None.
        dual_mono: Master a mono mix as it sounds from two loudspeakers.
        seed: Where the page's shuffles start; 0 leaves them to chance.
        overwrite: Replace files that are not ours.
        strict: Whether a file shorter than its header says is an error.
        threads: How many may work; the bytes do not depend on it. None: as many as there are.
    """

    section: Section | None = None
    unmatched: bool = False
    align: bool = True
    original: bool = False
    sample_rate_hz: int | None = None
    dual_mono: bool = False
    seed: int = 0
    overwrite: bool = False
    strict: bool = False
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One version that was asked for.

    Attributes:
        name: Unique among them.
        kind: What it is.
        path: The file it is; of a master, the mix.
        preset: Of a master.
        preset_name: As it was asked for: a name or a path.
    """

    name: str
    kind: Kind
    path: Path
    preset: MasteringPreset | None = None
    preset_name: str = ""


@dataclass(frozen=True, slots=True)
class ComparePlan:
    """A comparison that is ready to run.

    Attributes:
        versions: In the order asked for.
        mix: What is mastered; None without presets.
        infos: What the headers of all files say.
        target: Where the masters go; also the platform that is heard, if it was asked for.
        target_name: As it was asked for.
        platform: Whether the target was named, so that its level is of interest.
        sample_rate_hz: Of the written files.
        options: The rest.
    """

    versions: tuple[Wanted, ...]
    mix: Path | None
    infos: dict[Path, AudioInfo]
    target: NamedTarget
    target_name: str
    platform: bool
    sample_rate_hz: int
    options: CompareOptions

    @property
    def anchor(self) -> Path:
        """The file in whose time the others lie."""
        return self.mix or self.versions[0].path

    @property
    def loudness_is_given(self) -> bool:
        """Whether the target settles how loud masters are."""
        return self.target.target.integrated_lufs is not None

    @property
    def title(self) -> str:
        """What the song is called."""
        return shown(self.anchor.stem)


def plan_comparison(
    files: Sequence[Path],
    presets: Sequence[str],
    target: NamedTarget,
    *,
    target_name: str,
    platform: bool = False,
    reference: Path | None = None,
    options: CompareOptions | None = None,
) -> ComparePlan:
    """Settle what is compared with what.

    With presets, the first file is the mix that they master, and further files are versions as
    they are; without, all files are versions.

    Args:
        files: In order.
        presets: Mastering presets: names or paths.
        target: Where the masters go.
        target_name: As it was asked for.
        platform: Whether the target is also to be heard as a platform.
        reference: Another file to hear beside the versions; another song may be one.
        options: The rest.

    Raises:
        UsageError: For one version only, files or presets that are named twice.
        AudioFileError: For files that cannot be used.
        DocumentError: For presets that cannot.
    """
    options = options or CompareOptions()
    if not files:
        raise UsageError("FILES", "are missing", "name versions, or a mix and presets with -m")
    mix = files[0] if presets else None
    if options.original and mix is None:
        raise UsageError("--original", "means the mix beside its masters", "name presets with -m")
    loaded = [load(MasteringPreset, find_preset("mastering", name)) for name in presets]
    given = list(files[1:] if presets else files)
    _refuse_twice([*files, *([reference] if reference else [])], presets)
    names = _names([*presets, *map(str, given)])
    versions = [
        Wanted(name, "master", files[0], preset, preset_name)
        for name, preset, preset_name in zip(names, loaded, presets, strict=False)
    ]
    versions += [
        Wanted(name, "file", path) for name, path in zip(names[len(presets) :], given, strict=True)
    ]
    if options.original:
        versions.append(Wanted(_free("mix", versions), "mix", files[0]))
    if reference is not None:
        versions.append(Wanted(_free(_stem(reference), versions), "reference", reference))
    if len(versions) < 2:
        hint = "add a version, another -m, or --reference"
        if mix is not None:
            hint = "add another -m, a version, --reference, or --original to hear the mix, too"
        raise UsageError("", "there is one version only, and nothing to compare it with", hint)
    infos = {path: _probe(path) for path in dict.fromkeys([*files, *(v.path for v in versions)])}
    rate = options.sample_rate_hz or max(
        _version_rate(version, infos, target) for version in versions
    )
    return ComparePlan(tuple(versions), mix, infos, target, target_name, platform, rate, options)


def _version_rate(version: Wanted, infos: dict[Path, AudioInfo], target: NamedTarget) -> int:
    info = infos[version.path]
    if version.kind == "master":
        return target.target.file.spec(info.sample_rate_hz, info.channels).sample_rate_hz
    return info.sample_rate_hz


def _probe(path: Path) -> AudioInfo:
    info = probe(path)
    if info.channels > 2:
        raise AudioFileError(
            shown(path), f"it has {info.channels} channels", "versions are mono or stereo"
        )
    return info


def _refuse_twice(files: Sequence[Path], presets: Sequence[str]) -> None:
    seen: dict[tuple[int, int] | str, str] = {}
    for path in files:
        try:
            status = path.stat()
            identity: tuple[int, int] | str = (status.st_dev, status.st_ino)
        except (OSError, ValueError):  # said better when it is opened
            continue
        if identity in seen:
            reason = f"it is named twice ({seen[identity]})"
            raise UsageError(shown(path), reason, "name each version once")
        seen[identity] = shown(path)
    for name in presets:
        if name in seen:
            raise UsageError("--master", f"{name} is named twice", "name each preset once")
        seen[name] = name


def _stem(path: str | Path) -> str:
    return shown(Path(path).stem)[:_STEM] or shown(Path(path).name)[:_STEM]


def _names(paths: Sequence[str]) -> list[str]:
    """Return what versions are called: as much of their paths as tells them apart."""
    names = [_stem(path) for path in paths]
    if len(set(names)) == len(names):
        return names
    taken: list[str] = []
    for path, name in zip(paths, names, strict=True):
        longer = name
        if names.count(name) > 1:
            parts = Path(path).parts
            others = [Path(p).parts for p, n in zip(paths, names, strict=True) if n == name]
            depth = 1
            while depth < len(parts) and [o[-depth:] for o in others].count(parts[-depth:]) > 1:
                depth += 1
            longer = shown(Path(*parts[-depth:]))
        number = 2
        unique = longer
        while unique in taken:
            unique, number = f"{longer} ({number})", number + 1
        taken.append(unique)
    return taken


def _free(name: str, versions: Sequence[Wanted]) -> str:
    """Return a name that no version has yet."""
    taken = {version.name for version in versions}
    free, number = name, 2
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free
