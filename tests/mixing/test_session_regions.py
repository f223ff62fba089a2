"""Regions in a song: what staging and aligning hear, what is a stem, what the manifest says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from mixmaster.audio.source import content_hash
from mixmaster.errors import DocumentError
from mixmaster.mixing.plan import Given, MixPlan, Section, plan_mix
from mixmaster.mixing.regions.arranged import restored_regions
from mixmaster.mixing.run import mix
from mixmaster.mixing.sessions.plan import open_song, plan_song

RATE = 16_000

PRESET = """
format = 1
kind = "mix"
name = "Test"
[strip.any]
match = ["*"]
"""


def noise(seconds: float, seed: int) -> np.ndarray:
    size = round(seconds * RATE)
    return np.random.default_rng(seed).uniform(-0.25, 0.25, size).astype(np.float32).astype(float)


def song(folder: Path, body: str, preset: str = PRESET, **takes: np.ndarray) -> Path:
    (folder / "test.toml").write_text(preset, encoding="utf-8")
    for name, samples in takes.items():
        sf.write(folder / f"{name}.wav", samples, RATE, "FLOAT")
    head = 'format = 1\nkind = "session"\ntitle = "Test"\npreset = "test.toml"\n'
    path = folder / "song.toml"
    path.write_text(head + body, encoding="utf-8")
    return path


def plan(path: Path, **more: Any) -> MixPlan:
    return plan_song(open_song(path), threads=1, **more)


COMP = """
stems = ["*.wav"]
[[stem]]
file = "vox.wav"
region_mode = "comp"
[[stem.region]]
to_s = 1.0
[[stem.region]]
file = "take2.wav"
from_s = 1.0
crossfade_ms = 10.0
gain_db = -6.0
"""


def test_takes_are_no_stems_of_their_own(tmp_path: Path) -> None:
    planned = plan(song(tmp_path, COMP, vox=noise(2.0, 1), take2=noise(2.0, 2)))
    assert [path.name for stem in planned.stems.values() for path in stem.paths] == ["vox.wav"]
    assert sorted(path.name for path in planned.paths) == ["take2.wav", "vox.wav"]
    assert any("take2.wav" in note for note in planned.notes)


def test_a_take_with_an_entry_of_its_own_is_a_stem_as_well(tmp_path: Path) -> None:
    body = COMP + '[[stem]]\nfile = "take2.wav"\n'
    planned = plan(song(tmp_path, body, vox=noise(2.0, 1), take2=noise(2.0, 2)))
    assert len(planned.stems) == 2
    assert len(planned.paths) == 2


def test_the_mix_has_the_regions_and_its_manifest_says_so(tmp_path: Path) -> None:
    vox, take = noise(2.0, 1), noise(2.0, 2)
    path = song(tmp_path, COMP, vox=vox, take2=take)
    mix(plan(path), tmp_path / "mix.wav")
    found = sf.read(tmp_path / "mix.wav", always_2d=True)[0][:, 0]
    place = found[100] / vox[100]  # the pan law's factor
    assert np.abs(found[: RATE - 100] - place * vox[: RATE - 100]).max() < 1e-6
    quiet = place * 10.0 ** (-6.0 / 20.0) * take
    assert np.abs(found[RATE + 100 : 2 * RATE] - quiet[RATE + 100 :]).max() < 1e-6
    said = json.loads((tmp_path / "mix.wav.json").read_text(encoding="utf-8"))
    hashes = {each["name"]: each["sha256"] for each in said["inputs"]}
    assert hashes == {name: content_hash(tmp_path / name) for name in ("vox.wav", "take2.wav")}
    assert said["settings"]["regions"]["vox.wav"] == {
        "mode": "comp",
        "region": [
            {"to_s": 1.0},
            {"file": "take2.wav", "from_s": 1.0, "gain_db": -6.0, "crossfade_ms": 10.0},
        ],
    }


def test_staging_hears_the_stem_with_its_regions(tmp_path: Path) -> None:
    staged = PRESET + "input_lufs = -23.0\n"
    tone = 0.1 * np.sin(2.0 * np.pi * 997.0 * np.arange(3 * RATE) / RATE)
    body = 'stems = ["*.wav"]\n[[stem]]\nfile = "vox.wav"\n'
    plain = plan(song(tmp_path, body, staged, vox=tone))
    louder = plan(song(tmp_path, body + "[[stem.region]]\ngain_db = 4.5\n", staged))
    gains = [planned.stagings[0].gain_db for planned in (plain, louder)]
    assert gains[0] - gains[1] == pytest.approx(4.5, abs=0.01)


def test_aligning_hears_the_stem_with_its_regions(tmp_path: Path) -> None:
    preset = """
format = 1
kind = "mix"
name = "Test"
[strip.close]
match = ["close"]
[strip.far]
match = ["far"]
align_to = "close"
"""
    sound = noise(12.0, 3)
    # far was recorded 5 ms late, and its region lies 12.5 ms later than its file: 17.5 ms in all.
    late = np.concatenate([np.zeros(80), sound[:-80]])
    body = """
stems = ["*.wav"]
[[stem]]
file = "far.wav"
region_mode = "comp"
[[stem.region]]
at_s = 0.0125
"""
    planned = plan(song(tmp_path, body, preset, close=sound, far=late))
    (entry,) = planned.alignments
    assert entry.moved_samples == -280


def test_a_missing_take_is_named(tmp_path: Path) -> None:
    path = song(tmp_path, COMP, vox=noise(2.0, 1), take3=noise(2.0, 2))
    with pytest.raises(DocumentError) as caught:
        open_song(path)
    (problem,) = caught.value.problems
    assert str(problem) == (
        "stem.1.region.2.file: there is no file 'take2.wav' (did you mean 'take3.wav'?)"
    )


def test_regions_of_all_stems_are_checked_before_anything_is_said(tmp_path: Path) -> None:
    body = """
stems = ["*.wav"]
[[stem]]
file = "a.wav"
[[stem.region]]
from_s = 3.0
[[stem]]
file = "b.wav"
[[stem.region]]
to_bar = "9"
"""
    path = song(tmp_path, body, a=noise(2.0, 1), b=noise(2.0, 2))
    with pytest.raises(DocumentError) as caught:
        plan(path)
    assert [problem.key for problem in caught.value.problems] == [
        "stem.1.region.1.from_s",
        "stem.2.region.1.to_bar",
    ]


def test_what_the_manifest_says_plans_the_same_mix_again(tmp_path: Path) -> None:
    path = song(tmp_path, COMP, vox=noise(2.0, 1), take2=noise(2.0, 2))
    planned = plan(path)
    mix(planned, tmp_path / "mix.wav")
    settings = json.loads((tmp_path / "mix.wav.json").read_text(encoding="utf-8"))["settings"]
    files = {name: tmp_path / name for name in ("vox.wav", "take2.wav")}
    again = restored_regions(settings["regions"], files)
    given = {file: Given(arrangement=each) for file, each in again.items()}
    mix(plan_mix([files["vox.wav"]], planned.preset, given=given), tmp_path / "again.wav")
    assert content_hash(tmp_path / "again.wav") == content_hash(tmp_path / "mix.wav")


def test_the_plan_says_what_regions_make_of_a_stem(tmp_path: Path) -> None:
    body = COMP + "[[stem.region]]\nfrom_s = 0.0\nto_s = 0.2\nat_s = 4.0\nstretch = 1.1\n"
    notes = plan(song(tmp_path, body, vox=noise(2.0, 1), take2=noise(2.0, 2))).notes
    assert "vox.wav: put together of 3 regions, 1 stretched or pitched; takes: take2.wav" in notes


def test_threads_and_sections_hear_the_same(tmp_path: Path) -> None:
    body = (
        COMP
        + """
[[stem.region]]
file = "take2.wav"
from_s = 0.5
to_s = 1.5
at_s = 2.25
pitch_semitones = 0.5
stretch = 1.1
[[stem.region]]
file = "slow.wav"
at_s = 3.5
fade_in_ms = 30.0
"""
    )
    path = song(tmp_path, body, vox=noise(2.0, 1), take2=noise(2.0, 2))
    sf.write(tmp_path / "slow.wav", noise(2.0, 3), 11_025, "FLOAT")
    whole = []
    for threads in (1, 2):
        mix(plan_song(open_song(path), threads=threads), tmp_path / f"{threads}.wav")
        whole.append(sf.read(tmp_path / f"{threads}.wav")[0])
    assert np.array_equal(*whole)
    mix(plan(path, section=Section(2.1, 4.3)), tmp_path / "part.wav")
    part = sf.read(tmp_path / "part.wav")[0]
    first, last = round(2.1 * RATE), round(4.3 * RATE)
    assert np.array_equal(part, whole[0][first:last])
