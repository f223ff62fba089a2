"""Levels in pools, the ramp between pools, and curves read by the pool."""

from __future__ import annotations

import numpy as np
import pytest

from mixmaster.arrays import GRID_FRAMES
from mixmaster.dsp.dynamics import (
    PoolRamp,
    linked_peaks,
    linked_powers,
    pool_frames,
    pool_values,
    refuse_non_finite,
)
from mixmaster.errors import SignalError


@pytest.mark.parametrize("pool", [1, 2, 4, 8, 64, 4096])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("frames", [1, 5, 4096, 8200])
def test_pools_hold_the_largest_magnitude_and_the_mean_power(
    pool: int, channels: int, frames: int
) -> None:
    key = np.random.default_rng(3).standard_normal((channels, frames))
    before = key.copy()

    peaks = linked_peaks(key, pool).reshape(-1)
    powers = linked_powers(key, pool).reshape(-1)

    assert peaks.shape[0] == powers.shape[0] == -(-frames // GRID_FRAMES) * GRID_FRAMES // pool
    for index in range(0, peaks.shape[0], 37):
        inside = key[:, index * pool : (index + 1) * pool]
        largest = np.abs(inside).max() if inside.size else 0.0
        assert peaks[index] == largest
        mean = np.sum(inside**2) / (pool * channels)
        assert powers[index] == pytest.approx(mean, rel=1e-12)
    assert np.array_equal(key, before)


def test_pools_are_at_most_a_hundredth_of_the_attack() -> None:
    for attack_samples in (0.0, 5.0, 99.0, 480.0, 4_800.0, 1e6):
        pool = pool_frames(
            attack_samples=attack_samples, release_samples=1e6, reduction_db=3.0, rms_samples=0.0
        )
        assert pool & (pool - 1) == 0
        assert pool <= max(1.0, attack_samples / 100.0)
        assert GRID_FRAMES % pool == 0


def test_fast_releases_and_deep_reductions_make_smaller_pools() -> None:
    def pool(release_samples: float, reduction_db: float, rms_samples: float = 0.0) -> int:
        return pool_frames(
            attack_samples=3_200.0,
            release_samples=release_samples,
            reduction_db=reduction_db,
            rms_samples=rms_samples,
        )

    assert pool(1e6, 6.0) == 32
    assert pool(1e6, 60.0) == 8
    assert pool(400.0, 6.0) == 4
    assert pool(1e6, 6.0, rms_samples=200.0) == 2


@pytest.mark.parametrize("pool", [2, 8, 4096])
def test_a_constant_stays_that_constant_to_the_bit(pool: int) -> None:
    value = 1.0 / 3.0
    rows = np.full((3, GRID_FRAMES // pool), value)

    line = PoolRamp(pool, value).process(rows, 3 * GRID_FRAMES - 7)

    assert np.array_equal(line, np.full(3 * GRID_FRAMES - 7, value))


@pytest.mark.parametrize("pool", [1, 2, 16])
def test_a_straight_rise_is_read_half_a_pool_later(pool: int) -> None:
    # The value of a pool stands at its last frame; it is early by (pool - 1)/2 frames.
    ends = np.arange(pool - 1, 2 * GRID_FRAMES, pool, dtype=float)
    line = PoolRamp(pool, -1.0).process(ends.reshape(2, -1), 2 * GRID_FRAMES)

    settled = np.arange(3 * pool, 2 * GRID_FRAMES)
    np.testing.assert_allclose(line[settled], settled - (pool - 1) / 2.0, rtol=1e-12)


def test_the_ramp_does_not_depend_on_the_portions() -> None:
    rows = np.random.default_rng(5).standard_normal((7, GRID_FRAMES // 4))
    whole = PoolRamp(4, 1.0).process(rows, 7 * GRID_FRAMES)

    ramp = PoolRamp(4, 1.0)
    parts = [ramp.process(rows[a:b], (b - a) * GRID_FRAMES) for a, b in ((0, 1), (1, 4), (4, 7))]

    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("pool", [1, 2, 64])
@pytest.mark.parametrize("frames", [1, 4096, 5000])
def test_a_curve_is_read_at_the_head_of_each_pool(pool: int, frames: int) -> None:
    values = np.arange(frames, dtype=float)

    rows = pool_values(values, pool)

    assert rows.shape == (-(-frames // GRID_FRAMES), GRID_FRAMES // pool)
    expected = np.minimum(np.arange(rows.size) * pool, (frames - 1) // pool * pool)
    assert np.array_equal(rows.reshape(-1), expected)


def test_what_is_not_a_number_is_refused_with_its_time() -> None:
    key = np.zeros((2, 100))
    key[1, 48] = np.nan
    with pytest.raises(SignalError) as caught:
        refuse_non_finite(key, where="mix.insert.glue", start_frame=48_000, sample_rate_hz=48_000)
    assert caught.value.time_s == pytest.approx(1.001)
    assert caught.value.where == "mix.insert.glue"
