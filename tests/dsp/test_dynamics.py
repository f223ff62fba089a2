"""Levels in pools, the ramp between pools, and the key's high-pass."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mixmaster.arrays import GRID_FRAMES
from mixmaster.dsp.dynamics import (
    KeyHighPass,
    PoolRamp,
    linked_peaks,
    linked_powers,
    pool_frames,
    refuse_non_finite,
)
from mixmaster.errors import DocumentError, SignalError


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


def test_the_key_high_pass_is_a_butterworth() -> None:
    rate = 48_000
    time_s = np.arange(rate) / rate
    for frequency_hz, expected_db in ((100.0, -10.0 * math.log10(2.0)), (10_000.0, 0.0)):
        tone = np.sin(2.0 * np.pi * frequency_hz * time_s)[None]
        out = KeyHighPass(100.0, sample_rate_hz=rate, where="x").process(tone)
        settled = out[0, rate // 2 :]
        level_db = 10.0 * math.log10(2.0 * float(np.mean(settled**2)))
        assert level_db == pytest.approx(expected_db, abs=0.01)


def test_no_high_pass_is_the_very_key() -> None:
    key = np.ones((1, 4))
    assert KeyHighPass(None, sample_rate_hz=8_000, where="x").process(key) is key


def test_a_high_pass_above_nyquist_is_the_documents_mistake() -> None:
    with pytest.raises(DocumentError, match="key_high_pass_hz") as caught:
        KeyHighPass(4_000.0, sample_rate_hz=8_000, where="strip.kick.insert.gate")
    assert caught.value.where == "strip.kick.insert.gate"


def test_what_is_not_a_number_is_refused_with_its_time() -> None:
    key = np.zeros((2, 100))
    key[1, 48] = np.nan
    with pytest.raises(SignalError) as caught:
        refuse_non_finite(key, where="mix.insert.glue", start_frame=48_000, sample_rate_hz=48_000)
    assert caught.value.time_s == pytest.approx(1.001)
    assert caught.value.where == "mix.insert.glue"
