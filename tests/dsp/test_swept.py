from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import sosfilt

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp import filters
from mixmaster.dsp.swept import STEP_FRAMES, SweptSection

RATE = 48_000

SECTIONS = {
    "bell": filters.bell(1_000.0, 6.0, 1.0, RATE),
    "low bell": filters.bell(25.0, 12.0, 8.0, RATE),
    "shelf": filters.high_shelf(10_000.0, -9.0, 0.7, RATE),
    "first order": filters.high_pass(50.0, 6, RATE),
    "high-pass": filters.high_pass(30.0, 12, RATE),
    "low-pass": filters.low_pass(18_000.0, 12, RATE),
    "notch": filters.notch(300.0, 10.0, RATE),
    "all-pass": filters.all_pass(900.0, 2.0, RATE),
    "overdamped": filters.bell(200.0, 3.0, 0.1, RATE),
}


def noise(frames: int, channels: int = 2) -> Block:
    return np.asarray(np.random.default_rng(frames).uniform(-1.0, 1.0, (channels, frames)))


def sweep(count: int) -> Block:
    """A bell that runs from 100 Hz to 10 kHz and back while it opens and closes, with rests."""
    turn = np.clip(1.5 * np.sin(np.linspace(0.0, 12.0, count)), -1.0, 1.0)
    return np.concatenate(
        [filters.bell(1_000.0 * 10.0**u, 12.0 * u, 4.0**u, RATE) for u in turn.tolist()]
    )


def restless(rows: Block) -> Block:
    """The same rows, but for a movement that no one could measure: nothing stands still."""
    trembling = rows.copy()
    trembling[::2, 0] *= 1.0 + 1e-15
    return trembling


@pytest.mark.parametrize("name", list(SECTIONS))
@pytest.mark.parametrize("frames", [65_536, 1_000])
def test_a_section_that_stands_still_is_that_section(name: str, frames: int) -> None:
    sos = SECTIONS[name]
    signal = noise(frames)
    rows = np.repeat(sos, -(-frames // STEP_FRAMES), axis=0)
    heard = SweptSection(2, sos[0]).process(signal, rows)
    assert np.array_equal(heard, sosfilt(sos, signal))
    heard = SweptSection(2, sos[0]).process(signal, restless(rows))
    assert np.max(np.abs(heard - sosfilt(sos, signal))) < 2e-10


def test_from_standing_to_moving_and_back_nothing_is_lost() -> None:
    """Low and narrow, where states are hardest to tell; and through 0 dB, where none is heard."""
    rests = (0.0, 6.0, -6.0, 12.0, 0.0)
    ramps = [np.linspace(a, b, 90) for a, b in pairwise(rests)]
    gains = np.concatenate([np.concatenate((np.full(300, r[0]), r)) for r in ramps])
    rows = np.concatenate([filters.bell(30.0, gain, 6.0, RATE) for gain in gains.tolist()])
    signal = noise(rows.shape[0] * STEP_FRAMES)
    heard = SweptSection(2, rows[0]).process(signal, rows)
    moving = SweptSection(2, rows[0]).process(signal, restless(rows))
    assert np.max(np.abs(heard - moving)) < 1e-8


def test_it_is_the_recursion_frame_by_frame() -> None:
    """The trapezoidal state-variable filter, written out, with figures on a quadratic spline."""
    frames = 640
    signal, rows = noise(frames, 1), sweep(11)
    section = SweptSection(1, rows[0])
    heard = section.process(signal, rows[1:])

    def figures(row: Block) -> Block:
        b0, b1, b2, _, a1, a2 = row
        g = np.sqrt((1 + a1 + a2) / (1 - a1 + a2))
        n = 4.0 / (1 - a1 + a2)
        return np.array(
            [
                g,
                (1 - a2) * n / (2 * g),
                (b0 - b1 + b2) * n / 4,
                (b0 - b2) * n / (2 * g),
                (b0 + b1 + b2) * n / (4 * g * g),
            ]
        )

    knots = [figures(row) for row in (rows[0], *rows)]
    p = q = 0.0
    for frame in range(frames):
        step, u = frame // STEP_FRAMES, (frame % STEP_FRAMES + 1) / STEP_FRAMES
        spline = ((1 - u) ** 2 / 2, 0.5 + u - u * u, u * u / 2)
        mixed = sum(w * k for w, k in zip(spline, knots[step : step + 3], strict=True))
        g, k, high, band, low = np.asarray(mixed)
        x = signal[0, frame]
        v1 = (p + g * (x - q)) / (1 + g * (g + k))
        v2 = q + g * v1
        p, q = 2 * v1 - p, 2 * v2 - q
        assert heard[0, frame] == pytest.approx(
            high * (x - k * v1 - v2) + band * v1 + low * v2, abs=1e-10
        )


@settings(max_examples=8, deadline=None)
@given(
    cells=st.lists(st.integers(1, 4), min_size=1, max_size=5),
    rest=st.integers(0, GRID_FRAMES - 1),
)
def test_blocks_equal_whole_to_the_bit(cells: list[int], rest: int) -> None:
    lengths = [GRID_FRAMES * cell for cell in cells] + [rest]
    signal = noise(sum(lengths))
    rows = sweep(1 - (-signal.shape[1] // STEP_FRAMES))
    whole = SweptSection(2, rows[0]).process(signal, rows[1:])
    section, parts, start = SweptSection(2, rows[0]), [], 0
    for length in lengths:
        ends = rows[1 + start // STEP_FRAMES : 1 - (-(start + length) // STEP_FRAMES)]
        parts.append(section.process(signal[:, start : start + length], ends))
        start += length
    assert np.array_equal(np.concatenate(parts, axis=1), whole)
    alone = SweptSection(1, rows[0]).process(signal[1:], rows[1:])
    assert np.array_equal(alone[0], whole[1])


def test_it_stays_stable_however_fast_it_moves() -> None:
    """Wishnick's proof: energy is bounded whatever g and k do, as long as they are positive."""
    random = np.random.default_rng(5)
    draws = zip(
        (20.0 * 1_000.0 ** random.uniform(size=2_001)).tolist(),
        (0.3 * 100.0 ** random.uniform(size=2_001)).tolist(),
        strict=True,
    )
    rows = np.concatenate([filters.band_pass(hz, q, RATE) for hz, q in draws])
    signal = noise(2_000 * STEP_FRAMES, 1)
    assert np.max(np.abs(SweptSection(1, rows[0]).process(signal, rows[1:]))) < 10.0


def test_silence_comes_to_rest() -> None:
    sos = SECTIONS["bell"]
    section = SweptSection(1, sos[0])
    signal = np.zeros((1, 16 * GRID_FRAMES))
    assert not np.any(section.process(signal, np.repeat(sos, 1_024, axis=0)))
    signal[0, 0] = 1.0
    heard = SweptSection(1, sos[0]).process(signal, restless(np.repeat(sos, 1_024, axis=0)))
    assert not np.any(heard[0, -GRID_FRAMES:])
