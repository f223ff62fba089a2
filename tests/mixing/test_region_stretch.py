"""Stretched and pitched regions: length and place to the sample, pitch, and what is named."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import signal
from tests.mixing.takes import Takes, noise

from mixmaster.documents.tempo import TempoMap
from mixmaster.effects.stretching import stretch
from mixmaster.mixing.regions import spooling

RATE = 48_000


def tone(hz: float, seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return 0.25 * np.sin(2.0 * np.pi * hz * time)[np.newaxis]


def frequency(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.blackman(sound.size), 8 * sound.size))
    top = int(spectrum.argmax())
    left, middle, right = np.log(spectrum[top - 1 : top + 2])
    offset = (left - right) / 2.0 / (left - 2.0 * middle + right)
    return float((top + offset) * RATE / (8 * sound.size))


@pytest.fixture
def song(tmp_path: Path) -> Takes:
    made = Takes(tmp_path)
    made.add("stem.wav", tone(440.0, 3.0), RATE)
    return made


def test_a_note_is_brought_in_tune_and_the_rest_is_left_bit_for_bit(song: Takes) -> None:
    fix = {"from_s": 1.0, "to_s": 2.0, "pitch_semitones": -0.35, "fade_in_ms": 20.0}
    out = song.read(fix, rate=RATE)
    stem = song.takes["stem.wav"].astype(np.float32)
    assert out.shape[1] == 3 * RATE
    assert np.array_equal(out[:, :RATE], stem[:, :RATE])
    assert np.array_equal(out[:, 2 * RATE :], stem[:, 2 * RATE :])
    note = out[0, RATE + 2_400 : 2 * RATE - 2_400]
    assert 1200.0 * np.log2(frequency(note) / 440.0) == pytest.approx(-35.0, abs=0.1)
    level = np.sqrt(2.0 * np.mean(note**2)) / 0.25
    assert 20.0 * np.log10(level) == pytest.approx(0.0, abs=0.05)


def test_formants_may_stay_where_they_were(tmp_path: Path) -> None:
    # Noise around 1 kHz, and nothing else: an envelope with one resonance.
    chance = np.random.default_rng(4)
    sound = signal.lfilter(*signal.iirpeak(1_000.0, 5.0, RATE), chance.standard_normal(2 * RATE))
    song = Takes(tmp_path)
    song.add("stem.wav", np.asarray(0.1 * sound)[np.newaxis], RATE)
    centres = []
    for kept in (False, True):
        out = song.read({"pitch_semitones": 5.0, "keep_formants": kept}, rate=RATE)[0]
        hz, power = signal.welch(out, RATE, nperseg=4_096)
        centres.append(hz[signal.savgol_filter(power, 15, 2).argmax()])
    assert centres[0] == pytest.approx(1_335.0, rel=0.06)
    assert centres[1] == pytest.approx(1_000.0, rel=0.06)


@pytest.mark.parametrize(
    ("how", "seconds"),
    [({"stretch": 1.013}, 1.013), ({"length_s": 0.937}, 0.937), ({"until_bar": "2"}, 1.5)],
)
def test_a_stretched_region_is_as_long_as_was_asked_to_the_sample(
    song: Takes, how: dict[str, Any], seconds: float
) -> None:
    # At 120 BPM bar 2 begins at 2 s; the region at 0.5 s.
    region = {"from_s": 1.0, "to_s": 2.0, "at_s": 0.5, "fade_in_ms": 0.0, "fade_out_ms": 0.0}
    arranged = song.arrange({**region, **how}, mode="comp", rate=RATE)
    assert arranged.frames == round((0.5 + seconds) * RATE)
    with arranged.open() as source:
        out = source.read(arranged.frames)
    assert not out[:, : RATE // 2].any()
    # The sound is there from the first to the last sample.
    assert np.abs(out[0, RATE // 2 : RATE // 2 + 200]).max() > 0.2
    assert np.abs(out[0, -200:]).max() > 0.2
    assert frequency(out[0, RATE // 2 :]) == pytest.approx(440.0, abs=0.02)


def test_an_attack_stays_where_it_was(tmp_path: Path) -> None:
    song = Takes(tmp_path)
    sound = np.zeros((1, 2 * RATE))
    places = np.array([24_000, 40_000, 55_000, 71_000])
    sound[0, places] = 0.9
    song.add("stem.wav", sound, RATE)
    pitched = np.abs(song.read({"pitch_semitones": 0.4}, rate=RATE)[0])
    slower = np.abs(song.read({"stretch": 1.02}, rate=RATE)[0])
    for out, length in ((pitched, 1.0), (slower, 1.02)):
        for place in places * length:
            at = round(place)
            found = at - 2_400 + int(out[at - 2_400 : at + 2_400].argmax())
            assert abs(found - place) < 12  # 0.25 ms


def test_blocks_from_anywhere_are_the_whole(song: Takes) -> None:
    song.add("take2.wav", noise(3.0, 6, rate=RATE), RATE)
    arranged = song.arrange(
        {"to_s": 1.0, "stretch": 1.1},
        {
            "file": "take2.wav",
            "from_s": 1.0,
            "to_s": 2.0,
            "at_s": 1.1,
            "crossfade_ms": 90.0,
            "pitch_semitones": 2.0,
        },
        {"file": "take2.wav", "from_s": 2.0, "at_s": 2.1, "crossfade_ms": 30.0},
        mode="comp",
        rate=RATE,
    )
    with arranged.open() as source:
        whole = source.read(arranged.frames)
    chance = np.random.default_rng(1)
    for _ in range(6):
        start = int(chance.integers(0, arranged.frames))
        with arranged.open() as source:
            source.seek(start)
            parts = [source.read(int(chance.integers(1, 30_000))) for _ in range(4)]
        found = np.concatenate(parts, axis=1)
        assert np.array_equal(found, whole[:, start : start + found.shape[1]])


def test_a_stretched_take_goes_on_through_its_crossfade(song: Takes) -> None:
    # Two tones of one pitch and level, in a linear crossfade: neither ends before it does.
    out = song.read(
        {"from_s": 0.5, "to_s": 1.0, "at_s": 0.0, "stretch": 1.04},
        {
            "from_s": 1.0,
            "to_s": 2.0,
            "at_s": 0.52,
            "stretch": 0.97,
            "crossfade_ms": 100.0,
            "crossfade_shape": "linear",
        },
        mode="comp",
        rate=RATE,
    )[0]
    cross = slice(round(0.47 * RATE), round(0.57 * RATE))
    assert out.size == round(0.52 * RATE) + round(0.97 * RATE)
    edges = np.abs(out[cross]).reshape(-1, 480).max(axis=1)
    assert edges[0] == pytest.approx(0.25, abs=0.02)
    assert edges[-1] == pytest.approx(0.25, abs=0.02)


def test_what_is_stretched_is_made_once_and_leaves_nothing_behind(
    song: Takes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    made: list[int] = []

    def counted(*arguments: Any, **more: Any) -> Any:
        made.append(1)
        return stretch(*arguments, **more)

    monkeypatch.setattr(spooling, "stretch", counted)
    region = {"to_s": 0.5, "stretch": 1.05}
    first = song.arrange(region, rate=RATE)
    second = song.arrange(region, rate=RATE)
    assert len(made) == 1
    assert second.pieces[0].material is first.pieces[0].material
    del first, second
    assert list(folder.iterdir()) == []


def test_every_mistake_is_named_at_once(song: Takes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixmaster.mixing.regions.arranging.MAX_SAMPLES", 2 * 8_000)
    song.add("long.wav", noise(3.0, 1, rate=8_000), 8_000)
    problems = song.problems(
        {"to_s": 1.0, "length_s": 5.0},
        {"to_s": 1.0, "at_s": 10.0, "until_bar": "3"},
        {"file": "long.wav", "at_s": 20.0, "stretch": 1.01},
        {"to_s": 1.0, "at_s": 30.0, "stretch": 0.5},
        {"from_s": 1.0, "to_s": 2.0, "at_s": 30.4, "stretch": 1.5},
        {"from_s": 2.9, "at_s": 40.0, "pitch_semitones": 1.0},
        {"from_s": 0.02, "to_s": 0.5, "at_s": 40.1, "stretch": 0.5, "crossfade_ms": 60.0},
    )
    assert problems == [
        "stem.1.region.1.length_s: it would be stretched 5 times (0.25 to 4 are possible)",
        "stem.1.region.2.until_bar: it would end 6 s before it begins",
        (
            "stem.1.region.3.to_s: it lasts 3.0 s, too long to be stretched "
            "(split it at a silence, into pieces of at most 2 s)"
        ),
        (
            "stem.1.region.5.at_s: it overlaps region 4 by 100 ms, from 30.4 s to 30.5 s "
            "(crossfade_ms = 100 crossfades all of it; or let region 4 end 100 ms earlier)"
        ),
        (
            "stem.1.region.6.to_s: stem.wav ends 30 ms before the crossfade into the next "
            "region does (let it end 30 ms earlier, or shorten that crossfade)"
        ),
        (
            "stem.1.region.7.crossfade_ms: stem.wav would have to begin 20 ms earlier for this "
            "crossfade (let the region begin 20 ms later, or shorten the crossfade)"
        ),
    ]


def test_a_tempo_that_changes_is_counted_along(song: Takes) -> None:
    tempo = TempoMap.model_validate(
        {"change": [{"at": "1", "tempo_bpm": 240.0}, {"at": "2", "tempo_bpm": 120.0}]}
    )
    # Bar 1 lasts 1 s, bar 2 lasts 2 s: 2:3 is at 2 s.
    arranged = song.arrange(
        {"to_s": 0.9, "at_bar": "2", "until_bar": "2:3"}, mode="comp", rate=RATE, tempo=tempo
    )
    assert [(piece.start, piece.stop) for piece in arranged.pieces] == [(RATE, 2 * RATE)]
