"""Automation of real effects: the same bytes however it is run, and passages as in the whole."""

from __future__ import annotations

import numpy as np
import pytest
from tests.mixing.desk import RATE, desk, lane, mixed

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.engine.render import Passage

RACK = """
[strip.a]
match = ["a"]
output = "group"
[[strip.a.insert]]
effect = "eq"
bands = [{ shape = "bell", frequency_hz = 900.0, gain_db = 3.0 }]
[[strip.a.insert]]
effect = "gate"
threshold_db = -40.0
[[strip.a.insert]]
effect = "compressor"
threshold_db = -20.0
ratio = 4.0
key = "k"
[[strip.a.insert]]
effect = "saturation"
character = "tape"
drive_db = 3.0
[[strip.a.send]]
to = "room"
gain_db = -9.0
[strip.k]
match = ["k"]
output = "group"
[bus.group]
[[bus.group.insert]]
effect = "delay"
time_ms = 60.0
feedback = 0.2
[bus.room]
[[bus.room.insert]]
effect = "reverb"
decay_s = 0.3
mix = 1.0
"""
SECONDS = 4
STRIP, GROUP, ROOM = "strip.a.insert", "bus.group.insert", "bus.room.insert"
MOVES = {
    f"{STRIP}.eq.bands.1.gain_db": (3.0, 9.0),
    f"{STRIP}.eq.bands.1.frequency_hz": (900.0, 2000.0),
    f"{STRIP}.gate.threshold_db": (-40.0, -30.0),
    f"{STRIP}.compressor.threshold_db": (-20.0, -30.0),
    f"{STRIP}.compressor.ratio": (4.0, 8.0),
    f"{STRIP}.saturation.drive_db": (3.0, 9.0),
    f"{GROUP}.delay.feedback": (0.2, 0.5),
    f"{GROUP}.delay.mix": (0.25, 0.5),
    f"{ROOM}.reverb.mix": (1.0, 0.5),
    "strip.a.gain_db": (0.0, -6.0),
    "strip.k.pan": (0.0, 0.7),
    "strip.a.send.room.gain_db": (-9.0, -3.0),
    "bus.room.mute": (False, True),
}


def signals() -> dict[str, Block]:
    rng = np.random.default_rng(5)
    time_s = np.arange(SECONDS * RATE) / RATE
    beats = np.exp(-8.0 * np.mod(time_s, 0.5))
    tone = np.sin(2.0 * np.pi * 220.0 * time_s)
    return {
        "a": (0.4 * beats * (tone + 0.3 * rng.standard_normal(time_s.size)))[np.newaxis],
        "k": 0.3 * beats * rng.standard_normal((2, time_s.size)),
    }


LANES = [
    lane(target, [0.1 * number, one], [0.1 * number + 1.5, other], [3.2, other], [3.3, one])
    for number, (target, (one, other)) in enumerate(MOVES.items())
]


def test_the_rack_moves_the_same_whatever_blocks_and_threads() -> None:
    given, preset = signals(), desk(RACK)
    whole = mixed(preset, given, LANES, block_frames=16 * GRID_FRAMES)
    still = mixed(preset, given)
    length = min(whole.shape[1], still.shape[1])
    assert np.abs(whole[:, :length] - still[:, :length]).max() > 0.05
    for grids, threads in ((1, 1), (3, 3)):
        again = mixed(preset, given, LANES, block_frames=grids * GRID_FRAMES, threads=threads)
        assert again.tobytes() == whole.tobytes()


@pytest.mark.parametrize("start_s", [1.3, 3.25])
def test_a_passage_of_the_moving_rack_is_that_of_the_whole(start_s: float) -> None:
    given, preset = signals(), desk(RACK)
    begin = round(start_s * RATE)
    whole = mixed(preset, given, LANES)[:, begin : begin + RATE // 2]
    part = mixed(preset, given, LANES, passage=Passage(begin, begin + RATE // 2))
    residual = np.sqrt(np.mean((part - whole) ** 2) / np.mean(whole**2))
    assert residual < 1e-4  # -80 dB


def test_the_rack_standing_still_under_automation_is_the_rack() -> None:
    given, preset = signals(), desk(RACK)
    lanes = [lane(target, [0.0, one], [1.0, one]) for target, (one, _) in MOVES.items()]
    moved, still = mixed(preset, given, lanes), mixed(preset, given)
    length = min(moved.shape[1], still.shape[1])
    assert np.abs(moved[:, length:]).max(initial=0.0) < 1e-5
    np.testing.assert_allclose(moved[:, :length], still[:, :length], atol=1e-6)
