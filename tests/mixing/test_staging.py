"""Gain staging: known levels, sparse stems, bleed, and invariance to the recording level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import Block
from mixmaster.metering.loudness import BlockPowers
from mixmaster.mixing.staging import active_loudness, stage, sum_powers

RATE = 48_000


def powers(samples: Block) -> Block:
    meter = BlockPowers(RATE, 1)
    meter.update(samples[np.newaxis])
    return sum_powers([meter.powers])


def tone(seconds: float, peak_dbfs: float) -> Block:
    """A 997 Hz sine: at 0 dBFS in one channel it reads -3.01 LUFS (BS.1770)."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(10.0 ** (peak_dbfs / 20.0) * np.sin(2.0 * np.pi * 997.0 * time_s))


def hits(count: int, every_s: float, peak_dbfs: float, bleed_dbfs: float) -> Block:
    """Half-second tones in ``bleed``."""
    out = tone(count * every_s, bleed_dbfs)
    for index in range(count):
        start = round(index * every_s * RATE)
        out[start : start + RATE // 2] = tone(0.5, peak_dbfs)
    return out


def test_a_tone_reads_its_standard_loudness_and_is_brought_to_the_target() -> None:
    found = stage("strip.a", powers(tone(5.0, -20.0)), -18.0, 24.0)
    assert found.before_lufs == pytest.approx(-23.01, abs=0.02)
    assert found.gain_db == pytest.approx(5.01, abs=0.02)
    assert found.after_lufs == pytest.approx(-18.0)
    assert found.active_s == pytest.approx(4.7, abs=0.11)
    assert not found.note


def test_bleed_does_not_pull_a_sparse_tom() -> None:
    """Four hits in a minute, bleed 21 dB under: the standard's gate would count the bleed."""
    loudness, active_s = active_loudness(powers(hits(4, 15.0, -10.0, -31.0)))
    assert loudness is not None
    # A 400 ms block inside a hit reads -13, those across its edges up to 10 dB less. The mean
    # of the whole lies at -28, so that a gate 10 dB under it would let the bleed (-34) in.
    assert -15.5 < loudness < -13.0
    assert active_s < 4 * 0.9


def test_a_single_click_does_not_set_the_level() -> None:
    samples = tone(20.0, -30.0)
    samples[RATE : RATE + 48] = 1.0
    loudness, _ = active_loudness(powers(samples))
    assert loudness == pytest.approx(-33.0, abs=0.7)


@settings(deadline=None, max_examples=20)
@given(shift_db=st.floats(-12.0, 12.0))
def test_the_staged_level_does_not_depend_on_the_recording_level(shift_db: float) -> None:
    samples = hits(6, 3.0, -14.0, -40.0)
    still = stage("s", powers(samples), -20.0, 40.0)
    moved = stage("s", powers(samples * 10.0 ** (shift_db / 20.0)), -20.0, 40.0)
    assert moved.gain_db == pytest.approx(still.gain_db - shift_db, abs=1e-6)


def test_bleed_alone_and_silence_are_never_raised_and_say_so() -> None:
    bleed = stage("strip.gtr", powers(tone(10.0, -56.0)), -18.0, 24.0)
    assert bleed.gain_db == 0.0
    assert "bleed" in bleed.note
    assert "-59.0 LUFS" in bleed.note
    silent = stage("strip.gtr", powers(np.zeros(RATE)), -18.0, 24.0)
    assert (silent.gain_db, silent.before_lufs) == (0.0, None)
    assert "silent" in silent.note
    lone = np.zeros(10 * RATE)
    lone[5 * RATE : 5 * RATE + RATE // 100] = tone(0.01, -3.0)
    short = stage("strip.gtr", powers(lone), -5.0, 24.0)
    assert short.gain_db == 0.0
    assert "plays for only 0.5 s" in short.note


def test_a_loud_stem_is_lowered_even_if_it_plays_briefly() -> None:
    found = stage("s", powers(hits(1, 30.0, -3.0, -100.0)), -18.0, 24.0)
    assert found.gain_db < -9.0


def test_the_raise_is_capped_and_says_so() -> None:
    found = stage("s", powers(tone(5.0, -40.0)), -10.0, 24.0)
    assert found.gain_db == 24.0
    assert "33.0 dB were needed" in found.note


def test_instances_count_as_one_group() -> None:
    one = powers(tone(5.0, -20.0))
    assert active_loudness(sum_powers([one[np.newaxis], one[np.newaxis]]))[0] == pytest.approx(
        -23.01 + 3.01, abs=0.02
    )
