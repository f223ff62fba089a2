"""Formants after a shift of pitch: resonances stay, the pitch does not, silence is silence."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from mixmaster.arrays import Block
from mixmaster.dsp.formants import keep_formants
from mixmaster.dsp.varispeed import varispeed

RATE = 48_000
RESONANCES_HZ = (700.0, 1_220.0, 2_600.0)


def vowel(pitch_hz: float, resonances_hz: tuple[float, ...]) -> np.ndarray:
    """Return pulses through resonances of 110 Hz: an 'ah' of the textbooks."""
    time = np.arange(2 * RATE) / RATE
    sound = np.diff(np.floor(time * pitch_hz), prepend=0.0)
    for hz in resonances_hz:
        radius = np.exp(-np.pi * 110.0 / RATE)
        sound = signal.lfilter(
            [1.0], [1.0, -2.0 * radius * np.cos(2.0 * np.pi * hz / RATE), radius**2], sound
        )
    return np.asarray(0.3 * sound / np.abs(sound).max(), dtype=np.float32)[np.newaxis]


def harmonics_db(sound: np.ndarray, pitch_hz: float) -> Block:
    """Return the levels of a tone's harmonics up to 4 kHz."""
    part = sound[0, RATE // 4 : -RATE // 4].astype(float)
    spectrum = np.abs(np.fft.rfft(part * np.blackman(part.size)))
    numbers = np.arange(1, int(4_000.0 / pitch_hz))
    bins = np.round(numbers * pitch_hz * part.size / RATE).astype(int)
    peaks = np.array([spectrum[at - 3 : at + 4].max() for at in bins])
    return np.asarray(20.0 * np.log10(peaks / peaks.max()))


@pytest.mark.parametrize("semitones", [-4.0, 3.0, 5.0])
def test_a_shifted_vowel_stays_that_vowel(semitones: float) -> None:
    pitch = 2.0 ** (semitones / 12.0)
    # Played faster, all frequencies rise: what a shift of pitch does to each passage.
    shifted = varispeed(vowel(130.0, RESONANCES_HZ), pitch)
    kept = keep_formants(shifted, pitch, RATE)
    assert kept.shape == shifted.shape
    wanted = harmonics_db(vowel(130.0 * pitch, RESONANCES_HZ), 130.0 * pitch)
    errors = [
        float(np.sqrt(np.mean((harmonics_db(each, 130.0 * pitch) - wanted) ** 2)))
        for each in (shifted, kept)
    ]
    assert errors[1] < 0.45 * errors[0]


def test_without_a_shift_the_sound_is_left() -> None:
    sound = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 20_001)).astype(np.float32)
    assert np.abs(keep_formants(sound, 1.0, RATE) - sound).max() < 1e-6


def test_silence_stays_silence_and_the_image_stays() -> None:
    assert not keep_formants(np.zeros((1, 9_000), dtype=np.float32), 1.2, RATE).any()
    one = np.random.default_rng(2).uniform(-0.5, 0.5, 20_000).astype(np.float32)
    both = keep_formants(np.stack([one, 0.25 * one]), 1.2, RATE)
    assert np.abs(both[1] - 0.25 * both[0]).max() < 1e-6
