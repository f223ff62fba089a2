"""Mid and side gains, rotation, balance and automation of the width effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.width import Width

HERE = BlockContext()
RATE_HZ = 48_000


def noise(frames: int = 8_192) -> Block:
    return np.random.default_rng(1).standard_normal((2, frames))


def heard(block: Block, **settings: Any) -> Block:
    return Width(**settings).prepare(Context(RATE_HZ, 2)).process(block, HERE)


def test_mid_and_side_have_levels_of_their_own() -> None:
    block = noise()
    left, right = heard(block, mid_db=-20.0, side_db=6.0)
    assert np.allclose(left + right, 0.1 * (block[0] + block[1]), atol=1e-13)
    assert np.allclose(left - right, 1.9952623149688795 * (block[0] - block[1]), atol=1e-13)


@pytest.mark.parametrize("angle_deg", [-45.0, -10.0, 15.0, 45.0])
def test_rotation_keeps_the_power_and_turns_the_centre(angle_deg: float) -> None:
    block = noise()
    out = heard(block, rotation_deg=angle_deg)
    assert np.allclose((out**2).sum(axis=0), (block**2).sum(axis=0), rtol=1e-12)
    left, right = heard(np.ones((2, 4)), rotation_deg=angle_deg)
    # A centred sound lies at 45 degrees between the sides; right is towards 90.
    assert np.degrees(np.arctan2(right, left)) == pytest.approx(45.0 + angle_deg, abs=1e-9)


def test_balance_takes_away_from_one_side_only() -> None:
    block = noise()
    right = heard(block, balance=0.25)
    assert np.allclose(right, block * np.array([[0.75], [1.0]]), atol=1e-14)
    left = heard(block, balance=-1.0)
    assert np.allclose(left, block * np.array([[1.0], [0.0]]), atol=1e-14)


def test_what_stands_still_is_the_setting() -> None:
    block = noise()
    settings = {
        "width": 0.3,
        "mid_db": -2.0,
        "side_db": 3.0,
        "rotation_deg": 20.0,
        "balance": -0.4,
    }
    context = Context(RATE_HZ, 2, automated=frozenset(settings))
    curves = {key: np.full(block.shape[1], value) for key, value in settings.items()}
    moved = Width(mono_below_hz=120.0).prepare(context)
    out = moved.process(block, BlockContext(automation=curves))
    still = heard(block, mono_below_hz=120.0, **settings)
    assert np.max(np.abs(out - still)) < 1e-12


def test_a_moving_width_is_the_curve_itself() -> None:
    block = noise()
    curve = np.linspace(0.0, 2.0, block.shape[1])
    moved = Width().prepare(Context(RATE_HZ, 2, automated=frozenset({"width"})))
    left, right = moved.process(block, BlockContext(automation={"width": curve}))
    assert np.allclose(left - right, curve * (block[0] - block[1]), atol=1e-13)
    assert np.allclose(left + right, block[0] + block[1], atol=1e-13)


def test_the_tail_is_declared_for_the_loudest_that_it_can_be() -> None:
    settings = Width(mono_below_hz=20.0, side_db=24.0, mid_db=24.0, width=2.0, rotation_deg=45.0)
    processor = settings.prepare(Context(RATE_HZ, 2))
    for levels in ([1.0, 1.0], [1.0, -1.0]):
        processor.process(np.repeat(np.array([levels]).T, 65_536, axis=1), HERE)
    tail = processor.tail_samples
    heard_after = np.abs(processor.process(np.zeros((2, tail + 65_536)), HERE))
    assert heard_after[:, tail:].max() < 1e-6
