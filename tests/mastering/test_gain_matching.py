"""What each insert does to the loudness, and inserts that leave it alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mixmaster.arrays import Block
from mixmaster.engine.measuring import measure_file
from mixmaster.errors import DocumentError, UsageError
from mixmaster.mastering.family import Member, master_family
from mixmaster.mastering.job import open_mix
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import MasterOptions, NamedTarget, load_target, master

MakeSong = Callable[..., Block]
Write = Callable[..., Path]
MakePreset = Callable[[str], MasteringPreset]
MakeTarget = Callable[..., NamedTarget]

TRIM = '[[insert]]\neffect = "utility"\ntrim_db = 4.0\n'
COMPRESSOR = (
    '[[insert]]\neffect = "compressor"\nthreshold_db = -30.0\nratio = 4.0\nmakeup_db = 9.0\n'
)
LOW = """[[insert]]
effect = "eq"
bands = [{ shape = "low_shelf", frequency_hz = 120.0, gain_db = 6.0 }]
"""
CHAIN = f"input_lufs = -18.0\n{TRIM}{COMPRESSOR}{LOW}"
LIMITER = '[[insert]]\neffect = "limiter"\n'


def test_the_change_of_each_insert_is_told(
    song: MakeSong, write: Write, preset: MakePreset, tmp_path: Path
) -> None:
    mix, options = write(song(5.0)), MasterOptions(measure_stages=True)
    run = master(mix, preset(CHAIN), [load_target("premaster")], tmp_path / "a.wav", options)
    trim, compressor, eq = run.stages
    assert trim.id == "master.insert.utility"
    assert trim.before_lufs == pytest.approx(-18.0, abs=0.01)
    assert trim.change_lu == pytest.approx(4.0, abs=0.01)
    assert compressor.before_lufs == trim.after_lufs
    assert eq.change_lu is not None
    assert 0.0 < eq.change_lu < 6.0
    assert not run.results[0].warnings


def test_matched_inserts_are_as_loud_as_what_they_are_given(
    song: MakeSong, write: Write, preset: MakePreset, tmp_path: Path
) -> None:
    mix = write(song(5.0))
    matched = preset('gain_match = ["utility", "compressor"]\n' + CHAIN)
    run = master(mix, matched, [load_target("premaster")], tmp_path / "a.wav")
    trim, compressor, eq = run.stages
    assert trim.gain_match_db == pytest.approx(-4.0, abs=0.01)
    assert trim.change_lu == pytest.approx(0.0, abs=0.02)
    # It hears the level that matching has left it, not that of the pass before.
    assert compressor.before_lufs == pytest.approx(-18.0, abs=0.03)
    assert compressor.gain_match_db != 0.0
    assert compressor.change_lu == pytest.approx(0.0, abs=0.02)
    assert eq.gain_match_db == 0.0
    said = json.loads((tmp_path / "a.wav.json").read_text())["solved"]["gain_match_db"]
    assert said == {each.id: each.gain_match_db for each in (trim, compressor)}


def test_all_can_be_matched_and_bypassed_ones_stay_alone(
    song: MakeSong, write: Write, preset: MakePreset, tmp_path: Path
) -> None:
    mix, options = write(song(4.0)), MasterOptions(gain_match=("all",))
    chain = preset(CHAIN + "bypass = true\n")
    run = master(mix, chain, [load_target("premaster")], tmp_path / "a.wav", options)
    assert run.stages[2].bypassed
    assert run.stages[2].gain_match_db == 0.0
    assert [stage.change_lu for stage in run.stages] == pytest.approx([0.0] * 3, abs=0.02)
    after = run.results[0].after
    assert after is not None
    assert after.integrated_lufs == pytest.approx(run.before.integrated_lufs, abs=0.05)


def test_silence_has_nothing_to_match(
    song: MakeSong, write: Write, preset: MakePreset, tmp_path: Path
) -> None:
    mix, options = write(0.0 * song(1.0)), MasterOptions(gain_match=("all",))
    run = master(mix, preset(CHAIN), [load_target("premaster")], tmp_path / "a.wav", options)
    assert [(stage.change_lu, stage.gain_match_db) for stage in run.stages] == [(None, 0.0)] * 3


def test_versions_side_by_side_match_as_one_by_one(
    song: MakeSong, write: Write, preset: MakePreset, target: MakeTarget, tmp_path: Path
) -> None:
    mix = write(song(3.0))
    presets = [preset(f'gain_match = ["{name}"]\n{CHAIN}') for name in ("utility", "compressor")]
    presets.append(preset(CHAIN))
    members = [Member(f"v{i}", each, tmp_path / f"v{i}.wav") for i, each in enumerate(presets)]
    place = load_target("premaster")
    results = master_family(open_mix(mix), measure_file(mix).figures, members, place)
    for i, (each, result) in enumerate(zip(presets, results, strict=True)):
        master(mix, each, [place], tmp_path / f"alone{i}.wav")
        assert result.master.file is not None
        assert result.master.file.read_bytes() == (tmp_path / f"alone{i}.wav").read_bytes()


def test_unknown_inserts_are_named(
    song: MakeSong, write: Write, preset: MakePreset, tmp_path: Path
) -> None:
    with pytest.raises(DocumentError, match=r"gain_match.*'glue' is no insert.*utility"):
        preset('gain_match = ["glue"]\n' + CHAIN)
    with pytest.raises(DocumentError, match="'limiter' is no insert"):
        preset('gain_match = ["limiter"]\n' + LIMITER)
    options = MasterOptions(gain_match=("glue",))
    with pytest.raises(UsageError, match="'glue' is no insert"):
        master(write(song(1.0)), preset(CHAIN), [load_target("cd")], tmp_path / "o", options)
