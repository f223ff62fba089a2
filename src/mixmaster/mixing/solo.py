"""What is heard: solo, and the feeds that carry anything at all.

A feed is heard when something soloed lies upstream of it, or when it leads into something soloed.
A soloed group stands for all that has its output there, so that its strips keep their returns; a
soloed return is what is sent to it, nothing dry. Returns follow their sources without being told.

A detector's key is no listening: what only keys hear is left as it is, so that soloing a bass
does not change how the drums duck it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mixmaster.engine.graph import Feed

Feeds = Mapping[str, Sequence[Feed]]
"""What is summed into each bus, and into the mix, in order."""


def heard(
    feeds: Feeds, soloed: set[str], *, output: str, keys: Iterable[str]
) -> dict[str, list[Feed]]:
    """Return the feeds that solo leaves.

    Args:
        feeds: All feeds of every bus.
        soloed: The strips and buses that are soloed, members of soloed groups included.
        output: Where everything ends.
        keys: The nodes that detectors listen to.
    """
    if not soloed:
        return {bus: list(into) for bus, into in feeds.items()}
    below = _below(feeds)
    above = {bus: [feed.source for feed in into] for bus, into in feeds.items()}
    left = {
        bus: [
            feed
            for feed in into
            if soloed & _named(_reach(above, [feed.source]))
            or soloed & _named(_reach(below, [bus]))
        ]
        for bus, into in feeds.items()
    }
    audible = _reach({bus: [feed.source for feed in into] for bus, into in left.items()}, [output])
    for bus in _reach(above, keys) - audible:
        if bus in feeds:
            left[bus] = list(feeds[bus])
    return left


def carrying(feeds: Feeds, sources: Iterable[str]) -> dict[str, tuple[Feed, ...]]:
    """Return the feeds that come, directly or not, from one of ``sources``: the rest is silence."""
    alive = _reach(_below(feeds), sources)
    return {
        bus: tuple(feed for feed in into if feed.source in alive) for bus, into in feeds.items()
    }


def _below(feeds: Feeds) -> dict[str, list[str]]:
    """Return the buses that each node feeds."""
    found: dict[str, list[str]] = {}
    for bus, into in feeds.items():
        for feed in into:
            found.setdefault(feed.source, []).append(bus)
    return found


def _reach(edges: Mapping[str, Sequence[str]], starts: Iterable[str]) -> set[str]:
    """Return what can be reached from ``starts``, themselves included."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            waiting += edges.get(at, ())
    return found


def _named(nodes: Iterable[str]) -> set[str]:
    """Return the names in the preset: a strip's for its instances."""
    return {node.partition("/")[0] for node in nodes}
