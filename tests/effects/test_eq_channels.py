"""Bands on mid, side, left or right alone."""

from __future__ import annotations

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.eq import Eq
from mixmaster.errors import DocumentError

HERE = BlockContext()
BELL: dict[str, object] = {"shape": "bell", "frequency_hz": 1_000.0, "gain_db": 9.0, "q": 1.0}
SHELF: dict[str, object] = {"shape": "low_shelf", "frequency_hz": 200.0, "gain_db": -6.0}


def heard(signal: Block, *bands: dict[str, object]) -> Block:
    settings = Eq.model_validate({"effect": "eq", "bands": list(bands)})
    return settings.prepare(Context(48_000, signal.shape[0])).process(signal, HERE)


def noise(channels: int, seed: int = 1) -> Block:
    return np.asarray(np.random.default_rng(seed).uniform(-1.0, 1.0, (channels, 20_000)))


def split(signal: Block) -> tuple[Block, Block]:
    return 0.5 * (signal[:1] + signal[1:]), 0.5 * (signal[:1] - signal[1:])


def test_mid_is_what_both_share_and_side_what_they_differ_in() -> None:
    signal = noise(2)
    mid, side = split(signal)
    got_mid, got_side = split(heard(signal, {**BELL, "channels": "mid"}))
    assert np.max(np.abs(got_mid - heard(mid, BELL))) < 1e-13
    assert np.max(np.abs(got_side - side)) < 1e-15
    got_mid, got_side = split(heard(signal, {**BELL, "channels": "side"}, SHELF))
    assert np.max(np.abs(got_mid - heard(mid, SHELF))) < 1e-13
    assert np.max(np.abs(got_side - heard(side, BELL, SHELF))) < 1e-13


def test_left_and_right_are_alone() -> None:
    signal = noise(2)
    got = heard(signal, {**BELL, "channels": "left"})
    assert np.array_equal(got[1], signal[1])
    assert np.array_equal(got[:1], heard(signal[:1], BELL))
    got = heard(signal, {**BELL, "channels": "right"}, {**SHELF, "channels": "left"})
    assert np.array_equal(got[:1], heard(signal[:1], SHELF))
    assert np.array_equal(got[1:], heard(signal[1:], BELL))


def test_sides_come_first_then_mid_and_side() -> None:
    signal = noise(2)
    left = {**BELL, "channels": "left"}
    side = {**SHELF, "channels": "side"}
    assert np.array_equal(heard(signal, left, side), heard(signal, side, left))
    assert np.array_equal(heard(signal, side, left), heard(heard(signal, left), side))


def test_the_same_on_mid_and_side_is_the_same_on_both_sides() -> None:
    signal = noise(2)
    both = heard(signal, {**BELL, "channels": "mid"}, {**BELL, "channels": "side"})
    assert np.max(np.abs(both - heard(signal, BELL))) < 1e-13


def test_bands_of_no_gain_leave_mid_and_side_alone_to_the_bit() -> None:
    signal = noise(2)
    assert np.array_equal(heard(signal, {**BELL, "gain_db": 0.0, "channels": "mid"}), signal)


def test_a_mono_signal_is_all_mid() -> None:
    signal = noise(1)
    assert np.array_equal(heard(signal, {**BELL, "channels": "mid"}), heard(signal, BELL))


@pytest.mark.parametrize(
    ("channels", "on"), [(1, "side"), (1, "left"), (1, "right"), (6, "mid"), (6, "side")]
)
def test_what_is_not_there_is_said(channels: int, on: str) -> None:
    settings = Eq.model_validate({"effect": "eq", "bands": [SHELF, {**BELL, "channels": on}]})
    with pytest.raises(DocumentError, match=f"has no {on}") as caught:
        settings.prepare(Context(48_000, channels, where="strip.kick.insert.eq"))
    assert caught.value.problems[0].key == "bands.2.channels"
    assert "strip.kick.insert.eq" in str(caught.value)
