"""``mixmaster presets``: list, show, check, schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mixmaster.documents.finding import list_presets

GOOD = (
    'format = 1\nkind = "mix"\nname = "Mine"\ndescription = "My own."\n[strip.a]\nmatch = ["*"]\n'
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "mixmaster" / "presets" / "mix"
    folder.mkdir(parents=True)
    return folder


def test_list_names_all_that_ship(mixmaster: Any) -> None:
    done = mixmaster("presets", "list")
    assert done.status == 0
    names = [preset.name for preset in list_presets()]
    assert {"flat", "rock-band", "transparent", "spotify", "cd"} <= set(names)
    for name in names:
        assert name in done.out
    listed = mixmaster("presets", "list", "--json").json
    assert [entry["name"] for entry in listed] == names
    assert {entry["origin"] for entry in listed} == {"shipped"}


def test_list_of_one_kind_and_ones_own(home: Path, mixmaster: Any) -> None:
    (home / "mine.toml").write_text(GOOD)
    (home / "broken.toml").write_text("format = [")
    listed = {entry["name"]: entry for entry in mixmaster("presets", "list", "mix", "--json").json}
    assert {entry["kind"] for entry in listed.values()} == {"mix"}
    assert listed["mine"]["description"] == "My own."
    assert listed["mine"]["origin"] == "user"
    assert "unreadable" in listed["broken"]["description"]


@pytest.mark.parametrize("name", ["flat", "mix/flat", "targets/spotify"])
def test_show_prints_the_file_as_it_is(name: str, mixmaster: Any) -> None:
    path = next(p.path for p in list_presets() if p.name == name.rpartition("/")[2])
    done = mixmaster("presets", "show", name)
    assert done.status == 0
    assert done.out == path.read_text(encoding="utf-8")
    assert str(path) in done.err


def test_every_shipped_preset_passes_the_check(mixmaster: Any) -> None:
    files = [preset.path for preset in list_presets()]
    done = mixmaster("presets", "check", *files)
    assert done.status == 0, done.out
    assert len(done.out.splitlines()) == len(files)


def test_check_names_every_mistake_and_goes_on(tmp_path: Path, mixmaster: Any) -> None:
    bad, good = tmp_path / "bad.toml", tmp_path / "good.toml"
    bad.write_text(GOOD + "gian_db = 1\npann = 0\n")
    good.write_text(GOOD)
    done = mixmaster("presets", "check", bad, tmp_path / "none.toml", "nosuchname", good, "cd")
    assert done.status == 1
    for said in ("'gain_db'", "'pan'", "does not exist", "nosuchname", f"{good}: valid mix preset"):
        assert said in done.out
    listed = mixmaster("presets", "check", bad, good, "--json")
    assert listed.status == 1
    assert [entry["valid"] for entry in listed.json] == [False, True]
    assert [problem["key"] for problem in listed.json[0]["problems"]] == [
        "strip.a.gian_db",
        "strip.a.pann",
    ]


def test_check_of_a_kind_that_is_none(tmp_path: Path, mixmaster: Any) -> None:
    path = tmp_path / "x.toml"
    path.write_text(GOOD.replace('"mix"', '"mixx"'))
    done = mixmaster("presets", "check", path)
    assert done.status == 1
    assert "did you mean 'mix'?" in done.out


@pytest.mark.parametrize("kind", ["mix", "mastering", "target"])
def test_schema_describes_every_key_of_the_kind(kind: str, mixmaster: Any) -> None:
    schema = mixmaster("presets", "schema", kind).json
    assert {"format", "kind", "name"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
