"""Loudness of dialogue: measured in the programme, where the dialogue's stem speaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.arrays import Block
from mixmaster.errors import AudioFileError
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import MasterOptions, NamedTarget, load_target, master

RATE = 48_000
MakePreset = Callable[[str], MasteringPreset]
MakeTarget = Callable[..., NamedTarget]

LIMITER = '[[insert]]\neffect = "limiter"\n'


def tone(level_db: float, spans: list[tuple[float, float]], seconds: float) -> Block:
    """A 997 Hz sine in both channels: its level in dBFS (peak) is its loudness in LUFS."""
    t = np.arange(round(seconds * RATE)) / RATE
    on = np.zeros(t.size)
    for start, stop in spans:
        on[round(start * RATE) : round(stop * RATE)] = 1.0
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * 997.0 * t) * on
    return np.stack([wave, wave])


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """A function that writes a film's mix and its dialogue: spans of both, and their levels."""

    def film(
        speech: list[tuple[float, float]], *, noise_db: float = -14.0, seconds: float = 40.0
    ) -> tuple[Path, Path]:
        dialogue = tone(-30.0, speech, seconds)
        effects = tone(noise_db, [(20.0, 30.0)], seconds)
        mix, stem = tmp_path / "film.wav", tmp_path / "dialogue.wav"
        soundfile.write(mix, (dialogue + effects).T, RATE, subtype="FLOAT")
        soundfile.write(stem, dialogue[:1].T, RATE, subtype="FLOAT")
        return mix, stem

    return film


Film = Callable[..., tuple[Path, Path]]


def level_lufs(path: Path, start_s: float, stop_s: float) -> float:
    samples, rate = soundfile.read(path, always_2d=True)
    part = samples[round(start_s * rate) : round(stop_s * rate)]
    return float(20 * np.log10(np.sqrt(2.0) * np.sqrt(np.mean(part**2))))


def test_the_dialogue_lands_on_the_target_whatever_bursts_around_it(
    film: Film, preset: MakePreset, tmp_path: Path
) -> None:
    mix, stem = film([(2.0, 14.0), (32.0, 38.0)])
    options = MasterOptions(dialogue=stem)
    run = master(mix, preset(LIMITER), [load_target("netflix")], tmp_path / "o", options)
    (result,) = run.results
    assert result.file is not None, result.refused
    # Blocks at the edges of speech hold some silence and are in the mean, as in any gating: a
    # steady voice lies 0.1 LU over it.
    assert level_lufs(result.file, 3.0, 13.0) == pytest.approx(-26.9, abs=0.06)
    assert result.dialogue_lufs == pytest.approx(-27.0, abs=0.03)
    assert result.after is not None
    assert result.after.integrated_lufs is not None
    assert result.after.integrated_lufs > -20.0
    # Sounding: 18 s of speech and 10 s of effects.
    assert result.dialogue_share == pytest.approx(18.0 / 28.0, abs=0.03)


def test_effects_under_the_voice_count(film: Film, preset: MakePreset, tmp_path: Path) -> None:
    """The programme is measured, not the stem: at equal level and phase both are 6 dB louder."""
    mix, stem = film([(18.0, 32.0)], noise_db=-30.0)
    options = MasterOptions(dialogue=stem)
    run = master(mix, preset(LIMITER), [load_target("netflix")], tmp_path / "o", options)
    (result,) = run.results
    assert result.gain_db is not None
    # 4 s at -30 and 10 s at -24 LUFS: their mean power is what lies at -27 afterwards.
    before = 10 * np.log10((4 * 10**-3.0 + 10 * 10**-2.4) / 14.0)
    assert result.gain_db == pytest.approx(-27.0 - before, abs=0.15)


def test_little_dialogue_means_the_whole_programme(
    film: Film, preset: MakePreset, tmp_path: Path
) -> None:
    mix, stem = film([(2.0, 3.0)])
    options = MasterOptions(dialogue=stem)
    (result,) = master(
        mix, preset(LIMITER), [load_target("netflix")], tmp_path / "o", options
    ).results
    assert result.after is not None
    assert result.after.integrated_lufs == pytest.approx(-24.0, abs=0.05)
    assert result.dialogue_lufs is None
    assert result.dialogue_share is not None
    assert result.dialogue_share < 0.15


def test_edges_move_with_the_dialogue(film: Film, preset: MakePreset, tmp_path: Path) -> None:
    mix, stem = film([(2.0, 14.0)])
    options = MasterOptions(dialogue=stem, trim=True, pad_head_ms=700.0)
    (result,) = master(
        mix, preset(LIMITER), [load_target("netflix")], tmp_path / "o", options
    ).results
    assert result.file is not None, result.refused
    assert result.trimmed_head_s == pytest.approx(1.9, abs=0.03)
    assert result.dialogue_lufs == pytest.approx(-27.0, abs=0.03)
    assert level_lufs(result.file, 2.0, 11.0) == pytest.approx(-26.9, abs=0.06)


def test_without_a_stem_it_is_refused_by_name(
    film: Film, preset: MakePreset, tmp_path: Path
) -> None:
    mix, _ = film([(2.0, 14.0)])
    targets = [load_target("netflix"), load_target("atsc-a85")]
    run = master(mix, preset(LIMITER), targets, tmp_path / "o")
    assert "Netflix is measured on dialogue" in run.results[0].refused
    assert "--dialogue" in run.results[0].refused
    assert run.results[1].file is not None


def test_a_stem_that_is_not_of_this_film(film: Film, preset: MakePreset, tmp_path: Path) -> None:
    mix, stem = film([(2.0, 14.0)])
    for signal, said in (
        (tone(-30.0, [(1.0, 2.0)], 20.0), "lasts 20.00 s, the mix 40.00 s"),
        (tone(-30.0, [], 40.0), "nobody speaks"),
        (np.zeros((6, 40 * RATE)), "6 channels"),
    ):
        soundfile.write(stem, signal.T, RATE, subtype="FLOAT")
        with pytest.raises(AudioFileError, match=said):
            master(
                mix,
                preset(LIMITER),
                [load_target("netflix")],
                tmp_path / "o",
                MasterOptions(dialogue=stem),
            )
