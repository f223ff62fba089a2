"""Clipped runs: found where they were planted, and nowhere else."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metering.programme_signals import fed, noise, quantised

from mixmaster.metering.chunks import CHUNK_FRAMES
from mixmaster.metering.clipping import ClippingMeter, Run

RATE = 48_000
PROGRAMME = noise(4.0, RATE, channels=2)


def runs(signal: np.ndarray, rate: int = RATE) -> list[Run]:
    figures = fed(ClippingMeter(rate, signal.shape[0]), signal)
    assert figures.count == len(figures.runs)
    return sorted(figures.runs, key=lambda run: run.start)


def planted(level: float, places: list[int], frames: int = 6) -> np.ndarray:
    """The programme with flat tops: a hump of 40 frames that is cut off at ``level``."""
    out = PROGRAMME * 0.9 * level / np.abs(PROGRAMME).max()
    across = np.abs(np.arange(40) - 19.5 + frames % 2 / 2)
    hump = level * np.where(across < frames / 2, 1.0, 0.9 * np.cos(across / 20 * np.pi / 2))
    for number, place in enumerate(places):
        out[number % 2, place : place + 40] = hump * (-1) ** number
    return np.asarray(out)


@pytest.mark.parametrize("level", [1.0, 0.7, 0.1])
@pytest.mark.parametrize("bits", [16, 24])
def test_three_planted_runs_are_found_to_the_frame(level: float, bits: int) -> None:
    places = [10_000, CHUNK_FRAMES - 20, 150_001]
    signal = quantised(planted(level, places), bits, dither=bits == 16)
    found = runs(signal)
    assert [(run.start, run.frames) for run in found] == [(place + 17, 6) for place in places]
    assert [run.channel for run in found] == [0, 1, 0]
    for run in found:
        assert run.level_dbfs == pytest.approx(20 * math.log10(level), abs=0.01)


def test_a_run_over_the_edge_of_chunks_is_one() -> None:
    for place in range(CHUNK_FRAMES - 26, CHUNK_FRAMES - 12):
        signal = planted(0.9, [place, place])
        assert [(run.start, run.frames) for run in runs(signal)] == [(place + 17, 6)] * 2


def test_two_samples_at_the_top_are_no_run_three_are() -> None:
    assert not runs(planted(1.0, [20_000], frames=2))
    assert [run.frames for run in runs(planted(1.0, [20_000], frames=3))] == [3]


def test_a_clipped_sine_is_clipped_in_every_half_period() -> None:
    t = np.arange(RATE)
    signal = np.clip(1.4 * np.sin(2 * np.pi * 50.0 * t / RATE), -0.8, 0.8)[None]
    found = runs(signal)
    assert len(found) == 100
    # The arc over 0.8 of a sine of 1.4: pi - 2 asin(0.8 / 1.4) of its phase.
    arc = (math.pi - 2 * math.asin(0.8 / 1.4)) / (2 * math.pi * 50.0) * RATE
    assert {run.frames for run in found} <= {math.floor(arc), math.ceil(arc)}


def test_floating_point_over_full_scale_counts_without_flat_tops() -> None:
    t = np.arange(2_000)
    signal = 1.2 * np.sin(2 * np.pi * t / 200)[None]
    arc = (math.pi - 2 * math.asin(1 / 1.2)) / (2 * math.pi) * 200
    found = runs(signal)
    assert len(found) == 20
    assert all(abs(run.frames - arc) <= 1 for run in found)


@pytest.mark.parametrize("hz", [20.0, 31.0, 55.0, 100.0, 440.0, 997.0, 12_000.0])
@pytest.mark.parametrize("peak", [0.02, 0.3, 0.999_97])
def test_tops_of_sines_are_no_clipping(hz: float, peak: float) -> None:
    t = np.arange(2 * RATE)
    sine = peak * np.sin(2 * np.pi * hz * t / RATE + 0.3)[None]
    for signal in (
        sine,
        quantised(sine, 16),
        quantised(sine, 16, dither=True),
        quantised(sine, 24),
    ):
        assert not runs(signal)


@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0, 3.0])
def test_noise_is_not_clipped(slope: float) -> None:
    signal = noise(5.0, RATE, slope=slope, channels=2, seed=9)
    assert not runs(2 * signal * (1 - 2**-15))
    assert not runs(quantised(signal, 16))


def test_quiet_files_are_not_judged_by_their_steps() -> None:
    rng = np.random.default_rng(3)
    assert not runs(rng.integers(-1, 2, (1, 3 * RATE)) / 32_768.0)


def test_a_louder_peak_shows_that_what_was_flat_is_not_the_top() -> None:
    signal = planted(0.5, [5_000])
    assert len(runs(signal)) == 1
    signal[0, 100_000] = 0.6
    assert not runs(signal)


def test_a_file_that_begins_or_ends_clipped_is_clipped_there() -> None:
    signal = planted(0.9, [50_000])
    signal[0, :4] = 0.9
    signal[1, -5:] = -0.9
    spans = [(run.channel, run.start, run.frames) for run in runs(signal)]
    assert spans[0] == (0, 0, 4)
    assert spans[-1] == (1, signal.shape[1] - 5, 5)


def test_all_are_counted_and_the_longest_kept() -> None:
    t = np.arange(4 * RATE)
    signal = np.clip(1.4 * np.sin(2 * np.pi * 500.0 * t / RATE), -0.8, 0.8)[None]
    signal[0, 30_000:30_200] = 0.8
    figures = fed(ClippingMeter(RATE, 1, listed=10), signal)
    assert figures.count == pytest.approx(4_000, abs=5)
    assert len(figures.runs) == 20  # ten on either side of zero
    assert max(run.frames for run in figures.runs) >= 200


@settings(max_examples=10, deadline=None)
@given(st.integers(1_000, 200_000))
def test_any_cut_finds_the_same(block: int) -> None:
    signal = planted(0.8, [10_000, CHUNK_FRAMES - 20, 150_001])
    figures = fed(ClippingMeter(RATE, 2), signal, block)
    assert set(figures.runs) == set(runs(signal))
