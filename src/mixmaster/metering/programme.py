"""Everything that `measure` prints, in one pass over a signal."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import dataclass, fields

from mixmaster.arrays import Block, Block32
from mixmaster.errors import UsageError
from mixmaster.metering.chunks import Chunks
from mixmaster.metering.loudness import (
    BlockPowers,
    LoudnessFigures,
    channel_weights,
    loudness_figures,
)
from mixmaster.metering.true_peak import TruePeakMeter
from mixmaster.results import Result
from mixmaster.units import gain_to_db


@dataclass(frozen=True, slots=True)
class ProgrammeFigures(Result):
    """The figures of a signal; one that does not exist is None, and ``reasons`` says why."""

    duration_s: float
    sample_rate_hz: int
    channels: int
    integrated_lufs: float | None
    loudness_range_lu: float | None
    max_momentary_lufs: float | None
    max_short_term_lufs: float | None
    true_peak_dbtp: float | None
    sample_peak_dbfs: float | None
    reasons: dict[str, str]


class ProgrammeMeter:
    """Loudness, loudness range, true peak and sample peak of a signal, in one pass.

    Args:
        sample_rate_hz: From 8,000 to 768,000.
        channels: Any number; those without channel weights have no loudness, and a reason.
        dual_mono: Count a mono signal twice: 3.01 LU more.
        where: What is measured, for errors.

    Raises:
        UsageError: For a rate outside that range.
    """

    def __init__(
        self, sample_rate_hz: int, channels: int, *, dual_mono: bool = False, where: str = ""
    ) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self._chunks = Chunks(sample_rate_hz, channels, where)
        self._true_peak = TruePeakMeter(sample_rate_hz, channels)
        self._powers = BlockPowers(sample_rate_hz, channels)
        self._pending: Future[None] | None = None
        self._weights: Block | None = None
        self._no_loudness = ""
        try:
            self._weights = channel_weights(channels, dual_mono=dual_mono)
        except UsageError as error:
            self._no_loudness = error.reason

    def update(self, block: Block, pool: Executor | None = None) -> None:
        """Take the next block.

        Args:
            block: ``(channels, frames)``, of any length.
            pool: A thread to share the work with, which may go on after this returns; the
                figures are the same without.

        Raises:
            SignalError: For NaN, infinity, or a sample over +300 dBFS; the meter is not to be
                used after that.
        """
        for chunk in self._chunks.add(block):
            self._settle()
            if pool:
                self._pending = pool.submit(self._true_peak.take, chunk)
            else:
                self._true_peak.take(chunk)
            if self._weights is not None:
                self._powers.take(chunk)

    def _settle(self) -> None:
        """Wait for what the other thread still does: a chunk lives no longer than the next."""
        if self._pending:
            self._pending.result()
            self._pending = None

    def result(self) -> ProgrammeFigures:
        """Return the figures so far; measuring may go on afterwards."""
        self._settle()
        rest = self._chunks.rest
        return programme_figures(
            frames=self._chunks.frames,
            sample_rate_hz=self.sample_rate_hz,
            channels=self.channels,
            loudness=self._loudness(rest),
            true_peak=self._true_peak.peak_with(rest),
            sample_peak=self._chunks.sample_peak,
        )

    def slice_powers(self) -> Block:
        """Return the K-weighted power so far of each channel in slices of 10 ms.

        Shape ``(channels, slices)``, see ``BlockPowers``; zeros where the layout is unknown.
        """
        self._settle()
        return self._powers.powers_with(self._chunks.rest)

    def _loudness(self, rest: Block32) -> LoudnessFigures:
        if self._weights is None:
            return no_loudness(self._no_loudness)
        return loudness_figures(self._powers.powers_with(rest), self._weights)


def programme_figures(
    *,
    frames: int,
    sample_rate_hz: int,
    channels: int,
    loudness: LoudnessFigures,
    true_peak: float,
    sample_peak: float,
) -> ProgrammeFigures:
    """Return the figures of a signal whose loudness and peaks, as magnitudes, are known."""
    reasons = dict(loudness.reasons)
    if true_peak == 0.0:
        silent = "digital silence" if frames else "no audio"
        reasons["true_peak_dbtp"] = reasons["sample_peak_dbfs"] = silent
    return ProgrammeFigures(
        duration_s=frames / sample_rate_hz,
        sample_rate_hz=sample_rate_hz,
        channels=channels,
        integrated_lufs=loudness.integrated_lufs,
        loudness_range_lu=loudness.loudness_range_lu,
        max_momentary_lufs=loudness.max_momentary_lufs,
        max_short_term_lufs=loudness.max_short_term_lufs,
        true_peak_dbtp=gain_to_db(true_peak) if true_peak > 0.0 else None,
        sample_peak_dbfs=gain_to_db(sample_peak) if true_peak > 0.0 else None,
        reasons=reasons,
    )


def no_loudness(reason: str) -> LoudnessFigures:
    """Return the loudness figures of a signal that has none, for one reason."""
    names = (field.name for field in fields(LoudnessFigures) if field.name != "reasons")
    return LoudnessFigures(None, None, None, None, dict.fromkeys(names, reason))
