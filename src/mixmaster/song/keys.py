"""The keyboard, in stereo: an electric piano all through, a string machine under the chorus."""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import Block
from mixmaster.song import score
from mixmaster.song.chance import Chance
from mixmaster.song.score import CHORDS, CHORUS_BEAT, FINAL_BEAT, FRAMES, SAMPLE_RATE_HZ
from mixmaster.song.tones import (
    fade_edges,
    filtered,
    harmonics_below,
    place,
    plucked,
    times_s,
)
from mixmaster.units import db_to_gain

_BEAT_S = 60.0 / score.TEMPO_BPM
_TREMOLO_HZ = 2.0 * score.TEMPO_BPM / 60.0  # two swings a beat
_VERSE_COMPING = ((0.0, 1.4, 0.75), (1.5, 1.9, 0.6), (3.5, 0.45, 0.5))
_CHORUS_COMPING = ((0.0, 1.4, 0.85), (1.5, 0.48, 0.6))


def _electric_piano(midi: int, frames: int, velocity: float, cents: float) -> Block:
    """Return a tine with its tone bar; a harder touch brings out the bell and the growl."""
    frequency_hz = score.midi_to_hz(midi + cents / 100.0)
    numbers = harmonics_below(frequency_hz, 9_000.0, 24)
    levels = np.exp(-(1.5 - 0.85 * velocity) * (numbers - 1.0))
    bell = np.exp(-0.5 * ((numbers - 7.0) / 0.8) ** 2)
    rates = 0.9 + 0.35 * numbers + 6.0 * bell
    return plucked(frequency_hz, frames, levels + 0.2 * velocity**2 * bell, rates)


def _saw(midi: int, frames: int, cents: float) -> Block:
    frequency_hz = score.midi_to_hz(midi + cents / 100.0)
    numbers = harmonics_below(frequency_hz, 6_000.0, 40)
    signs = np.where(numbers % 2 == 0, -1.0, 1.0)
    return plucked(frequency_hz, frames, signs / numbers, np.zeros(numbers.size))


def _comping(chord: score.Chord) -> tuple[tuple[float, float, float], ...]:
    if chord.beat < CHORUS_BEAT:
        return _VERSE_COMPING
    return _CHORUS_COMPING if chord.beat < FINAL_BEAT else ((0.0, 4.2, 0.9),)


def _piano(chance: Chance) -> Block:
    mono = np.zeros(FRAMES)
    for chord in CHORDS:
        for at, beats, intended in _comping(chord):
            for midi in chord.keys:
                velocity = min(1.0, max(0.1, intended + 0.05 * chance.one()))
                frames = round((beats * _BEAT_S + 0.06) * SAMPLE_RATE_HZ)
                tone = fade_edges(_electric_piano(midi, frames, velocity, 0.0), 2.5, 70.0)
                frame = score.beat_to_frame(chord.beat + at, 4.0 + 3.0 * chance.one())
                place(mono, frame, db_to_gain(20.0 * (velocity - 1.0)) * tone)
    swing = 0.25 * np.sin(2.0 * np.pi * _TREMOLO_HZ * times_s(FRAMES))
    return np.stack([mono * (1.0 + swing), mono * (1.0 - swing)])


def _strings() -> Block:
    out = np.zeros((2, FRAMES))
    for chord in CHORDS:
        if chord.beat < CHORUS_BEAT:
            continue
        frames = round((chord.beats * _BEAT_S + 0.15) * SAMPLE_RATE_HZ)
        for side, lean in enumerate((-1.0, 1.0)):
            for midi in chord.keys:
                pair = _saw(midi, frames, 5.0 * lean) + 0.6 * _saw(midi, frames, -2.5 * lean)
                sound = fade_edges(pair, 130.0, 150.0)
                place(out[side], score.beat_to_frame(chord.beat), sound)
    return np.stack([filtered(side, "lowpass", 3_200.0) for side in out])


def keys() -> Block:
    """Return the keyboard, ``(2, frames)``, unscaled."""
    both = _piano(Chance("keys")) + 0.16 * _strings()
    return np.stack([filtered(side, "highpass", 90.0) for side in both])
