from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.crossover import Crossover, LinearCrossover
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.compressor import Compressor
from mixmaster.effects.multiband import Multiband, MultibandProcessor
from mixmaster.errors import DocumentError, SignalError

RATE = 48_000
HERE = BlockContext()
IDLE = {"threshold_db": 12.0, "ratio": 4.0}
"""A compressor that could work, but is given nothing to do."""


def multiband(*bands: dict[str, Any], **settings: Any) -> Multiband:
    return Multiband.model_validate({"effect": "multiband", "bands": list(bands), **settings})


def prepared(settings: Multiband, channels: int = 1, **context: Any) -> MultibandProcessor:
    processor = settings.prepare(Context(RATE, channels, **context))
    assert isinstance(processor, MultibandProcessor)
    return processor


def noise(channels: int, frames: int, seed: int = 1) -> Block:
    return np.asarray(np.random.default_rng(seed).uniform(-1.0, 1.0, (channels, frames)))


def tone(hz: float, level_db: float, seconds: float = 2.0) -> Block:
    n = np.arange(round(seconds * RATE))
    return np.asarray(10.0 ** (level_db / 20.0) * np.sin(2.0 * np.pi * hz / RATE * n))[None]


def level_db(signal: Block, hz: float) -> float:
    """The level of a tone in the last half second."""
    kept = signal[0, -RATE // 2 :]
    n = np.arange(kept.shape[0])
    return float(20.0 * np.log10(2.0 * np.abs(np.mean(kept * np.exp(-2j * np.pi * hz / RATE * n)))))


def response_db(settings: Multiband) -> Block:
    """At every hertz but 0, from a click too quiet for any compressor."""
    click = np.zeros((1, RATE))
    click[0, 0] = 1e-3
    heard = prepared(settings).process(click, HERE)[0]
    return np.asarray(20.0 * np.log10(1e3 * np.abs(np.fft.rfft(heard))))[1:]


@pytest.mark.parametrize("slope", [24, 48])
@pytest.mark.parametrize("phase", ["minimum", "linear"])
def test_bands_at_rest_add_up_flat(phase: str, slope: int) -> None:
    settings = multiband(
        {"up_to_hz": 100.0, **IDLE},
        {"up_to_hz": 160.0, **IDLE},
        {"up_to_hz": 5_000.0, **IDLE},
        IDLE,
        phase=phase,
        slope_db_per_octave=slope,
    )
    assert np.max(np.abs(response_db(settings))) < 1e-6


def test_without_phase_the_signal_comes_out_to_the_bit_while_no_band_works() -> None:
    processor = prepared(multiband({"up_to_hz": 150.0, **IDLE}, IDLE, phase="linear"), 2)
    signal = noise(2, 30_000)
    heard = processor.process(signal, HERE)
    late = processor.latency_samples
    assert late > 0
    assert not np.any(heard[:, :late])
    assert np.array_equal(heard[:, late:], signal[:, :-late])


@pytest.mark.parametrize("phase", ["minimum", "linear"])
def test_all_bands_down_by_as_much_stay_flat(phase: str) -> None:
    """Where adding changes to the untouched signal, out of phase with it, would lift a corner."""
    down = {**IDLE, "makeup_db": -6.0}
    settings = multiband({"up_to_hz": 400.0, **down}, down, phase=phase)
    assert np.max(np.abs(response_db(settings) + 6.0)) < 1e-3


@pytest.mark.parametrize("phase", ["minimum", "linear"])
def test_each_band_keeps_to_its_own_curve(phase: str) -> None:
    """Above the knee a level L comes out at T + (L - T) / R (Giannoulis et al., equation 4)."""
    settings = multiband(
        {"up_to_hz": 600.0, "threshold_db": -30.0, "ratio": 3.0, "knee_db": 0.0},
        {"threshold_db": -24.0, "ratio": 2.0, "knee_db": 0.0, "makeup_db": 1.0},
        phase=phase,
        slope_db_per_octave=48,
    )
    processor = prepared(settings)
    both = tone(80.0, -12.0) + tone(5_921.0, -10.0)
    heard = processor.process(both, HERE)
    # The release lets the detector of a sine sink a little between its peaks.
    assert level_db(heard, 80.0) == pytest.approx(-30.0 + 18.0 / 3.0, abs=0.4)
    assert level_db(heard, 5_921.0) == pytest.approx(-24.0 + 14.0 / 2.0 + 1.0, abs=0.1)
    reductions = processor.band_reductions_db()
    assert reductions[0, -10:].mean() == pytest.approx(12.0, abs=0.4)
    assert reductions[1, -10:].mean() == pytest.approx(7.0, abs=0.1)
    assert np.array_equal(processor.gain_reduction_db(), reductions.max(axis=0))


@pytest.mark.parametrize("phase", ["minimum", "linear"])
def test_one_band_is_a_compressor(phase: str) -> None:
    figures = {"threshold_db": -30.0, "ratio": 4.0, "attack_ms": 5.0, "makeup_db": 3.0}
    rest = {"detector": "rms", "rms_ms": 20.0, "mix": 0.7, "lookahead_ms": 2.0}
    signal = noise(2, 30_000)
    band = {**figures, "release_ms": 90.0}
    heard = prepared(multiband(band, phase=phase, **rest), 2).process(signal, HERE)
    alone = Compressor.model_validate({"effect": "compressor", **band, **rest})
    wanted = alone.prepare(Context(RATE, 2)).process(signal, HERE)
    assert np.max(np.abs(heard - wanted)) < 1e-15


BANDS: list[dict[str, Any]] = [
    {"up_to_hz": 200.0, "threshold_db": -30.0, "ratio": 4.0, "makeup_db": 2.0},
    {"up_to_hz": 3_000.0, "threshold_db": -35.0, "ratio": 2.0, "attack_ms": 1.0},
    {"threshold_db": -25.0, "ratio": 8.0, "range_db": 6.0},
]


@pytest.mark.parametrize("phase", ["minimum", "linear"])
def test_recorded_gains_make_stems_that_add_up_to_the_mix(phase: str) -> None:
    settings = multiband(*BANDS, phase=phase, lookahead_ms=1.0)
    stems = [noise(2, 20_000, seed) for seed in (1, 2, 3)]
    processor = prepared(settings, 2)
    mix = processor.process(stems[0] + stems[1] + stems[2], HERE)
    gain = processor.gain_curve()
    assert gain.shape == (3, 20_000)
    parts = [prepared(settings, 2).replay(stem, gain) for stem in stems]
    assert np.max(np.abs(parts[0] + parts[1] + parts[2] - mix)) < 1e-13


@pytest.mark.parametrize("phase", ["minimum", "linear"])
def test_a_key_is_heard_band_by_band(phase: str) -> None:
    settings = multiband(*BANDS, phase=phase)
    signal, bass = 0.01 * noise(2, RATE), tone(60.0, -6.0, 1.0)
    processor = prepared(settings, 2)
    processor.process(signal, BlockContext(key=bass))
    reductions = processor.band_reductions_db()[:, -5:].mean(axis=1)
    assert reductions[0] == pytest.approx(0.75 * 24.0, abs=0.7)
    assert np.all(reductions[1:] < 0.01)


def test_solo_is_the_band_itself() -> None:
    bands = [{**band, "ratio": 1.0, "makeup_db": 0.0} for band in BANDS]
    bands[1]["solo"] = True
    signal = noise(2, 20_000)
    split = Crossover([200.0, 3_000.0], 2, RATE).process(signal)
    assert np.array_equal(prepared(multiband(*bands), 2).process(signal, HERE), split[1])
    linear, _ = LinearCrossover([200.0, 3_000.0], 2, RATE).process(signal)
    heard = prepared(multiband(*bands, phase="linear"), 2).process(signal, HERE)
    assert np.max(np.abs(heard - linear[1])) < 1e-14
    everyone = multiband(*[{**band, "solo": True} for band in bands])
    assert np.array_equal(everyone.prepare(Context(RATE, 2)).process(signal, HERE), signal)


def test_a_bypassed_band_is_left_alone() -> None:
    signal = tone(60.0, -6.0) + tone(1_000.0, -6.0)
    bands = [{**BANDS[0], "bypass": True}, *BANDS[1:]]
    processor = prepared(multiband(*bands, slope_db_per_octave=48))
    heard = processor.process(signal, HERE)
    assert level_db(heard, 60.0) == pytest.approx(-6.0, abs=0.05)
    assert level_db(heard, 1_000.0) < -12.0
    assert not np.any(processor.band_reductions_db()[0])


@pytest.mark.parametrize("phase", ["minimum", "linear"])
def test_automation_that_stands_still_is_the_setting_and_blocks_equal_whole(phase: str) -> None:
    lengths = [GRID_FRAMES, 2 * GRID_FRAMES, 3 * GRID_FRAMES, 1_001]
    frames = sum(lengths)
    signal = noise(2, frames)
    settings = multiband(*BANDS, phase=phase)
    still = prepared(settings, 2).process(signal, HERE)
    values = {
        "bands.1.threshold_db": -30.0,
        "bands.1.makeup_db": 2.0,
        "bands.2.ratio": 2.0,
        "bands.3.range_db": 6.0,
        "mix": 1.0,
    }
    elsewhere = multiband(
        {**BANDS[0], "threshold_db": -30.0, "makeup_db": -9.0},
        {**BANDS[1], "ratio": 2.0},
        {**BANDS[2], "range_db": 6.0},
        phase=phase,
        mix=0.1,
    )

    def run(lengths: list[int]) -> Block:
        processor = prepared(elsewhere, 2, automated=frozenset(values))
        parts, start = [], 0
        for length in lengths:
            moved = {name: np.full(length, value) for name, value in values.items()}
            at = BlockContext(start_frame=start, automation=moved)
            cut = np.ascontiguousarray(signal[:, start : start + length])
            parts.append(processor.process(cut, at))
            start += length
        return np.concatenate(parts, axis=1)

    moved = run([frames])
    assert np.max(np.abs(moved - still)) < 1e-9
    assert np.array_equal(run(lengths), moved)


@pytest.mark.parametrize(
    ("bands", "message"),
    [
        ([{"up_to_hz": 200.0}, {"up_to_hz": 100.0}, {}], "is not above the band before"),
        ([{}, {}], "only the last band goes without"),
        ([{"up_to_hz": 200.0}], "the last band goes to the top"),
        ([{"up_to_hz": 200.0}, {"ratio": 0.5}], "ratio"),
        ([{"up_to_hz": float(hz)} for hz in (50, 100, 200, 400, 800)] + [{}], "at most 5"),
    ],
)
def test_nonsense_is_refused(bands: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        multiband(*bands)


def test_a_band_beyond_nyquist_is_named() -> None:
    settings = multiband({"up_to_hz": 200.0}, {"up_to_hz": 6_000.0, **IDLE}, {})
    with pytest.raises(DocumentError) as caught:
        settings.prepare(Context(8_000, 2, where="mix.insert.multiband"))
    assert caught.value.problems[0].key == "bands.2.up_to_hz"
    assert "mix.insert.multiband" in str(caught.value)


def test_what_is_no_number_is_named_with_its_time() -> None:
    signal = noise(1, RATE)
    signal[0, 24_000] = np.nan
    with pytest.raises(SignalError, match="NaN"):
        prepared(multiband(*BANDS), where="bus.drums.insert.multiband").process(signal, HERE)


def test_no_bands_are_the_identity_whatever_moves() -> None:
    signal = noise(2, 5_000)
    processor = multiband().prepare(Context(RATE, 2, automated=frozenset({"mix"})))
    assert np.array_equal(processor.process(signal, HERE), signal)
