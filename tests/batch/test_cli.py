"""``batch`` and ``status`` as users call them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.batch.conftest import RATE_HZ, Studio

from mixmaster.batch.planning import prepare
from mixmaster.cli.app import run

SESSION = """
format = 1
kind = "session"
title = "{title}"
artist = "Nobody"
preset = "{preset}"
stems = ["stems"]
[set]
strip.low.gain_db = -7.0
[[automation]]
target = "strip.high.gain_db"
points = [[0.0, 0.0], [0.2, -3.0]]
[master]
preset = "{chain}"
targets = ["{target}"]
"""


def session(studio: Studio, title: str, seed: int = 0) -> Path:
    """Write a session with everything of its own, named by paths from its folder on."""
    folder = studio.song(title, seed=seed)
    (folder / "stems").mkdir()
    for stem in folder.glob("*.wav"):
        stem.rename(folder / "stems" / stem.name)
    names = {"preset": "mix", "chain": "chain", "target": "loud"}
    paths = {key: f"../../{name}.toml" for key, name in names.items()}
    (folder / "song.toml").write_text(SESSION.format(title=title, **paths))
    return folder / "song.toml"


@pytest.fixture
def songs(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Studio:
    studio.song("Alpha", seed=1)
    monkeypatch.chdir(studio.folder)
    return studio


FLAGS = ("-p", "mix.toml", "-m", "chain.toml", "-t", "loud.toml", "-o", "out")


def test_sessions_are_their_own(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Preset, values, automation, chain and targets come from the session, as for render."""
    session(studio, "Night Drive")
    session(studio, "Low Tide", seed=5)
    monkeypatch.chdir(studio.folder)
    assert run(["batch", "songs/*/song.toml", "-o", "out"]) == 0
    assert run(["render", "songs/Night Drive/song.toml", "-o", "alone"]) == 0
    made = studio.output / "Night Drive_loud.wav"
    assert made.read_bytes() == (studio.folder / "alone/Night Drive_loud.wav").read_bytes()
    capsys.readouterr()
    assert run(["status", "songs/*", "-o", "out"]) == 0  # a folder with a song.toml is that session
    assert "2 songs, 2 outputs: 2 current" in capsys.readouterr().out
    path = studio.folder / "songs/Low Tide/song.toml"
    path.write_text(path.read_text().replace("[0.2, -3.0]", "[0.2, -4.0]"))
    assert run(["status", "songs/*/song.toml", "-o", "out"]) == 1
    said = capsys.readouterr().out
    assert "mix: automation.1.points.2.2: -3 → -4" in re.sub(r"\s+", " ", said)


def test_a_mix_is_only_mastered(songs: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    mix = songs.stem("Alpha", "low", seconds=0.6).rename(songs.folder / "whole.wav")
    assert mix.exists()
    words = ["batch", "whole.wav", "-m", "chain.toml", "-t", "loud.toml", "-o", "out"]
    assert run([*words, "--versions", "main,lowest"]) == 0
    assert run(["master", "whole.wav", "-p", "chain.toml", "-t", "loud.toml", "-o", "one.wav"]) == 0
    made = (songs.output / "whole_loud.wav").read_bytes()
    assert made == (songs.folder / "one.wav").read_bytes()
    capsys.readouterr()
    mix.write_bytes((songs.folder / "songs/Alpha/high.wav").read_bytes())
    assert run(["status", *words[1:]]) == 1
    assert "whole.wav has changed" in capsys.readouterr().out


def test_a_dry_run_leaves_no_trace(songs: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["batch", "songs/*", *FLAGS, "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "mix/Alpha" in said.out
    assert "1 song, 1 output: 1 missing" in said.err
    assert not songs.output.exists()
    assert run(["batch", "songs/*", *FLAGS, "--dry-run", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert [each["kind"] for each in plan["stages"]] == ["mix", "master"]
    assert plan["counts"]["missing"] == 1
    assert run(["status", "songs/*", *FLAGS]) == 1
    assert not songs.output.exists()


def test_one_bad_song_is_said_and_the_status_is_one(
    songs: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    songs.song("Beta")
    (songs.folder / "songs/Beta/low.wav").write_bytes(b"no audio at all")
    log = songs.folder / "logs/night.jsonl"
    assert run(["batch", "songs/*", *FLAGS, "-j", "1", "--log", str(log)]) == 1
    said = capsys.readouterr()
    assert "low.wav" in said.err
    assert "1 made, 0 current, 0 failed, 1 song not planned" in said.out
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert events[0]["event"] == "planned"
    assert events[-1]["exit_status"] == 1
    assert run(["status", "songs/*", *FLAGS, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [each["state"] for each in found["outputs"]] == ["current"]
    assert [each["song"] for each in found["broken"]] == ["Beta"]


def test_a_short_disk_is_refused_before_any_work(
    songs: Studio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare.Prepared, "disk_bytes", lambda _self, _workers: 10**18)
    assert run(["batch", "songs/*", *FLAGS]) == 2
    assert "are needed" in capsys.readouterr().err
    assert not list(songs.output.glob("*.wav"))


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Give a file system of its own, where that is allowed."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(words, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount")
    if done.returncode:
        pytest.skip("mounting a tmpfs is not allowed")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_and_has_room_again(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little is left, what is there is whole, and with room the rest is made."""
    for name in range(3):
        studio.song(f"song{name}", seed=name)
    studio.run()
    whole = studio.hashes()
    for module in ("mixing.prints.printing", "mastering.spool"):
        monkeypatch.setattr(f"mixmaster.{module}.require_space", lambda _folder, _bytes: None)
    with small_disk(studio.folder / "small", "1536k") as disk:
        studio.output = disk / "out"
        filler = disk / "filler"
        for left in (1400, 1000, 800, 600, 200):
            filler.write_bytes(bytes(left << 10))
            with suppress(OSError):  # not even the state's folder has room
                assert studio.run().quarantined == 0
            now = studio.hashes()
            for output, sha256 in now.items():
                if not output.endswith(".json") and f"{output}.json" in now:
                    assert sha256 == whole[output]
        filler.unlink()
        assert studio.run().failed == 0
        assert studio.hashes() == whole


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nowhere/*", *FLAGS], "nowhere"),
        (["songs/*", "-p", "mix.toml", "-m", "chain.toml", "-t", "loud.toml"], "--output"),
        (["songs/*", *FLAGS, "--memory", "lots"], "no size"),
        (["songs/*", *FLAGS, "--time-limit", "-3"], "no time"),
        (["songs/*", *FLAGS, "-j", "0"], "neither a number nor auto"),
        (["songs/*", *FLAGS, "--name-template", "{sonk}"], "song"),
        (["mix.toml", "-o", "out"], "batch"),
    ],
)
def test_mistakes_are_told(
    songs: Studio, capsys: pytest.CaptureFixture[str], words: list[str], reason: str
) -> None:
    assert run(["batch", *words]) == 2
    assert reason in capsys.readouterr().err
    assert not songs.output.exists()


@pytest.mark.parametrize("word", ["-p", "-m", "-t"])
def test_what_is_missing_is_said_of_the_song(
    songs: Studio, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    flags = list(FLAGS)
    place = flags.index(word)
    del flags[place : place + 2]
    assert run(["batch", "songs/*", *flags, "--dry-run"]) == 1
    assert f"({word})" in capsys.readouterr().err


def test_names_that_are_hostile_stay_names(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = ("new\nline", "{song}", "-rf", "a'b\"c", os.fsdecode(b"caf\xe9"))
    for number, name in enumerate(hostile):
        folder = studio.song(f"plain{number}", seed=number)
        try:
            folder.rename(folder.with_name(name))
        except OSError:
            pytest.skip("the file system takes no such name")
    monkeypatch.chdir(studio.folder)
    assert run(["batch", "songs", *FLAGS, "--dry-run"]) == 1  # a folder of folders is no song
    assert run(["batch", "songs/*", *FLAGS, "-j", "1"]) == 0
    assert "\nline" not in capsys.readouterr().err
    masters = [path for path in studio.output.iterdir() if path.suffix == ".wav"]
    assert len(masters) == len(hostile)
    assert run(["status", "songs/*", *FLAGS]) == 0


def test_what_a_document_says_of_songs(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths begin at the document's folder; entries say more of single songs; flags go first."""
    studio.song("Alpha", seed=1)
    studio.song("Beta", seed=2)
    jobs = studio.folder / "jobs.toml"
    jobs.write_text(
        'format = 1\nkind = "batch"\nname = "Night"\noutput = "out"\npreset = "mix.toml"\n'
        'masters = ["chain.toml"]\ntargets = ["quiet.toml"]\n'
        'name_template = "{song}/{master}_{target}_{rate}k{bits}"\n'
        '[[song]]\npath = "songs/*"\n'
        '[[song]]\npath = "songs/Beta"\nname = "B"\ntargets = ["loud.toml"]\n'
        "sample_rate_hz = 16000\n"
    )
    (studio.folder / "here").mkdir()
    monkeypatch.chdir(studio.folder / "here")
    assert run(["batch", str(jobs), "-j", "1"]) == 0
    assert {name for name in studio.hashes() if not name.endswith(".json")} == {
        "Alpha/chain_quiet_8k16.flac",
        "B/chain_loud_16k16.wav",
    }
    assert RATE_HZ == 8_000
    assert run(["status", str(jobs), "-t", "../loud.toml"]) == 1


def test_outputs_that_are_alike_are_one_line(
    songs: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [*FLAGS, "-t", "quiet.toml", "--versions", "all"]
    assert run(["status", "songs/*", *flags]) == 1
    short = capsys.readouterr().out
    assert re.search(r"Alpha: 4 outputs +missing +it was never made\n", short)
    assert run(["status", "songs/*", *flags, "--all"]) == 1
    assert len(re.findall(r"Alpha\S*\.(?:wav|flac) +missing", capsys.readouterr().out)) == 4
