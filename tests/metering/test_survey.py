"""All meters in one pass: each figure is its own meter's, however blocks and threads are cut."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metering.meter_tones import stereo, tone, true_peak_dbtp
from tests.metering.programme_signals import fed, noise, quantised

from mixmaster.errors import SignalError, UsageError
from mixmaster.metering.events import EventMeter
from mixmaster.metering.levels import LevelMeter
from mixmaster.metering.loudness import BlockPowers, channel_weights, short_term_lufs
from mixmaster.metering.programme import ProgrammeMeter
from mixmaster.metering.provenance import ProvenanceMeter
from mixmaster.metering.spectrum import SpectrumMeter
from mixmaster.metering.stereo import StereoMeter
from mixmaster.metering.survey import Survey, SurveyMeter
from mixmaster.metering.timeline import TimelineMeter
from mixmaster.results import to_json_text

RATE = 44_100
PROGRAMME = np.clip(
    1.6
    * noise(8.003, RATE, channels=2)
    * np.interp(np.arange(round(8.003 * RATE)) / RATE, [0, 4, 5, 8], [0.2, 1.0, 0.3, 0.9]),
    -0.7,
    0.9,
)


def surveyed(
    signal: np.ndarray = PROGRAMME,
    rate: int = RATE,
    *,
    block: int = 65_536,
    pool: ThreadPoolExecutor | None = None,
) -> Survey:
    meter = SurveyMeter(rate, signal.shape[0])
    for start in range(0, signal.shape[1], block):
        meter.update(signal[:, start : start + block], pool)
    return meter.result()


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_its_figures_are_those_of_the_single_meters(channels: int) -> None:
    signal = np.concatenate([PROGRAMME, 0.5 * PROGRAMME, -0.3 * PROGRAMME])[:channels]
    found = surveyed(signal)
    parts = {
        "events": fed(EventMeter(RATE, channels), signal),
        "provenance": fed(ProvenanceMeter(RATE, channels), signal),
        "stereo": fed(StereoMeter(RATE, channels), signal),
        "timeline": fed(TimelineMeter(RATE, channels), signal),
        "spectrum": fed(SpectrumMeter(RATE, channels), signal),
    }
    for part, expected in parts.items():
        assert getattr(found, part) == expected, part
    levels = fed(LevelMeter(RATE, channels), signal)
    for name in ("rms_dbfs", "crest_db", "dr_exact", "dc_offset", "sample_peak_dbfs"):
        assert getattr(found.levels, name) == getattr(levels, name)


def test_its_programme_figures_are_those_of_measure() -> None:
    meter = ProgrammeMeter(RATE, 2)
    meter.update(PROGRAMME)
    plain, found = meter.result().to_json(), surveyed().programme.to_json()
    assert found.pop("true_peak_dbtp") == pytest.approx(plain.pop("true_peak_dbtp"), abs=1e-4)
    assert found == plain


def test_plr_of_a_sine_is_3_01_db_for_one_channel_and_0_for_two() -> None:
    # A 997 Hz sine at 0 dBFS reads -3.01 LUFS in one channel (BS.1770-5), 0 in two.
    sine = tone([(6.0, -10.0)], 48_000, 997.0)
    one, two = surveyed(sine[None], 48_000).levels, surveyed(stereo(sine), 48_000).levels
    for figures, ratio in ((one, 10 * math.log10(2)), (two, 0.0)):
        assert figures.plr_db == pytest.approx(ratio, abs=0.02)
        assert figures.psr_db == pytest.approx(ratio, abs=0.02)


def test_psr_is_the_smallest_of_all_windows_of_3_s() -> None:
    powers = BlockPowers(RATE, 2)
    powers.update(PROGRAMME)
    loudness = short_term_lufs(powers.powers, channel_weights(2))
    found = surveyed()
    assert found.programme.integrated_lufs is not None
    ratios = []
    for number, lufs in enumerate(loudness):
        if lufs >= found.programme.integrated_lufs - 10.0:
            window = PROGRAMME[:, number * RATE // 10 : (number + 30) * RATE // 10]
            ratios.append(true_peak_dbtp(np.pad(window, ((0, 0), (0, 200))), RATE) - lufs)
    # A window cut out rings at its edges, by far less than this.
    assert found.levels.psr_db == pytest.approx(min(ratios), abs=0.05)


def test_short_signals_and_silence_say_why_ratios_are_missing() -> None:
    short = surveyed(noise(1.0, RATE)).levels
    assert short.psr_db is None
    assert short.reasons["psr_db"] == "shorter than 3 s"
    assert short.plr_db is not None
    for frames in (RATE, 0):
        data = json.loads(to_json_text(surveyed(np.zeros((2, frames)))))
        for part in ("programme", "levels", "events", "provenance"):
            missing = {key for key, value in data[part].items() if value is None}
            assert missing <= set(data[part]["reasons"]), part


def test_a_layout_without_weights_has_all_but_loudness() -> None:
    found = surveyed(np.tile(PROGRAMME[:1, : 3 * RATE], (7, 1)))
    assert found.programme.integrated_lufs is None
    assert found.levels.plr_db is None
    assert "7 channels" in found.levels.reasons["plr_db"]
    assert "7 channels" in found.levels.reasons["psr_db"]
    assert found.levels.rms_dbfs is not None
    assert found.programme.true_peak_dbtp is not None


def test_dual_mono_is_3_01_lu_more() -> None:
    figures = []
    for dual in (False, True):
        meter = SurveyMeter(RATE, 1, dual_mono=dual)
        meter.update(PROGRAMME[:1])
        figures.append(meter.result())
    plain, doubled = (found.programme.integrated_lufs for found in figures)
    assert plain is not None
    assert doubled == pytest.approx(plain + 10 * math.log10(2), abs=1e-9)


def test_a_thread_changes_nothing() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert surveyed(pool=pool) == surveyed()


@settings(max_examples=4, deadline=None)
@given(st.integers(3_000, 300_000))
def test_any_cut_gives_the_same_figures(block: int) -> None:
    assert surveyed(block=block) == surveyed()


def test_looking_changes_nothing() -> None:
    meter = SurveyMeter(RATE, 2)
    for start in range(0, PROGRAMME.shape[1], 100_000):
        meter.update(PROGRAMME[:, start : start + 100_000])
        meter.result()
    assert meter.result() == surveyed()


@pytest.mark.parametrize("rate", [8_000, 96_000, 384_000])
def test_every_rate_is_measured(rate: int) -> None:
    signal = quantised(noise(2.0, rate, channels=2), 24)
    found = surveyed(signal, rate)
    assert found.programme.sample_rate_hz == rate
    assert found.provenance.effective_bit_depth == 24
    assert found.levels.rms_dbfs == pytest.approx(
        10 * math.log10(np.mean(np.square(signal))), abs=1e-4
    )
    assert found.events.clipped_runs == found.events.dropouts == 0


def test_nan_is_an_error_at_once_and_odd_rates_are_refused() -> None:
    meter = SurveyMeter(RATE, 2, where="song.wav")
    block = np.zeros((2, RATE))
    block[1, 441] = np.nan
    with pytest.raises(SignalError, match=r"song\.wav: .* at 0\.010 s"):
        meter.update(block)
    with pytest.raises(UsageError, match="1 Hz"):
        SurveyMeter(1, 2)


def test_levels_far_over_full_scale_are_measured_too() -> None:
    signal = 1e12 * np.where(np.arange(4 * RATE) % 100 < 50, 1.0, -1.0)[None]
    found = surveyed(np.repeat(signal, 2, axis=0))
    assert found.levels.rms_dbfs == pytest.approx(240.0, abs=1e-3)
    assert found.provenance.effective_bit_depth is None
    assert found.events.intersample_overs >= 2
