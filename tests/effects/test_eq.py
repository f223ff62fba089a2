from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.signal import sosfilt

from mixmaster.arrays import Block
from mixmaster.dsp import filters
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.eq import Eq
from mixmaster.effects.eq_bands import APPLIES, EqBand
from mixmaster.errors import DocumentError

HERE = BlockContext()


def eq(*bands: dict[str, object]) -> Eq:
    return Eq.model_validate({"effect": "eq", "bands": list(bands)})


def gain_db(settings: Eq, frequency_hz: float, rate_hz: int = 48_000) -> float:
    """From the spectrum of the impulse response, one second of it."""
    click = np.zeros((1, rate_hz))
    click[0, 0] = 1.0
    heard = settings.prepare(Context(rate_hz, 1)).process(click, HERE)[0]
    return float(20.0 * np.log10(np.abs(np.fft.rfft(heard)[round(frequency_hz)])))


def test_a_chain_of_bands_is_the_product_of_them() -> None:
    bands: list[dict[str, object]] = [
        {"shape": "high_pass", "frequency_hz": 100.0, "slope_db_per_octave": 24},
        {"shape": "bell", "frequency_hz": 1_000, "gain_db": 6.0, "q": 1.0},
        {"shape": "high_shelf", "frequency_hz": 8_000.0, "gain_db": -4.0},
        {"shape": "notch", "frequency_hz": 3_000.0, "q": 10.0},
        {"shape": "tilt", "frequency_hz": 700.0, "gain_db": 1.0},
    ]
    for frequency_hz in (60.0, 100.0, 1_000.0, 5_000.0, 15_000.0):
        alone = sum(gain_db(eq(band), frequency_hz) for band in bands)
        assert gain_db(eq(*bands), frequency_hz) == pytest.approx(alone, abs=1e-6)


def test_bands_that_stand_still_are_one_plain_cascade_to_the_bit() -> None:
    settings = eq(
        {"shape": "high_pass", "frequency_hz": 80.0, "slope_db_per_octave": 18},
        {"shape": "bell", "frequency_hz": 300.0, "gain_db": -3.0, "q": 1.4},
        {"shape": "bell", "frequency_hz": 500.0, "gain_db": 0.0},
        {"shape": "high_shelf", "frequency_hz": 9_000.0, "gain_db": 2.0, "q": 0.6},
    )
    cascade = [
        filters.high_pass(80.0, 18, 48_000),
        filters.bell(300.0, -3.0, 1.4, 48_000),
        filters.high_shelf(9_000.0, 2.0, 0.6, 48_000),
    ]
    noise = np.random.default_rng(3).uniform(-1.0, 1.0, (2, 70_000))
    heard = settings.prepare(Context(48_000, 2)).process(noise, HERE)
    assert np.array_equal(heard, sosfilt(np.concatenate(cascade), noise))


@pytest.mark.parametrize(
    ("band", "frequency_hz", "expected_db"),
    [
        ({"shape": "bell", "frequency_hz": 1_000, "gain_db": -4.5, "q": 2.0}, 1_000, -4.5),
        ({"shape": "low_shelf", "frequency_hz": 200, "gain_db": 6.0}, 200, 3.0),
        ({"shape": "high_shelf", "frequency_hz": 5_000, "gain_db": 6.0}, 5_000, 3.0),
        ({"shape": "high_pass", "frequency_hz": 80}, 80, -3.0103),
        ({"shape": "high_pass", "frequency_hz": 800}, 100, -36.12),  # 12 dB/octave if silent
        ({"shape": "low_pass", "frequency_hz": 9_000, "slope_db_per_octave": 18}, 9_000, -3.0103),
        ({"shape": "band_pass", "frequency_hz": 440, "q": 8.0}, 440, 0.0),
        ({"shape": "tilt", "frequency_hz": 1_000, "gain_db": 3.0}, 1_000, 0.0),
        ({"shape": "all_pass", "frequency_hz": 1_000}, 333, 0.0),
    ],
)
def test_each_shape_is_heard(
    band: dict[str, object], frequency_hz: float, expected_db: float
) -> None:
    assert gain_db(eq(band), frequency_hz) == pytest.approx(expected_db, abs=0.01)


def test_a_notch_is_silent_at_its_centre() -> None:
    assert gain_db(eq({"shape": "notch", "frequency_hz": 1_000.0, "q": 5.0}), 1_000.0) < -120.0


@pytest.mark.parametrize("shape", ["bell", "low_shelf", "high_shelf", "tilt"])
@pytest.mark.parametrize("silent", [True, False])
def test_no_gain_is_the_identity(shape: str, silent: bool) -> None:
    band: dict[str, object] = {"shape": shape, "frequency_hz": 300.0}
    if not silent:
        band["gain_db"] = 0.0
    signal: Block = np.random.default_rng(1).standard_normal((2, 5_000))
    assert np.array_equal(eq(band).prepare(Context(44_100, 2)).process(signal, HERE), signal)


@pytest.mark.parametrize("shape", list(APPLIES))
@pytest.mark.parametrize("key", ["gain_db", "q", "slope_db_per_octave"])
def test_a_shape_refuses_what_it_does_not_read(shape: str, key: str) -> None:
    band = {"shape": shape, "frequency_hz": 1_000.0, key: 12 if key.startswith("slope") else 1.0}
    if key in APPLIES[shape]:
        EqBand.model_validate(band)
        return
    with pytest.raises(ValidationError, match=f"a {shape} does not read {key}"):
        EqBand.model_validate(band)


@pytest.mark.parametrize(
    "band",
    [
        {"shape": "low_shelf", "frequency_hz": 100.0, "gain_db": 3.0, "q": 4.0},
        {"shape": "high_pass", "frequency_hz": 100.0, "slope_db_per_octave": 30},
        {"shape": "bell", "frequency_hz": float("nan"), "gain_db": 3.0},
        {"shape": "bell", "gain_db": 3.0},
        {"shape": "bell", "frequency_hz": 100.0, "gain": 3.0},
        {"shape": "peak", "frequency_hz": 100.0},
    ],
)
def test_nonsense_is_refused(band: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        eq(band)


@pytest.mark.parametrize("frequency_hz", [22_050.0, 30_000.0])
@pytest.mark.parametrize("shape", list(APPLIES))
def test_a_band_beyond_nyquist_names_insert_frequency_and_rate(
    shape: str, frequency_hz: float
) -> None:
    settings = eq(
        {"shape": "bell", "frequency_hz": 100.0}, {"shape": shape, "frequency_hz": frequency_hz}
    )
    with pytest.raises(DocumentError) as caught:
        settings.prepare(Context(44_100, 2, where="strip.kick.insert.eq"))
    text = str(caught.value)
    assert "strip.kick.insert.eq" in text
    assert f"{frequency_hz:g} Hz" in text
    assert "44100 Hz" in text
    assert caught.value.problems[0].key == "bands.2.frequency_hz"


def test_bands_just_below_nyquist_still_work() -> None:
    for shape in APPLIES:
        settings = eq({"shape": shape, "frequency_hz": 22_049.0})
        noise = np.random.default_rng(2).standard_normal((1, 65_536))
        heard = settings.prepare(Context(44_100, 1)).process(noise, HERE)
        assert np.max(np.abs(heard)) < 20.0
