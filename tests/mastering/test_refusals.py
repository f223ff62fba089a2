"""What cannot be had is refused with figures that are true; odd mixes get a sensible answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.arrays import Block
from mixmaster.errors import AudioFileError, OutputError, SignalError, UsageError
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.results import MasterResult
from mixmaster.mastering.run import (
    MasterOptions,
    NamedTarget,
    load_preset,
    load_target,
    master,
    output_paths,
)
from mixmaster.mixing.plan import Section

RATE = 44_100
Song = Callable[..., Block]
Write = Callable[..., Path]
MakePreset = Callable[[str], MasteringPreset]
MakeTarget = Callable[..., NamedTarget]

CAREFUL = '[[insert]]\neffect = "limiter"\nmax_gain_reduction_db = 3.0\n'
STREAMING = "integrated_lufs = {}\ntrue_peak_dbtp = -1.0\n"


def one(mix: Path, preset: MasteringPreset, target: NamedTarget, folder: Path) -> MasterResult:
    return master(mix, preset, [target], folder).results[0]


def test_too_much_reduction_is_refused_with_the_loudness_that_can_be_had(
    song: Song, write: Write, tmp_path: Path, preset: MakePreset, target: MakeTarget
) -> None:
    mix, chain = write(song(6.0)), preset(CAREFUL)
    refused = one(mix, chain, target(STREAMING.format(-7.0)), tmp_path / "a")
    assert refused.file is None
    assert "-7.00 LUFS cannot be had under -1.00 dBTP" in refused.refused
    assert refused.figures is not None
    assert refused.figures["needed_gain_reduction_db"] > 3.0
    reachable = refused.figures["reachable_lufs"]
    assert not (tmp_path / "a").exists()
    # The figure is true: so much is had, a little more is not.
    had = one(mix, chain, target(STREAMING.format(reachable - 0.05)), tmp_path / "b")
    assert had.limiter is not None
    assert 2.7 < had.limiter.max_db <= 3.0
    assert one(mix, chain, target(STREAMING.format(reachable + 0.1)), tmp_path / "c").refused


def test_a_loudness_that_no_limiter_reaches_is_refused(
    write: Write, tmp_path: Path, preset: MakePreset, target: MakeTarget
) -> None:
    clicks = np.zeros((2, 5 * RATE))
    clicks[:, ::4_410] = 0.5  # nothing but peaks: a limiter leaves them as quiet as they are
    refused = one(
        write(clicks),
        preset('[[insert]]\neffect = "limiter"\n'),
        target(STREAMING.format(-9.0)),
        tmp_path / "out",
    )
    assert "no gain into the limiter reaches it" in refused.refused
    assert refused.figures is not None
    assert refused.figures["reachable_lufs"] < -9.0


def test_without_a_limiter_peaks_over_the_ceiling_are_refused(
    song: Song, write: Write, tmp_path: Path, preset: MakePreset, target: MakeTarget
) -> None:
    mix, gain_only = write(song(5.0)), preset("")
    refused = one(mix, gain_only, target(STREAMING.format(-9.0)), tmp_path / "a")
    assert refused.figures is not None
    assert refused.figures["true_peak_dbtp"] > -1.0
    assert "add a limiter" in refused.refused
    reachable = refused.figures["reachable_lufs"]
    had = one(mix, gain_only, target(STREAMING.format(reachable - 0.01)), tmp_path / "b")
    assert had.after is not None
    assert had.after.true_peak_dbtp == pytest.approx(-1.0, abs=0.03)
    assert one(mix, gain_only, target(STREAMING.format(reachable + 0.1)), tmp_path / "c").refused


def test_a_refused_target_leaves_the_others_alone(
    song: Song, write: Write, tmp_path: Path, preset: MakePreset, target: MakeTarget
) -> None:
    targets = [
        target(STREAMING.format(-7.0), "loud"),
        target(STREAMING.format(-20.0), "quiet"),
    ]
    run = master(write(song(5.0)), preset(CAREFUL), targets, tmp_path / "out")
    assert [bool(result.refused) for result in run.results] == [True, False]
    assert run.exit_code == 1
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"mix_quiet.wav", "mix_quiet.wav.json"}


def test_a_targets_other_rules_are_kept(
    song: Song, write: Write, tmp_path: Path, preset: MakePreset, target: MakeTarget
) -> None:
    refused = one(
        write(song(8.0)),
        preset(CAREFUL),
        target(f"max_short_term_lufs = -20.1\n{STREAMING.format(-20.0)}"),
        tmp_path / "out",
    )
    assert refused.figures is not None
    assert refused.figures["short_term_lufs"] > -20.1


@pytest.mark.parametrize(("seconds", "level"), [(2.0, 0.0), (0.3, 0.1)])
def test_silence_and_snippets_have_no_loudness_but_can_be_delivered_as_they_are(
    song: Song, write: Write, tmp_path: Path, seconds: float, level: float
) -> None:
    mix = write(level * song(seconds))
    targets = [load_target("spotify"), load_target("premaster")]
    run = master(mix, load_preset("transparent"), targets, tmp_path / "out")
    spotify, premaster = run.results
    assert "silent, or shorter than 0.4 s" in spotify.refused
    assert premaster.file is not None
    assert any("no loudness" in note for note in run.notes)
    assert run.before.integrated_lufs is None


def test_mono_stays_mono_and_is_measured_as_it_is(song: Song, write: Write, tmp_path: Path) -> None:
    mix = write(song(5.0, channels=1))
    chain, spotify = load_preset("loud"), [load_target("youtube")]
    run = master(mix, chain, spotify, tmp_path / "one")
    assert run.notes == ("master.insert.width is left out: the mix is mono",)
    one_speaker = run.results[0]
    two = MasterOptions(dual_mono=True)
    two_speakers = master(mix, chain, spotify, tmp_path / "two", two).results[0]
    assert one_speaker.file is not None
    assert two_speakers.file is not None
    levels = []
    for result in (one_speaker, two_speakers):
        assert result.file is not None
        assert result.after is not None
        samples, _ = soundfile.read(result.file)
        assert samples.ndim == 1
        assert result.after.integrated_lufs == pytest.approx(-14.0, abs=0.05)
        levels.append(20 * np.log10(np.sqrt(np.mean(np.square(samples)))))
    # On two loudspeakers the same file is 3.01 LU louder, so it is mastered quieter.
    assert levels[0] - levels[1] == pytest.approx(3.0, abs=0.8)


def test_float_peaks_of_12_dbfs_are_mastered_like_any_mix(
    song: Song, write: Write, tmp_path: Path
) -> None:
    signal = song(5.0)
    hot = signal * 4.0 / np.abs(signal).max()
    cd, chain = load_target("cd"), load_preset("warm")
    files = []
    for name, mix in (("hot", write(hot, "hot.wav")), ("cool", write(hot / 16.0, "cool.wav"))):
        result = one(mix, chain, cd, tmp_path / name)
        assert result.file is not None
        files.append(soundfile.read(result.file)[0])
    # Staging makes the level of the mix irrelevant; 16-bit dither is all that may differ.
    assert np.abs(files[0] - files[1]).max() < 3 * 2.0**-15


def test_dc_is_not_taken_for_loudness(write: Write, tmp_path: Path) -> None:
    mix = write(np.full((2, 3 * RATE), 0.5))
    result = one(mix, load_preset("transparent"), load_target("spotify"), tmp_path / "out")
    # K-weighting hears only the steps at its ends, and a limiter lowers those with the rest.
    assert result.file is None
    assert result.figures is not None
    assert result.figures["reachable_lufs"] < -15.0


def test_nan_in_the_mix_names_file_and_time(song: Song, write: Write, tmp_path: Path) -> None:
    signal = song(2.0)
    signal[1, RATE] = np.nan
    with pytest.raises(SignalError, match=r"mix\.wav.*1\.000 s"):
        one(write(signal), load_preset("warm"), load_target("cd"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_more_than_two_channels_are_refused(write: Write, tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="6 channels"):
        one(write(np.zeros((6, 100))), load_preset("warm"), load_target("cd"), tmp_path)


def test_outputs_that_contradict_the_targets(
    song: Song, write: Write, tmp_path: Path, preset: MakePreset
) -> None:
    cd, spotify = load_target("cd"), load_target("spotify")
    for output, targets, said in (
        (tmp_path / "a.wav", [cd, spotify], "one file for 2 targets"),
        (tmp_path / "a.wav", [spotify], "delivered as flac"),
        (tmp_path, [cd, cd], "named twice"),
        (tmp_path, [], "no target"),
    ):
        with pytest.raises(UsageError, match=said):
            output_paths(output, "song", targets)
    assert output_paths(tmp_path / "a.flac", "song", [spotify])["spotify"] == tmp_path / "a.flac"
    with pytest.raises(OutputError):
        output_paths(tmp_path, "../song", [cd])
    mix = write(song(1.0))
    with pytest.raises(OutputError, match="also an input"):
        master(mix, preset(""), [load_target("premaster")], mix, MasterOptions(overwrite=True))


def test_an_existing_file_that_is_not_ours_is_kept(
    song: Song, write: Write, tmp_path: Path
) -> None:
    mix, output = write(song(2.0)), tmp_path / "master.wav"
    output.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        one(mix, load_preset("warm"), load_target("cd"), output)
    assert output.read_bytes() == b"mine"


def test_a_section_outside_the_song(song: Song, write: Write, tmp_path: Path) -> None:
    options = MasterOptions(section=Section(5.0, 6.0))
    with pytest.raises(UsageError, match="holds nothing"):
        master(write(song(2.0)), load_preset("warm"), [load_target("cd")], tmp_path / "o", options)
