"""How a session says that it is mastered."""

from __future__ import annotations

from pathlib import Path

import pytest

from mixmaster.errors import DocumentError, UsageError
from mixmaster.mastering.session import load_session_preset, load_session_targets
from mixmaster.mixing.sessions.plan import resolve_session
from mixmaster.mixing.sessions.session import Session


def session(folder: Path, master: str) -> Session:
    (folder / "song.toml").write_text(
        'format = 1\nkind = "session"\ntitle = "Song"\npreset = "flat"\nstems = ["stems"]\n'
        + master,
        encoding="utf-8",
    )
    return resolve_session(folder / "song.toml")[0]


def test_preset_then_session_then_the_command_line(tmp_path: Path) -> None:
    text = '[master]\npreset = "transparent"\n[master.set]\ninput_lufs = -19.0\n'
    made = session(tmp_path, text)
    assert load_session_preset(made).input_lufs == -19.0
    assert load_session_preset(made, ["input_lufs=-21"]).input_lufs == -21.0


def test_a_preset_and_targets_beside_the_session(tmp_path: Path) -> None:
    head = 'format = 1\nkind = "{}"\nname = "Mine"\n'
    (tmp_path / "mine.toml").write_text(head.format("mastering"), encoding="utf-8")
    made = session(tmp_path, '[master]\npreset = "mine.toml"\ntargets = ["spotify", "cd"]\n')
    assert load_session_preset(made).name == "Mine"
    assert [target.name for target in load_session_targets(made)] == ["spotify", "cd"]


@pytest.mark.parametrize(
    ("master", "said"),
    [
        ('preset = "transparant"', "master.preset: 'transparant': "),
        ('preset = "nowhere.toml"', "master.preset: 'nowhere.toml': no such file"),
        ('preset = "loud"\nset = { input_lfs = 1.0 }', "master.set.input_lfs: no such key"),
        ('preset = "loud"\nset = { insert = { x = 1 } }', "master.set.insert.x: insert has no 'x'"),
    ],
)
def test_mistakes_are_the_session_s(master: str, said: str, tmp_path: Path) -> None:
    made = session(tmp_path, f"[master]\n{master}\n")
    with pytest.raises(DocumentError) as caught:
        load_session_preset(made)
    assert caught.value.where == str(tmp_path / "song.toml")
    assert said in str(caught.value)


def test_a_target_that_nobody_knows_and_a_session_without_a_preset(tmp_path: Path) -> None:
    made = session(tmp_path, '[master]\ntargets = ["spotify", "spotfy"]\n')
    with pytest.raises(DocumentError, match=r"master\.targets\.2: 'spotfy': .*spotify"):
        load_session_targets(made)
    with pytest.raises(UsageError, match="--master: is missing"):
        load_session_preset(made)
