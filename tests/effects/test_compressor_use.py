"""The compressor in use: link and key, make-up and mix, and what it must never do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from tests.effects.compressing import RATE, compress, constant, decibels, drums

from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.compressor import Compressor
from mixmaster.errors import DocumentError, SignalError


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
