"""Planning a mix: which stem is what, at which level, by which route. Nothing is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mixmaster.audio.discover import Discovery, discover
from mixmaster.audio.names import shown
from mixmaster.audio.source import AudioInfo, probe
from mixmaster.documents.automation import AutomationLane
from mixmaster.documents.tempo import TempoMap
from mixmaster.engine.graph import Graph
from mixmaster.engine.publish import made_here
from mixmaster.engine.render import Passage
from mixmaster.engine.resources import resource_paths
from mixmaster.engine.threads import default_threads
from mixmaster.errors import AudioFileError, UsageError
from mixmaster.mixing.aligning import Alignment, align, alignment_notes
from mixmaster.mixing.automation import Moves, Song, resolve
from mixmaster.mixing.channels import Instance
from mixmaster.mixing.console import Console, Place
from mixmaster.mixing.measuring import Progress, measure, stage_strips
from mixmaster.mixing.passages import Section, loudest_stretch, passage_of
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.recall.before import Before
from mixmaster.mixing.regions.arranged import region_notes, takes_of
from mixmaster.mixing.regions.arranging import Studio, arrange
from mixmaster.mixing.sessions.given import Given, assign_stems, said_of
from mixmaster.mixing.sessions.session import Session
from mixmaster.mixing.staging import Staging
from mixmaster.mixing.stems import StemSource
from mixmaster.units import ms_to_samples

__all__ = [
    "Given",
    "MixPlan",
    "Progress",
    "Section",
    "find_stems",
    "plan_mix",
]

STEREO = 2


@dataclass(slots=True)
class MixPlan:
    """A mix that is ready to run.

    Attributes:
        preset: The resolved preset.
        sample_rate_hz: The session's rate.
        graph: What the engine runs.
        stems: The stems that are heard, by instance id, in the order in which they are summed.
        unheard: Those that mute or solo leaves out; the song is as long with them as without.
        places: Route, gains and pan of every instance.
        stagings: What gain staging did, one entry a strip that asks for it.
        passage: What is wanted of it; None for all.
        search_notes: What the search for stems left out, and why; it names folders of this machine.
        own_notes: What is worth knowing of the mix: strips without stems, staging that was capped.
        threads: How many threads share the work.
        automation: What moves.
        tempo_map: Where bars and beats lie; None where the preset's tempo holds throughout.
        alignments: What aligning did, one entry a stem whose strip asks for it.
        session: The session that it is planned from; None for a folder of stems.
        instances: The stems as the console takes them.
        moves: What automation makes of the console.
    """

    preset: MixPreset
    sample_rate_hz: int
    graph: Graph
    stems: dict[str, StemSource]
    unheard: dict[str, StemSource]
    places: tuple[Place, ...]
    stagings: tuple[Staging, ...]
    passage: Passage | None
    search_notes: tuple[str, ...]
    own_notes: tuple[str, ...]
    threads: int
    automation: tuple[AutomationLane, ...] = ()
    tempo_map: TempoMap | None = None
    alignments: tuple[Alignment, ...] = ()
    session: Session | None = None
    instances: tuple[Instance, ...] = ()
    moves: Moves = field(default_factory=Moves)

    @property
    def sources(self) -> dict[str, StemSource]:
        """All stems, heard or not: together they make the song's length."""
        return {**self.stems, **self.unheard}

    @property
    def length_s(self) -> float:
        """The length of the longest stem, in seconds; a tail may follow."""
        return max(stem.frames for stem in self.sources.values()) / self.sample_rate_hz

    @property
    def notes(self) -> tuple[str, ...]:
        """Everything that is worth knowing."""
        return (*self.search_notes, *self.own_notes)

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files that are read: the stems', in order, takes, and what effects need."""
        stems = [path for stem in self.sources.values() for path in stem.paths]
        return tuple(dict.fromkeys((*stems, *(info.path for info in self.takes), *self.resources)))

    @property
    def takes(self) -> tuple[AudioInfo, ...]:
        """The files that regions are pieces of and that are no stems themselves, each once."""
        stems = self.sources.values()
        own = [info for stem in stems for info in stem.files]
        return takes_of(own, [one for stem in stems for one in stem.arranged.values()])

    @property
    def resources(self) -> tuple[Path, ...]:
        """The files that effects need, each once."""
        nodes = self.graph.nodes
        return resource_paths(insert.files for node in nodes for insert in node.inserts)

    @property
    def is_reproducible(self) -> bool:
        """Whether the same job gives the same bytes: no plugin that may not is in it."""
        inserts = (insert for node in self.graph.nodes for insert in node.inserts)
        return all(each.settings.is_reproducible or each.settings.bypass for each in inserts)

    def revisions(self) -> dict[str, int]:
        """Return the revision of every insert that runs, by its id."""
        return {
            insert.id: insert.settings.sound_revision
            for node in self.graph.nodes
            for insert in node.inserts
        }


def find_stems(arguments: Iterable[str | os.PathLike[str]]) -> Discovery:
    """Find stems; in folders, mixes, masters and references made here are none, and are noted.

    Raises:
        AudioFileError: For an argument that stands for nothing.
        UsageError: Without arguments, or where nothing but mixes and masters was found.
    """
    found = discover(arguments, leave_out=_no_stem)
    if not found.paths:
        raise UsageError("", "; ".join(found.notes), "name the files themselves to use them")
    return found


def _no_stem(path: Path) -> str:
    kind = made_here(path)
    return f"a {kind} that was made here" if kind in {"mix", "master", "reference"} else ""


def plan_mix(
    arguments: Iterable[str | os.PathLike[str]],
    preset: MixPreset,
    *,
    sample_rate_hz: int | None = None,
    strict: bool = False,
    section: Section | None = None,
    automation: Sequence[AutomationLane] = (),
    tempo_map: TempoMap | None = None,
    where: str = "automation",
    given: Mapping[Path, Given] | None = None,
    session: Session | None = None,
    more_notes: Sequence[str] = (),
    before: Before | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> MixPlan:
    """Find the stems, give each its strip, solve the gain staging and build the graph.

    Args:
        arguments: Folders, files and globs.
        preset: The mix preset.
        sample_rate_hz: The session's rate; the highest among the stems if None.
        strict: Whether a file shorter than its header says is an error.
        section: The part that is wanted; None for all.
        automation: What moves, and how.
        tempo_map: Where bars and beats lie; the preset's tempo throughout, in 4/4, if None.
        where: The document that holds the automation, for errors.
        given: What stems are called and where they go, whatever their files are called.
        session: The session that all this is from.
        more_notes: What else is worth knowing.
        before: What was found of these very stems before, and is not looked for again.
        threads: Threads that share the work; all processors if None.
        progress: Told what is being done, and how far it is.

    Raises:
        AudioFileError: For a stem that cannot be used.
        DocumentError: For stems that no strip, or two strips equally, match; for automation
            that does not fit the preset or the song.
        RefusedError: Where a strip's ``align_to`` finds no clear match.
        UsageError: For a section that lies outside the song.
        SignalError: For NaN or infinity in a stem.
    """
    threads = threads or default_threads()
    tell = progress or (lambda _what, _share: None)
    found = find_stems(arguments)
    infos = {path: probe(path) for path in found.paths}
    for path, info in infos.items():
        if info.channels > STEREO:
            raise AudioFileError(
                shown(path),
                f"it has {info.channels} channels; a stem is mono or stereo",
                "export it as mono or stereo stems",
            )
    assignment = before.assignment if before else assign_stems(infos, preset, given or {})
    rate = sample_rate_hz or max(info.sample_rate_hz for info in infos.values())
    tempo = tempo_map or TempoMap.constant(preset.tempo_bpm)
    arranged = arrange(
        {path: each.arrangement for path, each in (given or {}).items() if each.arrangement},
        infos,
        Studio(rate, tempo, where, strict, threads, lambda share: tell("stretching", share)),
    )
    stems = {
        each.id: StemSource(
            each.id,
            tuple(infos[stem.path] for stem in each.stems),
            rate,
            strict,
            arranged={
                stem.path: arranged[stem.path] for stem in each.stems if stem.path in arranged
            },
        )
        for each in assignment.instances
    }
    strips = {each.id: each.strip for each in assignment.instances}
    said = said_of(stems.values(), given or {}, where)
    delays_ms = {
        name: preset.strip[strip].delay_ms + said[name].delay_ms for name, strip in strips.items()
    }
    alignments = (
        before.alignments
        if before
        else align(
            preset,
            tuple(stems.values()),
            strips,
            delays_ms=delays_ms,
            turned=frozenset(name for name, each in said.items() if each.polarity),
            threads=threads,
            tell=lambda share: tell("aligning the stems", share),
        )
    )
    moved = {entry.id: entry.moved_samples for entry in alignments}
    for stem in stems.values():
        late = round(ms_to_samples(delays_ms[stem.id], rate)) + moved.get(stem.id, 0)
        stem.skipped_frames = max(0, -late)
    length_s = max(stem.frames for stem in stems.values()) / rate
    song = Song(preset, tuple(stems), tempo, rate, length_s)
    moves = resolve(automation, song, where=where)
    loudest = section is not None and section.loudest_s is not None
    measured = [
        stem
        for stem in stems.values()
        if loudest or (before is None and preset.strip[strips[stem.id]].input_lufs is not None)
    ]
    powers = measure(measured, threads, tell)
    stagings = before.stagings if before else stage_strips(preset, strips, powers)
    gains = {entry.strip: entry.gain_db for entry in stagings}
    instances = [
        Instance(
            stem.id,
            strips[stem.id],
            stem.channels,
            gains.get(f"strip.{strips[stem.id]}", 0.0),
            moved.get(stem.id, 0),
            said[stem.id].trim_db,
            said[stem.id].polarity,
            said[stem.id].delay_ms,
            said[stem.id].pan,
        )
        for stem in stems.values()
    ]
    console = Console(preset, instances, rate, moves=moves, tempo_map=tempo_map)
    graph = console.graph()
    places = tuple(console.places())
    heard = {name: stem for name, stem in stems.items() if name in graph.by_id}
    unheard = {name: stem for name, stem in stems.items() if name not in heard}
    notes = list(assignment.notes)
    if assignment.idle:
        notes.append("no stem matches these strips: " + ", ".join(assignment.idle))
    notes += [f"{entry.strip}: {entry.note}" for entry in stagings if entry.note]
    notes += region_notes(arranged.values())
    notes += alignment_notes(alignments, rate)
    notes += _resampled(infos.values(), rate)
    if not heard:
        notes.append("mute and solo leave no stem to be heard")
    audible = [place for place in places if place.id in heard]
    passage = passage_of(
        section,
        length_s,
        rate,
        lambda wanted_s: loudest_stretch(wanted_s, audible, powers, length_s),
    )
    return MixPlan(
        preset=preset,
        sample_rate_hz=rate,
        graph=graph,
        stems=heard,
        unheard=unheard,
        places=places,
        stagings=stagings,
        passage=passage,
        search_notes=found.notes,
        own_notes=(*more_notes, *notes),
        threads=threads,
        automation=tuple(automation),
        tempo_map=tempo_map,
        alignments=alignments,
        session=session,
        instances=tuple(instances),
        moves=moves,
    )


def _resampled(infos: Iterable[AudioInfo], rate: int) -> list[str]:
    others = [info for info in infos if info.sample_rate_hz != rate]
    return [
        f"{shown(info.path.name)}: converted from {info.sample_rate_hz} to {rate} Hz"
        for info in others
    ]
