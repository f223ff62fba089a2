"""Where outputs may go: never onto an input or a stranger's file, and never half of one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from mixmaster.audio.sink import AudioSink


def listing(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


class TestOntoAnInput:
    @pytest.mark.parametrize("overwrite", [False, True])
    @pytest.mark.parametrize("link", ["itself", "symlink", "hard link", "dotted"])
    def test_it_is_refused(self, link: str, overwrite: bool, stem: Any, mixmaster: Any) -> None:
        path = stem("a.wav")
        target = path.with_name("b.wav")
        if link == "symlink":
            target.symlink_to(path.name)
        elif link == "hard link":
            target.hardlink_to(path)
        elif link == "dotted":
            target = path.parent / "x" / ".." / "a.wav"
            (path.parent / "x").mkdir()
        else:
            target = path
        before = listing(path.parent)
        flags = ["--overwrite"] if overwrite else []
        done = mixmaster("mix", path, "-p", "flat", "-o", target, *flags)
        assert done.status == 2
        assert "it is also an input" in done.err
        assert listing(path.parent) == before

    def test_a_second_run_over_the_folder_of_the_first_output(
        self, stem: Any, mixmaster: Any
    ) -> None:
        # The first output lies among the stems; it is left out, and so made anew the same.
        path = stem("a.wav")
        arguments = ("mix", path.parent, "-p", "flat", "-o", path.with_name("mix.wav"))
        assert mixmaster(*arguments).status == 0
        before = listing(path.parent)
        again = mixmaster(*arguments)
        assert again.status == 0
        assert "a mix that was made here" in again.err
        assert listing(path.parent) == before


class TestExisting:
    def test_a_strangers_file_stays_without_overwrite(
        self, stem: Any, out: Path, mixmaster: Any
    ) -> None:
        target = stem("mine.wav", np.full(10, 0.5), folder=out)
        before = listing(out)
        done = mixmaster("mix", stem(), "-p", "flat", "-o", target)
        assert done.status == 2
        assert "--overwrite replaces it" in done.err
        assert listing(out) == before
        assert mixmaster("mix", stem(), "-p", "flat", "-o", target, "--overwrite").status == 0
        assert sf.info(target).frames == 24_000

    def test_our_own_is_replaced(self, stem: Any, out: Path, mixmaster: Any) -> None:
        arguments = ("mix", stem(), "-p", "flat", "-o", out / "mix.wav")
        assert mixmaster(*arguments).status == 0
        first = listing(out)
        assert mixmaster(*arguments, "--set", "mix.gain_db=-6").status == 0
        assert listing(out) != first
        assert mixmaster(*arguments).status == 0
        assert listing(out) == first

    def test_our_own_that_someone_changed_is_theirs(
        self, stem: Any, out: Path, mixmaster: Any
    ) -> None:
        arguments = ("mix", stem(), "-p", "flat", "-o", out / "mix.wav")
        assert mixmaster(*arguments).status == 0
        with (out / "mix.wav").open("ab") as file:
            file.write(b"edited")
        assert mixmaster(*arguments).status == 2

    def test_refusing_comes_before_the_work(
        self, stem: Any, out: Path, mixmaster: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        target = stem("mine.wav", folder=out)
        monkeypatch.setattr("mixmaster.mixing.plan.probe", None)  # would be called for each stem
        assert mixmaster("mix", stem(), "-p", "flat", "-o", target).status == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mix.wma", "name it .wav, .flac"),
        ("mix", "has no suffix"),
        ("", "it is a folder"),
        ("x" * 300 + ".wav", "too long"),
    ],
)
def test_a_name_that_no_output_can_have(
    name: str, said: str, stem: Any, out: Path, mixmaster: Any
) -> None:
    path = stem()
    target = out / name if name else path.parent
    done = mixmaster("mix", path, "-p", "flat", "-o", target)
    assert done.status == 2
    assert said in done.err or "folder" in done.err
    assert not out.exists()


def test_a_file_as_parent(stem: Any, mixmaster: Any) -> None:
    path = stem()
    done = mixmaster("mix", path, "-p", "flat", "-o", path / "mix.wav")
    assert done.status == 2
    assert "not a folder" in done.err or "part of the path is a file" in done.err


def test_a_folder_that_may_not_be_written(
    stem: Any, out: Path, mixmaster: Any, forbid: Any
) -> None:
    out.mkdir()
    forbid(out)
    done = mixmaster("mix", stem(), "-p", "flat", "-o", out / "mix.wav")
    assert done.status == 2
    assert "write to a folder that is yours" in done.err
    assert listing(out) == {}


def test_missing_folders_are_made_and_the_path_is_printed_whole(
    stem: Any, tmp_path: Path, mixmaster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stem()
    monkeypatch.chdir(tmp_path)
    done = mixmaster("mix", path, "-p", "flat", "-o", "new/deep/mix.wav")
    assert done.status == 0
    assert done.out.splitlines()[-1] == str(tmp_path / "new" / "deep" / "mix.wav")
    assert sorted(listing(tmp_path / "new" / "deep")) == ["mix.wav", "mix.wav.json"]


def test_a_dry_run_writes_nothing(stem: Any, tmp_path: Path, mixmaster: Any) -> None:
    path = stem()
    before = sorted(tmp_path.rglob("*"))
    done = mixmaster("mix", path, "-p", "flat", "-o", tmp_path / "out" / "mix.wav", "--dry-run")
    assert done.status == 0
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("where", ["first block", "closing"])
def test_a_full_disk_is_an_error_and_leaves_nothing(
    where: str, stem: Any, out: Path, mixmaster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(AudioSink, "write" if where == "first block" else "close", fail)
    done = mixmaster("mix", stem(), "-p", "flat", "-o", out / "mix.wav", "--json")
    assert done.status == 2
    assert "No space left on device" in done.json["reason"]
    assert not out.exists()


def test_integers_that_would_clip_are_refused_with_exit_1(
    stem: Any, out: Path, mixmaster: Any
) -> None:
    paths = [stem(f"{name}.wav", np.full(4800, 0.8)) for name in "ab"]
    arguments = ("mix", *paths, "-p", "flat", "-o", out / "mix.wav", "--bit-depth", "16")
    done = mixmaster(*arguments, "--json")
    assert done.status == 1
    assert done.json["error"] == "RefusedError"
    assert done.json["figures"]["sample_peak_dbfs"] == pytest.approx(4.08, abs=0.01)
    assert not out.exists()
    advice = done.json["hint"].partition("--set ")[2]
    assert mixmaster(*arguments, "--set", advice).status == 0
    assert sf.info(out / "mix.wav").subtype == "PCM_16"
