"""``mixmaster compare``: what it says, where, and with which status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

RATE = 44_100


@pytest.fixture
def versions(tmp_path: Path) -> list[Path]:
    """Three versions of a song of 2 s: louder, softer, and late."""
    rng = np.random.default_rng(4)
    noise = 0.1 * rng.standard_normal((2 * RATE, 2)) * rng.random((2 * RATE, 1)).round()
    signal = np.stack([np.convolve(row, np.hanning(5) / 2.0, "same") for row in noise.T]).T
    late = np.concatenate([np.zeros((441, 2)), signal])
    paths = [tmp_path / name for name in ("v1.wav", "v2 [red].wav", "<b>v3.wav")]
    for path, each in zip(paths, (signal, 0.5 * signal, late), strict=True):
        soundfile.write(path, each, RATE, subtype="FLOAT")
    return paths


def test_it_says_what_it_did(mixmaster: Any, versions: list[Path], tmp_path: Path) -> None:
    done = mixmaster("compare", *versions, "-o", tmp_path / "ab")
    assert done.status == 0
    assert "level-matched within 0.000 LU" in done.out
    assert str(tmp_path / "ab" / "index.html") in done.out
    assert "v2 [red]" in done.out
    assert "<b>v3: it starts 441 samples (10.00 ms) later: moved" in done.err
    assert (tmp_path / "ab" / "index.html").is_file()


def test_json_holds_the_session(mixmaster: Any, versions: list[Path], tmp_path: Path) -> None:
    done = mixmaster("compare", *versions, "-o", tmp_path / "ab", "--seed", "7", "--json")
    assert done.status == 0
    said = done.json
    assert said["schema"] == "mixmaster/compare/1"
    assert said["session"]["seed"] == 7
    assert said["session"]["mismatch_lu"] < 0.1
    assert [v["name"] for v in said["session"]["versions"]] == ["v1", "v2 [red]", "<b>v3"]
    assert said["session"]["versions"][2]["alignment"]["offset_samples"] == 441
    again = mixmaster("compare", *versions, "-o", tmp_path / "ab", "--seed", "7", "--json").json
    assert again["written"] == []
    assert again["session"] == said["session"]


def test_masters_of_a_mix_and_the_winner(
    mixmaster: Any, versions: list[Path], tmp_path: Path
) -> None:
    ab = tmp_path / "ab"
    words = ("compare", versions[0], "-m", "transparent", "--original", "-t", "apple-music")
    done = mixmaster(*words, "-o", ab, "--json")
    assert done.status == 0
    said = done.json
    assert said["rendered"] == ["transparent"]
    levels = [level["id"] for level in said["session"]["levels"]]
    assert levels == ["matched", "unmatched", "platform"]
    chosen = mixmaster("compare", "choose", ab, "transparent")
    assert chosen.status == 0
    lines = chosen.out.splitlines()
    assert lines[0] == "mixmaster master v1.wav -p transparent.toml -t apple-music -o masters/"
    assert all(Path(line).is_file() for line in lines[1:])
    shown = mixmaster("compare", "choose", ab, "mix")
    assert shown.status == 0
    assert "nothing to render" in shown.err
    assert mixmaster("compare", "choose", ab, "transparnt").status == 2
    assert mixmaster("compare", "choose", tmp_path, "transparent").status == 2


def test_a_dry_run_writes_nothing(mixmaster: Any, versions: list[Path], tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    words = ("compare", *versions, "-m", "warm", "--dry-run")
    done = mixmaster(*words)
    assert done.status == 0
    assert "master" in done.out
    said = mixmaster(*words, "--json").json
    assert said["dry_run"] is True
    assert [v["kind"] for v in said["versions"]] == ["master", "file", "file"]
    assert sorted(tmp_path.iterdir()) == before


def test_results_are_summed_up(mixmaster: Any, versions: list[Path], tmp_path: Path) -> None:
    ab = tmp_path / "ab"
    session = mixmaster("compare", *versions, "-o", ab, "--json").json["session"]
    listed = [{name: v[name] for name in ("id", "key", "name")} for v in session["versions"]]
    trials = [{"x": "v1", "answer": "v1"}] * 9 + [{"x": "v2", "answer": "v1"}] * 7
    answers = {
        "schema": "mixmaster/ab-results/1",
        "session": session["id"],
        "title": session["title"],
        "listener": "Anna\x1b[31m",
        "saved": None,
        "versions": listed,
        "abx": [
            {
                "first": "v1",
                "second": "v2",
                "level": "matched",
                "planned": 16,
                "seed": 1,
                "trials": trials,
            }
        ],
        "preferences": [],
        "blind": [],
        "ratings": {"v1": 4},
        "notes": [{"version": "v1", "time_s": 1.0, "text": "fine"}],
        "chosen": "v1",
    }
    (ab / "anna.json").write_text(json.dumps(answers))
    done = mixmaster("compare", "results", ab)
    assert done.status == 0
    assert "no evidence of an audible difference (9 of 16, p = 0.40)" in done.out
    assert "\x1b" not in done.out
    assert mixmaster("compare", "results", ab, "--json").json["abx"][0]["together"]["correct"] == 9
    # Making the page again leaves the results where they are.
    assert mixmaster("compare", *versions, "-o", ab).status == 0
    assert (ab / "anna.json").is_file()
    (ab / "ben.json").write_text(json.dumps({**answers, "ratings": {"v1": 40}}))
    mixed = mixmaster("compare", "results", ab)
    assert mixed.status == 1
    assert "must be 1 to 5" in mixed.err
    assert mixmaster("compare", "results", ab / "ben.json").status == 2
    assert mixmaster("compare", "results", ab / "ben.json", "--json").json["exit_status"] == 2
    assert mixmaster("compare", "results", tmp_path).status == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "FILES"),
        (["v1.wav"], "one version only"),
        (["v1.wav", "-m", "warm"], "--reference"),
        (["v1.wav", "v2 [red].wav"], "--output"),
        (["v1.wav", "nothing.wav", "-o", "ab"], "no such file"),
        (["v1.wav", "v2 [red].wav", "-o", "v1.wav"], "it is a file"),
        (["v1.wav", "v2 [red].wav", "-o", "ab", "--section", "loud"], "loudest:30s"),
        (["v1.wav", "v2 [red].wav", "-o", "ab", "--from", "60"], "not in all versions"),
        (["v1.wav", "v2 [red].wav", "-o", "ab", "--seed", "-1"], "between 0"),
    ],
)
def test_wrong_usage_is_told(
    words: list[str],
    said: str,
    mixmaster: Any,
    versions: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(versions[0].parent)
    done = mixmaster("compare", *words)
    assert done.status == 2
    assert said in done.err
    assert not Path("ab").exists()
