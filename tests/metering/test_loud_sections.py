"""The loudest sections: what is taken, and its spectrum."""

from __future__ import annotations

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.metering.loud_sections import LoudSections, LoudSectionsMeter
from mixmaster.metering.loudness import LoudnessMeter

MIDS_HZ = 1_000.0 * 10.0 ** (np.arange(-14, 13) / 10.0)
SLOW = [8_000, 22_050, 44_100, 48_000, 96_000]


def measured(signal: Block, rate: int) -> LoudSections:
    meter = LoudSectionsMeter(rate, signal.shape[0])
    meter.update(signal)
    return meter.result()


def noise(seconds: float, rate: int, channels: int = 2, seed: int = 1) -> Block:
    frames = round(seconds * rate)
    return 0.1 * np.random.default_rng(seed).standard_normal((channels, frames))


@pytest.mark.parametrize("rate", SLOW)
@pytest.mark.parametrize("channels", [1, 2])
def test_white_noise_has_its_share_in_every_band(rate: int, channels: int) -> None:
    found = measured(noise(40.0, rate, channels), rate)
    low, high = MIDS_HZ * 10.0**-0.05, MIDS_HZ * 10.0**0.05
    inside = high < rate / 2
    assert not found.spectrum.thirds()[~inside].any()
    # Independent channels of 0.01 each: mid and side have half of it, together as much.
    share = 0.01 * (high - low)[inside] / (rate / 2)
    off = 10.0 * np.log10(found.spectrum.thirds()[inside] / share)
    # 13 s times the width of a band is the number of independent values: 3 sigma in dB.
    assert np.all(np.abs(off) < 3.0 * 4.34 / np.sqrt(13.0 * (high - low)[inside]) + 0.05)
    if found.spectrum.side is not None:
        assert found.spectrum.side.sum() == pytest.approx(found.spectrum.mid.sum(), rel=0.03)


@pytest.mark.parametrize("channels", [1, 2])
def test_loudness_is_that_of_the_standard(channels: int) -> None:
    signal = noise(30.0, 48_000, channels)
    meter = LoudnessMeter(48_000, channels)
    meter.update(signal)
    wanted = meter.result().integrated_lufs
    assert wanted is not None
    assert measured(signal, 48_000).loudness_lufs == pytest.approx(
        wanted, abs=0.1
    )  # half of the segments at either end is silence


def test_only_the_loudest_third_counts() -> None:
    rate = 44_100
    t = np.arange(60 * rate) / rate
    tone = np.where(t < 42.0, 0.05 * np.sin(2 * np.pi * 200.0 * t), 0.0)
    tone += np.where(t >= 42.0, 0.2 * np.sin(2 * np.pi * 3_150.0 * t), 0.0)
    tone *= np.where((t > 51.0) & (t < 57.0), 1.5, 1.0)  # 3.5 dB louder
    found = measured(np.stack((tone, tone)), rate)
    thirds = found.spectrum.thirds()
    assert 10.0 * np.log10(thirds[19]) == pytest.approx(20 * np.log10(0.3) - 3.01, abs=0.7)
    assert thirds[7] < 1e-3 * thirds[19]
    # 10 LU under the mean, the quiet part does not pass the gate.
    assert found.gated_s == pytest.approx(18.0, abs=2.5)
    assert found.taken_s == pytest.approx(6.0, abs=2.5)
    assert np.all(found.spectrum.side < 1e-9 * found.spectrum.mid.sum())


def test_blocks_may_be_cut_anywhere() -> None:
    signal = noise(9.0, 44_100)
    meter = LoudSectionsMeter(44_100, 2)
    for start in range(0, signal.shape[1], 30_011):
        meter.update(signal[:, start : start + 30_011])
        meter.result()  # measuring changes nothing
    one, other = measured(signal, 44_100), meter.result()
    assert np.array_equal(one.spectrum.mid, other.spectrum.mid)
    assert one.loudness_lufs == other.loudness_lufs


@pytest.mark.parametrize("frames", [0, 1, 4_000, 44_100])
def test_short_and_silent_signals_have_what_they_have(frames: int) -> None:
    silent = measured(np.zeros((2, frames)), 44_100)
    assert silent.loudness_lufs is None
    assert silent.taken_s == 0.0
    assert not silent.spectrum.mid.any()
    if frames >= 4_000:
        heard = measured(noise(1.0, 44_100)[:, :frames], 44_100)
        assert heard.loudness_lufs is not None
        assert heard.spectrum.mid.all()


def test_quiet_bands_keep_their_digits() -> None:
    """A band 100 dB under a bass tone is right: running sums in float32 would drown it."""
    rate = 48_000
    t = np.arange(20 * rate) / rate
    tone = 0.5 * np.sin(2 * np.pi * 63.1 * t) + 5e-6 * np.sin(2 * np.pi * 10_000.0 * t)
    thirds = measured(tone[None], rate).spectrum.thirds()
    assert 10.0 * np.log10(thirds[24] / thirds[2]) == pytest.approx(-100.0, abs=0.5)
