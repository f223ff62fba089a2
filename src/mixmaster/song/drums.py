"""The drum kit: each drum and cymbal as a sound at its source, before any microphone.

Membranes are decaying sines that fall in pitch, snares and cymbals are noise and dense
inharmonic modes (Fletcher and Rossing, The Physics of Musical Instruments, chapters 18 and 20).
"""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import Block
from mixmaster.song import score
from mixmaster.song.chance import Chance
from mixmaster.song.score import SAMPLE_RATE_HZ, Hit
from mixmaster.song.tones import (
    decay,
    empty_track,
    fade_edges,
    filtered,
    place,
    resonant,
    times_s,
)
from mixmaster.units import db_to_gain

PIECES = ("kick", "snare", "rack_tom", "floor_tom", "hat", "crash")

_TIMING_MS = 2.5  # standard deviation of a steady drummer's strokes
_VELOCITY_SPREAD = 0.05


def _sweep(frames: int, hz: float, falls: tuple[tuple[float, float], ...]) -> Block:
    """Return a sine at ``hz`` that starts sharper by the sum of ``(hz, time constant)``."""
    t = times_s(frames)
    turns = hz * t
    for above_hz, tau_s in falls:
        turns = turns + above_hz * tau_s * (1.0 - np.exp(-t / tau_s))
    return np.asarray(np.sin(2.0 * np.pi * turns))


def _kick(velocity: float, chance: Chance) -> Block:
    frames = round(0.5 * SAMPLE_RATE_HZ)
    body = _sweep(frames, 51.0, ((95.0, 0.022), (260.0, 0.005))) * decay(frames, 0.105)
    knock = _sweep(frames, 148.0, ((60.0, 0.01),)) * decay(frames, 0.03)
    click = filtered(chance.noise(frames), "bandpass", (2_200.0, 7_000.0)) * decay(frames, 0.006)
    sound = body + 0.45 * knock + 0.75 * velocity * click
    return fade_edges(sound, 0.7, 60.0)


def _snare(velocity: float, chance: Chance) -> Block:
    frames = round(0.42 * SAMPLE_RATE_HZ)
    head = (
        _sweep(frames, 186.0, ((42.0, 0.012),)) * decay(frames, 0.062)
        + 0.55 * _sweep(frames, 331.0, ((40.0, 0.01),)) * decay(frames, 0.04)
        + 0.3 * _sweep(frames, 478.0, ((30.0, 0.01),)) * decay(frames, 0.03)
    )
    noise = chance.noise(frames)
    wires = filtered(noise, "bandpass", (700.0, 9_500.0), 1)
    rise = 1.0 - decay(frames, 0.0015)
    wires = wires * rise * (0.75 * decay(frames, 0.055) + 0.25 * decay(frames, 0.13))
    stick = filtered(noise, "highpass", 3_000.0) * decay(frames, 0.0025)
    sound = head + 0.75 * wires + 0.35 * velocity * stick
    return fade_edges(sound, 0.3, 80.0)


def _tom(hz: float, ring_s: float, velocity: float, chance: Chance) -> Block:
    frames = round(5.0 * ring_s * SAMPLE_RATE_HZ)
    body = _sweep(frames, hz, ((0.32 * hz, 0.03),)) * decay(frames, ring_s)
    second = _sweep(frames, 1.59 * hz, ((0.3 * hz, 0.02),)) * decay(frames, 0.45 * ring_s)
    skin = filtered(chance.noise(frames), "bandpass", (900.0, 5_500.0)) * decay(frames, 0.012)
    return fade_edges(body + 0.38 * second + 0.3 * velocity * skin, 0.5, 120.0)


def _rack_tom(velocity: float, chance: Chance) -> Block:
    return _tom(124.0, 0.2, velocity, chance)


def _floor_tom(velocity: float, chance: Chance) -> Block:
    return _tom(82.0, 0.27, velocity, chance)


def _modes(count: int, low_hz: float, high_hz: float, frames: int, ring_s: float) -> Block:
    """Return dense inharmonic modes; higher ones are softer and die sooner."""
    chance = Chance(f"modes {low_hz} {high_hz}")
    place_in_band = (np.arange(count) + chance.uniform(count)) / count
    hz = low_hz * (high_hz / low_hz) ** place_in_band
    phases = 2.0 * np.pi * chance.uniform(count)
    t = times_s(frames)
    out = np.zeros(frames)
    for frequency, phase in zip(hz, phases, strict=True):
        rate = (1.0 + (frequency / 4_500.0) ** 1.2) / ring_s
        out += np.sin(2.0 * np.pi * frequency * t + phase) * np.exp(-rate * t)
    return np.asarray(out / np.sqrt(0.5 * count))


class _Hat:
    """A pair of hi-hat cymbals; the modes are those of the metal, the same for each stroke."""

    def __init__(self) -> None:
        self._metal = _modes(90, 2_300.0, 15_000.0, round(0.7 * SAMPLE_RATE_HZ), 0.8)

    def stroke(self, velocity: float, ring_s: float, chance: Chance) -> Block:
        frames = min(self._metal.size, round(6.0 * ring_s * SAMPLE_RATE_HZ))
        sizzle = filtered(chance.noise(frames), "highpass", 6_500.0)
        shape = 0.6 * decay(frames, ring_s) + 0.4 * decay(frames, 0.25 * ring_s)
        chick = filtered(chance.noise(frames), "bandpass", (2_500.0, 6_000.0)) * decay(
            frames, 0.004
        )
        sound = (0.55 * self._metal[:frames] + 0.45 * sizzle) * shape + 0.5 * velocity * chick
        return fade_edges(sound, 0.2, 15.0)

    def closed(self, velocity: float, chance: Chance) -> Block:
        return self.stroke(velocity, 0.03 + 0.012 * velocity, chance)

    def open(self, velocity: float, chance: Chance) -> Block:
        return self.stroke(velocity, 0.07 + 0.05 * velocity, chance)


class _Crash:
    """An 18-inch crash: low modes at once, the shimmer some 20 ms later."""

    def __init__(self) -> None:
        frames = round(3.2 * SAMPLE_RATE_HZ)
        low = _modes(90, 230.0, 2_600.0, frames, 0.9)
        high = _modes(280, 2_600.0, 15_500.0, frames, 1.35)
        rise = 1.0 - decay(frames, 0.018)
        self._metal = 0.5 * low * decay(frames, 0.9) + high * rise

    def stroke(self, velocity: float, chance: Chance) -> Block:
        frames = self._metal.size
        wash = filtered(chance.noise(frames), "highpass", 4_200.0) * decay(frames, 0.28)
        return fade_edges(self._metal + (0.5 + 0.4 * velocity) * wash, 0.5, 300.0)


def _soften(sound: Block, velocity: float) -> Block:
    """Return the stroke at its level: a soft one is duller as well as quieter."""
    dull = filtered(sound, "lowpass", 1_200.0 + 13_000.0 * velocity, 1)
    return db_to_gain(30.0 * (velocity - 1.0)) * dull


def play() -> dict[str, Block]:
    """Return what each piece of the kit sounds like at its source.

    Returns:
        One track ``(frames,)`` for each of ``PIECES``; a full stroke peaks at 1.
    """
    hat, crash = _Hat(), _Crash()
    parts = (
        ("kick", score.KICK, _kick),
        ("snare", score.SNARE, _snare),
        ("rack_tom", score.RACK_TOM, _rack_tom),
        ("floor_tom", score.FLOOR_TOM, _floor_tom),
        ("hat", score.CLOSED_HAT, hat.closed),
        ("hat", score.OPEN_HAT, hat.open),
        ("crash", score.CRASH, crash.stroke),
    )
    tracks = {piece: empty_track() for piece in PIECES}
    for piece, hits, stroke in parts:
        chance = Chance(f"drums {piece} {len(hits)}")
        full = float(np.max(np.abs(_soften(stroke(1.0, chance), 1.0))))
        for beat, intended in hits:
            hit = Hit(beat, min(1.0, max(0.05, intended + _VELOCITY_SPREAD * chance.one())))
            frame = score.beat_to_frame(hit.beat, _TIMING_MS * chance.one())
            place(tracks[piece], frame, _soften(stroke(hit.velocity, chance), hit.velocity) / full)
    tracks["snare"] = resonant(tracks["snare"], 206.0, 4.0, 2.0)
    return tracks
