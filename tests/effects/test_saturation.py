from __future__ import annotations

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.dsp.oversampling import Oversampler
from mixmaster.dsp.saturation import HardClip
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.saturation import Saturation
from mixmaster.effects.saturation_colour import Character

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


def test_the_first_revision_sounds_as_it_did() -> None:
    """What it was made of: 80 frames late, the clip's excess through the longer filters."""
    signal = np.random.default_rng(4).standard_normal((2, 20_000)) * 0.4
    settings = Saturation(character="hard_clip", drive_db=6.0, mix=0.5, revision=1)
    processor = settings.prepare(Context(48_000, 2))
    assert processor.latency_samples == 80
    heard = processor.process(signal, HERE)
    excess = Oversampler(4, 2, 48_000).process(signal, HardClip(10 ** (-6 / 20)))
    excess *= 0.5
    excess[:, 80:] += signal[:, :-80]
    assert np.array_equal(heard, excess)


@pytest.mark.parametrize("character", CHARACTERS)
def test_revisions_differ_above_20_khz_alone(character: Character) -> None:
    tones = (1_365, 6_827, 13_653)
    for cycles in tones:
        old, new = (
            spectrum(
                Saturation(character=character, drive_db=9.0, revision=revision),
                cycles,
                0.7,
                48_000,
            )
            for revision in (1, 2)
        )
        audible = slice(0, round(20_000 / 48_000 * FRAMES))
        assert np.max(np.abs(new - old)[audible]) < 10 ** (-85 / 20)


def moving(settings: Saturation, curves: dict[str, Block], signal: Block, cut: int) -> Block:
    processor = settings.prepare(Context(48_000, len(signal), automated=frozenset(curves)))
    parts = [
        processor.process(
            signal[:, start : start + cut].copy(),
            BlockContext(
                start, automation={key: c[start : start + cut] for key, c in curves.items()}
            ),
        )
        for start in range(0, signal.shape[1], cut)
    ]
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize("character", CHARACTERS)
def test_automation_that_stands_still_is_the_setting(character: Character) -> None:
    signal = np.random.default_rng(5).standard_normal((2, 20_000)) * 0.4
    values = {"drive_db": 7.5, "mix": 0.6, "output_db": -2.0}
    curves = {key: np.full(20_000, value) for key, value in values.items()}
    heard = moving(Saturation(character=character), curves, signal, 20_000)
    still = Saturation(character=character, **values)  # type: ignore[arg-type]
    # float32 inside: a last place of k may come out otherwise.
    assert np.max(np.abs(heard - still.prepare(Context(48_000, 2)).process(signal, HERE))) < 1e-6


@pytest.mark.parametrize("character", CHARACTERS)
def test_automation_does_not_know_where_blocks_are_cut(character: Character) -> None:
    signal = np.random.default_rng(6).standard_normal((2, 20_000)) * 0.4
    ramp = np.linspace(0.0, 1.0, 20_000)
    curves = {"drive_db": 24.0 * ramp, "mix": 1.0 - ramp, "output_db": 6.0 - 12.0 * ramp}
    whole = moving(Saturation(character=character), curves, signal, 20_480)
    assert np.all(np.isfinite(whole))
    assert np.array_equal(moving(Saturation(character=character), curves, signal, 4_096), whole)


@pytest.mark.parametrize("character", ["tape", "soft_clip", "hard_clip"])
def test_a_drive_that_moves_presses_peaks_as_it_goes(character: Character) -> None:
    """A slow wave at full scale follows 1 -> -12 dB; nothing but its harmonics is added."""
    frames = 1 << 17
    tone = np.sin(2 * np.pi * 256 * np.arange(frames) / frames)[None]  # 94 Hz
    drive_db = np.linspace(6.0, 12.0, frames)
    heard = moving(Saturation(character=character), {"drive_db": drive_db}, tone, frames)[0]
    crests = heard.reshape(256, -1).max(axis=1)[2:]
    wanted = -(6.0 + 6.0 * (np.arange(2, 256) + 0.25) / 256)
    assert np.max(np.abs(20 * np.log10(crests) - wanted)) < 0.08
    zipper = np.fft.rfft(heard * np.hanning(frames)) * 4 / frames
    assert 20 * np.log10(np.max(np.abs(zipper[frames // 4 :]))) < -90  # above 12 kHz
