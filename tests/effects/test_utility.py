from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.utility import Utility
from mixmaster.errors import DocumentError

HERE = BlockContext()
RATE_HZ = 48_000


def noise(channels: int = 2, frames: int = 8_192) -> Block:
    return np.random.default_rng(5).standard_normal((channels, frames))


def heard(block: Block, **settings: Any) -> Block:
    context = Context(RATE_HZ, len(block), where="strip.x.insert.utility")
    return Utility(**settings).prepare(context).process(block, HERE)


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"polarity": "both"}, ((-1, 0), (0, -1))),
        ({"polarity": "left"}, ((-1, 0), (0, 1))),
        ({"polarity": "right"}, ((1, 0), (0, -1))),
        ({"channels": "swap"}, ((0, 1), (1, 0))),
        ({"channels": "mono"}, ((0.5, 0.5), (0.5, 0.5))),
        ({"channels": "left"}, ((1, 0), (1, 0))),
        ({"channels": "right"}, ((0, 1), (0, 1))),
        ({"channels": "mono", "polarity": "right"}, ((0.5, -0.5), (0.5, -0.5))),
    ],
)
def test_routing_and_polarity(
    settings: dict[str, str], wanted: tuple[tuple[float, float], ...]
) -> None:
    block = noise()
    assert np.array_equal(heard(block, **settings), np.array(wanted) @ block)


def test_a_mono_strip_has_a_polarity_but_no_sides() -> None:
    block = noise(1)
    assert np.array_equal(heard(block, polarity="both"), -block)
    assert np.array_equal(heard(block, channels="mono"), block)
    for key, value in (("polarity", "left"), ("channels", "swap"), ("channels", "right")):
        with pytest.raises(DocumentError, match=f"{key}: '{value}' needs two channels, not 1"):
            heard(block, **{key: value})


def test_trim_is_decibels() -> None:
    block = noise()
    assert np.allclose(heard(block, trim_db=20.0), 10.0 * block, rtol=1e-15, atol=0.0)
    assert np.allclose(heard(block, trim_db=-6.0), 0.501187233627 * block, rtol=1e-11, atol=0.0)


def test_a_delay_in_ms_and_one_in_samples_are_the_same() -> None:
    block = noise()
    moved = heard(block, delay_ms=10.0)
    assert not np.any(moved[:, :480])
    assert np.array_equal(moved[:, 480:], block[:, :-480])
    assert np.array_equal(heard(block, delay_samples=480.0), moved)
    with pytest.raises(ValidationError, match="both given"):
        Utility(delay_ms=1.0, delay_samples=48.0)


def test_a_delay_is_wanted_and_only_the_interpolators_need_is_latency() -> None:
    context = Context(RATE_HZ, 1)
    assert Utility(delay_ms=10.0).prepare(context).latency_samples == 0
    assert Utility(delay_samples=100.5).prepare(context).latency_samples == 0
    assert Utility(delay_samples=7.5).prepare(context).latency_samples == 40
    assert Utility(delay_samples=7.0).prepare(context).latency_samples == 0


def test_an_offset_goes_and_the_bass_stays() -> None:
    time = np.arange(4 * RATE_HZ) / RATE_HZ
    tone = np.sin(2.0 * np.pi * 40.0 * time)
    out = heard((tone + 0.25)[np.newaxis], dc_cut_hz=3.0)[0, 3 * RATE_HZ :]
    assert abs(out.mean()) < 1e-9
    # First order: 10 lg(1 + (3 / 40)^2) = 0.0244 dB.
    assert 20.0 * np.log10(out.std() * np.sqrt(2.0)) == pytest.approx(-0.0244, abs=1e-3)


def test_a_trim_that_stands_still_is_the_trim() -> None:
    block = noise()
    context = Context(RATE_HZ, 2, automated=frozenset({"trim_db"}))
    moved = Utility(channels="swap", dc_cut_hz=5.0, delay_ms=3.3).prepare(context)
    curve = np.full(block.shape[1], -7.0)
    out = moved.process(block, BlockContext(automation={"trim_db": curve}))
    still = heard(block, channels="swap", dc_cut_hz=5.0, delay_ms=3.3, trim_db=-7.0)
    assert np.max(np.abs(out - still)) < 1e-12


def test_a_moving_trim_is_the_curve_itself() -> None:
    block = np.ones((1, 8_192))
    context = Context(RATE_HZ, 1, automated=frozenset({"trim_db"}))
    curve = np.linspace(-40.0, 6.0, 8_192)
    out = Utility().prepare(context).process(block, BlockContext(automation={"trim_db": curve}))
    assert np.allclose(20.0 * np.log10(out[0]), curve, atol=1e-9)
