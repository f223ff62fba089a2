"""Versions on their way: given files that were read once, and masters that were rendered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.formats import SUFFIXES
from mixmaster.audio.names import shown
from mixmaster.audio.source import content_hash, open_source, probe
from mixmaster.comparing.folder import MASTERS, AbFolder, master_files
from mixmaster.comparing.recipe import file_name, resolved
from mixmaster.comparing.sources import ComparePlan, Wanted
from mixmaster.dsp.offset import Onsets
from mixmaster.engine.manifest import InputRecord, key, versions
from mixmaster.engine.measuring import MEASURED_BLOCK_FRAMES, measure_file
from mixmaster.engine.resources import resource_paths, resource_records
from mixmaster.errors import RefusedError
from mixmaster.mastering.family import FamilyResult, Member, master_family
from mixmaster.mastering.job import open_mix
from mixmaster.mastering.options import MasterOptions, Progress
from mixmaster.metering.programme import ProgrammeFigures, ProgrammeMeter

_KEY_DIGITS: Final = 16
_WORDS: Final = {"name", "description"}
_NOT_HEARD: Final = _WORDS | {"source", "unsure", "checked", "playback", "streams"}
"""Of a target: what is no part of the master."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was found out of a given file in one pass.

    Attributes:
        sha256: Of its bytes.
        figures: Of the whole file; mono as from two loudspeakers.
        onsets: For its place in time.
        notes: What was to be said of it.
    """

    sha256: str
    figures: ProgrammeFigures
    onsets: Onsets
    notes: tuple[str, ...]


@dataclass(slots=True)
class Track:
    """A version, found or made.

    Attributes:
        wanted: What was asked for.
        path: The file that is heard.
        sha256: Of its bytes.
        sample_rate_hz: Its own rate.
        channels: 1 or 2.
        frames: Its length at its own rate.
        integrated_lufs: Of all of it; mono as from two loudspeakers.
        true_peak_dbtp: Of all of it.
        reasons: Why a figure is None.
        onsets: Of a given file.
        notes: What is worth knowing about it.
    """

    wanted: Wanted
    path: Path
    sha256: str
    sample_rate_hz: int
    channels: int
    frames: int
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    reasons: dict[str, str]
    onsets: Onsets | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Masters:
    """What rendering came to.

    Attributes:
        tracks: Of the masters that there are, by the version's name.
        records: For the folder's manifest.
        files: Everything that belongs to them.
        refused: Why there is no master, by the version's name.
        rendered: Which were rendered in this run, not before.
    """

    tracks: dict[str, Track]
    records: tuple[dict[str, Any], ...]
    files: tuple[Path, ...]
    refused: dict[str, RefusedError]
    rendered: tuple[str, ...]


def read_files(
    paths: Sequence[Path], *, strict: bool, threads: int, progress: Callable[[float], None]
) -> dict[Path, Read]:
    """Read given files side by side, once.

    Raises:
        AudioFileError: For a file that cannot be used.
        SignalError: For NaN or infinity in it.
    """
    done = dict.fromkeys(paths, 0.0)

    def one(path: Path) -> Read:
        with open_source(path, strict=strict) as source:
            rate = source.sample_rate_hz
            meter = ProgrammeMeter(rate, source.channels, dual_mono=True, where=shown(path))
            onsets = Onsets(rate)
            frames = 0
            for block in source.blocks(MEASURED_BLOCK_FRAMES):
                meter.update(block)
                onsets.update(block)
                frames += block.shape[1]
                done[path] = min(1.0, frames / max(1, source.frames))
                progress(sum(done.values()) / len(done))
            notes = tuple(source.notes)
        return Read(content_hash(path), meter.result(), onsets, notes)

    with ThreadPoolExecutor(threads, thread_name_prefix="read") as pool:
        try:
            return dict(zip(paths, pool.map(one, paths), strict=True))
        finally:
            pool.shutdown(cancel_futures=True)


def track_of_file(wanted: Wanted, read: Read) -> Track:
    """Return a version that was given as a file."""
    figures = read.figures
    rate = figures.sample_rate_hz
    return Track(
        wanted=wanted,
        path=wanted.path,
        sha256=read.sha256,
        sample_rate_hz=rate,
        channels=figures.channels,
        frames=round(figures.duration_s * rate),
        integrated_lufs=figures.integrated_lufs,
        true_peak_dbtp=figures.true_peak_dbtp,
        reasons=_reasons(figures),
        onsets=read.onsets,
        notes=list(read.notes),
    )


def _reasons(figures: ProgrammeFigures) -> dict[str, str]:
    told = ("integrated_lufs", "true_peak_dbtp")
    return {name: why for name, why in figures.reasons.items() if name in told}


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders what presets ask for, or takes it from an earlier run that had the same to do.

    Attributes:
        plan: What is asked for.
        mix: What was found out of the mix.
        folder: Where masters lie.
        threads: How many may work.
        progress: Told what is being done.
    """

    plan: ComparePlan
    mix: Read
    folder: AbFolder
    threads: int
    progress: Progress

    def masters(self) -> Masters:
        """Return all masters; those that are missing are rendered."""
        wanted = [version for version in self.plan.versions if version.preset is not None]
        keys = {version.name: _key(version, self.plan, self.mix) for version in wanted}
        known = {str(record.get("key")): record for record in self.folder.masters()}
        records: dict[str, dict[str, Any]] = {}
        for version in wanted:
            record = known.get(keys[version.name])
            if record is not None and _usable(record, self.folder):
                records[version.name] = record
        missing = [version for version in wanted if version.name not in records]
        refused: dict[str, RefusedError] = {}
        for version, result in zip(missing, self._rendered(missing, keys), strict=True):
            name, master = version.name, result.master
            if master.file is None:
                refused[name] = RefusedError(name, master.refused, figures=master.figures)
            else:
                records[name] = _record(keys[name], result, self.folder)
        there = [version for version in wanted if version.name in records]
        kept = [records[version.name] for version in there]
        return Masters(
            tracks={v.name: _track(v, records[v.name], self.folder) for v in there},
            records=tuple(kept),
            files=tuple(
                file
                for record in kept
                for file in master_files(self.folder.path / str(record["file"]))
            ),
            refused=refused,
            rendered=tuple(version.name for version in missing if version.name in records),
        )

    def _rendered(
        self, missing: Sequence[Wanted], keys: dict[str, str]
    ) -> tuple[FamilyResult, ...]:
        if not missing:
            return ()
        plan = self.plan
        assert plan.mix is not None
        ending = SUFFIXES[plan.target.target.file.format]
        members = []
        for version in missing:
            assert version.preset is not None
            name = f"{file_name(version.name)}-{keys[version.name][:8]}{ending}"
            path = self.folder.path / MASTERS / name
            for file in master_files(path):
                if not file.exists():
                    self.folder.made(file)
            members.append(Member(version.name, version.preset, path))
        options = MasterOptions(
            overwrite=plan.options.overwrite,
            dual_mono=plan.options.dual_mono,
            threads=self.threads,
        )
        return master_family(
            open_mix(plan.mix),
            self.mix.figures,
            members,
            plan.target,
            options=options,
            progress=self.progress,
        )


def _key(version: Wanted, plan: ComparePlan, mix: Read) -> str:
    """Return what identifies a master: all that its sound depends on, and nothing else."""
    assert version.preset is not None
    preset = resolved(version.preset)
    figures = mix.figures
    rate = figures.sample_rate_hz
    frames = round(figures.duration_s * rate)
    record = InputRecord("", mix.sha256, rate, figures.channels, frames)
    target = plan.target.target
    settings = {
        "preset": preset.model_dump(mode="json", exclude_none=True, exclude=_WORDS),
        "target": target.model_dump(mode="json", exclude_none=True, exclude=_NOT_HEARD),
        "dual_mono": plan.options.dual_mono,
        "versions": versions(),
    }
    revisions: dict[str, int] = {
        effect.effect_name(): effect.sound_revision for effect in preset.insert
    }
    needed = resource_records(resource_paths(insert.files for insert in preset.chain()))
    return key([record, *needed], settings, revisions)


def _usable(record: dict[str, Any], folder: AbFolder) -> bool:
    """Return whether a master of an earlier run is there, unchanged."""
    file, sha256 = record.get("file"), record.get("sha256")
    return (
        isinstance(file, str)
        and isinstance(sha256, str)
        and folder.still_there(file, sha256) is not None
        and all(path.is_file() for path in master_files(folder.path / file))
    )


def _record(key_: str, result: FamilyResult, folder: AbFolder) -> dict[str, Any]:
    """Return what the folder's manifest keeps of a master."""
    master = result.master
    assert master.file is not None
    assert master.after is not None
    path = Path(master.file)
    info = probe(path)
    after = master.after
    if info.channels == 1:
        after = measure_file(path, dual_mono=True).figures
    return {
        "key": key_,
        "file": path.relative_to(folder.path.absolute()).as_posix(),
        "sha256": master.sha256,
        "sample_rate_hz": info.sample_rate_hz,
        "channels": info.channels,
        "frames": info.frames,
        "integrated_lufs": after.integrated_lufs,
        "true_peak_dbtp": after.true_peak_dbtp,
        "reasons": _reasons(after),
        "limiter_max_db": None if master.limiter is None else master.limiter.max_db,
        "notes": list(result.notes),
    }


def _track(version: Wanted, record: dict[str, Any], folder: AbFolder) -> Track:
    notes = list(record["notes"])
    if record["limiter_max_db"]:
        notes.append(f"the limiter takes off {record['limiter_max_db']:.1f} dB at most")
    return Track(
        wanted=version,
        path=folder.path / record["file"],
        sha256=record["sha256"],
        sample_rate_hz=record["sample_rate_hz"],
        channels=record["channels"],
        frames=record["frames"],
        integrated_lufs=record["integrated_lufs"],
        true_peak_dbtp=record["true_peak_dbtp"],
        reasons=record["reasons"],
        notes=notes,
    )


def digits_of(content: Any) -> str:
    """Return 16 hex digits that stand for JSON-ready content."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:_KEY_DIGITS]
