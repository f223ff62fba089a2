"""The solver: finds the gain, or says what is the most there is."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.mastering.solver import MOST_DRIVE_DB, UnreachableError, solve_gain_db


@given(st.floats(-30.0, -3.5), st.floats(0.5, 6.0))
@settings(deadline=None, max_examples=60)
def test_finds_the_gain_of_a_saturating_curve(wanted: float, softness: float) -> None:
    # Loudness follows the gain until it leans against -3 LUFS.
    def loudness(gain_db: float) -> float:
        return -3.0 - softness * math.log1p(math.exp(-(gain_db - 17.0) / softness))

    plain = -20.0
    if loudness(wanted - plain + MOST_DRIVE_DB) < wanted:
        with pytest.raises(UnreachableError) as caught:
            solve_gain_db(loudness, wanted, wanted - plain)
        assert caught.value.loudest_lufs == pytest.approx(loudness(caught.value.gain_db))
    else:
        gain = solve_gain_db(loudness, wanted, wanted - plain)
        assert loudness(gain) == pytest.approx(wanted, abs=0.002)


def test_takes_the_plain_gain_where_nothing_is_limited() -> None:
    calls = []

    def loudness(gain_db: float) -> float:
        calls.append(gain_db)
        return gain_db - 20.0

    assert solve_gain_db(loudness, -14.0, 6.0) == 6.0
    assert len(calls) == 1


def test_says_how_loud_it_can_be() -> None:
    with pytest.raises(UnreachableError) as caught:
        solve_gain_db(lambda gain_db: min(gain_db - 20.0, -8.0), -6.0, 14.0)
    assert caught.value.loudest_lufs == pytest.approx(-8.0)
