"""Nodes at work: one object a node, holding processors, delays and meters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mixmaster.arrays import Block, zeros
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.effects.base import BlockContext, Processor
from mixmaster.engine.graph import Feed, Graph, Leader, Matrix, MovingMatrix, Node, Values
from mixmaster.engine.stats import BridgeRow, InsertStats, NodeStats
from mixmaster.errors import SignalError


@dataclass(slots=True)
class Signals:
    """What a node gives for one block: the post point, and the pre point if it is tapped.

    ``led`` is what others follow: the gain curves of its inserts, or what their detectors hear,
    by the inserts' ids.
    """

    pre: Block | None
    post: Block
    led: Mapping[str, Block] = field(default_factory=dict)

    def at(self, feed: Feed) -> Block:
        """Return the signal that ``feed`` taps."""
        tapped = self.post if feed.point == "post" else self.pre
        assert tapped is not None
        return tapped


def apply_matrix(matrix: Matrix, block: Block) -> Block:
    """Return ``matrix @ block``, row by row in fixed order, so that a gain of 1 is exact.

    Args:
        matrix: Gains, ``(outputs, channels)``.
        block: ``(channels, frames)``.
    """
    if all(
        gain == (1.0 if row == column else 0.0)
        for row, gains in enumerate(matrix)
        for column, gain in enumerate(gains)
    ) and len(matrix) == len(block):
        return block
    out = np.empty((len(matrix), block.shape[1]))
    for row, gains in enumerate(matrix):
        terms = [(gain, channel) for channel, gain in enumerate(gains) if gain != 0.0]
        if not terms:
            out[row] = 0.0
            continue
        np.multiply(block[terms[0][1]], terms[0][0], out=out[row])
        for gain, channel in terms[1:]:
            out[row] += gain * block[channel]
    return out


def apply_moving(matrix: MovingMatrix, block: Block) -> Block:
    """Return ``matrix @ block`` for gains that move, row by row in fixed order.

    Args:
        matrix: Gains, ``(outputs, channels)``; each a number, ``(frames,)`` or None.
        block: ``(channels, frames)``.
    """
    out = np.empty((len(matrix), block.shape[1]))
    for row, gains in enumerate(matrix):
        terms = [(gain, block[at]) for at, gain in enumerate(gains) if gain is not None]
        assert terms
        np.multiply(terms[0][1], terms[0][0], out=out[row])
        for gain, channel in terms[1:]:
            out[row] += gain * channel
    return out


class FeedPort:
    """One feed with its latency compensation.

    Args:
        feed: The feed.
        channels: Channels after the feed's matrix.
        latency_samples: How late the tapped signal is.
        delay_samples: How long it waits for the slowest path into the same sum.
    """

    def __init__(self, feed: Feed, channels: int, latency_samples: int, delay_samples: int) -> None:
        self.feed = feed
        self._latency = latency_samples
        self._delay = DelayLine(channels, delay_samples)

    def add_to(self, total: Block, signals: Signals, start_frame: int, *, first: bool) -> None:
        """Add this feed's signal to a sum; the first one is put where nothing is yet.

        Args:
            total: The sum, ``(channels, frames)``.
            signals: What the tapped node gave for this block.
            start_frame: The block's first frame from the session's zero.
            first: Whether it is the first of its sum.
        """
        block, gain = signals.at(self.feed), self.feed.gain
        if self.feed.motion is not None:
            moving = self.feed.motion.matrix(start_frame - self._latency, block.shape[1])
            block, gain = apply_moving(moving, block), 1.0
        elif self.feed.matrix is not None:
            block = apply_matrix(self.feed.matrix, block)
        block = self._delay.process(block)
        if first:
            np.multiply(block, gain, out=total)
        elif gain == 1.0:
            total += block
        else:
            total += gain * block


class Follower:
    """The gain of another insert, or what it hears, in step with the insert that follows it.

    Args:
        leader: Which insert it is.
        delay_samples: How much later than the leader's the follower's signal is.
    """

    def __init__(self, leader: Leader, delay_samples: int) -> None:
        self.leader = leader
        self._samples = delay_samples
        self._delay: DelayLine | None = None

    def of_block(self, signals: Mapping[str, Signals]) -> Block:
        """Return what the leader's ``gain_curve`` gave for this block, or the block it heard."""
        curve = signals[self.leader.node].led[self.leader.insert]
        if not self._samples:
            return curve
        rows = np.atleast_2d(curve)
        if self._delay is None:
            self._delay = DelayLine(len(rows), self._samples)
        return self._delay.process(rows).reshape(curve.shape)


@dataclass(slots=True)
class InsertRun:
    """One insert at work, with what its side-chain and alignment need.

    Attributes:
        latency_samples: How late the signal that it is given is.
        automation: What moves its parameters, and the tempo where it follows one that moves.
        follower: Whose gain it applies, or what it hears, instead of its own; None for its own.
        leads: Whether others follow it.
    """

    id: str
    processor: Processor
    latency_samples: int
    automation: Mapping[str, Values]
    bypass: DelayLine | None
    wait: DelayLine | None
    key: list[FeedPort] | None
    key_channels: int
    stats: InsertStats | None
    follower: Follower | None = None
    leads: bool = False


class NodeRun:
    """A node at work.

    Args:
        node: The node as data.
        ports: Its feeds, compensated.
        inserts: Its inserts at work.
        graph: The graph, for rate and tempo.
        latency_samples: How late its pre and post points are.
    """

    def __init__(
        self,
        node: Node,
        ports: list[FeedPort],
        inserts: list[InsertRun],
        graph: Graph,
        latency_samples: int,
    ) -> None:
        self.node = node
        self.ports = ports
        self.inserts = inserts
        self.stats = NodeStats(node, graph.sample_rate_hz) if node.metered else None
        self._delay = DelayLine(node.channels, node.delay_samples)
        self._latency = latency_samples
        self._keeps_pre = node.id in graph.tapped_before_faders
        self._tempo_bpm = graph.tempo_bpm
        self._sample_rate_hz = graph.sample_rate_hz

    def key_sources(self) -> tuple[str, ...]:
        """Return the ids of the nodes that the inserts' detectors listen to or that lead them."""
        ports = (port for insert in self.inserts for port in insert.key or ())
        sources = [port.feed.source for port in ports]
        followers = (insert.follower for insert in self.inserts)
        sources += [each.leader.node for each in followers if each is not None]
        return tuple(dict.fromkeys(sources))

    def process(self, start_frame: int, block: Block, keys: Mapping[str, Signals]) -> Signals:
        """Run one block.

        Args:
            start_frame: The block's first frame from the session's zero.
            block: The block of the node's file, or the sum of its feeds.
            keys: The blocks of the nodes of `key_sources`.

        Raises:
            SignalError: When an insert's output is not finite; names the insert and the time.
        """
        node = self.node
        if self.stats is not None:
            self.stats.update_in(block)
        if node.head_gain != 1.0:
            block = block * node.head_gain
        block = self._delay.process(block)
        led: dict[str, Block] = {}
        for insert in self.inserts:
            heard, block = block, self._insert(insert, block, start_frame, keys)
            if insert.leads:
                curve = insert.processor.gain_curve()
                # The next block may come before the curve is read.
                led[insert.id] = heard if curve is None else curve.copy()
        if node.motion is not None:
            moving = node.motion.matrix(start_frame - self._latency, block.shape[1])
            post = apply_moving(moving, block)
        else:
            post = apply_matrix(node.post, block)
        if self.stats is not None:
            self.stats.update_out(block, post)
        return Signals(block if self._keeps_pre else None, post, led)

    def row(self) -> BridgeRow | None:
        """Return this node's line of the meter bridge; None if it is not metered."""
        if self.stats is None:
            return None
        done = [insert.stats.figures() for insert in self.inserts if insert.stats is not None]
        return self.stats.row(tuple(done))

    def _insert(
        self, insert: InsertRun, block: Block, start_frame: int, keys: Mapping[str, Signals]
    ) -> Block:
        if insert.wait is not None:
            block = insert.wait.process(block)
        if insert.bypass is not None:
            return insert.bypass.process(block)
        key: Block | None = None
        if insert.follower is not None:
            key = insert.follower.of_block(keys)
            if insert.processor.is_dynamics:
                return insert.processor.replay(block, key)
        elif insert.key is not None:
            key = zeros(insert.key_channels, block.shape[1])
            for index, port in enumerate(insert.key):
                port.add_to(key, keys[port.feed.source], start_frame, first=index == 0)
        automation = {
            name: curve.values(start_frame - insert.latency_samples, block.shape[1])
            for name, curve in insert.automation.items()
        }
        at = BlockContext(start_frame, key, automation, self._tempo_bpm)
        out = insert.processor.process(block, at)
        # One sum tells whether anything in the block is NaN or infinite.
        if not np.isfinite(out.sum()):
            bad = ~np.isfinite(out).all(axis=0)
            if bad.any():
                time_s = (start_frame + int(np.argmax(bad))) / self._sample_rate_hz
                raise SignalError(insert.id, "the effect's output is not a finite number", time_s)
        if insert.stats is not None:
            insert.stats.update(block, insert.processor.gain_reduction_db())
        return out
