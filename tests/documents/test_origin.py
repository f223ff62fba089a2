"""Which files a document may name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mixmaster.documents.loading import load
from mixmaster.documents.origin import Origin, UnfoundFileError, impulse_folder
from mixmaster.mixing.preset import MixPreset


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a preset's, the user's own, and a secret beside them."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("presets/halls/big.wav", "secret.wav", "config/mixmaster/impulses/mine.wav"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"audio")
    return tmp_path


def test_its_own_folder_and_below_then_the_user_s(place: Path) -> None:
    origin = Origin(place / "presets")
    assert origin.find("halls/big.wav") == place / "presets/halls/big.wav"
    assert origin.find("mine.wav") == impulse_folder() / "mine.wav"
    (place / "presets/mine.wav").write_bytes(b"the preset's own comes first")
    assert origin.find("mine.wav") == place / "presets/mine.wav"
    assert Origin().find("mine.wav").parent == impulse_folder()


@pytest.mark.parametrize(
    "name",
    [
        "../secret.wav",
        "halls/../../secret.wav",
        "/etc/passwd",
        "{place}/secret.wav",
        "C:\\secret.wav",
        "..\\secret.wav",
        "~/secret.wav",
        "",
        "nothing.wav",
        "nul\0.wav",
    ],
)
def test_nothing_beyond_them(name: str, place: Path) -> None:
    with pytest.raises(UnfoundFileError):
        Origin(place / "presets").find(name.format(place=place))


def test_a_link_may_not_lead_out_but_may_stay_in(place: Path) -> None:
    origin = Origin(place / "presets")
    (place / "presets/out.wav").symlink_to(place / "secret.wav")
    (place / "presets/up").symlink_to(place)
    (place / "presets/in.wav").symlink_to(place / "presets/halls/big.wav")
    for name in ("out.wav", "up/secret.wav"):
        with pytest.raises(UnfoundFileError, match="a link that leads out"):
            origin.find(name)
    assert origin.find("in.wav") == place / "presets/in.wav"


def test_what_the_user_says_may_lie_anywhere(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absolute = str(place / "secret.wav")
    for free in (Origin(place / "presets", frozenset([absolute])), Origin(own=True)):
        assert free.find(absolute) == place / "secret.wav"
    assert Origin(place / "presets", own=True).find("../secret.wav").samefile(absolute)
    monkeypatch.chdir(place)
    assert Origin(place / "presets", frozenset(["secret.wav"])).find("secret.wav").exists()
    with pytest.raises(UnfoundFileError):
        Origin(place / "presets").find("secret.wav")


def test_a_loaded_document_knows_its_folder_and_what_was_said(place: Path) -> None:
    path = place / "presets/mine.toml"
    path.write_text('format = 1\nkind = "mix"\nname = "Mine"\n', encoding="utf-8")
    plain = load(MixPreset, path)
    assert plain.origin.folder == place / "presets"
    said = load(MixPreset, path, overrides=["name=../secret.wav", "tempo_bpm=90"])
    assert said.origin.said == {"../secret.wav"}
    (place / "elsewhere").mkdir()
    moved = place / "elsewhere/mine.toml"
    moved.write_bytes(path.read_bytes())
    assert load(MixPreset, moved) == plain
