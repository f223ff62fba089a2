"""Provenance: what a file was before it became what it claims to be."""

from __future__ import annotations

from dataclasses import dataclass

from mixmaster.arrays import Block32
from mixmaster.metering.bandwidth import Bandwidth, BandwidthMeter, Verdict
from mixmaster.metering.bit_depth import BitDepthMeter
from mixmaster.metering.chunk_meter import ChunkMeter
from mixmaster.results import Result


@dataclass(frozen=True, slots=True)
class ProvenanceFigures(Result):
    """What the samples say about a file's past; None with an entry in ``reasons`` if nothing.

    Attributes:
        effective_bit_depth: The coarsest integers that hold every sample: 16 for a file of 16
            bits in one of 24 or of floating point. A gain after the fact hides it. None for
            samples that need floating point, and for digital silence.
        bandwidth_hz: Where the spectrum ends in a wall, or half the sample rate.
        bandwidth_verdict: ``full``; ``lossy``: cut as by an encoder; ``upsampled``: cut as by
            conversion from a lower rate; ``low_pass``: cut elsewhere; ``unknown``.
        bandwidth_wall_db: What the spectrum falls by over 1 kHz there; None without a wall.
        bandwidth_note: The verdict in words.
        reasons: Why a figure does not exist.
    """

    effective_bit_depth: int | None
    bandwidth_hz: float | None
    bandwidth_verdict: Verdict
    bandwidth_wall_db: float | None
    bandwidth_note: str
    reasons: dict[str, str]


class ProvenanceMeter(ChunkMeter[ProvenanceFigures]):
    """Effective bit depth and effective bandwidth.

    Memory: 64 spectra, whatever the length.

    Args:
        sample_rate_hz: The signal's rate.
        channels: Channels of every block.
        where: What is measured, for errors.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, where: str = "") -> None:
        super().__init__(sample_rate_hz, channels, where=where)
        self._bit_depth = BitDepthMeter(sample_rate_hz, channels)
        self._bandwidth = BandwidthMeter(sample_rate_hz, channels)

    def _take(self, chunk: Block32) -> None:
        self._bit_depth.take(chunk)
        self._bandwidth.take(chunk)

    def _figures(self) -> ProvenanceFigures:
        depth = self._bit_depth.result()
        bandwidth: Bandwidth = self._bandwidth.result()
        reasons: dict[str, str] = {}
        if depth is None:
            reasons["effective_bit_depth"] = "the samples need floating point"
        elif not depth:
            reasons["effective_bit_depth"] = "digital silence" if self.frames else "no audio"
        if bandwidth.hz is None:
            reasons["bandwidth_hz"] = bandwidth.note
        if bandwidth.wall_db is None:
            reasons["bandwidth_wall_db"] = bandwidth.note
        return ProvenanceFigures(
            effective_bit_depth=depth or None,
            bandwidth_hz=bandwidth.hz,
            bandwidth_verdict=bandwidth.verdict,
            bandwidth_wall_db=bandwidth.wall_db,
            bandwidth_note=bandwidth.note,
            reasons=reasons,
        )
