"""The true-peak meter finds the maximum of the whole kernel, however hard it is to find."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metering.meter_tones import true_peak_dbtp

from mixmaster.arrays import Block
from mixmaster.dsp.true_peak import KERNEL, LEAD, PHASES, TAPS
from mixmaster.errors import SignalError
from mixmaster.metering.chunks import CHUNK_FRAMES
from mixmaster.metering.true_peak import TruePeakMeter


def everywhere_dbtp(block: Block) -> float:
    """The maximum of all 16 phases over all frames, zeros around, by plain convolution."""
    high = max(np.abs(np.convolve(row, phase)).max() for row in block for phase in KERNEL)
    return 20 * math.log10(high)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def hot_tap_pattern(phase: int) -> Block:
    """The signs for which one phase reads its L1 norm: the highest peak there is at +-1."""
    return np.asarray(np.sign(KERNEL[phase]))


def burst(at: int, frames: int = 70_000) -> Block:
    block = np.zeros((1, frames))
    block[0, at : at + 12] = [1, 1, -1, 1, 1, -1, -1, 1, 1, -1, 1, 1]
    return block


def buried(phase: int, at: int) -> Block:
    """Noise at its sample peak everywhere, and one place whose samples are no higher."""
    block = np.where(rng(phase).standard_normal((1, 2 * CHUNK_FRAMES)) > 0, 0.5, -0.5)
    block[0, at : at + TAPS] = 0.5 * hot_tap_pattern(phase)
    return block


def limited_music(seed: int) -> Block:
    n = np.arange(150_000)
    partials = np.arange(1, 30)
    tones = np.sin(2 * np.pi * 110 / 44_100 * partials[:, None] * n + rng(seed).random((29, 1)))
    signal = (tones / partials[:, None]).sum(axis=0) + 0.1 * rng(seed).standard_normal(n.size)
    return np.asarray(np.clip(np.stack([signal, np.roll(signal, 7)]), -0.8, 0.8))


n = np.arange(80_000)
SIGNALS = {
    "noise": rng(1).uniform(-1, 1, (2, 80_000)),
    "clipped noise": np.clip(rng(2).standard_normal((2, 80_000)) * 4, -1, 1),
    "square": np.sign(np.sin(0.1 * n))[None],
    "limited music": limited_music(3),
    "sine at 0.001": 0.9 * np.sin(2 * np.pi * 0.001 * n)[None],
    "sine at 0.25": np.sin(np.pi / 2 * n + np.pi / 4)[None],
    "sine at 0.4": np.sin(2 * np.pi * 0.4 * n + 0.2)[None],
    "sine at 0.47": np.sin(2 * np.pi * 0.47 * n + 0.1)[None],
    "sine that swells": (np.sin(2 * np.pi * 0.31 * n) * np.linspace(0.1, 1, n.size))[None],
    "constant": np.full((1, 3_000), 0.3),
    "impulse": np.eye(1, 1_000, 500),
    "impulse first": np.eye(1, 1_000, 0),
    "impulse last": np.eye(1, 1_000, 999),
    "one frame": np.full((3, 1), -0.25),
    "burst first": burst(0),
    "burst last": burst(70_000 - 12),
    "burst over a chunk's end": burst(CHUNK_FRAMES - 6),
    "burst before a row's end": burst(64 * 300 - 3),
    "100 dB edge": np.concatenate([np.full(5_000, 1e-3), np.full(5_000, 1e2)])[None],
    "quiet": 1e-6 * rng(4).standard_normal((1, 5_000)),
    **{f"buried in phase {k}": buried(k, 40_000 + 977 * k) for k in range(1, PHASES)},
    "buried over a chunk's end": buried(8, CHUNK_FRAMES - LEAD - 1),
    "loud first": np.concatenate([buried(5, 100), 0.99 * buried(8, 70_000)], axis=1),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_it_is_the_maximum_of_the_whole_kernel(name: str) -> None:
    block = SIGNALS[name]
    assert true_peak_dbtp(block) == pytest.approx(everywhere_dbtp(block), abs=1e-4)


def test_the_worst_signal_reads_the_kernels_norm() -> None:
    block = np.zeros((1, 9_000))
    block[0, 4_000 : 4_000 + TAPS] = hot_tap_pattern(8)
    norm = float(np.abs(KERNEL[8]).sum())
    assert norm > 3.5  # 11 dB over samples at full scale
    assert true_peak_dbtp(block) == pytest.approx(20 * math.log10(norm), abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    tilt=st.floats(0.0, 1.0),
    clip_db=st.floats(-20.0, 6.0),
    frames=st.integers(1, 5_000),
)
def test_on_anything_in_between(seed: int, tilt: float, clip_db: float, frames: int) -> None:
    """From white noise to bass, from clean to clipped to pieces."""
    noise = rng(seed).standard_normal((1, frames))
    bass = np.cumsum(noise, axis=1) / 30
    block = np.clip(tilt * bass + (1 - tilt) * noise, -(10 ** (clip_db / 20)), 10 ** (clip_db / 20))
    assert true_peak_dbtp(block) == pytest.approx(everywhere_dbtp(block), abs=1e-4)


@pytest.mark.parametrize("f", [0.05, 0.1, 0.25, 0.4, 0.45, 0.47])
def test_a_sine_reads_its_amplitude(f: float) -> None:
    t = np.arange(60_000)
    fade = np.clip(np.minimum(t, t[::-1]) / 20_000, 0, 1)
    sine = 0.5 * np.sin(2 * np.pi * f * t + 1.0) * np.sin(np.pi / 2 * fade) ** 2
    # 0.034 dB: the most that 16 points a frame miss at 0.45
    assert true_peak_dbtp(sine[None]) == pytest.approx(20 * math.log10(0.5), abs=0.04)


def test_it_is_never_under_the_sample_peak() -> None:
    for seed in range(5):
        block = np.clip(np.cumsum(rng(seed).standard_normal((1, 3_000)), axis=1) / 9, -0.7, 0.7)
        assert true_peak_dbtp(block) >= 20 * math.log10(np.abs(block).max()) - 1e-6


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1_000, 90_000), min_size=1, max_size=6), st.booleans())
def test_any_cut_gives_the_same_bytes(lengths: list[int], look: bool) -> None:
    block = np.concatenate([SIGNALS["limited music"], SIGNALS["noise"][:, :10_001]], axis=1)
    whole, cut = TruePeakMeter(44_100, 2), TruePeakMeter(44_100, 2)
    whole.update(block)
    start = 0
    while start < block.shape[1]:
        for length in lengths:
            cut.update(block[:, start : start + length])
            start += length
        if look:
            assert cut.peak <= whole.peak * 2  # ends where the signal does not: looking is free
    assert cut.peak == whole.peak


def test_silence_has_none() -> None:
    meter = TruePeakMeter(48_000, 2)
    assert meter.result() is None
    meter.update(np.zeros((2, 100_000)))
    assert meter.result() is None


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_what_is_no_audio_is_an_error_with_its_time(bad: float) -> None:
    meter = TruePeakMeter(48_000, 1)
    meter.update(np.zeros((1, 48_000)))
    block = np.zeros((1, 48_000))
    block[0, 24_000] = bad
    with pytest.raises(SignalError, match=r"at 1\.500 s"):
        meter.update(block)
