"""Small songs for tests of sessions: stems as files, a preset beside them, a session over both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf

from mixmaster.arrays import Block
from mixmaster.mixing.sessions.plan import Song, open_song

RATE = 8_000
SECONDS = 3.0

PRESET = """
format = 1
kind = "mix"
name = "Trio"
[mix]
pan_law = "constant_power"
[strip.kick]
input_lufs = -23.0
gain_db = -4.0
[strip.guitar]
roles = ["electric_guitar"]
input_lufs = -23.0
gain_db = -6.0
[[strip.guitar.insert]]
effect = "eq"
bands = [{ shape = "bell", frequency_hz = 800.0, gain_db = 3.0 }]
[[strip.guitar.send]]
to = "room"
gain_db = -12.0
[strip.lead_vocal]
input_lufs = -23.0
[[strip.lead_vocal.insert]]
effect = "compressor"
threshold_db = -20.0
[[strip.lead_vocal.send]]
to = "room"
gain_db = -10.0
[bus.room]
[[bus.room.insert]]
effect = "delay"
time_ms = 120.0
[version.instrumental]
mute = ["lead_vocal"]
"""

STEMS = {"Kick": 60.0, "EGtr": 330.0, "Lead Vox": 440.0}


def bursts(hz: float, seconds: float = SECONDS, level: float = 0.1) -> Block:
    """Return a tone that comes and goes, ``(frames,)``."""
    time = np.arange(round(seconds * RATE)) / RATE
    envelope = 0.55 + 0.45 * np.cos(2 * np.pi * 1.5 * time)
    return level * envelope * np.sin(2 * np.pi * hz * time)


def write_stem(path: Path, samples: Block, rate: int = RATE) -> Path:
    """Write a stem as float, so that nothing is rounded away."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, samples.T if samples.ndim > 1 else samples, rate, subtype="FLOAT")
    return path


def write_song(folder: Path, session: str = "", *, preset: str = PRESET) -> Path:
    """Write stems, preset and session; return the session's path.

    Args:
        folder: Where to.
        session: The session's text behind its head.
        preset: The preset's.
    """
    for name, hz in STEMS.items():
        if not (folder / f"stems/{name}.wav").exists():
            write_stem(folder / f"stems/{name}.wav", bursts(hz))
    (folder / "trio.toml").write_text(preset, encoding="utf-8")
    path = folder / "song.toml"
    head = 'format = 1\nkind = "session"\ntitle = "Song"\npreset = "trio.toml"\n'
    stems = "" if "stems = " in session else 'stems = ["stems"]\n'
    path.write_text(head + stems + session, encoding="utf-8")
    return path


def song(folder: Path, session: str = "", *overrides: str, preset: str = PRESET) -> Song:
    """Write a song and open it."""
    return open_song(write_song(folder, session, preset=preset), overrides=overrides)
