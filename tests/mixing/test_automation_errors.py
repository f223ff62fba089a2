"""Automation that does not fit: each mistake by lane and point, with what would be right."""

from __future__ import annotations

from typing import Any, Literal, Self

import pytest
from pydantic import model_validator
from tests.mixing.desk import Late, Times, desk, lane

from mixmaster.documents.automation import AutomationLane
from mixmaster.documents.base import Document, MisfitError, items, parameter
from mixmaster.documents.loading import load_text
from mixmaster.documents.tempo import TempoMap
from mixmaster.effects.base import Context, Effect, Processor
from mixmaster.effects.eq import Eq
from mixmaster.errors import DocumentError, Problem
from mixmaster.mixing.automation import Song, resolve

TEXT = """
[strip.vocal]
match = ["vox"]
gain_db = -4.0
[[strip.vocal.send]]
to = "plate"
[strip.kick]
match = ["kick"]
[bus.plate]
[vca.band]
members = ["kick"]
"""


def song() -> Song:
    preset = desk(
        TEXT,
        {
            "strip.vocal": [Times(id="ride"), Late()],
            "bus.plate": [Eq.model_validate({"bands": [{"frequency_hz": 500.0}]})],
        },
    )
    stems = ("strip.vocal/Lead", "strip.vocal/Lead.2", "strip.kick/Kick")
    return Song(preset, stems, TempoMap.constant(120.0), 48_000, 60.0)


def said(*lanes: AutomationLane) -> str:
    with pytest.raises(DocumentError) as caught:
        resolve(lanes, song(), where="song.toml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("strip.vocl.gain_db", "did you mean 'strip.vocal.gain_db'?"),
        ("strip.vocal.gain", "did you mean 'strip.vocal.gain_db'?"),
        ("vocal.gain_db", "did you mean 'strip.vocal.gain_db'?"),
        ("strips.vocal.gain_db", "did you mean 'strip'?"),
        ("strip.vocal.send.plat.gain_db", "did you mean 'strip.vocal.send.plate.gain_db'?"),
        ("strip.vocal.insert.rid.amount", "did you mean 'strip.vocal.insert.ride.amount'?"),
        ("strip.vocal/Leed.gain_db", "did you mean 'strip.vocal/Lead'?"),
        ("bus.plate.insert.eq.bands.2.gain_db", "bus.plate.insert.eq.bands has no '2'"),
        ("strip.vocal.trim_db", "'strip.vocal.trim_db' cannot be automated"),
        ("strip.vocal.trim_db", "what can: strip.vocal.gain_db, strip.vocal.pan"),
        ("strip.vocal.output", "cannot be automated"),
        ("strip.vocal.insert.ride.fixed", "strip.vocal.insert.ride.amount"),
        ("strip.vocal.insert.late.samples", "cannot be automated"),
        ("strip.vocal", "'strip.vocal' names no parameter"),
        ("strip.vocal.insert", "what can: strip.vocal.insert.ride.amount"),
        ("strip", "strip has no ''"),
        ("mix", "what can: mix.gain_db"),
        ("mix.pan_law", "cannot be automated"),
        ("vca.band.members", "'vca.band.members' names no parameter"),
        ("mix.gain_db.x", "mix.gain_db has no 'x'"),
        ("", "no ''"),
    ],
)
def test_a_target_that_leads_nowhere_is_told_where_it_would_lead(target: str, words: str) -> None:
    text = said(lane(target, [0.0, 0.0]))
    assert text.startswith("song.toml: automation.1.target: ")
    assert words in text


@pytest.mark.parametrize(
    ("target", "points", "words"),
    [
        ("strip.vocal.gain_db", [[5.0, 0.0], [3.0, 0.0]], "3 s lies before the point ahead of it"),
        ("strip.vocal.gain_db", [["9", 0.0], ["5:2", 0.0]], "5:2 (8.500 s) lies before"),
        ("strip.vocal.gain_db", [[61.0, 0.0]], "61 s lies beyond the song's end"),
        ("strip.vocal.gain_db", [["40", 0.0]], "it ends at 60.000 s, bar 31:1.00"),
        ("strip.vocal.gain_db", [[-1.0, 0.0]], "-1 s lies before the song"),
        ("strip.vocal.gain_db", [["5:7", 0.0]], "bar 5 has no beat 7, only 4"),
        ("strip.vocal.gain_db", [["soon", 0.0]], "'soon' is no position"),
        ("strip.vocal.gain_db", [[0.0, 40.0]], "40 dB is out of range"),
        ("strip.vocal.gain_db", [[0.0, 40.0]], "-144 to 36 dB"),
        ("strip.vocal.pan", [[0.0, -1.5]], "-1.5 is out of range"),
        ("strip.vocal.gain_db", [[0.0, True]], "is a number, not a switch"),
        ("strip.vocal.mute", [[0.0, 1.0]], "is a switch, not 1"),
        ("strip.vocal.mute", [[0.0, True, "linear"]], "it cannot go linear"),
        ("strip.vocal.insert.ride.amount", [[0.0, 11.0]], "-10 to 10"),
        ("strip.vocal.insert.ride.centre_hz", [[0.0, 24_100.0]], "1 to 24000 Hz"),
    ],
)
def test_points_that_do_not_fit_are_named(target: str, points: list[Any], words: str) -> None:
    text = said(lane(target, *points))
    key = "interpolation" if "linear" in words else "points"
    assert f"automation.1.{key}" in text or f"automation.1.points.{len(points)}" in text
    assert words in text


class Between(Effect):
    """A test effect with a rule between two of its parameters."""

    effect: Literal["between"] = "between"
    low_db: float = parameter(-20.0, "Lower.", low=-80.0, high=0.0, automatable=True)
    high_db: float = parameter(-10.0, "Higher.", low=-80.0, high=0.0)

    @model_validator(mode="after")
    def _low_is_lower(self) -> Self:
        if not self.low_db < self.high_db:
            raise MisfitError([Problem("low_db", "does not lie below high_db", "lower it")])
        return self

    def prepare(self, context: Context) -> Processor:
        raise NotImplementedError


def test_values_keep_to_the_rules_between_an_effects_parameters() -> None:
    preset = desk(TEXT, {"strip.kick": [Between()]})
    kept = Song(preset, (), TempoMap.constant(120.0), 48_000)
    target = "strip.kick.insert.between.low_db"
    resolve([lane(target, [0.0, -30.0], [1.0, -10.5])], kept, where="song.toml")
    with pytest.raises(DocumentError, match=r"points: at -9: low_db: does not lie below high_db"):
        resolve([lane(target, [0.0, -30.0], [1.0, -9.0])], kept, where="song.toml")


def test_two_lanes_on_one_parameter_are_refused() -> None:
    text = said(lane("mix.gain_db", [0.0, 0.0]), lane("mix.gain_db", [1.0, 0.0]))
    assert "automation.2.target: 'mix.gain_db' is moved by lane 1 already" in text


def test_only_db_can_be_relative_and_the_sum_stays_in_range() -> None:
    assert "not in dB" in said(lane("strip.vocal.pan", [0.0, 0.1], relative=True))
    text = said(lane("strip.vocal.gain_db", [0.0, 0.0], [1.0, 41.0], relative=True))
    assert "+41 to a setting of -4 is 37 dB, which is out of range" in text


def test_every_problem_of_every_lane_is_told_at_once() -> None:
    text = said(lane("strip.vocl.pan", [0.0, 0.0]), lane("mix.gain_db", [70.0, 99.0], [1.0, 0.0]))
    assert text.startswith("song.toml: 4 problems")


def test_a_stem_with_a_dot_in_its_name_is_found() -> None:
    lanes = [lane("strip.vocal/Lead.gain_db", [0.0, 1.0]), lane("strip.vocal/Lead.2.pan", [0.0, 1])]
    moves = resolve(lanes, song(), where="song.toml")
    assert set(moves.curves) == {("strip.vocal/Lead", "gain_db"), ("strip.vocal/Lead.2", "pan")}


class Sung(Document):
    """A document that holds what a session will."""

    kind: Literal["sung"] = parameter(..., "sung")
    tempo: TempoMap | None = parameter(None, "The tempo map.")
    automation: tuple[AutomationLane, ...] = items("What moves.")


HEAD = 'format = 1\nkind = "sung"\nname = "Song"\n'


def test_documents_hold_lanes_and_a_tempo_map_and_give_them_back() -> None:
    text = (
        HEAD
        + """
    [tempo]
    start_s = 1
    [[tempo.change]]
    at = "1"
    tempo_bpm = 92
    [[automation]]
    target = "strip.vocal.gain_db"
    points = [[0, -3], ["17:2.5", 0.5, "smooth"], ["18", -3]]
    [[automation]]
    target = "strip.vocal.mute"
    points = [["20", true], ["21", false]]
    """
    )
    document = load_text(Sung, text)
    assert document.tempo is not None
    assert document.tempo.seconds("2") == 1.0 + 4 * 60.0 / 92.0
    dumped = document.model_dump(mode="json", exclude_none=True)
    assert dumped["automation"][0]["points"] == [
        [0.0, -3.0],
        ["17:2.5", 0.5, "smooth"],
        ["18", -3.0],
    ]
    assert Sung.model_validate(dumped) == document


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ("[0.0]", "is no break-point"),
        ("[0.0, nan]", "its value must be a finite number"),
        ("[inf, 0.0]", "its time must be a finite number"),
        ('[0.0, "loud"]', "its value must be a finite number"),
        ("[true, 0.0]", "its time is no number"),
        ('[0.0, 0.0, "smoth"]', "did you mean 'smooth'?"),
        ("3.0", "is no break-point"),
    ],
)
def test_what_is_no_point_is_named(point: str, words: str) -> None:
    text = f'{HEAD}[[automation]]\ntarget = "mix.gain_db"\npoints = [[0.0, 0.0], {point}]\n'
    with pytest.raises(DocumentError) as caught:
        load_text(Sung, text)
    assert "automation.1.points.2: " in str(caught.value)
    assert words in str(caught.value)
