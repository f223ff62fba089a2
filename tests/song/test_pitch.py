"""What is played is what the score says, heard from the files alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from mixmaster.arrays import Block
from mixmaster.song import SAMPLE_RATE_HZ, TEMPO_BPM, score
from mixmaster.song.score import BACKING_HIGH, BACKING_LOW, CHORDS, LEAD, Syllable

BEAT_S = 60.0 / TEMPO_BPM
HELD_BEATS = 0.85


def fundamentals_hz(sound: Block) -> Block:
    """The fundamental in windows of 46 ms every 5 ms, by autocorrelation, 100 to 700 Hz."""
    size = 2_048
    windows = sliding_window_view(sound, size)[::220] * np.hanning(size)
    power = np.abs(np.fft.rfft(windows, 2 * size)) ** 2
    alike = np.fft.irfft(power)[:, :size]
    window_alike = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(size), 2 * size)) ** 2)[:size]
    alike = alike / np.maximum(window_alike, 1e-3 * window_alike[0])
    first, last = SAMPLE_RATE_HZ // 700, SAMPLE_RATE_HZ // 100
    out = []
    for row in alike:
        inner = row[first : last + 1]
        peaks = np.flatnonzero(
            (inner >= row[first - 1 : last]) & (inner > row[first + 1 : last + 2])
        )
        # the first of the peaks that are nearly the highest: later ones are multiples of the period
        lag = first + peaks[np.flatnonzero(inner[peaks] > 0.93 * inner[peaks].max())[0]]
        before, at, after = row[lag - 1 : lag + 2]
        out.append(SAMPLE_RATE_HZ / (lag + 0.5 * (before - after) / (before - 2.0 * at + after)))
    return np.array(out)


def held(part: tuple[Syllable, ...]) -> list[Syllable]:
    return [note for note in part if note.beats >= HELD_BEATS]


@pytest.mark.parametrize(
    ("name", "part"),
    [("Lead Vox", LEAD), ("BGV 1", BACKING_HIGH), ("BGV 2", BACKING_LOW)],
)
def test_singers_hold_the_notes_of_the_melody(
    audio: dict[str, Block], name: str, part: tuple[Syllable, ...]
) -> None:
    notes = held(part)
    assert len(notes) >= 8
    for note in notes:
        start = score.beat_to_s(note.beat) + 0.3 * note.beats * BEAT_S
        stop = score.beat_to_s(note.beat) + 0.78 * note.beats * BEAT_S
        sound = audio[name][0, round(start * SAMPLE_RATE_HZ) : round(stop * SAMPLE_RATE_HZ)]
        cents = 1200.0 * np.log2(fundamentals_hz(sound) / 440.0) - 100.0 * (note.midi - 69)
        assert abs(np.mean(cents)) < 20.0, note
        assert np.abs(cents).max() < 80.0, note


def test_long_notes_have_vibrato_and_it_is_a_singers(audio: dict[str, Block]) -> None:
    """Singers' vibrato: 4.5 to 6.5 Hz, a quarter to a whole semitone to either side or less."""
    note = LEAD[-1]
    start = score.beat_to_frame(note.beat + 1.2)
    sound = audio["Lead Vox"][0, start : score.beat_to_frame(note.beat + 2.7)]
    cents = 1200.0 * np.log2(fundamentals_hz(sound) / 440.0)
    cents = cents - cents.mean()
    assert 12.0 < np.sqrt(2.0) * np.std(cents) < 60.0
    spectrum = np.abs(np.fft.rfft(cents * np.hanning(cents.size), 8_192))
    rate_hz = np.argmax(spectrum) * (SAMPLE_RATE_HZ / 220) / 8_192
    assert 4.5 < rate_hz < 6.5


def test_singers_breathe_between_phrases(audio: dict[str, Block]) -> None:
    lead = audio["Lead Vox"][0]
    rest = lead[score.beat_to_frame(7.3) : score.beat_to_frame(7.7)]
    sung = lead[score.beat_to_frame(5.5) : score.beat_to_frame(6.5)]
    assert 20.0 * np.log10(np.std(sung) / np.std(rest)) > 25.0


@pytest.mark.parametrize("name", ["Bass DI", "Bass Amp"])
@pytest.mark.parametrize("chord", CHORDS, ids=lambda chord: f"beat {chord.beat:g}")
def test_the_bass_plays_the_roots(audio: dict[str, Block], name: str, chord: score.Chord) -> None:
    """Of all semitones from E1 to E2, the root's harmonics hold the most."""
    first, last = score.beat_to_frame(chord.beat, 20.0), score.beat_to_frame(chord.beat + 1.3)
    sound = audio[name][0, first:last]
    size = 1 << 18
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size), size))
    candidates = np.arange(28, 41)
    harmonics = np.arange(1, 9)[:, None]
    hz = 440.0 * 2.0 ** ((candidates - 69) / 12.0)
    bins = np.round(harmonics * hz * size / SAMPLE_RATE_HZ).astype(int)
    assert candidates[np.argmax(spectrum[bins].sum(axis=0))] == chord.bass

    root_hz = 440.0 * 2.0 ** ((chord.bass - 69) / 12.0)
    around = np.arange(
        *(round(2.0 * root_hz * 2.0**x * size / SAMPLE_RATE_HZ) for x in (-0.1, 0.1))
    )
    second_hz = around[np.argmax(spectrum[around])] * SAMPLE_RATE_HZ / size
    assert abs(1200.0 * np.log2(second_hz / (2.0 * root_hz))) < 20.0


@pytest.mark.parametrize("name", ["EGtr L", "EGtr R", "Keys"])
def test_the_last_chord_is_g_major_in_every_instrument(audio: dict[str, Block], name: str) -> None:
    """Folded into one octave (150 to 700 Hz), G, B and D hold most of the power."""
    first = score.beat_to_frame(32.5)
    sound = audio[name].mean(axis=0)[first : first + 2 * SAMPLE_RATE_HZ]
    power = np.abs(np.fft.rfft(sound * np.hanning(sound.size))) ** 2
    hz = np.fft.rfftfreq(sound.size, 1.0 / SAMPLE_RATE_HZ)
    inside = (hz > 150.0) & (hz < 700.0)
    classes = np.round(69.0 + 12.0 * np.log2(hz[inside] / 440.0)).astype(int) % 12
    chroma = np.bincount(classes, power[inside], 12)
    assert chroma[[7, 11, 2]].sum() / chroma.sum() > 0.85
