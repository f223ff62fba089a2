"""Stretching and pitch: clicks stay in their places, tones in tune, levels as they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.effects.stretching import fractions, hop_frames, stretch

RATE = 48_000


def reader(sound: np.ndarray) -> Callable[[int, int], Block]:
    def read(first: int, frames: int) -> Block:
        at = np.arange(first, first + frames)
        inside = (at >= 0) & (at < sound.shape[1])
        return np.asarray(np.where(inside, sound[:, np.clip(at, 0, sound.shape[1] - 1)], 0.0))

    return read


def run(
    sound: np.ndarray, length: float = 1.0, semitones: float = 0.0, rate: int = RATE, **more: Any
) -> np.ndarray:
    frames = sound.shape[1]
    return stretch(
        reader(sound),
        frames,
        rate,
        stretched_frames=round(frames * length),
        semitones=semitones,
        **more,
    )


def clicks(seconds: float, rate: int = RATE) -> tuple[np.ndarray, np.ndarray]:
    sound = np.zeros((1, round(seconds * rate)))
    places = np.arange(rate // 4, sound.shape[1] - rate // 8, rate // 2)
    sound[0, places] = 0.9
    return sound, places


def tone(hz: float, seconds: float, rate: int = RATE) -> np.ndarray:
    return 0.25 * np.sin(2.0 * np.pi * hz * np.arange(round(seconds * rate)) / rate)[np.newaxis]


def pitch_and_level(sound: np.ndarray, rate: int = RATE) -> tuple[float, float]:
    """Return the frequency of a tone and its peak, from its middle, by least squares."""
    part = sound[len(sound) // 4 : 3 * len(sound) // 4].astype(float)
    spectrum = np.abs(np.fft.rfft(part * np.blackman(part.size), 4 * part.size))
    top = int(spectrum.argmax())
    left, middle, right = np.log(spectrum[top - 1 : top + 2])
    hz = (top + (left - right) / 2.0 / (left - 2.0 * middle + right)) * rate / (4 * part.size)
    turn = 2.0 * np.pi * hz * np.arange(part.size) / rate
    basis = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return hz, float(np.hypot(*np.linalg.lstsq(basis, part)[0]))


@pytest.mark.parametrize(
    ("length", "semitones", "within_ms"),
    [
        (1.02, 0.0, 0.25),
        (0.98, 0.0, 0.25),
        (1.0, -0.3, 0.25),
        (1.0, 0.25, 0.25),
        (0.985, 0.4, 0.25),
        (1.1, 0.0, 0.8),
        (0.9, 1.0, 0.8),
    ],
)
def test_clicks_stay_in_their_places_and_do_not_drift(
    length: float, semitones: float, within_ms: float
) -> None:
    sound, places = clicks(12.0)
    out = np.abs(run(sound, length, semitones)[0])
    assert out.size == round(12.0 * RATE * length)
    wanted = places * length
    found = [at - 2_400 + np.argmax(out[at - 2_400 : at + 2_400]) for at in wanted.astype(int)]
    errors_ms = 1e3 * (np.array(found) - wanted) / RATE
    assert np.abs(errors_ms).max() < within_ms
    drift = np.polyfit(places / RATE, errors_ms, 1)[0]
    assert abs(drift) < 0.02  # ms in a second; without taking turns it is 1.9


@pytest.mark.parametrize("length", [0.5, 0.98, 1.0, 1.02, 1.5])
@pytest.mark.parametrize("semitones", [-7.0, -0.3, 0.0, 0.3, 4.0])
def test_tones_are_in_tune_and_as_loud_as_they_were(length: float, semitones: float) -> None:
    out = run(tone(440.0, 1.5), length, semitones)
    hz, peak = pitch_and_level(out[0])
    cents = 1200.0 * np.log2(hz / 440.0) - 100.0 * semitones
    assert abs(cents) < 0.05
    assert 20.0 * np.log10(peak / 0.25) == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("rate", [16_000, 44_100, 96_000])
def test_other_rates_are_in_tune_and_in_time(rate: int) -> None:
    hz, _ = pitch_and_level(run(tone(440.0, 1.0, rate), 1.03, 0.5, rate)[0], rate)
    assert 1200.0 * np.log2(hz / 440.0) == pytest.approx(50.0, abs=0.05)
    sound, places = clicks(3.0, rate)
    out = np.abs(run(sound, 1.03, rate=rate)[0])
    reach = rate // 20
    found = [
        at - reach + np.argmax(out[at - reach : at + reach]) for at in (places * 1.03).astype(int)
    ]
    assert np.abs(1e3 * (np.array(found) - places * 1.03) / rate).max() < 2.0


def test_nothing_to_do_leaves_the_sound_alone() -> None:
    sound = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 9_000)).astype(np.float32).astype(float)
    assert np.array_equal(run(sound), sound)


def test_more_may_be_had_before_and_after() -> None:
    sound = np.zeros((1, 40_000))
    sound[0, 15_000] = 0.9
    read = reader(sound)

    def inner(first: int, frames: int) -> Block:
        return read(first + 10_000, frames)

    out = stretch(
        inner, 10_000, RATE, stretched_frames=10_200, semitones=-0.2, before=480, after=960
    )
    assert out.shape == (1, 480 + 10_200 + 960)
    # Half way through the region: 480 + 5,100.
    assert int(np.abs(out[0]).argmax()) == pytest.approx(5_580, abs=12)


def test_the_same_again_is_the_same_again() -> None:
    sound = np.random.default_rng(3).uniform(-0.5, 0.5, (2, 20_000))
    assert np.array_equal(run(sound, 1.07, 0.6), run(sound, 1.07, 0.6))


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000, 192_000])
def test_any_ratio_lies_between_two_fractions_that_the_engine_keeps_to(rate: int) -> None:
    for ratio in np.geomspace(0.07, 15.0, 400):
        low, high = fractions(float(ratio), rate)
        assert low.ratio <= ratio * (1.0 + 1e-9)
        assert high.ratio >= ratio * (1.0 - 1e-9)
        for each in (low, high):
            assert int(hop_frames(each.asked, rate)) == each.incoming
            assert round(each.incoming * each.asked) == each.outgoing
