from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mixmaster.arrays import Block, zeros
from mixmaster.dsp import filters
from mixmaster.dsp.decay import ring_out_samples
from mixmaster.dsp.sos import SosFilter

SLOPES = (6, 12, 18, 24, 36, 48)
RATES = (44_100, 48_000, 96_000, 192_000)


def level_db(sos: Block, frequency_hz: float, rate_hz: float) -> float:
    (h,) = filters.response(sos, np.array([frequency_hz]), rate_hz)
    return float(20.0 * np.log10(np.abs(h)))


def largest_error_db(
    sos: Block, model: Callable[[Block], Block], corner_hz: float, rate_hz: float
) -> float:
    """Against an analogue magnitude over the audible band, down to 40 dB under full."""
    audible = np.geomspace(5.0, min(20_000.0, 0.49 * rate_hz), 1_000)
    wanted = model(audible / corner_hz)
    heard = np.abs(filters.response(sos, audible, rate_hz))
    kept = wanted > 0.01
    return float(np.max(np.abs(20.0 * np.log10(heard[kept] / wanted[kept]))))


def bell_model(gain_db: float, q: float) -> Callable[[Block], Block]:
    a = 10.0 ** (gain_db / 40.0)
    return lambda x: np.abs((1 - x**2 + 1j * x * a / q) / (1 - x**2 + 1j * x / (a * q)))


def low_shelf_model(gain_db: float, q: float) -> Callable[[Block], Block]:
    a = 10.0 ** (gain_db / 40.0)
    y = np.sqrt(a) / q
    return lambda x: np.abs(a * (a - x**2 + 1j * x * y) / (1 - a * x**2 + 1j * x * y))


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("corner_hz", [20.0, 100.0, 1_000.0, 12_000.0])
def test_the_corner_of_a_pass_is_3_db_down(corner_hz: float, slope: int, rate_hz: int) -> None:
    half_power_db = 10.0 * np.log10(0.5)
    for sos in (
        filters.high_pass(corner_hz, slope, rate_hz),
        filters.low_pass(corner_hz, slope, rate_hz),
    ):
        assert level_db(sos, corner_hz, rate_hz) == pytest.approx(half_power_db, abs=1e-4)


@pytest.mark.parametrize("slope", SLOPES)
def test_a_pass_falls_by_its_slope_per_octave(slope: int) -> None:
    rate_hz = 192_000
    high, low = (make(1_000.0, slope, rate_hz) for make in (filters.high_pass, filters.low_pass))
    high_fall = level_db(high, 125.0, rate_hz) - level_db(high, 62.5, rate_hz)
    low_fall = level_db(low, 8_000.0, rate_hz) - level_db(low, 16_000.0, rate_hz)
    assert high_fall == pytest.approx(slope * np.log10(2) / 0.30103, rel=0.01)
    assert low_fall == pytest.approx(slope * np.log10(2) / 0.30103, rel=0.02)


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("corner_hz", [20.0, 80.0, 1_000.0, 4_000.0])
def test_a_pass_follows_butterworth(corner_hz: float, slope: int) -> None:
    order = slope // 6

    def high(x: Block) -> Block:
        return x**order / np.sqrt(1.0 + x ** (2 * order))

    sos = filters.high_pass(corner_hz, slope, 44_100)
    assert largest_error_db(sos, high, corner_hz, 44_100) < 0.1

    def low(x: Block) -> Block:
        return 1.0 / np.sqrt(1.0 + x ** (2 * order))

    sos = filters.low_pass(corner_hz, slope, 44_100)
    assert largest_error_db(sos, low, corner_hz, 44_100) < (0.4 if corner_hz < 100.0 else 2.0)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("gain_db", [-36.0, -6.0, 0.5, 6.0, 12.0, 36.0])
@pytest.mark.parametrize("q", [0.1, 0.7, 4.0, 60.0])
@pytest.mark.parametrize("centre_hz", [5.0, 100.0, 12_000.0, 21_900.0])
def test_a_bell_is_exact_at_its_centre_and_at_dc(
    centre_hz: float, q: float, gain_db: float, rate_hz: int
) -> None:
    sos = filters.bell(centre_hz, gain_db, q, rate_hz)
    # Direct-form coefficients near 2 carry 1e-16 each; at 5 Hz and 192 kHz that is 1e-3 dB.
    assert level_db(sos, centre_hz, rate_hz) == pytest.approx(gain_db, abs=0.05)
    assert level_db(sos, 0.0, rate_hz) == pytest.approx(0.0, abs=1e-3)
    poles, zeros_ = np.roots(sos[0, 3:]), np.roots(sos[0, :3])
    assert np.abs(poles).max() < 1.0
    assert np.abs(zeros_).max() < 1.0


def test_a_bell_near_nyquist_is_not_cramped() -> None:
    """12 kHz, +6 dB, q 1 at 44.1 kHz; the bilinear transform would be 2.2 dB out at 18 kHz."""
    model = bell_model(6.0, 1.0)
    sos = filters.bell(12_000.0, 6.0, 1.0, 44_100)
    assert largest_error_db(sos, model, 12_000.0, 44_100) < 0.6
    cos, alpha, a = np.cos(np.pi * 240 / 441), np.sin(np.pi * 240 / 441) / 2.0, 10.0**0.15
    cookbook = np.array(
        [[1 + alpha * a, -2 * cos, 1 - alpha * a, 1 + alpha / a, -2 * cos, 1 - alpha / a]]
    )
    assert largest_error_db(cookbook, model, 12_000.0, 44_100) > 2.0


@pytest.mark.parametrize(
    ("centre_hz", "most_db"), [(60.0, 0.001), (1_000.0, 0.02), (5_000.0, 0.3), (16_000.0, 0.5)]
)
def test_a_bell_follows_its_model(centre_hz: float, most_db: float) -> None:
    for gain_db in (-6.0, 3.0, 6.0):
        sos = filters.bell(centre_hz, gain_db, 1.0, 44_100)
        assert largest_error_db(sos, bell_model(gain_db, 1.0), centre_hz, 44_100) < most_db


@pytest.mark.parametrize(
    ("corner_hz", "most_db"), [(60.0, 0.001), (1_000.0, 0.01), (8_000.0, 0.2), (16_000.0, 0.5)]
)
@pytest.mark.parametrize("gain_db", [-12.0, -3.0, 3.0, 12.0])
def test_a_shelf_follows_its_model(corner_hz: float, most_db: float, gain_db: float) -> None:
    q = np.sqrt(0.5)
    low = low_shelf_model(gain_db, q)
    sos = filters.low_shelf(corner_hz, gain_db, q, 44_100)
    assert largest_error_db(sos, low, corner_hz, 44_100) < most_db
    assert level_db(sos, 0.0, 44_100) == pytest.approx(gain_db, abs=1e-3)
    # A high shelf is the low shelf of the opposite gain, lifted by its gain.
    sos = filters.high_shelf(corner_hz, gain_db, q, 44_100)
    opposite, gain = low_shelf_model(-gain_db, q), 10.0 ** (gain_db / 20.0)
    assert largest_error_db(sos, lambda x: gain * opposite(x), corner_hz, 44_100) < most_db
    assert level_db(sos, corner_hz, 44_100) == pytest.approx(gain_db / 2.0, abs=0.1)


@pytest.mark.parametrize("make", [filters.bell, filters.low_shelf, filters.high_shelf])
@pytest.mark.parametrize("gain_db", [0.5, 6.0, 24.0])
def test_a_cut_undoes_the_lift_of_as_many_db(make: Callable[..., Block], gain_db: float) -> None:
    noise = np.random.default_rng(1).standard_normal((1, 8_192))
    for frequency_hz in (50.0, 3_000.0, 15_000.0):
        lifted = SosFilter(make(frequency_hz, gain_db, 0.7, 48_000), 1).process(noise)
        back = SosFilter(make(frequency_hz, -gain_db, 0.7, 48_000), 1).process(lifted)
        assert np.max(np.abs(back - noise)) < 1e-8


@pytest.mark.parametrize("gain_db", [-6.0, 1.0, 6.0])
@pytest.mark.parametrize("pivot_hz", [200.0, 1_000.0, 5_000.0])
def test_a_tilt_turns_about_its_pivot(pivot_hz: float, gain_db: float) -> None:
    g = 10.0 ** (gain_db / 20.0)
    sos = filters.tilt(pivot_hz, gain_db, 44_100)
    assert level_db(sos, 0.0, 44_100) == pytest.approx(-gain_db, abs=1e-6)
    assert level_db(sos, pivot_hz, 44_100) == pytest.approx(0.0, abs=1e-6)
    model = np.abs((1 + 1j * g * 22_050.0 / pivot_hz) / (g + 1j * 22_050.0 / pivot_hz))
    assert level_db(sos, 22_050.0, 44_100) == pytest.approx(20.0 * np.log10(model), abs=1e-6)


def test_notch_band_pass_and_all_pass_do_what_they_are_named_for() -> None:
    for frequency_hz in (50.0, 1_000.0, 15_000.0):
        for q in (0.5, 2.0, 30.0):
            stop = filters.notch(frequency_hz, q, 48_000)
            assert level_db(stop, frequency_hz, 48_000) < -150.0
            assert level_db(stop, 0.0, 48_000) == pytest.approx(0.0, abs=1e-6)
            assert level_db(stop, 24_000.0, 48_000) == pytest.approx(0.0, abs=1e-6)
            keep = filters.band_pass(frequency_hz, q, 48_000)
            assert level_db(keep, frequency_hz, 48_000) == pytest.approx(0.0, abs=1e-3)
            around = np.geomspace(10.0, 23_900.0, 2_000)
            assert np.abs(filters.response(keep, around, 48_000)).max() <= 1.0 + 1e-6
            turn = filters.response(filters.all_pass(frequency_hz, q, 48_000), around, 48_000)
            assert np.max(np.abs(np.abs(turn) - 1.0)) < 1e-9
            (centre,) = filters.response(
                filters.all_pass(frequency_hz, q, 48_000), np.array([frequency_hz]), 48_000
            )
            assert centre.real == pytest.approx(-1.0, abs=1e-6)


def test_the_width_of_a_band_pass_is_its_frequency_over_q() -> None:
    """The two -3.01 dB points lie f0/Q apart and f0 is their geometric mean."""
    f0, q = 1_000.0, 5.0
    half = f0 / (2.0 * q)
    upper = half + np.hypot(half, f0)
    sos = filters.band_pass(f0, q, 48_000)
    for edge_hz in (upper, f0 * f0 / upper):
        assert level_db(sos, edge_hz, 48_000) == pytest.approx(-3.0103, abs=0.01)


@pytest.mark.parametrize("corner_hz", [20.0, 120.0, 1_000.0])
def test_the_high_half_of_a_linkwitz_riley_is_in_phase_with_its_all_pass(corner_hz: float) -> None:
    high = filters.linkwitz_riley_high(corner_hz, 44_100)
    turn = filters.all_pass(corner_hz, filters.BUTTERWORTH_Q, 44_100)
    assert level_db(high, corner_hz, 44_100) == pytest.approx(-6.0206, abs=1e-3)
    around = np.geomspace(corner_hz / 8.0, 20_000.0, 500)
    ratio = filters.response(high, around, 44_100) / filters.response(turn, around, 44_100)
    assert np.max(np.abs(ratio.imag)) < 1e-6
    assert np.min(ratio.real) > 0.0
    assert np.max(ratio.real) < 1.0 + 1e-9


def test_butterworth_qs_are_those_of_the_tables() -> None:
    assert filters.butterworth_qs(1) == []
    assert filters.butterworth_qs(2) == pytest.approx([0.7071], abs=1e-4)
    assert filters.butterworth_qs(3) == pytest.approx([1.0])
    assert filters.butterworth_qs(4) == pytest.approx([0.5412, 1.3066], abs=1e-4)
    assert filters.butterworth_qs(6) == pytest.approx([0.5176, 0.7071, 1.9319], abs=1e-4)


@pytest.mark.parametrize("slope", [6, 24])
def test_a_filter_has_rung_out_when_it_says_so_and_not_much_earlier(slope: int) -> None:
    sos = filters.high_pass(30.0, slope, 48_000)
    declared = ring_out_samples(sos)
    filtered = SosFilter(sos, 1)
    for level in (1.0, -1.0, 1.0):
        filtered.process(np.full((1, 65_536), level))
    tail = np.abs(filtered.process(zeros(1, 4 * declared)))[0]
    last = int(np.flatnonzero(tail >= 1e-6)[-1])
    assert last < declared <= 2 * last + 4_096


def test_an_fir_section_rings_for_its_taps_alone() -> None:
    assert ring_out_samples(np.array([[1.0, 0.5, 0.25, 1.0, 0.0, 0.0]])) == 2
