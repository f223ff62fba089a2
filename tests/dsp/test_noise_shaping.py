"""Shaped noise against the closed form of its filter, and the same bytes however it is cut."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from mixmaster.arrays import Block
from mixmaster.dsp import noise_shaping
from mixmaster.dsp.dither import Noise, Quantiser
from mixmaster.dsp.noise_shaping import LANE_FRAMES, MOST_LSB, NoiseShaper

RATE = 44_100
LIPSHITZ = (2.033, -2.165, 1.959, -1.590, 0.6149)  # J. Audio Eng. Soc. 39 (1991)
LANES = 150


def shaped(block: Block, bits: int = 16, seed: int = 0) -> Block:
    shaper = NoiseShaper(bits, block.shape[0], seed=seed)
    whole = np.concatenate([shaper.process(block, 0), shaper.rest()])
    return np.ascontiguousarray(whole.T, dtype=np.float64)


@pytest.fixture(scope="module")
def error() -> Block:
    """What shaping adds to noise at -20 dBFS, in LSBs."""
    block = 0.1 * np.random.default_rng(0).standard_normal((1, LANES * LANE_FRAMES))
    return np.asarray((shaped(block) - block * 2**15)[0], dtype=np.float64)


def band_db(spectrum: Block, hz: Block, low: float, high: float) -> float:
    return float(10 * np.log10(spectrum[(hz >= low) & (hz < high)].mean()))


def closed_form(hz: Block) -> Block:
    """The power of 1 - sum c[k] z^-k on the unit circle."""
    turns = np.exp(-2j * np.pi * np.outer(hz / RATE, np.arange(1, 6)))
    return np.asarray(np.abs(1.0 - turns @ np.array(LIPSHITZ)) ** 2)


def test_the_spectrum_of_the_error_is_the_closed_form(error: Block) -> None:
    hz, power = signal.welch(error, RATE, nperseg=2_048)
    power *= RATE / 2 / 0.25  # over TPDF's white LSB^2 / 4
    wanted = closed_form(hz)
    for low, high in itertools.pairwise((100, 1_000, 2_000, 3_000, 5_000, 8_000, 12_000, 16_000)):
        measured = band_db(power, hz, low, high)
        assert measured == pytest.approx(band_db(wanted, hz, low, high), abs=0.3), (low, high)
    assert band_db(power, hz, 16_000, 22_050) == pytest.approx(
        band_db(wanted, hz, 16_000, 22_050), abs=0.05
    )


def test_the_penalty_is_what_the_docs_say(error: Block) -> None:
    # White errors of LSB^2 / 4, filtered: their power grows by the sum of squares.
    rise_db = 10 * np.log10(1.0 + sum(each**2 for each in LIPSHITZ))
    assert rise_db == pytest.approx(12.2, abs=0.05)
    assert 10 * np.log10(np.var(error) / 0.25) == pytest.approx(rise_db, abs=0.1)
    assert np.abs(error).max() <= MOST_LSB
    assert abs(error.mean()) < 0.01


def test_between_3_and_4_khz_it_is_21_db_quieter_lanes_and_all(error: Block) -> None:
    hz, power = signal.welch(error, RATE, nperseg=2_048)
    power *= RATE / 2 / 0.25
    ideal = band_db(closed_form(hz), hz, 3_000, 4_000)
    measured = band_db(power, hz, 3_000, 4_000)
    assert ideal == pytest.approx(-21.0, abs=0.3)
    assert 0.0 < measured - ideal < 0.4  # what beginning every 16,384 frames anew costs


def test_the_error_does_not_depend_on_the_signal() -> None:
    """A sine of a tenth of an LSB is still there, and without harmonics: it is dithered."""
    frames = 40 * LANE_FRAMES
    tone = 0.1 / 2**15 * np.sin(2 * np.pi * 1_000 * np.arange(frames) / RATE)
    out = shaped(tone[None])[0]
    window = np.hanning(frames)
    turns = np.exp(-2j * np.pi * np.outer((1_000, 3_000), np.arange(frames)) / RATE)
    found = 2 * np.abs(turns @ (out * window)) / window.sum()
    assert found[0] == pytest.approx(0.1, rel=0.1)
    assert found[1] < 0.003


@settings(max_examples=8, deadline=None)
@given(
    channels=st.integers(1, 3),
    cuts=st.lists(st.integers(0, 40_000), max_size=5),
    bits=st.sampled_from([16, 24]),
)
def test_the_bytes_do_not_depend_on_the_blocks(channels: int, cuts: list[int], bits: int) -> None:
    block = np.random.default_rng(1).uniform(-1.1, 1.1, (channels, 40_000))
    expected = shaped(block, bits).T
    shaper = NoiseShaper(bits, channels)
    edges = [0, *sorted(cuts), 40_000]
    parts = [shaper.process(block[:, a:b], a) for a, b in itertools.pairwise(edges)]
    assert np.array_equal(np.concatenate([*parts, shaper.rest()]), expected)
    scale = 2 ** (bits - 1)
    assert expected.max() == scale - 1  # what is too loud is clipped, and counted
    assert shaper.made.clipped_samples > 0


def test_how_many_lanes_run_side_by_side_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    block = np.random.default_rng(2).uniform(-0.5, 0.5, (2, 5 * LANE_FRAMES + 99))
    expected = shaped(block)
    for lanes in (1, 2, 3):
        monkeypatch.setattr(noise_shaping, "_LANES", lanes)
        assert np.array_equal(shaped(block), expected)


def test_a_lane_is_the_recursion_of_the_paper_sample_by_sample() -> None:
    """Against the plain loop, over one lane and the beginning of the next."""
    frames, start = LANE_FRAMES + 300, LANE_FRAMES
    block = 0.2 * np.random.default_rng(4).standard_normal((1, frames))
    # TPDF's own noise is what the plain quantiser adds to a signal before it rounds.
    noise = np.empty((frames, 1))
    Noise(1, 0).draw(0, noise)
    out = shaped(block)[0]
    for first, last in ((0, 300), (start, start + 300)):
        past = [0.0] * 5
        for at in range(first, last):
            value = block[0, at] * 2**15 - sum(c * e for c, e in zip(LIPSHITZ, past, strict=True))
            rounded = float(np.rint(value + noise[at, 0]))
            assert out[at] == rounded
            past = [rounded - value, *past[:4]]


def test_the_noise_is_that_of_plain_dither() -> None:
    """The first sample of a lane has no past: there shaped and plain are the same."""
    block = 0.2 * np.random.default_rng(5).standard_normal((2, 2 * LANE_FRAMES))
    plain = Quantiser(16, 2, seed=7).process(block, 0).T
    assert np.array_equal(shaped(block, seed=7)[:, ::LANE_FRAMES], plain[:, ::LANE_FRAMES])
