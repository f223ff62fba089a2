"""Names of versions, and their settings in words."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from mixmaster.arrays import Block
from mixmaster.comparing.choice import choose
from mixmaster.comparing.recipe import file_name, resolved
from mixmaster.comparing.run import CompareRun
from mixmaster.comparing.settings import differing_settings, words_of
from mixmaster.comparing.sources import plan_comparison
from mixmaster.documents.loading import load_text
from mixmaster.documents.writing import to_toml
from mixmaster.errors import AudioFileError, DocumentError, OutputError, UsageError
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import load_preset, load_target

MakeSong = Callable[..., Block]
Write = Callable[..., Path]
Compare = Callable[..., CompareRun]


def preset(text: str) -> MasteringPreset:
    return load_text(MasteringPreset, f'format = 1\nkind = "mastering"\nname = "Test"\n{text}')


EQ = """[[insert]]
effect = "eq"
bands = [{{ shape = "bell", frequency_hz = 300.0, gain_db = {} }}]
"""
COMPRESSOR = '[[insert]]\neffect = "compressor"\nratio = {}\nthreshold_db = -20.0\n'


def test_settings_that_differ_are_told_with_units() -> None:
    presets = [
        preset(EQ.format(1.5) + COMPRESSOR.format(2.0)),
        preset(EQ.format(-1.0) + COMPRESSOR.format(2.0)),
        preset(EQ.format(1.5) + COMPRESSOR.format(4.0) + '[[insert]]\neffect = "saturation"\n'),
        None,
    ]
    rows = differing_settings(presets)
    told = {row.address: (row.insert, row.name, row.values) for row in rows}
    assert told["insert.eq.bands.1.gain_db"] == (
        "EQ, band 1",
        "Gain",
        ("1.5 dB", "−1 dB", "1.5 dB", ""),
    )
    assert told["insert.compressor.ratio"][2] == ("2:1", "2:1", "4:1", "")
    assert told["insert.saturation"][2] == ("–", "–", "in use", "")
    assert "insert.compressor.threshold_db" not in told  # the same in all
    assert "insert.saturation.drive_db" not in told  # at its default where it is there
    words = [words_of(rows, presets, i) for i in range(4)]
    assert "EQ: bell −1 dB at 300 Hz" in words[1]
    assert "Compressor: ratio 4:1" in words[2]
    assert "Saturation" in words[2]
    assert words[3] == ()
    assert not any("threshold" in word for each in words for word in each)


def test_equal_presets_have_nothing_to_tell() -> None:
    presets = [load_preset("warm"), load_preset("warm")]
    assert differing_settings(presets) == ()
    assert words_of((), presets, 0) == ()


def test_loudness_that_the_target_settles_is_no_difference() -> None:
    presets = [preset("integrated_lufs = -9.0\n"), preset("integrated_lufs = -14.0\n")]
    assert [row.address for row in differing_settings(presets)] == ["integrated_lufs"]
    assert differing_settings(presets, loudness_is_given=True) == ()


@pytest.mark.parametrize("name", ["transparent", "loud", "warm", "voice"])
def test_a_preset_written_out_reads_back_as_it_was(name: str) -> None:
    original = load_preset(name)
    assert load_text(MasteringPreset, to_toml(original)) == original
    pinned = resolved(original)
    assert all(effect.revision == effect.sound_revision for effect in pinned.insert)
    assert load_text(MasteringPreset, to_toml(pinned)) == pinned


def test_awkward_texts_survive_toml() -> None:
    awkward = 'quotes " and \\ back, \t tab, \n line, \x7f, "]] = [ # ünïcödé 🎛'
    original = preset("").model_copy(update={"description": awkward})
    assert load_text(MasteringPreset, to_toml(original)) == original


def test_versions_of_one_name_are_told_apart(song: MakeSong, write: Write, tmp_path: Path) -> None:
    signal = song(0.5)
    for folder in ("monday", "friday"):
        (tmp_path / folder).mkdir()
    files = [write(signal, "monday/mix.wav"), write(signal, "friday/mix.wav")]
    files.append(write(signal, "<img onerror=x>.wav"))
    plan = plan_comparison(files, [], load_target("streaming"), target_name="streaming")
    assert [v.name for v in plan.versions] == [
        "monday/mix.wav",
        "friday/mix.wav",
        "<img onerror=x>",
    ]


def test_usage_that_makes_no_sense_is_refused(song: MakeSong, write: Write, tmp_path: Path) -> None:
    mix = write(song(0.5), "mix.wav")
    target = load_target("streaming")

    def plan(files: list[Path], presets: list[str]) -> None:
        plan_comparison(files, presets, target, target_name="streaming")

    with pytest.raises(UsageError, match="one version only"):
        plan([mix], [])
    with pytest.raises(UsageError, match="--original"):
        plan([mix], ["warm"])
    with pytest.raises(UsageError, match="named twice"):
        plan([mix, mix], [])
    (tmp_path / "link.wav").symlink_to(mix)
    with pytest.raises(UsageError, match="named twice"):
        plan([mix, tmp_path / "link.wav"], [])
    with pytest.raises(UsageError, match="warm is named twice"):
        plan([mix], ["warm", "warm"])
    with pytest.raises(DocumentError, match="did you mean 'warm'"):
        plan([mix], ["warn", "loud"])
    with pytest.raises(AudioFileError, match="no such file"):
        plan([mix, tmp_path / "none.wav"], [])
    (tmp_path / "text.wav").write_text("<html>")
    with pytest.raises(AudioFileError):
        plan([mix, tmp_path / "text.wav"], [])


@pytest.mark.parametrize(
    ("name", "file"),
    [("warm", "warm"), ("../../etc/passwd", "etc-passwd"), ("...", "version"), ("a b<c>", "a-b-c")],
)
def test_file_names_are_tame(name: str, file: str) -> None:
    assert file_name(name) == file


def test_the_winner_can_be_rendered_again(
    song: MakeSong, write: Write, ab: Compare, tmp_path: Path
) -> None:
    mix = write(song(1.5), "-my 'mix'.wav")
    own = tmp_path / "own.toml"
    own.write_text(to_toml(preset('integrated_lufs = -20.0\n[[insert]]\neffect = "limiter"\n')))
    run = ab(mix, presets=(str(own),), original=True)
    choice = choose(run.folder, "own")
    assert choice.preset == run.folder / "own.toml"
    assert load_preset(str(choice.preset)) == resolved(load_preset(str(own)))
    assert choice.file.exists()
    assert choice.command is not None
    assert shlex.split(choice.command)[:3] == ["mixmaster", "master", "./-my 'mix'.wav"]
    assert choose(run.folder, "v1").preset == choice.preset  # once more, by its id
    choice.preset.write_text("mine")
    with pytest.raises(OutputError, match="something else"):
        choose(run.folder, "own")
    assert choose(run.folder, "own", overwrite=True).preset == choice.preset
    assert choose(run.folder, "mix").command is None
    with pytest.raises(UsageError, match="did you mean 'own'"):
        choose(run.folder, "owm")
