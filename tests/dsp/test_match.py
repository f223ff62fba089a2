"""Matching curves: smooth, bounded, level at the ends, and right where bounds allow it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from mixmaster.arrays import Block
from mixmaster.dsp import match

DENSE_HZ = np.geomspace(10.0, 22_000.0, 4_001)
MIDS_HZ = 1_000.0 * 10.0 ** (np.arange(-14, 13) / 10.0)  # IEC 61260-1, base ten
PARTS_HZ = np.sqrt(match.part_edges_hz()[1:] * match.part_edges_hz()[:-1])
STILL = np.zeros(27)


def thirds_db(parts: Block) -> Block:
    return np.asarray(10.0 * np.log10(parts.reshape(27, -1).sum(axis=1)))


def through(parts: Block, coefficients_db: Block) -> Block:
    return np.asarray(parts * 10.0 ** (match.curve_db(coefficients_db, PARTS_HZ) / 10.0))


def lumpy(seed: int) -> match.Spectrum:
    """Lines here and there over noise, as music has them, and a narrower side."""
    rng = np.random.default_rng(seed)
    mid, side = 10.0 ** rng.uniform(-3.0, 0.0, (2, PARTS_HZ.size))
    return match.Spectrum(mid, 0.1 * side)


def test_bands_are_the_27_third_octaves_from_40_hz_to_16_khz() -> None:
    assert np.allclose(match.BANDS_HZ, MIDS_HZ, rtol=1e-12)


def test_the_basis_adds_up_to_one_and_is_nowhere_negative() -> None:
    weights = match.spline_weights(DENSE_HZ)
    assert np.allclose(weights.sum(axis=1), 1.0, atol=1e-12)
    assert weights.min() >= 0.0


def test_a_curve_is_level_beyond_40_hz_and_16_khz() -> None:
    coefficients = np.random.default_rng(1).uniform(-6.0, 6.0, 27)
    low = match.curve_db(coefficients, np.array([0.0, 5.0, 20.0, 39.0, MIDS_HZ[0]]))
    high = match.curve_db(coefficients, np.array([MIDS_HZ[-1], 17e3, 20e3, 96e3]))
    assert np.ptp(low) < 1e-9
    assert np.ptp(high) < 1e-9


def test_a_curve_has_no_corner_and_nothing_finer_than_a_third_octave() -> None:
    """Each function is four knots wide; second differences shrink as h^2: no jump of slope."""
    one = np.zeros(27)
    one[13] = 1.0
    reach = DENSE_HZ[match.curve_db(one, DENSE_HZ) > 0.0]
    assert np.log2(reach[-1] / reach[0]) > 1.3  # octaves: four thirds, less the grid's steps
    bends = []
    for points in (2_000, 4_000):
        hz = np.geomspace(30.0, 20_000.0, points)
        bends.append(np.abs(np.diff(match.curve_db(one, hz), 2)).max())
    assert bends[0] / bends[1] == pytest.approx(4.0, rel=0.02)  # a corner would give 2


@settings(deadline=None, max_examples=12)
@given(
    st.integers(0, 1_000),
    st.floats(0.5, 12.0),
    st.floats(0.0, 30.0),
    st.floats(0.0, 20.0),
)
def test_neither_mid_nor_side_is_moved_further_than_allowed(
    seed: int, most_db: float, tone_db: float, width_db: float
) -> None:
    rng = np.random.default_rng(seed)
    spectrum = lumpy(seed)
    tone = thirds_db(spectrum.mid) + tone_db * rng.uniform(-1.0, 1.0, 27)
    width = width_db * rng.uniform(-1.0, 1.0, 27)
    curves = match.solve(spectrum, match.Aim(tone, width, most_db))
    for coefficients in (curves.mid_db, curves.side_db):
        assert np.abs(match.curve_db(coefficients, DENSE_HZ)).max() <= most_db + 1e-6


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_curve_that_is_there_is_found(seed: int) -> None:
    spectrum = lumpy(seed)
    assert spectrum.side is not None
    true = np.random.default_rng(seed).uniform(-3.0, 3.0, 27)
    wanted = thirds_db(through(spectrum.mid + spectrum.side, true))
    curves = match.solve(spectrum, match.Aim(wanted - 20.0, STILL, 6.0))
    found = thirds_db(through(spectrum.mid + spectrum.side, curves.mid_db))
    off = found - wanted
    assert np.abs(off - off.mean()).max() < 0.1
    assert np.array_equal(curves.mid_db, curves.side_db)


def test_tone_is_right_after_the_width_has_moved() -> None:
    spectrum = lumpy(4)
    assert spectrum.side is not None
    wanted = thirds_db(spectrum.mid + spectrum.side)
    curves = match.solve(spectrum, match.Aim(wanted, np.full(27, 3.0), 6.0))
    apart = match.curve_db(curves.side_db - curves.mid_db, DENSE_HZ)
    assert np.allclose(apart, 3.0, atol=0.05)
    out = through(spectrum.mid, curves.mid_db) + through(spectrum.side, curves.side_db)
    off = thirds_db(out) - wanted
    assert np.abs(off - off.mean()).max() < 0.1


def test_the_width_gets_what_tone_leaves_of_the_bound() -> None:
    spectrum = lumpy(5)
    tone = thirds_db(spectrum.mid) + np.where(np.arange(27) < 13, 20.0, -20.0)
    alone = match.solve(match.Spectrum(spectrum.mid, None), match.Aim(tone, STILL, 6.0))
    both = match.solve(spectrum, match.Aim(tone, np.full(27, 6.0), 6.0))
    far = np.abs(np.arange(27) - 12.5) > 4.0  # away from the step, where both stand at the bound
    assert np.allclose(both.mid_db[far], alone.mid_db[far], atol=0.2)
    assert np.abs(alone.mid_db[far]).min() > 5.5


def test_bands_that_are_not_asked_about_stay_level() -> None:
    spectrum = lumpy(6)
    assert spectrum.side is not None
    wanted = thirds_db(spectrum.mid + spectrum.side) + np.linspace(-3.0, 3.0, 27)
    wanted[18:] = np.nan
    curve = match.solve(spectrum, match.Aim(wanted, STILL, 6.0)).mid_db
    assert np.ptp(curve[19:]) < 0.3
    assert curve[15] - curve[3] == pytest.approx(12 * 6.0 / 26, abs=0.1)


def test_nothing_asked_or_nothing_allowed_moves_nothing() -> None:
    spectrum = lumpy(7)
    assert spectrum.side is not None
    now = thirds_db(spectrum.mid + spectrum.side)
    for aim in (
        match.Aim(now, STILL, 6.0),
        match.Aim(np.full(27, np.nan), STILL, 6.0),
        match.Aim(now + np.linspace(0.0, 9.0, 27), STILL, 0.0),
    ):
        curves = match.solve(spectrum, aim)
        assert np.abs(curves.mid_db).max() < 1e-6
        assert np.abs(curves.side_db).max() < 1e-6


def test_silent_bands_do_no_harm() -> None:
    mid = lumpy(8).mid.copy()
    mid[-40:] = 0.0
    aim = match.Aim(np.linspace(0.0, 5.0, 27), STILL, 6.0)
    assert np.isfinite(match.solve(match.Spectrum(mid, None), aim).mid_db).all()


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_walls_that_are_a_box_give_what_a_box_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, right = rng.standard_normal((40, 9)), 3.0 * rng.standard_normal(40)
    walls = np.concatenate((np.eye(9), -np.eye(9)))
    found = match._least_squares(matrix, right, walls, np.full(18, -0.1))
    box = lsq_linear(matrix, right, (-0.1, 0.1), method="bvls").x
    assert np.allclose(found, box, atol=1e-8)
    assert np.isclose(np.abs(box), 0.1).sum() >= 3  # else the walls would not be tested
