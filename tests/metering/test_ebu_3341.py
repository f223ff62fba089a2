"""EBU Tech 3341, table 1: every case that can be synthesised (7 and 8 are recordings)."""

from __future__ import annotations

import numpy as np
import pytest
from tests.metering.meter_tones import (
    LONG_PLACES,
    PLACES,
    RATES,
    SILENCE,
    fed_as,
    fed_loudness,
    stereo,
    tone,
    true_peak_dbtp,
)

from mixmaster.arrays import Block
from mixmaster.metering.loudness import momentary_lufs, short_term_lufs

INTEGRATED: dict[int, list[tuple[float, float]]] = {
    3: [(10, -36), (60, -23), (10, -36)],
    4: [(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)],
    5: [(20, -26), (20.1, -20), (20, -26)],
}


@pytest.mark.parametrize(("rate", "layout"), PLACES)
@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_cases_1_and_2_steady_tone(rate: int, layout: str, level: float) -> None:
    figures = fed_as(tone([(20, level)], rate), rate, layout).result()
    assert figures.max_momentary_lufs == pytest.approx(level, abs=0.1)
    assert figures.max_short_term_lufs == pytest.approx(level, abs=0.1)
    assert figures.integrated_lufs == pytest.approx(level, abs=0.1)
    assert figures.reasons == {}


@pytest.mark.parametrize(("rate", "layout"), LONG_PLACES)
@pytest.mark.parametrize("case", INTEGRATED)
def test_cases_3_to_5_gates(case: int, rate: int, layout: str) -> None:
    figures = fed_as(tone(INTEGRATED[case], rate), rate, layout).result()
    assert figures.integrated_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_case_6_five_channels(rate: int) -> None:
    block = np.stack([tone([(20, level)], rate) for level in (-28, -28, -24, -30, -30)])
    assert fed_loudness(block, rate).result().integrated_lufs == pytest.approx(-23.0, abs=0.1)
    with_lfe = np.insert(block, 3, tone([(20, -6)], rate, 60.0), axis=0)
    assert fed_loudness(with_lfe, rate).result().integrated_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(("rate", "layout"), PLACES)
def test_case_9_short_term_is_steady(rate: int, layout: str) -> None:
    meter = fed_as(tone([(1.34, -20), (1.66, -30)] * 5, rate), rate, layout)
    every = short_term_lufs(meter.blocks.powers, meter.weights)
    assert every.size == 121  # 15 s: from 3 s to 15 s, every 0.1 s
    np.testing.assert_allclose(every, -23.0, atol=0.1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("i", range(20))
def test_case_10_short_term_maximum_wherever_it_begins(i: int, rate: int) -> None:
    signal = tone([(i * 0.15, SILENCE), (3, -23), (1, SILENCE)], rate)
    figures = fed_loudness(stereo(signal), rate).result()
    assert figures.max_short_term_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(("rate", "layout"), LONG_PLACES)
def test_case_11_short_term_maxima_in_succession(rate: int, layout: str) -> None:
    segments = [
        part
        for i in range(20)
        for part in ((i * 0.15, SILENCE), (3, -38 + i), (3 - i * 0.15, SILENCE))
    ]
    meter = fed_as(tone(segments, rate), rate, layout)
    ends = 3.0 + 0.1 * np.arange(20 * 60 - 29)
    every = short_term_lufs(meter.blocks.powers, meter.weights)
    for i in range(20):
        here = every[(ends > 6 * i + 0.01) & (ends < 6 * i + 6.01)]
        assert here.max() == pytest.approx(-38 + i, abs=0.1)


@pytest.mark.parametrize(("rate", "layout"), PLACES)
def test_case_12_momentary_is_steady(rate: int, layout: str) -> None:
    meter = fed_as(tone([(0.18, -20), (0.22, -30)] * 25, rate), rate, layout)
    every = momentary_lufs(meter.blocks.powers, meter.weights)
    assert every.size == 961  # 10 s: from 0.4 s to 10 s, every 10 ms
    np.testing.assert_allclose(every[60:], -23.0, atol=0.1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("i", range(20))
def test_case_13_momentary_maximum_wherever_it_begins(i: int, rate: int) -> None:
    signal = tone([(i * 0.02, SILENCE), (0.4, -23), (1, SILENCE)], rate)
    figures = fed_loudness(stereo(signal), rate).result()
    assert figures.max_momentary_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(("rate", "layout"), PLACES)
def test_case_14_momentary_maxima_in_succession(rate: int, layout: str) -> None:
    segments = [
        part
        for i in range(20)
        for part in ((i * 0.02, SILENCE), (0.4, -38 + i), (0.4 - i * 0.02, SILENCE))
    ]
    meter = fed_as(tone(segments, rate), rate, layout)
    every = momentary_lufs(meter.blocks.powers, meter.weights)
    for i in range(20):
        # windows that end in this part of 0.8 s, in slices of 10 ms
        here = every[80 * i - 40 + 1 if i else 0 : 80 * i + 80 - 40 + 1]
        assert here.max() == pytest.approx(-38 + i, abs=0.1)


def faded(signal: Block, rate: int) -> Block:
    frames = int(0.01 * rate)
    envelope = np.ones(signal.size)
    envelope[:frames] = np.sin(np.linspace(0, np.pi / 2, frames)) ** 2
    envelope[-frames:] = envelope[:frames][::-1]
    return np.asarray(signal * envelope)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    ("part", "amplitude", "degrees", "dbtp"),
    [(4, 0.5, 0, -6), (4, 0.5, 45, -6), (6, 0.5, 60, -6), (8, 0.5, 67.5, -6), (4, 1.41, 45, 3)],
)
def test_cases_15_to_19_true_peak_of_sines(
    rate: int, part: int, amplitude: float, degrees: float, dbtp: float
) -> None:
    n = np.arange(rate)
    sine = amplitude * np.sin(2 * np.pi * n / part + np.deg2rad(degrees))
    read = true_peak_dbtp(stereo(faded(sine, rate)), rate)
    assert dbtp - 0.4 <= read <= dbtp + 0.2


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("offset", range(4))
def test_cases_20_to_23_true_peak_of_one_high_period(offset: int, rate: int) -> None:
    from scipy.signal import firwin

    frames = 4 * 6 * 400  # at four times the rate: whole periods of fs/6, 24 samples each
    low = 0.5 * np.sin(2 * np.pi * np.arange(frames) / 24)
    high = np.sin(2 * np.pi * np.arange(16) / 16)  # one period of fs/4
    signal = faded(np.concatenate([low, high, low]), rate)
    signal = np.convolve(signal, firwin(511, 0.5 / 4 * 2 * 0.96), "same")
    read = true_peak_dbtp(stereo(np.ascontiguousarray(signal[offset::4])), rate)
    assert -0.4 <= read <= 0.2
