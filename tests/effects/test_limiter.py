"""The limiter as an insert: its settings, its contract, and what tells its characters apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.dsp.limiter_adaptive import AdaptiveBallistics
from mixmaster.dsp.limiter_curve import Ballistics
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.limiter import CHARACTERS, Character, Limiter
from mixmaster.errors import DocumentError

RATE = 44_100


def run(settings: Limiter, signal: Block) -> tuple[Block, Block, Block]:
    """Output and gain without the latency, and the reduction as reported."""
    processor = settings.prepare(Context(RATE, signal.shape[0]))
    late = processor.latency_samples
    padded = np.pad(signal, ((0, 0), (0, late)))
    outs, gains, reductions = [], [], []
    for start in range(0, padded.shape[1], 4 * GRID_FRAMES):
        block = padded[:, start : start + 4 * GRID_FRAMES].copy()
        before = block.copy()
        outs.append(processor.process(block, BlockContext(start_frame=start)))
        assert np.array_equal(block, before)  # never written into
        assert outs[-1].shape == block.shape
        gain, reduction = processor.gain_curve(), processor.gain_reduction_db()
        assert gain is not None
        assert reduction is not None
        gains.append(gain)
        reductions.append(reduction)
    out, gain = np.concatenate(outs, axis=1), np.concatenate(gains, axis=-1)
    return out[:, late:], gain[..., late:], np.concatenate(reductions)


def music(frames: int) -> Block:
    """Hits on a bass: what a limiter hears."""
    t = np.arange(frames)
    hits = np.exp(-(t % 11_025) / 800.0) * np.random.default_rng(1).standard_normal(frames)
    return np.stack([0.4 * np.sin(0.008 * t) + hits, 0.4 * np.sin(0.008 * t) - hits])


def test_reduction_reported_is_the_gain_applied() -> None:
    signal = music(3 * RATE)
    out, gain, reduction = run(Limiter(ceiling_dbtp=-6.0), signal)
    assert np.allclose(out, signal * gain, rtol=1e-12, atol=0.0)
    assert reduction.max() == pytest.approx(-20 * np.log10(gain.min()), abs=0.01)
    assert reduction.min() >= 0.0
    assert not np.signbit(reduction).any()  # no minus zero in a table


def test_replay_gives_the_same_bytes() -> None:
    signal = music(2 * RATE)[:, : 20 * GRID_FRAMES]
    settings = Limiter(ceiling_dbtp=-6.0)
    first, second = (settings.prepare(Context(RATE, 2)) for _ in range(2))
    for start in range(0, signal.shape[1], 4 * GRID_FRAMES):
        block = signal[:, start : start + 4 * GRID_FRAMES]
        out = first.process(block, BlockContext(start_frame=start))
        gain = first.gain_curve()
        assert gain is not None
        assert np.allclose(second.replay(block, gain), out, rtol=1e-15, atol=0.0)


def test_stems_replayed_sum_to_the_mix() -> None:
    rng = np.random.default_rng(3)
    stems = rng.standard_normal((3, 2, 8 * GRID_FRAMES))
    settings = Limiter(ceiling_dbtp=-3.0)
    processor = settings.prepare(Context(RATE, 2))
    mix = processor.process(stems.sum(axis=0), BlockContext())
    gain = processor.gain_curve()
    assert gain is not None
    parts = [settings.prepare(Context(RATE, 2)).replay(stem, gain) for stem in stems]
    assert np.abs(sum(parts) - mix).max() < 1e-14


def test_louder_characters_take_less_away() -> None:
    signal = music(6 * RATE)
    mean = {
        name: float(run(Limiter(ceiling_dbtp=-6.0, character=name), signal)[2].mean())
        for name in CHARACTERS
    }
    assert mean["loud"] < 0.9 * mean["transparent"]
    assert mean["transparent"] < 0.8 * mean["punchy"]


@pytest.mark.parametrize("frequency", [25, 40])
@pytest.mark.parametrize("character", CHARACTERS)
def test_every_character_leaves_bass_clean(character: Character, frequency: int) -> None:
    t = np.arange(4 * RATE)
    tone = 2.0 * np.sin(2 * np.pi * frequency * t / RATE)[None]
    out, _, _ = run(Limiter(ceiling_dbtp=-1.0, character=character), tone)
    spectrum = np.abs(np.fft.rfft(out[0, 2 * RATE : 3 * RATE]))  # 1 Hz a bin
    fundamental, spectrum[frequency] = spectrum[frequency], 0.0
    assert 20 * np.log10(spectrum.max() / fundamental) < -100.0


@pytest.mark.parametrize("lookahead_ms", [0.5, 3.0, 12.0])
def test_the_gain_falls_by_the_lookahead_before_a_lone_peak(lookahead_ms: float) -> None:
    signal = np.zeros((1, RATE)) + 0.1
    signal[0, 20_000:20_004] = 4.0
    settings = Limiter(ceiling_dbtp=-1.0, character="loud", lookahead_ms=lookahead_ms)
    gain_db = 20.0 * np.log10(run(settings, signal)[1])
    # What is slower than the look-ahead is but a fraction of it.
    first = int(np.flatnonzero(gain_db < 0.5 * gain_db.min())[0])
    lookahead = lookahead_ms * 1e-3 * RATE
    assert 0.2 * lookahead < 20_000 - first < lookahead + 48  # three pools


def test_own_times_stand_in_for_the_characters() -> None:
    own = Limiter(ceiling_dbtp=-1.0, lookahead_ms=7.0, release_ms=33.0, hold_ms=9.0).ballistics
    assert (own.lookahead_ms, own.release_ms, own.hold_ms) == (7.0, 33.0, 9.0)
    assert isinstance(own, AdaptiveBallistics)
    assert own.sustained == ()  # a hold of one's own is all the hold there is
    assert own.slow == CHARACTERS["transparent"].slow


def test_a_release_of_ones_own_is_not_undercut() -> None:
    signal = np.zeros((1, 2 * RATE)) + 0.01
    signal[0, 20_000:20_004] = 4.0
    out = run(Limiter(ceiling_dbtp=-1.0, release_ms=100.0), signal)
    gain_db = 20.0 * np.log10(out[1])
    # 6.02 dB in 100 ms, away from both corners.
    after = 20_000 + round(0.05 * RATE)
    assert gain_db[after + RATE // 10] - gain_db[after] == pytest.approx(6.02, abs=0.1)


def test_the_first_revision_keeps_its_sound() -> None:
    """After a lone peak its loud character comes back in a straight line, 6 dB in 20 ms."""
    signal = np.zeros((1, RATE)) + 0.01
    signal[0, 20_000:20_004] = 4.0
    first = Limiter(ceiling_dbtp=-1.0, character="loud", revision=1)
    assert isinstance(first.ballistics, Ballistics)
    gain_db = 20.0 * np.log10(run(first, signal)[1])
    after = 20_000 + round(0.01 * RATE)
    assert gain_db[after + round(0.02 * RATE)] - gain_db[after] == pytest.approx(6.02, abs=0.05)
    # 2 ms before it, begun.
    assert 40 < 20_000 - np.flatnonzero(gain_db < 0.0)[0] < 200


def test_sides_that_are_not_linked_are_limited_alone() -> None:
    signal = music(2 * RATE)
    signal[1] *= 0.5
    both, gain, reduction = run(Limiter(ceiling_dbtp=-6.0, link=0.0), signal)
    for side in (0, 1):
        alone, alone_gain, _ = run(Limiter(ceiling_dbtp=-6.0), signal[side : side + 1])
        # What is left to correct is taken off both: hundredths of a dB.
        assert np.abs(20.0 * np.log10(gain[side] / alone_gain)).max() < 0.1
        assert np.abs(both[side] - alone[0]).max() < 0.01
    assert reduction.max() == pytest.approx(-20.0 * np.log10(gain.min()), abs=0.01)


def test_link_is_the_part_of_the_reduction_that_is_shared() -> None:
    t = np.arange(2 * RATE)
    tone = np.sin(2.0 * np.pi * 997.0 * t / RATE)
    signal = np.stack([2.0 * tone, 0.25 * tone])  # 6.02 dB over 0 dBTP, and 12.04 under it
    for link in (0.0, 0.25, 0.5, 1.0):
        _, gain, _ = run(Limiter(ceiling_dbtp=0.0, link=link), signal)
        rows = np.broadcast_to(gain, signal.shape)[:, RATE]
        assert 20.0 * np.log10(rows[0]) == pytest.approx(-6.02, abs=0.01)
        assert 20.0 * np.log10(rows[1]) == pytest.approx(-6.02 * link, abs=0.01)


def test_without_a_ceiling_it_belongs_to_mastering() -> None:
    assert Limiter().is_delivery
    with pytest.raises(DocumentError, match=r"mix\.insert\.limiter: ceiling_dbtp"):
        Limiter().prepare(Context(RATE, 2, where="mix.insert.limiter"))


@pytest.mark.parametrize(
    "settings",
    [
        {"ceiling_dbtp": 0.5},
        {"ceiling_dbtp": float("nan")},
        {"release_ms": 0.0},
        {"link": 1.5},
        {"character": "brickwall"},
        {"ceiling_dbtp": -1.0, "max_gain_reduction_db": 3.0},
        {"key": "kick"},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Limiter.model_validate(settings)
