"""A song's mix, resolved: its documents, its stems, and the key that all of it makes."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixmaster.audio.names import has_audio_suffix
from mixmaster.audio.source import AudioInfo, probe
from mixmaster.batch.planning.depends import Watch, libraries
from mixmaster.batch.planning.songs import SongJob
from mixmaster.batch.stages.mixing import given_to_json
from mixmaster.batch.stages.stage import StageInput
from mixmaster.batch.state.files import digest
from mixmaster.documents.addresses import insert_ids
from mixmaster.documents.base import Document
from mixmaster.documents.finding import find_preset, from_home
from mixmaster.documents.loading import load
from mixmaster.documents.origin import UnfoundFileError, impulse_folder
from mixmaster.effects.base import Effect
from mixmaster.effects.plugin import Plugin, fingerprints
from mixmaster.engine.publish import manifest_path
from mixmaster.engine.resources import resource_names
from mixmaster.engine.threads import default_threads
from mixmaster.errors import UsageError
from mixmaster.mixing.plan import find_stems
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.prints.versions import NamedVersion, chosen
from mixmaster.mixing.sessions.given import Given, assign_stems
from mixmaster.mixing.sessions.plan import open_song
from mixmaster.mixing.sessions.session import Session
from mixmaster.mixing.sessions.stems import changes
from mixmaster.mixing.stem_names.names import Assignment

KEY_FORMAT = 1
"""Of what keys are made of: a change here makes everything anew."""

WORDS = ("name", "description", "notes", "source", "unsure", "checked", "playback")
"""Keys at the top of documents that no sound depends on."""


@dataclass(frozen=True, slots=True)
class ResolvedMix:
    """A mix that could be made.

    Attributes:
        session: Its session; None for a folder of stems.
        title: What the song is called.
        file_name: What files are named after.
        key: The key.
        content: What the key is made of.
        settings: For `make_mixes`.
        inputs: What is read.
        versions: The names of the versions.
        sample_rate_hz: The rate.
        frames: How long it is, without a tail.
        stems: How many files are mixed.
        notes: What is worth knowing.
        steady: Whether the plan may be kept: not where plugins play, which change unseen.
    """

    session: Session | None
    title: str
    file_name: str
    key: str
    content: Mapping[str, Any]
    settings: Mapping[str, Any]
    inputs: tuple[StageInput, ...]
    versions: tuple[str, ...]
    sample_rate_hz: int
    frames: int
    stems: int
    notes: tuple[str, ...]
    steady: bool


class _Song:
    """What session and folder of stems have in common: documents and stems."""

    def __init__(self, job: SongJob, watch: Watch) -> None:
        self.session: Session | None = None
        self.given: Mapping[Path, Given] = {}
        self.notes: tuple[str, ...] = ()
        self.said: tuple[str, ...] = ()
        source = Path(job.source)
        if job.form == "session":
            song = open_song(source, overrides=job.overrides, preset=job.preset or None)
            watch.file(source)
            self.session, self.preset = song.session, song.preset
            self.paths, self.given = song.stems.paths, song.stems.given
            watch.file(_preset_file(song.session, job.preset))
            _watch_stems(song.session, source.parent, watch)
            for path in self.paths:  # one by one, so that this can be stopped
                watch.file(path)
            threads = default_threads()
            said = changes(song.session, song.stems, strict=job.strict, threads=threads)
            self.said = (*song.stems.notes, *said)
            self.title, self.file_name = song.session.title, song.session.file_name
            self.where = song.session.where
        else:
            path = find_preset("mix", job.preset)
            self.preset = load(MixPreset, path, overrides=job.overrides)
            watch.file(path)
            found = find_stems([source])
            _watch_folder(source, watch)
            self.paths, self.notes = found.paths, found.notes
            self.title = self.file_name = source.resolve().name.lstrip(".") or "mix"
            self.where = "automation"


def resolve_mix(job: SongJob, watch: Watch) -> ResolvedMix:
    """Resolve a song's mix; only headers of its stems are read, and their hashes.

    Args:
        job: What is wanted.
        watch: Told of all that is looked at.

    Raises:
        MixmasterError: For whatever is wrong with the song.
    """
    song = _Song(job, watch)
    infos = {path: probe(path) for path in song.paths}
    assignment = assign_stems(infos, song.preset, song.given)
    rate = job.sample_rate_hz or (song.session and song.session.sample_rate_hz)
    rate = rate or max(info.sample_rate_hz for info in infos.values())
    strips = {each.strip for each in assignment.instances}
    wanted = job.versions_of(job.name or song.file_name)
    if not wanted:
        raise UsageError(job.source, "no version of it is wanted", "check exclude")
    versions, said = chosen(wanted, song.preset, strips)
    resources = find_resources(song.preset, watch)
    takes = [
        path
        for each in song.given.values()
        if each.arrangement is not None
        for path in each.arrangement.takes.values()
    ]
    order = list(dict.fromkeys((*song.paths, *takes, *resources.values())))
    numbers = {path: number for number, path in enumerate(order)}
    hashes = {path: watch.file(path) for path in order}
    inputs = tuple(StageInput(str(p), hashes[p], p.stat().st_size) for p in order)
    tempo_map = None if song.session is None else song.session.song_map(song.preset.tempo_bpm)
    effects = list(_effects(song.preset))
    content: dict[str, Any] = {
        "key_format": KEY_FORMAT,
        "libraries": libraries(),
        "stems": _stems(assignment, song.given, hashes),
        "preset": plain(song.preset, leave_out=("version",)),
        "versions": [_version(each) for each in versions],
        "revisions": {where: effect.sound_revision for where, effect in effects},
        "sample_rate_hz": rate,
        "strict": job.strict,
        "resources": {name: hashes[path] for name, path in resources.items()},
        "plugins": fingerprints(effect for _, effect in effects),
        "automation": _automation(song.session),
        "tempo_map": None if tempo_map is None else tempo_map.model_dump(mode="json"),
    }
    settings = {
        "session": None if song.session is None else dumped(song.session),
        "preset": dumped(song.preset),
        "where": song.where,
        "title": None if song.session is not None else song.title,
        "versions": [each.name for each in versions],
        "sample_rate_hz": rate,
        "strict": job.strict,
        "stems": [numbers[path] for path in song.paths],
        "given": {str(numbers[p]): given_to_json(g, numbers) for p, g in song.given.items()},
        "resources": {name: numbers[path] for name, path in resources.items()},
        "notes": list(song.said),
    }
    return ResolvedMix(
        session=song.session,
        title=song.title,
        file_name=job.name or song.file_name,
        key=digest(content),
        content=content,
        settings=settings,
        inputs=inputs,
        versions=tuple(each.name for each in versions),
        sample_rate_hz=rate,
        frames=_frames(infos.values(), rate),
        stems=len(song.paths),
        notes=(*song.notes, *song.said, *said),
        steady=not any(isinstance(effect, Plugin) for _, effect in effects),
    )


def dumped(document: Document) -> dict[str, Any]:
    """Return a document as JSON-ready data that validates to the same again."""
    return document.model_dump(mode="json", exclude_none=True)


def plain(document: Document, *, leave_out: Iterable[str] = ()) -> dict[str, Any]:
    """Return what of a document a sound may depend on."""
    gone = {*WORDS, *leave_out}
    return {name: value for name, value in dumped(document).items() if name not in gone}


def _version(version: NamedVersion) -> dict[str, Any]:
    said = version.to_json()
    return {name: said[name] for name in ("name", "definition", "dynamics")}


def _stems(
    assignment: Assignment, given: Mapping[Path, Given], hashes: Mapping[Path, str]
) -> list[dict[str, Any]]:
    """Return what is heard of the stems, in their order: strips and content, not names."""
    found = []
    for each in assignment.instances:
        files = [stem.path for stem in each.stems]
        said = [_heard(given[path], hashes) for path in files if path in given]
        found.append(
            {
                "strip": each.strip,
                "sha256": [hashes[path] for path in files],
                "given": said,
            }
        )
    return found


def _heard(given: Given, hashes: Mapping[Path, str]) -> dict[str, Any]:
    said = given_to_json(given, dict.fromkeys(hashes, 0))
    rest = {name: value for name, value in said.items() if name not in {"name", "strip"}}
    if given.arrangement is not None:
        takes = given.arrangement.takes
        regions = [
            {
                **region.model_dump(mode="json", exclude={"file", "notes"}),
                "sha256": hashes[takes[region.file]] if region.file else "",
            }
            for region in given.arrangement.regions
        ]
        rest["arrangement"] = {"mode": given.arrangement.mode, "regions": regions}
    return rest


def _automation(session: Session | None) -> list[Any]:
    return [] if session is None else [lane.model_dump(mode="json") for lane in session.automation]


def _effects(preset: MixPreset) -> Iterable[tuple[str, Effect]]:
    places = [(f"strip.{name}", strip.insert) for name, strip in preset.strip.items()]
    places += [(f"bus.{name}", bus.insert) for name, bus in preset.bus.items()]
    for where, inserts in (*places, ("mix", preset.mix.insert)):
        for name, effect in zip(insert_ids(inserts), inserts, strict=True):
            yield f"{where}.insert.{name}", effect


def find_resources(document: Document, watch: Watch) -> dict[str, Path]:
    """Return the files that a document's effects need, by what it calls them.

    One that is missing is left to whoever needs it: it may belong to a strip without stems.
    """
    found = {}
    for name in resource_names(document):
        for folder in (document.origin.folder, impulse_folder()):
            if folder is not None:
                watch.folder(folder)
        try:
            path = document.origin.find(name)
        except UnfoundFileError:
            continue
        watch.file(path)
        found[name] = path
    return found


def _frames(infos: Iterable[AudioInfo], rate: int) -> int:
    return round(max(info.duration_s for info in infos) * rate)


def _preset_file(session: Session, wished: str) -> Path:
    """Return the file of the mix preset that a session was opened with."""
    name = wished or session.preset
    if not wished and name.lower().endswith(".toml"):
        name = str((session.origin.folder or Path()) / from_home(name))
    return find_preset("mix", name)


def _watch_folder(folder: Path, watch: Watch) -> None:
    """Note a folder of stems, and what was made here in it: changed since, it would be a stem."""
    watch.folder(folder)
    for path in folder.iterdir():
        if has_audio_suffix(path) and manifest_path(path).is_file() and path.is_file():
            watch.file(path)


def _watch_stems(session: Session, folder: Path, watch: Watch) -> None:
    """Note the folders and patterns that a session finds its stems by."""
    for text in session.stems:
        path = folder / from_home(text)
        if path.is_dir():
            _watch_folder(path, watch)
        elif glob.has_magic(text):
            absolute = Path(text).is_absolute()
            watch.pattern(text if absolute else f"{glob.escape(os.fspath(folder))}/{text}")
