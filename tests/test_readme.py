"""The README's commands run as they are written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def commands() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^    (mixmaster .*)$", text, re.MULTILINE)


def test_every_command_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from mixmaster.cli.app import run

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "test_audio").symlink_to(ROOT / "test_audio")
    found = commands()
    assert len(found) > 15
    for command in found:
        words, _, target = command.partition(" > ")
        assert run(shlex.split(words)[1:]) == 0, command
        printed = capsys.readouterr().out
        if target:
            (tmp_path / target).write_text(printed, encoding="utf-8")
    made = {path.name for path in tmp_path.rglob("*") if path.suffix in {".wav", ".flac", ".html"}}
    assert made >= {"mix.wav", "mix_spotify.flac", "mix_cd.wav", "demo_spotify.flac", "report.html"}
