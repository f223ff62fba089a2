from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.haas import Haas
from mixmaster.errors import DocumentError

HERE = BlockContext()
RATE_HZ = 48_000


def heard(block: Block, **settings: Any) -> Block:
    return Haas(**settings).prepare(Context(RATE_HZ, len(block))).process(block, HERE)


def click() -> Block:
    block = np.zeros((2, RATE_HZ))
    block[:, 0] = 1.0
    return block


@pytest.mark.parametrize(("side", "late"), [("left", 0), ("right", 1)])
def test_one_side_is_late_and_the_other_untouched(side: str, late: int) -> None:
    block = np.random.default_rng(2).standard_normal((2, 8_192))
    out = heard(block, delay_ms=15.0, side=side, gain_db=-20.0)
    assert np.array_equal(out[1 - late], block[1 - late])
    assert not np.any(out[late, :720])
    assert np.allclose(out[late, 720:], 0.1 * block[late, :-720], rtol=1e-14)


@pytest.mark.parametrize("gain_db", [0.0, -4.4, -12.0])
def test_the_fold_down_is_the_comb_that_the_help_speaks_of(gain_db: float) -> None:
    delay_ms, gain = 10.0, 10.0 ** (gain_db / 20.0)
    left, right = heard(click(), delay_ms=delay_ms, gain_db=gain_db)
    mono = np.abs(np.fft.rfft(0.5 * (left + right)))  # 1 Hz a bin
    wanted = np.abs(1.0 + gain * np.exp(-2j * np.pi * np.arange(mono.size) * delay_ms / 1e3)) / 2.0
    assert np.max(np.abs(mono - wanted)) < 1e-12
    assert mono[50] == pytest.approx((1.0 - gain) / 2.0, abs=1e-12)  # 500 / delay_ms Hz
    # On average over frequency: half the power and a quarter more for each side's own.
    assert np.mean(mono**2) == pytest.approx((1.0 + gain**2) / 4.0, rel=1e-3)


def test_the_low_end_that_stays_survives_mono() -> None:
    left, right = heard(click(), delay_ms=10.0, keep_below_hz=300.0)
    mono = np.abs(np.fft.rfft(0.5 * (left + right)))
    assert mono[50] == pytest.approx(1.0, abs=0.01)  # was a notch
    assert mono[2_050] < 0.01  # still is
    sides = np.abs(np.fft.rfft([left, right]))
    assert np.max(np.abs(sides[0] - 1.0)) < 1e-9
    # Above the crossover nothing but the delay is left of it.
    assert np.max(np.abs(sides[1, 2_500:] - 1.0)) < 0.001


def test_the_cut_is_on_the_late_side_alone() -> None:
    left, right = heard(click(), delay_ms=5.0, high_cut_hz=4_000.0)
    level = 20.0 * np.log10(np.abs(np.fft.rfft([left, right])[:, 4_000]))
    assert level[0] == pytest.approx(0.0, abs=1e-9)
    assert level[1] == pytest.approx(-3.01, abs=0.01)


def test_it_needs_two_sides() -> None:
    with pytest.raises(DocumentError, match="cannot be delayed on 1 channels"):
        heard(np.zeros((1, 8)), delay_ms=3.0)


def test_a_gain_that_stands_still_is_the_gain() -> None:
    block = np.random.default_rng(3).standard_normal((2, 8_192))
    settings: dict[str, Any] = {"delay_ms": 8.0, "keep_below_hz": 200.0, "high_cut_hz": 6_000.0}
    moved = Haas(**settings).prepare(Context(RATE_HZ, 2, automated=frozenset({"gain_db"})))
    at = BlockContext(automation={"gain_db": np.full(8_192, -3.0)})
    still = heard(block, gain_db=-3.0, **settings)
    assert np.max(np.abs(moved.process(block, at) - still)) < 1e-12
