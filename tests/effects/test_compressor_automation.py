"""What automation does to the compressor: what the settings do, moving, without a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.effects.driving import RATE, automatable, automated, hits, plain, sine

from mixmaster.arrays import Block
from mixmaster.effects.compressor import Compressor

CONSTANTS = {
    "threshold_db": -33.0,
    "ratio": 7.0,
    "knee_db": 11.0,
    "makeup_db": 4.5,
    "mix": 0.6,
    "range_db": 5.0,
}


def test_all_that_is_musical_may_move() -> None:
    assert automatable(Compressor) == set(CONSTANTS)


@pytest.mark.parametrize("name", [*CONSTANTS, "all"])
@pytest.mark.parametrize(
    "values",
    [
        {"attack_ms": 0.5},
        {"attack_ms": 20.0},
        {"detector": "rms"},
        {"auto_release": True, "lookahead_ms": 3.0},
    ],
)
def test_constant_automation_is_the_static_setting(name: str, values: dict[str, Any]) -> None:
    """Over the pools of the base setting, which are those of the static one here."""
    names = list(CONSTANTS) if name == "all" else [name]
    moved = {key: CONSTANTS[key] for key in names}
    base = {"threshold_db": -30.0, "ratio": 4.0, **values, **moved}
    signal = hits(2, 100_000, 2)
    signal[:, 30_000:60_000] = 0.0
    static = plain(Compressor.model_validate(base), signal)

    curves = {key: np.full(100_000, value) for key, value in moved.items()}
    moving = automated(Compressor.model_validate(base), signal, curves)

    np.testing.assert_allclose(moving[0], static[0], rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(moving[1], static[1], rtol=0.0, atol=1e-9)
    assert np.ptp(static[1]) > 0.1


def test_automation_counts_where_the_settings_alone_would_do_nothing() -> None:
    signal = sine(100.0, 2 * RATE)
    neutral = Compressor(threshold_db=-20.0, knee_db=0.0, release_ms=500.0)
    ratio = np.where(np.arange(2 * RATE) < RATE, 1.0, 4.0)
    _, gain = automated(neutral, signal, {"ratio": ratio})
    assert np.array_equal(gain[:RATE], np.ones(RATE))
    assert 20.0 * np.log10(gain[-1]) == pytest.approx(-15.0, abs=0.1)


def swing(low: float, high: float, frames: int) -> Block:
    return np.asarray(low + (high - low) * (0.5 + 0.5 * np.sin(0.0007 * np.arange(frames))))


def test_blocks_equal_the_whole_while_everything_moves() -> None:
    signal = hits(5, 130_000, 2)
    signal[:, 60_000:80_000] = 0.0
    curves = {
        "threshold_db": swing(-40.0, -10.0, 130_000),
        "ratio": swing(1.0, 8.0, 130_000),
        "knee_db": swing(0.0, 12.0, 130_000),
        "range_db": swing(0.0, 20.0, 130_000),
        "makeup_db": swing(-3.0, 6.0, 130_000),
        "mix": swing(0.0, 1.0, 130_000),
    }
    for auto in (False, True):
        effect = Compressor(attack_ms=15.0, auto_release=auto)
        whole = automated(effect, signal, curves, block_frames=130_000)
        parts = automated(effect, signal, curves, block_frames=4_096)
        assert np.array_equal(parts[0], whole[0])
        assert np.array_equal(parts[1], whole[1])
        assert np.array_equal(whole[0], signal * whole[1])


@pytest.mark.parametrize("name", ["makeup_db", "mix"])
def test_a_level_belongs_to_the_sound_that_the_look_ahead_delays(name: str) -> None:
    signal = np.full((1, RATE), 0.25)
    curve = np.where(np.arange(RATE) < RATE // 2, 0.0, 1.0)
    effect = Compressor(threshold_db=12.0, ratio=4.0, makeup_db=6.0, lookahead_ms=10.0)
    out, _ = automated(effect, signal, {name: curve})
    assert int(np.argmax(np.diff(out[0, 480:]) != 0.0)) + 1 == RATE // 2


@pytest.mark.parametrize(
    ("name", "low", "high"), [("threshold_db", -30.0, -20.0), ("makeup_db", -6.0, 6.0)]
)
def test_there_is_no_zipper(name: str, low: float, high: float) -> None:
    """A steady level under a 5 Hz swing: nothing of the gain above 2 kHz reaches -90 dBFS."""
    frames = 1 << 17
    signal = np.full((1, frames), 0.5)
    wave = np.sin(2.0 * np.pi * 5.0 / RATE * np.arange(frames))
    curve = low + (high - low) * (0.5 + 0.5 * wave)
    effect = Compressor(threshold_db=-25.0, ratio=4.0, knee_db=0.0, attack_ms=20.0)

    out, gain = automated(effect, signal, {name: curve})

    assert np.ptp(gain[RATE:]) > 0.1
    settled = out[0, -RATE:] * np.hanning(RATE) * 2.0
    spectrum = np.abs(np.fft.rfft(settled)) * 2.0 / RATE
    assert spectrum[2_000:].max() < 10.0 ** (-90.0 / 20.0)
