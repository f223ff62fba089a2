"""How pedalboard's plugins are run: with their latency, and with channels that do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pedalboard
import pytest

from mixmaster.effects.plugin_pedalboard import PedalboardInstance
from mixmaster.effects.plugin_worker import CHUNK_FRAMES, Audio, measure_latency

RATE_HZ = 48_000


def noise(channels: int, frames: int = 3 * CHUNK_FRAMES) -> Audio:
    random = np.random.default_rng(0)
    return (0.1 * random.standard_normal((channels, frames))).astype(np.float32)


class Fixed:
    """A plugin that takes one number of channels: each comes back times its number, from 1."""

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.fed = 0
        self.gain = 1.0

    def reset(self) -> None:
        self.fed = 0

    def process(self, block: Audio, rate_hz: int, *, buffer_size: int, reset: bool) -> Audio:
        assert (rate_hz, buffer_size, reset) == (RATE_HZ, CHUNK_FRAMES, False)
        if len(block) != self.channels:
            raise ValueError(f"does not support {len(block)}-channel output")
        self.fed += block.shape[1]
        numbers = np.arange(1, self.channels + 1, dtype=np.float32)[:, np.newaxis]
        return np.asarray(block * numbers * np.float32(self.gain))


def made(takes: int, channels: int) -> tuple[PedalboardInstance, list[Fixed]]:
    copies: list[Fixed] = []

    def again() -> Any:
        copies.append(Fixed(takes))
        return copies[-1]

    return PedalboardInstance(again, RATE_HZ, channels), copies


def test_a_limiter_with_look_ahead_is_as_late_as_it_is() -> None:
    """BrickwallLimiter gives 240 frames fewer than it is given, at 48 kHz: 5 ms."""
    instance = PedalboardInstance(pedalboard.BrickwallLimiter, RATE_HZ, 2)
    assert measure_latency(instance, 2) == 240
    signal = noise(2)
    parts = [instance.process(signal[:, at : at + CHUNK_FRAMES]) for at in range(0, 12_288, 4_096)]
    found = np.concatenate(parts, axis=1)
    # Far below its ceiling it changes nothing: what comes is in time, and ends early.
    assert np.array_equal(found, signal[:, : found.shape[1]])
    assert found.shape[1] == signal.shape[1] - 240


@pytest.mark.parametrize("channels", [1, 2])
def test_what_fits_runs_as_it_is(channels: int) -> None:
    instance, copies = made(channels, channels)
    block = noise(channels)
    wanted = block * np.arange(1, channels + 1)[:, np.newaxis]
    assert len(copies) == 1
    assert copies[0].fed == 0, "what tried it out was not forgotten"
    assert np.array_equal(instance.process(block), wanted.astype(np.float32))


def test_a_mono_plugin_runs_once_for_each_side() -> None:
    instance, copies = made(1, 2)
    instance.set("gain", 0.5)
    block = noise(2)
    assert len(copies) == 2
    assert np.array_equal(instance.process(block), 0.5 * block)


def test_a_stereo_plugin_hears_mono_on_both_sides() -> None:
    instance, _ = made(2, 1)
    block = noise(1)
    assert np.allclose(instance.process(block), 1.5 * block, rtol=1e-6)


def test_what_takes_neither_says_so() -> None:
    for channels in (1, 2):
        with pytest.raises(ValueError, match="does not support"):
            made(6, channels)
