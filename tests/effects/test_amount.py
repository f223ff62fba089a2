"""How much of an insert is heard: a blend that is in step and in phase, for every effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, Context, Effect, Processor
from mixmaster.effects.insertion import prepare_insert
from mixmaster.effects.registry import EFFECTS, AnyEffect

RATE = 48_000
ANY: TypeAdapter[Effect] = TypeAdapter(AnyEffect)
CONTEXT = Context(
    RATE, 2, resources={"impulse": np.random.default_rng(9).standard_normal((1, 900)) / 50.0}
)

STRONG: dict[str, dict[str, Any]] = {
    "eq": {"bands": [{"shape": "bell", "frequency_hz": 900.0, "gain_db": 9.0}]},
    "dynamic_eq": {"bands": [{"frequency_hz": 900.0, "range_db": -9.0, "threshold_db": -40.0}]},
    "compressor": {"threshold_db": -40.0, "ratio": 6.0, "lookahead_ms": 2.0},
    "multiband": {
        "bands": [
            {"up_to_hz": 300.0, "threshold_db": -40.0, "ratio": 4.0},
            {"threshold_db": -30.0, "ratio": 2.0},
        ]
    },
    "gate": {"threshold_db": -10.0, "range_db": 40.0},
    "de_esser": {"range_db": 9.0, "lookahead_ms": 1.0},
    "transient_shaper": {"attack_db": 6.0},
    "saturation": {"drive_db": 12.0},
    "clipper": {"ceiling_dbfs": -12.0},
    "chorus": {"mix": 0.5},
    "flanger": {"mix": 0.5},
    "phaser": {"mix": 0.5},
    "tremolo": {"depth": 0.8},
    "auto_pan": {"depth": 0.8},
    "delay": {"time_ms": 40.0, "mix": 0.4},
    "reverb": {"mix": 0.3},
    "convolution": {"impulse": "room.wav", "mix": 0.4},
    "width": {"width": 0.4, "mono_below_hz": 120.0},
    "stereo_bands": {"bands": [{"up_to_hz": 250.0, "width": 0.0}, {"width": 1.4}]},
    "haas": {"delay_ms": 9.0},
    "utility": {"trim_db": -6.0, "polarity": "left"},
    "hum_removal": {"reduction_db": 20.0},
    "noise_reduction": {"reduction_db": 9.0},
    "limiter": {"ceiling_dbtp": -12.0},
}
BLENDED = [
    name
    for effect in EFFECTS
    if not effect.blends_itself
    and (name := str(effect.model_fields["effect"].default)) != "plugin"  # needs one installed
]


def effect(name: str, **more: Any) -> Effect:
    return ANY.validate_python({"effect": name, **STRONG[name], **more})


def music(frames: int) -> Block:
    rng = np.random.default_rng(4)
    t = np.arange(frames) / RATE
    beat = np.exp(-9.0 * (4.0 * t % 1.0))
    return 0.3 * beat * rng.standard_normal((2, frames)) + 0.3 * np.sin(2 * np.pi * 110.0 * t)


def run(processor: Processor, signal: Block, cells: int = 4) -> Block:
    step = cells * GRID_FRAMES
    return np.concatenate(
        [
            processor.process(
                np.ascontiguousarray(signal[:, start : start + step]), BlockContext(start)
            )
            for start in range(0, signal.shape[1], step)
        ],
        axis=1,
    )


def test_every_effect_is_covered() -> None:
    assert set(BLENDED) == set(STRONG)


@pytest.mark.parametrize("name", BLENDED)
def test_all_of_it_is_the_effect_itself_to_the_bit(name: str) -> None:
    signal = music(8 * GRID_FRAMES)
    alone = run(effect(name).prepare(CONTEXT), signal)
    assert np.array_equal(run(prepare_insert(effect(name, amount=1.0), CONTEXT), signal), alone)


@pytest.mark.parametrize("name", BLENDED)
def test_the_blend_is_in_step_with_the_input(name: str) -> None:
    signal = music(12 * GRID_FRAMES + 77)
    inner = effect(name).prepare(CONTEXT)
    half = prepare_insert(effect(name, amount=0.3), CONTEXT)
    assert (half.latency_samples, half.tail_samples) == (inner.latency_samples, inner.tail_samples)
    late = inner.latency_samples
    dry = np.pad(signal, ((0, 0), (late, 0)))[:, : signal.shape[1]]
    if inner.phase_sos is not None:
        dry = SosFilter(inner.phase_sos, 2).process(dry)
    before = signal.copy()
    out = run(half, signal)
    assert np.array_equal(signal, before)
    assert np.abs(out - (0.7 * dry + 0.3 * run(inner, signal))).max() < 1e-12
    again = run(prepare_insert(effect(name, amount=0.3), CONTEXT), signal, cells=1)
    assert np.array_equal(again, out)


@pytest.mark.parametrize("name", BLENDED)
def test_none_of_it_is_the_input_late(name: str) -> None:
    """To the bit; through a crossover's all-pass, with the level of every frequency."""
    signal = np.zeros((2, 16 * GRID_FRAMES))
    signal[:, GRID_FRAMES] = 0.5
    processor = prepare_insert(effect(name, amount=0.0), CONTEXT)
    out = run(processor, signal)
    if processor.phase_sos is None and effect(name).prepare(CONTEXT).phase_sos is None:
        late = processor.latency_samples
        assert np.array_equal(out[:, late:], signal[:, : signal.shape[1] - late])
    assert np.abs(np.abs(np.fft.rfft(out[0])) - 0.5).max() < 1e-9


@pytest.mark.parametrize("name", ["multiband", "stereo_bands", "width"])
def test_a_crossover_does_not_hollow_out_at_half(name: str) -> None:
    """The middle of a quiet impulse: nothing works on it, and half of nothing is flat too."""
    signal = np.zeros((2, 16 * GRID_FRAMES))
    signal[:, GRID_FRAMES] = 1e-5
    out = run(prepare_insert(effect(name, amount=0.5), CONTEXT), signal)
    level_db = 20.0 * np.log10(np.abs(np.fft.rfft(out.mean(axis=0)))[1:] / 1e-5)
    assert np.abs(level_db).max() < 0.01


def test_meters_show_what_is_left_of_the_reduction_and_it_can_be_replayed() -> None:
    signal = music(8 * GRID_FRAMES)
    inner = effect("compressor").prepare(CONTEXT)
    half = prepare_insert(effect("compressor", amount=0.5), CONTEXT)
    copy = prepare_insert(effect("compressor", amount=0.5), CONTEXT)
    assert half.is_dynamics
    inner.process(signal, BlockContext())
    out = half.process(signal, BlockContext())
    whole, left = inner.gain_reduction_db(), half.gain_reduction_db()
    assert whole is not None
    assert left is not None
    assert whole.max() > 6.0
    gain = 0.5 + 0.5 * 10 ** (-whole / 20)
    assert left == pytest.approx(-20 * np.log10(gain), abs=1e-9)
    curve = half.gain_curve()
    assert curve is not None
    assert np.abs(copy.replay(signal, curve) - out).max() < 1e-12
