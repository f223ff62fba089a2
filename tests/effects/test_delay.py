from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.delay import Delay
from mixmaster.errors import DocumentError

HERE = BlockContext()


def click(frames: int, channels: int = 1) -> Block:
    block = np.zeros((channels, frames))
    block[:, 0] = 1.0
    return block


@pytest.mark.parametrize(
    ("settings", "tempo_bpm", "samples"),
    [
        (Delay(time_ms=250.0, mix=1.0), 120.0, 12_000),
        (Delay(time_ms=33.33, mix=1.0), 120.0, 1_600),  # 1599.84: rounded
        (Delay(beats=0.75, mix=1.0), 120.0, 18_000),
        (Delay(beats=1.0, mix=1.0), 96.0, 30_000),
    ],
)
def test_the_echo_comes_when_it_is_due(settings: Delay, tempo_bpm: float, samples: int) -> None:
    processor = settings.prepare(Context(48_000, 1, tempo_bpm=tempo_bpm))
    heard = processor.process(click(40_000), HERE)[0]
    assert list(np.flatnonzero(heard)) == [samples]
    assert heard[samples] == 1.0
    assert processor.tail_samples == samples


def test_echoes_die_away_by_the_feedback_and_the_dry_sound_by_the_mix() -> None:
    settings = Delay(time_ms=100.0, feedback=0.5, mix=0.25)
    heard = settings.prepare(Context(48_000, 1)).process(click(24_000), HERE)[0]
    expected = np.zeros(24_000)
    expected[0] = 0.75
    expected[4_800::4_800] = 0.25 * 0.5 ** np.arange(4)
    assert np.array_equal(heard, expected)


def test_each_echo_passes_the_cuts_once_more() -> None:
    settings = Delay(time_ms=500.0, feedback=0.5, mix=1.0, low_cut_hz=200.0, high_cut_hz=4_000.0)
    heard = settings.prepare(Context(48_000, 1)).process(click(96_000), HERE)[0]
    for repeat in (1, 2, 3):
        echo = np.abs(np.fft.rfft(heard[24_000 * repeat : 24_000 * (repeat + 1)], 48_000))
        for cut_hz in (200, 4_000):
            level_db = 20 * np.log10(echo[cut_hz])
            assert level_db == pytest.approx(-3.0103 * repeat - 6.0206 * (repeat - 1), abs=0.05)


def test_ping_pong_starts_left_and_changes_sides() -> None:
    settings = Delay(time_ms=10.0, feedback=0.5, mix=1.0, ping_pong=True)
    heard = settings.prepare(Context(48_000, 2)).process(click(4_096, 2), HERE)
    assert heard[:, 480].tolist() == [1.0, 0.0]
    assert heard[:, 960].tolist() == [0.0, 0.5]
    assert heard[:, 1_440].tolist() == [0.25, 0.0]
    with pytest.raises(DocumentError, match="two channels"):
        settings.prepare(Context(48_000, 1))


@pytest.mark.parametrize("kind", ["click", "constant", "noise"])
@pytest.mark.parametrize(
    "settings",
    [
        Delay(time_ms=5.0, feedback=0.95, mix=1.0),
        Delay(time_ms=5.0, feedback=0.95, mix=1.0, high_cut_hz=100.0),
        Delay(time_ms=5.0, feedback=0.95, mix=1.0, low_cut_hz=1_000.0),
        Delay(time_ms=7.0, feedback=0.95, mix=1.0, high_cut_hz=20_000.0),
        Delay(time_ms=120.0, feedback=0.4, mix=1.0, low_cut_hz=20.0),
        Delay(time_ms=120.0, feedback=0.0, mix=1.0, low_cut_hz=100.0, high_cut_hz=6_000.0),
        Delay(time_ms=40.0, feedback=0.9, mix=1.0, low_cut_hz=150.0, high_cut_hz=3_000.0),
    ],
)
def test_the_tail_ends_when_declared(settings: Delay, kind: str) -> None:
    signal = np.zeros((1, 131_072))
    if kind == "click":
        signal[0, -1] = 1.0
    elif kind == "constant":
        signal[:] = 1.0
    else:
        signal[:] = np.random.default_rng(1).uniform(-1.0, 1.0, signal.shape)
    processor = settings.prepare(Context(44_100, 1))
    processor.process(signal, HERE)
    tail = processor.tail_samples
    heard = np.abs(processor.process(np.zeros((1, 2 * tail + 8_192)), HERE)[0])
    assert heard[tail:].max() < 1e-6


def test_a_loop_at_the_limit_never_grows() -> None:
    """High cuts near Nyquist lift the top a little; the loop must not."""
    for high_cut_hz in (12_000.0, 16_000.0, 20_000.0, 22_000.0):
        settings = Delay(
            time_ms=5.0, feedback=0.95, mix=1.0, low_cut_hz=5_000.0, high_cut_hz=high_cut_hz
        )
        processor = settings.prepare(Context(44_100, 1))
        first = processor.process(click(131_072), HERE)
        assert np.max(np.abs(processor.process(np.zeros((1, 65_536)), HERE))) < 1e-2 * np.max(
            np.abs(first)
        )


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({}, "needs a time"),
        ({"time_ms": 100.0, "beats": 1.0}, "both given"),
        ({"time_ms": 1.0}, "greater than or equal to 5"),
        ({"time_ms": 100.0, "feedback": 1.0}, "less than or equal to 0.95"),
        ({"time_ms": 100.0, "low_cut_hz": 500.0, "high_cut_hz": 400.0}, "does not lie below"),
    ],
)
def test_nonsense_is_refused(settings: dict[str, object], match: str) -> None:
    with pytest.raises(ValidationError, match=match):
        Delay.model_validate(settings)


def test_beats_that_do_not_fit_the_tempo_are_named() -> None:
    with pytest.raises(DocumentError, match=r"strip.x: beats: 16 beats at 60 BPM are 16000 ms"):
        Delay(beats=16.0).prepare(Context(48_000, 1, tempo_bpm=60.0, where="strip.x"))


def test_a_cut_beyond_nyquist_is_named() -> None:
    with pytest.raises(DocumentError, match=r"high_cut_hz: 30000 Hz cannot exist at 44100 Hz"):
        Delay(time_ms=50.0, high_cut_hz=30_000.0).prepare(Context(44_100, 1))
