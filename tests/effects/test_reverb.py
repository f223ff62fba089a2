"""The reverb's physics: decay, density, modes, level, width, and how it ends."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.signal import butter, lfilter, sosfilt
from scipy.special import erfc

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context, Processor
from mixmaster.effects.reverb import Reverb
from mixmaster.errors import DocumentError

RATE = 48_000
HERE = BlockContext()
TYPES = ("room", "plate", "hall")


def wet(**settings: Any) -> Reverb:
    return Reverb.model_validate({"mix": 1.0, **settings})


def responses(reverb: Reverb, rate_hz: int = RATE, seconds: float = 9.0) -> Block:
    """Impulse responses, ``(8, frames)``: both inputs to both outputs, at two moments."""
    found = []
    for start in (0, 53 * 4_096):
        for side in (0, 1):
            processor = reverb.prepare(Context(rate_hz, 2))
            frames = min(processor.tail_samples, round(seconds * rate_hz))
            click = np.zeros((2, frames))
            click[side, 0] = 1.0
            found.append(processor.process(click, BlockContext(start_frame=start)))
    return np.concatenate(found)


def t60_s(heard: Block, frequency_hz: float, rate_hz: int = RATE) -> float:
    """Schroeder's backward integration ("New method of measuring reverberation time", JASA 37,
    1965) over the responses together, in an octave band, fitted from -5 to -35 dB (ISO 3382)."""
    edges = [frequency_hz / math.sqrt(2.0), frequency_hz * math.sqrt(2.0)]
    band = butter(4, edges, "bandpass", fs=rate_hz, output="sos")
    # Backwards in time, the band's own ringing falls before the sound and not into its decay.
    energy = np.square(sosfilt(band, heard[:, ::-1])).sum(axis=0)
    level_db = 10.0 * np.log10(np.cumsum(energy)[::-1])
    level_db -= level_db[0]
    first, last = int(np.argmax(level_db < -5.0)), int(np.argmax(level_db < -35.0))
    slope = np.polyfit(np.arange(first, last) / rate_hz, level_db[first:last], 1)[0]
    return float(-60.0 / slope)


def asked_s(reverb: Reverb, mid_s: float, bass: float, frequency_hz: float) -> float:
    """What the documentation promises at a frequency."""
    low_hz, high_hz = {"room": (200, 5_000), "plate": (180, 6_000), "hall": (250, 4_000)}[
        reverb.type
    ]
    low, mid, high = 1.0 / (mid_s * bass), 1.0 / mid_s, 1.0 / (mid_s * 10.0**-reverb.damping)
    rate = mid + (low - mid) / (1.0 + (frequency_hz / low_hz) ** 2)
    return float(1.0 / (rate + (high - mid) / (1.0 + (high_hz / frequency_hz) ** 2)))


@pytest.mark.parametrize(
    ("settings", "bass"),
    [
        ({"type": "room", "decay_s": 0.6, "damping": 0.3}, 1.0),
        ({"type": "room", "decay_s": 1.2, "room_size": 1.0, "bass_multiplier": 1.5}, 1.5),
        ({"type": "plate", "decay_s": 1.8}, 1.1),
        ({"type": "plate", "decay_s": 4.0, "damping": 0.2, "density": 0.6}, 1.1),
        ({"type": "hall", "decay_s": 2.4}, 1.2),
        ({"type": "hall", "decay_s": 6.0, "damping": 0.2, "modulation": 1.0}, 1.2),
    ],
)
def test_every_octave_decays_as_asked(settings: dict[str, Any], bass: float) -> None:
    reverb = wet(**settings)
    heard = responses(reverb, seconds=1.3 * bass * settings["decay_s"])
    for octave_hz in (125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0):
        asked = asked_s(reverb, settings["decay_s"], bass, octave_hz)
        assert t60_s(heard, octave_hz) == pytest.approx(asked, rel=0.05), octave_hz


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000, 192_000])
def test_the_decay_is_the_same_at_every_rate(rate_hz: int) -> None:
    reverb = wet(type="plate", decay_s=1.0, damping=0.0)
    heard = responses(reverb, rate_hz, 1.5)
    assert t60_s(heard, 1_000.0, rate_hz) == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize(("space", "within_ms"), [("room", 70), ("plate", 70), ("hall", 160)])
def test_echoes_grow_dense_soon_and_stay_so(space: str, within_ms: int) -> None:
    """Abel and Huang, "A simple, robust measure of reverberation echo density" (AES 121, 2006):
    the share of samples beyond a standard deviation, against that of Gaussian noise."""
    heard = responses(wet(type=space, decay_s=2.0), seconds=0.8)[0]
    half = round(0.01 * RATE)
    window = np.hanning(2 * half + 1)
    window /= window.sum()
    profile = []
    for centre in range(half, round(0.6 * RATE), 480):
        part = heard[centre - half : centre + half + 1]
        deviation = math.sqrt(float(window @ part**2))
        profile.append(float(window @ (np.abs(part) > deviation)) / erfc(1.0 / math.sqrt(2.0)))
    dense = np.array(profile)
    assert 10 * np.argmax(dense > 0.9) < within_ms
    assert np.mean(dense[within_ms // 10 :]) == pytest.approx(1.0, abs=0.06)


def flatness(heard: Block) -> float:
    """Spectral flatness of a second of tail, its slow changes over frequency taken out.

    Gaussian noise reads exp(-0.577) = 0.56; a tail in which a few modes ring reads little.
    """
    part = heard[RATE // 2 : RATE // 2 + RATE] * 10.0 ** (3.0 * np.arange(RATE) / RATE / 2.5)
    power = np.abs(np.fft.rfft(part * np.hanning(RATE)))[300:6_000] ** 2
    smooth = np.convolve(power, np.ones(150) / 150, "same")
    ratio = (power / smooth)[150:-150]
    return float(np.exp(np.mean(np.log(ratio))) / np.mean(ratio))


@pytest.mark.parametrize("space", TYPES)
def test_no_mode_rings_out_of_the_tail(space: str) -> None:
    ours = np.mean(
        [flatness(h) for h in responses(wet(type=space, decay_s=2.5, damping=0.2), seconds=1.6)[:4]]
    )
    theirs = flatness(responses(wet(revision=1, room_size=0.75, damping=0.2), seconds=1.6)[0])
    assert ours > 0.33
    assert ours > 8.0 * theirs  # Freeverb's eight combs a side


@pytest.mark.parametrize("space", TYPES)
def test_the_sides_are_not_correlated_and_narrow_as_asked(space: str) -> None:
    wide = responses(wet(type=space), seconds=2.0)
    left, right = wide[0::2, RATE // 10 :], wide[1::2, RATE // 10 :]
    correlation = np.sum(left * right) / np.sqrt(np.sum(left**2) * np.sum(right**2))
    assert abs(correlation) < 0.05
    narrow = responses(wet(type=space, width=0.0), seconds=2.0)
    assert np.max(np.abs(narrow[0::2] - narrow[1::2])) < 1e-12
    assert 10 * np.log10(np.sum(narrow**2) / np.sum(wide**2)) == pytest.approx(0.0, abs=1.5)


def pink(channels: int, frames: int) -> Block:
    """Noise that falls by 3 dB an octave (Kellet's filter, within 0.05 dB)."""
    white = np.random.default_rng(3).standard_normal((channels, frames))
    b = [0.049922035, -0.095993537, 0.050612699, -0.004408786]
    a = [1.0, -2.494956002, 2.017265875, -0.522189400]
    noise: Block = lfilter(b, a, white)
    return noise


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    "settings",
    [
        {"type": "room", "room_size": 0.2},
        {"type": "room", "damping": 0.0, "early": 0.8},
        {"type": "plate", "decay_s": 4.0},
        {"type": "hall", "damping": 0.9, "density": 0.3},
    ],
)
def test_the_space_is_as_loud_as_the_dry_sound(settings: dict[str, Any], channels: int) -> None:
    """Pink noise within six octaves comes back with the power it went in with."""
    noise = pink(channels, 8 * RATE)
    heard = wet(**settings).prepare(Context(RATE, channels)).process(noise, HERE)
    band = butter(4, [88.0, 11_000.0], "bandpass", fs=RATE, output="sos")
    settled = slice(4 * RATE, None)
    gain = np.mean(sosfilt(band, heard)[:, settled] ** 2) / np.mean(
        sosfilt(band, noise)[:, settled] ** 2
    )
    assert 10 * np.log10(gain) == pytest.approx(0.0, abs=1.0)


def test_one_channel_is_the_left_of_two_alike() -> None:
    noise = pink(1, 20_000)
    mono = wet(type="hall").prepare(Context(RATE, 1)).process(noise, HERE)
    both = wet(type="hall").prepare(Context(RATE, 2)).process(np.repeat(noise, 2, axis=0), HERE)
    assert np.max(np.abs(mono[0] - both[0])) < 1e-12


def test_a_constant_does_not_stay_in_the_room() -> None:
    for space in TYPES:
        processor = wet(type=space).prepare(Context(RATE, 2))
        heard = processor.process(np.ones((2, 12 * RATE)), HERE)
        assert np.max(np.abs(heard[:, -RATE:])) < 1e-4


@pytest.mark.parametrize("kind", ["click", "constant", "noise", "tone"])
@pytest.mark.parametrize(
    "settings",
    [
        {"type": "room", "room_size": 0.0, "damping": 1.0},
        {"type": "plate", "decay_s": 0.5, "damping": 0.0, "pre_delay_ms": 100.0},
        {"type": "hall", "decay_s": 1.5, "bass_multiplier": 3.0, "low_cut_hz": 60.0},
    ],
)
def test_the_tail_ends_when_declared(settings: dict[str, Any], kind: str) -> None:
    frames = 2 * 65_536
    time = np.arange(frames)
    signal = {
        "click": (time == frames - 1) * 1.0,
        "constant": np.ones(frames),
        "noise": np.random.default_rng(1).choice([-1.0, 1.0], frames),
        "tone": np.sign(np.sin(2 * np.pi * 55.0 / RATE * time)),
    }[kind]
    processor = wet(**settings).prepare(Context(RATE, 2))
    processor.process(np.stack([signal, signal]), HERE)
    tail = processor.tail_samples
    heard = np.abs(processor.process(np.zeros((2, tail + 32_768)), BlockContext(frames)))
    assert heard[:, tail:].max() < 1e-6
    if kind in {"noise", "tone"}:
        assert heard[:, tail // 3 :].max() > 1e-6


def test_when_all_is_over_it_is_silent_and_wakes_up_as_new() -> None:
    reverb = wet(type="room", decay_s=0.2, modulation=0.0)
    noise = pink(2, 8_192)
    long_rest = np.zeros((2, 40 * 4_096))
    processor = reverb.prepare(Context(RATE, 2))
    processor.process(noise, HERE)
    rest = processor.process(long_rest, BlockContext(8_192))
    assert not rest[:, -4_096:].any()
    again = processor.process(noise, BlockContext(8_192 + long_rest.shape[1]))
    new = reverb.prepare(Context(RATE, 2)).process(noise, HERE)
    assert np.max(np.abs(again - new)) < 1e-11


@pytest.mark.parametrize("density", [0.0, 0.5, 1.0])
def test_density_is_how_many_echoes_there_are(density: float) -> None:
    """A plate at rest, before its first lap comes back: 4 echoes, or 8^4 of them."""
    heard = responses(wet(type="plate", density=density, modulation=0.0), seconds=0.1)[0]
    first = np.abs(heard[: round(0.023 * RATE)])
    loud = np.count_nonzero(first > 0.1 * first.max())
    assert {0.0: loud <= 4, 0.5: 4 < loud < 100, 1.0: loud > 100}[density], loud


def run(reverb: Reverb, noise: Block, curves: dict[str, Block], *cuts: int) -> Block:
    processor: Processor = reverb.prepare(
        Context(RATE, noise.shape[0], automated=frozenset(curves))
    )
    edges = [0, *cuts, noise.shape[1]]
    return np.concatenate(
        [
            processor.process(
                np.ascontiguousarray(noise[:, a:b]),
                BlockContext(a, automation={key: curve[a:b] for key, curve in curves.items()}),
            )
            for a, b in itertools.pairwise(edges)
        ],
        axis=1,
    )


def test_automation_that_stands_still_is_the_setting() -> None:
    noise = pink(2, 5 * 4_096 + 100)
    moved = {"decay_s": 3.0, "damping": 0.8, "mix": 0.4}
    curves = {key: np.full(noise.shape[1], value) for key, value in moved.items()}
    for space in TYPES:
        heard = run(Reverb.model_validate({"type": space}), noise, curves)
        still = run(Reverb.model_validate({"type": space, **moved}), noise, {})
        assert np.max(np.abs(heard - still)) < 1e-11


def test_automation_does_not_depend_on_the_blocks() -> None:
    noise = pink(2, 6 * 4_096 + 77)
    time = np.linspace(0.0, 1.0, noise.shape[1])
    curves = {"decay_s": 0.3 + 5.0 * time, "damping": 1.0 - time, "mix": time}
    reverb = Reverb(type="hall")
    whole = run(reverb, noise, curves)
    assert np.array_equal(run(reverb, noise, curves, 4_096, 3 * 4_096), whole)


def test_a_decay_that_is_cut_short_takes_the_tail_along() -> None:
    """From 4 s to 0.4 s, half a second after the click: 15 dB a second before, 150 after."""
    reverb = wet(type="plate", decay_s=4.0, damping=0.0, bass_multiplier=1.0)
    click = np.zeros((2, RATE))
    click[:, 0] = 1.0
    decay = np.where(np.arange(RATE) < RATE // 2, 4.0, 0.4)
    heard = run(reverb, click, {"decay_s": decay})
    level_db = 10 * np.log10(np.sum(heard**2, axis=0).reshape(-1, 480).sum(axis=1))
    time_s = np.arange(100) / 100
    before = np.polyfit(time_s[10:50], level_db[10:50], 1)[0]
    after = np.polyfit(time_s[60:85], level_db[60:85], 1)[0]
    assert before == pytest.approx(-15.0, abs=2.5)
    assert after == pytest.approx(-150.0, rel=0.1)


def test_the_mix_moves_exactly() -> None:
    noise = pink(2, 8_192)
    mix = np.linspace(0.0, 1.0, 8_192)
    alone = run(wet(), noise, {})
    heard = run(Reverb(mix=0.0), noise, {"mix": mix})
    assert np.max(np.abs(heard - (noise * (1.0 - mix) + alone * mix))) < 1e-12


def test_pre_delay_is_a_delay_of_the_wet_sound_alone() -> None:
    plain, late = (
        responses(wet(type="room", modulation=0.0, pre_delay_ms=pause))[0] for pause in (0.0, 64.0)
    )
    assert not np.any(late[:3_072])
    frames = len(plain) - 3_072
    assert np.max(np.abs(late[3_072 : 3_072 + frames] - plain[:frames])) < 1e-12


def test_cuts_are_heard_on_the_room_alone() -> None:
    plain = responses(wet(modulation=0.0, low_cut_hz=10.0))[0]
    cut = responses(wet(modulation=0.0, low_cut_hz=300.0, high_cut_hz=5_000.0))[0]
    frames = 1 << 18
    ratio = np.abs(np.fft.rfft(cut, frames)) / np.abs(np.fft.rfft(plain, frames))
    for cut_hz in (300.0, 5_000.0):
        level_db = 20 * np.log10(ratio[round(cut_hz / RATE * frames)])
        assert level_db == pytest.approx(-3.0103, abs=0.1)


def test_what_a_reverb_cannot_do_is_named() -> None:
    with pytest.raises(DocumentError, match=r"bus.room: a reverb takes one or two channels, not 6"):
        Reverb().prepare(Context(RATE, 6, where="bus.room"))
    with pytest.raises(ValidationError, match="new in revision 2"):
        Reverb(revision=1, type="hall")
    with pytest.raises(ValidationError, match="no early reflections"):
        Reverb(type="plate", early=0.3)
    with pytest.raises(ValidationError, match="newer than this version"):
        Reverb(revision=3)
