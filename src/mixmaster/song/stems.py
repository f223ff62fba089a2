"""The session: every player recorded, brought to level, as the integers of a 16-bit file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block
from mixmaster.song import drums, keys, microphones, strings, voice
from mixmaster.song.chance import Chance
from mixmaster.song.score import BACKING_HIGH, BACKING_LOW, FRAMES, LEAD, SAMPLE_RATE_HZ
from mixmaster.song.tones import filtered
from mixmaster.units import db_to_gain

FULL_SCALE = 32_768.0
_END_FADE_S = 0.35

LEAD_SINGER = voice.Singer("lead", 1.04, 5.4, 32.0, -25.0)
HIGH_SINGER = voice.Singer("high", 1.17, 5.8, 22.0, -22.0)
LOW_SINGER = voice.Singer("low", 0.99, 5.1, 20.0, -23.0)


@dataclass(frozen=True, slots=True)
class Stem:
    """One recorded file.

    Attributes:
        samples: int16, ``(channels, frames)``.
        sample_rate_hz: Its rate.
    """

    samples: npt.NDArray[np.int16]
    sample_rate_hz: int


class _Take(NamedTuple):
    """A file of the session: what is in it and the level it was recorded at.

    Attributes:
        source: Key of the recording.
        peak_dbfs: Where its highest peak lies.
        hiss_dbfs: RMS of the preamplifier's noise; 0 for none that a 16-bit file can hold.
    """

    source: str
    peak_dbfs: float
    hiss_dbfs: float = 0.0


TAKES: dict[str, _Take] = {
    "01_Kick In": _Take("kick_in", -4.0),
    "02_Sn Top": _Take("snare_top", -3.5),
    "03_Toms": _Take("tom", -6.0),
    "04_OH.L": _Take("overhead_left", -9.0),
    "05_OH.R": _Take("overhead_right", -9.0),
    "06_Room": _Take("room", -10.5),
    "07_Bass DI": _Take("bass_di", -7.5),
    "08_Bass Amp": _Take("bass_amp", -6.0),
    "09_EGtr L": _Take("guitar_left", -8.0, -79.0),
    "10_EGtr R": _Take("guitar_right", -9.5, -81.0),
    "11_Keys": _Take("keys", -11.0),
    "12_Lead Vox": _Take("lead", -5.5, -84.0),
    "13_BGV 1": _Take("backing_high", -11.0, -86.0),
    "14_BGV 2": _Take("backing_low", -12.0, -86.0),
}


def _perform() -> Iterator[tuple[str, Block]]:
    """Yield every recording with its key, ``(channels, frames)``, unscaled, a player at a time."""
    yield from microphones.record(drums.play())
    bass_di, bass_amp = strings.bass()
    yield "bass_di", bass_di[None]
    yield "bass_amp", bass_amp[None]
    yield "guitar_left", strings.guitar(right=False)[None]
    yield "guitar_right", strings.guitar(right=True)[None]
    yield "keys", keys.keys()
    yield "lead", voice.sing(LEAD, LEAD_SINGER)[None]
    yield "backing_high", voice.sing(BACKING_HIGH, HIGH_SINGER)[None]
    yield "backing_low", voice.sing(BACKING_LOW, LOW_SINGER)[None]


def _print_take(name: str, take: _Take, recording: Block) -> npt.NDArray[np.int16]:
    level = db_to_gain(take.peak_dbfs) / float(np.max(np.abs(recording)))
    scaled = level * recording
    if take.hiss_dbfs:
        noise = Chance(f"hiss {name}").noise(FRAMES)
        scaled = scaled + db_to_gain(take.hiss_dbfs) * filtered(noise, "lowpass", 8_000.0, 1)
    fade = round(_END_FADE_S * SAMPLE_RATE_HZ)
    scaled[:, -fade:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
    return np.rint(scaled * FULL_SCALE).astype(np.int16)


def generate() -> dict[str, Stem]:
    """Play the song.

    Returns:
        The stems by name (without a suffix), in the order of the session; all begin at the same
        zero and are ``score.FRAMES`` long. The same on every machine but for 1 LSB, since
        processors differ in the last bit of a sine.
    """
    names = {take.source: name for name, take in TAKES.items()}
    stems: dict[str, Stem] = {}
    for source, recording in _perform():
        name = names[source]
        stems[name] = Stem(_print_take(name, TAKES[name], recording), SAMPLE_RATE_HZ)
    return {name: stems[name] for name in TAKES}
