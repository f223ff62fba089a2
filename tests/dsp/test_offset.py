"""Offsets between recordings are found to fractions of a sample; where there is none, none is."""

from __future__ import annotations

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.dsp.offset import ONSETS_PER_SECOND, Offset, Onsets, find_offset, likely_offsets

RATE = 22_050


def song(seconds: float, seed: int, rate: int = RATE) -> Block:
    """Bursts of noise at irregular times."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * rate)
    envelope = np.full(frames, 0.05)
    for start in rng.integers(0, frames, round(4 * seconds)):
        length = min(frames - start, rate // 4)
        envelope[start : start + length] += np.exp(-np.arange(length) / (0.05 * rate))
    return 0.1 * envelope * rng.standard_normal((2, frames))


def onsets(signal: Block, block: int = 65_536, rate: int = RATE) -> Block:
    meter = Onsets(rate)
    for start in range(0, signal.shape[1], block):
        meter.update(signal[:, start : start + block])
    return meter.result()


def found(first: Block, second: Block) -> Offset | None:
    def passages(signal: Block) -> object:
        def passage(start_s: float, length_s: float) -> Block:
            start, frames = round(start_s * RATE), round(length_s * RATE)
            out = np.zeros(frames)
            low, high = max(0, start), min(signal.shape[1], start + frames)
            out[low - start : high - start] = signal[:, low:high].mean(axis=0)
            return out

        return passage

    lengths = (first.shape[1] / RATE, second.shape[1] / RATE)
    likely = likely_offsets(onsets(first), onsets(second))
    return find_offset(
        passages(first),  # type: ignore[arg-type]
        passages(second),  # type: ignore[arg-type]
        lengths,
        likely,
        RATE,
    )


@pytest.mark.parametrize("shift", [0, 1, 17, 5_000, 20 * RATE])
def test_a_delay_is_found_to_the_sample(shift: int) -> None:
    signal = song(40.0, 1)
    late = np.concatenate([np.zeros((2, shift)), signal], axis=1)
    offset = found(signal, late)
    assert offset is not None
    assert offset.seconds * RATE == pytest.approx(shift, abs=0.01)
    back = found(late, signal)
    assert back is not None
    assert back.seconds * RATE == pytest.approx(-shift, abs=0.01)


def test_level_equalising_and_clipping_do_not_hide_it() -> None:
    signal = song(20.0, 2)
    dull = np.stack([np.convolve(row, np.hanning(7) / 3.0, "same") for row in signal])
    crushed = np.clip(dull * 20.0, -0.3, 0.3)[:, 4_321:]
    offset = found(signal, crushed)
    assert offset is not None
    # The smoothing is symmetric, so it moves nothing.
    assert offset.seconds * RATE == pytest.approx(-4_321, abs=0.1)


def test_polarity_and_what_is_left_between_samples_are_told() -> None:
    signal = song(12.0, 3)
    frequencies = np.fft.rfftfreq(signal.shape[1])
    later = np.exp(-2j * np.pi * frequencies * 100.3)
    shifted = np.fft.irfft(np.fft.rfft(signal) * later, signal.shape[1])
    offset = found(signal, -shifted)
    assert offset is not None
    assert offset.inverted
    assert offset.seconds * RATE == pytest.approx(100.3, abs=0.02)


def test_drift_is_told() -> None:
    signal = song(60.0, 4)
    kernel = np.hanning(9)
    signal = np.stack([np.convolve(row, kernel / kernel.sum(), "same") for row in signal])
    there = np.arange(signal.shape[1])
    fast = np.stack([np.interp(there * (1.0 + 20e-6), there, row) for row in signal])
    offset = found(signal, fast)
    assert offset is not None
    assert offset.drift_ppm == pytest.approx(20.0, abs=0.5)


def test_another_song_is_not_found() -> None:
    assert found(song(40.0, 5), song(40.0, 6)) is None
    halves = song(60.0, 7)
    assert found(halves[:, : 30 * RATE], halves[:, 30 * RATE :]) is None


def test_silence_and_what_is_too_short_are_not_found() -> None:
    signal = song(5.0, 8)
    assert found(signal, np.zeros((2, 5 * RATE))) is None
    assert found(signal[:, :1_000], signal[:, :1_000]) is None


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000])
def test_onsets_do_not_depend_on_blocks_and_do_not_drift(rate: int) -> None:
    signal = song(7.0, 9, rate)
    whole = onsets(signal, 1 << 20, rate)
    assert np.allclose(onsets(signal, 777, rate), whole, atol=1e-9)
    assert whole.shape == (2, 7 * ONSETS_PER_SECOND)
    click = np.zeros((1, 6 * rate))
    click[0, 5 * rate] = 0.5
    assert int(np.argmax(onsets(click, 4_096, rate)[0])) == 5 * ONSETS_PER_SECOND
