"""The limiter's promise: under the ceiling always, untouched wherever nothing is to be done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.limiter import TruePeakLimiter
from mixmaster.dsp.limiter_adaptive import AdaptiveBallistics, Recovery, SlowPart, SustainedHold
from mixmaster.dsp.limiter_curve import AnyBallistics, Ballistics
from mixmaster.dsp.true_peak import KERNEL
from mixmaster.metering.true_peak import TruePeakMeter

RATES = [44_100, 48_000, 88_200, 96_000, 176_400, 192_000]
CEILING = 10 ** (-1 / 20)
SOFT = Ballistics(5.0, 30.0, 120.0, 300.0, 8.0)
HARD = Ballistics(0.5, 0.0, 1.0, 0.0, 1.0)  # as fast as settings allow: the gain moves most
ADAPTIVE = AdaptiveBallistics(
    lookahead_ms=0.5,
    hold_ms=8.0,
    sustained=(SustainedHold(13.0, 26.0),),
    recoveries=(Recovery(45.0, 1.0), Recovery(90.0, 3.0)),
    ripple_db=0.1,
    ripple_ms=50.0,
    slow=(SlowPart(0.5, 30.0, 0.3), SlowPart(0.0, 4.0, 0.5)),
)
BARE = AdaptiveBallistics(0.5, 0.0, (), (), 0.0, 0.0, ())  # follows every pool
APART = replace(ADAPTIVE, release_ms=50.0, link=0.25)


def true_peak(signal: Block) -> float:
    """The whole signal's, by the meter that files are measured with."""
    meter = TruePeakMeter(44_100, signal.shape[0])
    meter.update(signal)
    return 10 ** ((meter.result() or -400.0) / 20)


def limited(
    signal: Block,
    rate: int = 44_100,
    ballistics: AnyBallistics = SOFT,
    blocks: tuple[int, ...] = (4 * GRID_FRAMES,),
) -> tuple[Block, Block]:
    """The limited signal and its gain, latency taken off."""
    limiter = TruePeakLimiter(signal.shape[0], rate, CEILING, ballistics)
    frames = signal.shape[1]
    padded = np.pad(signal, ((0, 0), (0, limiter.latency_samples)))
    outs, gains, start, turn = [], [], 0, 0
    while start < padded.shape[1]:
        size = blocks[turn % len(blocks)]
        out, gain = limiter.process(padded[:, start : start + size])
        outs.append(out)
        gains.append(gain)
        start += size
        turn += 1
    late = limiter.latency_samples
    return (
        np.concatenate(outs, axis=1)[:, late : late + frames],
        np.concatenate(gains, axis=-1)[..., late : late + frames],
    )


def hostile(frames: int) -> dict[str, Block]:
    """Signals that have broken limiters."""
    rng = np.random.default_rng(11)
    t = np.arange(frames)
    half = frames // 2
    noise = rng.standard_normal(frames)
    worst = np.zeros(frames)
    for start in range(1_500, frames - 500, 2_000):
        worst[start : start + KERNEL.shape[1]] = np.sign(KERNEL[8])  # all taps add up
    impulses = np.zeros(frames)
    impulses[half], impulses[half + 3_000 : half + 3_003] = 50.0, -1e4
    signals = {
        "a quarter of the rate at 45 degrees": 2.0 * np.sin(np.pi / 2 * t + np.pi / 4),
        "steady edge of 100 dB": np.where(t < half, 1.0, 1e5) * np.sin(0.077 * t),
        "DC edge of 100 dB": np.where(t < half, 2e-5, 2.0),
        "noise, steps of 100 dB": noise * np.where(t // 5_000 % 2, 1e5, 1.0),
        "short bursts of a tone": 8.0 * np.sin(1.445 * t) * (t % 3_000 < 40),
        "short bursts of noise": 20.0 * noise * (t % 1_700 < 100),
        "square": 4.0 * np.sign(np.sin(2 * np.pi * t / 50)),
        "odd square": 4.0 * np.sign(np.sin(2 * np.pi * t / 441.7)),
        "noise": 2.0 * noise,
        "clipped noise": 1.4 * np.clip(9.0 * noise, -1.0, 1.0),
        "noise of signs": 3.0 * np.sign(noise),
        "full-scale alternation": 1.5 * np.where(t % 2, 1.0, -1.0),
        "impulses": impulses,
        "the kernel's worst case": 1.2 * worst,
        "fast amplitude modulation": 5.0 * np.sin(1.1 * t) * (1 + 0.9 * np.sin(0.03 * t)),
    }
    for part in (0.1, 0.3, 0.45, 0.47, 0.49):
        signals[f"tone at {part} of the rate"] = 3.0 * np.sin(2 * np.pi * part * t + 0.3)
    return signals


@pytest.mark.parametrize("name", hostile(GRID_FRAMES))
def test_ceiling_holds_against_hostile_signals(name: str) -> None:
    signal = hostile(5 * GRID_FRAMES)[name]
    stereo = np.stack([signal, 0.7 * np.roll(signal, 37)])
    for ballistics in (SOFT, HARD, ADAPTIVE, BARE, APART):
        out, _ = limited(stereo, ballistics=ballistics)
        assert true_peak(out) <= CEILING


@pytest.mark.parametrize("rate", RATES)
def test_ceiling_holds_at_every_rate(rate: int) -> None:
    signals = hostile(4 * GRID_FRAMES)
    for name in ("steady edge of 100 dB", "noise, steps of 100 dB", "clipped noise", "square"):
        for ballistics in (SOFT, ADAPTIVE):
            out, _ = limited(signals[name][None], rate, ballistics)
            assert true_peak(out) <= CEILING, name


@st.composite
def patchworks(draw: st.DrawFn) -> Block:
    """Random pieces at random levels, on top of one another."""
    frames = 3 * GRID_FRAMES
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    signal = np.zeros(frames)
    for _ in range(draw(st.integers(1, 5))):
        start, stop = sorted(draw(st.tuples(*[st.integers(0, frames - 1)] * 2)))
        piece = slice(start, stop + 5)
        t = np.arange(signal[piece].size)
        level = 10 ** draw(st.floats(-1.0, 5.0))
        match draw(st.integers(0, 4)):
            case 0:
                signal[piece] += level * rng.standard_normal(t.size)
            case 1:
                signal[piece] += level * np.sin(np.pi * draw(st.floats(0.0, 0.99)) * t)
            case 2:
                signal[piece] += level * np.sign(rng.standard_normal(t.size))
            case 3:
                signal[piece] += level * np.where(t % draw(st.integers(2, 9)), -1.0, 1.0)
            case _:
                signal[piece] *= np.exp(draw(st.floats(-8.0, 8.0)) * np.sin(0.1 * t))
    return signal[None]


@given(
    patchworks(),
    st.sampled_from([SOFT, HARD, Ballistics(1.0, 12.0, 5.0, 100.0, 3.0), ADAPTIVE, BARE]),
)
@settings(deadline=None, max_examples=40)
def test_ceiling_holds_against_anything(signal: Block, ballistics: AnyBallistics) -> None:
    out, gain = limited(signal, ballistics=ballistics)
    assert true_peak(out) <= CEILING
    assert (gain > 0.0).all()
    assert (gain <= 1.0).all()


@pytest.mark.parametrize("ballistics", [SOFT, ADAPTIVE, APART])
def test_below_the_ceiling_it_is_the_signal_bit_for_bit(ballistics: AnyBallistics) -> None:
    signal = np.random.default_rng(2).standard_normal((2, 5 * GRID_FRAMES))
    signal *= 0.999 * CEILING / true_peak(signal)
    out, gain = limited(signal, ballistics=ballistics)
    assert np.array_equal(out, signal)
    assert (gain == 1.0).all()


def test_after_a_reduction_it_is_the_signal_again_bit_for_bit() -> None:
    rate = 44_100
    signal = 0.1 * np.random.default_rng(2).standard_normal((2, 2 * rate))
    signal[:, 20_000:20_050] *= 20.0
    out, gain = limited(signal, rate, Ballistics(5.0, 30.0, 60.0, 300.0, 4.0))
    touched = np.flatnonzero(gain < 1.0)
    assert touched.size
    # Begins with the look-ahead, ends with the release: some 25 dB at 6 dB in 60 ms.
    assert touched[0] > 20_000 - 0.02 * rate
    assert touched[-1] < 20_050 + 0.6 * rate
    untouched = gain == 1.0
    assert np.array_equal(out[:, untouched], signal[:, untouched])


def test_output_is_the_input_times_the_gain() -> None:
    signal = 2.0 * np.random.default_rng(4).standard_normal((2, 3 * GRID_FRAMES))
    out, gain = limited(signal)
    assert np.allclose(out, signal * gain, rtol=1e-12, atol=0.0)  # one gain for both channels


@pytest.mark.parametrize("ballistics", [SOFT, ADAPTIVE, APART])
@pytest.mark.parametrize("blocks", [(GRID_FRAMES,), (2 * GRID_FRAMES, 5 * GRID_FRAMES)])
def test_blocks_do_not_matter(blocks: tuple[int, ...], ballistics: AnyBallistics) -> None:
    rng = np.random.default_rng(5)
    signal = rng.standard_normal((2, 9 * GRID_FRAMES + 1_234))
    signal *= 1.0 + (np.arange(signal.shape[1]) // 7_000 % 2)
    signal[:, 3 * GRID_FRAMES : 7 * GRID_FRAMES] *= 0.01  # where nothing is to be done
    whole, gain = limited(signal, blocks=(16 * GRID_FRAMES,), ballistics=ballistics)
    parts, gain_of_parts = limited(signal, blocks=blocks, ballistics=ballistics)
    assert np.array_equal(parts, whole)
    assert np.array_equal(gain_of_parts, gain)


def test_release_is_a_straight_line_in_db_at_the_rate_declared() -> None:
    rate = 48_000
    t = np.arange(2 * rate)
    loud = np.where(t < 1_000, 4.0, 0.0) * np.sin(0.5 * t)
    signal = (0.01 * np.sin(0.3 * t) + loud)[None]
    _, gain = limited(signal, rate, Ballistics(1.0, 0.0, 100.0, 0.0, 1.0))
    level = 20 * np.log10(gain)
    # Away from both corners, 6.02 dB in 100 ms.
    span = level[1_000 + 7_200] - level[1_000 + 2_400]
    assert span == pytest.approx(6.02, abs=0.02)


@pytest.mark.parametrize("frequency", [40.0, 50.0, 60.0])
def test_a_sustained_bass_tone_is_not_modulated(frequency: float) -> None:
    rate = 44_100
    t = np.arange(4 * rate)
    tone = 2.0 * np.sin(2 * np.pi * frequency * t / rate)
    out, _ = limited(tone[None], rate, Ballistics(2.0, 13.0, 20.0, 0.0, 1.0))
    steady = out[0, 2 * rate : 3 * rate]  # whole periods: the tone is one bin
    spectrum = np.abs(np.fft.rfft(steady))
    fundamental = spectrum[int(frequency)]
    spectrum[int(frequency)] = 0.0
    assert 20 * np.log10(spectrum.max() / fundamental) < -100.0
