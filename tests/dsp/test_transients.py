"""Beginnings and endings against their closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.transients import HOLD_MS, LiftCeiling, PeakHold, TransientWeights

RATE = 48_000
POOL = 8


def weights(
    signal: Block, attack_ms: float = 20.0, sustain_ms: float = 300.0
) -> tuple[Block, Block]:
    found = TransientWeights(
        attack_ms=attack_ms, sustain_ms=sustain_ms, sample_rate_hz=RATE, where="x"
    )
    assert found.pool == POOL
    beginning, ending = found.process(signal, 0)
    return beginning.reshape(-1), ending.reshape(-1)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1_000), st.integers(1, 70), st.lists(st.integers(1, 60), max_size=5))
def test_a_held_peak_is_the_largest_of_the_window(seed: int, steps: int, cuts: list[int]) -> None:
    values = np.random.default_rng(seed).uniform(0.0, 1.0, 150)
    hold = PeakHold(steps)
    ends = [end for end in np.cumsum(cuts).tolist() if end < 150]
    out = np.concatenate([hold.process(part) for part in np.split(values, ends)])
    expected = [values[max(0, n - steps + 1) : n + 1].max() for n in range(150)]
    assert np.array_equal(out, expected)


@pytest.mark.parametrize("attack_ms", [10.0, 20.0, 60.0])
@pytest.mark.parametrize("level", [1.0, 0.01])
def test_a_step_begins_as_two_exponentials_say(attack_ms: float, level: float) -> None:
    signal = np.zeros((1, 8 * GRID_FRAMES))
    signal[:, GRID_FRAMES:] = level
    beginning, ending = weights(signal, attack_ms)
    time_ms = np.arange(1, 6 * GRID_FRAMES // POOL) * POOL / RATE * 1e3
    slow, quick = 1.0 - np.exp(-time_ms / attack_ms), 1.0 - np.exp(-time_ms)
    got = beginning[GRID_FRAMES // POOL :][: time_ms.shape[0]]
    np.testing.assert_allclose(got, 1.0 - (level * slow + 1e-5) / (level * quick + 1e-5), atol=1e-4)
    assert not beginning[: GRID_FRAMES // POOL].any()
    assert ending[-1] == 0.0


@pytest.mark.parametrize("sustain_ms", [150.0, 300.0])
def test_an_end_dies_away_as_two_exponentials_say(sustain_ms: float) -> None:
    """A tone that stops: 40 ms against the sustain, from when the hold lets go."""
    signal = np.zeros((1, 12 * GRID_FRAMES))
    signal[:, : 6 * GRID_FRAMES] = 1.0
    beginning, ending = weights(signal, sustain_ms=sustain_ms)
    start = 6 * GRID_FRAMES // POOL + math.ceil(HOLD_MS * RATE / 1e3 / POOL) - 1
    time_ms = np.arange(1, 2_000) * POOL / RATE * 1e3
    # Behind the quick attack of 1 ms, which follows each fall e^(-t/T) 1 ms later.
    inside = slice(60, 1_000)
    expected = 1.0 - np.exp(-(time_ms - 1.0) / 40.0 + (time_ms - 1.0) / sustain_ms)
    got = ending[start : start + time_ms.shape[0]]
    np.testing.assert_allclose(got[inside], expected[inside], atol=0.01)
    assert not beginning[start:].any()


@pytest.mark.parametrize("frequency_hz", [40.0, 110.0, 1_000.0])
def test_a_steady_tone_neither_begins_nor_ends(frequency_hz: float) -> None:
    tone = 0.3 * np.sin(2.0 * np.pi * frequency_hz / RATE * np.arange(24 * GRID_FRAMES))[None]
    beginning, ending = weights(tone)
    assert beginning[-4_000:].max() < 1e-3
    assert ending[-4_000:].max() < 1e-3


def test_the_level_does_not_matter() -> None:
    random = np.random.default_rng(3)
    n = np.arange(20 * GRID_FRAMES)
    signal = random.standard_normal((1, n.shape[0])) * np.exp(-(n % 12_000) / 2_000.0)
    loud, soft = weights(signal), weights(signal * 1e-2)
    for one, other in zip(loud, soft, strict=True):
        np.testing.assert_allclose(one, other, atol=0.01)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1_000))
def test_weights_are_parts_of_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    loudness = np.repeat(10.0 ** random.uniform(-6.0, 2.0, 16), GRID_FRAMES // 4)
    signal = random.standard_normal((2, 4 * GRID_FRAMES)) * loudness
    for weight in weights(signal, 2.0, 60.0):
        assert weight.min() >= 0.0
        assert weight.max() < 1.0


def test_a_ceiling_counts_peaks_ahead_and_lets_them_go() -> None:
    block = np.full((1, 4 * GRID_FRAMES), 0.1)
    block[0, 10_000] = -0.8
    ceiling = LiftCeiling(1.0, RATE, POOL)
    octaves = ceiling.lower(np.full((4, GRID_FRAMES // POOL), 2.0), block).reshape(-1)
    hit = 10_000 // POOL
    assert octaves[hit - 1] == 2.0
    hold = math.ceil(HOLD_MS * RATE / 1e3 / POOL)
    np.testing.assert_allclose(octaves[hit : hit + hold + 1], math.log2(1.25))
    assert octaves[-1] > octaves[hit + hold + 200] > math.log2(1.25)
