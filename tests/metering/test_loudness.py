"""Loudness beyond the standard's tables: weights, gates, edges, blocks, odd rates."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import sosfilt
from tests.metering.meter_tones import SILENCE, fed_loudness, stereo, tone

from mixmaster.arrays import Block
from mixmaster.dsp.k_weighting import k_weighting_sos
from mixmaster.errors import SignalError, UsageError
from mixmaster.metering.loudness import (
    BlockPowers,
    LoudnessMeter,
    channel_weights,
    integrated_lufs,
    loudness_range_lu,
    momentary_lufs,
)

ONE = np.ones(1)


def power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def slices(*parts: tuple[float, float]) -> Block:
    """Powers of one channel that read (seconds, LUFS)."""
    return np.concatenate([np.full(round(100 * s), power(lufs)) for s, lufs in parts])[None]


def test_a_full_scale_sine_in_one_channel_reads_minus_3_01() -> None:
    sine = tone([(20, 0)], 48_000, 997.0)
    for block in (sine[None], np.stack([sine, 0 * sine]), np.stack([0 * sine] * 2 + [sine])):
        figures = fed_loudness(block, 48_000).result()
        assert figures.integrated_lufs == pytest.approx(-3.01, abs=0.005)


def test_surround_and_lfe_weights() -> None:
    sine = tone([(5, 0)], 48_000, 997.0)
    for channel, weight in enumerate([1, 1, 1, 0, 1.41, 1.41]):
        block = np.zeros((6, sine.size))
        block[channel] = sine
        read = fed_loudness(block, 48_000).result().integrated_lufs
        if weight == 0:
            assert read is None
        else:
            assert read == pytest.approx(-3.01 + 10 * math.log10(weight), abs=0.005)


def test_dual_mono_counts_mono_twice_and_nothing_else() -> None:
    assert channel_weights(1, dual_mono=True).tolist() == [2.0]
    assert channel_weights(2, dual_mono=True).tolist() == [1.0, 1.0]
    meter = LoudnessMeter(48_000, 1, dual_mono=True)
    meter.update(tone([(5, -23)], 48_000)[None])
    assert meter.result().integrated_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("channels", [0, 4, 7, 9])
def test_layouts_without_a_definition_are_refused(channels: int) -> None:
    with pytest.raises(UsageError, match="1, 2, 3, 5, 6, 8"):
        LoudnessMeter(48_000, channels)


def test_the_absolute_gate_is_strict() -> None:
    just_above, just_below = slices((2, -69.999)), slices((2, -70.001))
    assert integrated_lufs(just_above, ONE) == pytest.approx(-69.999, abs=1e-9)
    assert integrated_lufs(just_below, ONE) is None
    exact = np.full((1, 200), 10 ** (-7.0 + 0.0691))  # reads -70 to the last bit or one under
    assert momentary_lufs(exact, ONE).max() <= -70.0
    assert integrated_lufs(exact, ONE) is None


def test_the_relative_gate_is_10_lu_under_the_mean_of_what_passed_the_first() -> None:
    loud, seconds = -20.0, 100.0
    # Blocks on the border between two levels blur a figure by less than 4 in 1,000 blocks.
    for quiet, counted in ((-33.5, False), (-32.0, True)):
        read = integrated_lufs(slices((seconds, loud), (seconds, quiet)), ONE)
        gate = 10 * math.log10((power(loud) + power(quiet)) / 2) - 0.691 - 10
        assert (quiet > gate) is counted
        both = 10 * math.log10((power(loud) + power(quiet)) / 2) - 0.691
        assert read == pytest.approx(both if counted else loud, abs=0.02)


def test_the_loudness_range_gates_20_lu_under_the_mean() -> None:
    half = slices((100, -20), (100, -45))  # the mean is -23; -45 is under -43
    assert loudness_range_lu(half, ONE) == pytest.approx(0.0, abs=0.5)
    half = slices((100, -20), (100, -42))
    assert loudness_range_lu(half, ONE) == pytest.approx(22.0, abs=1e-6)


def test_percentiles_are_the_10th_and_the_95th() -> None:
    # 100 windows of -20 - i/10 LUFS each, rising: P95 - P10 spans 85 % of the 9.9 LU
    stairs = slices(*((30.0, -30 + i / 10) for i in range(100)))
    assert loudness_range_lu(stairs, ONE) == pytest.approx(8.5, abs=0.15)


def test_incomplete_blocks_are_dropped() -> None:
    rate = 48_000
    quiet_then_loud = tone([(0.4, -40), (0.09, -3)], rate)
    figures = fed_loudness(quiet_then_loud[None], rate).result()
    # The one whole gating block ends at 0.4 s, where the loud part begins (within the fade).
    assert figures.integrated_lufs is not None
    assert figures.integrated_lufs < -30
    assert figures.max_momentary_lufs is not None
    assert figures.max_momentary_lufs > -15  # which looks every 10 ms


@pytest.mark.parametrize(("frames", "short"), [(19_199, True), (19_200, False)])
def test_under_0_4_s_there_is_no_loudness(frames: int, short: bool) -> None:
    block = tone([(1, -20)], 48_000)[None, :frames]
    figures = fed_loudness(block, 48_000).result()
    assert (figures.integrated_lufs is None) is short
    assert (figures.max_momentary_lufs is None) is short
    assert figures.reasons.get("integrated_lufs") == ("shorter than 0.4 s" if short else None)
    assert figures.loudness_range_lu is None
    assert figures.max_short_term_lufs is None
    assert figures.reasons["loudness_range_lu"] == "shorter than 3 s"
    assert figures.reasons["max_short_term_lufs"] == "shorter than 3 s"


def test_silence_has_no_loudness_and_a_reason() -> None:
    figures = fed_loudness(np.zeros((2, 48_000 * 4)), 48_000).result()
    assert figures.to_json()["integrated_lufs"] is None
    assert figures.reasons == {
        "integrated_lufs": "never louder than -70 LUFS",
        "loudness_range_lu": "never louder than -70 LUFS",
        "max_momentary_lufs": "digital silence",
        "max_short_term_lufs": "digital silence",
    }


def test_silence_around_a_tone_is_gated_but_for_the_blocks_that_touch_it() -> None:
    alone = fed_loudness(stereo(tone([(20, -23)], 48_000)), 48_000).result().integrated_lufs
    parts = [(30, SILENCE), (20, -23), (30, SILENCE)]
    amid = fed_loudness(stereo(tone(parts, 48_000)), 48_000).result().integrated_lufs
    assert alone is not None
    # 197 blocks lie within the tone; 3 at either end hold a quarter, a half, three quarters
    # of it, and pass the gate 10 LU down
    expected = alone + 10 * math.log10((197 + 2 * 1.5) / (197 + 6))
    assert amid == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 384_000])
def test_slices_lie_where_their_bounds_round_to(rate: int) -> None:
    """Against the filter run sample by sample in float64, and bounds by exact rounding."""
    seconds = 6.507
    rng = np.random.default_rng(rate)
    block = rng.uniform(-0.5, 0.5, (2, int(rate * seconds)))
    meter = BlockPowers(rate, 2)
    meter.update(block)
    squares = sosfilt(k_weighting_sos(rate), block) ** 2
    bounds = [(k * rate + 50) // 100 for k in range(651)]
    sums = np.array([squares[:, a:b].sum(axis=1) for a, b in pairwise(bounds)]).T
    assert meter.powers.shape == (2, 650)
    # 0.0005 dB in each single slice of 10 ms
    np.testing.assert_allclose(meter.powers, sums / (rate / 100), rtol=1e-4)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(1, 60_000), min_size=1, max_size=8),
    st.sampled_from([22_050, 44_100, 48_000]),
    st.booleans(),
)
def test_any_cut_gives_the_same_bytes(lengths: list[int], rate: int, look: bool) -> None:
    rng = np.random.default_rng(5)
    block = rng.standard_normal((2, 190_001))
    whole, cut = BlockPowers(rate, 2), BlockPowers(rate, 2)
    whole.update(block)
    start = 0
    while start < block.shape[1]:
        for length in lengths:
            cut.update(block[:, start : start + length])
            start += length
        if look:
            assert cut.powers.shape[1] <= whole.powers.shape[1]  # looking changes nothing
    assert np.array_equal(whole.powers, cut.powers)


def test_a_loud_past_leaves_the_quiet_exact() -> None:
    rate = 48_000
    quiet = tone([(10, -60)], rate)
    after = np.concatenate([tone([(60, 0)], rate, 50.0), np.zeros(rate), quiet])
    alone = fed_loudness(quiet[None], rate).blocks.powers[0, 10:]
    late = fed_loudness(after[None], rate).blocks.powers[0, -990:]
    np.testing.assert_allclose(late, alone, rtol=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_what_is_no_audio_is_an_error_with_its_time(bad: float) -> None:
    block = np.zeros((2, 96_000))
    block[1, 72_000] = bad
    meter = BlockPowers(48_000, 2, where="strip.kick")
    with pytest.raises(SignalError, match=r"strip\.kick: .* at 1\.500 s"):
        meter.update(block)
