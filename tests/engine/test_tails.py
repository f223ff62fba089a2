"""Tails: kept to -120 dBFS, over the longest path, and never longer than 60 s."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from tests.mixing.desk import RATE, desk, mixed

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context, Effect, Processor
from mixmaster.engine.render import FADE_S, MAX_TAIL_S, TAIL_FLOOR

FRAMES = 4_000


class Ringing(Effect):
    """A test effect: from one frame on 0.5 that falls by so many dB a second, or not at all."""

    effect: Literal["ringing"] = "ringing"
    fall_db_per_s: float = 60.0
    declared_s: float = 2.0

    def prepare(self, context: Context) -> Processor:
        return RingingProcessor(self.fall_db_per_s, round(self.declared_s * RATE))


class RingingProcessor(Processor):
    def __init__(self, fall_db_per_s: float, tail_samples: int) -> None:
        self.tail_samples = tail_samples
        self._fall = fall_db_per_s

    def process(self, block: Block, at: BlockContext) -> Block:
        time_s = (at.start_frame + np.arange(block.shape[1])) / RATE
        ring = 0.5 * 10.0 ** (-self._fall * np.maximum(0.0, time_s - FRAMES / RATE) / 20.0)
        return np.tile(ring, (len(block), 1))


TEXT = """
[mix]
pan_law = "unity"
[strip.a]
match = ["a"]
[[strip.a.send]]
to = "room"
[bus.room]
"""


def tail(effect: Effect) -> Block:
    out = mixed(desk(TEXT, {"bus.room": [effect]}), {"a": np.zeros((1, FRAMES))}, threads=2)
    return out[:, FRAMES:]


@pytest.mark.parametrize("fall_db_per_s", [30.0, 60.0, 200.0])
def test_a_tail_ends_with_its_last_frame_over_the_floor(fall_db_per_s: float) -> None:
    out = tail(Ringing(fall_db_per_s=fall_db_per_s, declared_s=8.0))
    # 0.5 falls to 1e-6 in (20 lg 0.5 + 120) dB.
    expected = math.floor((20.0 * math.log10(0.5) + 120.0) / fall_db_per_s * RATE) + 1
    assert out.shape[1] == pytest.approx(expected, abs=1)
    assert np.abs(out[:, -1]).max() >= TAIL_FLOOR
    assert np.abs(out[:, -1]).max() < TAIL_FLOOR * 1.01


def test_no_more_is_kept_than_what_was_declared() -> None:
    assert tail(Ringing(fall_db_per_s=30.0, declared_s=1.0)).shape[1] == RATE


def test_what_never_ends_is_faded_out_at_sixty_seconds() -> None:
    out = tail(Ringing(fall_db_per_s=0.0, declared_s=1e4))[0]
    assert out.size == round(MAX_TAIL_S * RATE)
    fade = round(FADE_S * RATE)
    assert set(out[:-fade]) == {0.5}
    # A raised cosine: half way down in the middle, and level at both ends.
    phase = np.arange(fade) / fade
    np.testing.assert_allclose(out[-fade:], 0.5 * (0.5 + 0.5 * np.cos(np.pi * phase)), atol=1e-12)
