"""Mixes that nobody wants: each becomes a sensible master, or is refused in plain words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.arrays import Block
from mixmaster.documents.finding import list_presets
from mixmaster.errors import AudioFileError, DocumentError
from mixmaster.mastering.results import MasterResult
from mixmaster.mastering.run import MasterOptions, load_preset, load_target, master
from mixmaster.units import gain_to_db

Song = Callable[..., Block]
Write = Callable[..., Path]
PRESETS = [each.name for each in list_presets("mastering") if each.origin == "shipped"]


def sound(result: MasterResult, ceiling_dbtp: float) -> None:
    """Assert that there is a master, under its ceiling, of finite samples, and not silent."""
    assert result.file is not None, result.refused
    samples, _ = soundfile.read(result.file)
    assert np.all(np.isfinite(samples))
    assert np.abs(samples).max() > 0.01
    assert result.after is not None
    assert result.after.true_peak_dbtp is not None
    assert result.after.true_peak_dbtp <= ceiling_dbtp


@pytest.mark.parametrize("name", PRESETS)
def test_mono_through_every_preset(song: Song, write: Write, tmp_path: Path, name: str) -> None:
    mix = write(song(2.0, channels=1))
    run = master(mix, load_preset(name), [load_target("youtube")], tmp_path / "o")
    sound(run.results[0], -1.0)
    assert all("mono" in note for note in run.notes)
    stereo = {"open": 2, "vinyl-premaster": 1, "loud": 1, "lo-fi": 1, "hip-hop": 1}
    assert len(run.notes) == stereo.get(name, 0)


@pytest.mark.parametrize("name", PRESETS)
def test_silence_through_every_preset(song: Song, write: Write, tmp_path: Path, name: str) -> None:
    targets = [load_target(place) for place in ("spotify", "premaster", "vinyl")]
    run = master(write(0.0 * song(1.0)), load_preset(name), targets, tmp_path / "o")
    spotify, premaster, vinyl = run.results
    assert "silent" in spotify.refused
    for result in (premaster, vinyl):
        assert result.file is not None, result.refused
        samples, _ = soundfile.read(result.file)
        assert np.abs(samples).max() <= 2 * 2.0**-23  # 24-bit dither at most


@pytest.mark.parametrize("rate", [8_000, 192_000])
def test_the_lowest_and_the_highest_rate(
    song: Song, write: Write, tmp_path: Path, rate: int
) -> None:
    mix = write(song(1.5, rate=rate), rate=rate)
    places = [load_target(name) for name in ("youtube", "cd", "ebu-r128")]
    run = master(mix, load_preset("transparent"), places, tmp_path / "o")
    rates = []
    for result, ceiling in zip(run.results, (-1.0, -0.3, -1.0), strict=True):
        sound(result, ceiling)
        assert result.file is not None
        rates.append(soundfile.info(result.file).samplerate)
    assert rates == [rate, 44_100, 48_000]


def test_a_preset_that_reaches_over_half_the_rate_says_so(
    song: Song, write: Write, tmp_path: Path
) -> None:
    mix = write(song(1.0, rate=8_000), rate=8_000)
    with pytest.raises(DocumentError, match=r"master\.insert\.eq.*9000 Hz cannot exist at 8000"):
        master(mix, load_preset("warm"), [load_target("cd")], tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_a_mix_that_is_crushed_already_is_only_turned_down(
    song: Song, write: Write, tmp_path: Path
) -> None:
    crushed = np.clip(60.0 * song(3.0), -0.8, 0.8)
    run = master(write(crushed), load_preset("classical"), [load_target("spotify")], tmp_path / "o")
    assert run.before.integrated_lufs is not None
    assert run.before.integrated_lufs > -3.5
    (result,) = run.results
    sound(result, -1.0)
    assert result.limiter is not None
    assert result.limiter.max_db == 0.0
    louder = MasterOptions(loudness_lufs=-4.0)
    (hot,) = master(
        write(crushed), load_preset("loud"), [load_target("youtube")], tmp_path / "p", louder
    ).results
    # Had, or refused with what can be had; never more than the ceiling.
    if hot.file is not None:
        sound(hot, -1.0)
    else:
        assert hot.figures is not None
        assert hot.figures["reachable_lufs"] < -4.0


def test_an_offset_does_not_cost_headroom_that_the_preset_could_give_back(
    song: Song, write: Write, tmp_path: Path
) -> None:
    music = 0.3 * song(3.0)
    (result,) = master(
        write(music + 0.4), load_preset("transparent"), [load_target("youtube")], tmp_path / "o"
    ).results
    sound(result, -1.0)
    assert result.file is not None
    samples, _ = soundfile.read(result.file)
    offset_db = gain_to_db(float(np.abs(samples[4_410:].mean(axis=0)).max()))
    assert offset_db < -50.0  # its high-pass took the offset away


@pytest.mark.parametrize("seconds", [0.3, 0.001])
def test_snippets(song: Song, write: Write, tmp_path: Path, seconds: float) -> None:
    mix = write(song(seconds)[:, : max(1, round(seconds * 44_100))])
    places = [load_target(name) for name in ("spotify", "premaster", "vinyl")]
    run = master(mix, load_preset("open"), places, tmp_path / "o", MasterOptions(trim=True))
    assert "shorter than 0.4 s" in run.results[0].refused
    assert run.results[1].file is not None
    assert run.results[2].file is not None
    assert run.results[2].after is not None
    peak = run.results[2].after.true_peak_dbtp
    assert peak is None or peak <= -3.0


def test_peaks_of_12_dbfs_for_a_place_that_takes_them_as_they_are(
    song: Song, write: Write, tmp_path: Path
) -> None:
    signal = song(2.0)
    hot = signal * 4.0 / np.abs(signal).max()
    run = master(write(hot), load_preset("classical"), [load_target("premaster")], tmp_path / "o")
    after = run.results[0].after
    assert after is not None
    assert after.sample_peak_dbfs == pytest.approx(12.04, abs=1.5)


def test_six_channels_are_refused_by_name(write: Write, tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"mix\.wav.*6 channels.*mono or stereo"):
        master(
            write(np.zeros((6, 4_410))), load_preset("warm"), [load_target("cd")], tmp_path / "o"
        )
