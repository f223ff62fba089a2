"""The reverb's first revision sounds as it did: pedalboard's Freeverb at a known level."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.reverb import Reverb
from mixmaster.errors import DocumentError

HERE = BlockContext()


def freeverb(**settings: float) -> Reverb:
    return Reverb.model_validate({"revision": 1, **settings})


def impulse_response(settings: Reverb, channels: int, rate_hz: int = 44_100) -> Block:
    processor = settings.prepare(Context(rate_hz, channels))
    click = np.zeros((channels, processor.tail_samples))
    click[:, 0] = 1.0
    return processor.process(click, HERE)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
@pytest.mark.parametrize(
    ("room_size", "damping", "width"), [(0, 0, 1), (0.5, 0.5, 0.5), (0.9, 1, 0)]
)
def test_the_room_is_as_loud_as_the_dry_sound(
    room_size: float, damping: float, width: float, rate_hz: int, channels: int
) -> None:
    """White noise keeps its power through a response whose energy is 1."""
    settings = freeverb(room_size=room_size, damping=damping, width=width, mix=1.0)
    energy = np.sum(np.square(impulse_response(settings, channels, rate_hz)), axis=1)
    assert np.max(np.abs(10 * np.log10(energy))) < 0.25


@pytest.mark.parametrize("room_size", [0.0, 0.5, 1.0])
def test_a_room_falls_by_its_feedback_each_lap(room_size: float) -> None:
    """The slowest comb: 1617 samples a lap at 44.1 kHz, 0.7 to 0.98 of it comes back."""
    settings = freeverb(room_size=room_size, damping=0.0, mix=1.0)
    heard = impulse_response(settings, 1)[0]
    power = np.add.reduceat(np.square(heard), np.arange(0, len(heard), 1_617))
    level_db = 10 * np.log10(power[10:-1])
    fall_db = -20 * np.log10(0.7 + 0.28 * room_size)
    kept = level_db > -110.0
    measured = -np.polyfit(np.arange(kept.sum()), level_db[kept], 1)[0]
    # The faster combs make the mean fall at first a little steeper than the slowest.
    assert fall_db * 0.95 < measured < fall_db * 1617 / 1116


@pytest.mark.parametrize("kind", ["click", "constant", "noise", "hum"])
@pytest.mark.parametrize(
    "settings",
    [
        freeverb(room_size=0.0, damping=0.0, mix=1.0),
        freeverb(room_size=0.5, damping=0.0, mix=1.0, pre_delay_ms=100.0),
        freeverb(room_size=0.5, damping=1.0, mix=1.0, low_cut_hz=60.0),
        freeverb(room_size=0.9, damping=0.5, mix=1.0, width=0.0),
    ],
)
def test_the_tail_ends_when_declared(settings: Reverb, kind: str) -> None:
    frames = 2 * 65_536
    signal = np.zeros((2, frames))
    if kind == "click":
        signal[:, -1] = 1.0
    elif kind == "constant":
        signal[:] = 1.0
    elif kind == "noise":
        signal[:] = np.random.default_rng(1).uniform(-1.0, 1.0, frames)
    else:  # a mode of the slowest comb
        signal[:] = np.sin(2 * np.pi * 40 / 1_617 * np.arange(frames))
    processor = settings.prepare(Context(44_100, 2))
    processor.process(signal, HERE)
    tail = processor.tail_samples
    heard = np.abs(processor.process(np.zeros((2, tail + 32_768)), HERE))
    assert heard[:, tail:].max() < 1e-6
    if kind == "constant":
        assert heard[:, tail // 2 :].max() > 1e-6


def test_the_dry_sound_does_not_pass_the_room() -> None:
    """Half and half, less half of the room alone, is half the dry sound in double precision."""
    noise = np.random.default_rng(2).standard_normal((2, 20_000)) * 0.1
    half, whole = (
        freeverb(mix=mix).prepare(Context(48_000, 2)).process(noise, HERE) for mix in (0.5, 1.0)
    )
    assert np.max(np.abs(half - 0.5 * whole - 0.5 * noise)) < 1e-15


def test_pre_delay_moves_the_room() -> None:
    plain = impulse_response(freeverb(mix=1.0), 2)
    late = impulse_response(freeverb(mix=1.0, pre_delay_ms=20.0), 2)
    frames = plain.shape[1]
    assert not np.any(late[:, :882])
    assert np.array_equal(late[:, 882:frames], plain[:, : frames - 882])


def test_cuts_are_heard_on_the_room_alone() -> None:
    plain = impulse_response(freeverb(mix=1.0), 1)[0]
    cut = impulse_response(freeverb(mix=1.0, low_cut_hz=300.0, high_cut_hz=5_000.0), 1)[0]
    frames = 1 << 18
    ratio = np.abs(np.fft.rfft(cut, frames)) / np.abs(np.fft.rfft(plain, frames))
    for cut_hz in (300.0, 5_000.0):
        level_db = 20 * np.log10(ratio[round(cut_hz / 44_100 * frames)])
        assert level_db == pytest.approx(-3.0103, abs=0.05)


def test_width_0_is_one_room_for_both_sides() -> None:
    left, right = impulse_response(freeverb(mix=1.0, width=0.0), 2)
    assert np.max(np.abs(left - right)) < 1e-6
    left, right = impulse_response(freeverb(mix=1.0, width=1.0), 2)
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.2


@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_last_block_of_a_few_frames_is_no_trouble(channels: int, frames: int) -> None:
    signal = np.random.default_rng(3).standard_normal((channels, 4_096 + frames))
    whole = freeverb(mix=1.0).prepare(Context(44_100, channels)).process(signal, HERE)
    split = freeverb(mix=1.0).prepare(Context(44_100, channels))
    split.process(signal[:, :4_096], HERE)
    assert np.array_equal(split.process(signal[:, 4_096:], HERE), whole[:, 4_096:])
    alone = freeverb(mix=0.5).prepare(Context(44_100, channels)).process(signal[:, :frames], HERE)
    assert np.array_equal(alone, 0.5 * signal[:, :frames])


def test_what_a_reverb_cannot_do_is_named() -> None:
    with pytest.raises(DocumentError, match=r"bus.room: a reverb takes one or two channels, not 6"):
        freeverb().prepare(Context(48_000, 6, where="bus.room"))
    with pytest.raises(ValidationError, match="does not lie below"):
        freeverb(low_cut_hz=3_000.0, high_cut_hz=2_000.0)
    with pytest.raises(ValidationError):
        freeverb(room_size=1.5)


def test_a_room_falls_silent_altogether() -> None:
    """Freeverb's guard against denormal numbers would leave a constant at -120 dBFS for ever."""
    processor = freeverb(room_size=0.9, mix=1.0, width=0.0).prepare(Context(44_100, 2))
    processor.process(np.ones((2, 131_072)), HERE)
    heard = processor.process(np.zeros((2, 2 * processor.tail_samples)), HERE)
    assert np.max(np.abs(heard[:, -4_096:])) < 1e-8


def test_an_old_preset_renders_the_old_bytes() -> None:
    """Half and half in a room of 0.6, width 1, written out: Freeverb at the gain that its energy
    asks for, 1,024 times as loud inside, in calls of 4,096 frames."""
    from pedalboard import Reverb as Theirs

    noise = np.random.default_rng(4).standard_normal((2, 4 * 4_096)) * 0.2
    theirs = Theirs(room_size=0.6, damping=0.3, wet_level=1 / 3, dry_level=0.0, width=1.0)
    loud = (noise * 1_024.0).astype(np.float32)
    room = theirs.process(loud, 48_000, buffer_size=4_096, reset=False).astype(np.float64)
    lap, pole = ((0.7 + 0.28 * 0.6) * (1.0 - 0.12)) ** 2, 0.12
    level = 1.0 + pole**2 - lap
    combs = 8.0 * (1.0 + lap / np.sqrt(level**2 - 4.0 * pole**2))
    gain = 1.0 / np.sqrt(0.03**2 * combs * (7.0 / 3.0) ** 4)
    old = freeverb(room_size=0.6, damping=0.3, mix=0.5).prepare(Context(48_000, 2))
    heard = old.process(noise, HERE)
    expected = 0.5 * (room * (gain / 1_024.0)) + 0.5 * noise
    assert np.max(np.abs(heard - expected)) < 1e-15
