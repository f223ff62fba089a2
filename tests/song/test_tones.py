from __future__ import annotations

import numpy as np
import pytest

from mixmaster.song import voice
from mixmaster.song.chance import Chance
from mixmaster.song.score import SAMPLE_RATE_HZ, Syllable, beat_to_frame, beat_to_s
from mixmaster.song.tones import decay, delayed, driven, fade_edges, place, plucked


@pytest.mark.parametrize("frequency_hz", [41.2034, 110.0, 329.6276])
def test_a_plucked_tone_is_the_sum_of_decaying_sines(frequency_hz: float) -> None:
    numbers, levels = np.arange(1.0, 6.0), np.array([1.0, 0.5, 0.4, 0.2, 0.1])
    rates = 1.0 + 2.0 * numbers
    t = np.arange(20_000)[:, None] / SAMPLE_RATE_HZ
    exact = (levels * np.exp(-rates * t) * np.sin(2 * np.pi * frequency_hz * numbers * t)).sum(1)
    tone = plucked(frequency_hz, 20_000, levels, rates)
    # bilinear reading of 1,024 points: (2 pi 5 / 1024)^2 / 8 of a harmonic at most
    assert np.abs(tone - exact).max() < 5e-4


def test_a_driven_signal_is_bent_and_silence_is_not() -> None:
    assert np.array_equal(driven(np.zeros(1_000), 20.0, 0.2), np.zeros(1_000))
    slow = np.sin(2 * np.pi * 100.0 * np.arange(44_100) / SAMPLE_RATE_HZ)
    out = driven(slow, 20.0)
    assert np.abs(out - np.tanh(10.0 * slow))[1_000:-1_000].max() < 1e-2


def test_delays_and_placing_count_whole_frames() -> None:
    click = np.zeros(1_000)
    click[10] = 1.0
    assert np.argmax(delayed(click, 2.0)) == 10 + 88  # 88.2 frames
    track = np.zeros(100)
    place(track, 98, np.ones(10))
    place(track, 100, np.ones(10))
    assert track.sum() == 2.0


def test_fades_reach_the_middle_untouched() -> None:
    faded = fade_edges(np.ones(4_410), 10.0, 20.0)
    assert np.array_equal(faded[441:-882], np.ones(4_410 - 441 - 882))
    assert faded[0] < 1e-4
    assert faded[-1] < 1e-4
    assert decay(44_101, 0.5)[-1] == pytest.approx(np.exp(-2.0))


def test_chance_has_the_moments_it_claims() -> None:
    uniform = Chance("a").uniform(100_000)
    assert uniform.min() >= 0.0
    assert uniform.max() < 1.0
    assert uniform.mean() == pytest.approx(0.5, abs=0.005)
    for values in (Chance("b").spread(100_000), Chance("c").noise(100_000)):
        assert values.mean() == pytest.approx(0.0, abs=0.02)
        assert values.var() == pytest.approx(1.0, abs=0.02)
        assert np.abs(values).max() <= 3.0
    assert abs(np.corrcoef(Chance("a").noise(10_000), Chance("b").noise(10_000))[0, 1]) < 0.05
    assert np.array_equal(Chance("a").uniform(9), uniform[:9])


def test_beats_lie_at_96_a_minute() -> None:
    assert beat_to_s(-2.0) == 0.0
    assert beat_to_s(16.0) == pytest.approx(18 * 0.625)
    assert beat_to_frame(0.0) == 55_125
    assert beat_to_frame(-2.0, -5.0) == 0


@pytest.mark.parametrize("vowel", ["i", "a", "u"])
def test_vowels_have_their_formants(vowel: str) -> None:
    """The strongest harmonic of a low note lies at the first formant, and F2 makes its peak."""
    singer = voice.Singer("test", 1.0, 5.0, 0.0, -90.0)
    note = Syllable(0.0, 4.0, 43, "", vowel, "", 0.9)  # 98 Hz: harmonics close together
    sound = voice.sing((note,), singer)[beat_to_frame(1.0) : beat_to_frame(3.0)]
    power = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
    hz = np.fft.rfftfreq(sound.size, 1.0 / SAMPLE_RATE_HZ)
    first_hz, second_hz, _ = voice.VOWELS[vowel]
    below = hz < 0.5 * (first_hz + second_hz)
    assert hz[below][np.argmax(power[below])] == pytest.approx(first_hz, abs=100.0)
    above = (hz > second_hz - 300.0) & (hz < second_hz + 300.0) & (hz > first_hz + 200.0)
    assert hz[above][np.argmax(power[above])] == pytest.approx(second_hz, abs=110.0)
