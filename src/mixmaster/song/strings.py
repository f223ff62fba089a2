"""Bass and the two rhythm guitars: plucked strings into amplifiers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mixmaster.arrays import Block
from mixmaster.song import score
from mixmaster.song.chance import Chance
from mixmaster.song.score import CHORDS, CHORUS_BEAT, FINAL_BEAT, SAMPLE_RATE_HZ
from mixmaster.song.tones import (
    delayed,
    driven,
    empty_track,
    fade_edges,
    filtered,
    harmonics_below,
    place,
    plucked,
    resonant,
    string_levels,
)
from mixmaster.units import db_to_gain

BASS_AMP_DELAY_MS = 0.8
"""How much later than the DI the bass amplifier's microphone is: 27 cm of air."""

_BEAT_S = 60.0 / score.TEMPO_BPM


def bass() -> tuple[Block, Block]:
    """Return the bass as ``(DI, amplifier)``, both ``(frames,)``, unscaled."""
    chance = Chance("bass")
    direct = empty_track()
    for note in score.BASS:
        velocity = min(1.0, note.velocity + 0.04 * chance.one())
        frequency_hz = score.midi_to_hz(note.midi)
        numbers = harmonics_below(frequency_hz, 5_000.0, 70)
        levels = string_levels(
            numbers, pluck_at=0.17, softness=0.035 + 0.05 * (1.0 - velocity), pickup_at=0.12
        )
        rates = 0.55 + 0.05 * numbers + 0.012 * numbers**2
        frames = round((note.beats * _BEAT_S + 0.04) * SAMPLE_RATE_HZ)
        tone = plucked(frequency_hz, frames, levels, rates, sharp_cents=8.0 * velocity)
        finger = filtered(chance.noise(frames), "bandpass", (700.0, 2_600.0), 1)
        finger *= np.exp(np.arange(frames) / (-0.004 * SAMPLE_RATE_HZ))
        sound = fade_edges(tone + 0.03 * velocity * finger, 2.0, 45.0)
        frame = score.beat_to_frame(note.beat, 3.0 + 2.5 * chance.one())
        place(direct, frame, db_to_gain(22.0 * (velocity - 1.0)) * sound)
    direct = filtered(direct, "highpass", 28.0)
    level = float(np.max(np.abs(direct)))

    amp = driven(direct / level, 14.0, 0.15)
    amp = filtered(filtered(amp, "highpass", 42.0), "lowpass", 3_600.0, 3)
    amp = resonant(resonant(amp, 110.0, 1.0, 2.0), 900.0, 1.2, 2.5)
    return direct, delayed(amp, BASS_AMP_DELAY_MS)


class _Guitarist(NamedTuple):
    """Who plays which guitar through what."""

    name: str
    high: bool
    drive_db: float
    bias: float
    cabinet_hz: float
    presence_hz: float
    pluck_at: float
    pickup_at: float


_LEFT = _Guitarist("left", False, 11.0, 0.18, 4_300.0, 2_300.0, 0.15, 0.15)
_RIGHT = _Guitarist("right", True, 6.0, 0.1, 5_200.0, 3_000.0, 0.13, 0.21)


def _string(
    player: _Guitarist, pitch: float, *, seconds: float, velocity: float, mute: float
) -> Block:
    """Return one string at a MIDI pitch; ``mute`` from ringing (0) to palm-muted (1)."""
    frequency_hz = score.midi_to_hz(pitch)
    numbers = harmonics_below(frequency_hz, 7_500.0, 64)
    softness = 0.012 + 0.05 * mute + 0.04 * (1.0 - velocity)
    levels = string_levels(
        numbers, pluck_at=player.pluck_at, softness=softness, pickup_at=player.pickup_at
    )
    rates = 0.7 + 0.03 * numbers + 0.006 * numbers**2 + mute * (9.0 + 1.6 * numbers)
    frames = round(seconds * SAMPLE_RATE_HZ)
    tone = plucked(frequency_hz, frames, levels, rates, sharp_cents=6.0 * velocity)
    return fade_edges(tone, 1.0, 25.0)


class _Strum(NamedTuple):
    beat: float
    beats: float
    notes: tuple[int, ...]
    velocity: float
    mute: float
    upward: bool = False


def _verse_left(chord: score.Chord) -> list[_Strum]:
    """Palm-muted eighths on root and fifth, opening up at the end of each bar."""
    power = (
        chord.open_voicing[:2]
        if chord.open_voicing[1] - chord.open_voicing[0] == 7
        else (
            chord.open_voicing[0],
            chord.open_voicing[0] + 7,
        )
    )
    strums = [
        _Strum(chord.beat + 0.5 * i, 0.5, power, 0.9 if i in {0, 3, 6} else 0.7, 0.85)
        for i in range(7)
    ]
    return [*strums, _Strum(chord.beat + 3.5, 0.5, chord.open_voicing[:3], 0.75, 0.25)]


def _verse_right(chord: score.Chord) -> list[_Strum]:
    """An arpeggio in eighths, each string left to ring into the next."""
    order = (0, 2, 1, 3, 2, 1, 3, 2)
    return [
        _Strum(
            chord.beat + 0.5 * i,
            min(1.5, 4.0 - 0.5 * i),
            (chord.high_voicing[step],),
            0.8 if i % 4 == 0 else 0.62,
            0.0,
        )
        for i, step in enumerate(order)
    ]


_CHORUS_STRUMS = ((0.0, 0.9, 1.0, False), (1.0, 0.42, 0.85, False), (1.5, 0.44, 0.7, True))


def _chorus(chord: score.Chord, notes: tuple[int, ...]) -> list[_Strum]:
    return [
        _Strum(chord.beat + at, beats, notes, velocity, 0.0, up)
        for at, beats, velocity, up in _CHORUS_STRUMS
    ]


def _strums(player: _Guitarist) -> list[_Strum]:
    out: list[_Strum] = []
    for chord in CHORDS:
        notes = chord.high_voicing if player.high else chord.open_voicing
        if chord.beat < CHORUS_BEAT:
            out += _verse_right(chord) if player.high else _verse_left(chord)
        elif chord.beat < FINAL_BEAT:
            out += _chorus(chord, notes)
        else:
            out.append(_Strum(chord.beat, 4.4, notes, 1.0, 0.0))
    return out


def guitar(*, right: bool) -> Block:
    """Return one rhythm guitar, ``(frames,)``, unscaled: left is driven, right is cleaner."""
    player = _RIGHT if right else _LEFT
    chance = Chance(f"guitar {player.name}")
    tuning = 2.0 * chance.spread(128)  # cents: every string and fret is off by a little of its own
    strings = empty_track()
    for strum in _strums(player):
        lean_ms = 4.0 * chance.one() + (2.0 if right else -1.0)
        notes = strum.notes[::-1] if strum.upward else strum.notes
        for i, midi in enumerate(notes):
            velocity = min(1.0, max(0.1, strum.velocity + 0.06 * chance.one()))
            rake_ms = i * (5.0 + 3.0 * (1.0 - strum.velocity))
            seconds = strum.beats * _BEAT_S + 0.02
            pitch = midi + 0.01 * float(tuning[midi])
            tone = _string(player, pitch, seconds=seconds, velocity=velocity, mute=strum.mute)
            frame = score.beat_to_frame(strum.beat, lean_ms + rake_ms)
            place(strings, frame, db_to_gain(18.0 * (velocity - 1.0)) * tone)
    strings = filtered(strings, "highpass", 75.0)
    strings /= float(np.max(np.abs(strings)))
    amp = driven(resonant(strings, 2_000.0, 0.5, 9.0), player.drive_db, player.bias)
    amp = filtered(filtered(amp, "highpass", 85.0), "lowpass", player.cabinet_hz, 3)
    amp = resonant(resonant(amp, 135.0, 0.9, 6.0), player.presence_hz, 0.9, 9.0)
    return amp + 0.08 * delayed(amp, 3.7)  # the floor in front of the cabinet
