"""Presets by name: shipped, the user's own, by path, and what a wrong name is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from mixmaster.documents.finding import find_preset, list_presets, shipped_folder
from mixmaster.errors import DocumentError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "mixmaster" / "presets"
    for kind in ("mix", "mastering", "targets"):
        (folder / kind).mkdir(parents=True)
    return folder


def test_shipped_presets_are_found_by_name(home: Path) -> None:
    del home
    path = find_preset("mix", "rock-band")
    assert path == shipped_folder() / "mix" / "rock-band.toml"
    assert find_preset("mix", "mix/rock-band") == path
    assert find_preset(None, "rock-band") == path


def test_a_preset_of_the_users_own_hides_the_shipped_one(home: Path) -> None:
    own = home / "mix" / "rock-band.toml"
    own.write_text("")
    (home / "mix" / ".hidden.toml").write_text("")
    assert find_preset("mix", "rock-band") == own
    listed = [preset for preset in list_presets("mix") if preset.name == "rock-band"]
    assert [preset.origin for preset in listed] == ["user"]
    assert all(not preset.name.startswith(".") for preset in list_presets())


def test_a_path_to_a_toml_file_is_that_file(home: Path, tmp_path: Path) -> None:
    del home
    own = tmp_path / "my mix.toml"
    own.write_text("")
    assert find_preset("mix", str(own)) == own
    with pytest.raises(DocumentError, match="no such file"):
        find_preset("mix", str(tmp_path / "none.toml"))


def test_a_folder_tells_presets_of_one_name_apart(home: Path) -> None:
    for folder in ("mastering", "targets"):
        (home / folder / "twin.toml").write_text("")
    assert find_preset(None, "targets/twin") == home / "targets" / "twin.toml"
    assert find_preset("target", "target/twin") == home / "targets" / "twin.toml"
    assert find_preset("mastering", "twin") == home / "mastering" / "twin.toml"
    with pytest.raises(DocumentError, match="say mastering/twin or targets/twin"):
        find_preset(None, "twin")
    with pytest.raises(DocumentError, match="is a mastering preset; a target preset is needed"):
        find_preset("target", "mastering/twin")


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("mix", "rokc-band", "did you mean 'rock-band'"),
        ("mix", "Rock_Band", "did you mean 'rock-band'"),
        ("target", "rock-band", "there is mix/rock-band, a mix preset"),
        ("mix", "zzz", "there are: "),
        ("mix", "../mix/rock-band", "is no preset's name"),
        ("mix", "nowhere/rock-band", "no folder 'nowhere'"),
        ("mix", "", "is no preset's name"),
        ("mix", "--help", "is no preset's name"),
    ],
)
def test_a_name_that_no_preset_has_is_told_the_nearest(
    home: Path, kind: str, name: str, said: str
) -> None:
    del home
    with pytest.raises(DocumentError) as caught:
        find_preset(kind, name)
    assert said in str(caught.value)


def test_a_relative_configuration_folder_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert all(preset.path.is_absolute() for preset in list_presets())
