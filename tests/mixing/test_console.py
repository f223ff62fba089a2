"""The console: pan laws, faders, sends, solo and keys, by the levels they give."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.documents.loading import load_text
from mixmaster.engine.render import render
from mixmaster.mixing.channels import Instance
from mixmaster.mixing.console import Console
from mixmaster.mixing.panning import pan_gains, post_matrix
from mixmaster.mixing.preset import MixPreset

RATE = 8_000


class Constant:
    """A source that holds one value a channel."""

    def __init__(self, *values: float, frames: int = 4_096) -> None:
        self.values = np.array(values)[:, np.newaxis]
        self.frames = frames

    def open_at(self, start_frame: int) -> Callable[[int], Block]:
        left = self.frames - start_frame

        def read(frames: int) -> Block:
            nonlocal left
            count = max(0, min(frames, left))
            left -= count
            return np.ascontiguousarray(np.repeat(self.values, count, axis=1))

        return read


def levels(text: str, **sources: Constant) -> tuple[float, float]:
    """Return left and right of the mix, for constants on the strips of the same names."""
    preset = load_text(MixPreset, f'format = 1\nkind = "mix"\nname = "Test"\n{text}')
    instances = [
        Instance(f"strip.{name}/{name}", name, len(source.values))
        for name, source in sources.items()
    ]
    graph = Console(preset, instances, RATE).graph()
    given = {f"strip.{name}/{name}": source for name, source in sources.items()}
    heard = {name: source for name, source in given.items() if name in graph.by_id}
    out = np.concatenate(list(render(graph, heard).blocks), axis=1)
    return float(out[0, 100]), float(out[1, 100])


@pytest.mark.parametrize(
    ("law", "centre_db"),
    [("constant_power", -3.0103), ("linear", -6.0206), ("compromise", -4.5154), ("unity", 0.0)],
)
def test_pan_laws_in_the_centre_and_at_the_sides(law: str, centre_db: float) -> None:
    left, right = pan_gains(0.0, law)  # type: ignore[arg-type]
    assert 20.0 * math.log10(left) == pytest.approx(centre_db, abs=1e-3)
    assert left == pytest.approx(right, rel=1e-15)
    assert pan_gains(-1.0, law) == (1.0, 0.0)  # type: ignore[arg-type]
    assert pan_gains(1.0, law) == (0.0, 1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("pan", [-0.9, -0.3, 0.2, 0.77])
def test_constant_power_keeps_the_power(pan: float) -> None:
    left, right = pan_gains(pan, "constant_power")
    assert left * left + right * right == pytest.approx(1.0, rel=1e-15)


def test_a_stereo_source_is_balanced_and_never_raised() -> None:
    assert post_matrix(2, gain=1.0, pan=0.0, width=1.0, law="linear") == ((1.0, 0.0), (0.0, 1.0))
    assert post_matrix(2, gain=1.0, pan=0.5, width=1.0, law="linear") == ((0.5, 0.0), (0.0, 1.0))


def test_width_scales_the_side_alone() -> None:
    (a, b), (c, d) = post_matrix(2, gain=1.0, pan=0.0, width=0.25, law="linear")
    mid, side = 0.3, 0.8
    left, right = mid + side, mid - side
    out = (a * left + b * right, c * left + d * right)
    assert sum(out) / 2.0 == pytest.approx(mid)
    assert (out[0] - out[1]) / 2.0 == pytest.approx(0.25 * side)


def test_fader_trim_polarity_and_vca_add_up_in_db() -> None:
    text = """
    [strip.a]
    match = ["a"]
    gain_db = -3.0
    trim_db = 5.0
    polarity = true
    pan = -1.0
    [vca.all]
    members = ["a"]
    gain_db = -8.0
    """
    left, right = levels(text, a=Constant(0.5))
    assert left == pytest.approx(-0.5 * 10.0 ** (-6.0 / 20.0), rel=1e-12)
    assert right == 0.0


SENDS = """
[strip.a]
match = ["a"]
gain_db = -20.0
pan = -1.0
[[strip.a.send]]
to = "room"
position = "{position}"
gain_db = -6.0
{more}
[bus.room]
"""


@pytest.mark.parametrize(
    ("position", "room_db"), [("post", -26.0), ("pre", -6.0)], ids=["post", "pre"]
)
def test_a_post_send_follows_the_fader_and_a_pre_send_does_not(
    position: str, room_db: float
) -> None:
    left, _ = levels(SENDS.format(position=position, more=""), a=Constant(1.0))
    assert left == pytest.approx(0.1 + 10.0 ** (room_db / 20.0), rel=1e-12)


@pytest.mark.parametrize("position", ["post", "pre"])
def test_a_send_may_lie_elsewhere(position: str) -> None:
    left, right = levels(SENDS.format(position=position, more="pan = 1.0"), a=Constant(1.0))
    assert left == pytest.approx(0.1, rel=1e-12)
    assert right == pytest.approx(10.0 ** ((-6.0 - 20.0 * (position == "post")) / 20.0))


def test_mute_silences_pre_fader_sends_too() -> None:
    text = SENDS.format(position="pre", more="").replace("pan = -1.0", "pan = -1.0\nmute = true")
    text += '[strip.b]\nmatch = ["b"]\npan = -1.0\n'
    assert levels(text, a=Constant(1.0), b=Constant(0.25)) == (0.25, 0.0)


SOLO = """
[mix]
pan_law = "unity"
[strip.a]
match = ["a"]
output = "group"
{a}
[[strip.a.send]]
to = "room"
[strip.b]
match = ["b"]
output = "group"
[[strip.b.send]]
to = "room"
[strip.c]
match = ["c"]
[bus.group]
{group}
[bus.room]
{room}
"""


@pytest.mark.parametrize(
    ("soloed", "expected"),
    [
        ("", 1.0 + 1.0 + 2.0 + 2.0 + 4.0),
        ("a", 1.0 + 1.0),  # with its send
        ("group", 1.0 + 1.0 + 2.0 + 2.0),  # its strips, with their sends
        ("room", 1.0 + 2.0),  # what is sent to it, nothing dry
    ],
)
def test_solo_knows_the_routing(soloed: str, expected: float) -> None:
    flags = {name: "solo = true" if name == soloed else "" for name in ("a", "group", "room")}
    left, _ = levels(SOLO.format(**flags), a=Constant(1.0), b=Constant(2.0), c=Constant(4.0))
    assert left == pytest.approx(expected)


KEYED = """
[mix]
pan_law = "unity"
[strip.bass]
match = ["bass"]
[[strip.bass.insert]]
effect = "compressor"
key = "kick"
threshold_db = -20.0
ratio = 1000.0
attack_ms = 0.1
release_ms = 50.0
knee_db = 0.0
[strip.kick]
match = ["kick"]
gain_db = {gain}
mute = {mute}
"""


def test_a_key_ducks_and_hears_the_fader_of_its_strip_even_when_muted() -> None:
    frames = 16_384

    def bass(kick: float | None, gain: float = 0.0) -> float:
        sources = {"bass": Constant(0.5, frames=frames)}
        if kick is not None:
            sources["kick"] = Constant(kick, frames=frames)
        text = KEYED.format(gain=gain, mute="true")
        preset = load_text(MixPreset, f'format = 1\nkind = "mix"\nname = "Test"\n{text}')
        instances = [Instance(f"strip.{n}/{n}", n, 1) for n in sources]
        graph = Console(preset, instances, RATE).graph()
        given = {f"strip.{name}/{name}": source for name, source in sources.items()}
        out = np.concatenate(list(render(graph, given).blocks), axis=1)
        return float(out[0, frames - 1])

    # A key at 0 dBFS is 20 dB over the threshold, at -10 dB 10; a missing one is silence.
    assert bass(1.0) == pytest.approx(0.05, rel=0.01)
    assert bass(1.0, gain=-10.0) == pytest.approx(0.5 * 10.0 ** (-10.0 / 20.0), rel=0.01)
    assert bass(None) == 0.5
