"""``--set``: values laid over a document, addressed by id, never making anything up."""

from __future__ import annotations

from typing import Any

import pytest

from mixmaster.documents.addresses import insert_ids
from mixmaster.documents.loading import load_text
from mixmaster.documents.overrides import parse_override
from mixmaster.errors import DocumentError, UsageError
from mixmaster.mixing.preset import MixPreset

PRESET = """
format = 1
kind = "mix"
name = "P"
[strip.kick]
match = ["kick"]
output = "drums"
[[strip.kick.insert]]
effect = "eq"
bands = [{ frequency_hz = 60.0, gain_db = 3.0 }, { frequency_hz = 400.0, gain_db = -3.0 }]
[[strip.kick.insert]]
effect = "compressor"
[[strip.kick.insert]]
effect = "eq"
[[strip.kick.insert]]
effect = "compressor"
id = "glue"
[[strip.kick.send]]
to = "room"
[strip.snare]
match = ["snare"]
output = "drums"
[[strip.snare.insert]]
effect = "compressor"
[bus.drums]
[bus.room]
"""


def laid(*overrides: str) -> MixPreset:
    return load_text(MixPreset, PRESET, overrides=overrides)


def astray(override: str) -> str:
    with pytest.raises(DocumentError) as caught:
        laid(override)
    (problem,) = caught.value.problems
    return f"{problem.key} | {problem.reason} | {problem.hint}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.b=-2", -2),
        ("a.b = -2.5", -2.5),
        ("a.b=-.5", -0.5),
        ("a.b=2.", 2.0),
        ("a.b=true", True),
        ("a.b=drums", "drums"),
        ("a.b=two words", "two words"),
        ('a.b="3"', "3"),
        ("a.b=[1, 2]", [1, 2]),
        ("a.b=", ""),
        ("a.b=x=y", "x=y"),
        ("a.b=1\nc = 2", "1\nc = 2"),
        ("a.b=-2 dB", "-2 dB"),
    ],
)
def test_a_value_is_toml_and_a_bare_word_is_text(text: str, value: Any) -> None:
    override = parse_override(text)
    assert override.path == ("a", "b")
    assert override.value == value
    assert type(override.value) is type(value)


@pytest.mark.parametrize("text", ["a.b", "=3", "a..b=3", ".a=1", 'a="broken', "a=[1,"])
def test_what_is_no_override_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        parse_override(text)


def test_paths_address_inserts_by_id_bands_by_number_and_sends_by_destination() -> None:
    preset = laid(
        "strip.kick.gain_db=-2",
        "strip.kick.insert.compressor.ratio=3",
        "strip.kick.insert.glue.ratio=1.5",
        "strip.kick.insert.eq.bands.2.gain_db=-6",
        "strip.kick.insert.eq2.bypass=true",
        "strip.kick.send.room.gain_db=-9",
        "mix.pan_law=linear",
        "tempo_bpm=96",
        "strip.kick.output=room",
    )
    kick = preset.strip["kick"]
    equaliser, compressor, second, glue = kick.insert
    assert kick.gain_db == -2.0
    assert kick.output == "room"
    assert (compressor.model_dump()["ratio"], glue.model_dump()["ratio"]) == (3.0, 1.5)
    assert [band["gain_db"] for band in equaliser.model_dump()["bands"]] == [3.0, -6.0]
    assert (equaliser.bypass, second.bypass) == (False, True)
    assert kick.send[0].gain_db == -9.0
    assert preset.mix.pan_law == "linear"
    assert preset.tempo_bpm == 96.0
    assert preset.strip["snare"] == laid().strip["snare"]


def test_the_later_override_wins() -> None:
    assert laid("strip.kick.gain_db=-2", "strip.kick.gain_db=1").strip["kick"].gain_db == 1.0


def test_a_star_reaches_everything_that_has_the_path() -> None:
    preset = laid("strip.*.gain_db=-1", "strip.*.insert.glue.ratio=7", "bus.*.mute=true")
    assert [strip.gain_db for strip in preset.strip.values()] == [-1.0, -1.0]
    assert preset.strip["kick"].insert[3].model_dump()["ratio"] == 7.0
    assert preset.strip["snare"] == laid("strip.snare.gain_db=-1").strip["snare"]
    assert all(bus.mute for bus in preset.bus.values())


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "strip.kik.gain_db=1",
            "strip.kik.gain_db | strip has no 'kik' | did you mean 'strip.kick.gain_db'?",
        ),
        (
            "strip.kick.insert.compresor.ratio=3",
            (
                "strip.kick.insert.compresor.ratio | strip.kick.insert has no 'compresor' | "
                "did you mean 'strip.kick.insert.compressor.ratio'?"
            ),
        ),
        (
            "strip.snare.insert.eq.bypass=true",
            "strip.snare.insert.eq.bypass | strip.snare.insert has no 'eq' | it has: compressor",
        ),
        (
            "strip.kick.insert.eq.bands.3.gain_db=1",
            (
                "strip.kick.insert.eq.bands.3.gain_db | strip.kick.insert.eq.bands has no '3' | "
                "it has: 1, 2"
            ),
        ),
        (
            "strip.kick.send.rom.gain_db=1",
            (
                "strip.kick.send.rom.gain_db | strip.kick.send has no 'rom' | "
                "did you mean 'strip.kick.send.room.gain_db'?"
            ),
        ),
        (
            "stripe.kick.gain_db=1",
            (
                "stripe.kick.gain_db | the document has no 'stripe' | "
                "did you mean 'strip.kick.gain_db'?"
            ),
        ),
        ("vca.all.gain_db=1", "vca.all.gain_db | vca has no 'all' | it has nothing"),
        ("strip.*=1", "strip.* | ends in * | say which key of each is meant"),
        (
            "strip.kick.gian_db=1",
            "strip.kick.gian_db | no such key | did you mean 'gain_db'?",
        ),
        ("strip.kick.gain_db.x=1", "strip.kick.gain_db.x | strip.kick has no 'gain_db' | "),
    ],
)
def test_a_path_that_leads_nowhere_names_the_nearest_right_one(override: str, said: str) -> None:
    assert astray(override).startswith(said)


def test_a_failed_override_leaves_nothing_behind() -> None:
    assert "2 problems" not in astray("mix.insert.eq.bypass=true")


def test_a_value_of_the_wrong_kind_is_named_by_its_key() -> None:
    said = astray("strip.kick.insert.glue.ratio=much")
    assert said == "strip.kick.insert.glue.ratio | must be a number, is text 'much' | "


def test_ids_are_the_effects_names_numbered_when_repeated() -> None:
    chain = [{"effect": "eq"}, {"effect": "eq", "id": "air"}, {"effect": "eq"}, {}, {"effect": 3}]
    assert insert_ids(chain) == ["eq", "air", "eq2", "4", "5"]
