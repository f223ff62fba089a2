"""``mixmaster rerender``: a manifest repeated, to the bit, or told why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import soundfile as sf
from tests.mixing.trio import PRESET, STEMS, bursts, write_song, write_stem

from mixmaster.cli.app import run
from mixmaster.units import db_to_gain, gain_to_db, power_to_db

SESSION = """
artist = "Trio"
tempo_map = { change = [{ at = "1", tempo_bpm = 100.0 }, { at = "2", tempo_bpm = 140.0 }] }
[[stem]]
file = "stems/Kick.wav"
name = "Low Thing"
role = "kick"
trim_db = -2.0
polarity = true
delay_ms = 3.0
[[stem]]
file = "stems/EGtr.wav"
pan = 0.4
[[stem.region]]
from_s = 1.0
to_s = 1.5
at_s = 0.25
gain_db = -3.0
[[automation]]
target = "strip.lead_vocal.gain_db"
points = [[0.0, 0.0], ["1:3", -3.0, "smooth"], [2.0, 2.0]]
[version.clean]
timed_mute = [{ mute = ["lead_vocal"], start = 0.5, end = 0.75 }]
dynamics = "main"
"""


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Return the manifest of a mixed song that has something of everything."""
    song = write_song(tmp_path, SESSION)
    assert run(["mix", str(song), "-o", str(tmp_path / "mix.wav")]) == 0
    return tmp_path / "mix.wav.json"


def change(manifest: Path, **values: Any) -> None:
    """Lay values over a manifest."""
    table = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps({**table, **values}), encoding="utf-8")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    status = run(["rerender", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_a_mix_comes_out_the_same_to_the_bit_and_says_the_same(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = mixed.with_name("again.wav")
    for name in ("song.toml", "trio.toml"):
        (mixed.parent / name).unlink()  # the manifest says it all
    status, said = told(capsys, str(mixed), "-o", str(again), "--verify")
    assert (status, said["identical"]) == (0, True)
    assert again.read_bytes() == mixed.with_name("mix.wav").read_bytes()
    one, two = (json.loads(path.read_text("utf-8")) for path in (mixed, Path(f"{again}.json")))
    assert one["key"] == two["key"]
    assert one["settings"] == two["settings"]
    assert one["settings"]["regions"]
    assert one["settings"]["heads"]


def test_of_an_audio_file_its_manifest_is_meant_and_nothing_is_left(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(mixed.parent.rglob("*"))
    assert run(["rerender", str(mixed.with_name("mix.wav"))]) == 0
    assert "bit-identical" in capsys.readouterr().out
    assert sorted(mixed.parent.rglob("*")) == before


def test_a_passage_at_another_depth(tmp_path: Path) -> None:
    song = write_song(tmp_path)
    out = tmp_path / "part.flac"
    assert (
        run(["mix", str(song), "-o", str(out), "--from", "1", "--to", "2", "--bit-depth", "16"])
        == 0
    )
    assert run(["rerender", f"{out}.json"]) == 0


def test_versions_are_repeated_with_their_mix_beside_them(tmp_path: Path) -> None:
    song = write_song(tmp_path, SESSION)
    prints = tmp_path / "prints"
    assert run(["mix", str(song), "--versions", "main,clean", "-o", str(prints)]) == 0
    manifests = sorted(prints.glob("*.json"))
    assert len(manifests) == 2
    for manifest in manifests:
        assert run(["rerender", str(manifest)]) == 0


def test_stems_that_were_renamed_are_known_by_their_content(
    mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = tmp_path.with_name(f"{tmp_path.name}-archive") / "a" / "b"
    deep.mkdir(parents=True)
    for number, name in enumerate(STEMS):
        (tmp_path / f"stems/{name}.wav").rename(deep / f"{number}.wav")
    status, said = told(capsys, str(mixed))
    assert status == 2
    assert len(said["problems"]) == len(STEMS)
    assert "--stems" in said["problems"][0]["hint"]
    status, said = told(capsys, str(mixed), "--stems", str(deep.parent.parent))
    assert (status, said["identical"]) == (0, True)


def test_a_stem_that_changed_is_named(mixed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_stem(mixed.parent / "stems/Kick.wav", bursts(61.0))
    status, said = told(capsys, str(mixed))
    assert status == 2
    (problem,) = said["problems"]
    assert problem["key"] == "Kick.wav"
    assert "has changed" in problem["reason"]


def test_another_sound_is_status_1_with_its_depth(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = json.loads(mixed.read_text("utf-8"))
    table["settings"]["preset"]["mix"]["gain_db"] = 1.0
    change(mixed, settings=table["settings"])
    status, said = told(capsys, str(mixed))
    assert (status, said["holds"], said["identical"]) == (1, False, False)
    samples, _ = sf.read(mixed.with_name("mix.wav"))
    level = power_to_db(float((samples**2).mean())) + gain_to_db(db_to_gain(1.0) - 1.0)
    assert said["residual_dbfs"] == pytest.approx(level, abs=0.01)


def test_a_file_that_changed_is_nothing_to_compare_with(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_stem(mixed.with_name("mix.wav"), bursts(100.0))
    status, said = told(capsys, str(mixed))
    assert status == 2
    assert "has changed since its manifest was written" in said["reason"]


def test_a_file_that_is_gone_is_still_known_by_its_hash(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed.with_name("mix.wav").unlink()
    assert told(capsys, str(mixed))[1]["identical"] is True


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"schema": "mixmaster/manifest/9"}, "another version: 'mixmaster/manifest/9'"),
        ({"format": 2}, "another version"),
        ({"schema": "something/else"}, "is no manifest"),
        ({"settings": 3}, "is no manifest"),
        ({"inputs": [{"x": 1}]}, "is no manifest"),
        ({"settings": {}}, "cannot be repeated: it lacks 'strips'"),
        ({"revisions": {"strip.guitar/EGtr.insert.eq": 99}}, "eq has revision 99"),
    ],
)
def test_what_cannot_be_repeated_is_named(
    mixed: Path, capsys: pytest.CaptureFixture[str], values: dict[str, Any], said: str
) -> None:
    change(mixed, **values)
    assert told(capsys, str(mixed))[0] == 2
    run(["rerender", str(mixed)])
    assert said in " ".join(capsys.readouterr().err.split())


def test_stems_prints_are_refused(mixed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(mixed, kind="stem")
    status, said = told(capsys, str(mixed))
    assert (status, said["error"]) == (2, "UsageError")


def test_no_json_and_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.json").write_text("{", encoding="utf-8")
    assert run(["rerender", str(tmp_path / "x.json")]) == 2
    assert "is no manifest" in capsys.readouterr().err
    assert run(["rerender", str(tmp_path / "y.json")]) == 2


def test_another_library_and_a_plugin_are_told(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = json.loads(mixed.read_text("utf-8"))
    change(mixed, versions={**table["versions"], "numpy": "1.0"}, reproducible=False)
    _, said = told(capsys, str(mixed))
    assert any("numpy 1.0, now" in note for note in said["notes"])
    assert any("plugin" in note for note in said["notes"])


REVISED = {
    "saturation": 'effect = "saturation"\ndrive_db = 12.0',
    "reverb": 'effect = "reverb"\nmix = 0.4',
    "limiter": 'effect = "limiter"\nceiling_dbtp = -30.0',
}


@pytest.mark.parametrize("effect", REVISED)
def test_an_effect_keeps_the_sound_that_its_manifest_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], effect: str
) -> None:
    insert = f"[[strip.lead_vocal.insert]]\n{REVISED[effect]}\nrevision = 1\n"
    song = write_song(tmp_path, preset=PRESET.replace("[bus.room]", f"{insert}[bus.room]", 1))
    manifest = tmp_path / "mix.wav.json"
    assert run(["mix", str(song), "-o", str(tmp_path / "mix.wav")]) == 0
    table = json.loads(manifest.read_text("utf-8"))
    node = f"strip.lead_vocal/Lead Vox.insert.{effect}"
    assert table["revisions"][node] == 1
    # As a preset that names no revision was rendered when there was but the first.
    for each in table["settings"]["preset"]["strip"]["lead_vocal"]["insert"]:
        each.pop("revision", None)
    change(manifest, settings=table["settings"])
    status, said = told(capsys, str(manifest))
    assert (status, said["identical"]) == (0, True)
    change(manifest, revisions={**table["revisions"], node: 2})
    _, said = told(capsys, str(manifest))
    assert said["identical"] is False
