"""The tempo map: bars and beats in seconds by closed forms, and every mistake by name."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mixmaster.documents.problems import problems_of
from mixmaster.documents.tempo import PositionError, TempoMap


def tempo_map(*changes: dict[str, Any], start_s: float = 0.0) -> TempoMap:
    return TempoMap.model_validate({"start_s": start_s, "change": list(changes)})


def test_one_tempo_counts_bars_of_four() -> None:
    song = TempoMap.constant(120.0)
    assert song.seconds("1") == 0.0
    assert song.seconds("17:1") == 16 * 4 * 0.5
    assert song.seconds("17:2.5") == pytest.approx(16 * 2.0 + 1.5 * 0.5)
    assert song.seconds(12.5) == 12.5
    assert song.tempo_bpm_at(1000.0) == 120.0
    assert song.is_constant


def test_bar_one_may_begin_later() -> None:
    song = tempo_map({"at": "1", "tempo_bpm": 60.0}, start_s=3.0)
    assert song.seconds("2") == 7.0
    assert song.tempo_bpm_at(0.0) == 60.0


def test_a_beat_is_the_note_that_the_metre_names_and_the_tempo_counts_quarters() -> None:
    song = tempo_map({"at": "1", "tempo_bpm": 90.0, "time_signature": "6/8"})
    # Six eighths are three quarters: two seconds at 90.
    assert song.seconds("2") == pytest.approx(2.0)
    assert song.seconds("1:4") == pytest.approx(1.0)


def test_changes_of_tempo_and_metre_follow_one_another() -> None:
    song = tempo_map(
        {"at": "1", "tempo_bpm": 120.0},
        {"at": "3", "time_signature": "3/4"},
        {"at": "5:2", "tempo_bpm": 60.0},
    )
    assert song.seconds("3") == 4.0
    assert song.seconds("5") == 4.0 + 2 * 1.5
    assert song.seconds("5:2") == 7.5
    assert song.seconds("6") == 7.5 + 2.0
    assert song.tempo_bpm_at(7.49) == 120.0
    assert song.tempo_bpm_at(7.5) == 60.0
    assert not song.is_constant


def test_a_ramp_is_even_over_the_beats() -> None:
    song = tempo_map({"at": "1", "tempo_bpm": 120.0, "ramp": True}, {"at": "5", "tempo_bpm": 60.0})
    # b(q) = 120 - 60 q / 16; t = integral of 60 / b dq = 16 ln 2 over the whole of it.
    assert song.seconds("5") == pytest.approx(16.0 * math.log(2.0), rel=1e-12)
    assert song.seconds("3") == pytest.approx(16.0 * math.log(120.0 / 90.0), rel=1e-12)
    assert song.tempo_bpm_at(song.seconds("3")) == pytest.approx(90.0)
    assert song.seconds("6") == pytest.approx(16.0 * math.log(2.0) + 4.0)


changes = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.floats(20.0, 400.0),
        st.sampled_from(["4/4", "3/4", "7/8", "12/16", "2/2"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=60)
@given(changes=changes, start_s=st.floats(0.0, 10.0), offset=st.floats(0.0, 0.99))
def test_time_goes_forward_and_back_again(
    changes: list[tuple[int, float, str, bool]], start_s: float, offset: float
) -> None:
    bar, raw = 1, []
    for number, (bars, tempo_bpm, signature, ramp) in enumerate(changes, start=1):
        glides = ramp and number < len(changes)
        raw.append(
            {"at": f"{bar}", "tempo_bpm": tempo_bpm, "time_signature": signature, "ramp": glides}
        )
        bar += bars
    song = tempo_map(*raw, start_s=start_s)
    times = [song.seconds(f"{at}:{1.0 + offset:.2f}") for at in range(1, bar + 3)]
    assert all(late > early for early, late in itertools.pairwise(times))
    for at, time in enumerate(times, start=1):
        found_bar, found_beat = song.position(time + 1e-6).split(":")
        assert int(found_bar) == at
        assert float(found_beat) == pytest.approx(1.0 + round(offset, 2), abs=0.011)
        assert 20.0 - 1e-9 <= song.tempo_bpm_at(time) <= 400.0 + 1e-9


@pytest.mark.parametrize("text", ["", "0", "1:0", "1:0.5", "x", "1:2:3", "-1", "1.5", "9" * 9])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(PositionError):
        TempoMap.constant(120.0).seconds(text)


def test_a_bar_has_only_its_beats() -> None:
    song = tempo_map({"at": "1", "tempo_bpm": 100.0}, {"at": "9", "time_signature": "3/4"})
    assert song.seconds("8:4.999") < song.seconds("9")
    with pytest.raises(PositionError, match=r"bar 9 has no beat 4, only 3 \('10:1'\)"):
        song.seconds("9:4")


@pytest.mark.parametrize(
    ("raw", "key", "words"),
    [
        (
            [{"at": "1", "tempo_bpm": 100.0}, {"at": "9"}, {"at": "5:2"}],
            "change.3.at",
            "the map goes backwards: 5:2 does not lie after 9:1",
        ),
        ([{"at": "1", "tempo_bpm": 100.0}, {"at": "1:1"}], "change.2.at", "goes backwards"),
        ([{"at": "2", "tempo_bpm": 100.0}], "change.1.at", "it is at '1'"),
        ([{"at": "1"}], "change.1.tempo_bpm", "is missing"),
        ([{"at": "1", "tempo_bpm": 500.0}], "change.1.tempo_bpm", "from 20 to 400 BPM"),
        ([{"at": "1", "tempo_bpm": math.nan}], "change.1.tempo_bpm", "finite"),
        (
            [{"at": "1", "tempo_bpm": 100.0, "time_signature": "4/5"}],
            "change.1.time_signature",
            "such as 4/4, 3/4 or 6/8",
        ),
        (
            [{"at": "1", "tempo_bpm": 100.0}, {"at": "2:3", "time_signature": "3/4"}],
            "change.2.time_signature",
            "cannot change its metre on beat 3",
        ),
        ([{"at": "1", "tempo_bpm": 100.0, "ramp": True}], "change.1.ramp", "nothing follows"),
        ([{"at": "1", "tempo_bpm": 100.0}, {"at": "2:5"}], "change.2.at", "has no beat 5, only 4"),
        ([], "change", "at least 1"),
    ],
)
def test_every_mistake_is_named(raw: list[dict[str, Any]], key: str, words: str) -> None:
    table = {"change": raw}
    with pytest.raises(ValidationError) as caught:
        TempoMap.model_validate(table)
    said = [str(problem) for problem in problems_of(caught.value, TempoMap, table)]
    found = [text for text in said if text.startswith(f"{key}: ")]
    assert found, said
    assert words in found[0]
