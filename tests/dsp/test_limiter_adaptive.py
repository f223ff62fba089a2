"""An adaptive limiter's reduction: enough always, held under tones, gone after a lone peak."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.limiter import TruePeakLimiter
from mixmaster.dsp.limiter_adaptive import (
    DB_PER_OCTAVE,
    UNIT,
    AdaptiveBallistics,
    AdaptiveShaper,
    Recovery,
    SlowPart,
    SplineGain,
    SustainedHold,
)
from mixmaster.dsp.pooled import POOL_FRAMES, CentredMean, Curve, Opening

RATE = 48_000
POOLS_PER_MS = RATE // 1_000 // POOL_FRAMES  # 3
BARE = AdaptiveBallistics(0.5, 0.0, (), (), 0.0, 0.0, ())
FULL = AdaptiveBallistics(
    lookahead_ms=2.0,
    hold_ms=8.0,
    sustained=(SustainedHold(13.0, 26.0), SustainedHold(26.0, 150.0)),
    recoveries=(Recovery(45.0, 1.0), Recovery(90.0, 3.0)),
    ripple_db=0.1,
    ripple_ms=50.0,
    slow=(SlowPart(10.0, 100.0, 0.3, 4.0), SlowPart(0.5, 30.0, 0.0), SlowPart(0.0, 4.0, 0.5)),
)
RELEASED = replace(FULL, release_ms=40.0)


def fixed(level_db: float) -> int:
    return round(level_db / DB_PER_OCTAVE * UNIT)


def shaped(
    demand: Curve, ballistics: AdaptiveBallistics, rate: int = RATE, block: int = 0
) -> Curve:
    """The reduction in step with the demand."""
    shaper = AdaptiveShaper(ballistics, rate)
    late = shaper.latency_pools
    padded = np.pad(demand, (0, late))
    size = block or padded.shape[0]
    parts = [shaper.process(padded[at : at + size]) for at in range(0, padded.shape[0], size)]
    return np.concatenate(parts)[late:]


def shaped_db(demand_db: Block, ballistics: AdaptiveBallistics) -> Block:
    return np.asarray(
        shaped(np.ceil(demand_db / DB_PER_OCTAVE * UNIT).astype(np.int64), ballistics)
        * (DB_PER_OCTAVE / UNIT)
    )


@st.composite
def demands(draw: st.DrawFn) -> Curve:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    pools = draw(st.integers(200, 3_000))
    density = draw(st.sampled_from([0.002, 0.05, 0.5, 1.0]))
    height = 10 ** draw(st.floats(-2.0, 2.0))  # dB
    heights = height * rng.exponential(size=pools) * (rng.random(pools) < density)
    return np.ceil(heights / DB_PER_OCTAVE * UNIT).astype(np.int64)


@given(demands(), st.sampled_from([BARE, FULL, RELEASED, replace(FULL, slow=())]))
@settings(deadline=None, max_examples=60)
def test_it_is_never_less_than_demanded_nor_more_than_the_most(
    demand: Curve, ballistics: AdaptiveBallistics
) -> None:
    reduction = shaped(demand, ballistics)
    # Enough for the pool and its neighbours: the spline lies between the three.
    near = np.maximum(demand, np.maximum(np.roll(demand, 1), np.roll(demand, -1)))[1:-1]
    assert (reduction[1:-1] >= near).all()
    assert reduction.max() <= demand.max() + 1


@given(demands(), st.sampled_from([16, 48, 256]))
@settings(deadline=None, max_examples=15)
def test_blocks_do_not_matter(demand: Curve, block: int) -> None:
    for ballistics in (FULL, RELEASED):
        assert np.array_equal(shaped(demand, ballistics, block=block), shaped(demand, ballistics))


def test_blocks_do_not_matter_when_a_long_release_has_ended() -> None:
    demand = np.zeros(40_000, dtype=np.int64)
    demand[[100, 30_000]] = fixed(20.0)
    ballistics = replace(FULL, release_ms=900.0)  # some 9,000 pools, longer than is remembered
    whole = shaped(demand, ballistics)
    assert AdaptiveShaper(ballistics, RATE).memory_pools < 9_000
    assert whole[8_000] > 0
    assert whole[20_000] == 0
    for block in (256, 1_000):
        assert np.array_equal(shaped(demand, ballistics, block=block), whole)


@given(demands())
@settings(deadline=None, max_examples=20)
def test_the_gain_is_never_above_what_a_frame_asks_for(demand: Curve) -> None:
    near = np.maximum(demand, np.maximum(np.roll(demand, 1), np.roll(demand, -1)))
    gain = SplineGain().process(np.append(near, 0))
    asked = np.exp2(-demand[1:-1] / UNIT)
    if gain is None:
        assert not demand.any()
        return
    frames = gain[POOL_FRAMES:].reshape(-1, POOL_FRAMES)[1:-1]
    assert (frames <= asked[:, None] * (1.0 + 1e-12)).all()


def test_the_spline_gives_straight_lines_back() -> None:
    """A quadratic B-spline repeats polynomials of the first degree at the pools' middles."""
    level = fixed(6.0) + 1_000 * np.arange(300)
    gain = SplineGain().process(level)
    assert gain is not None
    frames = np.arange(gain.shape[0]) - POOL_FRAMES  # the spline is late by a pool
    line = fixed(6.0) + 1_000 * ((frames + 0.5) / POOL_FRAMES - 0.5)
    inner = slice(3 * POOL_FRAMES, None)
    assert np.allclose(-np.log2(gain[inner]) * UNIT, line[inner], rtol=0.0, atol=1e-3)


@pytest.mark.parametrize("ballistics", [BARE, FULL])
def test_a_lone_peak_is_over_at_once(ballistics: AdaptiveBallistics) -> None:
    demand_db = np.zeros(3_000)
    demand_db[1_500:1_503] = 12.0  # 1 ms
    reduction_db = shaped_db(demand_db, ballistics)
    assert reduction_db[1_500:1_503] == pytest.approx(12.0, abs=1e-4)
    # Half of it is gone within the fast part's time; none is left of what lasts 10 ms.
    after = 1_503 + round(6.0 * POOLS_PER_MS)
    assert reduction_db[after] < 3.0
    assert reduction_db[1_503 + 60 * POOLS_PER_MS :].max() == 0.0
    before, behind = reduction_db[1_201:1_502], reduction_db[1_501:1_802]
    assert np.abs(before - behind[::-1]).max() < 1e-3  # as it came


@pytest.mark.parametrize(("gap_ms", "dip_db"), [(7.0, 0.0), (40.0, 1.0), (80.0, 3.0)])
def test_between_two_peaks_it_recovers_so_far_as_pays(gap_ms: float, dip_db: float) -> None:
    demand_db = np.zeros(3_000)
    gap = round(gap_ms * POOLS_PER_MS)
    demand_db[[1_500, 1_500 + gap]] = 8.0
    reduction_db = shaped_db(demand_db, replace(FULL, slow=(), ripple_db=0.0))
    lowest = reduction_db[1_500 : 1_500 + gap].min()
    assert lowest == pytest.approx(8.0 - dip_db, abs=1e-4)
    # Far longer gaps let all of it go.
    demand_db[1_500 + gap] = 0.0
    demand_db[2_500] = 8.0
    assert shaped_db(demand_db, FULL)[2_000] == 0.0


def test_what_goes_on_is_held_through_longer_gaps() -> None:
    """Peaks 10 ms apart: two are let go between, ten are held."""
    bare = replace(FULL, recoveries=(), slow=(), ripple_db=0.0)
    gap = 10 * POOLS_PER_MS
    for count, held in ((2, False), (10, True)):
        demand_db = np.zeros(3_000)
        demand_db[1_000 : 1_000 + count * gap : gap] = 6.0
        between = shaped_db(demand_db, bare)[1_000 : 1_000 + (count - 1) * gap]
        assert (between.min() == pytest.approx(6.0, abs=1e-4)) == held


def test_peaks_that_differ_little_are_levelled() -> None:
    demand_db = np.zeros(6_000)
    peaks = np.arange(1_000, 5_000, 8 * POOLS_PER_MS - 3)
    demand_db[peaks] = 6.0 + 0.04 * np.sin(np.arange(peaks.size))  # within 0.08 dB
    held = shaped_db(demand_db, FULL)[1_500:4_500]
    assert held.max() - held.min() < 0.01
    shaken = shaped_db(demand_db, replace(FULL, ripple_db=0.0, slow=()))[1_500:4_500]
    assert shaken.max() - shaken.min() > 0.05  # or the test would show nothing


def test_slow_parts_take_only_what_lasts() -> None:
    """A peak of 1 ms passes a part of 10 ms by; one of 30 ms does not."""
    only = replace(BARE, slow=(SlowPart(10.0, 100.0, 0.0),))
    reach = []
    for length_ms in (1, 30):
        demand_db = np.zeros(3_000)
        demand_db[1_500 : 1_500 + length_ms * POOLS_PER_MS] = 6.0
        reach.append(int(np.flatnonzero(shaped_db(demand_db, only))[0]))
    assert 1_500 - reach[0] <= 2
    assert 250 < 1_500 - reach[1] <= 100 * POOLS_PER_MS


def test_slow_parts_take_no_more_than_they_may() -> None:
    """Of two long plateaus, a slow part follows the lower wholly, the higher as far as it may."""
    only = replace(BARE, slow=(SlowPart(10.0, 100.0, 1.0, 4.0),))
    ahead = []
    for level_db in (3.0, 9.0):
        demand_db = np.zeros(6_000)
        demand_db[2_000:4_000] = level_db
        reduction_db = shaped_db(demand_db, only)
        assert reduction_db[3_000] == pytest.approx(level_db, abs=1e-4)
        ahead.append(reduction_db[2_000 - 5])  # just before: the slow part alone
    assert ahead == pytest.approx([3.0, 4.0], abs=0.01)


@pytest.mark.parametrize("rate", [44_100, 192_000])
def test_nothing_is_remembered_for_longer_than_declared(rate: int) -> None:
    shaper = AdaptiveShaper(FULL, rate)
    demand = np.zeros(3 * shaper.memory_pools, dtype=np.int64)
    demand[:10] = fixed(20.0)
    assert not shaper.process(demand)[shaper.memory_pools + 10 :].any()


def test_opening_keeps_what_lasts_and_the_mean_is_one_of_its_values() -> None:
    curve = np.zeros(60, dtype=np.int64)
    curve[10:13], curve[30:40] = 5, 7
    opened = np.concatenate([Opening(4).process(curve), np.zeros(0, dtype=np.int64)])
    assert np.array_equal(np.flatnonzero(opened), np.arange(33, 43))  # late by 3
    for half in (0, 1, 2, 5, 40):
        mean = CentredMean(half).process(np.full(500, 1_234_567, dtype=np.int64))
        assert (mean[2 * half :] == 1_234_567).all()
        impulse = CentredMean(half).process(np.eye(1, 500, 100, dtype=np.int64)[0] * 10**9)
        touched = np.flatnonzero(impulse)
        assert (touched[0], touched[-1]) == (100, 100 + 2 * half)
        assert impulse.sum() == pytest.approx(1e9, abs=2 * half + 1)  # rounded up


def intermodulation_db(out: Block, low: int, high: int) -> float:
    """SMPTE RP120: the sidebands' power around the high tone, against it; 1 Hz a bin."""
    power = np.abs(np.fft.rfft(out)) ** 2
    bands = sum(power[high + sign * k * low] for k in range(1, 5) for sign in (-1, 1))
    return float(10.0 * np.log10(bands / power[high]))


@pytest.mark.parametrize("high", [1_000, 7_000])
@pytest.mark.parametrize("drive_db", [3.0, 9.0])
def test_two_tones_do_not_modulate_each_other(high: int, drive_db: float) -> None:
    t = np.arange(3 * RATE) / RATE
    signal = 0.8 * np.sin(2 * np.pi * 60 * t) + 0.2 * np.sin(2 * np.pi * high * t)
    padded = np.pad(10 ** (drive_db / 20) * signal[None], ((0, 0), (0, RATE)))
    padded = padded[:, : padded.shape[1] // GRID_FRAMES * GRID_FRAMES]
    for ballistics in (FULL, replace(FULL, slow=(SlowPart(0.5, 40.0, 0.4),))):
        limiter = TruePeakLimiter(1, RATE, 1.0, ballistics)
        out, _ = limiter.process(padded)
        late = limiter.latency_samples
        assert intermodulation_db(out[0, RATE + late : 2 * RATE + late], 60, high) < -120.0
