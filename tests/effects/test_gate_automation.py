"""What automation does to the gate, what its detector hears, and a recorded gain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.effects.driving import RATE, automatable, automated, drive, hits, level_db, plain, sine

from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.gate import Gate

CONSTANTS = {"threshold_db": -31.0, "range_db": 23.0}


def test_what_is_musical_may_move() -> None:
    assert automatable(Gate) == set(CONSTANTS)


@pytest.mark.parametrize("names", [["threshold_db"], ["range_db"], list(CONSTANTS)])
@pytest.mark.parametrize("values", [{"ratio": 100.0}, {"ratio": 2.0, "lookahead_ms": 2.0}])
def test_constant_automation_is_the_static_setting(
    names: list[str], values: dict[str, Any]
) -> None:
    signal = hits(2, 150_000, 2)
    signal[:, 30_000:90_000] = 0.0
    static = plain(Gate.model_validate(CONSTANTS | values), signal)
    left = {key: value for key, value in CONSTANTS.items() if key not in names}

    curves = {name: np.full(150_000, CONSTANTS[name]) for name in names}
    moving = automated(Gate.model_validate(left | values), signal, curves)

    np.testing.assert_allclose(moving[0], static[0], rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(moving[1], static[1], rtol=0.0, atol=1e-9)
    assert np.ptp(static[1]) > 0.5


def test_a_moving_threshold_opens_where_it_passes_the_level() -> None:
    signal = np.full((1, RATE), 10.0 ** (-30.0 / 20.0))
    falling = np.linspace(-20.0, -40.0, RATE)
    _, gain = automated(Gate(attack_ms=0.0), signal, {"threshold_db": falling})
    assert int(np.argmax(gain == 1.0)) == pytest.approx(RATE // 2, abs=1)


def test_a_moving_range_is_what_a_shut_gate_takes() -> None:
    signal = np.full((1, 3 * RATE), 1e-4)
    curve = 20.0 + 20.0 * np.sin(2.0 * np.pi / RATE * np.arange(3 * RATE))
    _, gain = automated(Gate(threshold_db=-30.0), signal, {"range_db": curve})
    np.testing.assert_allclose(20.0 * np.log10(gain[RATE:]), -curve[RATE:], atol=1e-5)


def test_a_range_belongs_to_the_sound_that_the_look_ahead_delays() -> None:
    signal = np.full((1, RATE), 1e-3)
    curve = np.where(np.arange(RATE) < RATE // 2, 20.0, 40.0)
    out, _ = automated(Gate(threshold_db=-30.0, lookahead_ms=10.0), signal, {"range_db": curve})
    assert int(np.argmax(np.diff(out[0, 480:]) != 0.0)) + 1 == RATE // 2


@pytest.mark.parametrize("ratio", [1.5, 100.0])
def test_blocks_equal_the_whole_while_both_move(ratio: float) -> None:
    signal = hits(5, 130_000, 2)
    signal[:, 60_000:100_000] = 0.0
    n = np.arange(130_000)
    curves = {
        "threshold_db": -35.0 + 20.0 * np.sin(0.0003 * n),
        "range_db": 30.0 - 30.0 * np.cos(0.0002 * n),
    }
    effect = Gate(ratio=ratio, attack_ms=2.0, lookahead_ms=2.0)
    whole = automated(effect, signal, curves, block_frames=130_000)
    parts = automated(effect, signal, curves, block_frames=4_096)
    assert np.array_equal(parts[0], whole[0])
    assert np.array_equal(parts[1], whole[1])
    assert np.all(np.isfinite(whole[1]))
    assert 0.0 < whole[1].min() < 0.3


def test_there_is_no_zipper() -> None:
    """A shut gate whose range swings: above 2 kHz nothing of it reaches -90 dBFS."""
    frames = 1 << 17
    curve = 10.0 + 6.0 * np.sin(2.0 * np.pi * 5.0 / RATE * np.arange(frames))
    out, _ = automated(
        Gate(threshold_db=-3.0, hysteresis_db=0.0), np.full((1, frames), 0.5), {"range_db": curve}
    )
    spectrum = np.abs(np.fft.rfft(out[0, -RATE:] * np.hanning(RATE) * 2.0)) * 2.0 / RATE
    assert spectrum[2_000:].max() < 10.0 ** (-90.0 / 20.0)
    assert np.ptp(out[0, -RATE:]) > 0.1


def test_a_key_band_opens_it_for_the_snare_alone() -> None:
    effect = Gate(threshold_db=-20.0, key_high_pass_hz=150.0, key_low_pass_hz=1_500.0)
    for frequency_hz, is_open in ((40.0, False), (400.0, True), (9_000.0, False)):
        gain = plain(effect, sine(frequency_hz, RATE, 0.5))[1][RATE // 2 :]
        assert bool(gain.min() == 1.0) is is_open
        assert bool(gain.max() > 0.5) is is_open


def test_listening_gives_out_the_filtered_key() -> None:
    processor = Gate(threshold_db=-20.0, key_listen=True, key_high_pass_hz=1_000.0).prepare(
        Context(RATE, 1)
    )
    heard = processor.process(np.zeros((1, RATE)), BlockContext(key=sine(100.0, RATE)))
    assert level_db(np.abs(heard[0, RATE // 2 :]).max()) == pytest.approx(-40.0, abs=0.1)
    assert not processor.is_dynamics


def test_a_recorded_gain_replays_on_stems_that_sum_to_the_mix() -> None:
    one, other = hits(6, 60_000, 2), hits(7, 60_000, 2)
    effect = Gate(threshold_db=-25.0, range_db=30.0, lookahead_ms=3.0)
    mix, gain = plain(effect, one + other)
    replayed = [effect.prepare(Context(RATE, 2)).replay(stem, gain) for stem in (one, other)]
    np.testing.assert_allclose(replayed[0] + replayed[1], mix, rtol=0.0, atol=1e-14)
    assert np.array_equal(drive(effect.prepare(Context(RATE, 2)), one + other)[1], gain)
