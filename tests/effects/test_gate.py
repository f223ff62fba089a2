"""The gate and expander: when it opens, how fast, how far, and what it leaves alone."""

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
from mixmaster.effects.gate import Gate
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


def gate(
    signal: Block, /, *, block_frames: int = 65_536, side_chain: Block | None = None, **values: Any
) -> tuple[Block, Block]:
    processor = Gate.model_validate(values).prepare(Context(RATE, signal.shape[0]))
    return run(processor, signal, block_frames, side_chain)


def levels(*stretches: tuple[float, int]) -> Block:
    """Return constants, each given as its level in dBFS and its frames, one after another."""
    return np.concatenate(
        [np.full((1, frames), 10.0 ** (level_db / 20.0)) for level_db, frames in stretches], axis=1
    )


def hits(seed: int, frames: int, channels: int = 1) -> Block:
    """Decaying tones and noise over a quiet floor, with rests of digital silence."""
    random = np.random.default_rng(seed)
    out = np.zeros((channels, frames))
    for _ in range(5):
        at = int(random.integers(0, frames))
        n = np.arange(frames - at)
        tone = np.cos(random.uniform(0.005, 0.5) * n) * np.exp(-n / random.uniform(200.0, 6e3))
        out[:, at:] += tone * 10.0 ** (random.uniform(-50.0, 3.0) / 20.0)
    floor = 10.0 ** (random.uniform(-90.0, -30.0) / 20.0)
    out += floor * random.standard_normal((channels, frames)) * (np.arange(frames) % 9_000 < 5_000)
    return out


def exact_gain(signal: Block, settings_: Gate) -> Block:
    """The gate one frame at a time: state machine, curve, release, attack."""
    assert settings_.threshold_db is not None
    threshold = 10.0 ** (settings_.threshold_db / 20.0)
    closing = 10.0 ** ((settings_.threshold_db - settings_.hysteresis_db) / 20.0)
    floor = 10.0 ** (-settings_.range_db / 20.0)
    hold = round(settings_.hold_ms * RATE / 1e3)
    attack, release = (
        math.exp(-1e3 / (ms * RATE)) if ms > 0.0 else 0.0
        for ms in (settings_.attack_ms, settings_.release_ms)
    )
    is_open, quiet_for = False, hold + 1
    held = smooth = 0.0
    out = np.empty(signal.shape[1])
    for n, level in enumerate(np.abs(signal).max(axis=0).tolist()):
        quiet_for = 0 if level >= closing else quiet_for + 1
        if level >= threshold:
            is_open = True
        elif quiet_for > hold:
            is_open = False
        if is_open:
            target = 1.0
        elif level == 0.0:
            target = 0.0
        else:
            below_db = 20.0 * math.log10(threshold / level)
            gain_db = -min((settings_.ratio - 1.0) * below_db, settings_.range_db)
            target = (10.0 ** (gain_db / 20.0) - floor) / (1.0 - floor)
        held = max(target, release * held)
        smooth = attack * smooth + (1.0 - attack) * held
        out[n] = floor + (1.0 - floor) * smooth
    return out


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    channels=st.sampled_from([1, 2]),
    threshold_db=st.floats(-60.0, -6.0),
    hysteresis_db=st.sampled_from([0.0, 3.0, 12.0]),
    ratio=st.sampled_from([1.2, 2.0, 4.0, 100.0]),
    range_db=st.sampled_from([6.0, 20.0, 60.0, 120.0]),
    attack_ms=st.sampled_from([0.0, 0.1, 2.0, 50.0]),
    hold_ms=st.sampled_from([0.0, 1.0, 40.0]),
    release_ms=st.floats(1.0, 300.0),
)
def test_it_is_the_gate_computed_frame_by_frame(seed: int, channels: int, **values: Any) -> None:
    signal = hits(seed, 20_000, channels)

    _, gain = gate(signal, **values)

    exact = exact_gain(signal, Gate.model_validate(values))
    np.testing.assert_allclose(gain, exact, rtol=2e-7, atol=1e-8)


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    channels=st.sampled_from([1, 2, 6]),
    frames=st.integers(1, 90_000),
    threshold_db=st.floats(-60.0, -6.0),
    ratio=st.sampled_from([1.0, 2.0, 100.0]),
    attack_ms=st.sampled_from([0.0, 0.5, 100.0]),
    hold_ms=st.sampled_from([0.0, 20.0, 200.0]),
    release_ms=st.floats(1.0, 300.0),
    lookahead_ms=st.sampled_from([0.0, 1.0, 50.0]),
)
def test_the_same_bytes_for_any_block_size_and_a_curve_that_replays(
    seed: int, channels: int, frames: int, **values: Any
) -> None:
    signal = hits(seed, frames, channels)

    out, gain = gate(signal, **values)

    for block_frames in (4_096, 20_480):
        again, gain_again = gate(signal, block_frames=block_frames, **values)
        assert np.array_equal(again, out)
        assert np.array_equal(gain_again, gain)
    processor = Gate.model_validate(values).prepare(Context(RATE, channels))
    assert np.array_equal(processor.replay(signal, gain), out)


class TestTimes:
    def test_a_long_steady_run_switches_like_one_block_and_many(self) -> None:
        signal = levels((-90.0, 150_000), (-6.0, 150_000), (-90.0, 150_000))
        out, gain = gate(signal, threshold_db=-30.0, hold_ms=5.0, release_ms=5.0)
        small, _ = gate(signal, block_frames=4_096, threshold_db=-30.0, hold_ms=5.0, release_ms=5.0)
        assert np.array_equal(out, small)
        assert np.array_equal(gain[160_000:300_000], np.ones(140_000))
        np.testing.assert_allclose(gain[[0, 149_999, 449_999]], 1e-3, rtol=2e-7)

    @pytest.mark.parametrize("attack_ms", [0.1, 1.0, 20.0])
    def test_it_opens_63_percent_of_the_way_in_the_attack(self, attack_ms: float) -> None:
        signal = levels((-90.0, 5_000), (-6.0, RATE))
        _, gain = gate(signal, threshold_db=-30.0, range_db=20.0, attack_ms=attack_ms)

        target = 0.1 + 0.9 * (1.0 - 1.0 / math.e)
        reached = int(np.argmax(gain >= target * (1.0 - 1e-9))) + 1 - 5_000
        assert reached == pytest.approx(attack_ms * RATE / 1e3, abs=1.0)

    @pytest.mark.parametrize("hold_ms", [0.0, 1.0, 100.0])
    def test_it_stays_open_for_the_hold_to_the_frame(self, hold_ms: float) -> None:
        signal = levels((-6.0, 9_000), (-90.0, RATE))
        _, gain = gate(signal, threshold_db=-30.0, attack_ms=0.0, hold_ms=hold_ms)

        closes = int(np.argmax(gain < 1.0))
        assert closes == 9_000 + round(hold_ms * RATE / 1e3)

    @pytest.mark.parametrize("release_ms", [1.0, 30.0, 400.0])
    def test_it_closes_63_percent_of_the_way_in_the_release(self, release_ms: float) -> None:
        signal = levels((-6.0, 9_000), (-90.0, 3 * RATE))
        _, gain = gate(
            signal,
            threshold_db=-30.0,
            range_db=20.0,
            attack_ms=0.0,
            hold_ms=0.0,
            release_ms=release_ms,
        )
        fallen = int(np.argmax(gain <= (0.1 + 0.9 / math.e) * (1.0 + 1e-6))) - 8_999
        assert fallen == pytest.approx(release_ms * RATE / 1e3, abs=1.0)

    @pytest.mark.parametrize("rate", [8_000, 44_100, 384_000])
    def test_times_hold_at_every_rate(self, rate: int) -> None:
        signal = levels((-6.0, rate // 10), (-90.0, rate))
        settings_ = Gate(threshold_db=-30.0, attack_ms=0.0, hold_ms=250.0, release_ms=1.0)
        _, gain = run(settings_.prepare(Context(rate, 1)), signal)
        assert int(np.argmax(gain < 1.0)) == rate // 10 + rate // 4

    def test_look_ahead_opens_before_the_hit(self) -> None:
        signal = levels((-90.0, 5_000), (-6.0, 5_000))
        processor = Gate(threshold_db=-30.0, attack_ms=0.5, lookahead_ms=5.0).prepare(
            Context(RATE, 1)
        )
        out, gain = run(processor, signal)

        assert processor.latency_samples == 240
        assert np.array_equal(out[0, 240:], signal[0, :-240] * gain[240:])
        # Ten attack times after it began to open, the hit itself comes.
        assert gain[5_239] == pytest.approx(1.0, abs=1e-4)


class TestThresholds:
    @pytest.mark.parametrize(
        ("middle_db", "is_open"), [(-33.9, True), (-34.1, False), (-29.9, True)]
    )
    def test_hysteresis_keeps_a_dying_note_open(self, middle_db: float, is_open: bool) -> None:
        signal = levels((-20.0, 5_000), (middle_db, 2 * RATE))
        _, gain = gate(signal, threshold_db=-30.0, hysteresis_db=4.0, hold_ms=10.0)
        assert bool(gain[-1] == 1.0) is is_open

    def test_between_the_thresholds_it_does_not_open_by_itself(self) -> None:
        _, gain = gate(levels((-32.0, RATE)), threshold_db=-30.0, hysteresis_db=4.0)
        assert gain.max() < 0.01

    def test_a_low_note_does_not_chatter(self) -> None:
        tone = 0.5 * np.sin(2.0 * np.pi * 50.0 * np.arange(2 * RATE) / RATE)[None]
        out, _ = gate(tone, threshold_db=-20.0, hold_ms=10.0)
        assert np.array_equal(out[:, RATE:], tone[:, RATE:])

    @pytest.mark.parametrize(
        ("level_db", "ratio", "range_db", "expected_db"),
        [
            (-40.0, 2.0, 60.0, -10.0),  # 10 dB under the threshold come out as 20
            (-36.0, 3.0, 60.0, -12.0),
            (-50.0, 1.5, 60.0, -10.0),
            (-50.0, 3.0, 12.0, -12.0),  # the range
            (-90.0, 100.0, 60.0, -60.0),
            (-31.0, 1.0, 60.0, 0.0),
        ],
    )
    def test_the_expanders_curve(
        self, level_db: float, ratio: float, range_db: float, expected_db: float
    ) -> None:
        _, gain = gate(levels((level_db, RATE)), threshold_db=-30.0, ratio=ratio, range_db=range_db)
        assert 20.0 * math.log10(gain[-1]) == pytest.approx(expected_db, abs=1e-4)


class TestIdentity:
    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"threshold_db": -20.0, "ratio": 1.0},
            {"threshold_db": -20.0, "range_db": 0.0},
        ],
    )
    def test_the_neutral_setting_is_the_very_block(self, values: dict[str, Any]) -> None:
        signal = hits(1, 50_000, 2)
        out, gain = gate(signal, **values)
        assert np.array_equal(out, signal)
        assert np.array_equal(gain, np.ones(50_000))

    def test_an_open_gate_is_the_identity_and_a_shut_one_a_constant(self) -> None:
        random = np.random.default_rng(9)
        loud = random.uniform(0.5, 1.0, (2, 80_000)) * np.sign(random.standard_normal((2, 80_000)))
        quiet = loud * 1e-4
        signal = np.concatenate([quiet, loud, quiet], axis=1)

        out, gain = gate(signal, threshold_db=-20.0, range_db=40.0, hold_ms=1.0, release_ms=2.0)

        assert np.array_equal(out[:, 85_000:160_000], signal[:, 85_000:160_000])
        assert np.unique(gain[:80_000]).shape == (1,)
        np.testing.assert_allclose(out[:, :80_000], quiet[:, :80_000] * 0.01, rtol=2e-7)
        np.testing.assert_allclose(out[:, 230_000:], quiet[:, 70_000:] * 0.01, rtol=2e-7)

    def test_the_input_is_not_written_to(self) -> None:
        signal = hits(3, 9_000, 1)
        before = signal.copy()
        gate(signal, threshold_db=-30.0, ratio=2.0)
        assert np.array_equal(signal, before)


class TestLinkAndKey:
    def test_the_image_never_moves(self) -> None:
        signal = hits(4, 30_000) * np.array([[1.0], [0.01], [-0.5], [0.0], [2.0], [1.0]])
        out, gain = gate(signal, threshold_db=-20.0)
        assert gain.min() < 0.5 < gain.max()
        for channel in range(6):
            assert np.array_equal(out[channel], signal[channel] * gain)

    def test_the_detector_listens_to_the_key_alone(self) -> None:
        key, signal = hits(5, 40_000, 1), hits(6, 40_000, 2)

        out, gain = gate(signal, side_chain=key, threshold_db=-30.0)

        assert np.array_equal(gain, gate(key, threshold_db=-30.0)[1])
        assert np.array_equal(out, signal * gain)

    def test_the_key_high_pass_keeps_the_kick_from_opening_it(self) -> None:
        kick = 0.9 * np.sin(2.0 * np.pi * 50.0 * np.arange(RATE) / RATE)[None]
        assert gate(kick, threshold_db=-30.0)[1].max() == 1.0
        # 40 dB down a decade below the corner; the tone's start is a click, so not at first.
        assert gate(kick, threshold_db=-30.0, key_high_pass_hz=500.0)[1][RATE // 2 :].max() < 0.01


class TestEdges:
    def test_silence_stays_silent(self) -> None:
        out, _ = gate(np.zeros((2, 10_000)), threshold_db=-40.0)
        assert np.array_equal(out, np.zeros((2, 10_000)))

    def test_huge_levels_pass(self) -> None:
        signal = np.full((1, 10_000), 1e300)
        out, _ = gate(signal, threshold_db=-40.0)
        assert np.array_equal(out[:, 5_000:], signal[:, 5_000:])

    @pytest.mark.parametrize("frames", [1, 2])
    def test_a_last_block_may_be_tiny(self, frames: int) -> None:
        out, gain = gate(np.ones((2, 4_096 + frames)), block_frames=4_096, threshold_db=-20.0)
        assert out.shape == (2, 4_096 + frames)
        assert gain.shape == (4_096 + frames,)

    def test_an_empty_block_is_empty(self) -> None:
        processor = Gate(threshold_db=-20.0, lookahead_ms=2.0).prepare(Context(RATE, 2))
        assert processor.process(np.zeros((2, 0)), BlockContext()).shape == (2, 0)

    @pytest.mark.parametrize("wrong", [np.nan, np.inf])
    def test_what_is_no_number_is_refused(self, wrong: float) -> None:
        signal = np.full((2, 8_192), 0.5)
        signal[1, 4_800] = wrong
        with pytest.raises(SignalError, match=r"0\.100 s"):
            gate(signal, block_frames=4_096, threshold_db=-20.0)

    def test_the_reduction_is_shown(self) -> None:
        processor = Gate(threshold_db=-20.0, range_db=30.0).prepare(Context(RATE, 1))
        processor.process(levels((-60.0, 8_192)), BlockContext())
        shown = processor.gain_reduction_db()
        assert shown is not None
        np.testing.assert_allclose(shown, 30.0, atol=1e-5)
        assert shown.shape == (8_192,)

    def test_a_key_filter_above_nyquist_is_refused(self) -> None:
        with pytest.raises(DocumentError, match="key_high_pass_hz"):
            Gate(key_high_pass_hz=5_000.0).prepare(Context(8_000, 1, where="strip.tom"))

    @pytest.mark.parametrize(
        "wrong", [{"ratio": 0.5}, {"release_ms": 0.0}, {"hold_ms": -1.0}, {"threshold_db": 3.0}]
    )
    def test_settings_out_of_range_are_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            Gate.model_validate(wrong)
