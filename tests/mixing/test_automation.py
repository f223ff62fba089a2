"""Automation as it sounds: closed forms, alignment, and the same bytes for any blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mixing.desk import (
    RATE,
    KeyAdds,
    Late,
    TempoShows,
    Times,
    desk,
    lane,
    mixed,
    noise,
)

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.documents.tempo import TempoMap
from mixmaster.engine.render import Passage
from mixmaster.mixing.moving import moving_pan_gains
from mixmaster.mixing.panning import pan_gains

FRAMES = 20_000
ONES = np.ones((1, FRAMES))
TIME_S = np.arange(FRAMES) / RATE

ONE_STRIP = """
[mix]
pan_law = "unity"
[strip.a]
match = ["a"]
"""


def gain(db: Block | float) -> Block:
    return np.asarray(10.0 ** (np.asarray(db) / 20.0))


def test_a_fader_goes_evenly_in_db_frame_by_frame() -> None:
    out = mixed(desk(ONE_STRIP), {"a": ONES}, [lane("strip.a.gain_db", [0.5, -30.0], [2.0, 0.0])])
    db = np.interp(TIME_S, [0.5, 2.0], [-30.0, 0.0])
    np.testing.assert_allclose(out[0], gain(db), rtol=1e-12)


def test_bars_and_beats_lie_where_the_tempo_map_says() -> None:
    song = TempoMap.model_validate(
        {"change": [{"at": "1", "tempo_bpm": 240.0}, {"at": "2", "tempo_bpm": 120.0}]}
    )
    lanes = [lane("mix.gain_db", ["1:3", -10.0], ["2:2", 0.0])]
    out = mixed(desk(ONE_STRIP), {"a": ONES}, lanes, tempo_map=song)
    # Two beats of a quarter second, then bar 2 at 1 s, one beat of half a second on.
    db = np.interp(TIME_S, [0.5, 1.5], [-10.0, 0.0])
    np.testing.assert_allclose(out[0], gain(db), rtol=1e-12)


@pytest.mark.parametrize("law", ["constant_power", "compromise", "linear", "unity"])
def test_a_moving_pan_follows_the_law(law: Any) -> None:
    text = ONE_STRIP.replace('"unity"', f'"{law}"')
    out = mixed(desk(text), {"a": ONES}, [lane("strip.a.pan", [0.0, -1.0], [2.0, 1.0])])
    for frame in (0, 1234, 8000, 12_345, 16_000, 19_999):
        wanted = pan_gains(min(1.0, -1.0 + frame / RATE), law)
        np.testing.assert_allclose(out[:, frame], wanted, atol=1e-12)


@pytest.mark.parametrize("law", ["constant_power", "compromise", "linear", "unity"])
def test_the_sides_are_exact(law: Any) -> None:
    left, right = moving_pan_gains(np.array([-1.0, 1.0]), law)
    np.testing.assert_array_equal([left, right], [[1.0, 0.0], [0.0, 1.0]])


FULL = """
[strip.a]
match = ["a"]
gain_db = {gain}
pan = {pan}
width = {width}
output = "group"
[[strip.a.send]]
to = "room"
gain_db = {send}
position = "post"
{own}
[[strip.a.send]]
to = "cue"
gain_db = {send}
position = "pre"
[bus.group]
gain_db = {gain}
pan = {pan}
width = {width}
[bus.room]
[bus.cue]
[vca.all]
members = ["a"]
gain_db = {gain}
[mix]
gain_db = {gain}
"""


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("own", ["", "pan = 0.4"], ids=["", "own pan"])
def test_automation_that_stands_still_is_the_setting(channels: int, own: str) -> None:
    values: dict[str, float] = {"gain": -4.0, "pan": 0.3, "width": 0.6, "send": -9.0}
    x = noise(channels, 9_000)
    wanted = mixed(desk(FULL.format(**values, own=own)), {"a": x})
    neutral = FULL.format(gain=0.0, pan=0.0, width=1.0, send=0.0, own=own.replace("0.4", "-0.9"))
    lanes = [
        lane(f"{owner}.{name}", [0.0, values[key]], [1.0, values[key]])
        for owner in ("strip.a", "bus.group")
        for name, key in (("gain_db", "gain"), ("pan", "pan"), ("width", "width"))
    ]
    lanes += [
        lane("strip.a.send.room.gain_db", [0.2, values["send"]]),
        lane("strip.a.send.cue.gain_db", [0.2, values["send"]]),
        lane("vca.all.gain_db", [0.2, values["gain"]]),
        lane("mix.gain_db", [0.2, values["gain"]]),
        lane("strip.a.mute", [0.0, False]),
        lane("bus.group.mute", [0.0, False]),
        lane("vca.all.mute", [0.0, False]),
        lane("strip.a.send.room.mute", [0.0, False]),
    ]
    if own:
        lanes.append(lane("strip.a.send.room.pan", [0.0, 0.4]))
    np.testing.assert_allclose(mixed(desk(neutral), {"a": x}, lanes), wanted, atol=1e-14)


MUTES = """
[mix]
pan_law = "unity"
[strip.a]
match = ["a"]
output = "group"
[[strip.a.send]]
to = "room"
position = "{position}"
[strip.b]
match = ["b"]
[bus.group]
[bus.room]
[vca.all]
members = ["a"]
"""


@pytest.mark.parametrize("position", ["pre", "post"])
@pytest.mark.parametrize(
    ("target", "left"),
    [
        ("strip.a.mute", 0.0),
        ("vca.all.mute", 0.0),
        ("bus.group.mute", 0.0),  # with what its members send elsewhere
        ("bus.room.mute", 1.0),
        ("strip.a.send.room.mute", 1.0),
    ],
)
def test_a_timed_mute_silences_what_a_mute_does(position: str, target: str, left: float) -> None:
    lanes = [lane(target, [0.0, False], [1.0, True], [1.5, False])]
    preset = desk(MUTES.format(position=position))
    out = mixed(preset, {"a": ONES, "b": 4.0 * ONES}, lanes)[0] - 4.0
    ramp = round(0.005 * RATE)
    assert set(out[:8_000]) == {2.0}
    assert set(out[8_000 + ramp : 12_000]) == {left}
    assert set(out[12_000 + ramp :]) == {2.0}
    assert np.abs(np.diff(out)).max() <= 2.0 * 1.5 / ramp
    # What the lane says is what the switch does.
    switched = MUTES.format(position=position)
    kind, name, *rest = target.split(".")
    if rest[0] == "mute":
        switched = switched.replace(f"[{kind}.{name}]", f"[{kind}.{name}]\nmute = true")
    else:
        switched = switched.replace('to = "room"', 'to = "room"\nmute = true')
    still = mixed(desk(switched), {"a": ONES, "b": 4.0 * ONES})[0]
    assert set(still) == {4.0 + left}


def test_a_lane_takes_the_place_of_a_switch_that_is_set() -> None:
    preset = desk(ONE_STRIP + "mute = true\n")
    out = mixed(preset, {"a": ONES}, [lane("strip.a.mute", [0.0, True], [1.0, False])])[0]
    assert not out[:8_000].any()
    assert set(out[8_040:]) == {1.0}


def test_a_muted_key_is_heard_however_it_was_muted() -> None:
    text = ONE_STRIP + '[strip.k]\nmatch = ["k"]\n'
    preset = desk(text, {"strip.a": [KeyAdds(key="k")]})
    out = mixed(preset, {"a": ONES, "k": 2.0 * ONES}, [lane("strip.k.mute", [0.0, True])])
    assert set(out[0]) == {3.0}


def test_relative_values_are_added_to_the_setting() -> None:
    preset = desk(ONE_STRIP + "gain_db = -7.0\n")
    lanes = [lane("strip.a.gain_db", [0.0, -3.0], [2.0, 5.0], relative=True)]
    db = -7.0 + np.interp(TIME_S, [0.0, 2.0], [-3.0, 5.0])
    np.testing.assert_allclose(mixed(preset, {"a": ONES}, lanes)[0], gain(db), rtol=1e-12)


def test_a_vca_adds_its_moving_db_to_moving_faders_and_leaves_pre_sends() -> None:
    text = ONE_STRIP + '[[strip.a.send]]\nto = "cue"\nposition = "pre"\n'
    text += '[bus.cue]\n[vca.all]\nmembers = ["a"]\n'
    lanes = [
        lane("strip.a.gain_db", [0.0, -20.0], [2.5, 0.0]),
        lane("vca.all.gain_db", [0.0, 0.0], [2.5, -10.0]),
    ]
    out = mixed(desk(text), {"a": ONES}, lanes)[0]
    np.testing.assert_allclose(out, 1.0 + gain(-20.0 + 10.0 * TIME_S / 2.5), rtol=1e-12)


def test_one_stem_of_a_strip_may_leave_the_lane_of_the_strip() -> None:
    preset = desk(ONE_STRIP.replace('["a"]', '["a*"]') + "spread = 1.0\n")
    signals = {"a/a.1": ONES, "a/a.2": ONES}
    lanes = [lane("strip.a.gain_db", [0.0, -6.0]), lane("strip.a/a.2.gain_db", [0.0, -20.0])]
    out = mixed(preset, signals, lanes)
    np.testing.assert_allclose(out[:, 5], gain(np.array([-6.0, -20.0])), rtol=1e-12)


def test_a_moving_pan_takes_the_spread_with_it_and_stays_in_the_field() -> None:
    preset = desk(
        ONE_STRIP.replace('["a"]', '["a*"]').replace("unity", "linear") + "spread = 0.5\n"
    )
    out = mixed(
        preset, {"a/1": ONES, "a/2": 0.0 * ONES}, [lane("strip.a.pan", [0.0, -1.0], [1.0, 1.0])]
    )
    pans = np.clip(np.interp(TIME_S, [0.0, 1.0], [-1.5, 0.5]), -1.0, 1.0)
    np.testing.assert_allclose(out[1], (pans + 1.0) / 2.0, atol=1e-12)


@pytest.mark.parametrize("late", [0, 313])
def test_parameters_and_faders_meet_their_audio_behind_any_latency(late: int) -> None:
    inserts = [Late(samples=late), Times(), Late(samples=late // 2)]
    lanes = [
        lane("strip.a.insert.times.amount", [0.1, 0.0], [2.0, 4.0]),
        lane("strip.a.gain_db", [0.2, -12.0], [1.2, 0.0]),
        lane("mix.gain_db", [0.0, 0.0], [2.0, -12.0]),
        lane("strip.a.send.room.gain_db", [1.0, 0.0, "hold"], [2.0, -3.0]),
    ]
    text = ONE_STRIP + '[[strip.a.send]]\nto = "room"\n[bus.room]\n'
    preset = desk(text, {"strip.a": inserts, "bus.room": [Late(samples=2 * late)]})
    x = noise(1, FRAMES)
    out = mixed(preset, {"a": x}, lanes)
    steady = mixed(desk(text, {"strip.a": [Times()]}), {"a": x}, lanes)
    np.testing.assert_array_equal(out, steady)
    amount = np.interp(TIME_S, [0.1, 2.0], [0.0, 4.0])
    fader = gain(np.interp(TIME_S, [0.2, 1.2], [-12.0, 0.0]) + np.interp(TIME_S, [0, 2], [0, -12]))
    before = slice(0, 16_000)
    np.testing.assert_allclose(
        out[0, before], (2.0 * x[0] * amount * fader)[before], rtol=1e-11, atol=1e-13
    )


def test_a_ride_leaves_nothing_beside_the_tone() -> None:
    """A ride of 12 dB in a second on a tone: what lies 100 Hz and more aside is not heard."""
    tone = 0.5 * np.sin(2.0 * np.pi * 1000.0 * np.arange(2 * RATE) / RATE)[np.newaxis]
    lanes = [lane("strip.a.gain_db", [0.4, 0.0], [1.4, -12.0], interpolation="smooth")]
    out = mixed(desk(ONE_STRIP), {"a": tone}, lanes)[0]
    # A Blackman-Harris window keeps the tone's own leakage under -92 dB; of four terms, squared
    # for more.
    n = 2.0 * np.pi * np.arange(out.size) / out.size
    window = 0.35875 - 0.48829 * np.cos(n) + 0.14128 * np.cos(2 * n) - 0.01168 * np.cos(3 * n)
    spectrum = np.abs(np.fft.rfft(out * window**2)) * 2.0 / (window**2).sum()
    hz = np.arange(spectrum.size) * RATE / out.size
    aside = spectrum[np.abs(hz - 1000.0) > 100.0]
    assert 20.0 * np.log10(aside.max()) < -90.0


@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_blocks_threads_and_passages_change_nothing(data: st.DataObject) -> None:
    targets = {
        "strip.a.gain_db": (-40.0, 10.0),
        "strip.a.pan": (-1.0, 1.0),
        "strip.b.width": (0.0, 2.0),
        "strip.b.mute": None,
        "strip.a.send.room.gain_db": (-20.0, 0.0),
        "strip.a.send.room.pan": (-1.0, 1.0),
        "strip.a.insert.times.amount": (-2.0, 2.0),
        "bus.room.gain_db": (-20.0, 0.0),
        "bus.room.mute": None,
        "vca.all.gain_db": (-3.0, 3.0),
        "mix.gain_db": (-6.0, 0.0),
    }
    ways = st.sampled_from([None, "hold", "linear", "smooth"])
    lanes = []
    for target, span in targets.items():
        times = sorted(data.draw(st.lists(st.floats(0.0, 2.4), max_size=4)))
        if times:
            value = st.booleans() if span is None else st.floats(*span)
            points = [[time, data.draw(value)] for time in times]
            way = None if span is None else data.draw(ways)
            lanes.append(lane(target, *points, interpolation=way))
    text = """
    [strip.a]
    match = ["a"]
    output = "group"
    [[strip.a.send]]
    to = "room"
    [strip.b]
    match = ["b"]
    output = "group"
    [[strip.b.send]]
    to = "room"
    position = "pre"
    pan = 0.5
    [bus.group]
    [bus.room]
    [vca.all]
    members = ["strip.b", "bus.group"]
    """
    preset = desk(text, {"strip.a": [Late(samples=99), Times()], "bus.room": [Late(samples=7)]})
    signals = {"a": noise(1, FRAMES), "b": noise(2, FRAMES, 2)}
    whole = mixed(preset, signals, lanes, block_frames=16 * GRID_FRAMES)
    again = mixed(preset, signals, lanes, block_frames=GRID_FRAMES, threads=3)
    assert whole.tobytes() == again.tobytes()
    start = data.draw(st.integers(0, FRAMES - 1_000))
    part = mixed(preset, signals, lanes, passage=Passage(start, start + 1_000))
    np.testing.assert_array_equal(part, whole[:, start : start + 1_000])


def test_what_follows_the_tempo_is_told_it_frame_by_frame_behind_any_latency() -> None:
    song = TempoMap.model_validate(
        {"change": [{"at": "1", "tempo_bpm": 240.0}, {"at": "2", "tempo_bpm": 120.0}]}
    )
    preset = desk(ONE_STRIP, {"strip.a": [Late(samples=500), TempoShows()]})
    out = mixed(preset, {"a": ONES}, tempo_map=song)[0]
    assert set(out[:8_000]) == {2.4}
    assert set(out[8_000:FRAMES]) == {1.2}
    # One tempo throughout is told once, by the context.
    steady = desk(ONE_STRIP, {"strip.a": [Times()]})
    mixed(steady, {"a": ONES}, tempo_map=TempoMap.constant(90.0))


def test_a_delay_in_beats_follows_the_tempo() -> None:
    text = ONE_STRIP.replace("[mix]", "tempo_bpm = 77.0\n[mix]")
    text += '[[strip.a.insert]]\neffect = "delay"\nbeats = 0.5\nmix = 1.0\n'
    song = TempoMap.model_validate(
        {"change": [{"at": "1", "tempo_bpm": 240.0}, {"at": "5", "tempo_bpm": 120.0}]}
    )
    clicks = np.zeros((1, 8 * RATE))
    clicks[0, [800, 7 * RATE]] = 1.0
    out = np.abs(mixed(desk(text), {"a": clicks}, tempo_map=song)[0])
    # Half a beat: an eighth of a second at 240, a quarter at 120 three seconds after the change.
    assert int(np.argmax(out[: 4 * RATE])) == pytest.approx(800 + RATE / 8, abs=1)
    assert 7 * RATE + int(np.argmax(out[7 * RATE :])) == pytest.approx(7.25 * RATE, abs=1)


def test_a_tremolo_in_beats_keeps_to_the_bars() -> None:
    text = ONE_STRIP + '[[strip.a.insert]]\neffect = "tremolo"\nbeats = 1.0\ndepth = 0.5\n'
    slow, fast = {"at": "1", "tempo_bpm": 120.0}, {"at": "2", "tempo_bpm": 150.0}
    song = TempoMap.model_validate({"change": [slow, fast]})
    x = np.ones((1, 5 * RATE))
    out = mixed(desk(text), {"a": x}, tempo_map=song)[0, : x.size]
    # One swing a quarter note: what is heard a beat later is the same, before and after bar 2.
    before, after = round(0.5 * RATE), round(0.4 * RATE)
    bar_2 = 2 * RATE
    np.testing.assert_allclose(out[before:bar_2], out[: bar_2 - before], atol=1e-9)
    np.testing.assert_allclose(out[bar_2 + after :], out[bar_2:-after], atol=1e-9)
    # And it is where it was at bar 1 when bar 2 begins.
    np.testing.assert_allclose(out[bar_2], out[0], atol=1e-9)
    assert np.ptp(out) > 0.3
