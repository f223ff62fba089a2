"""The versions of a mix: which there are, what each is, and the console laid out for one.

Those that every song is asked for need no definition: the roles of a preset's strips say which are
vocals. A preset or session that defines one of them says so instead; where it says nothing of what
is heard, only how (``dynamics``), the usual definition holds.

A version acts through VCAs of its own, which nothing automates: what it leaves out stays out,
whatever moves the mix's own mutes and faders.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mixmaster.documents.addresses import did_you_mean, insert_ids
from mixmaster.documents.automation import AutomationLane
from mixmaster.documents.tempo import PositionError, TempoMap
from mixmaster.dsp.curves import Curve
from mixmaster.effects.base import Effect
from mixmaster.engine.graph import Graph
from mixmaster.errors import DocumentError, Problem, UsageError
from mixmaster.mixing.automation import Moves, Song, resolve
from mixmaster.mixing.console import Console
from mixmaster.mixing.plan import MixPlan
from mixmaster.mixing.preset import Bus, MixPreset, Strip, Vca, Version
from mixmaster.mixing.routing import MIX

MAIN = "main"
"""The mix itself, as a version."""

ALL = "all"
"""What stands for every version that makes sense for a song."""

LEADS = ("lead_vocal", "lead_vocal_double", "voice")
"""The roles of lead vocals."""

BACKING = ("backing_vocals",)

VOCALS = (*LEADS, *BACKING, "adlibs")
"""The roles of all that sings."""

LEAD_STEP_DB = 1.0
"""How far a lead up or down moves the lead vocal."""

USUAL = ("instrumental", "tv", "a_cappella", "lead_up", "lead_down", "no_limiter")
"""The versions that need no definition."""

_LAYER = "version:"
_HEARD = ("mute", "solo", "gain_db", "timed_mute", "bypass")


@dataclass(frozen=True, slots=True)
class NamedVersion:
    """A version of a song.

    Attributes:
        name: What it is called.
        settings: What it does otherwise than the mix.
    """

    name: str
    settings: Version

    @property
    def words(self) -> str:
        """What it is, in a line."""
        return "; ".join(_words(self.settings)) or "the mix itself"

    def to_json(self) -> dict[str, Any]:
        """Return what it is, in words and as data."""
        return {
            "name": self.name,
            "description": self.settings.description,
            "words": self.words,
            "definition": self.settings.model_dump(
                mode="json", exclude_defaults=True, exclude={"description"}
            ),
            "dynamics": self.settings.dynamics,
        }


def roles_of(preset: MixPreset, strip: str) -> tuple[str, ...]:
    """Return what a strip is: the roles that it names, or its own name."""
    return preset.strip[strip].roles or (strip,)


def usual_versions(preset: MixPreset, strips: Collection[str]) -> dict[str, Version | str]:
    """Return the versions that need no definition, or why there is none in this song.

    Args:
        preset: The preset.
        strips: The strips that have stems.
    """

    def of(roles: Sequence[str]) -> tuple[str, ...]:
        mine = [name for name in preset.strip if name in strips]
        return tuple(
            f"strip.{name}" for name in mine if not set(roles).isdisjoint(roles_of(preset, name))
        )

    leads, vocals = of(LEADS), of(VOCALS)
    limiters = tuple(
        f"{MIX}.insert.{name}"
        for name, insert in zip(insert_ids(preset.mix.insert), preset.mix.insert, strict=True)
        if getattr(insert, "effect", "") == "limiter" and not insert.bypass
    )
    none_sings = "no strip with the role of a vocal has a stem"
    no_lead = "no strip with the role of a lead vocal has a stem"
    found: dict[str, Version | str] = dict.fromkeys(USUAL, none_sings)
    if vocals:
        found["instrumental"] = Version(description="The mix without vocals.", mute=vocals)
        found["a_cappella"] = Version(
            description="The vocals alone, with their reverbs and echoes.", solo=vocals
        )
    tv = tuple(name for name in vocals if name not in of(BACKING))
    if tv:
        found["tv"] = Version(
            description="The mix without lead vocals, to sing to: backing vocals stay.", mute=tv
        )
    for name, step_db, word in (
        ("lead_up", LEAD_STEP_DB, "up"),
        ("lead_down", -LEAD_STEP_DB, "down"),
    ):
        found[name] = no_lead
        if leads:
            found[name] = Version(
                description=f"The mix with its lead vocal {LEAD_STEP_DB:g} dB {word}.",
                gain_db=dict.fromkeys(leads, step_db),
            )
    found["no_limiter"] = "the mix bus has no limiter"
    if limiters:
        found["no_limiter"] = Version(
            description="The mix without the limiter of its mix bus.", bypass=limiters
        )
    return found


def known_versions(preset: MixPreset) -> tuple[str, ...]:
    """Return all names of versions that may be asked for, the mix first."""
    return tuple(dict.fromkeys((MAIN, *USUAL, *preset.version)))


def check_names(names: Sequence[str], preset: MixPreset) -> None:
    """Raise for names that no version has.

    Raises:
        UsageError: Naming it, and how a version is defined.
    """
    known = known_versions(preset)
    for name in names:
        if name not in (*known, ALL):
            hint = did_you_mean(name, [*known, ALL])
            if name == "clean":
                hint = "say what it leaves out: [[version.clean.timed_mute]] in the session"
            raise UsageError("--versions", f"no version '{name}'", hint)


def chosen(
    names: Sequence[str], preset: MixPreset, strips: Collection[str]
) -> tuple[tuple[NamedVersion, ...], tuple[str, ...]]:
    """Return the versions that are asked for, each once, and what is worth knowing of them.

    Args:
        names: Names; ``all`` stands for the mix, the usual ones and the preset's own, those left
            out that would be no other than the mix in this song.
        preset: The preset.
        strips: The strips that have stems.

    Raises:
        UsageError: For a name that no version has, or a usual one that this song has nothing for.
    """
    check_names(names, preset)
    usual = usual_versions(preset, strips)
    found: dict[str, NamedVersion] = {}
    notes: list[str] = []
    every = [each for name in names for each in (known_versions(preset) if name == ALL else [name])]
    for name in dict.fromkeys(every):
        settings = _definition(name, preset, usual)
        optional = name not in names
        if isinstance(settings, str):
            if not optional:
                hint = f"define it: [version.{name}] in the session or preset"
                raise UsageError("--versions", f"'{name}': {settings}", hint)
            notes.append(f"version '{name}' is left out: {settings}")
        elif name != MAIN and _is_idle(settings, preset, strips):
            reason = "nothing that it changes has a stem"
            notes.append(f"version '{name}'{' is left out' if optional else ''}: {reason}")
            if not optional:
                found[name] = NamedVersion(name, settings)
        else:
            found[name] = NamedVersion(name, settings)
    return tuple(found.values()), tuple(notes)


def applied(preset: MixPreset, version: Version) -> MixPreset:
    """Return a preset with a version laid over it; timed mutes are `version_graph`'s matter.

    Args:
        preset: The preset.
        version: One of its versions, or a usual one.
    """
    vca = dict(preset.vca)
    update: dict[str, Any] = {"vca": vca}
    if version.mute:
        vca[f"{_LAYER}mute"] = Vca(members=_ids(preset, version.mute), mute=True)
    for number, (name, gain_db) in enumerate(version.gain_db.items(), start=1):
        own = name.removeprefix("vca.")
        members = (name,) if own == name else preset.vca[own].members
        vca[f"{_LAYER}gain{number}"] = Vca(members=_ids(preset, members), gain_db=gain_db)
    for number, timed in enumerate(version.timed_mute, start=1):
        vca[_timed(number)] = Vca(members=_ids(preset, timed.mute))
    strips: dict[str, Strip] = dict(preset.strip)
    buses: dict[str, Bus] = dict(preset.bus)
    if version.solo:
        heard = _ids(preset, version.solo)
        for name, strip in strips.items():
            alone = {"solo": f"strip.{name}" in heard, "solo_safe": False}
            strips[name] = strip.model_copy(update=alone)
        for name, bus in buses.items():
            buses[name] = bus.model_copy(update={"solo": f"bus.{name}" in heard})
    for name in {address.partition(".insert.")[0] for address in version.bypass}:
        kind, _, own = name.partition(".")
        if name == MIX:
            update["mix"] = preset.mix.model_copy(
                update={"insert": _bypassed(name, preset.mix.insert, version)}
            )
        elif kind == "strip":
            inserts = _bypassed(name, strips[own].insert, version)
            strips[own] = strips[own].model_copy(update={"insert": inserts})
        else:
            inserts = _bypassed(name, buses[own].insert, version)
            buses[own] = buses[own].model_copy(update={"insert": inserts})
    return preset.model_copy(update={**update, "strip": strips, "bus": buses})


def version_graph(plan: MixPlan, version: NamedVersion) -> Graph:
    """Return what the engine runs for a version.

    Args:
        plan: The planned mix: stems, staging and alignment are the same for all versions.
        version: The version.

    Raises:
        DocumentError: For timed mutes that do not fit the song.
    """
    preset = applied(plan.preset, version.settings)
    curves = {**plan.moves.curves, **_timed_moves(plan, preset, version).curves}
    console = Console(
        preset,
        plan.instances,
        plan.sample_rate_hz,
        moves=Moves(curves),
        tempo_map=plan.tempo_map,
    )
    return console.graph()


def _definition(name: str, preset: MixPreset, usual: dict[str, Version | str]) -> Version | str:
    """Return what a version is, or why it is nothing."""
    own = preset.version.get(name)
    if own is None:
        return Version(description="The mix.") if name == MAIN else usual[name]
    says = own.model_fields_set
    if name not in USUAL or not says.isdisjoint(_HEARD):
        return own
    base = usual[name]
    if isinstance(base, str):
        return base
    return base.model_copy(update={key: getattr(own, key) for key in says})


def _is_idle(version: Version, preset: MixPreset, strips: Collection[str]) -> bool:
    """Tell whether all that a version changes are strips without stems."""
    timed = [name for each in version.timed_mute for name in each.mute]
    named = [*version.mute, *version.solo, *version.gain_db, *timed]
    there = [
        name
        for name in named
        if name.startswith("vca.")
        or any(
            not node.startswith("strip.") or node.removeprefix("strip.") in strips
            for node in preset.find(name)
        )
    ]
    return not there and not version.bypass


def _words(version: Version) -> Iterator[str]:
    if version.solo:
        yield "only " + _listed(version.solo)
    if version.mute:
        yield "without " + _listed(version.mute)
    for name, gain_db in version.gain_db.items():
        yield f"{_bare(name)} {gain_db:+g} dB"
    for timed in version.timed_mute:
        yield f"{_listed(timed.mute)} silent from {_at(timed.start)} to {_at(timed.end)}"
    if version.bypass:
        yield "without the insert " + ", ".join(version.bypass)
    if version.dynamics == "main":
        yield "dynamics of buses and mix as in the main mix"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(_bare(name) for name in names)


def _bare(name: str) -> str:
    return name.removeprefix("strip.")


def _at(position: float | str) -> str:
    return f"bar {position}" if isinstance(position, str) else f"{position:g} s"


def _ids(preset: MixPreset, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(node for name in names for node in preset.find(name))


def _bypassed(node: str, inserts: tuple[Effect, ...], version: Version) -> tuple[Effect, ...]:
    return tuple(
        insert.model_copy(update={"bypass": True})
        if f"{node}.insert.{name}" in version.bypass
        else insert
        for name, insert in zip(insert_ids(inserts), inserts, strict=True)
    )


def _timed(number: int) -> str:
    return f"{_LAYER}timed{number}"


def _timed_moves(plan: MixPlan, preset: MixPreset, version: NamedVersion) -> Moves:
    """Return a version's timed mutes as curves of its own VCAs.

    Raises:
        DocumentError: Naming the stretch that lies outside the song, or ends before it begins.
    """
    tempo_map = plan.tempo_map or TempoMap.constant(preset.tempo_bpm)
    ids = tuple(each.id for each in plan.instances)
    song = Song(preset, ids, tempo_map, plan.sample_rate_hz, plan.length_s)
    curves: dict[tuple[str, str], Curve] = {}
    problems: list[Problem] = []
    where = f"preset '{preset.name}'" if plan.session is None else plan.session.where
    for number, timed in enumerate(version.settings.timed_mute, start=1):
        key = f"version.{version.name}.timed_mute.{number}"
        points: list[tuple[float | str, bool]] = [(timed.start, True), (timed.end, False)]
        if _after_zero(tempo_map, timed.start):
            points.insert(0, (0.0, False))
        lane = AutomationLane.model_validate(
            {"target": f"vca.{_timed(number)}.mute", "points": points}
        )
        try:
            curves |= resolve([lane], song, where=where).curves
        except DocumentError as error:
            last = f"points.{len(points)}"
            problems += [
                Problem(
                    f"{key}.{'end' if problem.key.endswith(last) else 'start'}",
                    problem.reason,
                    problem.hint,
                )
                for problem in error.problems
            ]
    if problems:
        raise DocumentError(where, tuple(problems))
    return Moves(curves)


def _after_zero(tempo_map: TempoMap, position: float | str) -> bool:
    try:
        return tempo_map.seconds(position) > 0.0
    except PositionError:  # `resolve` says what is wrong with it
        return False
