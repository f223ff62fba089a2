"""What a groove does not like, named before a cutting house names it.

The figures are cutting houses' customs (mono bass below 150 to 300 Hz; a high-pass at 20 to 30 Hz
and a low-pass at 16 kHz; de-essed; 19:30 a side at 33 rpm, 14:30 at 45); how much is too much is
a choice made here, and said with each warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.source import open_source
from mixmaster.dsp import filters
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import Effect
from mixmaster.effects.clipper import Clipper
from mixmaster.effects.limiter import Limiter
from mixmaster.effects.saturation import Saturation
from mixmaster.units import db_to_power, power_to_db

BASS_HZ: Final = 150.0
MOST_BASS_SIDE_DB: Final = -20.0
SUBSONIC_HZ: Final = 20.0
MOST_SUBSONIC_DB: Final = -40.0
HIGHS_HZ: Final = 16_000.0
MOST_HIGHS_DB: Final = -50.0
SIBILANCE_HZ: Final = (5_000.0, 10_000.0)
MOST_SIBILANCE_DB: Final = -3.0
LONGEST_S: Final = {"33": 19.5 * 60.0, "45": 14.5 * 60.0}

_STEEP_DB_PER_OCTAVE: Final = 48
_WINDOW_S: Final = 0.05
_LOUD_DB: Final = -10.0
"""Windows this far under the loudest have no groove worth worrying about."""


def cutting_warnings(
    path: Path, inserts: Sequence[Effect] = (), *, lengths: bool = True
) -> tuple[str, ...]:
    """Return what a cutting house would object to in a finished premaster.

    Args:
        path: The premaster.
        inserts: The chain that made it.
        lengths: Whether its length is held against a 12 inch side; no where the record is known.

    Raises:
        AudioFileError: For a file that cannot be used.
    """
    with open_source(path) as source:
        groove = _Groove(source.sample_rate_hz, source.channels)
        for block in source.blocks():
            groove.update(block)
    length = groove.too_long() if lengths else ()
    return (*_of_chain(inserts), *groove.warnings(), *length)


def _of_chain(inserts: Sequence[Effect]) -> Iterator[str]:
    for effect in inserts:
        name = str(getattr(effect, "effect", ""))
        clips = isinstance(effect, Saturation) and effect.character.endswith("clip")
        if not effect.bypass and (clips or isinstance(effect, Clipper | Limiter)):
            yield (
                f"the chain's {name} takes peaks off: a lathe wants neither clipping nor hard "
                "limiting; bypass it"
            )


@dataclass(slots=True)
class _Groove:
    """Powers of what matters, gathered block by block."""

    sample_rate_hz: int
    channels: int
    frames: int = 0
    bass_mid: float = 0.0
    bass_side: float = 0.0
    subsonic: float = 0.0
    highs: float = 0.0
    whole: float = 0.0
    _filters: dict[str, SosFilter] = field(default_factory=dict)
    _windows: list[Block] = field(default_factory=list)
    _rest: list[Block] = field(default_factory=list)

    def __post_init__(self) -> None:
        rate, steep = self.sample_rate_hz, _STEEP_DB_PER_OCTAVE
        low, high = SIBILANCE_HZ
        rows = {
            "bass": filters.low_pass(BASS_HZ, steep, rate),
            "subsonic": filters.low_pass(SUBSONIC_HZ, steep, rate),
        }
        if rate > 2.0 * HIGHS_HZ:
            rows["highs"] = filters.high_pass(HIGHS_HZ, steep, rate)
            band = [filters.high_pass(low, 24, rate), filters.low_pass(high, 24, rate)]
            rows["sibilance"] = np.concatenate(band)
        self._filters = {name: SosFilter(sos, self.channels) for name, sos in rows.items()}

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``."""
        self.frames += block.shape[1]
        self.whole += float(np.square(block).sum())
        heard = {name: each.process(block) for name, each in self._filters.items()}
        self.subsonic += float(np.square(heard["subsonic"]).sum())
        if self.channels == 2:
            left, right = heard["bass"]
            self.bass_mid += float(np.square(0.5 * (left + right)).sum())
            self.bass_side += float(np.square(0.5 * (left - right)).sum())
        if "highs" in heard:
            self.highs += float(np.square(heard["highs"]).sum())
            window = round(_WINDOW_S * self.sample_rate_hz)
            powers = np.stack([np.square(x).sum(axis=0) for x in (heard["sibilance"], block)])
            line = np.concatenate((*self._rest, powers), axis=1)
            count = line.shape[1] // window
            self._windows.append(line[:, : count * window].reshape(2, count, window).sum(axis=2))
            self._rest = [line[:, count * window :].copy()]

    def warnings(self) -> Iterator[str]:
        """Yield what is too much of what."""
        if self.whole == 0.0:
            return
        side_db = power_to_db(self.bass_side / self.bass_mid) if self.bass_mid else 0.0
        if self.bass_side and side_db > MOST_BASS_SIDE_DB:
            yield (
                f"below {BASS_HZ:g} Hz the sides are only {-side_db:.0f} dB under the middle: the "
                "stylus may jump; put a width with mono_below_hz = 150 to 300 into the chain"
            )
        subsonic_db = power_to_db(self.subsonic / self.whole)
        if subsonic_db > MOST_SUBSONIC_DB:
            yield (
                f"below {SUBSONIC_HZ:g} Hz there is as much as {-subsonic_db:.0f} dB under the "
                "whole: a high-pass at 20 to 30 Hz saves the groove"
            )
        highs_db = power_to_db(self.highs / self.whole)
        if self.highs and highs_db > MOST_HIGHS_DB:
            yield (
                f"above {HIGHS_HZ:g} Hz there is as much as {-highs_db:.0f} dB under the whole: "
                "a low-pass at 16 kHz saves the cutter head"
            )
        yield from self._sibilance()

    def too_long(self) -> Iterator[str]:
        """Yield at which speeds it is too long for a side."""
        if self.whole == 0.0:
            return
        length_s = self.frames / self.sample_rate_hz
        for speed, longest_s in LONGEST_S.items():
            if length_s > longest_s:
                yield (
                    f"it lasts {length_s / 60.0:.1f} min: a 12 inch side at {speed} rpm holds "
                    f"about {longest_s / 60.0:.1f} at full level"
                )

    def _sibilance(self) -> Iterator[str]:
        if not self._windows:
            return
        sharp, whole = np.concatenate(self._windows, axis=1)
        if not whole.size or whole.max() == 0.0:
            return
        loud = whole > whole.max() * db_to_power(_LOUD_DB)
        over = loud & (sharp > whole * db_to_power(MOST_SIBILANCE_DB))
        places = np.flatnonzero(over & ~np.concatenate(([False], over[:-1])))
        if places.size:
            times = ", ".join(f"{place * _WINDOW_S:.1f} s" for place in places[:5])
            yield (
                f"{places.size} sharp sibilant{'s' if places.size > 1 else ''} (first at {times}): "
                "more than half of the level between 5 and 10 kHz; de-ess"
            )
