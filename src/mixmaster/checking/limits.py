"""What a master must keep to, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from mixmaster.results import Result

METER_TOLERANCE_LU = 0.1
"""EBU Tech 3341's tolerance: a master within it of a loudness is not louder."""


def ceiling_for(
    true_peak_dbtp: float | None,
    integrated_lufs: float | None,
    *,
    louder_than_lufs: float | None,
    louder_true_peak_dbtp: float | None,
) -> float | None:
    """Return the ceiling for a master of a loudness; None where there is none.

    Args:
        true_peak_dbtp: The ceiling of all masters.
        integrated_lufs: The master's loudness; None if it has none.
        louder_than_lufs: Masters louder than this ...
        louder_true_peak_dbtp: ... have this ceiling, if it is the lower one.
    """
    rules = (true_peak_dbtp, integrated_lufs, louder_than_lufs, louder_true_peak_dbtp)
    ceiling, lufs, than_lufs, lower = rules
    if ceiling is None or lufs is None or than_lufs is None or lower is None:
        return ceiling
    return min(ceiling, lower) if lufs > than_lufs + METER_TOLERANCE_LU else ceiling


@dataclass(frozen=True, slots=True)
class Limits(Result):
    """What a place accepts; None or empty where it does not mind.

    Attributes:
        name: What the place is called.
        integrated_lufs: Its loudness.
        tolerance_lu: How far from it a master may be.
        true_peak_dbtp: The ceiling.
        louder_than_lufs: Masters louder than this ...
        louder_true_peak_dbtp: ... have this ceiling.
        max_short_term_lufs: The loudest 3 s.
        max_loudness_range_lu: The widest loudness range.
        container: ``wav``, ``flac`` or ``aiff``.
        bit_depth: 16, 24, or 32 for float.
        sample_rate_hz: The rate, if only one is accepted.
        plain_wav: Whether a WAV file must be plain: format tag 1 and nothing behind the samples.
    """

    name: str
    integrated_lufs: float | None = None
    tolerance_lu: float = 0.5
    true_peak_dbtp: float | None = None
    louder_than_lufs: float | None = None
    louder_true_peak_dbtp: float | None = None
    max_short_term_lufs: float | None = None
    max_loudness_range_lu: float | None = None
    container: str | None = None
    bit_depth: int | None = None
    sample_rate_hz: int | None = None
    plain_wav: bool = False

    def ceiling_dbtp(self, integrated_lufs: float | None) -> float | None:
        """Return the ceiling for a master of this loudness; None where there is none."""
        return ceiling_for(
            self.true_peak_dbtp,
            integrated_lufs,
            louder_than_lufs=self.louder_than_lufs,
            louder_true_peak_dbtp=self.louder_true_peak_dbtp,
        )
