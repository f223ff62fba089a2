"""EBU Tech 3342, table 1: the loudness range of tones in sequence (5 and 6 are recordings)."""

from __future__ import annotations

import pytest
from tests.metering.meter_tones import LONG_PLACES, fed_as, tone

CASES = {
    1: ([-20, -30], 10.0),
    2: ([-20, -15], 5.0),
    3: ([-40, -20], 20.0),
    4: ([-50, -35, -20, -35, -50], 15.0),
}


@pytest.mark.parametrize(("rate", "layout"), LONG_PLACES)
@pytest.mark.parametrize("case", CASES)
def test_loudness_range(case: int, rate: int, layout: str) -> None:
    levels, expected = CASES[case]
    signal = tone([(20, level) for level in levels], rate)
    figures = fed_as(signal, rate, layout).result()
    assert figures.loudness_range_lu == pytest.approx(expected, abs=1.0)
    assert figures.loudness_range_lu == pytest.approx(expected, abs=0.1)  # what it really keeps
