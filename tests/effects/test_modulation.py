from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError
from scipy.special import jv

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context, Effect
from mixmaster.effects.chorus import Chorus
from mixmaster.effects.flanger import Flanger
from mixmaster.effects.phaser import Phaser
from mixmaster.effects.tremolo import AutoPan, Tremolo
from mixmaster.errors import DocumentError

HERE = BlockContext()
RATE = 48_000
FRAMES = 1 << 16
SWING_HZ = 8 * RATE / FRAMES
"""8 swings in 65,536 frames: 5.9 Hz."""


def tone(cycles: int) -> Block:
    return np.sin(2 * np.pi * cycles * np.arange(2 * FRAMES) / FRAMES)[None]


def levels(signal: Block) -> Block:
    """Amplitudes of the second 65,536 frames."""
    return np.asarray(np.abs(np.fft.rfft(signal[-FRAMES:])) * 2 / FRAMES)


def response(effect: Effect) -> tuple[Block, npt.NDArray[np.complex128]]:
    """Frequencies and the complex response of an effect that stands still."""
    processor = effect.prepare(Context(RATE, 1))
    click = np.zeros((1, FRAMES))
    click[0, 0] = 1.0
    heard = processor.process(click, HERE)[0]
    frequencies_hz = np.asarray(np.fft.rfftfreq(FRAMES, 1 / RATE), dtype=np.float64)
    late = np.exp(2j * np.pi * frequencies_hz * processor.latency_samples / RATE)
    return frequencies_hz, np.fft.rfft(heard) * late


@pytest.mark.parametrize("cycles", [500, 4_001, 16_003])
def test_a_vibrato_has_the_side_bands_of_bessel(cycles: int) -> None:
    """sin(w (n - D sin(v n))) = sum of J_k(w D) sin((w + k v) n)."""
    settings = Chorus(voices=1, delay_ms=10.0, depth_ms=0.4, rate_hz=SWING_HZ, mix=1.0)
    heard = levels(settings.prepare(Context(RATE, 1)).process(tone(cycles), HERE)[0])
    index = 2 * np.pi * cycles / FRAMES * 0.4e-3 * RATE
    orders = np.arange(-60, 61)
    wanted = np.zeros_like(heard)
    wanted[cycles + 8 * orders] = np.abs(jv(orders, index))
    assert np.max(np.abs(heard - wanted)) < 10 ** (-95 / 20)


def test_a_chorus_sways_by_its_depth_with_voices_evenly_apart() -> None:
    """A click passes each voice where the swing of its moment has it."""
    settings = Chorus(voices=3, delay_ms=20.0, depth_ms=5.0, rate_hz=1.0, mix=1.0)
    click = np.zeros((2, 48_000))
    click[:, 12_000] = 1.0
    heard = settings.prepare(Context(RATE, 2)).process(click, HERE)
    for side in range(2):
        # The voice's frame n hears n - d(n): where that is 12,000, solved by iteration.
        places = []
        for voice in range(3):
            n = 12_960.0
            for _ in range(50):
                phase = n / RATE + voice / 3 + 0.25 * side
                n = 12_000 + 960 + 240 * np.sin(2 * np.pi * phase)
            places.append(n)
        loud = np.flatnonzero(np.abs(heard[side]) > 0.3)
        assert all(np.min(np.abs(loud - place)) < 1.0 for place in places)
        assert all(np.min(np.abs(np.array(places) - frame)) < 1.5 for frame in loud)


@pytest.mark.parametrize(("delay_ms", "mix"), [(2.0, 0.5), (1.37, 0.5), (2.0, 0.3), (0.0, 0.5)])
def test_a_flanger_that_stands_still_is_a_comb(delay_ms: float, mix: float) -> None:
    settings = Flanger(delay_ms=delay_ms, depth_ms=0.0, feedback=0.0, mix=mix)
    frequencies_hz, heard = response(settings)
    turned = np.exp(-2j * np.pi * frequencies_hz * delay_ms / 1_000)
    audible = frequencies_hz < 18_000
    assert np.max(np.abs(heard - (1 - mix + mix * turned))[audible]) < 1e-5
    if delay_ms == 2.0 and mix == 0.5:
        # Notches at odd multiples of 1 / (2 x 2 ms) = 250 Hz.
        for notch in (250, 750, 1_250):
            at = np.argmin(np.abs(frequencies_hz - notch))
            assert 20 * np.log10(np.abs(heard[at])) < -50


@pytest.mark.parametrize("feedback", [0.7, -0.5])
def test_feedback_sharpens_the_comb_and_keeps_the_level(feedback: float) -> None:
    settings = Flanger(delay_ms=1.0, depth_ms=0.0, feedback=feedback, mix=1.0)
    frequencies_hz, heard = response(settings)
    turned = np.exp(-2j * np.pi * frequencies_hz / 1_000)
    wanted = np.sqrt(1 - feedback**2) * turned / (1 - feedback * turned)
    audible = frequencies_hz < 17_000
    assert np.max(np.abs(heard - wanted)[audible]) < 2e-4
    assert np.mean(np.abs(heard[audible]) ** 2) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("stages", [4, 8])
def test_a_phaser_that_stands_still_has_a_notch_for_every_two_stages(stages: Any) -> None:
    settings = Phaser(stages=stages, low_hz=1_000.0, high_hz=1_000.0)
    frequencies_hz, heard = response(settings)
    ratio = np.tan(np.pi * frequencies_hz[:-1] / RATE) / np.tan(np.pi * 1_000 / RATE)
    wanted = 0.5 + 0.5 * ((1 - 1j * ratio) / (1 + 1j * ratio)) ** stages
    assert np.max(np.abs(heard[:-1] - wanted)) < 1e-9
    size = np.abs(heard)
    dips = (size[1:-1] < size[:-2]) & (size[1:-1] < size[2:]) & (size[1:-1] < 0.02)
    assert np.count_nonzero(dips) == stages // 2


def test_a_phaser_sweeps_from_low_to_high() -> None:
    """At the ends of its sine the notch of two stages stands where each turns by 90 degrees."""
    settings = Phaser(stages=2, low_hz=400.0, high_hz=3_200.0, rate_hz=0.25, mix=0.5)
    rng = np.random.default_rng(1)
    heard = settings.prepare(Context(RATE, 1)).process(rng.standard_normal((1, 4 * RATE)), HERE)[0]
    frequencies_hz = np.fft.rfftfreq(4_096, 1 / RATE)

    def level(around: Block, centre_hz: float) -> float:
        power = np.abs(np.fft.rfft(around * np.hanning(4_096))) ** 2
        near = (frequencies_hz > 0.93 * centre_hz) & (frequencies_hz < 1.07 * centre_hz)
        return float(np.mean(power[near]))

    for second, notch_hz in ((1, 3_200), (3, 400), (2, 1_131)):
        around = heard[second * RATE - 2_048 : second * RATE + 2_048]
        assert level(around, notch_hz) < 0.1 * level(around, 2.5 * notch_hz)
        assert level(around, notch_hz) < 0.1 * level(around, 0.4 * notch_hz)


def test_a_tremolo_has_two_side_bands() -> None:
    settings = Tremolo(depth=0.6, rate_hz=SWING_HZ)
    heard = levels(settings.prepare(Context(RATE, 1)).process(tone(3_000), HERE)[0])
    wanted = np.zeros_like(heard)
    wanted[[2_992, 3_000, 3_008]] = 0.15, 0.7, 0.15  # depth / 4, 1 - depth / 2
    assert np.max(np.abs(heard - wanted)) < 1e-9


def test_a_square_tremolo_reaches_both_ends_and_does_not_click() -> None:
    settings = Tremolo(depth=1.0, rate_hz=4.0, shape="square")
    gain = settings.prepare(Context(RATE, 1)).process(np.ones((1, RATE)), HERE)[0]
    assert np.count_nonzero(gain < 1e-9) > 0.46 * RATE
    assert np.count_nonzero(gain > 1 - 1e-9) > 0.46 * RATE
    assert np.max(np.abs(np.diff(gain))) < 0.5 * np.pi / (0.005 * RATE) * 1.01


def test_an_auto_pan_keeps_the_power() -> None:
    settings = AutoPan(depth=1.0, rate_hz=1.0)
    left, right = settings.prepare(Context(RATE, 2)).process(np.ones((2, RATE)), HERE)
    assert np.allclose(left**2 + right**2, 2.0, rtol=0, atol=1e-12)
    assert [left[0], right[0]] == pytest.approx([1.0, 1.0])
    assert [left[RATE // 4], right[RATE // 4]] == pytest.approx([0.0, 2**0.5], abs=1e-9)
    assert [left[3 * RATE // 4], right[3 * RATE // 4]] == pytest.approx([2**0.5, 0.0], abs=1e-9)
    with pytest.raises(DocumentError, match="two channels"):
        settings.prepare(Context(RATE, 1))


SWINGING: list[tuple[type[Effect], dict[str, Any], dict[str, float]]] = [
    (Chorus, {"delay_ms": 8.0}, {"mix": 0.7, "depth_ms": 3.0}),
    (Flanger, {"stereo_phase_deg": 90.0}, {"mix": 0.4, "feedback": -0.6}),
    (Phaser, {"stereo_phase_deg": 90.0}, {"mix": 0.4, "feedback": 0.6}),
    (Tremolo, {"stereo_phase_deg": 90.0}, {"depth": 0.8}),
    (AutoPan, {}, {"depth": 0.8}),
]


def automated(effect: Effect, curves: dict[str, Block], signal: Block, length: int) -> Block:
    processor = effect.prepare(Context(RATE, len(signal), automated=frozenset(curves)))
    parts = []
    for start in range(0, signal.shape[1], length):
        at = slice(start, start + length)
        moved = {key: curve[at] for key, curve in curves.items()}
        parts.append(processor.process(signal[:, at].copy(), BlockContext(start, automation=moved)))
    heard = np.concatenate(parts, axis=1)
    return np.asarray(heard[:, processor.latency_samples :])


@pytest.mark.parametrize(("kind", "fixed", "moved"), SWINGING)
def test_automation_that_stands_still_is_the_setting(
    kind: type[Effect], fixed: dict[str, Any], moved: dict[str, float]
) -> None:
    signal = np.random.default_rng(5).standard_normal((2, 20_000))
    curves = {key: np.full(20_000, value) for key, value in moved.items()}
    heard = automated(kind.model_validate(fixed), curves, signal, 20_480)
    still = automated(kind.model_validate(fixed | moved), {}, signal, 20_480)
    # The chorus is late so that its depth can grow: its last frames are still to come.
    assert np.max(np.abs(heard - still[:, : heard.shape[1]])) < 1e-9


@pytest.mark.parametrize(("kind", "fixed", "moved"), SWINGING)
def test_automation_does_not_know_where_blocks_are_cut(
    kind: type[Effect], fixed: dict[str, Any], moved: dict[str, float]
) -> None:
    signal = np.random.default_rng(6).standard_normal((2, 20_000))
    curves = {key: np.linspace(0.0, value, 20_000) for key, value in moved.items()}
    effect = kind.model_validate(fixed)
    whole = automated(effect, curves, signal, 20_480)
    assert np.array_equal(automated(effect, curves, signal, 4_096), whole)


@pytest.mark.parametrize(("kind", "fixed", "moved"), SWINGING)
def test_a_passage_is_the_passage_of_the_whole(
    kind: type[Effect], fixed: dict[str, Any], moved: dict[str, float]
) -> None:
    effect = kind.model_validate(fixed | moved)
    signal = np.random.default_rng(7).standard_normal((2, 10 * 4_096))
    whole = effect.prepare(Context(RATE, 2)).process(signal, HERE)
    processor = effect.prepare(Context(RATE, 2))
    lead = -(-(processor.tail_samples + processor.settle_samples) // 4_096) * 4_096
    start = 3 * 4_096
    lead = min(lead, start)
    passage = processor.process(signal[:, start - lead :].copy(), BlockContext(start - lead))
    assert np.max(np.abs(passage[:, lead:] - whole[:, start:])) < 1e-5


def test_beats_follow_the_tempo() -> None:
    noise = np.random.default_rng(8).standard_normal((1, 30_000))
    slow = Tremolo(depth=1.0, beats=2.0).prepare(Context(RATE, 1, tempo_bpm=90.0))
    fast = Tremolo(depth=1.0, rate_hz=0.75).prepare(Context(RATE, 1))
    assert np.allclose(slow.process(noise, HERE), fast.process(noise, HERE), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("effect", "match"),
    [
        (Chorus(beats=0.0625), r"here: beats: 0.0625 beats at 300 BPM are 80 Hz"),
        (Flanger(delay_ms=0.2), r"here: delay_ms: 0.2 ms is too short for feedback at 8000 Hz"),
        (Phaser(high_hz=3_700.0), r"here: high_hz: 3700 Hz is too high for 8000 Hz"),
        (Chorus(low_cut_hz=4_500.0), r"here: low_cut_hz: 4500 Hz cannot exist at 8000 Hz"),
    ],
)
def test_what_does_not_suit_the_session_is_named(effect: Effect, match: str) -> None:
    with pytest.raises(DocumentError, match=match):
        effect.prepare(Context(8_000, 1, tempo_bpm=300.0, where="here"))


@pytest.mark.parametrize(
    ("kind", "table", "match"),
    [
        (Chorus, {"rate_hz": 1.0, "beats": 1.0}, "both given"),
        (Chorus, {"delay_ms": 2.0, "depth_ms": 3.0}, "more than delay_ms"),
        (Phaser, {"low_hz": 3_000.0, "high_hz": 2_000.0}, "above high_hz"),
        (Flanger, {"feedback": 1.0}, "less than or equal"),
    ],
)
def test_nonsense_is_refused(kind: type[Effect], table: dict[str, Any], match: str) -> None:
    with pytest.raises(ValidationError, match=match):
        kind.model_validate(table)
