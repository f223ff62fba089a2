"""What a detector hears: high-pass, low-pass, bell."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mixmaster.dsp.key_filter import KeyBand, KeyFilter
from mixmaster.errors import DocumentError

RATE = 48_000
HALF_DB = -10.0 * math.log10(2.0)


@pytest.mark.parametrize(
    ("band", "frequency_hz", "expected_db"),
    [
        (KeyBand(high_pass_hz=100.0), 100.0, HALF_DB),
        (KeyBand(high_pass_hz=100.0), 10_000.0, 0.0),
        (KeyBand(high_pass_hz=1_000.0), 100.0, -40.0),
        (KeyBand(low_pass_hz=2_000.0), 2_000.0, HALF_DB),
        (KeyBand(low_pass_hz=2_000.0), 50.0, 0.0),
        (KeyBand(high_pass_hz=500.0, low_pass_hz=500.0001), 500.0, 2.0 * HALF_DB),
        (KeyBand(bell_hz=3_000.0, bell_db=9.0), 3_000.0, 9.0),
        (KeyBand(bell_hz=3_000.0, bell_db=-9.0), 3_000.0, -9.0),
        (KeyBand(bell_hz=3_000.0, bell_db=9.0, bell_q=8.0), 100.0, 0.0),
    ],
)
def test_a_tone_reads_the_filters_closed_form(
    band: KeyBand, frequency_hz: float, expected_db: float
) -> None:
    tone = np.sin(2.0 * np.pi * frequency_hz * np.arange(RATE) / RATE)[None]

    out = KeyFilter(band.sections(RATE, "x")).process(tone)

    level_db = 10.0 * math.log10(2.0 * float(np.mean(out[0, RATE // 2 :] ** 2)))
    assert level_db == pytest.approx(expected_db, abs=0.03)


@pytest.mark.parametrize("band", [KeyBand(), KeyBand(bell_db=6.0), KeyBand(bell_hz=100.0)])
def test_no_filter_is_the_very_key(band: KeyBand) -> None:
    key = np.ones((1, 4))
    assert KeyFilter(band.sections(8_000, "x")).process(key) is key


@pytest.mark.parametrize("name", ["high_pass_hz", "low_pass_hz", "bell_hz"])
def test_a_frequency_above_nyquist_is_the_documents_mistake(name: str) -> None:
    with pytest.raises(DocumentError, match=f"key_{name}") as caught:
        KeyBand(**{name: 4_000.0}).sections(8_000, "strip.kick.insert.gate")
    assert caught.value.where == "strip.kick.insert.gate"
