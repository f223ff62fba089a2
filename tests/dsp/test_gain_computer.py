"""The compressor's static curve against its closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.dsp.gain_computer import (
    DB_PER_OCTAVE,
    CompressionCurve,
    compression_octaves,
)

RANGE_DB = 200.0


def reduction_db(curve: CompressionCurve, level_db: float) -> float:
    level = np.array([10.0 ** (level_db / 20.0)])
    return float(curve.unscaled(level)[0]) * curve.slope * DB_PER_OCTAVE


@pytest.mark.parametrize(
    ("threshold_db", "ratio", "level_db", "expected_db"),
    [
        (-20.0, 4.0, 0.0, 15.0),  # 20 dB over come out as 5
        (-20.0, 4.0, -8.0, 9.0),
        (-20.0, 2.0, -10.0, 5.0),
        (-20.0, 1.5, -5.0, 5.0),
        (-20.0, 1000.0, 0.0, 19.98),
        (-20.0, 4.0, -20.0, 0.0),
        (-20.0, 4.0, -60.0, 0.0),
        (-20.0, 4.0, 200.0, 165.0),
        (-20.0, 1.0, 0.0, 0.0),
        (6.0, 3.0, 12.0, 4.0),
    ],
)
def test_a_hard_knee_follows_the_ratio(
    threshold_db: float, ratio: float, level_db: float, expected_db: float
) -> None:
    curve = CompressionCurve(threshold_db=threshold_db, ratio=ratio, knee_db=0.0, range_db=RANGE_DB)

    assert reduction_db(curve, level_db) == pytest.approx(expected_db, abs=1e-9)


@pytest.mark.parametrize(
    ("over_db", "expected_db"),
    # Slope 3/4, knee 12 dB: (3/4)(over + 6)^2 / 24 inside it.
    [(-6.0, 0.0), (-3.0, 9 / 32), (0.0, 9 / 8), (3.0, 81 / 32), (6.0, 4.5), (18.0, 13.5)],
)
def test_a_soft_knee_is_a_parabola(over_db: float, expected_db: float) -> None:
    curve = CompressionCurve(threshold_db=-30.0, ratio=4.0, knee_db=12.0, range_db=RANGE_DB)

    assert reduction_db(curve, -30.0 + over_db) == pytest.approx(expected_db, abs=1e-9)


@pytest.mark.parametrize("edge_db", [-36.0, -24.0])
def test_the_knee_meets_both_lines_without_a_step_or_a_corner(edge_db: float) -> None:
    curve = CompressionCurve(threshold_db=-30.0, ratio=4.0, knee_db=12.0, range_db=RANGE_DB)
    step_db = 1e-4
    below, at, above = (reduction_db(curve, edge_db + d) for d in (-step_db, 0.0, step_db))

    # The curvature is at most slope/knee = 1/16 per dB.
    assert abs(above - below) <= 2.0 * step_db
    assert abs((above - at) - (at - below)) <= step_db**2 / 16.0 + 1e-12


def test_below_the_knee_the_reduction_is_exactly_zero() -> None:
    for threshold_db in (-37.3, -18.0, 5.9):
        curve = CompressionCurve(
            threshold_db=threshold_db, ratio=3.0, knee_db=5.0, range_db=RANGE_DB
        )
        levels = np.array([0.0, curve.onset_gain * 0.5, curve.onset_gain])
        assert np.array_equal(curve.unscaled(levels), np.zeros(3))
        squared = np.array([0.0, curve.onset_gain**2 * 0.5, curve.onset_gain**2])
        assert np.array_equal(curve.unscaled(squared, squared=True), np.zeros(3))


def test_the_range_is_the_most_it_takes() -> None:
    curve = CompressionCurve(threshold_db=-40.0, ratio=4.0, knee_db=6.0, range_db=5.0)

    assert reduction_db(curve, 0.0) == pytest.approx(5.0, abs=1e-9)
    assert curve.largest_reduction_db(0.0) == pytest.approx(5.0)


@settings(deadline=None, max_examples=50)
@given(
    st.floats(-60.0, 10.0), st.floats(1.01, 1000.0), st.floats(0.0, 30.0), st.floats(-120.0, 60.0)
)
def test_powers_read_as_amplitudes_do(
    threshold_db: float, ratio: float, knee_db: float, level_db: float
) -> None:
    curve = CompressionCurve(
        threshold_db=threshold_db, ratio=ratio, knee_db=knee_db, range_db=RANGE_DB
    )
    power = np.array([10.0 ** (level_db / 10.0)])

    by_power = float(curve.unscaled(power, squared=True)[0]) * curve.slope * DB_PER_OCTAVE

    assert math.isclose(by_power, reduction_db(curve, level_db), abs_tol=1e-9)


@pytest.mark.parametrize(
    ("figures", "level_db", "expected_db"),
    # Threshold, ratio, knee, range.
    [
        ((-20.0, 4.0, 0.0, 200.0), 0.0, 15.0),
        ((-20.0, 4.0, 12.0, 200.0), -17.0, 81.0 / 32.0),
        ((-20.0, 4.0, 12.0, 200.0), -20.0, 9.0 / 8.0),
        ((-20.0, 4.0, 12.0, 200.0), -26.0, 0.0),
        ((-20.0, 1.0, 6.0, 200.0), 0.0, 0.0),
        ((-20.0, 10.0, 6.0, 5.0), 0.0, 5.0),
        ((-20.0, 10.0, 6.0, 0.0), 0.0, 0.0),
    ],
)
@pytest.mark.parametrize("squared", [False, True])
def test_a_curve_that_moves_reads_the_same_table(
    figures: tuple[float, float, float, float], level_db: float, expected_db: float, squared: bool
) -> None:
    levels = np.array([0.0, 10.0 ** (level_db / (10.0 if squared else 20.0))])
    threshold_db, ratio, knee_db, range_db = figures

    octaves = compression_octaves(
        levels,
        threshold_db=np.array([threshold_db, threshold_db]),
        ratio=np.array([1.0, ratio]),
        knee_db=knee_db,
        range_db=np.array([9.0, range_db]),
        squared=squared,
    )

    assert octaves[0] == 0.0
    assert octaves[1] * DB_PER_OCTAVE == pytest.approx(expected_db, abs=1e-9)
