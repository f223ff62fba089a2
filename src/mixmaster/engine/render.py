"""Running a graph: block by block, node by node, on a pool of threads.

A task is one node at one block. It may run when the same node's previous block and this
block of everything it listens to are done. So strips work on the next block while the buses
still sum this one, and the result does not depend on which thread ran what: every node sees
its blocks in order, and every sum adds in the order of its feeds.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, GRID_FRAMES, Block, zeros
from mixmaster.engine.graph import Graph
from mixmaster.engine.nodes import NodeRun, Prepared, Signals, prepare
from mixmaster.engine.stats import BridgeRow
from mixmaster.engine.threads import one_blas_thread

BLOCKS_IN_FLIGHT = 2
"""How many blocks may be under way at once: enough to keep all threads busy across the seam."""

MAX_TAIL_S = 60.0
"""No tail is rendered for longer than this."""

MAX_PREROLL_S = 120.0
"""No passage is started earlier than this."""

TAIL_FLOOR = 1e-6
"""-120 dBFS: where a tail ends."""

TAIL_QUIET_S = 6.0
"""A tail that stayed under the floor for this long has ended; longer than any delay time."""

FADE_S = 0.05
"""The fade of a tail that had to be cut at ``MAX_TAIL_S``."""


class Source(Protocol):
    """What feeds a node: blocks of ``(channels, frames)``; fewer frames at the end, then none."""

    @property
    def frames(self) -> int:
        """Frames in all, counted from the session's zero."""

    def open_at(self, start_frame: int) -> Callable[[int], Block]:
        """Return a reader of the next ``n`` frames from ``start_frame`` on."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of the session, in frames from its zero; ``stop`` None means with its tail."""

    start: int = 0
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to run: the graph from frame ``first`` to ``stop`` (before latency)."""

    graph: Graph
    prepared: Prepared
    sources: Mapping[str, Source]
    passage: Passage
    content: int
    first: int
    stop: int
    threads: int
    block_frames: int


class _Aborted(Exception):  # noqa: N818 - never leaves this module
    """Another task failed; this one has nothing left to do."""


class _Run:
    """The state of one run; see the module's docstring."""

    def __init__(
        self, job: _Job, readers: Mapping[str, Callable[[int], Block]], pool: ThreadPoolExecutor
    ) -> None:
        self.graph = job.graph
        self.nodes = job.prepared.nodes
        self.readers = readers
        self.first_frame = job.first
        self.stop_frame = job.stop + job.prepared.latency_samples
        self.block_frames = job.block_frames
        frames = max(0, self.stop_frame - self.first_frame)
        self.block_count = -(-frames // self.block_frames)
        self.pool = pool
        self.done: queue.SimpleQueue[tuple[int, Block] | BaseException] = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.aborted = False
        self.dependencies = {
            node.id: tuple(dict.fromkeys(node.dependencies())) for node in self.graph.nodes
        }
        self.consumers: dict[str, list[str]] = {node.id: [] for node in self.graph.nodes}
        for node_id, needed in self.dependencies.items():
            for other in needed:
                self.consumers[other].append(node_id)
        self.signals: dict[tuple[str, int], Signals] = {}
        self.missing: dict[tuple[str, int], int] = {}
        self.readers_left: dict[tuple[str, int], int] = {}
        self.taken = 0  # blocks handed to the consumer

    def start(self) -> None:
        with self.lock:
            for block in range(min(BLOCKS_IN_FLIGHT, self.block_count)):
                self._open_block(block)

    def _open_block(self, block: int) -> None:
        """Make the tasks of one block; a task starts when nothing it needs is missing."""
        ready = []
        for node in self.graph.nodes:
            needed = len(self.dependencies[node.id])
            if block > 0 and self._pending(node.id, block - 1):
                needed += 1
            self.missing[node.id, block] = needed
            if needed == 0:
                ready.append(node.id)
        for node_id in ready:
            self.pool.submit(self._task, node_id, block)

    def _pending(self, node_id: str, block: int) -> bool:
        return (node_id, block) in self.missing

    def _task(self, node_id: str, block: int) -> None:
        try:
            self._work(node_id, block)
        except BaseException as error:  # noqa: BLE001 - carried to the consumer's thread
            with self.lock:
                self.aborted = True
            self.done.put(error)

    def _work(self, node_id: str, block: int) -> None:
        if self.aborted:
            raise _Aborted
        node: NodeRun = self.nodes[node_id]
        start = self.first_frame + block * self.block_frames
        frames = min(self.block_frames, self.stop_frame - start)
        with self.lock:
            inputs = {other: self.signals[other, block] for other in self.dependencies[node_id]}
        source = None
        if node.node.has_source:
            source = self.readers[node_id](frames)
            if source.shape[1] < frames:
                padded = zeros(source.shape[0], frames)
                padded[:, : source.shape[1]] = source
                source = padded
        out = node.process(start, source, inputs, frames)
        ready: list[tuple[str, int]] = []
        with self.lock:
            del self.missing[node_id, block]
            if self.consumers[node_id]:
                self.signals[node_id, block] = out
                self.readers_left[node_id, block] = len(self.consumers[node_id])
            for other in self.dependencies[node_id]:
                self.readers_left[other, block] -= 1
                if self.readers_left[other, block] == 0:
                    del self.readers_left[other, block], self.signals[other, block]
            waiting = [(consumer, block) for consumer in self.consumers[node_id]]
            for task in [*waiting, (node_id, block + 1)]:
                if task in self.missing:
                    self.missing[task] -= 1
                    if self.missing[task] == 0:
                        ready.append(task)
            if node_id == self.graph.output:
                # Before the lock is free: the next block may be quicker than this thread.
                self.done.put((block, out.post))
        for task in ready:
            self.pool.submit(self._task, *task)

    def blocks(self) -> Iterator[Block]:
        """Yield the output's blocks in order."""
        self.start()
        for block in range(self.block_count):
            item = self.done.get()
            while isinstance(item, _Aborted):  # the cause follows
                item = self.done.get()
            if isinstance(item, BaseException):
                raise item
            index, out = item
            assert index == block
            with self.lock:
                following = block + BLOCKS_IN_FLIGHT
                if following < self.block_count:
                    self._open_block(following)
            yield out

    def abort(self) -> None:
        with self.lock:
            self.aborted = True


@dataclass(slots=True)
class Rendering:
    """A render under way.

    Attributes:
        blocks: The output, latency trimmed, ``(channels, frames)`` each; read it to the end.
        prepared: The nodes, whose meters are complete once ``blocks`` has ended.
        total_frames: What will come at most (content plus the declared tail).
    """

    blocks: Generator[Block, None, None]
    prepared: Prepared
    total_frames: int

    def bridge(self) -> tuple[BridgeRow, ...]:
        """Return the meter bridge; complete once ``blocks`` has ended."""
        return tuple(node.row() for node in self.prepared.nodes.values())

    def close(self) -> None:
        """Stop, and wait until no thread works on it any more; again does nothing."""
        self.blocks.close()


def render(
    graph: Graph,
    sources: Mapping[str, Source],
    *,
    passage: Passage | None = None,
    threads: int = 2,
    block_frames: int = BLOCK_FRAMES,
    seed: int = 0,
) -> Rendering:
    """Run a graph over its sources.

    The whole session is as long as its longest source plus the tail: until the output stays
    under -120 dBFS, at most what the effects declare, at most 60 s (then faded). A passage
    is started early by the declared tails and settling times, so that states are those of the
    whole session when it begins.

    Args:
        graph: What to run.
        sources: One source for each node that has one.
        passage: What to yield; the whole session with its tail if None.
        threads: Worker threads; the result does not depend on it.
        block_frames: The block size, a multiple of 4,096; the result does not depend on it.
        seed: Where the effects' random numbers start.

    Raises:
        SignalError: When a file or an effect gives NaN or infinity.
        AudioFileError: When a file fails while it is read.
    """
    assert block_frames % GRID_FRAMES == 0
    passage = passage or Passage()
    prepared = prepare(graph, block_frames, seed)
    rate = graph.sample_rate_hz
    content = max((source.frames for source in sources.values()), default=0)
    tail = min(prepared.tail_samples, round(MAX_TAIL_S * rate))
    stop = content + tail if passage.stop is None else passage.stop
    preroll = min(prepared.settle_samples, round(MAX_PREROLL_S * rate))
    preroll_start = max(0, passage.start - preroll) // GRID_FRAMES * GRID_FRAMES
    job = _Job(
        graph=graph,
        prepared=prepared,
        sources=sources,
        passage=passage,
        content=content,
        first=preroll_start,
        stop=stop,
        threads=threads,
        block_frames=block_frames,
    )
    return Rendering(_output(job), prepared, max(0, stop - passage.start))


def _output(job: _Job) -> Generator[Block, None, None]:
    passage = job.passage
    readers = {
        node_id: job.sources[node_id].open_at(job.first)
        for node_id, node in job.prepared.nodes.items()
        if node.node.has_source
    }
    pool = ThreadPoolExecutor(max_workers=max(1, job.threads), thread_name_prefix="render")
    run = _Run(job, readers, pool)
    try:
        with one_blas_thread():
            trimmed = _trim(run.blocks(), passage.start - job.first + job.prepared.latency_samples)
            if passage.stop is not None:
                yield from trimmed
            else:
                content, total = job.content - passage.start, job.stop - passage.start
                yield from _end_tail(trimmed, content, total, job.graph.sample_rate_hz)
    finally:
        run.abort()
        pool.shutdown(wait=True, cancel_futures=True)


def _trim(blocks: Iterator[Block], frames: int) -> Iterator[Block]:
    """Yield the blocks without their first ``frames`` frames."""
    for block in blocks:
        if frames >= block.shape[1]:
            frames -= block.shape[1]
            continue
        yield np.ascontiguousarray(block[:, frames:]) if frames else block
        frames = 0


def _end_tail(
    blocks: Iterator[Block], content: int, total: int, sample_rate_hz: int
) -> Iterator[Block]:
    """Yield the content and as much of the tail as is above the floor.

    Quiet tail blocks are held back until something above the floor follows, so that an echo
    after a gap is kept whole and what is yielded ends at the last frame above the floor.
    """
    held: list[Block] = []
    quiet = 0
    position = 0
    capped = total - content >= round(MAX_TAIL_S * sample_rate_hz)
    fade = min(round(FADE_S * sample_rate_hz), total - content) if capped else 0
    for block in blocks:
        start, position = position, position + block.shape[1]
        if fade and position > total - fade:
            block = _fade_out(block, start, total, fade)  # noqa: PLW2901 - the faded block replaces it
        end = min(block.shape[1], max(0, content - start))
        if end < block.shape[1]:
            above = np.flatnonzero(np.abs(block).max(axis=0) >= TAIL_FLOOR)
            end = max(end, int(above[-1]) + 1 if above.size else 0)
        if end > 0:
            yield from held
            held = []
            yield np.ascontiguousarray(block[:, :end])
            quiet = 0
            block = block[:, end:]  # noqa: PLW2901 - what is left of it
        if block.shape[1]:
            held.append(block)
            quiet += block.shape[1]
        if quiet > TAIL_QUIET_S * sample_rate_hz and position >= content:
            return


def _fade_out(block: Block, start: int, total: int, fade: int) -> Block:
    """Return the block with a raised-cosine fade over the last ``fade`` of ``total`` frames."""
    frame = np.arange(start, start + block.shape[1])
    phase = np.clip((frame - (total - fade)) / fade, 0.0, 1.0)
    return np.asarray(block * (0.5 + 0.5 * np.cos(np.pi * phase)))
