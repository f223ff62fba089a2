"""What folders, files and globs stand for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mixmaster.audio.discover import discover
from mixmaster.errors import AudioFileError, UsageError


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def names(*arguments: str | Path) -> list[str]:
    return [path.name for path in discover(arguments).paths]


def test_a_folder_gives_its_audio_files_in_natural_order(tmp_path: Path) -> None:
    made(tmp_path, "10_Bass.wav", "2_Snare.WAV", "1_kick.flac", "notes.txt", "sub/3_OH.wav")
    assert names(tmp_path) == ["1_kick.flac", "2_Snare.WAV", "10_Bass.wav"]


def test_hidden_files_and_companions_are_left_out_with_a_note(tmp_path: Path) -> None:
    made(tmp_path, "a.wav", "._a.wav", ".b.wav", ".DS_Store")
    found = discover([tmp_path])
    assert [p.name for p in found.paths] == ["a.wav"]
    assert len(found.notes) == 1
    assert "._a.wav" in found.notes[0]
    assert ".b.wav" in found.notes[0]
    assert ".DS_Store" not in found.notes[0]


def test_folders_named_like_files_are_left_out_with_a_note(tmp_path: Path) -> None:
    made(tmp_path, "a.wav", "x.wav/inside.txt")
    found = discover([tmp_path])
    assert [p.name for p in found.paths] == ["a.wav"]
    assert "x.wav" in found.notes[0]


def test_a_quoted_glob_is_expanded(tmp_path: Path) -> None:
    made(tmp_path, "kick 1.wav", "kick 2.wav", "snare.wav", "kick.txt", "deep/er/kick 3.wav")
    assert names(f"{tmp_path}/kick*") == ["kick 1.wav", "kick 2.wav"]
    assert names(f"{tmp_path}/**/kick*.wav") == ["kick 3.wav", "kick 1.wav", "kick 2.wav"]
    assert names(f"{tmp_path}/[s]nare.wav") == ["snare.wav"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path) -> None:
    made(tmp_path, "mix [ab].wav", "mix a.wav", "what?.wav", "whatX.wav")
    assert names(tmp_path / "mix [ab].wav") == ["mix [ab].wav"]
    assert names(tmp_path / "what?.wav") == ["what?.wav"]


def test_odd_names_survive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = ["--help.wav", "$(x).wav", "two\nlines.wav", os.fsdecode(b"caf\xe9.wav"), "☃.wav"]
    made(tmp_path, *odd)
    assert sorted(names(tmp_path)) == sorted(odd)
    assert sorted(names(*odd)) == sorted(odd)


def test_a_file_named_twice_is_used_once_and_said(tmp_path: Path) -> None:
    made(tmp_path, "a.wav", "b.wav")
    (tmp_path / "c.wav").hardlink_to(tmp_path / "a.wav")
    (tmp_path / "d.wav").symlink_to("b.wav")
    found = discover([tmp_path / "a.wav", tmp_path])
    assert [p.name for p in found.paths] == ["a.wav", "b.wav"]
    text = "\n".join(found.notes)
    assert "named twice" in text
    assert "c.wav: the same file as" in text
    assert "d.wav: the same file as" in text


def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    made(tmp_path, "a.wav")
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    (tmp_path / "gone.wav").symlink_to("nothing.wav")
    found = discover([tmp_path])
    assert [p.name for p in found.paths] == ["a.wav"]
    text = "\n".join(found.notes)
    assert "loop.wav: left out: a link that leads to itself" in text
    assert "gone.wav: left out: a link that leads to nothing" in text
    for name in ("loop.wav", "gone.wav"):
        with pytest.raises(AudioFileError, match=f"{name}: a link that leads"):
            discover([tmp_path / name])


def test_nothing_found_says_what_was_looked_for(tmp_path: Path) -> None:
    made(tmp_path, "stems/notes.txt", "kick.wav")
    for argument in (tmp_path / "stems", f"{tmp_path}/z*.wav", f"{tmp_path}/stems/*"):
        with pytest.raises(AudioFileError) as caught:
            discover([argument])
        assert "*.wav" in caught.value.hint
        assert "*.flac" in caught.value.hint
    with pytest.raises(AudioFileError, match=r"no such file or folder.*did you mean .*kick\.wav"):
        discover([tmp_path / "kcik.wav"])
    with pytest.raises(AudioFileError, match="nor is there a folder"):
        discover([tmp_path / "no" / "where.wav"])
    for name in ("x" * 300 + ".wav", "a\0b.wav"):
        with pytest.raises(AudioFileError, match="no such file or folder"):
            discover([tmp_path / name])
    with pytest.raises(UsageError, match="no stems"):
        discover([])


def test_an_empty_folder_with_subfolders_says_that_they_are_not_searched(tmp_path: Path) -> None:
    made(tmp_path, "one/a.wav", "two/b.wav")
    with pytest.raises(AudioFileError, match="2 folders"):
        discover([tmp_path])
