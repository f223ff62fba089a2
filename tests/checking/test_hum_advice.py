"""What a check advises against hum takes that hum out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from tests.checking.sessions import RATE_HZ, bursts, sine, the, write

from mixmaster.checking.stems import check_stems
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.hum_removal import HumRemoval

SECONDS = 10.0


@pytest.mark.parametrize("mains_hz", [49.93, 60.07])
def test_the_mains_frequency_that_is_advised_cuts_the_hum(tmp_path: Path, mains_hz: float) -> None:
    hum = np.zeros(round(SECONDS * RATE_HZ))
    for order, peak in ((1, 1e-3), (2, 3e-3), (3, 2e-3)):
        hum += sine(order * mains_hz, SECONDS, peak)
    write(tmp_path / "hum.wav", bursts(1, SECONDS) + hum)
    advice = the(check_stems([tmp_path / "hum.wav"], threads=1), "hum").advice
    found = re.search(r"hum_removal with mains_hz = ([0-9.]+)", advice)
    assert found is not None
    settings = HumRemoval(mains_hz=float(found[1]), width_hz=1.0)
    processor = settings.prepare(Context(RATE_HZ, 1))
    left = processor.process(hum[np.newaxis], BlockContext())[0, 4 * RATE_HZ :]
    assert 20.0 * np.log10(left.std() / hum.std()) < -40.0
