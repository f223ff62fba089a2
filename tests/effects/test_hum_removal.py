from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.dsp.hum_comb import floor_half_width_hz, hum_comb
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.hum_removal import HumRemoval
from mixmaster.errors import DocumentError

HERE = BlockContext()
RATE_HZ = 48_000


def heard(block: Block, rate_hz: int = RATE_HZ, **settings: Any) -> Block:
    processor = HumRemoval(**settings).prepare(Context(rate_hz, len(block), where="here"))
    return processor.process(block, HERE)


def hum(mains_hz: float, harmonics: int, seconds: float, rate_hz: int = RATE_HZ) -> Block:
    """Harmonics of -40 dBFS each."""
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    orders = np.arange(1, harmonics + 1)[:, np.newaxis]
    tones = np.sin(2.0 * np.pi * orders * mains_hz * time + orders)
    return np.asarray(0.01 * tones.sum(axis=0, keepdims=True))


def level_db(frequency_hz: float, **settings: Any) -> float:
    """What is left of a steady tone."""
    time = np.arange(4 * RATE_HZ) / RATE_HZ
    tone = np.sin(2.0 * np.pi * frequency_hz * time)[np.newaxis]
    out = heard(tone, **settings)[0, 2 * RATE_HZ :]
    return float(20.0 * np.log10(out.std() / tone.std()))


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 192_000])
def test_hum_goes_by_more_than_40_db(mains_hz: float, rate_hz: int) -> None:
    signal = hum(mains_hz, 8, 2.0, rate_hz)
    out = heard(signal, rate_hz, mains_hz=mains_hz)
    left = out[0, rate_hz:]
    assert 20.0 * np.log10(left.std() / signal.std()) < -47.0


def test_hum_that_wanders_as_grids_do_goes_too() -> None:
    for off_hz in (-0.08, 0.05, 0.08):
        assert level_db(50.0 + off_hz) < -45.0


def test_it_has_settled_after_what_the_help_says() -> None:
    signal = hum(50.0, 8, 2.0)
    out = heard(signal)[0]
    after = out[int(0.8 * RATE_HZ) : int(0.9 * RATE_HZ)]
    assert 20.0 * np.log10(after.std() / signal.std()) < -40.0


@pytest.mark.parametrize("harmonic", [1, 2, 5, 8])
def test_a_tone_3_hz_beside_a_harmonic_stays(harmonic: int) -> None:
    for side in (-3.0, 3.0):
        assert -0.3 < level_db(50.0 * harmonic + side) < 0.01
    # At the declared width the loss is the declared one.
    assert level_db(50.0 * harmonic + 2.0) == pytest.approx(-1.0, abs=0.1)


def test_between_harmonics_nothing_changes() -> None:
    for frequency_hz in (25.0, 75.0, 223.0, 1_000.0, 15_000.0):
        assert level_db(frequency_hz) == pytest.approx(0.0, abs=0.02)


def test_the_floor_is_as_wide_as_the_closed_form_says() -> None:
    half_hz = floor_half_width_hz(2.0)
    assert half_hz == pytest.approx(0.0901, abs=1e-4)
    sos = hum_comb(50.0, [1], 2.0, RATE_HZ)
    turns = np.exp(-2j * np.pi * (50.0 + np.array([-half_hz, 0.0, half_hz])) / RATE_HZ)
    found = np.ones(3, dtype=complex)
    for row in sos:
        found *= np.polyval(row[2::-1], turns) / np.polyval(row[:2:-1], turns)
    assert 20.0 * np.log10(np.abs(found)) == pytest.approx([-54.0] * 3, abs=0.05)


def test_which_harmonics_are_cut() -> None:
    assert level_db(150.0, orders="even") == pytest.approx(0.0, abs=0.02)
    assert level_db(200.0, orders="even") < -45.0
    assert level_db(150.0, orders="odd", harmonics=2) < -45.0
    assert level_db(250.0, orders="odd", harmonics=2) == pytest.approx(0.0, abs=0.02)


def test_a_part_of_it_is_that_part() -> None:
    assert level_db(100.0, reduction_db=12.0) == pytest.approx(-12.0, abs=0.1)


def test_harmonics_above_nyquist_are_refused_with_how_many_there_are() -> None:
    with pytest.raises(DocumentError, match=r"harmonic 70, 4200 Hz.*harmonics = 33") as caught:
        heard(np.zeros((1, 8)), 8_000, mains_hz=60.0, orders="even", harmonics=35)
    assert caught.value.problems[0].key == "harmonics"


def test_a_reduction_that_stands_still_is_the_reduction() -> None:
    signal = hum(50.0, 3, 0.5)
    context = Context(RATE_HZ, 1, automated=frozenset({"reduction_db"}))
    at = BlockContext(automation={"reduction_db": np.full(signal.shape[1], 17.0)})
    moved = HumRemoval(reduction_db=0.0).prepare(context).process(signal, at)
    assert np.max(np.abs(moved - heard(signal, reduction_db=17.0))) < 1e-12


@pytest.mark.parametrize(("harmonics", "width_hz"), [(1, 0.5), (8, 2.0), (50, 0.5)])
def test_it_has_rung_out_when_declared(harmonics: int, width_hz: float) -> None:
    settings = HumRemoval(harmonics=harmonics, width_hz=width_hz)
    processor = settings.prepare(Context(RATE_HZ, 1))
    seconds = 6.0
    processor.process(hum(50.0, harmonics, seconds) * 100.0 / harmonics, HERE)
    tail = processor.tail_samples
    after = np.abs(processor.process(np.zeros((1, tail + 65_536)), HERE))
    assert after[:, tail:].max() < 1e-6
    assert after[:, tail // 3 :].max() > 1e-7  # and is not declared out of all proportion
