"""Documents told apart: by id, with units, and with nothing said twice."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.documents.differences import Difference, differences
from mixmaster.documents.loading import load_text
from mixmaster.documents.pairing import paired
from mixmaster.effects.eq_bands import EqBand
from mixmaster.mixing.preset import MixPreset

EQ = '[[strip.kick.insert]]\neffect = "eq"\nbands = [{}]\n'
COMPRESSOR = '[[strip.kick.insert]]\neffect = "compressor"\nthreshold_db = {}\n'


def preset(body: str = "") -> MixPreset:
    text = 'format = 1\nkind = "mix"\nname = "Test"\n[strip.kick]\n' + body
    return load_text(MixPreset, text)


def told(one: str, two: str) -> list[str]:
    return [str(each) for each in differences(preset(one), preset(two))]


def bands(*texts: str) -> str:
    return EQ.format(", ".join(f"{{ {text} }}" for text in texts))


def test_faders_and_thresholds_in_decibels() -> None:
    assert told("gain_db = -2.0\n", "gain_db = -0.5\n") == [
        "strip.kick fader: +1.5 dB (−2 dB → −0.5 dB)"
    ]
    assert told(COMPRESSOR.format(-18.0), COMPRESSOR.format(-20.0)) == [
        "strip.kick.insert.compressor threshold: −2 dB (−18 dB → −20 dB)"
    ]
    assert told("mute = true\n", "") == ["strip.kick mute: on → off"]
    assert told("input_lufs = -23.0\n", "") == [
        "strip.kick loudness before the chain: −23 LUFS → off"
    ]


def test_what_is_silent_has_its_default() -> None:
    assert told("gain_db = 0.0\npan = 0.0\n", "") == []


def test_inserts_come_go_and_move_by_id() -> None:
    gate = '[[strip.kick.insert]]\neffect = "gate"\n'
    eq = bands('shape = "bell", frequency_hz = 100.0, gain_db = 1.0')
    compressor = COMPRESSOR.format(-18.0)
    (gone,) = differences(preset(gate + eq), preset(eq))
    assert (gone.kind, gone.address) == ("removed", "strip.kick.insert.gate")
    (come,) = differences(preset(eq), preset(eq + gate))
    assert (come.kind, come.address, come.after) == ("added", "strip.kick.insert.gate", "Gate")
    (moved,) = differences(preset(gate + eq + compressor), preset(eq + compressor + gate))
    assert (moved.kind, moved.where) == ("moved", "strip.kick.insert.gate")
    assert (moved.before, moved.after) == ("first", "after compressor")
    # Another effect under the id of one that is gone is told as such.
    named = '[[strip.kick.insert]]\neffect = "{}"\nid = "one"\n'
    (other,) = differences(preset(named.format("gate")), preset(named.format("compressor")))
    assert (other.kind, other.before, other.after) == ("changed", "Gate", "Compressor")


def test_bands_are_told_apart_by_what_they_are() -> None:
    low = 'shape = "high_pass", frequency_hz = 30.0'
    mid = 'shape = "bell", frequency_hz = 350.0, gain_db = -4.0'
    high = 'shape = "bell", frequency_hz = 3500.0, gain_db = 3.0'
    higher = 'shape = "bell", frequency_hz = 3605.0, gain_db = 3.0'
    found = differences(preset(bands(low, mid, high)), preset(bands(mid, higher)))
    said = [(each.kind, each.address.rpartition(".bands.")[2], each.change) for each in found]
    assert said == [("removed", "1", ""), ("changed", "2.frequency_hz", "+3 %")]


def test_lists_of_words_tell_what_came_and_went() -> None:
    found = differences(preset('match = ["a", "b"]\n'), preset('match = ["b", "c"]\n'))
    assert [(each.kind, each.before or each.after) for each in found] == [
        ("removed", "a"),
        ("added", "c"),
    ]
    (moved,) = differences(preset('match = ["a", "b"]\n'), preset('match = ["b", "a"]\n'))
    assert moved.kind == "moved"


def test_special_fields_are_left_to_whoever_knows_them() -> None:
    seen: list[Any] = []

    def quiet(address: str, one: Any, two: Any) -> list[Difference]:
        seen.append((address, one, two))
        return []

    first, second = preset("gain_db = 1.0\n"), preset("gain_db = 2.0\n")
    assert differences(first, second, special={"gain_db": quiet}) == []
    assert seen == [("strip.kick.gain_db", 1.0, 2.0)]


FREQUENCIES = st.lists(st.sampled_from([50.0, 100.0, 400.0, 3000.0]), max_size=5)


@settings(max_examples=40, deadline=None)
@given(one=FREQUENCIES, two=FREQUENCIES)
def test_pairs_keep_order_and_leave_none_out(one: list[float], two: list[float]) -> None:
    first, second = (
        [EqBand(shape="bell", frequency_hz=hz, gain_db=2.0) for hz in each] for each in (one, two)
    )
    pairs = paired(first, second)
    left = [a for a, _ in pairs if a is not None]
    right = [b for _, b in pairs if b is not None]
    assert left == list(range(len(one)))
    assert right == list(range(len(two)))
    if one == two:
        assert pairs == [(at, at) for at in range(len(one))]


@settings(max_examples=30, deadline=None)
@given(
    gains=st.tuples(*[st.floats(-60.0, 12.0).map(lambda x: round(x, 1))] * 2),
    ratios=st.tuples(*[st.sampled_from([1.5, 2.0, 4.0])] * 2),
)
def test_nothing_is_said_of_what_is_the_same_and_something_of_what_is_not(
    gains: tuple[float, float], ratios: tuple[float, float]
) -> None:
    texts = [
        f"gain_db = {gain}\n{COMPRESSOR.format(-18.0)}ratio = {ratio}\n"
        for gain, ratio in zip(gains, ratios, strict=True)
    ]
    found = differences(preset(texts[0]), preset(texts[1]))
    back = differences(preset(texts[1]), preset(texts[0]))
    assert len(found) == (gains[0] != gains[1]) + (ratios[0] != ratios[1])
    assert [each.address for each in found] == [each.address for each in back]
    assert [(each.before, each.after) for each in found] == [
        (each.after, each.before) for each in back
    ]
