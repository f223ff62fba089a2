"""The equaliser without phase shift."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from mixmaster.arrays import Block
from mixmaster.dsp import filters
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.eq import Eq
from mixmaster.errors import DocumentError

HERE = BlockContext()
BANDS: list[dict[str, object]] = [
    {"shape": "high_pass", "frequency_hz": 30.0, "slope_db_per_octave": 24},
    {"shape": "bell", "frequency_hz": 90.0, "gain_db": -4.0, "q": 2.0},
    {"shape": "bell", "frequency_hz": 2_500.0, "gain_db": 3.0, "q": 0.7},
    {"shape": "high_shelf", "frequency_hz": 9_000.0, "gain_db": 4.0},
    {"shape": "tilt", "frequency_hz": 700.0, "gain_db": 1.0},
]


def linear(*bands: dict[str, object]) -> Eq:
    return Eq.model_validate({"effect": "eq", "phase": "linear", "bands": list(bands)})


def upright(settings: Eq, rate_hz: int) -> Block:
    """The impulse response with its middle at 0, as ``(points,)``, and zeros around."""
    processor = settings.prepare(Context(rate_hz, 1))
    late = processor.latency_samples
    points = 1 << 20
    click = np.zeros((1, points))
    click[0, 0] = 1.0
    heard = processor.process(click, HERE)[0]
    assert processor.tail_samples == late
    assert np.max(np.abs(heard[2 * late + 1 :])) < 1e-15
    return np.roll(heard, -late)


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
def test_symmetric_in_time_and_exact_in_magnitude(rate_hz: int) -> None:
    heard = upright(linear(*BANDS), rate_hz)
    loudest = np.max(np.abs(heard))
    assert np.max(np.abs(heard[1:] - heard[:0:-1])) < 1e-7 * loudest  # -140 dB
    spectrum = np.fft.rfft(heard)
    hz = np.arange(spectrum.shape[0]) * (rate_hz / heard.shape[0])
    wanted = np.abs(
        filters.response(
            np.concatenate(
                [
                    filters.high_pass(30.0, 24, rate_hz),
                    filters.bell(90.0, -4.0, 2.0, rate_hz),
                    filters.bell(2_500.0, 3.0, 0.7, rate_hz),
                    filters.high_shelf(9_000.0, 4.0, 0.5**0.5, rate_hz),
                    filters.tilt(700.0, 1.0, rate_hz),
                ]
            ),
            hz,
            rate_hz,
        )
    )
    loud = (hz >= 10.0) & (wanted > 0.1)
    off_db = 20.0 * np.log10(np.abs(spectrum[loud]) / wanted[loud])
    assert np.max(np.abs(off_db)) < 0.0101
    assert np.max(np.abs(spectrum.imag)) < 1e-7


def test_a_stage_nulls_against_its_closed_form() -> None:
    """Tones pass with the gain of the sections and the declared delay, and nothing else."""
    rate, bands = 48_000, BANDS[1:4]
    processor = linear(*bands).prepare(Context(rate, 1))
    late = processor.latency_samples
    n = np.arange(4 * rate)
    sos = np.concatenate(
        [
            filters.bell(90.0, -4.0, 2.0, rate),
            filters.bell(2_500.0, 3.0, 0.7, rate),
            filters.high_shelf(9_000.0, 4.0, 0.5**0.5, rate),
        ]
    )
    tones = np.array([40.0, 95.0, 1_234.5, 2_500.0, 15_000.0])
    gains = np.abs(filters.response(sos, tones, rate))
    phases = 2.0 * np.pi / rate * np.outer(tones, n)
    heard = processor.process(np.sin(phases).sum(axis=0)[None], HERE)[0]
    wanted = gains @ np.sin(phases - 2.0 * np.pi / rate * late * tones[:, None])
    settled = slice(2 * late, None)
    assert np.max(np.abs(heard[settled] - wanted[settled])) < 2e-3  # 0.01 dB of five tones


def test_mid_and_side_come_back_in_time() -> None:
    bands: list[dict[str, object]] = [
        {"shape": "bell", "frequency_hz": 50.0, "gain_db": 6.0, "q": 4.0, "channels": "mid"},
        {"shape": "high_shelf", "frequency_hz": 8_000.0, "gain_db": 3.0, "channels": "side"},
        {"shape": "low_shelf", "frequency_hz": 300.0, "gain_db": 3.0, "channels": "left"},
    ]
    processor = linear(*bands).prepare(Context(48_000, 2))
    late = processor.latency_samples
    signal = np.zeros((2, 3 * late))
    signal[:, 0] = 1.0
    heard = processor.process(signal, HERE)
    assert np.argmax(np.abs(heard[0])) == late
    assert np.argmax(np.abs(heard[1])) == late


def test_no_bands_that_do_anything_are_the_identity() -> None:
    settings = linear({"shape": "bell", "frequency_hz": 100.0, "gain_db": 0.0})
    processor = settings.prepare(Context(48_000, 2))
    signal = np.random.default_rng(1).uniform(-1.0, 1.0, (2, 5_000))
    assert processor.latency_samples == 0
    assert np.array_equal(processor.process(signal, HERE), signal)


def test_what_linear_phase_cannot_do_is_said() -> None:
    narrow = linear({"shape": "bell", "frequency_hz": 20.0, "gain_db": 9.0, "q": 60.0})
    with pytest.raises(DocumentError, match="too low and narrow for linear phase"):
        narrow.prepare(Context(48_000, 2, where="mix.insert.eq"))
    with pytest.raises(ValidationError, match="an all_pass turns phase alone"):
        linear({"shape": "all_pass", "frequency_hz": 300.0})
    with pytest.raises(DocumentError, match="stands still"):
        linear(*BANDS).prepare(Context(48_000, 2, automated=frozenset({"bands.2.gain_db"})))
