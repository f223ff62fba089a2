"""Stems of sessions that the demo song has not: a jazz quintet, a string band, an orchestra, talk.

Twelve seconds each, from the song's own plucked tones and voice. They are no music to listen to,
but have what a mix is judged by: registers, attacks, sections that play in unison and rest,
phrases with pauses between them, room noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from mixmaster.arrays import Block
from mixmaster.song import voice
from mixmaster.song.chance import Chance
from mixmaster.song.score import SAMPLE_RATE_HZ, Syllable, midi_to_hz
from mixmaster.song.tones import decay, fade_edges, filtered, harmonics_below, place, plucked

SECONDS = 12.0
FRAMES = round(SECONDS * SAMPLE_RATE_HZ)
Note = tuple[float, float, int]
"""When it begins and how long it lasts, in seconds, and its MIDI number."""

_CHORDS = ((48, 55, 60, 64), (45, 52, 57, 60), (41, 53, 57, 60), (43, 50, 59, 62))
"""C, Am, F, G, three seconds each."""


def _frames(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)


def _bowed(midi: float, seconds: float, brightness: float) -> Block:
    """Return a sustained tone of a section: three players, a few cents apart."""
    out = np.zeros(_frames(seconds))
    for cents in (-6.0, 0.0, 5.0):
        hz = midi_to_hz(midi + cents / 100.0)
        numbers = harmonics_below(hz, 10_000.0, 60)
        levels = numbers ** (-1.0 / brightness)
        out += plucked(hz, out.size, levels, np.zeros(numbers.size))
    return fade_edges(out, 90.0, 180.0)


def _blown(midi: float, seconds: float, brightness: float) -> Block:
    """Return a sustained tone of one player, brighter at its beginning."""
    hz = midi_to_hz(midi)
    numbers = harmonics_below(hz, 9_000.0, 40)
    levels = np.exp(-numbers / (6.0 * brightness))
    tone = plucked(hz, _frames(seconds), levels, 0.15 * numbers)
    breath = filtered(Chance(f"breath {midi} {seconds}").noise(tone.size), "bandpass", (800.0, 4e3))
    return fade_edges(tone + 0.02 * breath, 35.0, 90.0)


def _picked(midi: float, seconds: float, ring_s: float) -> Block:
    """Return a plucked or struck string."""
    hz = midi_to_hz(midi)
    numbers = harmonics_below(hz, 9_000.0, 50)
    rates = (1.0 + 0.12 * numbers) / ring_s
    return fade_edges(plucked(hz, _frames(seconds), numbers**-1.1, rates), 1.5, 40.0)


def _struck(low_hz: float, high_hz: float, ring_s: float, seed: str) -> Block:
    """Return a stroke of noise in a band."""
    frames = _frames(6.0 * ring_s)
    noise = filtered(Chance(seed).noise(frames), "bandpass", (low_hz, high_hz), 1)
    return fade_edges(noise * decay(frames, ring_s), 0.5, 5.0)


def _played(notes: Sequence[Note], tone: Callable[[float, float], Block]) -> Block:
    out = np.zeros(FRAMES)
    for start_s, length_s, midi in notes:
        place(out, _frames(start_s), tone(midi, length_s))
    return out


def _held(voice_of_chord: int, octave: int = 0) -> list[Note]:
    return [(3.0 * bar, 3.0, chord[voice_of_chord] + octave) for bar, chord in enumerate(_CHORDS)]


def _broken(step_s: float, ring_s: float, octave: int = 0) -> list[Note]:
    count = round(SECONDS / step_s)
    return [
        (at * step_s, ring_s, _CHORDS[int(at * step_s // 3.0)][at % 4] + octave)
        for at in range(count)
    ]


def _walking() -> list[Note]:
    return [
        (0.5 * beat, 0.5, _CHORDS[beat // 6][0] - 12 + (0, 4, 7, 9, 7, 4)[beat % 6])
        for beat in range(24)
    ]


def _tune(octave: int, rest: int) -> list[Note]:
    """Return phrases of two seconds with a pause of one; ``rest`` is the phrase left out."""
    notes: list[Note] = []
    for bar, chord in enumerate(_CHORDS):
        if bar != rest:
            pitches = (chord[2], chord[3], chord[3] + 2, chord[2])
            notes += [(3.0 * bar + 0.5 * at, 0.55, p + octave) for at, p in enumerate(pitches)]
    return notes


def _beaten(step_s: float, offset_s: float, stroke: Block) -> Block:
    out = np.zeros(FRAMES)
    for at in range(int((SECONDS - offset_s) / step_s)):
        place(out, _frames(offset_s + at * step_s), (1.0 if at % 2 else 0.8) * stroke)
    return out


@cache
def _talk() -> tuple[Block, Block]:
    """Return two speakers who take turns: phrases of a second or two, four syllables a second."""
    parts = []
    at_s = 0.3
    for phrase in range(9):
        for syllable in range(5 + phrase % 3):
            place_in = phrase * 7 + syllable
            midi = 46 + (place_in * 5) % 4 - syllable // 3
            onset, vowel = "ltsnmdkhwb"[place_in % 10], "aIeAoiu"[place_in % 7]
            parts.append(Syllable(at_s * 1.6 - 2.0, 0.34, midi, onset, vowel, "", 0.5))
            at_s += 0.24
        at_s += 0.7
    spoken = voice.sing(tuple(parts), voice.Singer("talk", 1.03, 5.0, 0.0, -26.0))
    first, second = spoken[:FRAMES].copy(), spoken[FRAMES : 2 * FRAMES].copy()
    turn = np.repeat(np.arange(4) % 2 == 0, FRAMES // 4).astype(float)
    turn = filtered(np.concatenate([turn, turn[-1:]])[:FRAMES], "lowpass", 12.0, 1)
    return first * turn, second * (1.0 - turn)


def jazz() -> dict[str, Block]:
    """Return a quintet: saxophone and trumpet in turn, piano, upright bass, drums."""
    ride = _struck(3_000.0, 12_000.0, 0.12, "ride")
    brush = _struck(500.0, 6_000.0, 0.06, "brush")
    kit = _beaten(0.25, 0.0, ride) + 1.5 * _beaten(1.0, 0.5, brush)
    return {
        "Tenor Sax": _played(_tune(-5, 2), lambda m, s: _blown(m, s, 1.0)),
        "Trumpet": _played(_tune(7, 0), lambda m, s: _blown(m, s, 1.6)),
        "Piano": _played(_broken(0.75, 1.2, 12), lambda m, s: _picked(m, s, 0.7)),
        "Upright Bass": _played(_walking(), lambda m, s: _picked(m, s, 0.4)),
        "Overheads": np.stack([kit, np.roll(kit, 20)]),
    }


def string_band(vocals: dict[str, Block]) -> dict[str, Block]:
    """Return a string band around voices that are given."""
    stomp = _struck(50.0, 400.0, 0.06, "stomp")
    return {
        **vocals,
        "Acoustic Gtr": _played(_broken(0.25, 0.8), lambda m, s: _picked(m, s, 0.5)),
        "Mandolin": _played(_broken(0.5, 0.4, 12), lambda m, s: _picked(m, s, 0.15)),
        "Fiddle": _played(_tune(12, 1), lambda m, s: _bowed(m, s, 0.9)),
        "Upright Bass": _played(_held(0, -12), lambda m, s: _picked(m, s, 0.8)),
        "Cajon": _beaten(0.5, 0.0, stomp),
    }


def orchestra() -> dict[str, Block]:
    """Return sections of an orchestra."""
    drum = _struck(60.0, 250.0, 0.25, "timpani")
    return {
        "Violins 1": _played(_held(3, 12), lambda m, s: _bowed(m, s, 0.9)),
        "Violins 2": _played(_held(2, 12), lambda m, s: _bowed(m, s, 0.85)),
        "Violas": _played(_held(3), lambda m, s: _bowed(m, s, 0.8)),
        "Cellos": _played(_held(1), lambda m, s: _bowed(m, s, 0.8)),
        "Double Basses": _played(_held(0, -12), lambda m, s: _bowed(m, s, 0.8)),
        "Flute": _played(_tune(19, 1), lambda m, s: _blown(m, s, 0.4)),
        "French Horns": _played(_held(2, -5), lambda m, s: _blown(m, s, 0.6)),
        "Trumpets": _played(_tune(7, 2), lambda m, s: _blown(m, s, 1.6)),
        "Timpani": _beaten(1.5, 0.0, drum),
        "Harp": _played(_broken(0.375, 1.0, 12), lambda m, s: _picked(m, s, 0.6)),
    }


def _score() -> Block:
    chords = [_played(_held(at, 12), lambda m, s: _bowed(m, s, 0.7)) for at in range(4)]
    return np.stack([chords[0] + chords[2] + chords[3], chords[0] + chords[1] + chords[3]])


def podcast() -> dict[str, Block]:
    """Return a host, a guest over the line, and music all through."""
    host, guest = _talk()
    hiss = filtered(Chance("line").noise(FRAMES), "bandpass", (200.0, 3_400.0))
    level = float(np.max(np.abs(guest)))
    return {
        "Host": host,
        "Remote Guest": filtered(guest, "bandpass", (250.0, 3_400.0)) + 0.004 * level * hiss,
        "Theme Music": _score(),
    }


def talk() -> dict[str, Block]:
    """Return one speaker, and music all through."""
    first, second = _talk()
    return {"Narrator": first + second, "Theme Music": _score()}


def film() -> dict[str, Block]:
    """Return a scene: two actors, steps, the city, the score."""
    boom, lavalier = _talk()
    noise = np.stack([Chance(f"city {side}").noise(FRAMES) for side in "lr"])
    city = np.stack([filtered(side, "bandpass", (60.0, 1_500.0), 1) for side in noise])
    air = 0.002 * float(np.max(np.abs(boom))) * noise[0]
    step = _struck(150.0, 2_500.0, 0.04, "step")
    return {
        "Boom Mic": boom + air,
        "Lav 1": lavalier + air,
        "Foley": _beaten(0.6, 0.2, step),
        "City Ambience": city,
        "Score": _score(),
    }


def write(folder: Path, stems: dict[str, Block], *, gain_db: Callable[[str], float]) -> Path:
    """Write stems as float files, peaking at -6 dBFS plus a gain of their own."""
    import soundfile

    folder.mkdir()
    for name, sound in stems.items():
        level = 10.0 ** ((gain_db(name) - 6.0) / 20.0) / float(np.max(np.abs(sound)))
        soundfile.write(folder / f"{name}.wav", (level * sound).T, SAMPLE_RATE_HZ, "FLOAT")
    return folder
