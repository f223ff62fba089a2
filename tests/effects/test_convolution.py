"""Convolution against the sum that it is, and what it does with files that do not suit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.signal import fftconvolve

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context, Processor
from mixmaster.effects.convolution import Convolution
from mixmaster.errors import DocumentError

RATE = 48_000
RNG = np.random.default_rng(6)
FRAMES = 3 * 4_096 + 500
NOISE = RNG.standard_normal((2, FRAMES)) * 0.1


def decaying(channels: int, frames: int = 9_000) -> Block:
    return RNG.standard_normal((channels, frames)) * np.exp(-np.arange(frames) / 1_500.0)


def prepared(
    response: Block, channels: int = 2, automated: tuple[str, ...] = (), **settings: Any
) -> Processor:
    place = Convolution.model_validate({"impulse": "a.wav", "mix": 1.0, **settings})
    context = Context(
        RATE,
        channels,
        resources={"impulse": response},
        where="bus.hall.insert.convolution",
        automated=frozenset(automated),
    )
    return place.prepare(context)


def convolved(signal: Block, kernel: Block) -> Block:
    out: Block = fftconvolve(signal, kernel)[: len(signal)]
    return out


@pytest.mark.parametrize("channels", [1, 2])
def test_one_channel_is_heard_on_each_by_itself(channels: int) -> None:
    response = decaying(1)
    heard = prepared(response, channels, normalise="none").process(NOISE[:channels], BlockContext())
    for side in range(channels):
        assert np.max(np.abs(heard[side] - convolved(NOISE[side], response[0]))) < 1e-12


def test_two_channels_are_left_and_right() -> None:
    response = decaying(2)
    heard = prepared(response, normalise="none").process(NOISE, BlockContext())
    for side in range(2):
        assert np.max(np.abs(heard[side] - convolved(NOISE[side], response[side]))) < 1e-12


def test_four_channels_are_true_stereo() -> None:
    response = decaying(4)
    heard = prepared(response, normalise="none").process(NOISE, BlockContext())
    left = convolved(NOISE[0], response[0]) + convolved(NOISE[1], response[2])
    right = convolved(NOISE[0], response[1]) + convolved(NOISE[1], response[3])
    assert np.max(np.abs(heard - np.stack([left, right]))) < 1e-12


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("level", [0.001, 30.0])
def test_noise_comes_back_as_loud_whatever_the_file(channels: int, level: float) -> None:
    noise = np.random.default_rng(1).standard_normal((2, 4 * RATE))
    heard = prepared(decaying(channels) * level).process(noise, BlockContext())
    gain = np.mean(heard[:, RATE:] ** 2) / np.mean(noise**2)
    assert 10 * np.log10(gain) == pytest.approx(0.0, abs=0.25)


def test_pre_delay_and_mix() -> None:
    response = decaying(1)
    place = prepared(response, 1, normalise="none", mix=0.3, pre_delay_ms=10.0)
    heard = place.process(NOISE[:1], BlockContext())[0]
    late = np.concatenate((np.zeros(480), convolved(NOISE[0], response[0])))[:FRAMES]
    assert np.max(np.abs(heard - (0.7 * NOISE[0] + 0.3 * late))) < 1e-12


def test_the_mix_moves_exactly() -> None:
    response = decaying(1)
    mix = np.linspace(1.0, 0.0, FRAMES)
    place = prepared(response, automated=("mix",), normalise="none", mix=0.0)
    heard = place.process(NOISE, BlockContext(automation={"mix": mix}))
    wet = np.stack([convolved(side, response[0]) for side in NOISE])
    assert np.max(np.abs(heard - (mix * wet + (1.0 - mix) * NOISE))) < 1e-12


def test_start_and_length_cut_the_response() -> None:
    response = decaying(1)
    click = np.zeros((1, 8_192))
    click[0, 0] = 1.0
    place = prepared(response, 1, normalise="none", start_ms=5.0, length_s=0.1)
    heard = place.process(click, BlockContext())[0]
    assert np.max(np.abs(heard[:3_840] - response[0, 240 : 240 + 3_840])) < 1e-13
    fade = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, 961) / 960)
    assert np.max(np.abs(heard[3_840:4_800] - response[0, 4_080:5_040] * fade)) < 1e-13
    assert np.max(np.abs(heard[4_800:])) < 1e-15
    assert place.tail_samples <= 4_800


def test_cuts_are_those_of_the_filters() -> None:
    response = decaying(1)
    click = np.zeros((1, 1 << 16))
    click[0, 0] = 1.0
    cut = prepared(response, 1, normalise="none", low_cut_hz=300.0, high_cut_hz=5_000.0)
    ratio = np.abs(np.fft.rfft(cut.process(click, BlockContext())[0])) / np.abs(
        np.fft.rfft(response[0], 1 << 16)
    )
    for cut_hz in (300.0, 5_000.0):
        level_db = 20 * np.log10(ratio[round(cut_hz / RATE * (1 << 16))])
        assert level_db == pytest.approx(-3.0103, abs=0.05)


def test_the_tail_ends_with_the_response() -> None:
    response = np.ones((1, 6_000)) / 100.0
    place = prepared(response, 1, normalise="none", pre_delay_ms=20.0)
    place.process(np.ones((1, 8_192)), BlockContext())
    tail = place.tail_samples
    heard = np.abs(place.process(np.zeros((1, 16_384)), BlockContext(8_192)))
    assert heard[:, tail:].max() < 1e-12
    assert heard[:, tail - 3].max() > 1e-3


@pytest.mark.parametrize(
    ("response", "channels", "settings", "said"),
    [
        (np.ones((2, 10)), 1, {}, "has 2 channels, the insert 1"),
        (np.ones((3, 10)), 2, {}, "has 3 channels"),
        (np.zeros((1, 10)), 2, {}, "is silent"),
        (np.ones((1, 10)), 2, {"start_ms": 1.0}, "has ended by then"),
        (np.ones((1, 10)), 2, {"high_cut_hz": 30_000.0}, "cannot exist at 48000 Hz"),
    ],
)
def test_what_does_not_suit_is_named(
    response: Block, channels: int, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(DocumentError, match="bus.hall.insert.convolution.*" + said):
        prepared(response, channels, **settings)


def test_a_file_is_needed() -> None:
    with pytest.raises(ValidationError, match="impulse"):
        Convolution.model_validate({"mix": 0.5})
