"""Several masters of one mix: what their chains have in common runs once, the rest side by side.

Chains are a tree: presets that bring the mix to the same level and begin with the same inserts
share these. The mix is decoded once; each block runs down the tree, branches on threads. Then
every version is solved and written on a thread of its own. The bytes are those of ``master``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block, zeros
from mixmaster.audio.finite import check_finite
from mixmaster.audio.formats import require_encoder
from mixmaster.audio.source import open_source
from mixmaster.effects.base import BlockContext
from mixmaster.engine.threads import default_threads, one_blas_thread
from mixmaster.mastering.chain import Chain, ChainOutput, Stage, prepare_stage
from mixmaster.mastering.job import Job, Mix
from mixmaster.mastering.options import MasterOptions, NamedTarget, Progress
from mixmaster.mastering.pipeline import ahead
from mixmaster.mastering.preset import MasteringPreset, PlacedInsert
from mixmaster.mastering.results import MasterResult
from mixmaster.mastering.spool import require_spool_space
from mixmaster.metering.programme import ProgrammeFigures
from mixmaster.units import db_to_gain

_AT_ONCE = 8
"""So many versions are spooled at a time: space for temporaries does not grow with more."""


@dataclass(frozen=True, slots=True)
class Member:
    """One version.

    Attributes:
        name: What progress calls it.
        preset: Its chain.
        file: Where its master goes.
    """

    name: str
    preset: MasteringPreset
    file: Path


@dataclass(frozen=True, slots=True)
class FamilyResult:
    """One version's master, or why there is none, and what had to be said on the way."""

    master: MasterResult
    notes: tuple[str, ...]


def master_family(
    mix: Mix,
    before: ProgrammeFigures,
    members: Sequence[Member],
    target: NamedTarget,
    *,
    options: MasterOptions | None = None,
    progress: Progress | None = None,
) -> tuple[FamilyResult, ...]:
    """Master a mix through several presets for one target, as ``master`` would one by one.

    Args:
        mix: The mix.
        before: Its figures.
        members: The versions.
        target: Where all of them go.
        options: As for ``master``; the section is ignored, masters are whole.
        progress: Told what is being done.

    Returns:
        One result for each member, in their order.

    Raises:
        DocumentError: For a preset that makes no sense for this mix.
        OutputError: For an output that cannot be written or may not be replaced.
        SignalError: For NaN or infinity in the mix, or made by an insert.
        UsageError: For a target whose encoder is not installed.
    """
    require_encoder(target.target.file.format)
    options = options or MasterOptions()
    threads = options.threads or default_threads()
    alone = replace(options, section=None, threads=1 if len(members) > 1 else threads)
    results: list[FamilyResult] = []
    for start in range(0, len(members), _AT_ONCE):
        part = members[start : start + _AT_ONCE]
        share = len(part) / len(members)
        told = _Told(progress or _quiet, start / len(members), share, len(part))
        with one_blas_thread():
            results += _Batch(mix, before, target, alone, threads, told).run(part)
    return tuple(results)


def _quiet(stage: str, done: float) -> None:
    del stage, done


@dataclass(slots=True)
class _Told:
    """Progress over all batches: the chains are taken for half of the work."""

    progress: Progress
    start: float
    share: float
    count: int
    finished: int = 0

    def chain(self, done: float) -> None:
        """Tell how much of the mix has gone down the tree."""
        self.progress("rendering", self.start + self.share * 0.5 * done)

    def master(self, _: Future[MasterResult]) -> None:
        """Tell that one more is written."""
        self.finished += 1
        done = 0.5 + 0.5 * self.finished / self.count
        self.progress("rendering", self.start + self.share * done)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Versions that are spooled at the same time."""

    mix: Mix
    before: ProgrammeFigures
    target: NamedTarget
    options: MasterOptions
    threads: int
    told: _Told

    def run(self, members: Sequence[Member]) -> list[FamilyResult]:
        """Return the members' masters."""
        info = self.mix.info
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mixmaster-")))
            require_spool_space(folder, info.frames, info.channels, len(members) + self.threads)
            jobs = []
            for number, member in enumerate(members):
                place = folder / str(number)
                place.mkdir()
                job = Job(self.mix, member.preset, self.options, _quiet, place)
                stack.callback(job.close)
                job.level(self.before)
                job.solve(self.before)
                jobs.append(job)
            pool = stack.enter_context(ThreadPoolExecutor(self.threads, thread_name_prefix="ab"))
            stack.callback(pool.shutdown, cancel_futures=True)
            self._run_chains(jobs, pool)
            waiting = []
            for job, member in zip(jobs, members, strict=True):
                waiting.append(pool.submit(job.deliver, self.target, member.file))
                waiting[-1].add_done_callback(self.told.master)
            masters = [each.result() for each in waiting]
        return [FamilyResult(m, tuple(j.notes)) for m, j in zip(masters, jobs, strict=True)]

    def _run_chains(self, jobs: Sequence[Job], pool: ThreadPoolExecutor) -> None:
        """Run the mix down the tree of chains into spools."""
        rate, channels = self.mix.info.sample_rate_hz, self.mix.info.channels
        frames = round(self.before.duration_s * self.before.sample_rate_hz)
        tree = Tree(rate, channels, frames)
        spools = [job.new_spool("chain", rate) for job in jobs]
        outputs = []
        for job, spool in zip(jobs, spools, strict=True):
            output = ChainOutput(spool, frames, dual_mono=self.options.dual_mono)
            tree.add(db_to_gain(job.input_gain_db), job.inserts, output)
            outputs.append(output)
        branches = pool if self.threads > 1 else None
        with open_source(self.mix.path) as source:
            done = 0
            blocks = _extended(source.blocks(), channels, tree.extra_frames)
            for block in ahead(blocks, self.threads):
                tree.process(block, done, branches)
                done += block.shape[1]
                self.told.chain(min(1.0, done / max(1, frames)))
        for job, spool, output in zip(jobs, spools, outputs, strict=True):
            job.adopt(spool, output.finish())


def _extended(blocks: Iterable[Block], channels: int, extra: int) -> Iterator[Block]:
    """Yield the mix and then silence, every block but the last whole."""
    for block in blocks:
        short = min(BLOCK_FRAMES - block.shape[1], extra)
        extra -= short
        yield np.pad(block, ((0, 0), (0, short))) if short else block
    while extra:
        frames = min(BLOCK_FRAMES, extra)
        yield zeros(channels, frames)
        extra -= frames


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A chain's end: takes its output from ``first`` up to ``stop``, counted with its latency."""

    output: ChainOutput
    first: int
    stop: int

    def take(self, block: Block, start: int) -> None:
        """Take the next block, which begins at frame ``start``."""
        kept = block[:, max(0, self.first - start) : max(0, self.stop - start)]
        if kept.shape[1]:
            self.output.take(np.ascontiguousarray(kept))


@dataclass(slots=True)
class _Node:
    """An insert, what listens to it, and the chains that end with it."""

    stage: Stage | None
    children: dict[str, _Node] = field(default_factory=dict)
    leaves: list[_Leaf] = field(default_factory=list)


class Tree:
    """Chains over one mix that share what they begin with.

    Args:
        sample_rate_hz: The mix's rate.
        channels: The mix's channels.
        frames: The mix's length.

    Attributes:
        extra_frames: How much silence must follow the mix for all of them.
        stages: How many inserts run.
    """

    def __init__(self, sample_rate_hz: int, channels: int, frames: int) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._channels = channels
        self._frames = frames
        self._roots: dict[float, _Node] = {}
        self.extra_frames = 0
        self.stages = 0

    def add(self, gain: float, inserts: Sequence[PlacedInsert], output: ChainOutput) -> None:
        """Add a chain.

        Args:
            gain: Linear, before the first insert.
            inserts: In order.
            output: Where it goes.

        Raises:
            DocumentError: For settings that make no sense at this rate or channel count.
        """
        node = self._roots.setdefault(gain, _Node(None))

        def prepare(insert: PlacedInsert, sample_rate_hz: int, channels: int) -> Stage:
            nonlocal node
            settings = insert.settings.model_dump_json()
            key = f"{insert.id} {insert.settings.sound_revision} {settings} {insert.files}"
            key += f" {insert.gain_db}"
            if key not in node.children:
                node.children[key] = _Node(prepare_stage(insert, sample_rate_hz, channels))
                self.stages += 1
            node = node.children[key]
            assert node.stage is not None
            return node.stage

        chain = Chain(inserts, self._sample_rate_hz, self._channels, prepare=prepare)
        extra = chain.latency_frames + chain.tail_frames
        self.extra_frames = max(self.extra_frames, extra)
        node.leaves.append(_Leaf(output, chain.latency_frames, self._frames + extra))

    def process(self, block: Block, start: int, pool: ThreadPoolExecutor | None) -> None:
        """Run the next block, which begins at frame ``start``, down the whole tree.

        Args:
            block: ``(channels, frames)``.
            start: Where it begins.
            pool: Threads for the branches.

        Raises:
            SignalError: When an insert gives NaN or infinity; names it and the time.
        """
        waiting: SimpleQueue[Future[None]] = SimpleQueue()
        for gain, root in self._roots.items():
            driven = block if gain == 1.0 else block * gain
            self._branch(root, driven, start, pool, waiting)
        while not waiting.empty():  # a branch adds its own before it ends
            waiting.get().result()

    def _branch(
        self,
        node: _Node,
        block: Block,
        start: int,
        pool: ThreadPoolExecutor | None,
        waiting: SimpleQueue[Future[None]],
    ) -> None:
        """Run a block through an insert and all that listens to it."""
        if node.stage is not None:
            block = node.stage.process(block, BlockContext(start_frame=start))
            check_finite(block, node.stage.id, start, self._sample_rate_hz)
        for leaf in node.leaves:
            leaf.take(block, start)
        children = list(node.children.values())
        for child in children:
            if pool is not None and len(children) > 1:
                waiting.put(pool.submit(self._branch, child, block, start, pool, waiting))
            else:
                self._branch(child, block, start, pool, waiting)
