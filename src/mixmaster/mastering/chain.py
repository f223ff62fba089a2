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
from mixmaster.engine.render import MAX_TAIL_S, TAIL_FLOOR
from mixmaster.engine.stats import InsertStats, ReductionFigures
from mixmaster.mastering.analysis import PoolPowers
from mixmaster.mastering.pipeline import ahead
from mixmaster.mastering.preset import PlacedInsert
from mixmaster.mastering.spool import Spool


@dataclass(slots=True)
class _Stage:
    """One insert at work."""

    id: str
    processor: Processor
    bypass: DelayLine | None
    stats: InsertStats | None

    def process(self, block: Block, at: BlockContext) -> Block:
        if self.bypass is not None:
            return self.bypass.process(block)
        out = self.processor.process(block, at)
        if self.stats is not None:
            self.stats.update(block, self.processor.gain_reduction_db())
        return out


class Chain:
    """A prepared chain, latency taken off and tails kept.

    Args:
        inserts: In order.
        sample_rate_hz: The mix's rate.
        channels: The mix's channels.

    Raises:
        DocumentError: For settings that make no sense at this rate or channel count.
    """

    def __init__(self, inserts: Sequence[PlacedInsert], sample_rate_hz: int, channels: int) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._channels = channels
        self._stages: list[_Stage] = []
        tail = 0
        for insert in inserts:
            context = Context(sample_rate_hz, channels, where=insert.id)
            processor = insert.settings.prepare(context)
            bypassed = insert.settings.bypass
            self._stages.append(
                _Stage(
                    insert.id,
                    processor,
                    DelayLine(channels, processor.latency_samples) if bypassed else None,
                    InsertStats(insert.id) if processor.is_dynamics and not bypassed else None,
                )
            )
            tail += 0 if bypassed else processor.tail_samples
        self._latency = sum(stage.processor.latency_samples for stage in self._stages)
        self._tail = min(tail, round(MAX_TAIL_S * sample_rate_hz))

    def reductions(self) -> tuple[ReductionFigures, ...]:
        """Return what each dynamics insert has done."""
        return tuple(stage.stats.figures() for stage in self._stages if stage.stats is not None)

    def run(self, blocks: Iterable[Block], gain: float) -> Iterator[Block]:
        """Yield the chain's output: the mix's length and the longest tail there may be.

        Args:
            blocks: The mix, in blocks of ``BLOCK_FRAMES``.
            gain: Linear, before the first insert.

        Raises:
            SignalError: When an insert gives NaN or infinity; names it and the time.
        """
        skip = self._latency
        for start, block in self._fed(blocks):
            out = block if gain == 1.0 else block * gain
            for stage in self._stages:
                out = stage.process(out, BlockContext(start_frame=start))
                check_finite(out, stage.id, start, self._sample_rate_hz)
            if skip >= out.shape[1]:
                skip -= out.shape[1]
                continue
            yield np.ascontiguousarray(out[:, skip:]) if skip else out
            skip = 0

    def _fed(self, blocks: Iterable[Block]) -> Iterator[tuple[int, Block]]:
        """Yield the mix, then silence for latency and tail; every block but the last is whole."""
        start = 0
        left = self._latency + self._tail
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
) -> Block:
    """Run the chain into a spool and return the K-weighted power of each of its pools.

    The tail ends at its last frame above -120 dBFS; the mix's own length always stays.
    """
    powers = PoolPowers(spool.sample_rate_hz, spool.channels, dual_mono=dual_mono)
    end = frames
    for block in ahead(chain.run(blocks, gain), threads):
        start = spool.frames
        powers.update(spool.write(block))
        if spool.frames > frames:
            loud = np.flatnonzero(np.abs(block).max(axis=0) >= TAIL_FLOOR)
            end = max(end, start + int(loud[-1]) + 1) if loud.size else end
        progress(min(1.0, spool.frames / max(1, frames)))
    spool.finish()
    spool.truncate(end)
    return powers.result()


def convert_spool(spool: Spool, converted: Spool, *, dual_mono: bool, threads: int) -> Block:
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
