"""``mixmaster report``: what it writes, says, and refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from tests.pages.subjects import RATE_HZ, faulty, music

from mixmaster.cli.app import run
from mixmaster.cli.report import labels

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.delenv("COLUMNS", raising=False)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        status = run(["report", *map(str, arguments)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    return call


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    sf.write(path, faulty().T, RATE_HZ, subtype="PCM_24")
    return path


def test_it_writes_a_page_and_says_where(report: Command, song: Path, tmp_path: Path) -> None:
    page = tmp_path / "out" / "report.html"
    status, out, err = report(song, "-o", page, "-t", "spotify")
    assert (status, out, err) == (0, f"{page}\n", "")
    html = page.read_text(encoding="utf-8")
    assert "song.wav" in html
    assert "Spotify" in html
    assert "3 clipped runs" in html
    again = tmp_path / "again.html"
    assert report(song, "-o", again, "-t", "spotify", "--threads", "1")[0] == 0
    assert again.read_bytes() == page.read_bytes()


def test_it_writes_the_pictures_alone(report: Command, song: Path, tmp_path: Path) -> None:
    status, out, _ = report(song, "--png", tmp_path / "pictures")
    assert status == 0
    written = out.splitlines()
    assert [Path(line).name for line in written] == [
        f"song.wav_{word}.png"
        for word in ("waveform", "loudness", "spectrum", "correlation", "stereo")
    ]
    assert all(Path(line).read_bytes().startswith(b"\x89PNG") for line in written)


def test_a_reference_takes_the_place_of_the_guide(
    report: Command, song: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.wav"
    sf.write(other, music(2, 4.0).T, RATE_HZ)
    page = tmp_path / "r.html"
    assert report(song, "-o", page, "--reference", other)[0] == 0
    html = page.read_text(encoding="utf-8")
    assert "The reference is the mid spectrum of other.wav." in html
    assert "Pestana" not in html


def test_without_a_place_it_says_what_to_give(report: Command, song: Path) -> None:
    status, out, err = report(song)
    assert (status, out) == (2, "")
    assert "-o report.html" in err


def test_a_file_that_cannot_be_measured_is_named_and_the_others_go_on(
    report: Command, song: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no audio at all")
    page = tmp_path / "r.html"
    status, out, err = report(song, broken, "-o", page)
    assert status == 1
    assert out == f"{page}\n"
    assert "broken.wav" in err
    assert report(broken, "-o", tmp_path / "none.html")[0] == 2
    assert not (tmp_path / "none.html").exists()


def test_a_strangers_page_and_an_input_stay(report: Command, song: Path, tmp_path: Path) -> None:
    page = tmp_path / "mine.html"
    page.write_text("mine", encoding="utf-8")
    status, _, err = report(song, "-o", page)
    assert status == 2
    assert "not made by mixmaster" in err
    assert page.read_text(encoding="utf-8") == "mine"
    assert report(song, "-o", page, "--overwrite")[0] == 0
    before = song.read_bytes()
    for extra in ([], ["--overwrite"]):
        status, _, err = report(song, "-o", song, *extra)
        assert status == 2
        assert song.read_bytes() == before


def test_json_holds_every_figure(report: Command, song: Path, tmp_path: Path) -> None:
    status, out, _ = report(song, "-o", tmp_path / "r.html", "--json")
    assert status == 0
    found = json.loads(out, parse_constant=pytest.fail)
    assert found["schema"] == "mixmaster/report/1"
    assert found["written"] == [str(tmp_path / "r.html")]
    assert found["files"][0]["events"]["clipped_runs"] == 3
    assert found["failed"] == []


def test_a_hostile_name_on_the_disk_stays_text(report: Command, tmp_path: Path) -> None:
    path = tmp_path / "<img src=x onerror=alert(1)>.wav"
    sf.write(path, np.zeros((4_800, 1)), RATE_HZ)
    page = tmp_path / "r.html"
    assert report(path, "-o", page)[0] == 0
    html = page.read_text(encoding="utf-8")
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;.wav" in html


def test_a_name_that_is_no_utf_8_is_shown_escaped(report: Command, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.wav")
    sf.write(tmp_path / "plain.wav", np.zeros((4_800, 1)), RATE_HZ)
    try:
        (tmp_path / "plain.wav").rename(tmp_path / name)
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    page = tmp_path / "r.html"
    assert report(tmp_path / name, "-o", page, "--png", tmp_path / "p")[0] == 0
    assert "caf\\xe9.wav" in page.read_text(encoding="utf-8")


def test_files_of_one_name_are_told_apart_by_their_folders() -> None:
    paths = [Path("/a/before/mix.wav"), Path("/a/after/mix.wav"), Path("/a/other.wav")]
    assert labels(paths) == ["before/mix.wav", "after/mix.wav", "other.wav"]
    assert labels([Path("/x/a/m.wav"), Path("/y/a/m.wav")]) == ["x/a/m.wav", "y/a/m.wav"]
