from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import Block32
from mixmaster.dsp.oversampling import Oversampler
from mixmaster.dsp.polyphase import LATENCY_SAMPLES, PolyphaseOversampler
from mixmaster.dsp.saturation import HardClip, Round, SoftClip
from mixmaster.dsp.shaping import HardShape, RoundShape, Shape, SoftShape

FACTORS = (1, 2, 4, 8, 16)
SHAPES = (RoundShape(), RoundShape(0.4), SoftShape(), HardShape())


@dataclass(frozen=True)
class Twice:
    """f(x) = 2 x: what is added is the signal itself, so that only the filters are heard."""

    clean_below: float = 0.0

    def added(self, signal: Block32) -> Block32:
        return np.float32(0.5) * (signal[1:] + signal[:-1])


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("factor", FACTORS)
def test_the_filters_are_flat_and_late_by_what_is_declared(factor: int, rate_hz: int) -> None:
    click = np.zeros((1, 8_192))
    click[0, 4_000] = 1.0  # near the edge of the grid
    heard = PolyphaseOversampler(factor, 1, rate_hz, Twice()).process(click)[0]
    response = np.fft.rfft(heard, 8_192)
    frequencies_hz = np.fft.rfftfreq(8_192, 1.0 / rate_hz)
    late = response * np.exp(2j * np.pi * frequencies_hz * (4_000 + LATENCY_SAMPLES) / rate_hz)
    audible = frequencies_hz <= (0.413 * rate_hz)
    # The mean between neighbours is a cosine over the high rate.
    mean = np.cos(np.pi * frequencies_hz / (factor * rate_hz))
    assert np.max(np.abs(late - mean)[audible]) < 1e-4  # 0.0009 dB


@pytest.mark.parametrize("factor", FACTORS)
def test_images_are_90_db_down(factor: int) -> None:
    """A tone at the top of the band comes back alone."""
    frames, cycles = 8_192, 3_001
    tone = np.sin(2 * np.pi * cycles * np.arange(4 * frames) / frames)[None]
    heard = PolyphaseOversampler(factor, 1, 44_100, Twice()).process(tone)[0, -frames:]
    spectrum = np.abs(np.fft.rfft(heard)) * 2 / frames
    spectrum[cycles] = 0.0
    assert np.max(spectrum) < 10.0 ** (-90 / 20)


@settings(max_examples=15, deadline=None)
@given(
    cells=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    last=st.integers(0, 4_095),
    shape=st.sampled_from(SHAPES),
    factor=st.sampled_from((1, 2, 4)),
)
def test_blocks_and_channels_are_alike_bit_for_bit(
    cells: list[int], last: int, shape: Shape, factor: int
) -> None:
    lengths = [4_096 * count for count in cells] + [last]
    rng = np.random.default_rng(sum(lengths))
    signal = rng.standard_normal((2, sum(lengths))) * 1.5
    signal[0, 4_096:8_192] *= 1e-9  # a stretch in which no curve has anything to do
    whole = PolyphaseOversampler(factor, 2, 48_000, shape).process(signal)
    split = PolyphaseOversampler(factor, 2, 48_000, shape)
    edges = np.cumsum([0, *lengths])
    parts = [split.process(signal[:, a:b].copy()) for a, b in pairwise(edges)]
    assert np.array_equal(np.concatenate(parts, axis=1), whole)
    for channel in range(2):
        alone = PolyphaseOversampler(factor, 1, 48_000, shape).process(
            signal[channel : channel + 1]
        )
        assert np.array_equal(alone[0], whole[channel])


def test_a_clip_that_is_not_reached_adds_exactly_nothing() -> None:
    rng = np.random.default_rng(5)
    signal = rng.uniform(-0.2, 0.2, (2, 16_384))
    assert not np.any(PolyphaseOversampler(4, 2, 48_000, HardShape()).process(signal))
    signal[1, 9_000] = 1.5
    heard = PolyphaseOversampler(4, 2, 48_000, HardShape()).process(signal)
    assert not np.any(heard[0])
    assert np.any(heard[1])
    assert not np.any(heard[1, :8_192])
    assert not np.any(heard[1, 9_000 + 2 * LATENCY_SAMPLES + 4_096 :])


def test_the_shortcut_for_quiet_stretches_changes_nothing() -> None:
    """A clip in the second half: the first half, taken the long way by a click, is the same."""
    rng = np.random.default_rng(6)
    signal = rng.uniform(-0.1, 0.1, (1, 16_384))
    signal[0, 10_000] = 4.0
    short = PolyphaseOversampler(4, 1, 48_000, HardShape()).process(signal)

    @dataclass(frozen=True)
    class Thorough(HardShape):
        @property
        def clean_below(self) -> float:
            return 0.0

    long = PolyphaseOversampler(4, 1, 48_000, Thorough()).process(signal)
    assert np.max(np.abs(short - long)) < 1e-7


def test_nan_is_not_taken_for_silence() -> None:
    signal = np.zeros((1, 8_192))
    signal[0, 5_000] = np.nan
    heard = PolyphaseOversampler(4, 1, 48_000, HardShape()).process(signal)
    assert np.isnan(heard[0, 5_000 + LATENCY_SAMPLES])


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize(
    ("shape", "curve"),
    [
        (RoundShape(), Round(1.0)),
        (RoundShape(0.4), Round(1.0, 0.4)),
        (SoftShape(), SoftClip(1.0)),
        (HardShape(), HardClip(1.0)),
    ],
)
def test_single_precision_leaves_nothing_that_is_heard(
    shape: Shape, curve: Round | SoftClip | HardClip, rate_hz: int
) -> None:
    """Against the oversampler in double precision, whose filters are alike up to 0.4 fs."""
    frames, cycles = 16_384, 1_707  # 5 kHz at 48 kHz: the third harmonic is the last below 20 kHz
    tone = 2.0 * np.sin(2.0 * np.pi * cycles * np.arange(3 * frames) / frames)[None]
    ours = PolyphaseOversampler(8, 1, rate_hz, shape).process(tone)[0, -frames:]
    exact = Oversampler(8, 1, rate_hz).process(tone, curve)[0, -frames:]
    heard, wanted = np.abs(np.fft.rfft(ours)), np.abs(np.fft.rfft(exact))
    difference = np.abs(heard - wanted)[: int(0.4 * frames)] * 2.0 / frames
    difference[: 4 * cycles : cycles] -= 4e-5  # the filters' ripple, on the tones themselves
    assert 20.0 * np.log10(np.max(difference)) < -120.0
