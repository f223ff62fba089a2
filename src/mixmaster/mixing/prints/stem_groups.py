"""Which stems a mix is printed as: its groups, and what of the graph belongs to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from mixmaster.engine.graph import Feed, Node
from mixmaster.engine.variants import Keep
from mixmaster.mixing.plan import MixPlan
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.routing import MIX

StemReturns = Literal["with_groups", "own"]
"""Whether each stem carries its own reverb, or returns are stems of their own."""

RESIDUAL = "residual"
"""What the stem is called that holds what the others do not add up to."""


@dataclass(frozen=True, slots=True)
class StemGroup:
    """One stem to be printed.

    Attributes:
        id: The bus or strip that it is: ``bus.drums``.
        name: What it is called in file names.
        strips: The strips that are in it; none for a return.
        keep: Which feeds of the mix's graph belong to it.
    """

    id: str
    name: str
    strips: tuple[str, ...]
    keep: Keep


def stem_groups(plan: MixPlan, returns: StemReturns) -> tuple[StemGroup, ...]:
    """Return the stems of a mix, which add up to it.

    A group is a bus that feeds the mix, or a strip that goes straight there; where everything
    passes one bus on the way, groups are what feeds that one.

    Args:
        plan: The mix.
        returns: ``with_groups``: what a group sends to a return is heard in its own stem.
            ``own``: returns that feed the mix are stems of their own.
    """
    graph, preset = plan.graph, plan.preset
    fed = {feed.source for node in graph.nodes for feed in node.feeds}
    heard = [each for each in plan.instances if each.id in fed]
    paths = {each.id: _path(preset, preset.strip[each.strip].output) for each in heard}
    trunk = _common(list(paths.values()))
    after = {MIX, *(f"bus.{name}" for name in trunk)}
    strips = {each.id: f"strip.{each.strip}" for each in heard}

    def group(source: str) -> str:
        """Return the group that a node belongs to by its output."""
        path = paths.get(source)
        if path is None:
            name = source.removeprefix("bus.")
            path = (*_path(preset, preset.bus[name].output), name)
        own = next((name for name in path if name not in trunk), None)
        return strips[source] if own is None else f"bus.{own}"

    found: dict[str, list[str]] = {}
    for each in heard:
        members = found.setdefault(group(each.id), [])
        if each.strip not in members:
            members.append(each.strip)
    if returns == "own":
        into = [feed.source for node in graph.nodes if node.id in after for feed in node.feeds]
        for source in into:
            if source not in after:
                found.setdefault(group(source), [])
    groups = {each.id: group(each.id) for each in heard}
    keeps = {
        name: _of_sources(groups, name)
        if returns == "with_groups"
        else _of_entries(group, after, name)
        for name in found
    }
    bare = [*(name.partition(".")[2] for name in found), RESIDUAL]
    return tuple(
        StemGroup(
            name,
            name.partition(".")[2]
            if bare.count(name.partition(".")[2]) == 1
            else name.replace(".", "_"),
            tuple(members),
            keeps[name],
        )
        for name, members in found.items()
    )


def _of_sources(groups: Mapping[str, str], name: str) -> Keep:
    """Return what keeps all that comes from the strips of a group, wherever it goes."""

    def keep(node: Node, feed: Feed) -> bool:
        del node
        return groups.get(feed.source, name) == name

    return keep


def _of_entries(group: Callable[[str], str], after: set[str], name: str) -> Keep:
    """Return what keeps all buses whole, and of what reaches the mix a group's part."""

    def keep(node: Node, feed: Feed) -> bool:
        return node.id not in after or feed.source in after or group(feed.source) == name

    return keep


def _path(preset: MixPreset, output: str) -> tuple[str, ...]:
    """Return the buses from the mix to an output, the mix's own feed first."""
    names: list[str] = []
    while output != MIX:
        names.append(output)
        output = preset.bus[output].output
    return tuple(reversed(names))


def _common(paths: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the buses that all paths begin with."""
    first, last = min(paths, default=()), max(paths, default=())
    count = 0
    while count < min(len(first), len(last)) and first[count] == last[count]:
        count += 1
    return first[:count]
