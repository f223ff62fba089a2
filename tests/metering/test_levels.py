"""RMS, crest, DR, DC and the noise floor against closed forms."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from tests.metering.programme_signals import fed, noise

from mixmaster.metering.levels import LevelFigures, LevelMeter
from mixmaster.results import to_json_text

RATE = 8_000


def levels(signal: np.ndarray, rate: int = RATE) -> LevelFigures:
    return fed(LevelMeter(rate, signal.shape[0]), signal)


def sine(seconds: float, peak: float, hz: float = 100.0, rate: int = RATE) -> np.ndarray:
    return peak * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)[None]


def test_a_full_scale_sine_has_an_rms_of_3_01_db_under_full_scale() -> None:
    figures = levels(sine(4.0, 1.0))
    assert figures.rms_dbfs == pytest.approx(-10 * math.log10(2), abs=1e-4)
    assert figures.crest_db == pytest.approx(10 * math.log10(2), abs=1e-4)
    assert figures.sample_peak_dbfs[0] == pytest.approx(0.0, abs=1e-4)


def test_a_square_has_no_crest() -> None:
    square = np.where(np.arange(4 * RATE) % 80 < 40, 0.25, -0.25)[None]
    figures = levels(square)
    assert figures.rms_dbfs == pytest.approx(20 * math.log10(0.25), abs=1e-5)
    assert figures.crest_db == pytest.approx(0.0, abs=1e-5)


def test_rms_is_the_mean_over_channels_and_each_channel_has_its_own() -> None:
    loud = np.full(RATE, 0.5)
    figures = levels(np.stack([loud, 0.1 * loud, 0.0 * loud]))
    assert figures.rms_dbfs == pytest.approx(10 * math.log10(0.25 * 1.01 / 3), abs=1e-5)
    half = 20 * math.log10(0.5)
    assert figures.channel_rms_dbfs[:2] == pytest.approx((half, half - 20), abs=1e-5)
    assert figures.channel_rms_dbfs[2] is None
    assert figures.sample_peak_dbfs[2] is None


def test_dc_is_read_from_each_channel() -> None:
    tone = np.concatenate([sine(2.0, 0.5) + 0.01, sine(2.0, 0.5) - 0.002])
    assert levels(tone).dc_offset == pytest.approx((0.01, -0.002), abs=1e-7)


@pytest.mark.parametrize(("rate", "block"), [(8_000, 24_000), (44_100, 132_480)])
def test_dr_is_the_second_peak_over_the_fullest_fifth(rate: int, block: int) -> None:
    # Eleven blocks, the last short: the fullest fifth is two of them. RMS is that of a sine.
    heights = np.repeat([0.1, 0.4, 0.1, 0.1, 0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], block)
    signal = np.where(np.arange(heights.size) % 2, heights, -heights)[: 10 * block + 100]
    signal[5] = 1.0  # the highest peak, in the first block; the second is 0.8
    signal[9 * block + 3] = -0.8
    figures = levels(signal[None], rate)
    assert figures.dr_exact == pytest.approx(20 * math.log10(0.8 / (0.4 * math.sqrt(2))), abs=1e-3)
    assert figures.dr == 3


def test_the_blocks_of_dr_lie_where_the_tt_meter_puts_them() -> None:
    # The loud passage fills the second block to the frame: a block elsewhere would share it.
    block = 132_480
    signal = np.full(4 * block, 0.01)
    signal[block : 2 * block] = 0.5
    signal[0] = 0.5
    expected = 20 * math.log10(0.5 / (0.5 * math.sqrt(2)))
    assert levels(signal[None], 44_100).dr_exact == pytest.approx(expected, abs=1e-4)


def test_dr_is_the_mean_of_the_channels_that_sound() -> None:
    block = 3 * RATE
    left = np.full(3 * block, 0.1)
    left[[0, block]] = 0.8
    right = np.full(3 * block, 0.1)
    right[[0, block]] = 0.4
    both = [20 * math.log10(peak / (0.1 * math.sqrt(2))) for peak in (0.8, 0.4)]
    figures = levels(np.stack([left, right, np.zeros(3 * block)]))
    assert figures.dr_exact == pytest.approx(sum(both) / 2, abs=0.01)


def test_under_two_blocks_there_is_no_dr() -> None:
    figures = levels(sine(5.9, 0.5))
    assert figures.dr is None
    assert figures.dr_exact is None
    assert figures.reasons["dr"] == "shorter than 6 s"
    assert levels(sine(6.0, 0.5)).dr is not None


def test_the_noise_floor_is_that_of_the_rests_whatever_the_dc() -> None:
    floor = noise(20.0, RATE, slope=0.0)
    floor *= 10 ** (-70 / 20) / np.sqrt(np.mean(np.square(floor)))
    beat = (np.arange(20 * RATE) % RATE < RATE // 2) * sine(20.0, 0.5)
    figures = levels(floor + beat + 0.003)
    # The quietest of many readings of noise lie a little under its level.
    assert figures.noise_floor_dbfs == pytest.approx(-70.3, abs=0.4)


def test_the_noise_floor_is_that_of_the_noisiest_channel() -> None:
    beat = (np.arange(20 * RATE) % RATE < RATE // 2) * sine(20.0, 0.5)[0]
    floor = noise(20.0, RATE, slope=0.0)[0]
    floor /= np.sqrt(np.mean(np.square(floor)))
    both = np.stack([beat + 1e-4 * floor, beat + 1e-3 * floor])
    assert levels(both).noise_floor_dbfs == pytest.approx(-60.3, abs=0.4)


def test_what_never_rests_has_no_noise_floor() -> None:
    figures = levels(noise(10.0, RATE))
    assert figures.noise_floor_dbfs is None
    assert "never rests" in figures.reasons["noise_floor_dbfs"]
    short = levels(sine(1.0, 0.5))
    assert "less than 2 s" in short.reasons["noise_floor_dbfs"]


def test_silence_and_nothing_have_reasons() -> None:
    for frames, why in ((RATE, "digital silence"), (0, "no audio")):
        data = json.loads(to_json_text(levels(np.zeros((2, frames)))))
        missing = {key for key, value in data.items() if value is None}
        assert missing == set(data["reasons"])
        assert data["reasons"]["rms_dbfs"] == why
        assert data["dc_offset"] == [0.0, 0.0]


def test_any_cut_gives_the_same_figures() -> None:
    signal = noise(9.5, RATE, channels=2)
    whole = fed(LevelMeter(RATE, 2), signal, signal.shape[1])
    assert fed(LevelMeter(RATE, 2), signal, 777) == whole


def test_looking_changes_nothing() -> None:
    signal = noise(9.5, RATE)
    meter = LevelMeter(RATE, 1)
    for start in range(0, signal.shape[1], 5_000):
        meter.update(signal[:, start : start + 5_000])
        meter.result()
    assert meter.result() == levels(signal)


@pytest.mark.parametrize("rate", [11_025, 44_100, 48_000])
def test_every_frame_counts_once_at_rates_that_tenths_do_not_divide(rate: int) -> None:
    # A steady square: were a tenth of a second to miss a frame or have one too many, the
    # quietest would differ from the whole.
    signal = np.where(np.arange(21 * rate) % 2, 0.5, -0.5)[None]
    figures = levels(signal, rate)
    assert figures.rms_dbfs == pytest.approx(20 * math.log10(0.5), abs=1e-5)
    assert "moments are 0 dB under" in figures.reasons["noise_floor_dbfs"]
