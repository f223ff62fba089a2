"""Fades: their curves by closed form, and what a crossfade leaves alone."""

from __future__ import annotations

import numpy as np
import pytest

from mixmaster.dsp.fades import EQUAL_GAIN, SHAPES, Shape, blend, progress, weight

N = 480
SHARE = (np.arange(N) + 0.5) / N


def test_linear_is_even_in_amplitude() -> None:
    assert np.array_equal(weight(SHARE, "linear"), SHARE)


def test_equal_power_is_3_db_down_in_its_middle_and_its_powers_sum_to_one() -> None:
    assert 20.0 * np.log10(weight(np.array([0.5]), "equal_power"))[0] == pytest.approx(
        -3.0103, abs=1e-4
    )
    total = weight(SHARE, "equal_power") ** 2 + weight(1.0 - SHARE, "equal_power") ** 2
    assert np.abs(total - 1.0).max() < 1e-15


def test_an_s_curve_is_a_raised_cosine() -> None:
    expected = np.sin(0.5 * np.pi * SHARE) ** 2
    assert np.abs(weight(SHARE, "s_curve") - expected).max() < 1e-15


def test_exponential_is_even_in_decibels_over_60() -> None:
    # g = (10^(3p) - 1) / (10^3 - 1): shifted so that it reaches zero; even in dB where it is loud.
    points = weight(np.array([0.0, 0.5, 0.8, 0.9, 1.0]), "exponential")
    assert points == pytest.approx((10.0 ** np.array([0.0, 1.5, 2.4, 2.7, 3.0]) - 1.0) / 999.0)
    steps = np.diff(20.0 * np.log10(weight(np.linspace(0.7, 1.0, 7), "exponential")))
    assert steps == pytest.approx(np.full(6, 3.0), abs=0.06)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_rises_from_silence_to_all_of_it(shape: Shape) -> None:
    ends = weight(np.array([0.0, 1.0]), shape)
    assert ends == pytest.approx([0.0, 1.0], abs=1e-15)
    assert np.all(np.diff(weight(SHARE, shape)) > 0.0)


@pytest.mark.parametrize("shape", sorted(EQUAL_GAIN))
def test_what_is_the_same_on_both_sides_is_left_bit_for_bit(shape: Shape) -> None:
    sound = np.random.default_rng(1).standard_normal((2, N))
    assert np.array_equal(blend(sound, sound.copy(), SHARE, shape), sound)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_fade_out_mirrors_a_fade_in(shape: Shape) -> None:
    one, none = np.ones((1, N)), np.zeros((1, N))
    coming, going = blend(none, one, SHARE, shape), blend(one, none, SHARE, shape)
    assert np.abs(coming[:, ::-1] - going).max() < 1e-14


def test_progress_counts_the_middles_of_frames() -> None:
    assert np.array_equal(progress(0, N, N), SHARE)
    assert np.array_equal(progress(100, 200, N), SHARE[100:200])
