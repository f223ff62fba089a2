"""Sessions on the command line: begun, mixed, mastered, checked and told apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

RATE = 48_000


@pytest.fixture
def stems(stem: Callable[..., Path]) -> Path:
    time = np.arange(2 * RATE) / RATE
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * time)
    for name, hz in (("Kick", 70.0), ("Lead Vox", 440.0), ("BGV 1", 500.0), ("BGV 2", 600.0)):
        stem(f"stems/{name}.wav", 0.1 * swell * np.sin(2 * np.pi * hz * time))
    return Path(stem("stems/Bass DI.wav", 0.1 * swell * np.sin(2 * np.pi * 80.0 * time)).parent)


@pytest.fixture
def begun(stems: Path, mixmaster: Any) -> Path:
    path = stems.parent / "song.toml"
    quick = ("--no-check", "--no-balance")
    done = mixmaster("init", stems, "-p", "rock-band", "-o", path, "--title", "Blue hour", *quick)
    assert done.status == 0, done.err
    return path


def test_init_then_mix_then_render(begun: Path, mixmaster: Any, tmp_path: Path) -> None:
    kick = 'role = "kick"\n'
    begun.write_text(begun.read_text().replace(kick, kick + "trim_db = 1.5\npan = 0.0\n"))
    done = mixmaster("mix", begun, "-o", tmp_path / "out/mix.wav", "--json")
    assert done.status == 0, done.err
    assert done.err == "" or "note: no stem matches" in done.err
    manifest = json.loads((tmp_path / "out/mix.wav.json").read_text())
    assert manifest["settings"]["song"] == {"title": "Blue hour", "artist": ""}
    # What acts on single stems is a part of what was made: another job, if it changes.
    assert manifest["settings"]["heads"] == {"strip.kick/Kick": {"trim_db": 1.5, "pan": 0.0}}
    begun.write_text(
        begun.read_text().replace('artist = ""', 'artist = "Anna"')
        + '[master]\npreset = "transparent"\ntargets = ["spotify"]\n'
        + "[master.set]\ninput_lufs = -19.0\n"
    )
    done = mixmaster("render", begun, "-o", tmp_path / "masters", "--json")
    assert done.status == 0, done.err
    (file,) = (tmp_path / "masters").glob("*_spotify.flac")
    master = json.loads(Path(f"{file}.json").read_text())
    assert master["mix"]["settings"]["song"]["artist"] == "Anna"
    assert master["settings"]["preset"]["input_lufs"] == -19.0


def test_the_mix_of_a_fresh_session_without_balance_is_that_of_its_stems(
    stems: Path, mixmaster: Any, tmp_path: Path
) -> None:
    path = tmp_path / "song.toml"
    words = ("-p", "rock-band")
    mixmaster("init", stems, *words, "-o", path, "--no-balance", "--no-check")
    mixmaster("mix", stems, *words, "-o", tmp_path / "a.wav")
    mixmaster("mix", path, "-o", tmp_path / "b.wav")
    assert np.array_equal(sf.read(tmp_path / "a.wav")[0], sf.read(tmp_path / "b.wav")[0])


def test_init_says_what_it_did_and_writes_nothing_dry(
    stems: Path, mixmaster: Any, tmp_path: Path
) -> None:
    path = tmp_path / "deep" / "song.toml"
    done = mixmaster("init", stems, "-p", "rock-band", "-o", path, "--dry-run")
    assert done.status == 0
    assert done.out.startswith("# ")
    assert 'kind = "session"' in done.out
    assert not path.parent.exists()
    said = mixmaster("init", stems, "-p", "rock-band", "-o", path, "--json").json
    assert said["schema"] == "mixmaster/init/1"
    assert said["text"] == path.read_text(encoding="utf-8")
    assert {each["strip"] for each in said["balance"]} >= {"kick", "lead_vocal"}
    again = mixmaster("init", stems, "-p", "rock-band", "-o", path)
    assert again.status == 2
    assert "may have been edited" in again.err
    assert said["text"] == path.read_text(encoding="utf-8")


def test_a_dry_run_shows_what_the_session_says(begun: Path, mixmaster: Any) -> None:
    plan = mixmaster("mix", begun, "--dry-run", "--json", "--set", "strip.kick.gain_db=-7").json
    faders = {each["id"]: each["fader_db"] for each in plan["stems"]}
    assert faders["strip.kick/Kick"] == -7.0
    assert min(each["pan"] for each in plan["stems"]) == -0.8


def test_another_preset_in_the_session_s_place(begun: Path, mixmaster: Any) -> None:
    plan = mixmaster("mix", begun, "-p", "pop", "--dry-run", "--json").json
    assert plan["preset"] != "Rock band"


def test_check_takes_a_session(begun: Path, mixmaster: Any) -> None:
    begun.write_text(begun.read_text().replace('role = "kick"', 'role = "kick"\nuse = false'))
    report = mixmaster("check", begun, "--json").json
    names = {Path(file).name for file in report["files"]}
    assert names == {"Lead Vox.wav", "BGV 1.wav", "BGV 2.wav", "Bass DI.wav"}


def test_presets_check_and_schema_know_sessions(begun: Path, mixmaster: Any) -> None:
    assert "valid session" in mixmaster("presets", "check", begun).out
    begun.write_text(begun.read_text().replace("strip.kick.gain_db", "strip.kik.gain_db"))
    done = mixmaster("presets", "check", begun)
    assert done.status == 1
    assert "set.strip.kik.gain_db" in done.out
    schema = mixmaster("presets", "schema", "session").json
    assert {"title", "stem", "automation", "set", "add"} <= set(schema["properties"])


def test_diff_tells_in_decibels_and_by_its_status(begun: Path, mixmaster: Any) -> None:
    other = begun.with_name("other.toml")
    other.write_text(begun.read_text())
    same = mixmaster("diff", begun, other)
    assert (same.status, "are the same" in same.out) == (0, True)
    line = next(line for line in begun.read_text().splitlines() if "strip.kick.gain_db" in line)
    before = float(line.split("=")[1].split("#")[0])
    changed = begun.read_text().replace(line, f"strip.kick.gain_db = {before + 1.5}")
    other.write_text(
        changed.replace("\n[set]\n", "\n[set]\nstrip.kick.insert.compressor.threshold_db = -20.0\n")
    )
    done = mixmaster("diff", begun, other, "--json")
    assert done.status == 1
    told = {each["address"]: each for each in done.json["differences"]}
    assert set(told) == {"strip.kick.gain_db", "strip.kick.insert.compressor.threshold_db"}
    assert told["strip.kick.gain_db"]["what"] == "fader"
    assert told["strip.kick.gain_db"]["change"] == "+1.5 dB"
    assert "threshold: −8 dB (−12 dB → −20 dB)" in str(told)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("diff", "rock-band", "spotify"), "have nothing in common"),
        (("diff", "rock-band", "rock-bond"), "did you mean 'rock-band'?"),
        (("diff", "rock-band", "nowhere.toml"), "nowhere.toml: does not exist"),
        (("init", "STEMS", "-p", "rock-band"), "no output was named"),
        (("init", "STEMS", "-p", "rock-band", "-o", "song.wav"), "a session is a .toml file"),
        (("init", "nowhere", "-p", "flat", "--dry-run"), "there is no such file or folder"),
        (("mix", "STEMS/../song.toml", "-o", "STEMS/../song.toml.wav", "--set", "a=1"), "a: no"),
        (("mix", "PRESET", "-o", "x.wav"), "must be 'session' here, is text 'mix'"),
        (("mix", "SONG", "STEMS", "-o", "x.wav"), "a session stands alone"),
        (("render", "SONG", "-o", "x"), "--master: is missing"),
        (("render", "SONG", "-m", "loud", "-o", "x"), "--target: is missing"),
    ],
)
def test_mistakes(words: tuple[str, ...], said: str, begun: Path, mixmaster: Any) -> None:
    preset = begun.with_name("preset.toml")
    preset.write_text('format = 1\nkind = "mix"\nname = "x"\n')
    places = {"STEMS": begun.parent / "stems", "SONG": begun, "PRESET": preset}
    text = "\n".join(words)
    for key, path in places.items():
        text = text.replace(key, str(path))
    done = mixmaster(*text.split("\n"))
    assert done.status == 2
    assert said in done.err
