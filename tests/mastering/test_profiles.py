"""Profiles: what is drawn from references, what documents hold, and how far a file is from one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.documents.finding import list_presets
from mixmaster.documents.loading import load, load_text
from mixmaster.documents.writing import to_toml
from mixmaster.errors import AudioFileError, DocumentError
from mixmaster.mastering.profile import OCTAVES_HZ, THIRDS_HZ, Profile, load_profile
from mixmaster.mastering.profile_building import build_profile, measure_track, midmean
from mixmaster.mastering.profile_deltas import deltas_of

RATE = 44_100
Write = Callable[..., Path]
HEAD = 'format = 1\nkind = "profile"\nname = "Test"\n'


def noise(seconds: float = 12.0, seed: int = 1, slope: float = 0.0, side: float = 0.5) -> Block:
    """White noise whose density falls by ``slope`` dB an octave, side ``20 log side`` under mid."""
    frames = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal((2, frames)), axis=1)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(frames, 1.0 / RATE), 20.0) / 1_000.0)
    mid, sides = 0.05 * np.fft.irfft(spectrum * 10.0 ** (-slope * octaves / 20.0), frames, axis=1)
    return np.stack((mid + side * sides, mid - side * sides))


def test_of_white_noise_third_octaves_rise_by_one_db_a_band(write: Write) -> None:
    """A band is 10^0.1 times as wide as the one below: 1 dB, and as many as there are kinds."""
    profile = build_profile([measure_track(write(noise()))], name="White")
    tone, width, low = profile.tone, profile.width, profile.low_end
    assert tone is not None
    assert width is not None
    assert low is not None
    assert tone.hz == THIRDS_HZ
    # 100 Hz to 10 kHz are 21 bands about 1 kHz: their mean is that of 1 kHz.
    off = np.array(tone.level_db) - np.arange(-14, 13)
    assert np.abs(off[10:]).max() < 0.3
    assert np.abs(off).max() < 1.5  # 12 s hold little of 9 Hz
    assert width.hz == OCTAVES_HZ
    assert np.allclose(width.level_db[2:], -6.02, atol=0.4)
    assert low.side_db == pytest.approx(-6.02, abs=1.5)
    assert profile.plr_db == pytest.approx(
        (profile.true_peak_dbtp or 0.0) - (profile.integrated_lufs or 0.0), abs=0.011
    )
    assert "sections of the one track" in profile.method
    assert profile.references == 1


def test_references_count_alike_whatever_their_level_and_outliers_little(write: Write) -> None:
    files = [
        write(gain * noise(8.0, seed=seed, slope=slope), f"{seed}.wav")
        for seed, (gain, slope) in enumerate(
            [(1.0, 0.0), (0.1, 2.0), (0.5, 1.0), (0.3, 1.0), (1.0, 9.0)]
        )
    ]
    profile = build_profile([measure_track(file) for file in files], name="Several")
    assert profile.tone is not None
    # Slopes 0, 1, 1, 2 and 9: of five values two and a half are kept, the third and three quarters
    # of the second and of the fourth.
    slope = (0.75 * 1.0 + 1.0 * 1.0 + 0.75 * 2.0) / 2.5
    wanted = (1.0 - slope * np.log2(10.0) / 10.0) * np.arange(-14, 13)
    assert np.abs(np.array(profile.tone.level_db) - wanted)[4:].max() < 0.6
    tolerance = dict(zip(profile.tone.hz, profile.tone.tolerance_db, strict=True))
    assert tolerance[1_000.0] < 1.0
    assert tolerance[10_000.0] > 2.0
    assert [each.name for each in profile.reference] == [file.name for file in files]
    assert profile.references == 5


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([3.0], 3.0),
        ([1.0, 2.0], 1.5),
        ([0.0, 1.0, 2.0, 99.0], 1.5),
        ([5.0, 1.0, 3.0, -1000.0, 1000.0], 3.0),
    ],
)
def test_the_midmean_leaves_a_quarter_out_at_either_end(values: list[float], wanted: float) -> None:
    assert midmean(np.array(values)) == pytest.approx(wanted)


def test_mono_has_no_width_and_a_cut_band_no_level(write: Write) -> None:
    signal = noise()[:1]
    spectrum = np.fft.rfft(signal, axis=1)
    spectrum[:, np.fft.rfftfreq(signal.shape[1], 1.0 / RATE) > 11_000.0] = 0.0
    profile = build_profile([measure_track(write(np.fft.irfft(spectrum, axis=1)))], name="Mono")
    assert profile.width is None
    assert profile.low_end is None
    assert profile.tone is not None
    assert profile.tone.hz[-1] == 10_000.0


@pytest.mark.parametrize("channels", [1, 2])
def test_silence_is_no_reference(channels: int, write: Write) -> None:
    with pytest.raises(AudioFileError, match="a reference needs music"):
        measure_track(write(np.zeros((channels, RATE))))
    with pytest.raises(AudioFileError, match="6 channels"):
        measure_track(write(np.ones((6, RATE)), "six.wav"))


def test_a_profile_that_is_written_reads_as_it_was(write: Write, tmp_path: Path) -> None:
    profile = build_profile(
        [measure_track(write(noise(7.0)))], name='A "name"', checked=dt.date(2026, 11, 20)
    )
    file = tmp_path / "profile.toml"
    file.write_text(to_toml(profile), encoding="utf-8")
    assert load(Profile, file) == profile


def test_deltas_are_those_of_the_shape(write: Write) -> None:
    profile = build_profile([measure_track(write(noise()))], name="White")
    louder = measure_track(write(2.0 * noise(slope=1.0, side=0.25), "other.wav"))
    deltas = deltas_of(profile, louder.figures)
    off = {band.hz: band.delta_db for band in deltas.tone}
    octave = -1.0 * np.log2(10.0) / 10.0  # of the slope, a band
    for band, hz in ((4, 100.0), (14, 1_000.0), (24, 10_000.0)):
        assert off[hz] == pytest.approx(octave * (band - 14), abs=0.1)
    assert all(band.delta_db == pytest.approx(-6.02, abs=0.2) for band in deltas.width)
    loudness = louder.figures.programme.integrated_lufs
    assert loudness is not None
    assert profile.integrated_lufs is not None
    assert deltas.figures[0].delta == pytest.approx(loudness - profile.integrated_lufs)
    # The root mean square of a straight line over 27 bands: slope times sqrt((n^2 - 1) / 12).
    assert deltas.distance_db == pytest.approx(abs(octave) * np.sqrt((27**2 - 1) / 12), abs=0.05)
    assert deltas.outside >= 8
    same = deltas_of(profile, measure_track(write(noise())).figures)
    assert same.outside == 0
    assert same.distance_db is not None
    assert same.distance_db < 0.02


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tone]\nhz = [100.0, 99.0]\nlevel_db = [0.0, 0.0]\n", "99 is no band here"),
        ("[tone]\nhz = [200.0, 100.0]\nlevel_db = [0.0, 0.0]\n", "rising order"),
        ("[tone]\nhz = [100.0, 200.0]\nlevel_db = [0.0]\n", "1 figures for 2 bands"),
        ("[tone]\nhz = [100.0]\nlevel_db = [0.0]\ntolerance_db = [1.0]\n", "fewer than two"),
        (
            "[tone]\nhz = [100.0, 200.0]\nlevel_db = [0.0, 900.0]\ntolerance_db = [1.0, 1.0]\n",
            "900 is not between",
        ),
        (
            "[tone]\nhz = [100.0, 200.0]\nlevel_db = [0.0, 1.0]\ntolerance_db = [1.0, -1.0]\n",
            "tolerance_db: is not between",
        ),
        ("[width]\nhz = [100.0]\nlevel_db = [0.0]\ntolerance_db = [1.0]\n", "100 is no band"),
        ("[low_end]\nbelow_hz = 120.0\n", "side_db: is missing"),
    ],
)
def test_documents_that_contradict_themselves_are_refused(text: str, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        load_text(Profile, HEAD + text)


def test_the_profiles_that_ship_tell_source_and_method() -> None:
    shipped = [each.name for each in list_presets("profile") if each.origin == "shipped"]
    assert shipped == ["neutral", "pink"]
    for name in shipped:
        profile = load_profile(name).profile
        assert profile.source
        assert profile.method
        assert profile.checked is not None
        assert profile.tone is not None
        assert profile.tone.hz == THIRDS_HZ


def test_neutral_falls_by_pestanas_slope_and_pink_is_level() -> None:
    neutral, pink = (load_profile(name).profile.tone for name in ("neutral", "pink"))
    assert neutral is not None
    assert pink is not None
    assert set(pink.level_db) == {0.0}
    level = dict(zip(neutral.hz, neutral.level_db, strict=True))
    # -5 dB an octave of density (Pestana et al. 2013) and 3.01 for the bands' widths; two decades.
    slope = (level[10_000.0] - level[100.0]) / np.log2(100.0)
    assert slope == pytest.approx(-5.0 + 10.0 * np.log10(2.0), abs=0.01)
    assert level[1_000.0] == 0.0
