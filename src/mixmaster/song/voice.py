"""A singing voice by formant synthesis: glottal harmonics through a vocal tract.

The voiced part is a sum of harmonics, so nothing aliases: each harmonic's complex amplitude is
the glottal spectrum times the tract's response at its momentary frequency (a cascade of
resonances with the higher poles of a uniform tube; Fant, Acoustic Theory of Speech Production,
1960; Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67, 1980). Breath,
hiss and bursts are shaped noise. Control curves run at every 64th frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block
from mixmaster.song import score
from mixmaster.song.chance import Chance
from mixmaster.song.score import FRAMES, SAMPLE_RATE_HZ, Syllable
from mixmaster.song.tones import filtered, resonant
from mixmaster.units import db_to_gain

HOP = 64
_CONTROL_HZ = SAMPLE_RATE_HZ / HOP
_POINTS = FRAMES // HOP + 2
_TOP_HZ = 11_000.0

# Vowel formants of men, Hz: Peterson and Barney, "Control methods used in a study of the vowels",
# JASA 24 (1952), table II; "e" and "o" lie between their neighbours.
VOWELS: dict[str, tuple[float, float, float]] = {
    "i": (270.0, 2_290.0, 3_010.0),
    "I": (390.0, 1_990.0, 2_550.0),
    "e": (470.0, 1_950.0, 2_520.0),
    "a": (730.0, 1_090.0, 2_440.0),
    "A": (640.0, 1_190.0, 2_390.0),
    "O": (570.0, 840.0, 2_410.0),
    "o": (500.0, 880.0, 2_400.0),
    "u": (300.0, 870.0, 2_240.0),
}


class _Consonant(NamedTuple):
    """How a consonant is made.

    Attributes:
        ms: Its length before the vowel.
        voicing: Level of the voice meanwhile, against the vowel.
        formants: Where the tract stands, Hz; None for where the vowel will be.
        noise: Which noise sounds: ``hiss``, ``breath``, ``burst`` or none.
        noise_db: Its level.
    """

    ms: float
    voicing: float
    formants: tuple[float, float, float] | None
    noise: str = ""
    noise_db: float = 0.0


_CONSONANTS: dict[str, _Consonant] = {
    "l": _Consonant(75.0, 0.5, (360.0, 1_250.0, 2_700.0)),
    "r": _Consonant(80.0, 0.55, (420.0, 1_200.0, 1_600.0)),
    "w": _Consonant(80.0, 0.5, (290.0, 640.0, 2_200.0)),
    "m": _Consonant(85.0, 0.4, (270.0, 1_050.0, 2_200.0)),
    "n": _Consonant(75.0, 0.4, (270.0, 1_500.0, 2_400.0)),
    "d": _Consonant(50.0, 0.25, (270.0, 1_600.0, 2_600.0), "burst", -20.0),
    "b": _Consonant(55.0, 0.2, (250.0, 800.0, 2_200.0), "burst", -26.0),
    "t": _Consonant(75.0, 0.0, None, "burst", -9.0),
    "k": _Consonant(75.0, 0.0, None, "burst", -12.0),
    "h": _Consonant(85.0, 0.0, None, "breath", -13.0),
    "s": _Consonant(120.0, 0.0, None, "hiss", -7.0),
}


@dataclass(frozen=True, slots=True)
class Singer:
    """Who sings.

    Attributes:
        name: Of the stream of chance.
        tract: Formants against an average man's: 1.12 is a shorter tract.
        vibrato_hz: Rate.
        vibrato_cents: Depth to either side on a long note.
        airy_db: Breath noise in the voice.
    """

    name: str
    tract: float
    vibrato_hz: float
    vibrato_cents: float
    airy_db: float


@dataclass(slots=True)
class _Curves:
    """The control curves of one part: what the singer's body does over time."""

    midi: Block
    voicing: Block
    effort: Block
    formants: Block
    noises: dict[str, Block]


def _point(seconds: float) -> int:
    return min(_POINTS, max(0, round(seconds * _CONTROL_HZ)))


def _smooth(curve: Block, ms: float) -> Block:
    """Return the curve averaged under a raised cosine of the given length; the ends hold."""
    half = max(1, round(ms * 5e-4 * _CONTROL_HZ))
    window = np.hanning(2 * half + 3)[1:-1]
    padded = np.concatenate([np.full(half, curve[0]), curve, np.full(half, curve[-1])])
    return np.asarray(np.convolve(padded, window / window.sum(), mode="valid"))


def _stroke(curve: Block, start_s: float, stop_s: float, level: float, rise: float = 0.5) -> None:
    """Raise ``curve`` to a hump of ``level`` between two times, its top at ``rise``."""
    first, last = _point(start_s), _point(stop_s)
    x = (np.arange(last - first) + 0.5) / max(1, last - first)
    bent = np.where(x < rise, x / rise, (1.0 - x) / (1.0 - rise))
    curve[first:last] = np.maximum(curve[first:last], level * np.sin(0.5 * np.pi * bent) ** 2)


def _sing_consonant(curves: _Curves, name: str, start_s: float, stop_s: float) -> None:
    sound = _CONSONANTS[name]
    first, last = _point(start_s), _point(stop_s)
    if sound.formants is not None:
        curves.formants[:, first:last] = np.array(sound.formants)[:, None]
    curves.voicing[first:last] *= sound.voicing
    level = db_to_gain(sound.noise_db)
    if sound.noise == "burst":
        _stroke(curves.noises["burst"], stop_s - 0.022, stop_s + 0.018, level, 0.15)
    elif sound.noise:
        _stroke(curves.noises[sound.noise], start_s - 0.02, stop_s + 0.02, level, 0.6)


def _curves(part: tuple[Syllable, ...], chance: Chance) -> _Curves:
    curves = _Curves(
        midi=np.full(_POINTS, float(part[0].midi)),
        voicing=np.zeros(_POINTS),
        effort=np.full(_POINTS, part[0].effort),
        formants=np.tile(np.array(VOWELS["A"])[:, None], (1, _POINTS)),
        noises={name: np.zeros(_POINTS) for name in ("hiss", "breath", "burst")},
    )
    last_end_s = -10.0
    for note in part:
        start_s = score.beat_to_s(note.beat) + 0.012 * chance.one()
        end_s = start_s + note.beats * 60.0 / score.TEMPO_BPM
        lead_s = _CONSONANTS[note.onset].ms * 1e-3 if note.onset else 0.0
        open_s = start_s - lead_s
        first, vowel, last = _point(open_s), _point(start_s), _point(end_s)
        if open_s - last_end_s > 0.45:
            breath_s = open_s - 0.07
            _stroke(curves.noises["breath"], breath_s - 0.32, breath_s, db_to_gain(-25.0), 0.7)
        curves.midi[first:] = note.midi
        curves.effort[first:] = note.effort

        names = note.vowel.split("-")
        curves.formants[:, first:] = np.array(VOWELS[names[0]])[:, None]
        if len(names) == 2:
            glide_s = end_s - min(0.16, 0.4 * (end_s - start_s))
            curves.formants[:, _point(glide_s) :] = np.array(VOWELS[names[1]])[:, None]

        level = db_to_gain(14.0 * (note.effort - 1.0) + 1.0 * chance.one())
        x = np.linspace(0.0, 1.0, max(1, last - vowel))
        curves.voicing[first:vowel] = level
        curves.voicing[vowel:last] = level * (0.8 + 0.2 * np.sin(np.pi * x**0.8) - 0.25 * x**4)
        if note.onset:
            _sing_consonant(curves, note.onset, open_s, start_s)
        if note.coda:
            _sing_consonant(curves, note.coda, end_s - 0.085, end_s)
        last_end_s = end_s
    return curves


def _add_expression(curves: _Curves, part: tuple[Syllable, ...], singer: Singer) -> Block:
    """Return the pitch as sung, in MIDI numbers: glides, scoops, vibrato, drift and jitter."""
    chance = Chance(f"pitch {singer.name}")
    midi = _smooth(curves.midi, 75.0)
    seconds = np.arange(_POINTS) / _CONTROL_HZ
    rate = singer.vibrato_hz * (1.0 + 0.05 * _smooth(chance.spread(_POINTS), 900.0) * 12.0)
    swing = np.sin(2.0 * np.pi * np.cumsum(rate) / _CONTROL_HZ)
    depth = np.zeros(_POINTS)
    last_end_s = -10.0
    for note in part:
        start_s = score.beat_to_s(note.beat)
        length_s = note.beats * 60.0 / score.TEMPO_BPM
        first, last = _point(start_s), _point(start_s + length_s)
        held = np.clip((seconds[first:last] - start_s - 0.28) / 0.4, 0.0, 1.0)
        depth[first:last] = singer.vibrato_cents * held
        if start_s - last_end_s > 0.2:  # the first note of a phrase is reached from below
            midi -= (
                0.6
                * np.exp(-np.maximum(seconds - start_s, 0.0) / 0.045)
                * (np.abs(seconds - start_s - 0.1) < 0.25)
            )
        last_end_s = start_s + length_s
    slow = _smooth(chance.spread(_POINTS), 700.0)
    fast = _smooth(chance.spread(_POINTS), 9.0)
    slow *= 4.0 / float(np.std(slow))
    fast *= 2.0 / float(np.std(fast))
    return np.asarray(midi + 0.01 * (_smooth(depth, 120.0) * swing + slow + fast))


def _tract(frequencies: Block, formants: Block, length: float) -> npt.NDArray[np.complex128]:
    """Return the tract's complex response: resonances in cascade, 1 at 0 Hz.

    Args:
        frequencies: ``(points,)``, Hz.
        formants: ``(3, points)``, Hz; the fourth and later stand where a uniform tube has them,
            the fourth drawn towards the third (the singer's formant: Sundberg, "Articulatory
            interpretation of the singing formant", JASA 55, 1974).
        length: What all are multiplied by.
    """
    first, second, third = formants * length
    cascade: list[tuple[Block | float, float]] = [
        (first, 90.0),
        (second, 100.0),
        (third, 110.0),
        (3_150.0 * length, 150.0),
        (4_000.0 * length, 250.0),
    ]
    cascade += [((2 * n - 1) * 500.0 * length, 150.0 * n - 400.0) for n in range(6, 13)]
    response = np.ones(frequencies.shape, dtype=np.complex128)
    for centre_hz, bandwidth_hz in cascade:
        ratio = frequencies / centre_hz
        response /= 1.0 - ratio**2 + 1j * ratio * (bandwidth_hz / centre_hz)
    return response


def _phrases(voicing: Block) -> list[tuple[int, int]]:
    """Return the stretches of control points, ``[first, last)``, in which there is voice."""
    on = np.concatenate([[False], voicing > 0.0, [False]])
    edges = np.flatnonzero(on[1:] != on[:-1])
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _between(points: Block) -> Block:
    """Return a control curve at every frame, straight between points: (n + 1,) -> (n x HOP,)."""
    weight = np.arange(HOP) / HOP
    return np.asarray((points[:-1, None] + weight * np.diff(points)[:, None]).reshape(-1))


def _voiced(curves: _Curves, pitch: Block, voicing: Block, singer: Singer) -> tuple[Block, Block]:
    """Return the voiced sound and the glottal cycle (1 open, 0 closed), both ``(frames,)``."""
    out = np.zeros((_POINTS - 1) * HOP)
    cycle = np.zeros_like(out)
    f0_hz = 440.0 * np.exp2((pitch - 69.0) / 12.0)
    for first, last in _phrases(voicing):
        a, b = max(0, first - 1), min(_POINTS, last + 1)
        f0, gate, effort = f0_hz[a:b], voicing[a:b], curves.effort[a:b]
        turns = np.cumsum(_between(f0)) / SAMPLE_RATE_HZ
        turn = np.exp(2j * np.pi * turns)
        power = turn.copy()
        span = slice(a * HOP, (b - 1) * HOP)
        cycle[span] = 0.5 + 0.5 * turn.real
        for number in range(1, int(_TOP_HZ / float(f0.min())) + 1):
            hz = number * f0
            corner_hz = 1_200.0 + 5_000.0 * effort
            source = number**-0.6 / np.sqrt(1.0 + (hz / corner_hz) ** 2)
            ceiling = np.clip((_TOP_HZ - hz) / 1_500.0, 0.0, 1.0)
            tone = _tract(hz, curves.formants[:, a:b], singer.tract) * (gate * source * ceiling)
            out[span] += _between(tone.real) * power.imag + _between(tone.imag) * power.real
            power *= turn
    return out[:FRAMES], cycle[:FRAMES]


def sing(part: tuple[Syllable, ...], singer: Singer) -> Block:
    """Return a part as sung, ``(frames,)``, unscaled.

    Args:
        part: The syllables in order.
        singer: Who sings it.
    """
    chance = Chance(f"voice {singer.name}")
    curves = _curves(part, chance)
    pitch = _add_expression(curves, part, singer)
    curves.formants = np.stack([_smooth(row, 62.0) for row in curves.formants])
    curves.effort = _smooth(curves.effort, 60.0)
    shimmer = _smooth(chance.spread(_POINTS), 25.0)
    voicing = _smooth(curves.voicing, 38.0) * (1.0 + 0.05 * shimmer / float(np.std(shimmer)))
    voicing[voicing < 1e-6] = 0.0
    voiced, cycle = _voiced(curves, pitch, voicing, singer)

    noise = chance.noise(FRAMES)
    bands = {
        "hiss": filtered(noise, "bandpass", (4_800.0, 9_500.0)),
        "breath": filtered(noise, "bandpass", (900.0, 4_500.0), 1),
        "burst": filtered(noise, "bandpass", (2_200.0, 7_000.0), 1),
    }
    out = voiced
    for name, curve in curves.noises.items():
        out = out + _between(curve)[:FRAMES] * bands[name]
    air = filtered(noise, "bandpass", (2_500.0, 10_000.0), 1)
    out = out + db_to_gain(singer.airy_db) * _between(voicing)[:FRAMES] * cycle * air
    return resonant(filtered(out, "highpass", 80.0), 5_200.0, 0.6, 6.0)  # a bright microphone
