"""Delays that waver, glide, or change their feedback and mix while they run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.delay import Delay
from mixmaster.errors import DocumentError

RATE = 48_000


def heard(
    settings: Delay, signal: Block, curves: dict[str, Block] | None = None, length: int = 1 << 20
) -> Block:
    curves = curves or {}
    processor = settings.prepare(Context(RATE, len(signal), automated=frozenset(curves)))
    parts = []
    for start in range(0, signal.shape[1], length):
        at = slice(start, start + length)
        moved = {key: curve[at] for key, curve in curves.items()}
        parts.append(processor.process(signal[:, at].copy(), BlockContext(start, automation=moved)))
    return np.concatenate(parts, axis=1)


def noise(channels: int = 2, frames: int = 30_000) -> Block:
    return np.random.default_rng(frames).standard_normal((channels, frames))


def test_ping_pong_echoes_have_their_times_and_levels() -> None:
    click = np.zeros((2, 40_000))
    click[1, 0] = 1.0
    out = heard(Delay(time_ms=100.0, feedback=0.6, mix=1.0, ping_pong=True), click)
    wanted = np.zeros_like(click)
    for echo in range(8):
        wanted[echo % 2, 4_800 * (echo + 1)] = 0.5 * 0.6**echo
    assert np.max(np.abs(out - wanted)) < 1e-15


@pytest.mark.parametrize("ping_pong", [False, True])
def test_automation_that_stands_still_is_the_setting(ping_pong: bool) -> None:
    fixed: dict[str, Any] = {"time_ms": 30.0, "high_cut_hz": 6_000.0, "ping_pong": ping_pong}
    moved = {"mix": 0.7, "feedback": 0.5}
    curves = {key: np.full(30_000, value) for key, value in moved.items()}
    still = heard(Delay.model_validate(fixed | moved), noise())
    assert np.max(np.abs(heard(Delay.model_validate(fixed), noise(), curves) - still)) < 1e-12
    # The time too: between samples up to 0.4 fs with the interpolator's error, lap by lap.
    curves["time_ms"] = np.full(30_000, 30.0)
    gliding = heard(Delay.model_validate(fixed), noise(), curves)
    assert 20 * np.log10(np.std(gliding - still) / np.std(still)) < -75


def test_automation_and_wobble_do_not_know_where_blocks_are_cut() -> None:
    settings = Delay(time_ms=30.0, wobble_ms=1.0, high_cut_hz=6_000.0, ping_pong=True)
    curves = {
        "mix": np.linspace(0.0, 1.0, 30_000),
        "feedback": np.linspace(0.9, 0.0, 30_000),
        "time_ms": np.repeat([20.0, 70.0, 9.0], 10_000),
    }
    whole = heard(settings, noise(), curves)
    assert np.array_equal(heard(settings, noise(), curves, 4_096), whole)
    steady = Delay(time_ms=30.0, feedback=0.5)
    del curves["time_ms"]
    whole = heard(steady, noise(), curves)
    assert np.array_equal(heard(steady, noise(), curves, 4_096), whole)


def test_echoes_waver_by_as_much_as_is_said() -> None:
    """One lap: 3 ms at most around the time, as slow as the wow."""
    train = np.zeros((1, 4 * RATE))
    train[0, ::4_800] = 1.0
    out = heard(Delay(time_ms=50.0, mix=1.0, wobble_ms=3.0, wobble_hz=0.5), train)[0]
    echoes = out[: 40 * 4_800].reshape(40, 4_800)
    away_ms = (np.argmax(np.abs(echoes), axis=1) - 2_400) / 48.0
    seconds = (2_400 + 4_800 * np.arange(40)) / RATE
    wow = 0.85 * np.sin(np.pi * seconds) + 0.15 * np.sin(7 * np.pi * seconds)
    assert np.max(np.abs(away_ms - 3.0 * wow)) < 0.15  # the time itself has moved a little too
    assert np.max(np.abs(away_ms)) <= 3.0


def test_a_new_time_is_reached_by_a_glide_without_a_click() -> None:
    tone = np.sin(2 * np.pi * 200 * np.arange(2 * RATE) / RATE)[None]
    time_ms = np.where(np.arange(2 * RATE) < RATE // 2, 200.0, 215.0)
    out = heard(Delay(time_ms=200.0, mix=1.0), tone, {"time_ms": time_ms})[0]
    late = int(0.215 * RATE)
    end = slice(int(1.5 * RATE), 2 * RATE)
    assert np.max(np.abs(out[end] - tone[0, end.start - late : end.stop - late])) < 1e-4
    # What a click would leave above 2 kHz; the glide bends 200 Hz by a tenth at most.
    spectrum = np.abs(np.fft.rfft(out[RATE // 4 :] * np.hanning(7 * RATE // 4)))
    assert 20 * np.log10(np.max(spectrum[3_500:]) / np.max(spectrum)) < -100


def test_a_wobble_that_is_too_far_is_named() -> None:
    with pytest.raises(DocumentError, match=r"wobble_ms: 3 ms is too far for 5 ms at 8000 Hz"):
        Delay(time_ms=5.0, wobble_ms=3.0).prepare(Context(8_000, 1))


def test_ducked_echoes_step_back_while_the_dry_sound_is_there() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1_000 * np.arange(4 * RATE) / RATE)[None]
    tone[0, 2 * RATE :] = 0.0
    settings = Delay(time_ms=1_000.0, mix=1.0, duck_db=12.0, duck_release_ms=100.0)
    out = heard(settings, tone)[0]
    plain = heard(Delay(time_ms=1_000.0, mix=1.0), tone)[0]
    crests = [
        20 * np.log10(np.max(np.abs(side[int(1.5 * RATE) : 2 * RATE]))) for side in (out, plain)
    ]
    assert crests[0] - crests[1] == pytest.approx(-12.0, abs=0.1)
    end = slice(int(2.8 * RATE), 3 * RATE)
    assert np.max(np.abs(out[end] - plain[end])) < 0.01
    cut = heard(settings, tone, length=4_096)
    assert np.array_equal(cut[0], out)
