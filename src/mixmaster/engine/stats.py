"""The meter bridge: what each node and each dynamics insert did, gathered while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mixmaster.arrays import Block, Block32
from mixmaster.engine.graph import Matrix, Node
from mixmaster.metering.loudness import BlockPowers, integrated_lufs
from mixmaster.results import Result
from mixmaster.units import db_to_power, gain_to_db, power_to_db

CHUNK_FRAMES = 512
"""Reduction statistics are kept as means and maxima of so many frames."""

ACTIVE_RANGE_DB = 10.0
"""Percentiles of reduction count the time in which the insert's input is within this range
of its own power mean, as BS.1770's relative gate does: silence between phrases says nothing."""


@dataclass(frozen=True, slots=True)
class ReductionFigures(Result):
    """What one dynamics insert did.

    Attributes:
        id: The insert's id.
        mean_db: Mean reduction while its input was active.
        p95_db: The 95th percentile of the reduction while its input was active.
        max_db: The largest reduction.
    """

    id: str
    mean_db: float
    p95_db: float
    max_db: float


@dataclass(frozen=True, slots=True)
class BridgeRow(Result):
    """One line of the meter bridge; a level of silence is None.

    Attributes:
        id: The node's id.
        in_lufs: Gated loudness at its input, before polarity, trim and staging.
        in_peak_dbfs: Sample peak there.
        out_lufs: Gated loudness after fader and pan.
        out_peak_dbfs: Sample peak there.
        reductions: One entry for each dynamics insert.
    """

    id: str
    in_lufs: float | None
    in_peak_dbfs: float | None
    out_lufs: float | None
    out_peak_dbfs: float | None
    reductions: tuple[ReductionFigures, ...]


@dataclass(slots=True)
class Level:
    """Loudness and peak at one point.

    Args:
        meter: What collects powers and peaks.
        gains: For each channel, the linear gains of the output channels that it alone feeds;
            lets a mono strip be measured once for both of its output channels.
    """

    meter: BlockPowers
    gains: list[list[float]]

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``."""
        self.meter.update(block)

    def lufs(self) -> float | None:
        """Return the gated loudness; None for silence."""
        weights = np.array([sum(gain * gain for gain in gains) for gains in self.gains])
        return integrated_lufs(self.meter.powers, weights, hops_only=True)

    def peak_dbfs(self) -> float | None:
        """Return the sample peak; None for digital silence."""
        loudest = max(
            (peak * max(map(abs, gains), default=0.0))
            for peak, gains in zip(self.meter.sample_peaks, self.gains, strict=True)
        )
        return gain_to_db(loudest) if loudest > 0.0 else None


def _lone_gains(matrix: Matrix) -> list[list[float]] | None:
    """Return for each input channel the gains of the outputs it feeds, if no output mixes two."""
    gains: list[list[float]] = [[] for _ in matrix[0]]
    for row in matrix:
        fed = [(channel, gain) for channel, gain in enumerate(row) if gain != 0.0]
        if len(fed) > 1:
            return None
        if fed:
            gains[fed[0][0]].append(fed[0][1])
    return gains


class NodeStats:
    """The levels in and out of one node.

    Args:
        node: The node as data.
        sample_rate_hz: The session's rate.
    """

    def __init__(self, node: Node, sample_rate_hz: int) -> None:
        self.node_id = node.id
        self._in = Level(
            BlockPowers(sample_rate_hz, node.channels, where=node.id, hops_only=True),
            [[1.0]] * node.channels,
        )
        lone = _lone_gains(node.post) if node.motion is None else None
        self._at_post = lone is None
        gains = lone or [[1.0]] * node.post_channels
        self._out = Level(
            BlockPowers(sample_rate_hz, len(gains), where=node.id, hops_only=True), gains
        )
        # Without inserts and delay the output is the input times a gain: measured once.
        self._same = not node.inserts and lone is not None
        self._head_gain = node.head_gain

    def update_in(self, block: Block) -> None:
        """Take the next block at the input."""
        self._in.update(block)

    def update_out(self, pre: Block, post: Block) -> None:
        """Take the next block at the pre and post points."""
        if not self._same:
            self._out.update(post if self._at_post else pre)

    def pre_powers(self) -> Block:
        """Return the K-weighted power behind the inserts, before fader and pan, every 100 ms.

        Of a node whose post point mixes or moves channels it is that at the post point.

        Returns:
            ``(hops,)``, channels summed.
        """
        meter = self._in.meter if self._same else self._out.meter
        gain = self._head_gain if self._same else 1.0
        return np.asarray(meter.powers.sum(axis=0) * (gain * gain))

    @property
    def is_post(self) -> bool:
        """Whether `pre_powers` are those of the post point, for want of better."""
        return self._at_post

    def row(self, reductions: tuple[ReductionFigures, ...]) -> BridgeRow:
        """Return the finished line."""
        out = self._out
        if self._same:
            gains = [[gain * self._head_gain for gain in gains] for gains in self._out.gains]
            out = Level(self._in.meter, gains)
        return BridgeRow(
            id=self.node_id,
            in_lufs=self._in.lufs(),
            in_peak_dbfs=self._in.peak_dbfs(),
            out_lufs=out.lufs(),
            out_peak_dbfs=out.peak_dbfs(),
            reductions=reductions,
        )


@dataclass(slots=True)
class InsertStats:
    """What a dynamics insert does, chunk by chunk.

    Args:
        id: The insert's id.
    """

    id: str
    _powers: list[Block32] = field(default_factory=list)
    _means: list[Block32] = field(default_factory=list)
    _max: float = 0.0

    def update(self, block: Block, reduction_db: Block | None) -> None:
        """Take the insert's input and its reduction in dB, at any rate that divides the block."""
        if reduction_db is None or reduction_db.size == 0:
            return
        chunks = max(1, block.shape[1] // CHUNK_FRAMES)
        self._means.append(_chunk_means(reduction_db, chunks).astype(np.float32))
        self._powers.append(_chunk_powers(block, chunks).astype(np.float32))
        self._max = max(self._max, float(reduction_db.max()))

    def figures(self) -> ReductionFigures:
        """Return the finished figures."""
        if not self._means:
            return ReductionFigures(self.id, 0.0, 0.0, 0.0)
        powers, means = np.concatenate(self._powers), np.concatenate(self._means)
        present = powers[powers > 0.0]
        if present.size == 0:
            return ReductionFigures(self.id, 0.0, 0.0, self._max)
        gate_db = power_to_db(float(present.mean())) - ACTIVE_RANGE_DB
        active = means[powers > db_to_power(gate_db)]
        return ReductionFigures(
            id=self.id,
            mean_db=float(active.mean()),
            p95_db=float(np.percentile(active, 95.0)),
            max_db=self._max,
        )


def _chunk_powers(block: Block, chunks: int) -> Block:
    """Return the mean square of ``chunks`` nearly equal parts of a block, channels summed."""
    if block.shape[1] % chunks:
        return _chunk_means(np.square(block).sum(axis=0), chunks)
    rows = block.reshape(len(block), chunks, -1)
    sums = np.einsum("ijk,ijk->ij", rows, rows)  # squares without a copy of them
    return np.asarray(sums.sum(axis=0) / rows.shape[2])


def _chunk_means(values: Block, chunks: int) -> Block:
    """Return the means of ``chunks`` nearly equal parts of ``values``."""
    if values.size % chunks == 0:
        return np.asarray(values.reshape(chunks, -1).mean(axis=1))
    edges = np.linspace(0, values.size, chunks + 1).astype(np.intp)[:-1]
    counts = np.diff(np.append(edges, values.size))
    return np.asarray(np.add.reduceat(values, edges) / counts)
