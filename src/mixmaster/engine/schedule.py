"""Which node runs when, on a pool of threads; what comes out depends on nothing of it.

A task is one node at one block. It may run when the same node's previous block is done, its
side-chains are there, and its feeds have been summed. A sum takes its feeds in their order, each
as soon as it is there, so that a strip's block is given up once it is mixed in: memory does not
grow with the number of strips. So strips work on the next block while the buses still sum this
one; every node sees its blocks in order, and every sum adds in the order of its feeds. Of what may
run, the earlier block goes first, and in it the earlier node: what waits in memory is soon used.
"""

from __future__ import annotations

import heapq
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import Block, zeros
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.engine.graph import Graph
from mixmaster.engine.nodes import Signals
from mixmaster.engine.preparing import Prepared

BLOCKS_IN_FLIGHT = 2
"""How many blocks may be under way at once: enough to keep all threads busy across the seam."""

Outputs = tuple[Block, ...]
"""One block of each output, all of one length."""

_At = tuple[str, int]
"""A node and the number of a block."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which frames are run: ``first`` up to ``stop``, in blocks of ``block_frames``."""

    first: int
    stop: int
    block_frames: int

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return -(-max(0, self.stop - self.first) // self.block_frames)

    def start_of(self, block: int) -> int:
        """Return a block's first frame."""
        return self.first + block * self.block_frames

    def frames_of(self, block: int) -> int:
        """Return a block's length; the last may be shorter."""
        return min(self.block_frames, self.stop - self.start_of(block))


@dataclass(slots=True)
class _Sum:
    """The feeds of one node at one block, being added up by one thread at a time."""

    following: int = 0
    busy: bool = False
    total: Block | None = None


class _AbortedError(Exception):
    """Another task failed; this one has nothing left to do."""


class Schedule:
    """One run over a graph.

    Args:
        graph: The graph.
        prepared: The same, at work.
        readers: For each node that has a source, what reads its next ``n`` frames.
        span: What is run.
        pool: The threads.
    """

    def __init__(
        self,
        graph: Graph,
        prepared: Prepared,
        readers: Mapping[str, Callable[[int], Block]],
        span: Span,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._graph = graph
        nodes = prepared.nodes
        self._nodes = nodes
        self._readers = readers
        self._span = span
        self._pool = pool
        self._out: queue.SimpleQueue[tuple[int, Outputs] | BaseException] = queue.SimpleQueue()
        self._waits = {
            name: DelayLine(nodes[name].node.post_channels, samples)
            for name, samples in zip(graph.outputs, prepared.output_delays, strict=True)
        }
        self._there: dict[int, dict[str, Block]] = {}
        self._lock = threading.Lock()
        self._aborted = False
        self._turns = {node.id: turn for turn, node in enumerate(graph.nodes)}
        self._ready: list[tuple[int, int, str]] = []
        self._keys = {name: node.key_sources() for name, node in nodes.items()}
        self._fed: dict[str, list[str]] = {name: [] for name in nodes}
        self._keyed: dict[str, list[str]] = {name: [] for name in nodes}
        # How often a node's block is read: by each feed, and by each node that it is a key of.
        self._reads: Counter[str] = Counter()
        for name, node in nodes.items():
            for source in dict.fromkeys(port.feed.source for port in node.ports):
                self._fed[source].append(name)
            for source in self._keys[name]:
                self._keyed[source].append(name)
            self._reads.update(port.feed.source for port in node.ports)
            self._reads.update(self._keys[name])
        self._signals: dict[_At, Signals] = {}
        self._reads_left: dict[_At, int] = {}
        self._blocked: dict[_At, int] = {}
        self._sums: dict[_At, _Sum] = {}
        self._summed = dict.fromkeys(nodes, 0)

    def blocks(self) -> Iterator[Outputs]:
        """Yield the blocks of all outputs, in step, in order.

        Raises:
            SignalError: And whatever else a task raised, in the thread that reads.
        """
        for block in range(min(BLOCKS_IN_FLIGHT, self._span.blocks)):
            self._open(block)
        for block in range(self._span.blocks):
            item = self._out.get()
            while isinstance(item, _AbortedError):  # the cause follows
                item = self._out.get()
            if isinstance(item, BaseException):
                raise item
            index, out = item
            assert index == block
            if block + BLOCKS_IN_FLIGHT < self._span.blocks:
                self._open(block + BLOCKS_IN_FLIGHT)
            yield out

    def abort(self) -> None:
        """Let no further task begin its work."""
        with self._lock:
            self._aborted = True

    def _open(self, block: int) -> None:
        """Make the tasks of one block; a task starts when nothing blocks it."""
        with self._lock:
            for node in self._graph.nodes:
                at = (node.id, block)
                self._blocked[at] = len(self._keys[node.id])
                if (node.id, block - 1) in self._blocked:
                    self._blocked[at] += 1
                if node.feeds:
                    self._sums[at] = _Sum()
                    self._blocked[at] += 1
            ready = [(node.id, block) for node in self._graph.nodes]
            ready = [at for at in ready if self._blocked[at] == 0]
            self._queue(ready)
        self._submit(ready)

    def _queue(self, ready: list[_At]) -> None:
        """Line up tasks that may run, by block and by turn. Locked."""
        for name, block in ready:
            heapq.heappush(self._ready, (block, self._turns[name], name))

    def _submit(self, ready: list[_At]) -> None:
        """Have as many tasks run as were lined up; which ones, the line tells then."""
        for _ in ready:
            self._pool.submit(self._task)

    def _task(self) -> None:
        try:
            with self._lock:
                block, _, name = heapq.heappop(self._ready)
            self._work(name, block)
        except BaseException as error:  # noqa: BLE001 - carried to the thread that reads
            self.abort()
            self._out.put(error)

    def _work(self, name: str, block: int) -> None:
        if self._aborted:
            raise _AbortedError
        node, span = self._nodes[name], self._span
        frames = span.frames_of(block)
        with self._lock:
            keys = {source: self._signals[source, block] for source in self._keys[name]}
            total = self._sums.pop((name, block), _Sum()).total
        if node.node.has_source:
            total = _filled(self._readers[name](frames), frames)
        elif total is None:
            total = zeros(node.node.channels, frames)
        out = node.process(span.start_of(block), total, keys)
        with self._lock:
            del self._blocked[name, block]
            if self._reads[name]:
                self._signals[name, block] = out
                self._reads_left[name, block] = self._reads[name]
            for source in self._keys[name]:
                self._read(source, block)
            ready = [(other, block) for other in self._keyed[name]]
            ready = self._unblocked([*ready, (name, block + 1)])
            self._queue(ready)
            if name in self._waits:
                # Before the lock is free: the next block may be quicker than this thread.
                self._give_out(name, block, out.post)
        del total, keys, out
        self._submit(ready)
        for other in self._fed[name]:
            self._gather(other, block)

    def _give_out(self, name: str, block: int, post: Block) -> None:
        """Hand over a block of all outputs once the last of them is there. Locked."""
        there = self._there.setdefault(block, {})
        there[name] = self._waits[name].process(post)
        if len(there) == len(self._waits):
            del self._there[block]
            self._out.put((block, tuple(there[each] for each in self._graph.outputs)))

    def _unblocked(self, tasks: list[_At]) -> list[_At]:
        """Take one obstacle off each task; return those that have none left. Locked."""
        ready = []
        for at in tasks:
            if at in self._blocked:
                self._blocked[at] -= 1
                if self._blocked[at] == 0:
                    ready.append(at)
        return ready

    def _read(self, source: str, block: int) -> None:
        """Note that a node's block was read; give it up after the last reading. Locked."""
        at = (source, block)
        self._reads_left[at] -= 1
        if self._reads_left[at] == 0:
            del self._reads_left[at], self._signals[at]

    def _gather(self, name: str, block: int) -> None:
        """Add to a node's sum what is there of its feeds, in their order.

        One thread at a time works on a sum; whoever finds it busy may leave, since the other
        looks again before it goes. A block's sum begins when the previous one is complete, for
        the feeds' delays go on from there.
        """
        ports = self._nodes[name].ports
        while not self._aborted:
            with self._lock:
                own = self._sums.get((name, block))
                if own is None or own.busy or self._summed[name] != block:
                    return
                port = ports[own.following]
                signals = self._signals.get((port.feed.source, block))
                if signals is None:
                    return
                own.busy = True
            if own.total is None:
                channels = self._nodes[name].node.channels
                own.total = np.empty((channels, self._span.frames_of(block)))
            start = self._span.start_of(block)
            port.add_to(own.total, signals, start, first=own.following == 0)
            del signals
            with self._lock:
                own.busy = False
                own.following += 1
                self._read(port.feed.source, block)
                complete = own.following == len(ports)
                ready = []
                if complete:
                    self._summed[name] += 1
                    ready = self._unblocked([(name, block)])
                    self._queue(ready)
            self._submit(ready)
            block += complete


def _filled(source: Block, frames: int) -> Block:
    """Return a source's block with silence after its end."""
    if source.shape[1] == frames:
        return source
    out = zeros(source.shape[0], frames)
    out[:, : source.shape[1]] = source
    return out
