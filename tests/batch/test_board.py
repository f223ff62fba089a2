"""The board: figures of a running batch that anybody can work out from its events."""

from __future__ import annotations

from typing import Any

import pytest
from tests.batch.conftest import Studio

from mixmaster.batch.board import Board
from mixmaster.batch.events import (
    Done,
    Failed,
    Finished,
    Planned,
    Progress,
    Quarantined,
    Retried,
    Skipped,
    Started,
)

START_S = 1_000.0


def planned(stages: list[dict[str, Any]], songs: int = 3, wall_s: float = 100.0) -> Planned:
    return Planned(
        at_s=START_S,
        output="out",
        songs=songs,
        outputs=6,
        current=0,
        stages=tuple(stages),
        cpu_s=sum(each["cpu_s"] for each in stages),
        wall_s=wall_s,
        disk_bytes=0,
        workers=2,
    )


def stages_of(song: str, targets: tuple[str, ...] = ("cd", "web")) -> list[dict[str, Any]]:
    mix, master = f"mix/{song}", f"master/{song}/loud"
    common = {"song": song, "memory_bytes": 0}
    return [
        {**common, "id": mix, "kind": "mix", "cpu_s": 60.0, "needs": [], "outputs": []},
        {
            **common,
            "id": master,
            "kind": "master",
            "cpu_s": 40.0,
            "needs": [mix],
            "outputs": list(targets),
        },
    ]


def at(song: str, kind: str) -> dict[str, Any]:
    stage = f"mix/{song}" if kind == "mix" else f"master/{song}/loud"
    return {"stage": stage, "kind": kind, "song": song}


def finished(song: str, kind: str, **cost: float) -> Finished:
    return Finished(**at(song, kind), key="k", files=({"target": "cd"},), cost=cost)


def board(*songs: str, total: int = 3) -> Board:
    made = Board()
    made.take(planned([each for song in songs for each in stages_of(song)], total))
    return made


def test_songs_are_done_with_their_last_stage_and_current_ones_from_the_start() -> None:
    made = board("a", "b")
    assert (made.songs_done, made.stages, made.stages_over) == (1, 4, 0)
    made.take(finished("a", "mix"))
    assert made.songs_done == 1
    made.take(finished("a", "master", audio_s=400.0, peak_rss_bytes=7))
    assert (made.songs_done, made.songs_rendered) == (2, 1)
    assert made.stages_done == {"mix": 1, "master": 1}
    # One song and 400 s of audio in 200 s: 18 songs an hour, twice real time.
    now_s = START_S + 200.0
    assert made.songs_an_hour(now_s) == pytest.approx(18.0)
    assert made.times_real_time(now_s) == pytest.approx(2.0)
    assert made.peak_rss_bytes == 7
    assert made.share() == pytest.approx(0.5)


def test_time_left_begins_with_the_plan_and_follows_what_is_measured() -> None:
    made = board("a", "b")
    assert made.left_s(START_S) == pytest.approx(100.0)  # 200 s of work in a planned 100 s
    # Twice as slow as planned: half the work in 100 s; the plan still counts for 20 s.
    made.take(finished("a", "mix"))
    made.take(finished("a", "master"))
    left_s = made.left_s(START_S + 100.0)
    assert left_s is not None
    assert 80.0 < left_s < 100.0
    # After long enough only the measure counts: 100 of work in 10,000 s, and 100 to go.
    left_s = made.left_s(START_S + 10_000.0)
    assert left_s == pytest.approx(10_000.0, rel=0.35)
    assert Board().left_s(START_S) is None


def test_a_mix_that_fails_takes_its_masters_with_it() -> None:
    made = board("a", "b")
    made.take(Failed(**at("a", "mix"), error="AudioFileError", reason="no"))
    assert (made.stages_over, made.songs_done, made.songs_rendered) == (2, 2, 0)
    assert made.share() == pytest.approx(0.5)
    assert [each.reason for each in made.failures] == ["no"]


def test_one_target_that_is_refused_leaves_the_other_open() -> None:
    made = board("a", total=1)
    made.take(finished("a", "mix"))
    refused: dict[str, Any] = {"error": "RefusedError", "reason": "too loud"}
    made.take(Failed(**at("a", "master"), **refused, output="a_cd.wav"))
    assert (made.stages_over, made.songs_done) == (1, 0)
    made.take(Failed(**at("a", "master"), **refused, output="a_web.wav"))
    assert (made.stages_over, made.songs_done) == (2, 1)
    assert [each.name for each in made.failures] == ["a_cd.wav", "a_web.wav"]


def test_what_turns_out_current_after_a_mix_is_over() -> None:
    made = board("a", total=1)
    made.take(finished("a", "mix"))
    made.take(Skipped(**at("a", "master"), reason="current", files=({"target": "cd"},)))
    assert made.songs_done == 0
    made.take(Skipped(**at("a", "master"), reason="current", files=({"target": "web"},)))
    assert (made.songs_done, made.songs_rendered) == (1, 1)


def test_workers_show_what_they_do_and_a_stage_put_off_is_forgotten() -> None:
    made = board("a", "b")
    made.take(Started(**at("a", "mix"), worker="local-1"))
    made.take(Progress(**at("a", "mix"), what="mixing", share=0.5))
    assert [(d.stage, d.what, d.share) for d in made.doing.values()] == [("mix/a", "mixing", 0.5)]
    made.take(Retried(**at("a", "mix"), reason="crashed", attempt=2))
    assert made.doing["mix/a"].share is None
    # Another batch was at it: nothing is said of that, but its worker goes on with something else.
    made.take(Started(**at("b", "mix"), worker="local-1"))
    assert list(made.doing) == ["mix/b"]
    made.take(Done(made=0, current=0, failed=0, quarantined=0, wall_s=1.0, cpu_s=1.0))
    assert made.doing == {}


def test_a_plan_that_failed_and_strangers_events_do_no_harm() -> None:
    made = Board()
    made.take(finished("nobody", "mix"))
    made.take(planned([], songs=2))
    made.take(Failed(stage="plan/x", kind="plan", song="x", error="Plan", reason="no audio"))
    made.take(Quarantined(**at("y", "master"), reason="as before", outputs=("1", "2")))
    assert (made.songs_done, made.left_alone, len(made.failures)) == (2, 2, 1)
    assert made.share() == 1.0
    assert made.songs_an_hour(START_S + 1.0) is None


def test_a_real_batch_ends_with_all_songs_and_stages_over(studio: Studio) -> None:
    for number, name in enumerate(("one", "two")):
        studio.song(name, seed=number)
    (studio.folder / "songs" / "three").mkdir()
    (studio.folder / "songs" / "three" / "low.wav").write_bytes(b"no audio")
    studio.run()
    made = Board()
    for event in studio.events:
        made.take(event)
    assert made.done is not None
    assert (made.songs_done, made.stages_over, made.stages) == (3, 4, 4)
    assert made.share() == 1.0
    assert len(made.failures) == 1
    # Two songs of half a second, two targets each; a mix ends a little later than its stems.
    assert 2.0 <= made.audio_s < 2.5
