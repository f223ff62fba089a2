"""Versions and stems from the command line."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from tests.cli.test_signals import HEEDED, PLAN, left_in

RATE = 48_000

PRESET = """
format = 1
kind = "mix"
name = "Duo"
[strip.lead_vocal]
[strip.piano]
[[mix.insert]]
effect = "compressor"
threshold_db = -30.0
ratio = 3.0
[[mix.insert]]
effect = "limiter"
ceiling_dbtp = -6.0
"""

SESSION = """
format = 1
kind = "session"
title = "Blue / Hour"
artist = "Nina"
preset = "duo.toml"
stems = ["stems"]
name_template = "{artist} - {title} ({version})"

[version.clean]
description = "For the radio."
[[version.clean.timed_mute]]
mute = ["lead_vocal"]
start = 0.1
end = 0.3

[version.instrumental]
dynamics = "main"
"""


@pytest.fixture
def song(tmp_path: Path, stem: Any) -> Path:
    random = np.random.default_rng(1)
    for name in ("Lead Vox", "Piano"):
        stem(f"{name}.wav", 0.1 * random.standard_normal(RATE // 2))
    (tmp_path / "duo.toml").write_text(PRESET)
    path = tmp_path / "song.toml"
    path.write_text(SESSION)
    return path


def test_all_versions_and_stems_of_a_session(song: Path, out: Path, mixmaster: Any) -> None:
    done = mixmaster("mix", song, "--versions", "all", "--stems", "-o", out, "--json")
    assert done.status == 0, done.err
    assert done.json["schema"] == "mixmaster/prints/1"
    words = {each["name"]: each["words"] for each in done.json["versions"]}
    assert words == {
        "main": "the mix itself",
        "instrumental": "without lead_vocal; dynamics of buses and mix as in the main mix",
        "tv": "without lead_vocal",
        "a_cappella": "only lead_vocal",
        "lead_up": "lead_vocal +1 dB",
        "lead_down": "lead_vocal -1 dB",
        "no_limiter": "without the insert mix.insert.limiter",
        "clean": "lead_vocal silent from 0.1 s to 0.3 s",
    }
    files = {path.relative_to(out).as_posix() for path in out.rglob("*.wav")}
    assert files == {f"Nina - Blue Hour ({name}).wav" for name in words} | {
        f"stems/Nina - Blue Hour ({name}).wav" for name in ("lead_vocal", "piano")
    }
    assert done.json["sum"]["null_rms_dbfs"] < -150.0
    assert done.json["sum"]["residual"] is False

    # What a cappella is, is not in the instrumental, and the clean version has a hole.
    def read(name: str) -> Any:
        return sf.read(out / f"Nina - Blue Hour ({name}).wav")[0]

    piano = sf.read(out / "stems" / "Nina - Blue Hour (piano).wav")[0]
    np.testing.assert_allclose(read("instrumental"), piano, atol=1e-7)
    hole = slice(round(0.11 * RATE), round(0.29 * RATE))
    np.testing.assert_allclose(read("clean")[:1000], read("main")[:1000], atol=1e-7)
    assert np.abs(read("clean")[hole] - read("tv")[hole]).max() < 0.1 * np.abs(piano).max()


def test_tables_say_how_well_stems_add_up(song: Path, out: Path, mixmaster: Any) -> None:
    done = mixmaster("mix", song, "--stems", "--stem-returns", "own", "-o", out)
    assert done.status == 0, done.err
    assert "mix less stems, as written" in done.out
    assert str(out / "stems" / "Nina - Blue Hour (piano).wav") in done.out


def test_a_dry_run_lists_the_files(song: Path, out: Path, mixmaster: Any) -> None:
    done = mixmaster(
        *("mix", song, "--versions", "main,clean", "--stems", "-o", out, "--dry-run", "--json"),
        *("--name-template", "{version}/{song}_{rate}k{bits}.flac", "--bit-depth", "24"),
    )
    assert done.status == 0, done.err
    names = [Path(each["file"]).relative_to(out).as_posix() for each in done.json["files"]]
    assert names == [
        "main/Blue Hour_48k24.flac",
        "clean/Blue Hour_48k24.flac",
        "stems/lead_vocal/Blue Hour_48k24.flac",
        "stems/piano/Blue Hour_48k24.flac",
    ]
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--versions", "mian"], "no version 'mian' (did you mean 'main'?)"),
        (["--versions", "main", "--name-template", "{titel}"], "no field '{titel}'"),
        (["--versions", "main,tv", "--name-template", "{title}"], "would both be"),
        (["--versions", "main", "--name-template", "../{title}"], "leads out of the folder"),
        (["--name-template", "{title}"], "add --versions"),
        (["--stem-returns", "own"], "add --stems"),
        (["--stem-residual", "never"], "add --stems"),
        (["--versions", "main", "--name-template", "{title}.flac", "--bit-depth", "32"], "FLAC"),
    ],
)
def test_wrong_wishes_are_named_before_any_work(
    song: Path, out: Path, mixmaster: Any, options: list[str], problem: str
) -> None:
    done = mixmaster("mix", song, "-o", out, *options)
    assert done.status == 2
    assert problem in done.err
    assert not out.exists()


def test_several_files_need_a_folder(song: Path, tmp_path: Path, mixmaster: Any) -> None:
    done = mixmaster("mix", song, "--versions", "main", "-o", tmp_path / "mix.wav")
    assert done.status == 2
    assert "versions and stems go to a folder" in done.err


def test_versions_are_mastered_each_by_itself(song: Path, out: Path, mixmaster: Any) -> None:
    done = mixmaster(
        *("render", song, "-m", "transparent", "-t", "cd", "-t", "spotify", "--loudness", "-20"),
        *("--versions", "main,instrumental", "-o", out, "--json"),
        *("--name-template", "{title}_{version}_{rate}k{bits}"),
    )
    assert done.status == 0, done.err
    assert done.json["schema"] == "mixmaster/render-versions/1"
    files = {path.name for path in out.iterdir() if path.suffix != ".json"}
    assert files == {
        f"Blue Hour_{name}_{rest}"
        for name in ("main", "instrumental")
        for rest in ("44.1k16_cd.wav", "48k24_spotify.flac")
    }
    for each in done.json["versions"]:
        for master in each["masters"]["results"]:
            assert master["after"]["integrated_lufs"] == pytest.approx(-20.0, abs=0.1)
    done = mixmaster("render", song, "-m", "loud", "-t", "cd", "-o", out, "--name-template", "x")
    assert (done.status, "add --versions" in done.err) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    "place",
    [
        ("mixmaster.audio.sink", "AudioSink.write", 3),
        ("mixmaster.metering.programme", "ProgrammeMeter.update", 2),
        ("mixmaster.engine.publish", "_sync", 5),
    ],
)
def test_interrupted_prints_leave_nothing(
    song: Path, tmp_path: Path, spawn: Any, place: tuple[str, str, int]
) -> None:
    number = signal.SIGTERM
    module, name, calls = place
    plan = PLAN.format(calls=calls, number=int(number), times=1, module=module, name=name)
    temporary, out = tmp_path / "tmp", tmp_path / "out"
    temporary.mkdir()
    done = spawn(
        *("mix", song, "--versions", "all", "--stems", "-o", out / "deep", "--json"),
        before=HEEDED + plan,
        environment={**os.environ, "TMPDIR": str(temporary)},
    )
    assert done.returncode == 128 + number, done.stderr
    assert left_in(temporary) == []
    assert not out.exists()
