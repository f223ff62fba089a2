"""The band that a de-esser turns down, and what it takes for sibilance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.dsp.filters import response
from mixmaster.dsp.sibilance import (
    SibilanceCurve,
    SibilanceGain,
    bell_band,
    detector_band,
    shelf_band,
)

RATE = 48_000


def shelved(gain: float, frequencies_hz: Block, corner_hz: float = 6_000.0) -> Block:
    """The magnitude of x + (g - 1) H(x)."""
    band = response(shelf_band(corner_hz, RATE), frequencies_hz, RATE)
    return np.asarray(np.abs(1.0 + (gain - 1.0) * band))


def test_a_cut_of_6_db_is_the_maximally_flat_shelf() -> None:
    frequencies = np.geomspace(20.0, 23_999.0, 400)
    warped = np.tan(np.pi * frequencies / RATE) / math.tan(np.pi * 6_000.0 / RATE)
    expected = np.sqrt((1.0 + 0.25 * warped**4) / (1.0 + warped**4))
    np.testing.assert_allclose(shelved(0.5, frequencies), expected, rtol=1e-9)


@pytest.mark.parametrize("gain", [0.01, 0.1, 0.25, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("corner_hz", [1_000.0, 6_000.0, 20_000.0])
def test_any_cut_is_a_shelf_without_bumps(gain: float, corner_hz: float) -> None:
    frequencies = np.concatenate([[0.0], np.geomspace(20.0, 24_000.0, 400)])
    db = 20.0 * np.log10(shelved(gain, frequencies, corner_hz))
    assert db[0] == pytest.approx(0.0, abs=1e-9)
    assert db[-1] == pytest.approx(20.0 * math.log10(gain), abs=1e-6)
    assert db.max() < 0.2
    assert db.min() > 20.0 * math.log10(gain) - 0.2


@pytest.mark.parametrize("gain", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("frequency_hz", [1_000.0, 6_000.0, 20_000.0])
def test_a_dip_is_the_gain_at_its_centre_and_none_far_off(gain: float, frequency_hz: float) -> None:
    frequencies = np.array([0.0, frequency_hz, 24_000.0])
    band = response(bell_band(frequency_hz, 1.5, RATE), frequencies, RATE)
    dipped = 1.0 + (gain - 1.0) * band
    np.testing.assert_allclose(dipped, [1.0, gain, 1.0], atol=1e-12)


def settled_db(signal: Block, threshold_db: float, ratio: float, q: float | None = None) -> float:
    curve = SibilanceCurve(threshold_db, ratio, 0.0, 40.0, 10.0, 500.0)
    band = detector_band(6_000.0, q, RATE)
    gain = SibilanceGain(curve, band, sample_rate_hz=RATE, where="x")
    return float(gain.process(signal, 0, {})[-1, -1]) * 20.0 * math.log10(2.0)


@pytest.mark.parametrize(
    ("low_db", "high_db", "ratio", "expected_db"),
    # The high tone against both: -0.41 dB, -10.41 dB, -20.04 dB; the threshold is -15.
    [
        (-30.0, -20.0, 2.0, -0.5 * (15.0 - 0.414)),
        (-20.0, -30.0, 2.0, -0.5 * (15.0 - 10.414)),
        (-20.0, -30.0, 4.0, -0.75 * (15.0 - 10.414)),
        (-20.0, -40.0, 4.0, 0.0),
        (-50.0, -60.0, 4.0, -0.75 * (15.0 - 10.414)),  # whatever the level
    ],
)
def test_the_curve_counts_the_sibilance_against_the_whole(
    low_db: float, high_db: float, ratio: float, expected_db: float
) -> None:
    n = np.arange(2 * RATE // 4096 * 4096)
    signal = 10.0 ** (low_db / 20.0) * np.sin(2.0 * np.pi * 2_000.0 / RATE * n)
    # 24 dB an octave from 6 kHz: all of this passes, and nothing of that.
    signal += 10.0 ** (high_db / 20.0) * np.sin(2.0 * np.pi * 20_000.0 / RATE * n)
    assert settled_db(signal[None], -15.0, ratio) == pytest.approx(expected_db, abs=0.06)


def test_around_hears_its_band_alone() -> None:
    n = np.arange(RATE // 4096 * 4096)
    for frequency_hz, over_db in ((6_000.0, 15.0), (16_000.0, 0.0), (1_000.0, 0.0)):
        tone = 0.1 * np.sin(2.0 * np.pi * frequency_hz / RATE * n)[None]
        expected_db = -0.5 * over_db
        assert settled_db(tone, -15.0, 2.0, q=6.0) == pytest.approx(expected_db, abs=0.05)


def test_hiss_between_the_words_is_no_sibilance() -> None:
    hiss = 10.0 ** (-110.0 / 20.0) * np.random.default_rng(1).standard_normal((1, 8 * 4096))
    assert settled_db(hiss, -15.0, 4.0) == 0.0
