"""EBU Tech 3342, table 1: the loudness range of tones in sequence (5 and 6 are recordings)."""

from __future__ import annotations

import pytest
from tests.metering.meter_tones import fed_loudness, stereo, tone

CASES = {
    1: ([-20, -30], 10.0),
    2: ([-20, -15], 5.0),
    3: ([-40, -20], 20.0),
    4: ([-50, -35, -20, -35, -50], 15.0),
}


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("case", CASES)
def test_loudness_range(case: int, rate: int) -> None:
    levels, expected = CASES[case]
    signal = tone([(20, level) for level in levels], rate)
    figures = fed_loudness(stereo(signal), rate).result()
    assert figures.loudness_range_lu == pytest.approx(expected, abs=1.0)
    assert figures.loudness_range_lu == pytest.approx(expected, abs=0.1)  # what it really keeps
