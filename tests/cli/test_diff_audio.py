"""``mixmaster diff --audio``: which strips a revision changed, when, how much; all else nulls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.mixing.trio import PRESET, RATE, bursts, write_song, write_stem

from mixmaster.cli.app import run

GLUED = f"""{PRESET}
[[mix.insert]]
effect = "compressor"
threshold_db = -30.0
ratio = 4.0
"""


def mix(folder: Path, name: str, *told: str, session: str = "", preset: str = GLUED) -> str:
    """Mix the song; return its manifest."""
    song = write_song(folder, session, preset=preset)
    out = folder / f"{name}.wav"
    assert run(["mix", str(song), "-o", str(out), *told]) == 0
    return f"{out}.json"


def diff(
    capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, dict[str, dict[str, Any]]]:
    capsys.readouterr()
    status = run(["diff", "--audio", *arguments, "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["holds"] is (status == 0)
    return status, {each["id"].partition("/")[0]: each for each in said["strips"]}


def changed(strips: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, each in strips.items() if not each["nulls"]}


def test_a_fader_is_told_in_db_and_the_rest_nulls_through_the_compressor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = mix(tmp_path, "old")
    new = mix(tmp_path, "new", "--set", "strip.kick.gain_db=-2")  # from -4
    status, strips = diff(capsys, old, new)
    assert (status, changed(strips)) == (0, {"strip.kick"})
    assert strips["strip.kick"]["level_db"] == pytest.approx(2.0, abs=1e-6)
    assert diff(capsys, old, new, "--expect", "strip.kick")[0] == 0
    assert diff(capsys, old, new, "--expect", "strip.guitar")[0] == 1


def test_nothing_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = mix(tmp_path, "old")
    assert diff(capsys, old, old)[0] == 0
    assert run(["diff", "--audio", old, old]) == 0
    assert "nulls" in capsys.readouterr().out


def test_a_bus_changes_what_goes_through_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = mix(tmp_path, "old")
    new = mix(tmp_path, "new", "--set", "bus.room.gain_db=3")
    status, strips = diff(capsys, old, new)
    assert (status, changed(strips)) == (0, {"strip.guitar", "strip.lead_vocal"})
    assert diff(capsys, old, new, "--expect", "bus.room")[0] == 0
    assert diff(capsys, old, new, "--expect", "strip.guitar")[0] == 1


def test_another_take_is_told_where_it_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept"
    unstaged = GLUED.replace("input_lufs = -23.0\ngain_db = -4.0", "gain_db = -4.0")
    old = mix(tmp_path, "old", preset=unstaged)
    kept.mkdir()
    (tmp_path / "stems/Kick.wav").rename(kept / "Kick.wav")
    take = bursts(60.0)
    take[round(1.0 * RATE) : round(1.5 * RATE)] *= 0.5
    write_stem(tmp_path / "stems/Kick.wav", take)
    new = mix(tmp_path, "new", preset=unstaged)
    status, strips = diff(capsys, old, new, "--stems", str(kept))
    assert (status, changed(strips)) == (0, {"strip.kick"})
    kick = strips["strip.kick"]
    assert (kick["start_s"], kick["stop_s"]) == pytest.approx((1.0, 1.5))
    assert kick["level_db"] == pytest.approx(-6.02, abs=0.01)


def test_when_is_told_of_a_ride(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lane = '[[automation]]\ntarget = "strip.kick.gain_db"\ninterpolation = "hold"\n'
    old = mix(tmp_path, "old", session=f"{lane}points = [[0.0, -4.0]]\n")
    points = "points = [[0.0, -4.0], [1.05, -10.0], [1.95, -4.0]]\n"
    new = mix(tmp_path, "new", session=lane + points)
    status, strips = diff(capsys, old, new)
    assert (status, changed(strips)) == (0, {"strip.kick"})
    assert strips["strip.kick"]["start_s"] == pytest.approx(1.0)
    assert strips["strip.kick"]["stop_s"] == pytest.approx(2.0)


def test_an_effect_that_sounds_otherwise_was_not_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reverb = '[[strip.kick.insert]]\neffect = "reverb"\n'
    preset = PRESET.replace("[strip.guitar]", f"{reverb}[strip.guitar]")
    new = mix(tmp_path, "new", preset=preset)
    table = json.loads(Path(new).read_text("utf-8"))
    revisions = {**table["revisions"], "strip.kick/Kick.insert.reverb": 1}
    old = tmp_path / "old.wav.json"
    old.write_text(json.dumps({**table, "revisions": revisions}), encoding="utf-8")
    status, strips = diff(capsys, str(old), new)
    assert (status, changed(strips)) == (1, {"strip.kick"})


def test_what_cannot_be_compared_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = mix(tmp_path, "old")
    new = mix(tmp_path, "new", "--tempo-bpm", "90")
    for arguments, said in (
        (["--audio", old, new], "the tempo of the two differs"),
        (["--audio", old, old, "--expect", "strip.tuba"], "neither mix has 'strip.tuba'"),
        ([old, old, "--expect", "strip.kick"], "--audio"),
        (["--audio", str(tmp_path / "song.toml"), old], "is no manifest"),
    ):
        assert run(["diff", *arguments]) == 2
        assert said in " ".join(capsys.readouterr().err.split())
