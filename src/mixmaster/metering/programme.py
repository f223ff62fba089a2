"""Everything that `measure` prints, in one pass over a signal."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import Block
from mixmaster.errors import SignalError, UsageError
from mixmaster.metering.loudness import LoudnessMeter
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
        self.where = where
        self._frames = 0
        self._sample_peak = 0.0
        self._no_loudness = ""
        self._loudness: LoudnessMeter | None = None
        try:
            self._loudness = LoudnessMeter(sample_rate_hz, channels, dual_mono=dual_mono)
        except UsageError as error:
            self._no_loudness = error.reason
        self._true_peak = TruePeakMeter(channels)

    def update(self, block: Block, pool: Executor | None = None) -> None:
        """Take the next block.

        Args:
            block: ``(channels, frames)``, of any length.
            pool: Threads to share the work with; the figures are the same without.

        Raises:
            SignalError: For NaN or infinity; the meter is not to be used after that.
        """
        if not block.shape[1]:
            return
        peak = float(np.abs(block).max())
        if not np.isfinite(peak):
            bad = int(np.argmin(np.isfinite(block).all(axis=0)))
            time_s = (self._frames + bad) / self.sample_rate_hz
            raise SignalError(self.where, "not a finite number", time_s)
        self._sample_peak = max(self._sample_peak, peak)
        self._frames += block.shape[1]
        waiting = pool.submit(self._true_peak.update, block) if pool else None
        if self._loudness:
            self._loudness.update(block)
        if waiting:
            waiting.result()
        else:
            self._true_peak.update(block)

    def result(self) -> ProgrammeFigures:
        """Return the figures so far; measuring may go on afterwards."""
        loudness = self._loudness.result() if self._loudness else None
        reasons = dict(loudness.reasons) if loudness else {}
        if not loudness:
            for name in (
                "integrated_lufs",
                "loudness_range_lu",
                "max_momentary_lufs",
                "max_short_term_lufs",
            ):
                reasons[name] = self._no_loudness
        silent = self._sample_peak == 0.0
        if silent:
            reasons["true_peak_dbtp"] = reasons["sample_peak_dbfs"] = "digital silence"
        return ProgrammeFigures(
            duration_s=self._frames / self.sample_rate_hz,
            sample_rate_hz=self.sample_rate_hz,
            channels=self.channels,
            integrated_lufs=loudness.integrated_lufs if loudness else None,
            loudness_range_lu=loudness.loudness_range_lu if loudness else None,
            max_momentary_lufs=loudness.max_momentary_lufs if loudness else None,
            max_short_term_lufs=loudness.max_short_term_lufs if loudness else None,
            true_peak_dbtp=None if silent else self._true_peak.result(),
            sample_peak_dbfs=None if silent else gain_to_db(self._sample_peak),
            reasons=reasons,
        )
