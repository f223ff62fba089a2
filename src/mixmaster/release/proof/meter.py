"""What is measured on a finished file, in one pass and in memory that does not grow."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mixmaster.arrays import Block, Block32
from mixmaster.audio.names import shown
from mixmaster.audio.source import AudioInfo, open_source
from mixmaster.errors import UsageError
from mixmaster.metering.chunks import Chunks
from mixmaster.metering.clipping import ClippingMeter
from mixmaster.metering.gaps import GapMeter
from mixmaster.metering.loudness import BlockPowers, channel_weights, loudness_figures
from mixmaster.metering.programme import no_loudness, programme_figures
from mixmaster.metering.true_peak import TruePeakMeter
from mixmaster.release.proof.record import FiguresRecord

_BLOCK_FRAMES: Final = 65_536
_LISTED: Final = 1  # what happens is counted, not listed
_DIGITS: Final = 4
"""Figures are kept to 0.0001 dB: the last bits are another processor's."""
_DC_DIGITS: Final = 7


@dataclass(frozen=True, slots=True)
class Heard:
    """What a file is when it is decoded to its end.

    Attributes:
        info: What its header says.
        frames: How many came out.
        figures: What was measured.
        samples_sha256: Of the samples as little-endian float32, frame by frame.
        notes: What decoding had to say.
    """

    info: AudioInfo
    frames: int
    figures: FiguresRecord
    samples_sha256: str
    notes: tuple[str, ...]


def hear(path: Path, tell: Callable[[float], None] | None = None) -> Heard:
    """Decode a file to its end and measure it, on this thread alone.

    Args:
        path: The file.
        tell: Told how many frames were done, again and again: of this file alone.

    Raises:
        AudioFileError: For a file that cannot be used.
        SignalError: For NaN or infinity in it.
        UsageError: For a format that needs an extra which is not installed.
    """
    with open_source(path) as source:
        meter = _Meter(source.sample_rate_hz, source.channels, shown(path))
        digest = hashlib.sha256()
        for block in source.blocks(_BLOCK_FRAMES):
            digest.update(np.ascontiguousarray(block.T, "<f4").data)
            meter.update(block)
            if tell is not None:
                tell(float(block.shape[1]))
        return Heard(
            source.info, meter.frames, meter.result(), digest.hexdigest(), tuple(source.notes)
        )


class _Meter:
    """Loudness, peaks, flat tops, silent edges and DC of one signal."""

    def __init__(self, sample_rate_hz: int, channels: int, where: str) -> None:
        self._rate_hz = sample_rate_hz
        self._channels = channels
        self._chunks = Chunks(sample_rate_hz, channels, where, kept=False)
        self._true_peak = TruePeakMeter(sample_rate_hz, channels)
        self._powers = BlockPowers(sample_rate_hz, channels)
        self._clipping = ClippingMeter(sample_rate_hz, channels, listed=_LISTED)
        self._gaps = GapMeter(sample_rate_hz, channels, listed=_LISTED)
        self._sums = np.zeros(channels)

    @property
    def frames(self) -> int:
        """Frames so far."""
        return self._chunks.frames

    def update(self, block: Block) -> None:
        """Take the next block."""
        for chunk in self._chunks.add(block):
            self._take(chunk)

    def _take(self, chunk: Block32) -> None:
        self._true_peak.take(chunk)
        self._powers.take(chunk)
        self._clipping.take(chunk)
        self._gaps.take(chunk)
        self._sums += chunk.sum(axis=1, dtype=np.float64)

    def result(self) -> FiguresRecord:
        """Return the figures of all that was taken."""
        rest, frames = self._chunks.rest, self._chunks.frames
        try:
            weights = channel_weights(self._channels)
            loudness = loudness_figures(self._powers.powers_with(rest), weights)
        except UsageError as error:
            loudness = no_loudness(error.reason)
        found = programme_figures(
            frames=frames,
            sample_rate_hz=self._rate_hz,
            channels=self._channels,
            loudness=loudness,
            true_peak=self._true_peak.peak_with(rest),
            sample_peak=self._chunks.sample_peak,
        )
        gaps = self._gaps.result_with(rest)
        reasons = dict(found.reasons)
        if gaps.head_s is None:
            reasons["silence_head_s"] = reasons["silence_tail_s"] = "it is silent throughout"
        sums = self._sums + rest.sum(axis=1, dtype=np.float64)
        return FiguresRecord(
            integrated_lufs=_kept(found.integrated_lufs),
            loudness_range_lu=_kept(found.loudness_range_lu),
            max_momentary_lufs=_kept(found.max_momentary_lufs),
            max_short_term_lufs=_kept(found.max_short_term_lufs),
            true_peak_dbtp=_kept(found.true_peak_dbtp),
            sample_peak_dbfs=_kept(found.sample_peak_dbfs),
            clipped_runs=self._clipping.result_with(rest).count,
            silence_head_s=gaps.head_s,
            silence_tail_s=gaps.tail_s,
            dc_offset=round(float(np.abs(sums).max()) / max(frames, 1), _DC_DIGITS),
            reasons=reasons,
        )


def _kept(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS) + 0.0
