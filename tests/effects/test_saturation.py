from __future__ import annotations

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.saturation import Character, Saturation

HERE = BlockContext()
CHARACTERS: tuple[Character, ...] = ("tape", "tube", "soft_clip", "hard_clip")
FRAMES = 1 << 16


def spectrum(settings: Saturation, cycles: int, level: float, rate_hz: int) -> Block:
    """Amplitudes of a tone of ``cycles`` in 65,536 frames after all has settled."""
    tone = level * np.sin(2 * np.pi * cycles * np.arange(3 * FRAMES) / FRAMES)[None]
    heard = settings.prepare(Context(rate_hz, 1)).process(tone, HERE)[0, -FRAMES:]
    amplitudes: Block = np.abs(np.fft.rfft(heard)) * 2 / FRAMES
    amplitudes[0] /= 2
    return amplitudes


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize(
    ("character", "drive_db", "floor_db"),
    [
        ("tape", 12.0, -80.0),
        ("tube", 12.0, -80.0),
        ("soft_clip", 12.0, -80.0),
        ("hard_clip", 6.0, -70.0),
        ("hard_clip", 12.0, -70.0),
    ],
)
def test_a_5_khz_tone_at_full_scale_leaves_no_false_tones(
    character: Character, drive_db: float, floor_db: float, rate_hz: int
) -> None:
    cycles = round(5_000 / rate_hz * FRAMES) | 1
    heard = spectrum(Saturation(character=character, drive_db=drive_db), cycles, 1.0, rate_hz)
    heard[::cycles] = 0.0  # the tone, its harmonics and the offset
    assert 20 * np.log10(heard.max()) < floor_db


@pytest.mark.parametrize("character", CHARACTERS)
def test_quiet_passages_keep_their_level(character: Character) -> None:
    for drive_db in (1.0, 12.0, 24.0):
        heard = spectrum(Saturation(character=character, drive_db=drive_db), 1_001, 1e-4, 48_000)
        assert 20 * np.log10(heard[1_001] / 1e-4) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("character", ["tape", "soft_clip", "hard_clip"])
@pytest.mark.parametrize("drive_db", [3.0, 12.0])
def test_a_full_scale_peak_is_pressed_by_the_drive(character: Character, drive_db: float) -> None:
    slow = np.sin(2 * np.pi * 60 * np.arange(48_000) / 48_000)[None]
    heard = Saturation(character=character, drive_db=drive_db).prepare(Context(48_000, 1))
    peak = np.max(np.abs(heard.process(slow, HERE)[0, 24_000:]))
    # soft_clip bends from half its ceiling on; 3 dB is not yet where it reaches it.
    if character == "soft_clip" and drive_db == 3.0:
        t = 10 ** (-3 / 20)
        assert peak == pytest.approx(1 - (1 - t / 2) ** 2 / (2 * t), abs=1e-3)
    else:
        assert 20 * np.log10(peak) == pytest.approx(-drive_db, abs=0.06)


@pytest.mark.parametrize("character", ["tape", "soft_clip", "hard_clip"])
def test_even_curves_make_odd_harmonics_alone(character: Character) -> None:
    heard = spectrum(Saturation(character=character, drive_db=12.0), 801, 1.0, 48_000)
    assert heard[3 * 801] > 0.01
    assert max(heard[2 * 801], heard[4 * 801], heard[0]) < 1e-9


def test_a_tube_adds_the_octave_and_no_offset() -> None:
    level, drive_db = 10 ** (-18 / 20), 6.0
    heard = spectrum(Saturation(character="tube", drive_db=drive_db), 801, level, 48_000)
    # The quadratic term of x / sqrt(1 + x^2) about a bias b: k A 3 b / (4 (1 + b^2)).
    k, b = np.sqrt(10 ** (drive_db / 10) - 1), 0.4
    octave = k * level * 3 * b / (4 * (1 + b * b))
    assert 20 * np.log10(heard[2 * 801] / heard[801]) == pytest.approx(
        20 * np.log10(octave), abs=0.3
    )
    assert heard[0] < 1e-9


def test_tape_bends_the_highs_first() -> None:
    settings = Saturation(character="tape", drive_db=6.0)
    pressed = [
        heard[cycles] / 0.5
        for cycles in (137, 13_655)  # 100 Hz and 10 kHz
        for heard in (spectrum(settings, cycles, 0.5, 48_000),)
    ]
    assert 20 * np.log10(pressed[0] / pressed[1]) > 1.0


@pytest.mark.parametrize("character", CHARACTERS)
def test_mix_blends_with_the_dry_sound_in_time(character: Character) -> None:
    noise = np.random.default_rng(1).standard_normal((2, 20_000)) * 0.3

    def heard(mix: float) -> Block:
        settings = Saturation(character=character, drive_db=9.0, mix=mix)
        return settings.prepare(Context(44_100, 2)).process(noise, HERE)

    processor = Saturation(character=character, drive_db=9.0).prepare(Context(44_100, 2))
    late = processor.latency_samples
    dry = np.concatenate((np.zeros((2, late)), noise[:, :-late]), axis=1)
    assert np.max(np.abs(heard(0.25) - (0.75 * dry + 0.25 * heard(1.0)))) < 1e-14


@pytest.mark.parametrize("character", ["soft_clip", "hard_clip"])
def test_a_clip_that_is_not_reached_is_bit_transparent(character: Character) -> None:
    noise = np.random.default_rng(2).uniform(-0.1, 0.1, (2, 20_000))
    processor = Saturation(character=character, drive_db=3.0).prepare(Context(48_000, 2))
    late = processor.latency_samples
    assert np.array_equal(processor.process(noise, HERE)[:, late:], noise[:, :-late])


@pytest.mark.parametrize("neutral", [{"drive_db": 0.0}, {"drive_db": 12.0, "mix": 0.0}])
def test_neutral_with_an_output_level_is_a_gain(neutral: dict[str, float]) -> None:
    noise = np.random.default_rng(3).standard_normal((2, 5_000))
    settings = Saturation(output_db=-6.0206, **neutral)  # type: ignore[arg-type]
    processor = settings.prepare(Context(48_000, 2))
    assert processor.latency_samples == 0
    assert np.allclose(processor.process(noise, HERE), 0.5 * noise, rtol=1e-5)
