"""Making a graph ready to run: every insert prepared, every path into a sum aligned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mixmaster.dsp.delay_line import DelayLine
from mixmaster.effects.base import Context, Processor
from mixmaster.effects.insertion import prepare_insert
from mixmaster.engine.graph import Feed, Graph, Insert, Leader, Node, Values
from mixmaster.engine.nodes import FeedPort, Follower, InsertRun, NodeRun
from mixmaster.engine.resources import ResourceShelf
from mixmaster.engine.stats import InsertStats
from mixmaster.engine.tempo import tempo_curves


@dataclass(frozen=True, slots=True)
class Prepared:
    """A graph ready to run.

    Attributes:
        nodes: Nodes at work, by id, in topological order.
        latency_samples: How late the outputs are, all of them; the renderer trims it from the head.
        output_delays: By how many samples each output has to wait for the latest, in order.
        tail_samples: The longest path's tail, by the effects' declarations.
        settle_samples: The longest path's tail and settling time: the pre-roll of a passage.
    """

    nodes: dict[str, NodeRun]
    latency_samples: int
    tail_samples: int
    settle_samples: int
    output_delays: tuple[int, ...]


def prepare(graph: Graph, max_block_frames: int, seed: int = 0) -> Prepared:
    """Prepare every insert and align every path into every sum, keys included.

    A feed that arrives early is delayed to the latest of its sum. A side-chain that arrives
    early is delayed; one that arrives late makes the audio in front of its insert wait.
    """
    preparation = _Preparation(graph, max_block_frames, seed)
    for node in graph.nodes:
        preparation.add(node)
    return preparation.done()


class _Preparation:
    """Prepares nodes, each after all that it listens to."""

    def __init__(self, graph: Graph, max_block_frames: int, seed: int) -> None:
        self._graph = graph
        self._block_frames = max_block_frames
        self._seed = seed
        self._tempo = tempo_curves(graph.tempo_map, graph.sample_rate_hz)
        self._shelf = ResourceShelf(graph.sample_rate_hz)
        self._leaders = graph.leaders
        self._arrivals: dict[str, int] = {}
        self._latency: dict[str, int] = {}
        self._tail: dict[str, int] = {}
        self._settle: dict[str, int] = {}
        self._runs: dict[str, NodeRun] = {}

    def done(self) -> Prepared:
        """Return the graph as far as it was prepared."""
        outputs = self._graph.outputs
        late = max(self._latency[output] for output in outputs)
        return Prepared(
            nodes=self._runs,
            latency_samples=late,
            tail_samples=max(self._tail[output] for output in outputs),
            settle_samples=max(self._settle[output] for output in outputs),
            output_delays=tuple(late - self._latency[output] for output in outputs),
        )

    def add(self, node: Node) -> None:
        """Prepare a node."""
        now = max((self._latency[feed.source] for feed in node.feeds), default=0)
        if node.in_step_with is not None:
            now = max(now, self._arrivals[node.in_step_with])
        self._arrivals[node.id] = now
        ports = [self._port(feed, now) for feed in node.feeds]
        tail = max((self._tail[source] for source in node.dependencies()), default=0)
        tail += node.delay_samples
        settle = max((self._settle[source] for source in node.dependencies()), default=0)
        settle += node.delay_samples
        inserts: list[InsertRun] = []
        for insert in node.inserts:
            run = self._insert(node, insert, now)
            inserts.append(run)
            processor = run.processor
            now = run.latency_samples + processor.latency_samples
            if run.bypass is None:
                tail += processor.tail_samples
                settle += processor.tail_samples + processor.settle_samples
        self._latency[node.id] = now
        self._tail[node.id] = tail
        self._settle[node.id] = settle
        self._runs[node.id] = NodeRun(node, ports, inserts, self._graph, now)

    def _insert(self, node: Node, insert: Insert, now: int) -> InsertRun:
        """Return an insert at work whose signal is ``now`` samples late, or later: it may wait."""
        automation: dict[str, Values] = dict(insert.automation)
        if insert.settings.follows_tempo:
            automation |= self._tempo
        processor = self._processor(node, insert, automation)
        listens = processor.is_dynamics or processor.hears_itself
        led = self._leading(insert) if listens else None
        if led is not None:
            arrival = led.latency_samples
        else:
            arrival = max((self._latency[feed.source] for feed in insert.key or ()), default=now)
        wait = DelayLine(node.channels, arrival - now) if arrival > now else None
        now = max(now, arrival)
        key, follower, bypass = None, None, None
        if led is not None:
            assert insert.leader is not None
            follower = Follower(insert.leader, now - arrival)
        elif insert.key is not None:
            key = [self._port(feed, now) for feed in insert.key]
        if insert.settings.bypass:
            bypass = DelayLine(node.channels, processor.latency_samples)
        dynamic = bypass is None and processor.is_dynamics
        shown = dynamic and follower is None and node.metered
        return InsertRun(
            id=insert.id,
            processor=processor,
            latency_samples=now,
            automation=automation,
            bypass=bypass,
            wait=wait,
            key=key,
            key_channels=max((self._channels(feed) for feed in insert.key or ()), default=1),
            stats=InsertStats(insert.id) if shown else None,
            follower=follower,
            leads=listens and bypass is None and Leader(node.id, insert.id) in self._leaders,
        )

    def _processor(self, node: Node, insert: Insert, automation: Mapping[str, Values]) -> Processor:
        context = Context(
            sample_rate_hz=self._graph.sample_rate_hz,
            channels=node.channels,
            max_block_frames=self._block_frames,
            tempo_bpm=self._graph.tempo_bpm,
            seed=self._seed,
            where=insert.id,
            automated=frozenset(automation),
            resources=self._shelf.of(insert.files, insert.id),
        )
        return prepare_insert(insert.settings, context)

    def _leading(self, insert: Insert) -> InsertRun | None:
        """Return the insert that ``insert`` follows; None if it has to hear for itself."""
        leader = insert.leader
        if leader is None or insert.settings.bypass:
            return None
        led = next(run for run in self._runs[leader.node].inserts if run.id == leader.insert)
        return led if led.bypass is None else None

    def _channels(self, feed: Feed) -> int:
        if feed.matrix is not None:
            return len(feed.matrix)
        source = self._graph.by_id[feed.source]
        return source.post_channels if feed.point == "post" else source.channels

    def _port(self, feed: Feed, now: int) -> FeedPort:
        late = self._latency[feed.source]
        return FeedPort(feed, self._channels(feed), late, now - late)
