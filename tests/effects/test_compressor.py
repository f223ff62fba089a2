"""The compressor: its static curve, its times, and what it must never do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context, Processor
from mixmaster.effects.compressor import Compressor
from mixmaster.errors import DocumentError, SignalError

RATE = 48_000


def run(
    processor: Processor, signal: Block, block_frames: int = 65_536, key: Block | None = None
) -> tuple[Block, Block]:
    """Return the output and the gain curve."""
    out, gains = [], []
    for start in range(0, signal.shape[1], block_frames):
        part = slice(start, start + block_frames)
        block = np.ascontiguousarray(signal[:, part])
        at = BlockContext(start, key=None if key is None else np.ascontiguousarray(key[:, part]))
        out.append(processor.process(block, at))
        gain = processor.gain_curve()
        assert gain is not None
        gains.append(gain)
    return np.concatenate(out, axis=1), np.concatenate(gains)


def compress(
    signal: Block, /, *, block_frames: int = 65_536, side_chain: Block | None = None, **values: Any
) -> tuple[Block, Block]:
    processor = Compressor.model_validate(values).prepare(Context(RATE, signal.shape[0]))
    return run(processor, signal, block_frames, side_chain)


def decibels(gain: Block) -> Block:
    return np.asarray(20.0 * np.log10(gain))


def constant(level_db: float, frames: int) -> Block:
    return np.full((1, frames), 10.0 ** (level_db / 20.0))


def drums(seed: int, frames: int, channels: int = 1) -> Block:
    """Hits of random level, pitch and decay, a step, bursts of noise, and silence between."""
    random = np.random.default_rng(seed)
    out = np.zeros((channels, frames))
    for _ in range(6):
        at = int(random.integers(0, frames))
        n = np.arange(frames - at)
        level = 10.0 ** (random.uniform(-30.0, 6.0) / 20.0)
        pitch = random.uniform(0.002, 0.3)
        kind = random.integers(0, 3)
        if kind == 0:
            hit = level * np.exp(-n / random.uniform(300.0, 5_000.0)) * np.cos(pitch * n)
        elif kind == 1:
            hit = level * (n < random.integers(1, 5_000)) * 1.0
        else:
            hit = 0.3 * level * random.standard_normal(n.shape[0]) * (n < 3_000)
        out[:, at:] += hit * random.uniform(0.3, 1.0, (channels, 1))
    return np.asarray(np.clip(out, -1.99, 1.99))


class TestStaticCurve:
    @pytest.mark.parametrize(
        ("level_db", "curve", "expected_db"),
        [
            (0.0, {"threshold_db": -20.0, "ratio": 4.0, "knee_db": 0.0}, -15.0),
            (-6.0, {"threshold_db": -20.0, "ratio": 2.0, "knee_db": 0.0}, -7.0),
            (-12.0, {"threshold_db": -20.0, "ratio": 8.0, "knee_db": 6.0}, -7.0),
            # Inside the knee: (3/4) (over + 6)^2 / 24.
            (-20.0, {"threshold_db": -20.0, "ratio": 4.0, "knee_db": 12.0}, -9.0 / 8.0),
            (-17.0, {"threshold_db": -20.0, "ratio": 4.0, "knee_db": 12.0}, -81.0 / 32.0),
            (-27.0, {"threshold_db": -20.0, "ratio": 4.0, "knee_db": 12.0}, 0.0),
            (6.0, {"threshold_db": -40.0, "ratio": 1000.0, "knee_db": 0.0}, -45.954),
        ],
    )
    @pytest.mark.parametrize("attack_ms", [0.0, 1.0, 10.0, 60.0])
    def test_a_constant_settles_on_the_curve(
        self, level_db: float, curve: dict[str, Any], expected_db: float, attack_ms: float
    ) -> None:
        _, gain = compress(constant(level_db, RATE), **curve, attack_ms=attack_ms)

        assert decibels(gain)[-1] == pytest.approx(expected_db, abs=1e-4)

    @pytest.mark.parametrize(("detector", "level_db"), [("peak", -6.0), ("rms", -9.0103)])
    @pytest.mark.parametrize("attack_ms", [1.0, 10.0])
    def test_a_sine_settles_at_its_peak_or_its_rms(
        self, detector: str, level_db: float, attack_ms: float
    ) -> None:
        peak = 10.0 ** (-6.0 / 20.0)
        sine = peak * np.sin(2.0 * np.pi * 997.0 * np.arange(3 * RATE) / RATE)[None]

        _, gain = compress(
            sine,
            threshold_db=-20.0,
            ratio=4.0,
            knee_db=0.0,
            release_ms=10_000.0,
            attack_ms=attack_ms,
            detector=detector,
            rms_ms=100.0,
        )

        expected_db = -0.75 * (level_db + 20.0)
        np.testing.assert_allclose(decibels(gain)[-RATE // 10 :], expected_db, atol=0.01)

    def test_rms_reads_the_mean_power_of_the_channels(self) -> None:
        one_sided = np.concatenate([constant(0.0, RATE), np.zeros((1, RATE))])
        both = np.repeat(constant(0.0, RATE), 2, axis=0)
        values: dict[str, Any] = {
            "threshold_db": -20.0,
            "ratio": 2.0,
            "knee_db": 0.0,
            "detector": "rms",
        }

        assert decibels(compress(one_sided, **values)[1])[-1] == pytest.approx(
            -0.5 * (20.0 - 3.0103), abs=1e-4
        )
        mono = compress(both[:1], **values)[1]
        np.testing.assert_allclose(compress(both, **values)[1], mono, rtol=1e-12)

    def test_the_range_is_the_most_it_takes(self) -> None:
        _, gain = compress(constant(0.0, RATE), threshold_db=-30.0, ratio=10.0, range_db=4.0)
        assert decibels(gain).min() == pytest.approx(-4.0, abs=1e-4)


class TestTimes:
    @pytest.mark.parametrize("attack_ms", [1.0, 5.0, 10.0, 100.0])
    def test_the_attack_is_the_time_to_63_percent(self, attack_ms: float) -> None:
        step = np.concatenate([np.zeros((1, RATE)), constant(0.0, RATE)], axis=1)

        _, gain = compress(step, threshold_db=-20.0, ratio=4.0, knee_db=0.0, attack_ms=attack_ms)

        reduction_db = -decibels(gain)
        reached = int(np.argmax(reduction_db >= 15.0 * (1.0 - 1.0 / math.e)))
        # Half a pool, which is at most a 200th of the attack, and the frame it is read at.
        tolerance_ms = attack_ms / 200.0 + 1.1e3 / RATE
        assert (reached + 1 - RATE) / RATE * 1e3 == pytest.approx(attack_ms, abs=tolerance_ms)

    @pytest.mark.parametrize("release_ms", [5.0, 50.0, 400.0])
    def test_the_release_is_the_time_to_fall_by_63_percent(self, release_ms: float) -> None:
        step = np.concatenate([constant(0.0, RATE), np.zeros((1, 2 * RATE))], axis=1)

        _, gain = compress(
            step, threshold_db=-20.0, ratio=4.0, knee_db=0.0, attack_ms=0.0, release_ms=release_ms
        )

        reduction_db = -decibels(gain[RATE - 1 :])
        fallen = int(np.argmax(reduction_db <= 15.0 / math.e))
        assert fallen / RATE * 1e3 == pytest.approx(release_ms, abs=1.1e3 / RATE)

    @pytest.mark.parametrize("rate", [8_000, 44_100, 384_000])
    def test_times_hold_at_every_rate(self, rate: int) -> None:
        step = np.concatenate([np.zeros((1, 4_096)), constant(0.0, rate)], axis=1)
        settings_ = Compressor(
            threshold_db=-20.0, ratio=4.0, knee_db=0.0, attack_ms=20.0, release_ms=1.0
        )

        _, gain = run(settings_.prepare(Context(rate, 1)), step)

        reached = int(np.argmax(-decibels(gain) >= 15.0 * (1.0 - 1.0 / math.e)))
        assert (reached + 1 - 4_096) / rate * 1e3 == pytest.approx(20.0, rel=0.01)


class TestIdentity:
    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"ratio": 1.0, "threshold_db": -60.0},
            {"ratio": 8.0, "threshold_db": -60.0, "range_db": 0.0},
            {"ratio": 8.0, "threshold_db": -60.0, "mix": 0.0, "makeup_db": 9.0},
            {"ratio": 8.0, "threshold_db": 12.0, "knee_db": 0.0},
            {"ratio": 8.0, "threshold_db": 12.0, "knee_db": 0.0, "detector": "rms"},
        ],
    )
    def test_what_is_not_reduced_is_the_same_to_the_bit(self, values: dict[str, Any]) -> None:
        signal = drums(1, 100_000, 2)
        out, gain = compress(signal, **values)
        assert np.array_equal(out, signal)
        assert np.array_equal(gain, np.ones(100_000))

    @pytest.mark.parametrize("makeup_db", [0.0, 3.0])
    def test_after_a_reduction_the_gain_comes_back_exactly(self, makeup_db: float) -> None:
        signal = np.random.default_rng(2).standard_normal((1, 4 * RATE)) * 1e-3
        signal[:, :1_000] = 1.0

        _, gain = compress(signal, ratio=4.0, attack_ms=10.0, release_ms=50.0, makeup_db=makeup_db)

        made_up = 10.0 ** (makeup_db / 20.0)
        assert gain.min() < 0.9 * made_up
        assert np.array_equal(gain[2 * RATE :], np.full(2 * RATE, made_up))

    def test_the_input_is_not_written_to(self) -> None:
        signal = drums(3, 5_000, 2)
        before = signal.copy()
        compress(signal, ratio=4.0, threshold_db=-40.0)
        compress(signal, ratio=4.0, threshold_db=-40.0, attack_ms=0.0, detector="rms")
        assert np.array_equal(signal, before)


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    channels=st.sampled_from([1, 2, 6]),
    attack_ms=st.sampled_from([0.0, 0.5, 5.0, 10.0, 80.0, 900.0]),
    release_ms=st.floats(1.0, 500.0),
    detector=st.sampled_from(["peak", "rms"]),
    mix=st.sampled_from([1.0, 0.3]),
    makeup_db=st.sampled_from([0.0, 5.0, -40.0]),
    frames=st.integers(1, 90_000),
)
def test_the_same_bytes_for_any_block_size_and_a_curve_that_replays(
    seed: int, channels: int, frames: int, **values: Any
) -> None:
    signal = drums(seed, frames, channels)
    values |= {"ratio": 4.0, "threshold_db": -24.0}

    out, gain = compress(signal, **values)

    for block_frames in (4_096, 20_480):
        again, gain_again = compress(signal, block_frames=block_frames, **values)
        assert np.array_equal(again, out)
        assert np.array_equal(gain_again, gain)
    processor = Compressor.model_validate(values).prepare(Context(RATE, channels))
    assert np.array_equal(processor.replay(signal, gain), out)


def exact_gain_db(signal: Block, settings_: Compressor) -> Block:
    """The compressor one frame at a time: equations 4 and 17 of Giannoulis et al. (2012)."""
    over_r = 1.0 - 1.0 / settings_.ratio
    attack, release, average = (
        math.exp(-1e3 / (ms * RATE)) if ms > 0.0 else 0.0
        for ms in (settings_.attack_ms, settings_.release_ms, settings_.rms_ms)
    )
    half_knee = settings_.knee_db / 2.0
    peaks = np.abs(signal).max(axis=0).tolist()
    powers = np.mean(signal**2, axis=0).tolist()
    power = held = smooth = 0.0
    out = np.empty(len(peaks))
    for n, peak in enumerate(peaks):
        power = average * power + (1.0 - average) * powers[n]
        level = math.sqrt(power) if settings_.detector == "rms" else peak
        over = 20.0 * math.log10(max(level, 1e-20)) - settings_.threshold_db
        if over <= -half_knee:
            reduction = 0.0
        elif over < half_knee:
            reduction = over_r * (over + half_knee) ** 2 / (2.0 * settings_.knee_db)
        else:
            reduction = over_r * over
        held = max(reduction, release * held)
        smooth = attack * smooth + (1.0 - attack) * held
        out[n] = -smooth
    return out


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    channels=st.sampled_from([1, 2]),
    threshold_db=st.floats(-50.0, 0.0),
    ratio=st.floats(1.1, 100.0),
    knee_db=st.floats(0.0, 20.0),
    attack_ms=st.floats(4.2, 200.0),
    release_ms=st.floats(5.0, 1_000.0),
    detector=st.sampled_from(["peak", "rms"]),
    rms_ms=st.floats(2.0, 100.0),
)
def test_pools_stay_within_a_tenth_of_a_decibel_of_every_frame_exact(
    seed: int, channels: int, **values: Any
) -> None:
    signal = drums(seed, 24_000, channels)
    settings_ = Compressor.model_validate(values)

    _, gain = compress(signal, **values)

    error_db = np.abs(decibels(gain) - exact_gain_db(signal, settings_))
    assert error_db.max() < 0.1


@pytest.mark.parametrize("attack_ms", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("detector", ["peak", "rms"])
def test_short_attacks_are_exact(attack_ms: float, detector: str) -> None:
    settings_ = Compressor.model_validate(
        {"threshold_db": -30.0, "ratio": 5.0, "attack_ms": attack_ms, "detector": detector}
    )
    signal = drums(11, 30_000, 2)

    _, gain = run(settings_.prepare(Context(RATE, 2)), signal)

    np.testing.assert_allclose(decibels(gain), exact_gain_db(signal, settings_), atol=3e-6)


class TestLinkAndKey:
    def test_the_image_never_moves(self) -> None:
        signal = drums(4, 50_000) * np.array([[1.0], [0.25], [-0.5], [0.0], [2.0], [1.0]])
        out, gain = compress(signal, ratio=4.0, threshold_db=-30.0)
        assert gain.min() < 0.7
        for channel in range(6):
            assert np.array_equal(out[channel], signal[channel] * gain)

    def test_the_loudest_channel_rules(self) -> None:
        loud, soft = constant(-6.0, RATE), constant(-40.0, RATE)
        values: dict[str, Any] = {"ratio": 4.0, "threshold_db": -20.0}
        _, gain = compress(np.concatenate([soft, loud]), **values)
        assert np.array_equal(gain, compress(loud, **values)[1])

    def test_the_detector_listens_to_the_key_alone(self) -> None:
        key, signal = drums(5, 60_000, 1), drums(6, 60_000, 2)
        values: dict[str, Any] = {"ratio": 4.0, "threshold_db": -30.0}

        out, gain = compress(signal, side_chain=key, **values)

        assert np.array_equal(gain, compress(key, **values)[1])
        assert np.array_equal(out, signal * gain)
        silent_key, _ = compress(signal, side_chain=np.zeros((1, 60_000)), **values)
        assert np.array_equal(silent_key, signal)

    def test_the_key_high_pass_lets_the_kick_by(self) -> None:
        time_s = np.arange(RATE) / RATE
        kick = 0.9 * np.sin(2.0 * np.pi * 40.0 * time_s)[None]
        values: dict[str, Any] = {
            "ratio": 4.0,
            "threshold_db": -20.0,
            "key_high_pass_hz": 400.0,
            "knee_db": 0.0,
        }

        _, filtered = compress(kick, **values)

        # 12 dB/octave: 40 dB down a decade below the corner, far under the threshold.
        assert np.array_equal(filtered[RATE // 2 :], np.ones(RATE // 2))
        assert decibels(compress(kick, ratio=4.0, threshold_db=-20.0)[1]).min() < -10.0


class TestGain:
    def test_mix_adds_the_dry_signal(self) -> None:
        signal = drums(7, 60_000, 2)
        values: dict[str, Any] = {"ratio": 6.0, "threshold_db": -30.0, "attack_ms": 3.0}
        wet, _ = compress(signal, **values, makeup_db=6.0)

        out, _ = compress(signal, **values, makeup_db=6.0, mix=0.25)

        np.testing.assert_allclose(out, 0.75 * signal + 0.25 * wet, rtol=1e-9, atol=1e-12)

    def test_makeup_is_a_plain_gain(self) -> None:
        signal = drums(8, 60_000, 1)
        values: dict[str, Any] = {"ratio": 6.0, "threshold_db": -30.0}
        out, _ = compress(signal, **values, makeup_db=6.0)
        plain, _ = compress(signal, **values)
        np.testing.assert_allclose(out, plain * 10.0 ** (6.0 / 20.0), rtol=1e-12)

    def test_the_reduction_shown_is_the_compressed_paths_own(self) -> None:
        processor = Compressor(
            ratio=4.0, threshold_db=-20.0, knee_db=0.0, makeup_db=9.0, mix=0.4, attack_ms=20.0
        ).prepare(Context(RATE, 1))

        processor.process(constant(0.0, 65_536), BlockContext())
        shown = processor.gain_reduction_db()
        processor.process(np.zeros((1, 5)), BlockContext(65_536))
        last = processor.gain_reduction_db()

        assert shown is not None
        assert last is not None
        assert shown.min() >= 0.0
        assert shown[-1] == pytest.approx(15.0, abs=1e-4)
        assert 1 <= last.shape[0] <= 5


class TestEdges:
    def test_silence_stays_silent(self) -> None:
        out, gain = compress(np.zeros((2, 10_000)), ratio=20.0, threshold_db=-80.0)
        assert np.array_equal(out, np.zeros((2, 10_000)))
        assert np.array_equal(gain, np.ones(10_000))

    @pytest.mark.parametrize("detector", ["peak", "rms"])
    def test_huge_levels_follow_the_curve_too(self, detector: str) -> None:
        values: dict[str, Any] = {"ratio": 2.0, "threshold_db": 0.0, "detector": detector}
        for level_db, expected_db in ((160.0, -80.0), (600.0, -100.0), (2_800.0, -100.0)):
            _, gain = compress(constant(level_db, RATE), **values)
            assert decibels(gain)[-1] == pytest.approx(expected_db, abs=1e-3)

    @pytest.mark.parametrize("frames", [0, 1, 2])
    @pytest.mark.parametrize("attack_ms", [0.0, 30.0])
    def test_a_last_block_may_be_tiny(self, frames: int, attack_ms: float) -> None:
        out, gain = compress(
            np.ones((2, 4_096 + frames)), block_frames=4_096, ratio=4.0, attack_ms=attack_ms
        )
        assert out.shape == (2, 4_096 + frames)
        processor = Compressor(ratio=4.0).prepare(Context(RATE, 2))
        assert processor.process(np.zeros((2, 0)), BlockContext()).shape == (2, 0)
        assert gain.shape == (4_096 + frames,)

    @pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("detector", ["peak", "rms"])
    @pytest.mark.parametrize("attack_ms", [1.0, 30.0])
    def test_what_is_no_number_is_refused(
        self, wrong: float, detector: str, attack_ms: float
    ) -> None:
        signal = np.full((2, 8_192), 0.5)
        signal[1, 4_800] = wrong
        with pytest.raises(SignalError, match=r"0\.100 s"):
            compress(signal, block_frames=4_096, ratio=4.0, detector=detector, attack_ms=attack_ms)

    def test_a_nan_beside_a_sound_key_stays_a_nan(self) -> None:
        signal = np.full((1, 8_192), 0.5)
        signal[0, 100] = np.nan
        out, _ = compress(signal, side_chain=np.full((1, 8_192), 0.5), ratio=4.0)
        assert np.flatnonzero(np.isnan(out[0])).tolist() == [100]

    def test_a_key_filter_above_nyquist_is_refused(self) -> None:
        with pytest.raises(DocumentError, match="key_high_pass_hz"):
            Compressor(key_high_pass_hz=5_000.0).prepare(Context(8_000, 1, where="mix"))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"ratio": 0.5},
            {"release_ms": 0.0},
            {"attack_ms": -1.0},
            {"mix": 1.1},
            {"threshold_db": math.nan},
            {"detector": "vca"},
        ],
    )
    def test_settings_out_of_range_are_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            Compressor.model_validate(wrong)
