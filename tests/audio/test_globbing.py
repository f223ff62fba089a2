from __future__ import annotations

import glob
import os
from pathlib import Path

import pytest

from mixmaster.audio.globbing import matching

FILES = (
    "a.wav",
    "b.WAV",
    ".hidden.wav",
    "x/a.wav",
    "x/y/a.wav",
    "x/y/b.flac",
    ".h/a.wav",
    "x/[1].wav",
)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "pattern",
    [
        "*.wav", "*", "**/*.wav", "**", "x/**", "x/*/a.wav", "*/*", "**/y/*", "[ab].wav", "?.wav",
        "x/[[]1].wav", ".*", ".h/*", "**/**/a.wav", "nothing/*", "./x/*.wav", "x/../*.wav", "x//*",
        "{top}/**/*.wav", "{top}/x/*",
    ],
)  # fmt: skip
def test_without_links_it_finds_what_glob_finds(tree: Path, pattern: str) -> None:
    pattern = pattern.replace("{top}", str(tree))
    listed = glob.glob(pattern, recursive=True)  # noqa: PTH207 - what is compared with
    theirs = {os.path.normpath(name) for name in listed} - {"."}
    assert {os.path.normpath(name) for name in matching(pattern)} - {"."} == theirs


def test_results_are_relative_to_the_root(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert sorted(matching("*.wav", tree)) == ["a.wav"]
    assert sorted(matching("**/a.wav", tree)) == ["a.wav", "x/a.wav", "x/y/a.wav"]


def test_links_in_circles_do_not_multiply(tree: Path) -> None:
    for number in range(6):
        (tree / "x" / f"again{number}").symlink_to("..")
    found = matching("**/**/*/**/**/*.wav")
    assert len(found) < 50
    assert set(matching("**/a.wav")) == {"a.wav", "x/a.wav", "x/y/a.wav"}
    assert "x/again0/a.wav" in matching("x/*/a.wav")  # one that is named is followed
