"""Spectra against a reference: what the guide is, and what level-matching leaves."""

from __future__ import annotations

import numpy as np
import pytest
from tests.pages.subjects import RATE_HZ, subject, subject_of

from mixmaster.pages.axes import WIDE
from mixmaster.pages.scene import Panel, Polyline
from mixmaster.pages.spectrum import (
    GUIDE_DB_PER_OCTAVE,
    matched,
    neutral_guide,
    reference_curve,
    spectrum_scene,
)
from mixmaster.pages.subject import TonalCurve


def test_the_guide_falls_by_five_db_per_octave_of_density() -> None:
    # Bands of constant relative width hold 3.01 dB more an octave than the density says.
    assert pytest.approx(-5.0 + 3.0103, abs=1e-4) == GUIDE_DB_PER_OCTAVE
    guide = neutral_guide()
    octaves = np.log2(guide.hz[-1] / guide.hz[0])
    assert guide.db[-1] - guide.db[0] == pytest.approx(GUIDE_DB_PER_OCTAVE * octaves)
    assert "Pestana" in guide.source


def test_a_curve_against_itself_at_another_level_differs_nowhere() -> None:
    file = subject("stereo")
    reference = reference_curve(file)
    louder = TonalCurve("", reference.hz, reference.db + 11.0, "")
    off = reference.db - matched(louder, reference.hz, reference.db)
    assert np.abs(off).max() < 1e-9


def test_matching_looks_at_the_range_where_music_is() -> None:
    hz = np.geomspace(20.0, 20_000.0, 121)
    flat = TonalCurve("", hz, np.zeros(121), "")
    rumble = np.where(hz < 60.0, 40.0, 0.0)  # what lies below does not move the whole
    assert matched(flat, hz, rumble) == pytest.approx(np.zeros(121))


def test_a_reference_that_ends_earlier_is_not_carried_on() -> None:
    hz = np.geomspace(20.0, 20_000.0, 121)
    short = TonalCurve("", hz[hz < 8_000.0], np.zeros(int((hz < 8_000.0).sum())), "")
    found = matched(short, hz, np.zeros(121))
    assert np.isnan(found[hz > 8_000.0]).all()
    assert np.isfinite(found[hz < 7_000.0]).all()


def test_silence_is_matched_with_nothing() -> None:
    hz = np.geomspace(20.0, 20_000.0, 10)
    assert np.isnan(matched(neutral_guide(), hz, np.full(10, np.nan))).all()


def test_white_noise_is_drawn_with_its_rise() -> None:
    white = np.random.default_rng(8).standard_normal((2, 20 * RATE_HZ)) * 0.1
    file = subject_of(white)
    scene = spectrum_scene(file, WIDE, neutral_guide())
    field = next(mark for mark in scene.marks if isinstance(mark, Panel))
    lines = [mark for mark in field.marks if isinstance(mark, Polyline) and mark.role == "s0"]
    x, y = max(lines, key=lambda line: len(line.points)).points.T
    inside = (x > 250.0) & (x < 850.0)
    slope = np.polyfit(x[inside], y[inside], 1)[0]
    # In bands of constant relative width it rises by 3.01 dB an octave: so many pixels of a
    # field of 60 dB over so many of one from 20 Hz to the highest frequency; y runs downwards.
    octave = field.width / np.log2(file.survey.spectrum.smooth_hz[-1] / 20.0)
    assert slope == pytest.approx(-3.0103 * (field.height / 60.0) / octave, rel=0.03)
