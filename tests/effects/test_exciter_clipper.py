from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context, Effect
from mixmaster.effects.clipper import Clipper
from mixmaster.effects.exciter import Exciter
from mixmaster.errors import DocumentError

HERE = BlockContext()
FRAMES = 1 << 16
RATE = 48_000


def tone(cycles: int, level: float) -> Block:
    return level * np.sin(2 * np.pi * cycles * np.arange(2 * FRAMES) / FRAMES)[None]


def levels(effect: Effect, signal: Block) -> Block:
    heard = effect.prepare(Context(RATE, len(signal))).process(signal, HERE)[0, -FRAMES:]
    return np.asarray(np.abs(np.fft.rfft(heard)) * 2 / FRAMES)


def test_an_exciter_adds_the_third_harmonic_of_the_highs() -> None:
    """Of x - x / sqrt(1 + (k x)^2) the cube is k^2 x^3 / 2: a third harmonic of k^2 A^3 / 8."""
    cycles, level, drive_db = 6_827, 0.02, 18.0  # 5 kHz, well above 500 Hz
    heard = levels(Exciter(frequency_hz=500.0, drive_db=drive_db, amount=0.5), tone(cycles, level))
    power = 10 ** (drive_db / 10) - 1
    assert heard[3 * cycles] == pytest.approx(0.5 * power * level**3 / 8, rel=0.05)
    assert heard[2 * cycles] < 1e-9


def test_warm_adds_the_octave() -> None:
    cycles = 6_827
    heard = levels(Exciter(frequency_hz=500.0, amount=0.5, colour="warm"), tone(cycles, 0.02))
    assert heard[2 * cycles] > 1e-4


def test_what_lies_below_the_highs_stays_as_it_was() -> None:
    """Two high tones beat: their difference, far below, must not be heard."""
    signal = tone(8_193, 0.1) + tone(8_193 + 274, 0.1) + tone(137, 0.5)
    heard = levels(Exciter(frequency_hz=5_000.0, amount=1.0, colour="warm"), signal)
    assert 20 * np.log10(heard[274]) < -90
    assert heard[137] == pytest.approx(0.5, abs=2e-5)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_an_exciter_leaves_no_false_tones(rate_hz: int) -> None:
    cycles = round(5_000 / rate_hz * FRAMES) | 1
    signal = tone(cycles, 0.25)  # 12 dB over full scale at 24 dB of drive
    processor = Exciter(frequency_hz=2_000.0, amount=1.0).prepare(Context(rate_hz, 1))
    heard = np.abs(np.fft.rfft(processor.process(signal, HERE)[0, -FRAMES:])) * 2 / FRAMES
    heard[::cycles] = 0.0
    assert 20 * np.log10(heard.max()) < -80 - 12


@pytest.mark.parametrize("softness", [0.0, 0.3])
def test_a_clipper_is_true_to_level(softness: float) -> None:
    """Below the knee bit for bit; a slow wave above it ends at the ceiling."""
    quiet = np.random.default_rng(1).uniform(-0.05, 0.05, (2, 20_000))
    processor = Clipper(ceiling_dbfs=-6.0, softness=softness).prepare(Context(RATE, 2))
    late = processor.latency_samples
    assert np.array_equal(processor.process(quiet, HERE)[:, late:], quiet[:, :-late])
    slow = tone(137, 1.0)
    heard = Clipper(ceiling_dbfs=-6.0, softness=softness).prepare(Context(RATE, 1))
    peak = np.max(np.abs(heard.process(slow, HERE)))
    assert 20 * np.log10(peak) == pytest.approx(-6.0, abs=0.02)


def test_drive_comes_before_the_ceiling() -> None:
    slow = tone(137, 0.5)
    heard = Clipper(drive_db=20 * np.log10(4.0)).prepare(Context(RATE, 1)).process(slow, HERE)
    assert np.max(np.abs(heard)) == pytest.approx(1.0, abs=0.002)
    assert np.mean(np.abs(heard) > 0.999) > 0.6  # a sine of 2 is above 1 for 2/3 of the time


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("softness", [0.0, 0.3])
def test_a_clipper_leaves_few_false_tones(rate_hz: int, softness: float) -> None:
    cycles = round(5_000 / rate_hz * FRAMES) | 1
    processor = Clipper(ceiling_dbfs=-6.0, softness=softness).prepare(Context(rate_hz, 1))
    heard = processor.process(tone(cycles, 1.0), HERE)[0, -FRAMES:]
    amplitudes = np.abs(np.fft.rfft(heard)) * 2 / FRAMES
    amplitudes[::cycles] = 0.0
    assert 20 * np.log10(amplitudes.max()) < -70


AUTOMATED: list[tuple[Effect, dict[str, float]]] = [
    (Exciter(), {"drive_db": 27.0, "amount": 0.6}),
    (Clipper(), {"drive_db": 5.0, "ceiling_dbfs": -4.0}),
    (Clipper(softness=0.5), {"drive_db": 5.0, "ceiling_dbfs": -4.0}),
]


def automated(effect: Effect, curves: dict[str, Block], signal: Block, length: int) -> Block:
    processor = effect.prepare(Context(RATE, len(signal), automated=frozenset(curves)))
    parts = []
    for start in range(0, signal.shape[1], length):
        at = slice(start, start + length)
        moved = {key: curve[at] for key, curve in curves.items()}
        parts.append(processor.process(signal[:, at].copy(), BlockContext(start, automation=moved)))
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize(("effect", "moved"), AUTOMATED)
def test_automation_that_stands_still_is_the_setting(
    effect: Effect, moved: dict[str, float]
) -> None:
    signal = np.random.default_rng(5).standard_normal((2, 20_000)) * 0.4
    curves = {key: np.full(20_000, value) for key, value in moved.items()}
    still = effect.model_copy(update=dict[str, Any](moved)).prepare(Context(RATE, 2))
    heard = automated(effect, curves, signal, 20_480)
    assert np.max(np.abs(heard - still.process(signal, HERE))) < 1e-6  # float32 inside


@pytest.mark.parametrize(("effect", "moved"), AUTOMATED)
def test_automation_does_not_know_where_blocks_are_cut(
    effect: Effect, moved: dict[str, float]
) -> None:
    signal = np.random.default_rng(6).standard_normal((2, 20_000)) * 0.4
    curves = {key: np.linspace(0.0, value, 20_000) for key, value in moved.items()}
    whole = automated(effect, curves, signal, 20_480)
    assert np.array_equal(automated(effect, curves, signal, 4_096), whole)


def test_highs_beyond_nyquist_are_named() -> None:
    with pytest.raises(DocumentError, match=r"frequency_hz: 5000 Hz cannot exist at 8000 Hz"):
        Exciter(frequency_hz=5_000.0).prepare(Context(8_000, 1))
