"""The chain: from the mix to the spool, everything before the delivery limiter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block, zeros
from mixmaster.audio.convert import RateConverter
from mixmaster.audio.finite import check_finite
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.effects.base import BlockContext, Context, Processor
from mixmaster.effects.insertion import prepare_insert
from mixmaster.engine.render import MAX_TAIL_S, TAIL_FLOOR
from mixmaster.engine.resources import ResourceShelf
from mixmaster.engine.stats import InsertStats, ReductionFigures
from mixmaster.mastering.analysis import PoolPowers
from mixmaster.mastering.pipeline import ahead
from mixmaster.mastering.preset import PlacedInsert
from mixmaster.mastering.spool import PoolFile, Spool
from mixmaster.metering.loudness import BlockPowers, channel_weights, integrated_lufs
from mixmaster.results import Result
from mixmaster.units import db_to_gain


@dataclass(frozen=True, slots=True)
class StageFigures(Result):
    """What one insert of the chain did to the loudness.

    Attributes:
        id: The insert's id.
        before_lufs: Integrated loudness of what it was given; None for silence.
        after_lufs: Of what it gave, gain matching included.
        change_lu: The difference.
        gain_match_db: The gain that gain matching has found for its output; 0 without.
        bypassed: Whether it was left out.
    """

    id: str
    before_lufs: float | None
    after_lufs: float | None
    change_lu: float | None
    gain_match_db: float
    bypassed: bool


@dataclass(slots=True)
class Stage:
    """One insert at work.

    Attributes:
        id: The insert's full id.
        processor: Prepared.
        bypass: What runs instead of a bypassed one.
        stats: Of dynamics.
        gain: Linear, on its output: of gain matching.
    """

    id: str
    processor: Processor
    bypass: DelayLine | None
    stats: InsertStats | None
    gain: float = 1.0

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the insert's output, in step with its input."""
        if self.bypass is not None:
            return self.bypass.process(block)
        out = self.processor.process(block, at)
        if self.stats is not None:
            self.stats.update(block, self.processor.gain_reduction_db())
        return out if self.gain == 1.0 else out * self.gain


def prepare_stage(insert: PlacedInsert, sample_rate_hz: int, channels: int) -> Stage:
    """Return an insert that is ready to run.

    Raises:
        DocumentError: For settings that make no sense at this rate or channel count, or a file
            that cannot be used.
    """
    context = Context(
        sample_rate_hz,
        channels,
        resources=ResourceShelf(sample_rate_hz).of(insert.files, insert.id),
        where=insert.id,
    )
    processor = prepare_insert(insert.settings, context)
    bypassed = insert.settings.bypass
    return Stage(
        insert.id,
        processor,
        DelayLine(channels, processor.latency_samples) if bypassed else None,
        InsertStats(insert.id) if processor.is_dynamics and not bypassed else None,
        db_to_gain(insert.gain_db),
    )


class Chain:
    """A prepared chain, latency taken off and tails kept.

    Args:
        inserts: In order.
        sample_rate_hz: The mix's rate.
        channels: The mix's channels.
        metered: Whether the loudness before and after every insert is measured.
        prepare: Makes a stage of each insert; who shares stages between chains gives its own.

    Attributes:
        stages: The inserts at work, in order.
        latency_frames: How far its output lags behind.
        tail_frames: How long it may go on after the mix's end, at most.

    Raises:
        DocumentError: For settings that make no sense at this rate or channel count.
    """

    def __init__(
        self,
        inserts: Sequence[PlacedInsert],
        sample_rate_hz: int,
        channels: int,
        *,
        metered: bool = False,
        prepare: Callable[[PlacedInsert, int, int], Stage] = prepare_stage,
    ) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._channels = channels
        self.stages = tuple(prepare(insert, sample_rate_hz, channels) for insert in inserts)
        tail = sum(s.processor.tail_samples for s in self.stages if s.bypass is None)
        self.latency_frames = sum(stage.processor.latency_samples for stage in self.stages)
        self.tail_frames = min(tail, round(MAX_TAIL_S * sample_rate_hz))
        self._inserts = tuple(inserts)
        self._meters: tuple[BlockPowers, ...] = ()
        if metered:
            self._meters = tuple(
                BlockPowers(sample_rate_hz, channels, hops_only=True)
                for _ in range(len(self.stages) + 1)
            )

    def reductions(self) -> tuple[ReductionFigures, ...]:
        """Return what each dynamics insert has done."""
        return tuple(stage.stats.figures() for stage in self.stages if stage.stats is not None)

    def levels(self) -> tuple[StageFigures, ...]:
        """Return what each insert has done to the loudness; empty where nobody measured."""
        weights = channel_weights(self._channels)
        known = [integrated_lufs(m.powers, weights, hops_only=True) for m in self._meters]
        return tuple(
            StageFigures(
                id=insert.id,
                before_lufs=before,
                after_lufs=after,
                change_lu=None if before is None or after is None else after - before,
                gain_match_db=insert.gain_db,
                bypassed=insert.settings.bypass,
            )
            for insert, before, after in zip(self._inserts, known, known[1:], strict=False)
        )

    def run(self, blocks: Iterable[Block], gain: float) -> Iterator[Block]:
        """Yield the chain's output: the mix's length and the longest tail there may be.

        Args:
            blocks: The mix, in blocks of ``BLOCK_FRAMES``.
            gain: Linear, before the first insert.

        Raises:
            SignalError: When an insert gives NaN or infinity; names it and the time.
        """
        skip = self.latency_frames
        for start, block in self._fed(blocks):
            out = block if gain == 1.0 else block * gain
            self._meter(0, out)
            for number, stage in enumerate(self.stages, start=1):
                out = stage.process(out, BlockContext(start_frame=start))
                check_finite(out, stage.id, start, self._sample_rate_hz)
                self._meter(number, out)
            if skip >= out.shape[1]:
                skip -= out.shape[1]
                continue
            yield np.ascontiguousarray(out[:, skip:]) if skip else out
            skip = 0

    def _meter(self, number: int, block: Block) -> None:
        if self._meters:
            self._meters[number].update(block)

    def _fed(self, blocks: Iterable[Block]) -> Iterator[tuple[int, Block]]:
        """Yield the mix, then silence for latency and tail; every block but the last is whole."""
        start = 0
        left = self.latency_frames + self.tail_frames
        for block in blocks:
            short = min(BLOCK_FRAMES - block.shape[1], left)
            left -= short
            yield start, np.pad(block, ((0, 0), (0, short))) if short else block
            start += block.shape[1] + short
        while left:
            frames = min(BLOCK_FRAMES, left)
            yield start, zeros(self._channels, frames)
            start += frames
            left -= frames


def spool_chain(
    chain: Chain,
    blocks: Iterable[Block],
    spool: Spool,
    *,
    gain: float,
    frames: int,
    dual_mono: bool,
    threads: int,
    progress: Callable[[float], None],
) -> PoolFile:
    """Run the chain into a spool and return the K-weighted power of each of its pools.

    The tail ends at its last frame above -120 dBFS; the mix's own length always stays.
    """
    output = ChainOutput(spool, frames, dual_mono=dual_mono)
    for block in ahead(chain.run(blocks, gain), threads):
        output.take(block)
        progress(min(1.0, spool.frames / max(1, frames)))
    return output.finish()


class ChainOutput:
    """Takes a chain's output into a spool; the tail ends at its last frame above -120 dBFS.

    Args:
        spool: Empty.
        frames: The mix's own length, which always stays.
        dual_mono: Count a mono signal twice.
    """

    def __init__(self, spool: Spool, frames: int, *, dual_mono: bool) -> None:
        self._spool = spool
        self._powers = PoolPowers(spool.sample_rate_hz, spool.channels, dual_mono=dual_mono)
        self._frames = frames
        self._end = frames

    def take(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``, of any length, latency taken off."""
        spool = self._spool
        start = spool.frames
        self._powers.update(spool.write(block))
        if spool.frames > self._frames:
            loud = np.flatnonzero(np.abs(block).max(axis=0) >= TAIL_FLOOR)
            self._end = max(self._end, start + int(loud[-1]) + 1) if loud.size else self._end

    def finish(self) -> PoolFile:
        """Finish the spool; return the K-weighted power of each of its pools."""
        self._spool.finish()
        self._spool.truncate(self._end)
        return self._powers.result()


def convert_spool(spool: Spool, converted: Spool, *, dual_mono: bool, threads: int) -> PoolFile:
    """Convert a spool to another's rate; return the K-weighted power of each of its pools."""
    powers = PoolPowers(converted.sample_rate_hz, converted.channels, dual_mono=dual_mono)

    def blocks() -> Iterator[Block]:
        converter = RateConverter(spool.sample_rate_hz, converted.sample_rate_hz, spool.channels)
        for index in range(spool.block_count):
            yield converter.process(spool.block(index), last=index == spool.block_count - 1)

    for block in ahead(blocks(), threads):
        powers.update(converted.write(block))
    converted.finish()
    return powers.result()
