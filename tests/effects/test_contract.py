"""What holds for every effect there is: the contract of ``effects/base.py``."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.effects.base import BlockContext, Context, Effect, Processor
from mixmaster.effects.dynamic_eq import DynamicEqBand
from mixmaster.effects.eq_bands import APPLIES, EqBand
from mixmaster.effects.multiband import MultibandBand
from mixmaster.effects.plugin import Plugin
from mixmaster.effects.registry import EFFECTS, AnyEffect
from mixmaster.effects.stereo_bands import StereoBand
from mixmaster.errors import DocumentError, SignalError

ANY: TypeAdapter[Effect] = TypeAdapter(AnyEffect)
NAMES = [str(effect.model_fields["effect"].default) for effect in EFFECTS]

NEEDED: dict[str, dict[str, Any]] = {
    "delay": {"time_ms": 40.0},
    "limiter": {"ceiling_dbtp": -1.0},
    "convolution": {"impulse": "room.wav"},
    "plugin": {"plugin": "made"},
}
"""What an effect must be told before it can run."""

RESOURCES = {"impulse": np.random.default_rng(9).standard_normal((1, 5_000)) / 100.0}
"""The files that effects need, as if they had been read."""

NEUTRAL: dict[str, dict[str, Any]] = {
    "eq": {"bands": [{"shape": "bell", "frequency_hz": 100.0, "gain_db": 0.0}]},
    "compressor": {"ratio": 1.0},
    "dynamic_eq": {
        "bands": [
            {"frequency_hz": 300.0, "range_db": -6.0, "ratio": 1.0},
            {"frequency_hz": 3_000.0, "range_db": 6.0, "threshold_db": 12.0, "knee_db": 0.0},
        ]
    },
    "multiband": {"bands": [{"up_to_hz": 200.0, "threshold_db": -60.0}, {"ratio": 1.0}]},
    "gate": {},
    "de_esser": {},
    "transient_shaper": {},
    "saturation": {"drive_db": 0.0},
    "exciter": {"amount": 0.0},
    "clipper": {"ceiling_dbfs": 0.0},
    "chorus": {"mix": 0.0},
    "flanger": {"mix": 0.0},
    "phaser": {"mix": 0.0},
    "tremolo": {"depth": 0.0},
    "auto_pan": {"depth": 0.0},
    "delay": {"time_ms": 40.0, "mix": 0.0},
    "reverb": {"mix": 0.0},
    "convolution": {"impulse": "room.wav", "mix": 0.0},
    "width": {"width": 1.0},
    "stereo_bands": {"bands": [{"up_to_hz": 200.0}, {"width": 1.0}]},
    "haas": {},
    "utility": {},
    "hum_removal": {"reduction_db": 0.0},
    "noise_reduction": {"reduction_db": 0.0},
    "plugin": {"plugin": "made", "mix": 0.0},
    "limiter": {"ceiling_dbtp": 0.0},
}
"""Settings that must not touch a quiet signal."""

COMMON = ("id", "bypass", "key", "revision", "effect")


RUNNING = [effect for effect in EFFECTS if effect is not Plugin]
"""All but the plugin, which is another program: test_plugin.py runs some that are made for it."""

RUNNING_NAMES = [str(effect.model_fields["effect"].default) for effect in RUNNING]


def bounds(field: FieldInfo) -> tuple[float | None, float | None]:
    low = [item.ge for item in field.metadata if hasattr(item, "ge")]
    high = [item.le for item in field.metadata if hasattr(item, "le")]
    return (low[0] if low else None), (high[0] if high else None)


def values(name: str, field: FieldInfo) -> st.SearchStrategy[Any]:
    """Valid values of one parameter, from its declaration alone."""
    if field.annotation == tuple[StereoBand, ...]:
        return stereo_bands()
    if field.annotation == tuple[DynamicEqBand, ...]:
        return st.lists(dynamic_bands(), max_size=3)
    if field.annotation == tuple[MultibandBand, ...]:
        return multiband_bands()
    if name == "bands":
        return st.lists(bands(), max_size=4)
    kinds = get_args(field.annotation) or (field.annotation,)
    if get_origin(field.annotation) is Literal:
        return st.sampled_from(kinds)
    choices: list[st.SearchStrategy[Any]] = []
    for kind in kinds:
        if kind is float:
            low, high = bounds(field)
            choices.append(st.floats(low, high))
        elif kind is int:
            low, high = bounds(field)
            choices.append(st.integers(int(low or 0), int(high or 1)))
        elif kind is str:
            continue  # a file's name: this test has no files
        elif kind is bool:
            choices.append(st.booleans())
        elif get_origin(kind) is Literal:
            choices.append(st.sampled_from(get_args(kind)))
        else:
            assert kind is type(None), f"{name} is of a kind that this test cannot make"
            choices.append(st.none())
    return st.one_of(choices)


@st.composite
def stereo_bands(draw: st.DrawFn) -> list[dict[str, Any]]:
    corners = sorted(draw(st.lists(st.floats(20.0, 20_000.0), unique=True, max_size=4)))
    width = values("width", StereoBand.model_fields["width"])
    found: list[dict[str, Any]] = [{"up_to_hz": hz, "width": draw(width)} for hz in corners]
    return [*found, {"width": draw(width)}]


@st.composite
def dynamic_bands(draw: st.DrawFn) -> dict[str, Any]:
    fields = DynamicEqBand.model_fields
    chosen = draw(st.lists(st.sampled_from(list(fields)), unique=True))
    band = {key: draw(values(key, fields[key])) for key in chosen}
    band["frequency_hz"] = draw(st.floats(10.0, 22_000.0))
    if band.get("shape", "bell") != "bell":
        band["q"] = min(band.get("q", 1.0), 1.0)
    return band


@st.composite
def multiband_bands(draw: st.DrawFn) -> list[dict[str, Any]]:
    edges = sorted(draw(st.lists(st.floats(20.0, 20_000.0), unique=True, max_size=3)))
    fields = MultibandBand.model_fields
    own = [key for key in fields if key != "up_to_hz"]
    found = []
    for edge_hz in (*edges, None):
        chosen = draw(st.lists(st.sampled_from(own), unique=True))
        band = {key: draw(values(key, fields[key])) for key in chosen}
        found.append(band | ({} if edge_hz is None else {"up_to_hz": edge_hz}))
    return found


@st.composite
def bands(draw: st.DrawFn) -> dict[str, Any]:
    shape = draw(st.sampled_from(list(APPLIES)))
    band: dict[str, Any] = {"shape": shape, "frequency_hz": draw(st.floats(5.0, 22_000.0))}
    for key in APPLIES[shape]:
        band[key] = draw(values(key, EqBand.model_fields[key]))
        if key == "q" and shape.endswith("_shelf") and band[key] is not None:
            band[key] = min(band[key], 2.0)
    return band


@st.composite
def effects(draw: st.DrawFn, effect: type[Effect]) -> Effect:
    """A valid effect: some of its parameters given, anywhere in their ranges."""
    name = str(effect.model_fields["effect"].default)
    own = [key for key in effect.model_fields if key not in COMMON]
    given_keys = draw(st.lists(st.sampled_from(own), unique=True, max_size=len(own)))
    table = {"effect": name, **NEEDED.get(name, {})}
    # Places in a file that this test does not have, and the name of one that it makes up.
    given_keys = [key for key in given_keys if not key.startswith(("noise_", "impulse"))]
    given_keys = [key for key in given_keys if key not in {"plugin", "parameters"}]
    if name == "utility" and "delay_ms" in given_keys:
        given_keys = [key for key in given_keys if key != "delay_samples"]
    if name == "delay" and "beats" in given_keys:
        del table["time_ms"]
        given_keys = [key for key in given_keys if key != "time_ms"]
    for key in given_keys:
        table[key] = draw(values(key, effect.model_fields[key]))
    try:
        return ANY.validate_python(table)
    except ValidationError as error:
        # Right one by one, but not together: the effect says so itself.
        assume(all(entry["type"] == "value_error" for entry in error.errors()) and False)
        raise


def prepared(effect: Effect, context: Context) -> Processor:
    """A processor, or a reason to draw again: settings may not suit a rate or channel count."""
    try:
        return effect.prepare(replace(context, resources=RESOURCES))
    except DocumentError:
        assume(False)
        raise


def music(channels: int, frames: int, seed: int) -> Block:
    """Noise with loud bursts and rests, so that dynamics have something to do."""
    rng = np.random.default_rng(seed)
    steps = rng.choice([0.0, 0.003, 0.1, 0.9], size=-(-frames // 700))
    loudness = np.repeat(steps, 700)[:frames]
    noise: Block = rng.uniform(-1.0, 1.0, (channels, frames)) * loudness
    return noise


def run(processor: Processor, signal: Block, lengths: list[int]) -> Block:
    parts, start = [], 0
    for length in lengths:
        block = np.ascontiguousarray(signal[:, start : start + length])
        before = block.copy()
        out = processor.process(block, BlockContext(start_frame=start))
        assert np.array_equal(block, before), "the input was written to"
        assert out.shape == block.shape
        assert out.dtype == np.float64
        assert out.flags.c_contiguous
        curve = processor.gain_curve()
        assert curve is None or curve.shape[-1] == length
        # An output may share memory with the input only if it is the input.
        assert out is block or not np.shares_memory(out, block)
        parts.append(out.copy())
        start += length
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize("effect", RUNNING, ids=RUNNING_NAMES)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(data=st.data())
def test_blocks_equal_the_whole_bit_for_bit(effect: type[Effect], data: st.DataObject) -> None:
    chosen = data.draw(effects(effect))
    channels = data.draw(st.sampled_from((1, 2)))
    rate_hz = data.draw(st.sampled_from((44_100, 48_000, 96_000)))
    cells = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    last = data.draw(st.sampled_from((0, 1, 2, 77, 4_095)))
    lengths = [GRID_FRAMES * count for count in cells] + ([last] if last else [])
    context = Context(rate_hz, channels, max_block_frames=sum(lengths))
    processor = prepared(chosen, context)
    assert isinstance(processor.latency_samples, int)
    assert isinstance(processor.tail_samples, int)
    assert processor.latency_samples >= 0
    assert processor.tail_samples >= 0
    signal = music(channels, sum(lengths), seed=len(lengths))
    whole = run(processor, signal, [sum(lengths)])
    assert np.all(np.isfinite(whole))
    assert np.array_equal(run(prepared(chosen, context), signal, lengths), whole)


@pytest.mark.parametrize("effect", RUNNING, ids=RUNNING_NAMES)
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(data=st.data())
def test_silence_stays_silence_and_the_tail_ends(effect: type[Effect], data: st.DataObject) -> None:
    chosen = data.draw(effects(effect))
    processor = prepared(chosen, Context(44_100, 2))
    assert not np.any(processor.process(np.zeros((2, GRID_FRAMES)), BlockContext()))
    rest = processor.latency_samples + processor.tail_samples
    assume(rest < 1_500_000)
    cells = -(-(rest + 8_192) // GRID_FRAMES)
    signal = np.zeros((2, GRID_FRAMES * (cells + 4)))
    signal[:, : 3 * GRID_FRAMES] = music(2, 3 * GRID_FRAMES, seed=7)
    fresh = prepared(chosen, Context(44_100, 2, max_block_frames=signal.shape[1]))
    heard = np.abs(fresh.process(signal, BlockContext()))
    assert heard[:, 3 * GRID_FRAMES + rest :].max() < 1e-6


@pytest.mark.parametrize("effect", EFFECTS, ids=NAMES)
def test_neutral_is_the_identity_but_for_the_latency(effect: type[Effect]) -> None:
    name = str(effect.model_fields["effect"].default)
    chosen = ANY.validate_python({"effect": name, **NEUTRAL[name]})
    signal = music(2, 5 * GRID_FRAMES, seed=3) * 0.5
    processor = chosen.prepare(Context(48_000, 2))
    late = processor.latency_samples
    heard = processor.process(signal.copy(), BlockContext())
    assert not np.any(heard[:, :late])
    assert np.array_equal(heard[:, late:], signal[:, : signal.shape[1] - late])


@pytest.mark.parametrize("effect", RUNNING, ids=RUNNING_NAMES)
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(data=st.data())
def test_what_is_no_number_never_becomes_one(effect: type[Effect], data: st.DataObject) -> None:
    """NaN in gives NaN out, or an error that names the stage; it never just disappears."""
    chosen = data.draw(effects(effect))
    # The longest delay is 5 s: what went in must have had the time to come out.
    long = {"time_ms", "delay_samples"} & set(type(chosen).model_fields)
    frames = 1 << (18 if long else 15)
    processor = prepared(chosen, Context(48_000, 2, max_block_frames=frames, where="here"))
    signal = music(2, frames, seed=1)
    signal[:, 5_000] = np.nan
    try:
        heard = processor.process(signal, BlockContext())
    except SignalError as error:
        assert error.where == "here"  # noqa: PT017 - one of two right answers
        return
    assert np.any(np.isnan(heard))


@pytest.mark.parametrize("effect", EFFECTS, ids=NAMES)
def test_every_parameter_says_what_one_hears_and_how_far_it_goes(effect: type[Effect]) -> None:
    assert len(effect.summary.split()) >= 5
    fields = dict(effect.model_fields)
    items: dict[str, type[BaseModel]] = {
        "eq": EqBand,
        "dynamic_eq": DynamicEqBand,
        "multiband": MultibandBand,
        "stereo_bands": StereoBand,
    }
    name = str(effect.model_fields["effect"].default)
    if name in items:
        fields |= items[name].model_fields
    for name, field in fields.items():
        if name == "effect":
            continue
        assert len((field.description or "").split()) >= 4, f"{name} has no meaning"
        if name not in COMMON and float in (get_args(field.annotation) or (field.annotation,)):
            assert None not in bounds(field), f"{name} has no range"


@pytest.mark.parametrize("effect", EFFECTS, ids=NAMES)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_settings_survive_json(effect: type[Effect], data: st.DataObject) -> None:
    chosen = data.draw(effects(effect))
    text = chosen.model_dump_json()
    assert ANY.validate_json(text) == chosen
    assert ANY.validate_python(json.loads(text)) == chosen


def test_the_schema_knows_every_effect_by_name() -> None:
    schema = ANY.json_schema()
    json.dumps(schema, allow_nan=False)
    assert set(schema["discriminator"]["mapping"]) == set(NAMES)
    assert len(set(NAMES)) == len(EFFECTS)
    with pytest.raises(ValidationError):
        ANY.validate_python({"effect": "flangr"})


@pytest.mark.parametrize("effect", EFFECTS, ids=NAMES)
def test_out_of_range_and_nan_are_refused(effect: type[Effect]) -> None:
    name = str(effect.model_fields["effect"].default)
    for key, field in effect.model_fields.items():
        low, high = bounds(field)
        wrong: list[Any] = [] if low is None else [low - 1]
        wrong += [] if high is None else [high + 1]
        if float in (get_args(field.annotation) or (field.annotation,)):
            wrong += [float("nan"), float("inf"), "1"]
        for value in wrong:
            with pytest.raises(ValidationError):
                ANY.validate_python({"effect": name, **NEEDED.get(name, {}), key: value})


def test_an_effect_without_a_detector_refuses_a_key() -> None:
    for name in (
        "eq",
        "saturation",
        "delay",
        "reverb",
        "width",
        "utility",
        "hum_removal",
        "noise_reduction",
    ):
        with pytest.raises(ValidationError, match="listens to no side-chain"):
            ANY.validate_python({"effect": name, **NEEDED.get(name, {}), "key": "strip.kick"})
