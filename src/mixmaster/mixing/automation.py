"""Automation over a preset: lanes checked against what there is, as curves for the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from mixmaster.documents import shapes
from mixmaster.documents.addresses import did_you_mean, item_names
from mixmaster.documents.automation import AutomationLane, Point
from mixmaster.documents.problems import problems_of
from mixmaster.documents.tempo import PositionError, TempoMap
from mixmaster.dsp.curves import Break, Curve, Way, seconds_to_frames
from mixmaster.effects.base import Effect
from mixmaster.errors import DocumentError, Problem
from mixmaster.mixing.preset import MixPreset

_END_TOLERANCE_S = 1e-3


@dataclass(frozen=True, slots=True)
class Moves:
    """What moves: curves by owner (``strip.vocal``, ``mix``) and path (``send.plate.gain_db``)."""

    curves: Mapping[tuple[str, str], Curve] = field(default_factory=dict)

    def curve(self, owner: str, path: str, strip: str | None = None) -> Curve | None:
        """Return what moves a parameter, or None.

        Args:
            owner: A strip's instance, a bus, a VCA or the mix.
            path: The parameter's address within it.
            strip: The strip that an instance belongs to; its curve holds for all its instances
                but those with one of their own.
        """
        found = self.curves.get((owner, path))
        return found if found is not None or strip is None else self.curves.get((strip, path))

    def below(self, owner: str, prefix: str, strip: str | None = None) -> dict[str, Curve]:
        """Return the curves of all parameters below a path, such as ``insert.eq``."""
        found: dict[str, Curve] = {}
        for at in (strip, owner):
            found |= {
                path.removeprefix(f"{prefix}."): curve
                for (who, path), curve in self.curves.items()
                if who == at and path.startswith(f"{prefix}.")
            }
        return found


@dataclass(frozen=True, slots=True)
class Song:
    """What lanes are laid over.

    Attributes:
        preset: The preset, session and overrides laid over it.
        instances: The ids of the stems' instances, such as ``strip.vocal/Lead 2``.
        tempo_map: Where bars and beats lie.
        sample_rate_hz: The session's rate.
        length_s: The song's length without its tail; None if it is not known.
    """

    preset: MixPreset
    instances: Sequence[str]
    tempo_map: TempoMap
    sample_rate_hz: int
    length_s: float | None = None


def resolve(lanes: Sequence[AutomationLane], song: Song, *, where: str) -> Moves:
    """Return the lanes as curves.

    Args:
        lanes: What moves.
        song: What it moves.
        where: The document that holds the lanes in its list ``automation``, for errors.

    Raises:
        DocumentError: For a target that does not exist or does not move, points out of order,
            outside the song, or outside the parameter's range: all of them, each named.
    """
    curves: dict[tuple[str, str], Curve] = {}
    problems: list[Problem] = []
    names: dict[tuple[str, str], str] = {}
    for name, lane in zip(item_names("automation", lanes), lanes, strict=True):
        key = f"automation.{name}"
        try:
            target = _find(lane.target, song)
            first = names.setdefault((target.owner, target.path), name)
            if first != name:
                reason = f"'{lane.target}' is moved by lane {first} already"
                problems.append(Problem(f"{key}.target", reason, "put all points into one lane"))
                continue
            curves[target.owner, target.path] = _curve(lane, target, song)
        except _LaneError as error:
            problems += [
                Problem(f"{key}.{found.key}", found.reason, found.hint) for found in error.problems
            ]
    if problems:
        raise DocumentError(where, tuple(problems))
    return Moves(curves)


def automatable(settings: BaseModel) -> tuple[str, ...]:
    """Return the addresses of all parameters that automation may move, within ``settings``."""
    return tuple(address for address, declared in _leaves(settings) if declared)


class _LaneError(Exception):
    """What is wrong with one lane; keys are relative to it."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class _Target:
    """The parameter that a lane moves.

    Attributes:
        owner: ``strip.vocal``, ``strip.vocal/Lead 2``, ``bus.drums``, ``vca.all`` or ``mix``.
        path: Its address within the owner.
        holder: The model that declares it.
        name: Its name there.
        root: The owner's settings.
    """

    owner: str
    path: str
    holder: BaseModel
    name: str
    root: BaseModel

    @property
    def is_switch(self) -> bool:
        """Whether it is true or false."""
        return shapes.members(type(self.holder).model_fields[self.name].annotation) == [bool]

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """Its declared range."""
        return shapes.bounds(type(self.holder).model_fields[self.name])


def _find(target: str, song: Song) -> _Target:
    """Return what an address means.

    Raises:
        _LaneError: Naming the part that leads nowhere, and the nearest that leads somewhere.
    """
    owner, root, rest = _owner(target, song)
    here: Any = root
    walked = owner
    parts = rest.split(".") if rest else []
    for depth, part in enumerate(parts):
        children = _children(here, parts[depth - 1] if depth else "")
        if part not in children:
            raise _astray(target, walked, part, parts[depth + 1 :], list(children))
        here, holder = children[part], here
        walked = f"{walked}.{part}"
    last = parts[-1] if parts else ""
    if not parts or isinstance(here, BaseModel | tuple | Mapping):
        known = _shortened([f"{walked}.{address}" for address in _movable(here, last)])
        raise _LaneError(Problem("target", f"'{target}' names no parameter", known))
    if not _declares(holder, last):
        known = _shortened([f"{owner}.{address}" for address in automatable(root)])
        raise _LaneError(Problem("target", f"'{target}' cannot be automated", known))
    return _Target(owner, rest, holder, last, root)


def _owner(target: str, song: Song) -> tuple[str, BaseModel, str]:
    """Return the owner's id, its settings, and the rest of the address."""
    preset = song.preset
    kind, _, after = target.partition(".")
    if kind == "mix":
        return "mix", preset.mix, after
    tables: dict[str, Mapping[str, BaseModel]] = {
        "strip": preset.strip,
        "bus": preset.bus,
        "vca": preset.vca,
    }
    if kind not in tables:
        bare = [f"{table}.{kind}" for table, names in tables.items() if kind in names]
        hint = did_you_mean(kind, [*tables, "mix"])
        if bare and after:
            hint = "did you mean " + " or ".join(f"'{one}.{after}'" for one in bare) + "?"
        raise _LaneError(Problem("target", f"'{target}': no '{kind}'", hint))
    name, _, rest = after.partition(".")
    if "/" in name and kind == "strip":
        # An instance's id may hold dots itself: the longest that fits is meant.
        strip = name.partition("/")[0]
        fitting = [one for one in song.instances if target.startswith(f"{one}.") or target == one]
        if not fitting:
            mine = [one for one in song.instances if one.startswith(f"strip.{strip}/")]
            reason = f"'{target}': no such stem"
            raise _LaneError(Problem("target", reason, did_you_mean(f"{kind}.{name}", mine)))
        owner = max(fitting, key=len)
        return owner, preset.strip[strip], target[len(owner) + 1 :]
    if name not in tables[kind]:
        raise _astray(target, kind, name, [rest] if rest else [], list(tables[kind]))
    return f"{kind}.{name}", tables[kind][name], rest


def _astray(
    target: str, walked: str, part: str, following: list[str], known: list[str]
) -> _LaneError:
    hint = did_you_mean(part, known)
    if hint.startswith("did"):
        near = hint.split("'")[1]
        hint = f"did you mean '{'.'.join([walked, near, *following])}'?"
    return _LaneError(Problem("target", f"'{target}': {walked} has no '{part}'", hint))


def _children(here: Any, list_key: str) -> dict[str, Any]:
    """Return what can be addressed below a place."""
    if isinstance(here, BaseModel):
        return {name: getattr(here, name) for name in type(here).model_fields}
    if isinstance(here, Mapping):
        return {str(key): value for key, value in here.items()}
    if isinstance(here, tuple):
        return dict(zip(item_names(list_key, here), here, strict=True))
    return {}


def _leaves(settings: BaseModel) -> Iterator[tuple[str, bool]]:
    """Yield the address of every parameter, and whether it may be automated."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if not isinstance(value, BaseModel | tuple | Mapping):
            yield name, _declares(settings, name)
            continue
        nested = {"": value} if isinstance(value, BaseModel) else _children(value, name)
        for inner, item in nested.items():
            if isinstance(item, BaseModel):
                prefix = f"{name}.{inner}" if inner else name
                yield from ((f"{prefix}.{below}", declared) for below, declared in _leaves(item))


def _movable(here: Any, list_key: str) -> list[str]:
    """Return the addresses below a place that may be automated."""
    if isinstance(here, BaseModel):
        return list(automatable(here))
    return [
        f"{name}.{address}"
        for name, item in _children(here, list_key).items()
        if isinstance(item, BaseModel)
        for address in automatable(item)
    ]


def _declares(holder: Any, name: str) -> bool:
    if not isinstance(holder, BaseModel):
        return False
    extra = type(holder).model_fields[name].json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("automatable"))


def _shortened(known: Sequence[str]) -> str:
    shown = ", ".join(known[:24])
    if not known:
        return "nothing there can be automated"
    return f"what can: {shown}" + (", ..." if len(known) > 24 else "")


def _curve(lane: AutomationLane, target: _Target, song: Song) -> Curve:
    """Return a lane's curve.

    Raises:
        _LaneError: For points that do not fit the target or the song.
    """
    problems = [*_way_problems(lane, target)]
    if problems:
        raise _LaneError(*problems)
    base = float(getattr(target.holder, target.name) or 0.0) if lane.relative else 0.0
    breaks: list[Break] = []
    before: tuple[float, Point] | None = None
    for number, point in enumerate(lane.points, start=1):
        key = f"points.{number}"
        try:
            seconds = song.tempo_map.seconds(point.at)
        except PositionError as error:
            problems.append(Problem(key, error.reason, error.hint))
            continue
        problems += _time_problems(key, seconds, point, before, song)
        problems += _value_problems(key, point, target, base, song)
        before = (seconds, point)
        way: Way = point.interpolation or lane.interpolation or "linear"
        frame = seconds_to_frames(seconds, song.sample_rate_hz)
        breaks.append(Break(frame, float(point.value) + base, "hold" if target.is_switch else way))
    problems = problems or _extreme_problems(target, breaks)
    if problems:
        raise _LaneError(*problems)
    logarithmic = shapes.unit_of(target.name) == "Hz"
    return Curve(breaks, song.sample_rate_hz, logarithmic=logarithmic)


def _way_problems(lane: AutomationLane, target: _Target) -> Iterator[Problem]:
    if target.is_switch:
        ways = [("interpolation", lane.interpolation)]
        ways += [
            (f"points.{number}", point.interpolation)
            for number, point in enumerate(lane.points, start=1)
        ]
        for key, way in ways:
            if way not in {None, "hold"}:
                yield Problem(key, f"'{lane.target}' is a switch: it cannot go {way}", "hold")
    if lane.relative and shapes.unit_of(target.name) != "dB":
        reason = f"'{lane.target}' is not in dB: nothing can be added to it"
        yield Problem("relative", reason, "give its values themselves")


def _time_problems(
    key: str, seconds: float, point: Point, before: tuple[float, Point] | None, song: Song
) -> Iterator[Problem]:
    if not seconds >= 0.0:
        yield Problem(key, f"{seconds:g} s lies before the song", "it begins at 0")
    if song.length_s is not None and not seconds <= song.length_s + _END_TOLERANCE_S:
        last = f"{song.length_s:.3f} s" + (
            f", bar {song.tempo_map.position(song.length_s)}"
            if song.length_s > song.tempo_map.start_s
            else ""
        )
        said = _said(seconds, point)
        yield Problem(key, f"{said} lies beyond the song's end", f"it ends at {last}")
    if before is not None and not seconds >= before[0]:
        reason = f"{_said(seconds, point)} lies before the point ahead of it, at "
        reason += _said(*before)
        yield Problem(key, reason, "list the points in order of time")


def _said(seconds: float, point: Point) -> str:
    return f"{point.at} ({seconds:.3f} s)" if isinstance(point.at, str) else f"{seconds:g} s"


def _value_problems(
    key: str, point: Point, target: _Target, base: float, song: Song
) -> Iterator[Problem]:
    name = f"{target.owner}.{target.path}"
    if target.is_switch:
        if not isinstance(point.value, bool):
            yield Problem(key, f"'{name}' is a switch, not {point.value:g}", "true or false")
        return
    if isinstance(point.value, bool):
        yield Problem(key, f"'{name}' is a number, not a switch", "a number")
        return
    unit = shapes.unit_of(target.name)
    value = point.value + base
    low, high = target.bounds
    if unit == "Hz":
        nyquist_hz = 0.5 * song.sample_rate_hz
        high = nyquist_hz if high is None or not high < nyquist_hz else high
    if not (low is None or value >= low) or not (high is None or value <= high):
        wanted = f"{low:g} to {high:g}" if low is not None and high is not None else ""
        wanted = wanted or (f"at least {low:g}" if low is not None else f"at most {high:g}")
        said = f"{value:g} {unit}".rstrip()
        if base:
            said = f"{point.value:+g} to a setting of {base:g} is {said}, which"
        yield Problem(key, f"{said} is out of range for '{name}'", f"{wanted} {unit}".rstrip())


def _extreme_problems(target: _Target, breaks: Sequence[Break]) -> list[Problem]:
    """Return what an insert's own rules say of the lowest and the highest value."""
    parts = target.path.split(".")
    if parts[0] != "insert":
        return []
    effect = _children(target.root, "")["insert"]
    settings: Effect = _children(effect, "insert")[parts[1]]
    values = [point.value for point in breaks]
    found: dict[str, Problem] = {}
    for value in dict.fromkeys((min(values), max(values))):
        raw = bool(value) if target.is_switch else value
        table = _with(settings.model_dump(exclude_none=True), parts[2:], raw)
        try:
            type(settings).model_validate(table)
        except ValidationError as error:
            for problem in problems_of(error, type(settings), table):
                reason = f"at {value:g}: {problem.key}: {problem.reason}"
                found.setdefault(reason, Problem("points", reason, problem.hint))
    return list(found.values())


def _with(table: Any, parts: Sequence[str], value: float) -> Any:
    """Return a copy of raw settings with one parameter set; lists go by number, from 1."""
    if not parts:
        return value
    if isinstance(table, list | tuple):
        at = int(parts[0]) - 1
        return [_with(item, parts[1:], value) if i == at else item for i, item in enumerate(table)]
    inner = table.get(parts[0]) if isinstance(table, dict) else None
    return {**table, parts[0]: _with(inner, parts[1:], value)}
