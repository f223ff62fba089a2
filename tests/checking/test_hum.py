"""Mains hum: found under music at its level, and not taken for a bass."""

from __future__ import annotations

import numpy as np
import pytest
from tests.checking.sessions import RATE_HZ, bursts, noise, sine

from mixmaster.arrays import Block
from mixmaster.dsp.hum import Hum, HumDetector

SECONDS = 16.0


def heard(signal: Block, rate_hz: int = RATE_HZ, step: int = 65_536) -> Hum | None:
    channels = np.atleast_2d(signal)
    detector = HumDetector(rate_hz, len(channels))
    for start in range(0, channels.shape[1], step):
        detector.update(channels[:, start : start + step])
    return detector.result()


def drums(seconds: float = SECONDS) -> Block:
    """Return a played kick of 55 Hz about every half second, loudest just where hum is."""
    random = np.random.default_rng(7)
    out = 0.1 * bursts(1, seconds)
    times = np.arange(round(0.35 * RATE_HZ)) / RATE_HZ
    for beat_s in np.arange(0.0, seconds - 1.0, 0.5):
        start = round((beat_s + random.uniform(0.0, 0.05)) * RATE_HZ)
        hz = random.uniform(53.0, 57.0)
        kick = 0.5 * np.sin(2.0 * np.pi * hz * times) * np.exp(-times / 0.04)
        out[start : start + times.size] += kick
    return out


def bass(notes_hz: list[float], tempo_bpm: float, decay_per_s: float) -> Block:
    """Return a sequenced bass: each note begins at phase zero, on the beat."""
    out = noise(9, round(SECONDS * RATE_HZ), 1e-5)
    beat_s = 60.0 / tempo_bpm
    for number in range(int(SECONDS / beat_s)):
        times = np.arange(round(0.9 * beat_s * RATE_HZ)) / RATE_HZ
        hz = notes_hz[number % len(notes_hz)]
        tone = np.sin(2.0 * np.pi * hz * times) + 0.3 * np.sin(4.0 * np.pi * hz * times)
        start = round(number * beat_s * RATE_HZ)
        note = 0.3 * tone * np.exp(-decay_per_s * times)
        out[start : start + note.size] += note[: out.size - start]
    return out


@pytest.mark.parametrize("mains_hz", [50.0, 60.0, 60.1])
@pytest.mark.parametrize("level_dbfs", [-60.0, -50.0])
def test_hum_is_found_between_drum_strokes(mains_hz: float, level_dbfs: float) -> None:
    music = drums()
    found = heard(music + sine(mains_hz, SECONDS, 10.0 ** (level_dbfs / 20.0)))
    assert found is not None
    assert found.mains_hz == round(mains_hz, -1)
    assert found.harmonics == (1,)
    assert found.level_dbfs == pytest.approx(level_dbfs, abs=0.7)
    assert found.strongest_hz == pytest.approx(mains_hz, abs=0.03)
    assert heard(music) is None


def test_harmonics_add_up_by_power() -> None:
    levels_dbfs = {1: -66.0, 2: -60.0, 3: -63.0, 5: -70.0}
    signal = 0.1 * bursts(2, SECONDS)
    for order, level in levels_dbfs.items():
        signal = signal + sine(50.0 * order, SECONDS, 10.0 ** (level / 20.0))
    found = heard(signal)
    assert found is not None
    assert found.harmonics == (1, 2, 3, 5)
    total = 10.0 * np.log10(sum(10.0 ** (level / 10.0) for level in levels_dbfs.values()))
    assert found.level_dbfs == pytest.approx(total, abs=0.5)
    assert found.strongest_hz == pytest.approx(100.0, abs=0.03)


@pytest.mark.parametrize("tempo_bpm", [120.0, 125.0, 90.0])
@pytest.mark.parametrize("decay_per_s", [2.0, 0.3])
@pytest.mark.parametrize(
    "notes_hz",
    [[48.9994], [61.7354], [58.2705, 61.7354], [48.9994, 51.913], [55.0, 61.7354, 48.9994]],
)
def test_a_bass_near_the_mains_is_no_hum(
    notes_hz: list[float], tempo_bpm: float, decay_per_s: float
) -> None:
    assert heard(bass(notes_hz, tempo_bpm, decay_per_s)) is None


@pytest.mark.parametrize("hz", [49.0, 50.5, 59.4, 61.0, 61.735])
def test_a_drone_beside_the_grid_is_no_hum(hz: float) -> None:
    assert heard(sine(hz, SECONDS, 0.1) + noise(3, round(SECONDS * RATE_HZ), 1e-4)) is None


def test_hum_that_stops_is_none() -> None:
    hum = sine(60.0, SECONDS, 0.01)
    hum[hum.size // 2 :] = 0.0
    assert heard(hum + noise(4, hum.size, 1e-5)) is None


def test_it_is_found_at_any_rate_and_in_the_channel_that_has_it() -> None:
    for rate_hz in (8_000, 48_000, 96_000):
        frames = round(8.0 * rate_hz)
        quiet = noise(5, frames, 1e-3)
        found = heard(np.stack([quiet, quiet + sine(60.0, 8.0, 1e-3, rate_hz)]), rate_hz)
        assert found is not None
        assert found.channel == 1
        assert found.level_dbfs == pytest.approx(-60.0, abs=0.5)


def test_blocks_do_not_matter() -> None:
    signal = drums() + sine(60.0, SECONDS, 1e-3)
    whole, cut = heard(signal, step=10**9), heard(signal, step=4_999)
    assert whole is not None
    assert cut is not None
    assert cut.level_dbfs == pytest.approx(whole.level_dbfs, abs=1e-3)
    assert cut.harmonics == whole.harmonics
