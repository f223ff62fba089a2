"""Dropouts are found at their time; rests, decays and attacks are none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metering.programme_signals import fed, noise

from mixmaster.metering.chunks import CHUNK_FRAMES
from mixmaster.metering.gaps import GapFigures, GapMeter

RATE = 48_000
SLOTS_S = 4 / RATE  # samples beside a gap may be silent by chance


def gaps(signal: np.ndarray, rate: int = RATE, block: int = 65_536) -> GapFigures:
    return fed(GapMeter(rate, signal.shape[0]), signal, block)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("kind", [0.0, 1.0], ids=["digital silence", "dither of 16 bits"])
def test_a_dropout_of_0_2_s_is_found(rate: int, kind: float) -> None:
    signal = noise(3.0, rate)
    rng = np.random.default_rng(4)
    start, stop = round(1.2345 * rate), round(1.4345 * rate)
    dither = rng.random(stop - start) - rng.random(stop - start)
    signal[0, start:stop] = np.rint(kind * dither) / 32_768
    found = gaps(signal, rate)
    assert found.count == len(found.gaps) == 1
    assert found.gaps[0].start_s == pytest.approx(1.2345, abs=10 / rate)
    assert found.gaps[0].stop_s == pytest.approx(1.4345, abs=10 / rate)


@pytest.mark.parametrize("seconds", [0.012, 0.05, 0.5, 2.9])
def test_dropouts_of_10_ms_to_3_s_are_found(seconds: float) -> None:
    signal = noise(8.0, RATE)
    signal[0, 2 * RATE : 2 * RATE + round(seconds * RATE)] = 0.0
    found = gaps(signal)
    assert found.count == 1
    length = found.gaps[0].stop_s - found.gaps[0].start_s
    assert length == pytest.approx(seconds, abs=SLOTS_S)


@pytest.mark.parametrize("seconds", [0.005, 3.2])
def test_shorter_and_longer_gaps_are_none(seconds: float) -> None:
    signal = noise(8.0, RATE)
    signal[0, 2 * RATE : 2 * RATE + round(seconds * RATE)] = 0.0
    assert not gaps(signal).count


def test_a_dropout_of_one_channel_is_found_in_that_channel() -> None:
    signal = noise(3.0, RATE, channels=2)
    signal[1, 60_000:70_000] = 0.0
    assert [gap.channel for gap in gaps(signal).gaps] == [1]


def test_every_place_at_the_edge_of_chunks_is_as_good() -> None:
    for start in range(CHUNK_FRAMES - 9_800, CHUNK_FRAMES + 400, 331):
        signal = noise(4.0, RATE)
        signal[0, start : start + 9_600] = 0.0
        (gap,) = gaps(signal).gaps
        assert gap.start_s == pytest.approx(start / RATE, abs=SLOTS_S)
        assert gap.stop_s == pytest.approx((start + 9_600) / RATE, abs=SLOTS_S)


def decaying_notes(tau_s: float) -> np.ndarray:
    """Notes of 0.5 s with an attack of 2 ms; each dies away, and is silent before the next."""
    t = np.arange(RATE // 2) / RATE
    note = 0.5 * np.minimum(t / 0.002, 1.0) * np.exp(-t / tau_s) * np.sin(2 * np.pi * 220.0 * t)
    note[np.abs(note) < 1e-5] = 0.0
    return np.tile(note, 8)[None]


@pytest.mark.parametrize("tau_s", [0.005, 0.02, 0.05])
def test_rests_between_notes_are_no_dropouts(tau_s: float) -> None:
    assert not gaps(decaying_notes(tau_s)).count


def test_a_gated_drum_is_no_dropout() -> None:
    # What a gate does: a release of 20 ms down to nothing, and the next stroke opens it.
    t = np.arange(RATE // 2) / RATE
    stroke = np.exp(-t / 0.15) * noise(0.5, RATE, slope=0.0)[0]
    stroke *= np.interp(t, [0.0, 0.2, 0.22], [1.0, 1.0, 0.0])
    assert not gaps(np.tile(stroke, 8)[None]).count


def test_a_passage_that_ends_and_another_that_fades_in_are_no_dropout() -> None:
    signal = noise(4.0, RATE)
    signal[0, 2 * RATE : 2 * RATE + 9_600] = 0.0
    fade = slice(2 * RATE + 9_600, 2 * RATE + 19_200)
    signal[0, fade] *= np.linspace(0.0, 1.0, 9_600) ** 3
    assert not gaps(signal).count


def test_a_soft_passage_after_a_loud_one_is_no_dropout() -> None:
    signal = noise(4.0, RATE)
    signal[0, 2 * RATE :] *= 10 ** (-30 / 20)
    signal[0, 2 * RATE : 2 * RATE + 9_600] = 0.0
    assert not gaps(signal).count


def test_silence_at_head_and_tail_is_exact_and_no_dropout() -> None:
    signal = np.zeros((2, 4 * RATE))
    signal[:, 12_345:150_001] = noise(4.0, RATE, channels=2)[:, 12_345:150_001] + 0.001
    found = gaps(signal)
    assert not found.count
    assert found.head_s == pytest.approx(12_345 / RATE, abs=1e-9)
    assert found.tail_s == pytest.approx((4 * RATE - 150_001) / RATE, abs=1e-9)


def test_silence_throughout_has_neither_head_nor_tail() -> None:
    found = gaps(np.zeros((1, RATE)))
    assert (found.head_s, found.tail_s, found.count) == (None, None, 0)


@settings(max_examples=10, deadline=None)
@given(st.integers(1_000, 200_000))
def test_any_cut_finds_the_same(block: int) -> None:
    signal = noise(4.0, RATE, channels=2)
    signal[0, 60_000:75_000] = 0.0
    signal[:, 131_000:132_000] = 0.0
    assert gaps(signal, block=block) == gaps(signal, block=signal.shape[1])
