from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.signal import sosfilt

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp import filters
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.dynamic_eq import DynamicEq, DynamicEqProcessor
from mixmaster.errors import DocumentError, SignalError

RATE = 48_000
HERE = BlockContext()
CENTRE = 2_921.0
"""No simple fraction of the rate, so that the samples of a tone come near its peaks."""


def dynamic_eq(*bands: dict[str, Any], **settings: Any) -> DynamicEq:
    return DynamicEq.model_validate({"effect": "dynamic_eq", "bands": list(bands), **settings})


def prepared(settings: DynamicEq, channels: int = 1, **context: Any) -> DynamicEqProcessor:
    processor = settings.prepare(Context(RATE, channels, **context))
    assert isinstance(processor, DynamicEqProcessor)
    return processor


def noise(channels: int, frames: int, seed: int = 1) -> Block:
    return np.asarray(np.random.default_rng(seed).uniform(-1.0, 1.0, (channels, frames)))


def tone(hz: float, level_db: float, seconds: float = 1.0) -> Block:
    n = np.arange(round(seconds * RATE))
    return np.asarray(10.0 ** (level_db / 20.0) * np.sin(2.0 * np.pi * hz / RATE * n))[None]


def level_db(signal: Block, hz: float) -> float:
    """The level of a tone in the last quarter of a second."""
    kept = signal[0, -RATE // 4 :]
    n = np.arange(kept.shape[0])
    window = np.hanning(kept.shape[0])
    line = np.sum(kept * window * np.exp(-2j * np.pi * hz / RATE * n))
    return float(20.0 * np.log10(2.0 * np.abs(line) / window.sum()))


STATIC: dict[str, Any] = {
    "frequency_hz": CENTRE,
    "q": 2.0,
    "threshold_db": -30.0,
    "ratio": 3.0,
    "knee_db": 0.0,
    "release_ms": 500.0,
}


@pytest.mark.parametrize(
    ("acts", "range_db", "at_db", "moves_db"),
    [
        # (1 - 1/3) dB for each dB over -30, and no more than the range.
        ("above", -12.0, -40.0, 0.0),
        ("above", -12.0, -18.0, -8.0),
        ("above", -12.0, -6.0, -12.0),
        ("above", 6.0, -24.0, 4.0),
        ("above", 6.0, -6.0, 6.0),
        # The same for each dB under it.
        ("below", 8.0, -20.0, 0.0),
        ("below", 8.0, -36.0, 4.0),
        ("below", 8.0, -60.0, 8.0),
        ("below", -9.0, -39.0, -6.0),
        ("below", -9.0, -80.0, -9.0),
    ],
)
@pytest.mark.parametrize("gain_db", [0.0, 3.0])
def test_the_static_curve(
    acts: str, range_db: float, at_db: float, moves_db: float, gain_db: float
) -> None:
    band = {**STATIC, "acts": acts, "range_db": range_db, "gain_db": gain_db}
    processor = prepared(dynamic_eq(band))
    heard = processor.process(tone(CENTRE, at_db), HERE)
    assert level_db(heard, CENTRE) == pytest.approx(at_db + moves_db + gain_db, abs=0.06)
    moved = processor.band_gains_db()[0, -5:]
    assert moved == pytest.approx(np.full(5, moves_db), abs=0.06)
    assert np.array_equal(
        processor.gain_reduction_db(), np.maximum(0.0, -processor.band_gains_db()[0])
    )


@pytest.mark.parametrize("range_db", [-15.0, 6.0])
@pytest.mark.parametrize("shape", ["bell", "low_shelf", "high_shelf"])
def test_at_full_range_it_is_the_matched_bell_or_shelf(shape: str, range_db: float) -> None:
    """With a silent key a band that acts below the threshold has its whole range all the time."""
    band = {"shape": shape, "frequency_hz": 1_500.0, "q": 0.8, "range_db": range_db}
    processor = prepared(dynamic_eq({**band, "acts": "below"}), 2)
    signal = noise(2, 20_000)
    heard = processor.process(signal, BlockContext(key=np.zeros_like(signal)))
    make = {
        "bell": filters.bell,
        "low_shelf": filters.low_shelf,
        "high_shelf": filters.high_shelf,
    }[shape]
    wanted = sosfilt(make(1_500.0, range_db, 0.8, RATE), signal)
    assert np.max(np.abs(heard - wanted)) < 1e-12


def test_standing_gain_is_the_matched_bell_too() -> None:
    signal = noise(1, 20_000)
    heard = prepared(dynamic_eq({"frequency_hz": 700.0, "gain_db": -5.0})).process(signal, HERE)
    assert np.max(np.abs(heard - sosfilt(filters.bell(700.0, -5.0, 1.0, RATE), signal))) < 1e-12


def test_half_open_it_is_near_the_bell_of_that_gain() -> None:
    """The stated error: at most 0.26 dB on the flanks for a range of 6 dB."""
    full = filters.bell(1_000.0, 6.0, 1.0, RATE)
    hz = np.geomspace(50.0, 15_000.0, 500)
    part = (filters.response(full, hz, RATE) - 1.0) / (10.0**0.3 - 1.0)
    for gain_db in (1.0, 3.0, 5.0):
        heard = 1.0 + (10.0 ** (gain_db / 20.0) - 1.0) * part
        wanted = filters.response(filters.bell(1_000.0, gain_db, 1.0, RATE), hz, RATE)
        assert np.max(np.abs(20.0 * np.log10(np.abs(heard / wanted)))) < 0.27


def test_it_hears_its_own_band_or_all() -> None:
    band = {**STATIC, "range_db": -12.0}
    elsewhere = tone(100.0, -6.0) + tone(CENTRE, -45.0)
    heard = prepared(dynamic_eq(band)).process(elsewhere, HERE)
    assert level_db(heard, CENTRE) == pytest.approx(-45.0, abs=0.01)
    heard = prepared(dynamic_eq({**band, "hears": "all"})).process(elsewhere, HERE)
    assert level_db(heard, CENTRE) == pytest.approx(-57.0, abs=0.1)


def test_a_key_makes_room() -> None:
    """The bass dips around 60 Hz while the kick plays, and nowhere else."""
    band = {"frequency_hz": 60.0, "q": 1.5, "range_db": -6.0, "threshold_db": -30.0}
    bass = tone(60.0, -12.0) + tone(400.0, -12.0)
    processor = prepared(dynamic_eq(band))
    heard = processor.process(bass, BlockContext(key=tone(60.0, -3.0)))
    assert level_db(heard, 60.0) == pytest.approx(-18.0, abs=0.05)
    assert level_db(heard, 400.0) == pytest.approx(-12.0, abs=0.3)
    alone = prepared(dynamic_eq(band)).process(bass, BlockContext(key=np.zeros_like(bass)))
    assert np.array_equal(alone, bass)


BANDS: list[dict[str, Any]] = [
    {"frequency_hz": 250.0, "range_db": -6.0, "threshold_db": -30.0, "gain_db": 2.0},
    {"frequency_hz": 3_000.0, "range_db": 4.0, "acts": "below", "channels": "side"},
    {"shape": "high_shelf", "frequency_hz": 8_000.0, "q": 0.7, "range_db": -9.0},
]


def test_recorded_movements_make_stems_that_add_up_to_the_mix() -> None:
    settings = dynamic_eq(*BANDS, lookahead_ms=1.0)
    stems = [noise(2, 20_000, seed) for seed in (1, 2, 3)]
    processor = prepared(settings, 2)
    mix = processor.process(stems[0] + stems[1] + stems[2], HERE)
    gain = processor.gain_curve()
    assert gain.shape == (3, 20_000)
    assert np.ptp(gain[0]) > 0.01  # it moved
    parts = [prepared(settings, 2).replay(stem, gain) for stem in stems]
    assert np.max(np.abs(parts[0] + parts[1] + parts[2] - mix)) < 1e-13


def test_parts_of_a_stereo_signal_are_heard_and_moved_alone() -> None:
    band = {**STATIC, "range_db": -12.0}
    mid, side = noise(1, 30_000), noise(1, 30_000, 2)
    signal = np.concatenate((mid + side, mid - side))
    heard = prepared(dynamic_eq({**band, "channels": "side"}), 2).process(signal, HERE)
    wanted = prepared(dynamic_eq(band)).process(side, HERE)
    assert np.max(np.abs(0.5 * (heard[:1] + heard[1:]) - mid)) < 1e-14
    assert np.max(np.abs(0.5 * (heard[:1] - heard[1:]) - wanted)) < 1e-13
    heard = prepared(dynamic_eq({**band, "channels": "left"}), 2).process(signal, HERE)
    assert np.array_equal(heard[1], signal[1])
    assert np.array_equal(heard[:1], prepared(dynamic_eq(band)).process(signal[:1], HERE))
    mono = prepared(dynamic_eq({**band, "channels": "mid"})).process(mid, HERE)
    assert np.array_equal(mono, prepared(dynamic_eq(band)).process(mid, HERE))


def test_lookahead_moves_before_the_sound() -> None:
    """At 5 ms of look-ahead and a quick attack the first wave is already down."""
    signal = np.concatenate((np.zeros((1, 4_800)), tone(CENTRE, -6.0, 0.2)), axis=1)
    band = {**STATIC, "range_db": -12.0, "attack_ms": 0.5, "q": 0.5}
    early = prepared(dynamic_eq(band, lookahead_ms=5.0))
    assert early.latency_samples == 240
    heard = early.process(signal, HERE)
    late = prepared(dynamic_eq(band)).process(signal, HERE)
    first = slice(4_800 + 240, 4_800 + 240 + 100)
    assert np.max(np.abs(heard[0, first])) < 0.7 * np.max(np.abs(late[0, 4_800:4_900]))


@pytest.mark.parametrize("acts", ["above", "below"])
def test_automation_that_stands_still_is_the_setting_and_blocks_equal_whole(acts: str) -> None:
    lengths = [GRID_FRAMES, 2 * GRID_FRAMES, GRID_FRAMES, 555]
    frames = sum(lengths)
    signal = noise(2, frames) * 0.1
    band = {**BANDS[0], "acts": acts}
    still = prepared(dynamic_eq(band, BANDS[1]), 2).process(signal, HERE)
    address = "bands.1.threshold_db"
    settings = dynamic_eq({**band, "threshold_db": -3.0}, BANDS[1])

    def run(lengths: list[int], curve: Block) -> Block:
        processor = prepared(settings, 2, automated=frozenset({address}))
        parts, start = [], 0
        for length in lengths:
            here = slice(start, start + length)
            at = BlockContext(start_frame=start, automation={address: curve[here]})
            parts.append(processor.process(np.ascontiguousarray(signal[:, here]), at))
            start += length
        return np.concatenate(parts, axis=1)

    assert np.max(np.abs(run([frames], np.full(frames, -30.0)) - still)) < 1e-9
    ramp = np.linspace(-50.0, -10.0, frames)
    assert np.array_equal(run(lengths, ramp), run([frames], ramp))


@pytest.mark.parametrize(
    "band",
    [
        {"frequency_hz": 100.0, "range_db": float("nan")},
        {"frequency_hz": 100.0, "ratio": 0.5},
        {"range_db": -3.0},
        {"frequency_hz": 100.0, "shape": "low_shelf", "q": 1.5},
        {"frequency_hz": 100.0, "shape": "notch"},
        {"frequency_hz": 100.0, "mode": "above"},
    ],
)
def test_nonsense_is_refused(band: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        dynamic_eq(band)


def test_what_is_not_there_is_named() -> None:
    settings = dynamic_eq(BANDS[0], {"frequency_hz": 30_000.0, "channels": "side"})
    with pytest.raises(DocumentError) as caught:
        settings.prepare(Context(44_100, 1, where="strip.vox.insert.dynamic_eq"))
    keys = [problem.key for problem in caught.value.problems]
    assert keys == ["bands.2.frequency_hz", "bands.2.channels"]
    assert "strip.vox.insert.dynamic_eq" in str(caught.value)


def test_what_is_no_number_is_named_with_its_time() -> None:
    signal = noise(1, RATE)
    signal[0, 24_000] = np.nan
    with pytest.raises(SignalError, match="NaN"):
        prepared(dynamic_eq(BANDS[0]), where="strip.vox.insert.dynamic_eq").process(signal, HERE)


def test_a_ratio_that_hardly_moves_does_not_move() -> None:
    signal = noise(1, 5_000)
    band = {"frequency_hz": 500.0, "range_db": -6.0, "acts": "below", "ratio": 1.005}
    processor = dynamic_eq(band).prepare(Context(RATE, 1))
    assert np.array_equal(processor.process(signal, HERE), signal)
