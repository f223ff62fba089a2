"""Routing: every path arrives at once, keys hear what they should, solo and mute know the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mixing.desk import KeyAdds, KeyShows, Late, desk, graph, mixed, noise

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.effects.base import Effect
from mixmaster.effects.compressor import Compressor
from mixmaster.effects.width import Width
from mixmaster.errors import DocumentError
from mixmaster.mixing.routing import MIX

ONES = np.ones((1, 5_000))
UNITY = '[mix]\npan_law = "unity"\n'


positions = st.sampled_from(["pre", "post"])


@st.composite
def desks(draw: st.DrawFn) -> tuple[str, dict[str, list[dict[str, Any]]], dict[str, int]]:
    """A random console: strips, nested buses, sends, keys; what is on it; the strips' channels."""
    strips = [f"s{n}" for n in range(draw(st.integers(1, 3)))]
    buses = [f"b{n}" for n in range(draw(st.integers(1, 4)))]
    text = UNITY
    inserts: dict[str, list[dict[str, Any]]] = {}
    for at, name in enumerate([*strips, *buses]):
        is_bus = name in buses
        # Whatever comes later may be an output, whatever came before a key: nothing circles.
        later = [*buses[max(0, at - len(strips) + 1) :], MIX]
        kind = "bus" if is_bus else "strip"
        text += f"[{kind}.{name}]\n" + ("" if is_bus else f'match = ["{name}"]\n')
        text += f'output = "{draw(st.sampled_from(later))}"\n'
        for to in draw(st.lists(st.sampled_from(later), max_size=2, unique=True)):
            text += f'[[{kind}.{name}.send]]\nto = "{to}"\n'
            text += f'position = "{draw(positions)}"\n'
            text += draw(st.sampled_from(["", "pan = 0.0\n", "pan = -1.0\n"]))
        made: list[dict[str, Any]] = []
        for _ in range(draw(st.integers(0, 2))):
            bypass = draw(st.booleans())
            made.append({"late": draw(st.integers(1, 9_000)), "bypass": bypass})
        earlier = [*strips, *buses][:at]
        if draw(st.booleans()) and earlier:
            position = draw(positions)
            key = {"key": draw(st.sampled_from(earlier)), "key_position": position}
            made.insert(draw(st.integers(0, len(made))), key)
        inserts[f"{kind}.{name}"] = made
    return text, inserts, {name: draw(st.integers(1, 2)) for name in strips}


def effects_of(made: list[dict[str, Any]], *, late: bool) -> list[Effect]:
    """Return the inserts, or the same without their latencies."""
    found: list[Effect] = []
    for number, one in enumerate(made):
        if "key" in one:
            found.append(KeyAdds(**one))
        elif late:
            found.append(Late(id=f"late{number}", samples=one["late"], bypass=one["bypass"]))
    return found


@settings(deadline=None, max_examples=40)
@given(drawn=desks())
def test_a_random_console_nulls_against_itself_without_latencies(drawn: Any) -> None:
    """Signals of few bits and gains of 1 make every sum exact: the null is to the bit."""
    text, inserts, channels = drawn
    signals = {
        name: noise(count, 12_000, seed) for seed, (name, count) in enumerate(channels.items())
    }

    def render(*, late: bool) -> Block:
        preset = desk(text, {node: effects_of(made, late=late) for node, made in inserts.items()})
        return mixed(preset, signals, block_frames=GRID_FRAMES, threads=2)

    dry = render(late=False)
    assert np.abs(dry).max() > 0.0
    np.testing.assert_array_equal(render(late=True), dry)


@settings(deadline=None, max_examples=30)
@given(drawn=desks(), data=st.data())
def test_a_strip_is_what_solo_leaves_and_mute_takes(drawn: Any, data: st.DataObject) -> None:
    """Of any console without keys: a strip is its dry sound and its returns, nothing else."""
    text, _, channels = drawn
    one = data.draw(st.sampled_from(sorted(channels)))
    signals = {name: noise(count, 5_000, count) for name, count in channels.items()}
    alone = {name: signal * (name == one) for name, signal in signals.items()}
    head = f"[strip.{one}]\n"
    whole = mixed(desk(text), signals)
    own = mixed(desk(text), alone)
    soloed = mixed(desk(text.replace(head, f"{head}solo = true\n")), signals)
    muted = mixed(desk(text.replace(head, f"{head}mute = true\n")), signals)
    np.testing.assert_array_equal(soloed, own)
    np.testing.assert_array_equal(whole - muted, own)


KEYED = """
[strip.a]
match = ["a"]
[strip.k]
match = ["k*"]
gain_db = -20.0
pan = -1.0
output = "group"
mute = {mute}
[bus.group]
gain_db = -20.0
output = "sink"
[bus.sink]
mute = true
"""


@pytest.mark.parametrize("mute", ["true", "false"])
@pytest.mark.parametrize(
    ("position", "left", "right"), [("pre", 3.0, 3.0), ("post", 0.3, 0.0)], ids=["pre", "post"]
)
def test_a_key_hears_all_stems_of_a_strip_before_or_after_the_fader(
    mute: str, position: Any, left: float, right: float
) -> None:
    text = UNITY + KEYED.format(mute=mute)
    preset = desk(text, {"strip.a": [KeyAdds(key="k", key_position=position)]})
    out = mixed(preset, {"a": ONES, "k/1": ONES, "k/2": 2.0 * ONES})
    assert out[0, 9] == pytest.approx(1.0 + (left + right) / 2.0, rel=1e-12)


@pytest.mark.parametrize(
    ("position", "level"), [("pre", 0.05), ("post", 0.005)], ids=["pre", "post"]
)
def test_a_key_hears_a_bus_before_or_after_its_fader(position: Any, level: float) -> None:
    text = UNITY + KEYED.format(mute="false")
    preset = desk(text, {"strip.a": [KeyAdds(key="group", key_position=position)]})
    out = mixed(preset, {"a": ONES, "k": ONES})
    # The strip's fader takes 20 dB and its pan puts all on the left: a mean of 0.05.
    assert out[0, 9] == pytest.approx(1.0 + level, rel=1e-12)


def test_a_bus_and_the_mix_may_be_keyed_too() -> None:
    text = (
        UNITY
        + '[strip.a]\nmatch = ["a"]\noutput = "g"\n[strip.k]\nmatch = ["k"]\nmute = true\n[bus.g]\n'
    )
    on_bus = desk(text, {"bus.g": [Late(samples=70), KeyShows(key="k", ratio=2.0)]})
    on_mix = desk(text, {"strip.k": [Late(samples=90)], "mix": [KeyShows(key="k", ratio=2.0)]})
    x = noise(1, 5_000)
    for preset in (on_bus, on_mix):
        out = mixed(preset, {"a": x, "k": 2.0 * x})
        np.testing.assert_array_equal(out[0], x[0])


def test_the_position_of_no_key_is_an_error() -> None:
    for effect in (Compressor, Width):
        with pytest.raises(ValueError, match="no key that it could be the position of"):
            effect(key_position="pre")


def test_groups_nest() -> None:
    text = UNITY + '[strip.a]\nmatch = ["a"]\noutput = "b0"\n'
    depth = 1_200  # deeper than Python's stack
    for n in range(depth):
        output = f"b{n + 1}" if n < depth - 1 else "mix"
        text += f'[bus.b{n}]\ngain_db = {-20.0 if n < 2 else 0.0}\noutput = "{output}"\n'
    made, _ = graph(desk(text), {"a": ONES})
    assert len(made.nodes) == depth + 2
    shallow = text.replace('[bus.b2]\ngain_db = 0.0\noutput = "b3"', '[bus.b2]\noutput = "mix"')
    assert mixed(desk(shallow), {"a": ONES})[0, 9] == pytest.approx(0.01, rel=1e-12)


BUS_B_KEYED = """
[bus.b]
[[bus.b.insert]]
effect = "compressor"
key = "c"
key_position = "pre"
"""
STRIP_A_KEYED = """
[[strip.a.insert]]
effect = "compressor"
key = "b"
[bus.b]
[bus.d]
output = "b"
"""


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ('[bus.b]\noutput = "c"\n[bus.c]\noutput = "b"\n', "b -> c -> b"),
        ('[bus.b]\n[[bus.b.send]]\nto = "c"\n[bus.c]\n[[bus.c.send]]\nto = "b"\n', "b -> c -> b"),
        (BUS_B_KEYED + '[[bus.b.send]]\nto = "c"\n[bus.c]\n', "b -> c -> b"),
        (STRIP_A_KEYED + '[[strip.a.send]]\nto = "d"\n', "a -> d -> b -> a"),
    ],
    ids=["outputs", "sends", "a key and a send", "a strip's key of its own return"],
)
def test_a_circle_is_named_node_by_node(more: str, names: str) -> None:
    with pytest.raises(DocumentError, match=f"goes round in a circle: {names}"):
        desk(f'[strip.a]\nmatch = ["a"]\n{more}')


SOLO = (
    UNITY
    + """
[strip.a]
match = ["a"]
output = "drums"
{a}
[[strip.a.send]]
to = "room"
position = "pre"
[strip.b]
match = ["b"]
output = "kit"
{b}
[[strip.b.send]]
to = "room"
[strip.c]
match = ["c"]
{c}
[[strip.c.send]]
to = "room"
[bus.kit]
output = "drums"
{kit}
[bus.drums]
{drums}
[bus.room]
{room}
[[bus.room.send]]
to = "echo"
[bus.echo]
{echo}
"""
)
SOURCES = {"a": 1.0, "b": 10.0, "c": 100.0}


def heard(**flags: str) -> float:
    names = ("a", "b", "c", "kit", "drums", "room", "echo")
    text = SOLO.format(**{name: flags.get(name, "") for name in names})
    return float(mixed(desk(text), {name: v * ONES for name, v in SOURCES.items()})[0, 9])


SOLO_ON, MUTE_ON, SAFE = "solo = true", "mute = true", "solo_safe = true"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        # Each strip is heard dry, in the room, and in the room's echo: three times.
        ({}, 333.0),
        ({"a": SOLO_ON}, 3.0),
        ({"a": SOLO_ON, "c": SOLO_ON}, 303.0),
        ({"kit": SOLO_ON}, 30.0),
        ({"drums": SOLO_ON}, 33.0),
        ({"room": SOLO_ON}, 222.0),  # with its echo, nothing dry
        ({"echo": SOLO_ON}, 111.0),
        ({"a": SOLO_ON, "c": SAFE}, 303.0),
        ({"c": SAFE}, 333.0),
        ({"a": SOLO_ON, "room": MUTE_ON}, 1.0),
        ({"a": MUTE_ON}, 330.0),
        ({"kit": MUTE_ON}, 303.0),
        ({"drums": MUTE_ON}, 300.0),  # with what its members send elsewhere, nested ones too
        ({"room": MUTE_ON}, 111.0),
        ({"echo": MUTE_ON}, 222.0),
        ({"drums": SOLO_ON, "b": MUTE_ON}, 3.0),
        ({"a": SOLO_ON + "\n" + MUTE_ON}, 0.0),
    ],
    ids=str,
)
def test_solo_and_mute_know_the_routing(flags: dict[str, str], expected: float) -> None:
    assert heard(**flags) == expected


def test_a_vca_mutes_and_moves_its_members_with_their_post_sends() -> None:
    more = '[vca.all]\nmembers = ["b", "c"]\n'
    flags = dict.fromkeys(("a", "b", "c", "kit", "drums", "room", "echo"), "")
    signals = {name: v * ONES for name, v in SOURCES.items()}
    muted = mixed(desk(SOLO.format(**flags) + more + "mute = true\n"), signals)
    assert muted[0, 9] == 3.0
    moved = mixed(desk(SOLO.format(**flags) + more + "gain_db = -20.0\n"), signals)
    assert moved[0, 9] == pytest.approx(3.0 + 33.0)


@pytest.mark.parametrize("source", ["k", "group"])
@pytest.mark.parametrize("solo", ["", "solo = true"])
def test_soloing_leaves_keys_as_they_are(source: str, solo: str) -> None:
    text = UNITY + f'[strip.a]\nmatch = ["a"]\n{solo}\n[strip.k]\nmatch = ["k"]\noutput = "group"\n'
    preset = desk(text + "[bus.group]\n", {"strip.a": [KeyAdds(key=source)]})
    out = mixed(preset, {"a": ONES, "k": 2.0 * ONES})
    assert out[0, 9] == (3.0 if solo else 5.0)


@pytest.mark.parametrize("position", ["pre", "post"])
def test_a_bus_sends_too_with_a_pan_of_its_own(position: str) -> None:
    text = (
        UNITY
        + f"""
    [strip.a]
    match = ["a"]
    output = "g"
    [bus.g]
    gain_db = -20.0
    [[bus.g.send]]
    to = "room"
    position = "{position}"
    pan = 1.0
    [bus.room]
    """
    )
    out = mixed(desk(text), {"a": ONES})
    assert out[0, 9] == pytest.approx(0.1)
    assert out[1, 9] == pytest.approx(0.1 + (1.0 if position == "pre" else 0.1))
