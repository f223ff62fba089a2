"""K-weighting: the published table, its shape at other rates, and the fast form of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import sosfilt, sosfreqz

from mixmaster.dsp import k_weighting
from mixmaster.dsp.k_weighting import KWeighting, k_weighting_sos
from mixmaster.errors import UsageError

RATES = [8_000, 11_025, 44_100, 48_000, 96_000, 192_000, 384_000, 768_000]


def test_at_48_khz_it_is_the_published_table() -> None:
    shelf, high_pass = k_weighting_sos(48_000).tolist()
    assert shelf[:3] == [1.53512485958697, -2.69169618940638, 1.19839281085285]
    assert shelf[3:] == [1.0, -1.69065929318241, 0.73248077421585]
    assert high_pass == [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]


def test_the_formula_for_other_rates_gives_the_table_at_48_khz() -> None:
    shelf, high_pass = k_weighting_sos(48_000)
    b0, b1, b2, _, a1, a2 = shelf
    np.testing.assert_allclose(k_weighting._shelf(48_000), (b0, b1, b2, a1, a2), rtol=1e-9)
    b0, b1, b2, _, a1, a2 = high_pass
    np.testing.assert_allclose(k_weighting._high_pass(48_000), (b0, b1, b2, a1, a2), rtol=1e-9)


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate >= 44_100])
def test_other_rates_weigh_like_48_khz(rate: int) -> None:
    hz = np.geomspace(20, 10_000, 60)
    _, here = sosfreqz(k_weighting_sos(rate), hz, fs=rate)
    _, there = sosfreqz(k_weighting_sos(48_000), hz, fs=48_000)
    # the bilinear transform bends the shelf a little; the high-pass's gain is 1 per -2, 1 at
    # every rate, 0.043 dB more than unity at 48 kHz
    np.testing.assert_allclose(20 * np.log10(abs(here / there)), 0.0, atol=0.15)


@pytest.mark.parametrize("rate", [7_999, 0, -48_000, 768_001])
def test_rates_out_of_range_are_refused(rate: int) -> None:
    with pytest.raises(UsageError, match="8000"):
        k_weighting_sos(rate)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", ["noise", "tone", "rumble"])
def test_the_fast_form_is_the_filter(rate: int, kind: str) -> None:
    frames = 32_768
    n = np.arange(3 * frames)
    rng = np.random.default_rng(1)
    signal = {
        "noise": rng.standard_normal((2, n.size)) * 0.2,
        "tone": np.sin(2 * np.pi * 997 / rate * n) * np.ones((2, 1)),
        # full scale where the filter is deaf, and what it should hear 80 dB under it
        "rumble": np.sin(2 * np.pi * 3 / rate * n) + 1e-4 * rng.standard_normal((2, n.size)),
    }[kind]
    fast = KWeighting(rate, 2)
    blocks = [signal[:, i : i + frames].astype(np.float32) for i in range(0, n.size, frames)]
    heard = np.concatenate([fast.process(block) for block in blocks], axis=1)
    exact = sosfilt(k_weighting_sos(rate), signal)
    error = np.sqrt(np.mean((heard - exact) ** 2))
    assert 20 * np.log10(error) < -130
    level = 10 * np.log10(np.mean(heard.astype(np.float64) ** 2) / np.mean(exact**2))
    assert abs(level) < 1e-4


def test_a_copy_goes_on_alone() -> None:
    block = np.ones((1, 640), np.float32)
    first = KWeighting(48_000, 1)
    first.process(block)
    copied = first.copy()
    later = first.process(block)
    assert np.array_equal(copied.process(block), later)
    assert not np.array_equal(copied.process(block), later)
