from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.noise_reduction import noise_profile
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.noise_reduction import NoiseReduction
from mixmaster.errors import DocumentError, SignalError

RATE_HZ = 48_000


def noise(frames: int, level: float, channels: int = 1, seed: int = 0) -> Block:
    return level * np.random.default_rng(seed).standard_normal((channels, frames))


def speech(seconds: float) -> Block:
    """Voiced syllables with pauses between words: harmonics of a wandering pitch."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    turns = np.cumsum(120.0 + 20.0 * np.sin(4.4 * time)) / RATE_HZ
    voice = sum(np.sin(2.0 * np.pi * k * turns) / k for k in range(1, 25))
    loudness = np.clip(1.5 * np.sin(14.5 * time), 0.0, 1.0) * (np.sin(1.95 * time) > -0.5)
    return np.asarray(0.1 * voice * loudness)[np.newaxis]


def heard(signal: Block, resources: dict[str, Block] | None = None, **settings: Any) -> Block:
    """The whole output, latency taken off."""
    context = Context(RATE_HZ, len(signal), resources=resources or {}, where="here")
    processor = NoiseReduction(**settings).prepare(context)
    late, frames = processor.latency_samples, signal.shape[1]
    padded = np.pad(signal, ((0, 0), (0, late)))
    return processor.process(padded, BlockContext())[:, late : late + frames]


def snr_db(clean: Block, found: Block) -> float:
    return float(10.0 * np.log10((clean**2).sum() / ((found - clean) ** 2).sum()))


@pytest.mark.parametrize(("below_db", "least_gain_db"), [(5.0, 8.0), (15.0, 6.0), (25.0, 1.0)])
def test_speech_in_noise_gains_signal_to_noise_ratio(below_db: float, least_gain_db: float) -> None:
    clean = speech(6.0)
    hiss = noise(clean.shape[1], clean.std() * 10.0 ** (-below_db / 20.0))
    before = snr_db(clean, clean + hiss)
    assert before == pytest.approx(below_db, abs=0.1)
    assert snr_db(clean, heard(clean + hiss)) > before + least_gain_db


@pytest.mark.parametrize("below_db", [5.0, 15.0, 25.0])
def test_a_recording_of_the_noise_serves_better(below_db: float) -> None:
    clean = speech(3.0)
    level = clean.std() * 10.0 ** (-below_db / 20.0)
    hiss, alone = noise(clean.shape[1], level), noise(RATE_HZ, level, seed=1)
    found = heard(clean + hiss, {"noise": alone}, noise_file="tone.wav")
    assert snr_db(clean, found) > below_db + 8.5


def test_a_sustained_chord_is_music_and_not_noise() -> None:
    """Tones that never pause are lines; noise is smooth over frequency."""
    time = np.arange(6 * RATE_HZ) / RATE_HZ
    chord = sum(np.sin(2.0 * np.pi * hz * time) for hz in (220.0, 277.2, 329.6, 880.0, 2_637.0))
    clean = np.asarray(0.05 * chord)[np.newaxis]
    hiss = noise(clean.shape[1], clean.std() * 10.0 ** (-30.0 / 20.0))
    found = heard(clean + hiss)
    inside = slice(RATE_HZ, 5 * RATE_HZ)
    assert snr_db(clean[:, inside], found[:, inside]) > 34.0


@pytest.mark.parametrize("reduction_db", [6.0, 12.0, 16.0])
def test_noise_alone_goes_down_by_the_reduction_and_no_further(reduction_db: float) -> None:
    hiss = noise(8 * RATE_HZ, 0.01)
    left = heard(hiss, reduction_db=reduction_db)[0, RATE_HZ : 7 * RATE_HZ]
    down_db = 20.0 * np.log10(left.std() / 0.01)
    assert -reduction_db - 0.1 < down_db < -reduction_db + 0.4


@pytest.mark.parametrize(("reduction_db", "most"), [(12.0, 10.0), (20.0, 25.0)])
def test_what_is_left_of_noise_does_not_chirp(reduction_db: float, most: float) -> None:
    """Musical noise is isolated peaks: without it the residue stays as even as noise is.

    The powers of noise follow an exponential law, whose kurtosis is 9. A gain that believes
    single windows (no decision-directed averaging) leaves more than 1,000 at 20 dB.
    """
    hiss = noise(8 * RATE_HZ, 0.01)
    left = heard(hiss, reduction_db=reduction_db)[0, RATE_HZ : 7 * RATE_HZ]
    frames = left[: left.size // 1024 * 1024].reshape(-1, 1024) * np.hanning(1024)
    power = np.abs(np.fft.rfft(frames))[:, 20:-20] ** 2
    deviations = power - power.mean()
    kurtosis = np.mean(deviations**4) / np.mean(deviations**2) ** 2
    assert kurtosis < most


def test_digital_silence_teaches_nothing() -> None:
    """A stem that begins and ends with zeros is cleaned as one that does not."""
    hiss = noise(4 * RATE_HZ, 0.01)
    edges = np.zeros((1, 2 * RATE_HZ))
    found = heard(np.concatenate((edges, hiss, edges), axis=1))
    assert not np.any(found[:, : 2 * RATE_HZ - 2_048])
    assert not np.any(found[:, 6 * RATE_HZ + 2_048 :])
    middle = found[0, 2 * RATE_HZ + 4_096 : 6 * RATE_HZ - 4_096]
    assert 20.0 * np.log10(middle.std() / 0.01) == pytest.approx(-12.0, abs=0.5)


def test_what_is_far_above_the_noise_passes_bit_for_bit() -> None:
    signal = noise(RATE_HZ, 0.1)
    found = heard(signal, {"noise": noise(RATE_HZ, 1e-12)}, noise_file="tone.wav")
    assert np.max(np.abs(found - signal)) < 1e-15


def test_the_noise_is_learned_from_the_stretch_that_is_named() -> None:
    quiet, loud = noise(RATE_HZ, 0.001), noise(RATE_HZ, 0.01, seed=1)
    both = {"noise": np.concatenate((loud, quiet), axis=1)}
    tested = noise(2 * RATE_HZ, 0.01, seed=2)
    left = heard(tested, both, noise_file="take.wav", noise_from_s=1.0)
    assert left.std() > 0.0095  # 20 dB over the quiet stretch: it stays
    left = heard(tested, both, noise_file="take.wav", noise_to_s=1.0)
    assert 20.0 * np.log10(left.std() / 0.01) == pytest.approx(-12.0, abs=0.3)


def test_a_profile_is_the_power_of_the_window_times_that_of_the_noise() -> None:
    found = noise_profile(noise(20 * RATE_HZ, 0.1), RATE_HZ)
    # A white noise of variance s^2 has s^2 times the window's sum of squares, 3/8 of its length.
    assert found[0, 5:-5].mean() == pytest.approx(0.01 * 0.375 * 2_048, rel=0.01)


def test_each_channel_is_cleaned_by_itself() -> None:
    both = np.concatenate((noise(3 * RATE_HZ, 0.01), speech(3.0)))
    together = heard(both)
    for channel in (0, 1):
        alone = heard(both[channel : channel + 1])
        assert np.max(np.abs(together[channel] - alone[0])) < 1e-12


def test_a_reduction_that_stands_still_is_the_reduction() -> None:
    signal = noise(20 * GRID_FRAMES, 0.01)
    context = Context(RATE_HZ, 1, automated=frozenset({"reduction_db"}))
    at = BlockContext(automation={"reduction_db": np.full(signal.shape[1], 9.0)})
    moved = NoiseReduction().prepare(context).process(signal, at)
    still = NoiseReduction(reduction_db=9.0).prepare(Context(RATE_HZ, 1))
    assert np.max(np.abs(moved - still.process(signal, BlockContext()))) < 1e-12


def test_a_moving_reduction_takes_hold_when_it_should() -> None:
    """In time with the signal: the latency is counted for the curve too."""
    hiss = noise(4 * RATE_HZ, 0.01)
    context = Context(RATE_HZ, 1, automated=frozenset({"reduction_db"}))
    processor = NoiseReduction().prepare(context)
    late = processor.latency_samples
    curve = np.where(np.arange(hiss.shape[1] + late) < 2 * RATE_HZ, 0.0, 20.0)
    padded = np.pad(hiss, ((0, 0), (0, late)))
    found = processor.process(padded, BlockContext(automation={"reduction_db": curve}))[0, late:]
    edge = 2 * RATE_HZ
    assert np.max(np.abs(found[: edge - 2_048] - hiss[0, : edge - 2_048])) < 1e-15
    assert 20.0 * np.log10(found[edge + 2_048 : 3 * RATE_HZ].std() / 0.01) < -18.0


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_it_cleans_at_every_rate(rate_hz: int) -> None:
    hiss = noise(5 * rate_hz, 0.01)
    processor = NoiseReduction().prepare(Context(rate_hz, 1))
    late = processor.latency_samples
    padded = np.pad(hiss, ((0, 0), (0, late)))
    left = processor.process(padded, BlockContext())[0, late + rate_hz : late + 4 * rate_hz]
    assert 20.0 * np.log10(left.std() / 0.01) == pytest.approx(-12.0, abs=0.3)


def test_stretches_that_teach_nothing_are_refused() -> None:
    with pytest.raises(DocumentError, match=r"noise_file: 0\.010 s of noise are too short"):
        heard(np.zeros((1, 8)), {"noise": noise(480, 0.1)}, noise_file="tone.wav")
    with pytest.raises(DocumentError, match="digital silence"):
        heard(np.zeros((1, 8)), {"noise": np.zeros((1, 9_600))}, noise_file="tone.wav")
    with pytest.raises(ValidationError, match="noise_from_s is a place in noise_file"):
        NoiseReduction(noise_from_s=1.0)
    with pytest.raises(ValidationError, match="2 s is not after noise_from_s, 3 s"):
        NoiseReduction(noise_file="tone.wav", noise_from_s=3.0, noise_to_s=2.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
def test_what_is_no_level_is_an_error_with_its_time(bad: float) -> None:
    signal = noise(RATE_HZ, 0.1)
    signal[0, 24_000] = bad
    with pytest.raises(SignalError, match="here"):
        heard(signal)


def test_a_passage_begun_early_by_what_it_needs_is_that_of_the_whole() -> None:
    clean = speech(14.0)
    signal = clean + noise(clean.shape[1], 0.003)
    processor = NoiseReduction().prepare(Context(RATE_HZ, 1))
    late, needs = processor.latency_samples, processor.settle_samples + processor.tail_samples
    whole = processor.process(signal, BlockContext())
    start = 9 * RATE_HZ
    begin = (start - needs) // GRID_FRAMES * GRID_FRAMES
    assert begin > 0
    again = NoiseReduction().prepare(Context(RATE_HZ, 1))
    part = again.process(signal[:, begin:], BlockContext(start_frame=begin))
    residual = part[:, start - begin + late :] - whole[:, start + late :]
    assert residual.std() < 1e-4 * signal.std()  # -80 dB
