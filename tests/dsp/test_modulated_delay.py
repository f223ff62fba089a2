from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import Block
from mixmaster.dsp.interpolation import HALF_TAPS, TAPS, farrow, powers
from mixmaster.dsp.lfo import Lfo
from mixmaster.dsp.modulated_delay import ModulatedDelay, ModulatedLoop

NO_COLOUR = np.zeros((0, 6))


@pytest.mark.parametrize(("low", "high", "error_db"), [(0.001, 0.35, -95.0), (0.35, 0.4, -85.0)])
def test_reading_between_samples_errs_as_little_as_stated(
    low: float, high: float, error_db: float
) -> None:
    places = np.linspace(0.0, 1.0, 333)
    taps = powers(places) @ farrow()
    offsets = np.arange(TAPS) - (HALF_TAPS - 1)
    for frequency in np.linspace(low, high, 60):
        heard = taps @ np.exp(2j * np.pi * frequency * offsets)
        wanted = np.exp(2j * np.pi * frequency * places)
        assert 20 * np.log10(np.max(np.abs(heard - wanted))) < error_db


@pytest.mark.parametrize("frequency", [0.01, 0.2, 0.37])
def test_a_moving_delay_is_the_tone_at_another_time(frequency: float) -> None:
    n = np.arange(20_000)
    delay = 700.3 + 400.0 * np.sin(n / 900.0) + 5.0 * np.sin(n / 30.0)
    tone = np.sin(2 * np.pi * frequency * n)[None]
    wanted = np.sin(2 * np.pi * frequency * (n - delay))
    heard = ModulatedDelay(1, 1_200.0).process(tone, delay[None, None])
    looped = ModulatedLoop(1, 290.0, 1_200.0, NO_COLOUR).process(tone, delay[None], 0.0)
    for out in (heard, looped):
        assert 20 * np.log10(np.max(np.abs(out[0] - wanted)[1_200:])) < -95


def test_readers_are_summed() -> None:
    noise = np.random.default_rng(1).standard_normal((2, 10_000))
    delays = np.random.default_rng(2).uniform(16.0, 300.0, (3, 2, 10_000))
    together = ModulatedDelay(2, 300.0).process(noise, delays)
    alone = [ModulatedDelay(2, 300.0).process(noise, one[None]) for one in delays]
    assert np.allclose(together, np.sum(alone, axis=0), rtol=0, atol=1e-12)


@pytest.mark.parametrize("crossed", [False, True])
def test_a_whole_delay_with_feedback_is_a_row_of_echoes(crossed: bool) -> None:
    click = np.zeros((2, 9_000))
    click[0, 100] = 1.0
    delays = np.full((2, 9_000), 1_000.0)
    heard = ModulatedLoop(2, 1_000.0, 1_000.0, NO_COLOUR, crossed=crossed).process(
        click, delays, -0.5
    )
    wanted = np.zeros((2, 9_000))
    for echo in range(8):
        wanted[echo % 2 if crossed else 0, 100 + 1_000 * (echo + 1)] = (-0.5) ** echo
    assert np.max(np.abs(heard - wanted)) < 2e-4  # the interpolator's, above 0.4 fs


def cut(signal: Block, lengths: list[int]) -> list[slice]:
    assert sum(lengths) == signal.shape[-1]
    return [slice(a, b) for a, b in pairwise(np.cumsum([0, *lengths]).tolist())]


@settings(max_examples=8, deadline=None)
@given(
    cells=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    last=st.integers(0, 4_095),
    shortest=st.floats(24.0, 6_000.0),
    feedback=st.floats(-0.9, 0.9),
)
def test_blocks_and_channels_are_alike_bit_for_bit(
    cells: list[int], last: int, shortest: float, feedback: float
) -> None:
    lengths = [4_096 * count for count in cells] + [last]
    rng = np.random.default_rng(sum(lengths))
    signal = rng.standard_normal((2, sum(lengths)))
    delays = shortest + rng.uniform(0.0, 100.0, signal.shape)
    longest = shortest + 100.0
    plain = ModulatedDelay(2, longest).process(signal, delays[None])
    looped = ModulatedLoop(2, shortest, longest, NO_COLOUR).process(signal, delays, feedback)
    split, loop = ModulatedDelay(2, longest), ModulatedLoop(2, shortest, longest, NO_COLOUR)
    parts = [
        (
            split.process(signal[:, at].copy(), delays[None, :, at]),
            loop.process(signal[:, at].copy(), delays[:, at].copy(), feedback),
        )
        for at in cut(signal, lengths)
    ]
    for index, whole in enumerate((plain, looped)):
        assert np.array_equal(np.concatenate([part[index] for part in parts], axis=1), whole)
    alone = ModulatedLoop(1, shortest, longest, NO_COLOUR)
    assert np.array_equal(alone.process(signal[1:], delays[1:], feedback)[0], looped[1])
    single = ModulatedDelay(1, longest)
    assert np.array_equal(single.process(signal[1:], delays[None, 1:])[0], plain[1])


def test_sound_after_long_silence_is_heard() -> None:
    signal = np.zeros((1, 12 * 4_096))
    signal[0, [3, 40_000]] = 1.0
    delays = np.full((1, 1, signal.shape[1]), 2_000.0)
    heard = ModulatedDelay(1, 5_000.0).process(signal, delays)[0]
    assert heard[[2_003, 42_000]] == pytest.approx([1.0, 1.0], abs=1e-4)
    heard[[2_003, 42_000]] = 0.0
    assert np.max(np.abs(heard)) < 1e-4


def test_a_loop_dies_away_to_nothing_and_wakes_again() -> None:
    click = np.zeros((1, 40 * 4_096))
    click[0, 10] = 1.0
    click[0, 35 * 4_096] = 1.0
    delays = np.full(click.shape, 100.0)
    heard = ModulatedLoop(1, 100.0, 100.0, NO_COLOUR).process(click, delays, 0.5)[0]
    assert not np.any(heard[15 * 4_096 : 35 * 4_096])  # 0.5 to the 102nd is 1e-30
    second = heard[35 * 4_096 + 100 * np.arange(1, 10)]
    assert second == pytest.approx(0.5 ** np.arange(9), rel=1e-3)
    assert np.array_equal(heard[35 * 4_096 - 10 :][: 4 * 4_096], heard[: 4 * 4_096])


def test_an_oscillator_counts_from_the_sessions_zero() -> None:
    lfo = Lfo(3.3, 48_000, "sine")
    whole = lfo.values(0, 50_000, 0.1)
    assert np.allclose(
        whole, np.sin(2 * np.pi * (3.3 * np.arange(50_000) / 48_000 + 0.1)), atol=1e-11
    )
    assert np.array_equal(lfo.values(12_345, 7_000, 0.1), whole[12_345:19_345])
    triangle = Lfo(1.0, 8, "triangle").values(0, 9)
    assert triangle.tolist() == [0.0, 0.5, 1.0, 0.5, 0.0, -0.5, -1.0, -0.5, 0.0]
