from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.stereo_bands import StereoBands
from mixmaster.errors import DocumentError

HERE = BlockContext()
RATE_HZ = 48_000


def bands(*rows: tuple[float | None, float]) -> StereoBands:
    tables: list[dict[str, Any]] = [{"width": width} for _, width in rows]
    for table, (hz, _) in zip(tables, rows, strict=True):
        if hz is not None:
            table["up_to_hz"] = hz
    return StereoBands.model_validate({"bands": tables})


def sides(settings: StereoBands) -> tuple[Block, Block]:
    """Magnitudes of middle and side of a click on the left, 1 Hz a bin."""
    block = np.zeros((2, RATE_HZ))
    block[0, 0] = 1.0
    left, right = settings.prepare(Context(RATE_HZ, 2)).process(block, HERE)
    return np.abs(np.fft.rfft(left + right)), np.abs(np.fft.rfft(left - right))


def test_each_band_is_as_wide_as_it_says_and_the_middle_is_flat() -> None:
    middle, side = sides(bands((150.0, 0.0), (3_000.0, 1.0), (None, 1.5)))
    assert np.max(np.abs(middle - 1.0)) < 1e-6
    assert side[30] < 0.01
    assert side[700] == pytest.approx(1.0, abs=0.01)
    assert side[15_000] == pytest.approx(1.5, abs=0.01)
    # Both halves of a Linkwitz-Riley crossover are 6.02 dB down at the corner, and in phase.
    assert side[3_000] == pytest.approx(0.5 * (1.0 + 1.5), abs=0.005)
    assert side[150] == pytest.approx(0.5, abs=0.005)


def test_what_is_as_wide_as_before_stays_in_its_place() -> None:
    """Middle and side are turned alike: a sound on the left stays on the left."""
    block = np.zeros((2, RATE_HZ))
    block[0, 0] = 1.0
    settings = bands((150.0, 0.0), (None, 1.0))
    left, right = np.abs(np.fft.rfft(settings.prepare(Context(RATE_HZ, 2)).process(block, HERE)))
    assert left[5_000] == pytest.approx(1.0, abs=1e-5)
    assert right[5_000] < 1e-5


def test_one_band_is_the_plain_width() -> None:
    block = np.random.default_rng(1).standard_normal((2, 4_096))
    left, right = bands((None, 0.5)).prepare(Context(RATE_HZ, 2)).process(block, HERE)
    assert np.allclose(left + right, block[0] + block[1], atol=1e-14)
    assert np.allclose(left - right, 0.5 * (block[0] - block[1]), atol=1e-14)


def test_widths_that_stand_still_are_the_widths() -> None:
    block = np.random.default_rng(4).standard_normal((2, 8_192))
    addresses = ("bands.1.width", "bands.3.width")
    context = Context(RATE_HZ, 2, automated=frozenset(addresses))
    start = bands((200.0, 1.0), (4_000.0, 0.7), (None, 1.0)).prepare(context)
    curves = {"bands.1.width": np.full(8_192, 0.2), "bands.3.width": np.full(8_192, 1.8)}
    moved = start.process(block, BlockContext(automation=curves))
    still = bands((200.0, 0.2), (4_000.0, 0.7), (None, 1.8)).prepare(Context(RATE_HZ, 2))
    assert np.max(np.abs(moved - still.process(block, HERE))) < 1e-12


@pytest.mark.parametrize(
    ("rows", "key", "reason"),
    [
        (((200.0, 1.0), (100.0, 1.0), (None, 1.0)), "bands.2.up_to_hz", "not above the band"),
        (((None, 1.0), (None, 1.0)), "bands.1.up_to_hz", "is missing"),
        (((200.0, 1.0), (300.0, 1.0)), "bands.2.up_to_hz", "the last band goes to the top"),
    ],
)
def test_bands_that_make_no_sense_say_so(
    rows: tuple[tuple[float | None, float], ...], key: str, reason: str
) -> None:
    with pytest.raises(ValidationError, match=f"{key}: .*{reason}"):
        bands(*rows)


def test_a_corner_above_nyquist_and_a_mono_strip_are_refused() -> None:
    settings = bands((5_000.0, 0.5), (None, 1.0))
    with pytest.raises(DocumentError, match=r"bands.1.up_to_hz: 5000 Hz cannot exist at 8000 Hz"):
        settings.prepare(Context(8_000, 2))
    with pytest.raises(DocumentError, match="two channels, not 1"):
        settings.prepare(Context(RATE_HZ, 1))
