"""The equaliser while its bands move."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.signal.windows import kaiser

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.eq import Eq
from mixmaster.errors import DocumentError

RATE = 48_000
BANDS: list[dict[str, Any]] = [
    {"shape": "bell", "frequency_hz": 800.0, "gain_db": 6.0, "q": 1.5},
    {"shape": "low_shelf", "frequency_hz": 120.0, "gain_db": -4.0, "q": 0.7},
    {"shape": "high_shelf", "frequency_hz": 6_000.0, "gain_db": 5.0},
    {"shape": "tilt", "frequency_hz": 900.0, "gain_db": 2.0},
    {"shape": "high_pass", "frequency_hz": 90.0, "slope_db_per_octave": 48},
    {"shape": "low_pass", "frequency_hz": 9_000.0, "slope_db_per_octave": 18},
    {"shape": "notch", "frequency_hz": 1_000.0, "q": 4.0},
    {"shape": "band_pass", "frequency_hz": 1_000.0, "q": 2.0},
    {"shape": "all_pass", "frequency_hz": 500.0, "q": 1.0},
]


def eq(*bands: dict[str, Any]) -> Eq:
    return Eq.model_validate({"effect": "eq", "bands": list(bands)})


def run(
    settings: Eq, signal: Block, automation: dict[str, Block], lengths: list[int] | None = None
) -> Block:
    context = Context(RATE, signal.shape[0], automated=frozenset(automation))
    processor = settings.prepare(context)
    parts, start = [], 0
    for length in lengths or [signal.shape[1]]:
        here = slice(start, start + length)
        moved = {name: curve[here] for name, curve in automation.items()}
        at = BlockContext(start_frame=start, automation=moved)
        parts.append(processor.process(np.ascontiguousarray(signal[:, here]), at))
        start += length
    return np.concatenate(parts, axis=1)


def noise(channels: int, frames: int) -> Block:
    return np.asarray(np.random.default_rng(7).uniform(-1.0, 1.0, (channels, frames)))


@pytest.mark.parametrize("band", BANDS, ids=lambda band: str(band["shape"]))
def test_automation_that_stands_still_is_the_setting(band: dict[str, Any]) -> None:
    signal = noise(2, 30_000)
    still = run(eq(band), signal, {})
    for name in ("frequency_hz", "gain_db", "q"):
        if name not in band:
            continue
        curve = np.full(signal.shape[1], float(band[name]))
        elsewhere = {"frequency_hz": 333.0, "gain_db": -1.0, "q": 0.9}[name]
        moved = run(eq({**band, name: elsewhere}), signal, {f"bands.1.{name}": curve})
        assert np.max(np.abs(moved - still)) < 1e-9


@pytest.mark.parametrize("shape", ["bell", "low_shelf", "high_shelf", "tilt"])
def test_a_gain_held_at_0_db_does_nothing(shape: str) -> None:
    signal = noise(1, 20_000)
    band = {"shape": shape, "frequency_hz": 700.0, "gain_db": 6.0}
    moved = run(eq(band), signal, {"bands.1.gain_db": np.zeros(20_000)})
    assert np.max(np.abs(moved - signal)) < 1e-6


def test_blocks_equal_whole_to_the_bit() -> None:
    lengths = [GRID_FRAMES, 3 * GRID_FRAMES, 2 * GRID_FRAMES, 777]
    frames = sum(lengths)
    u = np.linspace(-1.0, 1.0, frames)
    bands = [
        {**BANDS[0], "channels": "mid"},
        BANDS[2],
        {**BANDS[4], "channels": "side"},
        {**BANDS[1], "channels": "left"},
    ]
    automation = {
        "bands.1.frequency_hz": 800.0 * 4.0**u,
        "bands.1.q": 2.0**u,
        "bands.3.frequency_hz": 100.0 * 2.0**-u,
        "bands.4.gain_db": 12.0 * u,
    }
    whole = run(eq(*bands), noise(2, frames), automation)
    assert np.array_equal(run(eq(*bands), noise(2, frames), automation, lengths), whole)


@pytest.mark.parametrize(
    ("band", "name", "low", "high"),
    [
        (BANDS[0], "gain_db", -6.0, 6.0),
        (BANDS[0], "q", 1.0, 9.0),
        (BANDS[1], "gain_db", -9.0, 9.0),
        (BANDS[3], "gain_db", -6.0, 6.0),
        (BANDS[4], "frequency_hz", 200.0, 900.0),
        (BANDS[6], "frequency_hz", 500.0, 800.0),
    ],
)
def test_movement_leaves_no_zipper(
    band: dict[str, Any], name: str, low: float, high: float
) -> None:
    """A full-scale tone under a fast sweep: nothing above -120 dB beyond 150 Hz around it."""
    frames = 32 * GRID_FRAMES
    seconds = np.arange(frames) / RATE
    turn = 0.5 - 0.5 * np.cos(2.0 * np.pi * 3.0 * seconds)
    tone = np.sin(2.0 * np.pi * 1_000.0 * seconds)
    # The beginning, where the tone sets in, is left out.
    heard = run(eq(band), tone[None], {f"bands.1.{name}": low + (high - low) * turn})[0]
    kept = heard[GRID_FRAMES:]
    window = kaiser(kept.shape[0], 24.0)
    spectrum = np.abs(np.fft.rfft(kept * window)) * 2.0 / window.sum()
    hz = np.arange(spectrum.shape[0]) * RATE / kept.shape[0]
    elsewhere = np.abs(hz - 1_000.0) > 150.0
    assert 20.0 * np.log10(spectrum[elsewhere].max()) < -120.0
    moving = (np.abs(hz - 1_000.0) > 4.0) & ~elsewhere
    assert 20.0 * np.log10(spectrum[moving].max()) > -60.0  # it does move


def test_automation_goes_where_the_document_could_not() -> None:
    """A frequency beyond Nyquist stays below it; a shelf's q stays where a shelf does not ring."""
    signal = noise(1, 20_000)
    band = {"shape": "high_shelf", "frequency_hz": 5_000.0, "gain_db": 6.0, "q": 0.7}
    beyond = np.full(20_000, 100_000.0)
    assert np.all(np.isfinite(run(eq(band), signal, {"bands.1.frequency_hz": beyond})))
    rung = run(eq(band), signal, {"bands.1.q": np.full(20_000, 60.0)})
    assert np.max(np.abs(rung - run(eq({**band, "q": 2.0}), signal, {}))) < 1e-9


def test_the_tail_is_that_of_the_most_that_may_come() -> None:
    band = {"shape": "bell", "frequency_hz": 1_000.0, "gain_db": 3.0, "q": 1.0}
    still = eq(band).prepare(Context(RATE, 1)).tail_samples
    moved = eq(band).prepare(Context(RATE, 1, automated=frozenset({"bands.1.q"}))).tail_samples
    assert still <= GRID_FRAMES
    # q 60 at 1 kHz falls to -120 dB in 60 ln(1e6) / (pi 1000) = 0.26 s, times what it gained.
    assert 0.26 * RATE < moved < 0.45 * RATE


def test_what_a_shape_does_not_read_cannot_move() -> None:
    with pytest.raises(DocumentError, match="a notch does not read gain_db") as caught:
        eq(BANDS[0], BANDS[6]).prepare(
            Context(RATE, 1, automated=frozenset({"bands.2.gain_db"}), where="bus.a.insert.eq")
        )
    assert caught.value.problems[0].key == "bands.2.gain_db"
