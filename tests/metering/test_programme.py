"""Everything in one pass: the parts agree with their own meters, threads change nothing."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metering.meter_tones import fed_loudness, stereo, tone, true_peak_dbtp

from mixmaster.errors import SignalError, UsageError
from mixmaster.metering.programme import ProgrammeFigures, ProgrammeMeter
from mixmaster.results import to_json_text

RATE = 44_100
PROGRAMME = np.clip(
    np.random.default_rng(8).standard_normal((2, 4 * RATE + 123))
    * np.interp(np.arange(4 * RATE + 123), [0, 2 * RATE, 4 * RATE], [0.01, 0.5, 0.1]),
    -0.9,
    0.9,
)


def measured(pool: ThreadPoolExecutor | None = None, block: int = 65_536) -> ProgrammeFigures:
    meter = ProgrammeMeter(RATE, 2)
    for start in range(0, PROGRAMME.shape[1], block):
        meter.update(PROGRAMME[:, start : start + block], pool)
    return meter.result()


def test_its_figures_are_those_of_the_single_meters() -> None:
    figures, loudness = measured(), fed_loudness(PROGRAMME, RATE).result()
    assert figures.integrated_lufs == loudness.integrated_lufs
    assert figures.loudness_range_lu == loudness.loudness_range_lu
    assert figures.max_momentary_lufs == loudness.max_momentary_lufs
    assert figures.max_short_term_lufs == loudness.max_short_term_lufs
    assert figures.true_peak_dbtp == true_peak_dbtp(PROGRAMME, RATE)
    assert figures.sample_peak_dbfs == pytest.approx(20 * math.log10(0.9), abs=1e-6)
    assert figures.duration_s == pytest.approx(4 + 123 / RATE, abs=1e-12)
    assert (figures.sample_rate_hz, figures.channels, figures.reasons) == (RATE, 2, {})


def test_a_thread_changes_nothing() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert measured(pool) == measured()


@settings(max_examples=6, deadline=None)
@given(st.integers(500, 300_000))
def test_any_cut_gives_the_same_figures(block: int) -> None:
    assert measured(block=block) == measured()


def test_looking_changes_nothing() -> None:
    meter = ProgrammeMeter(RATE, 2)
    for start in range(0, PROGRAMME.shape[1], 30_000):
        meter.update(PROGRAMME[:, start : start + 30_000])
        meter.result()
    assert meter.result() == measured()


def test_silence_and_nothing_become_json_with_reasons() -> None:
    for frames, reason in ((0, "no audio"), (48_000, "digital silence")):
        meter = ProgrammeMeter(48_000, 2)
        meter.update(np.zeros((2, frames)))
        data = json.loads(to_json_text(meter.result()))
        missing = {key for key, value in data.items() if value is None}
        assert missing == set(data["reasons"])
        assert missing == {
            "integrated_lufs",
            "loudness_range_lu",
            "max_momentary_lufs",
            "max_short_term_lufs",
            "true_peak_dbtp",
            "sample_peak_dbfs",
        }
        assert data["reasons"]["true_peak_dbtp"] == reason
        assert data["duration_s"] == frames / 48_000


def test_a_layout_without_weights_still_has_peaks() -> None:
    meter = ProgrammeMeter(48_000, 7)
    meter.update(np.full((7, 48_000), 0.5))
    figures = meter.result()
    assert figures.integrated_lufs is None
    assert "7 channels" in figures.reasons["integrated_lufs"]
    assert figures.sample_peak_dbfs == pytest.approx(-6.0206, abs=1e-4)
    assert "true_peak_dbtp" not in figures.reasons


def test_dual_mono_is_3_01_lu_more() -> None:
    figures = []
    for dual in (False, True):
        meter = ProgrammeMeter(48_000, 1, dual_mono=dual)
        meter.update(tone([(5, -23)], 48_000)[None])
        figures.append(meter.result().integrated_lufs)
    plain, doubled = figures
    assert plain is not None
    assert doubled == pytest.approx(plain + 10 * math.log10(2), abs=1e-9)


@pytest.mark.parametrize("frames", [70_000, 1_000])
def test_one_nan_is_an_error_at_once(frames: int) -> None:
    meter = ProgrammeMeter(48_000, 2, where="song.wav")
    block = stereo(np.zeros(frames))
    block[0, 480] = np.nan
    with pytest.raises(SignalError, match=r"song\.wav: .* at 0\.010 s"):
        meter.update(block)


def test_rates_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match="1 Hz"):
        ProgrammeMeter(1, 2)
