"""Listeners' answers: trusted in nothing, summed up in words that they bear."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import scipy.stats

from mixmaster.comparing.answers import read_answers
from mixmaster.comparing.summary import collect, sum_up
from mixmaster.errors import DocumentError, UsageError

SESSION = "0123456789abcdef"


def answers(listener: str = "Anna", **more: Any) -> dict[str, Any]:
    return {
        "schema": "mixmaster/ab-results/1",
        "session": SESSION,
        "title": "Song",
        "listener": listener,
        "saved": "2026-11-20T12:00:00Z",
        "versions": [
            {"id": f"v{i}", "key": f"{i:016x}", "name": name}
            for i, name in enumerate(("warm", "<b>loud</b>", "mix"), start=1)
        ],
        "abx": [],
        "preferences": [],
        "blind": [],
        "ratings": {},
        "notes": [],
        "chosen": None,
        **more,
    }


def abx(correct: int, trials: int, *, planned: int | None = None, **more: Any) -> dict[str, Any]:
    wrong = trials - correct
    told = [{"x": "v1", "answer": "v1"}] * correct + [{"x": "v2", "answer": "v1"}] * wrong
    run = {"first": "v2", "second": "v1", "level": "matched", "seed": 5, "trials": told}
    return {**run, "planned": planned or trials, **more}


def prefer(
    first: str, second: str, preferred: str | None, level: str = "matched"
) -> dict[str, Any]:
    return {"first": first, "second": second, "preferred": preferred, "level": level}


def save(folder: Path, *documents: Any) -> list[Path]:
    paths = []
    for number, document in enumerate(documents):
        path = folder / f"results{number}.json"
        path.write_text(json.dumps(document))
        paths.append(path)
    return paths


def test_abx_is_summed_up_over_listeners(tmp_path: Path) -> None:
    files = save(
        tmp_path,
        answers("Anna", abx=[abx(9, 16)]),
        answers("Ben", abx=[abx(14, 16), abx(3, 4, planned=16)]),
    )
    summary = sum_up(collect(files))
    (pair,) = summary.abx
    assert (pair.first, pair.second) == ("warm", "<b>loud</b>")
    assert [(r.listener, r.correct, r.trials) for r in pair.runs] == [
        ("Anna", 9, 16),
        ("Ben", 14, 16),
        ("Ben", 3, 4),
    ]
    assert pair.runs[0].verdict == "no evidence of an audible difference (9 of 16, p = 0.40)"
    expected = scipy.stats.binomtest(26, 36, 0.5, alternative="greater").pvalue
    assert pair.together.p == pytest.approx(expected)
    assert summary.listeners == 2
    assert any("one in 20" in note for note in summary.notes)


def test_preferences_are_counted_with_ties_and_one_level(tmp_path: Path) -> None:
    told = [prefer("v1", "v2", "v1")] * 9 + [prefer("v2", "v1", "v1")] * 3
    told += [prefer("v1", "v3", None), prefer("v1", "v2", "v2", "unmatched")]
    summary = sum_up(collect(save(tmp_path, answers(preferences=told))))
    assert summary.answers == 13
    first, second = summary.duels
    assert (first.first_preferred, first.second_preferred, first.neither) == (12, 0, 0)
    assert (second.first_preferred, second.second_preferred, second.neither) == (0, 0, 1)
    warm = summary.versions[0]
    assert warm.preferred is not None
    assert (warm.preferred.hits, warm.preferred.trials) == (12.5, 13)
    assert warm.strength is not None
    assert warm.strength.value > 0.5
    assert any("another level than matched" in note for note in summary.notes)
    assert any("as if they were independent" in note for note in summary.notes)
    assert summary.verdict.startswith(("warm is preferred", "they are not liked alike"))


def test_few_or_balanced_answers_prove_nothing(tmp_path: Path) -> None:
    few = answers(preferences=[prefer("v1", "v2", "v1")] * 3)
    assert sum_up(collect(save(tmp_path, few))).verdict.startswith("too few answers to tell")
    even = [prefer("v1", "v2", "v1"), prefer("v1", "v2", "v2")] * 8
    summary = sum_up(collect(save(tmp_path, answers(preferences=even))))
    assert summary.verdict == "no evidence of a preference (16 answers, p = 1.00)"
    nothing = sum_up(collect(save(tmp_path, answers())))
    assert nothing.verdict == "no preferences were told"
    assert nothing.versions[0].preferred is None


def test_ratings_favourites_notes_and_choices(tmp_path: Path) -> None:
    blind = {"level": "matched", "seed": 1, "order": ["v2", "v1", "v3"]}
    files = save(
        tmp_path,
        answers(
            blind=[{**blind, "ratings": {"v1": 5, "v2": 2}, "favourite": "v1"}],
            ratings={"v1": 3},
            notes=[{"version": "v2", "time_s": 12.5, "text": "harsh"}],
            chosen="v1",
        ),
        answers("", blind=[{**blind, "ratings": {"v1": 4}, "favourite": None}], chosen="v1"),
        answers(" "),
    )
    summary = sum_up(collect(files))
    warm, loud, _ = summary.versions
    assert warm.blind_ratings is not None
    assert (warm.blind_ratings.count, warm.blind_ratings.mean) == (2, 4.5)
    assert warm.ratings is not None
    assert warm.ratings.mean == 3.0
    assert warm.favourite is not None
    assert (warm.favourite.hits, warm.favourite.trials) == (1, 1)
    assert warm.chosen == 2
    assert loud.notes == (("Anna", 12.5, "harsh"),)
    assert summary.listeners == 3


def test_the_same_file_counts_once_and_other_sessions_do_not(tmp_path: Path) -> None:
    one = answers(chosen="v1")
    files = save(tmp_path, one, one, {**answers("Ben"), "session": "f" * 16})
    (tmp_path / "other.json").write_text('{"schema": "something else"}')
    collected = collect([tmp_path, files[0]])
    assert len(collected.answers) == 1
    assert any("counted once" in note for note in collected.notes)
    assert any("another comparison" in note for note in collected.notes)


def test_a_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    files = save(tmp_path, answers(), {**answers(), "ratings": {"v1": 9}})
    collected = collect(files)
    assert len(collected.answers) == len(collected.failed) == 1
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no results"):
        collect([tmp_path / "empty"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"schema": "mixmaster/ab-results/9"}, "schema: must be"),
        ({"extra": 1}, "extra"),
        ({"ratings": {"v1": 6}}, "must be 1 to 5"),
        ({"ratings": {"v9": 1}}, "'v9' is no version"),
        ({"ratings": {"v1": "many"}}, "ratings.v1"),
        ({"chosen": "nobody"}, "'nobody' is no version"),
        ({"listener": "x" * 4_001}, "more than 4000 characters"),
        ({"notes": [{"version": None, "time_s": -1.0, "text": ""}]}, "time_s"),
        ({"abx": [abx(1, 1, second="v2")]}, "compares a version with itself"),
        ({"abx": [abx(2, 3, planned=2)]}, "more than were planned"),
        ({"abx": [{**abx(1, 1), "trials": [{"x": "v3", "answer": "v1"}]}]}, "not of the pair"),
        ({"abx": [abx(1, 1, seed=-1)]}, "seed"),
        ({"abx": [abx(1, 1)] * 10_001}, "more than 10000 items"),
        ({"abx": {"first": 1}}, "abx"),
        ({"preferences": [prefer("v1", "v2", "v3")]}, "does not prefer one of a pair"),
        ({"versions": []}, "two or more"),
        ({"session": None}, "session"),
        ({"__proto__": {"x": 1}}, "__proto__"),
    ],
)
def test_what_the_page_never_saves_is_refused(
    wrong: dict[str, Any], said: str, tmp_path: Path
) -> None:
    (path,) = save(tmp_path, {**answers(), **wrong})
    with pytest.raises(DocumentError) as caught:
        read_answers(path)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe{",
        b"[" * 200_000,
        b'{"a": ' * 100_000,
        b"[1, 2]",
        b"NaN",
        b'{"schema": NaN}',
        b'{"schema": "mixmaster/ab-results/1"}',
        b'{"schema": "mixmaster/ab-results/1", "x": "' + b"y" * (5 << 20) + b'"}',
    ],
    ids=["empty", "binary", "deep list", "deep object", "list", "nan", "nan in", "bare", "huge"],
)
def test_hostile_files_are_refused_in_words(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=r"results\.json"):
        read_answers(path)


def test_every_required_part_is_asked_for(tmp_path: Path) -> None:
    whole = answers()
    for name in set(whole) - {"schema", "saved"}:
        (path,) = save(tmp_path, {k: v for k, v in whole.items() if k != name})
        with pytest.raises(DocumentError, match=name):
            read_answers(path)
    (path,) = save(tmp_path, {k: v for k, v in whole.items() if k != "saved"})
    assert read_answers(path).saved is None
