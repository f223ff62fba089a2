"""Mistakes on the command line: one line that says what is wrong and what would be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FLAT = ("-p", "flat", "--dry-run")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mxi",), "no command 'mxi' (did you mean 'mix'?)"),
        (("presets", "lst"), "no command 'lst' (did you mean 'list'?)"),
        (("bananas",), "there are: init, mix, master"),
        (
            ("mix", "STEM", "--presett", "flat"),
            "--presett (did you mean --preset?)",
        ),
        (("mix", "STEM"), "--preset: is missing (mixmaster presets list"),
        (("mix", "-p", "flat"), "STEMS: is missing (name a folder, files or globs)"),
        (("mix", "STEM", "-p", "flat"), "no output was named (add -o mix.wav"),
        (("mix", "STEM", "-p", "flta", "--dry-run"), "did you mean 'flat'?"),
        (("mix", "STEM", "-p", "spotify", "--dry-run"), "targets/spotify"),
        (("mix", "STEM", *FLAT, "--from", "9"), "--from: 9 s lies outside the song"),
        (("mix", "STEM", *FLAT, "--from", "0.4", "--to", "0.2"), "--to: 0.2 s is not after"),
        (("mix", "STEM", *FLAT, "--from", "soon"), "--from: 'soon' is no time; 75.5 or 1:15.5"),
        (("mix", "STEM", *FLAT, "--from=-1"), "--from: '-1' is no time"),
        (("mix", "STEM", *FLAT, "--from", "nan"), "--from: 'nan' is no time"),
        (
            ("mix", "STEM", *FLAT, "--section", "loudest:0s"),
            "'loudest:0s' has no length",
        ),
        (("mix", "STEM", *FLAT, "--section", "loud"), "loudest:30s would be"),
        (("mix", "STEM", *FLAT, "--section", "loudest:1s", "--to", "1"), "contradicts --from"),
        (
            ("mix", "STEM", *FLAT, "--sample-rate-hz", "7"),
            "--sample-rate-hz: 7 is not between",
        ),
        (("mix", "STEM", *FLAT, "--bit-depth", "20"), "--bit-depth: '20' is not one of"),
        (("mix", "STEM", *FLAT, "--tempo-bpm", "nan"), "--tempo-bpm: nan is not between"),
        (("mix", "STEM", *FLAT, "--threads", "2.5"), "--threads: '2.5' is no whole number"),
        (("mix", "STEM", *FLAT, "--threads", "0"), "--threads: 0 is not between 1 and 256"),
        (("mix", "STEM", *FLAT, "--set", "nonsense"), "is not path=value"),
        (("mix", "STEM", *FLAT, "--set", "strip.stm.gain_db=1"), "strip.stm.gain_db"),
        (("mix", "STEM", *FLAT, "--set", "strip.stem.gain=1"), "did you mean 'gain_db'?"),
        (("mix", "STEM", *FLAT, "--set", "mix.gain_db=loud"), "mix.gain_db: must be a number"),
        (("mix", "STEM", *FLAT, "--set", "mix.gain_db=nan"), "mix.gain_db"),
        (("mix", "STEMS/nothere*.wav", *FLAT), "no file matches"),
        (("mix", "STEMS/a.wave", *FLAT), "did you mean"),
        (("measure",), "FILES: is missing"),
        (("presets", "show", "flta"), "did you mean 'flat'?"),
        (("presets", "schema", "mixx"), "'mixx' is not one of"),
    ],
)
def test_a_mistake_is_answered_in_one_line(
    arguments: tuple[str, ...], said: str, stem: Any, mixmaster: Any
) -> None:
    path = stem("a.wav")
    words = [
        word.replace("STEMS", str(path.parent)).replace("STEM", str(path)) for word in arguments
    ]
    done = mixmaster(*words)
    assert done.status == 2
    assert done.out == ""
    assert said in done.err
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1
    as_json = mixmaster(*words, "--json")
    assert as_json.status == 2
    if words[0] != "presets" and "--json" not in as_json.err:
        assert as_json.json["exit_status"] == 2
        assert as_json.json["error"] in {"UsageError", "DocumentError", "AudioFileError"}


def test_all_mistakes_of_a_preset_are_named_at_once(
    stem: Any, tmp_path: Path, mixmaster: Any
) -> None:
    preset = tmp_path / "mine.toml"
    preset.write_text(
        'format = 1\nkind = "mix"\nname = "Mine"\n[strip.kick]\nmatch = ["*"]\ngian_db = 2\n'
        'pan = 3.0\n[[strip.kick.insert]]\neffect = "compresor"\n[mixx]\n'
    )
    done = mixmaster("mix", stem(), "-p", preset, "--dry-run")
    assert done.status == 2
    assert f"{preset}: 4 problems" in done.err
    for said in ("gian_db", "'gain_db'", "strip.kick.pan", "'compressor'", "mixx"):
        assert said in done.err
    as_json = mixmaster("mix", stem(), "-p", preset, "--dry-run", "--json").json
    assert len(as_json["problems"]) == 4
    assert {"key", "reason", "hint"} == set(as_json["problems"][0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "format"),
        ("not toml at all [", "line 1"),
        ('format = 1\nkind = "mastering"\n', "must be 'mix'"),
        ("format = 1\nkind = 1e999\n", "kind"),
        ("a = " + "[" * 500, ""),
    ],
)
def test_a_preset_that_is_none(
    text: str, said: str, stem: Any, tmp_path: Path, mixmaster: Any
) -> None:
    preset = tmp_path / "broken.toml"
    preset.write_text(text)
    done = mixmaster("mix", stem(), "-p", preset, "--dry-run")
    assert done.status == 2
    assert str(preset) in done.err
    assert said in done.err


def test_a_stem_that_nothing_matches_is_named(stem: Any, mixmaster: Any) -> None:
    done = mixmaster("mix", stem("zzqqx.wav"), "-p", "rock-band", "--dry-run")
    assert done.status == 2
    assert "zzqqx" in done.err


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0.25", 0.25), ("0.25s", 0.25), ("0:00.25", 0.25), ("0:00:00.25", 0.25), (".25", 0.25)],
)
def test_times_as_people_write_them(
    text: str, seconds: float, stem: Any, out: Path, mixmaster: Any
) -> None:
    done = mixmaster("mix", stem(), "-p", "flat", "-o", out / "m.wav", "--to", text, "--json")
    assert done.json["figures"]["duration_s"] == seconds


def test_the_flag_of_json_counts_before_two_dashes_only(mixmaster: Any) -> None:
    done = mixmaster("measure", "--", "--json")
    assert done.status == 2
    assert done.out == ""
