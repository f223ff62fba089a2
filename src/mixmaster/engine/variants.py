"""Variants of a graph in one run: what they have in common with it is there once.

A version of a mix differs from it in a few faders and mutes, a stem in what is left out. A node of
a variant that does the same to the same as a node that is there already is that node; one that
differs in its fader alone takes that node's signal from before the fader. So the strips of ten
versions run once.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace

from mixmaster.engine.graph import Feed, Graph, Insert, Leader, Node

Keep = Callable[[Node, Feed], bool]
"""Tells which feeds of a node belong to a part."""


class Variants:
    """Gathers a graph and its variants into one graph of several outputs.

    Args:
        main: The graph that the others are variants of; its output is no output yet.

    Attributes:
        sources: The ids of nodes that need a source of their own, and whose source is meant.
    """

    def __init__(self, main: Graph) -> None:
        self._main = main
        self._nodes: dict[str, Node] = {node.id: node for node in main.nodes}
        self._alike: dict[str, list[str]] = {node.id: [node.id] for node in main.nodes}
        self._outputs: list[str] = []
        self.sources: dict[str, str] = {}

    def graph(self) -> Graph:
        """Return the graph of all that was asked for; each output once, see the adding methods."""
        main = self._main
        nodes = list(self._nodes.values())
        return Graph.build(
            nodes, self._outputs, main.sample_rate_hz, main.tempo_bpm, main.tempo_map
        )

    def add_main(self) -> int:
        """Make the main graph's output one; return which."""
        return self._output(self._main.output)

    def add(self, name: str, graph: Graph, *, follows: bool) -> int:
        """Add a variant; return which output is its own: several may share one.

        Args:
            name: What its own nodes' ids begin with, before a colon.
            graph: The variant: its nodes have the ids of those that they are variants of.
            follows: Whether the dynamics of its buses and its output take their gain from the
                main graph's, frame by frame, instead of hearing for themselves.
        """
        there: dict[str, str] = {}
        for node in graph.nodes:
            mapped = _mapped(node, there, there)
            there[node.id] = self._place(name, mapped, follows=follows)
        return self._output(there[graph.output])

    def add_part(self, name: str, keep: Keep) -> int:
        """Add what some of the main graph's feeds make of its output; return which output.

        All dynamics of sums take their gain from the main graph's, and detectors hear what they
        hear there. So parts that hold every feed once add up to the main graph's output, where
        all else that acts on sums is linear.

        Args:
            name: What its own nodes' ids begin with, before a colon.
            keep: Tells of each feed whether it belongs to the part. Feeds of what has no feed
                left are gone without being asked for.
        """
        there: dict[str, str] = {}
        same = {node.id: node.id for node in self._main.nodes}
        for node in self._main.nodes:
            if node.has_source:
                there[node.id] = node.id
                continue
            left = [feed for feed in node.feeds if feed.source in there and keep(node, feed)]
            if left or node.id == self._main.output:
                mapped = _mapped(replace(node, feeds=tuple(left)), there, same)
                there[node.id] = self._place(name, mapped, follows=True)
        return self._output(there[self._main.output])

    def add_parts_of(
        self, name: str, graph: Graph, keeps: Mapping[str, Keep], *, fresh: Container[str] = ()
    ) -> dict[str, int]:
        """Add parts of another graph, each what some of its feeds make; return their outputs.

        The dynamics of its sums take their gain from the main graph's, where they are set alike.

        Args:
            name: What its own nodes' ids begin with.
            graph: The other graph; its nodes have the ids of those that they stand for.
            keeps: Of each part, by its name, which feeds belong to it; see `add_part`.
            fresh: The nodes whose source is another one than the main graph's.
        """
        whole: dict[str, str] = {}
        for node in graph.nodes:
            mapped = _mapped(node, whole, whole)
            if node.id in fresh:
                made = replace(mapped, id=f"{name}:{node.id}", metered=False)
                self._nodes[made.id] = made
                self.sources[made.id] = node.id
                whole[node.id] = made.id
            else:
                whole[node.id] = self._place(name, mapped, follows=True)
        found = {}
        for part, keep in keeps.items():
            there: dict[str, str] = {}
            for node in graph.nodes:
                if node.has_source:
                    there[node.id] = whole[node.id]
                    continue
                left = [feed for feed in node.feeds if feed.source in there and keep(node, feed)]
                if left or node.id == graph.output:
                    mapped = _mapped(replace(node, feeds=tuple(left)), there, whole)
                    there[node.id] = self._place(f"{name} {part}", mapped, follows=True)
            found[part] = self._output(there[graph.output])
        return found

    def _output(self, node: str) -> int:
        if node not in self._outputs:
            self._outputs.append(node)
        return self._outputs.index(node)

    def _place(self, name: str, node: Node, *, follows: bool) -> str:
        """Return the id of a node that does what ``node`` does, made if there is none yet."""
        alike = self._alike.setdefault(node.id, [])
        main = self._main.by_id.get(node.id)
        if node == main:
            return main.id
        own = self._following(node) if follows and not node.has_source else node
        for there in alike:
            if self._as_variant(there, own) == own:
                return there
        if main is not None and replace(node, post=main.post, motion=main.motion) == main:
            own = Node(
                node.id,
                node.channels,
                node.post,
                feeds=(Feed(main.id, "pre"),),
                motion=node.motion,
            )
        made = replace(own, id=f"{name}:{node.id}", metered=False)
        assert made.id not in self._nodes
        self._nodes[made.id] = made
        if made.has_source:
            self.sources[made.id] = node.id
        alike.append(made.id)
        return made.id

    def _as_variant(self, there: str, like: Node) -> Node:
        """Return a node that is there, named as ``like`` is."""
        return replace(self._nodes[there], id=like.id, metered=like.metered)

    def _following(self, node: Node) -> Node:
        """Return a sum's node with its inserts led by those of the main graph."""
        main = self._main.by_id.get(node.id)
        if main is None:
            return node
        leaders = {insert.id: insert for insert in main.inserts}
        inserts = tuple(
            replace(insert, leader=Leader(main.id, insert.id))
            if insert.id in leaders and _sounds_as(insert, leaders[insert.id])
            else insert
            for insert in node.inserts
        )
        return replace(node, inserts=inserts, in_step_with=main.id)


def _mapped(node: Node, there: Mapping[str, str], heard: Mapping[str, str]) -> Node:
    """Return a node with its feeds from where they are now, its detectors' by ``heard``."""
    inserts = tuple(
        insert if insert.key is None else replace(insert, key=_moved(insert.key, heard))
        for insert in node.inserts
    )
    return replace(node, feeds=_moved(node.feeds, there), inserts=inserts)


def _moved(feeds: Sequence[Feed], there: Mapping[str, str]) -> tuple[Feed, ...]:
    return tuple(
        feed if there[feed.source] == feed.source else replace(feed, source=there[feed.source])
        for feed in feeds
    )


def _sounds_as(insert: Insert, main: Insert) -> bool:
    """Tell whether an insert is set as the main graph's, whatever it hears."""
    return insert.settings == main.settings and insert.automation == main.automation
