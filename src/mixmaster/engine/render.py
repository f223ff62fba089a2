"""Running a graph over its sources: from where, how far, and when a tail has ended."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, GRID_FRAMES, Block
from mixmaster.engine.graph import Graph
from mixmaster.engine.preparing import Prepared, prepare
from mixmaster.engine.schedule import Outputs, Schedule, Span
from mixmaster.engine.stats import BridgeRow
from mixmaster.engine.threads import one_blas_thread

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


Blocks = TypeVar("Blocks")


@dataclass(slots=True)
class Rendering(Generic[Blocks]):
    """A render under way.

    Attributes:
        blocks: The output, latency trimmed, ``(channels, frames)`` each, or one such block of
            each output; read it to the end.
        prepared: The nodes, whose meters are complete once ``blocks`` has ended.
        total_frames: What will come at most (content plus the declared tail).
    """

    blocks: Generator[Blocks, None, None]
    prepared: Prepared
    total_frames: int

    def bridge(self) -> tuple[BridgeRow, ...]:
        """Return the meter bridge; complete once ``blocks`` has ended."""
        with one_blas_thread():  # the last, incomplete piece of each is weighted only now
            rows = [node.row() for node in self.prepared.nodes.values()]
        return tuple(row for row in rows if row is not None)

    def pre_powers(self) -> dict[str, tuple[Block, bool]]:
        """Return what `NodeStats.pre_powers` says of each node, and whether it is at post."""
        stats = {name: node.stats for name, node in self.prepared.nodes.items()}
        with one_blas_thread():  # as in `bridge`
            return {
                name: (each.pre_powers(), each.is_post)
                for name, each in stats.items()
                if each is not None
            }

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
) -> Rendering[Block]:
    """Run a graph over its sources, for its one output; see `render_all`."""
    assert len(graph.outputs) == 1
    every = render_all(
        graph,
        sources,
        passage=passage,
        threads=threads,
        block_frames=block_frames,
        seed=seed,
    )
    return Rendering(_first(every), every.prepared, every.total_frames)


def render_all(
    graph: Graph,
    sources: Mapping[str, Source],
    *,
    passage: Passage | None = None,
    threads: int = 2,
    block_frames: int = BLOCK_FRAMES,
    seed: int = 0,
) -> Rendering[Outputs]:
    """Run a graph over its sources, once for all its outputs, which come in step.

    The whole session is as long as its longest source plus the tail: until every output stays
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
    return Rendering(_outputs(job), prepared, max(0, stop - passage.start))


def _first(every: Rendering[Outputs]) -> Generator[Block, None, None]:
    try:
        for blocks in every.blocks:
            yield blocks[0]
    finally:
        every.close()


def _outputs(job: _Job) -> Generator[Outputs, None, None]:
    passage = job.passage
    readers = {
        node_id: job.sources[node_id].open_at(job.first)
        for node_id, node in job.prepared.nodes.items()
        if node.node.has_source
    }
    pool = ThreadPoolExecutor(max_workers=max(1, job.threads), thread_name_prefix="render")
    span = Span(job.first, job.stop + job.prepared.latency_samples, job.block_frames)
    run = Schedule(job.graph, job.prepared, readers, span, pool)
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


def _trim(outputs: Iterator[Outputs], frames: int) -> Iterator[Outputs]:
    """Yield the blocks without their first ``frames`` frames."""
    for blocks in outputs:
        if frames >= blocks[0].shape[1]:
            frames -= blocks[0].shape[1]
            continue
        yield _cut(blocks, frames, None) if frames else blocks
        frames = 0


def _cut(blocks: Outputs, start: int, stop: int | None) -> Outputs:
    return tuple(np.ascontiguousarray(block[:, start:stop]) for block in blocks)


def _end_tail(
    outputs: Iterator[Outputs], content: int, total: int, sample_rate_hz: int
) -> Iterator[Outputs]:
    """Yield the content and as much of the tail as is above the floor.

    Quiet tail blocks are held back until something above the floor follows, so that an echo
    after a gap is kept whole and what is yielded ends at the last frame above the floor, in
    whichever output.
    """
    held: list[Outputs] = []
    quiet = 0
    position = 0
    capped = total - content >= round(MAX_TAIL_S * sample_rate_hz)
    fade = min(round(FADE_S * sample_rate_hz), total - content) if capped else 0
    for given in outputs:
        blocks, frames = given, given[0].shape[1]
        start, position = position, position + frames
        if fade and position > total - fade:
            blocks = tuple(_fade_out(block, start, total, fade) for block in blocks)
        end = min(frames, max(0, content - start))
        if end < frames:
            end = max(end, *(_last_above(block) for block in blocks))
        if end > 0:
            yield from held
            held = []
            yield _cut(blocks, 0, end)
            quiet = 0
            blocks = tuple(block[:, end:] for block in blocks)
        if end < frames:
            held.append(blocks)
            quiet += frames - end
        if quiet > TAIL_QUIET_S * sample_rate_hz and position >= content:
            return


def _last_above(block: Block) -> int:
    """Return how many frames there are up to the last one above the floor."""
    above = np.flatnonzero(np.abs(block).max(axis=0) >= TAIL_FLOOR)
    return int(above[-1]) + 1 if above.size else 0


def _fade_out(block: Block, start: int, total: int, fade: int) -> Block:
    """Return the block with a raised-cosine fade over the last ``fade`` of ``total`` frames."""
    frame = np.arange(start, start + block.shape[1])
    phase = np.clip((frame - (total - fade)) / fade, 0.0, 1.0)
    return np.asarray(block * (0.5 + 0.5 * np.cos(np.pi * phase)))
