"""The graph as data: nodes, the feeds between them, and the checks that make it runnable.

Signal order inside a node: sum of feeds (or the source) → head gain and delay → inserts →
the *pre* point → post matrix (fader, mute, pan, width in one) → the *post* point.
Feeds tap either point of another node. Where automation moves gains, a `Motion` stands for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mixmaster.arrays import Block
from mixmaster.documents.tempo import TempoMap
from mixmaster.dsp.curves import Curve
from mixmaster.effects.base import Effect
from mixmaster.engine.resources import ResourceFiles
from mixmaster.errors import UsageError

Point = Literal["pre", "post"]
Matrix = tuple[tuple[float, ...], ...]
"""Gains, one row an output channel, one column an input channel."""

MovingMatrix = Sequence[Sequence[Block | float | None]]
"""The same for one block: a gain a frame, ``(frames,)``, one for all, or None for no path ever."""


class Values(Protocol):
    """What moves one parameter of an effect."""

    def values(self, start_frame: int, frames: int) -> Block:
        """Return a value for each frame, ``(frames,)``; each depends on its frame alone."""


class Motion(Protocol):
    """Gains that move."""

    def matrix(self, start_frame: int, frames: int) -> MovingMatrix:
        """Return the gains of ``frames`` frames from ``start_frame`` of the session on.

        What it gives for a frame depends on that frame alone, to the bit.
        """


@dataclass(frozen=True, slots=True)
class Feed:
    """One signal into a sum or a side-chain.

    Attributes:
        source: The id of the node that is tapped.
        point: ``pre`` (after inserts) or ``post`` (after fader and pan).
        gain: The linear gain of this feed: a send's level.
        matrix: Applied before the gain; needed where channel counts differ.
        motion: Takes the place of ``matrix`` and ``gain`` together, of the same shape.
    """

    source: str
    point: Point = "post"
    gain: float = 1.0
    matrix: Matrix | None = None
    motion: Motion | None = None


@dataclass(frozen=True, slots=True)
class Leader:
    """An insert whose gain another one follows.

    Attributes:
        node: The id of the node that it is in.
        insert: Its id.
    """

    node: str
    insert: str


@dataclass(frozen=True, slots=True)
class Insert:
    """An effect in place.

    Attributes:
        id: The full id, such as ``strip.kick/01_Kick In.insert.eq``.
        settings: The effect's settings.
        key: What its detector listens to, summed; None for its own signal, empty for silence.
        automation: The curves of the parameters that move, by address within the effect.
        files: The files that the effect needs.
        leader: An insert of the same settings elsewhere: where that is dynamics, its gain is
            applied here frame by frame, and where it has a detector inside, that hears here what
            it hears there. None for an insert that hears for itself.
    """

    id: str
    settings: Effect
    key: tuple[Feed, ...] | None = None
    automation: Mapping[str, Curve] = field(default_factory=dict)
    files: ResourceFiles = ()
    leader: Leader | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A strip instance, a bus, or the mix.

    Attributes:
        id: Such as ``strip.kick/01_Kick In``, ``bus.drums``, ``mix``.
        channels: Channels up to the pre point.
        post: The post matrix, ``(outputs, channels)``: fader, mute, pan and width.
        feeds: What is summed into it, in this order; empty for a node with a source.
        head_gain: Polarity, trim and staging as one linear gain.
        delay_samples: A wanted delay, which latency compensation leaves alone.
        inserts: The effects, in order.
        has_source: Whether audio comes from a file rather than from feeds.
        motion: Takes the place of ``post``, of the same shape.
        in_step_with: A node before it: the signal is at least as late as there, so that what
            counts frames does the same in both.
        metered: Whether its levels are read; the bridge has no line for it if not.
    """

    id: str
    channels: int
    post: Matrix
    feeds: tuple[Feed, ...] = ()
    head_gain: float = 1.0
    delay_samples: int = 0
    inserts: tuple[Insert, ...] = ()
    has_source: bool = False
    motion: Motion | None = None
    in_step_with: str | None = None
    metered: bool = True

    @property
    def post_channels(self) -> int:
        """Channels at the post point."""
        return len(self.post)

    def dependencies(self) -> Iterator[str]:
        """Yield the ids of all nodes that must have run before this one."""
        yield from (feed.source for feed in self.listens_to())
        yield from (insert.leader.node for insert in self.inserts if insert.leader is not None)
        if self.in_step_with is not None:
            yield self.in_step_with

    def listens_to(self) -> Iterator[Feed]:
        """Yield all feeds into its sum and into its inserts' detectors."""
        yield from self.feeds
        for insert in self.inserts:
            yield from insert.key or ()


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in an order in which every node comes after what it listens to.

    Attributes:
        nodes: In topological order, stable with respect to the order given.
        output: The id of the node whose post point is the result.
        outputs: The ids of all nodes whose post point is one; the first is ``output``.
        sample_rate_hz: The session's rate.
        tempo_bpm: The tempo at the session's zero.
        tempo_map: How it goes on; None for one tempo throughout.
        tapped_before_faders: The nodes whose pre point something listens to.
    """

    nodes: tuple[Node, ...]
    output: str
    sample_rate_hz: int
    tempo_bpm: float = 120.0
    tempo_map: TempoMap | None = None
    tapped_before_faders: frozenset[str] = frozenset()
    outputs: tuple[str, ...] = ()
    by_id: dict[str, Node] = field(default_factory=dict)

    @property
    def leaders(self) -> frozenset[Leader]:
        """The inserts whose gain others follow."""
        inserts = (insert for node in self.nodes for insert in node.inserts)
        return frozenset(insert.leader for insert in inserts if insert.leader is not None)

    @staticmethod
    def build(
        nodes: Sequence[Node],
        output: str | Sequence[str],
        sample_rate_hz: int,
        tempo_bpm: float = 120.0,
        tempo_map: TempoMap | None = None,
    ) -> Graph:
        """Order and check the nodes; what no output needs is left out.

        Args:
            nodes: The nodes, each id once.
            output: The id of the node whose post point is the result; several for several.
            sample_rate_hz: The session's rate.
            tempo_bpm: The tempo at the session's zero.
            tempo_map: How it goes on.

        Raises:
            UsageError: For a cycle, named node by node, or a feed from nowhere.
        """
        by_id = {node.id: node for node in nodes}
        assert len(by_id) == len(nodes), "node ids are unique"
        outputs = (output,) if isinstance(output, str) else tuple(output)
        needed = _needed(by_id, outputs)
        ordered: list[Node] = []
        done: set[str] = set()
        # Depth first, without recursion: a preset may nest deeper than Python's stack.
        path: list[str] = []
        pending: list[Iterator[str]] = [iter([node.id for node in nodes if node.id in needed])]
        while pending:
            node_id = next(pending[-1], None)
            if node_id is None:
                pending.pop()
                if path:
                    done.add(path[-1])
                    ordered.append(by_id[path.pop()])
            elif node_id in path:
                loop = " -> ".join([*path[path.index(node_id) :], node_id])
                raise UsageError(node_id, f"the routing runs in a circle: {loop}")
            elif node_id not in done:
                path.append(node_id)
                pending.append(by_id[node_id].dependencies())
        return Graph(
            nodes=tuple(ordered),
            output=outputs[0],
            sample_rate_hz=sample_rate_hz,
            tempo_bpm=tempo_bpm,
            tempo_map=tempo_map,
            tapped_before_faders=frozenset(
                feed.source for node in ordered for feed in node.listens_to() if feed.point == "pre"
            ),
            outputs=outputs,
            by_id={node.id: node for node in ordered},
        )


def _needed(by_id: Mapping[str, Node], outputs: Sequence[str]) -> set[str]:
    """Return the outputs and all that they listen to, directly or not.

    Raises:
        UsageError: For a feed from nowhere.
    """
    found: set[str] = set()
    waiting = list(outputs)
    while waiting:
        at = waiting.pop()
        if at in found:
            continue
        found.add(at)
        for source in by_id[at].dependencies():
            if source not in by_id:
                raise UsageError(at, f"listens to '{source}', which does not exist")
            waiting.append(source)
    return found
