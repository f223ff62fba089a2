"""The tempo as curves: what the map says, frame by frame, however it is cut."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.documents.tempo import TempoMap
from mixmaster.engine.tempo import TempoCurve, tempo_curves

RATE = 1_000
SONG = TempoMap.model_validate(
    {
        "start_s": 0.5,
        "change": [
            {"at": "1", "tempo_bpm": 120.0, "ramp": True},
            {"at": "3", "tempo_bpm": 60.0},
            {"at": "4", "tempo_bpm": 90.0, "ramp": True, "time_signature": "6/8"},
            {"at": "6", "tempo_bpm": 180.0},
        ],
    }
)


def test_the_position_is_where_bars_begin() -> None:
    position = TempoCurve(SONG, RATE, position=True).values(-500, 20_000)
    # Quarter notes from bar 1: four a bar, then three of 6/8.
    for bar, quarters in enumerate((0.0, 4.0, 8.0, 12.0, 15.0, 18.0, 21.0), start=1):
        frame = SONG.seconds(str(bar)) * RATE + 500
        found = np.interp(frame, np.arange(20_000), position)
        np.testing.assert_allclose(found, quarters, atol=1e-3)
    assert (np.diff(position) > 0.0).all()


def test_the_tempo_is_the_slope_of_the_position() -> None:
    tempo = TempoCurve(SONG, RATE).values(-500, 16_000)
    position = TempoCurve(SONG, RATE, position=True).values(-500, 16_001)
    steps = np.diff(position) * RATE * 60.0
    jumps = [round(s * RATE) + 500 for s, *_ in SONG.stretches()]
    away = np.array([min(abs(at - jump) for jump in jumps) > 1 for at in range(16_000)])
    np.testing.assert_allclose(steps[away], tempo[away], rtol=2e-3)
    assert set(tempo[:1_000]) == {120.0}
    for frame in (0, 700, 2_000, 5_555, 9_000, 15_000):
        np.testing.assert_allclose(tempo[frame + 500], SONG.tempo_bpm_at(frame / RATE), rtol=1e-12)


@settings(deadline=None, max_examples=20)
@given(cuts=st.lists(st.integers(0, 16_000), max_size=5), position=st.booleans())
def test_blocks_may_be_cut_anywhere(cuts: list[int], position: bool) -> None:
    curve = TempoCurve(SONG, RATE, position=position)
    whole = curve.values(0, 16_000)
    edges = sorted({0, 16_000, *cuts})
    parts = [curve.values(begin, end - begin) for begin, end in itertools.pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_a_tempo_that_stands_still_needs_no_curve() -> None:
    assert not tempo_curves(None, RATE)
    assert not tempo_curves(TempoMap.constant(100.0), RATE)
    assert set(tempo_curves(SONG, RATE)) == {"tempo_bpm", "song_quarters"}
