"""Playback systems: they sound as their tables say, and what is lost is what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.preview.music import RATE_HZ, tone, write

from mixmaster.arrays import Block
from mixmaster.documents.loading import load
from mixmaster.errors import DocumentError
from mixmaster.preview.master_file import read_master
from mixmaster.preview.system import CurvePoint, PlaybackSystem
from mixmaster.preview.systems import (
    BANDS,
    Lost,
    SystemFilter,
    all_systems,
    load_system,
    lost_on,
    sound_of,
    through_system,
)

SHIPPED = ("car", "club-sub", "earbuds", "laptop", "mono", "phone")


def lost(tmp_path: Path, signal: Block, name: str) -> Lost:
    master = read_master(write(tmp_path / "a.wav", signal))
    system = load_system(name).system
    return lost_on(name, sound_of(master), sound_of(master, through_system(master, system)))


def test_all_that_ship_are_there_and_say_where_they_come_from() -> None:
    found = {each.name: each.system for each in all_systems()}
    assert set(SHIPPED) <= set(found)
    for name in SHIPPED:
        assert found[name].source
        assert found[name].checked is not None


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "mono"])
def test_a_system_responds_as_its_table_says(name: str, rate_hz: int) -> None:
    system = load_system(name).system
    at_work = SystemFilter(system, rate_hz, 2)
    impulse = np.zeros((2, 65_536))
    impulse[:, 0] = 1.0
    heard = at_work.process(impulse)
    frames = np.arange(heard.shape[1])
    for point in system.curve:
        if point.frequency_hz < 0.45 * rate_hz and point.level_db > -60.0:
            turns = np.exp(-2j * np.pi * point.frequency_hz / rate_hz * frames)
            read = 20.0 * np.log10(np.abs(heard[0] @ turns))
            # Corners of the curve ring on for longer than the kernel is.
            assert read == pytest.approx(point.level_db, abs=0.1), point


def test_shipped_tables_are_what_their_derivation_says() -> None:
    # Butterworth of order n: -10 lg(1 + (f0 / f)^2n); Linkwitz-Riley: twice that of half the order.
    club = {point.frequency_hz: point.level_db for point in load_system("club-sub").system.curve}
    assert club[100.0] == pytest.approx(-6.02 - 10.0 * np.log10(1.0 + 0.3**8), abs=0.06)
    assert club[20.0] == pytest.approx(-10.0 * np.log10(1.0 + 1.5**8), abs=0.1)
    laptop = {point.frequency_hz: point.level_db for point in load_system("laptop").system.curve}
    assert laptop[80.0] == pytest.approx(-10.0 * np.log10(1.0 + (300.0 / 80.0) ** 8), abs=0.06)
    earbuds = {point.frequency_hz: point.level_db for point in load_system("earbuds").system.curve}
    assert earbuds[20.0] == pytest.approx(40.0 * np.log10(20.0 / 150.0), abs=0.2)


def test_between_its_points_a_curve_is_straight_over_octaves() -> None:
    points = (
        CurvePoint(frequency_hz=100.0, level_db=-6.0),
        CurvePoint(frequency_hz=400.0, level_db=0.0),
        CurvePoint(frequency_hz=800.0, level_db=0.0),
    )
    system = PlaybackSystem(format=1, kind="system", name="S", curve=points)
    levels = system.level_db(np.array([25.0, 50.0, 200.0, 6_400.0]))
    np.testing.assert_allclose(levels, [-12.0, -9.0, -3.0, 0.0], atol=1e-12)


def test_mono_is_half_of_left_and_half_of_right() -> None:
    signal = np.random.default_rng(1).standard_normal((2, 9_000))
    system = load_system("mono").system
    heard = SystemFilter(system, RATE_HZ, 2).process(signal)
    np.testing.assert_array_equal(heard, np.tile(0.5 * (signal[0] + signal[1]), (2, 1)))
    one = signal[:1]
    np.testing.assert_array_equal(SystemFilter(system, RATE_HZ, 1).process(one), one)


def test_blocks_equal_whole() -> None:
    signal = np.random.default_rng(1).standard_normal((2, 20_000))
    system = load_system("phone").system
    whole = SystemFilter(system, RATE_HZ, 2).process(signal)
    cut = SystemFilter(system, RATE_HZ, 2)
    pieces = [cut.process(signal[:, start : start + 8_192]) for start in range(0, 20_000, 8_192)]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), whole)


def test_what_is_lost_in_mono(tmp_path: Path) -> None:
    same = tone(-20.0)
    figures = lost(tmp_path, same, "mono")
    assert figures.loudness_lu == pytest.approx(0.0, abs=1e-6)
    assert figures.side_share == pytest.approx(0.0, abs=1e-9)
    # One side alone: half of the amplitude on both sides is half of the power.
    left = same * np.array([[1.0], [0.0]])
    figures = lost(tmp_path, left, "mono")
    assert figures.loudness_lu == pytest.approx(-3.01, abs=0.01)
    assert figures.side_share_before == pytest.approx(0.5, abs=1e-6)
    opposite = same * np.array([[1.0], [-1.0]])
    figures = lost(tmp_path, opposite, "mono")
    assert figures.loudness_lu is None  # there is nothing left to be loud
    assert figures.side_share_before == pytest.approx(1.0, abs=1e-6)


def test_a_tone_loses_what_the_table_says_and_bands_without_sound_lose_nothing(
    tmp_path: Path,
) -> None:
    figures = lost(tmp_path, tone(-20.0, 2.0, 50.0), "laptop")
    table = {point.frequency_hz: point.level_db for point in load_system("laptop").system.curve}
    bands = dict(zip((name for name, _, _ in BANDS), figures.bands_lu, strict=True))
    assert bands["sub"] == pytest.approx(table[50.0], abs=1.5)  # the fades are not as low
    assert figures.bass_db == pytest.approx(table[50.0], abs=1.5)
    assert bands["treble"] is None


def test_a_flat_climax_shows(tmp_path: Path) -> None:
    """A loud bass passage that the laptop does not play no longer stands out."""
    signal = np.concatenate((tone(-20.0, 4.0), tone(-6.0, 3.5, 50.0)), axis=1)
    figures = lost(tmp_path, signal, "laptop")
    assert figures.loudest_lu is not None
    assert figures.loudest_lu < -0.5


def test_curves_must_rise(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    points = "[{frequency_hz = 200.0, level_db = 0.0}, {frequency_hz = 100.0, level_db = 0.0}]"
    path.write_text(f'format = 1\nkind = "system"\nname = "Mine"\ncurve = {points}\n')
    with pytest.raises(DocumentError, match=r"curve\.1\.frequency_hz.*rising"):
        load(PlaybackSystem, path)
